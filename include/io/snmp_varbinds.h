/*
 * snmp_varbinds: a PDU of net-snmp's as our values (io). Private to those files that know net-snmp.
 */
#ifndef DPWATCH_IO_SNMP_VARBINDS_H
#define DPWATCH_IO_SNMP_VARBINDS_H

#include <stdbool.h>

#include "core/trap.h"

struct snmp_pdu;

/* Reads up to `max` varbinds; they point into the PDU. Counter32 and Gauge32 count as integers. Returns how many. */
size_t snmp_varbinds_read(const struct snmp_pdu *pdu, struct trap_varbind *varbinds, size_t max);

/* Whether there are more than `max`. */
bool snmp_varbinds_beyond(const struct snmp_pdu *pdu, size_t max);

#endif
