#include "core/syslog_link.h"

const enum stats_counter syslog_link_stats[MISS_MAX] = {
	[MISS_NO_RULE] = STAT_SYSLOG_NO_RULE,
	[MISS_SUSPECT] = STAT_SYSLOG_SUSPECT,
	[MISS_IGNORED] = STAT_SYSLOG_IGNORED,
	[MISS_VIRTUAL] = STAT_SYSLOG_VIRTUAL,
	[MISS_LIMIT] = STAT_SYSLOG_LIMIT,
	[MISS_MEMBERSHIP] = STAT_SYSLOG_MEMBERSHIP,
	[MISS_CAUSE] = STAT_SYSLOG_CAUSE,
	[MISS_NEIGHBOUR] = STAT_SYSLOG_NEIGHBOUR,
	[MISS_QUOTED] = STAT_SYSLOG_QUOTED,
	[MISS_REPEAT] = STAT_SYSLOG_REPEAT,
	[MISS_CUT] = STAT_SYSLOG_CUT,
	[MISS_EMPTY] = STAT_SYSLOG_EMPTY,
};

enum decode_result
syslog_link_decode(const struct rules *rules, struct slice datagram, struct link_event *ret_event,
    struct syslog_msg *ret_msg, enum rules_miss *ret_miss)
{
	if (syslog_msg_parse(datagram, ret_msg))
		return rules_decode(rules, ret_msg, ret_event, ret_miss);
	*ret_event = (struct link_event){ 0 };
	*ret_msg = (struct syslog_msg){ .pri = -1 };
	*ret_miss = MISS_EMPTY;
	return DECODE_MALFORMED;
}
