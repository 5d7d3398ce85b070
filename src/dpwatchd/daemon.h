/*
 * The daemon's own: every part, and how they hang together. Private to src/dpwatchd.
 *
 *   main.c          command line and signals
 *   daemon_reload.c configuration, and the files that it names
 *   daemon.c        life: starting, timers, stopping
 *   daemon_redis.c  what Redis tells: the way to RUNNING, comparing anew
 *   daemon_topology.c  a map that was read, on its way into force
 *   daemon_map_copy.c  the map in a file of ours, and back from there into a Redis that lost it
 *   daemon_poll.c   asks to the poller, and its answers to the engine
 *   daemon_discover.c  discoveries: whom the poller asks for more
 *   daemon_rules.c  the rules' files
 *   daemon_maintenance.c  the file of maintenance windows
 *   daemon_tls.c    certificates and keys
 *   daemon_owed.c   what is owed to Redis: the journal, and answers that wait for it
 *   daemon_left_out.c  ports that Redis was not told of, because their keys are of no use
 *   daemon_input.c  datagrams to the engine
 *   daemon_pump.c   the engine's changes to the outbox
 *   daemon_overload.c  words of switches that are over their bucket
 *   daemon_http.c   the API, and events for which Redis has to be asked
 *   daemon_scan.c   lists of very many ports, a slice in each turn
 *   daemon_load.c daemon_dump.c  loads and dumps of the topology
 *   topology_worker.c topology_talk.c  the process that works on them, and how it is talked to
 */
#ifndef DPWATCH_DPWATCHD_DAEMON_H
#define DPWATCH_DPWATCHD_DAEMON_H

#include "admin/http.h"
#include "core/dedup.h"
#include "core/discoveries.h"
#include "core/engine.h"
#include "core/lag_view.h"
#include "core/maintenance.h"
#include "core/outbox.h"
#include "core/overload.h"
#include "core/rules.h"
#include "core/stats.h"
#include "core/suspects.h"
#include "core/switch_log.h"
#include "core/unmapped.h"
#include "io/embedded_redis.h"
#include "io/journal.h"
#include "io/loop.h"
#include "io/poller.h"
#include "io/publisher.h"
#include "io/redis_link.h"
#include "io/snmp_input.h"
#include "io/syslog_input.h"
#include "io/topo_sync.h"
#include "util/log.h"

struct ssl_ctx_st; /* OpenSSL's SSL_CTX */

#define NO_RULES "no rules: neither traps nor syslog lines are understood (see [syslog] rules_dir)"
#define OVERFLOW                                                                                            \
	"more than [redis] journal_max waits, also after folding: until Redis is back and has it, what is " \
	"decided now is in memory alone, and a stop of this daemon loses it"
#define MAP_LOST                                                                                    \
	"Redis lost the map: this daemon still has it, and stores it back; if this stays, load it " \
	"before a restart (dpwatch topology load FILE)"

enum daemon_phase {
	PHASE_STARTING, /* Redis was not read yet: datagrams wait in the kernel */
	PHASE_RUNNING,
	PHASE_COMPARING, /* Redis and the engine have parted; datagrams wait in the kernel */
	PHASE_STOPPING,
};

/* A port whose toggle or report is not in Redis, as it was when that was noted. */
struct left_out_port {
	uint8_t id[16];
	int64_t since_us;  /* of its state */
	uint64_t revision; /* the greatest that was known; 0: none */
	uint64_t ticket;   /* the newest; what is compared with it must not be older */
	bool asked;
};

/* Of more, the next toggle makes Redis right again. */
#define LEFT_OUT_MAX 1024
struct left_out {
	struct left_out_port ports[LEFT_OUT_MAX];
	size_t n, next; /* next: in turn, whom to look at */
};

/* The `down` set is counted: as of which ticket. */
struct down_set {
	bool asked;
	uint64_t ticket;
};

/* A map that was read and is being taken, a slice a turn. */
struct taking {
	struct loop_timer *slice;
	struct topo_faults warnings; /* of the reading */
	bool under_way;              /* false: what was before is being freed, or nothing */
	int64_t begun_ns, longest_ns;
};

/* The states were read and are being compared with the verdicts, a slice a turn. */
struct comparing {
	struct loop_timer *slice; /* armed: it is under way, or more can be told */
	bool telling; /* done; what was found goes out as Redis takes it, and inputs still wait */
	int64_t begun_ns, longest_ns;
};

/* An API request that waits for events. */
struct events_waiting {
	struct daemon *daemon;
	struct http_pending *pending;
	struct api_response *response;
	struct loop_timer *timer; /* its patience */
	char since[48];
	bool asked, woken, expired;
	struct events_waiting *next;
};

/* The last sender of a line that is no link event, and when, in seconds of the engine's clock. */
struct other_line {
	struct addr from;
	int64_t second;
};

struct daemon {
	const char *config_path;
	bool debug; /* -d: whatever the configuration says */
	struct config config;
	struct stats stats;
	struct loop *loop;
	struct rules *rules;
	struct engine *engine;
	struct outbox *outbox;
	struct dedup *dedup;
	struct unmapped *unmapped;
	struct switch_log *switch_log;
	struct overload *overload;
	struct loop_timer *overload_turn;
	struct other_line other_line;
	struct suspects *suspects;
	struct maintenance *maintenance;
	struct embedded_redis *embedded;
	struct redis_link *link;
	struct publisher *publisher;
	int64_t connected_ns; /* when Redis was connected last; 0: never */
	struct journal *journal;
	struct topo_sync *topo_sync;
	struct snmp_input *snmp;
	struct syslog_input *syslog;
	struct poller *poller;
	struct lag_view *lags;
	struct discoveries *discoveries;
	struct discovering *discover_again; /* daemon_discover.c: a list */
	unsigned n_discovering;             /* of the poller's places for it, those taken */
	struct loop_timer *discover_turn;
	struct auth *auth;
	struct http *http;
	struct api api;
	struct loop_timer *tick, *deadline, *stop;
	struct loop_timer *pump_on; /* armed: of very many changes, the rest waits in the engine */
	struct taking taking;
	enum daemon_phase phase;
	struct comparing comparing;
	struct left_out left_out;
	struct down_set down_set;
	bool state_reading,
	    state_stale; /* a reading of the states is under way; its map is no more */
	int exit_status;
	int64_t stopping_ns; /* PHASE_STOPPING: when the first signal came */
	struct engine_time started;
	char instance[128];
	bool topology_loaded;
	bool map_lost; /* Redis lost everything: the map is in memory only */
	struct map_copy *map_copy;
	int64_t topology_loaded_us;
	char topology_error[512];
	struct load *load;  /* NULL: none is under way */
	struct dump *dumps; /* a list */
	struct events_waiting *events_waiting;
	struct scan *scans; /* daemon_scan.c: a list */
	struct loop_timer *scan_turn;
	const char *listeners[64]; /* for status */
	char listener_texts[64][160];
	size_t n_listeners;
	const char *warnings[12];
	char warning_texts[12][240];
	size_t n_warnings;
	struct {
		uint64_t trap, syslog;
	} doubted_drops; /* kernel drops as of the last time that interfaces were doubted for them */
	uint64_t folded_said; /* by the outbox, as of the last line about it */
	struct log_rate folded_rate;
	bool overflow_said;           /* of the overflow that is now */
	uint64_t refused_communities; /* as of the last line about them */
	struct log_rate toggle_rate, sender_rate, damping_rate, overload_rate;
};

/* ---- daemon.c ---- */
/* Opens and starts everything. 0; or 1 after an error line was written. */
int daemon_start(struct daemon *daemon);
void daemon_stop(struct daemon *daemon);                  /* drains, then ends the loop */
void daemon_fail(struct daemon *daemon, const char *why); /* ends the loop with exit status 1 */
void daemon_release(struct daemon *daemon);

/* ---- daemon_redis.c ---- */
/* 0, or -1 with a message in error, which is untouched where memory is out. Not connected yet. */
int daemon_open_redis(struct daemon *daemon, char *error, size_t size);
/* A part of the outbox was dropped, or Redis lost data: compare anew. */
void daemon_compare(struct daemon *daemon, bool everything);
/* Logs how many toggles were folded since the last line about it. */
void daemon_say_folded(struct daemon *daemon);
/* Reads from Redis the states that belong to the map in force; ends in RUNNING. */
void daemon_read_state(struct daemon *daemon);
/* A slice of comparing them with the verdicts, armed when they were read; with the last one it is RUNNING, and tells. */
void daemon_compare_slice(void *ctx);
/* Tells what is left of a comparison at once, folded where it is too much; inputs are read again. Does nothing without one. */
void daemon_tell_rest(struct daemon *daemon);

/* ---- daemon_map_copy.c ---- */
struct map_copy *daemon_map_copy_new(struct daemon *daemon); /* NULL: out of memory */
void daemon_map_copy_free(struct map_copy *copy);
/* Another map is in force: it is copied. */
void daemon_map_in_force(struct daemon *daemon);
/* Redis lost everything, and was compared: the map is stored back. */
void daemon_map_lost(struct daemon *daemon);

/* ---- daemon_poll.c ---- */
/* Hands the engine's asks on. */
void daemon_ask(struct daemon *daemon);
void daemon_verify_down(struct daemon *daemon, const struct dp_change *change);
/* Another map is in force. */
void daemon_poll_topology(struct daemon *daemon);
/* The poller's handler. */
void daemon_polled(void *ctx, uint32_t sw, const struct poll_job *job, bool whole);
void daemon_reachable(void *ctx, uint32_t sw, enum poll_outcome outcome, const char *why);

/* ---- daemon_discover.c ---- */
/* False: out of memory. */
bool daemon_discover_start(struct daemon *daemon);
/* Some may have been begun or ended. */
void daemon_discover_kick(struct daemon *daemon);
/* After the poller is gone. */
void daemon_discover_end(struct daemon *daemon);

/* ---- daemon_maintenance.c ---- */
void daemon_load_maintenance(struct daemon *daemon);
/* Ends windows that are over, and writes the file where there are others than before. */
void daemon_keep_maintenance(struct daemon *daemon);

/* ---- daemon_reload.c ---- */
/* Tries all files that the configuration names, and says what is wrong. 0 or 1: an exit status. */
int daemon_test(const struct config *config);
/* daemon_check.c: whether the daemon will be able to keep its files. False after an error line that says what to do. */
bool daemon_check_folders(const struct config *config);
void daemon_reload(struct daemon *daemon);

/* ---- daemon_owed.c ---- */
/* Opens the journal of state_dir. 0; or -1 with a message in error. */
int daemon_open_journal(struct daemon *daemon, char *error, size_t size);
/* The publisher key was claimed: what an earlier start left goes first. True when there is any; then the map is read later. */
bool daemon_owes_journal(struct daemon *daemon, const struct redis_history *history);
/* What waits goes to the disk where it does not get through to Redis; INFORMs whose events are safe are answered. */
void daemon_keep_owed(struct daemon *daemon);
/* Up to which ticket INFORMs may be answered. */
uint64_t daemon_safe_ticket(const struct daemon *daemon);
/* While stopping: ends the loop as soon as nothing is owed that is not on disk. */
void daemon_stop_when_safe(struct daemon *daemon);
/* At the end: an overflow that Redis was not compared after is told, and makes the exit status 1. */
void daemon_say_lost(struct daemon *daemon);

/* ---- daemon_left_out.c ---- */
/* The publisher's and the reading's handler: this port's key in Redis is of no use. */
void daemon_left_out(void *ctx, const uint8_t port_id[16], uint64_t known_revision);
/* Once a second: asks Redis about some of them; of whom it does not hold what is so, that is told. */
void daemon_look_at_left_out(struct daemon *daemon);
/* All of Redis is being compared: they come anew. */
void daemon_forget_left_out(struct daemon *daemon);

/* Whether the engine and Redis may be held against each other: nothing that was decided waits to be told. */
bool daemon_may_compare(const struct daemon *daemon);

/* ---- daemon_down_set.c ---- */
/* Once a second: asks how many ports the `down` set holds; where it is not as many as are down, it is written anew. */
void daemon_look_at_down_set(struct daemon *daemon);

/* ---- daemon_topology.c ---- */
/* As in struct topo_sync_handler. */
void daemon_topology_loaded(void *ctx, struct topo *topo, const struct topo_faults *warnings);
void daemon_topology_refused(void *ctx, const struct topo_faults *faults);
void daemon_topology_slice(void *ctx);

/* ---- daemon_rules.c ---- */
/* Reads the rules of config->syslog.rules_dir. NULL after error lines. */
struct rules *daemon_load_rules(const struct config *config);

/* ---- daemon_tls.c ---- */
/*
 * The certificate of [syslog] for its tls: listeners, to be freed with tls_context_free(); NULL where none listens. False
 * after error lines.
 */
bool daemon_load_syslog_tls(const struct config *config, struct ssl_ctx_st **ret_context);
/* The same of [api] for its https: listeners. */
bool daemon_load_api_tls(const struct config *config, struct ssl_ctx_st **ret_context);
/* What somebody should look at of the certificate that is in use (NULL: none), in text; "": nothing. */
const char *daemon_tls_warning(
    const char *section, struct ssl_ctx_st *context, char *text, size_t size);

/* ---- daemon_input.c ---- */
int daemon_open_inputs(struct daemon *daemon, char *error, size_t size);
/* For the status, and logged. receive_buffer: as the kernel tells it, bytes; 0: it has none. */
void daemon_note_listener(
    struct daemon *daemon, const char *kind, const char *name, size_t receive_buffer);
void daemon_read_inputs(struct daemon *daemon, bool on);

/*
 * An event of a switch counts now: it goes to the engine, and what the engine decides to the outbox. `trap_version` is 0 for
 * a line.
 */
enum engine_verdict daemon_count_event(struct daemon *daemon, uint32_t sw,
    const struct link_event *event, int trap_version, const struct engine_time *time);

/* ---- daemon_pump.c ---- */
/* False: out of memory. */
bool daemon_pump_init(struct daemon *daemon);
/* Moves what the engine decided to the outbox; of very many changes the first, and the rest a moment later. */
void daemon_pump(struct daemon *daemon);
/* All of it at once: before anything for which nothing may wait in the engine, or that tells what was decided. */
void daemon_pump_all(struct daemon *daemon);
/* The end of a turn: what was decided is sent. */
void daemon_turn_end(struct daemon *daemon);

/* ---- daemon_overload.c ---- */
/* 0 or -1. */
int daemon_open_overload(struct daemon *daemon);
/*
 * Whether an event of a switch does not count now, because it is over its bucket while work is queued. An INFORM of it is
 * then answered as *ret_answer and *ret_number say.
 */
bool daemon_holds(struct daemon *daemon, uint32_t sw, const struct link_event *event,
    int trap_version, const struct engine_time *time, enum input_answer *ret_answer,
    uint64_t *ret_number);
/* Whether words of the switch are held; and the number of the newest of all. */
bool daemon_holds_any(const struct daemon *daemon, uint32_t sw, uint64_t *ret_number);
/* Those that may count now do. */
void daemon_feed_held(struct daemon *daemon);
/* All of them do: before anything that they refer to changes. */
void daemon_flush_held(struct daemon *daemon);
/* Once a second: switches that are no longer over their bucket. */
void daemon_end_overloads(struct daemon *daemon);
/* Another map is in force. */
void daemon_overload_topology(struct daemon *daemon);

/* ---- daemon_http.c ---- */
int daemon_open_http(struct daemon *daemon, char *error, size_t size);
/* New entries are on the events stream: whoever waits for them is answered. */
void daemon_events_published(struct daemon *daemon);
void daemon_close_http(struct daemon *daemon);

/* Ends a deferred request with an error. */
#define NOT_CONNECTED "Redis is not connected; dpwatch status tells why"
void daemon_refuse(
    struct http_pending *pending, struct api_response *response, int status, const char *message);

/* ---- daemon_dump.c ---- */
/* What API_TOPOLOGY_DUMP asks for. Ends in http_finish. */
void daemon_dump_start(
    struct daemon *daemon, struct http_pending *pending, struct api_response *response);
void daemon_dumps_end(struct daemon *daemon);

/* ---- daemon_load.c ---- */
/* The same for API_TOPOLOGY_LOAD. */
void daemon_load_start(
    struct daemon *daemon, struct http_pending *pending, struct api_response *response);
/* A reading of the map ended (well or not); call it first. */
void daemon_load_note_read(struct daemon *daemon);
/* Whether a load is under way whose map was read back. */
bool daemon_load_is_read(const struct daemon *daemon);
/*
 * Answers the request that loads a topology: with 200 once a map is in force, or 400 once one was refused, if it is the
 * one that was stored; with 503 at any time.
 */
void daemon_load_done(
    struct daemon *daemon, int status, const char *message, const struct topo_faults *faults);
/* What status tells of a load under way. */
void daemon_load_progress(const struct daemon *daemon, struct api_status *status);

/* Takes over a response that is API_SCAN. */
void daemon_scan_start(
    struct daemon *daemon, struct http_pending *pending, struct api_response *response);
void daemon_scans_end(struct daemon *daemon);

#endif
