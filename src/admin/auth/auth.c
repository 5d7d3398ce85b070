#include "admin/auth.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/files.h"

#define FILE_MAX (1 << 20)
#define MINUTE_NS INT64_C(60000000000)

/* Who sent wrong tokens. */
struct stranger {
	struct addr addr;
	int64_t since_ns; /* when its minute began */
	unsigned n;       /* wrong tokens in it; 0: a free place */
};

struct auth {
	char *path; /* NULL: none is configured */
	struct token_list list;
	struct stranger strangers[AUTH_ADDRESSES];
};

/* ---- the file ---- */

/* The whole file as a slice that the caller frees. 0 (also where there is none: an empty slice) or a negative errno. */
static int
read_file(const char *path, struct slice *ret_text)
{
	/* Nor is a pipe without a writer waited for. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat file;

	*ret_text = (struct slice){ NULL, 0 };
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	int r = fstat(fd, &file) < 0 ? -errno : 0;
	if (r == 0 && (!S_ISREG(file.st_mode) || file.st_size > FILE_MAX))
		r = -EFBIG;
	if (r == 0 && (file.st_mode & (S_IWGRP | S_IWOTH)))
		r = -EPERM;
	char *data = r == 0 ? malloc((size_t)file.st_size + 1) : NULL;
	ssize_t len = data ? read(fd, data, (size_t)file.st_size) : -1;
	if (r == 0 && len < 0)
		r = data ? -errno : -ENOMEM;
	close(fd);
	if (r == 0)
		*ret_text = (struct slice){ data, (size_t)len };
	else
		free(data);
	return r;
}

static bool
refuse_file(const char *path, int problem, char *error, size_t size)
{
	snprintf(error, size, "[api] token_file %s: %s", path,
	    problem == -EPERM   ? "others than its owner may write it: chmod 600 it"
	    : problem == -EFBIG ? "no regular file of at most 1 MiB"
				: strerror(-problem));
	return false;
}

static bool
load(const char *path, struct token_list *ret_list, char *error, size_t size)
{
	char problem[128];
	struct slice text;

	*ret_list = (struct token_list){ 0 };
	if (!path)
		return true;
	int r = read_file(path, &text);
	if (r != 0)
		return refuse_file(path, r, error, size);
	r = token_list_parse(text, ret_list, problem, sizeof(problem));
	free((char *)text.data);
	if (r != 0)
		snprintf(error, size, "[api] token_file %s: %s", path,
		    r == -ENOMEM ? "out of memory" : problem);
	return r == 0;
}

static int
store(const struct auth *auth)
{
	if (!auth->path)
		return -ENOENT;
	char *text = token_list_format(&auth->list);
	int r = text ? files_replace(auth->path, text, 0600) : -ENOMEM;
	free(text);
	return r;
}

/* ---- life ---- */

struct auth *
auth_new(const char *path, char *error, size_t size)
{
	struct auth *auth = calloc(1, sizeof(*auth));

	if (auth && path)
		auth->path = strdup(path);
	if (!auth || (path && !auth->path))
		snprintf(error, size, "out of memory");
	else if (load(path, &auth->list, error, size))
		return auth;
	auth_free(auth);
	return NULL;
}

void
auth_take(struct auth *auth, struct auth *other)
{
	token_list_release(&auth->list);
	free(auth->path);
	auth->list = other->list;
	auth->path = other->path;
	free(other);
}

void
auth_free(struct auth *auth)
{
	if (!auth)
		return;
	token_list_release(&auth->list);
	free(auth->path);
	free(auth);
}

const struct token_list *
auth_tokens(const struct auth *auth)
{
	return &auth->list;
}

/* ---- right and wrong ---- */

static bool
digest_of(struct slice text, uint8_t ret_digest[TOKEN_DIGEST])
{
	return EVP_Digest(text.data, text.len, ret_digest, NULL, EVP_sha256(), NULL) == 1;
}

/* The address's place, or the one that has been idle longest. */
static struct stranger *
stranger_of(struct auth *auth, const struct addr *peer)
{
	struct stranger *oldest = &auth->strangers[0];

	for (struct stranger *s = auth->strangers; s < auth->strangers + AUTH_ADDRESSES; s++) {
		if (s->n > 0 && addr_eq(&s->addr, peer))
			return s;
		if (s->n == 0 || (oldest->n > 0 && s->since_ns < oldest->since_ns))
			oldest = s;
	}
	*oldest = (struct stranger){ .addr = *peer };
	return oldest;
}

static bool
is_too_many(struct auth *auth, const struct addr *peer, int64_t now_ns)
{
	struct stranger *stranger = stranger_of(auth, peer);

	if (stranger->n == 0 || now_ns - stranger->since_ns >= MINUTE_NS)
		*stranger = (struct stranger){ .addr = *peer, .since_ns = now_ns };
	if (stranger->n <= AUTH_WRONG_MAX)
		stranger->n++;
	return stranger->n > AUTH_WRONG_MAX;
}

enum auth_result
auth_check(struct auth *auth, struct slice text, const struct addr *peer, int64_t now_ns,
    const struct token **ret_token)
{
	uint8_t digest[TOKEN_DIGEST];

	*ret_token = digest_of(text, digest) ? token_list_match(&auth->list, digest) : NULL;
	if (*ret_token)
		return AUTH_GOOD;
	return peer && is_too_many(auth, peer, now_ns) ? AUTH_TOO_MANY : AUTH_WRONG;
}

/* ---- adding and removing ---- */

/* RFC 4648, section 5, without padding. `bytes` is a multiple of three long but for its end. */
static void
base64url(const uint8_t *bytes, size_t len, char *to)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	uint32_t bits = 0;
	unsigned n = 0;

	for (size_t i = 0; i < len; i++) {
		bits = bits << 8 | bytes[i];
		for (n += 8; n >= 6; n -= 6)
			*to++ = digits[bits >> (n - 6) & 63];
	}
	if (n > 0)
		*to++ = digits[bits << (6 - n) & 63];
	*to = '\0';
}

static bool
make_text(char ret_text[AUTH_TOKEN_TEXT])
{
	uint8_t random[32];

	if (RAND_bytes(random, sizeof(random)) != 1)
		return false;
	/* So that who finds one in a file or a log knows what it is. */
	memcpy(ret_text, "dpw_", 4);
	base64url(random, sizeof(random), ret_text + 4);
	return true;
}

int
auth_add(struct auth *auth, const struct token *wanted, char ret_text[AUTH_TOKEN_TEXT])
{
	struct token token = *wanted;

	if (!auth->path)
		return -ENOENT;
	if (!make_text(ret_text) || !digest_of(slice_of(ret_text), token.digest))
		return -EIO;
	int r = token_list_add(&auth->list, &token);
	if (r != 0)
		return r;
	r = store(auth);
	if (r != 0)
		token_list_remove(&auth->list, slice_of(token.name));
	return r;
}

int
auth_remove(struct auth *auth, struct slice name)
{
	struct token_list list = { 0 }, old = auth->list;

	for (size_t i = 0; i < old.n; i++) {
		if (!slice_eq_str(name, old.items[i].name) &&
		    token_list_add(&list, &old.items[i]) != 0) {
			token_list_release(&list);
			return -ENOMEM;
		}
	}
	int r = list.n == old.n ? -ESRCH : 0;
	auth->list = list;
	if (r == 0)
		r = store(auth);
	if (r != 0)
		auth->list = old;
	token_list_release(r == 0 ? &old : &list);
	return r;
}
