/*
 * What the benchmark's programs (loadgen, floor, latency) agree on: the made-up
 * network, the datagrams its switches send, and where in them a receiver that
 * decodes nothing finds the interface and the direction.
 *
 * The network: switch N (from 1) is "bench-sw-N" at 127.1.x.y and has interfaces
 * Ethernet1/1 .. Ethernet1/P with if_index 1 .. P. Logical ports have a UUID that
 * says switch, interface and a running number, so that no table is needed to go
 * from one to the other.
 *
 * Traffic: round after round over all interfaces, switch by switch; even rounds
 * say down, odd rounds up. So datagram n is about interface n % interfaces, and
 * every datagram is a toggle for a receiver that starts with no memory.
 *
 * Not part of the product: may use nothing from src/ or include/, so that it
 * measures the daemon from outside.
 */
#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

enum {
	BENCH_MAX_SWITCHES = 1000,
	BENCH_MAX_PORTS = 127, /* one byte as INTEGER and as OID part: offsets stay put */
	BENCH_MAX_COMMUNITY = 32,
	BENCH_DATAGRAM = 256, /* longest trap is 181 bytes, longest line 119 */
	BENCH_BATCH = 128,    /* datagrams for one sendmmsg: a switch has at most 127 */
	BENCH_NAME = 32,      /* "bench-sw-1000", "Ethernet1/127" and their NUL */
	BENCH_UUID = 37,
};

/*
 * Fixed places in a trap, counted from its first byte, for a community of no
 * bytes: add the community's length, which stands at BENCH_TRAP_COMMUNITY_LEN.
 */
enum {
	BENCH_TRAP_COMMUNITY_LEN = 7,
	BENCH_TRAP_DIRECTION = 67, /* last part of snmpTrapOID.0: 3 down, 4 up */
	BENCH_TRAP_IF_INDEX = 84,  /* the value of ifIndex.N */
};

/* Fixed ends of a syslog line; the interface's digits stand before them. */
#define BENCH_SYSLOG_DOWN ", changed state to down"
#define BENCH_SYSLOG_UP ", changed state to up"

enum bench_kind {
	BENCH_TRAP,
	BENCH_IOS, /* RFC 3164 as Cisco IOS writes it */
	BENCH_RFC5424,
};

struct bench_shape {
	enum bench_kind kind;
	unsigned switches;
	unsigned ports;               /* interfaces of each switch */
	unsigned ports_per_interface; /* logical ports, in the topology only */
	bool repeat_state;            /* every datagram says up: nothing changes */
	const char *community;        /* borrowed */
};

/* clang-format off */
#define BENCH_SHAPE_DEFAULT { \
	.kind = BENCH_TRAP, \
	.switches = 64, \
	.ports = 48, \
	.ports_per_interface = 1, \
	.community = "public", \
}
/* clang-format on */

/* One socket for each switch, and the place in the traffic. Large: keep it static. */
struct bench_sender {
	struct bench_shape shape;
	int fds[BENCH_MAX_SWITCHES]; /* n_open of them */
	unsigned n_open;
	uint64_t sent;    /* datagrams so far: says what comes next */
	unsigned refused; /* sends that met a closed port */
	uint32_t first_request_id;
	uint8_t bytes[BENCH_BATCH][BENCH_DATAGRAM];
};

/* Nanoseconds of a clock; monotonic ones (CLOCK_MONOTONIC) are comparable between processes. */
uint64_t bench_clock_ns(clockid_t clock);
uint64_t bench_now_ns(void); /* monotonic */

/* Sleeps until bench_now_ns() is deadline_ns; returns early on a signal. */
void bench_sleep_until(uint64_t deadline_ns);

/* Writes "program: text" to stderr and ends the process with status 1. */
__attribute__((noreturn, format(printf, 1, 2))) void bench_die(const char *format, ...);

/* Reads a decimal number within [min, max] or dies, naming the option. */
uint64_t bench_number(const char *option, const char *text, uint64_t min, uint64_t max);

/* Reads "ADDR:PORT" (numeric IPv4) or dies. */
struct sockaddr_in bench_address(const char *text);

/*
 * Options that loadgen and latency share. BENCH_SHAPE_OPTIONS goes into the
 * getopt_long table; bench_shape_option() returns false for a letter not among them.
 */
/* clang-format off */
#define BENCH_SHAPE_OPTIONS \
	{ "kind", required_argument, NULL, 'k' }, \
	{ "switches", required_argument, NULL, 's' }, \
	{ "ports", required_argument, NULL, 'p' }, \
	{ "ports-per-interface", required_argument, NULL, 'i' }, \
	{ "community", required_argument, NULL, 'c' }
/* clang-format on */
bool bench_shape_option(struct bench_shape *shape, int letter, const char *arg);

unsigned bench_interfaces(const struct bench_shape *shape);

/* Switch N's address (network order) and back; back is 0 for any other address. */
in_addr_t bench_switch_address(unsigned sw);
unsigned bench_switch_of(in_addr_t address);

void bench_switch_name(unsigned sw, char name[BENCH_NAME]);
void bench_interface_name(unsigned port, char name[BENCH_NAME]);

/* The UUID of logical port number `nth` (from 0) on an interface, and back. */
void bench_uuid(unsigned sw, unsigned port, unsigned nth, char uuid[BENCH_UUID]);
bool bench_uuid_parse(
    const char *uuid, size_t len, unsigned *ret_sw, unsigned *ret_port, unsigned *ret_nth);

/* Says what datagram number n of this traffic is about. */
void bench_nth(const struct bench_shape *shape, uint64_t n, unsigned *ret_sw, unsigned *ret_port,
    bool *ret_down);

/* One trap of a switch about an interface (1 to BENCH_MAX_PORTS). Its length. */
size_t bench_trap(const struct bench_shape *shape, uint8_t datagram[BENCH_DATAGRAM], unsigned sw,
    unsigned port, bool down);

/*
 * Reads interface and direction out of a datagram by their fixed places. Trusts
 * that a loadgen wrote it; false only if the place lies outside or is nonsense.
 */
bool bench_read(const uint8_t *datagram, size_t len, unsigned *ret_port, bool *ret_down);

/* Opens the sender's sockets towards target, or dies. */
void bench_sender_open(
    struct bench_sender *sender, const struct bench_shape *shape, const struct sockaddr_in *target);
void bench_sender_close(struct bench_sender *sender);

/*
 * Sends the next datagrams with one sendmmsg: at most max, and none beyond the
 * current switch's last interface. Returns how many went out (at least 1), or
 * dies when nobody listens at the target.
 */
unsigned bench_sender_send(struct bench_sender *sender, uint64_t max);

#endif
