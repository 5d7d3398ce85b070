/*
 * engine_state: what the engine's own files share (core, private to src/core/engine).
 *
 *   engine.c         life, and words in: which may count
 *   engine_boot.c    switches that begin anew, and traps from before
 *   engine_doubt.c   what decides nothing: uncertain interfaces, and better reasons
 *   engine_word.c    a word about one interface: whether it counts, when, and what comes of it
 *   engine_echo.c    transitions that a source has still to tell, as they are stored
 *   engine_marks.c   what else a restart must know to tell what is old news
 *   engine_ask.c     which interfaces should be asked about
 *   engine_damp.c    the penalty of an interface that flaps
 *   engine_apply.c   what counts is applied, at once or after its delay; and what comes of it
 *   engine_override.c  a person's word about an interface
 *   engine_watch.c   what only few interfaces need at a time: echoes, words that wait; and their deadlines
 *   engine_interface.c  interfaces by number, and by what an event says
 *   engine_queue.c   changes out
 *   engine_groups.c  what hangs on an interface: ports that share their paths
 *   engine_verdict.c ports: who is down
 *   engine_blame.c   why, where no single event says so; and the texts of faults
 *   engine_incident.c  failures of uplinks that belong together
 *   engine_index.c   which interface an index means, as switches told when they were polled
 *   engine_report.c  what somebody outside says of a port
 *   engine_topo.c    a new snapshot, in slices: engine_carry.c, engine_swap.c (core/engine_take.h)
 *   engine_restore.c what Redis still knew, and the start
 *   engine_gone.c    ports that left the map, and may come back
 *   engine_view.c    reading it, for the API
 *
 * What they all work on is in core/engine_rows.h.
 */
#ifndef DPWATCH_CORE_ENGINE_STATE_H
#define DPWATCH_CORE_ENGINE_STATE_H

#include "core/engine_rows.h"

/* ---- engine_topo.c ---- */
void engine_note_port(struct engine *engine, uint32_t port);
/* Everything changes at once: what is being taken begins anew. */
void engine_take_again(struct engine *engine);
/*
 * Every port has its verdict by the map in force; to be called before anything else changes a verdict, or what one is
 * reached by. At once where none waits.
 */
void engine_settle_pending(struct engine *engine);
void engine_takes_free(struct engine *engine);
/* What a snapshot that is being taken holds already. */
size_t engine_take_bytes(const struct engine *engine);

/*
 * A port as it may be changed: whoever writes to a port_state gets it here, so that a snapshot that is being taken hears of
 * it.
 */
static inline struct port_state *
engine_port_for_change(struct engine *engine, uint32_t port)
{
	if (engine->take)
		engine_note_port(engine, port);
	return &engine->ports[port];
}

/* ---- engine_boot.c ---- */
/*
 * Whether the trap, which has a sysUpTime, is from before another one of its switch. A sysUpTime that began anew is a restart
 * that nobody told.
 */
bool engine_is_older(
    struct engine *engine, uint32_t sw, const struct link_event *event, struct engine_time time);
/* Takes a LINK_EVENT_RESTART: it says itself that sysUpTime began anew, so it is never an old trap. */
enum engine_verdict engine_restart(
    struct engine *engine, uint32_t sw, const struct link_event *event, struct engine_time time);

/* ---- engine_apply.c ---- */
/*
 * Members that only their aggregate's own up lets count become uncertain: it says other than they did last.
 */
void engine_doubt_lifted(struct engine *engine, uint32_t aggregate, int64_t wall_us);
struct decision engine_decision_of(const struct engine *engine, uint32_t interface,
    const struct link_event *event, struct engine_time time);
/* An interface before something is done to its state, ... */
struct before {
	struct interface_state state;
	uint32_t lifted;
};
struct before engine_before(struct engine *engine, uint32_t interface);
/*
 * ... and what comes of it then, which `verdict` says (CHANGED, LEARNT or nothing) and `note`; `event` names its source.
 * Returns the verdict, or LEARNT where only what hangs on it moved.
 */
enum engine_verdict engine_settle(struct engine *engine, uint32_t interface,
    const struct before *before, enum engine_verdict verdict, enum damp_note note,
    const struct link_event *event, struct engine_time time);
/* A word counts; `order` as in struct interface_state, 0: it is newer than all before. */
enum engine_verdict engine_apply(struct engine *engine, uint32_t interface,
    const struct link_event *event, int64_t order, struct engine_time time);
/* Another configuration is in force: what the old one held. */
void engine_apply_adapt(struct engine *engine, uint32_t interface, struct engine_time time);
/* Delays and penalties that are over, and links whose ends are to be compared. */
void engine_apply_tick(struct engine *engine, uint32_t interface, struct engine_time time);

/* ---- engine_override.c ---- */
void override_free(struct override *override);
/* What Redis knew; what it says is in the state. The caller settles the watch. */
void engine_override_restore(struct engine *engine, uint32_t interface,
    const struct engine_override *given, struct engine_time time);
/* One that is over ends. */
void engine_override_tick(struct engine *engine, uint32_t interface, struct engine_time time);

/* ---- engine_word.c ---- */
/* Takes a LINK_EVENT_WORD about one interface of the switch `sw`. */
enum engine_verdict engine_word(struct engine *engine, uint32_t sw, uint32_t interface,
    const struct link_event *event, struct engine_time time);
/*
 * The words that wait, for interface:<switch>: WORD/LAYER/SOURCE/REASON/bare, separated by commas; "" where there is none.
 * What was read back waits anew.
 */
void engine_waits_text(const struct engine *engine, uint32_t interface, char buf[WAITS_TEXT_MAX]);
void engine_waits_restore(
    struct engine *engine, uint32_t interface, struct slice text, struct engine_time time);
/* A source told a transition: echoes are kept for switches that have told some over both. */
void engine_note_teller(struct switch_state *sw, enum link_source source);
/* Words that waited count, and echoes run out. */
void engine_word_tick(struct engine *engine, uint32_t interface, struct engine_time time);

/* ---- engine_echo.c ---- */
/*
 * The transitions that not every teller has told yet, for interface:<switch>: DIRECTION/SOURCE/TIME/TELLERS, oldest first,
 * separated by commas; "" where there is none. TELLERS are those that told it, or went past it, a letter each.
 */
void engine_echoes_text(const struct engine *engine, uint32_t interface, char buf[ECHOES_TEXT_MAX]);
/* Reads them back: as old as the wall clock says. What is wrong or over echo_window is left out. The caller settles the watch. */
void engine_echoes_restore(
    struct engine *engine, uint32_t interface, struct slice text, struct engine_time time);

/* ---- engine_marks.c ---- */
/* Where the wall clock is beside the engine's; a step of it is remembered for a while. */
void engine_note_clock(struct engine *engine, struct engine_time time);
/* The marks of the interface as in `state`; text is the engine's until the next change is popped. */
struct dp_marks engine_marks(
    struct engine *engine, uint32_t interface, const struct interface_state *state);
/* Reads them back. To be called before words that wait are, and while the interface's state is being restored. */
void engine_marks_restore(struct engine *engine, uint32_t sw, uint32_t interface,
    const struct dp_marks *marks, struct engine_time time);

/* ---- engine_ask.c ---- */
/* The interface is uncertain: somebody should ask about it. */
void engine_ask(struct engine *engine, uint32_t interface);
/* After the start: about everything that is uncertain. */
void engine_asks_start(struct engine *engine);
/* The interfaces have other numbers now; called by engine_watches_moved(). */
void engine_asks_moved(struct engine *engine);
void engine_asks_release(struct engine *engine);
/* Makes both ends of a link uncertain where they say different things. */
void engine_compare_ends(struct engine *engine, uint32_t interface, int64_t wall_us);

/* ---- engine_damp.c ---- */
/* The interface has fallen, as observed. What that means is already in its state. */
enum damp_note engine_damp_fall(struct engine *engine, uint32_t interface, struct engine_time time);
/* The penalty is what it has decayed to, so that another half-life may count from now on. */
void engine_damp_settle(struct engine *engine, uint32_t interface, struct engine_time time);
/* Another configuration is in force. The caller settles the watch. */
enum damp_note engine_damp_adapt(
    struct engine *engine, uint32_t interface, struct engine_time time);
/* penalty_end_ns has come. The caller settles the watch. */
enum damp_note engine_damp_end(struct engine *engine, uint32_t interface, struct engine_time time);
/* What Redis knew: the penalty as it was at the wall time `at_us`. The caller settles the watch. */
void engine_damp_restore(struct engine *engine, uint32_t interface, double penalty, int64_t at_us,
    bool suppressed, struct engine_time time);

/* ---- engine_watch.c ---- */
/* NULL where it has none. Valid until the next one is made. */
struct watch *engine_watch(const struct engine *engine, uint32_t interface);
/* Makes one where there is none. NULL: out of memory. */
struct watch *engine_watch_need(struct engine *engine, uint32_t interface);
/* What is in it changed: its deadline anew; a watch with nothing in it goes. */
void engine_watch_settle(struct engine *engine, uint32_t interface);
/* Lets go of it, whatever is in it. */
void engine_watch_forget(struct engine *engine, uint32_t interface);
/* The first deadline of all; INT64_MAX: none. */
int64_t engine_watch_deadline(const struct engine *engine);
/* The interface whose deadline has come, the earliest first; TOPO_NONE: none. */
uint32_t engine_watch_due(const struct engine *engine, int64_t now_ns);
/*
 * THE HOOK for whoever puts another snapshot in place: interface states were copied whole (state->watch with them) to their
 * new numbers; new_interface[old number, extras too] is the new number, or TOPO_NONE where it is no more. Of two that are
 * one now, the one whose state was kept keeps its watch. To be called once, when engine->interfaces is the new array.
 */
void engine_watches_moved(struct engine *engine, const uint32_t *new_interface);
size_t engine_watches_bytes(const struct engine *engine);
void engine_watches_release(struct engine *engine);

/* ---- engine_doubt.c ---- */
/* Its last word may be out of date; nothing where nobody spoke of it. */
void engine_make_uncertain(struct engine *engine, uint32_t interface, int64_t wall_us);
/* Every interface of the switch is uncertain. */
void engine_doubt_all(struct engine *engine, uint32_t sw, int64_t wall_us);
/* Takes a LINK_EVENT_DOUBT or LINK_EVENT_HINT. */
enum engine_verdict engine_doubt(
    struct engine *engine, uint32_t sw, const struct link_event *event, struct engine_time time);
/*
 * The interface has just changed. Where it fell for no better reason than link-down, not more than source_settle after a
 * doubt or hint about it, its slot or the whole switch that told one, it gets that reason.
 */
void engine_doubt_explains(struct engine *engine, uint32_t interface, int64_t now_ns);

/* ---- engine_queue.c ---- */
/* A new change at the end of the queue, to be filled in. */
struct queued *engine_queue(struct engine *engine, enum dp_change_kind kind);
void engine_queue_interface(
    struct engine *engine, uint32_t interface, bool transition, int64_t received_us);
/* Its hash, where it has one: somebody spoke of it, or overrode it. */
void engine_tell_interface(struct engine *engine, uint32_t interface);
/* The same as engine_queue_interface, with what dampening begins or ends by it. */
void engine_queue_damping(struct engine *engine, uint32_t interface, bool transition,
    enum damp_note note, int64_t received_us);
/* The greater of what is known and this; a state keeps 32 bits of it. */
void engine_note_revision(struct port_state *state, uint64_t revision);
/* The change popped last is done with. */
void engine_drop_popped(struct engine *engine);
void engine_forget_orphans(struct engine *engine);

/* ---- engine_interface.c ---- */
extern const struct htab_type engine_extra_type;
uint32_t engine_extra_find(const struct engine *engine, uint32_t sw, struct slice key);
/* The number of a new extra interface, or TOPO_NONE where the bound bites or memory is out. */
uint32_t engine_extra_add(struct engine *engine, uint32_t sw, struct slice name, struct slice key);
/* Every interface of a switch, those outside of the map too, one after the other; at the end TOPO_NONE. */
struct switch_walk {
	uint32_t in_map, end;
	uint32_t extra; /* its number + 1; 0: none is left */
};
struct switch_walk engine_walk_begin(const struct engine *engine, uint32_t sw);
uint32_t engine_walk_next(const struct engine *engine, struct switch_walk *walk);
uint32_t engine_interface_switch(const struct engine *engine, uint32_t interface);
const char *engine_interface_name(const struct engine *engine, uint32_t interface);
/*
 * The first of ifName, ifDescr, ifIndex, and the place that a name tells, that finds one in the map; else one that was kept
 * under a name before. In this order, because a line without index must not hide a mapped interface from the traps that tell
 * it. TOPO_NONE: none; *ret_virtual: because it has no port of its own.
 */
uint32_t engine_find_known(
    struct engine *engine, uint32_t sw, const struct link_event *event, bool *ret_virtual);
/* The same; a word makes one where there is none yet. */
uint32_t engine_find_interface(
    struct engine *engine, uint32_t sw, const struct link_event *event, bool *ret_virtual);

/* ---- engine_fault.c ---- */
struct fault *fault_hold(struct fault *fault); /* NULL is fine here, and for the next */
void fault_drop(struct engine *engine, struct fault *fault);
/* NULL for "", and without memory. */
struct fault *fault_of(struct engine *engine, const char *text);
struct fault *fault_of_interface(struct engine *engine, uint32_t interface);

/* ---- engine_blame.c ---- */
/* The failure that a down group hangs on: of all that take a path from it, the last one. */
struct blame {
	uint32_t interface; /* or TOPO_NONE: no failure, the map alone says so */
	enum dp_cause cause;
	enum link_reason reason;
};

/* One search over many groups: what was found out about a switch is kept, as long as nothing changes. */
struct blame_search {
	const struct engine *engine;
	struct blame *of_switch; /* cause CAUSE_NONE: not asked yet */
	uint32_t *island, *mark, round;
	struct {
		uint32_t interface; /* number + 1 of who was asked about last; 0: nobody was */
		bool cuts_off;      /* whether its failure is one that cuts the switch off */
	} * kept;                   /* of each switch */
};
/* Aborts when out of memory. */
void blame_search_init(struct blame_search *search, const struct engine *engine);
void blame_search_release(struct blame_search *search);
struct blame blame_of_group(struct blame_search *search, uint32_t group);
/* Whether the interface's failure is any of those that take a path from the group. */
bool blame_is_of_group(struct blame_search *search, uint32_t group, uint32_t interface);

/* ---- engine_index.c ---- */
extern const struct htab_type engine_learnt_type;
/* What was learnt in this boot, else what the topology says; or TOPO_NONE. */
uint32_t engine_index_find(const struct engine *engine, uint32_t sw, uint32_t if_index);
/* The other way round; 0: nobody knows. */
uint32_t engine_index_of(const struct engine *engine, uint32_t interface);
/* It booted, and can be asked, but has not been: an index alone means nothing. */
bool engine_index_pending(const struct engine *engine, uint32_t sw);
void engine_index_boot(struct engine *engine, uint32_t sw, int64_t now_ns);
/* Keeps an index-only word until the answer comes. False: there is no room. */
bool engine_index_hold(
    struct engine *engine, uint32_t sw, const struct link_event *event, struct engine_time time);
/* Switches and interfaces have other numbers now, these; TOPO_NONE: they are gone. */
void engine_indexes_moved(
    struct engine *engine, const uint32_t *new_switch, const uint32_t *new_interface);
void engine_indexes_release(struct engine *engine);

/* ---- engine_incident.c ---- */
/* The incident that the fall of this interface begins or carries on; NULL where it is the end of no link. */
struct incident *engine_incident_join(struct engine *engine, uint32_t interface, int64_t now_ns);
/* The interface came up: what falls at its switches from now on is another incident. */
void engine_incident_end(struct engine *engine, uint32_t interface);
void engine_incidents_release(struct engine *engine);

/* ---- engine_groups.c ---- */
/* The interface's state changed: everything that hangs on it is looked at again. */
void engine_step(struct engine *engine, uint32_t interface, const struct decision *why);
/* Goes on with what a step left: until so many changes wait. */
void engine_step_on(struct engine *engine, size_t n_changes);
/* All of it. Whoever changes what it looks at calls this first (engine_settle_pending, engine_before). */
void engine_step_end(struct engine *engine);
/* A group's paths, from the interfaces and the reach as they are. */
void engine_count_paths(const struct engine *engine, uint32_t group, struct group_state *ret_state);
/* Before anything is decided: a group's paths, and of its ports what is observed of them. Nothing is queued. */
void engine_observe_group(struct engine *engine, uint32_t group);
/* Looks at these groups as if they were new: at the start, and after a new snapshot. */
void engine_settle_groups(struct engine *engine, const uint32_t *groups, uint32_t n_groups,
    const struct decision *decision);

/* ---- engine_verdict.c ---- */
/*
 * The paths of the port's group are `now`. `before` is NULL where those before are not known, or were those of another map.
 * False where the port's hash has not been queued.
 */
bool engine_settle_port(struct engine *engine, uint32_t port, const struct group_state *before,
    const struct group_state *now, enum dp_cause cause, struct decision *decision);
/* What was reported of the port changed. False where that queued nothing about its hash. */
bool engine_settle_reported(struct engine *engine, uint32_t port, struct decision *decision);
/* Whether that would leave a port of such a state, in a group of such a state with `total` attachments, as it is. */
bool engine_port_is_settled(
    const struct port_state *port, const struct group_state *group, uint32_t total, bool started);
void engine_port_paths(const struct engine *engine, uint32_t port, struct dp_paths *ret_paths);
/* A change of the port's hash without a toggle: it names who is to blame, as the port's state does. */
void engine_queue_port(struct engine *engine, uint32_t port, const struct decision *decision);
/* An entry of the redundancy stream without a toggle. */
void engine_queue_redundancy(struct engine *engine, uint32_t port, const struct decision *decision,
    enum redundancy_kind kind);

/* ---- engine_refine.c ---- */
/* The interface is down for another reason than it was: so are the ports that it took down. */
void engine_refine(struct engine *engine, uint32_t interface, enum link_reason was,
    const struct decision *decision);
/* The port goes on to name an interface: for an uplink's failure that is noted there, so that few ports are looked at when it heals. */
void engine_note_blame(struct engine *engine, const struct port_state *port);
/* Whether a port that is down names an interface that is up. */
bool engine_blame_is_over(const struct engine *engine, const struct port_state *port);
/* When who is to blame is looked at again. */
enum reblame_mode {
	REBLAME_START, /* when all is looked at: whoever is down stays to blame */
	REBLAME_SOON, /* an interface came up: the other end of its link is given the time to come up too */
	REBLAME_NOW, /* it had its time */
};
/*
 * The interface came up, and reach_update() told these switches (NULL: none): ports that stay down, and blame what is no failure
 * any more, blame another.
 */
void engine_reblame(struct engine *engine, uint32_t interface, const struct index_list *switches,
    const struct decision *why, enum reblame_mode mode);
/* The same for one group, and REBLAME_START. */
void engine_reblame_group(
    struct engine *engine, uint32_t group, struct blame_search *search, const struct decision *why);

/* ---- engine_restore.c ---- */
/* A new one; the texts are copied. Valid until the next. */
struct orphan *engine_add_orphan(
    struct engine *engine, const uint8_t id[16], const char *name, const char *project_id);
void engine_queue_removed(struct engine *engine, uint32_t orphan, struct engine_time time);

/* ---- engine_gone.c ---- */
/* The port is not in the map, and Redis holds this of it; where it was down, it holds, or is told, that it was removed. */
void engine_note_gone(
    struct engine *engine, const uint8_t id[16], uint64_t revision, bool was_down);
/* Redis gave this revision to the last toggle of a port that is not in the map. */
void engine_gone_published(struct engine *engine, const uint8_t id[16], uint64_t revision);
/* Another map is in force: those of them that are in it are back, and go on with their revisions. */
void engine_know_returned(struct engine *engine);
/* ... and verdicts are settled, or the engine starts: what their hashes should say is told. They are gone no more. */
void engine_tell_returned(struct engine *engine, const struct decision *decision);

/* ---- engine_start.c ---- */
/* What is being compared for the start changed: it begins anew. Nothing where nothing is compared. */
void engine_compare_again(struct engine *engine);
/* The same where only what is reported of a port changed. */
void engine_compare_port(struct engine *engine, uint32_t port);

/* ---- engine_report.c ---- */
/* Reports end. */
void engine_reports_tick(struct engine *engine, struct engine_time time);
extern const struct htab_type engine_report_type;
/* What Redis holds; nothing where its at_us is 0. Strings are copied. */
void engine_restore_report(struct engine *engine, uint32_t port, const struct dp_report *given);
/*
 * The engine's clock is known now: turns wall-clock ends into deadlines, and queues the hashes of ports whose report Redis
 * does not know; with `all`, of every report.
 */
void engine_reports_start(struct engine *engine, bool all, struct engine_time time);
/*
 * Lets go of reports whose port left the map: looks at `budget` of them from *cursor (0 at first) on. True while there are
 * more.
 */
bool engine_reports_sweep(struct engine *engine, uint32_t *cursor, unsigned budget);
/* The report of a port of the map: strings "" where there is none; borrowed from the engine. */
void engine_port_report(const struct engine *engine, uint32_t port, struct dp_report *ret_report);

#endif
