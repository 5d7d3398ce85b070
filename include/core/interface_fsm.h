/*
 * interface_fsm: what an interface's state is, which words about it count, and the one function that changes it (core).
 * design.md, "Which word to believe".
 *
 * Two tables decide: layer_table says what a word makes of an interface, state by word (rule 2), and fate_table whether the word
 * counts, now, later or never, by how it stands to what is known and how old that is (rules 3 and 4). What is too old to be
 * looked at is sorted out before: traps by sysUpTime (rule 5, engine.c), lines by their stamps (rule 6, interface_is_late).
 *
 * Syslog speaks of a layer (link, line protocol), everybody else of the whole interface. A layer never spoken of counts as
 * up; the interface is up when neither layer is down: it falls at the first word and rises at the last.
 *
 * A word is first *heard* (interface_hear): it may be the echo of a transition that another source told already, or
 * contradict what another source has just said. What counts is then *applied* (interface_apply). Nothing here keeps time
 * or memory of its own: the caller keeps the echoes and the words that wait (core/engine_watch.c).
 */
#ifndef DPWATCH_CORE_INTERFACE_FSM_H
#define DPWATCH_CORE_INTERFACE_FSM_H

#include <stdbool.h>
#include <stdint.h>

#include "core/config.h"
#include "core/engine.h"
#include "core/link_event.h"

enum spoken { SPOKEN_NONE, SPOKEN_UP, SPOKEN_DOWN, SPOKEN_MAX };
extern const char *const spoken_names[SPOKEN_MAX]; /* "", up, down */

/*
 * The two sources that tell transitions by themselves, and so tell each of them twice. A layer of a source is a *teller* of
 * its own: the link and the line protocol fall with a line each.
 */
enum teller {
	TELLER_TRAP,
	TELLER_TRAP_PROTOCOL,
	TELLER_SYSLOG,
	TELLER_SYSLOG_PROTOCOL,
	TELLER_MAX
};

struct interface_state {
	uint8_t link, protocol, admin, override; /* enum spoken */
	uint8_t source, reason; /* of the last change of what counts; reason NONE while up */
	uint8_t own_source, own_reason; /* of the last change of what was observed */
	uint8_t said[2];                /* enum spoken: the last word of traps, of syslog */
	bool certain : 1;               /* false: the last word may be out of date */
	bool heard : 1;                 /* some source spoke of it */
	bool
	    shown_down : 1; /* what counts of what was observed: after delays and dampening, before an override */
	bool ask_waits : 1;  /* the engine's queue of asks holds it */
	bool ask_missed : 1; /* it found that queue full, and is taken in when there is room */
	bool index_old : 1; /* nobody has named it by name and index since the switch's last boot */
	bool suppressed : 1;   /* it flaps, and is held down (rule 9) */
	bool protocol_old : 1; /* what protocol says is from before the switch's last boot */
	bool has_trap_cs : 1;  /* trap_cs is known, and of the switch's last boot */
	bool
	    is_blamed : 1; /* by ports that an uplink's failure took down, or it was; see engine_refine.c */
	uint8_t line_layer; /* enum link_layer, of the last syslog line */
	uint32_t trap_cs;   /* sysUpTime of the last trap about it */
	uint32_t
	    watch; /* its row of the engine's side table (core/engine_watch.c), plus 1; 0: none */
	uint32_t
	    shut_ms; /* engine time of the last admin-down word, milliseconds; wraps after 49 days */
	uint32_t line_ms;   /* the same of the last syslog line with a comparable time */
	int64_t said_ns[2]; /* engine time of what `said` is about */
	int64_t spoke_ns; /* engine time of the newest thing that anybody said of it; 0: nothing */
	int64_t line_time_us; /* that time; 0: the last line had none */
	int64_t changed_ns;   /* engine time of the last change of oper; 0: never */
	int64_t
	    order; /* of the last word that says what it is now, as the engine counts; 0: never */
	int64_t
	    shown_order;  /* the same of what counts of that: while a word waits, an earlier one */
	int64_t since_us; /* wall time of the last change of oper; 0: never */
	int64_t heard_us; /* wall time of the last word; 0: never */
};

/* There are 100,000s of them. */
_Static_assert(sizeof(struct interface_state) <= 104, "an interface's state is to stay small");

/* What a word says of the layers; a word about the whole is one about the link, when it says down. */
enum says { SAYS_DOWN, SAYS_PROTOCOL_DOWN, SAYS_UP, SAYS_LINK_UP, SAYS_PROTOCOL_UP, SAYS_MAX };
struct layers {
	uint8_t link, protocol; /* enum spoken */
};
extern const struct layers layer_table[SPOKEN_MAX][SPOKEN_MAX][SAYS_MAX];

/* As nobody has spoken of it: up, certain, unheard. */
void interface_state_init(struct interface_state *state);

/* Up: the override if there is one, else what counts of what was observed. */
bool interface_is_up(const struct interface_state *state);

/* Neither layer is down: what was heard, whatever somebody overrides. */
bool interface_observed_up(const struct interface_state *state);

/* Whether the word, if it counted, would make the interface go up or down, as observed. */
bool interface_would_change(const struct interface_state *state, const struct link_event *event);

/* The direction in which the word would move the interface; SPOKEN_NONE: it says nothing about traffic. */
enum spoken interface_direction(const struct link_event *event, const struct config *config);

/*
 * design.md, rule 6: whether a syslog line is from before what is known. `event_ns` is the engine time at which it was said,
 * as far as its stamp is to be believed: now_ns, unless the line was relayed and is stamped more than LATE_NS before.
 */
#define LATE_NS INT64_C(30000000000)
bool interface_is_late(const struct interface_state *state, const struct link_event *event,
    const struct config *config, int64_t event_ns, int64_t now_ns);

/* What a transition told by one source is to the others, until they tell it too. Times are the engine's. */
#define ECHOES_MAX 8
struct echoes {
	uint8_t n;
	uint8_t
	    next[TELLER_MAX]; /* the first that this teller has not told yet; n: it has told all */
	struct {
		int64_t at_ns;
		int64_t at_us;     /* the wall clock then: a restart knows it by this */
		uint8_t direction; /* enum spoken */
		uint8_t source;    /* enum link_source: who told it first */
	} items[ECHOES_MAX];       /* oldest first; up and down in turn */
};

/* Transitions older than echo_window or more before now are forgotten. */
void echoes_expire(struct echoes *echoes, const struct config *config, int64_t now_ns);
/* The observed state went in this direction by this event: told by its source, and by no other yet. The oldest of 8 gives way. */
void echoes_add(struct echoes *echoes, const struct link_event *event, enum spoken direction,
    struct engine_time time);
/*
 * The teller tells the oldest transition of that direction that another source has told and it has not. Its index, or -1: there
 * is none. NULL is none.
 */
int echoes_take(struct echoes *echoes, const struct link_event *event, enum spoken direction);

/* What is to be done with a word. */
enum fate {
	FATE_APPLY, /* it counts now */
	FATE_ECHO,  /* old news: it changes nothing */
	FATE_WAIT,  /* it counts at ret_hearing->until_ns, if nothing takes it back until then */
	FATE_IGNORED, /* admin_down = ignore: it was shut within source_settle, and this is what follows */
};

/* How a word stands to what is known already; the rows and columns of the table that decides. */
enum echo_of {
	ECHO_NONE,    /* no other source told this transition within echo_window */
	ECHO_CURRENT, /* the last transition of all: what it says is so, and it may tell more of it */
	ECHO_OLD,     /* a transition that others came after */
	ECHO_MAX
};
enum news { NEWS_SAME, NEWS_CHANGE, NEWS_MAX }; /* would the interface go up or down by it? */
enum other {
	OTHER_SILENT, /* no other source said the opposite within source_settle */
	OTHER_BEHIND, /* one did, but this source had told that as well: so this word is newer */
	OTHER_CONTRADICTS,
	OTHER_MAX
};
extern const uint8_t fate_table[ECHO_MAX][NEWS_MAX][OTHER_MAX]; /* enum fate */

struct hearing {
	enum fate fate;
	enum echo_of echo;
	int64_t until_ns; /* FATE_WAIT */
	bool contradicts; /* FATE_WAIT: because of another source */
	bool
	    unexplained; /* an old echo after which nothing explains why the interface is as it is */
};

/*
 * Hears a word that has a direction, and notes it as said by its source. `echoes` is NULL where none are kept (the switch
 * has not told transitions over both sources yet); else expired up to now, and the teller moves on in it. No up counts
 * before `ups_from_ns` (boot_settle; 0: at once). `event_ns` as above.
 */
void interface_hear(struct interface_state *state, struct echoes *echoes,
    const struct link_event *event, const struct config *config, int64_t ups_from_ns,
    int64_t event_ns, int64_t now_ns, struct hearing *ret_hearing);

/*
 * What was observed counts from now on (design.md, rule 9: it need not at once). Names who said so last, and why. True when
 * the interface goes up or down by it.
 */
bool interface_show(struct interface_state *state, struct engine_time time);

/*
 * Somebody's word wins from now on over what is observed; SPOKEN_NONE: no longer. True when the interface goes up or down
 * by it.
 */
bool interface_override(struct interface_state *state, enum spoken to, struct engine_time time);

/* Whether what is observed now has to wait before it counts: a fall for down_delay, a rise for up_delay or while suppressed. */
bool interface_must_wait(const struct interface_state *state, const struct config *config);

/*
 * Applies one word (event->kind is LINK_EVENT_WORD). `order` is greater than that of every word before, of whatever
 * interface; or older, where the word is: aggregates and members are compared by it (design.md: "the newer decides"), because a clock may step or stand
 * still. Returns VERDICT_CHANGED when the interface went up or down (not where
 * it must wait), VERDICT_LEARNT when something else in its stored state
 * changed (a layer, the admin status, the reason, certainty, or the first word), VERDICT_NO_CHANGE or
 * VERDICT_IGNORED_ADMIN when nothing did.
 */
enum engine_verdict interface_apply(struct interface_state *state, const struct link_event *event,
    const struct config *config, struct engine_time time, int64_t order);

/* Dampening begins, or ends: the reason of a down says so. */
void interface_suppress(struct interface_state *state, bool suppressed);

/*
 * Gives a plain down a better reason, where it is not older than source_settle: the same event, told better; later it is
 * somebody tidying up. True when the reason changed.
 */
bool interface_refine(struct interface_state *state, enum link_reason reason,
    const struct config *config, int64_t now_ns);

#endif
