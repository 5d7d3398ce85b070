/*
 * import: the parts of dpwatch-neutron import-topology.
 *
 *   import.c           what is read, kept and loaded, in this order
 *   import_ports.c     Neutron's ports: all of them, or what changed since they were kept
 *   import_ask.c       one question after the other, to Neutron and to the daemon's API
 *   import_document.c  the new map, and whether it is another
 *
 * Private to the program. Functions that are bool are true where all went well, else import->error says why, for people.
 */
#ifndef DPWATCH_NEUTRON_IMPORT_H
#define DPWATCH_NEUTRON_IMPORT_H

#include <jansson.h>

#include "core/hosts_file.h"
#include "core/topo_codec.h"
#include "program.h"
#include "session.h"

struct import {
	struct program *program;
	struct loop *loop;
	struct web *web;
	struct session *session;
	char *api_url, *api_socket;
	struct hosts_file hosts;
	bool has_hosts;
	json_t *map;       /* as the daemon has it */
	json_t *ports;     /* id -> what Neutron told of it */
	json_t *ids;       /* of all ports there are now: id -> true; NULL: all of them were read */
	int64_t newest_us; /* updated_at of the port that changed last; 0: not told */
	int64_t full_us;   /* when all was read */
	/* the answer that came last */
	long status;
	json_t *answer;
	char error[NEUTRON_TEXT_MAX];
};

/* Sets import->error. Always false. */
bool import_refuse(struct import *import, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- import_ask.c ---- */

/* Where the daemon's API is: DPWATCH_API, or what [api] says. */
bool import_find_api(struct import *import);

/* GET or PUT of the daemon's topology. The answer is the caller's; NULL with import->error where it is not a 200. */
json_t *import_ask_api(struct import *import, const char *method, struct slice body);

/* What is done with each port of a list. False: out of memory. */
typedef bool import_take_fn(struct import *import, const char *id, json_t *port);

/* Reads all pages of a list of Neutron's from a target on. False: nothing that was read counts. */
bool import_read_pages(struct import *import, const char *target, import_take_fn *take);

/* ---- import_ports.c ---- */

/* Neutron's ports into import->ports. */
bool import_read_ports(struct import *import);
/* Keeps them for the next time; a failure is only a warning. */
void import_keep_ports(struct import *import);

/* ---- import_document.c ---- */

/* The hosts file of [neutron]. */
bool import_read_hosts(struct import *import, struct topo_faults *faults);
/* The new map, which is the caller's; NULL with import->error. */
json_t *import_document(struct import *import, struct topo_faults *faults);
/* Whether two maps say the same. */
bool import_is_same(const json_t *a, const json_t *b);

#endif
