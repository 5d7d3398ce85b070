/*
 * The datagrams of the made-up network, and who sends them; see bench.h.
 *
 * Traps are written back to front, so that every length is known when its header
 * is due. All numbers have a fixed width on purpose: the floor finds them by offset.
 */
#include "bench.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	TICKS_BASE = 0x02000000, /* keeps sysUpTime at four bytes */
	REQUEST_ID_BASE = 0x01000000,
	GIVE_UP_REFUSED = 20,
};

/* --- what the floor reads --- */

static bool
read_trap(const uint8_t *datagram, size_t len, unsigned *ret_port, bool *ret_down)
{
	const uint8_t *base = datagram + datagram[BENCH_TRAP_COMMUNITY_LEN];

	if (len <= (size_t)BENCH_TRAP_IF_INDEX + datagram[BENCH_TRAP_COMMUNITY_LEN])
		return false;
	*ret_down = base[BENCH_TRAP_DIRECTION] == 3;
	*ret_port = base[BENCH_TRAP_IF_INDEX];
	return *ret_port >= 1 && *ret_port <= BENCH_MAX_PORTS;
}

static bool
read_line(const uint8_t *line, size_t len, unsigned *ret_port, bool *ret_down)
{
	unsigned port = 0, unit = 1;
	size_t end;

	*ret_down = line[len - 1] == 'n';
	end = len - (*ret_down ? sizeof(BENCH_SYSLOG_DOWN) : sizeof(BENCH_SYSLOG_UP)) + 1;
	for (; end > 0 && line[end - 1] >= '0' && line[end - 1] <= '9' && unit < 1000;
	     end--, unit *= 10)
		port += unit * (line[end - 1] - (unsigned)'0');
	*ret_port = port;
	return port >= 1 && port <= BENCH_MAX_PORTS;
}

bool
bench_read(const uint8_t *datagram, size_t len, unsigned *ret_port, bool *ret_down)
{
	if (len < 64)
		return false;
	if (datagram[0] == '<')
		return read_line(datagram, len, ret_port, ret_down);
	return read_trap(datagram, len, ret_port, ret_down);
}

/* --- BER, back to front; the caller's buffer is known to be large enough --- */

static void
put_bytes(uint8_t **at, const void *bytes, size_t n)
{
	*at -= n;
	memcpy(*at, bytes, n);
}

static void
put_header(uint8_t **at, uint8_t tag, size_t len)
{
	*--*at = (uint8_t)len;
	if (len > 127)
		*--*at = 0x81;
	*--*at = tag;
}

static void
put_u32(uint8_t **at, uint8_t tag, uint32_t value)
{
	uint32_t big = htonl(value);

	put_bytes(at, &big, 4);
	put_header(at, tag, 4);
}

static void
put_small(uint8_t **at, uint8_t value)
{
	*--*at = value;
	put_header(at, 0x02, 1);
}

/* Puts the name of a varbind whose value already stands at *at, and its SEQUENCE. */
static void
put_name(uint8_t **at, const uint8_t *end, const uint8_t *oid, size_t n)
{
	put_bytes(at, oid, n);
	put_header(at, 0x06, n);
	put_header(at, 0x30, (size_t)(end - *at));
}

/* ifIndex (1), ifAdminStatus (7) or ifOperStatus (8) of an interface. */
static void
put_if_column(uint8_t **at, uint8_t column, uint8_t port, uint8_t value)
{
	const uint8_t oid[] = { 0x2b, 6, 1, 2, 1, 2, 2, 1, column, port };
	const uint8_t *end = *at;

	put_small(at, value);
	put_name(at, end, oid, sizeof(oid));
}

static void
put_if_name(uint8_t **at, uint8_t port)
{
	const uint8_t oid[] = { 0x2b, 6, 1, 2, 1, 31, 1, 1, 1, 1, port };
	const uint8_t *end = *at;
	char name[BENCH_NAME];
	size_t n;

	bench_interface_name(port, name);
	n = strlen(name);
	put_bytes(at, name, n);
	put_header(at, 0x04, n);
	put_name(at, end, oid, sizeof(oid));
}

static void
put_trap_oid(uint8_t **at, bool down)
{
	static const uint8_t oid[] = { 0x2b, 6, 1, 6, 3, 1, 1, 4, 1, 0 };
	const uint8_t value[] = { 0x2b, 6, 1, 6, 3, 1, 1, 5, down ? 3 : 4 };
	const uint8_t *end = *at;

	put_bytes(at, value, sizeof(value));
	put_header(at, 0x06, sizeof(value));
	put_name(at, end, oid, sizeof(oid));
}

static void
put_uptime(uint8_t **at, uint32_t ticks)
{
	static const uint8_t oid[] = { 0x2b, 6, 1, 2, 1, 1, 3, 0 };
	const uint8_t *end = *at;

	put_u32(at, 0x43, ticks);
	put_name(at, end, oid, sizeof(oid));
}

/* Writes the trap so that it ends at `end`; returns its first byte. */
static uint8_t *
make_trap(const struct bench_shape *shape, uint8_t *end, uint32_t request_id, uint32_t ticks,
    uint8_t port, bool down)
{
	uint8_t *at = end;
	size_t community_len = strlen(shape->community);

	put_if_name(&at, port);
	put_if_column(&at, 8, port, down ? 2 : 1);
	put_if_column(&at, 7, port, 1);
	put_if_column(&at, 1, port, port);
	put_trap_oid(&at, down);
	put_uptime(&at, ticks);
	put_header(&at, 0x30, (size_t)(end - at));
	put_small(&at, 0); /* error-index, error-status */
	put_small(&at, 0);
	put_u32(&at, 0x02, request_id);
	put_header(&at, 0xa7, (size_t)(end - at));
	put_bytes(&at, shape->community, community_len);
	put_header(&at, 0x04, community_len);
	put_small(&at, 1); /* version 2c */
	put_header(&at, 0x30, (size_t)(end - at));
	return at;
}

/*
 * A switch's sysUpTime follows the machine's own clock, also from one loadgen to
 * the next: a fresh count would look like a late trap of the run before.
 */
static uint32_t
uptime_ticks(unsigned sw)
{
	return TICKS_BASE + sw * 4096 +
	       (uint32_t)(bench_clock_ns(CLOCK_BOOTTIME) / 10000000 % 0x40000000);
}

size_t
bench_trap(const struct bench_shape *shape, uint8_t datagram[BENCH_DATAGRAM], unsigned sw,
    unsigned port, bool down)
{
	static uint32_t request_id = REQUEST_ID_BASE;
	uint8_t bytes[BENCH_DATAGRAM], *end = bytes + sizeof(bytes);
	uint8_t *at = make_trap(shape, end, request_id++, uptime_ticks(sw), (uint8_t)port, down);

	memcpy(datagram, at, (size_t)(end - at));
	return (size_t)(end - at);
}

static size_t
make_line(const struct bench_shape *shape, uint8_t *line, const char *stamp, unsigned sw,
    uint64_t n, unsigned port, bool down)
{
	static const char text[] = "%LINK-3-UPDOWN: Interface Ethernet1/";
	const char *end = down ? BENCH_SYSLOG_DOWN : BENCH_SYSLOG_UP;
	int len;

	if (shape->kind == BENCH_IOS)
		len = snprintf((char *)line, BENCH_DATAGRAM, "<187>%06u: %s UTC: %s%u%s",
		    (unsigned)(n % 1000000), stamp, text, port, end);
	else
		len = snprintf((char *)line, BENCH_DATAGRAM, "<187>1 %s bench-sw-%u - - - - %s%u%s",
		    stamp, sw, text, port, end);
	return (size_t)len;
}

static void
make_stamp(enum bench_kind kind, char *stamp, size_t size)
{
	uint64_t now = bench_clock_ns(CLOCK_REALTIME);
	time_t seconds = (time_t)(now / 1000000000);
	char date[32];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	if (kind == BENCH_IOS) {
		strftime(date, sizeof(date), "%b %e %H:%M:%S", &tm);
		snprintf(stamp, size, "%s.%03u", date, (unsigned)(now / 1000000 % 1000));
	} else {
		strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
		snprintf(stamp, size, "%s.%06uZ", date, (unsigned)(now / 1000 % 1000000));
	}
}

/* --- sending --- */

static int
open_switch(unsigned sw, const struct sockaddr_in *target)
{
	struct sockaddr_in from = { .sin_family = AF_INET,
		.sin_addr.s_addr = bench_switch_address(sw) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&from, sizeof(from)) < 0 ||
	    connect(fd, (const struct sockaddr *)target, sizeof(*target)) < 0)
		bench_die("socket of switch %u: %s", sw, strerror(errno));
	return fd;
}

/* Makes datagrams sent .. sent + n - 1, all of switch sw. */
static void
make_batch(struct bench_sender *sender, unsigned sw, unsigned n, struct iovec *iov)
{
	const struct bench_shape *shape = &sender->shape;
	uint32_t ticks = uptime_ticks(sw);
	char stamp[64] = "";

	if (shape->kind != BENCH_TRAP)
		make_stamp(shape->kind, stamp, sizeof(stamp));
	for (unsigned i = 0; i < n; i++) {
		uint8_t *bytes = sender->bytes[i], *start = bytes;
		uint64_t nth = sender->sent + i;
		unsigned nth_sw, port;
		bool down;

		bench_nth(shape, nth, &nth_sw, &port, &down);
		if (shape->kind == BENCH_TRAP) {
			start = make_trap(shape, bytes + BENCH_DATAGRAM,
			    REQUEST_ID_BASE +
				((sender->first_request_id + (uint32_t)nth) & 0x3fffffff),
			    ticks, (uint8_t)port, down);
			iov[i].iov_len = (size_t)(bytes + BENCH_DATAGRAM - start);
		} else {
			iov[i].iov_len = make_line(shape, bytes, stamp, nth_sw, nth, port, down);
		}
		iov[i].iov_base = start;
	}
}

/* The floor reads by offset: make sure that what we write says there what it should. */
static void
check_offsets(struct bench_sender *sender)
{
	struct iovec iov[BENCH_BATCH];
	unsigned sw, port, want;
	bool down, want_down;

	make_batch(sender, 1, sender->shape.ports, iov);
	for (unsigned i = 0; i < sender->shape.ports; i++) {
		bench_nth(&sender->shape, i, &sw, &want, &want_down);
		if (!bench_read(iov[i].iov_base, iov[i].iov_len, &port, &down) || port != want ||
		    down != want_down)
			bench_die("bug: the offsets in bench.h do not fit the datagrams");
	}
}

void
bench_sender_open(
    struct bench_sender *sender, const struct bench_shape *shape, const struct sockaddr_in *target)
{
	memset(sender, 0, sizeof(*sender));
	sender->shape = *shape;
	sender->first_request_id = (uint32_t)(bench_clock_ns(CLOCK_BOOTTIME) / 1000000);
	check_offsets(sender);
	for (; sender->n_open < shape->switches; sender->n_open++)
		sender->fds[sender->n_open] = open_switch(sender->n_open + 1, target);
}

void
bench_sender_close(struct bench_sender *sender)
{
	while (sender->n_open > 0)
		close(sender->fds[--sender->n_open]);
}

unsigned
bench_sender_send(struct bench_sender *sender, uint64_t max)
{
	struct mmsghdr messages[BENCH_BATCH] = { 0 };
	struct iovec iov[BENCH_BATCH];
	unsigned sw, port, n;
	bool down;
	int done;

	bench_nth(&sender->shape, sender->sent, &sw, &port, &down);
	n = sender->shape.ports - port + 1;
	if (n > max)
		n = (unsigned)max;
	make_batch(sender, sw, n, iov);
	for (unsigned i = 0; i < n; i++) {
		messages[i].msg_hdr.msg_iov = &iov[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	while ((done = sendmmsg(sender->fds[sw - 1], messages, n, 0)) < 0) {
		if (errno == ECONNREFUSED && ++sender->refused > GIVE_UP_REFUSED)
			bench_die("nobody listens at the target");
		if (errno != ECONNREFUSED && errno != EINTR && errno != ENOBUFS)
			bench_die("sendmmsg: %s", strerror(errno));
	}
	sender->sent += (unsigned)done;
	return (unsigned)done;
}
