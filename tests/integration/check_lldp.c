/*
 * Real switches, as far as Linux makes them: Debian's snmpd, with lldpd as its subagent (AgentX, RFC 2741), in network namespaces
 * that are cabled with veths; and a host that has lldpd alone. Needs root, for the namespaces.
 *
 *   a:Ethernet1 -- b:Ethernet7        a:Ethernet2 -- compute-1
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/sandbox.h"

#define SNMPD "/usr/sbin/snmpd"
#define LLDPD "/usr/sbin/lldpd"

enum { A, B, HOST, N_NODES };
static const char *const names[N_NODES] = { "switch-a", "switch-b", "compute-1" };
/* Theirs, and ours on the cable to each: link-local ones (RFC 3927) that two runs at a time do not share. The host has none. */
static char addresses[HOST][24], our_addresses[HOST][24];

static struct sandbox box;
static char ns[N_NODES][24], out[SANDBOX_TEXT];
static struct process snmpd[N_NODES], lldpd[N_NODES];
static bool skipped;
static int id; /* in names: another test may run beside this one */

/* ---- the network ---- */

static int
run(const char *const *argv)
{
	char text[512];
	int status = process_run(text, sizeof(text), argv);

	if (status != 0)
		printf("%s %s: %s", argv[0], argv[1], text);
	return status;
}

static void
cable(int from, const char *from_name, int to, const char *to_name)
{
	ck_assert_int_eq(run(ARGV("ip", "-n", ns[from], "link", "add", from_name, "type", "veth",
			     "peer", "name", to_name, "netns", ns[to])),
	    0);
	ck_assert_int_eq(run(ARGV("ip", "-n", ns[from], "link", "set", from_name, "up")), 0);
	ck_assert_int_eq(run(ARGV("ip", "-n", ns[to], "link", "set", to_name, "up")), 0);
}

/* The cable to this side, over which it is asked. */
static void
cable_here(int node)
{
	char here[24], address[40];

	snprintf(here, sizeof(here), "dpwd%d-%d", id, node);
	snprintf(address, sizeof(address), "%s/30", addresses[node]);
	ck_assert_int_eq(run(ARGV("ip", "link", "add", here, "type", "veth", "peer", "name",
			     "mgmt0", "netns", ns[node])),
	    0);
	ck_assert_int_eq(run(ARGV("ip", "addr", "add", our_addresses[node], "dev", here)), 0);
	ck_assert_int_eq(run(ARGV("ip", "link", "set", here, "up")), 0);
	ck_assert_int_eq(
	    run(ARGV("ip", "-n", ns[node], "addr", "add", address, "dev", "mgmt0")), 0);
	ck_assert_int_eq(run(ARGV("ip", "-n", ns[node], "link", "set", "mgmt0", "up")), 0);
}

/* False where namespaces cannot be made. */
static bool
make_network(void)
{
	for (int i = 0; i < HOST; i++) {
		snprintf(our_addresses[i], sizeof(our_addresses[i]), "169.254.%d.%d/30",
		    1 + id % 250, 4 * i + 1);
		snprintf(
		    addresses[i], sizeof(addresses[i]), "169.254.%d.%d", 1 + id % 250, 4 * i + 2);
	}
	for (int i = 0; i < N_NODES; i++) {
		snprintf(ns[i], sizeof(ns[i]), "dpwd-%d-%d", id, i);
		if (run(ARGV("ip", "netns", "add", ns[i])) != 0)
			return false;
		ck_assert_int_eq(run(ARGV("ip", "-n", ns[i], "link", "set", "lo", "up")), 0);
	}
	cable_here(A);
	cable_here(B);
	cable(A, "Ethernet1", B, "Ethernet7");
	cable(A, "Ethernet2", HOST, "eth0");
	/* As a compute node does; lldpd says that it is a router then. */
	ck_assert_int_eq(
	    run(ARGV("ip", "netns", "exec", ns[HOST], "sysctl", "-qw", "net.ipv4.ip_forward=1")),
	    0);
	return true;
}

/* ---- agents ---- */

static void
start_snmpd(int node)
{
	char path[SANDBOX_PATH + 16], log[SANDBOX_PATH + 16], at[64], text[512];

	snprintf(path, sizeof(path), "%s/snmpd%d.conf", box.dir, node);
	snprintf(log, sizeof(log), "%s/snmpd%d.log", box.dir, node);
	snprintf(at, sizeof(at), "udp:%s:161", addresses[node]);
	snprintf(text, sizeof(text),
	    "rocommunity public\nsysName %s\nmaster agentx\nagentXSocket %s/agentx%d\n",
	    names[node], box.dir, node);
	sandbox_write(path, text);
	process_start(&snmpd[node], log,
	    ARGV("ip", "netns", "exec", ns[node], SNMPD, "-f", "-Lo", "-C", "-c", path, "-I",
		"-smux", at));
	snprintf(path, sizeof(path), "%s/agentx%d", box.dir, node);
	WAIT_FOR(access(path, F_OK) == 0);
}

static void
start_lldpd(int node)
{
	char path[SANDBOX_PATH + 16], log[SANDBOX_PATH + 16], control[SANDBOX_PATH + 16],
	    agentx[SANDBOX_PATH + 16], text[256];

	snprintf(path, sizeof(path), "%s/lldpd%d.conf", box.dir, node);
	snprintf(log, sizeof(log), "%s/lldpd%d.log", box.dir, node);
	snprintf(control, sizeof(control), "%s/lldpd%d", box.dir, node);
	snprintf(agentx, sizeof(agentx), "%s/agentx%d", box.dir, node);
	snprintf(text, sizeof(text),
	    "configure system hostname %s\nconfigure lldp tx-interval 1\n"
	    "configure lldp tx-hold 100\n",

	    names[node]);
	sandbox_write(path, text);
	const char *argv[] = { "ip", "netns", "exec", ns[node], LLDPD, "-d", "-u", control, "-O",
		path, "-x", "-X", agentx, NULL };
	/* The host has no agent. */
	if (node == HOST)
		argv[10] = NULL;
	process_start(&lldpd[node], log, argv);
}

static void
set_up(void)
{
	char map[256];

	skipped = access(SNMPD, X_OK) != 0 || access(LLDPD, X_OK) != 0 || !make_network();
	if (skipped) {
		printf("SKIPPED: needs snmpd, lldpd, and root for network namespaces\n");
		return;
	}
	sandbox_init(&box);
	/* lldpd's own user has to find its socket. */
	ck_assert_int_eq(chmod(sandbox_base, 0711), 0);
	ck_assert_int_eq(chmod(box.dir, 0711), 0);
	for (int i = 0; i < N_NODES; i++) {
		if (i != HOST)
			start_snmpd(i);
		start_lldpd(i);
	}
	sandbox_configure(&box,
	    &(struct sandbox_lines){ .snmp = "poll_interval = off\npoll_community = public" });
	sandbox_start_ready(&box);
	snprintf(map, sizeof(map),
	    "{\"switches\": [{\"name\": \"switch-a\", \"addresses\": [\"%s\"]}, "
	    "{\"name\": \"switch-b\", \"addresses\": [\"%s\"], \"root\": true}]}",
	    addresses[A], addresses[B]);
	sandbox_load(&box, map);
}

static void
tear_down(void)
{
	if (skipped)
		return;
	for (int i = 0; i < N_NODES; i++) {
		process_signal(&lldpd[i], SIGTERM);
		process_wait(&lldpd[i]);
		process_kill(&snmpd[i]);
	}
	sandbox_release(&box);
}

/* Also after a test that failed. The veths go with the namespaces. */
static void
remove_network(void)
{
	char line[128], text[512];

	for (int i = 0; i < N_NODES; i++) {
		snprintf(line, sizeof(line),
		    "ip netns pids dpwd-%d-%d | xargs -r kill; ip netns del dpwd-%d-%d", id, i, id,
		    i);
		process_run(text, sizeof(text), ARGV("sh", "-c", line));
	}
}

/* ---- asking ---- */

static int
dpwatch(const char *words)
{
	char line[512];

	snprintf(line, sizeof(line), "%s --api unix:%s %s 2>%s/err", sandbox_program("dpwatch"),
	    box.api, words, box.dir);
	return process_run(out, sizeof(out), ARGV("sh", "-c", line));
}

static bool
prints(const char *words, const char *text)
{
	return dpwatch(words) == 0 && strstr(out, text) != NULL;
}

#define LINK "{\"a\": \"switch-a:Ethernet1\", \"b\": \"switch-b:Ethernet7\"}"
#define NEIGHBOUR "{\"name\": \"compute-1\", \"attachments\": [\"switch-a:Ethernet2\"]}"

START_TEST(real_switches_are_drawn_as_they_are_cabled)
{
	char line[400];

	if (skipped)
		return;
	/* Port ids are MAC addresses here. */
	WAIT_FOR(prints("topology discover", LINK) && strstr(out, NEIGHBOUR));
	snprintf(line, sizeof(line), "%s/err", box.dir);
	char *told = process_read_file(line);
	ck_assert_msg(strstr(told, "Ethernet2: compute-1 is a bridge or router"), "%s", told);
	free(told);
	snprintf(line, sizeof(line),
	    "topology discover 2>/dev/null | %s --api unix:%s topology load -",
	    sandbox_program("dpwatch"), box.api);
	/* An agent that this machine gave no time to is silent as if it were gone: then it is asked once more. */
	WAIT_FOR(prints(line, "in force: 2 switches, 5 interfaces, 1 links, 1 hosts, 0 ports\n"));
	WAIT_FOR(prints("topology discover --diff", "the map is as the switches say\n"));
	WAIT_FOR(dpwatch("topology check --live") == 0);
	/* Somebody takes another port. */
	ck_assert_int_eq(run(ARGV("ip", "-n", ns[A], "link", "del", "Ethernet1")), 0);
	cable(A, "Ethernet1", B, "Ethernet8");
	WAIT_FOR(prints("topology discover --diff", "switch-b:Ethernet8"));
	ck_assert_msg(strstr(out, "different") != NULL, "%s", out);
	ck_assert_int_eq(dpwatch("topology check --live"), 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("lldp");
	TCase *tcase = tcase_create("lldp");

	id = (int)getpid() % 100000;
	tcase_add_unchecked_fixture(tcase, NULL, remove_network);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 90);
	tcase_add_test(tcase, real_switches_are_drawn_as_they_are_cabled);
	suite_add_tcase(suite, tcase);
	return sandbox_main(suite);
}
