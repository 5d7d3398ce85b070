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

bool
interface_observed_up(const struct interface_state *state)
{
	return state->link != SPOKEN_DOWN && state->protocol != SPOKEN_DOWN;
}

bool
interface_is_up(const struct interface_state *state)
{
	if (state->override != SPOKEN_NONE)
		return state->override == SPOKEN_UP;
	return !state->shown_down;
}

/*
 * Rule 2, state by word: what becomes of the layers. Link down, or whole down: link = down. Protocol down: protocol = down.
 * Link up: link = up. Protocol up: both are up, since no protocol runs on a dead link. Whole up: the same, where the protocol
 * was spoken of.
 */
#define LAYERS(l, p)                   \
	{                              \
		SPOKEN_##l, SPOKEN_##p \
	}
const struct layers layer_table[SPOKEN_MAX][SPOKEN_MAX][SAYS_MAX] = {
	/* link, protocol:      down, protocol down, up, link up, protocol up */
	[SPOKEN_NONE][SPOKEN_NONE] = { LAYERS(DOWN, NONE), LAYERS(NONE, DOWN), LAYERS(UP, NONE),
	    LAYERS(UP, NONE), LAYERS(UP, UP) },
	[SPOKEN_NONE][SPOKEN_UP] = { LAYERS(DOWN, UP), LAYERS(NONE, DOWN), LAYERS(UP, UP),
	    LAYERS(UP, UP), LAYERS(UP, UP) },
	[SPOKEN_NONE][SPOKEN_DOWN] = { LAYERS(DOWN, DOWN), LAYERS(NONE, DOWN), LAYERS(UP, UP),
	    LAYERS(UP, DOWN), LAYERS(UP, UP) },
	[SPOKEN_UP][SPOKEN_NONE] = { LAYERS(DOWN, NONE), LAYERS(UP, DOWN), LAYERS(UP, NONE),
	    LAYERS(UP, NONE), LAYERS(UP, UP) },
	[SPOKEN_UP][SPOKEN_UP] = { LAYERS(DOWN, UP), LAYERS(UP, DOWN), LAYERS(UP, UP),
	    LAYERS(UP, UP), LAYERS(UP, UP) },
	[SPOKEN_UP][SPOKEN_DOWN] = { LAYERS(DOWN, DOWN), LAYERS(UP, DOWN), LAYERS(UP, UP),
	    LAYERS(UP, DOWN), LAYERS(UP, UP) },
	[SPOKEN_DOWN][SPOKEN_NONE] = { LAYERS(DOWN, NONE), LAYERS(DOWN, DOWN), LAYERS(UP, NONE),
	    LAYERS(UP, NONE), LAYERS(UP, UP) },
	[SPOKEN_DOWN][SPOKEN_UP] = { LAYERS(DOWN, UP), LAYERS(DOWN, DOWN), LAYERS(UP, UP),
	    LAYERS(UP, UP), LAYERS(UP, UP) },
	[SPOKEN_DOWN][SPOKEN_DOWN] = { LAYERS(DOWN, DOWN), LAYERS(DOWN, DOWN), LAYERS(UP, UP),
	    LAYERS(UP, DOWN), LAYERS(UP, UP) },
};

/*
 * A linkUp that does not tell ifOperStatus speaks of the link alone where somebody spoke of the protocol in this boot: a port
 * that LACP suspended stays down.
 */
static enum says
says_of(const struct interface_state *state, const struct link_event *event)
{
	if (event->word != WORD_UP)
		return event->layer == LAYER_PROTOCOL ? SAYS_PROTOCOL_DOWN : SAYS_DOWN;
	if (event->layer == LAYER_PROTOCOL)
		return SAYS_PROTOCOL_UP;
	if (event->layer == LAYER_LINK ||
	    (event->bare_up && state->protocol != SPOKEN_NONE && !state->protocol_old))
		return SAYS_LINK_UP;
	return SAYS_UP;
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

/* What a down that counts is told to be for. */
static enum link_reason
shown_reason(const struct interface_state *state)
{
	if (!state->shown_down)
		return REASON_NONE;
	return state->suppressed ? REASON_FLAPPING : (enum link_reason)state->own_reason;
}

void
interface_suppress(struct interface_state *state, bool suppressed)
{
	state->suppressed = suppressed;
	/* What came up meanwhile, and does not count yet, is down for what it was down for. */
	if (state->shown_down && !suppressed && interface_observed_up(state))
		return;
	if (state->override == SPOKEN_NONE)
		state->reason = (uint8_t)shown_reason(state);
}

bool
interface_refine(struct interface_state *state, enum link_reason reason,
    const struct config *config, int64_t now_ns)
{
	const uint8_t before = state->reason;

	if (interface_observed_up(state) || reason == REASON_NONE || reason == REASON_LINK_DOWN ||
	    state->own_reason != REASON_LINK_DOWN || state->changed_ns == 0 ||
	    now_ns - state->changed_ns > config->state.source_settle_ms * 1000000)
		return false;
	state->own_reason = (uint8_t)reason;
	if (state->override == SPOKEN_NONE)
		state->reason = (uint8_t)shown_reason(state);
	return state->reason != before;
}

bool
interface_override(struct interface_state *state, enum spoken to, struct engine_time time)
{
	const bool was = interface_is_up(state);

	state->override = (uint8_t)to;
	const bool is = interface_is_up(state);
	if (to == SPOKEN_NONE)
		state->reason = (uint8_t)shown_reason(state);
	else
		state->reason = is ? REASON_NONE : REASON_OVERRIDE;
	if (is == was)
		return false;
	state->source = SOURCE_API;
	state->changed_ns = time.now_ns;
	state->since_us = time.wall_us;
	return true;
}

bool
interface_must_wait(const struct interface_state *state, const struct config *config)
{
	if (interface_observed_up(state))
		return state->suppressed || config->state.up_delay_ms > 0;
	return config->state.down_delay_ms > 0;
}

bool
interface_show(struct interface_state *state, struct engine_time time)
{
	const bool was = interface_is_up(state);

	state->shown_down = !interface_observed_up(state);
	state->shown_order = state->order;
	if (state->override != SPOKEN_NONE)
		return false;
	state->source = state->own_source;
	state->reason = (uint8_t)shown_reason(state);
	state->since_us = time.wall_us;
	return interface_is_up(state) != was;
}

static bool
same_state(const struct interface_state *a, const struct interface_state *b)
{
	return a->link == b->link && a->protocol == b->protocol && a->admin == b->admin &&
	       a->reason == b->reason && a->own_reason == b->own_reason &&
	       a->certain == b->certain && a->heard == b->heard;
}

static void
move_layers(struct interface_state *state, const struct link_event *event, int64_t order)
{
	const struct layers layers =
	    layer_table[state->link][state->protocol][says_of(state, event)];

	state->link = layers.link;
	state->protocol = layers.protocol;
	if (event->word == WORD_UP && state->admin == SPOKEN_DOWN)
		state->admin = SPOKEN_UP;
	if (event->layer == LAYER_PROTOCOL)
		state->protocol_old = false;
	state->certain = true;
	const bool up = interface_observed_up(state);
	if (up != (event->word == WORD_UP))
		return;
	state->order = order;
	/* What waits, or may have to, is in force when it is shown. */
	if (state->shown_down != up)
		state->shown_order = order;
}

bool
interface_would_change(const struct interface_state *state, const struct link_event *event)
{
	struct interface_state then = *state;

	move_layers(&then, event, 0);
	return interface_observed_up(&then) != interface_observed_up(state);
}

enum spoken
interface_direction(const struct link_event *event, const struct config *config)
{
	if (event->word == WORD_NONE || !moves_layers(event, config))
		return SPOKEN_NONE;
	return event->word == WORD_UP ? SPOKEN_UP : SPOKEN_DOWN;
}

/*
 * Whether it was shut, and is not any more: somebody enabled it, or it is told as down and enabled, but not so soon that it may
 * be what was before it was shut. What is still down then is down for another reason.
 */
static bool
is_enabled(const struct interface_state *state, const struct link_event *event,
    const struct config *config, int64_t now_ns)
{
	const uint32_t shut_for_ms = (uint32_t)(now_ns / 1000000) - state->shut_ms;

	return event->word == WORD_ADMIN_UP ||
	       (event->admin_up && (state->admin == SPOKEN_NONE ||
				       shut_for_ms > (uint32_t)config->state.source_settle_ms));
}

/* Still down, but nobody's wish. */
static void
drop_admin_reason(struct interface_state *state)
{
	if (interface_observed_up(state) || state->own_reason != REASON_ADMIN_DOWN)
		return;
	state->own_reason = REASON_LINK_DOWN;
	if (state->override == SPOKEN_NONE)
		state->reason = (uint8_t)shown_reason(state);
}

/* ---- applying ---- */

/*
 * Since when it is what it has become: who answers may say for how long (RFC 2863, ifLastChange). That counts where it lies
 * behind everything that was known of the interface; else the switch and what was heard are at odds, and it is the receipt.
 */
static int64_t
since_of(
    const struct interface_state *before, const struct link_event *event, struct engine_time time)
{
	const int64_t asked_ns = event->asked_ns == 0 ? time.now_ns : event->asked_ns;
	const int64_t since_us = time.wall_us - (time.now_ns - asked_ns + event->age_ns) / 1000;

	if (event->age_ns == 0 || since_us <= before->heard_us || since_us <= before->since_us)
		return time.wall_us;
	return since_us;
}

enum engine_verdict
interface_apply(struct interface_state *state, const struct link_event *event,
    const struct config *config, struct engine_time time, int64_t order)
{
	const struct interface_state before = *state;

	if (event->word == WORD_ADMIN_DOWN) {
		state->admin = SPOKEN_DOWN;
		state->shut_ms = (uint32_t)(time.now_ns / 1000000);
	} else if (is_enabled(state, event, config, time.now_ns)) {
		state->admin = SPOKEN_UP;
		drop_admin_reason(state);
	}
	if (moves_layers(event, config))
		move_layers(state, event, order);
	state->heard = true;
	state->heard_us = time.wall_us;
	if (interface_observed_up(state) != interface_observed_up(&before)) {
		state->own_source = (uint8_t)event->source;
		state->own_reason =
		    (uint8_t)(interface_observed_up(state) ? REASON_NONE : reason_of(event));
		state->changed_ns = time.now_ns;
		if (state->shown_down != interface_observed_up(state) ||
		    interface_must_wait(state, config))
			return VERDICT_LEARNT;
		const struct engine_time since = { .now_ns = time.now_ns,
			.wall_us = since_of(&before, event, time) };
		return interface_show(state, since) ? VERDICT_CHANGED : VERDICT_LEARNT;
	}
	/* What was never spoken of counted as up: its first word may tell since when it is. */
	if (!before.heard && before.since_us == 0 && event->word == WORD_UP && event->age_ns > 0)
		state->since_us = since_of(&before, event, time);
	if (event->word == WORD_DOWN || event->word == WORD_ADMIN_DOWN)
		interface_refine(state, reason_of(event), config, time.now_ns);
	if (!same_state(state, &before))
		return VERDICT_LEARNT;
	return event->word == WORD_ADMIN_DOWN && !moves_layers(event, config)
		   ? VERDICT_IGNORED_ADMIN
		   : VERDICT_NO_CHANGE;
}
