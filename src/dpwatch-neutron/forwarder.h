/*
 * forwarder: dpwatch-neutron's one object: the loop, two connections to Redis, the session with Neutron, and the queue
 * between them.
 *
 *   reader.c      events (consumer group) > brake's count > queue
 *   jobs.c        queue > port's hash > PUT > queue (gone.c: after a 404)
 *   reconcile.c   Neutron's list against `down` > queue
 *   heartbeat.c   who we are, the brake, what died with another instance
 *   show.c        what `status` shows
 *   metrics.c     /metrics
 *
 * Private to the program.
 */
#ifndef DPWATCH_NEUTRON_FORWARDER_H
#define DPWATCH_NEUTRON_FORWARDER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "command.h"
#include "core/config.h"
#include "core/neutron_queue.h"
#include "core/topo.h"
#include "io/loop.h"
#include "io/redis_link.h"
#include "session.h"
#include "util/log.h"
#include "web.h"

/* More than max_down, but at least so many, ports that go DOWN within this time: the brake. */
#define BRAKE_WINDOW_MS 60000
#define BRAKE_LEAST 50
/*
 * Of very many ports that go DOWN, dpwatchd sends the first ahead, and then a thousand within 10 ms where it has a processor.
 * So whatever goes DOWN waits for a moment, and more than a few in one batch for longer, until those that follow are counted.
 */
#define BRAKE_FEW 5
#define BRAKE_LOOK_FEW_MS 50
#define BRAKE_LOOK_MS 100

/* A PUT takes 0.1 to 0.3 s; a Neutron that needs longer than this is away. */
#define PUT_TIMEOUT_MS 30000
#define PUT_MOST ((size_t)1 << 20)
#define LIST_TIMEOUT_MS 120000
#define LIST_MOST ((size_t)64 << 20)

#define NAME_ROOM 96

/* Counted since the start. Names as /metrics and status have them: dpwatch_neutron_<name>_total. */
#define COUNTERS(X)                                                                   \
	X(EVENTS, events, "entries read from the stream")                             \
	X(FOLDED, folded, "entries that a newer one of their port replaced")          \
	X(SENT_DOWN, sent_down, "DOWN that Neutron took")                             \
	X(SENT_ACTIVE, sent_active, "ACTIVE that Neutron took")                       \
	X(EQUAL, equal, "ports whose state had been sent already")                    \
	X(GONE, gone, "ports that Neutron does not have")                             \
	X(MOVED, moved, "ports whose state moved on while it was sent")               \
	X(CONFLICTS, conflicts, "requests refused for now (409, 412, 500)")           \
	X(STUCK, stuck, "requests refused until a person mends something")            \
	X(AWAY, away, "requests without an answer of Neutron, or 429, 502 to 504")    \
	X(HELD, held, "requests after which everything is held (role, extension)")    \
	X(TAKEN_OVER, taken_over, "entries taken over from an instance that is gone") \
	X(RECONCILED, reconciled, "comparisons with Neutron's list")                  \
	X(DIFFERENCES, differences, "ports that Neutron had differently")             \
	X(IMPORTED, imported, "times that ports were read into the map")              \
	X(IMPORTS_FAILED, imports_failed, "times that nothing was read")

enum counter {
#define COUNTER_ENUM(id, name, help) COUNT_##id,
	COUNTERS(COUNTER_ENUM)
#undef COUNTER_ENUM
	    COUNT_MAX
};
extern const char *const counter_names[COUNT_MAX];
extern const char *const counter_help[COUNT_MAX];

struct importer;
struct reconcile;
struct metrics;

struct forwarder {
	const struct config *config;
	const char *config_path;
	bool dry_run, once;
	struct loop *loop;
	struct web *web;
	struct session *session;
	struct redis_link *commands, *reader;
	struct neutron_queue *queue;
	struct reconcile *reconcile;
	struct metrics *metrics;   /* NULL: not served */
	struct importer *importer; /* NULL: import_every is off */
	struct loop_timer *wake, *beat, *grace;
	char token[40];       /* whose the locks are */
	char base[NAME_ROOM]; /* the name that we would like */
	char name[NAME_ROOM]; /* the one that we have; "" until then */
	int64_t started_us;
	uint64_t beats;
	uint64_t counters[COUNT_MAX];
	double delay_sum; /* seconds from toggle to Neutron's answer */
	uint64_t delay_n;
	uint32_t jobs;
	bool stopping, reading;
	char cursor
	    [NEUTRON_ENTRY_TEXT]; /* what is read next: ">", an id, or "" before anything was */
	struct loop_timer *read_again;
	int64_t behind,
	    pending; /* entries: not yet read by anybody, and read by somebody; -1: not known */
	char problem[NEUTRON_TEXT_MAX]; /* what a person must mend; "": nothing */
	char last_error[NEUTRON_TEXT_MAX];
	int64_t last_error_us; /* 0: none */
	json_t *shown;         /* dry run: id -> what was shown last */
	struct log_rate rate;
	const char *shown_state; /* what `status` shows, and since when */
	int64_t shown_ms;
	int exit_status;
};

/* A connection to Redis as [redis] says; the embedded one is a socket in state_dir. NULL: out of memory. */
struct redis_link *open_link(struct loop *loop, const struct config *config, const char *name,
    const struct redis_link_handler *handler);

/* Starts. 0, or 1 after an error line. `name`: NULL for the host's. */
int forwarder_start(struct forwarder *fw, const char *name);
/* Begins nothing new, ends what is under way (bounded), and stops the loop. */
void forwarder_stop(struct forwarder *fw);
void forwarder_release(struct forwarder *fw);

/* Somebody mended something: compares, and tries everything that waits. */
void forwarder_try_now(struct forwarder *fw);

int64_t forwarder_now_ms(const struct forwarder *fw);
int64_t forwarder_wall_us(const struct forwarder *fw);
const char *forwarder_prefix(const struct forwarder *fw);
void forwarder_count(struct forwarder *fw, enum counter counter, uint64_t n);

/* Remembers what went wrong, for status. */
void forwarder_error(struct forwarder *fw, const char *text);

/* Something may be done now: begins jobs, and sets the timer for the next. */
void forwarder_go(struct forwarder *fw);

/* A port is to be looked at; what it replaces is acknowledged. False: there is no room. */
bool forwarder_add(struct forwarder *fw, const struct neutron_change *change);
/* XACK, unless the entry is none. */
void forwarder_ack(struct forwarder *fw, struct neutron_entry entry);

/* forwarding, starting, held, braked, away, stopping */
const char *forwarder_state(const struct forwarder *fw);

/* ---- jobs.c ---- */
void job_begin(struct forwarder *fw, const struct neutron_job *job);

/* ---- reader.c ---- */
void reader_read_again(void *ctx);
void reader_up(void *ctx);
void reader_down(void *ctx, const char *why);
/* Entries as XREADGROUP and XAUTOCLAIM list them: counted for the brake, then queued, then done(ctx). */
struct redisReply;
typedef void noted_fn(void *ctx);
void reader_take(struct forwarder *fw, const struct redisReply *entries, noted_fn *done, void *ctx);
/* Counts ports that go DOWN for the brake; then done(ctx) is called, also where Redis broke. `ids` are texts. */
void brake_note(
    struct forwarder *fw, const char (*ids)[PORT_ID_TEXT], size_t n, noted_fn *done, void *ctx);

/* ---- reconcile.c ---- */
struct reconcile *reconcile_new(struct forwarder *fw);
void reconcile_free(struct reconcile *reconcile);
/* Begins one now, or `delay_ms` from now (an earlier one stays). */
void reconcile_soon(struct reconcile *reconcile, int64_t delay_ms);
bool reconcile_done(const struct reconcile *reconcile); /* one has ended well since the start */
int64_t reconcile_at_us(
    const struct reconcile *reconcile); /* when the last one ended well; 0: never */

/* ---- heartbeat.c ---- */
/* Redis is there (again): find a name, and then begin. */
void heartbeat_up(void *ctx);
void heartbeat_down(void *ctx, const char *why);
void heartbeat_beat(void *ctx);
int64_t heartbeat_beat_ms(const struct forwarder *fw);
int64_t heartbeat_shown_ms(const struct forwarder *fw); /* how long others take us to be alive */
void heartbeat_farewell(struct forwarder *fw);

/* ---- show.c ---- */
void show_instance(struct forwarder *fw);
void show_changes(struct forwarder *fw); /* only if the state is not the one that is shown */

/* ---- importer.c ---- */
int importer_start(struct forwarder *fw);
void importer_free(struct importer *importer);

/* ---- metrics.c ---- */
int metrics_start(struct forwarder *fw);
void metrics_free(struct metrics *metrics);

#endif
