/* outbox: what is dropped when too much waits, and how it goes on; and that much waits cheaply. */
#include <errno.h>

#include "lib/outbox_fixture.h"
#include "lib/run_suite.h"

/* A toggle of another port each time: there is nothing to fold. */
static int
add_other(struct outbox *to, uint64_t *ret_ticket)
{
	static uint32_t n;
	struct dp_change change = change_about(CHANGE_TOGGLE, "leaf1", "Ethernet1/1");

	n++;
	memcpy(change.port_id, &n, sizeof(n));
	change.known_revision = 1;
	return outbox_add(to, &change, ret_ticket);
}

START_TEST(beyond_its_bound_it_drops_what_was_not_sent_and_takes_nothing_more)
{
	const struct dp_change change = change_about(CHANGE_TOGGLE, "leaf1", "Ethernet1/1");
	uint64_t ticket = 0;
	unsigned n = 2;

	outbox_free(outbox);
	outbox = outbox_new(100000);
	add_turns(2);
	expect_next(1, 1, 1);
	expect_next(2, 1, 1);
	while (add_other(outbox, &ticket) == 0) {
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
	const struct dp_change other = change_about(CHANGE_INTERFACE, "leaf1", "Ethernet1/1");
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

START_TEST(a_new_bound_counts_for_the_next_change)
{
	uint64_t ticket;

	outbox_free(outbox);
	outbox = outbox_new(100000);
	while (outbox_bytes(outbox) < 50000)
		ck_assert_int_eq(add_other(outbox, &ticket), 0);
	outbox_set_max(outbox, 200000);
	while (outbox_bytes(outbox) < 150000)
		ck_assert_int_eq(add_other(outbox, &ticket), 0);
	outbox_set_max(outbox, 50000);
	ck_assert(!outbox_overflowed(outbox));
	ck_assert_int_eq(add_other(outbox, &ticket), -ENOSPC);
	ck_assert(outbox_overflowed(outbox));
}
END_TEST

START_TEST(a_restart_ends_an_overflow_and_goes_on_counting)
{
	uint64_t ticket;

	outbox_free(outbox);
	outbox = outbox_new(50000);
	add_turns(3);
	expect_next(1, 1, 1);
	expect_done(1, SECOND);
	expect_next(2, 1, 1);
	while (add_other(outbox, &ticket) == 0)
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
	while (add_other(outbox, &ticket) == 0)
		n++;
	struct outbox *fresh = outbox_new(100000);
	unsigned n_fresh = 0;
	while (add_other(fresh, &ticket) == 0)
		n_fresh++;
	outbox_free(fresh);
	ck_assert_uint_eq(n, n_fresh);
}
END_TEST

START_TEST(what_waits_at_a_restart_is_counted_as_folded_and_what_is_done_is_not)
{
	struct dp_change other = change_about(CHANGE_INTERFACE, "leaf1", "Ethernet1/1");
	const struct dp_change change = change_about(CHANGE_TOGGLE, "leaf1", "Ethernet1/1");
	uint64_t ticket;

	add_turns(2);
	expect_next(1, 1, 1);
	expect_done(1, SECOND);
	expect_next(2, 1, 1);
	/* One more in a batch that is still open. */
	ck_assert_int_eq(outbox_add(outbox, &other, &ticket), 0);
	ck_assert_int_eq(outbox_add(outbox, &change, &ticket), 0);
	outbox_restart(outbox);
	ck_assert_uint_eq(outbox_folded(outbox), 2);
	outbox_settle(outbox);
	outbox_restart(outbox);
	ck_assert_uint_eq(outbox_folded(outbox), 2);
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
	uint64_t ticket;

	outbox_free(outbox);
	outbox = outbox_new(20000);
	while (add_other(outbox, &ticket) == 0)
		;
	outbox_restart(outbox);
	while (add_other(outbox, &ticket) == 0)
		;
	outbox_settle(outbox);
	ck_assert_uint_eq(outbox_done_ticket(outbox), 0);
	outbox_restart(outbox);
	outbox_settle(outbox);
	ck_assert_uint_eq(outbox_done_ticket(outbox), ticket);
}
END_TEST

/* An outage of hours, and then all of it goes: the cost of each batch must not grow with how many wait. */
START_TEST(a_long_queue_drains_in_order)
{
	enum { N = 200000 };
	unsigned wrong = 0;

	outbox_free(outbox);
	outbox = outbox_new(512 * MIB);
	const struct dp_change change = change_about(CHANGE_TOGGLE, "leaf1", "Ethernet1/1");
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

int
main(void)
{
	TCase *tcase = tcase_create("outbox_bounds");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, beyond_its_bound_it_drops_what_was_not_sent_and_takes_nothing_more);
	tcase_add_test(tcase, a_new_bound_counts_for_the_next_change);
	tcase_add_test(tcase, a_restart_ends_an_overflow_and_goes_on_counting);
	tcase_add_test(tcase, what_is_only_kept_gives_way_to_what_waits);
	tcase_add_test(tcase, what_waits_at_a_restart_is_counted_as_folded_and_what_is_done_is_not);
	tcase_add_test(tcase, what_was_forgotten_is_done_with_the_last_batch_of_the_comparison);
	tcase_add_test(tcase, a_comparison_that_overflows_settles_nothing);
	tcase_add_test(tcase, a_long_queue_drains_in_order);
	return run_case("outbox_bounds", tcase);
}
