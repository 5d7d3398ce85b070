/*
 * engine_rows: what the engine holds of switches, interfaces, groups and ports, and what waits in it (core, private to
 * src/core/engine*.c and to who looks at an engine from within, such as explain). What works on it is in core/engine_state.h.
 *
 * Interfaces are numbered: those of the snapshot first, in its order, then the *extra* ones that are in no topology but
 * belong to a switch of it. Ports and groups are numbered as in the snapshot.
 */
#ifndef DPWATCH_CORE_ENGINE_ROWS_H
#define DPWATCH_CORE_ENGINE_ROWS_H

#include "core/dp_change.h"
#include "core/engine.h"
#include "core/interface_fsm.h"
#include "core/reach.h"
#include "util/htab.h"
#include "util/spares.h"

/* "SWITCH:INTERFACE@since" of one failure, shared by every port that it took down. */
struct fault {
	uint32_t refs;
	char text[];
};

#define ENGINE_SPARE_FAULTS 65536 /* bytes */

enum port_flag {
	PORT_DOWN = 1,            /* dp_down as decided, and as handed out */
	PORT_OBSERVED = 2,        /* its group is down */
	PORT_REPORTED = 4,        /* somebody says so */
	PORT_REPORTED_ACTIVE = 8, /* the last report said ACTIVE */
	PORT_DEGRADED = 16,       /* not down, but some of its paths are */
	PORT_STRANDED = 32,       /* not down, but some of its paths are stranded */
	PORT_REWIRED = 64,        /* until its group is settled: its hash is behind */
	PORT_WRITTEN = 128,       /* struct dp_change: what is told of it next comes behind that */
};

struct port_state {
	uint8_t flags;
	uint8_t cause, reason; /* of the last toggle; while it is down, of who is to blame now */
	uint32_t revision;     /* 0: never toggled */
	uint32_t interface;  /* that decided the last toggle, or is to blame now; TOPO_NONE: none */
	int64_t since_us;    /* of the last toggle */
	struct fault *fault; /* of the last toggle; NULL: none */
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

/* What is left of a step that moved switches: the interfaces behind which ports are still to be looked at. */
struct step_rest {
	bool waits;
	struct decision decision;          /* its interface is the one whose change it was */
	const struct index_list *switches; /* reach's, until it is updated again */
	size_t at_switch;
	uint32_t at_interface, at_group; /* of the switch, of the interface */
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

/* Of every verdict with what Redis said, in slices; see engine_start.c. All zero: not begun. */
struct comparison {
	struct reach *reach;         /* while it is being made */
	bool has_reach;              /* engine->reach is as the interfaces are */
	uint32_t group;              /* the next */
	struct index_list groups;    /* with a port of which Redis says otherwise; some twice */
	struct engine_totals totals; /* of the ports that were compared */
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
	struct gone *gone; /* engine_gone.c; NULL: none yet */
	size_t n_gone;     /* ever */

	struct queued *queue; /* [head, n_queue) waits */
	size_t head, n_queue, room_queue;
	struct step_rest rest;
	struct engine_totals totals;
	struct fault *restored; /* the last that was restored: ports with one text share it */
	struct spares spare_faults;
	bool comparing; /* between engine_compare_begin and engine_start */
	struct comparison comparison;
	bool started;      /* false: verdicts are not compared yet, nothing is queued */
	struct take *take; /* a snapshot that is being taken; NULL: none */
	struct take
	    *unsettled; /* the one in force, while ports wait for its verdict; NULL: none do */
	struct take *discarded; /* what is left of snapshots, to be freed */
};

#endif
