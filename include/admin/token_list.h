/*
 * token_list: who may use the API over the network (admin layer; no file, no clock: bytes in, values out).
 *
 * The file that it is read from and written to has a line per token, its fields apart by blanks:
 *
 *   NAME ROLE PROJECT SHA-256 CREATED
 *   grafana reader 4c6f... 9f86d081884c7d65... 2026-11-22T12:00:00.000000Z
 *
 * ROLE is admin, integrator or reader; PROJECT is `-` but for readers, who see the ports of that project alone; SHA-256 is the
 * digest of the token in 64 hexadecimal digits. The token itself is nowhere. Lines that begin with # are comments.
 */
#ifndef DPWATCH_ADMIN_TOKEN_LIST_H
#define DPWATCH_ADMIN_TOKEN_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "admin/api.h"
#include "util/slice.h"

#define TOKEN_NAME_MAX 63     /* letters, digits, '.', '_' and '-' */
#define TOKEN_PROJECT_MAX 255 /* printable, without blanks */
#define TOKEN_DIGEST 32
#define TOKENS_MAX 1000

struct token {
	char name[TOKEN_NAME_MAX + 1];
	char project[TOKEN_PROJECT_MAX + 1]; /* "" but for readers */
	enum api_role role;
	uint8_t digest[TOKEN_DIGEST];
	int64_t created_us;
};

struct token_list {
	struct token *items; /* in the order in which they were added */
	size_t n;
};

/* Whether a text can be a token's name, or a project. */
bool token_name_good(struct slice name);
bool token_project_good(struct slice project);

/* The role of that name; ROLE_NONE where no token can have it. */
enum api_role token_role_from(struct slice name);
const char *token_role_name(enum api_role role);

/*
 * 0, -EINVAL with a message for people in `error` (size bytes) that names the line, or -ENOMEM; the list is empty then.
 */
int token_list_parse(struct slice text, struct token_list *ret_list, char *error, size_t size);

/* The file's text, NUL-terminated; the caller frees it. NULL: out of memory. */
char *token_list_format(const struct token_list *list);

/* A copy of the token at the end. 0, -EEXIST (the name is taken), -ENOSPC (there are TOKENS_MAX) or -ENOMEM. */
int token_list_add(struct token_list *list, const struct token *token);

/* False where there is none of that name. */
bool token_list_remove(struct token_list *list, struct slice name);

/*
 * The token with that digest, or NULL. How long it takes tells nothing of the digests: all are compared, whole, by
 * CRYPTO_memcmp.
 */
const struct token *token_list_match(
    const struct token_list *list, const uint8_t digest[TOKEN_DIGEST]);

void token_list_release(struct token_list *list);

#endif
