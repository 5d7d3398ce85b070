/*
 * engine: interface words in, toggles out (core). design.md, "When is a port down" and "Which word to believe".
 *
 * Feed it words, give it the time, pop what it decided. It never calls out, reads a clock, or logs. Times: `now_ns` is the
 * engine's clock (CLOCK_BOOTTIME, nanoseconds, never steps); `_us` are wall-clock labels (microseconds since 1970 UTC).
 *
 * It owns the topology snapshot that it is given, the state of every interface of the switches in it (also of interfaces
 * that are not mapped, bounded), and the verdict of every port. Life of one daemon: engine_new, engine_set_topo,
 * engine_restore_* with what Redis holds, engine_start; then feed, tick and set_topo in any order.
 */
#ifndef DPWATCH_CORE_ENGINE_H
#define DPWATCH_CORE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/config.h"
#include "core/dp_change.h"
#include "core/link_event.h"
#include "core/topo.h"

struct engine;

struct engine_time {
	int64_t now_ns; /* engine clock */
	int64_t
	    wall_us; /* label of what came in: the kernel's receive time of a datagram, else now */
	int64_t turn_us; /* the wall clock now, for occurred_at; 0: the same as wall_us */
};

/* What became of an event; each is a counter. */
enum engine_verdict {
	VERDICT_CHANGED, /* the interface's state changed (and perhaps ports toggled) */
	VERDICT_LEARNT, /* the state is the same, but more is known now (first word, a layer, admin status) */
	VERDICT_NO_CHANGE,    /* said before */
	VERDICT_NO_INTERFACE, /* names no interface that can be found or kept */
	VERDICT_VIRTUAL, /* names a unit, VLAN or other interface that has no port of its own */
	VERDICT_SOURCE_REFUSED, /* the switch's `sources` excludes this source */
	VERDICT_IGNORED_ADMIN,  /* admin_down = ignore */
	VERDICT_RESTART,        /* the switch restarted */
	VERDICT_DOUBT,          /* marked interfaces uncertain, or refined a reason */
	VERDICT_STALE,          /* a trap from before what is already known (sysUpTime) */
	VERDICT_LATE,           /* a syslog line from before what is already known (its stamp) */
	VERDICT_ECHO,           /* what another source has told already; it changes nothing */
	VERDICT_WAITS, /* it counts later, if nothing takes it back: at odds with another source, boot_settle, admin_down */
	VERDICT_MAX
};
extern const char *const engine_verdict_names[VERDICT_MAX];

/* At most this many interfaces that are in no topology are kept, per switch and in all; more are VERDICT_NO_INTERFACE. */
#define ENGINE_EXTRA_PER_SWITCH 4096
#define ENGINE_EXTRA_MAX 1000000

/* NULL: out of memory. The config's values are copied. */
struct engine *engine_new(const struct config *config);
void engine_free(struct engine *engine);
/*
 * Another configuration is in force; its values are copied. What waits for down_delay or up_delay waits no longer than the new
 * one; penalties decay as it says from now on. Interfaces that dampening holds down and would not any more (it is off now, or
 * only observes, or the penalty is below reuse) are released at once, which makes changes. Nothing is held down by it that
 * was not: that takes another down.
 */
void engine_configure(struct engine *engine, const struct config *config, struct engine_time time);

/*
 * Takes a snapshot (owned from now on, also on failure) in place of the old one. Interface and port states carry over by
 * name; what changes its verdict toggles with source topology; down ports that left are let go with reason removed, and
 * their reports are forgotten. A switch that was not in the old map is as if never heard of, even if it was in an earlier
 * one: CHANGE_FORGET takes from Redis what a restart must not read back. All changes must have been popped before.
 * 0 or -ENOMEM (the old snapshot stays).
 */
int engine_set_topo(struct engine *engine, struct topo *topo, struct engine_time time);

/*
 * The same in slices, for a loop that must not stall. engine_topo_begin() takes memory alone (0; or -ENOMEM, and the old
 * snapshot stays); a snapshot that was being taken is abandoned for the newer one. Everything else goes on as before on the
 * old snapshot, and whatever happens in between counts, until one step puts the new one in force; then the ports whose
 * verdict it changes toggle, some in each step (and all at once, where a word or a report comes before that is done), until
 * a step says *ret_in_force. The outcome is that of an engine_set_topo() at the moment of the swap. Last, what was before is
 * freed.
 *
 * `budget` (at least 1) bounds the work of one step, in some 20 ns; where there are toggles, to half as many ports. Only the
 * step that swaps has no bound of its own: it compares all interfaces (1 to 2 ms for 100,000). All changes must have been
 * popped before each step. 1: there is more to do; 0: nothing is left; -ENOMEM: it was abandoned, the
 * old snapshot stays, and there may be more to free.
 */
int engine_topo_begin(struct engine *engine, struct topo *topo);
int engine_topo_step(
    struct engine *engine, unsigned budget, struct engine_time time, bool *ret_in_force);

/* The snapshot in force; never NULL (an empty one before the first). Borrowed until another is in force. */
const struct topo *engine_topo(const struct engine *engine);
/* How many snapshots have come in force: while it is the same, so are all indexes. */
uint64_t engine_n_topos(const struct engine *engine);

/*
 * What Redis still knows, given before engine_start. `json` is the value of interface:<switch>. Returns false where the
 * switch is unknown or the JSON is not what dpwatch writes (the interface is then as if never spoken of).
 */
bool engine_restore_interface(struct engine *engine, struct slice switch_name,
    struct slice interface, struct slice json, struct engine_time time);

/* What port:<id> holds. A port that is not in the map is remembered, and let go at engine_start if it is down. */
struct engine_port_record {
	uint8_t id[16];
	bool dp_down;
	uint64_t revision;
	int64_t since_us;
	enum dp_cause cause;
	enum link_reason reason;
	const char *switch_name, *interface_name, *fault; /* borrowed */
	struct dp_report report;                          /* borrowed */
};
void engine_restore_port(struct engine *engine, const struct engine_port_record *record);

/* Ends restoring: compares every verdict with what Redis says; only differences become changes. */
void engine_start(struct engine *engine, struct engine_time time);

/*
 * The same in slices: does about `budget` (at least 1) of it, in some 20 ns; a million ports are some 7 million. True while
 * there is more to do, and nothing is decided yet; false when it has started. What is reported meanwhile counts, and
 * whatever is restored, or a new snapshot, has it begin anew. Only the last step has no bound of its own: it looks at every
 * interface (1 to 2 ms for 100,000), and at the ports of which Redis said otherwise.
 */
bool engine_start_step(struct engine *engine, unsigned budget, struct engine_time time);

/*
 * Redis and the engine have parted (Redis lost data, or too much waited for it). Forgets what is published and stops
 * deciding; give engine_restore_published what Redis holds now (nothing, if it lost everything), then engine_start: what
 * differs becomes a toggle, a hash that is behind in anything else is told without one, and every interface state is told again,
 * in the place of all that Redis holds of its switch. What is known of the network is kept.
 */
void engine_compare_begin(struct engine *engine);
void engine_restore_published(struct engine *engine, const struct engine_port_record *record);

/*
 * Redis does not hold what was decided of this port, of which nothing is on its way to Redis either: that becomes a toggle,
 * as at engine_start. `revision` is the greatest that is known of it, 0 where none is. A port that is not in the map is let go once
 * more. Does nothing before engine_start.
 */
void engine_tell_again(
    struct engine *engine, const uint8_t port_id[16], uint64_t revision, struct engine_time time);

/*
 * As engine_tell_again, where Redis holds the verdict: what else stands in the port's hash is told, without a toggle. False
 * where there is nothing to tell: before engine_start, or of a port that is not in the map.
 */
bool engine_tell_hash(
    struct engine *engine, const uint8_t port_id[16], uint64_t revision, struct engine_time time);

/* Takes one word about an interface of switch `sw` (an index of the snapshot). */
enum engine_verdict engine_feed(
    struct engine *engine, uint32_t sw, const struct link_event *event, struct engine_time time);

/*
 * The interface that an event names, where the map or an earlier word knows it; else UINT32_MAX (TOPO_NONE). False: nobody can say
 * yet, because the switch has to tell its indexes first (engine_feed keeps the last word of each). Changes nothing.
 */
bool engine_event_interface(
    struct engine *engine, uint32_t sw, const struct link_event *event, uint32_t *ret_interface);

/*
 * An external word about a port (design.md, `reported`): false when there is no such port, or memory is out. Strings are
 * copied. Before engine_start it is kept, and told then. One that ends at once (until_us now, and engine_tick after it)
 * takes back what was reported and leaves nothing.
 */
bool engine_report(struct engine *engine, const uint8_t port_id[16], const struct dp_report *report,
    struct engine_time time);

/* The interface of that name, in the map or kept beside it; UINT32_MAX (TOPO_NONE): there is none. */
uint32_t engine_interface_find(const struct engine *engine, uint32_t sw, struct slice name);

/* A person's or a controller's word about an interface (design.md, `override`): it wins until `auto`, or its end. */
struct engine_override {
	enum link_word to; /* WORD_UP, WORD_DOWN; WORD_NONE: auto, what is observed counts */
	const char *by, *note;
	int64_t at_us, until_us; /* 0: now; never */
};
/* Strings are copied. False before engine_start, where there is no such interface, and when memory is out. */
bool engine_override(struct engine *engine, uint32_t interface,
    const struct engine_override *override, struct engine_time time);
/* What holds; `to` WORD_NONE: nothing. Strings are borrowed until the next call that is not a view. */
void engine_override_view(
    const struct engine *engine, uint32_t interface, struct engine_override *ret_override);

/*
 * Time has passed: reports and overrides end, words that waited count. Call at engine_next_deadline at the latest; INT64_MAX
 * means never, also while nothing is decided (before engine_start).
 */
void engine_tick(struct engine *engine, struct engine_time time);
int64_t engine_next_deadline(const struct engine *engine);

/* So many changes of one failure are decided at once, the interface's own among them; then more as these are popped. */
#define ENGINE_STEP_AT_ONCE 64

/*
 * Takes the next change out. False when there is none. The strings are valid until the next call into the engine. Of a failure
 * with very many ports behind it only the first are decided when the word is fed, and the others as these are popped,
 * or with the next call that is not a view: until then views show them as they were.
 */
bool engine_pop(struct engine *engine, struct dp_change *ret_change);

/*
 * Asks: interfaces that are uncertain, for whoever can ask their switches (a word of source poll is the answer). Those that
 * are down come first; each is in the queue once. A full queue refuses, which is counted (struct engine_totals), and takes
 * the interface in later; it stays uncertain. Unanswered, nothing changes. False when there is none, or before the start.
 */
#define ENGINE_ASKS_MAX 8192 /* of interfaces that are down, and of others, each */
struct engine_ask {
	uint32_t sw, interface;                   /* numbers of the snapshot and of the views */
	const char *switch_name, *interface_name; /* until the next call into the engine */
	uint32_t if_index; /* as it was learnt, or as the topology has it; 0: nobody knows */
};
bool engine_pop_ask(struct engine *engine, struct engine_ask *ret_ask);

/*
 * The poller's side. After a boot, index-only words of a switch that can be asked wait for its answer (the last one per
 * index; ENGINE_INDEX_WORDS_MAX in all, more are VERDICT_NO_INTERFACE). They count as of when they came, as soon as its whole table
 * was read (engine_polled), or by the topology's indexes when it turns out not to answer (engine_set_pollable false). Of an answer
 * the engine is told first its sysUpTime, which may tell a boot (true: it did); then what all rows tell of indexes
 * (engine_learn_index); then engine_polled, where it is whole; and then each row as a word. A word of
 * source poll that was asked for (event->asked_ns) before somebody else spoke of the interface is VERDICT_STALE; so is one that
 * contradicts a trap or line of less than source_settle before the request, or of less than ENGINE_KEPT_NS before it where the
 * agent says itself (event->age_ns) that it knows nothing of that: net-snmp's agents keep their table for 15 s.
 */
#define ENGINE_KEPT_NS INT64_C(20000000000)
#define ENGINE_INDEX_WORDS_MAX 8192
bool engine_answer_uptime(
    struct engine *engine, uint32_t sw, uint32_t uptime_cs, struct engine_time time);
void engine_learn_index(struct engine *engine, uint32_t sw, const struct link_event *event);
void engine_set_pollable(
    struct engine *engine, uint32_t sw, bool pollable, struct engine_time time);
void engine_polled(struct engine *engine, uint32_t sw, struct engine_time time);

/* Words may have been lost: all interfaces of the switch, or of every switch that was heard over this source, are uncertain. */
void engine_doubt_switch(struct engine *engine, uint32_t sw, struct engine_time time);
void engine_doubt_source(struct engine *engine, enum link_source source, struct engine_time time);

/* Redis gave this revision to the port's last toggle; also one that left the map, which goes on with it when it is back. */
void engine_published(struct engine *engine, const uint8_t port_id[16], uint64_t revision);

/* ---- views, for the API; strings are borrowed until the next call that is not a view ---- */
struct engine_interface_view {
	uint32_t sw;
	const char *switch_name, *name;
	uint32_t if_index;
	bool mapped; /* in the topology */
	bool oper_up;
	bool carries; /* carries traffic, aggregates considered */
	bool certain;
	bool heard; /* some source spoke of it */
	const char *admin, *link, *protocol, *override;
	const char *dampening; /* "", "suppressed", or "would-suppress" (dampening = observe) */
	const char *waiting;   /* "up", "down": said, and not yet counted (rules 4, 7, 9); "" */
	enum link_source source;
	enum link_reason reason;    /* NONE while up */
	int64_t since_us, heard_us; /* 0: never */
	uint32_t n_ports;           /* ports with an attachment to it */
};
uint32_t engine_n_interfaces(const struct engine *engine);
void engine_interface_view(
    const struct engine *engine, uint32_t interface, struct engine_interface_view *ret_view);

struct engine_switch_view {
	const char *name;
	bool reaches_root, root;
	uint32_t n_interfaces, n_down, n_uncertain;
	int64_t heard_trap_us, heard_syslog_us, restarted_us; /* 0: never */
	uint64_t n_traps, n_syslog, n_restarts;
};
void engine_switch_view(
    const struct engine *engine, uint32_t sw, struct engine_switch_view *ret_view);
/* When it was heard, which costs no look at its interfaces; 0: never. */
void engine_switch_heard(
    const struct engine *engine, uint32_t sw, int64_t *ret_trap_us, int64_t *ret_syslog_us);

struct engine_port_view {
	uint8_t id[16];
	const char *name, *project_id, *host; /* host "" where it has attachments of its own */
	bool dp_down, reported;
	bool observed_down;
	enum dp_cause cause;
	enum link_reason reason;
	const char *switch_name, *interface_name, *fault;
	uint64_t revision; /* 0: never toggled */
	int64_t since_us;
	int64_t
	    heard_us; /* when its own interfaces were last heard; 0: never, or unknown since a restart */
	struct dp_paths paths;
	struct dp_report report;
	const char *data_plane_status; /* "ACTIVE", "DOWN" or NULL */
};
void engine_port_view(
    const struct engine *engine, uint32_t port, struct engine_port_view *ret_view);
/*
 * A port that was reported down before its paths failed names the report. This puts into such a view which failure keeps its
 * paths down (cause, reason, switch_name, interface_name), and leaves any other view as it is. It looks around in the map.
 */
void engine_port_view_observed(
    const struct engine *engine, uint32_t port, struct engine_port_view *view);
/* Its dp_down and data_plane_status alone, for who looks at very many. */
bool engine_port_is_down(const struct engine *engine, uint32_t port);
const char *engine_port_status(const struct engine *engine, uint32_t port);

struct engine_totals {
	uint32_t overrides;
	uint32_t asks_waiting;
	uint64_t asks_refused; /* how often the queue of asks was full */
	uint32_t ports_down, ports_degraded, interfaces_down, interfaces_uncertain;
	uint32_t
	    interfaces_flapping; /* suppressed by dampening, or with `observe` those that would be */
	size_t queued;           /* changes not yet popped */
};
void engine_totals(const struct engine *engine, struct engine_totals *ret_totals);

/* Bytes that the engine holds, the snapshot included. */
size_t engine_bytes(const struct engine *engine);

#endif
