/*
 * agents_box: a sandbox beside snmpsim's agents. Where snmpsim cannot run, the fixtures do nothing and `skipped` is true: a test
 * returns at once. State is static: each test program has its own.
 */
#ifndef DPWATCH_TESTS_LIB_AGENTS_BOX_H
#define DPWATCH_TESTS_LIB_AGENTS_BOX_H

#include "lib/agents.h"
#include "lib/cli_box.h"

static struct agents agents;
static bool skipped;

/* Nothing runs yet. False: the test is skipped. */
static inline bool
agents_box_init(void)
{
	skipped = !agents_available();
	if (skipped)
		return false;
	sandbox_init(&box);
	agents_init(&agents, &box);
	return true;
}

/* A daemon that asks nobody by the clock. */
static inline void
agents_box_start(void)
{
	sandbox_configure(&box, &(struct sandbox_lines){ .snmp = "poll_interval = off" });
	sandbox_start_ready(&box);
}

/* An agent of this name, which tells nothing yet; its address, that of the agents. */
static inline const char *
agents_box_add(const char *name)
{
	struct recording nothing = { .n = 0 };

	return agents_add(&agents, name, &nothing);
}

static inline void
agents_box_tear_down(void)
{
	if (skipped)
		return;
	agents_stop(&agents);
	sandbox_release(&box);
}

#endif
