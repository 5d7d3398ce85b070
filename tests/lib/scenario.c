/*
 * Reading a scenario file line by line. What lines do is in scenario_act.c, what they expect in scenario_expect.c.
 */
#include "scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario_play.h"
#include "util/timeutil.h"

#define SCENARIO_UPTIME_US INT64_C(1000000000)

struct engine_time
scenario_time(const struct scenario *s)
{
	return (struct engine_time){
		.now_ns = (s->now_us + s->boot_us) * 1000,
		.wall_us = s->now_us + s->wall_us,
	};
}

const char *
scenario_when(const struct scenario *s, int64_t us, char buf[40])
{
	(void)s;
	buf[0] = '\0';
	if (us != 0)
		snprintf(buf, 40, "%.9gs", (double)(us - SCENARIO_START_US) / 1e6);
	return buf;
}

const char *
scenario_option(const struct scenario *s, const char *key)
{
	size_t len = strlen(key);

	for (size_t i = 0; s->words[i]; i++)
		if (strncmp(s->words[i], key, len) == 0 && s->words[i][len] == '=')
			return s->words[i] + len + 1;
	return NULL;
}

bool
scenario_flag(const struct scenario *s, const char *word)
{
	for (size_t i = 0; s->words[i]; i++)
		if (strcmp(s->words[i], word) == 0)
			return true;
	return false;
}

int64_t
scenario_duration_us(const struct scenario *s, const char *text)
{
	bool negative = *text == '-';
	int64_t ms;

	if (!config_duration_parse(slice_of(text + negative), &ms))
		SCENARIO_FAIL(s, "\"%s\" is no duration", text);
	return (negative ? -ms : ms) * 1000;
}

/* "#1" is 00000000-0000-4000-8000-000000000001. */
uint32_t
scenario_port(const struct scenario *s, const char *name)
{
	const struct topo *topo = engine_topo(s->engine);

	for (uint32_t port = 0; port < topo_n_ports(topo); port++)
		if (strcmp(topo_text_get(topo, topo_port_get(topo, port)->name), name) == 0)
			return port;
	SCENARIO_FAIL(s, "there is no port %s", name);
}

/* Cuts the line into words, in place. */
static void
split(struct scenario *s, char *line)
{
	size_t n = 0;

	for (char *at = line; *at;) {
		at += strspn(at, " \t\n");
		if (!*at)
			break;
		if (n + 1 == SCENARIO_WORDS)
			SCENARIO_FAIL(s, "more than %d words", SCENARIO_WORDS - 1);
		s->words[n++] = at;
		at += strcspn(at, " \t\n");
		if (*at)
			*at++ = '\0';
	}
	s->words[n] = NULL;
}

/* Deadlines up to then are met on the way. */
static void
advance(struct scenario *s, int64_t to_us)
{
	if (to_us < s->now_us)
		SCENARIO_FAIL(s, "time goes backwards: %s", s->words[1]);
	while (s->engine) {
		int64_t deadline = engine_next_deadline(s->engine);
		if (deadline == INT64_MAX)
			break;
		int64_t at_us = (deadline + 999) / 1000 - s->boot_us;
		if (at_us > to_us)
			break;
		if (at_us > s->now_us)
			s->now_us = at_us;
		engine_tick(s->engine, scenario_time(s));
		scenario_pump(s);
		if (engine_next_deadline(s->engine) <= deadline)
			SCENARIO_FAIL(s, "%s", "the engine did not meet its own deadline");
	}
	s->now_us = to_us;
}

static void
take_at(struct scenario *s, bool also)
{
	const char *text = s->words[1];

	if (!text)
		SCENARIO_FAIL(s, "%s", "at which time?");
	if (!also)
		scenario_check_nothing_pending(s);
	s->action_line = s->line;
	advance(s, *text == '+' ? s->now_us + scenario_duration_us(s, text + 1)
				: scenario_duration_us(s, text));
	memmove(s->words, s->words + 2, sizeof(s->words) - 2 * sizeof(s->words[0]));
}

/* The document up to `end`, with ports' ids written out. */
static char *
read_document(struct scenario *s, FILE *file)
{
	char line[1024], *document = NULL;
	size_t size;
	FILE *out = open_memstream(&document, &size);

	while (fgets(line, sizeof(line), file)) {
		s->line++;
		if (strcmp(line, "end\n") == 0) {
			fclose(out);
			return document;
		}
		for (const char *at = line; *at; at++) {
			unsigned long n;
			char *end;
			if (at[0] == '"' && at[1] == '#' && (n = strtoul(at + 2, &end, 10)) > 0 &&
			    *end == '"') {
				fprintf(out, "\"00000000-0000-4000-8000-%012lu\",\"name\":\"#%lu\"",
				    n, n);
				at = end;
			} else {
				fputc(*at, out);
			}
		}
	}
	SCENARIO_FAIL(s, "%s", "the topology has no end");
}

/* dampening=5s,1000,2000,20s or observe,5s,1000,2000,20s, as in the file with blanks. */
static void
take_dampening(struct scenario *s, const char *text)
{
	char line[200];
	struct config config;
	struct config_fault fault;

	snprintf(line, sizeof(line), "[state]\ndampening = %s\n", text);
	for (char *at = line; *at; at++)
		*at = *at == ',' ? ' ' : *at;
	if (config_parse(s->path, slice_of(line), &config, &fault) != 0)
		SCENARIO_FAIL(s, "%s", fault.text);
	s->config.state.dampening = config.state.dampening;
	s->config.state.dampening_half_life_ms = config.state.dampening_half_life_ms;
	s->config.state.dampening_max_suppress_ms = config.state.dampening_max_suppress_ms;
	s->config.state.dampening_reuse = config.state.dampening_reuse;
	s->config.state.dampening_suppress = config.state.dampening_suppress;
	config_release(&config);
}

static void
take_delays(struct scenario *s)
{
	const char *down = scenario_option(s, "down_delay"), *up = scenario_option(s, "up_delay"),
		   *dampening = scenario_option(s, "dampening");

	if (down)
		s->config.state.down_delay_ms = scenario_duration_us(s, down) / 1000;
	if (up)
		s->config.state.up_delay_ms = scenario_duration_us(s, up) / 1000;
	if (dampening)
		take_dampening(s, dampening);
}

static void
take_bucket(struct scenario *s, const char *text)
{
	char *end;
	uint32_t rate = (uint32_t)strtoul(text, &end, 10);

	if (rate == 0 || *end != ',')
		SCENARIO_FAIL(s, "\"%s\" is no bucket", text);
	s->overload = overload_new();
	ck_assert_ptr_nonnull(s->overload);
	overload_configure(s->overload, rate, (uint32_t)strtoul(end + 1, NULL, 10));
}

void
scenario_config(struct scenario *s)
{
	const char *admin_down = scenario_option(s, "admin_down"),
		   *settle = scenario_option(s, "source_settle"),
		   *echo = scenario_option(s, "echo_window"),
		   *bucket = scenario_option(s, "bucket");

	take_delays(s);
	if (bucket)
		take_bucket(s, bucket);
	if (echo)
		s->config.state.echo_window_ms = scenario_duration_us(s, echo) / 1000;
	if (admin_down)
		s->config.state.admin_down =
		    strcmp(admin_down, "ignore") == 0 ? ADMIN_DOWN_IGNORE : ADMIN_DOWN_IS_DOWN;
	if (settle)
		s->config.state.source_settle_ms = scenario_duration_us(s, settle) / 1000;
}

static void
take_line(struct scenario *s, FILE *file)
{
	if (strcmp(s->words[0], "config") == 0) {
		scenario_config(s);
		return;
	}
	if (strcmp(s->words[0], "ignore") == 0) {
		s->ignore_interface = s->ignore_interface || scenario_flag(s, "interface");
		s->ignore_hash = s->ignore_hash || scenario_flag(s, "hash");
		s->ignore_redundancy = s->ignore_redundancy || scenario_flag(s, "redundancy");
		s->ignore_toggle = s->ignore_toggle || scenario_flag(s, "toggle");
		return;
	}
	if (strcmp(s->words[0], "expect") == 0) {
		scenario_expect(s);
		return;
	}
	if (strcmp(s->words[0], "view") == 0) {
		scenario_view(s);
		return;
	}
	if (strcmp(s->words[0], "changes") == 0) {
		scenario_changes(s);
		return;
	}
	const bool also = strcmp(s->words[0], "also") == 0;
	if (also)
		memmove(s->words, s->words + 1, sizeof(s->words) - sizeof(s->words[0]));
	if (strcmp(s->words[0], "at") == 0) {
		take_at(s, also);
	} else {
		scenario_check_nothing_pending(s);
		s->action_line = s->line;
	}
	if (s->words[0] && strcmp(s->words[0], "topology") == 0) {
		char *document = read_document(s, file);
		scenario_set_topology(s, document);
		free(document);
	} else if (s->words[0]) {
		scenario_act(s);
	}
	scenario_pump(s);
}

/* What Redis holds is what is so: a daemon that starts from it has nothing to say, and says the same. */
static void
check_the_end(struct scenario *s)
{
	scenario_check_nothing_pending(s);
	model_check(&s->model, s->engine);
	s->action_line = s->line;
	s->ignore_interface = s->ignore_hash = s->ignore_redundancy = s->ignore_toggle = false;
	scenario_start_engine(s);
	scenario_pump(s);
	scenario_check_nothing_pending(s);
	model_check(&s->model, s->engine);
}

/* Returns how many slices a map took that was taken slowly; 0: none was, or so many were not to be had. */
static unsigned
play(const char *path, unsigned slices)
{
	struct scenario s = {
		.path = path,
		.boot_us = SCENARIO_UPTIME_US,
		.wall_us = SCENARIO_START_US,
		.pending = json_array(),
		.changes = json_object(),
		.slices = slices,
	};
	char line[1024];
	FILE *file = fopen(path, "re");

	ck_assert_msg(file != NULL, "%s cannot be read", path);
	ck_assert_int_eq(config_defaults(&s.config), 0);
	model_init(&s.model);
	model_init(&s.saved);
	while (!s.too_far && fgets(line, sizeof(line), file)) {
		s.line++;
		if (line[0] != '#')
			split(&s, line);
		if (line[0] != '#' && s.words[0])
			take_line(&s, file);
	}
	if (!s.too_far)
		check_the_end(&s);
	fclose(file);
	engine_free(s.engine);
	overload_free(s.overload);
	model_release(&s.model);
	model_release(&s.saved);
	config_release(&s.config);
	json_decref(s.pending);
	json_decref(s.changes);
	dedup_free(s.dedup);
	free(s.topology);
	free(s.coming);
	return s.too_far ? 0 : s.n_slices;
}

void
scenario_run(const char *path)
{
	unsigned slices = 0;

	while (play(path, slices) > slices)
		slices++;
}
