/*
 * discover: what switches tell when the daemon asks them, for `topology discover` and `topology check --live`.
 */
#ifndef DPWATCH_DISCOVER_H
#define DPWATCH_DISCOVER_H

#include "cli.h"

struct topo;

/* The map in force, both ways; the caller's. False after a message. */
bool discover_map(struct cli *cli, json_t **ret_document, struct topo **ret_topo);

/*
 * What these switches (NULL: all) tell, as core/survey.h takes it; waits for it, and tells on a terminal how far it is. The
 * caller's; NULL after a message.
 */
json_t *discover_results(struct cli *cli, const json_t *names);

/* On standard error: which switches told nothing, or not all. False where there was any. */
bool discover_tell_failures(const json_t *results);
void discover_tell_notes(const json_t *notes);

/*
 * Asks all switches of the map in force, and holds this map against what they tell. *ret_findings is the caller's, and NULL
 * where nobody could be asked, or no switch answered. CLI_DONE where all told, and the map is as they say.
 */
int discover_check(struct cli *cli, const struct topo *topo, json_t **ret_findings);
void discover_print_check(const struct cli *cli, const json_t *findings);

#endif
