/*
 * A history as text: its topology document, and a scenario file (lib/scenario.h) that fails as it does.
 */
#include "history.h"

static void
put_switches(const struct history *history, FILE *out)
{
	fprintf(out, "{\"switches\": [");
	for (unsigned leaf = 0; leaf < LEAVES; leaf++) {
		fprintf(out, "{\"name\": \"leaf%u\", \"hostnames\": [\"leaf%u\"]", leaf, leaf);
		if (history->min_links[leaf] > 0)
			fprintf(out,
			    ",\n  \"interfaces\": [{\"name\": \"port-channel1\", \"min_links\": %u,"
			    " \"members\": [\"Ethernet1/49\", \"Ethernet1/50\"]}]",
			    history->min_links[leaf]);
		fprintf(out, "},\n ");
	}
	fprintf(out, "{\"name\": \"spine\", \"hostnames\": [\"spine\"], \"root\": true}],\n");
}

static void
put_links(const struct history *history, FILE *out)
{
	const char *separator = "";

	fprintf(out, " \"links\": [");
	for (unsigned i = 0; i < INTERFACES; i++) {
		const bool bundled = history->min_links[i / PER_LEAF] > 0;
		if (i % PER_LEAF < ACCESS || bundled != (i % PER_LEAF == BUNDLE) ||
		    !history_has(history, i))
			continue;
		fprintf(out, "%s{\"a\": \"leaf%u:%s\", \"b\": \"spine:Ethernet1/%u\"}", separator,
		    i / PER_LEAF, history_interface_name(i), i);
		separator = ", ";
	}
	fprintf(out, "],\n");
}

void
history_put_topology(const struct history *history, bool shorthand, FILE *out)
{
	put_switches(history, out);
	put_links(history, out);
	fprintf(out, " \"ports\": [");
	for (unsigned port = 0; port < PORTS; port++) {
		const uint8_t *to = history->attached[port];
		fprintf(out, "%s{\"id\": \"%s%u\", \"attachments\": [\"leaf%u:%s\"",
		    port ? ",\n  " : "", shorthand ? "#" : "00000000-0000-4000-8000-00000000000",
		    port + 1, to[0] / PER_LEAF, history_interface_name(to[0]));
		if (to[0] != to[1])
			fprintf(out, ", \"leaf%u:%s\"", to[1] / PER_LEAF,
			    history_interface_name(to[1]));
		fprintf(out, "]}");
	}
	fprintf(out, "]}\n");
}

/* ---- a scenario ---- */

static double
seconds(int64_t us)
{
	return (double)us / 1e6;
}

static void
put_word(const struct step *step, FILE *out)
{
	static const char *const layers[LAYER_MAX] = {
		[LAYER_WHOLE] = "", [LAYER_LINK] = "link ", [LAYER_PROTOCOL] = "protocol "
	};

	fprintf(out, "at %.3fs %s leaf%u %s%s %s", seconds(step->at_us),
	    step->syslog ? "syslog" : "trap", step->leaf, layers[step->layer],
	    step->up                                      ? "up"
	    : step->shut && step->layer != LAYER_PROTOCOL ? "admin-down"
							  : "down",
	    history_interface_name(step->interface));
	if (!step->syslog)
		fprintf(out, " uptime=%.2fs digest=%llu", (double)step->uptime_cs / 100,
		    (unsigned long long)step->digest);
	if (step->stamped)
		fprintf(out, " stamp=%.3fs", seconds(step->true_us));
	fprintf(
	    out, "%s\n# true at %.3fs\n", step->relayed ? " relayed" : "", seconds(step->true_us));
}

static void
put_override(const struct history *history, const struct step *step, FILE *out)
{
	const unsigned i = step->override, interface = history->overrides[i].interface;

	fprintf(out, "at %.3fs override leaf%u:%s %s by joe for=%.3fs\n", seconds(step->at_us),
	    interface / PER_LEAF, history_interface_name(interface),
	    history->overrides[i].up ? "up" : "down",
	    seconds(history->overrides[i].until_us - history->overrides[i].at_us));
}

static void
put_step(const struct history *history, const struct step *step, FILE *out)
{
	switch (step->kind) {
	case STEP_WORD:
		put_word(step, out);
		break;
	case STEP_BOOT:
		fprintf(out, "at %.3fs restart leaf%u boot uptime=%.2fs\n", seconds(step->at_us),
		    step->leaf, (double)step->uptime_cs / 100);
		break;
	case STEP_RESTART:
		fprintf(out, "at %.3fs restart-daemon%s\n", seconds(step->at_us),
		    step->reboot ? " reboot" : "");
		break;
	case STEP_OVERRIDE:
		put_override(history, step, out);
		break;
	}
}

static bool
is_left_out(const struct history *history, const struct step *step)
{
	return step->left_out ||
	       (step->kind == STEP_WORD && history->truth[step->interface].left_out) ||
	       (step->kind == STEP_OVERRIDE && history->overrides[step->override].left_out);
}

/* The toggles that should be by then, and are not said yet; each at its time. The line before is of *at_us. */
static void
put_toggles(
    const struct outcome *truth, unsigned next[PORTS], int64_t until_us, int64_t *at_us, FILE *out)
{
	for (;;) {
		unsigned first = PORTS;
		for (unsigned port = 0; port < PORTS; port++)
			if (next[port] < truth->ports[port].n &&
			    (first == PORTS || truth->ports[port].at_us[next[port]] <
						   truth->ports[first].at_us[next[first]]))
				first = port;
		if (first == PORTS || truth->ports[first].at_us[next[first]] > until_us)
			return;
		const int64_t us = truth->ports[first].at_us[next[first]];
		if (us != *at_us)
			fprintf(out, "at %.3fs wait\n", seconds(us));
		fprintf(out, "expect toggle #%u %s occurred_at=%.9gs\n", first + 1,
		    next[first] % 2 == 0 ? "true" : "false", seconds(us));
		*at_us = us;
		next[first]++;
	}
}

static void
put_head(const struct history *history, FILE *out)
{
	fprintf(out, "# DPWATCH_SEED=%llu, %s\nignore interface\nignore hash\nignore redundancy\n",
	    (unsigned long long)history->seed, regime_names[history->regime]);
	if (!history_is_exact(history))
		fprintf(out, "ignore toggle\n");
	fprintf(out, "config down_delay=%.3fs up_delay=%.3fs%s%s\n",
	    seconds(history->down_delay_us), seconds(history->up_delay_us),
	    history->dampening ? " dampening=5s,1000,2000,20s" : "",
	    history->ignore_shut ? " admin_down=ignore" : "");
	fprintf(out, "topology\n");
	history_put_topology(history, true, out);
	fprintf(out, "end\n");
	for (unsigned leaf = 0; leaf < LEAVES; leaf++) {
		if (history->regime != REGIME_RELAY)
			fprintf(out, "at 1s trap leaf%u up Ethernet1/1 uptime=%.2fs\n", leaf,
			    seconds(1 * S + history->leaf[leaf].began_us));
		fprintf(out, "at 1s syslog leaf%u up Ethernet1/1\n", leaf);
	}
}

static const char *
answer_of(const struct truth *truth)
{
	if (truth->left_out || truth->n % 2 == 0)
		return "up";
	return truth->shut[truth->n - 1] ? "admin-down" : "down";
}

static void
put_answers(const struct history *history, const struct outcome *truth, int64_t us, FILE *out)
{
	for (unsigned i = 0; i < INTERFACES; i++)
		if (history_has(history, i))
			fprintf(out, "at %.3fs poll leaf%u %s %s\n", seconds(us), i / PER_LEAF,
			    answer_of(&history->truth[i]), history_interface_name(i));
	fprintf(out, "at %.3fs wait\n", seconds(us + 10 * S));
	for (unsigned port = 0; port < PORTS; port++)
		fprintf(out, "view port #%u dp_down=%s\n", port + 1,
		    truth->down[port] ? "true" : "false");
	for (unsigned i = 0; i < INTERFACES; i++)
		if (history_has(history, i))
			fprintf(out, "changes leaf%u:%s %u\n", i / PER_LEAF,
			    history_interface_name(i), truth->changes[i]);
}

/* When the next step from i on is; INT64_MAX: there is none. */
static int64_t
next_at_us(const struct history *history, unsigned i)
{
	while (i < history->n_steps && is_left_out(history, &history->steps[i]))
		i++;
	return i < history->n_steps ? history->steps[i].at_us : INT64_MAX;
}

void
history_put_scenario(const struct history *history, FILE *out)
{
	const int64_t end_us = history->end_us + history->latency_us + 150 * S;
	const bool exact = history_is_exact(history);
	unsigned next[PORTS] = { 0 };
	int64_t at_us = -1;
	struct outcome truth;

	history_evaluate(history, &truth);
	put_head(history, out);
	for (unsigned i = 0; i < history->n_steps; i++) {
		const struct step *step = &history->steps[i];
		if (is_left_out(history, step))
			continue;
		if (exact && step->at_us != at_us)
			put_toggles(&truth, next, step->at_us - 1, &at_us, out);
		/* What steps of one instant bring forth is expected together. */
		if (step->at_us == at_us)
			fprintf(out, "also ");
		put_step(history, step, out);
		at_us = step->at_us;
		if (exact && next_at_us(history, i + 1) != at_us)
			put_toggles(&truth, next, at_us, &at_us, out);
	}
	if (exact)
		put_toggles(&truth, next, end_us, &at_us, out);
	put_answers(history, &truth, end_us, out);
}
