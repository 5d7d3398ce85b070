#include "core/import_report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"

#define TEXT_ROOM 400

const char *const import_way_names[IMPORT_WAY_MAX] = {
	[IMPORT_BY_HOST] = "host",
	[IMPORT_BY_PHYSNET] = "physnet",
	[IMPORT_BY_LINK] = "link",
	[IMPORT_BY_PCI] = "pci",
	[IMPORT_BY_TRUNK] = "trunk",
	[IMPORT_BY_INDEX] = "if-index",
};

static char *
quoted_copy(struct slice text)
{
	char buf[TEXT_ROOM];

	return strdup(text_quote(text, buf, sizeof(buf)));
}

static void
reject_release(struct import_reject *reject)
{
	free(reject->where);
	free(reject->id);
	free(reject->name);
	free(reject->reason);
}

void
import_report_release(struct import_report *report)
{
	for (size_t i = 0; i < report->n_rejects; i++)
		reject_release(&report->rejects[i]);
	for (size_t i = 0; i < report->n_notes; i++)
		free(report->notes[i]);
	free(report->rejects);
	free(report->notes);
	*report = (struct import_report){ 0 };
}

int
import_report_reject(struct import_report *report, const char *where, struct slice id,
    struct slice name, const char *reason)
{
	if (report->n_rejects == report->room) {
		size_t room = report->room * 2 + 64;
		struct import_reject *rejects = realloc(report->rejects, room * sizeof(*rejects));
		if (!rejects)
			return -ENOMEM;
		report->rejects = rejects;
		report->room = room;
	}
	struct import_reject reject = { quoted_copy(slice_of(where)), quoted_copy(id),
		quoted_copy(name), quoted_copy(slice_of(reason)) };
	if (!reject.where || !reject.id || !reject.name || !reject.reason) {
		reject_release(&reject);
		return -ENOMEM;
	}
	report->rejects[report->n_rejects++] = reject;
	return 0;
}

int
import_report_note(struct import_report *report, const char *format, ...)
{
	char text[TEXT_ROOM];
	va_list args;

	if (report->n_notes == report->room_notes) {
		size_t room = report->room_notes * 2 + 16;
		char **notes = realloc(report->notes, room * sizeof(*notes));
		if (!notes)
			return -ENOMEM;
		report->notes = notes;
		report->room_notes = room;
	}
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	char *note = quoted_copy(slice_of(text));
	if (!note)
		return -ENOMEM;
	report->notes[report->n_notes++] = note;
	return 0;
}

uint32_t
import_report_n_mapped(const struct import_report *report)
{
	uint32_t n = 0;

	for (int way = 0; way < IMPORT_WAY_MAX; way++)
		n += report->n_mapped[way];
	return n;
}

json_t *
import_report_json(const struct import_report *report)
{
	json_t *mapped = json_object(), *rejects = json_array(), *notes = json_array();

	for (int way = 0; way < IMPORT_WAY_MAX; way++)
		if (report->n_mapped[way] > 0)
			json_object_set_new(
			    mapped, import_way_names[way], json_integer(report->n_mapped[way]));
	for (size_t i = 0; i < report->n_rejects; i++) {
		const struct import_reject *reject = &report->rejects[i];
		json_array_append_new(
		    rejects, json_pack("{s:s, s:s, s:s, s:s}", "where", reject->where, "id",
				 reject->id, "name", reject->name, "reason", reject->reason));
	}
	for (size_t i = 0; i < report->n_notes; i++)
		json_array_append_new(notes, json_string(report->notes[i]));
	return json_pack("{s:o, s:o, s:o}", "mapped", mapped, "rejects", rejects, "notes", notes);
}
