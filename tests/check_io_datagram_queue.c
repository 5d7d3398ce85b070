/* datagram_queue: what was received comes out in order, whole, with its addresses; what does not fit is refused. */
#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#include "io/datagram_queue.h"
#include "lib/run_suite.h"

#define BYTES 4096

static struct datagram_queue *queue;
static char text[512];

static void
set_up(void)
{
	queue = datagram_queue_new(BYTES);
	ck_assert_ptr_nonnull(queue);
}

static void
tear_down(void)
{
	datagram_queue_free(queue);
}

/* Number i: of its own length, sender, and time. */
static struct udp_datagram
datagram_of(unsigned i, size_t len)
{
	struct udp_datagram datagram = { .bytes = { text, len }, .received_us = (int64_t)i };
	struct sockaddr_in from = { .sin_family = AF_INET, .sin_port = htons((uint16_t)i) };

	ck_assert_uint_le(len, sizeof(text));
	memset(text, (int)('a' + i % 26), len);
	memcpy(&datagram.from, &from, sizeof(from));
	datagram.from_len = sizeof(from);
	return datagram;
}

static void
expect_taken(unsigned i, size_t len)
{
	struct udp_datagram datagram;
	char expected[sizeof(text)];

	ck_assert(datagram_queue_take(queue, &datagram));
	ck_assert_int_eq(datagram.received_us, (int64_t)i);
	ck_assert_uint_eq(datagram.bytes.len, len);
	memset(expected, (int)('a' + i % 26), len);
	ck_assert_mem_eq(datagram.bytes.data, expected, len);
	const struct sockaddr_in *from = (const struct sockaddr_in *)&datagram.from;
	ck_assert_int_eq(from->sin_family, AF_INET);
	ck_assert_uint_eq(ntohs(from->sin_port), i);
	ck_assert_uint_eq(datagram.from_len, sizeof(*from));
	ck_assert_int_eq(datagram.to.ss_family, AF_UNSPEC);
}

static size_t
len_of(unsigned i)
{
	return i * 37 % 300;
}

START_TEST(datagrams_come_out_in_order_round_and_round_the_ring)
{
	unsigned in = 0, out = 0;
	struct udp_datagram datagram;

	/* From nearly empty to full and back, a hundred times round. */
	for (unsigned turn = 0; turn < 200; turn++) {
		for (;; in++) {
			datagram = datagram_of(in, len_of(in));
			if (!datagram_queue_put(queue, &datagram))
				break;
		}
		ck_assert_uint_eq(datagram_queue_count(queue), in - out);
		ck_assert_uint_gt(in - out, 5);
		for (unsigned keep = turn % 4; out + keep < in; out++)
			expect_taken(out, len_of(out));
	}
	while (out < in) {
		expect_taken(out, len_of(out));
		out++;
	}
	ck_assert(!datagram_queue_take(queue, &datagram));
	ck_assert_uint_eq(datagram_queue_count(queue), 0);
}
END_TEST

START_TEST(one_that_does_not_fit_leaves_the_others)
{
	struct udp_datagram datagram = datagram_of(1, 100);
	char huge[BYTES];

	ck_assert(datagram_queue_put(queue, &datagram));
	datagram.bytes = (struct slice){ huge, sizeof(huge) };
	ck_assert(!datagram_queue_put(queue, &datagram));
	ck_assert_uint_eq(datagram_queue_count(queue), 1);
	datagram_of(1, 100);
	expect_taken(1, 100);
}
END_TEST

START_TEST(a_ring_filled_to_its_last_byte_is_full_and_not_empty)
{
	struct udp_datagram datagram = datagram_of(0, 0);
	unsigned n = 0;

	while (datagram_queue_put(queue, &datagram))
		n++;
	ck_assert_uint_eq(datagram_queue_count(queue), n);
	ck_assert(!datagram_queue_put(queue, &datagram));
	for (; n > 0; n--)
		expect_taken(0, 0);
	ck_assert_uint_eq(datagram_queue_count(queue), 0);
}
END_TEST

START_TEST(both_addresses_of_a_datagram_over_ipv6_are_kept)
{
	struct udp_datagram datagram = datagram_of(7, 3), taken;
	const struct sockaddr_in6 from = { .sin6_family = AF_INET6,
		.sin6_port = htons(162),
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
		.sin6_scope_id = 5 },
				  to = { .sin6_family = AF_INET6, .sin6_scope_id = 9 };

	memcpy(&datagram.from, &from, sizeof(from));
	memcpy(&datagram.to, &to, sizeof(to));
	ck_assert(datagram_queue_put(queue, &datagram));
	ck_assert(datagram_queue_take(queue, &taken));
	ck_assert_mem_eq(&taken.from, &from, sizeof(from));
	ck_assert_uint_eq(taken.from_len, sizeof(from));
	ck_assert_mem_eq(&taken.to, &to, sizeof(to));
}
END_TEST

/* A Unix socket loses nothing, its sender waits: it needs no queue, and its addresses have no room in one. */
START_TEST(a_datagram_of_a_unix_socket_is_refused)
{
	struct udp_datagram datagram = datagram_of(1, 10);

	datagram.from.ss_family = AF_UNIX;
	ck_assert(!datagram_queue_put(queue, &datagram));
	datagram.from.ss_family = AF_UNSPEC;
	ck_assert(!datagram_queue_put(queue, &datagram));
	ck_assert_uint_eq(datagram_queue_count(queue), 0);
}
END_TEST

int
main(void)
{
	TCase *tcase = tcase_create("queue");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, datagrams_come_out_in_order_round_and_round_the_ring);
	tcase_add_test(tcase, one_that_does_not_fit_leaves_the_others);
	tcase_add_test(tcase, a_ring_filled_to_its_last_byte_is_full_and_not_empty);
	tcase_add_test(tcase, both_addresses_of_a_datagram_over_ipv6_are_kept);
	tcase_add_test(tcase, a_datagram_of_a_unix_socket_is_refused);
	return run_case("datagram_queue", tcase);
}
