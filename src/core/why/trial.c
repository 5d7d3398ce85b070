#include "core/trial.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/engine_state.h"

/* An interface that a failure took down, and what a person had said of it. */
struct taken {
	uint32_t interface;
	uint8_t override;
};

enum taken_as { TAKEN_NOT, TAKEN_FAILED, TAKEN_DARK };

struct trial {
	/* Only what engine_count_paths() reads: topo, interfaces (our copy), reach. */
	struct engine shell;
	struct taken *taken;
	size_t n_taken, room_taken;
	uint8_t *is_taken;        /* per interface: enum taken_as */
	uint8_t *in_groups;       /* per group: it is in `groups` */
	struct index_list groups; /* room for all of them */
};

/* ---- names ---- */

enum failure_name
failure_parse(const struct topo *topo, struct slice text, struct failure *ret_failure)
{
	long colon = slice_find(text, SLICE(":"));
	struct slice name = colon < 0 ? text : slice_first(text, (size_t)colon);
	struct failure failure = { topo_switch_find(topo, name), TOPO_NONE };

	if (failure.sw == TOPO_NONE)
		failure.sw = topo_switch_by_hostname(topo, name);
	if (failure.sw == TOPO_NONE)
		return FAILURE_NO_SWITCH;
	if (colon >= 0) {
		failure.interface =
		    topo_interface_find(topo, failure.sw, slice_from(text, (size_t)colon + 1));
		if (failure.interface == TOPO_NONE)
			return FAILURE_NO_INTERFACE;
	}
	*ret_failure = failure;
	return FAILURE_FOUND;
}

const char *
failure_text(const struct topo *topo, const struct failure *failure, char *buf, size_t size)
{
	if (failure->interface != TOPO_NONE)
		return topo_interface_text(topo, failure->interface, buf, size);
	snprintf(buf, size, "%s", topo_text_get(topo, topo_switch_get(topo, failure->sw)->name));
	return buf;
}

bool
failure_is_physical(const struct topo *topo, uint32_t interface)
{
	return topo_interface_get(topo, interface)->members.n == 0;
}

/* ---- life ---- */

static bool
copy_states(struct trial *trial, const struct interface_state *states)
{
	uint32_t n = topo_n_interfaces(trial->shell.topo);

	trial->shell.interfaces = calloc((size_t)n + 1, sizeof(*trial->shell.interfaces));
	if (!trial->shell.interfaces)
		return false;
	trial->shell.n_interfaces = n;
	if (states)
		memcpy(trial->shell.interfaces, states, n * sizeof(*states));
	for (uint32_t i = 0; i < n && !states; i++)
		interface_state_init(&trial->shell.interfaces[i]);
	return true;
}

struct trial *
trial_new(const struct topo *topo, const struct interface_state *states)
{
	struct trial *trial = calloc(1, sizeof(*trial));

	if (!trial)
		return NULL;
	/* The engine owns its topo and may change it; nobody does here. */
	trial->shell.topo = (struct topo *)(uintptr_t)topo;
	trial->is_taken = calloc((size_t)topo_n_interfaces(topo) + 1, 1);
	trial->in_groups = calloc((size_t)topo_n_groups(topo) + 1, 1);
	trial->groups.room = (size_t)topo_n_groups(topo) + 1;
	trial->groups.items = calloc(trial->groups.room, sizeof(*trial->groups.items));
	if (copy_states(trial, states))
		trial->shell.reach = reach_new(topo, trial->shell.interfaces);
	if (trial->is_taken && trial->in_groups && trial->groups.items && trial->shell.reach)
		return trial;
	trial_free(trial);
	return NULL;
}

struct trial *
trial_copy(const struct trial *trial)
{
	assert(trial->n_taken == 0);
	return trial_new(trial->shell.topo, trial->shell.interfaces);
}

void
trial_free(struct trial *trial)
{
	if (!trial)
		return;
	reach_free(trial->shell.reach);
	free(trial->shell.interfaces);
	free(trial->taken);
	free(trial->is_taken);
	free(trial->in_groups);
	free(trial->groups.items);
	free(trial);
}

const struct index_list *
trial_groups(const struct trial *trial)
{
	return &trial->groups;
}

void
trial_paths(const struct trial *trial, uint32_t group, struct group_state *ret_state)
{
	*ret_state = (struct group_state){ 0 };
	engine_count_paths(&trial->shell, group, ret_state);
}

const struct reach *
trial_reach(const struct trial *trial)
{
	return trial->shell.reach;
}

/* ---- failing ---- */

static int
take(struct trial *trial, uint32_t interface, enum taken_as as)
{
	if (trial->is_taken[interface] != TAKEN_NOT)
		return 0;
	if (trial->n_taken == trial->room_taken) {
		size_t room = trial->room_taken * 2 + 64;
		struct taken *taken = realloc(trial->taken, room * sizeof(*taken));
		if (!taken)
			return -ENOMEM;
		trial->taken = taken;
		trial->room_taken = room;
	}
	struct interface_state *state = &trial->shell.interfaces[interface];
	trial->taken[trial->n_taken++] = (struct taken){ interface, state->override };
	trial->is_taken[interface] = (uint8_t)as;
	/* As a person's word, which wins over everything that was observed, and over an older word of a person. */
	state->override = SPOKEN_DOWN;
	return 0;
}

static int
take_failure(struct trial *trial, const struct failure *failure)
{
	if (failure->interface != TOPO_NONE)
		return take(trial, failure->interface, TAKEN_FAILED);
	struct topo_range range = topo_switch_get(trial->shell.topo, failure->sw)->interfaces;
	for (uint32_t i = 0; i < range.n; i++)
		if (take(trial, range.first + i, TAKEN_FAILED) != 0)
			return -ENOMEM;
	return 0;
}

static uint32_t
far_end(const struct topo *topo, uint32_t link, uint32_t interface)
{
	const struct topo_link *row = topo_link_get(topo, link);

	return row->a == interface ? row->b : row->a;
}

/* Whether every link that ends here has a failed far end, so that no light comes in any more. */
static bool
goes_dark(const struct trial *trial, uint32_t interface)
{
	struct topo_range links = topo_interface_get(trial->shell.topo, interface)->links;

	for (uint32_t i = 0; i < links.n; i++) {
		uint32_t link = topo_link_of_interface(trial->shell.topo, links.first + i);
		if (trial->is_taken[far_end(trial->shell.topo, link, interface)] != TAKEN_FAILED)
			return false;
	}
	return true;
}

/* The other ends of the cables of what failed. An end that is only dark takes no further end with it. */
static int
take_far_ends(struct trial *trial)
{
	const struct topo *topo = trial->shell.topo;
	size_t n = trial->n_taken;

	for (size_t t = 0; t < n; t++) {
		uint32_t interface = trial->taken[t].interface;
		struct topo_range links = topo_interface_get(topo, interface)->links;
		for (uint32_t i = 0; i < links.n; i++) {
			uint32_t far =
			    far_end(topo, topo_link_of_interface(topo, links.first + i), interface);
			if (goes_dark(trial, far) && take(trial, far, TAKEN_DARK) != 0)
				return -ENOMEM;
		}
	}
	return 0;
}

/* ---- what that moves ---- */

static void
note_groups_at(struct trial *trial, uint32_t interface)
{
	struct topo_range groups = topo_interface_get(trial->shell.topo, interface)->groups;

	for (uint32_t i = 0; i < groups.n; i++) {
		uint32_t group = topo_group_of_interface(trial->shell.topo, groups.first + i);
		if (trial->in_groups[group])
			continue;
		trial->in_groups[group] = 1;
		trial->groups.items[trial->groups.n++] = group;
	}
}

static void
note_groups_behind(struct trial *trial, uint32_t sw)
{
	struct topo_range range = topo_switch_get(trial->shell.topo, sw)->interfaces;

	for (uint32_t i = 0; i < range.n; i++)
		note_groups_at(trial, range.first + i);
}

static int
update(struct trial *trial, uint32_t interface)
{
	const struct index_list *interfaces, *switches;

	if (reach_update(trial->shell.reach, interface, &interfaces, &switches) != 0)
		return -ENOMEM;
	for (size_t i = 0; i < interfaces->n; i++)
		note_groups_at(trial, interfaces->items[i]);
	for (size_t i = 0; i < switches->n; i++)
		note_groups_behind(trial, switches->items[i]);
	return 0;
}

int
trial_fail(struct trial *trial, const struct failure *failures, size_t n)
{
	assert(trial->n_taken == 0);
	for (size_t i = 0; i < n; i++)
		if (take_failure(trial, &failures[i]) != 0)
			return -ENOMEM;
	if (take_far_ends(trial) != 0)
		return -ENOMEM;
	for (size_t t = 0; t < trial->n_taken; t++)
		if (update(trial, trial->taken[t].interface) != 0)
			return -ENOMEM;
	return 0;
}

int
trial_undo(struct trial *trial)
{
	for (size_t t = 0; t < trial->n_taken; t++) {
		const struct taken *taken = &trial->taken[t];
		trial->shell.interfaces[taken->interface].override = taken->override;
		trial->is_taken[taken->interface] = TAKEN_NOT;
	}
	for (size_t t = 0; t < trial->n_taken; t++)
		if (update(trial, trial->taken[t].interface) != 0)
			return -ENOMEM;
	trial->n_taken = 0;
	for (size_t i = 0; i < trial->groups.n; i++)
		trial->in_groups[trial->groups.items[i]] = 0;
	trial->groups.n = 0;
	return 0;
}
