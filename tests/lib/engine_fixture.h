/*
 * engine_fixture: an engine with one switch and one port on it, loaded before each test, and short ways to use it.
 */
#ifndef DPWATCH_TESTS_LIB_ENGINE_FIXTURE_H
#define DPWATCH_TESTS_LIB_ENGINE_FIXTURE_H

#include <check.h>
#include <string.h>

#include "core/engine.h"
#include "lib/topo_text.h"

/* 2024-05-01T12:00:00Z */
#define NOON INT64_C(1714564800000000)
#define ID_TEXT "00000000-0000-4000-8000-000000000001"

#define SWITCHES                                                 \
	"'switches': [{'name': 'leaf1', 'hostnames': ['leaf1']," \
	"  'interfaces': [{'name': 'Ethernet1/1', 'if_index': 1}]}]"
#define WITH_PORT                                                                             \
	"{" SWITCHES ", 'ports': [{'id': '" ID_TEXT "', 'name': 'vm1', 'project_id': 'blue'," \
	" 'attachments': ['leaf1:Ethernet1/1']}]}"
#define WITHOUT_PORT "{" SWITCHES "}"

static struct config config;
static struct engine *engine;
static uint8_t id[16];
static int64_t now_us;

static inline struct engine_time
now(void)
{
	return (
	    struct engine_time){ .now_ns = 1000000000 + now_us * 1000, .wall_us = NOON + now_us };
}

static inline void
load(const char *document)
{
	ck_assert_int_eq(engine_set_topo(engine, topo_of_text(document), now()), 0);
}

/* Loaded, not started. */
static inline void
set_up(void)
{
	ck_assert_int_eq(config_defaults(&config), 0);
	ck_assert(port_id_parse(SLICE(ID_TEXT), id));
	engine = engine_new(&config);
	ck_assert_ptr_nonnull(engine);
	now_us = 0;
	load(WITH_PORT);
}

static inline void
set_up_started(void)
{
	set_up();
	engine_start(engine, now());
}

static inline void
tear_down(void)
{
	engine_free(engine);
	config_release(&config);
}

/* What Redis holds of a port after a comparison was begun, where it names no more than its last toggle. */
static inline void
restore_published(const uint8_t port_id[16], bool dp_down, uint64_t revision)
{
	struct engine_port_record record = {
		.dp_down = dp_down,
		.revision = revision,
		.cause = CAUSE_ACCESS,
		.reason = REASON_LINK_DOWN,
		.switch_name = "leaf1",
		.interface_name = "Ethernet1/1",
		.fault = "",
		.report = { .by = "", .note = "" },
	};

	memcpy(record.id, port_id, sizeof(record.id));
	engine_restore_published(engine, &record);
}

static inline enum engine_verdict
say(struct slice name, enum link_word word)
{
	const struct link_event event = {
		.kind = LINK_EVENT_WORD, .word = word, .source = SOURCE_TRAP, .name = name
	};

	now_us += 1000000;
	return engine_feed(engine, 0, &event, now());
}

/* How many changes of a kind there are, taking all out; the last of them in *ret_last, its strings no longer good. */
static inline unsigned
pop_all(enum dp_change_kind kind, struct dp_change *ret_last)
{
	struct dp_change change;
	unsigned n = 0;

	*ret_last = (struct dp_change){ 0 };
	while (engine_pop(engine, &change)) {
		if (change.kind != kind)
			continue;
		*ret_last = change;
		n++;
	}
	return n;
}

static inline unsigned
count(enum dp_change_kind kind)
{
	struct dp_change last;

	return pop_all(kind, &last);
}

static inline struct engine_port_view
view(void)
{
	struct engine_port_view port;

	engine_port_view(engine, topo_port_find(engine_topo(engine), id), &port);
	return port;
}

#endif
