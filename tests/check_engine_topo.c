/*
 * engine: a snapshot that is taken in slices. What happens in between is in scenarios and in check_reach.c; here is what
 * they cannot see.
 */
#include "lib/engine_fixture.h"
#include "lib/run_suite.h"

/* More slices than the fixture's maps take. */
#define SLICES_MAX 1000

static void
begin(const char *document)
{
	ck_assert_int_eq(engine_topo_begin(engine, topo_of_text(document)), 0);
}

/* The smallest slices, n of them at most. True when the map is in force. */
static bool
take_slices(unsigned n)
{
	const struct topo *before = engine_topo(engine);
	bool settled;

	while (n-- > 0 && engine_topo(engine) == before)
		ck_assert_int_ge(engine_topo_step(engine, 1, now(), &settled), 0);
	return engine_topo(engine) != before;
}

static void
take_the_rest(void)
{
	bool settled;

	while (engine_topo_step(engine, 1, now(), &settled) > 0)
		;
}

START_TEST(the_old_map_is_in_force_up_to_one_slice)
{
	const struct topo *old = engine_topo(engine);
	bool in_force = false;
	unsigned n = 0;

	begin(WITHOUT_PORT);
	while (engine_topo(engine) == old) {
		ck_assert(!in_force);
		ck_assert_uint_ne(topo_port_find(engine_topo(engine), id), TOPO_NONE);
		ck_assert_int_eq(engine_topo_step(engine, 1, now(), &in_force), 1);
		n++;
	}
	ck_assert_uint_gt(n, 5);
	ck_assert_uint_eq(topo_port_find(engine_topo(engine), id), TOPO_NONE);
	/* Nothing else is changed by it. */
	ck_assert_int_eq(engine_topo_step(engine, 1, now(), &in_force), 1);
	ck_assert(in_force);
	take_the_rest();
	ck_assert_int_eq(engine_topo_step(engine, 1, now(), &in_force), 0);
	ck_assert(!in_force);
}
END_TEST

/* ---- ports that come back ---- */

/* It was told twice, and is up. */
START_TEST(a_port_that_leaves_while_it_is_up_comes_back_with_its_revision)
{
	engine_published(engine, id, 2);
	load(WITHOUT_PORT);
	ck_assert_uint_eq(count(CHANGE_TOGGLE), 0);
	load(WITH_PORT);
	ck_assert_uint_eq(view().revision, 2);
	ck_assert_uint_eq(count(CHANGE_PORT), 0);
}
END_TEST

/* What Redis was told last is that it was removed, and its hash ends: it is told anew, behind that. */
START_TEST(a_port_that_left_while_it_was_down_and_comes_back_up_is_told_to_its_hash)
{
	struct dp_change change;

	say(SLICE("Ethernet1/1"), WORD_DOWN);
	ck_assert_uint_eq(pop_all(CHANGE_TOGGLE, &change), 1);
	engine_published(engine, id, 1);
	load(WITHOUT_PORT);
	ck_assert_uint_eq(pop_all(CHANGE_TOGGLE, &change), 1);
	ck_assert(change.removed);
	engine_published(engine, id, 2);
	say(SLICE("Ethernet1/1"), WORD_UP);
	ck_assert_uint_eq(count(CHANGE_TOGGLE), 0);
	load(WITH_PORT);
	ck_assert_uint_eq(pop_all(CHANGE_PORT, &change), 1);
	ck_assert(!change.dp_down);
	ck_assert(!change.removed);
	ck_assert_uint_eq(change.known_revision, 2);
	ck_assert_int_eq(change.reason, REASON_NONE);
	ck_assert_uint_eq(view().revision, 2);
	/* Once. */
	load(WITH_PORT);
	ck_assert_uint_eq(count(CHANGE_PORT), 0);
}
END_TEST

/* ---- slices ---- */

/* For the leak checker: each is left in another place. */
START_TEST(an_engine_may_be_freed_after_any_slice)
{
	for (unsigned n = 0; n < SLICES_MAX; n++) {
		engine_free(engine);
		engine = engine_new(&config);
		load(WITH_PORT);
		engine_start(engine, now());
		say(SLICE("Ethernet1/1"), WORD_DOWN);
		say(SLICE("Ethernet1/7"), WORD_DOWN);
		count(CHANGE_TOGGLE);
		begin(WITHOUT_PORT);
		if (take_slices(n))
			return;
	}
	ck_abort_msg("it is never in force");
}
END_TEST

START_TEST(a_newer_map_takes_the_place_of_the_one_that_is_being_taken)
{
	begin(WITHOUT_PORT);
	ck_assert(!take_slices(5));
	begin("{" SWITCHES ", 'ports': [{'id': '" ID_TEXT
	      "', 'name': 'vm2', 'attachments': ['leaf1:Ethernet1/2']}]}");
	ck_assert(!take_slices(5));
	load(WITH_PORT);
	ck_assert_str_eq(view().name, "vm1");
	ck_assert_uint_eq(count(CHANGE_TOGGLE), 0);
}
END_TEST

/* Redis told of the port's last toggle, but of that interface nothing: it is unknown when the map begins to be taken. */
START_TEST(a_port_goes_on_to_name_an_interface_that_first_speaks_while_the_map_is_taken)
{
	const struct engine_port_record record = {
		.id = { 0, 0, 0, 0, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, 1 },
		.revision = 2,
		.cause = CAUSE_ACCESS,
		.switch_name = "leaf1",
		.interface_name = "Ethernet1/1",
		.fault = "",
		.report = { .by = "", .note = "" },
	};
	bool in_force = false;

	for (unsigned n = 0; !in_force; n++) {
		ck_assert_uint_lt(n, SLICES_MAX);
		engine_free(engine);
		engine = engine_new(&config);
		load(WITH_PORT);
		engine_restore_port(engine, &record);
		engine_start(engine, now());
		ck_assert_str_eq(view().interface_name, "Ethernet1/1");
		begin(
		    "{'switches': [{'name': 'leaf1', 'hostnames': ['leaf1']}], 'ports': [{'id': '" ID_TEXT
		    "', 'attachments': ['leaf1:Ethernet1/2']}]}");
		in_force = take_slices(n);
		if (in_force)
			break;
		say(SLICE("Ethernet1/1"), WORD_UP);
		count(CHANGE_INTERFACE);
		ck_assert(take_slices(SLICES_MAX));
		ck_assert_str_eq(view().interface_name, "Ethernet1/1");
	}
}
END_TEST

#define TWO "{'switches': [{'name': 'leaf1', 'hostnames': ['leaf1'], 'interfaces': ["
#define ONE_EACH TWO "{'name': 'Ethernet1/1'}, {'name': 'eth-a'}]}]}"
#define ONE_FOR_BOTH TWO "{'name': 'Ethernet1/1', 'aliases': ['eth-a']}]}]}"

static bool
is_up(const char *name)
{
	struct engine_interface_view interface;
	uint32_t found = topo_interface_find(engine_topo(engine), 0, slice_of(name));

	engine_interface_view(engine, found, &interface);
	return interface.oper_up;
}

/* Which of two names spoke last, whenever in the taking that is. */
START_TEST(of_two_interfaces_that_become_one_the_one_heard_last_counts)
{
	static const char *const names[] = { "Ethernet1/1", "eth-a" };
	bool in_force = false;

	for (unsigned n = 0; !in_force; n++) {
		ck_assert_uint_lt(n, SLICES_MAX);
		load(ONE_EACH);
		say(slice_of(names[!_i]), WORD_UP);
		count(CHANGE_INTERFACE);
		now_us += 1000000;
		begin(ONE_FOR_BOTH);
		in_force = take_slices(n);
		if (in_force)
			break;
		say(slice_of(names[_i]), WORD_DOWN);
		count(CHANGE_INTERFACE);
		ck_assert(take_slices(SLICES_MAX));
		ck_assert(!is_up("Ethernet1/1"));
		struct engine_totals totals;
		engine_totals(engine, &totals);
		ck_assert_uint_eq(totals.interfaces_down, 1);
		take_the_rest();
		say(SLICE("eth-a"), WORD_UP);
		count(CHANGE_INTERFACE);
	}
}
END_TEST

/* n ports, all at one interface. */
static char *
many_ports(unsigned n, const char *interface)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	fprintf(out, "{'switches': [{'name': 'leaf1', 'hostnames': ['leaf1']}], 'ports': [");
	for (unsigned i = 0; i < n; i++)
		fprintf(out,
		    "%s{'id': '00000000-0000-4000-8000-%012u', 'attachments': ['leaf1:%s']}",
		    i ? "," : "", i, interface);
	fprintf(out, "]}");
	fclose(out);
	return text;
}

/* 100 ports move to an interface that is down. With _i, a word comes after the first of them were told. */
START_TEST(a_map_that_changes_many_verdicts_tells_some_in_each_slice)
{
	char *before = many_ports(100, "Ethernet1/1"), *after = many_ports(100, "Ethernet1/2");
	bool in_force = false;
	unsigned n = 0, slices = 0, most = 0;

	load(before);
	say(SLICE("Ethernet1/2"), WORD_DOWN);
	count(CHANGE_INTERFACE);
	begin(after);
	while (!in_force) {
		ck_assert_int_eq(engine_topo_step(engine, 10, now(), &in_force), 1);
		unsigned now_told = count(CHANGE_TOGGLE);
		n += now_told;
		slices += now_told > 0;
		most = now_told > most ? now_told : most;
		if (_i == 1 && slices == 2)
			break;
	}
	ck_assert_uint_le(most, 10);
	if (_i == 1) {
		/* What waited comes first, so that the word is about the map in force. */
		ck_assert_uint_lt(n, 100);
		say(SLICE("Ethernet1/2"), WORD_UP);
		n += count(CHANGE_TOGGLE) - 100;
		ck_assert_int_eq(engine_topo_step(engine, 10, now(), &in_force), 1);
		ck_assert(in_force);
	}
	ck_assert_uint_eq(n, 100);
	struct engine_totals totals;
	engine_totals(engine, &totals);
	ck_assert_uint_eq(totals.ports_down, _i == 1 ? 0 : 100);
	free(before);
	free(after);
}
END_TEST

START_TEST(a_snapshot_is_freed_piece_by_piece)
{
	struct topo *topo = topo_of_text(WITH_PORT);
	unsigned n = 1;

	while (topo_free_step(topo, 1))
		n++;
	/* Switches, interfaces, groups, ports, attachments, texts ... */
	ck_assert_uint_gt(n, 5);
	ck_assert(!topo_free_step(NULL, 1));
}
END_TEST

int
main(void)
{
	TCase *slices = tcase_create("slices");

	tcase_add_checked_fixture(slices, set_up_started, tear_down);
	tcase_set_timeout(slices, 30);
	tcase_add_test(slices, the_old_map_is_in_force_up_to_one_slice);
	tcase_add_test(slices, a_port_that_leaves_while_it_is_up_comes_back_with_its_revision);
	tcase_add_test(
	    slices, a_port_that_left_while_it_was_down_and_comes_back_up_is_told_to_its_hash);
	tcase_add_test(slices, an_engine_may_be_freed_after_any_slice);
	tcase_add_test(slices, a_newer_map_takes_the_place_of_the_one_that_is_being_taken);
	tcase_add_test(
	    slices, a_port_goes_on_to_name_an_interface_that_first_speaks_while_the_map_is_taken);
	tcase_add_loop_test(
	    slices, of_two_interfaces_that_become_one_the_one_heard_last_counts, 0, 2);
	tcase_add_loop_test(
	    slices, a_map_that_changes_many_verdicts_tells_some_in_each_slice, 0, 2);
	tcase_add_test(slices, a_snapshot_is_freed_piece_by_piece);
	return run_case("engine topo", slices);
}
