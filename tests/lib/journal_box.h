/*
 * journal_box: what the tests of the journal share: a Redis of their own, INFORMs, and looking into the files (integration).
 */
#ifndef DPWATCH_TESTS_LIB_JOURNAL_BOX_H
#define DPWATCH_TESTS_LIB_JOURNAL_BOX_H

#include <sys/stat.h>

#include "lib/cli_box.h"
#include "lib/redis_client.h"

#define LINK_DOWN ".1.3.6.1.6.3.1.1.5.3"
#define LINK_UP ".1.3.6.1.6.3.1.1.5.4"

/* Starts an INFORM about an ifIndex of leaf1, which is answered within `timeout` seconds; without repetition. */
static inline void
start_inform_of(struct process *sender, const char *trap, const char *index, const char *timeout)
{
	char agent[32], output[SANDBOX_PATH + 16], oid[40];

	snprintf(oid, sizeof(oid), ".1.3.6.1.2.1.2.2.1.1.%s", index);
	snprintf(agent, sizeof(agent), "127.0.0.1:%u", box.snmp_port);
	snprintf(output, sizeof(output), "%s/inform", box.dir);
	process_start(sender, output,
	    ARGV("snmpinform", "-v2c", "-c", "public", "-t", timeout, "-r", "0",
		"--clientaddr=" LEAF1, agent, "", trap, oid, "i", index));
}

static inline void
start_inform(struct process *sender, const char *trap, const char *timeout)
{
	start_inform_of(sender, trap, "1", timeout);
}

static inline int
send_inform(const char *trap, const char *timeout)
{
	struct process sender;

	start_inform(&sender, trap, timeout);
	return process_wait(&sender);
}

static const char *
journal_path(const char *name)
{
	static char path[SANDBOX_PATH + 32];

	snprintf(path, sizeof(path), "%s/%s", box.dir, name);
	return path;
}

static inline off_t
journal_size(const char *name)
{
	struct stat info;

	return stat(journal_path(name), &info) == 0 ? info.st_size : -1;
}

/* How many toggles `dpwatch journal show` finds; -1 where not all is good, as in the middle of a write. */
static inline int
toggles_in(const char *name)
{
	int n = 0;

	if (process_run(out, sizeof(out),
		ARGV(sandbox_program("dpwatch"), "journal", "show", journal_path(name))) != 0)
		return -1;
	for (const char *at = out; (at = strstr(at, " toggle ")) != NULL; at++)
		n++;
	return n;
}

static inline void
kill_redis(void)
{
	sandbox_redis_kill(&box);
	WAIT_FOR(!sandbox_status_is(&box, "redis.state", "connected"));
}

static inline void
flap(int times)
{
	json_int_t n = sandbox_counter(&box, "trap.event");

	for (int i = 0; i < times; i++) {
		sandbox_link_down(&box, LEAF1, 1);
		sandbox_link_up(&box, LEAF1, 1);
	}
	WAIT_FOR(sandbox_counter(&box, "trap.event") == n + 2 * times);
}

/* VM1's interface goes down and up and so on, in so many lines of syslog. */
static inline void
flap_lines(json_int_t n_lines)
{
	static const char *const words[] = { "down", "up" };
	const json_int_t before = sandbox_counter(&box, "syslog.event");
	char line[128];

	for (json_int_t n = 0; n < n_lines; n += 100) {
		for (int i = 0; i < 100; i++) {
			snprintf(line, sizeof(line),
			    "<187>%%LINK-3-UPDOWN: Interface Ethernet1/1, changed state to %s",
			    words[i % 2]);
			sandbox_line(&box, LEAF1, line);
		}
		WAIT_FOR(sandbox_counter(&box, "syslog.event") == before + n + 100);
	}
}

/* Its exit status: 0 when it was answered. */
static inline int
inform_of(const char *trap, const char *index)
{
	struct process sender;

	start_inform_of(&sender, trap, index, "20");
	return process_wait(&sender);
}

static inline void
wait_for_idle(void)
{
	WAIT_FOR(sandbox_settled(&box));
	WAIT_FOR(sandbox_status_is(&box, "journal.state", "idle"));
}

#endif
