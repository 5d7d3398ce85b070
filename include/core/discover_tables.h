/*
 * discover_tables: the tables that discover_job reads, and their columns (core; used by discover_*.c only).
 */
#ifndef DPWATCH_CORE_DISCOVER_TABLES_H
#define DPWATCH_CORE_DISCOVER_TABLES_H

#include <jansson.h>

#include "core/table_walk.h"

/* In the order in which they are read. */
enum discover_table {
	READ_SYSTEM,
	READ_INTERFACES,
	READ_LAG,
	READ_STACK, /* only where READ_LAG tells of no membership */
	READ_LLDP_PORTS,
	READ_NEIGHBOURS,
	READ_NEIGHBOUR_ADDRESSES,
	READ_LLDP2_PORTS, /* these only where READ_NEIGHBOURS tells none */
	READ_NEIGHBOURS2,
	READ_NEIGHBOUR2_ADDRESSES,
	READ_MAX
};

enum {
	SYSTEM_NAME,
	SYSTEM_ENGINE_ID,
	SYSTEM_CHASSIS_KIND,
	SYSTEM_CHASSIS,
	SYSTEM_CHASSIS2_KIND,
	SYSTEM_CHASSIS2
};
enum { IF_DESCR, IF_TYPE, IF_MAC, IF_NAME, IF_ALIAS };
enum { LAG_SELECTED, LAG_ATTACHED };
enum { PORT_ID_KIND, PORT_ID, PORT_DESCR };
enum {
	REMOTE_CHASSIS_KIND,
	REMOTE_CHASSIS,
	REMOTE_PORT_KIND,
	REMOTE_PORT,
	REMOTE_PORT_DESCR,
	REMOTE_NAME,
	REMOTE_CAPABILITIES
};

extern const struct table_shape discover_tables[READ_MAX];

/* The tables' rows, as JSON: see discover_job_facts(). */
json_t *discover_facts(const struct table_walk walks[READ_MAX]);

#endif
