/*
 * Lines of a scenario that do something to the engine.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/topo_codec.h"
#include "scenario_play.h"

static uint32_t
switch_named(const struct scenario *s, const char *name)
{
	uint32_t sw = name ? topo_switch_find(engine_topo(s->engine), slice_of(name)) : TOPO_NONE;

	if (sw == TOPO_NONE)
		SCENARIO_FAIL(s, "there is no switch %s", name ? name : "");
	return sw;
}

/* ---- the map ---- */

static struct topo *
parse(const struct scenario *s, const char *document)
{
	struct topo_faults faults = { 0 };
	struct topo *topo = NULL;

	if (topo_from_text(slice_of(document), &topo, &faults) != 0)
		SCENARIO_FAIL(s, "topology: %s: %s", faults.items[0].path, faults.items[0].reason);
	topo_faults_release(&faults);
	return topo;
}

/* The slices of a map are as small as can be. True when it is in force. */
static bool
take_slice(struct scenario *s)
{
	const struct topo *before = engine_topo(s->engine);
	bool settled;

	ck_assert_int_eq(engine_topo_step(s->engine, 1, scenario_time(s), &settled), 1);
	s->n_slices++;
	if (engine_topo(s->engine) == before)
		return false;
	free(s->topology);
	s->topology = s->coming;
	s->coming = NULL;
	return true;
}

static void
take_slowly(struct scenario *s, const char *document)
{
	free(s->coming);
	s->coming = strdup(document);
	s->n_slices = 0;
	ck_assert_int_eq(engine_topo_begin(s->engine, parse(s, document)), 0);
	while (s->n_slices < s->slices && !s->too_far)
		s->too_far = take_slice(s);
}

static void
act_taken(struct scenario *s)
{
	bool in_force;

	if (!s->coming)
		SCENARIO_FAIL(s, "%s", "no map is being taken");
	while (!take_slice(s))
		;
	while (engine_topo_step(s->engine, 1, scenario_time(s), &in_force) > 0)
		;
}

void
scenario_start_engine(struct scenario *s)
{
	engine_free(s->engine);
	dedup_free(s->dedup);
	s->dedup = NULL;
	s->engine = engine_new(&s->config);
	ck_assert_ptr_nonnull(s->engine);
	ck_assert_int_eq(engine_set_topo(s->engine, parse(s, s->topology), scenario_time(s)), 0);
	model_restore(&s->model, s->engine, scenario_time(s));
	engine_start(s->engine, scenario_time(s));
	if (s->overload)
		ck_assert_int_eq(
		    overload_set_switches(s->overload, topo_n_switches(engine_topo(s->engine))), 0);
}

void
scenario_set_topology(struct scenario *s, const char *document)
{
	if (scenario_flag(s, "slowly")) {
		take_slowly(s, document);
		return;
	}
	free(s->topology);
	s->topology = strdup(document);
	if (scenario_flag(s, "away"))
		return;
	free(s->coming);
	s->coming = NULL;
	if (!s->engine)
		scenario_start_engine(s);
	else
		ck_assert_int_eq(
		    engine_set_topo(s->engine, parse(s, document), scenario_time(s)), 0);
}

/* ---- words ---- */

/* The first word from `from` on that is no option, or "". */
static const char *
plain_word(const struct scenario *s, size_t from)
{
	for (size_t i = from; s->words[i]; i++)
		if (!strchr(s->words[i], '=') && strcmp(s->words[i], "bare") != 0 &&
		    strcmp(s->words[i], "relayed") != 0)
			return s->words[i];
	return "";
}

static void
take_options(const struct scenario *s, struct link_event *event)
{
	const char *if_index = scenario_option(s, "ifindex"),
		   *uptime = scenario_option(s, "uptime"), *stamp = scenario_option(s, "stamp"),
		   *reason = scenario_option(s, "reason"), *slot = scenario_option(s, "slot");

	event->descr = slice_of(scenario_option(s, "descr"));
	event->bare_up = scenario_flag(s, "bare");
	event->relayed = scenario_flag(s, "relayed");
	if (stamp) {
		event->has_device_time = true;
		event->device_time_us = SCENARIO_START_US + scenario_duration_us(s, stamp);
	}
	if (if_index)
		event->if_index = (uint32_t)strtoul(if_index, NULL, 10);
	if (slot) {
		event->has_slot = true;
		event->slot = (uint32_t)strtoul(slot, NULL, 10);
	}
	if (uptime) {
		event->has_uptime = true;
		/* TimeTicks: it wraps. */
		event->uptime_cs = (uint32_t)(scenario_duration_us(s, uptime) / 10000);
	}
	if (reason)
		event->reason = link_reason_from(slice_of(reason));
	if (reason && event->reason == REASON_NONE)
		SCENARIO_FAIL(s, "there is no reason %s", reason);
}

/* Of an answer: when it was asked for, and since when the switch says that it is so. */
static void
take_answer(const struct scenario *s, struct link_event *event)
{
	const char *asked = scenario_option(s, "asked"), *since = scenario_option(s, "since");
	const int64_t asked_us = asked ? scenario_duration_us(s, asked) : s->now_us;

	if (asked)
		event->asked_ns = (asked_us + s->boot_us) * 1000;
	if (since)
		event->age_ns = (asked_us - scenario_duration_us(s, since)) * 1000;
}

static enum link_word
word_named(const struct scenario *s, const char *name)
{
	for (int i = WORD_NONE + 1; i < WORD_MAX; i++)
		if (name && strcmp(name, link_word_names[i]) == 0)
			return (enum link_word)i;
	SCENARIO_FAIL(s, "there is no word %s", name ? name : "");
}

static void
check_verdict(const struct scenario *s, const char *verdict)
{
	const char *wanted = scenario_option(s, "verdict");

	if (wanted && strcmp(wanted, verdict) != 0)
		SCENARIO_FAIL(s, "the verdict is %s", verdict);
}

/* What becomes of a word of a switch that is over its bucket; NULL: it counts. As src/dpwatchd/daemon_overload.c has it. */
static const char *
hold(struct scenario *s, uint32_t sw, const struct link_event *event)
{
	static const char *const names[OVERLOAD_FATES] = { [OVERLOAD_HELD] = "held",
		[OVERLOAD_FOLDED] = "folded",
		[OVERLOAD_DROPPED] = "dropped" };
	struct overload_word word = { .sw = sw,
		.interface = TOPO_NONE,
		.event = *event,
		.received_us = scenario_time(s).wall_us };
	bool begins = false;

	if (!s->overload || event->source == SOURCE_POLL ||
	    (event->kind == LINK_EVENT_WORD &&
		!engine_event_interface(s->engine, sw, event, &word.interface)))
		return NULL;
	enum overload_fate fate =
	    overload_take(s->overload, &word, s->busy, scenario_time(s).now_ns, &begins);
	if (begins)
		engine_doubt_switch(s->engine, sw, scenario_time(s));
	return names[fate];
}

/* A datagram that came before, as long as the daemon runs. */
static bool
is_duplicate(struct scenario *s)
{
	const char *digest = scenario_option(s, "digest");

	if (!digest)
		return false;
	if (!s->dedup)
		s->dedup = dedup_new();
	ck_assert_ptr_nonnull(s->dedup);
	return dedup_seen(s->dedup, strtoull(digest, NULL, 10), scenario_time(s).now_ns);
}

static void
feed(struct scenario *s, struct link_event *event)
{
	const uint32_t sw = switch_named(s, s->words[1]);

	take_options(s, event);
	if (is_duplicate(s)) {
		check_verdict(s, "duplicate");
		return;
	}
	const char *fate = hold(s, sw, event);
	if (!fate)
		fate = engine_verdict_names[engine_feed(s->engine, sw, event, scenario_time(s))];
	check_verdict(s, fate);
}

static void
act_busy(struct scenario *s)
{
	s->busy = true;
}

/* There is time for everything that is held; and for the end of the episodes, as if a second had passed. */
static void
act_idle(struct scenario *s)
{
	const struct engine_time now = scenario_time(s);
	struct engine_interface_view view;
	struct overload_episode episode;
	struct overload_word word;

	s->busy = false;
	while (s->overload && overload_next(s->overload, false, now.now_ns, &word)) {
		struct engine_time time = { now.now_ns, word.received_us, now.wall_us };
		if (word.named) {
			engine_interface_view(s->engine, word.interface, &view);
			word.event.name = slice_of(view.name);
		}
		engine_feed(s->engine, word.sw, &word.event, time);
	}
	while (s->overload && overload_end(s->overload, INT64_MAX, &episode))
		engine_doubt_switch(s->engine, episode.sw, now);
}

static void
word(struct scenario *s, enum link_source source)
{
	struct link_event event = { .kind = LINK_EVENT_WORD, .source = source };
	size_t i = 2;

	for (int layer = LAYER_LINK; s->words[i] && layer < LAYER_MAX; layer++) {
		if (strcmp(s->words[i], link_layer_names[layer]) == 0) {
			event.layer = (enum link_layer)layer;
			i++;
			break;
		}
	}
	event.word = word_named(s, s->words[i]);
	event.name = slice_of(plain_word(s, i + 1));
	if (source == SOURCE_POLL)
		take_answer(s, &event);
	feed(s, &event);
}

static void
act_trap(struct scenario *s)
{
	word(s, SOURCE_TRAP);
}

static void
act_syslog(struct scenario *s)
{
	word(s, SOURCE_SYSLOG);
}

static void
act_poll(struct scenario *s)
{
	word(s, SOURCE_POLL);
}

/* What an answer tells of an index, before its words are fed. */
static void
act_learns(struct scenario *s)
{
	struct link_event event = { .source = SOURCE_POLL, .name = slice_of(plain_word(s, 2)) };

	take_options(s, &event);
	engine_learn_index(s->engine, switch_named(s, s->words[1]), &event);
}

static void
act_polled(struct scenario *s)
{
	engine_polled(s->engine, switch_named(s, s->words[1]), scenario_time(s));
}

static void
act_reachable(struct scenario *s)
{
	engine_set_pollable(s->engine, switch_named(s, s->words[1]), true, scenario_time(s));
}

static void
act_unreachable(struct scenario *s)
{
	engine_set_pollable(s->engine, switch_named(s, s->words[1]), false, scenario_time(s));
}

/* The kernel dropped datagrams on the sockets of this source. */
static void
act_lost(struct scenario *s)
{
	engine_doubt_source(s->engine, link_source_from(slice_of(s->words[1])), scenario_time(s));
}

static void
act_restart(struct scenario *s)
{
	feed(s, &(struct link_event){ .kind = LINK_EVENT_RESTART,
		    .source = SOURCE_TRAP,
		    .new_boot = scenario_flag(s, "boot") });
}

static void
act_doubt(struct scenario *s)
{
	feed(s, &(struct link_event){ .kind = LINK_EVENT_DOUBT,
		    .source = SOURCE_TRAP,
		    .name = slice_of(plain_word(s, 2)) });
}

static void
act_hint(struct scenario *s)
{
	feed(s, &(struct link_event){ .kind = LINK_EVENT_HINT,
		    .source = SOURCE_SYSLOG,
		    .name = slice_of(plain_word(s, 2)) });
}

/* ---- reports ---- */

/* null is a report that ends at once, as the API has it. */
static void
act_report(struct scenario *s)
{
	const char *lasts = scenario_option(s, "for"), *note = scenario_option(s, "note");
	struct engine_time time = scenario_time(s);
	uint32_t port = scenario_port(s, s->words[1]);
	bool null = scenario_flag(s, "null");

	if (!s->words[2] || !s->words[3] || !s->words[4])
		SCENARIO_FAIL(s, "%s", "report PORT down|active|null by WHO");
	struct dp_report report = {
		.down = strcmp(s->words[2], "down") == 0,
		.by = s->words[4],
		.note = note ? note : "",
		.at_us = time.wall_us,
		.until_us = null ? time.wall_us : 0,
	};
	if (lasts)
		report.until_us = time.wall_us + scenario_duration_us(s, lasts);
	ck_assert(engine_report(
	    s->engine, topo_port_get(engine_topo(s->engine), port)->id, &report, time));
	if (null)
		engine_tick(s->engine, time);
}

/* ---- overrides ---- */

static void
act_override(struct scenario *s)
{
	const char *lasts = scenario_option(s, "for"), *note = scenario_option(s, "note");
	struct engine_time time = scenario_time(s);
	const char *colon = s->words[1] ? strchr(s->words[1], ':') : NULL;
	char sw_name[64];

	if (!colon || !s->words[2] || !s->words[3] || !s->words[4])
		SCENARIO_FAIL(s, "%s", "override SWITCH:INTERFACE up|down|auto by WHO");
	snprintf(sw_name, sizeof(sw_name), "%.*s", (int)(colon - s->words[1]), s->words[1]);
	uint32_t interface =
	    engine_interface_find(s->engine, switch_named(s, sw_name), slice_of(colon + 1));
	struct engine_override override = {
		.to = strcmp(s->words[2], "auto") == 0 ? WORD_NONE : word_named(s, s->words[2]),
		.by = s->words[4],
		.note = note,
		.until_us = lasts ? time.wall_us + scenario_duration_us(s, lasts) : 0,
	};
	ck_assert(engine_override(s->engine, interface, &override, time));
}

/* ---- daemon and Redis ---- */

static void
act_restart_daemon(struct scenario *s)
{
	if (scenario_flag(s, "reboot"))
		s->boot_us = 5000000 - s->now_us;
	scenario_start_engine(s);
}

static void
act_redis_lost(struct scenario *s)
{
	model_release(&s->model);
	model_init(&s->model);
	engine_compare_begin(s->engine);
	engine_start(s->engine, scenario_time(s));
}

static void
act_redis_compare(struct scenario *s)
{
	engine_compare_begin(s->engine);
	model_restore_published(&s->model, s->engine);
	engine_start(s->engine, scenario_time(s));
}

static void
act_redis_save(struct scenario *s)
{
	model_copy(&s->saved, &s->model);
}

static void
act_redis_back(struct scenario *s)
{
	model_copy(&s->model, &s->saved);
	act_redis_compare(s);
}

static void
act_clock(struct scenario *s)
{
	s->wall_us += scenario_duration_us(s, s->words[1]);
}

/* As at SIGHUP. */
static void
act_config(struct scenario *s)
{
	scenario_config(s);
	engine_configure(s->engine, &s->config, scenario_time(s));
}

static void
act_wait(struct scenario *s)
{
	(void)s;
}

void
scenario_act(struct scenario *s)
{
	static const struct {
		const char *name;
		void (*act)(struct scenario *s);
	} actions[] = { { "trap", act_trap }, { "syslog", act_syslog }, { "poll", act_poll },
		{ "learns", act_learns }, { "polled", act_polled }, { "reachable", act_reachable },
		{ "unreachable", act_unreachable }, { "lost", act_lost },
		{ "restart", act_restart }, { "doubt", act_doubt }, { "hint", act_hint },
		{ "report", act_report }, { "override", act_override },
		{ "restart-daemon", act_restart_daemon }, { "redis-lost", act_redis_lost },
		{ "redis-compare", act_redis_compare }, { "redis-save", act_redis_save },
		{ "redis-back", act_redis_back }, { "clock", act_clock }, { "wait", act_wait },
		{ "busy", act_busy }, { "idle", act_idle }, { "config", act_config },
		{ "taken", act_taken } };

	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (strcmp(s->words[0], actions[i].name) != 0)
			continue;
		if (!s->engine)
			SCENARIO_FAIL(s, "%s", "there is no topology yet");
		actions[i].act(s);
		return;
	}
	SCENARIO_FAIL(s, "\"%s\" is no action", s->words[0]);
}
