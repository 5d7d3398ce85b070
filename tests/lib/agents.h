/*
 * agents: switches that answer SNMP as a recording of the test's own says: Debian's snmpsim, on 127/8, for integration tests.
 *
 * One process is all of them: an agent's name is its community, and each has an address of its own.
 */
#ifndef DPWATCH_TESTS_LIB_AGENTS_H
#define DPWATCH_TESTS_LIB_AGENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/process.h"
#include "lib/sandbox.h"

/* What begins the lines of some columns, and of sysUpTime (hundredths of a second). */
#define IF_DESCR "1.3.6.1.2.1.2.2.1.2."
#define IF_ADMIN "1.3.6.1.2.1.2.2.1.7."
#define IF_OPER "1.3.6.1.2.1.2.2.1.8."
#define IF_LAST_CHANGE "1.3.6.1.2.1.2.2.1.9."
#define IF_NAME "1.3.6.1.2.1.31.1.1.1.1."
#define UPTIME "1.3.6.1.2.1.1.3.0|67|"

#define AGENTS_PORT 16161
#define AGENTS_MAX 8

struct agents {
	const struct sandbox *box;
	struct process process;
	char data[160];
	char addresses[AGENTS_MAX][32];
	size_t n;
	int v6_port; /* they all answer there as well, at ::1; 0: nowhere */
};

/* What an agent tells: lines "OID|TAG|VALUE" of snmpsim's, in any order. */
struct recording {
	char *lines[4096];
	size_t n;
};

/* Whether snmpsim is there and may run; else a line that begins with SKIPPED was printed. */
bool agents_available(void);

void agents_init(struct agents *agents, const struct sandbox *box);
/* The next agent; its address. The recording is written down, and emptied. */
const char *agents_add(struct agents *agents, const char *name, struct recording *recording);
/* Starts them, and waits until the first one answers. */
void agents_start(struct agents *agents, const char *first);
/* Another recording for one of them: they are begun anew. */
void agents_stop(struct agents *agents);
/* The same as text: lines that end in newlines. */
void agents_tell(struct agents *agents, const char *name, const char *lines);

/* ---- recordings ---- */

void record(struct recording *recording, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* An interface: ifDescr, ifType; ifName too where `name` is not NULL. */
void record_interface(
    struct recording *recording, unsigned if_index, const char *descr, const char *name, int type);
/* Its membership: dot3adAggPortSelectedAggID and AttachedAggID. */
void record_lag_member(struct recording *recording, unsigned if_index, unsigned aggregate);
/* Who it is: lldpLocChassisId, a MAC in 12 hexadecimal digits; and sysName. */
void record_identity(struct recording *recording, const char *name, const char *mac);
/* lldpLocPortId, by ifName. */
void record_local_port(struct recording *recording, unsigned port, const char *name);
/* A neighbour at a port: chassis MAC ("": none), port id of a kind (LldpPortIdSubtype; tag 4: text, 4x: hexadecimal). */
struct recorded_neighbour {
	unsigned port;
	const char *mac, *port_tag, *port_id, *port_descr, *name;
	int port_kind;
};
void record_neighbour(struct recording *recording, const struct recorded_neighbour *neighbour);

#endif
