/*
 * A survey as a topology document.
 */
#include <stdio.h>
#include <string.h>

#include "core/survey_state.h"
#include "core/text.h"

#define IF_INDEX_MAX 2147483647u /* as the topology document takes it */
#define REFERENCE_MAX (2 * 4 * TOPO_NAME_MAX + 2)

struct drawing {
	struct survey *survey;
	json_t *old_switches, *old_hosts; /* name -> object of the map in force */
	/* "switch:aggregate" -> what all of its members lead to; null: to different things */
	json_t *leads_to;
	json_t *switches; /* name -> object of the new document */
	size_t n_secrets; /* communities that were left out */
};

/* ---- the map in force ---- */

static json_t *
index_by_name(const json_t *list)
{
	json_t *index = json_object();
	const json_t *item;
	size_t i;

	json_array_foreach((json_t *)list, i, item)
	    json_object_set(index, survey_string(item, "name"), (json_t *)item);
	return index;
}

/* A community that is written out is nobody's but the map's. */
static void
leave_secrets(struct drawing *drawing, json_t *sw)
{
	json_t *poll = json_object_get(sw, "poll");
	const char *community = survey_string(poll, "community");

	if (!*community || strncmp(community, "file:", 5) == 0)
		return;
	json_t *copy = json_copy(poll);
	json_object_del(copy, "community");
	if (json_object_size(copy) > 0)
		json_object_set(sw, "poll", copy);
	else
		json_object_del(sw, "poll");
	json_decref(copy);
	drawing->n_secrets++;
}

/* What a person said of it; a switch that is in no map has its name alone. */
static json_t *
known_switch(struct drawing *drawing, const char *name)
{
	const json_t *old = json_object_get(drawing->old_switches, name);
	json_t *sw = old ? json_copy((json_t *)old) : json_pack("{s:s}", "name", name);

	json_object_del(sw, "interfaces");
	leave_secrets(drawing, sw);
	return sw;
}

/* ---- interfaces ---- */

static bool
has_name(const json_t *entries, const char *name)
{
	return json_object_get(entries, name) != NULL;
}

static json_t *
members_of(const struct survey_switch *sw, size_t aggregate)
{
	json_t *members = json_array();

	for (size_t i = 0; i < sw->n_rows; i++)
		if (sw->rows[i].aggregate == aggregate)
			json_array_append_new(members, json_string(sw->rows[i].name));
	return members;
}

/* min_links and fallback of the map in force. */
static void
keep_settings(const struct survey *survey, const struct survey_switch *sw,
    const struct survey_row *row, json_t *entry)
{
	if (sw->sw == TOPO_NONE)
		return;
	const uint32_t i = topo_interface_find(survey->topo, sw->sw, slice_of(row->name));
	if (i == TOPO_NONE || row->n_members == 0)
		return;
	const struct topo_interface *old = topo_interface_get(survey->topo, i);
	if (old->members.n > 0 && old->min_links > 1 && old->min_links <= row->n_members)
		json_object_set_new(entry, "min_links", json_integer(old->min_links));
	if (old->members.n > 0 && old->fallback)
		json_object_set_new(entry, "fallback", json_true());
}

/* Names that are spellings of one: the document takes the first. */
static void
leave_seconds(struct survey *survey, struct survey_switch *sw)
{
	char key[IFNAME_MAX + 1], text[TEXT_QUOTE_MAX];
	json_t *keys = json_object();

	for (size_t i = 0; i < sw->n_rows; i++) {
		struct survey_row *row = &sw->rows[i];
		if (!row->listed)
			continue;
		ifname_key(sw->os, slice_of(row->name), key);
		if (!has_name(keys, key)) {
			json_object_set_new(keys, key, json_true());
			continue;
		}
		survey_note(survey, sw->name,
		    "the interface with index %u is left out: \"%s\" is the name of another one",
		    row->if_index, text_quote(slice_of(row->name), text, sizeof(text)));
		row->listed = false;
		if (row->aggregate != ROW_NONE)
			sw->rows[row->aggregate].n_members--;
		row->aggregate = ROW_NONE;
	}
	json_decref(keys);
}

static json_t *
interfaces_of(struct survey *survey, struct survey_switch *sw)
{
	json_t *list = json_array();

	leave_seconds(survey, sw);
	for (size_t i = 0; i < sw->n_rows; i++) {
		const struct survey_row *row = &sw->rows[i];
		if (!row->listed)
			continue;
		json_t *entry = json_pack("{s:s}", "name", row->name);
		if (row->if_index > 0 && row->if_index <= IF_INDEX_MAX)
			json_object_set_new(entry, "if_index", json_integer(row->if_index));
		if (row->n_members > 0)
			json_object_set_new(entry, "members", members_of(sw, i));
		keep_settings(survey, sw, row, entry);
		json_array_append_new(list, entry);
	}
	return list;
}

static json_t *
switch_json(struct drawing *drawing, struct survey_switch *sw)
{
	json_t *object = known_switch(drawing, sw->name);
	const json_t *chassis = json_object_get(sw->facts, "chassis");

	if (!sw->facts)
		return object;
	/* A MAC address; other kinds name no switch in a map, and one that is longer is none. */
	if (strcmp(survey_string(chassis, "kind"), "mac") == 0 &&
	    strlen(survey_string(chassis, "text")) <= TOPO_NAME_MAX)
		json_object_set(object, "chassis_id", json_object_get(chassis, "text"));
	if (*survey_string(sw->facts, "engine_id"))
		json_object_set(object, "engine_id", json_object_get(sw->facts, "engine_id"));
	json_object_set_new(object, "interfaces", interfaces_of(drawing->survey, sw));
	return object;
}

/* ---- aggregates that stand for their members ---- */

static const char *
reference(const char *sw, const char *interface, char buf[REFERENCE_MAX])
{
	snprintf(buf, REFERENCE_MAX, "%s:%s", sw, interface);
	return buf;
}

/* A member of `end` leads to this; "": to something that is no aggregate. */
static void
note_lead(json_t *leads_to, const struct survey_end *end, const char *to)
{
	char key[REFERENCE_MAX];

	if (!end->aggregate)
		return;
	reference(end->sw, end->aggregate, key);
	const json_t *known = json_object_get(leads_to, key);
	if (!known && *to)
		json_object_set_new(leads_to, key, json_string(to));
	else if (!known || !json_is_string(known) || strcmp(json_string_value(known), to) != 0)
		json_object_set_new(leads_to, key, json_null());
}

static const char *
lead_of(const struct survey_end *end, char buf[REFERENCE_MAX])
{
	return end->aggregate ? reference(end->sw, end->aggregate, buf) : "";
}

static void
find_leads(struct drawing *drawing)
{
	char a[REFERENCE_MAX], b[REFERENCE_MAX];

	for (size_t i = 0; i < drawing->survey->n_cables; i++) {
		const struct survey_cable *cable = &drawing->survey->cables[i];
		if (cable->host) {
			/* No reference: it has no colon behind a switch's name. */
			snprintf(b, sizeof(b), ">%s", cable->host);
			note_lead(drawing->leads_to, &cable->a, b);
			continue;
		}
		note_lead(drawing->leads_to, &cable->a, lead_of(&cable->b, b));
		note_lead(drawing->leads_to, &cable->b, lead_of(&cable->a, a));
	}
}

static bool
is_uniform(const struct drawing *drawing, const struct survey_end *end)
{
	char key[REFERENCE_MAX];

	return end->aggregate && json_is_string(json_object_get(
				     drawing->leads_to, reference(end->sw, end->aggregate, key)));
}

/* ---- links and hosts ---- */

static uint32_t
interface_in_map(const struct survey *survey, const char *sw, const char *interface)
{
	const uint32_t i = topo_switch_find(survey->topo, slice_of(sw));

	return i == TOPO_NONE ? TOPO_NONE
			      : topo_interface_find(survey->topo, i, slice_of(interface));
}

/* Whether the map has this link as one between peers, which nobody can see. */
static bool
is_peer(const struct survey *survey, const struct survey_end *a, const char *a_name,
    const struct survey_end *b, const char *b_name)
{
	const uint32_t from = interface_in_map(survey, a->sw, a_name),
		       to = interface_in_map(survey, b->sw, b_name);

	if (from == TOPO_NONE || to == TOPO_NONE)
		return false;
	const struct topo_range links = topo_interface_get(survey->topo, from)->links;
	for (uint32_t i = 0; i < links.n; i++) {
		const struct topo_link *link = topo_link_get(
		    survey->topo, topo_link_of_interface(survey->topo, links.first + i));
		if (link->peer && (link->a == to || link->b == to))
			return true;
	}
	return false;
}

static void
add_link(struct drawing *drawing, json_t *links, json_t *known, const struct survey_cable *cable)
{
	const bool fold = is_uniform(drawing, &cable->a) && is_uniform(drawing, &cable->b);
	const struct survey_end *a = &cable->a, *b = &cable->b;
	char left[REFERENCE_MAX], right[REFERENCE_MAX], key[2 * REFERENCE_MAX];

	if (strcmp(a->sw, b->sw) > 0) {
		a = &cable->b;
		b = &cable->a;
	}
	const char *a_name = fold ? a->aggregate : a->interface;
	const char *b_name = fold ? b->aggregate : b->interface;
	reference(a->sw, a_name, left);
	reference(b->sw, b_name, right);
	snprintf(key, sizeof(key), "%s|%s", left, right);
	if (has_name(known, key))
		return;
	json_object_set_new(known, key, json_true());
	json_t *link = json_pack("{s:s, s:s}", "a", left, "b", right);
	if (is_peer(drawing->survey, a, a_name, b, b_name))
		json_object_set_new(link, "peer", json_true());
	json_array_append_new(links, link);
}

static void
add_attachment(struct drawing *drawing, json_t *hosts, const struct survey_cable *cable)
{
	const bool fold = is_uniform(drawing, &cable->a);
	json_t *attachments = json_object_get(hosts, cable->host), *text;
	char buf[REFERENCE_MAX];
	const json_t *known;
	size_t i;

	if (!attachments) {
		attachments = json_array();
		json_object_set_new(hosts, cable->host, attachments);
	}
	text = json_string(
	    reference(cable->a.sw, fold ? cable->a.aggregate : cable->a.interface, buf));
	json_array_foreach(attachments, i, known)
	{
		if (json_equal(known, text)) {
			json_decref(text);
			return;
		}
	}
	json_array_append_new(attachments, text);
}

static json_t *
hosts_json(const struct drawing *drawing, json_t *attachments_of)
{
	json_t *list = json_array(), *attachments;
	const char *name;

	json_object_foreach(attachments_of, name, attachments)
	{
		json_t *host = json_pack("{s:s, s:O}", "name", name, "attachments", attachments);
		json_t *stranded =
		    json_object_get(json_object_get(drawing->old_hosts, name), "stranded");
		if (stranded)
			json_object_set(host, "stranded", stranded);
		json_array_append_new(list, host);
	}
	return list;
}

/* A switch that was not asked, or told nothing, and that others are cabled to. */
static void
add_neighbour(struct drawing *drawing, json_t *switches, const struct survey_end *end)
{
	if (has_name(drawing->switches, end->sw))
		return;
	json_object_set_new(drawing->switches, end->sw, json_true());
	json_array_append_new(switches, known_switch(drawing, end->sw));
}

static json_t *
draw(struct drawing *drawing)
{
	struct survey *survey = drawing->survey;
	json_t *switches = json_array(), *links = json_array(), *hosts = json_object(),
	       *known = json_object();

	for (size_t i = 0; i < survey->n_switches; i++) {
		json_object_set_new(drawing->switches, survey->switches[i].name, json_true());
		json_array_append_new(switches, switch_json(drawing, &survey->switches[i]));
	}
	find_leads(drawing);
	for (size_t i = 0; i < survey->n_cables; i++) {
		const struct survey_cable *cable = &survey->cables[i];
		if (cable->host) {
			add_attachment(drawing, hosts, cable);
			continue;
		}
		add_neighbour(drawing, switches, &cable->b);
		add_link(drawing, links, known, cable);
	}
	json_t *document = json_pack("{s:o, s:o, s:o, s:[]}", "switches", switches, "links", links,
	    "hosts", hosts_json(drawing, hosts), "ports");
	json_decref(hosts);
	json_decref(known);
	return document;
}

json_t *
survey_document(struct survey *survey)
{
	struct drawing drawing = {
		.survey = survey,
		.old_switches = index_by_name(json_object_get(survey->document, "switches")),
		.old_hosts = index_by_name(json_object_get(survey->document, "hosts")),
		.leads_to = json_object(),
		.switches = json_object(),
	};
	json_t *document = draw(&drawing);

	if (drawing.n_secrets > 0)
		survey_note(survey, "the document",
		    "the \"poll\" communities of %zu switch%s are left out, being secret: put "
		    "them back in before you load it, best as file:PATH",
		    drawing.n_secrets, drawing.n_secrets == 1 ? "" : "es");
	json_decref(drawing.old_switches);
	json_decref(drawing.old_hosts);
	json_decref(drawing.leads_to);
	json_decref(drawing.switches);
	return document;
}
