#include "util/addr.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static const uint8_t v4_mapped[12] = { [10] = 0xff, [11] = 0xff };

static bool
is_v4(const struct addr *a)
{
	return memcmp(a->ip, v4_mapped, sizeof(v4_mapped)) == 0;
}

/* fe80::/10, RFC 4291, 2.5.6. */
static bool
is_link_local(const struct addr *a)
{
	return a->ip[0] == 0xfe && (a->ip[1] & 0xc0) == 0x80;
}

static void
set_v4(struct addr *a, const void *four_bytes)
{
	*a = (struct addr){ 0 };
	memcpy(a->ip, v4_mapped, sizeof(v4_mapped));
	memcpy(a->ip + sizeof(v4_mapped), four_bytes, 4);
}

bool
addr_from_sockaddr(const struct sockaddr *sa, struct addr *ret_addr)
{
	/* Copied: a datagram's sockaddr need not be aligned for the family that it turns out to have. */
	if (sa->sa_family == AF_INET) {
		struct sockaddr_in in;
		memcpy(&in, sa, sizeof(in));
		set_v4(ret_addr, &in.sin_addr);
		return true;
	}
	if (sa->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;
		memcpy(&in6, sa, sizeof(in6));
		*ret_addr = (struct addr){ 0 };
		memcpy(ret_addr->ip, &in6.sin6_addr, sizeof(ret_addr->ip));
		if (is_link_local(ret_addr))
			ret_addr->scope = in6.sin6_scope_id;
		return true;
	}
	return false;
}

/* A number, or the name of an interface of this machine. */
static bool
scope_parse(struct slice text, uint32_t *ret_scope)
{
	char name[IF_NAMESIZE];
	unsigned long long number;

	if (slice_to_uint(text, UINT32_MAX, &number)) {
		*ret_scope = (uint32_t)number;
		return number != 0;
	}
	if (text.len == 0 || text.len >= sizeof(name) || memchr(text.data, '\0', text.len))
		return false;
	slice_copy(text, name, sizeof(name));
	*ret_scope = if_nametoindex(name);
	return *ret_scope != 0;
}

bool
addr_parse(struct slice text, struct addr *ret_addr)
{
	char buf[INET6_ADDRSTRLEN];
	uint8_t four_bytes[4];
	struct addr a = { 0 };
	long percent = slice_find(text, SLICE("%"));
	struct slice ip = percent < 0 ? text : slice_first(text, (size_t)percent);

	if (ip.len == 0 || ip.len >= sizeof(buf) || memchr(ip.data, '\0', ip.len))
		return false;
	slice_copy(ip, buf, sizeof(buf));
	if (inet_pton(AF_INET, buf, four_bytes) == 1)
		set_v4(&a, four_bytes);
	else if (inet_pton(AF_INET6, buf, a.ip) != 1)
		return false;
	if (percent >= 0 &&
	    (!is_link_local(&a) || !scope_parse(slice_from(text, ip.len + 1), &a.scope)))
		return false;
	*ret_addr = a;
	return true;
}

static void
clear_beyond(struct addr *a, unsigned bits)
{
	for (unsigned i = 0; i < sizeof(a->ip); i++) {
		if (bits >= (i + 1) * 8)
			continue;
		a->ip[i] &= bits > i * 8 ? (uint8_t)(0xff << (8 - bits % 8)) : 0;
	}
}

bool
addr_net_parse(struct slice text, struct addr_net *ret_net)
{
	struct addr_net net = { .bits = 128 };
	unsigned long long bits;
	long slash = slice_find(text, SLICE("/"));

	if (slash < 0) {
		if (!addr_parse(text, &net.addr))
			return false;
		*ret_net = net;
		return true;
	}
	struct slice ip = slice_first(text, (size_t)slash);
	if (!addr_parse(ip, &net.addr))
		return false;
	/* "10.0.0.0/8" counts from the IPv4 address's first bit, "::ffff:10.0.0.0/104" from the IPv6 address's. */
	unsigned base = slice_find(ip, SLICE(":")) < 0 ? 96 : 0;
	if (!slice_to_uint(slice_from(text, ip.len + 1), 128 - base, &bits))
		return false;
	net.bits = (uint8_t)(base + bits);
	clear_beyond(&net.addr, net.bits);
	*ret_net = net;
	return true;
}

bool
addr_eq(const struct addr *a, const struct addr *b)
{
	return memcmp(a->ip, b->ip, sizeof(a->ip)) == 0 && a->scope == b->scope;
}

bool
addr_is_any(const struct addr *a)
{
	static const uint8_t zero[16];

	return memcmp(a->ip, zero, sizeof(zero)) == 0 ||
	       (is_v4(a) && memcmp(a->ip + sizeof(v4_mapped), zero, 4) == 0);
}

bool
addr_is_multicast(const struct addr *a)
{
	static const uint8_t broadcast[4] = { 255, 255, 255, 255 };

	if (!is_v4(a))
		return a->ip[0] == 0xff;
	return (a->ip[12] & 0xf0) == 0xe0 || memcmp(a->ip + 12, broadcast, 4) == 0;
}

bool
addr_is_loopback(const struct addr *a)
{
	static const uint8_t one[16] = { [15] = 1 };

	return memcmp(a->ip, one, sizeof(one)) == 0 || (is_v4(a) && a->ip[12] == 127);
}

bool
addr_net_holds(const struct addr_net *net, const struct addr *a)
{
	struct addr masked = *a;

	if (net->addr.scope != 0 && net->addr.scope != a->scope)
		return false;
	clear_beyond(&masked, net->bits);
	return memcmp(masked.ip, net->addr.ip, sizeof(masked.ip)) == 0;
}

const char *
addr_format(const struct addr *a, char *buf)
{
	char ip[INET6_ADDRSTRLEN] = "";

	if (is_v4(a))
		inet_ntop(AF_INET, a->ip + sizeof(v4_mapped), ip, sizeof(ip));
	else
		inet_ntop(AF_INET6, a->ip, ip, sizeof(ip));
	if (a->scope != 0)
		snprintf(buf, ADDR_TEXT_MAX, "%s%%%u", ip, a->scope);
	else
		snprintf(buf, ADDR_TEXT_MAX, "%s", ip);
	return buf;
}
