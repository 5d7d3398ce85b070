/*
 * loadgen: plays many switches that tell of links going down and up; see bench.h.
 */
#include "bench.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>

static const char usage[] =
    "usage: loadgen --target ADDR:PORT [--rate N] [--count N | --seconds N] [--kind trap|ios|rfc5424]\n"
    "               [--switches N] [--ports N] [--community TEXT] [--repeat-state]\n"
    "       loadgen --topology [--switches N] [--ports N] [--ports-per-interface N]\n"
    "--rate 0 (the default) sends as fast as it goes; prints what was sent as name=value.\n";

struct plan {
	struct bench_shape shape;
	const char *target; /* NULL: none */
	uint64_t rate;      /* datagrams a second; 0: flat out */
	uint64_t count;
	uint64_t seconds; /* 0: until count */
	bool topology;
};

/* --- the topology document --- */

static void
print_switch(const struct bench_shape *shape, unsigned sw)
{
	struct in_addr address = { .s_addr = bench_switch_address(sw) };
	char name[BENCH_NAME], interface[BENCH_NAME], text[INET_ADDRSTRLEN];

	bench_switch_name(sw, name);
	printf("%s\n  {\"name\": \"%s\", \"addresses\": [\"%s\"], \"interfaces\": [",
	    sw > 1 ? "," : "", name, inet_ntop(AF_INET, &address, text, sizeof(text)));
	for (unsigned port = 1; port <= shape->ports; port++) {
		bench_interface_name(port, interface);
		printf("%s{\"name\": \"%s\", \"if_index\": %u}", port > 1 ? ", " : "", interface,
		    port);
	}
	printf("]}");
}

static void
print_ports(const struct bench_shape *shape, unsigned sw, unsigned port)
{
	char name[BENCH_NAME], interface[BENCH_NAME], uuid[BENCH_UUID];

	bench_switch_name(sw, name);
	bench_interface_name(port, interface);
	for (unsigned nth = 0; nth < shape->ports_per_interface; nth++) {
		bench_uuid(sw, port, nth, uuid);
		printf(
		    "%s\n  {\"id\": \"%s\", \"name\": \"vm-%u-%u-%u-eth0\", \"project_id\": \"%032x\", "
		    "\"attachments\": [\"%s:%s\"]}",
		    sw > 1 || port > 1 || nth > 0 ? "," : "", uuid, sw, port, nth, sw, name,
		    interface);
	}
}

static void
print_topology(const struct bench_shape *shape)
{
	printf("{\"switches\": [");
	for (unsigned sw = 1; sw <= shape->switches; sw++)
		print_switch(shape, sw);
	printf("],\n\"links\": [],\n\"hosts\": [],\n\"ports\": [");
	for (unsigned sw = 1; sw <= shape->switches; sw++)
		for (unsigned port = 1; port <= shape->ports; port++)
			print_ports(shape, sw, port);
	printf("]}\n");
}

/* --- sending --- */

static uint64_t
min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* How many are due by now, so that a late wake-up is made good at once. */
static uint64_t
due(const struct plan *plan, uint64_t sent, uint64_t elapsed_ns)
{
	uint64_t target;

	if (plan->rate == 0)
		return plan->count - sent;
	target = (uint64_t)((double)elapsed_ns * (double)plan->rate / 1e9) + 1;
	return target > sent ? min_u64(target, plan->count) - sent : 0;
}

/* Returns the start of the sending. */
static uint64_t
send_all(const struct plan *plan, struct bench_sender *sender)
{
	uint64_t start = bench_now_ns(), now = start;

	while (sender->sent < plan->count &&
	       (plan->seconds == 0 || now - start < plan->seconds * 1000000000)) {
		uint64_t n = due(plan, sender->sent, now - start);

		if (n > 0)
			bench_sender_send(sender, n);
		else
			bench_sleep_until(
			    start + (uint64_t)((double)sender->sent * 1e9 / (double)plan->rate));
		now = bench_now_ns();
	}
	return start;
}

static int
run(const struct plan *plan)
{
	static struct bench_sender sender;
	struct sockaddr_in target = bench_address(plan->target);
	uint64_t start;
	double seconds;

	bench_sender_open(&sender, &plan->shape, &target);
	start = send_all(plan, &sender);
	seconds = (double)(bench_now_ns() - start) / 1e9;
	printf("sent=%" PRIu64 " seconds=%.3f rate=%.0f refused=%u start_ns=%" PRIu64 "\n",
	    sender.sent, seconds, (double)sender.sent / seconds, sender.refused, start);
	bench_sender_close(&sender);
	return 0;
}

static void
set_option(struct plan *plan, int letter)
{
	switch (letter) {
	case 't':
		plan->target = optarg;
		return;
	case 'r':
		plan->rate = bench_number("rate", optarg, 0, 100000000);
		return;
	case 'n':
		plan->count = bench_number("count", optarg, 1, UINT32_MAX);
		return;
	case 'S':
		plan->seconds = bench_number("seconds", optarg, 1, 3600);
		return;
	case 'T':
		plan->topology = true;
		return;
	case 'R':
		plan->shape.repeat_state = true;
		return;
	}
	if (!bench_shape_option(&plan->shape, letter, optarg)) {
		fputs(usage, stderr);
		exit(2);
	}
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		BENCH_SHAPE_OPTIONS,
		{ "target", required_argument, NULL, 't' },
		{ "rate", required_argument, NULL, 'r' },
		{ "count", required_argument, NULL, 'n' },
		{ "seconds", required_argument, NULL, 'S' },
		{ "topology", no_argument, NULL, 'T' },
		{ "repeat-state", no_argument, NULL, 'R' },
		{ NULL, 0, NULL, 0 },
	};
	struct plan plan = { .shape = BENCH_SHAPE_DEFAULT };
	int letter;

	while ((letter = getopt_long(argc, argv, "", options, NULL)) != -1)
		set_option(&plan, letter);
	if (optind != argc ||
	    (!plan.topology && (!plan.target || (plan.count == 0 && plan.seconds == 0)))) {
		fputs(usage, stderr);
		return 2;
	}
	if (plan.topology) {
		print_topology(&plan.shape);
		return fflush(stdout) == 0 ? 0 : 1;
	}
	if (plan.count == 0)
		plan.count = UINT64_MAX;
	return run(&plan);
}
