/*
 * turn_budget: how much of a turn of the loop one kind of work may take (io). What is ready beyond that is left for the next
 * turn, so that nothing else waits for all of it.
 */
#ifndef DPWATCH_IO_TURN_BUDGET_H
#define DPWATCH_IO_TURN_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#include "io/loop.h"

struct turn_budget;

/* NULL: out of memory. */
struct turn_budget *turn_budget_new(struct loop *loop, int64_t ns);
void turn_budget_free(struct turn_budget *budget); /* NULL is fine */

/* Nothing is left in this turn. */
bool turn_budget_is_spent(const struct turn_budget *budget);
/* So much was taken; it is given back when all that is ready now has had its turn. */
void turn_budget_spend(struct turn_budget *budget, int64_t ns);

#endif
