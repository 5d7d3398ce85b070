/*
 * dpwatch-neutron in storms: killed, twice, on a slow way, with Neutron away; the last values are what counts.
 */
#include <stdio.h>
#include <stdlib.h>

#include "lib/neutron_case.h"
#include "lib/redis_client.h"

static void
set_up(void)
{
	neutron_box_begin(&box, 40, 40, NO_BRAKE);
}

START_TEST(a_lock_of_a_dead_instance_is_nobodys)
{
	neutron_box_start(&box, 0);
	neutron_box_tell(&box, "{'delay': 600}");
	sandbox_link_down(&box.sandbox, LEAF1, 2);
	WAIT_FOR(neutron_box_number(&box, "most") == 16);
	process_kill(&box.forwarders[0]);
	neutron_box_tell(&box, "{'delay': 0}");
	neutron_box_start(&box, 1);
	WAIT_FOR(neutron_box_count(&box, "DOWN") == 40);
	WAIT_FOR(neutron_box_settled(&box));
}
END_TEST

/* ---- storms ---- */

static void
say(int interface, bool down)
{
	char line[160];

	snprintf(line, sizeof(line),
	    down
		? "<187>: %%ETHPORT-5-IF_DOWN_LINK_FAILURE: Interface Ethernet1/%d is down (Link failure)"
		: "<189>: %%ETHPORT-5-IF_UP: Interface Ethernet1/%d is up in mode trunk",
	    interface);
	sandbox_line(&box.sandbox, LEAF1, line);
}

/* 200 toggles of 40 ports each, in pairs: at the end Ethernet1/1 is down, Ethernet1/2 up. */
static void
storm(int i)
{
	bool last = i == 199;

	say(1, last || i % 2 == 0);
	say(2, !last && i % 2 == 0);
}

static bool
storm_is_over(void)
{
	return sandbox_counter(&box.sandbox, "syslog.received") == 400;
}

static void
expect_storm_settled(void)
{
	WAIT_FOR(storm_is_over());
	WAIT_FOR(sandbox_settled(&box.sandbox));
	ck_assert_int_eq(redis_down(box.sandbox.redis), 40);
	WAIT_WITHIN(3 * WAIT_MS, neutron_box_settled(&box));
	WAIT_FOR(neutron_box_count(&box, "DOWN") == 40);
	ck_assert_int_eq(neutron_box_count(&box, "ACTIVE"), 40);
}

/* Killed without warning whenever Neutron has taken a few more requests: before, while and after they are answered. */
START_TEST(killed_at_any_moment_of_a_storm_the_last_values_are_right)
{
	int kills = 0;

	srand(1);
	neutron_box_tell(&box, "{'delay': 0.01}");
	neutron_box_launch(&box, 0);
	for (int i = 0; i < 200; i++) {
		storm(i);
		if (i % 10 != 9)
			continue;
		int enough = neutron_box_puts(&box, 0) + 1 + rand() % 30;
		WAIT_FOR(neutron_box_puts(&box, 0) >= enough || neutron_box_settled(&box));
		process_kill(&box.forwarders[0]);
		/* The last one is up before it is asked to end: until it catches SIGTERM, it dies of that. */
		if (i < 199)
			neutron_box_launch(&box, 0);
		else
			neutron_box_start(&box, 0);
		kills++;
	}
	expect_storm_settled();
	ck_assert_int_eq(kills, 20);
}
END_TEST

START_TEST(two_instances_share_a_slow_neutron_and_the_last_value_wins)
{
	neutron_box_tell(&box, "{'delay': 0.1}");
	neutron_box_start(&box, 0);
	neutron_box_start(&box, 1);
	for (int i = 0; i < 200; i++)
		storm(i);
	expect_storm_settled();
	json_t *consumers = redis_ask(box.sandbox.redis, "XINFO CONSUMERS dpwatch:events neutron");
	ck_assert_uint_eq(json_array_size(consumers), 2);
	json_decref(consumers);
}
END_TEST

START_TEST(a_neutron_that_is_away_during_a_storm_gets_the_last_values)
{
	neutron_box_start(&box, 0);
	neutron_box_tell(&box, "{'fault': 'away'}");
	for (int i = 0; i < 200; i++)
		storm(i);
	WAIT_FOR(storm_is_over());
	WAIT_FOR(neutron_box_read(&box) && neutron_box_state_is(&box, "away"));
	neutron_box_tell(&box, "{'fault': null}");
	expect_storm_settled();
	/* A port's history is folded while it waits. */
	ck_assert_int_le(neutron_box_puts(&box, 0), 160);
}
END_TEST

START_TEST(no_more_requests_than_parallel_and_no_more_connections)
{
	neutron_box_end(&box);
	neutron_box_begin(&box, 40, 40, NO_BRAKE "parallel = 4\n");
	neutron_box_tell(&box, "{'delay': 0.05}");
	neutron_box_start(&box, 0);
	sandbox_link_down(&box.sandbox, LEAF1, 1);
	WAIT_FOR(neutron_box_count(&box, "DOWN") == 40);
	ck_assert_int_eq(neutron_box_number(&box, "most"), 4);
	ck_assert_int_le(neutron_box_number(&box, "connections"), 5);
}
END_TEST

/* With a Neutron that takes 0.1 s for each, and any number at a time. */
START_TEST(many_ports_go_side_by_side)
{
	neutron_box_tell(&box, "{'delay': 0.1}");
	neutron_box_start(&box, 0);
	sandbox_link_down(&box.sandbox, LEAF1, 1);
	WAIT_FOR(neutron_box_count(&box, "DOWN") == 40);
	ck_assert_int_eq(neutron_box_number(&box, "most"), 16);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("neutron storms");
	TCase *tcase = tcase_create("storms");

	tcase_add_checked_fixture(tcase, set_up, neutron_case_tear_down);
	tcase_set_timeout(tcase, 180);
	tcase_add_test(tcase, a_lock_of_a_dead_instance_is_nobodys);
	tcase_add_test(tcase, killed_at_any_moment_of_a_storm_the_last_values_are_right);
	tcase_add_test(tcase, two_instances_share_a_slow_neutron_and_the_last_value_wins);
	tcase_add_test(tcase, a_neutron_that_is_away_during_a_storm_gets_the_last_values);
	tcase_add_test(tcase, no_more_requests_than_parallel_and_no_more_connections);
	tcase_add_test(tcase, many_ports_go_side_by_side);
	suite_add_tcase(suite, tcase);
	return sandbox_main(suite);
}
