/*
 * matcher: how many syslog lines a second one core holds against the shipped rules, alone: no sockets, no Redis.
 *
 *   (a) a day's mix with one link line in a thousand    (b) link lines alone    (c) near misses: link lines without their end
 *
 * and (a) again with the number of rules doubled; then it looks for the line that takes longest. Time is this process's CPU time, so that neighbours count for little; each
 * figure is the best of several turns, the two sets of (a) taking turns. Prints name=value, and says what was hoped for.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/rules.h"
#include "core/syslog_link.h"
#include "util/files.h"

#define TURNS 7
#define TURN_MS 250
#define CORPUS_MAX 4096
#define LINK_EVERY 1000
#define CLIMBS 12
#define CLIMB_STEPS 2500
#define HOPED_MIX 1000000.0 /* lines a second */
#define HOPED_DOUBLED 0.90  /* of the rate with the shipped rules */

struct corpus {
	struct slice lines[CORPUS_MAX];
	size_t n, bytes;
};

/* What switches and servers say all day, none of it about a link; made up by us after the formats of the facts. */
static const char *const chatter[] = {
	"<189>45: sw-core-1: Mar  1 2025 10:00:00.001 UTC: %SYS-5-CONFIG_I: Configured from console by admin on vty0 (10.0.0.7)",
	"<190>46: sw-core-1: Mar  1 2025 10:00:00.120 UTC: %SEC-6-IPACCESSLOGP: list 101 denied tcp 192.0.2.7(51234) -> 198.51.100.9(22), 1 packet",
	"<189>47: sw-acc-7: *Mar  1 00:12:44.120: %SEC_LOGIN-5-LOGIN_SUCCESS: Login Success [user: ops] [Source: 10.0.0.7] [localport: 22] at 10:00:00 UTC",
	"<190>: 2025 Mar  1 10:00:00 UTC: %AUTHPRIV-6-SYSTEM_MSG: pam_unix(sshd:session): session closed for user admin - sshd[12345]",
	"<189>: 2025 Mar  1 10:00:01 UTC: %VSHD-5-VSHD_SYSLOG_CONFIG_I: Configured from vty by admin on 10.0.0.7@pts/0",
	"<30>1 2025-03-01T10:00:00.100200+00:00 mx-1 rpd 1200 - - task_timer: minor slip of 200 ms in keepalive",
	"<38>Mar  1 10:00:00 srv-7 sshd[12345]: Accepted publickey for ops from 10.0.0.7 port 51234 ssh2: ED25519 SHA256:abcdefghijklmnopqrstuvwxyz",
	"<30>Mar  1 10:00:00 srv-7 systemd[1]: Starting Daily apt download activities...",
	"<78>Mar  1 10:00:00 srv-7 CRON[4711]: (root) CMD (test -x /usr/sbin/anacron || run-parts --report /etc/cron.hourly)",
	"<30>Mar  1 10:00:00 dhcp-1 dhcpd[700]: DHCPACK on 10.1.2.3 to 00:11:22:33:44:55 (host-17) via eth0",
	"<4>Mar  1 10:00:00 fw-1 kernel: [12345.678901] DROP IN=eth0 OUT= MAC=00:11:22:33:44:55 SRC=192.0.2.7 DST=198.51.100.9 LEN=40 TTL=249 PROTO=TCP SPT=51234 DPT=23",
	"<188>date=2025-03-01 time=10:00:00 devname=\"fgt-1\" devid=\"FGT0001\" logid=\"0000000013\" type=\"traffic\" subtype=\"forward\" level=\"notice\" vd=\"root\" srcip=10.0.0.7 srcport=51234 dstip=198.51.100.9 dstport=443 action=\"accept\" policyid=7",
	"<190>2025-03-01T10:00:00.100200+01:00 cx-1 hpe-restd[900]: Event|4604|LOG_INFO|AMM|-|User ops logged in from 10.0.0.7",
	"<165>Mar  1 10:00:00 eos-1 Aaa: %AAA-5-LOGIN: user ops logged in [from: 10.0.0.7] [service: sshd]",
	"<189>Mar  1 2025 10:00:00 hw-1 %%01SSH/5/SSH_USER_LOGIN(s)[12]:The SSH user succeeded in logging in. (UserName=ops, IPAddress=10.0.0.7)",
	"<190>Mar  1 10:00:00 2025 h3c-1 %%10SHELL/6/SHELL_CMD: -Line=vty0-IPAddr=10.0.0.7-User=ops; Command is display version",
	"<14> Mar  1 10:00:00 192.0.2.20 00179 mgr: SME SSH from 10.0.0.7 - MANAGER Mode",
	"<13>1 2025-03-01T10:00:00.100200+00:00 son-1 bgp#bgpd 42 - - [EC 33554454] 10.0.0.9 [FSM] Timer (keepalive timer expire)",
	"<134>Mar  1 10:00:00 lb-1 haproxy[123]: 10.0.0.7:51234 [01/Mar/2025:10:00:00.000] front back/srv1 0/0/1/2/3 200 512 - - ---- 1/1/0/0/0 0/0 \"GET /health HTTP/1.1\"",
	"<46>Mar  1 10:00:00 log-1 rsyslogd: [origin software=\"rsyslogd\" swVersion=\"8.2302.0\"] rsyslogd was HUPed",
};

/* ---- rules ---- */

/* One line of a rules file, changed so that its rule is another one. Returns its new length. */
static size_t
write_twin(char *to, const char *line, size_t len)
{
	bool name = strncmp(line, "syslog ", 7) == 0, literal = strncmp(line, "\tliteral ", 9) == 0;

	memcpy(to, line, len);
	if (name) {
		memcpy(to + len - 1, "-2\n", 3);
		return len + 2;
	}
	if (literal && len < 9 + 60) {
		to[10] = 'q';
		memcpy(to + 11, line + 10, len - 10);
		return len + 1;
	}
	return len;
}

/*
 * The syslog rules of a file once more, as of another family of vendors: other names, and literals with one letter more,
 * which make the search as large as twice as many rules would.
 */
static char *
twin_of(const char *text, size_t len, size_t *ret_len)
{
	char *twin = malloc(len * 2 + 1);
	bool syslog = false;
	size_t n = 0;

	if (!twin)
		exit(EXIT_FAILURE);
	for (const char *line = text, *end = text + len; line < end;) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));
		size_t line_len = (size_t)((stop ? stop + 1 : end) - line);

		if (*line >= 'a' && *line <= 'z')
			syslog = strncmp(line, "syslog ", 7) == 0;
		if (syslog)
			n += write_twin(twin + n, line, line_len);
		line += line_len;
	}
	*ret_len = n;
	return twin;
}

static void
add(struct rules *rules, const char *path, const char *bytes, size_t len)
{
	struct rules_fault fault = { "out of memory" };

	if (rules_add_file(rules, path, (struct slice){ bytes, len }, &fault) != 0) {
		fprintf(stderr, "matcher: %s\n", fault.text);
		exit(EXIT_FAILURE);
	}
}

static struct rules *
load(bool doubled)
{
	struct rules *rules = rules_new();
	char **paths, *bytes;
	size_t n, len, twin_len;

	if (!rules || files_list("conf/rules", ".rules", &paths, &n) != 0) {
		fprintf(stderr, "matcher: no conf/rules (run it from the top of the tree)\n");
		exit(EXIT_FAILURE);
	}
	for (size_t i = 0; i < n; i++) {
		if (files_read(paths[i], RULES_FILE_MAX, &bytes, &len) != 0)
			exit(EXIT_FAILURE);
		add(rules, paths[i], bytes, len);
		if (doubled) {
			char *twin = twin_of(bytes, len, &twin_len);
			add(rules, paths[i], twin, twin_len);
			free(twin);
		}
		free(bytes);
	}
	files_list_free(paths, n);
	if (rules_finish(rules) != 0)
		exit(EXIT_FAILURE);
	return rules;
}

/* ---- lines ---- */

static void
put(struct corpus *corpus, struct slice line)
{
	if (corpus->n == CORPUS_MAX)
		return;
	corpus->lines[corpus->n++] = line;
	corpus->bytes += line.len;
}

/* The samples that are words about an interface; `cut` bytes short. */
static void
add_samples(const struct rules *rules, size_t cut, struct corpus *corpus)
{
	struct rules_sample sample;

	for (size_t i = 0; rules_get_sample(rules, i, &sample); i++)
		if (sample.result == DECODE_EVENT && sample.event.kind == LINK_EVENT_WORD &&
		    sample.bytes.len > cut)
			put(corpus, slice_first(sample.bytes, sample.bytes.len - cut));
}

static void
add_mix(const struct corpus *links, struct corpus *corpus)
{
	size_t n_chatter = sizeof(chatter) / sizeof(chatter[0]);

	for (size_t i = 0; i < 4 * LINK_EVERY; i++)
		put(corpus, i % LINK_EVERY == LINK_EVERY - 1
				? links->lines[i / LINK_EVERY % links->n]
				: slice_of(chatter[i % n_chatter]));
}

/* ---- measuring ---- */

static double
cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Lines a second of CPU. */
static double
turn(const struct rules *rules, const struct corpus *corpus)
{
	struct link_event event;
	struct syslog_msg msg;
	enum rules_miss miss;
	double start = cpu_seconds(), took;
	size_t n = 0;

	do {
		for (size_t i = 0; i < corpus->n; i++)
			syslog_link_decode(rules, corpus->lines[i], &event, &msg, &miss);
		n += corpus->n;
		took = cpu_seconds() - start;
	} while (took * 1e3 < TURN_MS);
	return (double)n / took;
}

static void
measure(const struct rules *rules, const struct corpus *corpus, double *best)
{
	double rate = turn(rules, corpus);

	if (rate > *best)
		*best = rate;
}

static void
tell(const char *name, const char *what, const struct corpus *corpus, double rate)
{
	printf("%-12s %10.0f lines/s  %6.0f ns a line  (%s; %zu bytes on average)\n", name, rate,
	    1e9 / rate, what, corpus->bytes / corpus->n);
}

static void
measure_all(const struct rules *rules, const struct corpus *mix, const struct corpus *links,
    const struct corpus *near)
{
	struct rules *doubled = load(true);
	double rates[4] = { 0 };

	for (int i = 0; i < TURNS; i++) {
		measure(rules, mix, &rates[0]);
		measure(doubled, mix, &rates[3]);
		measure(rules, links, &rates[1]);
		measure(rules, near, &rates[2]);
	}
	printf("one core, %zu rules (doubled: %zu), best of %d turns of %d ms of CPU\n",
	    rules_count(rules), rules_count(doubled), TURNS, TURN_MS);
	tell("(a) mix", "one link line in a thousand", mix, rates[0]);
	tell("(b) links", "link lines alone", links, rates[1]);
	tell("(c) near", "link lines without their end", near, rates[2]);
	tell("(a) doubled", "as (a), with twice as many syslog rules", mix, rates[3]);
	printf("(a): hoped for %.0f lines/s: %s\n", HOPED_MIX,
	    rates[0] >= HOPED_MIX ? "met" : "NOT MET");
	printf("(a) doubled / (a): %.2f, hoped for %.2f: %s\n", rates[3] / rates[0], HOPED_DOUBLED,
	    rates[3] >= HOPED_DOUBLED * rates[0] ? "met" : "NOT MET");
	rules_free(doubled);
}

/* ---- the worst line ---- */

static uint64_t
next_random(void)
{
	static uint64_t state = 88172645463325252ULL; /* always the same search */

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* Microseconds for one line, the least of three goes. */
static double
cost_of(const struct rules *rules, const char *line, size_t len)
{
	double least = 1e9;

	for (int i = 0; i < 3; i++) {
		struct link_event event;
		struct syslog_msg msg;
		enum rules_miss miss;
		double start = cpu_seconds();

		syslog_link_decode(rules, (struct slice){ line, len }, &event, &msg, &miss);
		double took = (cpu_seconds() - start) * 1e6;
		least = took < least ? took : least;
	}
	return least;
}

/* Puts a piece of some sample over or into the line, or takes one out. Returns the new length. */
static size_t
mutate(const struct corpus *links, char *line, size_t len, size_t max)
{
	struct slice sample = links->lines[next_random() % links->n];
	struct slice piece = slice_from(sample, next_random() % sample.len);
	size_t at = len > 0 ? next_random() % len : 0, room = max - len;

	piece = slice_first(piece, 1 + next_random() % piece.len);
	if (next_random() % 4 == 0 && len > 40) {
		size_t gone = 1 + next_random() % (len - at > 20 ? 20 : len - at);
		memmove(line + at, line + at + gone, len - at - gone);
		return len - gone;
	}
	if (piece.len > room) {
		piece = slice_first(piece, len - at);
		memcpy(line + at, piece.data, piece.len);
		return len;
	}
	memmove(line + at + piece.len, line + at, len - at);
	memcpy(line + at, piece.data, piece.len);
	return len + piece.len;
}

struct found {
	char line[RULES_SCAN_MAX];
	size_t len;
	double us;
};

/* Climbs from a line that begins so, and keeps its beginning, towards the one that takes longest. */
static void
climb(const struct rules *rules, const struct corpus *links, const char *start, struct found *found)
{
	struct found tried;
	size_t from = strlen(start), max = sizeof(found->line) - from;

	*found = (struct found){ .len = from };
	memcpy(found->line, start, from);
	for (int step = 0; step < CLIMB_STEPS; step++) {
		tried = *found;
		tried.len = from + mutate(links, tried.line + from, tried.len - from, max);
		tried.us = cost_of(rules, tried.line, tried.len);
		if (tried.us >= found->us)
			*found = tried;
	}
	found->us = cost_of(rules, found->line, found->len);
}

/* With APP-NAME a line may be tried in several ways (core/rules_tag). */
static void
find_worst(const struct rules *rules, const struct corpus *links)
{
	static const char *const starts[] = { "", "<13>1 - h %LINK-3-UPDOWN 1 - - ",
		"<13>1 - h app - - -  " };
	static struct found worst, found;
	size_t n = sizeof(starts) / sizeof(starts[0]);

	for (size_t i = 0; i < CLIMBS; i++) {
		climb(rules, links, starts[i % n], &found);
		if (found.us > worst.us)
			worst = found;
	}
	printf("the worst of %d lines that were tried: %.0f us for %zu bytes:\n  ",
	    CLIMBS * CLIMB_STEPS, worst.us, worst.len);
	for (size_t i = 0; i < worst.len && i < 120; i++)
		putchar(worst.line[i] >= ' ' && worst.line[i] < 0x7f ? worst.line[i] : '?');
	printf("%s\n", worst.len > 120 ? "..." : "");
}

/* ---- sending (a), for scripts/bench-syslog ---- */

static bool
parse_target(const char *text, struct sockaddr_in *ret_target)
{
	char host[32];
	unsigned port;

	if (sscanf(text, "%31[0-9.]:%u", host, &port) != 2 || port == 0 || port > 65535)
		return false;
	*ret_target =
	    (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	return inet_pton(AF_INET, host, &ret_target->sin_addr) == 1;
}

/* Sends so many lines, each a datagram, as fast as it goes. */
static int
send_lines(const struct corpus *corpus, const char *to, const char *count)
{
	struct sockaddr_in target;
	unsigned long n = strtoul(count, NULL, 10);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || !parse_target(to, &target) ||
	    connect(fd, (const struct sockaddr *)&target, sizeof(target)) != 0) {
		fprintf(stderr, "matcher: cannot send to %s\n", to);
		return EXIT_FAILURE;
	}
	for (unsigned long i = 0; i < n; i++) {
		struct slice line = corpus->lines[i % corpus->n];
		if (send(fd, line.data, line.len, 0) < 0) {
			perror("matcher: send");
			return EXIT_FAILURE;
		}
	}
	close(fd);
	return EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
	static struct corpus mix, links, near;
	struct rules *rules = load(false);
	int status = EXIT_SUCCESS;

	add_samples(rules, 0, &links);
	add_samples(rules, 4, &near);
	add_mix(&links, &mix);
	if (argc == 4 && strcmp(argv[1], "--send") == 0) {
		status = send_lines(&mix, argv[2], argv[3]);
	} else if (argc == 1) {
		measure_all(rules, &mix, &links, &near);
		find_worst(rules, &links);
	} else {
		fprintf(stderr, "usage: matcher [--send ADDR:PORT LINES]\n");
		status = 2;
	}
	rules_free(rules);
	return status;
}
