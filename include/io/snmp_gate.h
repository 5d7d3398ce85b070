/*
 * snmp_gate: who may speak at all: communities and networks (io). Private to snmp_input.
 */
#ifndef DPWATCH_IO_SNMP_GATE_H
#define DPWATCH_IO_SNMP_GATE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/config.h"
#include "util/addr.h"
#include "util/slice.h"

/* Copied from the configuration, replaced whole. Zeroed: nobody's community, everybody's address. */
struct snmp_gate {
	struct slice *communities; /* each owned */
	size_t n_communities;
	struct addr_net *allow; /* n_allow = 0: everybody */
	size_t n_allow;
};

/* Reads communities that stand as file:PATH. 0, or -1 with a message in error and *ret_gate untouched. */
int snmp_gate_open(
    const struct config *config, struct snmp_gate *ret_gate, char *error, size_t size);
/* Wipes the communities; the gate is zeroed. */
void snmp_gate_release(struct snmp_gate *gate);

bool snmp_gate_allows(const struct snmp_gate *gate, const struct addr *sender);

/* Compares with every community, so that the time does not tell which one was nearly right. */
bool snmp_gate_knows(const struct snmp_gate *gate, struct slice community);

#endif
