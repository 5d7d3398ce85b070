#include "io/poll_agents.h"

#include <stdlib.h>

#include "core/poll_plan.h"
#include "core/topo.h"

void
poll_agents_release(struct poll_agents *agents)
{
	for (uint32_t sw = 0; sw < agents->n; sw++)
		poll_agent_forget(&agents->of[sw]);
	free(agents->of);
	*agents = (struct poll_agents){ NULL, 0 };
}

bool
poll_agents_carry(struct poll_agents *agents, const struct poll_plan *plan, const struct topo *now)
{
	const uint32_t n = topo_n_switches(now);
	struct poll_agent *of = calloc((size_t)n + 1, sizeof(*of));

	for (uint32_t sw = 0; of && sw < agents->n; sw++) {
		if (agents->of[sw].version == 0)
			continue;
		const uint32_t to = topo_switch_find(now, slice_of(poll_plan_name(plan, sw)));
		if (to != TOPO_NONE)
			of[to] = agents->of[sw];
	}
	poll_agents_release(agents);
	*agents = (struct poll_agents){ of, of ? n : 0 };
	return of != NULL;
}
