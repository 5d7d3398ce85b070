/*
 * What switches tell when they are discovered: those that tell all, those that leave things out, and those that lie.
 */
#include <stdio.h>

#include "core/discover_job.h"
#include "core/table_walk.h"
#include "lib/mib.h"
#include "lib/run_suite.h"

#define IF_TABLE "1.3.6.1.2.1.2.2.1."
#define IF_X_TABLE "1.3.6.1.2.1.31.1.1.1."
#define STACK "1.3.6.1.2.1.31.1.2.1.3."
#define LAG "1.2.840.10006.300.43.1.2.1.1."
#define LLDP "1.0.8802.1.1.2.1."
#define LLDP2 "1.3.111.2.802.1.1.13.1."

/* More than any real agent needs. */
#define REQUESTS_MAX 20000

static struct mib mib;
static json_t *facts;
static int n_requests;

static void
set_up(void)
{
	mib_init(&mib);
	mib_uptime(&mib, 1000);
	facts = NULL;
}

static void
tear_down(void)
{
	json_decref(facts);
	mib_release(&mib);
}

static void
discover(void)
{
	struct discover_job *job = discover_job_new();
	struct poll_request request;
	enum poll_step step = POLL_STEP_MORE;

	ck_assert_ptr_nonnull(job);
	mib_sort(&mib);
	for (n_requests = 0; step == POLL_STEP_MORE; n_requests++) {
		ck_assert_int_lt(n_requests, REQUESTS_MAX);
		discover_job_request(job, &request);
		if (mib_answer(&mib, &request))
			step = discover_job_take(job, mib.varbinds, mib.n_varbinds);
		else if (!discover_job_refused(job))
			break;
	}
	facts = discover_job_facts(job);
	ck_assert_ptr_nonnull(facts);
	discover_job_free(job);
}

/* A member of the facts is this JSON. */
static void
expect(const char *member, const char *text)
{
	json_t *wanted = json_loads(text, JSON_DECODE_ANY, NULL);
	const json_t *have = json_object_get(facts, member);

	ck_assert_msg(wanted != NULL, "%s", text);
	if (!json_equal(wanted, have)) {
		char *dump = json_dumps(have, JSON_SORT_KEYS | JSON_ENCODE_ANY);
		ck_abort_msg("%s: %s", member, dump);
	}
	json_decref(wanted);
}

static void
add(const char *prefix, unsigned long column, const char *index, const char *text, int64_t number)
{
	char oid[160];

	snprintf(oid, sizeof(oid), "%s%lu.%s", prefix, column, index);
	if (text)
		mib_text(&mib, oid, text);
	else
		mib_number(&mib, oid, number);
}

static void
add_interface(const char *index, const char *name, int type)
{
	add(IF_TABLE, 2, index, name, 0);
	add(IF_TABLE, 3, index, NULL, type);
	add(IF_X_TABLE, 1, index, name, 0);
}

/* ---- what is told ---- */

START_TEST(a_switch_tells_who_it_is)
{
	mib_text(&mib, "1.3.6.1.2.1.1.5.0", "leaf1");
	mib_bytes(&mib, "1.3.6.1.6.3.10.2.1.1.0", "\x80\x00\x1f\x88\x04", 5);
	mib_number(&mib, LLDP "3.1.0", 4);
	mib_bytes(&mib, LLDP "3.2.0", "\x00\x1b\x21\xaa\xbb\xcc", 6);
	add_interface("1", "Ethernet1/1", 6);
	add(IF_X_TABLE, 18, "1", "to the moon", 0);
	mib_bytes(&mib, IF_TABLE "6.1", "\x00\x1b\x21\xaa\xbb\x01", 6);
	discover();
	expect("sys_name", "\"leaf1\"");
	expect("engine_id", "\"0x80001f8804\"");
	expect("chassis", "{\"kind\": \"mac\", \"text\": \"00:1b:21:aa:bb:cc\"}");
	expect("interfaces",
	    "[{\"name\": \"Ethernet1/1\", \"descr\": \"Ethernet1/1\", \"alias\": \"to the moon\", "
	    "\"if_index\": 1, \"type\": 6, \"mac\": \"00:1b:21:aa:bb:01\", \"aggregate\": 0, "
	    "\"aggregates\": []}]");
	expect("unread", "[]");
}
END_TEST

/* RFC 3411: no SnmpEngineID is all 0 or all 255; a map with one would not load. */
START_TEST(an_engine_id_of_nothing_is_none)
{
	mib_text(&mib, "1.3.6.1.2.1.1.5.0", "leaf1");
	mib_bytes(
	    &mib, "1.3.6.1.6.3.10.2.1.1.0", _i ? "\xff\xff\xff\xff\xff\xff" : "\0\0\0\0\0\0", 6);
	add_interface("1", "Ethernet1/1", 6);
	discover();
	expect("engine_id", "null");
}
END_TEST

/* What an agent is asked for must be found whatever room its answers have. */
START_TEST(however_short_its_answers_are_all_is_read)
{
	char index[16];

	mib.most = (size_t)_i;
	mib_text(&mib, "1.3.6.1.2.1.1.5.0", "leaf1");
	for (int i = 1; i <= 25; i++) {
		snprintf(index, sizeof(index), "%d", i);
		add_interface(index, "Ethernet", 6);
		add(LAG, 12, index, NULL, 100);
		add(LAG, 13, index, NULL, 100);
	}
	discover();
	ck_assert_uint_eq(json_array_size(json_object_get(facts, "interfaces")), 25);
	for (size_t i = 0; i < 25; i++) {
		const json_t *row = json_array_get(json_object_get(facts, "interfaces"), i);
		ck_assert_str_eq(json_string_value(json_object_get(row, "name")), "Ethernet");
		ck_assert_int_eq(json_integer_value(json_object_get(row, "type")), 6);
		ck_assert_int_eq(json_integer_value(json_object_get(row, "aggregate")), 100);
	}
	expect("sys_name", "\"leaf1\"");
}
END_TEST

START_TEST(an_agent_without_getbulk_is_asked_with_getnext)
{
	mib.no_bulk = true;
	add_interface("1", "Ethernet1/1", 6);
	add_interface("2", "Ethernet1/2", 6);
	discover();
	ck_assert_uint_eq(json_array_size(json_object_get(facts, "interfaces")), 2);
}
END_TEST

/* ---- aggregates ---- */

static const struct {
	const char *what;
	int64_t selected, attached; /* -1: not told */
	int aggregate;
} memberships[] = {
	{ "attached", 100, 100, 100 },
	{ "attached elsewhere than selected", 100, 101, 101 },
	{ "selected, and its link is down", 100, 0, 100 },
	{ "in none", 0, 0, 0 },
	{ "its own aggregate", 1, 1, 0 },
	{ "no selection told", -1, 100, 100 },
	{ "a number that is none", -5, -7, 0 },
	{ "a number beyond 32 bit", 0, INT64_C(4294967297), 0 },
};

START_TEST(a_member_is_where_its_lag_port_is_attached)
{
	char text[16];

	add_interface("1", "Ethernet1/1", 6);
	if (memberships[_i].selected != -1)
		add(LAG, 12, "1", NULL, memberships[_i].selected);
	add(LAG, 13, "1", NULL, memberships[_i].attached);
	discover();
	snprintf(text, sizeof(text), "%d", memberships[_i].aggregate);
	const json_t *row = json_array_get(json_object_get(facts, "interfaces"), 0);
	ck_assert_msg(
	    json_integer_value(json_object_get(row, "aggregate")) == memberships[_i].aggregate,
	    "%s", memberships[_i].what);
}
END_TEST

START_TEST(without_a_lag_mib_the_stack_tells_what_is_above)
{
	add_interface("1", "Gi0/1", 6);
	add_interface("50", "Po1", 53);
	add_interface("60", "Vlan60", 53);
	mib_number(&mib, STACK "0.50", 1);
	mib_number(&mib, STACK "1.0", 1);
	mib_number(&mib, STACK "50.1", 1);
	mib_number(&mib, STACK "60.1", 1);
	mib_number(&mib, STACK "50.99", 1); /* of an interface that is not there */
	discover();
	expect("lags", "\"ifStackTable\"");
	const json_t *row = json_array_get(json_object_get(facts, "interfaces"), 0);
	ck_assert_uint_eq(json_array_size(json_object_get(row, "aggregates")), 2);
}
END_TEST

/* ---- neighbours ---- */

static void
add_neighbour(const char *index, const char *chassis, const char *port, const char *name)
{
	add(LLDP "4.1.1.", 4, index, NULL, 7);
	add(LLDP "4.1.1.", 5, index, chassis, 0);
	add(LLDP "4.1.1.", 6, index, NULL, 5);
	add(LLDP "4.1.1.", 7, index, port, 0);
	add(LLDP "4.1.1.", 9, index, name, 0);
}

START_TEST(a_neighbour_has_an_id_a_port_a_name_and_addresses)
{
	add_neighbour("1234.7.1", "chassis", "Ethernet1/1", "spine1");
	mib_bytes(&mib, LLDP "4.1.1.12.1234.7.1", "\x28", 1);
	/* IPv4; IPv6; one that is cut; one of another neighbour; one of a family that is none of ours. */
	mib_number(&mib, LLDP "4.2.1.3.1234.7.1.1.4.192.0.2.1", 2);
	mib_number(&mib, LLDP "4.2.1.3.1234.7.1.2.16.32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.1", 2);
	mib_number(&mib, LLDP "4.2.1.3.1234.7.1.1.4.192.0", 2);
	mib_number(&mib, LLDP "4.2.1.3.1234.8.1.1.4.192.0.2.9", 2);
	mib_number(&mib, LLDP "4.2.1.3.1234.7.1.6.4.1.2.3.4", 2);
	discover();
	expect("neighbours",
	    "[{\"port\": 7, \"chassis\": {\"kind\": \"local\", \"text\": \"chassis\"}, "
	    "\"port_id\": {\"kind\": \"name\", \"text\": \"Ethernet1/1\"}, \"port_descr\": \"\", "
	    "\"sys_name\": \"spine1\", \"bridge\": true, \"addresses\": [\"192.0.2.1\", "
	    "\"2001:db8::1\"]}]");
	expect("lldp", "\"LLDP-MIB\"");
}
END_TEST

START_TEST(the_second_lldp_mib_is_read_where_the_first_tells_no_neighbour)
{
	mib_number(&mib, LLDP2 "3.1.0", 4);
	mib_bytes(&mib, LLDP2 "3.2.0", "\x00\x1b\x21\x00\x00\x02", 6);
	add(LLDP2 "3.7.1.", 2, "17", NULL, 5);
	add(LLDP2 "3.7.1.", 3, "17", "Ethernet17", 0);
	add(LLDP2 "4.1.1.", 5, "0.17.1.1", NULL, 4);
	mib_bytes(&mib, LLDP2 "4.1.1.6.0.17.1.1", "00-1B-21-00-00-03", 17);
	add(LLDP2 "4.1.1.", 7, "0.17.1.1", NULL, 5);
	add(LLDP2 "4.1.1.", 8, "0.17.1.1", "Ethernet3", 0);
	mib_number(&mib, LLDP2 "4.2.1.3.0.17.1.1.1.4.192.0.2.3", 2);
	discover();
	expect("chassis", "{\"kind\": \"mac\", \"text\": \"00:1b:21:00:00:02\"}");
	expect("lldp_ports",
	    "[{\"number\": 17, \"id\": {\"kind\": \"name\", \"text\": \"Ethernet17\"}, \"descr\": "
	    "\"\"}]");
	expect("neighbours",
	    "[{\"port\": 17, \"chassis\": {\"kind\": \"mac\", \"text\": \"00:1b:21:00:00:03\"}, "
	    "\"port_id\": {\"kind\": \"name\", \"text\": \"Ethernet3\"}, \"port_descr\": \"\", "
	    "\"sys_name\": \"\", \"bridge\": false, \"addresses\": [\"192.0.2.3\"]}]");
	expect("lldp", "\"LLDP-V2-MIB\"");
}
END_TEST

START_TEST(a_neighbour_that_comes_again_under_every_time_counts_once)
{
	char index[64];

	for (int time = 0; time < 5000; time++) {
		snprintf(index, sizeof(index), "%d.7.1", time);
		add_neighbour(index, "chassis", "Ethernet1/1", "spine1");
	}
	discover();
	ck_assert_uint_eq(json_array_size(json_object_get(facts, "neighbours")), 1);
	/* 5,000 rows at ten a request would be 500. */
	ck_assert_int_lt(n_requests, 60);
}
END_TEST

/* Kinds of ids and their texts: what is not text is written in hexadecimal. */
static const struct {
	int kind;
	const char *bytes;
	size_t len;
	const char *json;
} port_ids[] = {
	{ 5, "Ethernet1/1", 11, "{\"kind\": \"name\", \"text\": \"Ethernet1/1\"}" },
	{ 5, "Gi0/1\0", 6, "{\"kind\": \"name\", \"text\": \"Gi0/1\"}" },
	{ 1, "to \x1b[31mred", 11,
	    "{\"kind\": \"alias\", \"text\": \"0x746f201b5b33316d726564\"}" },
	{ 7, "\xff\xfe", 2, "{\"kind\": \"local\", \"text\": \"0xfffe\"}" },
	{ 3, "\x00\x1b\x21\xaa\xbb\xcc", 6,
	    "{\"kind\": \"mac\", \"text\": \"00:1b:21:aa:bb:cc\"}" },
	{ 3, "\x00\x1b", 2, "{\"kind\": \"mac\", \"text\": \"0x001b\"}" },
	{ 4, "\x01\xc0\x00\x02\x01", 5, "{\"kind\": \"address\", \"text\": \"192.0.2.1\"}" },
	{ 4, "\x01\xc0\x00", 3, "{\"kind\": \"address\", \"text\": \"0x01c000\"}" },
	{ 99, "x", 1, "{\"kind\": \"other\", \"text\": \"x\"}" },
	{ -1, "x", 1, "{\"kind\": \"other\", \"text\": \"x\"}" },
	{ 5, "", 0, "null" },
};

START_TEST(an_id_is_written_as_what_it_is)
{
	char text[512];

	mib_number(&mib, LLDP "3.7.1.2.1", port_ids[_i].kind);
	mib_bytes(&mib, LLDP "3.7.1.3.1", port_ids[_i].bytes, port_ids[_i].len);
	discover();
	snprintf(text, sizeof(text), "[{\"number\": 1, \"id\": %s, \"descr\": \"\"}]",
	    port_ids[_i].json);
	expect("lldp_ports", text);
}
END_TEST

/* ---- what is missing or wrong ---- */

START_TEST(what_an_agent_ought_to_tell_and_does_not_is_listed)
{
	discover();
	expect("unread", "[{\"what\": \"IF-MIB ifTable\", \"why\": \"no such object\"}, {\"what\": "
			 "\"LLDP-MIB lldpLocPortTable\", \"why\": \"no such object\"}]");
	expect("lldp", "null");
	expect("lags", "null");
}
END_TEST

START_TEST(a_table_of_ten_thousand_rows_is_read_up_to_its_bound)
{
	char index[16];

	for (int i = 1; i <= 10000; i++) {
		snprintf(index, sizeof(index), "%d", i);
		add_interface(index, "Ethernet", 6);
	}
	discover();
	ck_assert_uint_eq(json_array_size(json_object_get(facts, "interfaces")), TABLE_ROWS_MAX);
	const json_t *unread = json_array_get(json_object_get(facts, "unread"), 0);
	ck_assert_str_eq(json_string_value(json_object_get(unread, "what")), "IF-MIB ifTable");
	ck_assert_str_eq(
	    json_string_value(json_object_get(unread, "why")), "more of it than is read");
}
END_TEST

START_TEST(values_of_wrong_types_are_as_if_not_told)
{
	mib_number(&mib, IF_TABLE "2.1", 5);
	mib_text(&mib, IF_TABLE "3.1", "six");
	mib_number(&mib, IF_X_TABLE "1.1", 5);
	mib_text(&mib, LAG "13.1", "100");
	mib_number(&mib, LLDP "3.2.0", 5);
	discover();
	expect("interfaces",
	    "[{\"name\": \"\", \"descr\": \"\", \"alias\": \"\", \"if_index\": 1, \"type\": 0, "
	    "\"mac\": null, \"aggregate\": 0, \"aggregates\": []}]");
	expect("chassis", "null");
}
END_TEST

START_TEST(columns_that_disagree_about_rows_make_rows_of_what_each_has)
{
	add(IF_TABLE, 2, "1", "one", 0);
	add(IF_TABLE, 2, "3", "three", 0);
	add(IF_X_TABLE, 1, "2", "two", 0);
	add(IF_TABLE, 3, "4", NULL, 6);
	discover();
	const json_t *rows = json_object_get(facts, "interfaces");
	ck_assert_uint_eq(json_array_size(rows), 4);
	for (size_t i = 0; i < 4; i++)
		ck_assert_int_eq(
		    json_integer_value(json_object_get(json_array_get(rows, i), "if_index")),
		    (json_int_t)i + 1);
}
END_TEST

START_TEST(an_index_beyond_32_bit_is_no_row)
{
	struct mib_object *object;

	add_interface("1", "one", 6);
	object = mib_add(&mib, IF_TABLE "2.4294967296");
	object->type = VALUE_BYTES;
	object->bytes = "far";
	object->len = 3;
	discover();
	ck_assert_uint_eq(json_array_size(json_object_get(facts, "interfaces")), 1);
}
END_TEST

/* Whatever is asked, the answer is the same row: nothing is behind it. */
START_TEST(an_agent_that_goes_in_circles_comes_to_an_end)
{
	struct discover_job *job = discover_job_new();
	struct poll_request request;
	enum poll_step step = POLL_STEP_MORE;

	add_interface("5", "Ethernet5", 6);
	mib_sort(&mib);
	for (n_requests = 0; step == POLL_STEP_MORE && n_requests < 200; n_requests++) {
		discover_job_request(job, &request);
		/* Cursors are forgotten. */
		for (size_t i = 1; i < request.n; i++)
			if (request.oids[i].ids[request.oids[i].n - 1] == 5)
				request.oids[i].n--;
		ck_assert(mib_answer(&mib, &request));
		step = discover_job_take(job, mib.varbinds, mib.n_varbinds);
	}
	ck_assert_int_eq(step, POLL_STEP_DONE);
	discover_job_free(job);
}
END_TEST

START_TEST(a_switch_that_restarts_is_read_from_the_beginning)
{
	struct discover_job *job = discover_job_new();
	struct poll_request request;
	enum poll_step step = POLL_STEP_MORE;

	add_interface("1", "before", 6);
	mib_sort(&mib);
	for (n_requests = 0; step == POLL_STEP_MORE; n_requests++) {
		ck_assert_int_lt(n_requests, 200);
		if (n_requests == 3) {
			mib_release(&mib);
			mib_init(&mib);
			mib_uptime(&mib, 5);
			add_interface("2", "after", 6);
			mib_sort(&mib);
		}
		discover_job_request(job, &request);
		ck_assert(mib_answer(&mib, &request));
		step = discover_job_take(job, mib.varbinds, mib.n_varbinds);
	}
	facts = discover_job_facts(job);
	const json_t *rows = json_object_get(facts, "interfaces");
	ck_assert_uint_eq(json_array_size(rows), 1);
	ck_assert_str_eq(
	    json_string_value(json_object_get(json_array_get(rows, 0), "name")), "after");
	discover_job_free(job);
}
END_TEST

START_TEST(an_empty_answer_ends_a_table_and_not_a_loop)
{
	struct discover_job *job = discover_job_new();

	for (n_requests = 0; discover_job_take(job, NULL, 0) == POLL_STEP_MORE; n_requests++)
		ck_assert_int_lt(n_requests, 20);
	facts = discover_job_facts(job);
	ck_assert_ptr_nonnull(facts);
	discover_job_free(job);
}
END_TEST

#define N(table) ((int)(sizeof(table) / sizeof((table)[0])))

int
main(void)
{
	TCase *tcase = tcase_create("discover_job");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, a_switch_tells_who_it_is);
	tcase_add_loop_test(tcase, an_engine_id_of_nothing_is_none, 0, 2);
	tcase_add_loop_test(tcase, however_short_its_answers_are_all_is_read, 2, 40);
	tcase_add_test(tcase, an_agent_without_getbulk_is_asked_with_getnext);
	tcase_add_loop_test(tcase, a_member_is_where_its_lag_port_is_attached, 0, N(memberships));
	tcase_add_test(tcase, without_a_lag_mib_the_stack_tells_what_is_above);
	tcase_add_test(tcase, a_neighbour_has_an_id_a_port_a_name_and_addresses);
	tcase_add_test(tcase, the_second_lldp_mib_is_read_where_the_first_tells_no_neighbour);
	tcase_add_test(tcase, a_neighbour_that_comes_again_under_every_time_counts_once);
	tcase_add_loop_test(tcase, an_id_is_written_as_what_it_is, 0, N(port_ids));
	tcase_add_test(tcase, what_an_agent_ought_to_tell_and_does_not_is_listed);
	tcase_add_test(tcase, a_table_of_ten_thousand_rows_is_read_up_to_its_bound);
	tcase_add_test(tcase, values_of_wrong_types_are_as_if_not_told);
	tcase_add_test(tcase, columns_that_disagree_about_rows_make_rows_of_what_each_has);
	tcase_add_test(tcase, an_index_beyond_32_bit_is_no_row);
	tcase_add_test(tcase, an_agent_that_goes_in_circles_comes_to_an_end);
	tcase_add_test(tcase, a_switch_that_restarts_is_read_from_the_beginning);
	tcase_add_test(tcase, an_empty_answer_ends_a_table_and_not_a_loop);
	return run_case("discover_job", tcase);
}
