/*
 * snmp_decoder: one datagram through net-snmp -> one struct trap, and an INFORM's answer as bytes (io). Private to
 * snmp_input.
 *
 * There is no socket here: the library's session is a memory_session, and what the library sends is kept. What refuses without the library comes before: core/snmp_peek, core/snmp_shape, and for
 * SNMPv3 io/snmp_v3, which also presents the one user that the library may find.
 */
#ifndef DPWATCH_IO_SNMP_DECODER_H
#define DPWATCH_IO_SNMP_DECODER_H

#include "core/trap.h"
#include "util/slice.h"

struct snmp_decoder;

/* One notification. Everything in it is valid during the call that hands it over. */
struct snmp_notification {
	struct trap trap;       /* without digest */
	bool cut;               /* it has more varbinds than the trap (TRAP_VARBINDS_MAX) */
	struct slice community; /* v1 and v2c */
	int32_t request_id;     /* 0 in v1 */
	/* v3 */
	struct slice engine_id, user;
	uint64_t
	    content; /* a hash of context, request-id and varbinds: what a repeated INFORM has in common with the first */
};

enum snmp_decoded {
	DECODED_NOTIFICATION, /* fn was called */
	DECODED_NOT_A_TRAP,   /* well-formed, but a request, an answer or a report */
	DECODED_MALFORMED,    /* the library could not read it, or the PDU is none of its version */
	/* v3: as RFC 3414 11.1 (usmStats) names them */
	DECODED_UNSUPPORTED_LEVEL,
	DECODED_NOT_IN_TIME,
	DECODED_UNKNOWN_USER,
	DECODED_UNKNOWN_ENGINE,
	DECODED_WRONG_DIGEST,
	DECODED_NOT_DECRYPTED,
};

/*
 * NULL: out of memory. The library is set up at the first call, so that it reads no configuration, no MIB module, keeps no
 * state in files, and logs through us (debug, a few lines a minute: its words are about what strangers send).
 */
struct snmp_decoder *snmp_decoder_new(void);
void snmp_decoder_free(struct snmp_decoder *decoder);

/* Decodes one datagram, and calls fn(ctx) at most once, before it returns. fn must not feed. */
enum snmp_decoded snmp_decoder_feed(struct snmp_decoder *decoder, struct slice datagram,
    void (*fn)(void *ctx, const struct snmp_notification *notification), void *ctx);

/*
 * The answer to the INFORM at hand; only from within fn. RFC 3416 4.2.7: the same request-id and varbinds in a Response-PDU
 * without error. *ret_bytes is valid until the next call to this module. 0, -EINVAL when it is no INFORM, -ENOMEM.
 */
int snmp_decoder_response(struct snmp_decoder *decoder, struct slice *ret_bytes);

/*
 * What the library wants to tell the sender of the last datagram by itself: a Report of v3. Empty: nothing. Valid until the
 * next call to this module.
 */
struct slice snmp_decoder_report(const struct snmp_decoder *decoder);

#endif
