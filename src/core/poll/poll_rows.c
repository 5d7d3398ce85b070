#include "core/poll_rows.h"

#include <stdlib.h>
#include <string.h>

void
poll_rows_clear(struct poll_rows *rows)
{
	for (size_t i = 0; i < rows->n; i++) {
		free(rows->rows[i].name);
		free(rows->rows[i].descr);
	}
	rows->n = 0;
}

void
poll_rows_release(struct poll_rows *rows)
{
	poll_rows_clear(rows);
	free(rows->rows);
	*rows = (struct poll_rows){ 0 };
}

/* Where the row of that index is, or belongs. */
static size_t
place(const struct poll_rows *rows, uint32_t if_index)
{
	size_t low = 0, high = rows->n;

	while (low < high) {
		size_t middle = (low + high) / 2;
		if (rows->rows[middle].if_index < if_index)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct poll_row *
poll_rows_find(const struct poll_rows *rows, uint32_t if_index)
{
	const size_t i = place(rows, if_index);

	return i < rows->n && rows->rows[i].if_index == if_index ? &rows->rows[i] : NULL;
}

static bool
make_room(struct poll_rows *rows)
{
	if (rows->n < rows->room)
		return true;
	size_t room = rows->room * 2 + 16;
	struct poll_row *more = realloc(rows->rows, room * sizeof(*more));
	if (!more)
		return false;
	rows->rows = more;
	rows->room = room;
	return true;
}

struct poll_row *
poll_rows_get(struct poll_rows *rows, uint32_t if_index)
{
	const size_t i = place(rows, if_index);

	if (i < rows->n && rows->rows[i].if_index == if_index)
		return &rows->rows[i];
	if (rows->n == POLL_ROWS_MAX || !make_room(rows))
		return NULL;
	memmove(&rows->rows[i + 1], &rows->rows[i], (rows->n++ - i) * sizeof(*rows->rows));
	rows->rows[i] = (struct poll_row){ .if_index = if_index };
	return &rows->rows[i];
}

/* ---- what a column says ---- */

#define CS_NS INT64_C(10000000) /* TimeTicks are hundredths of a second */

static void
set_text(char **text, const struct trap_varbind *varbind)
{
	const struct slice bytes = varbind->bytes;

	if (varbind->type != VALUE_BYTES || bytes.len == 0 || bytes.len > IFNAME_MAX ||
	    memchr(bytes.data, '\0', bytes.len))
		return;
	free(*text);
	*text = strndup(bytes.data, bytes.len);
}

static bool
is_status(const struct trap_varbind *varbind)
{
	return varbind->type == VALUE_INTEGER && varbind->integer >= 1 && varbind->integer <= 7;
}

static void
set_age(struct poll_row *row, const struct trap_varbind *varbind, const struct poll_answer *answer)
{
	if (varbind->type != VALUE_TIMETICKS || row->oper == 0 || !answer->has_uptime ||
	    varbind->integer <= 0 || varbind->integer > answer->uptime_cs)
		return;
	const int64_t changed_ns =
	    answer->asked_ns - (answer->uptime_cs - varbind->integer) * CS_NS;
	if (changed_ns <= row->asked_ns)
		row->age_ns = row->asked_ns - changed_ns;
}

void
poll_row_take(struct poll_row *row, enum poll_column column, const struct trap_varbind *varbind,
    const struct poll_answer *answer)
{
	if (column == POLL_COLUMN_NAME)
		set_text(&row->name, varbind);
	else if (column == POLL_COLUMN_DESCR)
		set_text(&row->descr, varbind);
	else if (column == POLL_COLUMN_CHANGE)
		set_age(row, varbind, answer);
	else if (column == POLL_COLUMN_ADMIN && is_status(varbind))
		row->admin = (uint8_t)varbind->integer;
	else if (column == POLL_COLUMN_OPER && is_status(varbind)) {
		row->oper = (uint8_t)varbind->integer;
		row->asked_ns = answer->asked_ns;
		row->age_ns = 0;
	}
}

/* ---- what a row says ---- */

enum { OPER_UP = 1, OPER_UNKNOWN = 4, ADMIN_UP = 1, ADMIN_DOWN = 2 };

bool
poll_row_event(const struct poll_row *row, struct link_event *ret_event)
{
	if (row->oper == 0 || row->oper == OPER_UNKNOWN)
		return false;
	*ret_event = (struct link_event){
		.kind = LINK_EVENT_WORD,
		.word = row->oper == OPER_UP       ? WORD_UP
			: row->admin == ADMIN_DOWN ? WORD_ADMIN_DOWN
						   : WORD_DOWN,
		.layer = LAYER_WHOLE,
		.source = SOURCE_POLL,
		.admin_up = row->admin == ADMIN_UP,
		.name = slice_of(row->name),
		.descr = slice_of(row->descr),
		.if_index = row->if_index,
		.asked_ns = row->asked_ns,
		.age_ns = row->age_ns,
		.rule = "poll",
	};
	return true;
}
