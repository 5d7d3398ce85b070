/*
 * discover: what switches tell when the daemon asks them, for `topology discover` and `topology check --live`.
 */
#ifndef DPWATCH_DISCOVER_H
#define DPWATCH_DISCOVER_H

#include "cli.h"

struct topo;

/*
 * Asks all switches of the map in force, and holds this map against what they tell. *ret_findings is the caller's, and NULL
 * where nobody could be asked, or no switch answered. CLI_DONE where all told, and the map is as they say.
 */
int discover_check(struct cli *cli, const struct topo *topo, json_t **ret_findings);
void discover_print_check(const struct cli *cli, const json_t *findings);

#endif
