/*
 * dpwatch journal show: a journal of the daemon, read without it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "core/journal_codec.h"
#include "table.h"

/* journal_max at most, and twice that beside an old one. */
#define FILE_MAX ((size_t)1 << 41)

/* ---- as JSON ---- */

/* {"kind": "toggle", "port": ..., ...}; names of any bytes are shown as far as they are UTF-8. */
static json_t *
record_json(const struct change_record *record)
{
	json_t *object = json_pack("{s:s}", "record", record->kind);

	for (size_t i = 0; record->fields[i]; i++) {
		json_t *value = json_stringn(record->values[i].data, record->values[i].len);
		json_object_set_new(
		    object, record->fields[i], value ? value : json_string("(no UTF-8)"));
	}
	return object;
}

static json_t *
frame_json(const struct journal_frame *frame)
{
	struct change_record record;
	size_t at = 0;

	if (frame->kind == JOURNAL_OWNER)
		return json_pack("{s:I, s:s#}", "offset", (json_int_t)frame->offset, "owner",
		    frame->owner.data, (int)frame->owner.len);
	if (frame->kind == JOURNAL_CLAIM)
		return json_pack("{s:I, s:s#, s:I}", "offset", (json_int_t)frame->offset, "origin",
		    frame->owner.data, (int)frame->owner.len, "written",
		    (json_int_t)frame->written);
	json_t *records = json_array();
	while (change_next(&frame->records, &at, &record))
		json_array_append_new(records, record_json(&record));
	return json_pack("{s:I, s:I, s:o}", "offset", (json_int_t)frame->offset, "batch",
	    (json_int_t)frame->number, "records", records);
}

/* ---- as a table ---- */

static const char *
field(const struct change_record *record, const char *name, char *buf, size_t size)
{
	buf[0] = '\0';
	for (size_t i = 0; record->fields[i]; i++)
		if (strcmp(record->fields[i], name) == 0)
			slice_copy(record->values[i], buf, size);
	return buf;
}

/* What a record says of its subject, in a few words. */
static void
record_row(
    struct table *table, const struct journal_frame *frame, const struct change_record *record)
{
	char port[64], sw[300], interface[300], word[32], reason[64], text[640];

	field(record, "switch", sw, sizeof(sw));
	field(record, "interface", interface, sizeof(interface));
	snprintf(text, sizeof(text), "%s%s%s", sw, *interface ? ":" : "", interface);
	table_number(table, (long long)frame->offset);
	table_number(table, (long long)frame->number);
	table_cell(table, record->kind);
	table_cell(table, field(record, "port", port, sizeof(port)));
	if (*field(record, "oper", word, sizeof(word)))
		table_cell(table, word);
	else if (*field(record, "dp_down", word, sizeof(word)))
		table_cell(table, strcmp(word, "true") == 0 ? "down" : "up");
	else
		table_cell(table, field(record, "kind", word, sizeof(word)));
	table_cell(table, field(record, "reason", reason, sizeof(reason)));
	table_cell(table, text);
}

static void
frame_rows(struct table *table, const struct journal_frame *frame)
{
	struct change_record record;
	size_t at = 0;

	while (change_next(&frame->records, &at, &record))
		record_row(table, frame, &record);
}

/* ---- both ---- */

struct showing {
	struct slice file;
	struct table *table;
	json_t *frames, *corrupt; /* frames only for -o json */
	uint64_t n_batches, n_records, n_toggles, first, last;
};

static void
show_frame(struct showing *showing, const struct journal_frame *frame)
{
	if (frame->kind == JOURNAL_BATCH) {
		showing->n_batches++;
		showing->n_records += frame->n_records;
		showing->n_toggles += frame->n_toggles;
		showing->last = frame->number;
		if (showing->n_batches == 1)
			showing->first = frame->number;
	}
	if (showing->frames)
		json_array_append_new(showing->frames, frame_json(frame));
	else if (frame->kind == JOURNAL_BATCH)
		frame_rows(showing->table, frame);
}

static void
show_all(struct showing *showing)
{
	struct journal_frame frame;
	const char *why;
	uint64_t offset = 0;
	enum journal_read read;

	while ((read = journal_next(showing->file, &offset, &frame, &why)) != JOURNAL_END) {
		if (read == JOURNAL_FRAME)
			show_frame(showing, &frame);
		else
			json_array_append_new(showing->corrupt,
			    json_pack("{s:I, s:I, s:s, s:b}", "offset", (json_int_t)frame.offset,
				"bytes", (json_int_t)frame.len, "reason", why, "torn_tail",
				offset == showing->file.len));
	}
}

static void
print_people(const struct cli *cli, const struct showing *showing)
{
	const json_t *bad;
	size_t i;

	if (showing->n_batches > 0)
		table_print(showing->table, cli->width, cli->color);
	if (showing->n_batches == 0)
		printf("Nothing waits in this journal.\n");
	else
		printf("\nBatches %" PRIu64 " to %" PRIu64 ": %" PRIu64 " records, %" PRIu64
		       " of them toggles.\n",
		    showing->first, showing->last, showing->n_records, showing->n_toggles);
	fflush(stdout);
	json_array_foreach(showing->corrupt, i, bad)
	    fprintf(stderr, "dpwatch: %lld bytes at offset %lld are no good frame%s: %s\n",
		(long long)json_number(bad, "bytes"), (long long)json_number(bad, "offset"),
		json_flag(bad, "torn_tail") ? " (a torn tail: a write that did not end)" : "",
		json_text(bad, "reason"));
}

int
cmd_journal_show(struct cli *cli)
{
	static const struct table_column columns[] = {
		{ .title = "OFFSET", .right = true, .drop = 2 },
		{ .title = "BATCH", .right = true },
		{ .title = "RECORD" },
		{ .title = "PORT", .fixed = true },
		{ .title = "WORD" },
		{ .title = "REASON", .drop = 1 },
		{ .title = "INTERFACE" },
	};
	struct showing showing = { 0 };
	char *bytes;

	if (!document_read(cli->args[0], FILE_MAX, &bytes, &showing.file.len))
		return CLI_REFUSED;
	showing.file.data = bytes;
	showing.corrupt = json_array();
	if (cli->json)
		showing.frames = json_array();
	else
		showing.table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	show_all(&showing);
	const bool good = json_array_size(showing.corrupt) == 0;
	if (cli->json) {
		json_t *answer =
		    json_pack("{s:o, s:O}", "frames", showing.frames, "corrupt", showing.corrupt);
		cli_print_json(cli, answer);
		json_decref(answer);
	} else {
		print_people(cli, &showing);
		table_free(showing.table);
	}
	json_decref(showing.corrupt);
	free(bytes);
	return good ? CLI_DONE : CLI_REFUSED;
}
