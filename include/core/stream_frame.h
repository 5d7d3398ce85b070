/*
 * stream_frame: where in a stream the messages of one protocol end (core): what core/syslog_frame and an SNMP stream (core/ber)
 * keep between two calls, and what they answer.
 */
#ifndef DPWATCH_CORE_STREAM_FRAME_H
#define DPWATCH_CORE_STREAM_FRAME_H

#include <stdbool.h>
#include <stddef.h>

/* What is kept of a stream without there being a message or an error is never more than max_message and this, in bytes. */
#define STREAM_FRAME_OVERHEAD 24

enum syslog_framing { FRAMING_UNKNOWN, FRAMING_COUNTED, FRAMING_LINES };

/* All zeros but max_message before the first byte. */
struct stream_frame {
	/* Bytes, at least 1. A longer message of SNMP ends the connection; one of syslog is cut. */
	size_t max_message;
	enum syslog_framing framing; /* syslog only */
	bool skipping;               /* lines: inside the rest of a message that was cut */
	size_t left;                 /* counted: bytes of such a rest that have not come */
};

enum frame_result {
	FRAME_MESSAGE, /* there is one */
	FRAME_MORE,    /* no whole message yet */
	FRAME_ERROR, /* no message begins where one must, or an absurd one: close the connection */
};

#endif
