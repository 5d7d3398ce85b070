#include "core/interface_fsm.h"

#include <string.h>

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
	if (interface_observed_up(state) == (event->word == WORD_UP))
		state->order = order;
	state->certain = true;
}

/* ---- hearing ---- */

enum spoken
interface_direction(const struct link_event *event, const struct config *config)
{
	if (event->word == WORD_NONE || !moves_layers(event, config))
		return SPOKEN_NONE;
	return event->word == WORD_UP ? SPOKEN_UP : SPOKEN_DOWN;
}

/* Of `said`; the other one is 1 - this. -1: a source that answers when it is asked, and tells no transitions. */
static int
said_index(enum link_source source)
{
	return source == SOURCE_TRAP ? 0 : source == SOURCE_SYSLOG ? 1 : -1;
}

static enum teller
teller_of(const struct link_event *event)
{
	bool protocol = event->layer == LAYER_PROTOCOL;

	if (event->source == SOURCE_TRAP)
		return protocol ? TELLER_TRAP_PROTOCOL : TELLER_TRAP;
	return protocol ? TELLER_SYSLOG_PROTOCOL : TELLER_SYSLOG;
}

/* A stamp is coarse at a second: of two lines that overtook each other, the stamps are not further apart than this. */
#define STAMP_UNIT_US 1000000

/*
 * Two lines overtook each other: they came close to each other, and so were they sent. A clock that stepped back in between
 * puts them further apart. Where both say the same, or one speaks of the link and the other one of the protocol, it does not
 * matter; but no protocol runs on a dead link.
 */
static bool
was_overtaken(const struct interface_state *state, const struct link_event *event,
    enum spoken direction, const struct config *config, int64_t now_ns)
{
	const int64_t settle_ms = config->state.source_settle_ms;
	const int64_t behind_us = state->line_time_us - event->device_time_us;
	const bool protocol_last = state->line_layer == LAYER_PROTOCOL;

	if (!event->has_device_time || state->line_time_us == 0 || behind_us <= 0 ||
	    behind_us > settle_ms * 1000 + STAMP_UNIT_US ||
	    (uint32_t)(now_ns / 1000000) - state->line_ms >= settle_ms ||
	    state->said[1] == direction)
		return false;
	/* The newer is the protocol's down, the older the link's up; or the other way round. */
	return !(event->layer == (protocol_last ? LAYER_LINK : LAYER_PROTOCOL) &&
		 (direction == SPOKEN_UP) == protocol_last && state->line_layer != LAYER_WHOLE);
}

bool
interface_is_late(const struct interface_state *state, const struct link_event *event,
    const struct config *config, int64_t event_ns, int64_t now_ns)
{
	const enum spoken direction = interface_direction(event, config);

	if (event->source != SOURCE_SYSLOG || direction == SPOKEN_NONE)
		return false;
	return (event_ns < now_ns && state->spoke_ns != 0 && state->spoke_ns > event_ns) ||
	       was_overtaken(state, event, direction, config, now_ns);
}

static void
forget_oldest(struct echoes *echoes, uint8_t n)
{
	echoes->n = (uint8_t)(echoes->n - n);
	memmove(echoes->items, echoes->items + n, echoes->n * sizeof(echoes->items[0]));
	for (int i = 0; i < TELLER_MAX; i++)
		echoes->next[i] = (uint8_t)(echoes->next[i] > n ? echoes->next[i] - n : 0);
}

void
echoes_expire(struct echoes *echoes, const struct config *config, int64_t now_ns)
{
	uint8_t n = 0;

	while (n < echoes->n &&
	       now_ns - echoes->items[n].at_ns >= config->state.echo_window_ms * 1000000)
		n++;
	if (n > 0)
		forget_oldest(echoes, n);
}

void
echoes_add(struct echoes *echoes, const struct link_event *event, enum spoken direction,
    struct engine_time time)
{
	const int said = said_index(event->source);

	/* Who only answers tells nobody's transition: what the others still have to tell stays as it is. */
	if (said < 0)
		return;
	if (echoes->n == ECHOES_MAX)
		forget_oldest(echoes, 1);
	echoes->items[echoes->n].at_ns = time.now_ns;
	echoes->items[echoes->n].at_us = time.turn_us ? time.turn_us : time.wall_us;
	echoes->items[echoes->n].direction = (uint8_t)direction;
	echoes->items[echoes->n].source = (uint8_t)event->source;
	echoes->n++;
	/* A source tells in order: what it has not told before this, it will not tell any more. */
	echoes->next[said == 0 ? TELLER_TRAP : TELLER_SYSLOG] = echoes->n;
	echoes->next[said == 0 ? TELLER_TRAP_PROTOCOL : TELLER_SYSLOG_PROTOCOL] = echoes->n;
}

/* The teller tells the oldest transition of that direction that another source has told and it has not. Its index, or -1. */
static int
take_echo(struct echoes *echoes, const struct link_event *event, enum spoken direction)
{
	if (!echoes || said_index(event->source) < 0)
		return -1;
	uint8_t *next = &echoes->next[teller_of(event)];
	for (int i = *next; i < echoes->n; i++) {
		if (echoes->items[i].direction != direction ||
		    echoes->items[i].source == event->source)
			continue;
		*next = (uint8_t)(i + 1);
		return i;
	}
	return -1;
}

/* Whether the word would make it go up or down. */
static enum news
news_of(const struct interface_state *state, const struct link_event *event)
{
	struct interface_state then = *state;

	move_layers(&then, event, 0);
	return interface_observed_up(&then) != interface_observed_up(state) ? NEWS_CHANGE
									    : NEWS_SAME;
}

static bool
said_lately(const struct interface_state *state, int index, enum spoken what,
    const struct config *config, int64_t now_ns)
{
	return state->said[index] == what &&
	       now_ns - state->said_ns[index] < config->state.source_settle_ms * 1000000;
}

/*
 * Who answered a question says nothing of what happens after it; so it is held against the others, and they are not held
 * against it. A source that had told the same as the other one, and now the opposite, goes on: that is no contradiction.
 */
static enum other
other_of(const struct interface_state *state, const struct link_event *event, enum spoken direction,
    const struct config *config, int64_t now_ns, int64_t *ret_until_ns)
{
	const enum spoken opposite = direction == SPOKEN_UP ? SPOKEN_DOWN : SPOKEN_UP;
	const int own = said_index(event->source);
	enum other other = OTHER_SILENT;

	for (int i = 0; i < 2; i++) {
		if (i == own || !said_lately(state, i, opposite, config, now_ns))
			continue;
		if (own >= 0 && state->said[own] == opposite) {
			other = OTHER_BEHIND;
			continue;
		}
		other = OTHER_CONTRADICTS;
		int64_t until = state->said_ns[i] + config->state.source_settle_ms * 1000000;
		*ret_until_ns = until > *ret_until_ns ? until : *ret_until_ns;
	}
	return other;
}

/* design.md, rules 3 and 4. A word that would change nothing has nothing to wait for. */
const uint8_t fate_table[ECHO_MAX][NEWS_MAX][OTHER_MAX] = {
	[ECHO_NONE] = {
		[NEWS_SAME] = { FATE_APPLY, FATE_APPLY, FATE_APPLY },
		[NEWS_CHANGE] = { FATE_APPLY, FATE_APPLY, FATE_WAIT },
	},
	[ECHO_CURRENT] = {
		[NEWS_SAME] = { FATE_APPLY, FATE_APPLY, FATE_APPLY },
		[NEWS_CHANGE] = { FATE_ECHO, FATE_ECHO, FATE_ECHO },
	},
	[ECHO_OLD] = {
		[NEWS_SAME] = { FATE_ECHO, FATE_ECHO, FATE_ECHO },
		[NEWS_CHANGE] = { FATE_ECHO, FATE_ECHO, FATE_ECHO },
	},
};

/* Whether the teller still has to tell what made the interface as it is now. */
static bool
is_explained(const struct interface_state *state, const struct echoes *echoes, int index)
{
	const uint8_t now = interface_observed_up(state) ? SPOKEN_UP : SPOKEN_DOWN;

	return echoes->items[index].direction == now || index + 1 < echoes->n;
}

/*
 * `admin_down = ignore`: a plain down waits for the word that the interface was shut, or follows it. Long after it, the
 * interface must have come up meanwhile without a word.
 */
static void
hear_ignoring(const struct interface_state *state, const struct link_event *event,
    const struct config *config, int64_t now_ns, struct hearing *hearing)
{
	const int64_t settle_ns = config->state.source_settle_ms * 1000000,
		      until = now_ns + settle_ns;

	if (config->state.admin_down != ADMIN_DOWN_IGNORE || event->word != WORD_DOWN ||
	    event->source == SOURCE_API)
		return;
	if (state->admin == SPOKEN_DOWN &&
	    (uint32_t)(now_ns / 1000000) - state->shut_ms < settle_ns / 1000000) {
		hearing->fate = FATE_IGNORED;
	} else if (event->reason == REASON_NONE || event->reason == REASON_LINK_DOWN) {
		hearing->fate = FATE_WAIT;
		hearing->until_ns = until > hearing->until_ns ? until : hearing->until_ns;
	}
}

/* What a late or old word is about lies in the past. */
static void
note_said(struct interface_state *state, const struct link_event *event, enum spoken direction,
    int64_t about_ns, int64_t now_ns)
{
	const int said = said_index(event->source);

	/* Before this machine started, the engine's clock is below 0. */
	if (state->spoke_ns == 0 || about_ns > state->spoke_ns)
		state->spoke_ns = about_ns;
	if (said >= 0) {
		state->said[said] = (uint8_t)direction;
		state->said_ns[said] = about_ns;
	}
	if (event->source != SOURCE_SYSLOG)
		return;
	state->line_time_us = event->has_device_time ? event->device_time_us : 0;
	state->line_layer = (uint8_t)event->layer;
	state->line_ms = (uint32_t)(now_ns / 1000000);
}

void
interface_hear(struct interface_state *state, struct echoes *echoes, const struct link_event *event,
    const struct config *config, int64_t ups_from_ns, int64_t event_ns, int64_t now_ns,
    struct hearing *ret_hearing)
{
	const enum spoken direction = interface_direction(event, config);
	const enum news news = news_of(state, event);
	const int index = take_echo(echoes, event, direction);
	struct hearing hearing = { .until_ns = INT64_MIN };

	if (index >= 0)
		hearing.echo = index + 1 == echoes->n ? ECHO_CURRENT : ECHO_OLD;
	const enum other other =
	    other_of(state, event, direction, config, now_ns, &hearing.until_ns);
	hearing.fate = (enum fate)fate_table[hearing.echo][news][other];
	hearing.contradicts = hearing.fate == FATE_WAIT;
	if (hearing.fate == FATE_ECHO)
		hearing.unexplained = !is_explained(state, echoes, index);
	if (news == NEWS_CHANGE && hearing.fate != FATE_ECHO) {
		hear_ignoring(state, event, config, now_ns, &hearing);
		if (direction == SPOKEN_UP && ups_from_ns > now_ns) {
			hearing.fate = FATE_WAIT;
			hearing.until_ns =
			    ups_from_ns > hearing.until_ns ? ups_from_ns : hearing.until_ns;
		}
	}
	note_said(
	    state, event, direction, index >= 0 ? echoes->items[index].at_ns : event_ns, now_ns);
	*ret_hearing = hearing;
}

/* ---- applying ---- */

enum engine_verdict
interface_apply(struct interface_state *state, const struct link_event *event,
    const struct config *config, struct engine_time time, int64_t order)
{
	const struct interface_state before = *state;

	if (event->word == WORD_ADMIN_DOWN) {
		state->admin = SPOKEN_DOWN;
		state->shut_ms = (uint32_t)(time.now_ns / 1000000);
	} else if (event->word == WORD_ADMIN_UP || (event->admin_up && state->admin == SPOKEN_NONE))
		state->admin = SPOKEN_UP;
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
		return interface_show(state, time) ? VERDICT_CHANGED : VERDICT_LEARNT;
	}
	if (event->word == WORD_DOWN || event->word == WORD_ADMIN_DOWN)
		interface_refine(state, reason_of(event), config, time.now_ns);
	if (!same_state(state, &before))
		return VERDICT_LEARNT;
	return event->word == WORD_ADMIN_DOWN && !moves_layers(event, config)
		   ? VERDICT_IGNORED_ADMIN
		   : VERDICT_NO_CHANGE;
}
