#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <string.h>

#include "lib/guard.h"
#include "lib/run_suite.h"
#include "util/addr.h"

static struct addr
parse(const char *text)
{
	struct addr addr;

	ck_assert_msg(addr_parse(slice_of(text), &addr), "%s", text);
	return addr;
}

static const struct {
	const char *text, *written;
} spellings[] = {
	{ "192.0.2.1", "192.0.2.1" },
	{ "0.0.0.0", "0.0.0.0" },
	{ "255.255.255.255", "255.255.255.255" },
	{ "::ffff:192.0.2.1", "192.0.2.1" },
	{ "::FFFF:c000:201", "192.0.2.1" },
	{ "2001:DB8:0:0:0:0:0:1", "2001:db8::1" },
	{ "::", "::" },
	{ "::1", "::1" },
	{ "fe80::1", "fe80::1" },
	{ "fe80::1%7", "fe80::1%7" },
	{ "febf::1%4294967295", "febf::1%4294967295" },
};

START_TEST(an_address_is_read_and_written_in_its_usual_form)
{
	char buf[ADDR_TEXT_MAX];
	struct addr addr = parse(spellings[_i].text);

	ck_assert_str_eq(addr_format(&addr, buf), spellings[_i].written);
}
END_TEST

static const char *const no_addresses[] = { "", " ", "192.0.2", "192.0.2.1.1", "192.0.2.256",
	"192.0.2.01", " 192.0.2.1", "192.0.2.1 ", "192.0.2.1%1", "2001:db8::1%1", "fe80::1%",
	"fe80::1%0", "fe80::1%4294967296", "fe80::1%no-such-interface",
	"fe80::1%a-name-beyond-sixteen", "fe80::1%%1", ":", ":::", "1::2::3", "fe80::12345",
	"localhost", "0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0" };

START_TEST(what_is_no_address_is_refused_and_leaves_the_result_alone)
{
	struct addr addr, before;

	memset(&addr, 0xa5, sizeof(addr));
	before = addr;
	ck_assert_msg(!addr_parse(slice_of(no_addresses[_i]), &addr), "%s", no_addresses[_i]);
	ck_assert_mem_eq(&addr, &before, sizeof(addr));
}
END_TEST

START_TEST(an_address_is_read_up_to_its_last_byte_and_not_beyond)
{
	struct guard guard = { 0 };
	struct addr addr, want = parse("192.0.2.1");
	char *text = guard_put(&guard, "192.0.2.1", 9);

	ck_assert(addr_parse((struct slice){ text, 9 }, &addr));
	ck_assert(addr_eq(&addr, &want));
	guard_release(&guard);
}
END_TEST

START_TEST(a_name_with_a_nul_inside_is_no_address)
{
	struct addr addr;

	ck_assert(!addr_parse(SLICE("192.0.2.1\0.5"), &addr));
	ck_assert(!addr_parse(SLICE("fe80::1%lo\0x"), &addr));
}
END_TEST

START_TEST(the_loopback_interface_is_a_scope_by_its_name)
{
	struct addr addr = parse("fe80::1%lo");

	ck_assert_uint_ne(addr.scope, 0);
}
END_TEST

START_TEST(an_ipv4_sender_is_the_same_on_an_ipv4_and_on_an_ipv6_socket)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_scope_id = 3 };
	struct addr a, b;

	inet_pton(AF_INET, "192.0.2.1", &in.sin_addr);
	inet_pton(AF_INET6, "::ffff:192.0.2.1", &in6.sin6_addr);
	ck_assert(addr_from_sockaddr((const struct sockaddr *)&in, &a));
	ck_assert(addr_from_sockaddr((const struct sockaddr *)&in6, &b));
	ck_assert(addr_eq(&a, &b));
	ck_assert_uint_eq(b.scope, 0);
}
END_TEST

START_TEST(only_a_link_local_sender_keeps_its_scope)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_scope_id = 3 };
	struct addr addr;

	inet_pton(AF_INET6, "fe80::1", &in6.sin6_addr);
	ck_assert(addr_from_sockaddr((const struct sockaddr *)&in6, &addr));
	ck_assert_uint_eq(addr.scope, 3);
	inet_pton(AF_INET6, "2001:db8::1", &in6.sin6_addr);
	ck_assert(addr_from_sockaddr((const struct sockaddr *)&in6, &addr));
	ck_assert_uint_eq(addr.scope, 0);
}
END_TEST

START_TEST(a_sender_of_another_family_is_refused)
{
	struct sockaddr sa = { .sa_family = AF_UNIX };
	struct addr addr;

	ck_assert(!addr_from_sockaddr(&sa, &addr));
}
END_TEST

static const struct {
	const char *net, *addr;
	bool holds;
} networks[] = {
	{ "192.0.2.0/24", "192.0.2.255", true },
	{ "192.0.2.77/24", "192.0.2.1", true },
	{ "192.0.2.0/24", "192.0.3.0", false },
	{ "192.0.2.0/25", "192.0.2.127", true },
	{ "192.0.2.0/25", "192.0.2.128", false },
	{ "192.0.2.1", "192.0.2.1", true },
	{ "192.0.2.1", "192.0.2.2", false },
	{ "192.0.2.1/32", "192.0.2.1", true },
	{ "0.0.0.0/0", "203.0.113.9", true },
	{ "0.0.0.0/0", "2001:db8::1", false },
	{ "::/0", "203.0.113.9", true },
	{ "::/0", "2001:db8::1", true },
	{ "::ffff:192.0.2.0/120", "192.0.2.9", true },
	{ "2001:db8::/32", "2001:db8:ffff::1", true },
	{ "2001:db8::/32", "2001:db9::1", false },
	{ "2001:db8::/33", "2001:db8:7fff::1", true },
	{ "2001:db8::/33", "2001:db8:8000::1", false },
	{ "fe80::/10", "fe80::1%5", true },
	{ "fe80::1%5", "fe80::1%5", true },
	{ "fe80::1%5", "fe80::1%6", false },
};

START_TEST(a_network_holds_what_its_first_bits_say)
{
	struct addr_net net;
	struct addr addr = parse(networks[_i].addr);

	ck_assert(addr_net_parse(slice_of(networks[_i].net), &net));
	ck_assert_int_eq(addr_net_holds(&net, &addr), networks[_i].holds);
}
END_TEST

static const char *const no_networks[] = { "", "/", "/24", "192.0.2.0/", "192.0.2.0/33",
	"192.0.2.0/-1", "192.0.2.0/24/24", "192.0.2.0/ 24", "2001:db8::/129",
	"192.0.2.0/255.255.255.0", "any" };

START_TEST(what_is_no_network_is_refused)
{
	struct addr_net net;

	ck_assert_msg(!addr_net_parse(slice_of(no_networks[_i]), &net), "%s", no_networks[_i]);
}
END_TEST

START_TEST(addresses_that_no_sender_has_are_told_apart)
{
	struct addr any4 = parse("0.0.0.0"), any6 = parse("::"), host = parse("192.0.2.1");
	struct addr lo4 = parse("127.8.9.1"), lo6 = parse("::1"), group4 = parse("239.1.2.3");
	struct addr group6 = parse("ff02::1"), broadcast = parse("255.255.255.255");

	ck_assert(addr_is_any(&any4) && addr_is_any(&any6) && !addr_is_any(&host));
	ck_assert(addr_is_loopback(&lo4) && addr_is_loopback(&lo6) && !addr_is_loopback(&host));
	ck_assert(addr_is_multicast(&group4) && addr_is_multicast(&group6));
	ck_assert(addr_is_multicast(&broadcast) && !addr_is_multicast(&host));
}
END_TEST

#define N(array) (int)(sizeof(array) / sizeof((array)[0]))

int
main(void)
{
	TCase *tc = tcase_create("addr");

	tcase_add_loop_test(tc, an_address_is_read_and_written_in_its_usual_form, 0, N(spellings));
	tcase_add_loop_test(
	    tc, what_is_no_address_is_refused_and_leaves_the_result_alone, 0, N(no_addresses));
	tcase_add_test(tc, an_address_is_read_up_to_its_last_byte_and_not_beyond);
	tcase_add_test(tc, a_name_with_a_nul_inside_is_no_address);
	tcase_add_test(tc, the_loopback_interface_is_a_scope_by_its_name);
	tcase_add_test(tc, an_ipv4_sender_is_the_same_on_an_ipv4_and_on_an_ipv6_socket);
	tcase_add_test(tc, only_a_link_local_sender_keeps_its_scope);
	tcase_add_test(tc, a_sender_of_another_family_is_refused);
	tcase_add_loop_test(tc, a_network_holds_what_its_first_bits_say, 0, N(networks));
	tcase_add_loop_test(tc, what_is_no_network_is_refused, 0, N(no_networks));
	tcase_add_test(tc, addresses_that_no_sender_has_are_told_apart);
	return run_case("addr", tc);
}
