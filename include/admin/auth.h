/*
 * auth: tokens as they are used (admin layer): the file, the digests (SHA-256 and random numbers from OpenSSL), and the
 * patience with who sends wrong ones.
 *
 * A token is 256 random bits, so a plain SHA-256 of it is as good as a slow hash would be. It is in clear only in the answer
 * to who made it.
 */
#ifndef DPWATCH_ADMIN_AUTH_H
#define DPWATCH_ADMIN_AUTH_H

#include "admin/token_list.h"
#include "util/addr.h"

/* "dpw_" and 43 characters of base64url. */
#define AUTH_TOKEN_TEXT 48

/* One address may send so many wrong tokens within a minute; so many addresses are remembered, the longest idle goes. */
#define AUTH_WRONG_MAX 10
#define AUTH_ADDRESSES 256

struct auth;

/*
 * Reads the file; one that does not exist is empty, and `path` NULL is no file at all. NULL, with a message that names file
 * and line, where it cannot be read, is faulty, or can be written by others than its owner.
 */
struct auth *auth_new(const char *path, char *error, size_t size);
void auth_free(struct auth *auth);

/* Takes over what another one has read, and frees it. Who sent wrong tokens is not forgotten. */
void auth_take(struct auth *auth, struct auth *other);

const struct token_list *auth_tokens(const struct auth *auth);

enum auth_result {
	AUTH_GOOD,
	AUTH_WRONG, /* there is no such token */
	AUTH_TOO_MANY, /* nor is this one, and its address sent too many of that kind: it may come back in a minute */
};
/*
 * Looks at a token that came from `peer` (NULL: from this machine's own socket, where nobody is impatient) at `now_ns`. A
 * right one is right, however many wrong ones came before. *ret_token is borrowed until the next add, remove or take.
 */
enum auth_result auth_check(struct auth *auth, struct slice text, const struct addr *peer,
    int64_t now_ns, const struct token **ret_token);

/*
 * Makes a token and stores its digest in the file (mode 0600, replaced in one step, on disk before this returns). `wanted`
 * has name, role, project and created_us. 0; -EEXIST or -ENOSPC as token_list_add; -ENOENT where no token_file is
 * configured; any other negative errno is that of the file. Nothing has changed then.
 */
int auth_add(struct auth *auth, const struct token *wanted, char ret_text[AUTH_TOKEN_TEXT]);

/* Takes one away. 0, -ESRCH where there is none of that name, or the file's errno (nothing has changed then). */
int auth_remove(struct auth *auth, struct slice name);

#endif
