/*
 * dp_change: what the engine decided, in order, before anybody has written it anywhere (core).
 *
 * A value with borrowed strings: valid until the next call into the engine. core/change_codec turns it into the records of
 * a batch. Fields are those of the Redis contract (design.md).
 */
#ifndef DPWATCH_CORE_DP_CHANGE_H
#define DPWATCH_CORE_DP_CHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/link_event.h"

enum dp_change_kind {
	CHANGE_TOGGLE, /* a port's dp_down changed: port hash, down set, events */
	CHANGE_PORT, /* a port's hash without a toggle: who reported it, or its paths; nothing on events */
	CHANGE_INTERFACE, /* an interface's state: interface hash, and link-events if it is a transition */
	CHANGE_REDUNDANCY, /* paths of a port changed, or its reason was refined: redundancy */
	CHANGE_FORGET, /* the switch is new in the map: what its interface hash may hold from before no longer counts */
};

/* `cause` of a toggle: its own interfaces, its switches lost every root, or somebody said so. */
enum dp_cause { CAUSE_NONE, CAUSE_ACCESS, CAUSE_UPLINK, CAUSE_REPORTED, CAUSE_MAX };
extern const char *const dp_cause_names[CAUSE_MAX];

enum redundancy_kind {
	REDUNDANCY_DEGRADED,
	REDUNDANCY_RESTORED,
	REDUNDANCY_STRANDED,
	REDUNDANCY_REFINED,
	REDUNDANCY_MAX
};
extern const char *const redundancy_kind_names[REDUNDANCY_MAX];

/* What dampening begins or ends with this change of an interface (design.md, rule 9): always logged. */
enum damp_note {
	DAMP_NONE,
	DAMP_SUPPRESSED,
	DAMP_RELEASED,
	DAMP_WOULD_SUPPRESS, /* dampening = observe */
	DAMP_WOULD_RELEASE,
};

/* Room for a fault text with its NUL, SWITCH:INTERFACE@TIME: names have 255 characters, each up to 4 bytes. */
#define FAULT_TEXT_MAX 2080

struct dp_paths {
	uint32_t up, stranded, total;
};

/* What a restart must know of an interface beside its state, to tell what is old news. Wall-clock labels; 0: none. */
struct dp_marks {
	int64_t spoke_us;    /* what anybody said of it last was said then */
	int64_t booted_us;   /* when its switch booted, by the sysUpTime of its traps */
	int64_t shut_us;     /* it was shut then, less than source_settle ago */
	int64_t ups_from_us; /* boot_settle: no up of its switch counts before */
	int64_t counts_us;   /* down_delay, up_delay: what is observed of it counts then */
	bool has_uptime;
	uint32_t uptime_cs; /* sysUpTime of the last trap about it */
	const char *trap_said,
	    *line_said;    /* what traps and lines said of it last: "up", "down", "" */
	bool protocol_old; /* its protocol was told before that boot */
	const char *
	    echoes; /* what a source has still to tell, as engine_echoes_text() writes it; "": nothing */
	bool tells_both; /* its switch tells transitions by traps and by syslog */
};

/* The external word about a port; absent: reported false, the strings empty. */
struct dp_report {
	bool down;
	const char *by, *note;
	int64_t at_us, until_us; /* 0: none */
};

struct dp_change {
	enum dp_change_kind kind;
	const char *switch_name, *interface_name; /* "" where none decided */
	enum link_source source;
	enum link_reason reason;
	int64_t received_us; /* wall clock label of the deciding datagram */

	/* CHANGE_TOGGLE, CHANGE_PORT, CHANGE_REDUNDANCY */
	uint8_t port_id[16];
	const char *port_name, *project_id;
	bool dp_down;
	enum dp_cause cause;
	const char *fault; /* "SWITCH:INTERFACE@since", or "" */
	int64_t occurred_us;
	struct dp_paths paths;
	struct dp_report report;
	bool maintenance;
	bool removed; /* the port left the map: its hash expires */
	bool
	    written; /* a change before this one wrote all of its hash, and nobody reported it since */
	uint64_t
	    known_revision; /* the last revision that the daemon knows; the script adds one to the greater of this and Redis's */
	enum redundancy_kind redundancy;

	/* CHANGE_INTERFACE */
	uint32_t if_index; /* 0: unknown */
	bool oper_up;
	const char *admin; /* "up", "down" or "" */
	const char *link;  /* layers: "up", "down" or "" (never spoken of) */
	const char *protocol;
	const char *override; /* "up", "down" or "" */
	int64_t since_us;     /* since when it is so; 0: never changed */
	bool certain;
	bool transition; /* goes to link-events */
	struct dp_report
	    overridden; /* by whom, until when, and why; at_us 0: nobody overrides it */
	const char
	    *waits; /* words that count later, as engine_waits_text() writes them; "": none */
	struct dp_marks marks;
	enum damp_note damping;
	double penalty;     /* of dampening, as of penalty_us; 0: none */
	int64_t penalty_us; /* wall clock */
	bool suppressed;    /* held down by dampening */
	int64_t order;      /* of its last word among those of all interfaces; 0: none */
	int64_t
	    shown_order; /* of the one that is in force; another one while a word waits for its delay */
};

#endif
