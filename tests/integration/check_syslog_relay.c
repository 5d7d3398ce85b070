/*
 * A real rsyslog between the switches and the daemon: what it makes of their lines over each transport, and whom the daemon
 * believes then.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "lib/pki.h"
#include "lib/redis_client.h"
#include "lib/sandbox.h"

#define N(array) ((int)(sizeof(array) / sizeof(array[0])))

static struct sandbox box;
static struct process relay;

/* What rsyslog does with a line; %1$u is the daemon's port, %2$s the folder. */
static const struct {
	const char *name, *action;
} ways[] = {
	{ "udp, as RFC 3164",
	    "action(type=\"omfwd\" target=\"127.0.0.1\" port=\"%1$u\" protocol=\"udp\" template=\"RSYSLOG_TraditionalForwardFormat\")" },
	{ "udp, with ISO times",
	    "action(type=\"omfwd\" target=\"127.0.0.1\" port=\"%1$u\" protocol=\"udp\" template=\"RSYSLOG_ForwardFormat\")" },
	{ "tcp, lines",
	    "action(type=\"omfwd\" target=\"127.0.0.1\" port=\"%1$u\" protocol=\"tcp\" template=\"RSYSLOG_ForwardFormat\")" },
	{ "tcp, RFC 5424, counted",
	    "action(type=\"omfwd\" target=\"127.0.0.1\" port=\"%1$u\" protocol=\"tcp\" tcp_framing=\"octet-counted\" "
	    "template=\"RSYSLOG_SyslogProtocol23Format\")" },
	{ "tls, with a client's certificate",
	    "action(type=\"omfwd\" target=\"127.0.0.1\" port=\"%1$u\" protocol=\"tcp\" tcp_framing=\"octet-counted\" "
	    "StreamDriver=\"gtls\" StreamDriverMode=\"1\" StreamDriverAuthMode=\"x509/certvalid\")" },
};
enum { WAY_TLS = 4 };

/* ---- the two daemons ---- */

static void
start_daemon(int way, const char *relays)
{
	char lines[1024];
	size_t len = 0;

	if (way == WAY_TLS)
		len = (size_t)snprintf(lines, sizeof(lines),
		    "listen = tls:127.0.0.1:%u\ntls_cert = %s\ntls_key = %s\ntls_ca = %s\n",
		    box.syslog_port, pki_path(box.dir, "server.pem"),
		    pki_path(box.dir, "server.key"), pki_path(box.dir, "ca.pem"));
	else
		len = (size_t)snprintf(
		    lines, sizeof(lines), "listen = tcp:127.0.0.1:%u\n", box.syslog_port);
	snprintf(lines + len, sizeof(lines) - len, "%s\n", relays);
	sandbox_configure(&box, &(struct sandbox_lines){ .syslog = lines });
	sandbox_start_ready(&box);
	sandbox_load(&box, SANDBOX_TOPOLOGY);
}

static bool
udp_port_is_taken(uint16_t port)
{
	struct sockaddr_in address = sandbox_address("127.0.0.1", port);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool taken = bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 &&
		     errno == EADDRINUSE;

	close(fd);
	return taken;
}

/* rsyslogd with a configuration of its own; it listens where the sandbox keeps a port for a Redis beside the daemon. */
static void
start_relay(int way)
{
	char config[4096], action[1024], path[SANDBOX_PATH + 16];
	int status;

	snprintf(action, sizeof(action), ways[way].action, box.syslog_port);
	snprintf(config, sizeof(config),
	    "global(workDirectory=\"%s\" net.enableDNS=\"off\" preserveFQDN=\"on\" %s%s%s%s%s%s%s)\n"
	    "module(load=\"imudp\")\n"
	    "input(type=\"imudp\" address=\"127.0.0.1\" port=\"%u\" ruleset=\"on\")\n"
	    "ruleset(name=\"on\") { %s\n}\n",
	    box.dir, way == WAY_TLS ? "DefaultNetstreamDriverCAFile=\"" : "",
	    way == WAY_TLS ? pki_path(box.dir, "ca.pem") : "",
	    way == WAY_TLS ? "\" DefaultNetstreamDriverCertFile=\"" : "",
	    way == WAY_TLS ? pki_path(box.dir, "client.pem") : "",
	    way == WAY_TLS ? "\" DefaultNetstreamDriverKeyFile=\"" : "",
	    way == WAY_TLS ? pki_path(box.dir, "client.key") : "", way == WAY_TLS ? "\"" : "",
	    box.redis_port, action);
	snprintf(path, sizeof(path), "%s/rsyslog.conf", box.dir);
	sandbox_write(path, config);
	process_start(&relay, pki_path(box.dir, "rsyslog.log"),
	    ARGV("rsyslogd", "-n", "-f", path, "-i", pki_path(box.dir, "rsyslog.pid")));
	WAIT_FOR(udp_port_is_taken(box.redis_port) || process_ended(&relay, &status));
	char *log = process_read_file(pki_path(box.dir, "rsyslog.log"));
	ck_assert_msg(relay.pid != 0, "rsyslogd ended with status %d:\n%s", status, log);
	free(log);
}

static void
set_up(void)
{
	sandbox_init(&box);
}

static void
tear_down(void)
{
	process_kill(&relay);
	sandbox_release(&box);
}

/*
 * A line from a switch to rsyslog, with the time of now where "TIME" stands: rsyslog adds its offset, and a line that is
 * stamped long ago is late.
 */
static void
send_line(const char *from, const char *line)
{
	char text[512], stamp[32];
	time_t now = time(NULL);
	const char *at = strstr(line, "TIME");

	strftime(stamp, sizeof(stamp), "%b %e %H:%M:%S", localtime(&now));
	if (at != NULL)
		snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - line), line, stamp, at + 4);
	else
		snprintf(text, sizeof(text), "%s", line);
	sandbox_send(from, box.redis_port, text, strlen(text));
}

static void
expect_toggle(int n, const char *port, const char *down)
{
	redis_expect_newest(box.redis, n, ARGV("port", port, "dp_down", down));
}

/* ---- whom the daemon believes ---- */

START_TEST(the_switch_is_told_by_the_host_name_that_the_relay_kept)
{
	pki_make(box.dir);
	start_daemon(_i, "trusted_relays = 127.0.0.1");
	start_relay(_i);

	/* With a host name of its own; the line as IOS sends it with `logging origin-id hostname`. */
	send_line(STRANGER,
	    "<187>TIME leaf1 45: *Mar  1 00:12:44.120: %LINK-3-UPDOWN: Interface Ethernet1/1, changed state to down");
	expect_toggle(1, VM1, "true");
	/* Fully qualified, and in capitals. */
	send_line(STRANGER,
	    "<187>TIME LEAF1.example.net %LINK-3-UPDOWN: Interface Ethernet1/1, changed state to up");
	expect_toggle(2, VM1, "false");
	/* Without any: rsyslog puts the sender's address. */
	send_line(LEAF1,
	    "<187>46: *Mar  1 00:12:44.120: %LINK-3-UPDOWN: Interface Ethernet1/2, changed state to down");
	expect_toggle(3, VM2, "true");
	send_line(STRANGER,
	    "<187>1 - leaf1 - - - - %LINK-3-UPDOWN: Interface Ethernet1/2, changed state to up");
	expect_toggle(4, VM2, "false");
}
END_TEST

/* rsyslog leaves a host name in the text (IOS), a program without a colon behind the host (RFC 5424), or takes the year for it. */
START_TEST(the_switch_is_told_where_the_relay_mistook_its_header)
{
	start_daemon(_i, "trusted_relays = 127.0.0.1");
	start_relay(_i);

	send_line(LEAF1,
	    "<187>45: core-7: *Mar  1 00:12:44.120: %LINK-3-UPDOWN: Interface Ethernet1/1, changed state to down");
	expect_toggle(1, VM1, "true");
	send_line(STRANGER,
	    "<190>TIME 2025 leaf1 %%10IFNET/3/PHY_UPDOWN: Physical state on the interface Ethernet1/1 changed to up.");
	expect_toggle(2, VM1, "false");
	send_line(STRANGER,
	    "<13>1 - leaf1 orchagent - - -  :- setHostIntfsOperStatus: Set operation status DOWN to host interface Ethernet1/2");
	expect_toggle(3, VM2, "true");
}
END_TEST

START_TEST(a_relay_that_is_not_trusted_speaks_for_nobody)
{
	start_daemon(0, "");
	start_relay(_i);
	send_line(
	    LEAF1, "<187>TIME leaf1 %LINK-3-UPDOWN: Interface Ethernet1/1, changed state to down");
	WAIT_FOR(sandbox_counter(&box, "event.unknown-sender") == 1);
	ck_assert_int_eq(redis_events(box.redis), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("syslog_relay");
	TCase *tc = tcase_create("rsyslog");

	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(
	    tc, the_switch_is_told_by_the_host_name_that_the_relay_kept, 0, N(ways));
	tcase_add_loop_test(tc, the_switch_is_told_where_the_relay_mistook_its_header, 0, WAY_TLS);
	tcase_add_loop_test(tc, a_relay_that_is_not_trusted_speaks_for_nobody, 0, 4);
	suite_add_tcase(suite, tc);
	return sandbox_main(suite);
}
