/*
 * dpwatchd as a program: options, configurations good and bad, what it cannot start with.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/box.h"
#include "lib/redis_client.h"

#define N(array) ((int)(sizeof(array) / sizeof(array[0])))

static char out[SANDBOX_TEXT];

static void
set_up(void)
{
	sandbox_init(&box);
}

/* Runs dpwatchd to its end; what it printed is in `out`. */
static int
run(const char *const *more)
{
	const char *argv[8] = { sandbox_program("dpwatchd") };

	for (size_t n = 1; *more; more++)
		argv[n++] = *more;
	return process_run(out, sizeof(out), argv);
}

static void
expect_in(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part) != NULL, "\"%s\" is not in: %s", part, text);
}

/* Starts it with what it cannot live with: exit status 1, and a line that says this. */
static void
expect_refused(const char *part)
{
	ck_assert_int_eq(run(ARGV("-c", box.config)), 1);
	expect_in(out, "error: ");
	expect_in(out, part);
}

/* ---- options ---- */

START_TEST(help_and_version_are_answered)
{
	ck_assert_int_eq(run(ARGV("--version")), 0);
	ck_assert_int_eq(strncmp(out, "dpwatchd ", 9), 0);
	ck_assert_int_eq(run(ARGV("--help")), 0);
	ck_assert_int_eq(strncmp(out, "Usage: dpwatchd", 15), 0);
	expect_in(out, "--test");
}
END_TEST

START_TEST(a_wrong_command_line_is_status_2)
{
	ck_assert_int_eq(run(ARGV("--nonsense")), 2);
	ck_assert_int_eq(run(ARGV("-c")), 2);
	ck_assert_int_eq(run(ARGV("-c", box.config, "more")), 2);
	expect_in(out, "more");
}
END_TEST

/* ---- configurations ---- */

START_TEST(the_files_that_come_with_it_are_good)
{
	/* Where dev.conf has its state_dir; `make` makes it. */
	ck_assert(mkdir("build", 0755) == 0 || errno == EEXIST);
	ck_assert_int_eq(run(ARGV("-t", "-c", "conf/dev.conf")), 0);
	expect_in(out, "are good");
	ck_assert_int_eq(run(ARGV("-t", "-c", "conf/dpwatch.conf")), 0);
	ck_assert_int_eq(run(ARGV("-t", "-c", box.config)), 0);
	/* Nothing was started, nothing was made. */
	ck_assert_int_ne(access(box.redis, F_OK), 0);
}
END_TEST

/* Copies text with every `from` replaced by `to`. The caller's. */
static char *
replaced(const char *text, const char *from, const char *to)
{
	char *copy = NULL;
	size_t size;
	FILE *file = open_memstream(&copy, &size);

	for (const char *at; (at = strstr(text, from)) != NULL; text = at + strlen(from))
		fprintf(file, "%.*s%s", (int)(at - text), text, to);
	fputs(text, file);
	fclose(file);
	return copy;
}

START_TEST(the_configuration_of_make_run_starts_and_starts_again)
{
	char snmp[8], syslog[8], http[8];
	const char *const pairs[][2] = { { "build/run", box.dir }, { "10162", snmp },
		{ "10514", syslog }, { "9797", http } };
	char *text = process_read_file("conf/dev.conf");

	snprintf(snmp, sizeof(snmp), "%u", box.snmp_port);
	snprintf(syslog, sizeof(syslog), "%u", box.syslog_port);
	snprintf(http, sizeof(http), "%u", box.redis_port);
	for (int i = 0; i < N(pairs); i++) {
		char *next = replaced(text, pairs[i][0], pairs[i][1]);
		free(text);
		text = next;
	}
	sandbox_write(box.config, text);
	free(text);
	sandbox_start_ready(&box);
	text = process_read_file("conf/topology.example.json");
	sandbox_load(&box, text);
	free(text);
	sandbox_link_down(&box, "127.0.0.1", 1);
	WAIT_FOR(redis_events(box.redis) == 1);
	ck_assert_int_eq(sandbox_stop(&box), 0);
	sandbox_start_ready(&box);
	ck_assert_int_eq(sandbox_status_number(&box, "ports.down"), 1);
	ck_assert_int_eq(redis_events(box.redis), 1);
}
END_TEST

static const struct {
	const char *text, *line, *word;
} bad_configs[] = {
	{ "[snmp]\ncomunity = public\n", ":2:", "comunity" },
	{ "[snpm]\n", ":1:", "snpm" },
	{ "\n\n[redis]\nserver = nowhere\n", ":4:", "server" },
	{ "[syslog]\nlisten = udp:127.0.0.1\n", ":2:", "listen" },
	{ "[state]\nsource_settle = 2\n", ":2:", "source_settle" },
	{ "[state]\nadmin_down = maybe\n", ":2:", "admin_down" },
	{ "[redis]\ndatabase = 1\ndatabase = 2\n", ":3:", "database" },
	{ "listen = udp:127.0.0.1:162\n", ":1:", "section" },
	{ "[snmp]\nno equals sign\n", ":2:", NULL },
	{ "[api]\nmax_body = 1\n", ":2:", "max_body" },
};

START_TEST(a_bad_configuration_is_named_by_file_line_and_key)
{
	char where[SANDBOX_PATH + 16];

	snprintf(where, sizeof(where), "%s%s", box.config, bad_configs[_i].line);
	sandbox_write(box.config, bad_configs[_i].text);
	for (int test = 0; test < 2; test++) {
		ck_assert_int_eq(
		    test ? run(ARGV("-t", "-c", box.config)) : run(ARGV("-c", box.config)), 1);
		expect_in(out, where);
		if (bad_configs[_i].word)
			expect_in(out, bad_configs[_i].word);
	}
}
END_TEST

START_TEST(a_configuration_that_cannot_be_read_is_named)
{
	ck_assert_int_eq(run(ARGV("-t", "-c", "/nonexistent/dpwatch.conf")), 1);
	expect_in(out, "/nonexistent/dpwatch.conf: No such file");
	ck_assert_int_eq(run(ARGV("-t", "-c", box.dir)), 1);
	expect_in(out, box.dir);
	ck_assert_int_eq(run(ARGV("-t", "-c", "/dev/zero")), 1);
	expect_in(out, "/dev/zero");
}
END_TEST

START_TEST(a_faulty_rule_is_named_by_file_and_line)
{
	char lines[SANDBOX_PATH + 32], path[SANDBOX_PATH + 32];

	snprintf(path, sizeof(path), "%s/bad.rules", box.dir);
	sandbox_write(path, "# mine\n[rule that never ends\n");
	snprintf(lines, sizeof(lines), "rules_dir = %s", box.dir);
	sandbox_configure(&box, &(struct sandbox_lines){ .syslog = lines });
	ck_assert_int_eq(run(ARGV("-t", "-c", box.config)), 1);
	expect_in(out, path);
	expect_in(out, ":2:");
}
END_TEST

/* ---- what it cannot start with ---- */

static int
occupy(int type, uint16_t port)
{
	struct sockaddr_in address = sandbox_address("127.0.0.1", port);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	if (type == SOCK_STREAM)
		ck_assert_int_eq(listen(fd, 1), 0);
	return fd;
}

START_TEST(a_port_in_use_is_named)
{
	char lines[64], port[16];
	int fd = occupy(SOCK_DGRAM, box.snmp_port);

	snprintf(port, sizeof(port), ":%u", box.snmp_port);
	expect_refused("Address already in use");
	expect_in(out, port);
	close(fd);
	fd = occupy(SOCK_DGRAM, box.syslog_port);
	snprintf(port, sizeof(port), ":%u", box.syslog_port);
	expect_refused("Address already in use");
	expect_in(out, port);
	close(fd);
	snprintf(lines, sizeof(lines), "listen = tcp:127.0.0.1:%u", box.syslog_port);
	sandbox_configure(&box, &(struct sandbox_lines){ .syslog = lines });
	fd = occupy(SOCK_STREAM, box.syslog_port);
	expect_refused("Address already in use");
	expect_in(out, port);
	close(fd);
	snprintf(lines, sizeof(lines), "listen = http:127.0.0.1:%u", box.redis_port);
	sandbox_configure(&box, &(struct sandbox_lines){ .api = lines });
	fd = occupy(SOCK_STREAM, box.redis_port);
	snprintf(port, sizeof(port), ":%u", box.redis_port);
	expect_refused("Address already in use");
	expect_in(out, port);
	close(fd);
}
END_TEST

START_TEST(an_address_that_is_not_ours_is_named)
{
	sandbox_configure(&box, &(struct sandbox_lines){ .snmp = "listen = udp:192.0.2.55:10162" });
	expect_refused("192.0.2.55");
}
END_TEST

START_TEST(who_starts_it_by_hand_is_told_where_the_reason_is)
{
	sandbox_configure(&box, &(struct sandbox_lines){ .daemon = "log_target = syslog",
				    .snmp = "listen = udp:192.0.2.55:10162" });
	ck_assert_int_eq(run(ARGV("-c", box.config)), 1);
	expect_in(out, "could not start; syslog has the reason");
}
END_TEST

START_TEST(an_api_socket_on_which_somebody_answers_is_not_taken_away)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path, box.api, strlen(box.api) + 1);
	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	expect_refused(box.api);
	ck_assert_int_eq(access(box.api, F_OK), 0);
	close(fd);
	/* A file that nobody serves any more is replaced. */
	sandbox_start(&box);
}
END_TEST

START_TEST(a_state_dir_that_cannot_be_used_is_named)
{
	char text[1024], deep[200];

	memset(deep, 'x', sizeof(deep));
	deep[sizeof(deep) - 1] = '\0';
	snprintf(text, sizeof(text),
	    "[daemon]\nstate_dir = /dev/null/x\n[snmp]\nlisten = udp:127.0.0.1:%u\n"
	    "[syslog]\nlisten = udp:127.0.0.1:%u\nrules_dir = conf/rules\n[api]\nlisten = unix:%s\n",
	    box.snmp_port, box.syslog_port, box.api);
	sandbox_write(box.config, text);
	expect_refused("state_dir /dev/null/x");
	snprintf(text, sizeof(text),
	    "[daemon]\nstate_dir = %s/%s\n[snmp]\nlisten = udp:127.0.0.1:%u\n"
	    "[syslog]\nlisten = udp:127.0.0.1:%u\nrules_dir = conf/rules\n[api]\nlisten = unix:%s\n",
	    box.dir, deep, box.snmp_port, box.syslog_port, box.api);
	sandbox_write(box.config, text);
	expect_refused("too long");
}
END_TEST

START_TEST(a_missing_redis_server_is_named)
{
	setenv("PATH", box.dir, 1);
	expect_refused("there is no redis-server");
	expect_in(out, "[redis] server");
}
END_TEST

START_TEST(a_password_file_that_is_not_there_is_named_by_t)
{
	sandbox_write(
	    box.config, "[redis]\nserver = tcp:127.0.0.1:6379\npassword_file = /nonexistent\n");
	ck_assert_int_eq(run(ARGV("-t", "-c", box.config)), 1);
	expect_in(out, "[redis] password_file /nonexistent: No such file or directory");
}
END_TEST

static const struct {
	const char *text, *words[2];
	int status;
} folder_rows[] = {
	{ "[daemon]\nstate_dir = /nonexistent/a\n",
	    { "state_dir /nonexistent/a is not there, and cannot be made in /nonexistent",
		"install -d" },
	    1 },
	{ "[daemon]\nstate_dir = /etc/passwd\n",
	    { "state_dir /etc/passwd: no folder", "name a folder" }, 1 },
	{ "[daemon]\nstate_dir = /tmp\n[api]\ntoken_file = /nonexistent/tokens\n",
	    { "token_file /nonexistent/tokens: /nonexistent: No such file or directory",
		"token add will fail" },
	    0 },
};

START_TEST(a_folder_that_the_daemon_could_not_write_in_is_named_by_t)
{
	sandbox_write(box.config, folder_rows[_i].text);
	ck_assert_int_eq(run(ARGV("-t", "-c", box.config)), folder_rows[_i].status);
	for (int i = 0; i < 2; i++)
		expect_in(out, folder_rows[_i].words[i]);
}
END_TEST

/* Runs a program as nobody; its exit status. */
#define AS_NOBODY(...)                \
	process_run(out, sizeof(out), \
	    ARGV("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", __VA_ARGS__))

START_TEST(a_state_dir_of_somebody_else_is_named_by_t)
{
	char path[] = "/tmp/check_daemon.XXXXXX";
	const char *program = sandbox_program("dpwatchd");

	if (AS_NOBODY("test", "-x", program) != 0) {
		puts(
		    "SKIPPED: only root can run dpwatchd as nobody, and only where nobody may read it");
		return;
	}
	int fd = mkstemp(path);
	ck_assert_int_eq(fchmod(fd, 0644), 0);
	close(fd);
	sandbox_write(path, "[daemon]\nstate_dir = /root\n");
	int status = AS_NOBODY(program, "-t", "-c", path);
	unlink(path);
	ck_assert_int_eq(status, 1);
	expect_in(out, "[daemon] state_dir /root: Permission denied");
	expect_in(out, "chown");
}
END_TEST

START_TEST(a_daemon_without_rules_says_that_it_understands_nothing)
{
	char *text = process_read_file(box.config), *line = strstr(text, "rules_dir = ");

	ck_assert_ptr_nonnull(line);
	memcpy(line, "rules_dir = /", 13);
	memset(line + 13, 'x', strcspn(line + 13, "\n"));
	sandbox_write(box.config, text);
	free(text);
	ck_assert_int_eq(run(ARGV("-t", "-c", box.config)), 0);
	expect_in(out, "no rules: neither traps nor syslog lines are understood");
	sandbox_start_ready(&box);
	json_t *status = sandbox_get(&box, "/v1/status");
	char *warnings = json_dumps(json_object_get(status, "warnings"), 0);
	expect_in(warnings, "no rules: neither traps nor syslog lines are understood");
	free(warnings);
	json_decref(status);
}
END_TEST

START_TEST(without_a_community_every_trap_is_refused_and_status_warns)
{
	char *text = process_read_file(box.config), *line = strstr(text, "community = public");

	memcpy(line, "community =       ", 18);
	sandbox_write(box.config, text);
	free(text);
	sandbox_start_ready(&box);
	sandbox_load(&box, SANDBOX_TOPOLOGY);
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(sandbox_counter(&box, "trap.bad-community") == 1);
	json_t *status = sandbox_get(&box, "/v1/status");
	char *warnings = json_dumps(json_object_get(status, "warnings"), 0);
	expect_in(warnings, "no [snmp] community");
	free(warnings);
	json_decref(status);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("daemon");
	TCase *program = tcase_create("program");

	tcase_set_timeout(program, 60);
	tcase_add_checked_fixture(program, set_up, box_tear_down);
	tcase_add_test(program, help_and_version_are_answered);
	tcase_add_test(program, a_wrong_command_line_is_status_2);
	tcase_add_test(program, the_files_that_come_with_it_are_good);
	tcase_add_test(program, the_configuration_of_make_run_starts_and_starts_again);
	tcase_add_loop_test(
	    program, a_bad_configuration_is_named_by_file_line_and_key, 0, N(bad_configs));
	tcase_add_test(program, a_configuration_that_cannot_be_read_is_named);
	tcase_add_test(program, a_faulty_rule_is_named_by_file_and_line);
	tcase_add_test(program, a_port_in_use_is_named);
	tcase_add_test(program, an_address_that_is_not_ours_is_named);
	tcase_add_test(program, who_starts_it_by_hand_is_told_where_the_reason_is);
	tcase_add_test(program, an_api_socket_on_which_somebody_answers_is_not_taken_away);
	tcase_add_test(program, a_state_dir_that_cannot_be_used_is_named);
	tcase_add_test(program, a_missing_redis_server_is_named);
	tcase_add_test(program, a_password_file_that_is_not_there_is_named_by_t);
	tcase_add_loop_test(
	    program, a_folder_that_the_daemon_could_not_write_in_is_named_by_t, 0, N(folder_rows));
	tcase_add_test(program, a_state_dir_of_somebody_else_is_named_by_t);
	tcase_add_test(program, a_daemon_without_rules_says_that_it_understands_nothing);
	tcase_add_test(program, without_a_community_every_trap_is_refused_and_status_warns);
	suite_add_tcase(suite, program);

	return sandbox_main(suite);
}
