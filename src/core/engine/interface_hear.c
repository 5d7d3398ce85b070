/*
 * Whether a word counts, now, later or never: rules 3, 4 and 6 of "Which word to believe". What it does then is in
 * interface_fsm.c.
 */
#include <string.h>

#include "core/interface_fsm.h"

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

	if (event->source != SOURCE_SYSLOG)
		return false;
	if (event_ns < now_ns && state->spoke_ns != 0 && state->spoke_ns > event_ns)
		return true;
	return direction != SPOKEN_NONE && was_overtaken(state, event, direction, config, now_ns);
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

int
echoes_take(struct echoes *echoes, const struct link_event *event, enum spoken direction)
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
	return interface_would_change(state, event) ? NEWS_CHANGE : NEWS_SAME;
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
	const int index = echoes_take(echoes, event, direction);
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
