/*
 * How the map in force differs from what its switches say. Only what a switch has said counts: of one that told nothing there is
 * no finding, of one without LLDP none about cables. Aggregates and members stand for each other at the ends of cables.
 *
 *   kind       what                              the map has it   the switches tell of it
 *   missing    link, attachment, host, member    no               yes
 *   gone       link, attachment, interface,      yes              no
 *              member
 *   different  cable, if_index, chassis_id,      yes              otherwise
 *              engine_id
 *
 * Interfaces that a map does not name are no finding: it needs only those that it refers to. A host that was seen nowhere, and
 * ports with attachments of their own, are none either: not every host speaks LLDP.
 */
#include <stdio.h>
#include <string.h>

#include "core/chassis_id.h"
#include "core/survey_state.h"

#define REFERENCE_MAX (2 * 4 * TOPO_NAME_MAX + 2)

struct diff {
	struct survey *survey;
	const struct topo *topo;
	json_t *findings;
	json_t *
	    heard; /* "switch:interface" -> what was heard there, for people; of members and aggregates both */
	json_t *hosts; /* that were seen anywhere */
};

static void
add(struct diff *diff, const char *kind, const char *what, const char *sw, const char *interface,
    const char *map, const char *seen)
{
	json_array_append_new(
	    diff->findings, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "kind", kind, "what", what,
				"switch", sw, "interface", interface, "map", map, "seen", seen));
}

static const char *
reference(const char *sw, const char *interface, char buf[REFERENCE_MAX])
{
	snprintf(buf, REFERENCE_MAX, "%s:%s", sw, interface);
	return buf;
}

static const char *
name_of(const struct diff *diff, uint32_t interface)
{
	return topo_text_get(diff->topo, topo_interface_get(diff->topo, interface)->name);
}

/* ---- what was heard ---- */

static void
hear(struct diff *diff, const struct survey_end *at, const char *what)
{
	char key[REFERENCE_MAX];

	json_object_set_new(diff->heard, reference(at->sw, at->interface, key), json_string(what));
	if (at->aggregate)
		json_object_set_new(
		    diff->heard, reference(at->sw, at->aggregate, key), json_string(what));
}

static void
hear_all(struct diff *diff)
{
	char text[REFERENCE_MAX];

	for (size_t i = 0; i < diff->survey->n_cables; i++) {
		const struct survey_cable *cable = &diff->survey->cables[i];
		if (cable->host) {
			hear(diff, &cable->a, cable->host);
			json_object_set_new(diff->hosts, cable->host, json_true());
			continue;
		}
		hear(diff, &cable->a, reference(cable->b.sw, cable->b.interface, text));
		hear(diff, &cable->b, reference(cable->a.sw, cable->a.interface, text));
	}
}

/* What was heard at an interface of the map, at its members, or at its aggregate; NULL: nothing. */
static const char *
heard_at(const struct diff *diff, uint32_t interface)
{
	const struct topo_interface *row = topo_interface_get(diff->topo, interface);
	char key[REFERENCE_MAX];
	const char *heard = json_string_value(json_object_get(
	    diff->heard, topo_interface_text(diff->topo, interface, key, sizeof(key))));

	for (uint32_t i = 0; i < row->members.n && !heard; i++)
		heard = json_string_value(json_object_get(diff->heard,
		    topo_interface_text(diff->topo, topo_member(diff->topo, row->members.first + i),
			key, sizeof(key))));
	return heard;
}

/* Whether the switch told, and hears neighbours at all. */
static bool
listens(const struct diff *diff, uint32_t interface)
{
	const struct topo_switch *row =
	    topo_switch_get(diff->topo, topo_interface_get(diff->topo, interface)->sw);
	const struct survey_switch *sw =
	    survey_find(diff->survey, topo_text_get(diff->topo, row->name));

	return sw && json_array_size(json_object_get(sw->facts, "neighbours")) > 0;
}

/* ---- one switch: who it is, its interfaces and aggregates ---- */

static bool
same_engine_id(const struct topo_switch *row, const char *seen)
{
	char text[2 + 2 * TOPO_ENGINE_ID_MAX + 1] = "0x";

	for (size_t i = 0; i < row->engine_id_len; i++)
		snprintf(text + 2 + 2 * i, 3, "%02x", row->engine_id[i]);
	return strcmp(text, seen) == 0;
}

static bool
same_chassis(const char *a, const char *b)
{
	char x[CHASSIS_KEY_MAX], y[CHASSIS_KEY_MAX];

	return chassis_key(slice_of(a), x) && chassis_key(slice_of(b), y) && strcmp(x, y) == 0;
}

static void
compare_identity(struct diff *diff, const struct survey_switch *sw)
{
	const struct topo_switch *row = topo_switch_get(diff->topo, sw->sw);
	const char *chassis = topo_text_get(diff->topo, row->chassis_id);
	const json_t *seen = json_object_get(sw->facts, "chassis");
	const char *engine_id = survey_string(sw->facts, "engine_id");

	if (*chassis && strcmp(survey_string(seen, "kind"), "mac") == 0 &&
	    !same_chassis(chassis, survey_string(seen, "text")))
		add(diff, "different", "chassis_id", sw->name, "", chassis,
		    survey_string(seen, "text"));
	if (row->engine_id_len > 0 && *engine_id && !same_engine_id(row, engine_id))
		add(diff, "different", "engine_id", sw->name, "", "another one", engine_id);
}

static void
compare_interface(struct diff *diff, const struct survey_switch *sw, uint32_t interface)
{
	const struct topo_interface *row = topo_interface_get(diff->topo, interface);
	const size_t at = survey_mapped_row(diff->survey, sw, interface);
	char map[16], seen[16];

	if (at == ROW_NONE) {
		add(diff, "gone", "interface", sw->name, name_of(diff, interface),
		    name_of(diff, interface), "");
		return;
	}
	snprintf(map, sizeof(map), "%u", row->if_index);
	snprintf(seen, sizeof(seen), "%u", sw->rows[at].if_index);
	if (row->if_index != 0 && row->if_index != sw->rows[at].if_index)
		add(diff, "different", "if_index", sw->name, name_of(diff, interface), map, seen);
}

static const char *
aggregate_name(const struct survey_switch *sw, size_t row)
{
	return sw->rows[row].aggregate == ROW_NONE ? "" : sw->rows[sw->rows[row].aggregate].name;
}

/* A member of the map that is in another aggregate or in none; where the switch tells of aggregates at all. */
static void
compare_member(struct diff *diff, const struct survey_switch *sw, uint32_t interface)
{
	const uint32_t aggregate = topo_interface_get(diff->topo, interface)->aggregate;
	const size_t at = survey_mapped_row(diff->survey, sw, interface);

	if (aggregate == TOPO_NONE || at == ROW_NONE || !*survey_string(sw->facts, "lags") ||
	    sw->rows[at].aggregate == survey_mapped_row(diff->survey, sw, aggregate))
		return;
	add(diff, sw->rows[at].aggregate == ROW_NONE ? "gone" : "different", "member", sw->name,
	    name_of(diff, interface), name_of(diff, aggregate), aggregate_name(sw, at));
}

/* Members that the map does not know as such: of aggregates that it names, and of interfaces that it names. */
static void
find_members(struct diff *diff, const struct survey_switch *sw)
{
	for (size_t i = 0; i < sw->n_rows; i++) {
		if (sw->rows[i].aggregate == ROW_NONE)
			continue;
		const uint32_t member =
		    topo_interface_find(diff->topo, sw->sw, slice_of(sw->rows[i].name));
		const uint32_t aggregate =
		    topo_interface_find(diff->topo, sw->sw, slice_of(aggregate_name(sw, i)));
		const bool known = member != TOPO_NONE &&
				   topo_interface_get(diff->topo, member)->aggregate != TOPO_NONE;
		if (!known && (member != TOPO_NONE || aggregate != TOPO_NONE))
			add(diff, "missing", "member", sw->name, sw->rows[i].name, "",
			    aggregate_name(sw, i));
	}
}

static void
compare_switch(struct diff *diff, const struct survey_switch *sw)
{
	if (!sw->facts || sw->sw == TOPO_NONE || sw->n_rows == 0)
		return;
	const struct topo_range rows = topo_switch_get(diff->topo, sw->sw)->interfaces;
	compare_identity(diff, sw);
	for (uint32_t i = 0; i < rows.n; i++) {
		compare_interface(diff, sw, rows.first + i);
		compare_member(diff, sw, rows.first + i);
	}
	find_members(diff, sw);
}

/* ---- cables ---- */

/* What the map, or a switch, may mean by an end: the interface, and the aggregate that it is in. */
struct places {
	uint32_t interfaces[3];
	size_t n;
};

static void
add_place(struct places *places, uint32_t interface)
{
	if (interface != TOPO_NONE)
		places->interfaces[places->n++] = interface;
}

static struct places
places_of(const struct diff *diff, const struct survey_end *end)
{
	const uint32_t sw = topo_switch_find(diff->topo, slice_of(end->sw));
	struct places places = { .n = 0 };

	if (sw == TOPO_NONE)
		return places;
	const uint32_t interface = topo_interface_find(diff->topo, sw, slice_of(end->interface));
	add_place(&places, interface);
	if (interface != TOPO_NONE)
		add_place(&places, topo_interface_get(diff->topo, interface)->aggregate);
	if (end->aggregate)
		add_place(&places, topo_interface_find(diff->topo, sw, slice_of(end->aggregate)));
	return places;
}

static bool
has_place(const struct places *places, uint32_t interface)
{
	for (size_t i = 0; i < places->n; i++)
		if (places->interfaces[i] == interface)
			return true;
	return false;
}

static bool
is_linked(const struct diff *diff, const struct places *a, const struct places *b)
{
	for (size_t i = 0; i < a->n; i++) {
		const struct topo_range links =
		    topo_interface_get(diff->topo, a->interfaces[i])->links;
		for (uint32_t k = 0; k < links.n; k++) {
			const struct topo_link *link = topo_link_get(
			    diff->topo, topo_link_of_interface(diff->topo, links.first + k));
			const uint32_t far = link->a == a->interfaces[i] ? link->b : link->a;
			if (has_place(b, far))
				return true;
		}
	}
	return false;
}

static bool
is_attached(const struct diff *diff, const struct places *places, const char *host)
{
	for (size_t i = 0; i < places->n; i++) {
		const struct topo_range groups =
		    topo_interface_get(diff->topo, places->interfaces[i])->groups;
		for (uint32_t k = 0; k < groups.n; k++) {
			const struct topo_group *group = topo_group_get(
			    diff->topo, topo_group_of_interface(diff->topo, groups.first + k));
			if (group->host != TOPO_NONE &&
			    strcmp(topo_text_get(
				       diff->topo, topo_host_get(diff->topo, group->host)->name),
				host) == 0)
				return true;
		}
	}
	return false;
}

/* What the map says is there: the far end of a link, or a host; "" where it says nothing. */
static const char *
mapped_at(const struct diff *diff, const struct places *places, char buf[REFERENCE_MAX])
{
	buf[0] = '\0';
	for (size_t i = 0; i < places->n && !buf[0]; i++) {
		const struct topo_interface *row =
		    topo_interface_get(diff->topo, places->interfaces[i]);
		if (row->links.n > 0) {
			const struct topo_link *link = topo_link_get(
			    diff->topo, topo_link_of_interface(diff->topo, row->links.first));
			const uint32_t far = link->a == places->interfaces[i] ? link->b : link->a;
			topo_interface_text(diff->topo, far, buf, REFERENCE_MAX);
		}
		for (uint32_t k = 0; k < row->groups.n && !buf[0]; k++) {
			const struct topo_group *group = topo_group_get(
			    diff->topo, topo_group_of_interface(diff->topo, row->groups.first + k));
			if (group->host != TOPO_NONE)
				snprintf(buf, REFERENCE_MAX, "%s",
				    topo_text_get(
					diff->topo, topo_host_get(diff->topo, group->host)->name));
		}
	}
	return buf;
}

static void
compare_cable(struct diff *diff, const struct survey_cable *cable)
{
	const struct places a = places_of(diff, &cable->a), b = places_of(diff, &cable->b);
	char at_a[REFERENCE_MAX], at_b[REFERENCE_MAX], left[REFERENCE_MAX], right[REFERENCE_MAX];

	if (is_linked(diff, &a, &b))
		return;
	mapped_at(diff, &a, at_a);
	mapped_at(diff, &b, at_b);
	reference(cable->a.sw, cable->a.interface, left);
	reference(cable->b.sw, cable->b.interface, right);
	if (!at_a[0] && !at_b[0])
		add(diff, "missing", "link", cable->a.sw, cable->a.interface, "", right);
	if (at_a[0])
		add(diff, "different", "cable", cable->a.sw, cable->a.interface, at_a, right);
	if (at_b[0])
		add(diff, "different", "cable", cable->b.sw, cable->b.interface, at_b, left);
}

static void
compare_attachment(struct diff *diff, const struct survey_cable *cable)
{
	const struct places places = places_of(diff, &cable->a);
	const bool known = topo_host_find(diff->topo, slice_of(cable->host)) != TOPO_NONE;
	char map[REFERENCE_MAX];

	if (is_attached(diff, &places, cable->host))
		return;
	if (*mapped_at(diff, &places, map))
		add(diff, "different", "cable", cable->a.sw, cable->a.interface, map, cable->host);
	else
		add(diff, "missing", known ? "attachment" : "host", cable->a.sw, cable->a.interface,
		    "", cable->host);
}

/* A link that nobody hears at either end. What is heard at one has been compared. */
static void
compare_link(struct diff *diff, const struct topo_link *link)
{
	const struct topo_interface *a = topo_interface_get(diff->topo, link->a);
	char far[REFERENCE_MAX];

	if (heard_at(diff, link->a) || heard_at(diff, link->b) || !listens(diff, link->a) ||
	    !listens(diff, link->b))
		return;
	add(diff, "gone", "link",
	    topo_text_get(diff->topo, topo_switch_get(diff->topo, a->sw)->name),
	    name_of(diff, link->a), topo_interface_text(diff->topo, link->b, far, sizeof(far)), "");
}

/* Attachments of hosts that were seen elsewhere, and not here. */
static void
compare_group(struct diff *diff, const struct topo_group *group)
{
	if (group->host == TOPO_NONE)
		return;
	const char *host = topo_text_get(diff->topo, topo_host_get(diff->topo, group->host)->name);
	if (!json_object_get(diff->hosts, host))
		return;
	for (uint32_t i = 0; i < group->attachments.n; i++) {
		const uint32_t at = topo_attachment(diff->topo, group->attachments.first + i);
		const uint32_t sw = topo_interface_get(diff->topo, at)->sw;
		if (!heard_at(diff, at) && listens(diff, at))
			add(diff, "gone", "attachment",
			    topo_text_get(diff->topo, topo_switch_get(diff->topo, sw)->name),
			    name_of(diff, at), host, "");
	}
}

/* ---- the whole ---- */

static void
compare_all(struct diff *diff)
{
	const struct survey *survey = diff->survey;

	hear_all(diff);
	for (size_t i = 0; i < survey->n_switches; i++)
		compare_switch(diff, &survey->switches[i]);
	for (size_t i = 0; i < survey->n_cables; i++) {
		if (survey->cables[i].host)
			compare_attachment(diff, &survey->cables[i]);
		else
			compare_cable(diff, &survey->cables[i]);
	}
	for (uint32_t i = 0; i < topo_n_links(diff->topo); i++)
		compare_link(diff, topo_link_get(diff->topo, i));
	for (uint32_t i = 0; i < topo_n_groups(diff->topo); i++)
		compare_group(diff, topo_group_get(diff->topo, i));
}

json_t *
survey_findings(struct survey *survey)
{
	struct diff diff = {
		.survey = survey,
		.topo = survey->topo,
		.findings = json_array(),
		.heard = json_object(),
		.hosts = json_object(),
	};

	compare_all(&diff);
	json_decref(diff.heard);
	json_decref(diff.hosts);
	return diff.findings;
}
