#include "core/syslog_link.h"

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
