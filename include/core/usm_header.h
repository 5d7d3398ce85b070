/*
 * usm_header: what a v3 message says of itself before anything is checked (core). RFC 3412 6, RFC 3414 2.4.
 *
 * It lets a listener look up engine and user, and refuse strangers, before the library localizes keys or allocates.
 */
#ifndef DPWATCH_CORE_USM_HEADER_H
#define DPWATCH_CORE_USM_HEADER_H

#include <stdbool.h>
#include <stdint.h>

#include "util/slice.h"

/* SnmpEngineID of RFC 3411 has 5 to 32 octets, a user name of RFC 3414 at most 32. */
#define USM_ENGINE_ID_MIN 5
#define USM_ENGINE_ID_MAX 32
#define USM_USER_MAX 32

#define USM_MODEL 3 /* msgSecurityModel of USM, RFC 3411 5 */

/* msgFlags, RFC 3412 6.4 */
#define USM_FLAG_AUTH 0x01
#define USM_FLAG_PRIV 0x02
#define USM_FLAG_REPORTABLE 0x04

struct usm_header {
	int64_t msg_id, security_model;
	uint8_t flags;
	struct slice engine_id, user, auth, priv; /* point into the datagram */
	uint32_t boots, time;
};

/* False, and *ret_header untouched, where the datagram is no v3 message with these fields, or one of them is out of range. */
bool usm_header_read(struct slice datagram, struct usm_header *ret_header);

#endif
