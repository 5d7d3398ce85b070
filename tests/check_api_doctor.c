/* /v1/switches/NAME/doctor: what is told of a switch, and what somebody should look at. */
#include "lib/api_world.h"
#include "lib/run_suite.h"

static void
feed(const struct link_event *event, int version)
{
	uint32_t sw = topo_switch_find(engine_topo(world.api.engine), SLICE("leaf1"));
	enum engine_verdict verdict = engine_feed(world.api.engine, sw, event, world_time());

	switch_log_event(world.switch_log, "leaf1", version, event, verdict, WORLD_NOW);
}

static void
feed_trap(const char *interface, uint32_t if_index)
{
	struct link_event event = { .kind = LINK_EVENT_WORD,
		.word = WORD_DOWN,
		.source = SOURCE_TRAP,
		.name = slice_of(interface),
		.if_index = if_index,
		.rule = "linkDown" };

	feed(&event, 2);
}

static void
feed_line(bool has_time, int64_t ahead_us)
{
	struct link_event event = { .kind = LINK_EVENT_WORD,
		.word = WORD_DOWN,
		.source = SOURCE_SYSLOG,
		.name = SLICE("Ethernet1/1"),
		.has_device_time = has_time,
		.device_time_us = WORLD_NOW + ahead_us,
		.rule = "nxos-if-down" };

	feed(&event, 0);
}

static bool
finds(const struct reply *reply, const char *text)
{
	const json_t *findings = at(reply->json, "doctor.findings");

	for (size_t i = 0; i < json_array_size(findings); i++) {
		const json_t *finding = json_object_get(json_array_get(findings, i), "text");
		if (strstr(json_string_value(finding), text))
			return true;
	}
	return false;
}

START_TEST(a_switch_that_never_spoke_is_told_so)
{
	struct reply reply = get("/v1/switches/leaf1/doctor");

	ck_assert_int_eq(reply.response.status, 200);
	ck_assert_str_eq(text_at(&reply, "doctor.name"), "leaf1");
	ck_assert_str_eq(text_at(&reply, "doctor.os"), "nx-os");
	ck_assert(json_is_null(at(reply.json, "doctor.last_trap")));
	ck_assert(json_is_null(at(reply.json, "doctor.last_line")));
	ck_assert(finds(&reply, "no link trap was ever heard"));
	ck_assert(finds(&reply, "no link line was ever heard"));
	reply_release(&reply);
}
END_TEST

START_TEST(a_refusal_is_over_when_a_word_came_over_the_same_way)
{
	struct link_event line = { .kind = LINK_EVENT_WORD,
		.word = WORD_UP,
		.source = SOURCE_SYSLOG,
		.name = SLICE("Ethernet1/1"),
		.rule = "ios-link" };

	switch_log_refused(world.switch_log, "leaf1", STAT_SYSLOG_TLS_REFUSED, WORLD_NOW);
	struct reply reply = get("/v1/switches/leaf1/doctor");
	ck_assert(finds(&reply, "no link line was heard, and what came was refused"));
	ck_assert(finds(&reply, "refused 1 times: connections whose TLS handshake failed"));
	reply_release(&reply);
	line.source = SOURCE_TRAP;
	switch_log_event(world.switch_log, "leaf1", 2, &line, VERDICT_CHANGED, WORLD_NOW + 1);
	reply = get("/v1/switches/leaf1/doctor");
	ck_assert(finds(&reply, "refused 1 times: connections whose TLS"));
	reply_release(&reply);
	line.source = SOURCE_SYSLOG;
	switch_log_event(world.switch_log, "leaf1", 0, &line, VERDICT_CHANGED, WORLD_NOW + 1);
	reply = get("/v1/switches/leaf1/doctor");
	ck_assert(finds(&reply, "refused 1 times, and then it was heard: connections whose TLS"));
	reply_release(&reply);
}
END_TEST

START_TEST(traps_that_tell_no_link_are_another_finding)
{
	switch_log_other(world.switch_log, "leaf1", SOURCE_TRAP, WORLD_NOW);
	switch_log_other(world.switch_log, "leaf1", SOURCE_SYSLOG, WORLD_NOW);
	struct reply reply = get("/v1/switches/leaf1/doctor");
	ck_assert(finds(&reply, "traps arrive, but none that tells a link"));
	ck_assert(finds(&reply, "lines arrive, but none that tells a link"));
	ck_assert(!finds(&reply, "ever heard"));
	ck_assert_str_eq(text_at(&reply, "doctor.other_trap"), "2024-05-01T12:00:00.000000Z");
	reply_release(&reply);
}
END_TEST

START_TEST(a_healthy_switch_has_nothing_to_complain_about)
{
	feed_trap("Ethernet1/1", 1);
	feed_line(true, 0);
	struct reply reply = get("/v1/switches/leaf1/doctor");
	ck_assert_str_eq(text_at(&reply, "doctor.last_trap.rule"), "linkDown");
	ck_assert_str_eq(text_at(&reply, "doctor.last_trap.interface"), "Ethernet1/1");
	ck_assert_int_eq(number_at(&reply, "doctor.last_trap.if_index"), 1);
	ck_assert_str_eq(text_at(&reply, "doctor.last_trap.became"), "changed");
	ck_assert_str_eq(text_at(&reply, "doctor.trap_version"), "v2c");
	ck_assert_str_eq(text_at(&reply, "doctor.last_line.rule"), "nxos-if-down");
	ck_assert_int_eq(number_at(&reply, "doctor.traps"), 1);
	ck_assert_uint_eq(json_array_size(at(reply.json, "doctor.findings")), 1);
	ck_assert(finds(&reply, "nothing to complain about"));
	reply_release(&reply);
	reply = get("/v1/switches/leaf1");
	ck_assert_str_eq(text_at(&reply, "switch.snmp_version"), "v2c");
	reply_release(&reply);
	reply = get("/v1/switches/leaf2");
	ck_assert(json_is_null(at(reply.json, "switch.snmp_version")));
	reply_release(&reply);
}
END_TEST

START_TEST(a_switch_that_must_send_snmpv3_is_told_so)
{
	world_load(
	    "{\"switches\": [{\"name\": \"leaf1\", \"addresses\": [\"192.0.2.11\"], \"min_level\": \"authPriv\"}]}");
	struct reply reply = get("/v1/switches/leaf1/doctor");
	ck_assert(finds(&reply, "its min_level is authPriv: v1 and v2c traps of it are refused"));
	reply_release(&reply);
}
END_TEST

START_TEST(refused_datagrams_are_told_with_their_reason)
{
	for (int i = 0; i < 3; i++)
		switch_log_refused(world.switch_log, "leaf1", STAT_TRAP_BAD_COMMUNITY, WORLD_NOW);
	struct reply reply = get("/v1/switches/leaf1/doctor");
	ck_assert_str_eq(text_at(&reply, "doctor.refused.0.counter"), "trap.bad-community");
	ck_assert_int_eq(number_at(&reply, "doctor.refused.0.count"), 3);
	ck_assert_str_eq(
	    text_at(&reply, "doctor.refused.0.why"), stat_help[STAT_TRAP_BAD_COMMUNITY]);
	ck_assert(finds(&reply, "refused 3 times: wrong or unknown community"));
	ck_assert(finds(&reply, "no link trap was heard, and what came was refused"));
	ck_assert(finds(&reply, "no link line was ever heard"));
	reply_release(&reply);
}
END_TEST

START_TEST(words_by_index_alone_are_a_warning)
{
	feed_trap(NULL, 77);
	struct reply reply = get("/v1/switches/leaf1/doctor");
	ck_assert_int_eq(number_at(&reply, "doctor.index_only"), 1);
	ck_assert(finds(&reply, "1 words told their interface by ifIndex alone"));
	ck_assert(finds(&reply, "interfaces of the map have no if_index"));
	ck_assert(finds(&reply, "1 words were about interfaces that cannot be found"));
	ck_assert_int_eq(number_at(&reply, "doctor.no_interface.if_index"), 77);
	reply_release(&reply);
}
END_TEST

START_TEST(interfaces_that_are_not_in_the_map_are_counted)
{
	feed_trap("Ethernet1/40", 40);
	struct reply reply = get("/v1/switches/leaf1/doctor");
	ck_assert_int_eq(number_at(&reply, "doctor.unmapped"), 1);
	ck_assert(finds(&reply, "1 interfaces that it spoke of are not in the map"));
	reply_release(&reply);
	reply = get("/v1/switches/leaf2/doctor");
	ck_assert_int_eq(number_at(&reply, "doctor.unmapped"), 0);
	reply_release(&reply);
}
END_TEST

static const struct {
	bool has_time;
	int64_t ahead_s;
	const char *finding; /* NULL: none about the clock */
} clocks[] = {
	{ true, 0, NULL },
	{ true, 4, NULL },
	{ true, -59, NULL },
	{ true, 3600, "its clock is 3600 s ahead of ours" },
	{ true, -7200, "its clock is 7200 s behind ours" },
	{ false, 0, "no time that can be compared" },
};

START_TEST(a_clock_that_is_off_or_not_marked_is_told)
{
	feed_line(clocks[_i].has_time, clocks[_i].ahead_s * 1000000);
	struct reply reply = get("/v1/switches/leaf1/doctor");
	if (clocks[_i].finding)
		ck_assert(finds(&reply, clocks[_i].finding));
	else
		ck_assert(!finds(&reply, "clock"));
	ck_assert_int_eq(json_is_null(at(reply.json, "doctor.clock")), !clocks[_i].has_time);
	reply_release(&reply);
}
END_TEST

START_TEST(a_switch_that_was_over_its_bucket_is_told)
{
	switch_log_over(world.switch_log, "leaf1", WORLD_NOW);
	switch_log_lost_words(world.switch_log, "leaf1", 1000, 7);
	switch_log_lost_words(world.switch_log, "leaf1", 1, 0);
	struct reply reply = get("/v1/switches/leaf1/doctor");
	ck_assert(finds(&reply, "more than its bucket gives while work was queued: 1001 words were "
				"folded and 7 dropped"));
	reply_release(&reply);
	reply = get("/v1/switches/leaf1");
	ck_assert_str_eq(text_at(&reply, "switch.bucket.over_at"), "2024-05-01T12:00:00.000000Z");
	ck_assert(!flag_at(&reply, "switch.bucket.over"));
	ck_assert_int_eq(number_at(&reply, "switch.bucket.folded"), 1001);
	ck_assert_int_eq(number_at(&reply, "switch.bucket.dropped"), 7);
	ck_assert_int_eq(number_at(&reply, "switch.bucket.held"), 0);
	reply_release(&reply);
	reply = get("/v1/switches/leaf2/doctor");
	ck_assert(!finds(&reply, "bucket"));
	reply_release(&reply);
}
END_TEST

START_TEST(an_unknown_switch_is_not_found)
{
	struct reply reply = get("/v1/switches/leaf99/doctor");

	ck_assert_int_eq(reply.response.status, 404);
	reply_release(&reply);
	reply = get("/v1/switches/leaf1/doctor?x=1");
	ck_assert_int_eq(reply.response.status, 400);
	reply_release(&reply);
}
END_TEST

int
main(void)
{
	TCase *tcase = tcase_create("api_doctor");

	tcase_add_checked_fixture(tcase, world_set_up, world_tear_down);
	tcase_add_test(tcase, a_switch_that_never_spoke_is_told_so);
	tcase_add_test(tcase, traps_that_tell_no_link_are_another_finding);
	tcase_add_test(tcase, a_healthy_switch_has_nothing_to_complain_about);
	tcase_add_test(tcase, a_switch_that_must_send_snmpv3_is_told_so);
	tcase_add_test(tcase, refused_datagrams_are_told_with_their_reason);
	tcase_add_test(tcase, a_refusal_is_over_when_a_word_came_over_the_same_way);
	tcase_add_test(tcase, words_by_index_alone_are_a_warning);
	tcase_add_test(tcase, interfaces_that_are_not_in_the_map_are_counted);
	tcase_add_loop_test(tcase, a_clock_that_is_off_or_not_marked_is_told, 0,
	    (int)(sizeof(clocks) / sizeof(clocks[0])));
	tcase_add_test(tcase, a_switch_that_was_over_its_bucket_is_told);
	tcase_add_test(tcase, an_unknown_switch_is_not_found);

	return run_case("api_doctor", tcase);
}
