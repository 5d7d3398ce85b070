/*
 * One switch of a survey: its interfaces, which of them belong in a map, and how others may name them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/survey_state.h"
#include "core/text.h"

/* IANAifType-MIB: what has a port of its own. */
enum { TYPE_UNKNOWN = 0, TYPE_PROP_VIRTUAL = 53, TYPE_PROP_MULTIPLEXOR = 54, TYPE_LAG = 161 };
static const json_int_t physical_types[] = {
	6,   /* ethernetCsmacd: since RFC 3635 all of Ethernet */
	7,   /* iso88023Csmacd */
	26,  /* ethernet3Mbit */
	62,  /* fastEther */
	69,  /* fastEtherFX */
	117, /* gigabitEthernet */
	199, /* infiniband */
};

/* ---- look-ups ---- */

/* What two have leads to none. */
static void
put(json_t *index, const char *text, size_t row)
{
	const json_t *known = json_object_get(index, text);

	if (*text && (!known || json_integer_value(known) != (json_int_t)row))
		json_object_set_new(
		    index, text, known ? json_null() : json_integer((json_int_t)row));
}

static size_t
get(const json_t *index, const char *text)
{
	const json_t *row = json_object_get(index, text);

	return json_is_integer(row) ? (size_t)json_integer_value(row) : ROW_NONE;
}

static size_t
get_number(const json_t *index, json_int_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)number);
	return get(index, text);
}

/* By any spelling of its name. */
static size_t
get_named(const struct survey_switch *sw, const char *name)
{
	char key[IFNAME_MAX + 1];

	return ifname_key(sw->os, slice_of(name), key) == 0 ? ROW_NONE : get(sw->by_key, key);
}

/* ---- rows ---- */

static bool
is_usable(enum os_family os, const char *name)
{
	char key[IFNAME_MAX + 1];

	return ifname_key(os, slice_of(name), key) > 0;
}

/* As the map calls it, where it knows the name or the description; "": neither can be an interface's name. */
static const char *
name_of(struct survey *survey, uint32_t sw, enum os_family os, const json_t *facts)
{
	const char *name = survey_string(facts, "name"), *descr = survey_string(facts, "descr");
	uint32_t interface = TOPO_NONE;

	if (sw != TOPO_NONE && *name)
		interface = topo_interface_named(survey->topo, sw, slice_of(name));
	if (sw != TOPO_NONE && interface == TOPO_NONE && *descr)
		interface = topo_interface_named(survey->topo, sw, slice_of(descr));
	if (interface != TOPO_NONE)
		return topo_text_get(
		    survey->topo, topo_interface_get(survey->topo, interface)->name);
	if (!is_usable(os, name))
		name = is_usable(os, descr) ? descr : "";
	return survey_text(survey, name);
}

static bool
is_physical(json_int_t type)
{
	for (size_t i = 0; i < sizeof(physical_types) / sizeof(physical_types[0]); i++)
		if (physical_types[i] == type)
			return true;
	return type == TYPE_UNKNOWN || type == TYPE_LAG;
}

/* A port of its own, by its name: no VLAN, no loopback, no unit. */
static bool
has_own_port(enum os_family os, const char *name)
{
	struct slice parent;

	return *name && !ifname_is_virtual(slice_of(name)) &&
	       !ifname_unit_parent(os, slice_of(name), &parent);
}

static void
note_unusable(struct survey *survey, const struct survey_switch *sw, const struct survey_row *row)
{
	const char *name = survey_string(row->facts, "name");
	char text[TEXT_QUOTE_MAX];

	if (*name && !*row->name &&
	    is_physical(json_integer_value(json_object_get(row->facts, "type"))))
		survey_note(survey, sw->name,
		    "the interface with index %u is left out: \"%s\" can be no interface's name",
		    row->if_index, text_quote(slice_of(name), text, sizeof(text)));
}

static void
read_row(struct survey *survey, struct survey_switch *sw, const json_t *facts)
{
	struct survey_row *row = &sw->rows[sw->n_rows];
	const json_int_t if_index = json_integer_value(json_object_get(facts, "if_index"));

	*row = (struct survey_row){
		.facts = facts,
		.name = name_of(survey, sw->sw, sw->os, facts),
		.if_index = if_index > 0 && if_index <= UINT32_MAX ? (uint32_t)if_index : 0,
		.aggregate = ROW_NONE,
	};
	row->listed = is_physical(json_integer_value(json_object_get(facts, "type"))) &&
		      has_own_port(sw->os, row->name);
	note_unusable(survey, sw, row);
	char text[24], key[IFNAME_MAX + 1];
	snprintf(text, sizeof(text), "%u", row->if_index);
	put(sw->by_index, text, sw->n_rows);
	if (ifname_key(sw->os, slice_of(row->name), key) > 0 && !json_object_get(sw->by_key, key))
		put(sw->by_key, key, sw->n_rows);
	sw->n_rows++;
}

/* What stands in for a name: descriptions that nobody has as a name; and of physical ones, addresses and operators' texts. */
static void
index_row(struct survey_switch *sw, size_t i)
{
	const struct survey_row *row = &sw->rows[i];
	const char *const names[] = { survey_string(row->facts, "name"),
		survey_string(row->facts, "descr") };
	char key[IFNAME_MAX + 1];

	for (size_t k = 0; k < 2; k++)
		if (ifname_key(sw->os, slice_of(names[k]), key) > 0 &&
		    !json_object_get(sw->by_key, key))
			put(sw->by_key, key, i);
	if (!row->listed)
		return;
	put(sw->by_alias, survey_string(row->facts, "alias"), i);
	if (row->n_members == 0)
		put(sw->by_mac, survey_string(row->facts, "mac"), i);
}

/* ---- aggregates ---- */

/* What ifStackTable puts above an interface may be a VLAN as well. */
static bool
may_aggregate(enum os_family os, const struct survey_row *row)
{
	const json_int_t type = json_integer_value(json_object_get(row->facts, "type"));

	return type == TYPE_LAG || ((type == TYPE_PROP_VIRTUAL || type == TYPE_PROP_MULTIPLEXOR) &&
				       has_own_port(os, row->name));
}

static size_t
aggregate_of(const struct survey_switch *sw, size_t i)
{
	const json_t *facts = sw->rows[i].facts, *above;
	json_int_t told = json_integer_value(json_object_get(facts, "aggregate"));
	size_t k;

	if (told != 0)
		return get_number(sw->by_index, told);
	json_array_foreach(json_object_get(facts, "aggregates"), k, above)
	{
		const size_t row = get_number(sw->by_index, json_integer_value(above));
		if (row != ROW_NONE && may_aggregate(sw->os, &sw->rows[row]))
			return row;
	}
	return ROW_NONE;
}

/* An aggregate is no member of another one. */
static void
find_aggregates(struct survey_switch *sw)
{
	for (size_t i = 0; i < sw->n_rows; i++) {
		const size_t row = sw->rows[i].listed ? aggregate_of(sw, i) : ROW_NONE;
		if (row == ROW_NONE || row == i || !*sw->rows[row].name)
			continue;
		sw->rows[i].aggregate = row;
		sw->rows[row].n_members++;
		sw->rows[row].listed = true;
	}
	for (size_t i = 0; i < sw->n_rows; i++) {
		struct survey_row *row = &sw->rows[i];
		if (row->n_members == 0 || row->aggregate == ROW_NONE)
			continue;
		sw->rows[row->aggregate].n_members--;
		row->aggregate = ROW_NONE;
	}
}

/* ---- LLDP's names ---- */

static size_t
row_by_id(const struct survey_switch *sw, const json_t *id, const char *descr)
{
	const char *kind = survey_string(id, "kind"), *text = survey_string(id, "text");
	size_t row = ROW_NONE;

	if (strcmp(kind, "mac") == 0)
		row = get(sw->by_mac, text);
	else if (strcmp(kind, "alias") == 0)
		row = get(sw->by_alias, text);
	else if (strcmp(kind, "address") != 0 && strcmp(kind, "circuit") != 0)
		row = get_named(sw, text);
	/* Junos and others tell the ifIndex as a local id. */
	if (row == ROW_NONE && strcmp(kind, "local") == 0)
		row = get(sw->by_index, text);
	if (row == ROW_NONE)
		row = get_named(sw, descr);
	return row == ROW_NONE ? get(sw->by_alias, descr) : row;
}

static bool
is_v2(const struct survey_switch *sw)
{
	return strcmp(survey_string(sw->facts, "lldp"), "LLDP-V2-MIB") == 0;
}

/* LldpPortNumber is the ifIndex where nothing else is said, and InterfaceIndex in LLDP-V2-MIB. */
size_t
survey_local_row(const struct survey_switch *sw, json_int_t port)
{
	const size_t row = is_v2(sw) ? ROW_NONE : get_number(sw->by_port, port);

	return row == ROW_NONE ? get_number(sw->by_index, port) : row;
}

static const char *
id_text(const json_t *id, char *buf, size_t size)
{
	snprintf(buf, size, "%s %s", survey_string(id, "kind"), survey_string(id, "text"));
	return buf;
}

size_t
survey_remote_row(const struct survey_switch *sw, const json_t *id, const char *descr)
{
	char text[600];
	const size_t row = get(sw->by_port_id, id_text(id, text, sizeof(text)));

	return row == ROW_NONE ? row_by_id(sw, id, descr) : row;
}

/* What it calls its ports when it talks to others. */
static void
index_ports(struct survey_switch *sw)
{
	const json_t *entry;
	char text[600];
	size_t i;

	json_array_foreach(json_object_get(sw->facts, "lldp_ports"), i, entry)
	{
		const json_t *id = json_object_get(entry, "id");
		const json_int_t port = json_integer_value(json_object_get(entry, "number"));
		size_t row = row_by_id(sw, id, survey_string(entry, "descr"));
		snprintf(text, sizeof(text), "%lld", (long long)port);
		if (row != ROW_NONE)
			put(sw->by_port, text, row);
		row = survey_local_row(sw, port);
		if (row != ROW_NONE && json_is_object(id))
			put(sw->by_port_id, id_text(id, text, sizeof(text)), row);
	}
}

/* ---- the whole ---- */

bool
survey_switch_init(
    struct survey *survey, struct survey_switch *sw, const char *name, const json_t *facts)
{
	const json_t *list = json_object_get(facts, "interfaces"), *item;
	size_t i;

	*sw = (struct survey_switch){
		.name = name,
		.facts = facts,
		.sw = topo_switch_find(survey->topo, slice_of(name)),
		.rows = calloc(json_array_size(list) + 1, sizeof(*sw->rows)),
		.by_key = json_object(),
		.by_index = json_object(),
		.by_mac = json_object(),
		.by_alias = json_object(),
		.by_port_id = json_object(),
		.by_port = json_object(),
	};
	if (!sw->rows)
		return false;
	if (sw->sw != TOPO_NONE)
		sw->os = topo_switch_get(survey->topo, sw->sw)->os;
	json_array_foreach((json_t *)list, i, item) read_row(survey, sw, item);
	find_aggregates(sw);
	for (i = 0; i < sw->n_rows; i++)
		index_row(sw, i);
	index_ports(sw);
	return true;
}

void
survey_switch_release(struct survey_switch *sw)
{
	free(sw->rows);
	json_decref(sw->by_key);
	json_decref(sw->by_index);
	json_decref(sw->by_mac);
	json_decref(sw->by_alias);
	json_decref(sw->by_port_id);
	json_decref(sw->by_port);
}

size_t
survey_mapped_row(const struct survey *survey, const struct survey_switch *sw, uint32_t interface)
{
	const struct topo_interface *row = topo_interface_get(survey->topo, interface);

	return get(sw->by_key, topo_text_get(survey->topo, row->key));
}
