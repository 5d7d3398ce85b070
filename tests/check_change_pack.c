/* change_pack: what stands on the wire for what, and that the script's way of filling nils in gives all values back. */
#include <check.h>
#include <string.h>

#include "core/change_codec.h"
#include "core/change_pack.h"
#include "lib/changes.h"
#include "lib/run_suite.h"

#define NIL 0xc0

static struct arg_buf args, keys;
static struct change_pack pack;

static void
set_up(void)
{
	args = keys = (struct arg_buf){ 0 };
	pack = (struct change_pack){ .n_states = 0 };
}

static void
tear_down(void)
{
	arg_buf_release(&args);
	arg_buf_release(&keys);
	change_pack_release(&pack);
}

static void
add(const struct dp_change *change)
{
	ck_assert_int_eq(change_encode(change, &args, &keys), 0);
}

/* The next packed value; nil is a slice without data. */
static struct slice
next(size_t *at)
{
	struct slice value;

	ck_assert_uint_lt(*at, pack.records.len);
	if ((uint8_t)pack.records.data[*at] == NIL) {
		++*at;
		return (struct slice){ NULL, 0 };
	}
	ck_assert(arg_buf_next(&pack.records, at, &value));
	return value;
}

static void
expect(const char *const *wanted)
{
	size_t at = 0;

	ck_assert_int_eq(change_pack(&pack, &args), 0);
	for (; *wanted; wanted++) {
		const struct slice value = next(&at);
		if (strcmp(*wanted, "nil") == 0)
			ck_assert_ptr_null(value.data);
		else
			ck_assert_msg(value.data && slice_eq_str(value, *wanted),
			    "\"%.*s\", not \"%s\"", (int)value.len, value.data, *wanted);
	}
	ck_assert_uint_eq(at, pack.records.len);
}

#define T0 "2024-05-01T12:00:00.000000Z"
#define T1 "2024-05-01T12:00:01.000000Z"
#define NOON INT64_C(1714564800000000)

static struct dp_change
change(enum dp_change_kind kind, int64_t received_us, int64_t occurred_us)
{
	struct dp_change change = change_about(kind, "leaf1", "Ethernet1/1");

	change.received_us = received_us;
	change.occurred_us = change.since_us = occurred_us;
	change.reason = REASON_LINK_DOWN;
	change.source = SOURCE_TRAP;
	change.cause = CAUSE_ACCESS;
	return change;
}

START_TEST(what_the_record_before_said_is_nil)
{
	const struct dp_change event = change(CHANGE_INTERFACE, NOON, NOON);
	const struct dp_change toggle = change(CHANGE_TOGGLE, NOON, NOON);
	const char *const id = "00000000-0000-0000-0000-000000000000";

	add(&event);
	add(&toggle);
	expect((const char *const[]){ "I", "false", "leaf1", "Ethernet1/1", "", "down", "",
	    "link-down", "trap", T0, "T", id, "", "", "false", "0", "nil", "access", "nil", "nil",
	    "nil", "", "nil", "nil", "0", "0", "0", "false", "", "", "", "", "false", "false",
	    NULL });
	ck_assert_uint_eq(pack.n_states, 1);
	ck_assert(pack.states[0].len > 2 && pack.states[0].data[0] == '{');
}
END_TEST

/* That is what was said last, whoever said it; an occurrence is not what was received. */
START_TEST(what_differs_is_told_and_from_then_on_nil)
{
	struct dp_change redundancy = change(CHANGE_REDUNDANCY, NOON, NOON);
	const struct dp_change forget = change(CHANGE_FORGET, NOON, NOON);
	const struct dp_change toggle = change(CHANGE_TOGGLE, NOON + 1000000, NOON + 1000000);
	const char *const id = "00000000-0000-0000-0000-000000000000";

	redundancy.switch_name = "leaf2";
	add(&redundancy);
	add(&forget);
	add(&toggle);
	add(&toggle);
	expect((const char *const[]){ "R", redundancy_kind_names[redundancy.redundancy], id, "0",
	    "0", "0", "link-down", "leaf2", "Ethernet1/1", T0, "F",
	    /* */
	    "T", id, "", "", "false", "0", T1, "access", "nil", "leaf1", "nil", "", "trap", T1, "0",
	    "0", "0", "false", "", "", "", "", "false", "false",
	    /* */
	    "T", id, "", "", "false", "0", "nil", "access", "nil", "nil", "nil", "", "nil", "nil",
	    "0", "0", "0", "false", "", "", "", "", "false", "false", NULL });
	ck_assert_uint_eq(pack.n_states, 0);
}
END_TEST

/* ---- all kinds, many times ---- */

/* As the script remembers them. */
static const char *const common[] = { "switch", "interface", "reason", "source", "received_at" };
#define N_COMMON (sizeof(common) / sizeof(common[0]))
static struct slice before[N_COMMON];

static struct slice *
before_of(const char *field)
{
	if (strcmp(field, "occurred_at") == 0)
		field = "received_at";
	for (size_t i = 0; i < N_COMMON; i++)
		if (strcmp(field, common[i]) == 0)
			return &before[i];
	return NULL;
}

static void
expect_value(const char *field, struct slice wanted, size_t *at, size_t *state)
{
	struct slice *const last = before_of(field), value;

	if (strcmp(field, "state") == 0) {
		ck_assert_uint_lt(*state, pack.n_states);
		ck_assert(slice_eq(pack.states[(*state)++], wanted));
		return;
	}
	value = next(at);
	if (!value.data) {
		ck_assert_msg(last && last->data, "%s: nothing was said before", field);
		value = *last;
	}
	ck_assert_msg(slice_eq(value, wanted), "%s: %.*s, not %.*s", field, (int)value.len,
	    value.data, (int)wanted.len, wanted.data);
	if (last && strcmp(field, "occurred_at") != 0)
		*last = value;
}

/* One batch of many records that have something in common, by the digits of a number. */
START_TEST(every_value_of_every_kind_comes_back)
{
	static const char *const names[] = { "leaf1", "leaf2", "", "a" };
	struct change_record record;
	size_t at = 0, packed_at = 0, state = 0;
	unsigned number = 12345;

	for (unsigned i = 0; i < 2000; i++) {
		number = number * 1103515245 + 12345;
		struct dp_change one = change((enum dp_change_kind)((number >> 8) % 5),
		    NOON + (number >> 12) % 2, NOON + (number >> 14) % 2);
		one.switch_name = names[(number >> 16) % 4];
		one.interface_name = names[(number >> 18) % 4];
		one.source = (enum link_source)((number >> 20) % 2);
		one.reason = (number >> 22) % 2 ? REASON_LINK_DOWN : REASON_NONE;
		add(&one);
	}
	ck_assert_int_eq(change_pack(&pack, &args), 0);
	while (change_next(&args, &at, &record)) {
		ck_assert(slice_eq(next(&packed_at), (struct slice){ &record.letter, 1 }));
		for (size_t i = 0; record.fields[i]; i++)
			expect_value(record.fields[i], record.values[i], &packed_at, &state);
	}
	ck_assert_uint_eq(at, args.len);
	ck_assert_uint_eq(packed_at, pack.records.len);
	ck_assert_uint_eq(state, pack.n_states);
	ck_assert_uint_gt(state, 200);
	ck_assert_uint_lt(pack.records.len, args.len / 3 * 2);
}
END_TEST

/* What was packed before stays in front, and a batch does not know of the one before. */
START_TEST(a_pack_is_used_again)
{
	const struct dp_change event = change(CHANGE_INTERFACE, NOON, NOON);

	add(&event);
	ck_assert_int_eq(change_pack(&pack, &args), 0);
	const size_t len = pack.records.len;
	ck_assert_int_eq(change_pack(&pack, &args), 0);
	ck_assert_uint_eq(pack.records.len, 2 * len);
	ck_assert_mem_eq(pack.records.data, pack.records.data + len, len);
	ck_assert_uint_eq(pack.n_states, 2);
	change_pack_clear(&pack);
	ck_assert_uint_eq(pack.records.len + pack.n_states, 0);
}
END_TEST

int
main(void)
{
	TCase *tcase = tcase_create("change_pack");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, what_the_record_before_said_is_nil);
	tcase_add_test(tcase, what_differs_is_told_and_from_then_on_nil);
	tcase_add_test(tcase, every_value_of_every_kind_comes_back);
	tcase_add_test(tcase, a_pack_is_used_again);
	return run_case("change_pack", tcase);
}
