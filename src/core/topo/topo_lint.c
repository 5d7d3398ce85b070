#include "core/topo_lint.h"

#include <errno.h>
#include <stdlib.h>

#include "core/engine_state.h"

enum { HIT_BY_SWITCH = 1, HIT_BY_INTERFACE = 2 };

struct linting {
	const struct topo *topo;
	struct trial *trial;
	uint8_t *hit; /* per group */
	size_t room_singles;
	struct topo_lint lint;
};

/* ---- single points of failure ---- */

static int
add_single(struct linting *linting, const struct failure *failure, uint32_t n_ports)
{
	struct topo_lint *lint = &linting->lint;

	if (lint->n_singles == linting->room_singles) {
		size_t room = linting->room_singles * 2 + 256;
		struct lint_single *singles = realloc(lint->singles, room * sizeof(*singles));
		if (!singles)
			return -ENOMEM;
		lint->singles = singles;
		linting->room_singles = room;
	}
	lint->singles[lint->n_singles++] = (struct lint_single){ *failure, n_ports };
	return 0;
}

/* The ports of the groups that the failure in the trial takes down. */
static uint32_t
count_ports_down(struct linting *linting, uint8_t hit)
{
	const struct index_list *groups = trial_groups(linting->trial);
	struct group_state then;
	uint32_t n = 0;

	for (size_t i = 0; i < groups->n; i++) {
		uint32_t group = groups->items[i];
		trial_paths(linting->trial, group, &then);
		if (!then.down)
			continue;
		n += topo_group_get(linting->topo, group)->ports.n;
		linting->hit[group] |= hit;
	}
	return n;
}

static int
try_failure(struct linting *linting, const struct failure *failure)
{
	uint8_t hit = failure->interface == TOPO_NONE ? HIT_BY_SWITCH : HIT_BY_INTERFACE;

	if (trial_fail(linting->trial, failure, 1) != 0)
		return -ENOMEM;
	uint32_t n_ports = count_ports_down(linting, hit);
	if (n_ports > 0 && add_single(linting, failure, n_ports) != 0)
		return -ENOMEM;
	return trial_undo(linting->trial);
}

static int
try_all(struct linting *linting)
{
	const struct topo *topo = linting->topo;
	int r = 0;

	for (uint32_t sw = 0; sw < topo_n_switches(topo) && r == 0; sw++)
		r = try_failure(linting, &(struct failure){ sw, TOPO_NONE });
	for (uint32_t i = 0; i < topo_n_interfaces(topo) && r == 0; i++) {
		struct failure failure = { topo_interface_get(topo, i)->sw, i };
		if (failure_is_physical(topo, i))
			r = try_failure(linting, &failure);
	}
	return r;
}

static void
count_ports_hit(struct linting *linting)
{
	struct topo_lint *lint = &linting->lint;

	for (uint32_t g = 0; g < topo_n_groups(linting->topo); g++) {
		const struct topo_group *group = topo_group_get(linting->topo, g);
		if (linting->hit[g])
			lint->n_ports_single += group->ports.n;
		if (linting->hit[g] & HIT_BY_INTERFACE)
			lint->n_ports_interface += group->ports.n;
		if (group->attachments.n == 0)
			lint->n_ports_unwatched += group->ports.n;
	}
}

static int
most_ports_first(const void *a, const void *b)
{
	const struct lint_single *x = a, *y = b;
	bool x_is_switch = x->failure.interface == TOPO_NONE;
	bool y_is_switch = y->failure.interface == TOPO_NONE;

	if (x->n_ports != y->n_ports)
		return x->n_ports > y->n_ports ? -1 : 1;
	if (x_is_switch != y_is_switch)
		return x_is_switch ? -1 : 1;
	if (x->failure.sw != y->failure.sw)
		return x->failure.sw < y->failure.sw ? -1 : 1;
	return (x->failure.interface > y->failure.interface) -
	       (x->failure.interface < y->failure.interface);
}

/* ---- what stands alone ---- */

static bool
has_links(const struct topo *topo, uint32_t sw)
{
	struct topo_range range = topo_switch_get(topo, sw)->interfaces;

	for (uint32_t i = 0; i < range.n; i++)
		if (topo_interface_get(topo, range.first + i)->links.n > 0)
			return true;
	return false;
}

static int
look_at_switches(struct linting *linting)
{
	const struct topo *topo = linting->topo;
	struct topo_lint *lint = &linting->lint;
	int r = 0;

	for (uint32_t sw = 0; sw < topo_n_switches(topo); sw++)
		lint->has_roots = lint->has_roots || topo_switch_get(topo, sw)->root;
	for (uint32_t sw = 0; sw < topo_n_switches(topo) && r == 0; sw++) {
		if (!has_links(topo, sw))
			r = index_list_add(&lint->unlinked, sw);
		else if (lint->has_roots && !reach_joined(trial_reach(linting->trial), sw))
			r = index_list_add(&lint->unrooted, sw);
	}
	return r;
}

static int
look_at_hosts(struct linting *linting)
{
	const struct topo *topo = linting->topo;
	uint32_t n = topo_n_hosts(topo);
	uint8_t *has_ports = calloc((size_t)n + 1, 1);
	int r = has_ports ? 0 : -ENOMEM;

	for (uint32_t g = 0; g < topo_n_groups(topo) && r == 0; g++) {
		const struct topo_group *group = topo_group_get(topo, g);
		if (group->host != TOPO_NONE && group->ports.n > 0)
			has_ports[group->host] = 1;
	}
	for (uint32_t host = 0; host < n && r == 0; host++)
		if (!has_ports[host])
			r = index_list_add(&linting->lint.idle_hosts, host);
	free(has_ports);
	return r;
}

/* ---- the whole ---- */

int
topo_lint(const struct topo *topo, struct topo_lint *ret_lint)
{
	struct linting linting = {
		.topo = topo,
		.trial = trial_new(topo, NULL),
		.hit = calloc((size_t)topo_n_groups(topo) + 1, 1),
	};
	int r = linting.trial && linting.hit ? try_all(&linting) : -ENOMEM;

	if (r == 0)
		r = look_at_switches(&linting);
	if (r == 0)
		r = look_at_hosts(&linting);
	if (r == 0) {
		count_ports_hit(&linting);
		if (linting.lint.n_singles > 0)
			qsort(linting.lint.singles, linting.lint.n_singles,
			    sizeof(*linting.lint.singles), most_ports_first);
		*ret_lint = linting.lint;
	} else {
		topo_lint_release(&linting.lint);
	}
	trial_free(linting.trial);
	free(linting.hit);
	return r;
}

void
topo_lint_release(struct topo_lint *lint)
{
	free(lint->singles);
	free(lint->unlinked.items);
	free(lint->unrooted.items);
	free(lint->idle_hosts.items);
	*lint = (struct topo_lint){ 0 };
}

/* ---- JSON ---- */

static json_t *
switch_json(const struct topo *topo, uint32_t sw)
{
	return json_string(topo_text_get(topo, topo_switch_get(topo, sw)->name));
}

static json_t *
host_json(const struct topo *topo, uint32_t host)
{
	return json_string(topo_text_get(topo, topo_host_get(topo, host)->name));
}

static json_t *
names_json(const struct topo *topo, const struct index_list *list,
    json_t *(*name)(const struct topo *, uint32_t))
{
	json_t *names = json_array();

	for (size_t i = 0; i < list->n; i++)
		json_array_append_new(names, name(topo, list->items[i]));
	return names;
}

static json_t *
single_json(const struct topo *topo, const struct lint_single *single)
{
	uint32_t interface = single->failure.interface;

	return json_pack("{s:o, s:o, s:I}", "switch", switch_json(topo, single->failure.sw),
	    "interface",
	    interface == TOPO_NONE
		? json_null()
		: json_string(topo_text_get(topo, topo_interface_get(topo, interface)->name)),
	    "ports", (json_int_t)single->n_ports);
}

json_t *
topo_lint_json(const struct topo *topo, const struct topo_lint *lint)
{
	json_t *singles = json_array();

	for (size_t i = 0; i < lint->n_singles; i++)
		json_array_append_new(singles, single_json(topo, &lint->singles[i]));
	return json_pack("{s:b, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o}", "has_roots",
	    lint->has_roots, "ports", (json_int_t)topo_n_ports(topo), "ports_single_failure",
	    (json_int_t)lint->n_ports_single, "ports_single_interface",
	    (json_int_t)lint->n_ports_interface, "ports_unwatched",
	    (json_int_t)lint->n_ports_unwatched, "single_failures", singles, "unlinked_switches",
	    names_json(topo, &lint->unlinked, switch_json), "unrooted_switches",
	    names_json(topo, &lint->unrooted, switch_json), "idle_hosts",
	    names_json(topo, &lint->idle_hosts, host_json));
}
