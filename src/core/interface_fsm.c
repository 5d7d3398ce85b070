#include "core/interface_fsm.h"

const char *const spoken_names[SPOKEN_MAX] = {
	[SPOKEN_NONE] = "",
	[SPOKEN_UP] = "up",
	[SPOKEN_DOWN] = "down",
};

void
interface_state_init(struct interface_state *state)
{
	*state = (struct interface_state){ .certain = true };
}

static bool
observed_up(const struct interface_state *state)
{
	return state->link != SPOKEN_DOWN && state->protocol != SPOKEN_DOWN;
}

bool
interface_is_up(const struct interface_state *state)
{
	if (state->override != SPOKEN_NONE)
		return state->override == SPOKEN_UP;
	return observed_up(state);
}

static void
apply_down(struct interface_state *state, enum link_layer layer)
{
	if (layer == LAYER_PROTOCOL)
		state->protocol = SPOKEN_DOWN;
	else
		state->link = SPOKEN_DOWN;
}

/*
 * No protocol runs on a dead link, so its up lifts both layers, and so does a word about the whole. A linkUp that does not
 * tell ifOperStatus speaks of the link alone where somebody spoke of the protocol in this boot: a port that LACP suspended
 * stays down.
 */
static void
apply_up(struct interface_state *state, const struct link_event *event)
{
	bool protocol_spoken = state->protocol != SPOKEN_NONE;
	bool link_only = event->layer == LAYER_LINK ||
			 (event->bare_up && protocol_spoken && !state->protocol_old);

	state->link = SPOKEN_UP;
	if (event->layer == LAYER_PROTOCOL || (!link_only && protocol_spoken))
		state->protocol = SPOKEN_UP;
	if (state->admin == SPOKEN_DOWN)
		state->admin = SPOKEN_UP;
}

/* `admin_down = ignore`: an admin word neither takes an interface down nor raises one. */
static bool
moves_layers(const struct link_event *event, const struct config *config)
{
	if (event->word == WORD_ADMIN_UP)
		return false;
	return event->word != WORD_ADMIN_DOWN || config->state.admin_down != ADMIN_DOWN_IGNORE;
}

static enum link_reason
reason_of(const struct link_event *event)
{
	if (event->reason != REASON_NONE)
		return event->reason;
	return event->word == WORD_ADMIN_DOWN ? REASON_ADMIN_DOWN : REASON_LINK_DOWN;
}

bool
interface_refine(struct interface_state *state, enum link_reason reason,
    const struct config *config, int64_t now_ns)
{
	if (observed_up(state) || reason == REASON_NONE || reason == REASON_LINK_DOWN ||
	    state->reason != REASON_LINK_DOWN || state->changed_ns == 0 ||
	    now_ns - state->changed_ns > config->state.source_settle_ms * 1000000)
		return false;
	state->reason = (uint8_t)reason;
	return true;
}

static void
note_change(struct interface_state *state, const struct link_event *event, struct engine_time time)
{
	state->source = (uint8_t)event->source;
	state->reason = (uint8_t)(observed_up(state) ? REASON_NONE : reason_of(event));
	state->changed_ns = time.now_ns;
	state->since_us = time.wall_us;
}

static bool
same_state(const struct interface_state *a, const struct interface_state *b)
{
	return a->link == b->link && a->protocol == b->protocol && a->admin == b->admin &&
	       a->reason == b->reason && a->certain == b->certain && a->heard == b->heard;
}

static void
move_layers(struct interface_state *state, const struct link_event *event, int64_t order)
{
	if (event->word == WORD_UP)
		apply_up(state, event);
	else
		apply_down(state, event->layer);
	if (event->layer == LAYER_PROTOCOL)
		state->protocol_old = false;
	if (observed_up(state) == (event->word == WORD_UP))
		state->order = order;
	state->certain = true;
}

enum engine_verdict
interface_apply(struct interface_state *state, const struct link_event *event,
    const struct config *config, struct engine_time time, int64_t order)
{
	const struct interface_state before = *state;

	if (event->word == WORD_ADMIN_DOWN)
		state->admin = SPOKEN_DOWN;
	else if (event->word == WORD_ADMIN_UP || (event->admin_up && state->admin == SPOKEN_NONE))
		state->admin = SPOKEN_UP;
	if (moves_layers(event, config))
		move_layers(state, event, order);
	state->heard = true;
	state->heard_us = time.wall_us;
	if (observed_up(state) != observed_up(&before)) {
		note_change(state, event, time);
		return interface_is_up(state) != interface_is_up(&before) ? VERDICT_CHANGED
									  : VERDICT_LEARNT;
	}
	if (event->word == WORD_DOWN || event->word == WORD_ADMIN_DOWN)
		interface_refine(state, reason_of(event), config, time.now_ns);
	if (!same_state(state, &before))
		return VERDICT_LEARNT;
	return event->word == WORD_ADMIN_DOWN && !moves_layers(event, config)
		   ? VERDICT_IGNORED_ADMIN
		   : VERDICT_NO_CHANGE;
}
