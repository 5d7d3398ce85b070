/*
 * poll_agents: what is known of the agent of each switch of the map (io). Private to poller.
 */
#ifndef DPWATCH_IO_POLL_AGENTS_H
#define DPWATCH_IO_POLL_AGENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "io/poll_agent.h"

struct poll_plan;
struct topo;

/* Zeroed: of no switch. */
struct poll_agents {
	struct poll_agent *of; /* each switch of the map, by its number */
	uint32_t n;
};

/* Wipes all. */
void poll_agents_release(struct poll_agents *agents);

/*
 * Another map: what is known goes with the names of the switches, which the plan has still as they were before. False: out of
 * memory, and nothing is known any more.
 */
bool poll_agents_carry(
    struct poll_agents *agents, const struct poll_plan *plan, const struct topo *now);

#endif
