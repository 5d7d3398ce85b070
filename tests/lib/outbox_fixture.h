/*
 * outbox_fixture: an outbox of 64 MiB, filled turn by turn; for the tests of core/outbox. Functions and state are static: each
 * test program has its own.
 */
#ifndef DPWATCH_TESTS_LIB_OUTBOX_FIXTURE_H
#define DPWATCH_TESTS_LIB_OUTBOX_FIXTURE_H

#include <check.h>

#include "core/outbox.h"
#include "lib/changes.h"

#define MIB ((size_t)1 << 20)
#define SECOND INT64_C(1000000000)

static struct outbox *outbox;

static inline void
set_up(void)
{
	outbox = outbox_new(64 * MIB);
	ck_assert_ptr_nonnull(outbox);
}

static inline void
tear_down(void)
{
	outbox_free(outbox);
}

/* Adds n changes; the ticket of the last. */
static inline uint64_t
add(enum dp_change_kind kind, unsigned n)
{
	const struct dp_change change = change_about(kind, "leaf1", "Ethernet1/1");
	uint64_t ticket = 0;

	for (unsigned i = 0; i < n; i++)
		ck_assert_int_eq(outbox_add(outbox, &change, &ticket), 0);
	return ticket;
}

/* n batches of one toggle each. */
static inline void
add_turns(unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		add(CHANGE_TOGGLE, 1);
		outbox_turn_end(outbox);
	}
}

static inline void
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

static inline void
expect_done(uint64_t number, int64_t now_ns)
{
	const struct outbox_batch *batch = outbox_done(outbox, number, now_ns);

	ck_assert_ptr_nonnull(batch);
	ck_assert_uint_eq(batch->number, number);
	ck_assert(batch->done);
}

#endif
