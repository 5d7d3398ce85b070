/*
 * engine_state: what the engine's own files share (core, private to src/core/engine*.c).
 *
 *   engine.c         life, and words in
 *   engine_doubt.c   what decides nothing: uncertain interfaces, and better reasons
 *   engine_word.c    a word about one interface: whether it counts, when, and what comes of it
 *   engine_echo.c    transitions that a source has still to tell, as they are stored
 *   engine_marks.c   what else a restart must know to tell what is old news
 *   engine_ask.c     which interfaces should be asked about
 *   engine_damp.c    the penalty of an interface that flaps
 *   engine_apply.c   what counts is applied, at once or after its delay; and what comes of it
 *   engine_override.c  a person's word about an interface
 *   engine_watch.c   what only few interfaces need at a time: echoes, words that wait; and their deadlines
 *   engine_interface.c  interfaces by number
 *   engine_queue.c   changes out
 *   engine_verdict.c groups and ports: who is down
 *   engine_blame.c   why, where no single event says so; and the texts of faults
 *   engine_incident.c  failures of uplinks that belong together
 *   engine_index.c   which interface an index means, as switches told when they were polled
 *   engine_report.c  what somebody outside says of a port
 *   engine_topo.c    a new snapshot, in slices: engine_carry.c, engine_swap.c (core/engine_take.h)
 *   engine_restore.c what Redis still knew, and the start
 *   engine_view.c    reading it, for the API
 *
 * Interfaces are numbered: those of the snapshot first, in its order, then the *extra* ones that are in no topology but
 * belong to a switch of it. Ports and groups are numbered as in the snapshot.
 */
#ifndef DPWATCH_CORE_ENGINE_STATE_H
#define DPWATCH_CORE_ENGINE_STATE_H

#include "core/dp_change.h"
#include "core/engine.h"
#include "core/interface_fsm.h"
#include "core/reach.h"
#include "util/htab.h"

/* "SWITCH:INTERFACE@since" of one failure, shared by every port that it took down. */
struct fault {
	uint32_t refs;
	char text[];
};

enum port_flag {
	PORT_DOWN = 1,            /* dp_down as decided, and as handed out */
	PORT_OBSERVED = 2,        /* its group is down */
	PORT_REPORTED = 4,        /* somebody says so */
	PORT_REPORTED_ACTIVE = 8, /* the last report said ACTIVE */
	PORT_DEGRADED = 16,       /* not down, but some of its paths are */
	PORT_STRANDED = 32,       /* not down, but some of its paths are stranded */
};

struct port_state {
	uint8_t flags;
	uint8_t cause, reason; /* of the last toggle */
	uint32_t revision;     /* 0: never toggled */
	uint32_t interface;    /* that decided the last toggle, or TOPO_NONE */
	int64_t since_us;      /* of the last toggle */
	struct fault *fault;   /* of the last toggle; NULL: none */
};

struct group_state {
	uint32_t up, stranded;
	bool down;
	uint32_t seen; /* step in which it was last looked at */
};

/* An interface that is in no topology. */
struct extra {
	uint32_t sw;
	uint32_t next; /* of the same switch: number + 1; 0: none */
	char *name, *key;
};

/* Microseconds as nanoseconds, cut where they would not fit: a label may say anything. */
static inline int64_t
engine_span_ns(int64_t us)
{
	const int64_t most = INT64_MAX / 4000;

	return (us > most ? most : us < -most ? -most : us) * 1000;
}

/* What one port was reported as; kept apart because few ports have one. */
struct report {
	uint8_t port_id[16];
	bool live;   /* false: it is over */
	bool untold; /* it came while nothing was decided: engine_start queues it */
	bool down;
	char *by, *note;
	int64_t at_us, until_us;
	int64_t until_ns; /* engine time of until_us; INT64_MAX: never */
};

/* The last doubt or hint that told a reason: a plain down that follows soon in its scope has this reason. */
struct doubt_note {
	uint8_t reason; /* enum link_reason; REASON_NONE: there was none */
	uint8_t scope;  /* enum doubt_scope, of engine_doubt.c */
	uint32_t slot;
	uint64_t name_hash; /* of the interface; its number changes with the snapshot */
	int64_t at_ns;
};

struct switch_state {
	struct doubt_note doubt;
	bool has_uptime;
	uint32_t uptime_cs;                        /* of the last accepted trap */
	int64_t uptime_ns;                         /* engine time when it came */
	bool tells_trap, tells_syslog, tells_both; /* transitions, since this daemon started */
	int64_t ups_from_ns; /* boot_settle: no up counts before; 0: at once */
	int64_t heard_trap_us, heard_syslog_us, restarted_us;
	uint64_t n_traps, n_syslog, n_restarts;
	uint32_t boot;      /* counts new boots: what was learnt of indexes holds for one */
	bool pollable;      /* somebody can ask it */
	bool index_pending; /* it booted, and has not told its indexes since */
	uint32_t n_extra;
	uint32_t first_extra; /* its number + 1; 0: none */
	uint32_t incident;    /* the last that one of its links took part in; 0: none */
};

/* Failures of uplinks that belong together; see engine_incident.c. */
#define ENGINE_INCIDENTS 64
struct incident {
	uint32_t number;     /* 0: never used */
	int64_t last_ns;     /* engine time of its last failure */
	struct fault *fault; /* NULL until a port needs it */
};

/* The wall clock beside the engine's, which does not step. */
struct wall_clock {
	int64_t now_ns;    /* engine time of the last word */
	int64_t offset_us; /* as of then; 0: none yet */
	int64_t step_us;   /* by how much it stepped last; 0: never */
	int64_t stepped_ns;
};
/* So long both clocks, before the step and after it, are given a chance. */
#define CLOCK_TRIAL_NS INT64_C(3600000000000)

/* A word that counts later, if nothing takes it back until then. */
struct held_word {
	int64_t received_us;
	uint8_t word, layer, source, reason; /* as in struct link_event */
	bool bare_up, admin_up;
};
#define WAITS_TEXT_MAX 320        /* HELD_MAX times WORD/LAYER/SOURCE/REASON/bare */
#define HELD_MAX (TELLER_MAX + 1) /* one of each teller, and of who is asked */

#define ECHOES_TEXT_MAX 400 /* ECHOES_MAX times DIRECTION/SOURCE/TIME/TELLERS */

/* Who overrides an interface; what is said stands in its state. */
struct override {
	char *by, *note;
	int64_t at_us, until_us; /* until_us 0: no end */
	int64_t until_ns;        /* engine time of until_us; INT64_MAX: never */
};

/* What only few interfaces need at a time. */
struct watch {
	uint32_t interface; /* in a free row: the next free one plus 1 */
	uint32_t heap_at;   /* its place among the deadlines plus 1; 0: it has none */
	int64_t deadline_ns;
	bool is_free;
	bool held_contradicts; /* what waits is at odds with another source */
	uint8_t n_held;        /* all in the direction that the interface is not in */
	int64_t held_until_ns;
	struct held_word held[HELD_MAX];
	struct override *override; /* NULL: none; owned */
	struct echoes echoes;
	int64_t
	    show_ns; /* when what was observed counts (down_delay, up_delay); INT64_MAX: nothing waits */
	int64_t show_received_us;       /* the label of the word that said so */
	double penalty;                 /* as of penalty_ns; 0: none (engine_damp.c) */
	int64_t penalty_ns, penalty_us; /* engine and wall time */
	int64_t penalty_end_ns; /* flaps: the moment of reuse; else when it may be forgotten */
	int64_t ends_ns;        /* link ends: when both are to be compared; INT64_MAX: never */
	bool flaps;             /* it is suppressed, or would be (observe) */
};

struct watches {
	struct watch *rows;
	uint32_t n_flapping, n_overrides;
	uint32_t n, room, free; /* free: the first free row plus 1; 0: none */
	uint32_t *heap, n_heap; /* rows with a deadline, the earliest first; room for all */
};

/* A ring of interface numbers; ENGINE_ASKS_MAX of them at most. */
struct ask_queue {
	uint32_t *items; /* NULL: nothing was ever asked */
	uint32_t head, n;
};

/* Why a step changes ports: one per event, shared by all that it queues. */
struct decision {
	enum link_source source;
	enum link_reason reason;
	uint32_t interface; /* or TOPO_NONE */
	int64_t received_us, occurred_us;
	enum link_reason healed; /* the reason of toggles to up: NONE for a link's own word */
	bool quiet; /* say nothing of redundancy: it was so before this daemon started */
	struct incident *incident; /* that the step is part of; NULL: none */
	struct fault *fault;       /* of this step; NULL until a port needs it */
};

/* A change that waits to be popped. */
struct queued {
	uint8_t kind; /* enum dp_change_kind */
	uint8_t source, reason, cause, redundancy;
	bool dp_down, removed, transition;
	uint8_t damping; /* enum damp_note */
	float penalty;   /* CHANGE_INTERFACE: at penalty_us; 0: none */
	int64_t penalty_us;
	uint32_t subject;   /* port, interface or switch; removed: record in `orphans` */
	uint32_t interface; /* that decided, or TOPO_NONE */
	int64_t received_us, occurred_us;
	struct dp_paths paths;
	struct fault *fault;          /* one reference */
	struct interface_state state; /* CHANGE_INTERFACE: as it was then */
};

/* A down port that left the map, or that only Redis still knows: kept until its last toggle is popped. */
struct orphan {
	uint8_t id[16];
	uint64_t revision;
	uint8_t cause;
	struct fault *fault;
	char *name, *project_id;
};

struct take; /* core/engine_take.h */

struct engine {
	struct config config; /* only .state is used; no strings */
	struct topo *topo;
	uint64_t n_topos; /* how many came in force */

	struct interface_state *interfaces; /* topo's, then extras */
	uint32_t n_interfaces, room_interfaces;
	struct watches watches;
	struct wall_clock clock;
	struct ask_queue asks[2]; /* of interfaces that are down, and up */
	uint32_t n_asks_missed;   /* interfaces that found the queue full, and wait for room */
	char waits_text[WAITS_TEXT_MAX],
	    echoes_text[ECHOES_TEXT_MAX]; /* of the change popped last */
	uint64_t n_asks_refused;          /* how often that was so, ever */
	struct extra *extras;
	uint32_t n_extras, room_extras;
	struct htab extra_index;

	struct switch_state *switches;
	struct group_state *groups;
	struct port_state *ports;
	struct reach *reach;
	uint32_t step;
	int64_t last_order; /* of the last word; see struct interface_state */
	struct incident incidents[ENGINE_INCIDENTS]; /* by number, modulo */
	uint32_t last_incident;

	struct learnt *learnt; /* see engine_index.c */
	uint32_t n_learnt, room_learnt;
	struct htab learnt_index;
	struct index_word *index_words; /* that wait for an answer; see engine_index.c */
	uint32_t n_index_words, room_index_words;
	struct report *reports; /* some of them are over, and wait for the next of their port */
	uint32_t n_reports, room_reports;
	struct htab report_index;
	int64_t report_deadline; /* no report ends before; INT64_MAX: never */
	struct orphan *orphans;
	uint32_t n_orphans, room_orphans;

	struct queued *queue; /* [head, n_queue) waits */
	size_t head, n_queue, room_queue;
	struct engine_totals totals;
	struct fault *restored; /* the last that was restored: ports with one text share it */
	bool comparing;         /* between engine_compare_begin and engine_start */
	bool started;           /* false: verdicts are not compared yet, nothing is queued */
	struct take *take;      /* a snapshot that is being taken; NULL: none */
	struct take
	    *unsettled; /* the one in force, while ports wait for its verdict; NULL: none do */
	struct take *discarded; /* what is left of snapshots, to be freed */
};

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

/* ---- engine.c ---- */
/*
 * The interface that an event names, or TOPO_NONE; *ret_virtual: because it has no port of its own. A word makes one where
 * there is none yet.
 */
uint32_t engine_find_interface(
    struct engine *engine, uint32_t sw, const struct link_event *event, bool *ret_virtual);
/* Its last word may be out of date; nothing where nobody spoke of it. */
void engine_make_uncertain(struct engine *engine, uint32_t interface, int64_t wall_us);

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
struct before engine_before(const struct engine *engine, uint32_t interface);
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
/* The penalty as it has decayed up to now; 0 without a watch. */
double engine_penalty(const struct engine *engine, const struct watch *watch, int64_t now_ns);
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
/* The same, with what dampening begins or ends by it. */
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
uint32_t engine_interface_switch(const struct engine *engine, uint32_t interface);
const char *engine_interface_name(const struct engine *engine, uint32_t interface);

/* ---- engine_blame.c ---- */
struct fault *fault_hold(struct fault *fault);
void fault_drop(struct fault *fault);
/* NULL for "". */
struct fault *fault_of(const char *text);
struct fault *fault_of_interface(const struct engine *engine, uint32_t interface);

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
};
/* Aborts when out of memory. */
void blame_search_init(struct blame_search *search, const struct engine *engine);
void blame_search_release(struct blame_search *search);
struct blame blame_of_group(struct blame_search *search, uint32_t group);

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

/* ---- engine_verdict.c ---- */
/* The interface's state changed: everything that hangs on it is looked at again. */
void engine_step(struct engine *engine, uint32_t interface, struct decision *decision);
/* The interface's reason got better: so does that of the ports that it took down. */
void engine_refine(struct engine *engine, uint32_t interface, const struct decision *decision);
/* A group's paths, from the interfaces and the reach as they are. */
void engine_count_paths(const struct engine *engine, uint32_t group, struct group_state *ret_state);
/* What was reported of the port changed. False where that queued nothing about its hash. */
bool engine_settle_reported(struct engine *engine, uint32_t port, struct decision *decision);
/* Looks at every group as if it were new: at the start. */
void engine_settle_all(struct engine *engine, const struct decision *decision);
/* The same of some groups: after a new snapshot. */
void engine_settle_groups(struct engine *engine, const uint32_t *groups, uint32_t n_groups,
    const struct decision *decision);
/* Whether that would leave a port of such a state, in a group of such a state with `total` attachments, as it is. */
bool engine_port_is_settled(
    const struct port_state *port, const struct group_state *group, uint32_t total, bool started);
void engine_port_paths(const struct engine *engine, uint32_t port, struct dp_paths *ret_paths);
/* A change of the port's hash without a toggle: it goes on to name what decided the last one. */
void engine_queue_port(struct engine *engine, uint32_t port, const struct decision *decision);

/* ---- engine_restore.c ---- */
/* A new one; the texts are copied. Valid until the next. */
struct orphan *engine_add_orphan(
    struct engine *engine, const uint8_t id[16], const char *name, const char *project_id);
void engine_queue_removed(struct engine *engine, uint32_t orphan, struct engine_time time);
/* The totals, counted anew. */
void engine_count(struct engine *engine);

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
