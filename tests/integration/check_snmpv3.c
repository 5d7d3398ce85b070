/*
 * SNMPv3 with real snmptrap and snmpinform: every protocol and level, who is refused and why, INFORMs, secrets.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/redis_client.h"
#include "lib/v3_box.h"

static char users[6144];

static const char *const auths[] = { "MD5", "SHA", "SHA-224", "SHA-256", "SHA-384", "SHA-512" };
static const char *const privs[] = { "DES", "AES", "AES-192", "AES-256", "AES-192-C", "AES-256-C" };

/* A user for each protocol and level: "none", "SHA-256", "SHA-256+AES". */
static void
write_users(void)
{
	size_t n = (size_t)snprintf(users, sizeof(users), "user = none\n");

	for (int a = 0; a < N(auths); a++) {
		n += (size_t)snprintf(users + n, sizeof(users) - n, "user = %s %s \"auth %s\"\n",
		    auths[a], auths[a], auths[a]);
		for (int p = 0; p < N(privs); p++)
			n += (size_t)snprintf(users + n, sizeof(users) - n,
			    "user = %s+%s %s \"auth %s\" %s \"secret \\\"%s\\\"\"\n", auths[a],
			    privs[p], auths[a], auths[a], privs[p], privs[p]);
	}
	ck_assert_uint_lt(n, sizeof(users));
}

static void
set_up_all(void)
{
	write_users();
	start_with(users);
}

/* ---- protocols and levels ---- */

/* The user of a number: 0 none, then each authentication with no and each privacy protocol. */
#define N_USERS (1 + 6 * 7)
static struct v3
user_of(int i)
{
	static char name[32], auth_secret[32], priv_secret[32];
	struct v3 v3 = monitor;

	v3.user = "none";
	v3.auth = v3.auth_secret = v3.priv = v3.priv_secret = NULL;
	if (i == 0)
		return v3;
	int a = (i - 1) / 7, p = (i - 1) % 7 - 1;
	v3.user = v3.auth = auths[a];
	snprintf(auth_secret, sizeof(auth_secret), "auth %s", auths[a]);
	v3.auth_secret = auth_secret;
	if (p < 0)
		return v3;
	snprintf(name, sizeof(name), "%s+%s", auths[a], privs[p]);
	snprintf(priv_secret, sizeof(priv_secret), "secret \"%s\"", privs[p]);
	v3.user = name;
	v3.priv = privs[p];
	v3.priv_secret = priv_secret;
	return v3;
}

START_TEST(a_trap_of_every_protocol_and_level_is_understood)
{
	for (int i = 0; i < N_USERS; i++) {
		char boots[16];
		struct v3 v3 = user_of(i);
		snprintf(boots, sizeof(boots), "%d,1", i + 1);
		v3.boots = boots;
		v3.oid = i % 2 ? LINK_UP : LINK_DOWN;
		ck_assert_msg(send_v3(&v3) == 0, "user %s", v3.user);
		WAIT_FOR(sandbox_counter(&box, "trap.received") == i + 1);
		ck_assert_msg(sandbox_counter(&box, "trap.event") == i + 1, "user %s", v3.user);
	}
	WAIT_FOR(redis_events(box.redis) == N_USERS);
}
END_TEST

START_TEST(an_inform_of_every_protocol_and_level_is_answered)
{
	for (int i = 0; i < N_USERS; i++) {
		struct v3 v3 = user_of(i);
		v3.program = "snmpinform";
		v3.engine = v3.boots = NULL;
		v3.oid = i % 2 ? LINK_UP : LINK_DOWN;
		ck_assert_msg(send_v3(&v3) == 0, "user %s", v3.user);
		ck_assert_msg(
		    sandbox_counter(&box, "trap.inform-answered") == i + 1, "user %s", v3.user);
	}
	box_expect_stored(N_USERS);
}
END_TEST

/* ---- who is refused ---- */

static const struct {
	const char *counter, *user, *auth, *auth_secret, *priv, *priv_secret;
} refused[] = {
	{ "trap.unknown-user", "nobody", "SHA-256", "auth secret", "AES", "priv secret" },
	{ "trap.unknown-user", "monitorx", NULL, NULL, NULL, NULL },
	{ "trap.wrong-digest", "monitor", "SHA-256", "auth Secret", "AES", "priv secret" },
	{ "trap.wrong-digest", "monitor", "SHA-512", "auth secret", "AES", "priv secret" },
	{ "trap.not-decrypted", "monitor", "SHA-256", "auth secret", "AES", "priv Secret" },
	{ "trap.not-decrypted", "monitor", "SHA-256", "auth secret", "AES-256", "priv secret" },
	/* Who has a password must use it. */
	{ "trap.low-level", "monitor", NULL, NULL, NULL, NULL },
};

START_TEST(a_trap_that_proves_nothing_is_counted_by_its_reason)
{
	struct v3 v3 = monitor;

	v3.user = refused[_i].user;
	v3.auth = refused[_i].auth;
	v3.auth_secret = refused[_i].auth_secret;
	v3.priv = refused[_i].priv;
	v3.priv_secret = refused[_i].priv_secret;
	send_v3(&v3);
	expect(refused[_i].counter, 1);
	ck_assert_int_eq(sandbox_counter(&box, "trap.event"), 0);
	/* And it has pushed nobody out, nor made itself known. */
	ck_assert_int_eq(send_v3(&monitor), 0);
	expect("trap.event", 1);
	/* The same once the engine is known. */
	v3.boots = "1,101";
	send_v3(&v3);
	expect(refused[_i].counter, 2);
	ck_assert_int_eq(sandbox_counter(&box, "trap.event"), 1);
}
END_TEST

START_TEST(an_inform_that_proves_nothing_fails_and_is_counted)
{
	static const char *const reports[] = { "Unknown user name", "Authentication failure" };
	char out[512];

	for (int i = 0; i < 2; i++) {
		struct v3 v3 = monitor;
		v3.program = "snmpinform";
		v3.engine = v3.boots = NULL;
		if (i == 0)
			v3.user = "nobody";
		else
			v3.auth_secret = "wrong secret";
		ck_assert_int_ne(process_run(out, sizeof(out), arguments(&v3, agent())), 0);
		ck_assert_msg(strstr(out, reports[i]) != NULL, "%s", out);
	}
	ck_assert_int_eq(sandbox_counter(&box, "trap.unknown-user"), 1);
	ck_assert_int_eq(sandbox_counter(&box, "trap.wrong-digest"), 1);
	ck_assert_int_eq(sandbox_counter(&box, "trap.inform"), 0);
	ck_assert_int_eq(redis_events(box.redis), 0);
}
END_TEST

START_TEST(authentication_without_privacy_is_enough_unless_min_level_says_more)
{
	struct v3 v3 = monitor;

	v3.priv = v3.priv_secret = NULL;
	ck_assert_int_eq(send_v3(&v3), 0);
	expect("trap.event", 1);
}
END_TEST

START_TEST(min_level_refuses_what_is_lower)
{
	start_with(USER "min_level = authPriv\n");
	struct v3 v3 = monitor;
	v3.priv = v3.priv_secret = NULL;
	ck_assert_int_eq(send_v3(&v3), 0);
	sandbox_link_down(&box, LEAF1, 1);
	expect("trap.low-level", 2);
	ck_assert_int_eq(sandbox_counter(&box, "trap.event"), 0);
	ck_assert_int_eq(send_v3(&monitor), 0);
	expect("trap.event", 1);
	box_tear_down();
}
END_TEST

START_TEST(min_level_of_a_switch_goes_before_the_one_of_all)
{
	start_with(USER "min_level = authPriv\n");
	sandbox_load(&box, "{\"switches\": [{\"name\": \"leaf1\", \"addresses\": [\"" LEAF1 "\"],"
			   " \"min_level\": \"noAuthNoPriv\"},"
			   " {\"name\": \"leaf2\", \"addresses\": [\"" LEAF2 "\"]}],"
			   " \"ports\": [{\"id\": \"" VM1 "\", \"attachments\": [\"leaf1:1\"]}]}");
	sandbox_link_down(&box, LEAF1, 1);
	expect("trap.event", 1);
	sandbox_link_down(&box, LEAF2, 1);
	expect("trap.low-level", 1);
	box_tear_down();
}
END_TEST

/* ---- INFORMs ---- */

/* Carries datagrams between a sender that asked `here` and the daemon, but for the first `n` answers to INFORMs. */
static int
carry_until_it_ends(struct process *sender, int here, json_int_t n)
{
	int daemon = sandbox_socket(LEAF1, "127.0.0.1", box.snmp_port), status;
	struct sockaddr_storage from;
	socklen_t from_len = sizeof(from);
	uint8_t bytes[2048];

	for (int64_t end = process_clock_ms() + WAIT_MS; !process_ended(sender, &status);) {
		ck_assert_int_lt(process_clock_ms(), end);
		ssize_t asked = recvfrom(
		    here, bytes, sizeof(bytes), MSG_DONTWAIT, (struct sockaddr *)&from, &from_len);
		if (asked > 0)
			ck_assert_int_eq(send(daemon, bytes, (size_t)asked, 0), asked);
		size_t answer = sandbox_receive(daemon, 10, bytes, sizeof(bytes));
		json_int_t answered = sandbox_counter(&box, "trap.inform-answered");
		if (answer > 0 && (answered == 0 || answered > n))
			sendto(here, bytes, answer, 0, (struct sockaddr *)&from, from_len);
	}
	close(daemon);
	return status;
}

/* At least three, for the two answers that were lost; more where this machine was slow. Some may wait to be answered at once. */
static bool
repetitions_count_once(void)
{
	const json_int_t n = sandbox_counter(&box, "trap.inform"),
			 answered = sandbox_counter(&box, "trap.inform-answered");

	return answered >= 3 && answered <= n && sandbox_counter(&box, "trap.duplicate") == n - 1 &&
	       sandbox_counter(&box, "trap.event") == 1;
}

START_TEST(a_repeated_inform_is_answered_again_and_counts_once)
{
	struct sockaddr_in here = sandbox_address("127.0.0.1", 0);
	socklen_t len = sizeof(here);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct process sender;
	char output[SANDBOX_PATH + 16], proxy[32];
	struct v3 v3 = monitor;

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&here, sizeof(here)), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&here, &len), 0);
	snprintf(proxy, sizeof(proxy), "127.0.0.1:%u", ntohs(here.sin_port));
	snprintf(output, sizeof(output), "%s/inform", box.dir);
	v3.program = "snmpinform";
	v3.engine = v3.boots = NULL;
	v3.timeout = "0.5";
	v3.retries = "99";
	/* Each repetition has a message id and a time of its own, and snmpinform takes no answer to an earlier one. */
	process_start(&sender, output, arguments(&v3, proxy));
	ck_assert_int_eq(carry_until_it_ends(&sender, fd, 2), 0);
	close(fd);
	WAIT_FOR(repetitions_count_once());
	box_expect_stored(1);
}
END_TEST

/* ---- secrets ---- */

START_TEST(a_secret_may_stand_in_a_file_that_nobody_else_may_read)
{
	char path[SANDBOX_PATH], line[SANDBOX_PATH + 128], out[1024];

	sandbox_init(&box);
	snprintf(path, sizeof(path), "%s/secret", box.dir);
	snprintf(line, sizeof(line), "user = monitor SHA-256 file:%s AES \"priv secret\"\n", path);
	sandbox_configure(&box, &(struct sandbox_lines){ .snmp = line });
	const char *const *check = ARGV(sandbox_program("dpwatchd"), "-t", "-c", box.config);
	ck_assert_int_eq(process_run(out, sizeof(out), check), 1);
	ck_assert_msg(
	    strstr(out, "user monitor: the authentication secret: ") && strstr(out, "No such file"),
	    "%s", out);
	sandbox_write(path, "auth secret\n");
	chmod(path, 0640);
	ck_assert_int_eq(process_run(out, sizeof(out), check), 1);
	ck_assert_msg(strstr(out, "chmod 0600") != NULL, "%s", out);
	chmod(path, 0600);
	ck_assert_int_eq(process_run(out, sizeof(out), check), 0);
	sandbox_write(path, "short\n");
	ck_assert_int_eq(process_run(out, sizeof(out), check), 1);
	ck_assert_msg(strstr(out, "shorter than 8") && !strstr(out, "short\n"), "%s", out);
	sandbox_write(path, "auth secret\n");
	sandbox_start_ready(&box);
	sandbox_load(&box, SANDBOX_TOPOLOGY);
	ck_assert_int_eq(send_v3(&monitor), 0);
	expect("trap.event", 1);
	/* A new password, and a reload: the old one is no more, and the engine stays known. */
	sandbox_write(path, "other secret\n");
	process_signal(&box.daemon, SIGHUP);
	WAIT_FOR(sandbox_log_has(&box, "reload: done"));
	struct v3 v3 = monitor;
	v3.boots = "1,101";
	ck_assert_int_eq(send_v3(&v3), 0);
	expect("trap.wrong-digest", 1);
	v3.auth_secret = "other secret";
	ck_assert_int_eq(send_v3(&v3), 0);
	WAIT_FOR(sandbox_counter(&box, "trap.received") == 3);
	ck_assert_int_eq(sandbox_counter(&box, "trap.event"), 2);
	ck_assert(!sandbox_log_has(&box, "secret\n"));
	ck_assert(!sandbox_log_has(&box, "priv secret"));
	sandbox_release(&box);
}
END_TEST

START_TEST(a_faulty_user_line_is_told_with_its_line_and_without_its_secret)
{
	char out[1024];

	sandbox_init(&box);
	sandbox_configure(
	    &box, &(struct sandbox_lines){ .snmp = "user = monitor SHA-257 \"top secret\"\n" });
	ck_assert_int_eq(process_run(out, sizeof(out),
			     ARGV(sandbox_program("dpwatchd"), "-t", "-c", box.config)),
	    1);
	ck_assert_msg(strstr(out, "[snmp] user: where the authentication protocol must stand") &&
			  strstr(out, ":8: "),
	    "%s", out);
	ck_assert_msg(!strstr(out, "top secret"), "%s", out);
	sandbox_release(&box);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("snmpv3");
	TCase *all = tcase_create("protocols"), *one = tcase_create("one user");
	TCase *own = tcase_create("configurations");

	tcase_set_timeout(all, 120);
	tcase_add_checked_fixture(all, set_up_all, box_tear_down);
	tcase_add_test(all, a_trap_of_every_protocol_and_level_is_understood);
	tcase_add_test(all, an_inform_of_every_protocol_and_level_is_answered);
	suite_add_tcase(suite, all);

	tcase_set_timeout(one, 60);
	tcase_add_checked_fixture(one, set_up, box_tear_down);
	tcase_add_loop_test(
	    one, a_trap_that_proves_nothing_is_counted_by_its_reason, 0, N(refused));
	tcase_add_test(one, an_inform_that_proves_nothing_fails_and_is_counted);
	tcase_add_test(one, authentication_without_privacy_is_enough_unless_min_level_says_more);
	tcase_add_test(one, a_repeated_inform_is_answered_again_and_counts_once);
	suite_add_tcase(suite, one);

	tcase_set_timeout(own, 60);
	tcase_add_test(own, min_level_refuses_what_is_lower);
	tcase_add_test(own, min_level_of_a_switch_goes_before_the_one_of_all);
	tcase_add_test(own, a_secret_may_stand_in_a_file_that_nobody_else_may_read);
	tcase_add_test(own, a_faulty_user_line_is_told_with_its_line_and_without_its_secret);
	suite_add_tcase(suite, own);

	return sandbox_main(suite);
}
