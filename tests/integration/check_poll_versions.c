/*
 * Asking Debian's snmpd over SNMPv3: every protocol and level, who is refused and why, agents that were replaced, reset or restarted;
 * and over SNMPv1, where it knows nothing else.
 * Agents stand at addresses in 127/8, and tell of this machine's interfaces.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/cli_box.h"
#include "lib/redis_client.h"
#include "lib/snmpd.h"

#define N(array) ((int)(sizeof(array) / sizeof(array[0])))

/* A growing text. */
struct text {
	char bytes[24576];
	size_t n;
};

static struct process agent;
static struct text agent_config, users, map;
static const char *agent_version;

static void add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void
add(struct text *text, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	text->n +=
	    (size_t)vsnprintf(text->bytes + text->n, sizeof(text->bytes) - text->n, format, args);
	va_end(args);
	ck_assert_uint_lt(text->n, sizeof(text->bytes));
}

static const char *const auths[] = { "MD5", "SHA", "SHA-224", "SHA-256", "SHA-384", "SHA-512" };
static const char *const privs[] = { "DES", "AES", "AES-192", "AES-256", "AES-192-C", "AES-256-C" };

/* ---- the agent ---- */

/* With the users of agent_config. */
static void
agent_start(void)
{
	snmpd_start(&agent, &box, agent_config.bytes, agent_version);
}

/* A user of the agent: NAME, AUTH, PRIV (NULL: none); secrets "auth NAME" and "priv NAME"; no less than its level counts. */
static void
agent_user(const char *name, const char *auth, const char *priv)
{
	add(&agent_config, "createUser %s", name);
	if (auth)
		add(&agent_config, " %s \"auth %s\"", auth, name);
	if (priv)
		add(&agent_config, " %s \"priv %s\"", priv, name);
	add(&agent_config, "\nrouser %s %s\n", name, priv ? "priv" : auth ? "auth" : "noauth");
}

/* The same for dpwatch. */
static void
our_user(const char *name, const char *auth, const char *priv)
{
	add(&users, "user = %s", name);
	if (auth)
		add(&users, " %s \"auth %s\"", auth, name);
	if (priv)
		add(&users, " %s \"priv %s\"", priv, name);
	add(&users, "\n");
}

/* ---- the daemon ---- */

static void
set_up(void)
{
	agent_config.n = users.n = map.n = 0;
	agent_version = "-v2c";
	sandbox_init(&box);
	add(&agent_config, "rocommunity public 127.0.0.1\n");
	add(&users, "poll_interval = off\n");
}

static void
tear_down(void)
{
	process_kill(&agent);
	sandbox_release(&box);
}

static void
daemon_start(void)
{
	sandbox_configure(&box, &(struct sandbox_lines){ .snmp = users.bytes });
	sandbox_start_ready(&box);
}

/* A switch at 127.3.0.i; poll: more of its "poll" object, such as , "user": "x". */
static void
map_switch(int i, const char *poll)
{
	add(&map,
	    "%s{\"name\": \"sw%d\", \"addresses\": [\"127.3.0.%d\"], \"poll\": {\"port\": %u%s}}",
	    map.n == 0 ? "{\"switches\": [" : ", ", i, i, box.redis_port, poll);
}

static void
map_load(void)
{
	add(&map, "]}");
	sandbox_load(&box, map.bytes);
}

static bool
polling_is(int i, const char *state)
{
	char name[16];

	snprintf(name, sizeof(name), "sw%d", i);
	return sandbox_polling_is(&box, name, state);
}

static int
poll(const char *name)
{
	return run(ARGV("switch", "poll", name));
}

/* sw1 is asked by the user `monitor`, who can do everything. */
static void
begin_monitored(void)
{
	agent_user("monitor", "SHA-256", "AES");
	agent_start();
	our_user("monitor", "SHA-256", "AES");
	add(&users, "poll_user = monitor\n");
	daemon_start();
	map_switch(1, "");
	map_load();
	WAIT_FOR(polling_is(1, "answered"));
}

/* ---- tests ---- */

START_TEST(every_protocol_and_level_is_spoken)
{
	char name[32], poll_object[64];
	int n = 0;

	for (int a = -1; a < N(auths); a++)
		for (int p = -1; p < (a < 0 ? 0 : N(privs)); p++) {
			snprintf(name, sizeof(name), "%s+%s", a < 0 ? "none" : auths[a],
			    p < 0 ? "none" : privs[p]);
			agent_user(name, a < 0 ? NULL : auths[a], p < 0 ? NULL : privs[p]);
			our_user(name, a < 0 ? NULL : auths[a], p < 0 ? NULL : privs[p]);
			snprintf(poll_object, sizeof(poll_object), ", \"user\": \"%s\"", name);
			map_switch(++n, poll_object);
		}
	ck_assert_int_eq(n, 43);
	agent_start();
	daemon_start();
	map_load();
	for (int i = 1; i <= n; i++)
		WAIT_FOR(polling_is(i, "answered"));
	/* Each was met once, and asked for its table: nobody had to be asked again for another reason. */
	ck_assert_int_eq(sandbox_counter(&box, "poll.silent"), 0);
	ck_assert_int_eq(
	    sandbox_counter(&box, "poll.requests"), sandbox_counter(&box, "poll.answers"));
	ck_assert_int_ge(sandbox_counter(&box, "poll.event"), n);
	ck_assert(!sandbox_log_has(&box, "auth SHA"));
	ck_assert_int_eq(redis_events(box.redis), 0);
}
END_TEST

/* What dpwatch is configured with, where the agent has "monitor SHA-256 AES" and "weak SHA". */
static const struct {
	const char *user, *state, *counter;
} refusals[] = {
	{ "stranger SHA-256 \\\"auth monitor\\\" AES \\\"priv monitor\\\"", "unknown user",
	    "poll.unknown-user" },
	{ "monitor SHA-256 \\\"another secret\\\" AES \\\"priv monitor\\\"",
	    "wrong authentication secret or protocol", "poll.wrong-digest" },
	{ "monitor SHA-512 \\\"auth monitor\\\" AES \\\"priv monitor\\\"",
	    "wrong authentication secret or protocol", "poll.wrong-digest" },
	{ "weak SHA \\\"auth weak\\\" AES \\\"priv weak\\\"",
	    "its user has not this security level", "poll.unsupported-level" },
	/* net-snmp's agents say nothing to what they cannot read. */
	{ "monitor SHA-256 \\\"auth monitor\\\" AES \\\"another secret\\\"", "no answer",
	    "poll.silent" },
	{ "monitor SHA-256 \\\"auth monitor\\\"", "refused", "poll.silent" },
};

START_TEST(who_is_refused_is_told_why)
{
	char poll_object[160];

	agent_user("monitor", "SHA-256", "AES");
	agent_user("weak", "SHA", NULL);
	agent_start();
	daemon_start();
	snprintf(poll_object, sizeof(poll_object), ", \"user\": \"%s\"", refusals[_i].user);
	map_switch(1, poll_object);
	map_load();
	WAIT_FOR(polling_is(1, refusals[_i].state));
	ck_assert_int_eq(sandbox_counter(&box, refusals[_i].counter), 1);
	ck_assert_int_eq(poll("sw1"), 1);
	ck_assert_ptr_nonnull(strstr(out, refusals[_i].state));
	ck_assert(sandbox_log_has(&box, refusals[_i].state));
	ck_assert(!sandbox_log_has(&box, "secret\\\"") && !sandbox_log_has(&box, "auth monitor") &&
		  !sandbox_log_has(&box, "another secret"));
	ck_assert_int_eq(redis_events(box.redis), 0);
}
END_TEST

/* Refusals that a sound agent never gives, or not for ever: tests/lib/report_agent.py */
static const struct {
	const char *kind, *state, *counter;
} reports[] = {
	{ "not-in-time", "not in its time window", "poll.not-in-time" },
	{ "decryption-error", "wrong privacy secret or protocol", "poll.not-decrypted" },
	{ "unknown-engine", "names another engine with every answer", "poll.unknown-engine" },
};

static bool
says_ready(const char *path)
{
	char *text = process_read_file(path);
	const bool ready = strstr(text, "ready") != NULL;

	free(text);
	return ready;
}

START_TEST(an_agent_that_only_reports_is_given_up_and_told)
{
	char said[SANDBOX_PATH + 16], port[8];

	snprintf(said, sizeof(said), "%s/agent", box.dir);
	snprintf(port, sizeof(port), "%u", box.redis_port);
	process_start(&agent, said,
	    ARGV("/usr/bin/python3", "tests/lib/report_agent.py", "127.3.0.1", port,
		reports[_i].kind));
	WAIT_FOR(says_ready(said));
	daemon_start();
	map_switch(
	    1, ", \"user\": \"monitor SHA-256 \\\"auth monitor\\\" AES \\\"priv monitor\\\"\"");
	map_load();
	WAIT_FOR(polling_is(1, reports[_i].state));
	ck_assert_int_eq(sandbox_counter(&box, reports[_i].counter), 1);
	ck_assert_int_eq(sandbox_counter(&box, "poll.silent"), 1);
	/* It does not go on for ever. */
	ck_assert_int_le(sandbox_counter(&box, "poll.requests"), 5);
	ck_assert_int_eq(poll("sw1"), 1);
	ck_assert_ptr_nonnull(strstr(out, reports[_i].state));
	ck_assert_int_eq(redis_events(box.redis), 0);
}
END_TEST

START_TEST(a_replaced_switch_is_met_anew_within_one_job)
{
	begin_monitored();
	const json_int_t requests = sandbox_counter(&box, "poll.requests");
	snmpd_stop(&agent);
	add(&agent_config, "exactEngineID 0x80001f8804c0ffee01\n");
	agent_start();
	ck_assert_int_eq(poll("sw1"), 0);
	ck_assert_int_eq(sandbox_counter(&box, "poll.silent"), 0);
	ck_assert_int_eq(sandbox_counter(&box, "poll.requests"), 2 * requests);
}
END_TEST

/* Its engine id is what it was, and its boots count from one again. */
START_TEST(a_switch_that_was_reset_is_believed_within_one_job)
{
	add(&agent_config, "exactEngineID 0x80001f8804c0ffee01\n");
	agent_user("monitor", "SHA-256", "AES");
	for (int i = 0; i < 3; i++) {
		agent_start();
		snmpd_stop(&agent);
	}
	agent_config.n = 0;
	add(&agent_config, "rocommunity public 127.0.0.1\nexactEngineID 0x80001f8804c0ffee01\n");
	begin_monitored();
	snmpd_stop(&agent);
	snmpd_forget(&box);
	agent_start();
	ck_assert_int_eq(poll("sw1"), 0);
	ck_assert_int_eq(sandbox_counter(&box, "poll.silent"), 0);
	ck_assert_int_eq(sandbox_counter(&box, "poll.boots"), 1);
}
END_TEST

START_TEST(boots_that_went_on_are_a_restart)
{
	begin_monitored();
	snmpd_stop(&agent);
	agent_start();
	ck_assert_int_eq(poll("sw1"), 0);
	ck_assert_int_eq(sandbox_counter(&box, "poll.boots"), 1);
	json_t *answer = sandbox_get(&box, "/v1/switches/sw1");
	const json_t *sw = json_object_get(answer, "switch");
	ck_assert_int_eq(json_integer_value(json_object_get(sw, "restarts")), 1);
	ck_assert_int_eq(json_integer_value(json_object_get(sw, "uncertain")), 0);
	json_decref(answer);
}
END_TEST

static void
write_secret(const char *path, const char *text)
{
	sandbox_write(path, text);
	ck_assert_int_eq(chmod(path, 0600), 0);
}

/* A line of its own with files for its secrets: another secret counts from the next job on, a file that is gone is told. */
START_TEST(secrets_are_read_from_files)
{
	char auth[160], priv[160];

	snprintf(auth, sizeof(auth), "%s/auth", box.dir);
	snprintf(priv, sizeof(priv), "%s/priv", box.dir);
	write_secret(auth, "auth monitor\n");
	write_secret(priv, "priv monitor\n");
	agent_user("monitor", "SHA-512", "AES-256");
	agent_start();
	add(&users, "poll_user = monitor SHA-512 file:%s AES-256 file:%s\n", auth, priv);
	daemon_start();
	map_switch(1, "");
	map_load();
	WAIT_FOR(polling_is(1, "answered"));
	write_secret(auth, "something else\n");
	ck_assert_int_eq(poll("sw1"), 1);
	ck_assert(polling_is(1, "wrong authentication secret or protocol"));
	ck_assert_int_eq(unlink(auth), 0);
	ck_assert_int_eq(poll("sw1"), 1);
	ck_assert(polling_is(1, "cannot be asked"));
	WAIT_FOR(sandbox_log_has(&box, "No such file"));
	write_secret(auth, "auth monitor\n");
	ck_assert_int_eq(poll("sw1"), 0);
	ck_assert(!sandbox_log_has(&box, "something else"));
}
END_TEST

START_TEST(a_user_is_chosen_by_the_engine)
{
	add(&agent_config, "exactEngineID 0x80001f8804c0ffee01\n");
	agent_user("monitor", "SHA-256", "AES");
	agent_start();
	add(&users, "user = monitor MD5 \"of every other\"\n"
		    "user = monitor SHA-256 \"auth monitor\" AES \"priv monitor\" "
		    "engine=0x80001f8804c0ffee01\n"
		    "user = other SHA \"auth monitor\" engine=0x80001f8804c0ffee02\n");
	daemon_start();
	map_switch(1, ", \"user\": \"monitor\"");
	map_switch(2, ", \"user\": \"other\"");
	map_switch(3, ", \"user\": \"nobody\"");
	map_load();
	WAIT_FOR(polling_is(1, "answered"));
	WAIT_FOR(polling_is(2, "no user is configured for its engine"));
	WAIT_FOR(polling_is(3, "cannot be asked"));
	WAIT_FOR(sandbox_log_has(&box, "there is no [snmp] user nobody"));
}
END_TEST

/* Whoever answers nothing but SNMPv1 is found out once; later jobs begin with it. */
START_TEST(an_agent_of_snmpv1_alone_is_understood)
{
	add(&agent_config,
	    "rocommunity public\n[snmp] disableSNMPv2c yes\n[snmp] disableSNMPv3 yes\n");
	agent_version = "-v1";
	agent_start();
	add(&users, "poll_community = public\n");
	daemon_start();
	map_switch(1, "");
	map_load();
	WAIT_FOR(polling_is(1, "answered"));
	ck_assert_int_ge(sandbox_counter(&box, "poll.event"), 1);
	const json_int_t requests = sandbox_counter(&box, "poll.requests");
	const json_int_t answers = sandbox_counter(&box, "poll.answers");
	ck_assert_int_eq(requests, answers + 1);
	ck_assert_int_eq(poll("sw1"), 0);
	ck_assert_int_eq(sandbox_counter(&box, "poll.answers"), 2 * answers);
	ck_assert_int_eq(sandbox_counter(&box, "poll.requests"), requests + answers);
	ck_assert_int_eq(sandbox_counter(&box, "poll.silent"), 0);
}
END_TEST

static const char *const bad[][2] = {
	{ "poll_user = nobody\n", "dpwatch.conf:" /* the line's number */ },
	{ "poll_user = monitor SHA \"short\"\n", "shorter than 8 octets" },
	{ "poll_community = file:/nonexistent/secret\n",
	    "[snmp] poll_community: /nonexistent/secret: No such file or directory" },
	{ "poll_user = monitor SHA file:/nonexistent/secret\n",
	    "[snmp] poll_user: the user that polls monitor: the authentication secret: "
	    "/nonexistent/secret: No such file or directory" },
};

START_TEST(bad_credentials_for_polling_are_refused_at_the_start)
{
	sandbox_configure(&box, &(struct sandbox_lines){ .snmp = bad[_i][0] });
	ck_assert_int_eq(process_run(out, sizeof(out),
			     ARGV(sandbox_program("dpwatchd"), "-t", "-c", box.config)),
	    1);
	ck_assert_msg(strstr(out, bad[_i][1]) && strstr(out, "[snmp] poll_"), "%s", out);
	ck_assert_ptr_null(strstr(out, "\"short\""));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("poll_versions");
	TCase *tcase = tcase_create("poll_versions");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, every_protocol_and_level_is_spoken);
	tcase_add_loop_test(tcase, who_is_refused_is_told_why, 0, N(refusals));
	tcase_add_loop_test(tcase, an_agent_that_only_reports_is_given_up_and_told, 0, N(reports));
	tcase_add_test(tcase, a_replaced_switch_is_met_anew_within_one_job);
	tcase_add_test(tcase, a_switch_that_was_reset_is_believed_within_one_job);
	tcase_add_test(tcase, boots_that_went_on_are_a_restart);
	tcase_add_test(tcase, secrets_are_read_from_files);
	tcase_add_test(tcase, a_user_is_chosen_by_the_engine);
	tcase_add_test(tcase, an_agent_of_snmpv1_alone_is_understood);
	tcase_add_loop_test(tcase, bad_credentials_for_polling_are_refused_at_the_start, 0, N(bad));
	suite_add_tcase(suite, tcase);
	return sandbox_main(suite);
}
