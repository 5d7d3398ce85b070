/*
 * usm_library: what net-snmp's User-based Security Model is asked for (io). For snmp_input, which hears, and for the
 * poller, which asks.
 *
 * The library keeps users and engines in lists that it walks for every message (54 us at 5,000 engines). So its lists stay
 * empty: the one user of the datagram at hand is presented to it, and withdrawn behind it. Keys are kept by others
 * (core/usm_engines).
 */
#ifndef DPWATCH_IO_USM_LIBRARY_H
#define DPWATCH_IO_USM_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/usm_engines.h"
#include "core/usm_user.h"
#include "util/slice.h"

/* A user's passwords as keys before any engine (Ku of RFC 3414 A.2). */
struct usm_master {
	enum usm_auth auth;
	enum usm_priv priv;
	uint8_t auth_ku[USM_KEY_MAX], priv_ku[USM_KEY_MAX];
	size_t auth_len, priv_len;
};

/* Before a message is heard: who we are, for INFORMs, Reports and discovery. False: out of memory. */
bool usm_library_open(struct slice engine_id, uint32_t boots);

/*
 * Before anything is asked: the library wants an engine id of its own even where nobody will ever see it. Until
 * usm_library_open() gives the right one it is one by chance. False: it cannot be.
 */
bool usm_library_ready(void);

/* Hashes a megabyte for each secret. False where the library cannot (a protocol that it was built without). */
bool usm_master_make(enum usm_auth auth, const char *auth_secret, enum usm_priv priv,
    const char *priv_secret, struct usm_master *ret_master);

/*
 * The authentication key for one engine: two short hashes. The privacy key: the same, but a megabyte more for AES-192-C and
 * AES-256-C; so it is made only for who is authentic. False where the library fails.
 */
bool usm_localize_auth(
    const struct usm_master *master, struct slice engine_id, struct usm_keys *keys);
bool usm_localize_priv(
    const struct usm_master *master, struct slice engine_id, struct usm_keys *keys);

/* Whether `mac`, a part of the datagram, is the digest of all of it (RFC 3414 6.3.2, 7.3.2; RFC 7860 4.2.2). */
bool usm_is_authentic(const struct usm_master *master, const struct usm_keys *keys,
    struct slice datagram, struct slice mac);

/*
 * The library's only user from now on; all pointers are borrowed until it is withdrawn. keys: NULL without authentication.
 */
void usm_present(const char *user, const struct usm_master *master, struct slice engine_id,
    const struct usm_keys *keys);

/*
 * Which boots and time the engine has now: what is sent to it carries them, and what comes from it is held against them
 * (RFC 3414 3.1 step 6, 3.2 step 7). Until the user is withdrawn.
 */
void usm_set_time(struct slice engine_id, uint32_t boots, uint32_t time);

/*
 * Ends that, and lets the library forget what it noted about the engine: here that is kept by core/usm_engines. (It forgets
 * whatever shares a chain with it, perhaps our own engine as well.)
 */
void usm_withdraw(struct slice engine_id);

/* Tells the library (again) that our own engine is one that it knows: before a message that is for us, or is none's. */
void usm_know_ourselves(void);

#endif
