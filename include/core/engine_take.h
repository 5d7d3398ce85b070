/*
 * engine_take: a new snapshot that is being taken in slices (core, private to engine_topo.c, engine_carry.c, engine_swap.c).
 *
 * Beside the engine, which goes on to decide on the map in force, stands `next`: an engine without queue and reports, whose
 * rows are those of the new map. Phase by phase it gets what carries over by name, its own reach and its groups' paths; and
 * the groups are listed whose ports would get another verdict, or have other paths. What changes in force meanwhile is caught
 * up with: ports are noted by whoever changes them, interfaces are compared as a whole, which is quick. One slice compares once more and swaps
 * the rows; then the listed groups are settled, in slices too, as of that moment: whatever else changes something first has
 * all of them settled (engine_settle_pending). So the outcome is that of one step at the moment of the swap. Last, what was
 * before is freed.
 *
 * What the engine keeps by interface number outside of its rows is renumbered in swap_rows() of engine_swap.c, from
 * `new_interface`; what it keeps in struct interface_state, switch_state or port_state carries over by itself.
 */
#ifndef DPWATCH_CORE_ENGINE_TAKE_H
#define DPWATCH_CORE_ENGINE_TAKE_H

#include "core/engine_state.h"

struct take {
	struct engine *engine;
	struct engine next;   /* rows alone; after the swap, those that were in force */
	uint32_t *new_switch; /* per switch in force: its number in next; TOPO_NONE: it is gone */
	struct index_list
	    new_interface; /* the same of interfaces, those that were looked at so far */
	struct index_list
	    from; /* per interface of next: of which in force it has its state, or TOPO_NONE */
	struct index_list new_switches; /* of next: those whose names are not in force */
	struct index_list renamed;      /* of them those that are in force by another name */
	struct index_list groups;       /* of next: to be settled; their `seen` is 1 */
	struct index_list aggregates;   /* of next: with a member that is down */
	struct index_list leaving; /* ports in force that next has not, and that are more than up */
	struct index_list
	    changed;         /* ports in force that changed since they were carried over ... */
	uint8_t *is_changed; /* ... one bit per port */
	struct index_list unresolved; /* ports in force whose interface was not carried over */
	unsigned phase;
	uint32_t cursor;         /* the next row of the phase */
	uint32_t near;           /* where the port after the last one found may stand in force */
	struct engine_time time; /* of the swap */
	size_t n_settled, n_told, n_renamed; /* of groups, aggregates, renamed: done since */
	bool again;                          /* everything changed: to be begun anew */
	bool in_force;                       /* it was swapped: what is left is to be freed */
	bool no_memory;
	struct take *link; /* the next to be freed */
};

/* Adds to a list; out of memory is noted. */
void take_list(struct take *take, struct index_list *list, uint32_t item);

/* ---- engine_carry.c: row by row ---- */
void carry_switch(struct take *take, uint32_t sw);           /* a switch in force */
void find_new_switch(struct take *take, uint32_t sw);        /* a switch of next */
void make_interface(struct take *take, uint32_t interface);  /* an interface of next */
void carry_interface(struct take *take, uint32_t interface); /* one in force: first, and again */
void make_group(struct take *take, uint32_t group);          /* a group of next */
void make_port(struct take *take, uint32_t port);            /* a port of next */
void find_leaving(struct take *take, uint32_t port);         /* a port in force */
/* Carries over the port in force that changed last. */
void carry_changed(struct take *take);
/* Whether a port has other paths than it had under another number in another map. */
bool take_is_rewired(
    const struct engine *was, uint32_t port, const struct engine *is, uint32_t now);

/* ---- engine_swap.c ---- */
/* A port has a hash in Redis since it toggled, or was reported. */
bool take_has_hash(const struct engine *engine, uint32_t port);
/* Brings it in force, unsettled. -ENOMEM with nothing changed. */
int take_swap(struct take *take, struct engine_time time);
/* Settles groups with about n_ports ports. True while there are more. */
bool take_settle(struct take *take, uint32_t n_ports);
/* Frees a part of what is left, for at most *budget, which it counts down. True while there is more. */
bool take_discard(struct take *take, unsigned *budget);

#endif
