/*
 * Any value of interface:<switch>: whatever Redis holds, the engine goes on, meets its own deadlines, and what it writes of the
 * interface afterwards can be read back.
 *
 * The first byte: which words come after the start. The rest is the JSON.
 */
#include <stdlib.h>
#include <string.h>

#include "core/change_codec.h"
#include "core/engine.h"
#include "core/topo_codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* 2024-05-01T12:00:00Z */
#define NOON INT64_C(1714564800000000)
#define TICKS 40

static struct config config;

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static struct engine_time
at(int64_t ns)
{
	return (struct engine_time){ .now_ns = ns, .wall_us = NOON + ns / 1000 };
}

static struct engine *
new_engine(void)
{
	static const char document[] =
	    "{\"switches\": [{\"name\": \"leaf1\", \"hostnames\": [\"leaf1\"], \"boot_settle\": \"30s\"}],"
	    " \"ports\": [{\"id\": \"00000000-0000-4000-8000-000000000001\","
	    " \"attachments\": [\"leaf1:Ethernet1/1\"]}]}";
	struct topo_faults faults = { 0 };
	struct topo *topo;

	if (config.state.source_settle_ms == 0) {
		must(config_defaults(&config) == 0);
		config.state.dampening = DAMPENING_ON;
		config.state.up_delay_ms = 100;
	}
	struct engine *engine = engine_new(&config);
	must(engine != NULL);
	must(topo_from_text(SLICE(document), &topo, &faults) == 0);
	topo_faults_release(&faults);
	must(engine_set_topo(engine, topo, at(1)) == 0);
	return engine;
}

static bool
restore(struct engine *engine, struct slice json)
{
	return engine_restore_interface(
	    engine, SLICE("leaf1"), SLICE("Ethernet1/1"), json, at(1000000000));
}

/* What was written of the interface last; "": nothing was. */
static char written[8192];

static void
pump(struct engine *engine)
{
	struct dp_change change;

	while (engine_pop(engine, &change)) {
		struct arg_buf args = { 0 }, keys = { 0 };
		struct change_record record;
		size_t offset = 0;
		must(change_encode(&change, &args, &keys) == 0);
		must(change_next(&args, &offset, &record));
		if (change.kind == CHANGE_INTERFACE) {
			must(record.values[3].len < sizeof(written));
			slice_copy(record.values[3], written, sizeof(written));
		}
		arg_buf_release(&args);
		arg_buf_release(&keys);
	}
}

/* Another daemon can read it. */
static void
read_back(void)
{
	struct engine *reader = new_engine();

	must(written[0] == '\0' || restore(reader, slice_of(written)));
	engine_start(reader, at(1000000000));
	engine_free(reader);
}

static void
say(struct engine *engine, unsigned bits, int64_t ns)
{
	const struct link_event event = {
		.kind = LINK_EVENT_WORD,
		.word = bits & 1 ? WORD_UP : WORD_DOWN,
		.source = bits & 2 ? SOURCE_TRAP : SOURCE_SYSLOG,
		.has_uptime = (bits & 2) != 0,
		.uptime_cs = 100,
		.name = SLICE("Ethernet1/1"),
	};

	engine_feed(engine, 0, &event, at(ns));
	pump(engine);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const unsigned words = size > 0 ? data[0] : 0;
	struct engine *engine = new_engine();
	int64_t ns = 1000000000;

	written[0] = '\0';
	if (size > 1)
		restore(engine, (struct slice){ (const char *)data + 1, size - 1 });
	engine_start(engine, at(ns));
	pump(engine);
	for (unsigned i = 0; i < 8; i += 2)
		say(engine, words >> i, ns += 500000000);
	for (int i = 0; i < TICKS; i++) {
		const int64_t deadline = engine_next_deadline(engine);
		if (deadline == INT64_MAX)
			break;
		ns = deadline > ns ? deadline : ns;
		engine_tick(engine, at(ns));
		must(engine_next_deadline(engine) > deadline);
		pump(engine);
	}
	read_back();
	engine_free(engine);
	return 0;
}
