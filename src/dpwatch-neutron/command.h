/*
 * command: one command for Redis, put together word by word, and what dpwatch-neutron keeps there.
 *
 * Beside what dpwatchd writes, under the same prefix:
 *   group `neutron` of the stream events; what an instance was given and has not acknowledged is owed to Neutron
 *   neutron:sent      HASH id -> DOWN | ACTIVE, what Neutron took last; nothing while a request is under way
 *   neutron:lock:<id> STRING, the instance that is at this port; expires
 *   neutron:alive:<instance> STRING; expires soon: a lock of one that is not alive is nobody's
 *   neutron:downs     ZSET id -> ms, ports that went DOWN within the last minute, for the brake
 *   neutron:hold      HASH since, ports, limit, by: the brake is on
 *   neutron:name:<n>  STRING, neutron:instance:<n> STRING (JSON): the instances that run; expire
 *   neutron:reconcile, neutron:import STRING: whose turn it was; expire
 */
#ifndef DPWATCH_NEUTRON_COMMAND_H
#define DPWATCH_NEUTRON_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/redis_link.h"
#include "util/slice.h"

#define GROUP "neutron"

struct command {
	char **words;
	size_t n, room;
	bool no_memory;
};

/* A zeroed command is empty. Words are copied; what goes wrong is told by command_send. */
void command_word(struct command *command, const char *word);
void command_number(struct command *command, long long number);
/* The prefix and what stands behind it, as one word. */
void command_key(
    struct command *command, const char *prefix, const char *first, const char *second);

/* EVAL with the number of keys; keys and arguments follow. */
void command_script(struct command *command, const char *script, size_t n_keys);

/* Sends and releases it. 0, or a negative errno (-ENOTCONN), and fn is not called. */
int command_send(struct command *command, struct redis_link *link, redis_reply_fn *fn, void *ctx)
    __attribute__((warn_unused_result));

/* For answers that do not matter. */
void command_ignore(void *ctx, const struct redisReply *reply);

/*
 * Keys: lock, port, sent, hold. ARGV: token, ms, id, 1: also if it was sent last, prefix of neutron:alive.
 * -> elsewhere | equal | braked | send | inherit (send; the lock was a dead instance's), value
 */
extern const char SCRIPT_BEGIN[];

/* Keys: lock, port, sent. ARGV: token, id, value that Neutron has now ("": unknown). -> mine | lost, value to be sent now */
extern const char SCRIPT_END[];

/* Keys: downs, hold, topology:ports, sent. ARGV: window ms, percent, least, name, id ... -> brake is on, ports, limit */
extern const char SCRIPT_NOTE[];

/* Keys: down, topology:ports, port ... ARGV: id ... -> a letter each: D(own), U(p), ? (not known) */
extern const char SCRIPT_COMPARE[];

/* Keys: names to choose from. ARGV: token, ms. -> number of the one that is ours now, 0: all are taken */
extern const char SCRIPT_NAME[];

/*
 * Keys: events. ARGV: group. -> entries that nobody has read (-1: not known), those that are read and not acknowledged, the
 * first one that nobody has read ("": none); nil: there is no such group. What was trimmed away unread is not counted, though
 * Redis's own lag does.
 */
extern const char SCRIPT_LAG[];

/* Keys: hold, downs. -> ports that were counted, -1: the brake was not on */
extern const char SCRIPT_RELEASE[];

#endif
