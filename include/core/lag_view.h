/*
 * lag_view: where a switch says otherwise than the map who is a member of which aggregate (core). Polls tell it, people read it.
 *
 * It decides nothing (design.md, rule 8): a member that left its aggregate has its own trap. A member whose link is down is in no
 * aggregate on many switches, so only one that is up, or that is in another aggregate, is spoken of.
 */
#ifndef DPWATCH_CORE_LAG_VIEW_H
#define DPWATCH_CORE_LAG_VIEW_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/poll_job.h"
#include "core/topo.h"

/* Of one switch so many are kept; the others are counted. */
#define LAG_VIEW_MAX 64

struct lag_view;

struct lag_view *lag_view_new(void); /* NULL: out of memory */
void lag_view_free(struct lag_view *view);

/* Another map is in force: nothing is known beside it. */
void lag_view_clear(struct lag_view *view);

/*
 * A whole walk of a switch of the map: what was known of it is replaced. How many differences there are; *ret_before: there
 * were.
 */
size_t lag_view_note(struct lag_view *view, const struct topo *topo, uint32_t sw,
    const struct poll_job *job, size_t *ret_before);

/* Whether the last walk of the switch with that name told of a difference. */
bool lag_view_differs(const struct lag_view *view, const char *name);

/*
 * Of the switch with that name: [{"interface", "map": the aggregate or null, "switch": the aggregate or null}], a new
 * reference; empty where nothing differs or nothing was told.
 */
json_t *lag_view_json(const struct lag_view *view, const char *name);

#endif
