/*
 * usm_user: one `[snmp] user` line (core). dpwatch.conf(5); RFC 3414 (USM), RFC 7860 (SHA-2), RFC 3826 (AES).
 *
 *   NAME [AUTH SECRET [PRIV SECRET]] [engine=0x...]
 *
 * AUTH is MD5, SHA, SHA-224, SHA-256, SHA-384 or SHA-512; PRIV is DES, AES (AES-128), AES-192 or AES-256, the last two also
 * as AES-192-C and AES-256-C: the other way to lengthen a key, which Cisco and many others use. A SECRET is a word, a text
 * in double quotes (in which \" and \\ stand for " and \), or file:PATH. Without engine= a user serves every switch.
 */
#ifndef DPWATCH_CORE_USM_USER_H
#define DPWATCH_CORE_USM_USER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/usm_header.h"
#include "util/slice.h"

enum usm_auth {
	USM_AUTH_NONE,
	USM_AUTH_MD5,
	USM_AUTH_SHA,
	USM_AUTH_SHA224,
	USM_AUTH_SHA256,
	USM_AUTH_SHA384,
	USM_AUTH_SHA512,
	USM_AUTH_MAX
};
enum usm_priv {
	USM_PRIV_NONE,
	USM_PRIV_DES,
	USM_PRIV_AES128,
	USM_PRIV_AES192,
	USM_PRIV_AES256,
	USM_PRIV_AES192_C,
	USM_PRIV_AES256_C,
	USM_PRIV_MAX
};

/* RFC 3414 11.2: a password has at least 8 octets. */
#define USM_SECRET_MIN 8
#define USM_SECRET_MAX 255

/* A secret, or the path of a file that holds it. NUL-terminated. */
struct usm_secret {
	char text[USM_SECRET_MAX + 1];
	bool is_path;
};

struct usm_user {
	char name[USM_USER_MAX + 1];
	enum usm_auth auth;
	enum usm_priv priv;
	struct usm_secret auth_secret, priv_secret; /* "" where the protocol is NONE */
	uint8_t engine_id[USM_ENGINE_ID_MAX];
	size_t engine_id_len; /* 0: every engine */
};

/* What is wrong with a line, and what would be right; never a part of a secret. */
#define USM_USER_WHY_MAX 200

/* False with why (USM_USER_WHY_MAX) set, and *ret_user untouched, when it is none. */
bool usm_user_parse(struct slice line, struct usm_user *ret_user, char *why);

#endif
