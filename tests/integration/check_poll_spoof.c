/*
 * Answers that are none: the test stands between dpwatchd and a real agent, and hands on answers with another request-id, from
 * another port or address, altered after they were signed, twice, or too late. Until it hands one on as it is, nothing is known.
 */
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/redis_client.h"
#include "lib/sandbox.h"
#include "lib/snmpd.h"
#include "util/slice.h"

#define SWITCH "127.4.0.1"
#define NEIGHBOUR "127.4.0.2"

/* A user, and whom switches are asked by, as lines of [snmp]. */
#define POLLED_BY(user)                                                                   \
	"poll_interval = off\nuser = " user " SHA-256 \"auth " user "\" AES \"priv " user \
	"\"\npoll_user = " user "\n"

enum trick {
	HANDED_ON,
	OTHER_REQUEST, /* the request-id differs by one; of SNMPv3 the message id */
	OTHER_PORT,
	OTHER_ADDRESS,
	ALTERED,  /* its last octet, which a digest covers */
	CUT,      /* by one octet */
	QUESTION, /* the question itself comes back */
	TWICE,
};

static struct sandbox box;
static struct process agent;
static int near_end, far_end, other_port, other_address;
static uint16_t port;
static json_int_t n_tricks;
static char interface[IF_NAMESIZE];
static char salt[20]; /* of the last question */

/* A socket of its own at an address, on that port; 0: any. */
static int
bound(const char *address, uint16_t at)
{
	const struct sockaddr_in name = sandbox_address(address, at);
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&name, sizeof(name)), 0);
	return fd;
}

static void
set_up(void)
{
	struct sockaddr_in name = { .sin_family = AF_INET };
	socklen_t len = sizeof(name);

	n_tricks = 0;
	sandbox_init(&box);
	snmpd_start(&agent, &box,
	    "rocommunity public 127.0.0.1\n"
	    "createUser monitor SHA-256 \"auth monitor\" AES \"priv monitor\"\nrouser monitor priv\n"
	    "createUser second SHA-256 \"auth second\" AES \"priv second\"\nrouser second priv\n",
	    "-v2c");
	near_end = bound(SWITCH, 0);
	ck_assert_int_eq(getsockname(near_end, (struct sockaddr *)&name, &len), 0);
	port = ntohs(name.sin_port);
	far_end = sandbox_socket("127.0.0.1", "127.0.0.1", box.redis_port);
	other_port = bound(SWITCH, 0);
	other_address = bound(NEIGHBOUR, port);
	sandbox_configure(&box, &(struct sandbox_lines){ .snmp = POLLED_BY("monitor") });
	sandbox_start_ready(&box);
}

static void
tear_down(void)
{
	close(near_end);
	close(far_end);
	close(other_port);
	close(other_address);
	process_kill(&agent);
	sandbox_release(&box);
}

/* One of this machine's that is up: snmpd tells of them. lo is none that ports are attached to. */
static void
name_interface(void)
{
	struct if_nameindex *all = if_nameindex();
	char path[64];

	for (size_t i = 0; all && all[i].if_index != 0 && !interface[0]; i++) {
		snprintf(path, sizeof(path), "/sys/class/net/%s/operstate", all[i].if_name);
		char *state = process_read_file(path);
		if (strcmp(state, "up\n") == 0)
			snprintf(interface, sizeof(interface), "%s", all[i].if_name);
		free(state);
	}
	if_freenameindex(all);
}

static void
load(const char *credentials)
{
	char map[400];

	name_interface();
	snprintf(map, sizeof(map),
	    "{\"switches\": [{\"name\": \"sw1\", \"addresses\": [\"" SWITCH
	    "\"], \"poll\": {%s\"port\": %u}}], \"ports\": [{\"id\": \"" VM1
	    "\", \"attachments\": [\"sw1:%s\"]}]}",
	    credentials, port, interface);
	sandbox_load(&box, map);
}

static bool
polling_is(const char *state)
{
	return sandbox_polling_is(&box, "sw1", state);
}

/* Where the content of the BER element at `at` begins; the element after it is *ret_next. */
static size_t
enter(const uint8_t *bytes, size_t at, size_t *ret_next)
{
	size_t len = bytes[at + 1], from = at + 2;

	if (len > 0x80) {
		const size_t n = len & 0x7f;
		len = 0;
		for (size_t i = 0; i < n; i++)
			len = len << 8 | bytes[from++];
	}
	*ret_next = from + len;
	return from;
}

/* The last octet of the request-id; of SNMPv3, where that may be encrypted, of msgID, which is the first of the header. */
static uint8_t *
last_of_id(uint8_t *bytes)
{
	size_t next, at = enter(bytes, 0, &next);
	const bool v3 = bytes[at + 2] == 3;

	enter(bytes, at, &next); /* version */
	if (!v3)
		enter(bytes, next, &next); /* community */
	at = enter(bytes, next, &next);    /* msgGlobalData, or the PDU */
	enter(bytes, at, &next);
	return &bytes[next - 1];
}

static bool
is_v3(const uint8_t *bytes)
{
	size_t next;

	return bytes[enter(bytes, 0, &next) + 2] == 3;
}

enum { ENGINE_ID, BOOTS, TIME, USER, DIGEST, SALT };

/* One of the msgSecurityParameters of SNMPv3 (RFC 3414 2.4). */
static struct slice
security(const uint8_t *bytes, int which)
{
	size_t next, at = enter(bytes, 0, &next);

	enter(bytes, at, &next);        /* version */
	enter(bytes, next, &next);      /* msgGlobalData */
	at = enter(bytes, next, &next); /* msgSecurityParameters, */
	next = enter(bytes, at, &at);   /* and the sequence in it */
	for (int i = ENGINE_ID; i <= which; i++)
		at = enter(bytes, next, &next);
	return (struct slice){ (const char *)bytes + at, next - at };
}

/* The salt of an encrypted message, as hexadecimal digits; "": it has none. */
static void
read_salt(const uint8_t *bytes, char ret_salt[20])
{
	const struct slice octets = security(bytes, SALT);

	ret_salt[0] = '\0';
	for (size_t i = 0; i < octets.len; i++)
		snprintf(ret_salt + 2 * i, 3, "%02x", (uint8_t)octets.data[i]);
}

static void
play(enum trick trick, const uint8_t *question, size_t n_question, uint8_t *answer, size_t n_answer,
    const struct sockaddr_in *to)
{
	int fd = near_end;

	if (trick == OTHER_REQUEST)
		++*last_of_id(answer);
	else if (trick == OTHER_PORT)
		fd = other_port;
	else if (trick == OTHER_ADDRESS)
		fd = other_address;
	else if (trick == ALTERED)
		answer[n_answer - 1] ^= 1;
	else if (trick == CUT)
		n_answer--;
	if (trick == TWICE)
		sendto(fd, answer, n_answer, 0, (const struct sockaddr *)to, sizeof(*to));
	if (trick == QUESTION)
		sendto(fd, question, n_question, 0, (const struct sockaddr *)to, sizeof(*to));
	else
		sendto(fd, answer, n_answer, 0, (const struct sockaddr *)to, sizeof(*to));
	n_tricks += trick != HANDED_ON;
}

/* A question, and what the agent answers to it. */
struct talk {
	uint8_t question[4096], answer[65536];
	size_t n_question, n_answer;
	struct sockaddr_in from;
};

/* Waits for the next question for some time, and asks the agent. False: there is none. */
static bool
overhear(struct talk *talk)
{
	struct pollfd readable = { .fd = near_end, .events = POLLIN };
	socklen_t len = sizeof(talk->from);

	if (poll(&readable, 1, 20) != 1)
		return false;
	const ssize_t n = recvfrom(near_end, talk->question, sizeof(talk->question), 0,
	    (struct sockaddr *)&talk->from, &len);
	ck_assert_int_gt(n, 0);
	talk->n_question = (size_t)n;
	ck_assert_int_eq(send(far_end, talk->question, talk->n_question, 0), n);
	talk->n_answer = sandbox_receive(far_end, 5000, talk->answer, sizeof(talk->answer));
	ck_assert_uint_gt(talk->n_answer, 0);
	if (is_v3(talk->question))
		read_salt(talk->question, salt);
	return true;
}

/* The first question of SNMPv3 is for the engine. */
static bool
is_discovery(const struct talk *talk)
{
	return is_v3(talk->question) && talk->n_question < 80;
}

static void
hand_on(struct talk *talk)
{
	play(
	    HANDED_ON, talk->question, talk->n_question, talk->answer, talk->n_answer, &talk->from);
}

/* Between the two for some time. What is about the engine is handed on. */
static void
stand_between(enum trick trick)
{
	static struct talk talk;

	if (overhear(&talk))
		play(is_discovery(&talk) ? HANDED_ON : trick, talk.question, talk.n_question,
		    talk.answer, talk.n_answer, &talk.from);
}

/* ... until the last question is one for a table; then that is not answered yet. */
static void
overhear_table(struct talk *talk)
{
	for (int64_t until = process_clock_ms() + WAIT_MS;;) {
		ck_assert_int_lt(process_clock_ms(), until);
		if (!overhear(talk))
			continue;
		if (!is_discovery(talk))
			return;
		hand_on(talk);
	}
}

static void
stand_until_answered(enum trick trick)
{
	for (int64_t until = process_clock_ms() + WAIT_MS; !polling_is("answered");
	     stand_between(trick))
		ck_assert_int_lt(process_clock_ms(), until);
}

/* What becomes of it while the trick is played; then the same without. */
static void
play_until_given_up(enum trick trick)
{
	for (int64_t until = process_clock_ms() + WAIT_MS; !polling_is("no answer");
	     stand_between(trick))
		ck_assert_int_lt(process_clock_ms(), until);
	ck_assert_int_ge(n_tricks, 3);
	ck_assert_int_eq(sandbox_counter(&box, "poll.answers"), 0);
	ck_assert_int_eq(sandbox_counter(&box, "poll.event"), 0);
	/* Those from elsewhere never reach the daemon: its socket hears the agent alone. */
	const bool elsewhere = trick == OTHER_PORT || trick == OTHER_ADDRESS;
	ck_assert_int_eq(sandbox_counter(&box, "poll.stray"), elsewhere ? 0 : n_tricks);
	process_signal(&box.daemon, SIGHUP);
	stand_until_answered(HANDED_ON);
	ck_assert_int_ge(sandbox_counter(&box, "poll.event"), 1);
}

static const enum trick tricks_of_v2c[] = { OTHER_REQUEST, OTHER_PORT, OTHER_ADDRESS, CUT,
	QUESTION };

START_TEST(an_answer_over_snmpv2c_that_is_not_the_agents_changes_nothing)
{
	load("\"community\": \"public\", ");
	play_until_given_up(tricks_of_v2c[_i]);
}
END_TEST

static const enum trick tricks_of_v3[] = { OTHER_REQUEST, OTHER_PORT, OTHER_ADDRESS, ALTERED, CUT,
	QUESTION };

START_TEST(an_answer_over_snmpv3_that_is_not_the_agents_changes_nothing)
{
	load("\"user\": \"monitor\", ");
	play_until_given_up(tricks_of_v3[_i]);
}
END_TEST

static const char *const credentials[] = { "\"community\": \"public\", ",
	"\"user\": \"monitor\", " };

START_TEST(an_answer_that_comes_twice_counts_once)
{
	load(credentials[_i]);
	stand_until_answered(TWICE);
	ck_assert_int_ge(n_tricks, 2);
	ck_assert_int_eq(
	    sandbox_counter(&box, "poll.requests"), sandbox_counter(&box, "poll.answers"));
	/* That of the last one finds nobody any more. */
	WAIT_FOR(sandbox_counter(&box, "poll.stray") == n_tricks - 1);
}
END_TEST

/* The job was given up long ago, and another one is under way, when the first one's answer comes. */
START_TEST(an_answer_to_a_job_that_is_over_changes_nothing)
{
	static struct talk old, now;

	load(credentials[_i]);
	overhear_table(&old);
	for (int64_t until = process_clock_ms() + WAIT_MS; !polling_is("no answer"); overhear(&now))
		ck_assert_int_lt(process_clock_ms(), until);
	hand_on(&old);
	ck_assert(polling_is("no answer"));
	ck_assert_int_eq(sandbox_counter(&box, "poll.answers"), 0);
	process_signal(&box.daemon, SIGHUP);
	overhear_table(&now);
	old.from = now.from;
	hand_on(&old);
	WAIT_FOR(sandbox_counter(&box, "poll.stray") == 1);
	ck_assert_int_eq(sandbox_counter(&box, "poll.answers"), 0);
	ck_assert_int_eq(sandbox_counter(&box, "poll.event"), 0);
	hand_on(&now);
	stand_until_answered(HANDED_ON);
	ck_assert_int_ge(sandbox_counter(&box, "poll.event"), 1);
}
END_TEST

static bool
is_down(void)
{
	return redis_is_down(box.redis, VM1);
}

/*
 * An answer is as old as its question, also where it comes after that was asked again: a trap that came in between wins, and what
 * is asked anew a little later decides.
 */
START_TEST(a_trap_between_question_and_answer_wins)
{
	static struct talk first, second;

	load(credentials[_i]);
	if (!interface[0]) {
		printf("SKIPPED: this machine has no interface that is up\n");
		return;
	}
	overhear_table(&first);
	sandbox_trap(&box, SWITCH,
	    ARGV("", ".1.3.6.1.6.3.1.1.5.3", ".1.3.6.1.2.1.31.1.1.1.1.1", "s", interface));
	WAIT_FOR(is_down());
	/* The library has asked again by now. SNMPv3's are told apart; of SNMPv2c the first one's answer is as good. */
	overhear_table(&second);
	hand_on(&first);
	hand_on(&second);
	for (int64_t until = process_clock_ms() + WAIT_MS; sandbox_counter(&box, "poll.stale") == 0;
	     stand_between(HANDED_ON))
		ck_assert_int_lt(process_clock_ms(), until);
	WAIT_FOR(sandbox_counter(&box, "poll.stray") == 1);
	ck_assert(is_down());
	ck_assert_int_eq(redis_events(box.redis), 1);
	/* It lies, or its linkUp was lost: asked after source_settle, it is believed. */
	for (int64_t until = process_clock_ms() + WAIT_MS; is_down(); stand_between(HANDED_ON))
		ck_assert_int_lt(process_clock_ms(), until);
	ck_assert_int_eq(redis_events(box.redis), 2);
}
END_TEST

/* An initialization vector of AES is made of boots, time and salt: the same three must not come again (RFC 3826 3.1.2.1). */
START_TEST(each_start_encrypts_with_salts_of_its_own)
{
	char first[20];

	load("\"user\": \"monitor\", ");
	for (int start = 0; start < 2; start++) {
		salt[0] = '\0';
		for (int64_t until = process_clock_ms() + WAIT_MS; !salt[0];
		     stand_between(HANDED_ON))
			ck_assert_int_lt(process_clock_ms(), until);
		ck_assert_uint_eq(strlen(salt), 16);
		ck_assert_str_ne(salt, start == 0 ? "0000000000000000" : first);
		snprintf(first, sizeof(first), "%s", salt);
		stand_until_answered(HANDED_ON);
		if (start == 0) {
			ck_assert_int_eq(sandbox_stop(&box), 0);
			sandbox_start_ready(&box);
		}
	}
}
END_TEST

static void
forget_questions(void)
{
	uint8_t bytes[4096];

	while (recv(near_end, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
}

/* Hands on what is asked, which is by this user alone, until it is over. */
static void
serve(const char *user, bool (*is_over)(void))
{
	static struct talk talk;

	for (int64_t until = process_clock_ms() + WAIT_MS; !is_over();) {
		ck_assert_int_lt(process_clock_ms(), until);
		if (!overhear(&talk))
			continue;
		const struct slice by = security(talk.question, USER);
		ck_assert(by.len == 0 || slice_eq_str(by, user));
		hand_on(&talk);
	}
}

static bool
is_answered(void)
{
	return polling_is("answered");
}

static struct process discovery;

static bool
is_discovered(void)
{
	int status = -1;

	if (!process_ended(&discovery, &status))
		return false;
	char path[SANDBOX_PATH + 16];
	snprintf(path, sizeof(path), "%s/document", box.dir);
	char *told = process_read_file(path);
	/* There is no LLDP here, which is told. */
	ck_assert_msg(strstr(told, "\"engine_id\": \"0x"), "%s", told);
	free(told);
	return true;
}

static void
discover(void)
{
	char api[SANDBOX_PATH + 8], document[SANDBOX_PATH + 16];

	snprintf(api, sizeof(api), "unix:%s", box.api);
	snprintf(document, sizeof(document), "%s/document", box.dir);
	process_start(&discovery, document,
	    ARGV(sandbox_program("dpwatch"), "--api", api, "topology", "discover"));
}

/* A poll, or a discovery, is under way when another user is configured: it is begun anew, with that one. */
START_TEST(after_a_reload_nobody_is_asked_by_the_old_user)
{
	static struct talk old;

	load("");
	if (_i == 1) {
		serve("monitor", is_answered);
		discover();
	}
	overhear_table(&old);
	ck_assert(slice_eq_str(security(old.question, USER), "monitor"));
	sandbox_configure(&box, &(struct sandbox_lines){ .snmp = POLLED_BY("second") });
	process_signal(&box.daemon, SIGHUP);
	WAIT_FOR(sandbox_log_has(&box, "reload: done"));
	forget_questions();
	hand_on(&old);
	serve("second", _i == 1 ? is_discovered : is_answered);
	ck_assert_int_ge(sandbox_counter(&box, "poll.event"), 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("poll_spoof");
	TCase *tcase = tcase_create("poll_spoof");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(
	    tcase, an_answer_over_snmpv2c_that_is_not_the_agents_changes_nothing, 0, 5);
	tcase_add_loop_test(
	    tcase, an_answer_over_snmpv3_that_is_not_the_agents_changes_nothing, 0, 6);
	tcase_add_loop_test(tcase, an_answer_that_comes_twice_counts_once, 0, 2);
	tcase_add_loop_test(tcase, an_answer_to_a_job_that_is_over_changes_nothing, 0, 2);
	tcase_add_loop_test(tcase, a_trap_between_question_and_answer_wins, 0, 2);
	tcase_add_test(tcase, each_start_encrypts_with_salts_of_its_own);
	tcase_add_loop_test(tcase, after_a_reload_nobody_is_asked_by_the_old_user, 0, 2);
	suite_add_tcase(suite, tcase);
	return sandbox_main(suite);
}
