/*
 * snmp_input: SNMP notifications from the wire to struct trap (io).
 *
 * Communities and SNMPv3 users are checked here. An INFORM's answer may be given later: it is kept, bounded, until its ticket
 * is done.
 */
#ifndef DPWATCH_IO_SNMP_INPUT_H
#define DPWATCH_IO_SNMP_INPUT_H

#include <stddef.h>
#include <stdint.h>

#include "core/config.h"
#include "core/engine.h"
#include "core/stats.h"
#include "core/trap.h"
#include "core/usm_engines.h"
#include "io/input_sockets.h"
#include "io/loop.h"

/* INFORMs that may wait for their answer; one more is dropped, counted, and its sender will repeat it. */
#define SNMP_INPUT_WAITING_MAX 65536

enum input_answer {
	ANSWER_NOW,
	ANSWER_NEVER,
	ANSWER_AFTER_TICKET,
	ANSWER_WHEN_FED, /* its word is held: its ticket is not known yet, and the number told instead is (core/overload.h) */
};

struct input_origin {
	struct addr from;
	struct engine_time time; /* now_ns of this turn; wall_us is the kernel's receive time */
};

struct snmp_input_handler {
	void *ctx;
	/* A trap of this digest is being read: what is known of it will soon be asked for. */
	void (*expect)(void *ctx, uint64_t digest);
	/*
	 * One notification with a right community. For ANSWER_AFTER_TICKET *ret_ticket is set, for ANSWER_WHEN_FED it is a
	 * number that never falls. Answers matter for INFORMs only.
	 */
	enum input_answer (*trap)(void *ctx, const struct trap *trap,
	    const struct input_origin *origin, uint64_t *ret_ticket);
	/* A datagram or connection was refused, and counted there. */
	void (*refused)(void *ctx, const struct input_origin *origin, enum stats_counter why);
	/* All datagrams of this turn were handed over. */
	void (*turn_end)(void *ctx);
};

struct snmp_input;

/* Opens every listener of config->snmp. NULL with a message in error when one cannot be opened. Not reading yet. */
struct snmp_input *snmp_input_new(struct loop *loop, const struct config *config,
    struct stats *stats, const struct snmp_input_handler *handler, char *error, size_t size);

const struct input_sockets *snmp_input_sockets(const struct snmp_input *input);

/* New communities, users, allow list and so on; listeners stay as they are. What is unusable is logged; the old ones stay. */
void snmp_input_configure(struct snmp_input *input, const struct config *config);

/*
 * Whether the communities and users of a configuration can be taken: files of secrets are read. 0, or -1 with a message in
 * error. Nothing is kept.
 */
int snmp_input_check(const struct config *config, char *error, size_t size);

/* The engines of switches that spoke SNMPv3. Never NULL. */
struct usm_engines *snmp_input_engines(const struct snmp_input *input);

/* Answers every waiting INFORM whose ticket is at most `done`. */
void snmp_input_answer(struct snmp_input *input, uint64_t done);
/* INFORMs of ANSWER_WHEN_FED up to `number` are answered from now on when `ticket` is done. */
void snmp_input_fed(struct snmp_input *input, uint64_t number, uint64_t ticket);
/* INFORMs that wait for their answer because their word is held. */
size_t snmp_input_held(const struct snmp_input *input);
void snmp_input_free(struct snmp_input *input);

#endif
