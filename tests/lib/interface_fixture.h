/*
 * interface_fixture: the state of one interface, and words about it; for the tests of core/interface_fsm. Functions and state
 * are static: each test program has its own.
 */
#ifndef DPWATCH_TESTS_LIB_INTERFACE_FIXTURE_H
#define DPWATCH_TESTS_LIB_INTERFACE_FIXTURE_H

#include <check.h>

#include "core/interface_fsm.h"

static struct config config;
static struct interface_state state;
static int64_t order;

static inline void
set_up(void)
{
	ck_assert_int_eq(config_defaults(&config), 0);
	interface_state_init(&state);
	order = 0;
}

static inline void
tear_down(void)
{
	config_release(&config);
}

static inline struct engine_time
at(int64_t ms)
{
	return (struct engine_time){ .now_ns = ms * 1000000, .wall_us = ms * 1000 };
}

static inline struct link_event
event_of(enum link_word word, enum link_layer layer)
{
	return (struct link_event){
		.kind = LINK_EVENT_WORD, .word = word, .layer = layer, .source = SOURCE_TRAP
	};
}

static inline enum engine_verdict
say(enum link_word word, enum link_layer layer, int64_t ms)
{
	const struct link_event event = event_of(word, layer);

	return interface_apply(&state, &event, &config, at(ms), ++order);
}

#endif
