/*
 * /v1/switches/NAME/doctor: why a switch is, or is not, heard: its last words, what was refused of it, and what an operator
 * should look at.
 */
#include <stdarg.h>
#include <stdio.h>

#include "admin/api_call.h"
#include "admin/api_json.h"

/* A clock that is off by more than that confuses whoever compares times. */
#define CLOCK_AHEAD_US 5000000
#define CLOCK_BEHIND_US 60000000

/* Everything that is known about one switch. */
struct patient {
	const struct api *api;
	const struct topo_switch *row;
	const struct switch_notes *notes; /* NULL: it never spoke */
	const struct usm_engine *engine;  /* NULL: no SNMPv3 */
	struct engine_switch_view view;
	uint32_t without_index; /* interfaces of the map without if_index */
	uint32_t unmapped;      /* interfaces that it spoke of and the map does not name */
	json_t *findings;
};

/* ---- findings ---- */

static void find(struct patient *p, const char *level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* "warning": somebody should look. "note": good to know. */
static void
find(struct patient *p, const char *level, const char *format, ...)
{
	char text[400];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	json_array_append_new(
	    p->findings, json_pack("{s:s, s:o}", "level", level, "text", api_json_text(text)));
}

/* Whether something of that kind was refused; counters are named after it. */
static bool
was_refused(const struct switch_notes *notes, const char *kind)
{
	for (size_t i = 0; notes && i < notes->n_refusals; i++)
		if (slice_starts(slice_of(stat_names[notes->refusals[i].why]), kind))
			return true;
	return false;
}

static void
find_silence(struct patient *p, bool traps)
{
	const struct switch_notes *notes = p->notes;
	const char *what = traps ? "trap" : "line";
	int64_t other = !notes ? 0 : traps ? notes->other_trap_us : notes->other_line_us;

	if (!(p->row->sources & (traps ? TOPO_SOURCE_TRAP : TOPO_SOURCE_SYSLOG)))
		return;
	if ((traps ? p->view.heard_trap_us : p->view.heard_syslog_us) != 0)
		return;
	if (other != 0)
		find(p, "warning",
		    traps
			? "traps arrive, but none that tells a link: are link traps on?"
			: "lines arrive, but none that tells a link: does its level let them pass?");
	else if (was_refused(notes, traps ? "trap." : "syslog."))
		find(p, "warning", "no link %s was heard, and what came was refused (see refused)",
		    what);
	else
		find(p, "warning", "no link %s was ever heard: is dpwatch its %s target?", what,
		    traps ? "trap" : "syslog");
}

/* The last good word over the way on which something was refused. */
static const struct switch_word *
word_behind(const struct switch_notes *notes, enum stats_counter why)
{
	return slice_starts(slice_of(stat_names[why]), "syslog.") ? &notes->line : &notes->trap;
}

/* What was refused before its last good word is over: SNMPv3 begins so, with a discovery. */
static void
find_refusals(struct patient *p)
{
	const struct switch_notes *notes = p->notes;

	for (size_t i = 0; notes && i < notes->n_refusals; i++) {
		const struct switch_refusal *refusal = &notes->refusals[i];
		bool over = refusal->last_us < word_behind(notes, refusal->why)->at_us;
		find(p, over ? "note" : "warning", "refused %llu times%s: %s (%s)",
		    (unsigned long long)refusal->n, over ? ", and then it was heard" : "",
		    stat_help[refusal->why], stat_names[refusal->why]);
	}
	if (!notes && switch_log_lost(p->api->switch_log) > 0)
		find(p, "note", "more than %d switches spoke: nothing could be noted of this one",
		    SWITCH_LOG_MAX);
}

/* The lines that doctor prints are for v2c. */
static void
find_level(struct patient *p)
{
	if (p->row->min_level > MIN_LEVEL_NO_AUTH_NO_PRIV && (p->row->sources & TOPO_SOURCE_TRAP))
		find(p, "note",
		    "its min_level is %s: v1 and v2c traps of it are refused, it must send SNMPv3",
		    p->row->min_level == MIN_LEVEL_AUTH_PRIV ? "authPriv" : "authNoPriv");
}

static void
find_names(struct patient *p)
{
	const struct switch_notes *notes = p->notes;

	if (notes && notes->n_index_only > 0)
		find(p, "warning",
		    "%llu words told their interface by ifIndex alone: after a restart it may be another "
		    "one (make its ifIndex persistent, or let it send ifName)",
		    (unsigned long long)notes->n_index_only);
	if (notes && notes->n_index_only > 0 && p->without_index > 0)
		find(p, "warning",
		    "%u interfaces of the map have no if_index, and cannot be found by one",
		    p->without_index);
	if (notes && notes->n_no_interface > 0)
		find(p, "warning",
		    "%llu words were about interfaces that cannot be found (see unmapped)",
		    (unsigned long long)notes->n_no_interface);
	if (p->unmapped > 0)
		find(p, "note", "%u interfaces that it spoke of are not in the map (see unmapped)",
		    p->unmapped);
}

static void
find_clock(struct patient *p)
{
	const struct switch_notes *notes = p->notes;

	if (!notes || notes->line.at_us == 0)
		return;
	if (notes->clock_us == 0)
		find(p, "note",
		    "its lines tell no time that can be compared: no offset, or the clock is marked as "
		    "not synchronised (NTP, and time stamps with year and zone)");
	else if (notes->ahead_us > CLOCK_AHEAD_US || notes->ahead_us < -CLOCK_BEHIND_US)
		find(p, "warning", "its clock is %lld s %s ours",
		    (long long)llabs(notes->ahead_us) / 1000000,
		    notes->ahead_us > 0 ? "ahead of" : "behind");
}

static void
find_flood(struct patient *p)
{
	const struct switch_notes *notes = p->notes;

	if (notes && notes->over_us != 0)
		find(p, "warning",
		    "it sent more than its bucket gives while work was queued: %llu words were folded and %llu "
		    "dropped (what flaps? or a larger [snmp] bucket)",
		    (unsigned long long)notes->n_folded, (unsigned long long)notes->n_dropped);
}

static void
find_state(struct patient *p)
{
	if (p->view.n_uncertain > 0)
		find(p, "note",
		    "%u of its interfaces are uncertain: their last word may be out of date",
		    p->view.n_uncertain);
	if (p->engine && p->engine->problem != USM_TIMELY)
		find(p, "warning",
		    "SNMPv3: %s; dpwatch switch forget-engine, if it was replaced or reset",
		    usm_timeliness_names[p->engine->problem]);
	if (json_array_size(p->findings) == 0)
		find(p, "note", "nothing to complain about");
}

static json_t *
take_findings(struct patient *p)
{
	p->findings = json_array();
	find_silence(p, true);
	find_silence(p, false);
	find_refusals(p);
	find_level(p);
	find_names(p);
	find_clock(p);
	find_flood(p);
	find_state(p);
	return p->findings;
}

/* ---- facts ---- */

static json_t *
word_json(const struct switch_word *word)
{
	if (word->at_us == 0)
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:o, s:s}", "at", api_json_time(word->at_us), "rule",
	    api_json_text_or_null(word->rule), "interface", api_json_text_or_null(word->interface),
	    "if_index", api_json_number_or_null(word->if_index), "became",
	    engine_verdict_names[word->verdict]);
}

static json_t *
refusals_json(const struct switch_notes *notes)
{
	json_t *list = json_array();

	for (size_t i = 0; i < notes->n_refusals; i++) {
		const struct switch_refusal *refusal = &notes->refusals[i];
		json_array_append_new(
		    list, json_pack("{s:s, s:s, s:I, s:o}", "counter", stat_names[refusal->why],
			      "why", stat_help[refusal->why], "count", (json_int_t)refusal->n,
			      "last", api_json_time(refusal->last_us)));
	}
	return list;
}

static json_t *
clock_json(const struct switch_notes *notes)
{
	if (notes->clock_us == 0)
		return json_null();
	return json_pack("{s:o, s:f}", "at", api_json_time(notes->clock_us), "ahead_seconds",
	    (double)notes->ahead_us / 1e6);
}

static json_t *
sources_json(const struct topo_switch *row)
{
	json_t *list = json_array();

	if (row->sources & TOPO_SOURCE_TRAP)
		json_array_append_new(list, json_string("trap"));
	if (row->sources & TOPO_SOURCE_SYSLOG)
		json_array_append_new(list, json_string("syslog"));
	return list;
}

const char *
api_snmp_version(const struct api *api, const char *switch_name)
{
	static const char *const names[] = { "", "v1", "v2c", "v3" };
	const struct switch_notes *notes = switch_log_get(api->switch_log, switch_name);

	return notes && notes->trap_version >= 0 && notes->trap_version <= 3
		   ? names[notes->trap_version]
		   : "";
}

static json_t *
patient_json(struct patient *p)
{
	static const struct switch_notes silent;
	const struct switch_notes *notes = p->notes ? p->notes : &silent;
	const struct topo *topo = engine_topo(p->api->engine);
	json_t *object = json_pack("{s:o, s:o, s:o, s:I, s:I, s:I, s:o, s:I, s:I}", "name",
	    api_json_text(p->view.name), "os",
	    api_json_text_or_null(topo_text_get(topo, p->row->os_text)), "sources",
	    sources_json(p->row), "traps", (json_int_t)p->view.n_traps, "syslog",
	    (json_int_t)p->view.n_syslog, "restarts", (json_int_t)p->view.n_restarts,
	    "restarted_at", api_json_time(p->view.restarted_us), "uncertain",
	    (json_int_t)p->view.n_uncertain, "unmapped", (json_int_t)p->unmapped);

	json_object_set_new(object, "last_trap", word_json(&notes->trap));
	json_object_set_new(
	    object, "trap_version", api_json_text_or_null(api_snmp_version(p->api, p->view.name)));
	json_object_set_new(object, "last_line", word_json(&notes->line));
	json_object_set_new(object, "other_trap", api_json_time(notes->other_trap_us));
	json_object_set_new(object, "other_line", api_json_time(notes->other_line_us));
	json_object_set_new(object, "index_only", json_integer((json_int_t)notes->n_index_only));
	json_object_set_new(object, "no_interface", word_json(&notes->no_interface));
	json_object_set_new(object, "refused", refusals_json(notes));
	json_object_set_new(object, "clock", clock_json(notes));
	json_object_set_new(object, "engine", api_engine_json(p->engine));
	json_object_set_new(object, "findings", take_findings(p));
	return object;
}

/* ---- examining ---- */

static uint32_t
count_without_index(const struct topo *topo, const struct topo_switch *row)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < row->interfaces.n; i++)
		n += topo_interface_get(topo, row->interfaces.first + i)->if_index == 0;
	return n;
}

/* Interfaces behind those of the map. */
static uint32_t
count_unmapped(const struct api *api, uint32_t sw)
{
	uint32_t n = 0, end = engine_n_interfaces(api->engine);

	for (uint32_t i = topo_n_interfaces(engine_topo(api->engine)); i < end; i++) {
		struct engine_interface_view view;
		engine_interface_view(api->engine, i, &view);
		n += view.sw == sw && view.heard;
	}
	return n;
}

void
api_switch_doctor(struct api_call *call)
{
	const struct api *api = call->api;
	const struct topo *topo = engine_topo(api->engine);

	if (!api_params_known(call, (const char *const[]){ NULL }))
		return;
	uint32_t sw = topo_switch_find(topo, slice_of(call->args[0]));
	if (sw == TOPO_NONE) {
		api_refuse(call->response, 404, "SwitchNotFound", "Switch %s could not be found.",
		    call->args[0]);
		return;
	}
	struct patient patient = { .api = api, .row = topo_switch_get(topo, sw) };
	engine_switch_view(api->engine, sw, &patient.view);
	patient.notes = switch_log_get(api->switch_log, patient.view.name);
	api_engines_of(api, sw, 1, &patient.engine);
	patient.without_index = count_without_index(topo, patient.row);
	patient.unmapped = count_unmapped(api, sw);
	api_reply(call->response, 200, json_pack("{s:o}", "doctor", patient_json(&patient)));
}
