#include "io/snmp_v3_users.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/secret_file.h"

void
snmp_v3_users_release(struct snmp_v3_users *users)
{
	if (users->items)
		explicit_bzero(users->items, users->n * sizeof(*users->items));
	free(users->items);
	*users = (struct snmp_v3_users){ NULL, 0 };
}

/* The secret itself, where a path stands for it. */
static int
read_secret(const char *key, const char *name, const char *what, struct usm_secret *secret,
    char *error, size_t size)
{
	char text[USM_SECRET_MAX + 1], why[PATH_MAX + 128];

	if (!secret->is_path)
		return 0;
	if (secret_file_read(secret->text, text, sizeof(text), why, sizeof(why)) != 0) {
		snprintf(error, size, "%s %s: the %s secret: %s", key, name, what, why);
		return -1;
	}
	size_t len = strlen(text);
	if (len >= USM_SECRET_MIN)
		slice_copy((struct slice){ text, len }, secret->text, sizeof(secret->text));
	else
		snprintf(error, size,
		    "%s %s: the %s secret in %s is shorter than %d octets (RFC 3414 11.2)", key,
		    name, what, secret->text, USM_SECRET_MIN);
	explicit_bzero(text, sizeof(text));
	return len >= USM_SECRET_MIN ? 0 : -1;
}

int
snmp_v3_user_read(
    const char *key, const char *line, struct usm_user *ret_user, char *error, size_t error_size)
{
	char why[USM_USER_WHY_MAX];
	struct usm_user user;
	int r = -1;

	if (!usm_user_parse(slice_of(line), &user, why)) {
		snprintf(error, error_size, "%s: %s", key, why);
		return -1;
	}
	if (read_secret(key, user.name, "authentication", &user.auth_secret, error, error_size) ==
		0 &&
	    read_secret(key, user.name, "privacy", &user.priv_secret, error, error_size) == 0) {
		*ret_user = user;
		r = 0;
	}
	explicit_bzero(&user, sizeof(user));
	return r;
}

int
snmp_v3_users_check(const struct config_list *lines, char *error, size_t error_size)
{
	struct usm_user user = { .auth = USM_AUTH_NONE };
	int r = 0;

	for (size_t i = 0; i < lines->n && r == 0; i++)
		r = snmp_v3_user_read("[snmp] user", lines->items[i], &user, error, error_size);
	explicit_bzero(&user, sizeof(user));
	return r;
}

static bool
make_keys(struct slice own_engine, struct usm_user *user, struct snmp_v3_user *ret_user)
{
	struct snmp_v3_user made = { .own_keys = { .auth_len = 0 } };
	bool right = usm_master_make(
	    user->auth, user->auth_secret.text, user->priv, user->priv_secret.text, &made.master);

	if (right && user->auth != USM_AUTH_NONE)
		right = usm_localize_auth(&made.master, own_engine, &made.own_keys) &&
			usm_localize_priv(&made.master, own_engine, &made.own_keys);
	explicit_bzero(&user->auth_secret, sizeof(user->auth_secret));
	explicit_bzero(&user->priv_secret, sizeof(user->priv_secret));
	made.conf = *user;
	*ret_user = made;
	explicit_bzero(&made, sizeof(made));
	return right;
}

int
snmp_v3_users_make(const struct config_list *lines, struct slice own_engine,
    struct snmp_v3_users *ret_users, char *error, size_t error_size)
{
	struct snmp_v3_users users = { calloc(lines->n + 1, sizeof(*users.items)), 0 };
	struct usm_user user = { .auth = USM_AUTH_NONE };
	int r = users.items ? 0 : -1;

	if (r != 0)
		snprintf(error, error_size, "out of memory");
	for (; users.n < lines->n && r == 0; users.n++) {
		r = snmp_v3_user_read(
		    "[snmp] user", lines->items[users.n], &user, error, error_size);
		if (r == 0 && !make_keys(own_engine, &user, &users.items[users.n])) {
			snprintf(error, error_size,
			    "[snmp] user %s: net-snmp cannot make keys of these protocols: OpenSSL here may lack one, take SHA-256 and AES",
			    user.name);
			r = -1;
		}
	}
	explicit_bzero(&user, sizeof(user));
	if (r == 0)
		*ret_users = users;
	else
		snmp_v3_users_release(&users);
	return r;
}

const struct snmp_v3_user *
snmp_v3_users_find(const struct snmp_v3_users *users, struct slice name, struct slice engine_id)
{
	const struct snmp_v3_user *found = NULL;

	for (size_t i = 0; i < users->n; i++) {
		const struct usm_user *conf = &users->items[i].conf;
		struct slice engine = { (const char *)conf->engine_id, conf->engine_id_len };
		if (!slice_eq_str(name, conf->name))
			continue;
		if (slice_eq(engine, engine_id))
			return &users->items[i];
		if (engine.len == 0)
			found = &users->items[i];
	}
	return found;
}
