/*
 * snmp_shape: whether a datagram is one SNMP message from its first octet to its last (core).
 *
 * The library reads a message leniently: octets behind the message, a PDU that is shorter than its sequence, or a varbind
 * with a third part pass, and what was cut or grown on the way may still say something. Here every length has to be exactly
 * that of what it holds. Checked: RFC 1157 4 (v1), RFC 1901 and RFC 3416 3 (v2c), RFC 3412 6 and RFC 3414 2.4 (v3); of the
 * values of varbinds only type and length, and of an encrypted PDU nothing. A number that was cut may still be a number: what
 * is well-formed can be wrong all the same.
 */
#ifndef DPWATCH_CORE_SNMP_SHAPE_H
#define DPWATCH_CORE_SNMP_SHAPE_H

#include <stdbool.h>

#include "util/slice.h"

bool snmp_shape_fits(struct slice datagram);

#endif
