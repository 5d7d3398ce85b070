/*
 * poll_agent: what is known of a switch's SNMP agent, from one job to the next (io). Private to poller.
 *
 * Nothing in it is needed: whatever is missing is found out again, at the price of a few packets. An agent that falls silent is
 * forgotten, as it may come back as another.
 */
#ifndef DPWATCH_IO_POLL_AGENT_H
#define DPWATCH_IO_POLL_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/usm_engines.h"
#include "core/usm_user.h"
#include "util/slice.h"

/* Zeroed: nothing is known. */
struct poll_agent {
	int version; /* 1, 2 (SNMPv2c) or 3: it answered so; 0: it was not heard */
	/* SNMPv3: its engine (RFC 3414 2.2), and the keys for it */
	uint8_t engine_id[USM_ENGINE_ID_MAX];
	size_t engine_id_len; /* 0: not known */
	uint32_t boots, time; /* the last that were heard; time in seconds */
	int64_t at_ns;        /* engine clock when they were */
	bool has_boots;       /* heard_boots came in an authentic message */
	uint32_t heard_boots;
	uint64_t keys_of; /* of which credentials the keys are; 0: none are kept */
	struct usm_keys keys;
};

/* Wipes the keys besides. */
void poll_agent_forget(struct poll_agent *agent);

struct slice poll_agent_engine(const struct poll_agent *agent);

/* Another engine, or the same again with what it says of its time; not authentic. Keys of another one are wiped. */
void poll_agent_meet(struct poll_agent *agent, struct slice engine_id, uint32_t boots,
    uint32_t time, int64_t now_ns);

/*
 * An authentic message had these boots and time. They count even where they went backwards: it answers a question of ours, so it
 * is no old message played again, but an engine that was reset. True: the engine has booted since the one before.
 */
bool poll_agent_hear(struct poll_agent *agent, uint32_t boots, uint32_t time, int64_t now_ns);

/* What its clock says now. */
uint32_t poll_agent_time(const struct poll_agent *agent, int64_t now_ns);

/* ---- keys ---- */

/* Passwords as keys before any engine, of the users that were needed last: they cost a megabyte of hashing each. */
struct poll_keys;

/* NULL: out of memory. */
struct poll_keys *poll_keys_new(void);
/* Keys are wiped. */
void poll_keys_free(struct poll_keys *keys);

/* The agent has the keys of this user for its engine from now on, which must be known. False: the library fails. */
bool poll_keys_provide(
    struct poll_keys *keys, const struct usm_user *user, struct poll_agent *agent);

#endif
