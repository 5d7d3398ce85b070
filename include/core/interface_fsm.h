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
	bool certain;                            /* false: the last word may be out of date */
	bool heard;                              /* some source spoke of it */
	int64_t changed_ns; /* engine time of the last change of oper; 0: never */
	int64_t up_word_ns; /* engine time of its own last up; 0: never */
	int64_t since_us;   /* wall time of the last change of oper; 0: never */
	int64_t heard_us;   /* wall time of the last word; 0: never */
};

/* As nobody has spoken of it: up, certain, unheard. */
void interface_state_init(struct interface_state *state);

/* Up: the override if there is one, else that neither layer is down. */
bool interface_is_up(const struct interface_state *state);

/*
 * Applies one word (event->kind is LINK_EVENT_WORD). Returns VERDICT_CHANGED when the interface went up or down,
 * VERDICT_LEARNT when something else in its stored state changed (a layer, the admin status, the reason, certainty, or the
 * first word), VERDICT_NO_CHANGE or VERDICT_IGNORED_ADMIN when nothing did.
 */
enum engine_verdict interface_apply(struct interface_state *state, const struct link_event *event,
    const struct config *config, struct engine_time time);

#endif
