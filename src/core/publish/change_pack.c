#include "core/change_pack.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "core/change_codec.h"

/*
 * What a value is to the packing. Those from SWITCH on a record mostly has in common with the one before it; and what it says
 * occurred, it says did so when that one was received.
 */
enum role { PLAIN, STATE, OCCURRED, SWITCH, INTERFACE, REASON, SOURCE, RECEIVED, N_ROLES };

/* The roles of a record's values, in their order (core/change_codec.c); the others are plain. */
static const uint8_t port_roles[CHANGE_FIELDS_MAX] = {
	[5] = OCCURRED, [7] = REASON, [8] = SWITCH, [9] = INTERFACE, [11] = SOURCE, [12] = RECEIVED
};
static const uint8_t interface_roles[CHANGE_FIELDS_MAX] = {
	[1] = SWITCH, [2] = INTERFACE, [3] = STATE, [7] = REASON, [8] = SOURCE, [9] = RECEIVED
};
static const uint8_t redundancy_roles[CHANGE_FIELDS_MAX] = {
	[5] = REASON, [6] = SWITCH, [7] = INTERFACE, [8] = RECEIVED
};
static const uint8_t no_roles[CHANGE_FIELDS_MAX];

static const uint8_t *
roles_of(char letter)
{
	switch (letter) {
	case 'T':
	case 'P':
		return port_roles;
	case 'I':
		return interface_roles;
	case 'R':
		return redundancy_roles;
	default:
		return no_roles;
	}
}

static int
add_state(struct change_pack *pack, struct slice state)
{
	if (pack->n_states == pack->room) {
		const size_t room = pack->room * 2 + 64;
		struct slice *states = realloc(pack->states, room * sizeof(*states));
		if (!states)
			return -ENOMEM;
		pack->states = states;
		pack->room = room;
	}
	pack->states[pack->n_states++] = state;
	return 0;
}

static int
pack_record(
    struct change_pack *pack, const struct change_record *record, struct slice before[N_ROLES])
{
	const uint8_t *const roles = roles_of(record->letter);
	int r = arg_buf_add(&pack->records, (struct slice){ &record->letter, 1 });

	for (size_t i = 0; r == 0 && record->fields[i]; i++) {
		const struct slice value = record->values[i];
		struct slice *const common =
		    roles[i] == OCCURRED ? &before[RECEIVED] : &before[roles[i]];

		if (roles[i] == STATE)
			r = add_state(pack, value);
		else if (roles[i] != PLAIN && common->data && slice_eq(value, *common))
			r = arg_buf_add_nil(&pack->records);
		else
			r = arg_buf_add(&pack->records, value);
		if (roles[i] > OCCURRED)
			*common = value;
	}
	return r;
}

int
change_pack(struct change_pack *pack, const struct arg_buf *records)
{
	struct slice before[N_ROLES] = { 0 };
	struct change_record record;
	size_t at = 0;
	int r = 0;

	while (r == 0 && change_next(records, &at, &record))
		r = pack_record(pack, &record, before);
	return r;
}

void
change_pack_clear(struct change_pack *pack)
{
	arg_buf_clear(&pack->records);
	pack->n_states = 0;
}

void
change_pack_release(struct change_pack *pack)
{
	arg_buf_release(&pack->records);
	free(pack->states);
	*pack = (struct change_pack){ 0 };
}
