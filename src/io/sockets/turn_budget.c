#include "io/turn_budget.h"

#include <stdlib.h>

#include <event2/event.h>

struct turn_budget {
	struct event *turn; /* activated, it comes behind what is ready already */
	int64_t ns, spent_ns;
};

static void
on_turn(evutil_socket_t fd, short what, void *ctx)
{
	struct turn_budget *budget = ctx;

	(void)fd;
	(void)what;
	budget->spent_ns = 0;
}

struct turn_budget *
turn_budget_new(struct loop *loop, int64_t ns)
{
	struct turn_budget *budget = calloc(1, sizeof(*budget));

	if (budget == NULL)
		return NULL;
	budget->ns = ns;
	budget->turn = event_new(loop_base(loop), -1, 0, on_turn, budget);
	if (budget->turn != NULL)
		return budget;
	free(budget);
	return NULL;
}

void
turn_budget_free(struct turn_budget *budget)
{
	if (budget == NULL)
		return;
	event_free(budget->turn);
	free(budget);
}

bool
turn_budget_is_spent(const struct turn_budget *budget)
{
	return budget->spent_ns >= budget->ns;
}

void
turn_budget_spend(struct turn_budget *budget, int64_t ns)
{
	budget->spent_ns += ns;
	event_active(budget->turn, EV_TIMEOUT, 0);
}
