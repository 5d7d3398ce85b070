/*
 * unmapped_lines: the section of `dpwatch unmapped` about lines that no rule knows.
 */
#ifndef DPWATCH_UNMAPPED_LINES_H
#define DPWATCH_UNMAPPED_LINES_H

#include "cli.h"

/* `lines` is what /v1/unmapped has of them; without any, nothing is printed. */
void print_unmapped_lines(const struct cli *cli, const json_t *lines);

#endif
