/*
 * explain: why one port is as it is, and what would take it down (core).
 *
 * Each attachment is followed hop by hop to a root, over links that work; where no way is left, the *cuts* are named: the
 * links at the edge of what the switch still reaches, behind which there is a way to a root. Restoring one of them (and what
 * lies behind it) is what would bring the path back. The values are indexes of the engine's snapshot, and good as long as
 * that; explain_json() is the same for people and tools.
 */
#ifndef DPWATCH_CORE_EXPLAIN_H
#define DPWATCH_CORE_EXPLAIN_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/engine.h"
#include "core/topo.h"
#include "core/trial.h"

/* At most so many cuts per path, and so many single failures, are listed; all are counted. */
#define EXPLAIN_CUTS_MAX 64
#define EXPLAIN_SINGLES_MAX 256

/* What an attachment is worth (design.md, "path"). */
enum path_state { PATH_UP, PATH_STRANDED, PATH_DOWN, PATH_STATE_MAX };
extern const char *const path_state_names[PATH_STATE_MAX]; /* up, stranded, down */

/* How its switch stands to the roots. */
enum path_root {
	PATH_TO_ROOT,  /* over `hops` (none: it is a root itself) */
	PATH_CUT_OFF,  /* over none; `cuts` says where */
	PATH_NO_ROOTS, /* no root is configured: every switch counts as reaching one */
	PATH_NOT_JOINED, /* the map joins it to no root even with everything up: counts as reaching one */
	PATH_ROOT_MAX
};
extern const char *const path_root_names[PATH_ROOT_MAX]; /* root, cut-off, no-roots, not-joined */

/* One link, from the port's side: `from` is the nearer end. */
struct explain_link {
	uint32_t link, from, to; /* a link, and its ends as interfaces */
};

struct explain_path {
	uint32_t interface; /* the attachment */
	enum path_state state;
	enum path_root root;
	uint32_t root_switch;   /* with PATH_TO_ROOT: where the hops end; else TOPO_NONE */
	struct topo_range hops; /* of explain.links, in order; a shortest way */
	struct topo_range cuts; /* of explain.links, the nearest first */
	uint32_t n_cuts;        /* all of them; cuts.n are listed */
};

struct explain {
	uint32_t port;
	struct explain_path *paths; /* one per attachment, in the document's order */
	uint32_t n_paths;
	struct explain_link *links; /* of all paths */
	uint32_t n_links;
	/* Of a port that is not down: what alone would take it down, switches first, each in the order of the topology. */
	struct failure *singles;
	uint32_t n_singles, n_singles_all; /* listed, and all */
};

/*
 * Looks at one port of the engine's snapshot. 0 or -ENOMEM, *ret_explain is untouched then; it is the caller's to release.
 * Costs, for a healthy port, time and memory in proportion to the map's interfaces and links (a trial); else to its switches.
 */
int explain_port(const struct engine *engine, uint32_t port, struct explain *ret_explain)
    __attribute__((warn_unused_result));
void explain_release(struct explain *explain);

/*
 * A new reference, or NULL when out of memory. Times are RFC 3339 or null. Members:
 *   id name project_id host physnet dp_down since cause reason switch interface fault heard_at
 *   paths_up paths_stranded paths_total stranded ("degraded" or "down": what a stranded path means here)
 *   report      null, or {down by note at until}: what somebody outside says of it
 *   paths       [{state root root_switch interface hops cuts cuts_total}]; a hop or cut is {from to peer}
 *   single_failures [{switch interface}] (interface null: the whole switch), single_failures_total
 * An interface is {switch name oper carries certain heard since heard_at source reason override dampening waiting}. An aggregate has also
 * {members members_up members_total min_links}, `members` being those that are down or uncertain, each with `lifted`: it
 * counts as up although its last word was down, because the aggregate said up after it. A member whose aggregate is down by
 * its own word has that as `aggregate`.
 */
json_t *explain_json(const struct engine *engine, const struct explain *explain);

#endif
