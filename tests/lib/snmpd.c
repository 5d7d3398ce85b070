#include "lib/snmpd.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>

void
snmpd_start(
    struct process *agent, const struct sandbox *box, const char *config, const char *version)
{
	char file[160], log[160], listen[64], asked[64], path[200], state[200], out[512];

	snprintf(file, sizeof(file), "%s/snmpd.conf", box->dir);
	snprintf(log, sizeof(log), "%s/snmpd.log", box->dir);
	snprintf(listen, sizeof(listen), "udp:0.0.0.0:%u", box->redis_port);
	snprintf(asked, sizeof(asked), "127.0.0.1:%u", box->redis_port);
	/* Not /etc/snmp; but with what it wrote itself, which -C would leave out. */
	snprintf(path, sizeof(path), "SNMPCONFPATH=%s/snmpd", box->dir);
	snprintf(state, sizeof(state), "SNMP_PERSISTENT_DIR=%s/snmpd", box->dir);
	ck_assert(mkdir(state + sizeof("SNMP_PERSISTENT_DIR"), 0700) == 0 || errno == EEXIST);
	sandbox_write(file, config);
	process_start(agent, log,
	    ARGV("env", path, state, "snmpd", "-f", "-Lo", "-c", file, "-I", "-smux", listen));
	WAIT_FOR(process_run(out, sizeof(out),
		     ARGV("snmpget", version, "-cpublic", "-t1", "-r0", asked,
			 ".1.3.6.1.2.1.1.3.0")) == 0);
}

void
snmpd_stop(struct process *agent)
{
	process_signal(agent, SIGTERM);
	process_wait(agent);
}

void
snmpd_forget(const struct sandbox *box)
{
	char path[160], out[512];

	snprintf(path, sizeof(path), "%s/snmpd", box->dir);
	ck_assert_int_eq(process_run(out, sizeof(out), ARGV("rm", "-r", path)), 0);
}
