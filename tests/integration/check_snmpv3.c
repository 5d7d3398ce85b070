/*
 * SNMPv3 with real snmptrap and snmpinform: every protocol and level, who is refused and why, engines over a restart, what
 * a replay and a reset switch do.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/http_client.h"
#include "lib/redis_client.h"
#include "lib/sandbox.h"

#define N(array) ((int)(sizeof(array) / sizeof(array[0])))
#define IF_INDEX ".1.3.6.1.2.1.2.2.1.1."
#define LINK_DOWN ".1.3.6.1.6.3.1.1.5.3"
#define LINK_UP ".1.3.6.1.6.3.1.1.5.4"
#define ENGINE1 "0x80001f8804c0ffee01"
#define ENGINE2 "0x80001f8804c0ffee02"

static struct sandbox box;
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
start_with(const char *snmp)
{
	sandbox_init(&box);
	sandbox_configure(&box, &(struct sandbox_lines){ .snmp = snmp });
	sandbox_start_ready(&box);
	sandbox_load(&box, SANDBOX_TOPOLOGY);
}

static void
set_up_all(void)
{
	write_users();
	start_with(users);
}

#define USER "user = monitor SHA-256 \"auth secret\" AES \"priv secret\"\n"

static void
set_up(void)
{
	start_with(USER);
}

static void
tear_down(void)
{
	sandbox_release(&box);
}

/* Who sends a trap or an INFORM, and how. */
struct v3 {
	const char *program;                                        /* snmptrap, snmpinform */
	const char *user, *auth, *auth_secret, *priv, *priv_secret; /* NULL: none */
	const char *engine; /* of the sender; NULL: none is told (INFORM) */
	const char *boots;  /* "BOOTS,TIME" */
	const char *from, *oid, *index;
	const char *retries, *timeout;
};

static const struct v3 monitor = { "snmptrap", "monitor", "SHA-256", "auth secret", "AES",
	"priv secret", ENGINE1, "1,100", LEAF1, LINK_DOWN, "1", "0", "20" };

/* Its arguments, in static room. */
static const char *const *
arguments(const struct v3 *v3, const char *agent)
{
	static const char *argv[40];
	static char source[64], variable[64];
	size_t n = 0;

	snprintf(source, sizeof(source), "--clientaddr=%s", v3->from);
	snprintf(variable, sizeof(variable), IF_INDEX "%s", v3->index);
	const char *const always[] = { v3->program, "-v3", "-r", v3->retries, "-t", v3->timeout,
		"-u", v3->user, "-l",
		v3->priv   ? "authPriv"
		: v3->auth ? "authNoPriv"
			   : "noAuthNoPriv" };
	for (int i = 0; i < N(always); i++)
		argv[n++] = always[i];
	const char *const options[][2] = { { "-a", v3->auth }, { "-A", v3->auth_secret },
		{ "-x", v3->priv }, { "-X", v3->priv_secret }, { "-e", v3->engine },
		{ "-Z", v3->boots } };
	for (int i = 0; i < N(options); i++) {
		if (!options[i][1])
			continue;
		argv[n++] = options[i][0];
		argv[n++] = options[i][1];
	}
	const char *const rest[] = { source, agent, "", v3->oid, variable, "i", v3->index, NULL };
	for (int i = 0; i < N(rest); i++)
		argv[n++] = rest[i];
	return argv;
}

static const char *
agent(void)
{
	static char text[32];

	snprintf(text, sizeof(text), "127.0.0.1:%u", box.snmp_port);
	return text;
}

static int
send_v3(const struct v3 *v3)
{
	char out[512];

	return process_run(out, sizeof(out), arguments(v3, agent()));
}

static void
expect(const char *counter, json_int_t n)
{
	if (sandbox_counter(&box, counter) == n)
		return;
	WAIT_FOR(sandbox_counter(&box, counter) >= n);
	ck_assert_int_eq(sandbox_counter(&box, counter), n);
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
	ck_assert_int_eq(redis_events(box.redis), N_USERS);
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
	tear_down();
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
	tear_down();
}
END_TEST

/* ---- times ---- */

START_TEST(a_captured_trap_sent_again_is_a_duplicate_wherever_it_comes_from)
{
	uint8_t bytes[2048];
	size_t len = sandbox_capture(bytes, sizeof(bytes), arguments(&monitor, "AGENT"));

	sandbox_send(LEAF1, box.snmp_port, bytes, len);
	expect("trap.event", 1);
	sandbox_send(LEAF1, box.snmp_port, bytes, len);
	sandbox_send(STRANGER, box.snmp_port, bytes, len);
	expect("trap.duplicate", 2);
	ck_assert_int_eq(sandbox_counter(&box, "trap.event"), 1);
	ck_assert_int_eq(sandbox_counter(&box, "event.unknown-sender"), 0);
}
END_TEST

START_TEST(a_captured_trap_sent_after_its_time_is_refused)
{
	uint8_t old[2048];
	size_t len = sandbox_capture(old, sizeof(old), arguments(&monitor, "AGENT"));
	struct v3 later = monitor;

	later.boots = "1,251";
	ck_assert_int_eq(send_v3(&later), 0);
	expect("trap.event", 1);
	sandbox_send(LEAF1, box.snmp_port, old, len);
	expect("trap.not-in-time", 1);
	/* The window is 150 s wide. */
	later.boots = "1,102";
	later.oid = LINK_UP;
	ck_assert_int_eq(send_v3(&later), 0);
	expect("trap.event", 2);
}
END_TEST

static const char *
engine_problem(void)
{
	static char text[128];
	json_t *answer = sandbox_get(&box, "/v1/switches/leaf1");
	const json_t *engine = json_object_get(json_object_get(answer, "switch"), "engine");

	snprintf(text, sizeof(text), "%s",
	    json_is_object(engine) ? redis_text(engine, "problem") : "no engine");
	json_decref(answer);
	return text;
}

START_TEST(boots_that_went_backwards_are_named_and_mended_by_forget_engine)
{
	struct v3 v3 = monitor;
	char out[1024];

	v3.boots = "7,5000";
	ck_assert_int_eq(send_v3(&v3), 0);
	expect("trap.event", 1);
	ck_assert_str_eq(engine_problem(), "");
	/* The switch is replaced: the same name and engine id, and a first boot. */
	v3.boots = "1,20";
	v3.oid = LINK_UP;
	ck_assert_int_eq(send_v3(&v3), 0);
	expect("trap.not-in-time", 1);
	ck_assert_str_eq(engine_problem(), "engine boots went backwards");
	char url[SANDBOX_PATH + 8];
	snprintf(url, sizeof(url), "unix:%s", box.api);
	ck_assert_int_eq(process_run(out, sizeof(out),
			     ARGV(sandbox_program("dpwatch"), "--api", url, "switch", "list")),
	    0);
	ck_assert_msg(strstr(out, "engine boots went backwards") != NULL, "%s", out);
	ck_assert_int_eq(
	    process_run(out, sizeof(out),
		ARGV(sandbox_program("dpwatch"), "--api", url, "switch", "forget-engine", "leaf1")),
	    0);
	ck_assert_msg(strstr(out, ENGINE1) != NULL, "%s", out);
	v3.boots = "1,21";
	ck_assert_int_eq(send_v3(&v3), 0);
	expect("trap.event", 2);
	ck_assert_str_eq(engine_problem(), "");
	/* There is nothing to forget at another one. */
	ck_assert_int_eq(
	    process_run(out, sizeof(out),
		ARGV(sandbox_program("dpwatch"), "--api", url, "switch", "forget-engine", "leaf2")),
	    1);
	ck_assert_int_eq(process_run(out, sizeof(out),
			     ARGV(sandbox_program("dpwatch"), "--api", url, "switch",
				 "forget-engine", "nobody")),
	    1);
}
END_TEST

START_TEST(engines_and_boots_outlive_a_restart)
{
	struct v3 v3 = monitor;
	uint8_t old[2048];
	size_t len = sandbox_capture(old, sizeof(old), arguments(&monitor, "AGENT"));

	v3.boots = "7,5000";
	ck_assert_int_eq(send_v3(&v3), 0);
	expect("trap.event", 1);
	ck_assert_int_eq(sandbox_stop(&box), 0);
	sandbox_start_ready(&box);
	sandbox_send(LEAF1, box.snmp_port, old, len);
	expect("trap.not-in-time", 1);
	v3.boots = "7,4000";
	ck_assert_int_eq(send_v3(&v3), 0);
	expect("trap.not-in-time", 2);
	v3.boots = "7,5001";
	v3.oid = LINK_UP;
	ck_assert_int_eq(send_v3(&v3), 0);
	expect("trap.event", 1);
}
END_TEST

START_TEST(our_own_engine_has_one_boot_more_with_each_start)
{
	char path[SANDBOX_PATH + 32], id[80], id_after[80];
	unsigned boots = 0, boots_after = 0;

	snprintf(path, sizeof(path), "%s/snmp-engine", box.dir);
	char *text = process_read_file(path);
	ck_assert_int_eq(sscanf(text, "%79s %u", id, &boots), 2);
	free(text);
	ck_assert_uint_eq(boots, 1);
	ck_assert_int_eq(sandbox_stop(&box), 0);
	sandbox_start_ready(&box);
	text = process_read_file(path);
	ck_assert_int_eq(sscanf(text, "%79s %u", id_after, &boots_after), 2);
	free(text);
	ck_assert_str_eq(id_after, id);
	ck_assert_uint_eq(boots_after, 2);
	struct v3 v3 = monitor;
	v3.program = "snmpinform";
	v3.engine = v3.boots = NULL;
	ck_assert_int_eq(send_v3(&v3), 0);
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
	v3.retries = "9";
	/* Each repetition has a message id and a time of its own, and snmpinform takes no answer to an earlier one. */
	process_start(&sender, output, arguments(&v3, proxy));
	ck_assert_int_eq(carry_until_it_ends(&sender, fd, 2), 0);
	close(fd);
	ck_assert_int_eq(sandbox_counter(&box, "trap.inform"), 3);
	ck_assert_int_eq(sandbox_counter(&box, "trap.inform-answered"), 3);
	ck_assert_int_eq(sandbox_counter(&box, "trap.duplicate"), 2);
	ck_assert_int_eq(sandbox_counter(&box, "trap.event"), 1);
	ck_assert_int_eq(redis_events(box.redis), 1);
}
END_TEST

/* ---- who sent it ---- */

START_TEST(an_authenticated_engine_of_the_map_names_its_switch_wherever_it_comes_from)
{
	struct v3 v3 = monitor;

	sandbox_load(&box, "{\"switches\": [{\"name\": \"leaf1\", \"addresses\": [\"" LEAF1 "\"]},"
			   " {\"name\": \"leaf2\", \"engine_id\": \"" ENGINE2 "\","
			   " \"interfaces\": [{\"name\": \"1\", \"if_index\": 1}]}],"
			   " \"ports\": [{\"id\": \"" VM1 "\", \"attachments\": [\"leaf1:1\"]},"
			   " {\"id\": \"" VM2 "\", \"attachments\": [\"leaf2:1\"]}]}");
	v3.engine = ENGINE2;
	v3.from = STRANGER;
	ck_assert_int_eq(send_v3(&v3), 0);
	WAIT_FOR(redis_number(box.redis, "SISMEMBER dpwatch:down %s", VM2) == 1);
	ck_assert_int_eq(sandbox_counter(&box, "trap.engine-mismatch"), 0);
	/* From the address of another switch: the engine is believed, and that is counted. */
	v3.from = LEAF1;
	v3.oid = LINK_UP;
	v3.boots = "1,101";
	ck_assert_int_eq(send_v3(&v3), 0);
	WAIT_FOR(redis_number(box.redis, "SISMEMBER dpwatch:down %s", VM2) == 0);
	ck_assert_int_eq(sandbox_counter(&box, "trap.engine-mismatch"), 1);
	ck_assert_int_eq(redis_number(box.redis, "SISMEMBER dpwatch:down %s", VM1), 0);
}
END_TEST

START_TEST(an_engine_without_authentication_names_nobody)
{
	start_with("user = open\n");
	sandbox_load(&box, "{\"switches\": [{\"name\": \"leaf2\", \"engine_id\": \"" ENGINE2
			   "\", \"interfaces\": [{\"name\": \"1\", \"if_index\": 1}]}],"
			   " \"ports\": [{\"id\": \"" VM2 "\", \"attachments\": [\"leaf2:1\"]}]}");
	struct v3 v3 = monitor;
	v3.user = "open";
	v3.auth = v3.auth_secret = v3.priv = v3.priv_secret = NULL;
	v3.engine = ENGINE2;
	ck_assert_int_eq(send_v3(&v3), 0);
	expect("event.unknown-sender", 1);
	tear_down();
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
	tcase_add_checked_fixture(all, set_up_all, tear_down);
	tcase_add_test(all, a_trap_of_every_protocol_and_level_is_understood);
	tcase_add_test(all, an_inform_of_every_protocol_and_level_is_answered);
	suite_add_tcase(suite, all);

	tcase_set_timeout(one, 60);
	tcase_add_checked_fixture(one, set_up, tear_down);
	tcase_add_loop_test(
	    one, a_trap_that_proves_nothing_is_counted_by_its_reason, 0, N(refused));
	tcase_add_test(one, an_inform_that_proves_nothing_fails_and_is_counted);
	tcase_add_test(one, authentication_without_privacy_is_enough_unless_min_level_says_more);
	tcase_add_test(one, a_captured_trap_sent_again_is_a_duplicate_wherever_it_comes_from);
	tcase_add_test(one, a_captured_trap_sent_after_its_time_is_refused);
	tcase_add_test(one, boots_that_went_backwards_are_named_and_mended_by_forget_engine);
	tcase_add_test(one, a_repeated_inform_is_answered_again_and_counts_once);
	tcase_add_test(one, engines_and_boots_outlive_a_restart);
	tcase_add_test(one, our_own_engine_has_one_boot_more_with_each_start);
	tcase_add_test(
	    one, an_authenticated_engine_of_the_map_names_its_switch_wherever_it_comes_from);
	suite_add_tcase(suite, one);

	tcase_set_timeout(own, 60);
	tcase_add_test(own, min_level_refuses_what_is_lower);
	tcase_add_test(own, min_level_of_a_switch_goes_before_the_one_of_all);
	tcase_add_test(own, an_engine_without_authentication_names_nobody);
	tcase_add_test(own, a_secret_may_stand_in_a_file_that_nobody_else_may_read);
	tcase_add_test(own, a_faulty_user_line_is_told_with_its_line_and_without_its_secret);
	suite_add_tcase(suite, own);

	return sandbox_main(suite);
}
