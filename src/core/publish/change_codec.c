#include "core/change_codec.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/topo.h"
#include "util/timeutil.h"

/* ---- writing arguments; the first failure sticks ---- */

struct writer {
	struct arg_buf *buf;
	int error;
};

static void
put(struct writer *writer, const char *text)
{
	if (writer->error == 0)
		writer->error = arg_buf_add(writer->buf, slice_of(text));
}

static void
put_bool(struct writer *writer, bool value)
{
	put(writer, value ? "true" : "false");
}

static void
put_number(struct writer *writer, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	put(writer, text);
}

/* 0 is no time: empty. */
static void
put_time(struct writer *writer, int64_t us)
{
	char text[TIMEUTIL_TEXT] = "";

	if (us != 0)
		timeutil_format(us, text);
	put(writer, text);
}

static void
put_paths(struct writer *writer, const struct dp_paths *paths)
{
	put_number(writer, paths->up);
	put_number(writer, paths->stranded);
	put_number(writer, paths->total);
}

static void
put_report(struct writer *writer, const struct dp_report *report)
{
	put_bool(writer, report->down);
	put(writer, report->by);
	put_time(writer, report->at_us);
	put(writer, report->note);
	put_time(writer, report->until_us);
}

/* T and P: id name project_id dp_down known_revision occurred_at cause reason switch interface fault source received_at
 * paths x3 report x5 maintenance removed */
static void
put_port(struct writer *writer, const struct dp_change *change, const char *id)
{
	put(writer, change->kind == CHANGE_TOGGLE ? "T" : "P");
	put(writer, id);
	put(writer, change->port_name);
	put(writer, change->project_id);
	put_bool(writer, change->dp_down);
	put_number(writer, change->known_revision);
	put_time(writer, change->occurred_us);
	put(writer, dp_cause_names[change->cause]);
	put(writer, link_reason_names[change->reason]);
	put(writer, change->switch_name);
	put(writer, change->interface_name);
	put(writer, change->fault);
	put(writer, link_source_names[change->source]);
	put_time(writer, change->received_us);
	put_paths(writer, &change->paths);
	put_report(writer, &change->report);
	put_bool(writer, change->maintenance);
	put_bool(writer, change->removed);
}

/* R: kind id paths x3 reason switch interface received_at */
static void
put_redundancy(struct writer *writer, const struct dp_change *change, const char *id)
{
	put(writer, "R");
	put(writer, redundancy_kind_names[change->redundancy]);
	put(writer, id);
	put_paths(writer, &change->paths);
	put(writer, link_reason_names[change->reason]);
	put(writer, change->switch_name);
	put(writer, change->interface_name);
	put_time(writer, change->received_us);
}

/* The value of interface:<switch>; see design.md, Redis contract. */
#define INTERFACE_JSON_MAX 4096

/* Members that are there only while somebody overrides it. What they say is text of others: jansson writes it. */
static void
override_json(const struct dp_change *change, char *buf, size_t size)
{
	char at[TIMEUTIL_TEXT], until[TIMEUTIL_TEXT] = "";

	buf[0] = '\0';
	if (!*change->override || change->overridden.at_us == 0)
		return;
	timeutil_format(change->overridden.at_us, at);
	if (change->overridden.until_us != 0)
		timeutil_format(change->overridden.until_us, until);
	json_t *object = json_pack("{s:s, s:s, s:s, s:s}", "override_by", change->overridden.by,
	    "override_note", change->overridden.note, "override_at", at, "override_until", until);
	char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
	json_decref(object);
	/* Its members, without the braces around them. */
	if (text && strlen(text) < size)
		snprintf(buf, size, ",%.*s", (int)strlen(text) - 2, text + 1);
	free(text);
}

/* Members that are there only while an interface flaps. */
static void
penalty_json(const struct dp_change *change, char *buf, size_t size)
{
	char at[TIMEUTIL_TEXT];

	buf[0] = '\0';
	if (change->penalty <= 0)
		return;
	timeutil_format(change->penalty_us, at);
	snprintf(buf, size, ",\"penalty\":%.1f,\"penalty_at\":\"%s\",\"suppressed\":%s",
	    change->penalty, at, change->suppressed ? "true" : "false");
}

/* Words that wait are there only while they do. */
static void
waits_json(const struct dp_change *change, char *buf, size_t size)
{
	buf[0] = '\0';
	if (change->waits && *change->waits)
		snprintf(buf, size, ",\"waits\":\"%s\"", change->waits);
}

/* Nothing where the text is empty. */
static size_t
put_member(char *buf, size_t size, const char *name, const char *text)
{
	return text && *text ? (size_t)snprintf(buf, size, ",\"%s\":\"%s\"", name, text) : 0;
}

static size_t
put_member_time(char *buf, size_t size, const char *name, int64_t us)
{
	char at[TIMEUTIL_TEXT] = "";

	if (us != 0)
		timeutil_format(us, at);
	return put_member(buf, size, name, at);
}

/* Each is there only while there is something to say; together they are never longer than MARKS_JSON_MAX. */
#define MARKS_JSON_MAX 760
static void
marks_json(const struct dp_marks *marks, char buf[MARKS_JSON_MAX])
{
	const size_t size = MARKS_JSON_MAX;
	size_t len = 0;

	buf[0] = '\0';
	len += put_member_time(buf + len, size - len, "spoke", marks->spoke_us);
	len += put_member_time(buf + len, size - len, "booted", marks->booted_us);
	len += put_member_time(buf + len, size - len, "shut", marks->shut_us);
	len += put_member_time(buf + len, size - len, "ups_from", marks->ups_from_us);
	if (marks->has_uptime)
		len += (size_t)snprintf(
		    buf + len, size - len, ",\"uptime\":%lu", (unsigned long)marks->uptime_cs);
	len += put_member(buf + len, size - len, "trap_said", marks->trap_said);
	len += put_member(buf + len, size - len, "line_said", marks->line_said);
	len += put_member(buf + len, size - len, "echoes", marks->echoes);
	if (marks->protocol_old)
		len += (size_t)snprintf(buf + len, size - len, ",\"protocol_old\":true");
	if (marks->tells_both)
		snprintf(buf + len, size - len, ",\"tells_both\":true");
}

static void
interface_json(const struct dp_change *change, char *buf, size_t size)
{
	char since[TIMEUTIL_TEXT] = "", penalty[120], waits[360], marks[MARKS_JSON_MAX],
	     override[INTERFACE_JSON_MAX - 1760];

	if (change->since_us != 0)
		timeutil_format(change->since_us, since);
	penalty_json(change, penalty, sizeof(penalty));
	override_json(change, override, sizeof(override));
	waits_json(change, waits, sizeof(waits));
	marks_json(&change->marks, marks);
	/* Every other text in it is a word of ours or a time: nothing needs escaping. */
	snprintf(buf, size,
	    "{\"oper\":\"%s\",\"admin\":\"%s\",\"since\":\"%s\",\"source\":\"%s\",\"reason\":\"%s\",\"certain\":%s,"
	    "\"link\":\"%s\",\"protocol\":\"%s\",\"override\":\"%s\",\"order\":%lld%s%s%s%s}",
	    change->oper_up ? "up" : "down", change->admin, since,
	    link_source_names[change->source], link_reason_names[change->reason],
	    change->certain ? "true" : "false", change->link, change->protocol, change->override,
	    (long long)change->order, penalty, override, waits, marks);
}

/* I: transition? switch interface json if_index oper admin reason source received_at */
static int
put_interface(struct writer *writer, const struct dp_change *change)
{
	char json[INTERFACE_JSON_MAX];

	interface_json(change, json, sizeof(json));
	put(writer, "I");
	put_bool(writer, change->transition);
	put(writer, change->switch_name);
	put(writer, change->interface_name);
	put(writer, json);
	if (change->if_index != 0)
		put_number(writer, change->if_index);
	else
		put(writer, "");
	put(writer, change->oper_up ? "up" : "down");
	put(writer, change->admin);
	put(writer, link_reason_names[change->reason]);
	put(writer, link_source_names[change->source]);
	put_time(writer, change->received_us);
	return writer->error;
}

int
change_encode(const struct dp_change *change, struct arg_buf *args, struct arg_buf *keys)
{
	const size_t args_len = args->len, keys_len = keys->len;
	const uint32_t args_n = args->n_args, keys_n = keys->n_args;
	struct writer writer = { args, 0 }, key_writer = { keys, 0 };
	char id[PORT_ID_TEXT], key[sizeof("interface:") + 4 * TOPO_NAME_MAX];

	if (change->kind == CHANGE_INTERFACE || change->kind == CHANGE_FORGET) {
		snprintf(key, sizeof(key), "interface:%s", change->switch_name);
		if (change->kind == CHANGE_FORGET)
			put(&writer, "F");
		else
			writer.error = put_interface(&writer, change);
	} else {
		port_id_format(change->port_id, id);
		snprintf(key, sizeof(key), "port:%s", id);
		if (change->kind == CHANGE_REDUNDANCY)
			put_redundancy(&writer, change, id);
		else
			put_port(&writer, change, id);
	}
	put(&key_writer, key);
	if (writer.error == 0 && key_writer.error == 0)
		return 0;
	args->len = args_len;
	args->n_args = args_n;
	keys->len = keys_len;
	keys->n_args = keys_n;
	return -ENOMEM;
}

/* ---- reading them again ---- */

/* Names as in the streams and hashes that the values go to; the order is that of put_port and its like. */
static const char *const port_fields[] = { "port", "name", "project_id", "dp_down",
	"known_revision", "occurred_at", "cause", "reason", "switch", "interface", "fault",
	"source", "received_at", "paths_up", "paths_stranded", "paths_total", "reported",
	"reported_by", "reported_at", "reported_note", "reported_until", "maintenance", "removed",
	NULL };
static const char *const interface_fields[] = { "transition", "switch", "interface", "state",
	"if_index", "oper", "admin", "reason", "source", "received_at", NULL };
static const char *const redundancy_fields[] = { "kind", "port", "paths_up", "paths_stranded",
	"paths_total", "reason", "switch", "interface", "received_at", NULL };
static const char *const forget_fields[] = { NULL };

static const struct record_kind {
	char letter;
	const char *name;
	const char *const *fields;
} record_kinds[] = {
	{ 'T', "toggle", port_fields },
	{ 'P', "port", port_fields },
	{ 'I', "interface", interface_fields },
	{ 'R', "redundancy", redundancy_fields },
	{ 'F', "forget", forget_fields },
};

static const struct record_kind *
record_kind_of(struct slice letter)
{
	for (size_t i = 0; letter.len == 1 && i < sizeof(record_kinds) / sizeof(record_kinds[0]);
	     i++)
		if (record_kinds[i].letter == letter.data[0])
			return &record_kinds[i];
	return NULL;
}

bool
change_next(const struct arg_buf *args, size_t *offset, struct change_record *ret_record)
{
	struct change_record record;
	struct slice letter;
	size_t at = *offset;

	if (!arg_buf_next(args, &at, &letter))
		return false;
	const struct record_kind *kind = record_kind_of(letter);
	if (!kind)
		return false;
	for (size_t i = 0; kind->fields[i]; i++)
		if (!arg_buf_next(args, &at, &record.values[i]))
			return false;
	record.kind = kind->name;
	record.fields = kind->fields;
	record.toggle = kind->letter == 'T';
	*ret_record = record;
	*offset = at;
	return true;
}

bool
change_next_toggle(const struct arg_buf *args, size_t *offset, struct slice *ret_port_id)
{
	struct change_record record;

	while (change_next(args, offset, &record)) {
		if (record.toggle) {
			*ret_port_id = record.values[0];
			return true;
		}
	}
	return false;
}
