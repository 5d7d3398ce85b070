/*
 * table: rows for people on standard output: columns aligned, fitted to the terminal's width.
 *
 * Where the width does not suffice, the columns that may go are left out one by one, and then the widest that may shrink
 * are cut, with a sign of it. Cells are cleaned
 * (text_clean), so that no name can do anything to a terminal.
 */
#ifndef DPWATCH_TABLE_H
#define DPWATCH_TABLE_H

#include <stdbool.h>
#include <stddef.h>

struct table_column {
	const char *title;
	bool right; /* a number */
	bool fixed; /* never cut: an id that people copy */
	int drop;   /* left out where the width does not suffice, the highest first; 0: never */
};

enum table_tint { TINT_NONE, TINT_GOOD, TINT_WARNING, TINT_BAD, TINT_FAINT };

struct table;

/* The columns are borrowed. Ends the program when memory is out, as everything here. */
struct table *table_new(const struct table_column *columns, size_t n_columns);
void table_free(struct table *table);

/* The next cell of the row; the first one of a row begins it. The text is copied. */
void table_cell(struct table *table, const char *text);
void table_tinted(struct table *table, enum table_tint tint, const char *text);
void table_number(struct table *table, long long number);

/* `width` 0: no limit. Without rows only the titles are printed. */
void table_print(const struct table *table, size_t width, bool color);

#endif
