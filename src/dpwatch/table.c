#include "table.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "cli.h"

#define GAP 2
#define NARROWEST 6

struct cell {
	char *text;
	size_t width; /* in columns of a terminal */
	enum table_tint tint;
};

struct table {
	const struct table_column *columns;
	size_t n_columns;
	struct cell *cells;
	size_t n, room;
};

static void *
or_die(void *memory)
{
	if (memory)
		return memory;
	fprintf(stderr, "dpwatch: out of memory\n");
	exit(1);
}

struct table *
table_new(const struct table_column *columns, size_t n_columns)
{
	struct table *table = or_die(calloc(1, sizeof(*table)));

	table->columns = columns;
	table->n_columns = n_columns;
	return table;
}

void
table_free(struct table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->n; i++)
		free(table->cells[i].text);
	free(table->cells);
	free(table);
}

/* The width of a character at the start of text, and its length in bytes. The text is clean. */
static size_t
char_width(const char *text, size_t *ret_len)
{
	wchar_t c;
	mbstate_t state = { 0 };
	size_t len = mbrtowc(&c, text, strlen(text), &state);

	if (len == 0 || len > strlen(text)) {
		*ret_len = 1;
		return 1;
	}
	*ret_len = len;
	int width = wcwidth(c);
	return width > 0 ? (size_t)width : 0;
}

static size_t
text_width(const char *text)
{
	size_t width = 0, len;

	for (; *text; text += len)
		width += char_width(text, &len);
	return width;
}

void
table_tinted(struct table *table, enum table_tint tint, const char *text)
{
	if (table->n == table->room) {
		table->room = table->room * 2 + 64;
		table->cells = or_die(realloc(table->cells, table->room * sizeof(*table->cells)));
	}
	struct cell *cell = &table->cells[table->n++];
	cell->text = or_die(text_clean(text));
	cell->width = text_width(cell->text);
	cell->tint = tint;
}

void
table_cell(struct table *table, const char *text)
{
	table_tinted(table, TINT_NONE, text);
}

void
table_number(struct table *table, long long number)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", number);
	table_cell(table, text);
}

/* ---- widths ---- */

/* A column that is left out. */
#define GONE SIZE_MAX

static size_t
total_width(const size_t *widths, size_t n)
{
	size_t total = 0;

	for (size_t i = 0; i < n; i++)
		if (widths[i] != GONE)
			total += widths[i] + (total > 0 ? GAP : 0);
	return total;
}

/* Leaves the column out that may go first. False when none may. */
static bool
drop_one(const struct table *table, size_t *widths)
{
	size_t best = table->n_columns;

	for (size_t i = 0; i < table->n_columns; i++) {
		if (widths[i] == GONE || table->columns[i].drop == 0)
			continue;
		if (best == table->n_columns || table->columns[i].drop > table->columns[best].drop)
			best = i;
	}
	if (best == table->n_columns)
		return false;
	widths[best] = GONE;
	return true;
}

/* Cuts the widest column that may be cut by one. False when none may. */
static bool
shrink_one(const struct table *table, size_t *widths)
{
	size_t best = table->n_columns;

	for (size_t i = 0; i < table->n_columns; i++) {
		if (widths[i] == GONE || table->columns[i].fixed || table->columns[i].right ||
		    widths[i] <= NARROWEST)
			continue;
		if (best == table->n_columns || widths[i] > widths[best])
			best = i;
	}
	if (best == table->n_columns)
		return false;
	widths[best]--;
	return true;
}

static void
fit(const struct table *table, size_t width, size_t *widths)
{
	for (size_t i = 0; i < table->n_columns; i++)
		widths[i] = text_width(table->columns[i].title);
	for (size_t i = 0; i < table->n; i++)
		if (table->cells[i].width > widths[i % table->n_columns])
			widths[i % table->n_columns] = table->cells[i].width;
	while (width > 0 && total_width(widths, table->n_columns) > width &&
	       (drop_one(table, widths) || shrink_one(table, widths)))
		;
}

/* ---- printing ---- */

static const char *const tints[] = {
	[TINT_NONE] = "",
	[TINT_GOOD] = "\033[32m",
	[TINT_WARNING] = "\033[33m",
	[TINT_BAD] = "\033[1;31m",
	[TINT_FAINT] = "\033[2m",
};

static void
blanks(size_t n)
{
	while (n-- > 0)
		putchar(' ');
}

/* As much as fits, and a sign where something is missing. Returns the columns used. */
static size_t
put_text(const char *text, size_t text_columns, size_t room)
{
	bool whole = text_columns <= room;
	size_t used = 0, len;

	for (; *text; text += len) {
		size_t columns = char_width(text, &len);
		if (!whole && used + columns > room - 1)
			break;
		fwrite(text, 1, len, stdout);
		used += columns;
	}
	if (whole)
		return used;
	fputs(MB_CUR_MAX > 1 ? "\xe2\x80\xa6" : "~", stdout);
	return used + 1;
}

/* Returns whether anything was printed, so that the next one stands apart from it. */
static bool
put_cell(const struct table *table, size_t column, const struct cell *cell, size_t room, bool apart,
    bool color)
{
	bool right = table->columns[column].right, last = column + 1 == table->n_columns;
	const char *tint = color ? tints[cell->tint] : "";

	if (room == GONE)
		return apart;
	blanks(apart ? GAP : 0);
	if (right && cell->width < room)
		blanks(room - cell->width);
	fputs(tint, stdout);
	size_t used = put_text(cell->text, cell->width, room);
	if (*tint)
		fputs("\033[0m", stdout);
	if (!right && !last && used < room)
		blanks(room - used);
	return true;
}

static void
put_row(const struct table *table, const struct cell *row, const size_t *widths, bool color)
{
	bool apart = false;

	for (size_t i = 0; i < table->n_columns; i++)
		apart = put_cell(table, i, &row[i], widths[i], apart, color);
	putchar('\n');
}

void
table_print(const struct table *table, size_t width, bool color)
{
	size_t *widths = or_die(calloc(table->n_columns, sizeof(*widths)));
	struct cell *titles = or_die(calloc(table->n_columns, sizeof(*titles)));

	fit(table, width, widths);
	for (size_t i = 0; i < table->n_columns; i++)
		titles[i] = (struct cell){ (char *)table->columns[i].title,
			text_width(table->columns[i].title), TINT_FAINT };
	put_row(table, titles, widths, color);
	for (size_t i = 0; i + table->n_columns <= table->n; i += table->n_columns)
		put_row(table, &table->cells[i], widths, color);
	free(titles);
	free(widths);
}
