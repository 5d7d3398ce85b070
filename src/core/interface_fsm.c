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
 * tell ifOperStatus speaks of the link alone where somebody speaks of the protocol: a port that LACP suspended stays down.
 */
static void
apply_up(struct interface_state *state, const struct link_event *event, int64_t now_ns)
{
	bool link_only =
	    event->layer == LAYER_LINK || (event->bare_up && state->protocol != SPOKEN_NONE);

	state->link = SPOKEN_UP;
	if (event->layer == LAYER_PROTOCOL || (!link_only && state->protocol != SPOKEN_NONE))
		state->protocol = SPOKEN_UP;
	if (event->layer != LAYER_LINK)
		state->up_word_ns = now_ns;
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

/* An admin-down soon after a plain down is the same event, told better; later it is somebody tidying up. */
static void
refine_reason(struct interface_state *state, const struct link_event *event,
    const struct config *config, int64_t now_ns)
{
	if (event->word == WORD_ADMIN_DOWN && state->reason == REASON_LINK_DOWN &&
	    now_ns - state->changed_ns <= config->state.source_settle_ms * 1000000)
		state->reason = REASON_ADMIN_DOWN;
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

enum engine_verdict
interface_apply(struct interface_state *state, const struct link_event *event,
    const struct config *config, struct engine_time time)
{
	const struct interface_state before = *state;

	if (event->word == WORD_ADMIN_DOWN)
		state->admin = SPOKEN_DOWN;
	else if (event->word == WORD_ADMIN_UP)
		state->admin = SPOKEN_UP;
	if (moves_layers(event, config)) {
		if (event->word == WORD_UP)
			apply_up(state, event, time.now_ns);
		else
			apply_down(state, event->layer);
		state->certain = true;
	}
	state->heard = true;
	state->heard_us = time.wall_us;
	if (observed_up(state) != observed_up(&before)) {
		note_change(state, event, time);
		return interface_is_up(state) != interface_is_up(&before) ? VERDICT_CHANGED
									  : VERDICT_LEARNT;
	}
	if (!observed_up(state))
		refine_reason(state, event, config, time.now_ns);
	if (!same_state(state, &before))
		return VERDICT_LEARNT;
	return moves_layers(event, config) ? VERDICT_NO_CHANGE : VERDICT_IGNORED_ADMIN;
}
