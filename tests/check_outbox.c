/* outbox: numbered batches, in order, until Redis has them. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/outbox.h"
#include "lib/run_suite.h"

#define MIB ((size_t)1 << 20)
#define SECOND INT64_C(1000000000)

static struct outbox *outbox;

static void
set_up(void)
{
	outbox = outbox_new(64 * MIB);
	ck_assert_ptr_nonnull(outbox);
}

static void
tear_down(void)
{
	outbox_free(outbox);
}

static struct dp_change
change_of(enum dp_change_kind kind)
{
	return (struct dp_change){
		.kind = kind,
		.switch_name = "leaf1",
		.interface_name = "Ethernet1/1",
		.port_name = "",
		.project_id = "",
		.fault = "",
		.report = { .by = "", .note = "" },
		.admin = "",
		.link = "",
		.protocol = "",
		.override = "",
	};
}

/* Adds n changes; the ticket of the last. */
static uint64_t
add(enum dp_change_kind kind, unsigned n)
{
	const struct dp_change change = change_of(kind);
	uint64_t ticket = 0;

	for (unsigned i = 0; i < n; i++)
		ck_assert_int_eq(outbox_add(outbox, &change, &ticket), 0);
	return ticket;
}

/* n batches of one toggle each. */
static void
add_turns(unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		add(CHANGE_TOGGLE, 1);
		outbox_turn_end(outbox);
	}
}

static void
expect_next(uint64_t number, uint32_t n_toggles, uint32_t n_records)
{
	const struct outbox_batch *batch = outbox_next(outbox);

	ck_assert_ptr_nonnull(batch);
	ck_assert_uint_eq(batch->number, number);
	ck_assert_uint_eq(batch->n_toggles, n_toggles);
	ck_assert_uint_eq(batch->n_records, n_records);
	ck_assert_uint_eq(batch->keys.n_args, n_records);
	ck_assert(batch->sent && !batch->done);
}

static void
expect_done(uint64_t number, int64_t now_ns)
{
	const struct outbox_batch *batch = outbox_done(outbox, number, now_ns);

	ck_assert_ptr_nonnull(batch);
	ck_assert_uint_eq(batch->number, number);
	ck_assert(batch->done);
}

START_TEST(nothing_goes_before_its_turn_is_over)
{
	ck_assert_ptr_null(outbox_next(outbox));
	add(CHANGE_TOGGLE, 3);
	ck_assert_ptr_null(outbox_next(outbox));
	ck_assert_uint_eq(outbox_waiting(outbox), 1);
	ck_assert_uint_eq(outbox_waiting_changes(outbox), 3);
	outbox_turn_end(outbox);
	expect_next(1, 3, 3);
	ck_assert_ptr_null(outbox_next(outbox));
}
END_TEST

START_TEST(a_turn_with_nothing_makes_no_batch)
{
	outbox_turn_end(outbox);
	outbox_turn_end(outbox);
	ck_assert_ptr_null(outbox_next(outbox));
	add(CHANGE_INTERFACE, 1);
	outbox_turn_end(outbox);
	expect_next(1, 0, 1);
}
END_TEST

START_TEST(the_first_batch_of_a_turn_has_64_toggles_and_the_others_256)
{
	add(CHANGE_TOGGLE, 64 + 256 + 10);
	/* Full batches need not wait for the end of the turn. */
	expect_next(1, 64, 64);
	expect_next(2, 256, 256);
	ck_assert_ptr_null(outbox_next(outbox));
	outbox_turn_end(outbox);
	expect_next(3, 10, 10);
	add(CHANGE_TOGGLE, 65);
	expect_next(4, 64, 64);
}
END_TEST

START_TEST(a_batch_has_512_records_of_any_kind_at_most)
{
	add(CHANGE_REDUNDANCY, 600);
	outbox_turn_end(outbox);
	expect_next(1, 0, 512);
	expect_next(2, 0, 88);
	add(CHANGE_PORT, 500);
	add(CHANGE_TOGGLE, 20);
	outbox_turn_end(outbox);
	expect_next(3, 12, 512);
	expect_next(4, 8, 8);
}
END_TEST

START_TEST(no_more_than_the_window_is_under_way)
{
	add_turns(OUTBOX_WINDOW + 2);
	for (unsigned i = 1; i <= OUTBOX_WINDOW; i++)
		expect_next(i, 1, 1);
	ck_assert_ptr_null(outbox_next(outbox));
	expect_done(1, SECOND);
	expect_next(OUTBOX_WINDOW + 1, 1, 1);
	ck_assert_ptr_null(outbox_next(outbox));
}
END_TEST

START_TEST(batches_are_acknowledged_in_order_and_unknown_numbers_ignored)
{
	add_turns(3);
	ck_assert_ptr_null(outbox_done(outbox, 1, SECOND));
	expect_next(1, 1, 1);
	expect_next(2, 1, 1);
	ck_assert_ptr_null(outbox_done(outbox, 2, SECOND));
	ck_assert_ptr_null(outbox_done(outbox, 3, SECOND));
	ck_assert_ptr_null(outbox_done(outbox, 0, SECOND));
	expect_done(1, SECOND);
	ck_assert_ptr_null(outbox_done(outbox, 1, SECOND));
	expect_done(2, SECOND);
	ck_assert_ptr_null(outbox_done(outbox, 3, SECOND));
	ck_assert_uint_eq(outbox_waiting(outbox), 1);
}
END_TEST

START_TEST(a_ticket_is_done_when_its_batch_is)
{
	ck_assert_uint_eq(outbox_last_ticket(outbox), 0);
	ck_assert_uint_eq(add(CHANGE_INTERFACE, 1), 1);
	ck_assert_uint_eq(add(CHANGE_TOGGLE, 2), 3);
	outbox_turn_end(outbox);
	ck_assert_uint_eq(add(CHANGE_TOGGLE, 1), 4);
	outbox_turn_end(outbox);
	ck_assert_uint_eq(outbox_last_ticket(outbox), 4);
	ck_assert_uint_eq(outbox_done_ticket(outbox), 0);
	expect_next(1, 2, 3);
	expect_next(2, 1, 1);
	ck_assert_uint_eq(outbox_done_ticket(outbox), 0);
	expect_done(1, SECOND);
	ck_assert_uint_eq(outbox_done_ticket(outbox), 3);
	expect_done(2, SECOND);
	ck_assert_uint_eq(outbox_done_ticket(outbox), 4);
}
END_TEST

START_TEST(what_was_under_way_goes_again_with_the_same_numbers)
{
	add_turns(4);
	expect_next(1, 1, 1);
	expect_next(2, 1, 1);
	expect_next(3, 1, 1);
	expect_done(1, SECOND);
	ck_assert_uint_eq(outbox_rewind(outbox), 2);
	ck_assert_uint_eq(outbox_rewind(outbox), 0);
	expect_next(2, 1, 1);
	expect_next(3, 1, 1);
	expect_next(4, 1, 1);
	ck_assert_ptr_null(outbox_next(outbox));
}
END_TEST

/* Redis lost its tail: what is still kept fills the gap, and tickets stay done. */
START_TEST(a_gap_inside_what_is_kept_is_filled)
{
	add_turns(5);
	for (unsigned i = 1; i <= 5; i++)
		expect_next(i, 1, 1);
	for (unsigned i = 1; i <= 3; i++)
		expect_done(i, SECOND);
	ck_assert_uint_eq(outbox_waiting(outbox), 2);
	ck_assert(outbox_gap(outbox, 1));
	ck_assert_uint_eq(outbox_waiting(outbox), 4);
	ck_assert_uint_eq(outbox_done_ticket(outbox), 3);
	for (unsigned i = 2; i <= 5; i++)
		expect_next(i, 1, 1);
	expect_done(2, SECOND);
	ck_assert_uint_eq(outbox_done_ticket(outbox), 3);
	/* And once more, before the first gap is filled. */
	ck_assert(outbox_gap(outbox, 0));
	expect_next(1, 1, 1);
}
END_TEST

START_TEST(a_gap_beyond_what_is_kept_is_not)
{
	add_turns(4);
	for (unsigned i = 1; i <= 3; i++)
		expect_next(i, 1, 1);
	expect_done(1, SECOND);
	expect_done(2, 5 * SECOND);
	outbox_proved(outbox, SECOND + OUTBOX_KEEP_NS + 1);
	ck_assert(!outbox_gap(outbox, 0));
	ck_assert(outbox_gap(outbox, 1));
	expect_next(2, 1, 1);
}
END_TEST

START_TEST(a_gap_that_is_none_is_refused)
{
	ck_assert(!outbox_gap(outbox, 0));
	add_turns(2);
	ck_assert(!outbox_gap(outbox, 0));
	expect_next(1, 1, 1);
	expect_done(1, SECOND);
	ck_assert(!outbox_gap(outbox, 7));
}
END_TEST

START_TEST(acknowledged_batches_are_kept_for_ten_seconds)
{
	add_turns(2);
	expect_next(1, 1, 1);
	expect_next(2, 1, 1);
	expect_done(1, SECOND);
	expect_done(2, 2 * SECOND);
	size_t both = outbox_bytes(outbox);
	outbox_proved(outbox, SECOND + OUTBOX_KEEP_NS);
	ck_assert_uint_eq(outbox_bytes(outbox), both);
	outbox_proved(outbox, SECOND + OUTBOX_KEEP_NS + 1);
	ck_assert_uint_eq(outbox_bytes(outbox), both / 2);
	outbox_proved(outbox, 2 * SECOND + OUTBOX_KEEP_NS + 1);
	ck_assert_uint_eq(outbox_bytes(outbox), 0);
}
END_TEST

START_TEST(after_a_claim_numbers_begin_behind_what_redis_has)
{
	add_turns(3);
	expect_next(1, 1, 1);
	expect_done(1, SECOND);
	expect_next(2, 1, 1);
	add(CHANGE_TOGGLE, 1);
	outbox_number_from(outbox, 41);
	expect_next(42, 1, 1);
	expect_next(43, 1, 1);
	ck_assert_ptr_null(outbox_next(outbox));
	/* The open batch got its number as well, and what follows comes after it. */
	outbox_turn_end(outbox);
	expect_next(44, 1, 1);
	add_turns(1);
	expect_next(45, 1, 1);
	/* What was acknowledged under the old numbers is not kept. */
	ck_assert(!outbox_gap(outbox, 0));
}
END_TEST

START_TEST(beyond_its_bound_it_drops_what_was_not_sent_and_takes_nothing_more)
{
	const struct dp_change change = change_of(CHANGE_TOGGLE);
	uint64_t ticket = 0;
	unsigned n = 2;

	outbox_free(outbox);
	outbox = outbox_new(100000);
	add_turns(2);
	expect_next(1, 1, 1);
	expect_next(2, 1, 1);
	while (outbox_add(outbox, &change, &ticket) == 0) {
		n++;
		ck_assert_uint_eq(ticket, n);
		ck_assert_uint_le(outbox_bytes(outbox), 100000);
	}
	ck_assert(outbox_overflowed(outbox));
	/* The one that did not fit included. */
	ck_assert_uint_eq(outbox_folded(outbox), n - 2 + 1);
	ck_assert_uint_eq(ticket, n + 1);
	ck_assert_uint_eq(outbox_waiting(outbox), 2);
	ck_assert_int_eq(outbox_add(outbox, &change, &ticket), -ENOSPC);
	ck_assert_uint_eq(ticket, n + 2);
	ck_assert_uint_eq(outbox_folded(outbox), n);
	const struct dp_change other = change_of(CHANGE_INTERFACE);
	ck_assert_int_eq(outbox_add(outbox, &other, &ticket), -ENOSPC);
	ck_assert_uint_eq(outbox_folded(outbox), n);
	outbox_turn_end(outbox);
	ck_assert_ptr_null(outbox_next(outbox));
	/* What was under way is not lost. */
	expect_done(1, SECOND);
	expect_done(2, SECOND);
	ck_assert_uint_eq(outbox_waiting(outbox), 0);
	ck_assert_uint_eq(outbox_done_ticket(outbox), 2);
	ck_assert(outbox_overflowed(outbox));
}
END_TEST

START_TEST(a_restart_ends_an_overflow_and_goes_on_counting)
{
	const struct dp_change change = change_of(CHANGE_TOGGLE);
	uint64_t ticket;

	outbox_free(outbox);
	outbox = outbox_new(50000);
	add_turns(3);
	expect_next(1, 1, 1);
	expect_done(1, SECOND);
	expect_next(2, 1, 1);
	while (outbox_add(outbox, &change, &ticket) == 0)
		;
	outbox_restart(outbox);
	ck_assert(!outbox_overflowed(outbox));
	ck_assert_uint_eq(outbox_waiting(outbox), 0);
	ck_assert_uint_eq(outbox_bytes(outbox), 0);
	ck_assert_uint_eq(outbox_done_ticket(outbox), 1);
	outbox_settle(outbox);
	ck_assert_uint_eq(outbox_done_ticket(outbox), outbox_last_ticket(outbox));
	ck_assert_ptr_null(outbox_next(outbox));
	uint64_t folded = outbox_folded(outbox);
	ck_assert_uint_gt(folded, 0);
	add_turns(1);
	ck_assert_uint_eq(outbox_last_ticket(outbox), ticket + 1);
	/* Number 1 is Redis's for good; 2 was never acknowledged. */
	expect_next(2, 1, 1);
	ck_assert_uint_eq(outbox_folded(outbox), folded);
}
END_TEST

START_TEST(what_is_only_kept_gives_way_to_what_waits)
{
	const struct dp_change change = change_of(CHANGE_TOGGLE);
	uint64_t ticket;

	outbox_free(outbox);
	outbox = outbox_new(100000);
	for (unsigned turn = 1; turn <= 1000; turn++) {
		add_turns(1);
		expect_next(turn, 1, 1);
		expect_done(turn, SECOND);
		ck_assert_uint_le(outbox_bytes(outbox), 100000 / 4 + 10000);
	}
	ck_assert(!outbox_gap(outbox, 0));
	ck_assert(outbox_gap(outbox, 999));
	expect_next(1000, 1, 1);
	expect_done(1000, SECOND);
	/* Room for as much as if nothing had ever been acknowledged. */
	unsigned n = 0;
	while (outbox_add(outbox, &change, &ticket) == 0)
		n++;
	struct outbox *fresh = outbox_new(100000);
	unsigned n_fresh = 0;
	while (outbox_add(fresh, &change, &ticket) == 0)
		n_fresh++;
	outbox_free(fresh);
	ck_assert_uint_eq(n, n_fresh);
}
END_TEST

/* What was folded is told by what the comparison finds; not before all of that is done may anybody be answered. */
START_TEST(what_was_forgotten_is_done_with_the_last_batch_of_the_comparison)
{
	add_turns(1);
	expect_next(1, 1, 1);
	outbox_restart(outbox);
	add_turns(2);
	ck_assert_uint_eq(outbox_last_ticket(outbox), 3);
	expect_next(1, 1, 1);
	expect_done(1, SECOND);
	ck_assert_uint_eq(outbox_done_ticket(outbox), 0);
	outbox_settle(outbox);
	add_turns(1);
	ck_assert_uint_eq(outbox_done_ticket(outbox), 0);
	expect_next(2, 1, 1);
	expect_done(2, SECOND);
	ck_assert_uint_eq(outbox_done_ticket(outbox), 3);
	/* The same where it is found on disk. */
	outbox_restart(outbox);
	add_turns(2);
	outbox_settle(outbox);
	uint64_t serial = outbox_next_to_store(outbox)->serial;
	outbox_stored(outbox, serial);
	ck_assert_uint_eq(outbox_safe_ticket(outbox), 3);
	outbox_stored(outbox, outbox_next_to_store(outbox)->serial);
	ck_assert_uint_eq(outbox_safe_ticket(outbox), 6);
}
END_TEST

START_TEST(a_comparison_that_overflows_settles_nothing)
{
	const struct dp_change change = change_of(CHANGE_TOGGLE);
	uint64_t ticket;

	outbox_free(outbox);
	outbox = outbox_new(20000);
	while (outbox_add(outbox, &change, &ticket) == 0)
		;
	outbox_restart(outbox);
	while (outbox_add(outbox, &change, &ticket) == 0)
		;
	outbox_settle(outbox);
	ck_assert_uint_eq(outbox_done_ticket(outbox), 0);
	outbox_restart(outbox);
	outbox_settle(outbox);
	ck_assert_uint_eq(outbox_done_ticket(outbox), ticket);
}
END_TEST

/* ---- storing ---- */

static void
expect_store(uint64_t number)
{
	ck_assert(outbox_has_to_store(outbox));
	const struct outbox_batch *batch = outbox_next_to_store(outbox);

	ck_assert_ptr_nonnull(batch);
	ck_assert_uint_eq(batch->number, number);
}

START_TEST(what_waits_or_is_kept_is_handed_out_for_storing_once_and_in_order)
{
	ck_assert(!outbox_has_to_store(outbox));
	ck_assert_ptr_null(outbox_next_to_store(outbox));
	ck_assert(outbox_all_stored(outbox));
	ck_assert_uint_eq(outbox_first_serial(outbox), 0);
	add_turns(3);
	expect_next(1, 1, 1);
	expect_done(1, SECOND);
	expect_next(2, 1, 1);
	/* So are what was sent, and what is done and kept. */
	expect_store(1);
	expect_store(2);
	expect_store(3);
	ck_assert_ptr_null(outbox_next_to_store(outbox));
	add(CHANGE_TOGGLE, 1);
	ck_assert_ptr_null(outbox_next_to_store(outbox));
	outbox_turn_end(outbox);
	expect_store(4);
	ck_assert_uint_eq(outbox_first_serial(outbox), 2);
	/* What did not stay on the disk is handed out again. */
	outbox_store_again(outbox, outbox_first_serial(outbox));
	expect_store(3);
	outbox_store_again(outbox, 0);
	expect_store(1);
}
END_TEST

START_TEST(a_ticket_is_safe_when_its_batch_is_stored)
{
	add(CHANGE_TOGGLE, 2);
	outbox_turn_end(outbox);
	add_turns(1);
	uint64_t first = outbox_next_to_store(outbox)->serial;
	uint64_t second = outbox_next_to_store(outbox)->serial;
	ck_assert_uint_eq(outbox_safe_ticket(outbox), 0);
	outbox_stored(outbox, first);
	ck_assert_uint_eq(outbox_safe_ticket(outbox), 2);
	ck_assert_uint_eq(outbox_done_ticket(outbox), 0);
	ck_assert(!outbox_all_stored(outbox));
	outbox_stored(outbox, second);
	ck_assert_uint_eq(outbox_safe_ticket(outbox), 3);
	ck_assert(outbox_all_stored(outbox));
	add_turns(1);
	ck_assert(!outbox_all_stored(outbox));
	/* Redis may be first. */
	for (unsigned i = 1; i <= 3; i++) {
		expect_next(i, i == 1 ? 2 : 1, i == 1 ? 2 : 1);
		expect_done(i, SECOND);
	}
	ck_assert_uint_eq(outbox_safe_ticket(outbox), 4);
	ck_assert(outbox_all_stored(outbox));
	/* It is kept, and belongs into the file all the same. */
	expect_store(3);
	ck_assert_ptr_null(outbox_next_to_store(outbox));
}
END_TEST

START_TEST(a_number_that_was_given_up_is_handed_out_again_with_its_new_batch)
{
	add_turns(2);
	expect_store(1);
	uint64_t serial = outbox_next_to_store(outbox)->serial;
	outbox_restart(outbox);
	/* Stored late: it stands for nothing any more. */
	outbox_stored(outbox, serial);
	ck_assert_uint_eq(outbox_safe_ticket(outbox), 0);
	add_turns(1);
	outbox_settle(outbox);
	expect_store(1);
	ck_assert_uint_gt(outbox_first_serial(outbox), serial);
}
END_TEST

START_TEST(what_an_earlier_daemon_stored_goes_first_and_is_stored_already)
{
	struct outbox_saved saved = { .moment_ms = 17, .n_records = 1, .n_toggles = 1 };
	const struct outbox_saved none = { 0 };
	const struct dp_change change = change_of(CHANGE_TOGGLE);

	ck_assert_int_eq(change_encode(&change, &saved.records, &saved.keys), 0);
	outbox_number_from(outbox, 41);
	ck_assert_int_eq(outbox_take_back(outbox, &saved), 0);
	ck_assert_int_eq(outbox_take_back(outbox, &none), 0);
	arg_buf_release(&saved.records);
	arg_buf_release(&saved.keys);
	ck_assert(outbox_all_stored(outbox));
	ck_assert_ptr_null(outbox_next_to_store(outbox));
	add_turns(1);
	expect_store(44);
	expect_next(42, 1, 1);
	expect_next(43, 0, 0);
	expect_next(44, 1, 1);
	size_t bytes = outbox_bytes(outbox);
	for (unsigned i = 42; i <= 44; i++)
		expect_done(i, SECOND);
	ck_assert_uint_eq(outbox_bytes(outbox), bytes);
	outbox_proved(outbox, SECOND + OUTBOX_KEEP_NS + 1);
	ck_assert_uint_eq(outbox_bytes(outbox), 0);
}
END_TEST

/* Batches 39 to 41 are in Redis, which may yet lose them; 42 is owed. */
START_TEST(what_an_earlier_daemon_kept_is_kept_on)
{
	const struct outbox_saved saved = { .moment_ms = 17 };

	outbox_number_from(outbox, 41);
	for (uint64_t number = 39; number <= 41; number++)
		ck_assert_int_eq(outbox_take_kept(outbox, number, &saved, SECOND), 0);
	ck_assert_int_eq(outbox_take_back(outbox, &saved), 0);
	ck_assert_uint_eq(outbox_waiting(outbox), 1);
	ck_assert_uint_eq(outbox_oldest_serial(outbox), 1);
	ck_assert_uint_eq(outbox_first_serial(outbox), 4);
	ck_assert_ptr_null(outbox_next_to_store(outbox));
	/* Claimed again: nothing is lost. */
	outbox_number_from(outbox, 41);
	ck_assert_uint_eq(outbox_oldest_serial(outbox), 1);
	ck_assert(outbox_gap(outbox, 39));
	for (unsigned i = 40; i <= 42; i++) {
		expect_next(i, 0, 0);
		expect_done(i, SECOND);
	}
	outbox_proved(outbox, SECOND + OUTBOX_KEEP_NS + 1);
	ck_assert_uint_eq(outbox_oldest_serial(outbox), 0);
}
END_TEST

/* ... and are written again under them. */
START_TEST(what_gets_other_numbers_is_handed_out_for_storing_again)
{
	add_turns(2);
	expect_store(1);
	expect_store(2);
	outbox_number_from(outbox, 0);
	ck_assert_ptr_null(outbox_next_to_store(outbox));
	outbox_number_from(outbox, 7);
	expect_store(8);
	expect_store(9);
}
END_TEST

START_TEST(a_batch_keeps_the_moment_when_it_was_begun)
{
	const struct outbox_saved saved = { .moment_ms = 17 };

	ck_assert_int_eq(outbox_take_back(outbox, &saved), 0);
	outbox_set_moment(outbox, 1000);
	add_turns(1);
	outbox_set_moment(outbox, 2000);
	add_turns(1);
	ck_assert_int_eq(outbox_next(outbox)->moment_ms, 17);
	ck_assert_int_eq(outbox_next(outbox)->moment_ms, 1000);
	ck_assert_int_eq(outbox_next(outbox)->moment_ms, 2000);
	outbox_rewind(outbox);
	ck_assert_int_eq(outbox_next(outbox)->moment_ms, 17);
}
END_TEST

/* An outage of hours, and then all of it goes: the cost of each batch must not grow with how many wait. */
START_TEST(a_long_queue_drains_in_order)
{
	enum { N = 200000 };
	unsigned wrong = 0;

	outbox_free(outbox);
	outbox = outbox_new(512 * MIB);
	const struct dp_change change = change_of(CHANGE_TOGGLE);
	for (unsigned i = 0; i < N; i++) {
		uint64_t ticket;
		wrong += outbox_add(outbox, &change, &ticket) != 0 || ticket != i + 1;
		outbox_turn_end(outbox);
	}
	ck_assert_uint_eq(outbox_waiting(outbox), N);
	for (unsigned i = 1; i <= N; i++) {
		const struct outbox_batch *next = outbox_next(outbox);
		wrong += !next || next->number != i;
		wrong += outbox_done(outbox, i, SECOND + i) != next;
		if (i % 1000 == 0)
			outbox_proved(outbox, SECOND + i + OUTBOX_KEEP_NS);
	}
	ck_assert_uint_eq(wrong, 0);
	ck_assert_uint_eq(outbox_waiting(outbox), 0);
	ck_assert_uint_eq(outbox_done_ticket(outbox), N);
}
END_TEST

START_TEST(a_closed_batch_holds_no_room_in_reserve)
{
	add_turns(1);
	const struct outbox_batch *batch = outbox_next(outbox);
	ck_assert_uint_eq(batch->args.room, batch->args.len);
	ck_assert_uint_eq(batch->keys.room, batch->keys.len);
	ck_assert_uint_eq(outbox_bytes(outbox), sizeof(*batch) + batch->args.len + batch->keys.len);
}
END_TEST

int
main(void)
{
	TCase *tcase = tcase_create("batches");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, nothing_goes_before_its_turn_is_over);
	tcase_add_test(tcase, a_turn_with_nothing_makes_no_batch);
	tcase_add_test(tcase, the_first_batch_of_a_turn_has_64_toggles_and_the_others_256);
	tcase_add_test(tcase, a_batch_has_512_records_of_any_kind_at_most);
	tcase_add_test(tcase, no_more_than_the_window_is_under_way);
	tcase_add_test(tcase, batches_are_acknowledged_in_order_and_unknown_numbers_ignored);
	tcase_add_test(tcase, a_ticket_is_done_when_its_batch_is);
	tcase_add_test(tcase, what_was_under_way_goes_again_with_the_same_numbers);
	tcase_add_test(tcase, a_gap_inside_what_is_kept_is_filled);
	tcase_add_test(tcase, a_gap_beyond_what_is_kept_is_not);
	tcase_add_test(tcase, a_gap_that_is_none_is_refused);
	tcase_add_test(tcase, acknowledged_batches_are_kept_for_ten_seconds);
	tcase_add_test(tcase, after_a_claim_numbers_begin_behind_what_redis_has);
	tcase_add_test(tcase, beyond_its_bound_it_drops_what_was_not_sent_and_takes_nothing_more);
	tcase_add_test(tcase, a_restart_ends_an_overflow_and_goes_on_counting);
	tcase_add_test(tcase, what_is_only_kept_gives_way_to_what_waits);
	tcase_add_test(tcase, what_was_forgotten_is_done_with_the_last_batch_of_the_comparison);
	tcase_add_test(tcase, a_comparison_that_overflows_settles_nothing);
	tcase_add_test(tcase, what_waits_or_is_kept_is_handed_out_for_storing_once_and_in_order);
	tcase_add_test(tcase, a_ticket_is_safe_when_its_batch_is_stored);
	tcase_add_test(tcase, a_number_that_was_given_up_is_handed_out_again_with_its_new_batch);
	tcase_add_test(tcase, what_an_earlier_daemon_stored_goes_first_and_is_stored_already);
	tcase_add_test(tcase, a_batch_keeps_the_moment_when_it_was_begun);
	tcase_add_test(tcase, what_an_earlier_daemon_kept_is_kept_on);
	tcase_add_test(tcase, what_gets_other_numbers_is_handed_out_for_storing_again);
	tcase_add_test(tcase, a_long_queue_drains_in_order);
	tcase_add_test(tcase, a_closed_batch_holds_no_room_in_reserve);
	return run_case("outbox", tcase);
}
