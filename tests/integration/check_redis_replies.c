/*
 * Batches that are under way, several at once, when something happens to the connection or to Redis: a reply is lost before,
 * while and after its batch is applied; a gap, a deposition, a loss, a forgotten script, a key of the wrong type. Each batch
 * takes effect once, in order.
 *
 * Between the daemon and Redis stands a proxy of this test: it cuts a connection at a given batch, or holds what it is sent.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/redis_client.h"
#include "lib/sandbox.h"

/* One word about leaf1:Ethernet1/1 is a toggle of each: batches of 1 (sent ahead), 256 and 143. */
#define N_PORTS 400
#define N_BATCHES 3
#define N_AHEAD 1

enum cut {
	CUT_NOWHERE,
	CUT_BEFORE, /* the batch does not reach Redis */
	CUT_DURING, /* half of it does */
	CUT_AFTER,  /* it does, and the reply does not come back */
	CUT_REPLY,  /* half of the reply does */
	CUT_MAX,
	CUT_TAUGHT =
	    CUT_MAX, /* when it has just learnt that this is the master, and is about to send its first */
};

/* Shared with the proxy, which is a process of its own. */
static struct control {
	volatile int cut;    /* enum cut; CUT_NOWHERE again when it was done */
	volatile int nth;    /* at which batch from now on, 1 is the next */
	volatile bool hold;  /* nothing that the daemon sends is passed on */
	volatile bool holds; /* the proxy's: so it is */
} * control;

static struct sandbox box;
static struct process proxy;

/* ---- the proxy ---- */

#define N_PAIRS 8
#define COMMAND "$7\r\nEVALSHA"
#define SCRIPT_DIGEST "$40\r\n"

struct pair {
	int client, server; /* -1: none */
	bool reply_is_last; /* the next reply is the one to be cut */
};
static struct pair pairs[N_PAIRS];

static int
unix_socket(const char *path, bool is_listener)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path, path, strlen(path) + 1);
	int result = is_listener ? bind(fd, (const struct sockaddr *)&address, sizeof(address))
				 : connect(fd, (const struct sockaddr *)&address, sizeof(address));
	if (result == 0 && (!is_listener || listen(fd, 8) == 0))
		return fd;
	close(fd);
	return -1;
}

static void
close_pair(struct pair *pair)
{
	close(pair->client);
	close(pair->server);
	*pair = (struct pair){ -1, -1, false };
}

static void
pass(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
		if (n <= 0)
			return;
		bytes += n;
		len -= (size_t)n;
	}
}

/* Where the batch to be cut begins (at its '*'), or NULL where it is not in here. */
static const char *
batch_to_cut(const char *bytes, size_t len)
{
	const char *at = bytes, *end = bytes + len;

	while (control->cut != CUT_NOWHERE &&
	       (at = memmem(at, (size_t)(end - at), COMMAND, strlen(COMMAND))) != NULL) {
		if (--control->nth == 0) {
			while (at > bytes && *at != '*')
				at--;
			return at;
		}
		at += strlen(COMMAND);
	}
	return NULL;
}

/* A batch may come in two reads; the first lines of it do not, because the daemon writes them at once. */
static void
from_client(struct pair *pair)
{
	static char bytes[1 << 20];
	ssize_t len = recv(pair->client, bytes, sizeof(bytes), 0);

	if (len <= 0) {
		close_pair(pair);
		return;
	}
	const char *at = batch_to_cut(bytes, (size_t)len);
	if (!at) {
		pass(pair->server, bytes, (size_t)len);
		return;
	}
	if (control->cut == CUT_AFTER || control->cut == CUT_REPLY) {
		pass(pair->server, bytes, (size_t)len);
		pair->reply_is_last = true;
		return;
	}
	size_t passed = (size_t)(at - bytes);
	if (control->cut == CUT_DURING)
		passed += ((size_t)len - passed) / 2;
	pass(pair->server, bytes, passed);
	close_pair(pair);
	control->cut = CUT_NOWHERE;
}

static void
from_server(struct pair *pair)
{
	char bytes[65536];
	ssize_t len = recv(pair->server, bytes, sizeof(bytes), 0);

	if (len <= 0) {
		close_pair(pair);
		return;
	}
	if (control->cut == CUT_TAUGHT &&
	    memmem(bytes, (size_t)len, SCRIPT_DIGEST, strlen(SCRIPT_DIGEST))) {
		pass(pair->client, bytes, (size_t)len);
		close_pair(pair);
		if (--control->nth == 0)
			control->cut = CUT_NOWHERE;
		return;
	}
	if (!pair->reply_is_last) {
		pass(pair->client, bytes, (size_t)len);
		return;
	}
	if (control->cut == CUT_REPLY)
		pass(pair->client, bytes, (size_t)len / 2);
	close_pair(pair);
	control->cut = CUT_NOWHERE;
}

static void
take_client(int listener)
{
	int client = accept(listener, NULL, NULL), server = unix_socket(box.redis, false);

	for (int i = 0; client >= 0 && server >= 0 && i < N_PAIRS; i++) {
		if (pairs[i].client < 0) {
			pairs[i] = (struct pair){ client, server, false };
			return;
		}
	}
	close(client);
	close(server);
}

static void
run_proxy(int listener)
{
	for (int i = 0; i < N_PAIRS; i++)
		pairs[i] = (struct pair){ -1, -1, false };
	for (;;) {
		struct pollfd polls[1 + 2 * N_PAIRS] = { { listener, POLLIN, 0 } };
		const bool hold = control->holds = control->hold;
		for (int i = 0; i < N_PAIRS; i++) {
			polls[1 + 2 * i].fd = hold ? -1 : pairs[i].client;
			polls[2 + 2 * i].fd = pairs[i].server;
			polls[1 + 2 * i].events = polls[2 + 2 * i].events = POLLIN;
		}
		poll(polls, 1 + 2 * N_PAIRS, 10);
		if (polls[0].revents)
			take_client(listener);
		for (int i = 0; i < N_PAIRS; i++) {
			if (pairs[i].server >= 0 && polls[2 + 2 * i].revents)
				from_server(&pairs[i]);
			else if (pairs[i].client >= 0 && polls[1 + 2 * i].revents)
				from_client(&pairs[i]);
		}
	}
}

/* ---- the daemon behind it ---- */

/* The ports hang on one interface, or on one each, behind Ethernet1/49 then. */
static char *
topology(bool uplink)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	fprintf(out,
	    "{\"switches\": [{\"name\": \"leaf1\", \"addresses\": [\"" LEAF1
	    "\"], \"interfaces\": [{\"name\": \"Ethernet1/1\", \"if_index\": 1},"
	    " {\"name\": \"Ethernet1/2\", \"if_index\": 2},"
	    " {\"name\": \"Ethernet1/49\", \"if_index\": 49}]}%s"
	    " \"ports\": [{\"id\": \"" VM1 "\", \"attachments\": [\"leaf1:Ethernet1/2\"]}",
	    uplink ? ", {\"name\": \"spine1\", \"addresses\": [\"127.1.0.3\"], \"root\": true}],"
		     " \"links\": [{\"a\": \"leaf1:Ethernet1/49\", \"b\": \"spine1:Ethernet1/1\"}],"
		   : "],");
	for (int i = 0; i < N_PORTS; i++)
		fprintf(out,
		    ", {\"id\": \"22222222-2222-4222-8222-%012d\", \"attachments\": [\"leaf1:Ethernet%d/1\"]}",
		    i, uplink ? i + 100 : 1);
	fputs("]}", out);
	fclose(out);
	return text;
}

static void
load(bool uplink)
{
	char *map = topology(uplink);

	sandbox_load(&box, map);
	free(map);
}

static void
set_up(void)
{
	char lines[SANDBOX_PATH + 32], path[SANDBOX_PATH];

	sandbox_init(&box);
	control =
	    mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(control, MAP_FAILED);
	snprintf(path, sizeof(path), "%s/proxy.sock", box.dir);
	int listener = unix_socket(path, true);
	ck_assert_int_ge(listener, 0);
	proxy.pid = fork();
	if (proxy.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		run_proxy(listener);
	}
	close(listener);
	snprintf(lines, sizeof(lines), "server = unix:%s", path);
	sandbox_configure(&box, &(struct sandbox_lines){ .redis = lines });
	sandbox_redis_start(&box, NULL, NULL);
	sandbox_start_ready(&box);
	load(false);
	/* One batch that Redis has, and that the daemon keeps. */
	sandbox_link_down(&box, LEAF1, 2);
	WAIT_FOR(redis_events(box.redis) == 1);
	WAIT_FOR(sandbox_settled(&box));
}

static void
tear_down(void)
{
	if (box.daemon.pid != 0)
		ck_assert_int_eq(sandbox_stop(&box), 0);
	process_kill(&proxy);
	sandbox_release(&box);
}

/* Every port has toggled exactly so often, in order, and all are in the set. */
static void
expect_all_down(json_int_t n_events)
{
	WAIT_FOR(redis_events(box.redis) >= n_events);
	WAIT_FOR(sandbox_settled(&box));
	WAIT_FOR(sandbox_redis_says(&box, NULL));
	ck_assert_int_eq(redis_events(box.redis), n_events);
	ck_assert_int_eq(redis_down(box.redis), N_PORTS + 1);
	json_t *events = redis_stream(box.redis, "dpwatch:events"), *event;
	json_t *told = json_object();
	size_t i;
	json_array_foreach(events, i, event)
	{
		const char *port = redis_text(event, "port");
		ck_assert_msg(!json_object_get(told, port), "%s was told twice", port);
		ck_assert_str_eq(redis_text(event, "dp_down"), "true");
		json_object_set_new(told, port, json_true());
	}
	json_decref(told);
	json_decref(events);
}

/* ---- of very many, the first goes ahead ---- */

/* The number of the batch that the n-th entry came with; an entry's id holds it (change_script.c). */
static uint64_t
batch_of_event(size_t n)
{
	json_t *entries = redis_ask(box.redis, "XRANGE dpwatch:events - +");
	const char *id = json_string_value(json_array_get(json_array_get(entries, n), 0));

	ck_assert_ptr_nonnull(id);
	const uint64_t batch = strtoull(strchr(id, '-') + 1, NULL, 10) / 10000;
	json_decref(entries);
	return batch;
}

/* 0: all on one interface; 1: one on each, behind an uplink. */
START_TEST(the_first_of_very_many_toggles_is_a_batch_of_its_own)
{
	if (_i == 1)
		load(true);
	sandbox_link_down(&box, LEAF1, _i == 1 ? 49 : 1);
	expect_all_down(N_PORTS + 1);
	const uint64_t ahead = batch_of_event(1);
	ck_assert_uint_eq(batch_of_event(N_AHEAD + 1), ahead + 1);
	ck_assert_uint_eq(batch_of_event(N_AHEAD + 2), ahead + 1);
}
END_TEST

START_TEST(an_inform_is_answered_when_the_last_of_very_many_toggles_is_in_redis)
{
	char target[32], text[SANDBOX_TEXT];

	snprintf(target, sizeof(target), "127.0.0.1:%u", box.snmp_port);
	ck_assert_int_eq(process_run(text, sizeof(text),
			     ARGV("snmpinform", "-v2c", "-c", "public", "-t", "20", "-r", "0",
				 "--clientaddr=" LEAF1, target, "", ".1.3.6.1.6.3.1.1.5.3",
				 ".1.3.6.1.2.1.2.2.1.1.1", "i", "1")),
	    0);
	/* Or else Redis was slow, and they are in the journal. */
	ck_assert(
	    redis_events(box.redis) == N_PORTS + 1 || sandbox_counter(&box, "redis.slow") > 0);
	expect_all_down(N_PORTS + 1);
}
END_TEST

/* ---- cut connections ---- */

static json_int_t
shown_revision(int port)
{
	char path[128];

	snprintf(path, sizeof(path), "/v2.0/ports/22222222-2222-4222-8222-%012d", port);
	json_t *answer = sandbox_get(&box, path);
	const json_int_t revision =
	    json_integer_value(json_object_get(json_object_get(answer, "port"), "revision_number"));
	json_decref(answer);
	return revision;
}

START_TEST(a_connection_cut_at_any_batch_repeats_nothing_and_loses_nothing)
{
	control->nth = 1 + _i % N_BATCHES;
	control->cut = CUT_BEFORE + _i / N_BATCHES;
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(control->cut == CUT_NOWHERE);
	expect_all_down(N_PORTS + 1);
	ck_assert_int_ge(sandbox_counter(&box, "redis.connects"), 2);
	json_t *last = redis_hash(box.redis, "dpwatch:port:22222222-2222-4222-8222-000000000399");
	ck_assert_str_eq(redis_text(last, "revision"), "1");
	json_decref(last);
	/* Also of the batch whose answer, with its revisions, was cut. */
	WAIT_FOR(shown_revision(0) == 1);
	WAIT_FOR(shown_revision(N_PORTS - 1) == 1);
}
END_TEST

/* Writing fails then, within an answer's callback. */
START_TEST(a_connection_cut_when_the_script_was_taught_is_made_again)
{
	control->nth = 40;
	control->cut = CUT_TAUGHT;
	redis_do(box.redis, "CLIENT KILL TYPE normal SKIPME yes");
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(control->cut == CUT_NOWHERE);
	expect_all_down(N_PORTS + 1);
}
END_TEST

/* ---- what happens to Redis while three batches are under way ---- */

static void
three_under_way(void)
{
	const json_int_t sent = sandbox_counter(&box, "out.batches");

	control->hold = true;
	WAIT_FOR(control->holds);
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(sandbox_counter(&box, "out.batches") == sent + N_BATCHES);
	ck_assert_int_eq(sandbox_status_number(&box, "redis.batches_waiting"), N_BATCHES);
}

START_TEST(a_gap_in_front_of_them_is_filled_and_all_go_again)
{
	three_under_way();
	redis_do(box.redis, "DEL dpwatch:events dpwatch:down dpwatch:port:%s", VM1);
	redis_do(box.redis, "HINCRBY dpwatch:publisher batch -1");
	control->hold = false;
	expect_all_down(N_PORTS + 1);
	ck_assert(sandbox_log_has(&box, "it lost batches"));
	ck_assert_int_gt(sandbox_counter(&box, "out.batches-resent"), 0);
}
END_TEST

START_TEST(a_gap_that_cannot_be_filled_is_compared)
{
	three_under_way();
	redis_do(box.redis, "HSET dpwatch:publisher batch 0");
	redis_do(box.redis, "DEL dpwatch:events dpwatch:down dpwatch:port:%s", VM1);
	control->hold = false;
	expect_all_down(N_PORTS + 1);
}
END_TEST

START_TEST(deposed_with_all_of_them_under_way_nothing_of_it_is_told)
{
	three_under_way();
	redis_do(box.redis, "HSET dpwatch:publisher epoch 99 instance other/1/1");
	control->hold = false;
	ck_assert_int_eq(process_wait(&box.daemon), 1);
	ck_assert(sandbox_log_has(&box, "another dpwatchd publishes"));
	ck_assert_int_eq(redis_events(box.redis), 1);
}
END_TEST

START_TEST(a_redis_that_lost_everything_is_told_every_down_port_once)
{
	three_under_way();
	redis_do(box.redis, "FLUSHALL");
	control->hold = false;
	expect_all_down(N_PORTS + 1);
	ck_assert(sandbox_log_has(&box, "it lost everything"));
}
END_TEST

START_TEST(a_script_that_was_forgotten_is_loaded_and_they_go_again)
{
	three_under_way();
	redis_do(box.redis, "SCRIPT FLUSH");
	control->hold = false;
	expect_all_down(N_PORTS + 1);
}
END_TEST

START_TEST(a_key_of_the_wrong_type_holds_them_until_it_is_gone)
{
	three_under_way();
	redis_do(box.redis, "RENAME dpwatch:down dpwatch:elsewhere");
	redis_do(box.redis, "SET dpwatch:down x");
	control->hold = false;
	WAIT_FOR(sandbox_redis_says(&box, "wrong type"));
	ck_assert_int_eq(redis_events(box.redis), 1);
	redis_do(box.redis, "RENAME dpwatch:elsewhere dpwatch:down");
	expect_all_down(N_PORTS + 1);
}
END_TEST

START_TEST(a_redis_without_memory_holds_them_until_it_has_some)
{
	three_under_way();
	redis_do(box.redis, "CONFIG SET maxmemory 1");
	control->hold = false;
	WAIT_FOR(sandbox_redis_says(&box, "out of memory"));
	ck_assert_int_eq(redis_events(box.redis), 1);
	redis_do(box.redis, "CONFIG SET maxmemory 0");
	expect_all_down(N_PORTS + 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("redis replies");
	TCase *tcase = tcase_create("under way");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, the_first_of_very_many_toggles_is_a_batch_of_its_own, 0, 2);
	tcase_add_test(tcase, an_inform_is_answered_when_the_last_of_very_many_toggles_is_in_redis);
	tcase_add_loop_test(tcase, a_connection_cut_at_any_batch_repeats_nothing_and_loses_nothing,
	    0, (CUT_MAX - CUT_BEFORE) * N_BATCHES);
	tcase_add_test(tcase, a_connection_cut_when_the_script_was_taught_is_made_again);
	tcase_add_test(tcase, a_gap_in_front_of_them_is_filled_and_all_go_again);
	tcase_add_test(tcase, a_gap_that_cannot_be_filled_is_compared);
	tcase_add_test(tcase, deposed_with_all_of_them_under_way_nothing_of_it_is_told);
	tcase_add_test(tcase, a_redis_that_lost_everything_is_told_every_down_port_once);
	tcase_add_test(tcase, a_script_that_was_forgotten_is_loaded_and_they_go_again);
	tcase_add_test(tcase, a_key_of_the_wrong_type_holds_them_until_it_is_gone);
	tcase_add_test(tcase, a_redis_without_memory_holds_them_until_it_has_some);
	suite_add_tcase(suite, tcase);
	return sandbox_main(suite);
}
