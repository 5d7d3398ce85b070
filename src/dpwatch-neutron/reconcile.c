/*
 * Neutron's list against what is down: page by page, only ids and data_plane_status. What differs is queued like an event
 * (brake included), and decided by the port's hash when its turn comes. Ports that dpwatch does not know are left alone.
 */
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "forwarder.h"

#define FIRST_TARGET "/v2.0/ports?fields=id&fields=data_plane_status&limit=500"

/* A server that links pages in a circle is left after so many. */
#define PAGES_MAX 20000

/* Another try after a failure: a second, doubled up to a minute. */
#define RETRY_FIRST_MS 1000
#define RETRY_MAX_MS 60000

struct reconcile {
	struct forwarder *fw;
	struct loop_timer *timer;
	int64_t due_ms; /* of the timer */
	bool running, ever;
	bool must;       /* somebody has a reason: no matter whose turn it is */
	int64_t must_ms; /* and when */
	int64_t at_us, retry_ms;
	struct neutron_page page;
	char (*ids)[PORT_ID_TEXT]; /* of the page */
	struct neutron_change *changes;
	size_t n_changes;
	uint64_t n_ports, n_unknown, n_different;
	unsigned n_pages;
};

bool
reconcile_done(const struct reconcile *reconcile)
{
	return reconcile->ever;
}

int64_t
reconcile_at_us(const struct reconcile *reconcile)
{
	return reconcile->at_us;
}

static void
drop_page(struct reconcile *reconcile)
{
	neutron_page_release(&reconcile->page);
	free(reconcile->ids);
	free(reconcile->changes);
	reconcile->ids = NULL;
	reconcile->changes = NULL;
	reconcile->n_changes = 0;
}

/* ---- the end ---- */

static void
arm(struct reconcile *reconcile, int64_t delay_ms)
{
	reconcile->due_ms = forwarder_now_ms(reconcile->fw) + delay_ms;
	loop_timer_arm(reconcile->timer, delay_ms);
}

static void
ended_well(struct reconcile *reconcile)
{
	struct forwarder *fw = reconcile->fw;
	int64_t every_ms = fw->config->neutron.reconcile_every_ms;

	drop_page(reconcile);
	reconcile->running = false;
	reconcile->ever = true;
	reconcile->retry_ms = RETRY_FIRST_MS;
	reconcile->at_us = forwarder_wall_us(fw);
	forwarder_count(fw, COUNT_RECONCILED, 1);
	forwarder_count(fw, COUNT_DIFFERENCES, reconcile->n_different);
	log_info("compared with Neutron: %llu ports, %llu of them not in the map, %llu differ",
	    (unsigned long long)reconcile->n_ports, (unsigned long long)reconcile->n_unknown,
	    (unsigned long long)reconcile->n_different);
	/* Somebody had a reason while it ran. */
	if (reconcile->must)
		arm(reconcile, reconcile->must_ms - forwarder_now_ms(fw));
	else if (every_ms > 0)
		arm(reconcile, every_ms);
	forwarder_go(fw);
}

static void
ended_badly(struct reconcile *reconcile, const char *why)
{
	uint64_t held_back;

	drop_page(reconcile);
	reconcile->running = false;
	if (why) {
		forwarder_error(reconcile->fw, why);
		if (log_rate_take(&reconcile->fw->rate, &held_back))
			log_warning("comparing with Neutron: %s; trying again", why);
	}
	arm(reconcile, reconcile->retry_ms);
	reconcile->retry_ms *= 2;
	if (reconcile->retry_ms > RETRY_MAX_MS)
		reconcile->retry_ms = RETRY_MAX_MS;
}

/* ---- a page ---- */

static void ask_page(struct reconcile *reconcile, const char *target);

static void
next_page(struct reconcile *reconcile)
{
	char *next = reconcile->page.next;

	reconcile->page.next = NULL;
	drop_page(reconcile);
	if (!next)
		ended_well(reconcile);
	else if (reconcile->n_pages >= PAGES_MAX)
		ended_badly(reconcile, "the list has no end: its pages go in a circle");
	else
		ask_page(reconcile, next);
	free(next);
}

/* Counted for the brake: now they may be queued. */
static void
on_noted(void *ctx)
{
	struct reconcile *reconcile = ctx;
	bool room = true;

	for (size_t i = 0; i < reconcile->n_changes && room; i++)
		room = forwarder_add(reconcile->fw, &reconcile->changes[i]);
	forwarder_go(reconcile->fw);
	if (room)
		next_page(reconcile);
	else
		ended_badly(reconcile, "too many ports wait");
}

static void
note_differences(struct reconcile *reconcile)
{
	char(*downs)[PORT_ID_TEXT] = calloc(reconcile->n_changes + 1, sizeof(*downs));
	size_t n = 0;

	for (size_t i = 0; downs && i < reconcile->n_changes; i++)
		if (reconcile->changes[i].down)
			port_id_format(reconcile->changes[i].id, downs[n++]);
	brake_note(reconcile->fw, (const char(*)[PORT_ID_TEXT])downs, n, on_noted, reconcile);
	free(downs);
}

/* One letter per port. A port that is up needs nothing unless Neutron says DOWN: null and ACTIVE are no fault. */
static void
compare(struct reconcile *reconcile, const char *letters)
{
	for (size_t i = 0; i < reconcile->page.n; i++) {
		const struct neutron_port_status *port = &reconcile->page.ports[i];
		bool down = letters[i] == 'D';
		bool differs = letters[i] != '?' && down != (port->status == NEUTRON_STATUS_DOWN);
		reconcile->n_unknown += letters[i] == '?';
		if (!differs)
			continue;
		struct neutron_change *change = &reconcile->changes[reconcile->n_changes++];
		*change = (struct neutron_change){
			.since_us = forwarder_wall_us(reconcile->fw), .down = down, .force = true
		};
		memcpy(change->id, port->id, 16);
	}
	reconcile->n_ports += reconcile->page.n;
	reconcile->n_different += reconcile->n_changes;
}

static void
on_compared(void *ctx, const redisReply *reply)
{
	struct reconcile *reconcile = ctx;

	if (!reply || reply->type != REDIS_REPLY_STRING ||
	    (size_t)reply->len != reconcile->page.n) {
		ended_badly(
		    reconcile, reply && reply->type == REDIS_REPLY_ERROR ? reply->str : NULL);
		return;
	}
	reconcile->changes = calloc(reconcile->page.n + 1, sizeof(*reconcile->changes));
	if (!reconcile->changes) {
		ended_badly(reconcile, "out of memory");
		return;
	}
	compare(reconcile, reply->str);
	note_differences(reconcile);
}

static void
ask_redis(struct reconcile *reconcile)
{
	const char *prefix = forwarder_prefix(reconcile->fw);
	struct command command = { 0 };
	size_t n = reconcile->page.n;

	reconcile->ids = calloc(n + 1, sizeof(*reconcile->ids));
	if (!reconcile->ids) {
		ended_badly(reconcile, "out of memory");
		return;
	}
	command_script(&command, SCRIPT_COMPARE, n + 2);
	command_key(&command, prefix, "down", "");
	command_key(&command, prefix, "topology:ports", "");
	for (size_t i = 0; i < n; i++) {
		port_id_format(reconcile->page.ports[i].id, reconcile->ids[i]);
		command_key(&command, prefix, "port:", reconcile->ids[i]);
	}
	for (size_t i = 0; i < n; i++)
		command_word(&command, reconcile->ids[i]);
	if (command_send(&command, reconcile->fw->commands, on_compared, reconcile) != 0)
		ended_badly(reconcile, NULL);
}

/* Whether it goes on like this until a person has mended something. */
static bool
is_for_a_person(enum neutron_verdict verdict)
{
	return verdict == NEUTRON_NO_TRUST || verdict == NEUTRON_NO_TOKEN ||
	       verdict == NEUTRON_NO_ROLE || verdict == NEUTRON_NO_EXTENSION ||
	       verdict == NEUTRON_REFUSED;
}

static void
hold(struct reconcile *reconcile, const struct neutron_answer *answer)
{
	struct forwarder *fw = reconcile->fw;

	/* What a person must mend is known before the first toggle. */
	if (is_for_a_person(answer->verdict) && strcmp(fw->problem, answer->text) != 0) {
		snprintf(fw->problem, sizeof(fw->problem), "%s", answer->text);
		log_error("%s", answer->text);
	}
	ended_badly(reconcile, answer->text);
}

static void
on_page(void *ctx, const struct session_reply *reply)
{
	struct reconcile *reconcile = ctx;
	struct neutron_answer answer;

	if (reply->refusal) {
		hold(reconcile, reply->refusal);
		return;
	}
	neutron_answer_list(&reply->reply, true, &answer);
	if (answer.verdict != NEUTRON_OK) {
		hold(reconcile, &answer);
		return;
	}
	if (neutron_page_parse(reply->reply.body, &reconcile->page) != 0) {
		ended_badly(reconcile, "the list's next page is nowhere");
		return;
	}
	reconcile->n_pages++;
	reconcile->fw->problem[0] = '\0';
	if (reconcile->page.n == 0)
		next_page(reconcile);
	else
		ask_redis(reconcile);
}

static void
ask_page(struct reconcile *reconcile, const char *target)
{
	if (session_send(reconcile->fw->session,
		&(const struct session_request){ .method = "GET",
		    .target = target,
		    .timeout_ms = LIST_TIMEOUT_MS,
		    .most = LIST_MOST },
		on_page, reconcile) != 0)
		ended_badly(reconcile, "out of memory");
}

/* ---- when ---- */

static void
begin(struct reconcile *reconcile)
{
	reconcile->running = true;
	reconcile->must = false;
	reconcile->n_ports = reconcile->n_unknown = reconcile->n_different = 0;
	reconcile->n_pages = 0;
	ask_page(reconcile, FIRST_TARGET);
}

/* "OK": it is our turn; nil: another instance had its turn lately. */
static void
on_turn(void *ctx, const redisReply *reply)
{
	struct reconcile *reconcile = ctx;

	if (reply && reply->type == REDIS_REPLY_STATUS) {
		begin(reconcile);
		return;
	}
	reconcile->running = false;
	arm(reconcile, reply && reply->type == REDIS_REPLY_NIL
			   ? reconcile->fw->config->neutron.reconcile_every_ms
			   : RETRY_FIRST_MS);
}

static void
on_timer(void *ctx)
{
	struct reconcile *reconcile = ctx;
	struct forwarder *fw = reconcile->fw;
	int64_t every_ms = fw->config->neutron.reconcile_every_ms;
	struct command command = { 0 };

	if (reconcile->running || fw->stopping)
		return;
	if (redis_link_state(fw->commands) != REDIS_UP) {
		arm(reconcile, RETRY_FIRST_MS);
		return;
	}
	/* At the start, and to clear a doubt, each for itself; every so often one for all. */
	if (!reconcile->ever || reconcile->must || fw->dry_run) {
		begin(reconcile);
		return;
	}
	reconcile->running = true;
	command_word(&command, "SET");
	command_key(&command, forwarder_prefix(fw), "neutron:reconcile", "");
	command_word(&command, fw->name);
	command_word(&command, "NX");
	command_word(&command, "PX");
	command_number(&command, every_ms < 40000 ? every_ms / 2 + 1 : every_ms - 20000);
	if (command_send(&command, fw->commands, on_turn, reconcile) != 0)
		on_turn(reconcile, NULL);
}

void
reconcile_soon(struct reconcile *reconcile, int64_t delay_ms)
{
	int64_t at_ms = forwarder_now_ms(reconcile->fw) + delay_ms;

	if (!reconcile->must || at_ms < reconcile->must_ms)
		reconcile->must_ms = at_ms;
	reconcile->must = true;
	if (reconcile->running)
		return;
	if (loop_timer_armed(reconcile->timer) && reconcile->due_ms <= at_ms)
		return;
	arm(reconcile, delay_ms);
}

struct reconcile *
reconcile_new(struct forwarder *fw)
{
	struct reconcile *reconcile = calloc(1, sizeof(*reconcile));

	if (!reconcile)
		return NULL;
	reconcile->fw = fw;
	reconcile->retry_ms = RETRY_FIRST_MS;
	reconcile->timer = loop_timer_new(fw->loop, on_timer, reconcile);
	if (reconcile->timer)
		return reconcile;
	free(reconcile);
	return NULL;
}

void
reconcile_free(struct reconcile *reconcile)
{
	if (!reconcile)
		return;
	drop_page(reconcile);
	loop_timer_free(reconcile->timer);
	free(reconcile);
}
