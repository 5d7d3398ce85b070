/*
 * import-topology: Neutron's ports and their bindings, live, into the daemon's map; made by the same core as `dpwatch
 * topology import neutron`.
 *
 * Where Neutron has changed_since, only what changed since the last time is read, and the ids of all ports, by which those
 * that are gone are known; the rest is kept in state_dir. A read that was not finished loads nothing, and neither does one that
 * changes nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "account.h"
#include "core/hosts_file.h"
#include "core/import_neutron.h"
#include "core/text.h"
#include "forwarder.h"
#include "program.h"
#include "util/timeutil.h"

#define FIELDS                                                                                  \
	"fields=id&fields=name&fields=project_id&fields=binding:host_id&fields=binding:profile" \
	"&fields=binding:vif_type&fields=binding:vnic_type&fields=trunk_details&fields=updated_at"
#define PAGE "&limit=500"
#define TARGET_ROOM 512
#define PAGES_MAX 20000

#define API_TIMEOUT_MS 600000
#define API_MOST ((size_t)256 << 20)
#define HOSTS_MOST ((size_t)256 << 20)

/* A transaction that was long under way shows up late with an early time. */
#define OVERLAP_US (INT64_C(120) * 1000000)

/* Once a day all is read. */
#define KEPT_FOR_US (INT64_C(24) * 3600 * 1000000)

/* So many ports that were left out are told one by one. */
#define REJECTS_TOLD 20

struct import {
	struct program *program;
	struct loop *loop;
	struct web *web;
	struct session *session;
	char *api_url, *api_socket;
	struct hosts_file hosts;
	bool has_hosts;
	json_t *map;       /* as the daemon has it */
	json_t *ports;     /* id -> what Neutron told of it */
	json_t *ids;       /* of all ports there are now: id -> true; NULL: all of them were read */
	int64_t newest_us; /* updated_at of the port that changed last; 0: not told */
	int64_t full_us;   /* when all was read */
	/* the answer that came last */
	long status;
	json_t *answer;
	char error[NEUTRON_TEXT_MAX];
};

static bool refuse(struct import *import, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Always false. */
static bool
refuse(struct import *import, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(import->error, sizeof(import->error), format, args);
	va_end(args);
	return false;
}

static int64_t
wall_us(const struct import *import)
{
	return loop_now(import->loop).wall_us;
}

/* ---- the daemon's API ---- */

/* DPWATCH_API, or what [api] says: the Unix socket rather than HTTP. */
static bool
find_api(struct import *import)
{
	const struct config_list *listen = &import->program->config.api.listen;
	const char *api = getenv("DPWATCH_API");
	int len = -1;

	for (size_t i = 0; (!api || !*api) && i < listen->n; i++)
		if (strncmp(listen->items[i], "unix:", 5) == 0)
			api = listen->items[i];
	if ((!api || !*api) && listen->n > 0)
		api = listen->items[0];
	if (!api || !*api)
		return refuse(import, "[api] has no listen: set DPWATCH_API");
	if (strncmp(api, "unix:", 5) == 0) {
		import->api_socket = strdup(api + 5);
		import->api_url = strdup("http://localhost/v1/topology");
		return import->api_socket && import->api_url ? true
							     : refuse(import, "out of memory");
	}
	if (strncmp(api, "http://", 7) == 0 || strncmp(api, "https://", 8) == 0)
		len = asprintf(&import->api_url, "%s/v1/topology", api);
	else if (strncmp(api, "http:", 5) == 0)
		len = asprintf(&import->api_url, "http://%s/v1/topology", api + 5);
	else if (strncmp(api, "https:", 6) == 0)
		len = asprintf(&import->api_url, "https://%s/v1/topology", api + 6);
	return len >= 0 ? true : refuse(import, "the daemon's API is not at %.200s", api);
}

static void
on_api(void *ctx, const struct web_result *result)
{
	struct import *import = ctx;

	import->status = result->status;
	import->answer = json_loadb(result->body, result->len, 0, NULL);
	if (result->status == 0)
		refuse(import, "the daemon's API: %.200s", result->trouble);
	loop_stop(import->loop);
}

/* The answer is the caller's. NULL with import->error where the daemon did not answer 200. */
static json_t *
ask_api(struct import *import, const char *method, struct slice body)
{
	const struct web_request request = { .method = method,
		.url = import->api_url,
		.socket_path = import->api_socket,
		.token = getenv("DPWATCH_TOKEN"),
		.body = body,
		.timeout_ms = API_TIMEOUT_MS,
		.most = API_MOST };
	json_t *answer;

	*import->error = '\0';
	import->answer = NULL;
	if (web_send(import->web, &request, on_api, import) != 0) {
		refuse(import, "the daemon's API is not at %.200s", import->api_url);
		return NULL;
	}
	loop_run(import->loop);
	answer = import->answer;
	import->answer = NULL;
	if (import->status == 200 && answer)
		return answer;
	const char *message =
	    json_string_value(json_object_get(json_object_get(answer, "NeutronError"), "message"));
	if (*import->error == '\0')
		refuse(import, "the daemon answers %ld: %s", import->status,
		    message ? TEXT_QUOTE(slice_of(message)) : "no dpwatch's JSON");
	json_decref(answer);
	return NULL;
}

/* ---- Neutron's pages ---- */

static void
on_page(void *ctx, const struct session_reply *reply)
{
	struct import *import = ctx;
	struct neutron_answer answer;

	loop_stop(import->loop);
	import->status = reply->reply.status;
	if (reply->refusal) {
		refuse(import, "%s", reply->refusal->text);
		return;
	}
	neutron_answer_list(&reply->reply, false, &answer);
	if (answer.verdict == NEUTRON_OK)
		import->answer = json_loadb(reply->reply.body.data, reply->reply.body.len, 0, NULL);
	else
		refuse(import, "Neutron: %s", answer.text);
}

/* Path and query of the next page, in the text of the page; NULL: this is the last. False: there is one, but nobody knows where. */
static bool
find_next(const json_t *page, const char **ret_next)
{
	const json_t *links = json_object_get(page, "ports_links"), *link;
	size_t i;

	*ret_next = NULL;
	json_array_foreach(links, i, link)
	{
		const char *rel = json_string_value(json_object_get(link, "rel"));
		const char *href = json_string_value(json_object_get(link, "href"));
		if (!rel || strcmp(rel, "next") != 0)
			continue;
		*ret_next = href ? neutron_href_target(href) : NULL;
		return *ret_next != NULL;
	}
	return true;
}

typedef bool take_fn(struct import *import, const char *id, json_t *port);

static bool
take_page(struct import *import, const json_t *page, take_fn *take)
{
	const json_t *ports = json_object_get(page, "ports");
	json_t *port;
	size_t i;

	json_array_foreach(ports, i, port)
	{
		const char *id = json_string_value(json_object_get(port, "id"));
		if (id && !take(import, id, port))
			return refuse(import, "out of memory");
	}
	return true;
}

/* Reads all pages from a target on. False with import->error: then nothing that was read counts. */
static bool
read_pages(struct import *import, const char *target, take_fn *take)
{
	char *at = strdup(target);
	bool good = at != NULL;

	*import->error = '\0';
	for (int n = 0; good && at; n++) {
		const struct session_request request = { .method = "GET",
			.target = at,
			.timeout_ms = LIST_TIMEOUT_MS,
			.most = LIST_MOST };
		const char *next = NULL;
		import->answer = NULL;
		if (n == PAGES_MAX ||
		    session_send(import->session, &request, on_page, import) != 0) {
			good = refuse(import, "the list of ports has no end");
			break;
		}
		loop_run(import->loop);
		json_t *page = import->answer;
		import->answer = NULL;
		good = page && take_page(import, page, take);
		if (good && !find_next(page, &next))
			good = refuse(import, "Neutron: a next page that is nowhere");
		free(at);
		at = next ? strdup(next) : NULL;
		json_decref(page);
	}
	free(at);
	return good;
}

static bool
take_port(struct import *import, const char *id, json_t *port)
{
	int64_t at_us;

	if (timeutil_parse(
		slice_of(json_string_value(json_object_get(port, "updated_at"))), &at_us) &&
	    at_us > import->newest_us)
		import->newest_us = at_us;
	return json_object_set(import->ports, id, port) == 0;
}

static bool
take_id(struct import *import, const char *id, json_t *port)
{
	(void)port;
	return json_object_set_new(import->ids, id, json_true()) == 0;
}

/* ---- what is kept from time to time ---- */

static char *
kept_path(const struct import *import, const char *end)
{
	char *path;
	int len = asprintf(
	    &path, "%s/neutron-ports.json%s", import->program->config.daemon.state_dir, end);

	return len < 0 ? NULL : path;
}

/* False: nothing of use is kept. */
static bool
load_kept(struct import *import)
{
	char *path = kept_path(import, "");
	json_t *kept = path ? json_load_file(path, 0, NULL) : NULL;
	const char *endpoint = json_string_value(json_object_get(kept, "endpoint"));
	int64_t newest = json_integer_value(json_object_get(kept, "newest_us"));
	int64_t full = json_integer_value(json_object_get(kept, "full_us"));
	json_t *ports = json_object_get(kept, "ports");
	const char *now_endpoint = session_token(import->session)->endpoint;
	bool good = endpoint && now_endpoint && strcmp(endpoint, now_endpoint) == 0 && newest > 0 &&
		    json_is_object(ports) && full <= wall_us(import) &&
		    wall_us(import) - full < KEPT_FOR_US;

	if (good) {
		json_decref(import->ports);
		import->ports = json_incref(ports);
		import->newest_us = newest;
		import->full_us = full;
	}
	json_decref(kept);
	free(path);
	return good;
}

/* Beside the old one first, so that there is always a whole one. */
static void
save_kept(struct import *import)
{
	char *path = kept_path(import, ""), *new_path = kept_path(import, ".new");
	json_t *kept = json_pack("{s:s, s:I, s:I, s:O}", "endpoint",
	    session_token(import->session)->endpoint, "newest_us", (json_int_t)import->newest_us,
	    "full_us", (json_int_t)import->full_us, "ports", import->ports);
	int fd = new_path ? open(new_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;

	if (fd < 0 || !kept || json_dumpfd(kept, fd, JSON_COMPACT) != 0 || fsync(fd) != 0 ||
	    !path || rename(new_path, path) != 0)
		log_warning("%s: %s; the next import reads all ports", path ? path : "state_dir",
		    strerror(errno));
	if (fd >= 0)
		close(fd);
	json_decref(kept);
	free(path);
	free(new_path);
}

/* ---- reading ---- */

static bool
read_all(struct import *import)
{
	json_decref(import->ports);
	json_decref(import->ids);
	import->ids = NULL;
	import->ports = json_object();
	import->newest_us = 0;
	import->full_us = wall_us(import);
	return read_pages(import, "/v2.0/ports?" FIELDS PAGE, take_port);
}

static void
drop_gone(struct import *import)
{
	const char *id;
	json_t *port;
	void *next;

	json_object_foreach_safe(import->ports, next, id, port)
	{
		if (!json_object_get(import->ids, id))
			json_object_del(import->ports, id);
	}
}

/* Those that changed, and the ids of all. False: that does not work here. */
static bool
read_changes(struct import *import)
{
	char target[TARGET_ROOM], since[TIMEUTIL_TEXT];

	timeutil_format(import->newest_us - OVERLAP_US, since);
	/* Neutron takes seconds: "2026-11-22T10:00:00Z". */
	snprintf(target, sizeof(target), "/v2.0/ports?" FIELDS PAGE "&changed_since=%.19sZ", since);
	import->ids = json_object();
	if (!read_pages(import, target, take_port) ||
	    !read_pages(import, "/v2.0/ports?fields=id" PAGE, take_id))
		return false;
	drop_gone(import);
	return json_object_size(import->ports) == json_object_size(import->ids);
}

/* The account's endpoint is known only after a first answer. */
static bool
read_first(struct import *import)
{
	import->ids = json_object();
	bool good = read_pages(import, "/v2.0/ports?fields=id&limit=1&id=none", take_id);
	json_decref(import->ids);
	import->ids = NULL;
	return good;
}

static bool
read_ports(struct import *import)
{
	if (!read_first(import))
		return false;
	if (load_kept(import)) {
		if (read_changes(import)) {
			printf("read what changed; ");
			return true;
		}
		log_info("reading all ports: %s",
		    *import->error ? import->error : "what was kept is incomplete");
	}
	return read_all(import);
}

/* ---- the document ---- */

static bool
read_hosts(struct import *import, struct topo_faults *faults)
{
	const char *path = import->program->config.neutron.hosts_file;
	FILE *file = path ? fopen(path, "re") : NULL;
	struct stat stat;
	char *text;

	if (!path)
		return true;
	if (!file || fstat(fileno(file), &stat) != 0 || stat.st_size > (off_t)HOSTS_MOST) {
		refuse(import, "[neutron] hosts_file %.200s: %s", path, strerror(errno));
		if (file)
			fclose(file);
		return false;
	}
	text = malloc((size_t)stat.st_size + 1);
	size_t len = text ? fread(text, 1, (size_t)stat.st_size, file) : 0;
	int r = text ? hosts_file_parse(&import->hosts, (struct slice){ text, len }, path, faults)
		     : -ENOMEM;
	free(text);
	fclose(file);
	import->has_hosts = r == 0;
	return r == 0 ? true : refuse(import, "[neutron] hosts_file %.200s is not good", path);
}

static void
tell_faults(const struct topo_faults *faults)
{
	for (size_t i = 0; i < faults->n; i++)
		if (!faults->items[i].warning)
			fprintf(stderr, "dpwatch-neutron: %s: %s\n", faults->items[i].path,
			    faults->items[i].reason);
}

static void
tell_report(const struct import_report *report)
{
	size_t n = report->n_rejects < REJECTS_TOLD ? report->n_rejects : REJECTS_TOLD;

	for (size_t i = 0; i < n; i++)
		fprintf(stderr, "left out: %s: %s\n",
		    *report->rejects[i].id ? report->rejects[i].id : report->rejects[i].where,
		    report->rejects[i].reason);
	if (report->n_rejects > n)
		fprintf(stderr, "left out: %zu more\n", report->n_rejects - n);
	for (size_t i = 0; i < report->n_notes && i < REJECTS_TOLD; i++)
		fprintf(stderr, "note: %s\n", report->notes[i]);
	printf(
	    "%u ports mapped, %zu left out\n", import_report_n_mapped(report), report->n_rejects);
}

/* The new map; NULL with import->error. */
static json_t *
make_document(struct import *import, struct topo_faults *faults)
{
	const struct import_base base = { .document = import->map,
		.path = "the daemon's map",
		.hosts = import->has_hosts ? &import->hosts : NULL,
		.hosts_path = import->program->config.neutron.hosts_file };
	struct import_report report = { 0 };
	json_t *list = json_array(), *source = json_pack("{s:o}", "ports", list), *document = NULL,
	       *port;
	const char *id;

	json_object_foreach(import->ports, id, port) json_array_append(list, port);
	char *text = json_dumps(source, JSON_COMPACT);
	json_decref(source);
	int r = text ? import_neutron(slice_of(text), "Neutron", &base, &document, &report, faults)
		     : -ENOMEM;
	free(text);
	if (r != 0) {
		refuse(import, "%s", r == -ENOMEM ? "out of memory" : "nothing is imported");
		return NULL;
	}
	tell_report(&report);
	import_report_release(&report);
	return document;
}

/* ---- does it change anything? ---- */

/* A list as an object by what its elements are called. */
static json_t *
by_name(const json_t *list)
{
	json_t *object = json_object(), *element;
	size_t i;

	json_array_foreach(list, i, element)
	{
		const char *name = json_string_value(json_object_get(element, "name"));
		const char *id = json_string_value(json_object_get(element, "id"));
		const char *a = json_string_value(json_object_get(element, "a"));
		const char *b = json_string_value(json_object_get(element, "b"));
		char key[1200];
		snprintf(key, sizeof(key), "%s|%s",
		    id     ? id
		    : name ? name
		    : a    ? a
			   : "",
		    a && b ? b : "");
		json_object_set(object, key, element);
	}
	return object;
}

static bool
is_same(const json_t *a, const json_t *b)
{
	static const char *const kinds[] = { "switches", "links", "hosts", "ports" };
	bool same = true;

	for (size_t i = 0; same && i < 4; i++) {
		json_t *x = by_name(json_object_get(a, kinds[i]));
		json_t *y = by_name(json_object_get(b, kinds[i]));
		same = json_equal(x, y);
		json_decref(x);
		json_decref(y);
	}
	return same;
}

static bool
load(struct import *import, const json_t *document)
{
	if (is_same(import->map, document)) {
		printf("the map is so already\n");
		return true;
	}
	if (import->program->dry_run) {
		json_dumpf(document, stdout, JSON_COMPACT);
		putchar('\n');
		return true;
	}
	char *text = json_dumps(document, JSON_COMPACT);
	json_t *answer = text ? ask_api(import, "PUT", slice_of(text)) : NULL;
	free(text);
	if (!answer)
		return false;
	printf("in force: %lld ports\n", (long long)json_integer_value(json_object_get(
					     json_object_get(answer, "topology"), "ports")));
	json_decref(answer);
	return true;
}

/* ---- the whole ---- */

static bool
open_all(struct import *import)
{
	const struct config *config = &import->program->config;
	struct neutron_auth auth;

	if (account_find(&auth, import->error) != 0)
		return false;
	import->loop = loop_new();
	if (import->loop)
		import->web = web_new(import->loop,
		    &(const struct web_options){ .parallel = 1,
			.ca = config->neutron.ca ? config->neutron.ca : auth.values[AUTH_CACERT],
			.cert = auth.values[AUTH_CERT],
			.key = auth.values[AUTH_KEY],
			.insecure = config->neutron.insecure || !neutron_auth_verifies(&auth) });
	import->session = import->web ? session_new(import->loop, import->web, &auth) : NULL;
	neutron_auth_release(&auth);
	return import->session ? find_api(import) : refuse(import, "out of memory");
}

static bool
run(struct import *import, struct topo_faults *faults)
{
	json_t *document;

	if (!open_all(import) || !read_hosts(import, faults) || !read_ports(import))
		return false;
	/* The map last: what somebody loads meanwhile is kept. */
	import->map = ask_api(import, "GET", (struct slice){ 0 });
	if (!import->map)
		return false;
	document = make_document(import, faults);
	bool good = document && load(import, document);
	json_decref(document);
	if (good && !import->program->dry_run)
		save_kept(import);
	return good;
}

int
program_import(struct program *program)
{
	struct import import = { .program = program };
	struct topo_faults faults = { 0 };
	bool good = run(&import, &faults);

	tell_faults(&faults);
	if (!good)
		fprintf(stderr, "dpwatch-neutron: %s\n", import.error);
	topo_faults_release(&faults);
	if (import.has_hosts)
		hosts_file_release(&import.hosts);
	json_decref(import.map);
	json_decref(import.ports);
	json_decref(import.ids);
	web_free(import.web);
	session_free(import.session);
	if (import.loop)
		loop_free(import.loop);
	free(import.api_url);
	free(import.api_socket);
	return good ? 0 : 1;
}
