#include "core/usm_user.h"

#include <stdio.h>
#include <string.h>

#include "core/usm_engines.h"

/* ---- names of protocols ---- */

struct protocol {
	const char *name;
	int number;
};

/* The first of a number is the one that is told; the others are what other programs call it. */
static const struct protocol auths[] = {
	{ "MD5", USM_AUTH_MD5 },
	{ "SHA", USM_AUTH_SHA },
	{ "SHA-1", USM_AUTH_SHA },
	{ "SHA1", USM_AUTH_SHA },
	{ "SHA-224", USM_AUTH_SHA224 },
	{ "SHA224", USM_AUTH_SHA224 },
	{ "SHA-256", USM_AUTH_SHA256 },
	{ "SHA256", USM_AUTH_SHA256 },
	{ "SHA-384", USM_AUTH_SHA384 },
	{ "SHA384", USM_AUTH_SHA384 },
	{ "SHA-512", USM_AUTH_SHA512 },
	{ "SHA512", USM_AUTH_SHA512 },
	{ NULL, 0 },
};
static const struct protocol privs[] = {
	{ "DES", USM_PRIV_DES },
	{ "AES", USM_PRIV_AES128 },
	{ "AES-128", USM_PRIV_AES128 },
	{ "AES128", USM_PRIV_AES128 },
	{ "AES-192", USM_PRIV_AES192 },
	{ "AES192", USM_PRIV_AES192 },
	{ "AES-256", USM_PRIV_AES256 },
	{ "AES256", USM_PRIV_AES256 },
	{ "AES-192-C", USM_PRIV_AES192_C },
	{ "AES192C", USM_PRIV_AES192_C },
	{ "AES-256-C", USM_PRIV_AES256_C },
	{ "AES256C", USM_PRIV_AES256_C },
	{ NULL, 0 },
};
#define AUTH_NAMES "MD5, SHA, SHA-224, SHA-256, SHA-384 or SHA-512"
#define PRIV_NAMES "DES, AES, AES-192, AES-256, AES-192-C or AES-256-C"

/* 0: none of them. */
static int
protocol_find(const struct protocol *all, struct slice name)
{
	for (; all->name; all++)
		if (slice_case_eq_str(name, all->name))
			return all->number;
	return 0;
}

/* ---- words ---- */

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Takes the next word off the line; empty at its end. */
static struct slice
take_word(struct slice *line)
{
	size_t len = 0;

	*line = slice_trim(*line);
	while (len < line->len && !is_blank(line->data[len]))
		len++;
	struct slice word = slice_first(*line, len);
	*line = slice_from(*line, len);
	return word;
}

/* A text in quotes, up to its closing one; false when there is none, or it is too long. */
static bool
take_quoted(struct slice *line, struct usm_secret *secret)
{
	size_t n = 0, i = 1;

	for (; i < line->len && line->data[i] != '"'; i++) {
		bool escaped = line->data[i] == '\\' && i + 1 < line->len &&
			       (line->data[i + 1] == '"' || line->data[i + 1] == '\\');
		if (escaped)
			i++;
		if (n == USM_SECRET_MAX)
			return false;
		secret->text[n++] = line->data[i];
	}
	if (i >= line->len || (i + 1 < line->len && !is_blank(line->data[i + 1])))
		return false;
	secret->text[n] = '\0';
	*line = slice_from(*line, i + 1);
	return true;
}

/* `what` is "authentication" or "privacy". */
static bool
take_secret(struct slice *line, const char *what, struct usm_secret *secret, char *why)
{
	*line = slice_trim(*line);
	if (line->len > 0 && line->data[0] == '"') {
		if (!take_quoted(line, secret)) {
			snprintf(why, USM_USER_WHY_MAX,
			    "the %s secret does not end with \" and a blank, or has more than %d octets",
			    what, USM_SECRET_MAX);
			return false;
		}
	} else {
		struct slice word = take_word(line);
		secret->is_path = slice_starts(word, "file:");
		if (secret->is_path)
			word = slice_from(word, strlen("file:"));
		if (word.len == 0 || word.len > USM_SECRET_MAX) {
			snprintf(why, USM_USER_WHY_MAX,
			    "no %s secret of at most %d octets follows its protocol", what,
			    USM_SECRET_MAX);
			return false;
		}
		slice_copy(word, secret->text, sizeof(secret->text));
	}
	if (!secret->is_path && strlen(secret->text) < USM_SECRET_MIN) {
		snprintf(why, USM_USER_WHY_MAX,
		    "the %s secret is shorter than %d octets (RFC 3414 11.2)", what,
		    USM_SECRET_MIN);
		return false;
	}
	return true;
}

/* ---- engine=0x... ---- */

static bool
read_engine(struct slice text, struct usm_user *user)
{
	return slice_starts(text, "0x") &&
	       usm_engine_id_parse(text, user->engine_id, &user->engine_id_len) &&
	       user->engine_id_len >= USM_ENGINE_ID_MIN;
}

/* ---- the line ---- */

static bool
read_name(struct slice name, struct usm_user *user, char *why)
{
	if (name.len > 0 && name.len <= USM_USER_MAX && !memchr(name.data, '"', name.len)) {
		slice_copy(name, user->name, sizeof(user->name));
		return true;
	}
	snprintf(why, USM_USER_WHY_MAX,
	    "the first word is no user name of 1 to %d octets without blanks and quotes",
	    USM_USER_MAX);
	return false;
}

/* The last word of a line may be engine=. */
static bool
read_end(struct slice *line, struct usm_user *user, char *why)
{
	struct slice rest = slice_trim(*line), word = take_word(&rest);

	if (!slice_starts(word, "engine="))
		return true;
	if (!read_engine(slice_from(word, strlen("engine=")), user)) {
		snprintf(why, USM_USER_WHY_MAX,
		    "engine= is not followed by 0x and an engine id of %d to %d octets",
		    USM_ENGINE_ID_MIN, USM_ENGINE_ID_MAX);
		return false;
	}
	*line = rest;
	return true;
}

/* One protocol and its secret, where the line goes on. False with why set. */
static bool
read_protocol(struct slice *line, const struct protocol *all, const char *what, const char *names,
    int *ret_number, struct usm_secret *secret, char *why)
{
	*line = slice_trim(*line);
	if (line->len == 0 || slice_starts(*line, "engine="))
		return true;
	/* The word is not told: who leaves out the protocol writes a secret here. */
	*ret_number = protocol_find(all, take_word(line));
	if (*ret_number == 0) {
		snprintf(why, USM_USER_WHY_MAX,
		    "where the %s protocol must stand is none; right is %s", what, names);
		return false;
	}
	return take_secret(line, what, secret, why);
}

bool
usm_user_parse(struct slice line, struct usm_user *ret_user, char *why)
{
	struct usm_user user = { .auth = USM_AUTH_NONE };
	int auth = 0, priv = 0;

	if (!read_name(take_word(&line), &user, why) ||
	    !read_protocol(
		&line, auths, "authentication", AUTH_NAMES, &auth, &user.auth_secret, why) ||
	    !read_protocol(&line, privs, "privacy", PRIV_NAMES, &priv, &user.priv_secret, why) ||
	    !read_end(&line, &user, why))
		return false;
	if (slice_trim(line).len > 0) {
		snprintf(why, USM_USER_WHY_MAX,
		    "more follows than NAME AUTH secret PRIV secret engine=0x...");
		return false;
	}
	user.auth = (enum usm_auth)auth;
	user.priv = (enum usm_priv)priv;
	*ret_user = user;
	return true;
}
