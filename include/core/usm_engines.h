/*
 * usm_engines: the SNMP engines of switches that have spoken authentically, with their boots, time and localized keys
 * (core). RFC 3414 2.2.3, 2.3, 3.2 step 7b; design.md, "Which word to believe", 5.
 *
 * A fixed table with a hash over it: a look-up costs the same with 5,000 engines as with one. Who is not authentic never
 * comes in; who is, at the bound, takes the place of the engine that was silent longest, which is counted: only holders of
 * a secret can push others out, and the one that was pushed out comes in again with its next trap.
 *
 * A line of text stands for each engine in a file of state (io/usm_store). It holds no keys.
 */
#ifndef DPWATCH_CORE_USM_ENGINES_H
#define DPWATCH_CORE_USM_ENGINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/usm_header.h"
#include "util/addr.h"
#include "util/slice.h"

#define USM_ENGINES_MAX 32768

/* Users of one engine whose keys are kept; one more takes the place of the first. */
#define USM_ENGINE_USERS 2

/* RFC 3414 2.2.3: how old a message may be, seconds. */
#define USM_TIME_WINDOW 150

/* The largest localized key: that of SHA-512 (RFC 7860). */
#define USM_KEY_MAX 64

struct usm_keys {
	uint8_t auth[USM_KEY_MAX], priv[USM_KEY_MAX];
	uint8_t auth_len, priv_len; /* 0: none */
};

/* Whether a message's boots and time can be. */
enum usm_timeliness {
	USM_TIMELY,
	USM_TOO_OLD,    /* more than the window behind what is known */
	USM_BOOTS_BACK, /* its engine has booted more often before */
};

/* What is wrong with an engine, as `switch list` names it; "" for USM_TIMELY. */
extern const char *const usm_timeliness_names[];

struct usm_engine {
	uint8_t id[USM_ENGINE_ID_MAX];
	size_t id_len;
	uint32_t boots, time; /* the newest that came; time in seconds */
	int64_t at_ns;        /* engine clock when `time` came; 0: in another life of the daemon */
	int64_t heard_us;     /* wall clock of the last authentic message that was timely */
	struct addr from;     /* where that one came from */
	char user[USM_USER_MAX + 1]; /* who sent it */
	int level; /* its level: 1 authNoPriv, 2 authPriv; 0: not since the start */
	/* since the last message that was timely */
	enum usm_timeliness problem;
	uint32_t problem_boots, problem_time; /* what came instead */
	uint64_t refused;
	/* the rest is private */
	struct {
		char name[USM_USER_MAX + 1]; /* "": free */
		bool has_keys;
		struct usm_keys keys;
	} users[USM_ENGINE_USERS];
	uint32_t next_user;
	uint32_t chain, newer, older;
	bool used;
};

struct usm_engines;

/* Room for max engines (1 to USM_ENGINES_MAX). NULL: out of memory. */
struct usm_engines *usm_engines_new(size_t max, uint64_t seed);
/* Keys are wiped. */
void usm_engines_free(struct usm_engines *engines);

/* NULL: not known. Valid until it is forgotten or pushed out. */
struct usm_engine *usm_engines_find(const struct usm_engines *engines, struct slice id);

/* Takes in one that is not known (id: 5 to 32 octets). Never NULL. */
struct usm_engine *usm_engines_add(struct usm_engines *engines, struct slice id);

/*
 * An authentic message came with these boots and time. Remembers what is newer; names a problem where it is too old. The
 * clocks of the two may drift apart by one in a thousand since the last message, so that a switch that was silent for a
 * year is not refused; now_ns never steps.
 */
enum usm_timeliness usm_engines_hear(struct usm_engines *engines, struct usm_engine *engine,
    uint32_t boots, uint32_t time, int64_t now_ns);

/* Forgets the engine and its keys: the next authentic message makes it anew, with whatever boots. */
void usm_engines_forget(struct usm_engines *engines, struct usm_engine *engine);

/* ---- users and keys ---- */

/* Whether that user spoke authentically from there before, perhaps in another life of the daemon. */
bool usm_engine_has_user(const struct usm_engine *engine, const char *user);
/* NULL: not kept. */
const struct usm_keys *usm_engine_keys(const struct usm_engine *engine, const char *user);
/* Keeps a copy; returns it. */
const struct usm_keys *usm_engine_keep_keys(struct usm_engines *engines, struct usm_engine *engine,
    const char *user, const struct usm_keys *keys);
/* Wipes the keys of all: passwords changed. Who spoke is still known. */
void usm_engines_drop_keys(struct usm_engines *engines);

/* ---- all of them ---- */

size_t usm_engines_count(const struct usm_engines *engines);
uint64_t usm_engines_evicted(const struct usm_engines *engines);
/* Goes from the one heard last to the one that is silent longest: NULL begins, NULL is the end. */
struct usm_engine *usm_engines_next(
    const struct usm_engines *engines, const struct usm_engine *engine);

/* The other way. */
struct usm_engine *usm_engines_previous(
    const struct usm_engines *engines, const struct usm_engine *engine);

/* Grows with every change that must outlive a crash: an engine, a user, boots, forgetting. */
uint64_t usm_engines_changes(const struct usm_engines *engines);

/* "0x8000..." and a NUL. Returns buf. */
#define USM_ENGINE_TEXT (2 + 2 * USM_ENGINE_ID_MAX + 1)
const char *usm_engine_id_format(const uint8_t *id, size_t len, char *buf);
/* Hex digits with or without 0x, 1 to 32 octets. False when it is none. */
bool usm_engine_id_parse(struct slice text, uint8_t *ret_id, size_t *ret_len);

/* The line of an engine, without its end. Returns the length. */
#define USM_ENGINE_LINE_MAX 320
size_t usm_engine_line(const struct usm_engine *engine, char *buf);
/* Takes in the engine of a line. False, and nothing changed, when it is none, or the engine is known. */
bool usm_engines_take_line(struct usm_engines *engines, struct slice line);

#endif
