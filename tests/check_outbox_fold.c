/* outbox: what waits for a Redis that is away is folded at the bound; what of it stays, and what that stands for. */
#include <stdio.h>
#include <stdlib.h>

#include "core/topo.h"
#include "lib/outbox_fixture.h"
#include "lib/run_suite.h"

#define BOUND ((size_t)50000)
#define N_PORTS 40

static void
small_set_up(void)
{
	outbox = outbox_new(BOUND);
	ck_assert_ptr_nonnull(outbox);
}

static struct dp_change
about_port(enum dp_change_kind kind, uint8_t port, bool down)
{
	struct dp_change change = change_about(kind, "leaf1", "Ethernet1/1");

	change.port_id[0] = port;
	change.dp_down = down;
	change.known_revision = 1;
	return change;
}

/* One turn. Its ticket. */
static uint64_t
add_change(const struct dp_change *change)
{
	uint64_t ticket;

	ck_assert_int_eq(outbox_add(outbox, change, &ticket), 0);
	outbox_turn_end(outbox);
	return ticket;
}

static uint64_t
add_toggle(uint8_t port, bool down)
{
	const struct dp_change change = about_port(CHANGE_TOGGLE, port, down);

	return add_change(&change);
}

/* Port 255 flaps until what waits has just been folded. */
static void
fill(void)
{
	const uint64_t folded = outbox_folded(outbox);

	for (unsigned i = 0; outbox_folded(outbox) == folded; i++)
		add_toggle(255, i % 2 == 0);
}

/* What is said of one port in all batches that go now, as "T true, P false"; `name` is of a record's value. */
static const char *
records_of(uint8_t port, const char *name)
{
	static char text[256];
	struct dp_change change = about_port(CHANGE_TOGGLE, port, false);
	const struct outbox_batch *batch;
	char id[PORT_ID_TEXT];

	port_id_format(change.port_id, id);
	text[0] = '\0';
	while ((batch = outbox_next(outbox)) != NULL) {
		struct change_record record;
		for (size_t at = 0; change_next(&batch->args, &at, &record);) {
			struct slice value = { "", 0 }, owner = { "", 0 };
			for (size_t i = 0; record.fields[i]; i++) {
				if (strcmp(record.fields[i], "port") == 0)
					owner = record.values[i];
				if (strcmp(record.fields[i], name) == 0)
					value = record.values[i];
			}
			if (!slice_eq_str(owner, id))
				continue;
			size_t len = strlen(text);
			snprintf(text + len, sizeof(text) - len, "%s%c %.*s", len > 0 ? ", " : "",
			    record.letter, (int)value.len, value.data);
		}
		ck_assert_ptr_nonnull(outbox_done(outbox, batch->number, SECOND));
	}
	return text;
}

/* ---- what stays ---- */

static const struct {
	const char
	    *words; /* d, u: toggles; p: its hash is told again, as it is; r: its paths changed */
	uint64_t known_revision;
	const char *stays;
} port_rows[] = {
	{ "d", 1, "T true" },
	{ "du", 1, "P false" },
	{ "dud", 1, "T true" },
	{ "dudu", 1, "P false" },
	{ "u", 1, "T false" },
	{ "ud", 1, "T false, T true" },
	{ "udu", 1, "T false, P false" },
	{ "udud", 1, "T false, T true" },
	{ "udup", 1, "T false, P false" },
	{ "dp", 1, "T true, P true" },
	{ "dpudp", 1, "T true, P true" },
	{ "dup", 1, "P false" },
	{ "pp", 1, "P false" },
	{ "rr", 1, "R " },
	{ "drur", 1, "P false, R " },
	/* There is no hash of a port that never toggled as far as Redis knows; one that is told has one. */
	{ "du", 0, "" },
	{ "dud", 0, "T true" },
	{ "dup", 0, "P false" },
};

START_TEST(of_each_port_what_is_so_now_stays)
{
	bool down = false;

	for (const char *c = port_rows[_i].words; *c; c++) {
		if (*c == 'd' || *c == 'u')
			down = *c == 'd';
		struct dp_change change = about_port(*c == 'p'   ? CHANGE_PORT
						     : *c == 'r' ? CHANGE_REDUNDANCY
								 : CHANGE_TOGGLE,
		    1, down);
		change.known_revision = port_rows[_i].known_revision;
		add_change(&change);
	}
	fill();
	ck_assert(!outbox_overflowed(outbox));
	ck_assert_uint_le(outbox_bytes(outbox), BOUND / 2);
	ck_assert_str_eq(records_of(1, "dp_down"), port_rows[_i].stays);
}
END_TEST

START_TEST(a_port_that_left_the_map_while_nobody_heard_that_it_was_down_leaves_nothing)
{
	struct dp_change change = about_port(CHANGE_TOGGLE, 1, true);

	add_change(&change);
	change.dp_down = false;
	change.removed = true;
	add_change(&change);
	fill();
	ck_assert_str_eq(records_of(1, "dp_down"), "");
}
END_TEST

/* It may go only when what the file says of its numbers is superseded; what may be under way keeps its number, and goes on. */
START_TEST(what_is_folded_is_held_where_it_was_stored)
{
	add_toggle(1, true);
	add_toggle(2, true);
	expect_next(1, 1, 1);
	outbox_rewind(outbox);
	while (_i == 1 && outbox_next_to_store(outbox))
		;
	fill();
	expect_next(1, 1, 1);
	ck_assert_int_eq(outbox_is_held(outbox), _i);
	if (_i == 1) {
		ck_assert_ptr_null(outbox_next(outbox));
		outbox_let_go(outbox, outbox_last_serial(outbox));
	}
	ck_assert_uint_eq(outbox_next(outbox)->number, 2);
}
END_TEST

/* What wrote its hash before may be among what goes. */
START_TEST(a_toggle_that_stays_writes_all_of_its_hash)
{
	struct dp_change change = about_port(CHANGE_TOGGLE, 1, true);

	for (unsigned i = 0; i < 3; i++) {
		change.dp_down = i != 1;
		change.written = i > 0;
		add_change(&change);
	}
	fill();
	ck_assert_str_eq(records_of(1, "removed"), "T false");
}
END_TEST

/* What was down when Redis went away is told to be over, and what is down now to have begun. */
START_TEST(each_fault_that_readers_hear_of_begins_and_ends)
{
	struct dp_change change = about_port(CHANGE_TOGGLE, 1, false);

	change.fault = "leaf1:Ethernet1/1@known";
	add_change(&change);
	for (unsigned i = 0; i < 3; i++) {
		change.fault = i == 2 ? "leaf1:Ethernet1/1@now" : "leaf1:Ethernet1/1@between";
		change.dp_down = i != 1;
		add_change(&change);
	}
	fill();
	ck_assert_str_eq(
	    records_of(1, "fault"), "T leaf1:Ethernet1/1@known, T leaf1:Ethernet1/1@now");
}
END_TEST

START_TEST(what_stays_is_the_last_word_in_full)
{
	struct dp_change change = about_port(CHANGE_TOGGLE, 1, true);

	change.fault = "leaf1:Ethernet1/1@first";
	add_change(&change);
	change.dp_down = false;
	add_change(&change);
	change.dp_down = true;
	change.fault = "leaf1:Ethernet1/1@last";
	add_change(&change);
	fill();
	ck_assert_str_eq(records_of(1, "fault"), "T leaf1:Ethernet1/1@last");
}
END_TEST

/* An interface's last state, and that it moved; of a switch that is forgotten, what came before is deleted with the rest. */
START_TEST(of_each_interface_its_last_state_stays)
{
	struct dp_change one = change_about(CHANGE_INTERFACE, "leaf1", "Ethernet1/1");
	struct dp_change two = change_about(CHANGE_INTERFACE, "leaf1", "Ethernet1/2");
	const struct dp_change forget = change_about(CHANGE_FORGET, "leaf1", "");
	char letters[16] = "";

	one.transition = true;
	add_change(&one);
	add_change(&two);
	add_change(&forget);
	one.transition = false;
	one.oper_up = true;
	add_change(&one);
	fill();
	const struct outbox_batch *batch = outbox_next(outbox);
	ck_assert_ptr_nonnull(batch);
	struct change_record record;
	for (size_t at = 0; change_next(&batch->args, &at, &record);) {
		letters[strlen(letters)] = record.letter;
		if (record.letter != 'I' || !slice_eq_str(record.values[2], "Ethernet1/1"))
			continue;
		ck_assert(slice_eq_str(record.values[0], "true"));
		ck_assert(slice_eq_str(record.values[5], "up"));
	}
	ck_assert_int_eq(strncmp(letters, "IFI", 3), 0);
	ck_assert_uint_eq(batch->n_records, 4); /* and the port that filled it */
	ck_assert_uint_eq(batch->keys.n_args, 4);
}
END_TEST

/* ---- numbers, tickets, the disk ---- */

/* Redis may have it, and have been killed before it could say so: its number must never stand for anything else. */
START_TEST(what_was_ever_sent_stays_as_it_was)
{
	add_toggle(1, true);
	add_toggle(1, false);
	expect_next(1, 1, 1);
	expect_next(2, 1, 1);
	ck_assert_uint_eq(outbox_rewind(outbox), 2);
	add_toggle(1, true);
	fill();
	expect_next(1, 1, 1);
	expect_next(2, 1, 1);
	expect_done(1, SECOND);
	expect_done(2, SECOND);
	ck_assert_str_eq(records_of(1, "dp_down"), "T true");
	ck_assert_uint_eq(outbox_waiting(outbox), 0);
}
END_TEST

START_TEST(what_redis_is_known_not_to_have_is_folded_as_well)
{
	add_toggle(1, true);
	add_toggle(1, false);
	expect_next(1, 1, 1);
	expect_next(2, 1, 1);
	ck_assert_uint_eq(outbox_rewind(outbox), 2);
	outbox_number_from(outbox, 0);
	fill();
	ck_assert_uint_eq(outbox_waiting(outbox), 1);
	ck_assert_str_eq(records_of(1, "dp_down"), "P false");
}
END_TEST

START_TEST(all_tickets_are_done_with_the_last_of_what_stays)
{
	const uint64_t sent = add_toggle(1, true);

	expect_next(1, 1, 1);
	add_toggle(2, true);
	fill();
	ck_assert_uint_eq(outbox_waiting(outbox), 2);
	expect_done(1, SECOND);
	ck_assert_uint_le(outbox_done_ticket(outbox), sent);
	expect_done(outbox_next(outbox)->number, SECOND);
	ck_assert_uint_eq(outbox_done_ticket(outbox), outbox_last_ticket(outbox));
}
END_TEST

START_TEST(all_that_stays_is_stored_once_more)
{
	const struct outbox_batch *batch;
	uint64_t serial = 0;

	add_toggle(1, true);
	expect_next(1, 1, 1);
	outbox_rewind(outbox);
	add_toggle(2, true);
	while ((batch = outbox_next_to_store(outbox)) != NULL)
		serial = batch->serial;
	outbox_stored(outbox, serial);
	ck_assert(outbox_all_stored(outbox));
	fill();
	ck_assert(!outbox_all_stored(outbox));
	ck_assert_uint_gt(outbox_oldest_serial(outbox), serial);
	batch = outbox_next_to_store(outbox);
	ck_assert_uint_eq(batch->number, 1);
	ck_assert_uint_le(outbox_safe_ticket(outbox), 2);
	do
		serial = batch->serial;
	while ((batch = outbox_next_to_store(outbox)) != NULL);
	outbox_stored(outbox, serial);
	ck_assert_uint_eq(outbox_safe_ticket(outbox), outbox_last_ticket(outbox));
}
END_TEST

/* A file may be full of what is not wanted any more, while there is room in memory. */
START_TEST(where_the_disk_has_no_room_what_is_kept_goes_and_then_what_waits_is_folded)
{
	add_toggle(1, true);
	expect_next(1, 1, 1);
	expect_done(1, SECOND);
	add_toggle(2, true);
	add_toggle(2, false);
	add_toggle(2, true);
	ck_assert(outbox_make_room(outbox));
	ck_assert(!outbox_gap(outbox, 0));
	ck_assert_uint_eq(outbox_waiting(outbox), 3);
	ck_assert(outbox_make_room(outbox));
	ck_assert_uint_eq(outbox_waiting(outbox), 1);
	ck_assert_uint_eq(outbox_folded(outbox), 2);
	expect_next(2, 1, 1);
}
END_TEST

START_TEST(what_cannot_be_shorter_is_not_folded_again_and_again)
{
	uint64_t ticket;

	for (uint8_t port = 0; outbox_bytes(outbox) < BOUND * 3 / 4; port++) {
		const struct dp_change change = about_port(CHANGE_TOGGLE, port, true);
		ck_assert_int_eq(outbox_add(outbox, &change, &ticket), 0);
	}
	outbox_turn_end(outbox);
	const uint64_t serial = outbox_last_serial(outbox);
	ck_assert(!outbox_make_room(outbox));
	ck_assert(!outbox_make_room(outbox));
	ck_assert_uint_eq(outbox_last_serial(outbox), serial);
	ck_assert_uint_eq(outbox_folded(outbox), 0);
}
END_TEST

/* ---- all of it ---- */

/* Any history of many ports: each port's toggles alternate, none is told that it is what it was, and the end is right. */
START_TEST(whatever_happened_is_told_as_what_alternates_and_ends_so)
{
	bool is[N_PORTS] = { false };
	unsigned seed = (unsigned)_i;

	for (unsigned i = 0; i < 20000; i++) {
		const uint8_t port = (uint8_t)((unsigned)rand_r(&seed) % N_PORTS);
		is[port] = !is[port];
		add_toggle(port, is[port]);
	}
	ck_assert(!outbox_overflowed(outbox));
	ck_assert_uint_gt(outbox_folded(outbox), 10000);
	bool told[N_PORTS] = { false };
	const struct outbox_batch *batch;
	for (uint64_t number = 1; (batch = outbox_next(outbox)) != NULL; number++) {
		struct change_record record;
		for (size_t at = 0; change_next(&batch->args, &at, &record);) {
			const unsigned port =
			    (unsigned)strtoul(record.values[0].data, NULL, 16) >> 24;
			const bool down = slice_eq_str(record.values[3], "true");
			ck_assert(down == (record.letter == 'T' ? !told[port] : told[port]));
			told[port] = down;
		}
		expect_done(number, SECOND);
	}
	ck_assert_mem_eq(told, is, sizeof(is));
	ck_assert_uint_eq(outbox_done_ticket(outbox), 20000);
}
END_TEST

#define ROWS(table) ((int)(sizeof(table) / sizeof((table)[0])))

int
main(void)
{
	TCase *tcase = tcase_create("outbox_fold");

	tcase_add_checked_fixture(tcase, small_set_up, tear_down);
	tcase_add_loop_test(tcase, of_each_port_what_is_so_now_stays, 0, ROWS(port_rows));
	tcase_add_test(
	    tcase, a_port_that_left_the_map_while_nobody_heard_that_it_was_down_leaves_nothing);
	tcase_add_loop_test(tcase, what_is_folded_is_held_where_it_was_stored, 0, 2);
	tcase_add_test(tcase, a_toggle_that_stays_writes_all_of_its_hash);
	tcase_add_test(tcase, each_fault_that_readers_hear_of_begins_and_ends);
	tcase_add_test(tcase, what_stays_is_the_last_word_in_full);
	tcase_add_test(tcase, of_each_interface_its_last_state_stays);
	tcase_add_test(tcase, what_was_ever_sent_stays_as_it_was);
	tcase_add_test(tcase, what_redis_is_known_not_to_have_is_folded_as_well);
	tcase_add_test(tcase, all_tickets_are_done_with_the_last_of_what_stays);
	tcase_add_test(tcase, all_that_stays_is_stored_once_more);
	tcase_add_test(
	    tcase, where_the_disk_has_no_room_what_is_kept_goes_and_then_what_waits_is_folded);
	tcase_add_test(tcase, what_cannot_be_shorter_is_not_folded_again_and_again);
	tcase_add_loop_test(tcase, whatever_happened_is_told_as_what_alternates_and_ends_so, 0, 8);
	return run_case("outbox_fold", tcase);
}
