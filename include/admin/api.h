/*
 * api: HTTP requests as values (admin layer; core and jansson only: no socket, no libevent).
 *
 * One route table holds method, path, role and function. A handler reads the engine and the other views and makes an
 * answer at once; what needs Redis (loading or dumping a topology, reading a stream) it *defers*: it says what it wants, and
 * the program answers later through api_finish_*.
 */
#ifndef DPWATCH_ADMIN_API_H
#define DPWATCH_ADMIN_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/discoveries.h"
#include "core/engine.h"
#include "core/lag_view.h"
#include "core/maintenance.h"
#include "core/poll_plan.h"
#include "core/stats.h"
#include "core/suspects.h"
#include "core/switch_log.h"
#include "core/topo_codec.h"
#include "core/topo_order.h"
#include "core/unmapped.h"
#include "core/usm_engines.h"
#include "util/slice.h"

enum api_role { ROLE_NONE, ROLE_READER, ROLE_INTEGRATOR, ROLE_ADMIN };

/* What /v1/status tells beside the counters; filled by the program before each request. Strings are borrowed. */
struct api_status {
	const char *version, *instance;
	int64_t started_us, now_us;
	int64_t
	    now_ns; /* the engine's clock (struct engine_time): engine_report is told this time */
	bool
	    starting; /* Redis was not read yet: which ports there are, and how they are, is not known */
	const char *redis_state;  /* connected, connecting, down, loading, deposed */
	const char *redis_server; /* "embedded unix:build/run/redis.sock" */
	const char *redis_error;  /* "" */
	uint64_t epoch, batch;    /* of the publisher */
	uint64_t batches_waiting, changes_waiting; /* not yet acknowledged by Redis */
	int64_t round_trip_us,
	    round_trip_max_us;     /* of Redis: the last one; the longest of a minute or two */
	bool map_lost;             /* Redis lost the map: it is in this daemon's memory alone */
	const char *journal_state; /* idle, writing, failing, full */
	const char *journal_path, *journal_error; /* error: "" */
	uint64_t journal_bytes;                   /* on disk */
	bool topology_loaded;
	int64_t topology_loaded_us; /* 0: never */
	const char *topology_error; /* why the last change was refused, or "" */
	const char *
	    loading; /* what a load under way is at: checking, storing, reading, taking; NULL: none */
	uint64_t loading_done, loading_all; /* records; all 0: not known */
	const char *const *listeners;       /* "snmp udp:127.0.0.1:10162 (receive buffer 64 MiB)" */
	size_t n_listeners;
	const char *const *warnings; /* what an operator should know now */
	size_t n_warnings;
	size_t rules; /* syslog rules loaded */
};

/* What handlers may look at. All borrowed but the order, which api_release() frees; engine and stats outlive the api. */
struct api {
	struct engine *engine;
	const struct stats *stats;
	const struct unmapped *unmapped;
	const struct switch_log *switch_log;
	const struct overload *overload; /* NULL: no switch has a bucket */
	const struct suspects *suspects; /* NULL: none are kept */
	struct maintenance *maintenance;
	struct poll_plan *poll_plan;     /* NULL: nothing is polled */
	const struct lag_view *lags;     /* NULL: nothing is polled */
	struct discoveries *discoveries; /* NULL: nothing can be asked */
	struct usm_engines *engines;     /* SNMPv3 engines of switches */
	struct auth *auth;               /* tokens; NULL: there are none to manage */
	struct api_status status;
	struct topo_order *order; /* of the ports by id, made while a list waits; NULL: not begun */
	uint64_t order_of;        /* of which map: engine_n_topos() */
};

/* Frees what is the api's own. */
void api_release(struct api *api);

struct api_request {
	const char *method; /* GET, PUT, POST, DELETE, PATCH */
	const char *path;   /* still percent-encoded, without the query */
	const char *query;  /* still percent-encoded, or NULL */
	struct slice body;
	enum api_role role;
	const char *project; /* the caller sees this project's ports alone; NULL: every port */
	bool local;          /* through the Unix socket */
	const char *who;     /* for the log, and `by` of what it reports: "uid 0", a token's name */
	const char *if_match; /* the If-Match header; NULL: none */
	bool secure;          /* through https: so are the links in answers */
	const char *
	    host; /* the Host header, from which links in answers are made; NULL: they are relative */
};

enum api_deferred {
	API_DONE,
	API_TOPOLOGY_LOAD, /* the request's body is to be checked (admin/api_load.h), stored and taken over */
	API_TOPOLOGY_DUMP, /* the document as Redis holds it */
	API_SCAN,          /* api_scan_step() until it is done: very much is looked at */
	API_EVENTS_READ, /* entries of `events` after response->since, at most limit, waiting up to wait_ms for the first;
			    with response->newest the last `limit` entries instead, oldest first, without waiting */
};

struct api_scan;

struct api_response {
	int status; /* 200, 400 ... ; 0 while deferred */
	char *body; /* malloc'ed, NUL-terminated; the caller frees it */
	size_t len;
	const char *content_type; /* static */
	char allow[48];           /* with 405: the Allow header; else "" */
	enum api_deferred deferred;
	bool force;            /* with API_TOPOLOGY_LOAD */
	struct api_scan *scan; /* with API_SCAN; else NULL */
	char since[48]; /* a stream id, "0" for the beginning, or "$" for what comes after now */
	bool newest;    /* nobody gave `since`: the last `limit` entries are wanted */
	uint32_t limit;
	int64_t wait_ms;
};

/*
 * Whether the request's body may be large, and is no matter for api_handle: the program takes it in pieces once the request
 * is deferred. api_request.body is then empty.
 */
bool api_takes_stream(const char *method, const char *path);

/* Answers one request. `api->status` is current. The response is always filled. */
void api_handle(
    struct api *api, const struct api_request *request, struct api_response *ret_response);
void api_response_release(struct api_response *response);

/*
 * With API_SCAN: does some more of it, a millisecond or two. True when the response is complete. Maps may come in force
 * between steps: it then begins again.
 */
bool api_scan_step(struct api_response *response);

/* The route table, in the order in which it is searched; the man page lists the same. */
struct api_route_view {
	const char *method, *pattern; /* of which each `*` stands for one part of the path */
	enum api_role least;          /* ROLE_NONE: open to all */
};
size_t api_n_routes(void);
void api_route_get(size_t i, struct api_route_view *ret_view);

/* ---- answers to what was deferred ---- */

/* An entry of a stream as Redis gave it: id and alternating names and values. */
struct api_stream_entry {
	struct slice id;
	const struct slice *fields; /* 2 * n_fields slices */
	size_t n_fields;
};
/* `next` in the answer is the last entry's id, or response->since where n is 0 ("0" where that was not given). */
void api_finish_events(
    struct api_response *response, const struct api_stream_entry *entries, size_t n);

/*
 * A record of topology:<plural>: its JSON value as stored. Any order; the answer is sorted by kind and key, one record per
 * line. A record that is no JSON makes the answer a 500 that names it.
 */
struct api_topology_record {
	enum topo_kind kind;
	struct slice key, json;
};
void api_finish_dump(
    struct api_response *response, const struct api_topology_record *records, size_t n);

/* Loaded: numbers of the new snapshot, and its warnings. */
void api_finish_load(
    struct api_response *response, const struct topo *topo, const struct topo_faults *warnings);

/* Refused (`faults` may be NULL) or failed: a NeutronError-shaped body with every fault listed. */
void api_finish_error(struct api_response *response, int status, const char *message,
    const struct topo_faults *faults);

#endif
