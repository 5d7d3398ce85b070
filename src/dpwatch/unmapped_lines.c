#include "unmapped_lines.h"

#include <stdio.h>

#include "table.h"
#include "util/timeutil.h"

static void
line_row(struct table *table, const json_t *line)
{
	char ago[TIMEUTIL_RELATIVE];

	table_cell(table, json_text(line, "switch"));
	table_number(table, json_number(line, "count"));
	table_cell(table, json_ago(line, "last_seen", ago));
	table_cell(table, json_text(line, "line"));
}

void
print_unmapped_lines(const struct cli *cli, const json_t *lines)
{
	static const struct table_column columns[] = {
		{ .title = "SWITCH" },
		{ .title = "COUNT", .right = true },
		{ .title = "LAST", .fixed = true },
		{ .title = "LINE", .fixed = true },
	};
	struct table *table;
	const json_t *line;
	size_t i;

	if (json_array_size(lines) == 0)
		return;
	printf(
	    "\nLines of switches of the map that no rule knows, but that hold link or down (a rule for them:\n"
	    "dpwatch-rules(5); to try it: dpwatch rules test):\n");
	table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	json_array_foreach(lines, i, line) line_row(table, line);
	table_print(table, 0, cli->color);
	table_free(table);
}
