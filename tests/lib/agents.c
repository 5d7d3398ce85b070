#include "lib/agents.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LLDP "1.0.8802.1.1.2.1."
#define LAG_PORT "1.2.840.10006.300.43.1.2.1.1."

bool
agents_available(void)
{
	char out[256];

	if (getuid() == 0 &&
	    process_run(out, sizeof(out), ARGV("sh", "-c", "command -v snmpsimd")) == 0)
		return true;
	printf("SKIPPED: snmpsim is not installed, or this is not root\n");
	return false;
}

void
agents_init(struct agents *agents, const struct sandbox *box)
{
	*agents = (struct agents){ .box = box };
	snprintf(agents->data, sizeof(agents->data), "%s/agents", box->dir);
	ck_assert_int_eq(mkdir(agents->data, 0755), 0);
}

/* ---- recordings ---- */

void
record(struct recording *recording, const char *format, ...)
{
	va_list args;

	ck_assert_uint_lt(recording->n, sizeof(recording->lines) / sizeof(recording->lines[0]));
	va_start(args, format);
	ck_assert_int_gt(vasprintf(&recording->lines[recording->n++], format, args), 0);
	va_end(args);
}

void
record_interface(
    struct recording *recording, unsigned if_index, const char *descr, const char *name, int type)
{
	record(recording, "1.3.6.1.2.1.2.2.1.2.%u|4|%s", if_index, descr);
	record(recording, "1.3.6.1.2.1.2.2.1.3.%u|2|%d", if_index, type);
	record(recording, "1.3.6.1.2.1.2.2.1.7.%u|2|1", if_index);
	record(recording, "1.3.6.1.2.1.2.2.1.8.%u|2|1", if_index);
	if (name)
		record(recording, "1.3.6.1.2.1.31.1.1.1.1.%u|4|%s", if_index, name);
}

void
record_lag_member(struct recording *recording, unsigned if_index, unsigned aggregate)
{
	record(recording, LAG_PORT "12.%u|2|%u", if_index, aggregate);
	record(recording, LAG_PORT "13.%u|2|%u", if_index, aggregate);
}

void
record_identity(struct recording *recording, const char *name, const char *mac)
{
	record(recording, "1.3.6.1.2.1.1.3.0|67|360000");
	record(recording, "1.3.6.1.2.1.1.5.0|4|%s", name);
	record(recording, LLDP "3.1.0|2|4");
	record(recording, LLDP "3.2.0|4x|%s", mac);
}

void
record_local_port(struct recording *recording, unsigned port, const char *name)
{
	record(recording, LLDP "3.7.1.2.%u|2|5", port);
	record(recording, LLDP "3.7.1.3.%u|4|%s", port, name);
}

void
record_neighbour(struct recording *recording, const struct recorded_neighbour *neighbour)
{
	const unsigned port = neighbour->port;

	record(recording, LLDP "4.1.1.4.1000.%u.1|2|4", port);
	record(recording, LLDP "4.1.1.5.1000.%u.1|4x|%s", port, neighbour->mac);
	record(recording, LLDP "4.1.1.6.1000.%u.1|2|%d", port, neighbour->port_kind);
	record(recording, LLDP "4.1.1.7.1000.%u.1|%s|%s", port, neighbour->port_tag,
	    neighbour->port_id);
	record(recording, LLDP "4.1.1.8.1000.%u.1|4|%s", port, neighbour->port_descr);
	record(recording, LLDP "4.1.1.9.1000.%u.1|4|%s", port, neighbour->name);
}

/* As a walk goes: by the numbers of the OIDs. */
static int
compare_lines(const void *a, const void *b)
{
	const char *x = *(char *const *)a, *y = *(char *const *)b;

	for (;;) {
		char *x_end, *y_end;
		const unsigned long i = strtoul(x, &x_end, 10), k = strtoul(y, &y_end, 10);
		if (i != k)
			return i < k ? -1 : 1;
		if (*x_end != '.' || *y_end != '.')
			return (*x_end == '.') - (*y_end == '.');
		x = x_end + 1;
		y = y_end + 1;
	}
}

static void
rewrite(struct agents *agents, const char *name, struct recording *recording)
{
	char path[240];

	qsort(recording->lines, recording->n, sizeof(recording->lines[0]), compare_lines);
	snprintf(path, sizeof(path), "%s/%s.snmprec", agents->data, name);
	FILE *out = fopen(path, "w");
	ck_assert_ptr_nonnull(out);
	for (size_t i = 0; i < recording->n; i++) {
		fprintf(out, "%s\n", recording->lines[i]);
		free(recording->lines[i]);
	}
	ck_assert_int_eq(fclose(out), 0);
	recording->n = 0;
}

void
agents_tell(struct agents *agents, const char *name, const char *lines)
{
	struct recording recording = { .n = 0 };

	for (size_t n; (n = strcspn(lines, "\n")) > 0; lines += n + 1)
		record(&recording, "%.*s", (int)n, lines);
	rewrite(agents, name, &recording);
}

/* ---- agents ---- */

const char *
agents_add(struct agents *agents, const char *name, struct recording *recording)
{
	const unsigned pid = (unsigned)getpid();
	char *address = agents->addresses[agents->n];

	ck_assert_uint_lt(agents->n, AGENTS_MAX);
	/* Another test's may run beside this one's. */
	snprintf(address, sizeof(agents->addresses[0]), "127.%u.%u.%zu", 100 + pid / 250 % 100,
	    1 + pid % 250, 11 + agents->n);
	agents->n++;
	rewrite(agents, name, recording);
	return address;
}

void
agents_start(struct agents *agents, const char *first)
{
	/* Switches have processors of their own: what else this machine does makes none of them silent. */
	const char *argv[AGENTS_MAX + 12] = { "nice", "-n", "-10", "snmpsimd" };
	char log[200], data_dir[200], cache_dir[200], endpoints[AGENTS_MAX][80], v6[64], asked[64],
	    out[512];
	size_t n = 4;

	snprintf(log, sizeof(log), "%s/snmpsim.log", agents->box->dir);
	snprintf(data_dir, sizeof(data_dir), "--data-dir=%s", agents->data);
	snprintf(cache_dir, sizeof(cache_dir), "--cache-dir=%s/cache", agents->box->dir);
	argv[n++] = data_dir;
	argv[n++] = cache_dir;
	argv[n++] = "--force-index-rebuild";
	argv[n++] = "--process-user=root";
	argv[n++] = "--process-group=root";
	for (size_t i = 0; i < agents->n; i++) {
		snprintf(endpoints[i], sizeof(endpoints[i]), "--agent-udpv4-endpoint=%s:%d",
		    agents->addresses[i], AGENTS_PORT);
		argv[n++] = endpoints[i];
	}
	snprintf(v6, sizeof(v6), "--agent-udpv6-endpoint=[::1]:%d", agents->v6_port);
	if (agents->v6_port != 0)
		argv[n++] = v6;
	argv[n] = NULL;
	process_start(&agents->process, log, argv);
	snprintf(asked, sizeof(asked), "%s:%d", agents->addresses[0], AGENTS_PORT);
	WAIT_FOR(process_run(out, sizeof(out),
		     ARGV("snmpgetnext", "-v2c", "-c", first, "-t1", "-r0", asked, "1.0")) == 0);
}

void
agents_stop(struct agents *agents)
{
	process_kill(&agents->process);
}
