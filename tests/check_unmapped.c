/* unmapped: who spoke and is not in the map, bounded. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "core/unmapped.h"
#include "lib/run_suite.h"

static struct unmapped *unmapped;

static void
set_up(void)
{
	unmapped = unmapped_new();
	ck_assert_ptr_nonnull(unmapped);
}

static void
tear_down(void)
{
	unmapped_free(unmapped);
}

static struct addr
addr_of(const char *text)
{
	struct addr addr;

	ck_assert(addr_parse(slice_of(text), &addr));
	return addr;
}

static struct link_event
word(enum link_source source, const char *interface, uint32_t if_index, enum link_word said)
{
	return (struct link_event){
		.kind = LINK_EVENT_WORD,
		.word = said,
		.source = source,
		.name = slice_of(interface),
		.if_index = if_index,
	};
}

static void
note(const char *addr_text, const char *host, const char *interface, int64_t wall_us)
{
	struct addr addr = addr_of(addr_text);
	struct link_event event = word(SOURCE_SYSLOG, interface, 0, WORD_DOWN);

	unmapped_note(unmapped, &addr, slice_of(host), false, NULL, &event, wall_us);
}

/* Sender i of a large number: 10.x.y.z. */
static void
note_numbered(unsigned i, int64_t wall_us)
{
	char addr[32];

	snprintf(addr, sizeof(addr), "10.%u.%u.%u", i >> 16 & 255, i >> 8 & 255, i & 255);
	note(addr, "", "eth0", wall_us);
}

static const struct unmapped_sender *
sender_with(const char *addr_text)
{
	struct addr addr = addr_of(addr_text);

	for (size_t i = 0; i < unmapped_n(unmapped); i++)
		if (addr_eq(&unmapped_get(unmapped, i)->addr, &addr))
			return unmapped_get(unmapped, i);
	return NULL;
}

START_TEST(nobody_is_known_at_first)
{
	ck_assert_uint_eq(unmapped_n(unmapped), 0);
	ck_assert_ptr_null(unmapped_get(unmapped, 0));
	ck_assert_uint_eq(unmapped_evicted(unmapped), 0);
}
END_TEST

START_TEST(a_sender_is_one_row_with_its_last_word_and_a_count)
{
	struct addr addr = addr_of("192.0.2.7");
	struct link_event down = word(SOURCE_TRAP, "Ethernet1/1", 7, WORD_DOWN);
	struct link_event up = word(SOURCE_TRAP, "Ethernet1/2", 8, WORD_UP);

	unmapped_note(unmapped, &addr, SLICE(""), false, NULL, &down, 1000);
	unmapped_note(unmapped, &addr, SLICE(""), false, NULL, &up, 3000);
	ck_assert_uint_eq(unmapped_n(unmapped), 1);
	const struct unmapped_sender *sender = unmapped_get(unmapped, 0);
	ck_assert(addr_eq(&sender->addr, &addr));
	ck_assert_int_eq(sender->source, SOURCE_TRAP);
	ck_assert_str_eq(sender->host, "");
	ck_assert_str_eq(sender->interface, "Ethernet1/2");
	ck_assert_uint_eq(sender->if_index, 8);
	ck_assert_int_eq(sender->word, WORD_UP);
	ck_assert_int_eq(sender->first_us, 1000);
	ck_assert_int_eq(sender->last_us, 3000);
	ck_assert_uint_eq(sender->count, 2);
}
END_TEST

START_TEST(the_description_names_the_interface_where_no_name_does)
{
	struct addr addr = addr_of("192.0.2.7");
	struct link_event event = word(SOURCE_TRAP, "", 7, WORD_DOWN);

	event.descr = SLICE("Gigabit port 7");
	unmapped_note(unmapped, &addr, SLICE(""), false, NULL, &event, 1000);
	ck_assert_str_eq(unmapped_get(unmapped, 0)->interface, "Gigabit port 7");
}
END_TEST

START_TEST(a_restart_leaves_the_last_interface_in_place)
{
	struct addr addr = addr_of("192.0.2.7");
	struct link_event down = word(SOURCE_TRAP, "Ethernet1/1", 7, WORD_DOWN);
	struct link_event restart = { .kind = LINK_EVENT_RESTART, .source = SOURCE_TRAP };

	unmapped_note(unmapped, &addr, SLICE(""), false, NULL, &down, 1000);
	unmapped_note(unmapped, &addr, SLICE(""), false, NULL, &restart, 2000);
	const struct unmapped_sender *sender = unmapped_get(unmapped, 0);
	ck_assert_str_eq(sender->interface, "Ethernet1/1");
	ck_assert_int_eq(sender->word, WORD_DOWN);
	ck_assert_int_eq(sender->last_us, 2000);
	ck_assert_uint_eq(sender->count, 2);
}
END_TEST

START_TEST(address_source_and_host_name_tell_senders_apart)
{
	struct addr addr = addr_of("192.0.2.7");
	struct link_event trap = word(SOURCE_TRAP, "eth0", 1, WORD_DOWN);

	note("192.0.2.7", "leaf1", "eth0", 1);
	note("192.0.2.7", "leaf2", "eth0", 2);
	note("192.0.2.8", "leaf1", "eth0", 3);
	unmapped_note(unmapped, &addr, SLICE("leaf1"), false, NULL, &trap, 4);
	ck_assert_uint_eq(unmapped_n(unmapped), 4);
	note("::ffff:192.0.2.7", "leaf1", "eth1", 5);
	ck_assert_uint_eq(unmapped_n(unmapped), 4);
}
END_TEST

START_TEST(names_that_are_too_long_are_cut_and_found_again)
{
	char longest[3 * UNMAPPED_TEXT];

	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	note("192.0.2.7", longest, longest, 1);
	note("192.0.2.7", longest, longest, 2);
	ck_assert_uint_eq(unmapped_n(unmapped), 1);
	ck_assert_uint_eq(strlen(unmapped_get(unmapped, 0)->host), UNMAPPED_TEXT - 1);
	ck_assert_uint_eq(strlen(unmapped_get(unmapped, 0)->interface), UNMAPPED_TEXT - 1);
}
END_TEST

START_TEST(the_sender_silent_for_longest_makes_room)
{
	for (unsigned i = 0; i < UNMAPPED_MAX; i++)
		note_numbered(i, i);
	note_numbered(0, 5000); /* the first one speaks again: the second is now the most silent */
	note("192.0.2.7", "", "eth0", 5001);
	ck_assert_uint_eq(unmapped_n(unmapped), UNMAPPED_MAX);
	ck_assert_uint_eq(unmapped_evicted(unmapped), 1);
	ck_assert_ptr_nonnull(sender_with("10.0.0.0"));
	ck_assert_ptr_null(sender_with("10.0.0.1"));
	ck_assert_ptr_nonnull(sender_with("10.0.0.2"));
	ck_assert_uint_eq(sender_with("192.0.2.7")->count, 1);
}
END_TEST

START_TEST(a_flood_of_forged_senders_stays_bounded_and_each_is_still_found)
{
	for (unsigned i = 0; i < 100000; i++)
		note_numbered(i, i);
	ck_assert_uint_eq(unmapped_n(unmapped), UNMAPPED_MAX);
	ck_assert_uint_eq(unmapped_evicted(unmapped), 100000 - UNMAPPED_MAX);
	/* The last ones are kept: speaking again makes no new row. */
	for (unsigned i = 100000 - UNMAPPED_MAX; i < 100000; i++)
		note_numbered(i, 200000 + i);
	ck_assert_uint_eq(unmapped_evicted(unmapped), 100000 - UNMAPPED_MAX);
	for (size_t i = 0; i < unmapped_n(unmapped); i++)
		ck_assert_uint_eq(unmapped_get(unmapped, i)->count, 2);
}
END_TEST

int
main(void)
{
	TCase *tcase = tcase_create("unmapped");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, nobody_is_known_at_first);
	tcase_add_test(tcase, a_sender_is_one_row_with_its_last_word_and_a_count);
	tcase_add_test(tcase, the_description_names_the_interface_where_no_name_does);
	tcase_add_test(tcase, a_restart_leaves_the_last_interface_in_place);
	tcase_add_test(tcase, address_source_and_host_name_tell_senders_apart);
	tcase_add_test(tcase, names_that_are_too_long_are_cut_and_found_again);
	tcase_add_test(tcase, the_sender_silent_for_longest_makes_room);
	tcase_add_test(tcase, a_flood_of_forged_senders_stays_bounded_and_each_is_still_found);
	return run_case("unmapped", tcase);
}
