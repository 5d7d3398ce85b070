/*
 * engine: its life, its bounds, and what comes from outside. What it decides is in tests/scenarios, one sentence each, and
 * in check_reach, held against a slow evaluation.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/engine.h"
#include "core/topo_codec.h"
#include "lib/guard.h"
#include "lib/single_quotes.h"

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

static struct engine_time
now(void)
{
	return (
	    struct engine_time){ .now_ns = 1000000000 + now_us * 1000, .wall_us = NOON + now_us };
}

static void
load(const char *document)
{
	struct topo_faults faults = { 0 };
	char *text = json_text(document);
	struct topo *topo = NULL;

	ck_assert_int_eq(topo_from_text(slice_of(text), &topo, &faults), 0);
	topo_faults_release(&faults);
	free(text);
	ck_assert_int_eq(engine_set_topo(engine, topo, now()), 0);
}

/* Loaded, not started. */
static void
set_up(void)
{
	ck_assert_int_eq(config_defaults(&config), 0);
	ck_assert(port_id_parse(SLICE(ID_TEXT), id));
	engine = engine_new(&config);
	ck_assert_ptr_nonnull(engine);
	now_us = 0;
	load(WITH_PORT);
}

static void
set_up_started(void)
{
	set_up();
	engine_start(engine, now());
}

static void
tear_down(void)
{
	engine_free(engine);
	config_release(&config);
}

static enum engine_verdict
say(struct slice name, enum link_word word)
{
	const struct link_event event = {
		.kind = LINK_EVENT_WORD, .word = word, .source = SOURCE_TRAP, .name = name
	};

	now_us += 1000000;
	return engine_feed(engine, 0, &event, now());
}

/* How many changes of a kind there are, taking all out; the last of them in *ret_last, its strings no longer good. */
static unsigned
pop_all(enum dp_change_kind kind, struct dp_change *ret_last)
{
	struct dp_change change;
	unsigned n = 0;

	while (engine_pop(engine, &change)) {
		if (change.kind != kind)
			continue;
		*ret_last = change;
		n++;
	}
	return n;
}

static unsigned
count(enum dp_change_kind kind)
{
	struct dp_change last;

	return pop_all(kind, &last);
}

static struct engine_port_view
view(void)
{
	struct engine_port_view port;

	engine_port_view(engine, topo_port_find(engine_topo(engine), id), &port);
	return port;
}

static struct engine_port_record
down_record(uint64_t revision)
{
	struct engine_port_record record = {
		.dp_down = true,
		.revision = revision,
		.since_us = NOON - 5000000,
		.cause = CAUSE_ACCESS,
		.reason = REASON_LINK_DOWN,
		.switch_name = "leaf1",
		.interface_name = "Ethernet1/1",
		.fault = "leaf1:Ethernet1/1@2024-05-01T11:59:55.000000Z",
		.report = { .by = "", .note = "" },
	};

	memcpy(record.id, id, sizeof(id));
	return record;
}

static bool
restore(const char *json)
{
	return engine_restore_interface(
	    engine, SLICE("leaf1"), SLICE("Ethernet1/1"), slice_of(json), now());
}

/* ---- life ---- */

START_TEST(a_new_engine_has_an_empty_map_and_nothing_to_say)
{
	struct engine *fresh = engine_new(&config);
	struct dp_change change;

	ck_assert_uint_eq(topo_n_switches(engine_topo(fresh)), 0);
	engine_start(fresh, now());
	ck_assert(!engine_pop(fresh, &change));
	ck_assert_int_eq(engine_next_deadline(fresh), INT64_MAX);
	engine_tick(fresh, now());
	engine_free(fresh);
	engine_free(NULL);
}
END_TEST

START_TEST(before_the_start_nothing_is_told)
{
	say(SLICE("Ethernet1/1"), WORD_DOWN);
	struct dp_change change;
	ck_assert(!engine_pop(engine, &change));
	ck_assert(!view().dp_down);
	engine_start(engine, now());
	ck_assert_uint_eq(pop_all(CHANGE_TOGGLE, &change), 1);
	ck_assert(change.dp_down);
	ck_assert(view().dp_down);
}
END_TEST

START_TEST(a_popped_changes_strings_are_its_own_until_the_next_call)
{
	struct dp_change change;

	say(SLICE("Ethernet1/1"), WORD_DOWN);
	struct engine_totals totals;
	engine_totals(engine, &totals);
	ck_assert_uint_eq(totals.queued, 2);
	ck_assert(engine_pop(engine, &change));
	ck_assert_int_eq(change.kind, CHANGE_INTERFACE);
	ck_assert(engine_pop(engine, &change));
	ck_assert_int_eq(change.kind, CHANGE_TOGGLE);
	ck_assert_str_eq(change.port_name, "vm1");
	ck_assert_str_eq(change.project_id, "blue");
	ck_assert_str_eq(change.fault, "leaf1:Ethernet1/1@2024-05-01T12:00:01.000000Z");
	ck_assert_mem_eq(change.port_id, id, sizeof(id));
	engine_totals(engine, &totals);
	ck_assert_uint_eq(totals.queued, 0);
	ck_assert(!engine_pop(engine, &change));
}
END_TEST

START_TEST(a_new_configuration_counts_from_the_next_word_on)
{
	say(SLICE("Ethernet1/1"), WORD_ADMIN_DOWN);
	ck_assert(view().dp_down);
	say(SLICE("Ethernet1/1"), WORD_UP);
	config.state.admin_down = ADMIN_DOWN_IGNORE;
	engine_configure(engine, &config);
	say(SLICE("Ethernet1/1"), WORD_ADMIN_DOWN);
	ck_assert(!view().dp_down);
}
END_TEST

START_TEST(the_turns_clock_labels_what_is_decided_and_the_datagrams_what_came_in)
{
	const struct link_event event = {
		.kind = LINK_EVENT_WORD, .word = WORD_DOWN, .source = SOURCE_SYSLOG, .if_index = 1
	};
	struct engine_time time = now();
	struct dp_change change;

	time.turn_us = NOON + 77;
	ck_assert_int_eq(engine_feed(engine, 0, &event, time), VERDICT_CHANGED);
	ck_assert_uint_eq(pop_all(CHANGE_TOGGLE, &change), 1);
	ck_assert_int_eq(change.received_us, NOON);
	ck_assert_int_eq(change.occurred_us, NOON + 77);
}
END_TEST

/* ---- what strangers write ---- */

static const struct {
	struct slice name;
	enum engine_verdict verdict;
} names[] = {
	{ { "", 0 }, VERDICT_NO_INTERFACE },
	{ { "   ", 3 }, VERDICT_NO_INTERFACE },
	{ { "Ether\0net", 9 }, VERDICT_NO_INTERFACE },
	{ { "Ethernet1/1\n", 12 }, VERDICT_NO_INTERFACE },
	{ { "\x7f", 1 }, VERDICT_NO_INTERFACE },
	{ { "Ethernet1/1", 11 }, VERDICT_CHANGED },
	{ { "ETH1/1", 6 }, VERDICT_CHANGED },
	{ { "Ethernet1/1.", 12 }, VERDICT_CHANGED },
	{ { "Ethernet1/1.1", 13 }, VERDICT_VIRTUAL },
	{ { "Vlan1", 5 }, VERDICT_VIRTUAL },
	{ { "\xff\xfe", 2 }, VERDICT_CHANGED },
	{ { "nobody", 6 }, VERDICT_CHANGED },
};

START_TEST(a_name_is_read_to_its_end_and_no_further)
{
	struct guard guard = { 0 };
	const char *text = guard_put(&guard, names[_i].name.data, names[_i].name.len);

	ck_assert_int_eq(
	    say((struct slice){ text, names[_i].name.len }, WORD_DOWN), names[_i].verdict);
	guard_release(&guard);
	/* It does not live on in the datagram. */
	engine_tick(engine, now());
	ck_assert_uint_eq(count(CHANGE_INTERFACE), names[_i].verdict == VERDICT_CHANGED);
}
END_TEST

START_TEST(a_name_longer_than_an_if_name_can_be_is_no_interface)
{
	char name[300];

	memset(name, 'x', sizeof(name));
	ck_assert_int_eq(say((struct slice){ name, 255 }, WORD_DOWN), VERDICT_CHANGED);
	ck_assert_int_eq(say((struct slice){ name, 256 }, WORD_DOWN), VERDICT_NO_INTERFACE);
	ck_assert_int_eq(say((struct slice){ name, 300 }, WORD_DOWN), VERDICT_NO_INTERFACE);
}
END_TEST

START_TEST(a_switch_cannot_grow_beyond_its_bound)
{
	char name[32];
	unsigned wrong = 0;

	for (unsigned i = 0; i < ENGINE_EXTRA_PER_SWITCH; i++) {
		int len = snprintf(name, sizeof(name), "extra%u", i);
		wrong += say((struct slice){ name, (size_t)len }, WORD_DOWN) != VERDICT_CHANGED;
	}
	ck_assert_uint_eq(wrong, 0);
	ck_assert_uint_eq(engine_n_interfaces(engine), 1 + ENGINE_EXTRA_PER_SWITCH);
	ck_assert_int_eq(say(SLICE("onemore"), WORD_DOWN), VERDICT_NO_INTERFACE);
	/* Those that are known, and those of the map, go on. */
	ck_assert_int_eq(say(SLICE("extra7"), WORD_UP), VERDICT_CHANGED);
	ck_assert_int_eq(say(SLICE("Ethernet1/1"), WORD_DOWN), VERDICT_CHANGED);
	ck_assert_uint_eq(count(CHANGE_TOGGLE), 1);
	/* They outlive a new map, by name and within the bound. */
	load(WITH_PORT);
	ck_assert_uint_eq(engine_n_interfaces(engine), 1 + ENGINE_EXTRA_PER_SWITCH);
	ck_assert_int_eq(say(SLICE("extra7"), WORD_UP), VERDICT_NO_CHANGE);
}
END_TEST

/* ---- what Redis held ---- */

static const struct {
	const char *json;
	bool taken, up;
} states[] = {
	{ "", false, true },
	{ "{", false, true },
	{ "[]", false, true },
	{ "\"down\"", false, true },
	{ "{}", false, true },
	{ "{\"oper\": 1}", false, true },
	{ "{\"oper\": \"up\"}", true, true },
	{ "{\"oper\": \"down\", \"link\": \"down\"}", true, false },
	{ "{\"oper\": \"down\", \"protocol\": \"down\", \"of\": \"the future\"}", true, false },
	{ "{\"oper\": \"down\", \"link\": \"sideways\", \"protocol\": 5}", true, true },
	{ "{\"oper\": \"up\", \"link\": \"down\", \"override\": \"up\"}", true, true },
	{ "{\"oper\": \"down\", \"link\": \"down\", \"since\": \"0000-01-01T00:00:00Z\","
	  " \"order\": 9223372036854775807}",
	    true, false },
	{ "{\"oper\": \"down\", \"link\": \"down\", \"since\": \"9999-12-31T23:59:59Z\","
	  " \"order\": -9223372036854775808}",
	    true, false },
	{ "{\"oper\": \"down\", \"link\": \"down\", \"since\": \"yesterday\", \"order\": 1.5}",
	    true, false },
};

START_TEST(what_redis_says_of_an_interface_is_checked)
{
	struct engine_interface_view interface;

	ck_assert_int_eq(restore(states[_i].json), states[_i].taken);
	engine_start(engine, now());
	engine_interface_view(engine, 0, &interface);
	ck_assert_int_eq(interface.oper_up, states[_i].up);
	ck_assert_int_eq(interface.heard, states[_i].taken);
	ck_assert_int_eq(interface.certain, !states[_i].taken);
	ck_assert_int_eq(view().dp_down, !states[_i].up);
	/* The next word counts all the same. */
	ck_assert_int_ne(say(SLICE("Ethernet1/1"), WORD_UP), VERDICT_NO_CHANGE);
	ck_assert_int_ne(say(SLICE("Ethernet1/1"), WORD_DOWN), VERDICT_NO_CHANGE);
	ck_assert(interface.override[0] || view().dp_down);
}
END_TEST

START_TEST(an_interface_of_an_unknown_switch_is_not_restored)
{
	ck_assert(!engine_restore_interface(
	    engine, SLICE("leaf9"), SLICE("Ethernet1/1"), SLICE("{\"oper\": \"up\"}"), now()));
	ck_assert(!engine_restore_interface(
	    engine, SLICE("leaf1"), SLICE(""), SLICE("{\"oper\": \"up\"}"), now()));
	ck_assert_uint_eq(engine_n_interfaces(engine), 1);
}
END_TEST

/* HSCAN and SCAN may tell a field or key twice. */
START_TEST(what_redis_tells_twice_counts_once)
{
	struct engine_port_record record = down_record(7);
	struct dp_change change;

	ck_assert(restore("{\"oper\": \"down\", \"link\": \"down\"}"));
	ck_assert(restore("{\"oper\": \"down\", \"link\": \"down\"}"));
	engine_restore_port(engine, &record);
	engine_restore_port(engine, &record);
	record.id[15] = 9;
	engine_restore_port(engine, &record);
	record.id[15] = 8;
	engine_restore_port(engine, &record);
	record.id[15] = 9;
	engine_restore_port(engine, &record);
	engine_start(engine, now());
	ck_assert_uint_eq(pop_all(CHANGE_TOGGLE, &change), 2);
	ck_assert(change.removed);
	ck_assert(!change.dp_down);
	ck_assert_uint_eq(change.known_revision, 7);
	ck_assert(view().dp_down);
	ck_assert_uint_eq(view().revision, 7);
}
END_TEST

START_TEST(a_map_that_comes_while_redis_is_read_lets_redis_tell_again)
{
	struct engine_port_record record = down_record(7);

	record.id[15] = 9;
	engine_restore_port(engine, &record);
	load(WITHOUT_PORT);
	engine_start(engine, now());
	ck_assert_uint_eq(count(CHANGE_TOGGLE), 0);
}
END_TEST

START_TEST(a_revision_beyond_32_bits_is_kept_as_the_greatest)
{
	struct engine_port_record record = down_record(UINT64_C(0x100000005));

	engine_restore_port(engine, &record);
	ck_assert_uint_eq(view().revision, UINT32_MAX);
	engine_published(engine, id, 5);
	ck_assert_uint_eq(view().revision, UINT32_MAX);
}
END_TEST

/* ---- when Redis and the engine have parted ---- */

START_TEST(while_redis_is_compared_the_views_say_what_is_so)
{
	say(SLICE("Ethernet1/1"), WORD_DOWN);
	count(CHANGE_TOGGLE);
	engine_compare_begin(engine);
	ck_assert(view().dp_down);
	ck_assert_str_eq(view().data_plane_status, "DOWN");
	struct engine_totals totals;
	engine_totals(engine, &totals);
	ck_assert_uint_eq(totals.ports_down, 1);
	engine_restore_published(engine, id, true, 1);
	engine_start(engine, now());
	ck_assert_uint_eq(count(CHANGE_TOGGLE), 0);
}
END_TEST

START_TEST(a_port_that_leaves_the_map_while_redis_is_compared_is_let_go)
{
	uint8_t other[16] = { 5 };
	struct dp_change change;

	say(SLICE("Ethernet1/1"), WORD_DOWN);
	count(CHANGE_TOGGLE);
	engine_compare_begin(engine);
	engine_restore_published(engine, id, true, 1);
	load(WITHOUT_PORT);
	/* Told once more by the scan, and one that is in no map. */
	engine_restore_published(engine, id, true, 1);
	engine_restore_published(engine, other, true, 3);
	engine_restore_published(engine, other, false, 4);
	engine_start(engine, now());
	unsigned n = 0;
	while (engine_pop(engine, &change)) {
		if (change.kind != CHANGE_TOGGLE)
			continue;
		n++;
		ck_assert(change.removed);
		ck_assert(!change.dp_down);
		if (memcmp(change.port_id, id, sizeof(id)) == 0) {
			ck_assert_str_eq(change.port_name, "vm1");
			ck_assert_uint_eq(change.known_revision, 1);
			ck_assert_int_eq(change.cause, CAUSE_ACCESS);
		} else {
			ck_assert_uint_eq(change.known_revision, 3);
		}
	}
	ck_assert_uint_eq(n, 2);
}
END_TEST

START_TEST(a_report_that_comes_while_redis_is_compared_is_told_afterwards)
{
	const struct dp_report report = { .down = true, .by = "joe", .note = "" };
	struct dp_change change;

	engine_compare_begin(engine);
	ck_assert(engine_report(engine, id, &report, now()));
	ck_assert(!engine_pop(engine, &change));
	ck_assert(view().dp_down);
	engine_restore_published(engine, id, true, 4);
	engine_start(engine, now());
	/* Redis holds it as down, so it is no toggle; but not why. */
	bool told = false;
	while (engine_pop(engine, &change)) {
		ck_assert_int_ne(change.kind, CHANGE_TOGGLE);
		if (change.kind != CHANGE_PORT)
			continue;
		told = true;
		ck_assert(change.dp_down);
		ck_assert_str_eq(change.report.by, "joe");
		ck_assert_uint_eq(change.known_revision, 4);
	}
	ck_assert(told);
}
END_TEST

START_TEST(a_report_that_comes_before_the_start_is_newer_than_redis)
{
	const struct dp_report report = { .down = true, .by = "ann", .note = "" };
	struct engine_port_record record = down_record(3);
	struct dp_change change;

	record.dp_down = false;
	record.report = (struct dp_report){ .by = "joe", .note = "", .at_us = NOON - 1 };
	ck_assert(engine_report(engine, id, &report, now()));
	engine_restore_port(engine, &record);
	engine_start(engine, now());
	ck_assert(engine_pop(engine, &change));
	ck_assert_int_eq(change.kind, CHANGE_TOGGLE);
	ck_assert(change.dp_down);
	ck_assert_int_eq(change.cause, CAUSE_REPORTED);
	ck_assert_int_eq(change.reason, REASON_REPORTED);
	ck_assert_int_eq(change.source, SOURCE_API);
	ck_assert_str_eq(change.report.by, "ann");
}
END_TEST

START_TEST(a_toggle_that_was_folded_is_told_with_what_decided_it)
{
	struct dp_change change;

	say(SLICE("Ethernet1/1"), WORD_DOWN);
	say(SLICE("Ethernet1/1"), WORD_UP);
	count(CHANGE_TOGGLE);
	engine_compare_begin(engine);
	engine_restore_published(engine, id, true, 1);
	engine_start(engine, now());
	do
		ck_assert(engine_pop(engine, &change));
	while (change.kind != CHANGE_TOGGLE);
	ck_assert(!change.dp_down);
	ck_assert_int_eq(change.source, SOURCE_TRAP);
	ck_assert_str_eq(change.switch_name, "leaf1");
	ck_assert_str_eq(change.interface_name, "Ethernet1/1");
	ck_assert_int_eq(change.reason, REASON_NONE);
	ck_assert_uint_eq(count(CHANGE_TOGGLE), 0);
}
END_TEST

/* ---- reports ---- */

START_TEST(a_report_needs_a_port_of_the_map)
{
	const struct dp_report report = { .down = true, .by = "joe", .note = "" };
	uint8_t other[16] = { 5 };

	ck_assert(!engine_report(engine, other, &report, now()));
	ck_assert_uint_eq(count(CHANGE_TOGGLE), 0);
}
END_TEST

START_TEST(a_reports_strings_are_copied)
{
	char by[] = "joe", note[] = "fibre";
	struct dp_report report = { .down = true, .by = by, .note = note };
	struct dp_change change;

	ck_assert(engine_report(engine, id, &report, now()));
	memset(by, 'x', 3);
	memset(note, 'x', 5);
	ck_assert_uint_eq(pop_all(CHANGE_TOGGLE, &change), 1);
	ck_assert_str_eq(view().report.by, "joe");
	ck_assert_str_eq(view().report.note, "fibre");
	ck_assert_int_eq(view().report.at_us, NOON);
	/* Also its own, handed back. */
	report = view().report;
	report.down = false;
	ck_assert(engine_report(engine, id, &report, now()));
	ck_assert_str_eq(view().report.by, "joe");
}
END_TEST

START_TEST(the_deadline_is_the_end_of_the_first_report_to_end)
{
	struct dp_report report = { .down = true, .by = "joe", .note = "" };

	ck_assert_int_eq(engine_next_deadline(engine), INT64_MAX);
	report.until_us = NOON + 60000000;
	ck_assert(engine_report(engine, id, &report, now()));
	ck_assert_int_eq(engine_next_deadline(engine), INT64_C(61000000000));
	now_us = 59999999;
	engine_tick(engine, now());
	ck_assert(view().dp_down);
	now_us = 60000000;
	engine_tick(engine, now());
	ck_assert(!view().dp_down);
	ck_assert_int_eq(engine_next_deadline(engine), INT64_MAX);
}
END_TEST

START_TEST(an_end_in_the_far_future_or_past_does_no_harm)
{
	struct dp_report report = { .down = true, .by = "joe", .note = "" };

	/* 9999-12-31 */
	report.until_us = INT64_C(253402300799999999);
	ck_assert(engine_report(engine, id, &report, now()));
	ck_assert_int_gt(engine_next_deadline(engine), INT64_C(1000000000000000000));
	engine_tick(engine, now());
	ck_assert(view().dp_down);
	/* 0000-01-01 */
	report.until_us = INT64_C(-62167219200000000);
	ck_assert(engine_report(engine, id, &report, now()));
	engine_tick(engine, now());
	ck_assert(!view().dp_down);
}
END_TEST

START_TEST(what_waits_at_a_comparison_has_no_deadline)
{
	struct dp_report report = {
		.down = true, .by = "joe", .note = "", .until_us = NOON + 1000
	};

	ck_assert(engine_report(engine, id, &report, now()));
	engine_compare_begin(engine);
	ck_assert_int_eq(engine_next_deadline(engine), INT64_MAX);
	now_us = 5000;
	engine_tick(engine, now());
	ck_assert(view().dp_down);
	engine_restore_published(engine, id, true, 1);
	engine_start(engine, now());
	ck_assert_int_lt(engine_next_deadline(engine), now().now_ns);
	engine_tick(engine, now());
	ck_assert(!view().dp_down);
}
END_TEST

/* ---- size ---- */

/* One spine, n ports behind each of its two leaves. */
static void
load_fabric(unsigned n)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	fprintf(out,
	    "{'switches': [{'name': 'spine1', 'hostnames': ['spine1'], 'root': true},"
	    "{'name': 'leaf1', 'hostnames': ['leaf1']}, {'name': 'leaf2', 'hostnames': ['leaf2']}],"
	    "'links': [{'a': 'leaf1:Ethernet1/49', 'b': 'spine1:Ethernet1/1'},"
	    "{'a': 'leaf2:Ethernet1/49', 'b': 'spine1:Ethernet1/2'}], 'ports': [");
	for (unsigned i = 0; i < 2 * n; i++)
		fprintf(out,
		    "%s{'id': '00000000-0000-4000-8000-%012x', 'attachments': ['leaf%u:Ethernet1/%u']}",
		    i ? "," : "", i, 1 + i % 2, 1 + i / 2 % 40);
	fprintf(out, "]}");
	fclose(out);
	load(text);
	free(text);
}

START_TEST(an_uplink_with_ten_thousand_ports_is_one_fault_and_a_toggle_each)
{
	enum { N = 10000 };
	unsigned n = 0, wrong = 0;
	struct dp_change change;
	const char *fault = NULL;

	load_fabric(N);
	count(CHANGE_TOGGLE);
	uint32_t leaf = topo_switch_find(engine_topo(engine), SLICE("leaf1"));
	const struct link_event event = { .kind = LINK_EVENT_WORD,
		.word = WORD_DOWN,
		.source = SOURCE_TRAP,
		.name = SLICE("Ethernet1/49") };
	ck_assert_int_eq(engine_feed(engine, leaf, &event, now()), VERDICT_CHANGED);
	while (engine_pop(engine, &change)) {
		if (change.kind != CHANGE_TOGGLE)
			continue;
		n++;
		/* Not only equal: the same bytes. */
		wrong += !change.dp_down || change.cause != CAUSE_UPLINK ||
			 (fault && change.fault != fault);
		fault = change.fault;
	}
	ck_assert_uint_eq(n, N);
	ck_assert_uint_eq(wrong, 0);
	ck_assert_uint_gt(engine_bytes(engine), 2 * N * 40);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("engine");
	TCase *life = tcase_create("life"), *before = tcase_create("before the start");

	tcase_add_checked_fixture(life, set_up_started, tear_down);
	tcase_set_timeout(life, 30);
	tcase_add_test(life, a_new_engine_has_an_empty_map_and_nothing_to_say);
	tcase_add_test(life, a_popped_changes_strings_are_its_own_until_the_next_call);
	tcase_add_test(life, a_new_configuration_counts_from_the_next_word_on);
	tcase_add_test(life, the_turns_clock_labels_what_is_decided_and_the_datagrams_what_came_in);
	tcase_add_loop_test(
	    life, a_name_is_read_to_its_end_and_no_further, 0, sizeof(names) / sizeof(names[0]));
	tcase_add_test(life, a_name_longer_than_an_if_name_can_be_is_no_interface);
	tcase_add_test(life, a_switch_cannot_grow_beyond_its_bound);
	tcase_add_test(life, while_redis_is_compared_the_views_say_what_is_so);
	tcase_add_test(life, a_port_that_leaves_the_map_while_redis_is_compared_is_let_go);
	tcase_add_test(life, a_report_that_comes_while_redis_is_compared_is_told_afterwards);
	tcase_add_test(life, a_toggle_that_was_folded_is_told_with_what_decided_it);
	tcase_add_test(life, a_report_needs_a_port_of_the_map);
	tcase_add_test(life, a_reports_strings_are_copied);
	tcase_add_test(life, the_deadline_is_the_end_of_the_first_report_to_end);
	tcase_add_test(life, an_end_in_the_far_future_or_past_does_no_harm);
	tcase_add_test(life, what_waits_at_a_comparison_has_no_deadline);
	tcase_add_test(life, an_uplink_with_ten_thousand_ports_is_one_fault_and_a_toggle_each);
	suite_add_tcase(suite, life);
	tcase_add_checked_fixture(before, set_up, tear_down);
	tcase_add_test(before, before_the_start_nothing_is_told);
	tcase_add_loop_test(before, what_redis_says_of_an_interface_is_checked, 0,
	    sizeof(states) / sizeof(states[0]));
	tcase_add_test(before, an_interface_of_an_unknown_switch_is_not_restored);
	tcase_add_test(before, what_redis_tells_twice_counts_once);
	tcase_add_test(before, a_map_that_comes_while_redis_is_read_lets_redis_tell_again);
	tcase_add_test(before, a_revision_beyond_32_bits_is_kept_as_the_greatest);
	tcase_add_test(before, a_report_that_comes_before_the_start_is_newer_than_redis);
	suite_add_tcase(suite, before);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed > 0;
}
