/* What happens to two engines and lib/network, at random. */
#include <check.h>
#include <stdarg.h>
#include <stdlib.h>

#include "core/topo_codec.h"
#include "lib/reach_run.h"

/* 2024-05-01T00:00:00Z */
#define START_US INT64_C(1714521600000000)

struct engine_time
reach_run_now(const struct reach_run *run)
{
	return (struct engine_time){ .now_ns = run->now_us * 1000 + 1000000000,
		.wall_us = START_US + run->now_us };
}

void
reach_run_say(struct reach_run *run, const char *format, ...)
{
	va_list args;

	if (!run->say)
		return;
	va_start(args, format);
	vfprintf(run->say, format, args);
	va_end(args);
}

static struct topo *
topo_of(const struct net_map *map)
{
	json_t *document = net_map_document(map);
	char *text = json_dumps(document, 0);
	struct topo_faults faults = { 0 };
	struct topo *topo = NULL;

	ck_assert_msg(topo_from_text(slice_of(text), &topo, &faults) == 0, "%s: %s in %s",
	    faults.items[0].path, faults.items[0].reason, text);
	topo_faults_release(&faults);
	json_decref(document);
	free(text);
	return topo;
}

/* One slice, which may bring the map in force, and that may be the last. */
static void
take_slice(struct reach_run *run, unsigned budget)
{
	const struct topo *before = engine_topo(run->engine);
	bool settled;

	if (engine_topo_step(run->engine, budget, reach_run_now(run), &settled) < 0)
		ck_abort_msg("out of memory");
	if (engine_topo(run->engine) != before) {
		run->unsettled = true;
		network_set_map(&run->net, &run->next);
		ck_assert_int_eq(
		    engine_set_topo(run->twin, topo_of(&run->next), reach_run_now(run)), 0);
		reach_run_say(run, "the map is in force\n");
	}
	if (settled)
		run->taking = run->unsettled = false;
}

static void
take_slices(struct reach_run *run, struct random *random)
{
	for (unsigned n = random_below(random, 6); run->taking && n > 0; n--) {
		take_slice(run, 1 + random_below(random, run->unsettled ? 3 : 300));
		reach_run_pump(run);
		/* Few ports wait for the new map's verdict, and what comes then is of interest. */
		if (run->unsettled && !random_once_in(random, 3))
			return;
	}
}

/* What a start or a comparison finds is told in other words. */
void
reach_run_settle(struct reach_run *run)
{
	while (run->unsettled)
		take_slice(run, 1);
	reach_run_pump(run);
}

static void
begin_map(struct reach_run *run, const struct net_map *map)
{
	run->next = *map;
	run->taking = true;
	run->unsettled = false;
	ck_assert_int_eq(engine_topo_begin(run->engine, topo_of(map)), 0);
}

static void
event_map(struct reach_run *run, struct random *random)
{
	struct net_map map;

	net_map_random(&map, random);
	begin_map(run, &map);
	reach_run_say(run, "another map comes\n");
}

/* Some ports move to other groups, and nothing else. */
static void
event_move(struct reach_run *run, struct random *random)
{
	struct net_map map = run->net.map;

	for (unsigned port = 0; port < NET_PORTS; port++) {
		unsigned group = random_below(random, map.n_groups);
		if (random_once_in(random, 4) && !map.groups[group].own)
			map.port_group[port] = (int)group;
	}
	begin_map(run, &map);
	reach_run_say(run, "ports are to move\n");
}

static void
feed(struct reach_run *run, uint32_t sw, const struct link_event *event)
{
	engine_feed(run->engine, sw, event, reach_run_now(run));
	engine_feed(run->twin, sw, event, reach_run_now(run));
}

static void
event_word(struct reach_run *run, struct random *random)
{
	static const struct {
		const char *name;
		enum link_word word;
		enum link_layer layer;
		enum link_source source;
		bool bare;
	} words[NET_WORDS] = {
		[NET_DOWN] = { "down", WORD_DOWN, LAYER_WHOLE, SOURCE_TRAP, false },
		[NET_UP] = { "up", WORD_UP, LAYER_WHOLE, SOURCE_TRAP, false },
		[NET_BARE_UP] = { "bare up", WORD_UP, LAYER_WHOLE, SOURCE_TRAP, true },
		[NET_LINK_DOWN] = { "link down", WORD_DOWN, LAYER_LINK, SOURCE_SYSLOG, false },
		[NET_LINK_UP] = { "link up", WORD_UP, LAYER_LINK, SOURCE_SYSLOG, false },
		[NET_PROTOCOL_DOWN] = { "protocol down", WORD_DOWN, LAYER_PROTOCOL, SOURCE_SYSLOG,
		    false },
		[NET_PROTOCOL_UP] = { "protocol up", WORD_UP, LAYER_PROTOCOL, SOURCE_SYSLOG,
		    false },
	};
	struct net_end end = { (int)random_below(random, NET_SWITCHES),
		(int)random_below(random, NET_INTERFACES) };
	enum net_word word = (enum net_word)random_below(random, NET_WORDS);
	uint32_t sw = topo_switch_find(engine_topo(run->engine), slice_of(net_switch_name(end.sw)));

	if (sw == TOPO_NONE)
		return;
	network_tell(&run->net, end, word);
	const struct link_event event = {
		.kind = LINK_EVENT_WORD,
		.word = words[word].word,
		.layer = words[word].layer,
		.source = words[word].source,
		.bare_up = words[word].bare,
		.name = slice_of(net_interface_name(end.interface)),
	};
	feed(run, sw, &event);
	reach_run_say(run, "%s:%s %s\n", net_switch_name(end.sw), net_interface_name(end.interface),
	    words[word].name);
}

static void
event_report(struct reach_run *run, struct random *random)
{
	unsigned port = random_below(random, NET_PORTS);
	const struct dp_report report = {
		.down = random_once_in(random, 2), .by = "joe", .note = ""
	};
	uint8_t id[16];

	/* A hash tells of the report as it is when it is told: the twin told earlier. */
	reach_run_settle(run);
	net_port_id(port, id);
	bool known = engine_report(run->engine, id, &report, reach_run_now(run));
	ck_assert_int_eq(known, engine_report(run->twin, id, &report, reach_run_now(run)));
	ck_assert_int_eq(known, run->net.map.port_group[port] != NET_NONE);
	if (known)
		run->net.reported[port] = report.down;
	reach_run_say(run, "p%u is reported %s\n", port, report.down ? "down" : "active");
}

static void
event_boot(struct reach_run *run, struct random *random)
{
	int sw = (int)random_below(random, NET_SWITCHES);
	uint32_t found = topo_switch_find(engine_topo(run->engine), slice_of(net_switch_name(sw)));
	const struct link_event event = {
		.kind = LINK_EVENT_RESTART, .source = SOURCE_TRAP, .new_boot = true
	};

	if (found == TOPO_NONE)
		return;
	feed(run, found, &event);
	network_boot(&run->net, sw);
	reach_run_say(run, "%s boots\n", net_switch_name(sw));
}

static const char *
interface_text(const json_t *hash, const char *name)
{
	const char *text = json_string_value(json_object_get(hash, name));

	return text ? text : "{}";
}

/*
 * What Redis does not hold: words that changed nothing, which may count when another map makes members of other interfaces.
 */
static void
forget_what_redis_does_not_hold(struct reach_run *run)
{
	for (int sw = 0; sw < NET_SWITCHES; sw++) {
		const json_t *hash = json_object_get(run->model.interfaces, net_switch_name(sw));
		for (int i = 0; i < NET_INTERFACES; i++) {
			struct net_told *told = &run->net.told[sw][i];
			json_t *state =
			    json_loads(interface_text(hash, net_interface_name(i)), 0, NULL);
			told->up_at = told->down_at =
			    (uint64_t)json_integer_value(json_object_get(state, "order"));
			if (told->up_at > run->net.now)
				run->net.now = told->up_at;
			json_decref(state);
		}
	}
}

/* As the daemon does after it read the map. */
struct engine *
reach_run_start_anew(struct reach_run *run)
{
	struct engine *engine = engine_new(&run->config);

	ck_assert_int_eq(engine_set_topo(engine, topo_of(&run->net.map), reach_run_now(run)), 0);
	return engine;
}

/* Nothing may be told by a start from what Redis holds. What was being taken comes again, while Redis is read. */
static void
event_restart(struct reach_run *run, struct random *random)
{
	bool in_force;

	reach_run_settle(run);
	engine_free(run->engine);
	engine_free(run->twin);
	run->engine = reach_run_start_anew(run);
	run->twin = reach_run_start_anew(run);
	if (run->taking)
		begin_map(run, &run->next);
	model_restore(&run->model, run->engine, reach_run_now(run));
	model_restore(&run->model, run->twin, reach_run_now(run));
	if (run->taking)
		engine_topo_step(
		    run->engine, 1 + random_below(random, 30), reach_run_now(run), &in_force);
	engine_start(run->engine, reach_run_now(run));
	engine_start(run->twin, reach_run_now(run));
	reach_run_say(run, "the daemon restarts\n");
	if (reach_run_pump(run) != 0)
		REACH_WRONG(run, "a restart toggled something");
	reach_run_compare(run);
	forget_what_redis_does_not_hold(run);
}

static void
event_compare(struct reach_run *run, struct random *random)
{
	bool lost = random_once_in(random, 2), taking = run->taking;

	reach_run_settle(run);
	if (lost) {
		model_release(&run->model);
		model_init(&run->model);
	}
	engine_compare_begin(run->engine);
	engine_compare_begin(run->twin);
	take_slices(run, random);
	model_restore_published(&run->model, run->engine);
	model_restore_published(&run->model, run->twin);
	take_slices(run, random);
	engine_start(run->engine, reach_run_now(run));
	engine_start(run->twin, reach_run_now(run));
	reach_run_say(run, lost ? "Redis lost everything\n" : "Redis is compared\n");
	if (reach_run_pump(run) != 0 && !lost && taking == run->taking)
		REACH_WRONG(run, "a comparison toggled something");
}

void
reach_run_event(struct reach_run *run, uint64_t seed)
{
	static const struct {
		unsigned share;
		void (*run)(struct reach_run *run, struct random *random);
	} kinds[] = { { 80, event_word }, { 6, event_report }, { 4, event_map }, { 3, event_move },
		{ 3, event_boot }, { 2, event_restart }, { 2, event_compare } };
	struct random random = { seed };
	unsigned at = random_below(&random, 100), i = 0;

	while (at >= kinds[i].share)
		at -= kinds[i++].share;
	run->now_us += random_below(&random, 3) * 700000;
	engine_tick(run->engine, reach_run_now(run));
	engine_tick(run->twin, reach_run_now(run));
	reach_run_pump(run);
	kinds[i].run(run, &random);
	reach_run_pump(run);
	take_slices(run, &random);
	reach_run_pump(run);
	reach_run_compare(run);
}
