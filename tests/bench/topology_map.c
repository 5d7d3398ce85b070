/*
 * The made-up network of topology.h: its numbers, and its document.
 */
#include "topology.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>

#include "bench.h"

unsigned
n_leaves(const struct plan *plan)
{
	return (plan->ports + PORTS_PER_LEAF - 1) / PORTS_PER_LEAF;
}

unsigned
n_spines(const struct plan *plan)
{
	return (n_leaves(plan) + LEAVES_PER_SPINE - 1) / LEAVES_PER_SPINE;
}

unsigned
spine_switch(unsigned spine)
{
	return 2 + spine;
}

unsigned
leaf_switch(const struct plan *plan, unsigned leaf)
{
	return 2 + n_spines(plan) + leaf;
}

static void
print_switch(unsigned sw, unsigned interfaces)
{
	struct in_addr address = { .s_addr = bench_switch_address(sw) };
	char name[BENCH_NAME], text[INET_ADDRSTRLEN];

	bench_switch_name(sw, name);
	printf("%s\n  {\"name\": \"%s\", \"addresses\": [\"%s\"], %s\"interfaces\": [",
	    sw > 1 ? "," : "", name, inet_ntop(AF_INET, &address, text, sizeof(text)),
	    sw == 1 ? "\"root\": true, " : "");
	for (unsigned i = 1; i <= interfaces; i++) {
		bench_interface_name(i, name);
		printf("%s{\"name\": \"%s\", \"if_index\": %u}", i > 1 ? ", " : "", name, i);
	}
	printf("]}");
}

static void
print_link(bool first, unsigned a, unsigned a_port, unsigned b, unsigned b_port)
{
	char a_name[BENCH_NAME], b_name[BENCH_NAME], a_if[BENCH_NAME], b_if[BENCH_NAME];

	bench_switch_name(a, a_name);
	bench_switch_name(b, b_name);
	bench_interface_name(a_port, a_if);
	bench_interface_name(b_port, b_if);
	printf("%s\n  {\"a\": \"%s:%s\", \"b\": \"%s:%s\"}", first ? "" : ",", a_name, a_if, b_name,
	    b_if);
}

static void
print_links(const struct plan *plan)
{
	for (unsigned spine = 0; spine < n_spines(plan); spine++)
		print_link(spine == 0, spine_switch(spine), SPINE_UPLINK, 1, spine + 1);
	for (unsigned leaf = 0; leaf < n_leaves(plan); leaf++)
		for (unsigned i = 0; i < 2; i++)
			print_link(false, leaf_switch(plan, leaf), LEAF_UPLINK + i,
			    spine_switch(leaf / LEAVES_PER_SPINE),
			    leaf % LEAVES_PER_SPINE * 2 + 1 + i);
}

static void
print_hosts(const struct plan *plan)
{
	char name[BENCH_NAME], interface[BENCH_NAME];

	for (unsigned leaf = 0; leaf < n_leaves(plan); leaf++) {
		bench_switch_name(leaf_switch(plan, leaf), name);
		for (unsigned host = 1; host <= HOSTS_PER_LEAF; host++) {
			bench_interface_name(host, interface);
			printf("%s\n  {\"name\": \"compute-%u-%u\", \"attachments\": [\"%s:%s\"]}",
			    leaf + host > 1 ? "," : "", leaf, host, name, interface);
		}
	}
}

static void
print_ports(const struct plan *plan)
{
	for (unsigned i = 0; i < plan->ports; i++) {
		unsigned leaf = i / PORTS_PER_LEAF, nth = i % PORTS_PER_LEAF;
		char uuid[BENCH_UUID];
		bench_uuid(leaf, nth, 0, uuid);
		printf(
		    "%s\n  {\"id\": \"%s\", \"name\": \"vm-%u-%u-eth0\", \"project_id\": \"%032x\", \"host\": \"compute-%u-%u\"}",
		    i > 0 ? "," : "", uuid, leaf, nth, i % 1000, leaf, nth % HOSTS_PER_LEAF + 1);
	}
}

int
make_map(const struct plan *plan)
{
	printf("{\"switches\": [");
	print_switch(1, n_spines(plan));
	for (unsigned spine = 0; spine < n_spines(plan); spine++)
		print_switch(spine_switch(spine), SPINE_UPLINK);
	for (unsigned leaf = 0; leaf < n_leaves(plan); leaf++)
		print_switch(leaf_switch(plan, leaf), LEAF_UPLINK + 1);
	printf("],\n\"links\": [");
	print_links(plan);
	printf("],\n\"hosts\": [");
	print_hosts(plan);
	printf("],\n\"ports\": [");
	print_ports(plan);
	printf("]}\n");
	return fflush(stdout) == 0 ? 0 : 1;
}
