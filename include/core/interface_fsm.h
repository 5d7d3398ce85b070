/*
 * interface_fsm: the one function that changes an interface's state (core). design.md, "Which word to believe".
 *
 * Syslog speaks of a layer (link, line protocol), everybody else of the whole interface. A layer never spoken of counts as
 * up; the interface is up when neither layer is down: it falls at the first word and rises at the last.
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

struct interface_state {
	uint8_t link, protocol, admin, override; /* enum spoken */
	uint8_t source, reason;                  /* of the last change; reason NONE while up */
	bool certain : 1;                        /* false: the last word may be out of date */
	bool heard : 1;                          /* some source spoke of it */
	bool protocol_old : 1; /* what protocol says is from before the switch's last boot */
	int64_t changed_ns;    /* engine time of the last change of oper; 0: never */
	int64_t
	    order; /* of the last word that says what it is now, as the engine counts; 0: never */
	int64_t since_us; /* wall time of the last change of oper; 0: never */
	int64_t heard_us; /* wall time of the last word; 0: never */
};

/* As nobody has spoken of it: up, certain, unheard. */
void interface_state_init(struct interface_state *state);

/* Up: the override if there is one, else that neither layer is down. */
bool interface_is_up(const struct interface_state *state);

/*
 * Applies one word (event->kind is LINK_EVENT_WORD). `order` is greater than that of every word before, of whatever
 * interface: aggregates and members are compared by it (design.md: "the newer decides"), because a clock may step or stand
 * still. Returns VERDICT_CHANGED when the interface went up or down, VERDICT_LEARNT when something else in its stored state
 * changed (a layer, the admin status, the reason, certainty, or the first word), VERDICT_NO_CHANGE or
 * VERDICT_IGNORED_ADMIN when nothing did.
 */
enum engine_verdict interface_apply(struct interface_state *state, const struct link_event *event,
    const struct config *config, struct engine_time time, int64_t order);

/*
 * Gives a plain down a better reason, where it is not older than source_settle: the same event, told better; later it is
 * somebody tidying up. True when the reason changed.
 */
bool interface_refine(struct interface_state *state, enum link_reason reason,
    const struct config *config, int64_t now_ns);

#endif
