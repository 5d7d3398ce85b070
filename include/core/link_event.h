/*
 * link_event: what one datagram, answer or person said about one interface, in one shape for every
 * source (core).
 *
 * Decoders make it, the engine takes it; it travels by value. Its slices point into the datagram
 * and are valid only during the call that hands it over. The words are design.md's.
 */
#ifndef DPWATCH_CORE_LINK_EVENT_H
#define DPWATCH_CORE_LINK_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "util/slice.h"

/* What triggered it; the `source` field of streams. */
enum link_source {
	SOURCE_NONE,
	SOURCE_TRAP,
	SOURCE_SYSLOG,
	SOURCE_POLL,
	SOURCE_API,
	SOURCE_TOPOLOGY,
	SOURCE_MAX
};

/* Why an interface or a port is down; the `reason` field of streams. */
enum link_reason {
	REASON_NONE,
	REASON_LINK_DOWN,
	REASON_ADMIN_DOWN,
	REASON_ERR_DISABLED,
	REASON_MEMBERS,
	REASON_FLAPPING,
	REASON_CARD,
	REASON_POWER,
	REASON_REPORTED,
	REASON_OVERRIDE,
	REASON_TOPOLOGY,
	REASON_REMOVED,
	REASON_MAX
};

enum link_event_kind {
	LINK_EVENT_WORD,    /* one source's word about one interface */
	LINK_EVENT_RESTART, /* the switch or its agent restarted: every interface is uncertain, none
			       changes */
	LINK_EVENT_DOUBT,   /* something that decides nothing, but may precede a change: the named
			       interface, slot or (with no   name) every interface is uncertain */
	LINK_EVENT_HINT,    /* refines the reason of the named interface's down, decides nothing */
	LINK_EVENT_KIND_MAX
};

/* The word itself. WORD_ADMIN_UP says nothing about traffic. */
enum link_word { WORD_NONE, WORD_UP, WORD_DOWN, WORD_ADMIN_DOWN, WORD_ADMIN_UP, WORD_MAX };

/* Which layer it speaks of (design.md, "Which word to believe", 2). */
enum link_layer { LAYER_WHOLE, LAYER_LINK, LAYER_PROTOCOL, LAYER_MAX };

struct link_event {
	enum link_event_kind kind;
	enum link_word word;   /* WORD_NONE unless kind is LINK_EVENT_WORD */
	enum link_layer layer; /* LAYER_WHOLE unless the text says otherwise */
	enum link_source source;
	enum link_reason reason; /* REASON_NONE: the word alone decides (link-down or admin-down) */
	/* A linkUp trap without ifOperStatus: the link layer only, where a protocol word was heard. */
	bool bare_up;
	/* The trap's ifAdminStatus says up: it fills in what nobody told yet, and decides nothing. */
	bool admin_up;
	/* A restart that opens a boot, so that indexes may have moved: coldStart, not an agent's own restart. */
	bool new_boot;
	struct slice name;  /* ifName, or the interface as the line prints it; empty: not told */
	struct slice descr; /* ifDescr or another name of the same interface; empty: not told */
	uint32_t if_index;  /* 0: not told */
	/* A doubt about the card in that slot; the event names no interface then. */
	bool has_slot;
	uint32_t slot;
	bool has_uptime;
	uint32_t
	    uptime_cs; /* sysUpTime of the trap, hundredths of a second; wraps after 497 days */
	/* The line carries a comparable time: its offset is known and the clock is marked synchronised. */
	bool has_device_time;
	int64_t device_time_us; /* microseconds since 1970-01-01 UTC */
	/* The line came through a trusted relay or over a stream, so that it may have been kept somewhere for long. */
	bool relayed;
	int64_t asked_ns; /* of a poll: engine time of the request; 0: as received */
	int64_t age_ns;   /* for how long it had been so by then, as the switch says; 0: not told */
	/* The rule or trap that spoke, for logs; static, or as long-lived as the rule set. */
	const char *rule;
};

/* Names as logs, API and streams write them, indexed by the enums above ("" for NONE). */
extern const char *const link_source_names[SOURCE_MAX];
extern const char *const link_reason_names[REASON_MAX];
extern const char *const link_word_names[WORD_MAX];   /* "", up, down, admin-down, admin-up */
extern const char *const link_layer_names[LAYER_MAX]; /* whole, link, protocol */

/* The value whose name is text, or 0 (NONE) when no name is. */
enum link_source link_source_from(struct slice text);
enum link_reason link_reason_from(struct slice text);

/* A decoder's answer. Each NOT_OURS and MALFORMED also has a reason of its own, counted apart. */
enum decode_result { DECODE_EVENT, DECODE_NOT_OURS, DECODE_MALFORMED };

#endif
