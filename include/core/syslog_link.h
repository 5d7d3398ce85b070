/*
 * syslog_link: one syslog datagram or frame -> one link event (core): syslog_msg and rules, put
 * together.
 */
#ifndef DPWATCH_CORE_SYSLOG_LINK_H
#define DPWATCH_CORE_SYSLOG_LINK_H

#include "core/link_event.h"
#include "core/rules.h"
#include "core/stats.h"
#include "core/syslog_msg.h"

/*
 * Decodes the bytes of one message. All outputs are set for every answer, as rules_decode() says; an
 * empty message is DECODE_MALFORMED with MISS_EMPTY, and *ret_msg is then empty. ret_msg->host is
 * needed to resolve a relayed sender. The slices of both point into `datagram`.
 */
enum decode_result syslog_link_decode(const struct rules *rules, struct slice datagram,
    struct link_event *ret_event, struct syslog_msg *ret_msg, enum rules_miss *ret_miss);

/* The counter of each reason why a line gave no event. */
extern const enum stats_counter syslog_link_stats[MISS_MAX];

#endif
