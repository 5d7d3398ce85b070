#include "chaos/chaos.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MS UINT64_C(1000000)
#define REPEAT_NS (300 * MS)
/* sysUpTime counts hundredths: two words of one interface within one could not be put in order by anybody. */
#define REST_NS (50 * MS)
#define LATE_MAX_MS 30
#define N_LATE 64
#define RESPONSE 0xa2

struct truth truth[N_PORTS];
struct switches_count switches_count;

struct datagram {
	unsigned sw;
	size_t len;
	uint64_t at_ns; /* when it goes; 0: nothing here */
	uint8_t bytes[BENCH_DATAGRAM];
};

static int fds[N_SWITCHES + 1];
static uint64_t rested_ns[N_PORTS];
static struct datagram informs[N_PORTS]; /* at_ns: when it is repeated */
static struct datagram late[N_LATE];
static const struct bench_shape shape = BENCH_SHAPE_DEFAULT;

void
switches_open(uint16_t port)
{
	const struct sockaddr_in target = { .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	for (unsigned sw = 1; sw <= N_SWITCHES; sw++) {
		const struct sockaddr_in from = { .sin_family = AF_INET,
			.sin_addr.s_addr = bench_switch_address(sw) };
		fds[sw] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (fds[sw] < 0 ||
		    bind(fds[sw], (const struct sockaddr *)&from, sizeof(from)) != 0 ||
		    connect(fds[sw], (const struct sockaddr *)&target, sizeof(target)) != 0)
			bench_die("socket of switch %u: %s", sw, strerror(errno));
	}
}

/* While the daemon is dead its port is closed, and every second send tells so: that is what is wanted. */
static void
put(const struct datagram *datagram)
{
	if (send(fds[datagram->sw], datagram->bytes, datagram->len, 0) < 0 && errno == ECONNREFUSED)
		send(fds[datagram->sw], datagram->bytes, datagram->len, 0);
}

/* The PDU's type stands behind version and community. */
static uint8_t *
pdu_of(uint8_t *bytes)
{
	size_t head = bytes[1] & 0x80 ? 2 + (bytes[1] & 0x7f) : 2;

	return bytes + head + 3 + 2 + strlen(shape.community);
}

static void
make(struct datagram *datagram, unsigned number, bool inform)
{
	datagram->sw = number / N_INTERFACES + 1;
	datagram->len = bench_trap(
	    &shape, datagram->bytes, datagram->sw, number % N_INTERFACES + 1, truth[number].down);
	if (inform)
		*pdu_of(datagram->bytes) = 0xa6;
}

static void
send_inform(unsigned number, uint64_t now_ns)
{
	struct datagram *inform = &informs[number];

	make(inform, number, true);
	inform->at_ns = now_ns + REPEAT_NS;
	switches_count.informs++;
	switches_count.waiting++;
	put(inform);
}

static bool
put_off(const struct datagram *datagram, uint64_t at_ns)
{
	for (unsigned i = 0; i < N_LATE; i++) {
		if (late[i].at_ns == 0) {
			late[i] = *datagram;
			late[i].at_ns = at_ns;
			return true;
		}
	}
	return false;
}

/* One in ten comes late, one in ten twice, once at once and once late. */
static void
send_trap(unsigned number, uint64_t now_ns)
{
	struct datagram trap;
	const uint64_t later_ns = now_ns + (1 + chance(LATE_MAX_MS)) * MS;
	const unsigned fate = chance(10);

	make(&trap, number, false);
	switches_count.traps++;
	if (fate == 0 && put_off(&trap, later_ns)) {
		switches_count.delayed++;
		return;
	}
	put(&trap);
	if (fate == 1 && put_off(&trap, later_ns))
		switches_count.duplicated++;
}

static void
change_one(uint64_t now_ns)
{
	const unsigned number = chance(N_PORTS);

	if (informs[number].at_ns != 0 || now_ns - rested_ns[number] < REST_NS)
		return;
	rested_ns[number] = now_ns;
	truth[number].down = !truth[number].down;
	truth[number].n++;
	switches_count.transitions++;
	if (tells_by_inform(number))
		send_inform(number, now_ns);
	else
		send_trap(number, now_ns);
}

static void
send_due(uint64_t now_ns)
{
	for (unsigned i = 0; i < N_LATE; i++) {
		if (late[i].at_ns != 0 && late[i].at_ns <= now_ns) {
			put(&late[i]);
			late[i].at_ns = 0;
		}
	}
	for (unsigned number = 0; number < N_PORTS; number++) {
		if (informs[number].at_ns != 0 && informs[number].at_ns <= now_ns) {
			put(&informs[number]);
			informs[number].at_ns = now_ns + REPEAT_NS;
			switches_count.repeated++;
		}
	}
}

/* An answer is the INFORM with another type (RFC 3416 4.2.7). */
static void
take_answer(uint8_t *bytes, size_t len)
{
	if (len < 40 || *pdu_of(bytes) != RESPONSE)
		return;
	*pdu_of(bytes) = 0xa6;
	for (unsigned number = 0; number < N_PORTS; number++) {
		struct datagram *inform = &informs[number];
		if (inform->at_ns != 0 && inform->len == len &&
		    memcmp(inform->bytes, bytes, len) == 0) {
			inform->at_ns = 0;
			rested_ns[number] = bench_now_ns();
			switches_count.answered++;
			switches_count.waiting--;
			return;
		}
	}
}

static void
take_answers(int wait_ms)
{
	struct pollfd polls[N_SWITCHES];
	uint8_t bytes[2048];

	for (unsigned i = 0; i < N_SWITCHES; i++)
		polls[i] = (struct pollfd){ .fd = fds[i + 1], .events = POLLIN };
	if (poll(polls, N_SWITCHES, wait_ms) <= 0)
		return;
	for (unsigned i = 0; i < N_SWITCHES; i++) {
		ssize_t len;
		while (
		    polls[i].revents != 0 && (len = recv(fds[i + 1], bytes, sizeof(bytes), 0)) > 0)
			take_answer(bytes, (size_t)len);
	}
}

void
switches_run(uint64_t until_ns, unsigned rate)
{
	const uint64_t start_ns = bench_now_ns();
	uint64_t tried = 0, now_ns;

	while ((now_ns = bench_now_ns()) < until_ns) {
		for (; tried < (now_ns - start_ns) * rate / 1000000000; tried++)
			change_one(now_ns);
		send_due(now_ns);
		take_answers(2);
	}
}

void
switches_say_all(void)
{
	for (unsigned number = 0; number < N_PORTS; number++)
		if (informs[number].at_ns == 0)
			send_inform(number, bench_now_ns());
}
