/*
 * neutron_auth: the account at Keystone, as the OS_* variables and clouds.yaml of openstack clients tell it (core).
 *
 * Reads what an environment and a cloud of clouds.yaml say (already parsed: files are opened elsewhere), builds the request
 * for a token (Identity API v3, POST /v3/auth/tokens), and reads its answer: token, life, roles, and where Neutron is.
 * Passwords and tokens are in no text that is made here for people.
 */
#ifndef DPWATCH_CORE_NEUTRON_AUTH_H
#define DPWATCH_CORE_NEUTRON_AUTH_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/neutron_answer.h"

enum neutron_auth_type {
	NEUTRON_AUTH_PASSWORD,    /* password, v3password */
	NEUTRON_AUTH_CREDENTIAL,  /* v3applicationcredential */
	NEUTRON_AUTH_TOKEN,       /* token, v3token: a new token for an old one */
	NEUTRON_AUTH_ADMIN_TOKEN, /* admin_token: sent as it is, to a known endpoint */
	NEUTRON_AUTH_NONE,        /* none: no token, a known endpoint */
};

/* One value each, with its names in the environment and in clouds.yaml: a table in neutron_auth_values.c. */
enum neutron_auth_key {
	AUTH_TYPE,
	AUTH_URL,
	AUTH_USERNAME,
	AUTH_USER_ID,
	AUTH_PASSWORD,
	AUTH_USER_DOMAIN_ID,
	AUTH_USER_DOMAIN_NAME,
	AUTH_PROJECT_ID,
	AUTH_PROJECT_NAME,
	AUTH_PROJECT_DOMAIN_ID,
	AUTH_PROJECT_DOMAIN_NAME,
	AUTH_DOMAIN_ID,
	AUTH_DOMAIN_NAME,
	AUTH_SYSTEM_SCOPE,
	AUTH_DEFAULT_DOMAIN,
	AUTH_CREDENTIAL_ID,
	AUTH_CREDENTIAL_NAME,
	AUTH_CREDENTIAL_SECRET,
	AUTH_TOKEN,
	AUTH_ENDPOINT,          /* of types none and admin_token */
	AUTH_ENDPOINT_OVERRIDE, /* Neutron's, instead of the catalogue's */
	AUTH_REGION,
	AUTH_INTERFACE,
	AUTH_CACERT,
	AUTH_CERT,
	AUTH_KEY,
	AUTH_VERIFY,   /* clouds.yaml: false turns checking off */
	AUTH_INSECURE, /* environment: true turns checking off */
	AUTH_KEY_MAX
};

struct neutron_auth {
	enum neutron_auth_type type; /* set by neutron_auth_settle() */
	char *values[AUTH_KEY_MAX];  /* owned; NULL: not told */
};

void neutron_auth_release(struct neutron_auth *auth); /* secrets are wiped */

/* Takes what `lookup` (getenv, as it were) knows, over what is there. 0 or -ENOMEM. */
typedef const char *neutron_auth_lookup(void *ctx, const char *name);
int neutron_auth_from_env(struct neutron_auth *auth, neutron_auth_lookup *lookup, void *ctx)
    __attribute__((warn_unused_result));

/* Whether the environment says anything of an account. */
bool neutron_auth_in_env(neutron_auth_lookup *lookup, void *ctx);

/*
 * Takes a cloud of clouds.yaml (an object as the YAML has it, scalars as texts), over what is there. 0; -EINVAL with `error`
 * (for people) where it asks for something that is not supported; -ENOMEM.
 */
int neutron_auth_from_cloud(struct neutron_auth *auth, const json_t *cloud,
    char error[NEUTRON_TEXT_MAX]) __attribute__((warn_unused_result));

/*
 * Finds the type and says what is missing. 0; -EINVAL with `error` for people, which names the variables to set; -ENOMEM.
 */
int neutron_auth_settle(struct neutron_auth *auth, char error[NEUTRON_TEXT_MAX])
    __attribute__((warn_unused_result));

/* Whether certificates are to be checked as far as the account says. */
bool neutron_auth_verifies(const struct neutron_auth *auth);

/* Whether tokens come from Keystone at all. */
bool neutron_auth_asks(const struct neutron_auth *auth);

/* A name for the account in messages: "user dpwatch", "application credential 1234", "a given token". */
const char *neutron_auth_who(const struct neutron_auth *auth, char *buf, size_t size);

/* The URL and the body of the request for a token; both are the caller's (the body is secret). 0 or -ENOMEM. */
int neutron_auth_request(const struct neutron_auth *auth, char **ret_url, char **ret_body)
    __attribute__((warn_unused_result));

/* What the account may do, and where. */
struct neutron_token {
	char *token;      /* X-Auth-Token; NULL: none is sent */
	char *endpoint;   /* without slash and /v2.0 at its end */
	int64_t life_ms;  /* from when it was issued; 0: does not expire, or is not told */
	char *roles;      /* "member, reader"; NULL: not told */
	char *project_id; /* of its scope; NULL: none, or not told */
	bool narrow;      /* true: roles are told and none of them sees the ports of all projects */
};
void neutron_token_release(struct neutron_token *token); /* wiped */

/*
 * Reads Keystone's answer; `header` is X-Subject-Token, or NULL. NEUTRON_OK: *ret_token is the caller's. Else the verdict
 * tells whether to try again (NEUTRON_UNREACHABLE) or that a person must mend something (NEUTRON_NO_TOKEN: refused;
 * NEUTRON_NO_TRUST; NEUTRON_REFUSED: no endpoint, wrong request), `answer->text` why, and *ret_token is untouched.
 */
void neutron_auth_answer(const struct neutron_auth *auth, const struct neutron_reply *reply,
    const char *header, struct neutron_token *ret_token, struct neutron_answer *answer);

/* For types that ask nobody: 0 or -ENOMEM. */
int neutron_auth_given(const struct neutron_auth *auth, struct neutron_token *ret_token)
    __attribute__((warn_unused_result));

/* ---- neutron_auth_values.c, private to neutron_auth*.c ---- */

struct neutron_auth_name {
	const char *env[3];   /* the first one that is set counts */
	const char *cloud[2]; /* its names in clouds.yaml */
	bool in_auth;         /* there it stands under `auth` */
	bool secret;
};
extern const struct neutron_auth_name neutron_auth_names[AUTH_KEY_MAX];

#endif
