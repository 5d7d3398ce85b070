/*
 * snmp_waiting: answers to INFORMs that must wait until their event is stored, oldest first (io). Private to snmp_answers.
 *
 * Bounded in number and in bytes: an INFORM is as large as its sender likes. Tickets only grow, so that the answers that may
 * go are always at the front.
 */
#ifndef DPWATCH_IO_SNMP_WAITING_H
#define DPWATCH_IO_SNMP_WAITING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "util/addr.h"
#include "util/slice.h"

/* All of it together; 65,536 usual INFORMs need a fifth of this. */
#define SNMP_WAITING_BYTES_MAX (64 * 1024 * 1024)

/* Which INFORM it is: its repetitions have the same. Without padding, since it is hashed as bytes. */
struct snmp_inform_key {
	struct addr sender;
	uint32_t port; /* the sender's */
	uint32_t listener;
	int32_t request_id;
};

struct snmp_answer {
	struct snmp_inform_key key;
	uint64_t connection;              /* of stream_set; 0: the rest is for a datagram */
	struct sockaddr_storage to, from; /* from: the address that was asked */
	socklen_t to_len;
	struct slice bytes;
	int64_t expires_ns; /* engine clock; after it the answer is worth nothing (v3). 0: never */
};

struct snmp_waiting;

/* NULL: out of memory. */
struct snmp_waiting *snmp_waiting_new(size_t max);
void snmp_waiting_free(struct snmp_waiting *waiting);

bool snmp_waiting_has(const struct snmp_waiting *waiting, const struct snmp_inform_key *key);

/*
 * Keeps a copy of the answer until its ticket is done. A ticket below the last one counts as the last one. 0, -ENOBUFS when
 * too many wait, or -ENOMEM. The caller has asked snmp_waiting_has().
 */
int snmp_waiting_add(
    struct snmp_waiting *waiting, uint64_t ticket, const struct snmp_answer *answer);

/*
 * Puts new bytes in the place of a waiting answer's, whose ticket stays: a repeated INFORM of v3 has another message id, and
 * its sender takes no answer to the first any more. 0; -ENOENT; -ENOBUFS or -ENOMEM, and the old answer waits on.
 */
int snmp_waiting_replace(struct snmp_waiting *waiting, const struct snmp_answer *answer);

/* The oldest answer whose ticket is at most done; NULL: none. Valid until it is dropped. */
const struct snmp_answer *snmp_waiting_first(const struct snmp_waiting *waiting, uint64_t done);
void snmp_waiting_drop_first(struct snmp_waiting *waiting);

size_t snmp_waiting_count(const struct snmp_waiting *waiting);

#endif
