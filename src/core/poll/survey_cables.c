/*
 * Who is cabled to whom, as LLDP tells it: each switch tells of its own end, and what its neighbour says of the other one. A
 * cable between two switches that were both asked is told twice, and counts once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/chassis_id.h"
#include "core/survey_state.h"
#include "core/text.h"
#include "util/ascii.h"

/* ---- who a neighbour is ---- */

/* The text in lower case, as long as the survey lives. */
static const char *
lower(struct survey *survey, const char *text)
{
	char low[1024];
	const size_t len = slice_copy(slice_of(text), low, sizeof(low));

	for (size_t i = 0; i < len; i++)
		low[i] = to_lower(low[i]);
	return survey_text(survey, low);
}

/* What two switches have names neither. */
static void
put(json_t *index, const char *key, const char *name)
{
	const json_t *known = json_object_get(index, key);

	if (!known || strcmp(name, json_string_value(known) ? json_string_value(known) : "") != 0)
		json_object_set_new(index, key, known ? json_null() : json_string(name));
}

/* Equal for every spelling of one id of that kind; NULL where it is none. */
static const char *
chassis_of(struct survey *survey, const char *kind, const char *id)
{
	char text[CHASSIS_KEY_MAX], key[CHASSIS_KEY_MAX + 32];

	if (!chassis_key(slice_of(id), text))
		return NULL;
	snprintf(key, sizeof(key), "%s %s", kind, text);
	return survey_text(survey, key);
}

static void
put_chassis(struct survey *survey, const char *kind, const char *id, const char *name)
{
	const char *key = chassis_of(survey, kind, id);

	if (key)
		put(survey->by_chassis, key, name);
}

static void
index_identities(struct survey *survey)
{
	for (uint32_t i = 0; i < topo_n_switches(survey->topo); i++) {
		const struct topo_switch *row = topo_switch_get(survey->topo, i);
		put_chassis(survey, "mac", topo_text_get(survey->topo, row->chassis_id),
		    topo_text_get(survey->topo, row->name));
	}
	for (size_t i = 0; i < survey->n_switches; i++) {
		const struct survey_switch *sw = &survey->switches[i];
		const json_t *chassis = json_object_get(sw->facts, "chassis");
		put_chassis(survey, survey_string(chassis, "kind"), survey_string(chassis, "text"),
		    sw->name);
		if (*survey_string(sw->facts, "sys_name"))
			put(survey->by_host, lower(survey, survey_string(sw->facts, "sys_name")),
			    sw->name);
	}
}

static const char *
name_in_map(struct survey *survey, uint32_t sw)
{
	return sw == TOPO_NONE ? NULL
			       : survey_text(survey, topo_text_get(survey->topo,
							 topo_switch_get(survey->topo, sw)->name));
}

static const char *
by_address(struct survey *survey, const json_t *neighbour)
{
	const json_t *text;
	struct addr addr;
	size_t i;

	json_array_foreach(json_object_get(neighbour, "addresses"), i, text)
	{
		const char *name = NULL;
		if (addr_parse(slice_of(json_string_value(text)), &addr))
			name = name_in_map(survey, topo_switch_by_addr(survey->topo, &addr));
		if (name)
			return name;
	}
	return NULL;
}

/* The known switch that it is; NULL: none. */
static const char *
switch_of(struct survey *survey, const json_t *neighbour)
{
	const json_t *chassis = json_object_get(neighbour, "chassis");
	const char *sys_name = survey_string(neighbour, "sys_name");
	const char *key =
	    chassis_of(survey, survey_string(chassis, "kind"), survey_string(chassis, "text"));
	const char *name = key ? json_string_value(json_object_get(survey->by_chassis, key)) : NULL;
	if (!name && *sys_name)
		name = json_string_value(json_object_get(survey->by_host, lower(survey, sys_name)));
	if (!name && *sys_name)
		name =
		    name_in_map(survey, topo_switch_by_hostname(survey->topo, slice_of(sys_name)));
	return name ? survey_text(survey, name) : by_address(survey, neighbour);
}

/* As the map calls it, with its domain or without; else as it calls itself. NULL: it has no name to be called by. */
static const char *
host_of(struct survey *survey, const json_t *neighbour)
{
	const char *sys_name = survey_string(neighbour, "sys_name");
	const struct slice first = slice_first(slice_of(sys_name), strcspn(sys_name, "."));
	uint32_t host = topo_host_find(survey->topo, slice_of(sys_name));

	if (!*sys_name || text_n_chars(slice_of(sys_name)) > TOPO_NAME_MAX)
		return NULL;
	if (host == TOPO_NONE)
		host = topo_host_find(survey->topo, first);
	if (host != TOPO_NONE)
		return survey_text(
		    survey, topo_text_get(survey->topo, topo_host_get(survey->topo, host)->name));
	return survey_text(survey, sys_name);
}

/* ---- ends ---- */

static struct survey_end
end_of_row(const struct survey_switch *sw, size_t row)
{
	const size_t aggregate = sw->rows[row].aggregate;

	return (struct survey_end){
		.sw = sw->name,
		.interface = sw->rows[row].name,
		.aggregate = aggregate == ROW_NONE ? NULL : sw->rows[aggregate].name,
	};
}

static struct survey_end
end_of_map(const struct survey *survey, const char *name, uint32_t interface)
{
	const struct topo_interface *row = topo_interface_get(survey->topo, interface);

	return (struct survey_end){
		.sw = name,
		.interface = topo_text_get(survey->topo, row->name),
		.aggregate = row->aggregate == TOPO_NONE
				 ? NULL
				 : topo_text_get(survey->topo,
				       topo_interface_get(survey->topo, row->aggregate)->name),
	};
}

/* A switch that told nothing: its interfaces are those of the map, or what an id calls by its name. */
static bool
untold_end(
    struct survey *survey, const char *name, const json_t *neighbour, struct survey_end *ret_end)
{
	const json_t *id = json_object_get(neighbour, "port_id");
	const char *text = survey_string(id, "text");
	const uint32_t sw = topo_switch_find(survey->topo, slice_of(name));
	uint32_t interface = TOPO_NONE;
	char key[IFNAME_MAX + 1];

	if (sw != TOPO_NONE && strcmp(survey_string(id, "kind"), "mac") != 0)
		interface = topo_interface_find(survey->topo, sw, slice_of(text));
	if (sw != TOPO_NONE && interface == TOPO_NONE)
		interface = topo_interface_find(
		    survey->topo, sw, slice_of(survey_string(neighbour, "port_descr")));
	if (interface != TOPO_NONE) {
		*ret_end = end_of_map(survey, name, interface);
		return true;
	}
	if (strcmp(survey_string(id, "kind"), "name") != 0 ||
	    ifname_key(OS_UNKNOWN, slice_of(text), key) == 0)
		return false;
	*ret_end = (struct survey_end){ name, survey_text(survey, text), NULL };
	return true;
}

static bool
far_end(
    struct survey *survey, const char *name, const json_t *neighbour, struct survey_end *ret_end)
{
	const struct survey_switch *sw = survey_find(survey, name);
	const json_t *id = json_object_get(neighbour, "port_id");

	if (!sw || !sw->facts)
		return untold_end(survey, name, neighbour, ret_end);
	const size_t row = survey_remote_row(sw, id, survey_string(neighbour, "port_descr"));
	if (row == ROW_NONE || !*sw->rows[row].name)
		return false;
	*ret_end = end_of_row(sw, row);
	return true;
}

/* ---- cables ---- */

static bool
same_end(const struct survey_end *a, const struct survey_end *b)
{
	return strcmp(a->sw, b->sw) == 0 && strcmp(a->interface, b->interface) == 0;
}

/* "a:1|b:2", as the ends sort; "a:1>host" of a host's. */
static const char *
cable_key(struct survey *survey, const struct survey_cable *cable)
{
	const struct survey_end *a = &cable->a, *b = &cable->b;
	char key[4 * 4 * TOPO_NAME_MAX + 8];

	if (cable->host) {
		snprintf(key, sizeof(key), "%s:%s>%s", a->sw, a->interface, cable->host);
		return survey_text(survey, key);
	}
	const int order = strcmp(a->sw, b->sw);
	if (order > 0 || (order == 0 && strcmp(a->interface, b->interface) > 0)) {
		a = &cable->b;
		b = &cable->a;
	}
	snprintf(key, sizeof(key), "%s:%s|%s:%s", a->sw, a->interface, b->sw, b->interface);
	return survey_text(survey, key);
}

/* False: out of memory. */
static bool
add_cable(struct survey *survey, const struct survey_cable *cable)
{
	const char *key = cable_key(survey, cable);

	if (json_object_get(survey->ends, key))
		return true;
	if (survey->n_cables == survey->room) {
		const size_t room = survey->room * 2 + 64;
		struct survey_cable *cables = realloc(survey->cables, room * sizeof(*cables));
		if (!cables)
			return false;
		survey->cables = cables;
		survey->room = room;
	}
	survey->cables[survey->n_cables++] = *cable;
	return json_object_set_new(survey->ends, key, json_true()) == 0;
}

/* Whether the other side told of a cable between them that ends here. */
static bool
is_told_by(const struct survey *survey, const struct survey_end *here, const char *other)
{
	for (size_t i = 0; i < survey->n_cables; i++) {
		const struct survey_cable *cable = &survey->cables[i];
		if (cable->host)
			continue;
		if ((same_end(&cable->a, here) && strcmp(cable->b.sw, other) == 0) ||
		    (same_end(&cable->b, here) && strcmp(cable->a.sw, other) == 0))
			return true;
	}
	return false;
}

static const char *
quote(const char *text, char *buf)
{
	return text_quote(slice_of(text), buf, TEXT_QUOTE_MAX);
}

static void
note_far_end(struct survey *survey, const struct survey_end *here, const char *other,
    const json_t *neighbour)
{
	const json_t *id = json_object_get(neighbour, "port_id");
	char text[TEXT_QUOTE_MAX], interface[TEXT_QUOTE_MAX];

	survey_note(survey, here->sw,
	    "%s: it is cabled to %s, but which interface that is cannot be told from \"%s\" (%s)",
	    quote(here->interface, interface), other, quote(survey_string(id, "text"), text),
	    survey_string(id, "kind"));
}

/*
 * A bridge or router that the map does not know may be a switch that is missing there. It may as well be a compute node, which
 * bridges and routes for its VMs and says so (lldpd does for any Linux with a bridge, or that forwards): so it stays a host.
 */
static void
note_bridge(
    struct survey *survey, const struct survey_end *here, const char *host, const json_t *neighbour)
{
	const char *address =
	    json_string_value(json_array_get(json_object_get(neighbour, "addresses"), 0));
	char name[TEXT_QUOTE_MAX], interface[TEXT_QUOTE_MAX];

	if (!json_is_true(json_object_get(neighbour, "bridge")) ||
	    topo_host_find(survey->topo, slice_of(host)) != TOPO_NONE)
		return;
	survey_note(survey, here->sw,
	    "%s: %s is a bridge or router by its own account (address %s), and is printed as a host: "
	    "if it is a switch, add it to the map's switches",
	    quote(here->interface, interface), quote(host, name), address ? address : "not told");
}

/* One neighbour. `late`: in the second round, which looks at what the first one could not tell. False: out of memory. */
static bool
take_neighbour(
    struct survey *survey, const struct survey_switch *sw, const json_t *neighbour, bool late)
{
	const json_int_t port = json_integer_value(json_object_get(neighbour, "port"));
	const size_t row = survey_local_row(sw, port);
	const char *other = switch_of(survey, neighbour);
	char text[TEXT_QUOTE_MAX];

	if (row == ROW_NONE || !*sw->rows[row].name) {
		if (late)
			survey_note(survey, sw->name,
			    "neighbour %s: LLDP port %lld is no interface that it tells of",
			    quote(survey_string(neighbour, "sys_name"), text), (long long)port);
		return true;
	}
	struct survey_cable cable = { .a = end_of_row(sw, row) };
	if (!other) {
		cable.host = host_of(survey, neighbour);
		if (!cable.host && late)
			survey_note(survey, sw->name,
			    "%s: a neighbour without a system name is left out (chassis %s)",
			    cable.a.interface,
			    quote(survey_string(json_object_get(neighbour, "chassis"), "text"),
				text));
		if (cable.host && late)
			note_bridge(survey, &cable.a, cable.host, neighbour);
		return !cable.host || add_cable(survey, &cable);
	}
	if (!far_end(survey, other, neighbour, &cable.b)) {
		if (late && !is_told_by(survey, &cable.a, other))
			note_far_end(survey, &cable.a, other, neighbour);
		return true;
	}
	if (!same_end(&cable.a, &cable.b) && strcmp(cable.a.sw, cable.b.sw) != 0)
		return add_cable(survey, &cable);
	if (late)
		survey_note(survey, sw->name, "%s: it hears itself: a loop, or a mirrored port",
		    quote(cable.a.interface, text));
	return true;
}

static bool
take_neighbours(struct survey *survey, bool late)
{
	const json_t *neighbour;
	size_t k;

	for (size_t i = 0; i < survey->n_switches; i++)
		json_array_foreach(
		    json_object_get(survey->switches[i].facts, "neighbours"), k, neighbour)
		{
			if (!take_neighbour(survey, &survey->switches[i], neighbour, late))
				return false;
		}
	return true;
}

bool
survey_find_cables(struct survey *survey)
{
	index_identities(survey);
	return take_neighbours(survey, false) && take_neighbours(survey, true);
}
