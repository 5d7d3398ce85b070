/*
 * A real agent as a switch: Debian's snmpd in a network namespace, whose Event MIB (DISMAN-EVENT-MIB, RFC 2981) tells of a
 * veth that loses its far end and gets it back. Needs root, for the namespace.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/redis_client.h"
#include "lib/sandbox.h"

#define HOST_ADDRESS "169.254.77.1"
#define AGENT_ADDRESS "169.254.77.2"
#define SNMPD "/usr/sbin/snmpd"

static struct sandbox box;
static char ns[24], mgmt[16], far[16]; /* the namespace; this side's ends of its two cables */
static struct process agent;

static int
run(const char *const *argv)
{
	char out[512];
	int status = process_run(out, sizeof(out), argv);

	if (status != 0)
		printf("%s %s: %s", argv[0], argv[1], out);
	return status;
}

/* Names of our own: another test may run beside this one. */
static bool
make_network(void)
{
	int id = (int)getpid() % 1000000;

	snprintf(ns, sizeof(ns), "dpwatch-%d", id);
	snprintf(mgmt, sizeof(mgmt), "dpwm%d", id);
	snprintf(far, sizeof(far), "dpwl%d", id);
	if (run(ARGV("ip", "netns", "add", ns)) != 0)
		return false;
	ck_assert_int_eq(run(ARGV("ip", "link", "add", mgmt, "type", "veth", "peer", "name",
			     "mgmt0", "netns", ns)),
	    0);
	ck_assert_int_eq(run(ARGV("ip", "link", "add", far, "type", "veth", "peer", "name",
			     "Ethernet1", "netns", ns)),
	    0);
	ck_assert_int_eq(run(ARGV("ip", "addr", "add", HOST_ADDRESS "/30", "dev", mgmt)), 0);
	ck_assert_int_eq(run(ARGV("ip", "link", "set", mgmt, "up")), 0);
	ck_assert_int_eq(run(ARGV("ip", "link", "set", far, "up")), 0);
	ck_assert_int_eq(
	    run(ARGV("ip", "-n", ns, "addr", "add", AGENT_ADDRESS "/30", "dev", "mgmt0")), 0);
	ck_assert_int_eq(run(ARGV("ip", "-n", ns, "link", "set", "mgmt0", "up")), 0);
	ck_assert_int_eq(run(ARGV("ip", "-n", ns, "link", "set", "lo", "up")), 0);
	ck_assert_int_eq(run(ARGV("ip", "-n", ns, "link", "set", "Ethernet1", "up")), 0);
	return true;
}

/* The veths go with the namespace. */
static void
remove_network(void)
{
	process_kill(&agent);
	run(ARGV("ip", "netns", "del", ns));
}

/* With numeric OIDs it needs no modules, and looks every second. `sink` is where traps go, and how. */
static void
start_agent(const char *sink)
{
	char path[SANDBOX_PATH + 16], output[SANDBOX_PATH + 16], text[2048];

	snprintf(path, sizeof(path), "%s/snmpd.conf", box.dir);
	snprintf(output, sizeof(output), "%s/snmpd.log", box.dir);
	snprintf(text, sizeof(text),
	    "createUser internal SHA \"internal secret\"\n"
	    "rouser internal\n"
	    "iquerySecName internal\n"
	    "%s\n"
	    "notificationEvent linkDownTrap .1.3.6.1.6.3.1.1.5.3 .1.3.6.1.2.1.2.2.1.1"
	    " .1.3.6.1.2.1.2.2.1.7 .1.3.6.1.2.1.2.2.1.8\n"
	    "notificationEvent linkUpTrap .1.3.6.1.6.3.1.1.5.4 .1.3.6.1.2.1.2.2.1.1"
	    " .1.3.6.1.2.1.2.2.1.7 .1.3.6.1.2.1.2.2.1.8\n"
	    "monitor -r 1 -S -e linkDownTrap \"down\" .1.3.6.1.2.1.2.2.1.8 == 2\n"
	    "monitor -r 1 -S -e linkUpTrap \"up\" .1.3.6.1.2.1.2.2.1.8 != 2\n",
	    sink);
	sandbox_write(path, text);
	process_start(&agent, output,
	    ARGV("ip", "netns", "exec", ns, SNMPD, "-f", "-Lo", "-C", "-c", path, "-I", "-smux",
		"udp:127.0.0.1:161"));
}

/* ifIndex of the cable inside the namespace. */
static unsigned
if_index(void)
{
	char out[64];
	unsigned index = 0;

	ck_assert_int_eq(
	    process_run(out, sizeof(out),
		ARGV("ip", "netns", "exec", ns, "cat", "/sys/class/net/Ethernet1/ifindex")),
	    0);
	ck_assert_int_eq(sscanf(out, "%u", &index), 1);
	return index;
}

static void
start_daemon(uint16_t port)
{
	char lines[256], topology[512];

	snprintf(lines, sizeof(lines),
	    "listen = udp:" HOST_ADDRESS
	    ":%u\nuser = monitor SHA-256 \"auth secret\" AES \"priv secret\"\n",
	    port);
	sandbox_configure(&box, &(struct sandbox_lines){ .snmp = lines });
	sandbox_start_ready(&box);
	snprintf(topology, sizeof(topology),
	    "{\"switches\": [{\"name\": \"linux\", \"addresses\": [\"" AGENT_ADDRESS "\"],"
	    " \"interfaces\": [{\"name\": \"Ethernet1\", \"if_index\": %u}]}],"
	    " \"ports\": [{\"id\": \"" VM1 "\", \"attachments\": [\"linux:Ethernet1\"]}]}",
	    if_index());
	sandbox_load(&box, topology);
}

static int
port_is_down(void)
{
	return (int)redis_number(box.redis, "SISMEMBER dpwatch:down %s", VM1);
}

static const char *const sinks[] = {
	"trap2sink " HOST_ADDRESS ":%u public",
	"informsink " HOST_ADDRESS ":%u public",
	"trapsess -v3 -e 0x80001f8804c0ffee01 -u monitor -l authPriv -a SHA-256 -A \"auth secret\""
	" -x AES -X \"priv secret\" " HOST_ADDRESS ":%u",
	"trapsess -Ci -v3 -u monitor -l authPriv -a SHA-256 -A \"auth secret\""
	" -x AES -X \"priv secret\" " HOST_ADDRESS ":%u",
};

START_TEST(a_cable_of_a_real_agent_takes_its_port_down_and_up)
{
	char sink[256];

	sandbox_init(&box);
	if (access(SNMPD, X_OK) != 0 || !make_network()) {
		printf("SKIPPED: needs snmpd, and root for a network namespace\n");
		sandbox_release(&box);
		return;
	}
	snprintf(sink, sizeof(sink), sinks[_i], box.redis_port);
	start_daemon(box.redis_port);
	start_agent(sink);
	/* coldStart tells that it is there. */
	WAIT_FOR(sandbox_counter(&box, "trap.received") > 0);
	ck_assert_int_eq(port_is_down(), 0);
	ck_assert_int_eq(run(ARGV("ip", "link", "set", far, "down")), 0);
	WAIT_FOR(port_is_down() == 1);
	ck_assert_int_eq(run(ARGV("ip", "link", "set", far, "up")), 0);
	WAIT_FOR(port_is_down() == 0);
	ck_assert_int_eq(redis_events(box.redis), 2);
	ck_assert_int_eq(sandbox_counter(&box, "trap.malformed"), 0);
	if (_i % 2 == 1)
		/* Each once, and repetitions that came before the answer with it. */
		WAIT_FOR(
		    sandbox_counter(&box, "trap.inform-answered") >=
		    sandbox_counter(&box, "trap.inform") - sandbox_counter(&box, "trap.duplicate"));
	process_kill(&agent);
	sandbox_release(&box);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("snmpd");
	TCase *tcase = tcase_create("snmpd");

	tcase_set_timeout(tcase, 90);
	tcase_add_checked_fixture(tcase, NULL, remove_network);
	tcase_add_loop_test(tcase, a_cable_of_a_real_agent_takes_its_port_down_and_up, 0, 4);
	suite_add_tcase(suite, tcase);
	return sandbox_main(suite);
}
