/*
 * The engine hears a history. Where the daemon restarts in it, what Redis holds is kept as the records make it (lib/model), and
 * read back by a new engine.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/dedup.h"
#include "core/engine.h"
#include "core/topo_codec.h"
#include "history.h"
#include "model.h"

/* 2024-05-01T00:00:00Z */
#define START_US INT64_C(1714521600000000)

struct play {
	const struct history *history;
	const struct config *config;
	struct engine *engine;
	uint64_t life; /* of the daemon: what one life heard is no duplicate in another */
	struct model model;
	bool has_model;
	int64_t last_us; /* of the last step */
	int64_t boot_us; /* the engine's clock is so much ahead of the time since the start */
	struct outcome *outcome;
};

static struct engine_time
at(const struct play *play, int64_t us)
{
	return (
	    struct engine_time){ .now_ns = (us + play->boot_us) * 1000, .wall_us = START_US + us };
}

/* ---- the daemon ---- */

static struct topo *
topo_of(const struct history *history)
{
	struct topo_faults faults = { 0 };
	struct topo *topo;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	history_put_topology(history, false, out);
	fclose(out);
	if (topo_from_text(slice_of(text), &topo, &faults) != 0)
		ck_abort_msg("%s: %s in %s", faults.items[0].path, faults.items[0].reason, text);
	topo_faults_release(&faults);
	free(text);
	return topo;
}

/* Its number, or BLAMED_OTHER. */
static int
interface_of(const char *switch_name, const char *interface_name)
{
	for (unsigned i = 0; i < INTERFACES; i++)
		if (strncmp(switch_name, "leaf", 4) == 0 &&
		    switch_name[4] == (char)('0' + i / PER_LEAF) &&
		    strcmp(interface_name, history_interface_name(i)) == 0)
			return (int)i;
	return BLAMED_OTHER;
}

static void
note_change(struct outcome *outcome, const struct dp_change *change)
{
	int interface = interface_of(change->switch_name, change->interface_name);

	if (interface < 0)
		ck_abort_msg("%s:%s is not ours", change->switch_name, change->interface_name);
	/* An entry that says only that it flaps, or no longer, is none. */
	if (change->damping == DAMP_NONE || change->oper_up == outcome->is_down[interface])
		outcome->changes[interface]++;
	outcome->is_down[interface] = !change->oper_up;
}

static void
note_toggle(struct outcome *outcome, const struct dp_change *change, int64_t us)
{
	const unsigned port = (unsigned)change->port_id[15] - 1;

	if (change->dp_down == outcome->down[port])
		ck_abort_msg("a toggle to what is so");
	outcome->down[port] = change->dp_down;
	if (outcome->ports[port].n < TOGGLES_MAX)
		outcome->ports[port].at_us[outcome->ports[port].n] = us;
	outcome->ports[port].n++;
}

static void
pump(struct play *play, int64_t us)
{
	struct dp_change change;

	while (engine_pop(play->engine, &change)) {
		uint64_t revision = play->has_model ? model_apply(&play->model, &change) : 0;
		if (change.kind == CHANGE_INTERFACE && change.transition)
			note_change(play->outcome, &change);
		if (change.kind == CHANGE_TOGGLE)
			note_toggle(play->outcome, &change, us);
		if (revision != 0) {
			uint8_t id[16];
			memcpy(id, change.port_id, sizeof(id));
			engine_published(play->engine, id, revision);
		}
	}
}

/* Empty at first, and from what Redis holds at a restart: then there is nothing to say. */
static void
start(struct play *play, int64_t us)
{
	struct engine_totals totals;

	play->life++;
	engine_free(play->engine);
	play->engine = engine_new(play->config);
	/* Each ck_assert costs a system call: what passes a million times is asked by if. */
	if (engine_set_topo(play->engine, topo_of(play->history), at(play, us)) != 0)
		ck_abort_msg("no map");
	if (play->has_model)
		model_restore(&play->model, play->engine, at(play, us));
	engine_start(play->engine, at(play, us));
	engine_totals(play->engine, &totals);
	if (totals.queued != 0)
		ck_abort_msg("a restart has something to say");
}

static void
advance(struct play *play, int64_t us)
{
	int64_t deadline;

	while ((deadline = engine_next_deadline(play->engine)) <= at(play, us).now_ns) {
		int64_t then_us = (deadline + 999) / 1000 - play->boot_us;
		engine_tick(play->engine, at(play, then_us));
		pump(play, then_us);
	}
}

static void
note_blames(struct play *play, int64_t us)
{
	struct outcome *outcome = play->outcome;

	outcome->blames[outcome->n_blames].at_us = us;
	for (uint32_t port = 0; port < PORTS; port++) {
		struct engine_port_view view;
		engine_port_view(play->engine, port, &view);
		/* The map may have the ports in any order. */
		outcome->blames[outcome->n_blames].of_port[view.id[15] - 1] =
		    (int8_t)(view.dp_down ? interface_of(view.switch_name, view.interface_name)
					  : BLAMED_NOT_DOWN);
	}
	outcome->n_blames++;
}

/* ---- steps ---- */

/* Its table is large, so one does for all; digests are never used again. */
static bool
is_duplicate(const struct play *play, const struct step *step)
{
	static struct dedup *dedup;

	if (!dedup && !(dedup = dedup_new()))
		ck_abort_msg("out of memory");
	return dedup_seen(dedup, step->digest + (play->life << 56), at(play, step->at_us).now_ns);
}

/* Of two layers it is the link that is told to be shut. */
static enum link_word
word_of(const struct step *step)
{
	if (step->up)
		return WORD_UP;
	return step->shut && step->layer != LAYER_PROTOCOL ? WORD_ADMIN_DOWN : WORD_DOWN;
}

static void
hear_word(struct play *play, const struct step *step)
{
	const struct link_event event = {
		.kind = LINK_EVENT_WORD,
		.word = word_of(step),
		.layer = step->layer,
		.source = step->syslog ? SOURCE_SYSLOG : SOURCE_TRAP,
		.name = slice_of(history_interface_name(step->interface)),
		.has_uptime = !step->syslog,
		.uptime_cs = step->uptime_cs,
		.has_device_time = step->stamped,
		.device_time_us = START_US + step->true_us,
		.relayed = step->relayed,
	};

	if (!step->syslog && is_duplicate(play, step))
		return;
	engine_feed(play->engine, step->leaf, &event, at(play, step->at_us));
}

static void
hear_boot(struct play *play, const struct step *step)
{
	const struct link_event event = { .kind = LINK_EVENT_RESTART,
		.source = SOURCE_TRAP,
		.new_boot = true,
		.has_uptime = true,
		.uptime_cs = step->uptime_cs };

	engine_feed(play->engine, step->leaf, &event, at(play, step->at_us));
}

static void
override(struct play *play, const struct step *step)
{
	const unsigned interface = play->history->overrides[step->override].interface;
	const struct engine_override given = {
		.to = play->history->overrides[step->override].up ? WORD_UP : WORD_DOWN,
		.by = "joe",
		.note = "",
		.until_us = START_US + play->history->overrides[step->override].until_us,
	};
	uint32_t number = engine_interface_find(
	    play->engine, interface / PER_LEAF, slice_of(history_interface_name(interface)));

	if (!engine_override(play->engine, number, &given, at(play, step->at_us)))
		ck_abort_msg("no override of interface %u", interface);
}

static bool
is_left_out(const struct history *history, const struct step *step)
{
	return step->left_out ||
	       (step->kind == STEP_WORD && history->truth[step->interface].left_out) ||
	       (step->kind == STEP_OVERRIDE && history->overrides[step->override].left_out);
}

static void
take_step(struct play *play, const struct step *step)
{
	/* Steps stand at whole milliseconds, and so does what they bring forth. */
	if (step->at_us > play->last_us && history_is_exact(play->history)) {
		advance(play, step->at_us - 500);
		note_blames(play, step->at_us - 500);
	}
	play->last_us = step->at_us;
	advance(play, step->at_us);
	switch (step->kind) {
	case STEP_WORD:
		hear_word(play, step);
		break;
	case STEP_BOOT:
		hear_boot(play, step);
		break;
	case STEP_OVERRIDE:
		override(play, step);
		break;
	case STEP_RESTART:
		if (step->reboot)
			play->boot_us = 5 * S - step->at_us;
		start(play, step->at_us);
		break;
	}
	pump(play, step->at_us);
}

/* Its sources have spoken before, so that echoes are known from the first transition on. */
static void
introduce(struct play *play)
{
	for (unsigned leaf = 0; leaf < LEAVES; leaf++) {
		for (int syslog = play->history->regime == REGIME_RELAY; syslog < 2; syslog++) {
			const struct step step = { .at_us = 1 * S,
				.true_us = 1 * S,
				.interface = (uint8_t)(leaf * PER_LEAF),
				.leaf = (uint8_t)leaf,
				.up = true,
				.syslog = syslog,
				.uptime_cs =
				    (uint32_t)((1 * S + play->history->leaf[leaf].began_us) /
					       10000),
				.digest = history_new_digest() };
			take_step(play, &step);
		}
	}
}

static enum link_word
answer_of(const struct history *history, unsigned interface)
{
	const struct truth *truth = &history->truth[interface];

	if (truth->left_out || truth->n % 2 == 0)
		return WORD_UP;
	return truth->shut[truth->n - 1] ? WORD_ADMIN_DOWN : WORD_DOWN;
}

/* The switches are asked, about everything. */
static void
ask_all(struct play *play, int64_t us)
{
	const struct history *history = play->history;

	advance(play, us);
	for (unsigned i = 0; i < INTERFACES; i++) {
		const struct link_event event = {
			.kind = LINK_EVENT_WORD,
			.word = answer_of(history, i),
			.source = SOURCE_POLL,
			.name = slice_of(history_interface_name(i)),
		};
		if (history_has(history, i))
			engine_feed(play->engine, i / PER_LEAF, &event, at(play, us));
		pump(play, us);
	}
	advance(play, us + 10 * S);
}

/* The strings are those of `config`. */
static struct config
config_of(const struct history *history, const struct config *config)
{
	struct config own = *config;

	own.state.down_delay_ms = history->down_delay_us / MS;
	own.state.up_delay_ms = history->up_delay_us / MS;
	own.state.dampening = history->dampening ? DAMPENING_ON : DAMPENING_OFF;
	own.state.admin_down = history->ignore_shut ? ADMIN_DOWN_IGNORE : ADMIN_DOWN_IS_DOWN;
	return own;
}

void
history_play(const struct history *history, const struct config *config, struct outcome *ret_told,
    struct outcome *ret_asked)
{
	const struct config own = config_of(history, config);
	struct play play = { .history = history, .config = &own, .boot_us = 1000 * S };
	static struct outcome outcome;

	outcome = (struct outcome){ 0 };
	for (unsigned i = 0; i < history->n_steps; i++)
		play.has_model = play.has_model || history->steps[i].kind == STEP_RESTART;
	if (play.has_model)
		model_init(&play.model);
	play.outcome = &outcome;
	start(&play, 0);
	introduce(&play);
	for (unsigned i = 0; i < history->n_steps; i++)
		if (!is_left_out(history, &history->steps[i]))
			take_step(&play, &history->steps[i]);
	advance(&play, history->end_us + history->latency_us + 100 * S);
	if (play.has_model)
		model_check(&play.model, play.engine);
	*ret_told = outcome;
	ask_all(&play, history->end_us + history->latency_us + 150 * S);
	*ret_asked = outcome;
	engine_free(play.engine);
	if (play.has_model)
		model_release(&play.model);
}
