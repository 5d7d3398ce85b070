/*
 * survey: what many switches told of themselves (core/discover_job.h), put together: who is cabled to whom (core).
 *
 * A neighbour is a known switch if it has the chassis id, the system name or a management address of one; else it is a host by
 * its system name; one that bridges or routes is noted as well, since it may be a switch that the map lacks. Interfaces are called as the map calls them, else by ifName, else by ifDescr; ifAlias is an operator's text
 * and names nothing, but a neighbour may tell it as its port's id (LldpPortIdSubtype interfaceAlias).
 */
#ifndef DPWATCH_CORE_SURVEY_H
#define DPWATCH_CORE_SURVEY_H

#include <jansson.h>

#include "core/topo.h"

struct survey;

/*
 * `results` is an array of {"switch", "outcome", "facts": see discover_job_facts(), or null}; `document` the topology document
 * in force, and `topo` its snapshot. All is borrowed for as long as the survey lives. NULL: out of memory.
 */
struct survey *survey_new(const json_t *results, const json_t *document, const struct topo *topo);
void survey_free(struct survey *survey);

/*
 * The topology document that the switches make: themselves, with what only a person can know (addresses, root, min_links ...)
 * taken from the map in force; their physical interfaces and aggregates; links between known switches, each once; hosts. An
 * aggregate stands for its members where all of them lead to the same. Communities that are no `file:` are left out. A new
 * reference, or NULL when out of memory.
 */
json_t *survey_document(struct survey *survey);

/* How the map in force differs: see survey_diff.c. [{"kind", "what", "switch", "interface", "map", "seen"}], a new reference. */
json_t *survey_findings(struct survey *survey);

/* What could not be put together so far, and why: [{"switch", "text"}], borrowed. */
const json_t *survey_notes(const struct survey *survey);

#endif
