#include "account.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <yaml.h>

#include "util/log.h"

#define DEPTH_MAX 16
#define PATH_ROOM 1024

/* ---- YAML -> the same in JSON, every scalar a text ---- */

static json_t *node_json(yaml_document_t *document, int index, int depth);

static json_t *
mapping_json(yaml_document_t *document, const yaml_node_t *node, int depth)
{
	json_t *object = json_object();
	const yaml_node_pair_t *pair = node->data.mapping.pairs.start;

	for (; object && pair < node->data.mapping.pairs.top; pair++) {
		const yaml_node_t *key = yaml_document_get_node(document, pair->key);
		json_t *value = node_json(document, pair->value, depth + 1);
		if (!key || key->type != YAML_SCALAR_NODE || !value)
			json_decref(value);
		else
			json_object_set_new(object, (const char *)key->data.scalar.value, value);
	}
	return object;
}

/* Lists are for others (several regions): the first element stands for them. NULL: nothing that is of use. */
static json_t *
node_json(yaml_document_t *document, int index, int depth)
{
	const yaml_node_t *node = yaml_document_get_node(document, index);

	if (!node || depth > DEPTH_MAX)
		return NULL;
	switch (node->type) {
	case YAML_SCALAR_NODE:
		return json_stringn(
		    (const char *)node->data.scalar.value, node->data.scalar.length);
	case YAML_MAPPING_NODE:
		return mapping_json(document, node, depth);
	case YAML_SEQUENCE_NODE:
		if (node->data.sequence.items.start == node->data.sequence.items.top)
			return NULL;
		return node_json(document, *node->data.sequence.items.start, depth + 1);
	default:
		return NULL;
	}
}

/* The whole file; NULL with `error`. */
static json_t *
yaml_load(const char *path, char error[NEUTRON_TEXT_MAX])
{
	FILE *file = fopen(path, "re");
	yaml_parser_t parser;
	yaml_document_t document;
	json_t *json = NULL;

	if (!file || !yaml_parser_initialize(&parser)) {
		snprintf(error, NEUTRON_TEXT_MAX, "%.200s: %s", path, strerror(errno));
		if (file)
			fclose(file);
		return NULL;
	}
	yaml_parser_set_input_file(&parser, file);
	if (!yaml_parser_load(&parser, &document)) {
		snprintf(error, NEUTRON_TEXT_MAX, "%.150s:%zu: %s", path,
		    parser.problem_mark.line + 1, parser.problem ? parser.problem : "is no YAML");
	} else {
		if (yaml_document_get_root_node(&document))
			json = node_json(&document, 1, 0);
		if (!json_is_object(json)) {
			json_decref(json);
			json = json_object();
		}
		yaml_document_delete(&document);
	}
	yaml_parser_delete(&parser);
	fclose(file);
	return json;
}

/* ---- where the files are ---- */

/* The first of the places that openstacksdk looks at; NULL: none. `path` holds PATH_ROOM bytes. */
static const char *
find_file(const char *env, const char *name, char *path)
{
	static const char *const ends[] = { "yaml", "yml", "json" };
	const char *given = getenv(env), *config = getenv("XDG_CONFIG_HOME"),
		   *home = getenv("HOME");
	char folders[3][PATH_ROOM - 64];

	if (given && *given)
		return given;
	snprintf(folders[0], sizeof(folders[0]), ".");
	if (config && *config)
		snprintf(folders[1], sizeof(folders[1]), "%.900s/openstack", config);
	else
		snprintf(
		    folders[1], sizeof(folders[1]), "%.900s/.config/openstack", home ? home : "");
	snprintf(folders[2], sizeof(folders[2]), "/etc/openstack");
	for (int i = 0; i < 3; i++)
		for (int j = 0; j < 3; j++) {
			snprintf(path, PATH_ROOM, "%.959s/%.40s.%s", folders[i], name, ends[j]);
			if (access(path, R_OK) == 0)
				return path;
		}
	return NULL;
}

/* What `from` has over what `into` has, objects within objects. */
static void
merge(json_t *into, json_t *from)
{
	const char *key;
	json_t *value;

	json_object_foreach(from, key, value)
	{
		json_t *old = json_object_get(into, key);
		if (json_is_object(old) && json_is_object(value))
			merge(old, value);
		else
			json_object_set(into, key, value);
	}
}

/* clouds.yaml with secure.yaml over it. NULL: there is none (*error is empty), or it cannot be read. */
static json_t *
load_clouds(char error[NEUTRON_TEXT_MAX])
{
	char path[PATH_ROOM];
	const char *clouds_path = find_file("OS_CLIENT_CONFIG_FILE", "clouds", path), *secure_path;
	json_t *all = clouds_path ? yaml_load(clouds_path, error) : NULL, *secure;

	if (!all)
		return NULL;
	secure_path = find_file("OS_CLIENT_SECURE_FILE", "secure", path);
	if (secure_path) {
		secure = yaml_load(secure_path, error);
		if (!secure) {
			json_decref(all);
			return NULL;
		}
		merge(all, secure);
		json_decref(secure);
	}
	return all;
}

static const char *
from_env(void *ctx, const char *name)
{
	(void)ctx;
	return getenv(name);
}

/* The only cloud of a file; NULL where it has none or several. */
static json_t *
only_cloud(json_t *clouds)
{
	void *first = json_object_iter(clouds);

	return json_object_size(clouds) == 1 ? json_object_iter_value(first) : NULL;
}

/* Takes the cloud over, where there is one. 0, or -1 with `error`. */
static int
take_cloud(struct neutron_auth *auth, char error[NEUTRON_TEXT_MAX])
{
	const char *name = getenv("OS_CLOUD");
	bool named = name && *name;
	int r = 0;

	if (!named && neutron_auth_in_env(from_env, NULL))
		return 0;
	json_t *all = load_clouds(error);
	json_t *clouds = json_object_get(all, "clouds"), *cloud;
	if (!all && *error)
		return -1;
	cloud = named ? json_object_get(clouds, name) : only_cloud(clouds);
	if (named && !cloud)
		snprintf(error, NEUTRON_TEXT_MAX, "%s",
		    all ? "OS_CLOUD names a cloud that clouds.yaml does not have"
			: "OS_CLOUD is set, but there is no clouds.yaml (./, ~/.config/openstack, /etc/openstack)");
	r = named && !cloud ? -1 : 0;
	if (cloud)
		r = neutron_auth_from_cloud(auth, cloud, error) == 0 ? 0 : -1;
	json_decref(all);
	return r;
}

int
account_find(struct neutron_auth *ret_auth, char error[NEUTRON_TEXT_MAX])
{
	struct neutron_auth auth = { 0 };

	*error = '\0';
	if (take_cloud(&auth, error) == 0 && neutron_auth_from_env(&auth, from_env, NULL) == 0 &&
	    neutron_auth_settle(&auth, error) == 0) {
		*ret_auth = auth;
		return 0;
	}
	if (*error == '\0')
		snprintf(error, NEUTRON_TEXT_MAX, "out of memory");
	neutron_auth_release(&auth);
	return -1;
}

struct web *
account_web(struct loop *loop, const struct config *config, const struct neutron_auth *auth,
    uint32_t parallel)
{
	const struct web_options options = {
		.parallel = parallel,
		.ca = config->neutron.ca ? config->neutron.ca : auth->values[AUTH_CACERT],
		.cert = auth->values[AUTH_CERT],
		.key = auth->values[AUTH_KEY],
		.insecure = config->neutron.insecure || !neutron_auth_verifies(auth),
	};

	if (options.insecure)
		log_warning(
		    "certificates are not checked: whoever stands between can read the password");
	return web_new(loop, &options);
}
