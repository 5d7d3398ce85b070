/*
 * reach and the verdicts above it, held against lib/network: random maps, random events, and after each event everything
 * compared. Maps are taken in slices with events between them; a twin, which takes each map in one step at the moment in
 * which the other has it in force, must say the same, byte by byte. A failure prints the seed and the events that are left
 * after shrinking.
 *   DPWATCH_SEED=n   runs the one case of that seed      DPWATCH_CASES=n   as many cases of 100 events
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/change_codec.h"
#include "core/topo_codec.h"
#include "lib/model.h"
#include "lib/network.h"
#include "lib/run_suite.h"

#define EVENTS 100
#define CASES 1000
/* 2024-05-01T00:00:00Z */
#define START_US INT64_C(1714521600000000)

/*
 * What one engine said, as bytes. Of one port the order counts; ports that one event moves, and interfaces, may be told in
 * any order: it hangs on how the reach came about, and extra interfaces have other numbers.
 */
#define RECORDS_MAX 2000
struct record {
	struct arg_buf bytes;
	uint8_t port_id[16]; /* all zero: of no port */
	unsigned place;      /* of a port: so many records were before it */
};
struct said {
	struct arg_buf keys;
	struct record records[RECORDS_MAX];
	unsigned n;
};

struct run {
	struct network net;
	struct engine *engine, *twin;
	struct net_map next; /* what the engine is taking */
	bool taking;
	bool unsettled; /* it is in force, and not all is told yet that it changes; the twin told */
	struct said said, twin_said; /* since then */
	bool words_wait; /* lib/network is not asked: there each word counts when it comes */
	struct model model;
	struct config config;
	int64_t now_us;
	FILE *say;   /* NULL: silent */
	char *wrong; /* what was wrong first; NULL: nothing */
};

static struct engine_time
now(const struct run *run)
{
	return (struct engine_time){ .now_ns = run->now_us * 1000 + 1000000000,
		.wall_us = START_US + run->now_us };
}

__attribute__((format(printf, 2, 3))) static void
say(struct run *run, const char *format, ...)
{
	va_list args;

	if (!run->say)
		return;
	va_start(args, format);
	vfprintf(run->say, format, args);
	va_end(args);
}

/* ---- comparing ---- */

#define WRONG(run, ...)                                      \
	do {                                                 \
		char text_[200];                             \
		snprintf(text_, sizeof(text_), __VA_ARGS__); \
		if (!(run)->wrong)                           \
			(run)->wrong = strdup(text_);        \
	} while (0)

static void
compare_interfaces(struct run *run)
{
	const struct topo *topo = engine_topo(run->engine);
	struct engine_interface_view view;

	for (uint32_t i = 0; i < topo_n_interfaces(topo); i++) {
		engine_interface_view(run->engine, i, &view);
		struct net_end end = { atoi(view.switch_name + 1), 0 };
		while (strcmp(net_interface_name(end.interface), view.name) != 0)
			end.interface++;
		if (view.carries != network_carries(&run->net, end))
			WRONG(run, "%s:%s %s", view.switch_name, view.name,
			    view.carries ? "carries traffic" : "carries none");
	}
}

static void
compare_switches(struct run *run)
{
	const struct topo *topo = engine_topo(run->engine);
	struct engine_switch_view view;

	for (uint32_t sw = 0; sw < topo_n_switches(topo); sw++) {
		engine_switch_view(run->engine, sw, &view);
		if (view.reaches_root != network_reaches_root(&run->net, atoi(view.name + 1)))
			WRONG(run, "%s %s", view.name,
			    view.reaches_root ? "reaches a root" : "reaches none");
	}
}

static void
compare_ports(struct run *run)
{
	struct engine_port_view view;
	struct engine_totals totals;
	unsigned n_down = 0, n_degraded = 0;
	uint8_t id[16];

	for (unsigned port = 0; port < NET_PORTS; port++) {
		if (run->net.map.port_group[port] == NET_NONE)
			continue;
		struct net_verdict verdict = network_verdict(&run->net, port);
		net_port_id(port, id);
		engine_port_view(run->engine, topo_port_find(engine_topo(run->engine), id), &view);
		if (view.dp_down != verdict.down || view.paths.up != verdict.up ||
		    view.paths.stranded != verdict.stranded || view.paths.total != verdict.total)
			WRONG(run, "p%u is %s %u/%u/%u, should be %s %u/%u/%u", port,
			    view.dp_down ? "down" : "up", view.paths.up, view.paths.stranded,
			    view.paths.total, verdict.down ? "down" : "up", verdict.up,
			    verdict.stranded, verdict.total);
		n_down += verdict.down;
		n_degraded += !verdict.down && verdict.up < verdict.total;
	}
	engine_totals(run->engine, &totals);
	if (totals.ports_down != n_down || totals.ports_degraded != n_degraded)
		WRONG(run, "%u down and %u degraded are counted, should be %u and %u",
		    totals.ports_down, totals.ports_degraded, n_down, n_degraded);
}

static int
compare_records(const void *a, const void *b)
{
	const struct record *x = a, *y = b;
	size_t n = x->bytes.len < y->bytes.len ? x->bytes.len : y->bytes.len;
	int order = memcmp(x->port_id, y->port_id, sizeof(x->port_id));

	if (order == 0)
		order = (x->place > y->place) - (x->place < y->place);
	if (order == 0)
		order = memcmp(x->bytes.data, y->bytes.data, n);
	return order != 0 ? order : (x->bytes.len > y->bytes.len) - (x->bytes.len < y->bytes.len);
}

static void
said_clear(struct said *said)
{
	arg_buf_release(&said->keys);
	while (said->n > 0)
		arg_buf_release(&said->records[--said->n].bytes);
}

static void
said_sort(struct said *said)
{
	qsort(said->records, said->n, sizeof(said->records[0]), compare_records);
}

static bool
said_equal(const struct said *a, const struct said *b)
{
	for (unsigned i = 0; i < a->n && i < b->n; i++)
		if (a->records[i].bytes.len != b->records[i].bytes.len ||
		    memcmp(a->records[i].bytes.data, b->records[i].bytes.data,
			a->records[i].bytes.len) != 0)
			return false;
	return a->n == b->n;
}

static void
take_out(struct engine *engine, struct model *model, struct said *said)
{
	struct dp_change change;

	while (engine_pop(engine, &change)) {
		struct record *record = &said->records[said->n];
		if (said->n == RECORDS_MAX)
			ck_abort_msg("more than %d changes", RECORDS_MAX);
		*record = (struct record){ .place = 0 };
		if (change.kind != CHANGE_INTERFACE && change.kind != CHANGE_FORGET) {
			memcpy(record->port_id, change.port_id, sizeof(record->port_id));
			record->place = said->n;
		}
		said->n++;
		/* As of the moment in which it is taken out, which is a later one where a map is taken in slices. */
		struct dp_change told = change;
		told.marks = (struct dp_marks){ 0 };
		if (change_encode(&told, &record->bytes, &said->keys) != 0)
			ck_abort_msg("a change of kind %d cannot be encoded", change.kind);
		uint64_t revision = model ? model_apply(model, &change) : 0;
		if (revision != 0)
			arg_buf_add(
			    &said->keys, (struct slice){ (char *)&revision, sizeof(revision) });
	}
}

/* The revisions that the model gave stand behind the keys of their toggles. Returns how many. */
static unsigned
publish(struct run *run, const struct arg_buf *keys)
{
	struct slice arg, key = { NULL, 0 };
	size_t at = 0;
	unsigned n = 0;
	uint8_t id[16];
	uint64_t revision;

	for (; arg_buf_next(keys, &at, &arg); key = arg) {
		if (arg.len != sizeof(revision))
			continue;
		memcpy(&revision, arg.data, sizeof(revision));
		if (!port_id_parse(slice_from(key, strlen("port:")), id))
			ck_abort_msg("%.*s is no port", (int)key.len, key.data);
		engine_published(run->engine, id, revision);
		engine_published(run->twin, id, revision);
		n++;
	}
	return n;
}

static void
say_records(struct run *run, const char *who, const struct arg_buf *records)
{
	struct slice arg;
	size_t at = 0;

	say(run, "  %s:", who);
	while (arg_buf_next(records, &at, &arg))
		say(run, " %.*s", (int)arg.len, arg.data);
	say(run, "\n");
}

static void
say_all(struct run *run, const char *who, const struct said *said)
{
	for (unsigned i = 0; i < said->n; i++)
		say_records(run, who, &said->records[i].bytes);
}

/* The number of toggles. The model fails where one says what is so already. */
static unsigned
pump(struct run *run)
{
	arg_buf_clear(&run->said.keys);
	take_out(run->engine, &run->model, &run->said);
	take_out(run->twin, NULL, &run->twin_said);
	unsigned n = publish(run, &run->said.keys);
	if (run->unsettled)
		return n;
	said_sort(&run->said);
	said_sort(&run->twin_said);
	if (!said_equal(&run->said, &run->twin_said)) {
		WRONG(run, "a map that is taken in slices tells another story");
		say_all(run, "in slices", &run->said);
		say_all(run, "in one step", &run->twin_said);
	}
	said_clear(&run->said);
	said_clear(&run->twin_said);
	return n;
}

/* ---- events ---- */

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
take_slice(struct run *run, unsigned budget)
{
	const struct topo *before = engine_topo(run->engine);
	bool settled;

	if (engine_topo_step(run->engine, budget, now(run), &settled) < 0)
		ck_abort_msg("out of memory");
	if (engine_topo(run->engine) != before) {
		run->unsettled = true;
		network_set_map(&run->net, &run->next);
		ck_assert_int_eq(engine_set_topo(run->twin, topo_of(&run->next), now(run)), 0);
		say(run, "the map is in force\n");
	}
	if (settled)
		run->taking = run->unsettled = false;
}

static void
take_slices(struct run *run, struct random *random)
{
	for (unsigned n = random_below(random, 6); run->taking && n > 0; n--) {
		take_slice(run, 1 + random_below(random, run->unsettled ? 3 : 300));
		pump(run);
		/* Few ports wait for the new map's verdict, and what comes then is of interest. */
		if (run->unsettled && !random_once_in(random, 3))
			return;
	}
}

/* What a start or a comparison finds is told in other words. */
static void
settle(struct run *run)
{
	while (run->unsettled)
		take_slice(run, 1);
	pump(run);
}

static void
begin_map(struct run *run, const struct net_map *map)
{
	run->next = *map;
	run->taking = true;
	run->unsettled = false;
	ck_assert_int_eq(engine_topo_begin(run->engine, topo_of(map)), 0);
}

static void
event_map(struct run *run, struct random *random)
{
	struct net_map map;

	net_map_random(&map, random);
	begin_map(run, &map);
	say(run, "another map comes\n");
}

/* Some ports move to other groups, and nothing else. */
static void
event_move(struct run *run, struct random *random)
{
	struct net_map map = run->net.map;

	for (unsigned port = 0; port < NET_PORTS; port++) {
		unsigned group = random_below(random, map.n_groups);
		if (random_once_in(random, 4) && !map.groups[group].own)
			map.port_group[port] = (int)group;
	}
	begin_map(run, &map);
	say(run, "ports are to move\n");
}

static void
feed(struct run *run, uint32_t sw, const struct link_event *event)
{
	engine_feed(run->engine, sw, event, now(run));
	engine_feed(run->twin, sw, event, now(run));
}

static void
event_word(struct run *run, struct random *random)
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
	say(run, "%s:%s %s\n", net_switch_name(end.sw), net_interface_name(end.interface),
	    words[word].name);
}

static void
event_report(struct run *run, struct random *random)
{
	unsigned port = random_below(random, NET_PORTS);
	const struct dp_report report = {
		.down = random_once_in(random, 2), .by = "joe", .note = ""
	};
	uint8_t id[16];

	/* A hash tells of the report as it is when it is told: the twin told earlier. */
	settle(run);
	net_port_id(port, id);
	bool known = engine_report(run->engine, id, &report, now(run));
	ck_assert_int_eq(known, engine_report(run->twin, id, &report, now(run)));
	ck_assert_int_eq(known, run->net.map.port_group[port] != NET_NONE);
	if (known)
		run->net.reported[port] = report.down;
	say(run, "p%u is reported %s\n", port, report.down ? "down" : "active");
}

static void
event_boot(struct run *run, struct random *random)
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
	say(run, "%s boots\n", net_switch_name(sw));
}

static void
compare(struct run *run)
{
	if (run->words_wait)
		return;
	compare_interfaces(run);
	compare_switches(run);
	if (!run->unsettled)
		compare_ports(run);
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
forget_what_redis_does_not_hold(struct run *run)
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
static struct engine *
start_anew(struct run *run)
{
	struct engine *engine = engine_new(&run->config);

	ck_assert_int_eq(engine_set_topo(engine, topo_of(&run->net.map), now(run)), 0);
	return engine;
}

/* Nothing may be told by a start from what Redis holds. What was being taken comes again, while Redis is read. */
static void
event_restart(struct run *run, struct random *random)
{
	bool in_force;

	settle(run);
	engine_free(run->engine);
	engine_free(run->twin);
	run->engine = start_anew(run);
	run->twin = start_anew(run);
	if (run->taking)
		begin_map(run, &run->next);
	model_restore(&run->model, run->engine, now(run));
	model_restore(&run->model, run->twin, now(run));
	if (run->taking)
		engine_topo_step(run->engine, 1 + random_below(random, 30), now(run), &in_force);
	engine_start(run->engine, now(run));
	engine_start(run->twin, now(run));
	say(run, "the daemon restarts\n");
	if (pump(run) != 0)
		WRONG(run, "a restart toggled something");
	compare(run);
	forget_what_redis_does_not_hold(run);
}

static void
event_compare(struct run *run, struct random *random)
{
	bool lost = random_once_in(random, 2), taking = run->taking;

	settle(run);
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
	engine_start(run->engine, now(run));
	engine_start(run->twin, now(run));
	say(run, lost ? "Redis lost everything\n" : "Redis is compared\n");
	if (pump(run) != 0 && !lost && taking == run->taking)
		WRONG(run, "a comparison toggled something");
}

static void
event(struct run *run, uint64_t seed)
{
	static const struct {
		unsigned share;
		void (*run)(struct run *run, struct random *random);
	} kinds[] = { { 80, event_word }, { 6, event_report }, { 4, event_map }, { 3, event_move },
		{ 3, event_boot }, { 2, event_restart }, { 2, event_compare } };
	struct random random = { seed };
	unsigned at = random_below(&random, 100), i = 0;

	while (at >= kinds[i].share)
		at -= kinds[i++].share;
	run->now_us += random_below(&random, 3) * 700000;
	engine_tick(run->engine, now(run));
	engine_tick(run->twin, now(run));
	pump(run);
	kinds[i].run(run, &random);
	pump(run);
	take_slices(run, &random);
	pump(run);
	compare(run);
}

/* ---- a case ---- */

/* Plays the events that are not left out; what was wrong (the caller's), or NULL. */
static char *
play(uint64_t seed, const bool *left_out, FILE *out)
{
	struct run run = { .say = out };
	struct random random = { seed };
	struct net_map map;

	ck_assert_int_eq(config_defaults(&run.config), 0);
	/* Which word to believe is not the question here, but what waits carries over from map to map as well. */
	run.words_wait = seed % 4 == 3;
	if (!run.words_wait)
		run.config.state.source_settle_ms = run.config.state.echo_window_ms = 0;
	model_init(&run.model);
	net_map_random(&map, &random);
	network_set_map(&run.net, &map);
	run.engine = start_anew(&run);
	run.twin = start_anew(&run);
	engine_start(run.engine, now(&run));
	engine_start(run.twin, now(&run));
	for (unsigned i = 0; i < EVENTS && !run.wrong; i++)
		if (!left_out[i])
			event(&run, seed * EVENTS + i);
	settle(&run);
	if (!run.wrong)
		model_check(&run.model, run.engine);
	if (out && run.wrong) {
		json_t *document = net_map_document(&run.net.map);
		json_dumpf(document, out, JSON_INDENT(1));
		fprintf(out, "\n%s\n", run.wrong);
		json_decref(document);
	}
	engine_free(run.engine);
	engine_free(run.twin);
	said_clear(&run.said);
	said_clear(&run.twin_said);
	model_release(&run.model);
	config_release(&run.config);
	return run.wrong;
}

/* Leaves out whatever can be, and plays what remains aloud. */
static void
shrink(uint64_t seed)
{
	bool left_out[EVENTS] = { false };

	for (unsigned run = EVENTS / 2; run > 0; run /= 2) {
		for (unsigned i = 0; i + run <= EVENTS; i++) {
			bool saved[EVENTS];
			memcpy(saved, left_out, sizeof(saved));
			memset(left_out + i, true, run);
			char *wrong = play(seed, left_out, NULL);
			if (!wrong)
				memcpy(left_out, saved, sizeof(saved));
			free(wrong);
		}
	}
	free(play(seed, left_out, stderr));
}

static void
try_case(uint64_t seed)
{
	static const bool left_out[EVENTS];
	char *wrong = play(seed, left_out, NULL);

	if (!wrong)
		return;
	shrink(seed);
	ck_abort_msg("DPWATCH_SEED=%llu: %s", (unsigned long long)seed, wrong);
}

static unsigned long
from_environment(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 10) : otherwise;
}

START_TEST(after_every_event_the_verdicts_are_those_of_design_md)
{
	unsigned long cases = from_environment("DPWATCH_CASES", CASES);
	unsigned long seed = from_environment("DPWATCH_SEED", 0);

	if (getenv("DPWATCH_SEED"))
		cases = 1;
	for (unsigned long i = 0; i < cases; i++)
		try_case(seed + i);
}
END_TEST

int
main(void)
{
	TCase *tcase = tcase_create("property");

	tcase_set_timeout(tcase, 600);
	tcase_add_test(tcase, after_every_event_the_verdicts_are_those_of_design_md);
	return run_case("reach", tcase);
}
