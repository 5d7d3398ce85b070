/*
 * dpwatch-neutron as the Redis user of its manual.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/neutron_case.h"
#include "lib/redis_client.h"

static char out[SANDBOX_TEXT];

/* As the manual makes it. */
static void
make_user(void)
{
	static const char begin[] = "ACL SETUSER dpwatch-neutron on >SECRET ";
	char *page = process_read_file("src/dpwatch-neutron/dpwatch-neutron.8"), *acl;
	char *rules = strstr(page, begin), *end;

	ck_assert_ptr_nonnull(rules);
	rules += strlen(begin);
	end = strstr(rules, "\n.Ed");
	ck_assert_ptr_nonnull(end);
	*end = '\0';
	for (char *c = rules; c < end; c++)
		if (*c == '\n')
			*c = ' ';
	ck_assert_int_gt(asprintf(&acl, "ACL SETUSER dpwatch-neutron on >%%s %s", rules), 0);
	redis_do(box.sandbox.redis, acl, "SECRET");
	free(acl);
	free(page);
}

/* From now on what is started is that user. */
static void
be_the_user(void)
{
	char path[SANDBOX_PATH + 16], redis[2 * SANDBOX_PATH + 160];

	snprintf(path, sizeof(path), "%s/password", box.sandbox.dir);
	sandbox_write(path, "SECRET\n");
	snprintf(redis, sizeof(redis),
	    "server = unix:%s\nusername = dpwatch-neutron\npassword_file = %s", box.sandbox.redis,
	    path);
	sandbox_configure(&box.sandbox,
	    &(struct sandbox_lines){ .redis = redis,
		.api = "[neutron]\nmax_down = 20%\nreconcile_every = 1s\ntake_over = 2s\n" });
}

static int
run(const char *argument)
{
	return process_run(out, sizeof(out),
	    ARGV(sandbox_program("dpwatch-neutron"), "-c", box.sandbox.config, argument));
}

START_TEST(the_user_of_the_manual_may_do_all_that_is_needed)
{
	neutron_box_begin(&box, 60, 2, "");
	make_user();
	be_the_user();
	ck_assert_msg(run("--check") == 0, "%s", out);
	neutron_box_start(&box, 0);
	sandbox_link_down(&box.sandbox, LEAF1, 2);
	WAIT_FOR(neutron_box_count(&box, "DOWN") == 2);
	/* The brake, and its end. */
	sandbox_link_down(&box.sandbox, LEAF1, 1);
	WAIT_FOR(neutron_box_state_is(&box, "braked"));
	ck_assert_int_eq(run("release"), 0);
	WAIT_FOR(neutron_box_count(&box, "DOWN") == 62);
	WAIT_FOR(neutron_box_settled(&box));
	/* What one was given, another takes over. */
	neutron_box_tell(&box, "{'hold': true}");
	sandbox_link_up(&box.sandbox, LEAF1, 1);
	WAIT_FOR(neutron_box_read(&box));
	process_kill(&box.forwarders[0]);
	neutron_box_tell(&box, "{'hold': false}");
	neutron_box_start(&box, 1);
	WAIT_FOR(neutron_box_count(&box, "ACTIVE") == 60);
	WAIT_FOR(neutron_box_settled(&box));
	neutron_box_stop(&box, 1);
	ck_assert_msg(run("--once") == 0, "%s", out);
	json_t *refused = redis_ask(box.sandbox.redis, "ACL LOG");
	char *text = json_dumps(refused, 0);
	ck_assert_msg(json_array_size(refused) == 0, "%s", text);
	free(text);
	json_decref(refused);
	neutron_box_end(&box);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("neutron_acl");
	TCase *tcase = tcase_create("neutron_acl");

	tcase_set_timeout(tcase, 90);
	tcase_add_test(tcase, the_user_of_the_manual_may_do_all_that_is_needed);
	suite_add_tcase(suite, tcase);
	return sandbox_main(suite);
}
