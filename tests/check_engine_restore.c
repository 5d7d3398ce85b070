/*
 * engine: what Redis held at the start, what it holds when it and the engine have parted, and reports from outside.
 */
#include "lib/engine_fixture.h"
#include "lib/run_suite.h"

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
	{ "{\"oper\": \"down\", \"link\": \"down\", \"spoke\": \"9999-12-31T23:59:59Z\","
	  " \"ups_from\": \"9999-12-31T23:59:59Z\", \"booted\": \"9999-12-31T23:59:59Z\","
	  " \"uptime\": 4294967295}",
	    true, false },
	{ "{\"oper\": \"down\", \"link\": \"down\", \"spoke\": 5, \"ups_from\": {},"
	  " \"booted\": \"0000-01-01T00:00:00Z\", \"uptime\": -1, \"protocol_old\": \"yes\"}",
	    true, false },
	{ "{\"oper\": \"down\", \"link\": \"down\", \"booted\": \"0000-01-01T00:00:00Z\","
	  " \"uptime\": 9223372036854775807, \"echoes\": 7, \"tells_both\": 1}",
	    true, false },
	{ "{\"oper\": \"down\", \"link\": \"down\", \"booted\": \"0000-01-01T00:00:00Z\","
	  " \"uptime\": 0, \"tells_both\": true}",
	    true, false },
};

START_TEST(what_redis_says_of_an_interface_is_checked)
{
	struct engine_interface_view interface;

	ck_assert_int_eq(restore(states[_i].json), states[_i].taken);
	engine_start(engine, now());
	engine_interface_view(engine, 0, &interface);
	ck_assert_int_eq(interface.oper_up, states[_i].up);
	/* Every row that tells of a layer tells of one that is down. */
	const bool heard =
	    strstr(states[_i].json, "k\": \"down") || strstr(states[_i].json, "l\": \"down");
	ck_assert_int_eq(interface.heard, heard);
	ck_assert_int_eq(interface.certain, !heard);
	ck_assert_int_eq(view().dp_down, !states[_i].up);
	/* The next word counts all the same. */
	ck_assert_int_ne(say(SLICE("Ethernet1/1"), WORD_UP), VERDICT_NO_CHANGE);
	ck_assert_int_ne(say(SLICE("Ethernet1/1"), WORD_DOWN), VERDICT_NO_CHANGE);
	ck_assert(interface.override[0] || view().dp_down);
}
END_TEST

/* What redis says of transitions that the lines have still to tell; the line is then an echo, or news. */
static const struct {
	const char *echoes;
	bool taken;
} pending[] = {
	{ "down/trap/2024-05-01T11:59:50.000000Z/tT,up/trap/2024-05-01T11:59:51.000000Z/tT", true },
	{ "down/trap/2024-05-01T11:59:50.000000Z/,up/trap/2024-05-01T11:59:51.000000Z/", true },
	{ "down/trap/2024-05-01T11:59:50.000000Z/tTs,up/trap/2024-05-01T11:59:51.000000Z/tTs",
	    false },
	{ "down/trap/2024-05-01T11:58:50.000000Z/tT,up/trap/2024-05-01T11:58:51.000000Z/tT",
	    false },
	{ "down/trap/2025-05-01T11:59:50.000000Z/tT,up/trap/2025-05-01T11:59:51.000000Z/tT", true },
	/* The clock was set back between the two: a lasting tick in an earlier version. */
	{ "down/trap/2024-05-01T11:59:50.000000Z/tT,up/trap/2024-05-01T09:59:51.000000Z/tT", true },
	{ "down/syslog/2024-05-01T11:59:50.000000Z/sS,up/syslog/2024-05-01T11:59:51.000000Z/sS",
	    false },
	{ "", false },
	{ ",", false },
	{ "down/trap/2024-05-01T11:59:50.000000Z", true },
	{ "down/trap/yesterday/tT", false },
	{ "sideways/trap/2024-05-01T11:59:50.000000Z/tT", false },
	{ "down/smoke/2024-05-01T11:59:50.000000Z/tT", false },
	/* Nine are more than there can be. */
	{ "down/trap/2024-05-01T11:59:50Z/t,up/trap/2024-05-01T11:59:50Z/t,"
	  "down/trap/2024-05-01T11:59:50Z/t,up/trap/2024-05-01T11:59:50Z/t,"
	  "down/trap/2024-05-01T11:59:50Z/t,up/trap/2024-05-01T11:59:50Z/t,"
	  "down/trap/2024-05-01T11:59:50Z/t,up/trap/2024-05-01T11:59:50Z/t,"
	  "down/trap/2024-05-01T11:59:50Z/t",
	    false },
};

START_TEST(what_redis_says_of_pending_echoes_is_checked)
{
	const struct link_event line = { .kind = LINK_EVENT_WORD,
		.word = WORD_DOWN,
		.source = SOURCE_SYSLOG,
		.name = SLICE("Ethernet1/1") };
	char json[1024];

	snprintf(json, sizeof(json),
	    "{\"oper\":\"up\",\"link\":\"up\",\"source\":\"trap\",\"tells_both\":true,\"echoes\":\"%s\"}",
	    pending[_i].echoes);
	ck_assert(restore(json));
	engine_start(engine, now());
	ck_assert_int_eq(engine_feed(engine, 0, &line, now()),
	    pending[_i].taken ? VERDICT_ECHO : VERDICT_CHANGED);
	/* They run out, and that is that. */
	struct engine_time end = now();
	for (int i = 0; i < 4 && engine_next_deadline(engine) != INT64_MAX; i++) {
		end.now_ns = engine_next_deadline(engine);
		engine_tick(engine, end);
	}
	ck_assert_int_eq(engine_next_deadline(engine), INT64_MAX);
}
END_TEST

static void
dampen(void)
{
	config.state.dampening = DAMPENING_ON;
	engine_configure(engine, &config, now());
}

#define HELD(PENALTY, AT)                                                                 \
	"{\"oper\":\"down\",\"link\":\"up\",\"reason\":\"flapping\",\"penalty\":" PENALTY \
	",\"penalty_at\":\"" AT "\",\"suppressed\":true}"

/* NOON is 2024-05-01T12:00:00Z; 4000 halves twice to 1000, the moment of reuse. */
static const struct {
	const char *json;
	int64_t reuse_s; /* after now; 0: at once */
	bool off;        /* dampening was turned off meanwhile */
} held[] = {
	{ HELD("4000.0", "2024-05-01T12:00:00.000000Z"), 10, false },
	{ HELD("4000.0", "2024-05-01T11:59:55.000000Z"), 5, false },
	{ HELD("4000.0", "2024-05-01T11:59:50.000000Z"), 0, false },
	{ HELD("4000.0", "2024-04-01T00:00:00.000000Z"), 0, false },
	/* A clock that stepped back adds nothing, and no penalty is above what decays in max_suppress. */
	{ HELD("4000.0", "2025-05-01T12:00:00.000000Z"), 10, false },
	{ HELD("1e300", "2024-05-01T12:00:00.000000Z"), 20, false },
	{ HELD("-5", "2024-05-01T12:00:00.000000Z"), 0, false },
	{ HELD("\"many\"", "2024-05-01T12:00:00.000000Z"), 0, false },
	{ HELD("4000.0", "2024-05-01T12:00:00.000000Z"), 0, true },
};

START_TEST(a_held_interface_is_held_for_what_is_left_of_its_penalty)
{
	struct engine_time time = now();

	if (!held[_i].off)
		dampen();
	ck_assert(restore(held[_i].json));
	engine_start(engine, time);
	engine_tick(engine, time);
	ck_assert_int_eq(view().dp_down, held[_i].reuse_s > 0);
	if (held[_i].reuse_s == 0)
		return;
	ck_assert_int_le(llabs(engine_next_deadline(engine) - time.now_ns -
			       held[_i].reuse_s * INT64_C(1000000000)),
	    2);
	time.now_ns = engine_next_deadline(engine);
	engine_tick(engine, time);
	ck_assert(!view().dp_down);
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

/* What the hash says of a port that was removed; it is in the map when the daemon starts, or comes later. */
START_TEST(a_port_of_which_redis_says_that_it_was_removed_is_told_when_it_is_back)
{
	struct engine_port_record record = down_record(7);
	struct dp_change change;

	record.dp_down = false;
	record.reason = REASON_REMOVED;
	if (_i == 1)
		load(WITHOUT_PORT);
	engine_restore_port(engine, &record);
	engine_start(engine, now());
	if (_i == 1) {
		ck_assert_uint_eq(count(CHANGE_PORT), 0);
		load(WITH_PORT);
	}
	ck_assert_uint_eq(pop_all(CHANGE_PORT, &change), 1);
	ck_assert(!change.dp_down);
	ck_assert_uint_eq(change.known_revision, 7);
	ck_assert_int_eq(change.reason, REASON_NONE);
	ck_assert_uint_eq(view().revision, 7);
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
	restore_published(id, true, 1);
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
	restore_published(id, true, 1);
	load(WITHOUT_PORT);
	/* Told once more by the scan, and one that is in no map. */
	restore_published(id, true, 1);
	restore_published(other, true, 3);
	restore_published(other, false, 4);
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
	restore_published(id, true, 4);
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
	restore_published(id, true, 1);
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
	restore_published(id, true, 1);
	engine_start(engine, now());
	ck_assert_int_lt(engine_next_deadline(engine), now().now_ns);
	engine_tick(engine, now());
	ck_assert(!view().dp_down);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("engine restore");
	TCase *life = tcase_create("life"), *before = tcase_create("before the start");

	tcase_add_checked_fixture(life, set_up_started, tear_down);
	tcase_add_test(life, while_redis_is_compared_the_views_say_what_is_so);
	tcase_add_test(life, a_port_that_leaves_the_map_while_redis_is_compared_is_let_go);
	tcase_add_test(life, a_report_that_comes_while_redis_is_compared_is_told_afterwards);
	tcase_add_test(life, a_toggle_that_was_folded_is_told_with_what_decided_it);
	tcase_add_test(life, a_report_needs_a_port_of_the_map);
	tcase_add_test(life, a_reports_strings_are_copied);
	tcase_add_test(life, the_deadline_is_the_end_of_the_first_report_to_end);
	tcase_add_test(life, an_end_in_the_far_future_or_past_does_no_harm);
	tcase_add_test(life, what_waits_at_a_comparison_has_no_deadline);
	suite_add_tcase(suite, life);
	tcase_add_checked_fixture(before, set_up, tear_down);
	tcase_add_loop_test(before, what_redis_says_of_an_interface_is_checked, 0,
	    sizeof(states) / sizeof(states[0]));
	tcase_add_loop_test(before, what_redis_says_of_pending_echoes_is_checked, 0,
	    sizeof(pending) / sizeof(pending[0]));
	tcase_add_loop_test(before, a_held_interface_is_held_for_what_is_left_of_its_penalty, 0,
	    sizeof(held) / sizeof(held[0]));
	tcase_add_test(before, an_interface_of_an_unknown_switch_is_not_restored);
	tcase_add_test(before, what_redis_tells_twice_counts_once);
	tcase_add_test(before, a_map_that_comes_while_redis_is_read_lets_redis_tell_again);
	tcase_add_loop_test(
	    before, a_port_of_which_redis_says_that_it_was_removed_is_told_when_it_is_back, 0, 2);
	tcase_add_test(before, a_revision_beyond_32_bits_is_kept_as_the_greatest);
	tcase_add_test(before, a_report_that_comes_before_the_start_is_newer_than_redis);
	suite_add_tcase(suite, before);
	return run_suite(suite);
}
