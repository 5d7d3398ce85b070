#include "core/change_codec.h"

#include <errno.h>
#include <stdio.h>

#include "core/interface_json.h"
#include "core/topo.h"
#include "util/timeutil.h"

/* ---- writing arguments; the first failure sticks ---- */

struct writer {
	struct arg_buf *buf;
	int error;
};

static void
put_slice(struct writer *writer, struct slice text)
{
	if (writer->error == 0)
		writer->error = arg_buf_add(writer->buf, text);
}

static void
put(struct writer *writer, const char *text)
{
	put_slice(writer, slice_of(text));
}

static void
put_bool(struct writer *writer, bool value)
{
	put(writer, value ? "true" : "false");
}

static void
put_number(struct writer *writer, uint64_t value)
{
	char digits[SLICE_DECIMAL];

	put_slice(writer, slice_decimal(value, digits));
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
 * paths x3 report x5 maintenance removed (true; false; or RECORD_WRITTEN, RECORD_UNSURE) */
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
	put(writer, change->removed ? "true" : change->written ? RECORD_WRITTEN : "false");
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

/* I: transition? switch interface json if_index oper admin reason source received_at */
static int
put_interface(struct writer *writer, const struct dp_change *change)
{
	char json[INTERFACE_JSON_MAX];

	put(writer, "I");
	put_bool(writer, change->transition);
	put(writer, change->switch_name);
	put(writer, change->interface_name);
	put_slice(writer, interface_json(change, json));
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
	record.letter = kind->letter;
	*ret_record = record;
	*offset = at;
	return true;
}

bool
change_next_toggle(const struct arg_buf *args, size_t *offset, struct slice *ret_port_id,
    struct slice *ret_known_revision)
{
	struct change_record record;

	while (change_next(args, offset, &record)) {
		if (record.letter == 'T') {
			*ret_port_id = record.values[RECORD_PORT_ID];
			*ret_known_revision = record.values[RECORD_KNOWN_REVISION];
			return true;
		}
	}
	return false;
}

/* ---- what goes before them ---- */

/* An event as most are: an interface's word, and the one port behind it. */
static bool
is_event(const struct arg_buf *records)
{
	struct change_record record;
	size_t at = 0;

	return change_next(records, &at, &record) && record.letter == 'I' &&
	       change_next(records, &at, &record) && record.letter == 'T' && at == records->len;
}

int
script_head_encode(const struct script_head *head, struct arg_buf *args)
{
	struct writer writer = { args, 0 };

	put_number(&writer, head->epoch);
	/* The batch before, as `publisher` has it where nothing is amiss. */
	if (head->follows)
		put_number(&writer, head->number - 1);
	else
		put(&writer, "");
	put_number(&writer, head->number);
	put_number(&writer, REDIS_SCHEMA);
	put(&writer, head->instance);
	put(&writer, head->line);
	put_number(&writer, head->events_max_length);
	put_number(&writer, head->others_max_length);
	put_number(&writer, (uint64_t)head->moment_ms);
	put(&writer, is_event(head->records) ? "IT" : "");
	return writer.error;
}
