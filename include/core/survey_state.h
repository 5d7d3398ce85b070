/*
 * survey_state: what the parts of survey have in common (core; private to survey*.c).
 */
#ifndef DPWATCH_CORE_SURVEY_STATE_H
#define DPWATCH_CORE_SURVEY_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/survey.h"

#define ROW_NONE SIZE_MAX

/* An interface that a switch told of. */
struct survey_row {
	const json_t *facts;
	const char *name; /* as the map calls it, else as the switch does */
	uint32_t if_index;
	size_t aggregate; /* a row, or ROW_NONE */
	size_t n_members;
	bool listed; /* physical, or an aggregate: it belongs in a map */
};

struct survey_switch {
	const char *name;
	const json_t *facts; /* NULL: it told nothing */
	uint32_t sw;         /* of the map, or TOPO_NONE */
	enum os_family os;
	struct survey_row *rows;
	size_t n_rows;
	/* text -> row as an integer; null: several have it */
	json_t *by_key, *by_index, *by_mac, *by_alias, *by_port_id, *by_port;
};

/* One end of a cable. */
struct survey_end {
	const char *sw, *interface;
	const char *aggregate; /* that the interface is a member of; NULL: none */
};

struct survey_cable {
	struct survey_end a, b;
	const char *host; /* then b is nothing; NULL: b is an interface of a switch */
};

struct survey {
	const json_t *document;
	const struct topo *topo;
	struct survey_switch *switches;
	size_t n_switches;
	json_t *by_name; /* of a switch -> its place in `switches` */
	json_t *by_chassis,
	    *by_host; /* "kind text", system name in lower case -> name; null: several */
	struct survey_cable *cables;
	size_t n_cables, room;
	json_t *ends;  /* "a|b" of the cables, each once */
	json_t *texts; /* text -> itself: what names point to */
	json_t *notes;
};

/* The text as long as the survey lives. */
const char *survey_text(struct survey *survey, const char *text);

void survey_note(struct survey *survey, const char *sw, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The switch by its name, or NULL where it was not asked. */
struct survey_switch *survey_find(const struct survey *survey, const char *name);

/* text_of(object, "name"): "" where there is none. */
const char *survey_string(const json_t *object, const char *name);

/* ---- survey_switch.c ---- */

/* Fills it from its facts. False: out of memory. */
bool survey_switch_init(
    struct survey *survey, struct survey_switch *sw, const char *name, const json_t *facts);
void survey_switch_release(struct survey_switch *sw);

/* The row of a local port of LLDP's; of an interface that LLDP names with this id and description; or ROW_NONE. */
size_t survey_local_row(const struct survey_switch *sw, json_int_t port);
size_t survey_remote_row(const struct survey_switch *sw, const json_t *id, const char *descr);

/* The row of an interface of the map (of sw->sw), or ROW_NONE. */
size_t survey_mapped_row(
    const struct survey *survey, const struct survey_switch *sw, uint32_t interface);

/* ---- survey_cables.c ---- */

/* Finds them all. False: out of memory. */
bool survey_find_cables(struct survey *survey);

#endif
