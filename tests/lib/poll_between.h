/*
 * poll_between: the test stands between dpwatchd and a real agent: it overhears what is asked, and what it hands on, and how, is
 * its choice (integration). State is static: each test program has its own.
 */
#ifndef DPWATCH_TESTS_LIB_POLL_BETWEEN_H
#define DPWATCH_TESTS_LIB_POLL_BETWEEN_H

#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/box.h"
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

static struct process agent;
static int near_end, far_end, other_port, other_address;
static uint16_t switch_port;
static json_int_t n_tricks;
static char interface[IF_NAMESIZE];
static char salt[20]; /* of the last question */

/* A socket of its own at an address, on that port; 0: any. */
static inline int
bound(const char *address, uint16_t at)
{
	const struct sockaddr_in name = sandbox_address(address, at);
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&name, sizeof(name)), 0);
	return fd;
}

static inline void
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
	switch_port = ntohs(name.sin_port);
	far_end = sandbox_socket("127.0.0.1", "127.0.0.1", box.redis_port);
	other_port = bound(SWITCH, 0);
	other_address = bound(NEIGHBOUR, switch_port);
	sandbox_configure(&box, &(struct sandbox_lines){ .snmp = POLLED_BY("monitor") });
	sandbox_start_ready(&box);
}

static inline void
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
static inline void
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

static inline void
load(const char *credentials)
{
	char map[400];

	name_interface();
	snprintf(map, sizeof(map),
	    "{\"switches\": [{\"name\": \"sw1\", \"addresses\": [\"" SWITCH
	    "\"], \"poll\": {%s\"port\": %u}}], \"ports\": [{\"id\": \"" VM1
	    "\", \"attachments\": [\"sw1:%s\"]}]}",
	    credentials, switch_port, interface);
	sandbox_load(&box, map);
}

static inline bool
polling_is(const char *state)
{
	return sandbox_polling_is(&box, "sw1", state);
}

/* Where the content of the BER element at `at` begins; the element after it is *ret_next. */
static inline size_t
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
static inline uint8_t *
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

static inline bool
is_v3(const uint8_t *bytes)
{
	size_t next;

	return bytes[enter(bytes, 0, &next) + 2] == 3;
}

enum { ENGINE_ID, BOOTS, TIME, USER, DIGEST, SALT };

/* One of the msgSecurityParameters of SNMPv3 (RFC 3414 2.4). */
static inline struct slice
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
static inline void
read_salt(const uint8_t *bytes, char ret_salt[20])
{
	const struct slice octets = security(bytes, SALT);

	ret_salt[0] = '\0';
	for (size_t i = 0; i < octets.len; i++)
		snprintf(ret_salt + 2 * i, 3, "%02x", (uint8_t)octets.data[i]);
}

static inline void
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
static inline bool
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
	talk->n_answer = sandbox_receive(far_end, WAIT_MS, talk->answer, sizeof(talk->answer));
	ck_assert_uint_gt(talk->n_answer, 0);
	if (is_v3(talk->question))
		read_salt(talk->question, salt);
	return true;
}

/* The first question of SNMPv3 is for the engine. */
static inline bool
is_discovery(const struct talk *talk)
{
	return is_v3(talk->question) && talk->n_question < 80;
}

static inline void
hand_on(struct talk *talk)
{
	play(
	    HANDED_ON, talk->question, talk->n_question, talk->answer, talk->n_answer, &talk->from);
}

/* The agent is asked what is asked already, and nobody gets the answers. */
static inline void
forget_questions(void)
{
	static struct talk talk;

	while (overhear(&talk))
		;
}

/* Between the two for some time. What is about the engine is handed on. */
static inline void
stand_between(enum trick trick)
{
	static struct talk talk;

	if (overhear(&talk))
		play(is_discovery(&talk) ? HANDED_ON : trick, talk.question, talk.n_question,
		    talk.answer, talk.n_answer, &talk.from);
}

/* ... until the last question is one for a table; then that is not answered yet. */
static inline void
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

static inline void
stand_until_answered(enum trick trick)
{
	for (int64_t until = process_clock_ms() + WAIT_MS; !polling_is("answered");
	     stand_between(trick))
		ck_assert_int_lt(process_clock_ms(), until);
}

#endif
