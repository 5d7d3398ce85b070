/*
 * What a comparison found is told as Redis takes it, which may be long: a map that comes meanwhile waits for the end of it,
 * because what is still to be told is of the map in force.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/box.h"
#include "lib/redis_client.h"

#define PORTS 2500 /* their toggles are more than half of journal_max, and less than all */
#define LEAVE 800  /* of them, with the next map; as many come */

/* PORTS ports on one interface, from this number on. The second map has one more switch, so that the log tells the two apart. */
static char *
map_of(int first)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	fprintf(file,
	    "{\"switches\": [%s{\"name\": \"leaf1\", \"addresses\": [\"" LEAF1 "\"],"
	    " \"interfaces\": [{\"name\": \"Ethernet1/1\", \"if_index\": 1}]}], \"ports\": [",
	    first > 0 ? "{\"name\": \"leaf2\", \"addresses\": [\"" LEAF2 "\"]}, " : "");
	for (int i = 0; i < PORTS; i++)
		fprintf(file,
		    "%s{\"id\": \"00000000-0000-4000-8000-%012d\", \"attachments\": [\"leaf1:Ethernet1/1\"]}",
		    i > 0 ? "," : "", first + i);
	fprintf(file, "]}");
	ck_assert_int_eq(fclose(file), 0);
	return text;
}

static void
load_first(void)
{
	char *map = map_of(0);

	sandbox_load(&box, map);
	free(map);
}

/* Does not wait for its end. */
static void
begin_to_load_second(struct process *loading)
{
	char path[SANDBOX_PATH + 16], api[SANDBOX_PATH + 8], output[SANDBOX_PATH + 16];
	char *map = map_of(LEAVE);

	snprintf(path, sizeof(path), "%s/second.json", box.dir);
	snprintf(output, sizeof(output), "%s/loading", box.dir);
	snprintf(api, sizeof(api), "unix:%s", box.api);
	sandbox_write(path, map);
	free(map);
	process_start(loading, output,
	    ARGV(sandbox_program("dpwatch"), "--api", api, "topology", "load", "--force", path));
}

/* How often each port went down and up; of a number beyond the second map's it would have been nobody's. */
static void
count_toggles(int downs[LEAVE + PORTS], int ups[LEAVE + PORTS])
{
	json_t *events = redis_stream(box.redis, "dpwatch:events"), *event;
	size_t i;

	json_array_foreach(events, i, event)
	{
		const char *id = redis_text(event, "port");
		long number = strtol(id + strlen(id) - 12, NULL, 10);
		ck_assert_int_ge(number, 0);
		ck_assert_int_lt(number, LEAVE + PORTS);
		if (strcmp(redis_text(event, "dp_down"), "true") == 0)
			downs[number]++;
		else
			ups[number]++;
	}
	json_decref(events);
}

START_TEST(a_map_that_comes_while_a_comparison_is_told_waits_for_the_end_of_it)
{
	static int downs[LEAVE + PORTS], ups[LEAVE + PORTS];
	struct process loading = { 0 };

	load_first();
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(redis_down(box.redis) == PORTS);
	WAIT_FOR(sandbox_settled(&box));
	/* Redis parts with the daemon and has lost the states; and then takes no batch, because of somebody's key. */
	redis_do(box.redis, "EVAL %s 0",
	    "for _, k in ipairs(redis.call('KEYS', 'dpwatch:port:*')) do redis.call('DEL', k) end "
	    "redis.call('DEL', 'dpwatch:events') "
	    "redis.call('SET', 'dpwatch:down', 'mine') "
	    "return redis.call('HINCRBY', 'dpwatch:publisher', 'batch', 1000)");
	WAIT_FOR(sandbox_redis_says(&box, "dpwatch:down"));
	ck_assert(sandbox_log_has(&box, "have parted"));
	ck_assert_int_eq(redis_events(box.redis), 0);
	const json_int_t loads = sandbox_counter(&box, "topology.loads");
	begin_to_load_second(&loading);
	/* It was read, and the daemon has time for it. */
	WAIT_FOR(sandbox_log_has(&box, "topology: read 2502 records"));
	const json_int_t asked = sandbox_counter(&box, "http.requests");
	WAIT_FOR(sandbox_counter(&box, "http.requests") > asked + 10);
	ck_assert_int_eq(sandbox_counter(&box, "topology.loads"), loads);
	ck_assert_int_eq(redis_events(box.redis), 0);
	redis_do(box.redis, "DEL dpwatch:down");
	ck_assert_int_eq(process_wait(&loading), 0);
	WAIT_FOR(sandbox_settled(&box));
	/* First what the comparison found, of the first map; then what the second one changed. */
	WAIT_FOR(redis_down(box.redis) == PORTS);
	count_toggles(downs, ups);
	for (int i = 0; i < LEAVE + PORTS; i++) {
		ck_assert_int_eq(downs[i], 1);
		ck_assert_int_eq(ups[i], i < LEAVE);
	}
	ck_assert_int_eq(sandbox_counter(&box, "out.folded"), 0);
}
END_TEST

/* Each of these ports toggled, so that folding does not help; then only this daemon knows how they are. */
START_TEST(what_is_too_much_for_the_journal_is_lost_with_the_daemon_which_says_so)
{
	load_first();
	sandbox_redis_kill(&box);
	WAIT_FOR(!sandbox_status_is(&box, "redis.state", "connected"));
	for (int i = 0; i < 3; i++) {
		if (i % 2 == 0)
			sandbox_link_down(&box, LEAF1, 1);
		else
			sandbox_link_up(&box, LEAF1, 1);
		WAIT_FOR(sandbox_status_number(&box, "ports.down") == (i % 2 == 0 ? PORTS : 0));
	}
	WAIT_FOR(sandbox_log_has(&box, "also after folding"));
	ck_assert_int_eq(sandbox_stop(&box), 1);
	ck_assert(sandbox_log_has(&box, "neither Redis nor the journal has it"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("telling");
	TCase *bounded = tcase_create("bounded");

	tcase_set_timeout(bounded, 120);
	tcase_add_checked_fixture(bounded, box_set_up_bounded, box_tear_down);
	tcase_add_test(
	    bounded, a_map_that_comes_while_a_comparison_is_told_waits_for_the_end_of_it);
	tcase_add_test(
	    bounded, what_is_too_much_for_the_journal_is_lost_with_the_daemon_which_says_so);
	suite_add_tcase(suite, bounded);
	return sandbox_main(suite);
}
