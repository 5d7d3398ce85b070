/*
 * Nothing of the daemon's own is allocated per datagram: it runs with a counter of allocations preloaded
 * (tests/preload/count_allocations.c) and takes the same datagrams round after round, until one round is without any.
 * What the libraries allocate is printed.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/allocations.h"
#include "lib/redis_client.h"
#include "lib/sandbox.h"
#include "lib/trap_message.h"

#ifndef __has_feature /* clang's; gcc has the other one */
#define __has_feature(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define IS_SANITIZED true
#else
#define IS_SANITIZED false
#endif

/* Datagrams of a round. Less than what the receive buffer holds. */
#define N 1024
#define N_TEXT "1024"

/* What is sized by use (a batch's room, the list of those that are kept) has its size after some of them. */
#define ROUNDS_MAX 20

#define LINE_UP "<187>1: %LINK-3-UPDOWN: Interface Ethernet1/1, changed state to up"
#define LINE_DOWN "<187>1: %LINK-3-UPDOWN: Interface Ethernet1/1, changed state to down"

struct kind {
	const char *name;
	const char *from;
	const char *counter; /* grows by N and more with each round */
	const char *program; /* what makes its traps */
	const char *community;
	const char *oids[2]; /* of its traps, by turns */
	const char *lines[2];
	bool duplicates, toggles;
	const char *v3; /* instead: this option of the bench's v3gen, which sends as leaf1 */
};

static const struct kind kinds[] = {
	{ .name = "traps that are duplicates",
	    .from = LEAF1,
	    .counter = "trap.duplicate",
	    .program = "snmptrap",
	    .community = "public",
	    .oids = { TRAP_LINK_UP, TRAP_LINK_UP },
	    .duplicates = true },
	{ .name = "traps of unknown senders",
	    .from = STRANGER,
	    .counter = "event.unknown-sender",
	    .program = "snmptrap",
	    .community = "public",
	    .oids = { TRAP_LINK_DOWN, TRAP_LINK_UP } },
	{ .name = "traps that change nothing",
	    .from = LEAF1,
	    .counter = "event.no-change",
	    .program = "snmptrap",
	    .community = "public",
	    .oids = { TRAP_LINK_UP, TRAP_LINK_UP } },
	{ .name = "traps that are not ours",
	    .from = LEAF1,
	    .counter = "trap.not-ours",
	    .program = "snmptrap",
	    .community = "public",
	    .oids = { ".1.3.6.1.6.3.1.1.5.5", ".1.3.6.1.4.1.9.9.43.2.0.1" } },
	{ .name = "traps of a wrong community",
	    .from = LEAF1,
	    .counter = "trap.bad-community",
	    .program = "snmptrap",
	    .community = "secret",
	    .oids = { TRAP_LINK_DOWN, TRAP_LINK_UP } },
	{ .name = "traps that are toggles",
	    .from = LEAF1,
	    .counter = "out.toggles",
	    .program = "snmptrap",
	    .community = "public",
	    .oids = { TRAP_LINK_DOWN, TRAP_LINK_UP },
	    .toggles = true },
	{ .name = "INFORMs that are toggles",
	    .from = LEAF1,
	    .counter = "trap.inform-answered",
	    .program = "snmpinform",
	    .community = "public",
	    .oids = { TRAP_LINK_DOWN, TRAP_LINK_UP },
	    .toggles = true },
	{ .name = "SNMPv3 traps that are toggles",
	    .from = LEAF1,
	    .counter = "out.toggles",
	    .v3 = "--engines=1",
	    .toggles = true },
	{ .name = "SNMPv3 traps and v2c ones that prove nothing",
	    .from = LEAF1,
	    .counter = "trap.received",
	    .v3 = "--flood" },
	{ .name = "lines that are not ours",
	    .from = LEAF1,
	    .counter = "syslog.no-rule",
	    .lines = { "<189>7: %SYS-5-CONFIG_I: Configured from console by vty0",
		"<189>8: %SEC_LOGIN-5-LOGIN_SUCCESS: Login Success" } },
	{ .name = "lines that may be about a link",
	    .from = LEAF1,
	    .counter = "syslog.suspect",
	    .lines = { "<189>7: %ODD-5-THING: the link of something went down",
		"<189>8: %ODD-5-THING: another link went down" } },
	{ .name = "lines of unknown senders",
	    .from = STRANGER,
	    .counter = "event.unknown-sender",
	    .lines = { LINE_DOWN, LINE_UP } },
	{ .name = "lines that change nothing",
	    .from = LEAF1,
	    .counter = "event.no-change",
	    .lines = { LINE_UP, LINE_UP } },
	{ .name = "lines that are toggles",
	    .from = LEAF1,
	    .counter = "out.toggles",
	    .lines = { LINE_DOWN, LINE_UP },
	    .toggles = true },
};

static struct sandbox box;
static struct allocations *counts;
static uint32_t last_id;

static void
map_counts(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	ck_assert_int_eq(ftruncate(fd, sizeof(*counts)), 0);
	counts = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ck_assert_ptr_ne(counts, MAP_FAILED);
	close(fd);
}

static void
set_up(void)
{
	char server[SANDBOX_PATH + 80], path[SANDBOX_PATH + 16];

	sandbox_init(&box);
	/* A Redis of its own, with little that is kept for it: the list of that has its size soon. */
	snprintf(server, sizeof(server), "server = unix:%s\njournal_max = 8MiB\n", box.redis);
	sandbox_configure(
	    &box, &(struct sandbox_lines){ .redis = server,
		      .snmp = "receive_buffer = 32MiB\n"
			      "user = bench SHA \"bench auth\" AES \"bench priv\"\n" });
	sandbox_redis_start(&box, NULL, NULL);
	snprintf(path, sizeof(path), "%s/allocations", box.dir);
	map_counts(path);
	setenv(ALLOCATIONS_FILE, path, 1);
	setenv("LD_PRELOAD", sandbox_program("count_allocations.so"), 1);
	sandbox_start_ready(&box);
	unsetenv("LD_PRELOAD");
	ck_assert_msg(counts->objects[0].n > 0, "nothing is counted: is it preloaded?");
	sandbox_load(&box, SANDBOX_TOPOLOGY);
}

static void
tear_down(void)
{
	munmap(counts, sizeof(*counts));
	sandbox_release(&box);
}

/* ---- sending ---- */

struct sender {
	const struct kind *kind;
	int fd, marker_fd; /* of the switch, and of leaf1 */
	struct trap_message traps[2], markers[2];
	unsigned n_markers;
};

static void
send_v3(const char *n, const char *rate, const char *option)
{
	char target[32], out[256];

	snprintf(target, sizeof(target), "127.0.0.1:%u", box.snmp_port);
	ck_assert_int_eq(process_run(out, sizeof(out),
			     ARGV(sandbox_program("bench/v3gen"), "--target", target, "--count", n,
				 "--rate", rate, "--switches", "1", "--ports", "1", option)),
	    0);
}

static void
prepare(struct sender *sender, const struct kind *kind)
{
	const uint16_t port = kind->lines[0] ? box.syslog_port : box.snmp_port;

	*sender = (struct sender){
		.kind = kind,
		.fd = sandbox_socket(kind->from, "127.0.0.1", port),
		.marker_fd = sandbox_socket(LEAF1, "127.0.0.1", port),
	};
	if (kind->lines[0])
		return;
	/* An engine that is not known yet is looked at only so often. */
	if (kind->v3)
		send_v3("64", "1000", "--repeat-state");
	for (int i = 0; kind->program && i < 2; i++)
		trap_message_capture(
		    &sender->traps[i], kind->program, kind->community, kind->oids[i], "1");
	trap_message_capture(&sender->markers[0], "snmptrap", "public", TRAP_LINK_DOWN, "2");
	trap_message_capture(&sender->markers[1], "snmptrap", "public", TRAP_LINK_UP, "2");
}

static void
send_line(int fd, const char *line)
{
	ck_assert_int_eq(send(fd, line, strlen(line), 0), (ssize_t)strlen(line));
}

static void
send_nth(struct sender *sender, unsigned i)
{
	if (sender->kind->lines[0])
		send_line(sender->fd, sender->kind->lines[i % 2]);
	else
		trap_message_send(
		    sender->fd, &sender->traps[i % 2], sender->kind->duplicates ? 1 : ++last_id);
}

/* A toggle of another interface: when it is on the stream, what came before it was acted on. */
static void
send_marker(struct sender *sender)
{
	static const char *const lines[] = {
		"<187>1: %LINK-3-UPDOWN: Interface Ethernet1/2, changed state to down",
		"<187>1: %LINK-3-UPDOWN: Interface Ethernet1/2, changed state to up",
	};
	const unsigned i = sender->n_markers++ % 2;

	if (!sender->kind->lines[0])
		trap_message_send(sender->marker_fd, &sender->markers[i], ++last_id);
	else
		send_line(sender->marker_fd, lines[i]);
}

static void
send_round(struct sender *sender)
{
	/* A marker says another sysUpTime than the generator's traps, which would be late ones then. */
	const bool with_marker = !sender->kind->v3 || !sender->kind->toggles;
	const json_int_t toggles = (sender->kind->toggles ? N : 0) + (with_marker ? 1 : 0),
			 before = redis_events(box.redis);

	if (sender->kind->v3)
		send_v3(N_TEXT, "0", sender->kind->v3);
	for (unsigned i = 0; !sender->kind->v3 && i < N; i++)
		send_nth(sender, i);
	if (with_marker)
		send_marker(sender);
	WAIT_FOR(redis_events(box.redis) == before + toggles);
}

/* ---- what was allocated ---- */

static void
tell_libraries(
    const struct kind *kind, const struct allocations *before, const struct allocations *after)
{
	printf("%s: 0 of our own, per datagram", kind->name);
	for (int i = 1; i < ALLOCATIONS_OBJECTS; i++) {
		const uint64_t n = after->objects[i].n - before->objects[i].n;
		if (n > 0)
			printf(" %.2f of %s", (double)n / N, after->objects[i].name);
	}
	putchar('\n');
}

/* Where in the program it was asked for, and how many times. */
static void
tell_places(const struct allocations *before, const struct allocations *after)
{
	char place[24], out[256];

	for (int i = 0; i < ALLOCATIONS_PLACES && after->places[i].offset != 0; i++) {
		const uint64_t n = after->places[i].n - before->places[i].n;
		if (n == 0)
			continue;
		/* the call itself is before where it returns to */
		snprintf(place, sizeof(place), "0x%llx",
		    (unsigned long long)after->places[i].offset - 1);
		process_run(out, sizeof(out),
		    ARGV("addr2line", "-f", "-s", "-e", sandbox_program("dpwatchd"), place));
		printf("%llu times in %s", (unsigned long long)n, out);
	}
}

START_TEST(a_datagram_costs_no_allocation_of_our_own)
{
	const struct kind *kind = &kinds[_i];
	const json_int_t counter = sandbox_counter(&box, kind->counter);
	struct sender sender;
	struct allocations before, after;
	uint64_t own;
	int rounds = 0;

	prepare(&sender, kind);
	do {
		memcpy(&before, counts, sizeof(before));
		send_round(&sender);
		memcpy(&after, counts, sizeof(after));
		own = after.objects[0].n - before.objects[0].n;
	} while (own > 0 && ++rounds < ROUNDS_MAX);
	/* That they are what the kind says: the first of the duplicates is none. */
	WAIT_FOR(sandbox_counter(&box, kind->counter) - counter >= N - 1);
	ck_assert_int_eq(sandbox_counter(&box, "trap.kernel-drops"), 0);
	ck_assert_int_eq(sandbox_counter(&box, "syslog.kernel-drops"), 0);
	if (own > 0)
		tell_places(&before, &after);
	else
		tell_libraries(kind, &before, &after);
	ck_assert_msg(own == 0, "%s: %llu allocations of our own in every round of %d", kind->name,
	    (unsigned long long)own, N);
	close(sender.fd);
	close(sender.marker_fd);
}
END_TEST

int
main(void)
{
	if (IS_SANITIZED) {
		puts("SKIPPED: a sanitizer has an allocator of its own\n0 passed, 0 failed");
		return 0;
	}
	Suite *suite = suite_create("allocations");
	TCase *tcase = tcase_create("allocations");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(
	    tcase, a_datagram_costs_no_allocation_of_our_own, 0, sizeof(kinds) / sizeof(kinds[0]));
	suite_add_tcase(suite, tcase);
	return sandbox_main(suite);
}
