/*
 * Discoveries that somebody asked for: the poller asks the switches, at each of their addresses until one answers, and what they
 * tell waits to be fetched.
 */
#include <stdlib.h>
#include <string.h>

#include "core/discover_job.h"
#include "daemon.h"

/* What was fetched makes room for more; and what nobody fetches any more is dropped. So often that is looked at. */
#define LOOK_MS 100

/* A switch that is being asked, or is to be asked again. */
struct discovering {
	struct daemon *daemon;
	uint64_t number; /* of the discovery */
	char *name;
	uint32_t address; /* how many of its addresses were silent */
	struct discovering *next;
};

static void
end(struct discovering *discovering, const char *outcome, json_t *taken_facts)
{
	const bool answered = strcmp(outcome, poll_outcome_names[POLL_ANSWERED]) == 0;
	struct daemon *daemon = discovering->daemon;

	stats_add(&daemon->stats, answered ? STAT_DISCOVER_ANSWERED : STAT_DISCOVER_FAILED, 1);
	discoveries_done(daemon->discoveries, discovering->number,
	    json_pack("{s:s, s:s, s:o}", "switch", discovering->name, "outcome", outcome, "facts",
		taken_facts ? taken_facts : json_null()));
	free(discovering->name);
	free(discovering);
}

static bool
has_another_address(const struct discovering *discovering)
{
	const struct topo *topo = engine_topo(discovering->daemon->engine);
	const uint32_t sw = topo_switch_find(topo, slice_of(discovering->name));

	return sw != TOPO_NONE && discovering->address + 1 < topo_switch_get(topo, sw)->addresses.n;
}

/* One that refuses its last table has told the others, and one that tells of no interface told nothing. */
static enum poll_outcome
outcome_of(enum poll_outcome outcome, const json_t *facts)
{
	const bool told = json_array_size(json_object_get(facts, "interfaces")) > 0;

	if (outcome == POLL_REFUSED && told)
		return POLL_ANSWERED;
	return outcome == POLL_ANSWERED && !told ? POLL_EMPTY : outcome;
}

static void
on_ended(void *ctx, enum poll_outcome outcome, const struct poll_job *job)
{
	struct discovering *discovering = ctx;
	struct daemon *daemon = discovering->daemon;
	json_t *facts = discover_job_facts(poll_job_discovery(job));

	const bool another = outcome == POLL_SILENT && has_another_address(discovering);

	daemon->n_discovering--;
	loop_timer_arm(daemon->discover_turn, 0);
	if (!another && outcome != POLL_OUTCOME_MAX) {
		end(discovering, poll_outcome_names[outcome_of(outcome, facts)], facts);
		return;
	}
	json_decref(facts);
	discovering->address += another;
	discovering->next = daemon->discover_again;
	daemon->discover_again = discovering;
}

static void
ask(struct discovering *discovering)
{
	const struct poller_discovery discovery = { discovering, on_ended };
	struct daemon *daemon = discovering->daemon;
	const struct topo *topo = engine_topo(daemon->engine);
	const uint32_t sw = topo_switch_find(topo, slice_of(discovering->name));
	char why[320] = "it is not in the map any more";

	if (sw != TOPO_NONE && poller_discover(daemon->poller, sw, discovering->address, &discovery,
				   why, sizeof(why))) {
		daemon->n_discovering++;
		return;
	}
	end(discovering,
	    why[0] != '\0' ? why
			   : "there are no credentials for it: [snmp] poll_community, or \"poll\"",
	    NULL);
}

/* The next one that was silent at an address, or that nobody has asked yet; NULL: none. */
static struct discovering *
next_of(struct daemon *daemon)
{
	struct discovering *discovering = daemon->discover_again;
	uint64_t number;
	const char *name;

	if (discovering) {
		daemon->discover_again = discovering->next;
		return discovering;
	}
	if (!discoveries_next(daemon->discoveries, &number, &name))
		return NULL;
	discovering = calloc(1, sizeof(*discovering));
	char *copy = strdup(name);
	if (discovering && copy) {
		*discovering = (struct discovering){ daemon, number, copy, 0, NULL };
		return discovering;
	}
	free(discovering);
	free(copy);
	discoveries_end(daemon->discoveries, number);
	return NULL;
}

static void
on_turn(void *ctx)
{
	struct daemon *daemon = ctx;
	struct discovering *discovering;

	while (daemon->n_discovering < POLLER_DISCOVERIES && (discovering = next_of(daemon)))
		ask(discovering);
	if (discoveries_expire(daemon->discoveries, loop_now(daemon->loop).now_ns))
		loop_timer_arm(daemon->discover_turn, LOOK_MS);
}

bool
daemon_discover_start(struct daemon *daemon)
{
	daemon->discoveries = discoveries_new();
	daemon->discover_turn = loop_timer_new(daemon->loop, on_turn, daemon);
	return daemon->discoveries && daemon->discover_turn;
}

void
daemon_discover_kick(struct daemon *daemon)
{
	loop_timer_arm(daemon->discover_turn, 0);
}

void
daemon_discover_end(struct daemon *daemon)
{
	while (daemon->discover_again) {
		struct discovering *discovering = daemon->discover_again;
		daemon->discover_again = discovering->next;
		free(discovering->name);
		free(discovering);
	}
	discoveries_free(daemon->discoveries);
	loop_timer_free(daemon->discover_turn);
}
