/*
 * rules_lines: `rules test --lines`: what the rules make of lines that somebody brings.
 */
#ifndef DPWATCH_RULES_LINES_H
#define DPWATCH_RULES_LINES_H

#include "cli.h"
#include "core/rules.h"

/*
 * Reads the lines of --lines, and prints what each of them yields or why it yields nothing, and a summary. CLI_REFUSED,
 * after a message, where the lines, or the map of --topology or --switch, cannot be read.
 */
int rules_lines_test(struct cli *cli, const struct rules *rules);

#endif
