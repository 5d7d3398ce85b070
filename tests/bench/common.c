/*
 * The made-up network, and what every program of the benchmark needs; see bench.h.
 */
#include "bench.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum {
	PER_NET = 250, /* switches of one 127.1.x net: y is 1 .. 250 */
};

uint64_t
bench_clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

uint64_t
bench_now_ns(void)
{
	return bench_clock_ns(CLOCK_MONOTONIC);
}

void
bench_sleep_until(uint64_t deadline_ns)
{
	struct timespec ts = {
		.tv_sec = (time_t)(deadline_ns / 1000000000),
		.tv_nsec = (long)(deadline_ns % 1000000000),
	};

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

void
bench_die(const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

uint64_t
bench_number(const char *option, const char *text, uint64_t min, uint64_t max)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || end == text || *end || *text == '-' || value < min || value > max)
		bench_die("--%s: %s is not a number from %llu to %llu", option, text,
		    (unsigned long long)min, (unsigned long long)max);
	return value;
}

struct sockaddr_in
bench_address(const char *text)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	char host[INET_ADDRSTRLEN];
	const char *colon = strrchr(text, ':');

	if (!colon || (size_t)(colon - text) >= sizeof(host))
		bench_die("%s: not ADDRESS:PORT", text);
	snprintf(host, sizeof(host), "%.*s", (int)(colon - text), text);
	if (inet_pton(AF_INET, host, &address.sin_addr) != 1)
		bench_die("%s: not an IPv4 address", host);
	address.sin_port = htons((uint16_t)bench_number("port", colon + 1, 1, 65535));
	return address;
}

static enum bench_kind
read_kind(const char *text)
{
	static const char *const names[] = {
		[BENCH_TRAP] = "trap",
		[BENCH_IOS] = "ios",
		[BENCH_RFC5424] = "rfc5424",
	};

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(text, names[i]) == 0)
			return (enum bench_kind)i;
	bench_die("--kind: %s is none of trap, ios, rfc5424", text);
}

bool
bench_shape_option(struct bench_shape *shape, int letter, const char *arg)
{
	switch (letter) {
	case 'k':
		shape->kind = read_kind(arg);
		return true;
	case 's':
		shape->switches = (unsigned)bench_number("switches", arg, 1, BENCH_MAX_SWITCHES);
		return true;
	case 'p':
		shape->ports = (unsigned)bench_number("ports", arg, 1, BENCH_MAX_PORTS);
		return true;
	case 'i':
		shape->ports_per_interface =
		    (unsigned)bench_number("ports-per-interface", arg, 1, 0xffff);
		return true;
	case 'c':
		if (strlen(arg) > BENCH_MAX_COMMUNITY)
			bench_die("--community: more than %d bytes", BENCH_MAX_COMMUNITY);
		shape->community = arg;
		return true;
	}
	return false;
}

unsigned
bench_interfaces(const struct bench_shape *shape)
{
	return shape->switches * shape->ports;
}

in_addr_t
bench_switch_address(unsigned sw)
{
	return htonl(0x7f010000 | (sw - 1) / PER_NET << 8 | ((sw - 1) % PER_NET + 1));
}

unsigned
bench_switch_of(in_addr_t address)
{
	uint32_t host = ntohl(address), net = host >> 8 & 0xff, last = host & 0xff;

	if (host >> 16 != 0x7f01 || last < 1 || last > PER_NET ||
	    net >= BENCH_MAX_SWITCHES / PER_NET)
		return 0;
	return net * PER_NET + last;
}

void
bench_switch_name(unsigned sw, char name[BENCH_NAME])
{
	snprintf(name, BENCH_NAME, "bench-sw-%u", sw);
}

void
bench_interface_name(unsigned port, char name[BENCH_NAME])
{
	snprintf(name, BENCH_NAME, "Ethernet1/%u", port);
}

void
bench_uuid(unsigned sw, unsigned port, unsigned nth, char uuid[BENCH_UUID])
{
	snprintf(uuid, BENCH_UUID, "be5c0000-0000-4000-8000-%04x%04x%04x", sw & 0xffff,
	    port & 0xffff, nth & 0xffff);
}

bool
bench_uuid_parse(
    const char *uuid, size_t len, unsigned *ret_sw, unsigned *ret_port, unsigned *ret_nth)
{
	char hex[13], *end;
	unsigned long long value;

	if (len != BENCH_UUID - 1 || memcmp(uuid, "be5c0000-0000-4000-8000-", 24) != 0)
		return false;
	snprintf(hex, sizeof(hex), "%.12s", uuid + 24);
	value = strtoull(hex, &end, 16);
	if (end != hex + 12)
		return false;
	*ret_sw = value >> 32 & 0xffff;
	*ret_port = value >> 16 & 0xffff;
	*ret_nth = value & 0xffff;
	return true;
}

void
bench_nth(const struct bench_shape *shape, uint64_t n, unsigned *ret_sw, unsigned *ret_port,
    bool *ret_down)
{
	unsigned interfaces = bench_interfaces(shape), which = (unsigned)(n % interfaces);

	*ret_sw = which / shape->ports + 1;
	*ret_port = which % shape->ports + 1;
	*ret_down = !shape->repeat_state && n / interfaces % 2 == 0;
}
