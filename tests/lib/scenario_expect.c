/*
 * What a scenario expects: changes as the engine hands them out, and what its views show.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario_play.h"
#include "util/timeutil.h"

/* ---- fields ---- */

static void
put(json_t *fields, const char *name, const char *text)
{
	json_object_set_new(fields, name, json_string(text ? text : ""));
}

static void
put_bool(json_t *fields, const char *name, bool value)
{
	put(fields, name, value ? "true" : "false");
}

static void
put_number(json_t *fields, const char *name, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	put(fields, name, text);
}

static void
put_time(const struct scenario *s, json_t *fields, const char *name, int64_t us)
{
	char text[40];

	put(fields, name, scenario_when(s, us, text));
}

static void
put_paths(json_t *fields, const struct dp_paths *paths)
{
	char text[40];

	snprintf(text, sizeof(text), "%u/%u/%u", paths->up, paths->stranded, paths->total);
	put(fields, "paths", text);
}

/* The time of a fault as seconds since the start, as scenarios write it. */
static void
put_fault(const struct scenario *s, json_t *fields, const char *fault)
{
	const char *at = strrchr(fault, '@');
	char text[FAULT_TEXT_MAX + 40], since[40];
	int64_t us;

	if (!at || !timeutil_parse(slice_of(at + 1), &us)) {
		put(fields, "fault", fault);
		return;
	}
	snprintf(
	    text, sizeof(text), "%.*s@%s", (int)(at - fault), fault, scenario_when(s, us, since));
	put(fields, "fault", text);
}

static void
put_where(json_t *fields, const char *switch_name, const char *interface)
{
	put(fields, "switch", switch_name);
	put(fields, "interface", interface);
}

static void
put_report(const struct scenario *s, json_t *fields, const struct dp_report *report)
{
	put_bool(fields, "reported", report->down);
	put(fields, "reported_by", report->by);
	put(fields, "reported_note", report->note);
	put_time(s, fields, "reported_at", report->at_us);
	put_time(s, fields, "reported_until", report->until_us);
}

/* ---- changes ---- */

static const char *const damping_names[] = {
	[DAMP_NONE] = "",
	[DAMP_SUPPRESSED] = "suppressed",
	[DAMP_RELEASED] = "released",
	[DAMP_WOULD_SUPPRESS] = "would-suppress",
	[DAMP_WOULD_RELEASE] = "would-release",
};

/* DIRECTION/SOURCE/TIME/TELLERS, separated by commas; the times as everywhere. */
static void
put_echoes(const struct scenario *s, json_t *fields, const char *echoes)
{
	struct slice rest = slice_of(echoes);
	char text[1024] = "", when[40];
	size_t len = 0;

	while (rest.len > 0) {
		struct slice tellers = slice_cut(&rest, ',');
		const struct slice direction = slice_cut(&tellers, '/'),
				   source = slice_cut(&tellers, '/');
		int64_t us;
		ck_assert(timeutil_parse(slice_cut(&tellers, '/'), &us));
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%.*s/%.*s/%s/%.*s",
		    len > 0 ? "," : "", (int)direction.len, direction.data, (int)source.len,
		    source.data, scenario_when(s, us, when), (int)tellers.len, tellers.data);
	}
	put(fields, "echoes", text);
}

static json_t *
fields_of(const struct scenario *s, const struct dp_change *change)
{
	json_t *fields = json_object();

	put_where(fields, change->switch_name, change->interface_name);
	put(fields, "source", link_source_names[change->source]);
	put(fields, "reason", link_reason_names[change->reason]);
	put_time(s, fields, "received_at", change->received_us);
	if (change->kind == CHANGE_INTERFACE) {
		put(fields, "admin", change->admin);
		put(fields, "link", change->link);
		put(fields, "protocol", change->protocol);
		put(fields, "override", change->override);
		put_time(s, fields, "since", change->since_us);
		put_bool(fields, "certain", change->certain);
		put_bool(fields, "transition", change->transition);
		put_number(fields, "if_index", change->if_index);
		put(fields, "dampening", damping_names[change->damping]);
		put(fields, "waits", change->waits);
		put_echoes(s, fields, change->marks.echoes);
		return fields;
	}
	put_bool(fields, "dp_down", change->dp_down);
	put_paths(fields, &change->paths);
	put(fields, "cause", dp_cause_names[change->cause]);
	put_fault(s, fields, change->fault);
	put_time(s, fields, "occurred_at", change->occurred_us);
	put_bool(fields, "removed", change->removed);
	put_report(s, fields, &change->report);
	return fields;
}

/* A port of a scenario is called as its id: "#1". */
static unsigned
number_of(const uint8_t id[16])
{
	unsigned n = 0;

	for (size_t i = 10; i < 16; i++)
		n = n * 100 + (unsigned)(id[i] >> 4) * 10 + (id[i] & 15);
	return n;
}

static void
head_of(const struct dp_change *change, char *head, size_t size)
{
	unsigned port = number_of(change->port_id);

	switch (change->kind) {
	case CHANGE_TOGGLE:
		snprintf(head, size, "toggle #%u %s", port, change->dp_down ? "true" : "false");
		break;
	case CHANGE_PORT:
		snprintf(head, size, "hash #%u", port);
		break;
	case CHANGE_INTERFACE:
		snprintf(head, size, "interface %s:%s %s", change->switch_name,
		    change->interface_name, change->oper_up ? "up" : "down");
		break;
	case CHANGE_FORGET:
		snprintf(head, size, "forget %s", change->switch_name);
		break;
	case CHANGE_REDUNDANCY:
		snprintf(head, size, "redundancy #%u %s", port,
		    redundancy_kind_names[change->redundancy]);
		break;
	}
}

static bool
is_ignored(const struct scenario *s, enum dp_change_kind kind)
{
	return ((kind == CHANGE_INTERFACE || kind == CHANGE_FORGET) && s->ignore_interface) ||
	       (kind == CHANGE_PORT && s->ignore_hash) ||
	       (kind == CHANGE_TOGGLE && s->ignore_toggle) ||
	       (kind == CHANGE_REDUNDANCY && s->ignore_redundancy);
}

/* How often each interface went up or down. */
static void
count_change(struct scenario *s, const struct dp_change *change)
{
	char name[FAULT_TEXT_MAX];

	if (change->kind != CHANGE_INTERFACE || !change->transition)
		return;
	snprintf(name, sizeof(name), "%s:%s", change->switch_name, change->interface_name);
	json_object_set_new(s->changes, name,
	    json_integer(json_integer_value(json_object_get(s->changes, name)) + 1));
}

void
scenario_changes(const struct scenario *s)
{
	if (!s->words[1] || !s->words[2])
		SCENARIO_FAIL(s, "%s", "changes SWITCH:INTERFACE N");
	const json_int_t n = json_integer_value(json_object_get(s->changes, s->words[1]));
	if (n > strtol(s->words[2], NULL, 10))
		SCENARIO_FAIL(s, "%s changed %lld times", s->words[1], (long long)n);
}

void
scenario_pump(struct scenario *s)
{
	struct dp_change change;
	char head[FAULT_TEXT_MAX];

	while (s->engine && engine_pop(s->engine, &change)) {
		json_t *fields = fields_of(s, &change);
		uint8_t id[16];
		memcpy(id, change.port_id, sizeof(id));
		head_of(&change, head, sizeof(head));
		count_change(s, &change);
		bool ignored = is_ignored(s, change.kind);
		uint64_t revision = model_apply(&s->model, &change);
		if (revision != 0) {
			put_number(fields, "revision", revision);
			engine_published(s->engine, id, revision);
		}
		if (ignored)
			json_decref(fields);
		else
			json_array_append_new(
			    s->pending, json_pack("{s:s, s:o}", "head", head, "fields", fields));
	}
}

/* ---- matching ---- */

/* The first field that is not as the words from `from` on say, or NULL. */
static const char *
differing(const struct scenario *s, const json_t *fields, size_t from)
{
	for (size_t i = from; s->words[i]; i++) {
		const char *equals = strchr(s->words[i], '=');
		if (!equals)
			SCENARIO_FAIL(s, "\"%s\" is no FIELD=VALUE", s->words[i]);
		json_t *field =
		    json_object_getn(fields, s->words[i], (size_t)(equals - s->words[i]));
		if (!field)
			SCENARIO_FAIL(s, "there is no field %s", s->words[i]);
		if (strcmp(json_string_value(field), equals + 1) != 0)
			return s->words[i];
	}
	return NULL;
}

/* Words [1, n) with blanks between. */
static void
wanted_head(const struct scenario *s, size_t n, char *head, size_t size)
{
	size_t len = 0;

	head[0] = '\0';
	for (size_t i = 1; i < n && s->words[i]; i++)
		len +=
		    (size_t)snprintf(head + len, size - len, "%s%s", i > 1 ? " " : "", s->words[i]);
}

static char *
pending_text(const struct scenario *s)
{
	char *text = json_dumps(s->pending, JSON_INDENT(2));

	return text ? text : strdup("out of memory");
}

void
scenario_check_nothing_pending(struct scenario *s)
{
	if (json_array_size(s->pending) > 0)
		ck_abort_msg("%s:%u: not expected: %s", s->path, s->action_line, pending_text(s));
}

static void
expect_asks(struct scenario *s)
{
	char text[FAULT_TEXT_MAX];
	struct engine_ask ask;

	for (size_t i = 2; s->words[i]; i++) {
		if (!engine_pop_ask(s->engine, &ask))
			SCENARIO_FAIL(s, "nobody asks about %s", s->words[i]);
		snprintf(text, sizeof(text), "%s:%s", ask.switch_name, ask.interface_name);
		if (strcmp(text, s->words[i]) != 0)
			SCENARIO_FAIL(s, "asked is about %s", text);
	}
	if (engine_pop_ask(s->engine, &ask))
		SCENARIO_FAIL(s, "asked is about %s:%s too", ask.switch_name, ask.interface_name);
}

void
scenario_expect(struct scenario *s)
{
	char wanted[FAULT_TEXT_MAX];
	size_t n_head = 1;
	const char *wrong = NULL;

	if (scenario_flag(s, "asks")) {
		expect_asks(s);
		return;
	}
	if (scenario_flag(s, "nothing")) {
		scenario_check_nothing_pending(s);
		return;
	}
	while (s->words[n_head] && !strchr(s->words[n_head], '='))
		n_head++;
	wanted_head(s, n_head, wanted, sizeof(wanted));
	for (size_t i = 0; i < json_array_size(s->pending); i++) {
		const json_t *change = json_array_get(s->pending, i);
		if (strcmp(json_string_value(json_object_get(change, "head")), wanted) != 0)
			continue;
		wrong = differing(s, json_object_get(change, "fields"), n_head);
		if (!wrong) {
			json_array_remove(s->pending, i);
			return;
		}
	}
	SCENARIO_FAIL(
	    s, "%s: %s is not so; there is: %s", wanted, wrong ? wrong : "it", pending_text(s));
}

/* ---- views ---- */

static json_t *
view_port(const struct scenario *s, const char *name)
{
	json_t *fields = json_object();
	struct engine_port_view view;

	engine_port_view(s->engine, scenario_port(s, name), &view);
	put_bool(fields, "dp_down", view.dp_down);
	put_bool(fields, "observed_down", view.observed_down);
	put_report(s, fields, &view.report);
	put(fields, "cause", dp_cause_names[view.cause]);
	put(fields, "reason", link_reason_names[view.reason]);
	put_where(fields, view.switch_name, view.interface_name);
	put_fault(s, fields, view.fault);
	put_number(fields, "revision", view.revision);
	put_time(s, fields, "since", view.since_us);
	put_time(s, fields, "heard_at", view.heard_us);
	put_paths(fields, &view.paths);
	put(fields, "host", view.host);
	put(fields, "data_plane_status", view.data_plane_status ? view.data_plane_status : "null");
	return fields;
}

static void
put_override(const struct scenario *s, json_t *fields, uint32_t interface)
{
	struct engine_override override;

	engine_override_view(s->engine, interface, &override);
	put(fields, "override_by", override.by);
	put(fields, "override_note", override.note);
	put_time(s, fields, "override_at", override.at_us);
	put_time(s, fields, "override_until", override.until_us);
}

static json_t *
view_interface(const struct scenario *s, const char *name)
{
	json_t *fields = json_object();
	struct engine_interface_view view;
	char text[FAULT_TEXT_MAX];

	for (uint32_t i = 0; i < engine_n_interfaces(s->engine); i++) {
		engine_interface_view(s->engine, i, &view);
		snprintf(text, sizeof(text), "%s:%s", view.switch_name, view.name);
		if (strcmp(text, name) != 0)
			continue;
		put(fields, "oper", view.oper_up ? "up" : "down");
		put_bool(fields, "mapped", view.mapped);
		put_bool(fields, "carries", view.carries);
		put_bool(fields, "certain", view.certain);
		put_bool(fields, "heard", view.heard);
		put(fields, "admin", view.admin);
		put(fields, "link", view.link);
		put(fields, "protocol", view.protocol);
		put(fields, "source", link_source_names[view.source]);
		put(fields, "reason", link_reason_names[view.reason]);
		put(fields, "dampening", view.dampening);
		put(fields, "override", view.override);
		put_override(s, fields, i);
		put_time(s, fields, "since", view.since_us);
		put_number(fields, "ports", view.n_ports);
		return fields;
	}
	SCENARIO_FAIL(s, "there is no interface %s", name);
}

static json_t *
view_switch(const struct scenario *s, const char *name)
{
	json_t *fields = json_object();
	struct engine_switch_view view;
	uint32_t sw = topo_switch_find(engine_topo(s->engine), slice_of(name));

	if (sw == TOPO_NONE)
		SCENARIO_FAIL(s, "there is no switch %s", name);
	engine_switch_view(s->engine, sw, &view);
	put_bool(fields, "reaches_root", view.reaches_root);
	put_number(fields, "interfaces", view.n_interfaces);
	put_number(fields, "down", view.n_down);
	put_number(fields, "uncertain", view.n_uncertain);
	put_number(fields, "restarts", view.n_restarts);
	put_number(fields, "traps", view.n_traps);
	put_number(fields, "syslog", view.n_syslog);
	put_time(s, fields, "restarted_at", view.restarted_us);
	return fields;
}

static json_t *
view_totals(const struct scenario *s)
{
	json_t *fields = json_object();
	struct engine_totals totals;

	engine_totals(s->engine, &totals);
	put_number(fields, "ports_down", totals.ports_down);
	put_number(fields, "ports_degraded", totals.ports_degraded);
	put_number(fields, "interfaces_down", totals.interfaces_down);
	put_number(fields, "interfaces_uncertain", totals.interfaces_uncertain);
	put_number(fields, "interfaces_flapping", totals.interfaces_flapping);
	put_number(fields, "asks_waiting", totals.asks_waiting);
	put_number(fields, "overrides", totals.overrides);
	return fields;
}

void
scenario_view(struct scenario *s)
{
	const char *what = s->words[1] ? s->words[1] : "", *name = s->words[2];
	json_t *fields = NULL;

	if (strcmp(what, "totals") == 0)
		fields = view_totals(s);
	else if (name && strcmp(what, "port") == 0)
		fields = view_port(s, name);
	else if (name && strcmp(what, "interface") == 0)
		fields = view_interface(s, name);
	else if (name && strcmp(what, "switch") == 0)
		fields = view_switch(s, name);
	else
		SCENARIO_FAIL(s, "there is no view of %s", what);
	const char *wrong = differing(s, fields, strcmp(what, "totals") == 0 ? 2 : 3);
	if (wrong) {
		char *text = json_dumps(fields, JSON_INDENT(2));
		SCENARIO_FAIL(s, "%s is not so: %s", wrong, text);
	}
	json_decref(fields);
}
