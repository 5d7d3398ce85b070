/*
 * syslog_msg: the header of one syslog message, as switches really send it (core). RFC 5424, RFC
 * 3164 and their relatives.
 *
 * A legacy header is read as a list of atoms (counters, stamps, zones, hosts, node ids, tags; see
 * core/syslog_header.h) and not by one template: the rules find the body first (core/rules), and
 * what is left of it is header. No bad time stamp loses a message.
 */
#ifndef DPWATCH_CORE_SYSLOG_MSG_H
#define DPWATCH_CORE_SYSLOG_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/slice.h"

/*
 * RFC 5424 6.1: every receiver and relay takes 480 octets, and none needs to take more than it
 * likes. A message of at least that many bytes that ends without a terminator may have been cut.
 */
#define SYSLOG_MSG_CUT_MIN 480

struct syslog_msg {
	int pri;      /* 0..191, -1: missing or out of range */
	bool rfc5424; /* its header was found; otherwise msgid, sd and structured are empty */
	/* Everything after PRI (legacy), or after the structured data (RFC 5424, BOM removed);
	 * without blanks, CR, LF and NUL at its ends. */
	struct slice text;
	/* RFC 5424 only: MSG begins with a blank of its own, as a relay leaves it behind a tag. */
	bool blank_first;
	/* What stands left of the body in `text`, once syslog_msg_anchor() was called; empty where the
	 * body begins in APP-NAME (core/rules_tag). */
	struct slice header;
	/* The innermost host token; empty: none, or (legacy) not read yet. A hint only: the sender's
	 * address names the switch. */
	struct slice host;
	/* The outermost one, often the same: HOSTNAME, where a relay tells by what it knows the sender,
	 * whatever the device calls itself behind it. Empty: none, or host is. */
	struct slice outer_host;
	/* APP-NAME, or the tag nearest to the body ("kernel", "mib2d"), without [pid]; empty: none,
	 * or not read yet. */
	struct slice app;
	struct slice procid;     /* RFC 5424 only; empty: "-" */
	struct slice msgid;      /* RFC 5424 only; empty: "-" */
	struct slice sd;         /* structured data with its brackets; empty: none */
	struct slice structured; /* RFC 5424 only: from MSGID to the end of the message */
	/* A time whose offset is known and whose clock is not marked unsynchronised ('*', '.', or
	 * timeQuality's isSynced="0", RFC 5424 7.1). Of the stamp nearest to the body: that of the
	 * device, and not of a relay. */
	bool has_time;
	int64_t time_us; /* microseconds since 1970-01-01 UTC */
	/* What stands left of the body is no header: another message quotes the body. Set by
	 * syslog_msg_anchor(). */
	bool foreign;
	bool maybe_cut; /* see SYSLOG_MSG_CUT_MIN */
};

/*
 * Splits PRI and, for RFC 5424, the header; also of such a message that a relay put behind a header
 * of its own, which is dropped then (a host that the message does not name stays the relay's). Never
 * fails on a non-empty message: what is not understood is text. False, and *ret_msg untouched, only for an empty message (nothing but PRI,
 * blanks, CR, LF and NUL). The slices point into `datagram`.
 */
bool syslog_msg_parse(struct slice datagram, struct syslog_msg *ret_msg);

/*
 * Reads the header atoms of a message whose body begins at offset `body` (0..text.len) of
 * msg->text: fills header and foreign, and for a legacy message host, app and the time. For RFC 5424
 * the last three change only where a header with a stamp of its own stands inside MSG (a relay
 * wrapped it), and app where APP-NAME is missing.
 */
void syslog_msg_anchor(struct syslog_msg *msg, size_t body);

/*
 * The same for a message that no rule knows, so that its body is unknown: reads atoms from the start
 * as far as they go, which finds the host in nearly all headers. For telling which switch behind a
 * relay sent it; not for believing it.
 */
void syslog_msg_guess(struct syslog_msg *msg);

/* The name that the device gives itself in the body: it goes before that of the header. */
void syslog_msg_take_host(struct syslog_msg *msg, struct slice host);

#endif
