#include "forwarder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "account.h"

#define GRACE_MS 15000

const char *const counter_names[COUNT_MAX] = {
#define COUNTER_NAME(id, name, help) [COUNT_##id] = #name,
	COUNTERS(COUNTER_NAME)
#undef COUNTER_NAME
};
const char *const counter_help[COUNT_MAX] = {
#define COUNTER_HELP(id, name, help) [COUNT_##id] = help,
	COUNTERS(COUNTER_HELP)
#undef COUNTER_HELP
};

/* ---- small things ---- */

int64_t
forwarder_now_ms(const struct forwarder *fw)
{
	return loop_now(fw->loop).now_ns / 1000000;
}

int64_t
forwarder_wall_us(const struct forwarder *fw)
{
	return loop_now(fw->loop).wall_us;
}

const char *
forwarder_prefix(const struct forwarder *fw)
{
	return fw->config->redis.prefix;
}

void
forwarder_count(struct forwarder *fw, enum counter counter, uint64_t n)
{
	fw->counters[counter] += n;
}

void
forwarder_error(struct forwarder *fw, const char *text)
{
	snprintf(fw->last_error, sizeof(fw->last_error), "%s", text);
	fw->last_error_us = forwarder_wall_us(fw);
}

const char *
forwarder_state(const struct forwarder *fw)
{
	struct neutron_queue_view view;

	neutron_queue_view(fw->queue, forwarder_now_ms(fw), &view);
	if (fw->stopping)
		return "stopping";
	if (view.held || fw->problem[0])
		return "held";
	if (view.failures > 0)
		return "away";
	if (view.braked)
		return "braked";
	return fw->reading && reconcile_done(fw->reconcile) ? "forwarding" : "starting";
}

/* ---- the queue ---- */

void
forwarder_ack(struct forwarder *fw, struct neutron_entry entry)
{
	struct command command = { 0 };
	char text[NEUTRON_ENTRY_TEXT];

	if ((entry.ms == 0 && entry.seq == 0) || fw->dry_run)
		return;
	command_word(&command, "XACK");
	command_key(&command, forwarder_prefix(fw), "events", "");
	command_word(&command, GROUP);
	command_word(&command, neutron_entry_format(entry, text));
	/* Not acknowledged is no harm: it is read again, and found to be sent already. */
	if (command_send(&command, fw->commands, command_ignore, NULL) != 0)
		log_debug("entry %s could not be acknowledged", text);
}

bool
forwarder_add(struct forwarder *fw, const struct neutron_change *change)
{
	struct neutron_entry ack;

	if (neutron_queue_add(fw->queue, change, &ack) != 0)
		return false;
	if (ack.ms != 0 || ack.seq != 0)
		forwarder_count(fw, COUNT_FOLDED, 1);
	forwarder_ack(fw, ack);
	return true;
}

/* --once: everything that can be done is done. */
static bool
is_through(const struct forwarder *fw, const struct neutron_queue_view *view)
{
	return fw->once && !fw->stopping && reconcile_done(fw->reconcile) && view->busy == 0 &&
	       view->waiting_active == 0 && (view->waiting_down == 0 || view->braked);
}

void
forwarder_go(struct forwarder *fw)
{
	struct neutron_queue_view view;
	struct neutron_job job;
	int64_t now = forwarder_now_ms(fw);

	/* A port is a job only while Redis can be asked about it. */
	while (!fw->stopping && fw->name[0] && redis_link_state(fw->commands) == REDIS_UP &&
	       neutron_queue_next(fw->queue, now, &job))
		job_begin(fw, &job);
	int64_t deadline = neutron_queue_deadline(fw->queue, now);
	if (deadline != INT64_MAX)
		loop_timer_arm(fw->wake, deadline > now ? deadline - now : 50);
	show_changes(fw);
	neutron_queue_view(fw->queue, now, &view);
	if (is_through(fw, &view)) {
		fw->exit_status = view.delayed > 0 || view.waiting_down > 0;
		forwarder_stop(fw);
	}
	if (fw->stopping && fw->jobs == 0)
		loop_stop(fw->loop);
}

static void
on_wake(void *ctx)
{
	forwarder_go(ctx);
}

static void
on_beat(void *ctx)
{
	struct forwarder *fw = ctx;

	loop_timer_arm(fw->beat, heartbeat_beat_ms(fw));
	heartbeat_beat(fw);
}

static void
on_grace(void *ctx)
{
	struct forwarder *fw = ctx;

	log_warning(
	    "%u requests were still under way: what they sent is compared at the next start",
	    fw->jobs);
	loop_stop(fw->loop);
}

/* ---- start and stop ---- */

static int
open_session(struct forwarder *fw)
{
	const struct config *config = fw->config;
	struct neutron_auth auth = { 0 };
	char error[NEUTRON_TEXT_MAX];

	if (account_find(&auth, error) != 0) {
		log_error("%s", error);
		return 1;
	}
	fw->web = account_web(fw->loop, config, &auth, config->neutron.parallel);
	fw->session = fw->web ? session_new(fw->loop, fw->web, &auth) : NULL;
	neutron_auth_release(&auth);
	return fw->session ? 0 : 1;
}

struct redis_link *
open_link(struct loop *loop, const struct config *config, const char *name,
    const struct redis_link_handler *handler)
{
	struct redis_link *link = redis_link_new(loop, config, name, handler);
	char path[4096];

	if (link && config->redis.kind == REDIS_EMBEDDED) {
		snprintf(path, sizeof(path), "%.4000s/redis.sock", config->daemon.state_dir);
		redis_link_use_path(link, path);
	}
	return link;
}

static int
open_links(struct forwarder *fw)
{
	fw->commands = open_link(fw->loop, fw->config, "redis",
	    &(const struct redis_link_handler){ fw, heartbeat_up, heartbeat_down });
	fw->reader = open_link(fw->loop, fw->config, "redis stream",
	    &(const struct redis_link_handler){ fw, reader_up, reader_down });
	return fw->commands && fw->reader ? 0 : 1;
}

static void
choose_names(struct forwarder *fw, const char *name)
{
	uint64_t random[2];

	if (name)
		snprintf(fw->base, sizeof(fw->base), "%.90s", name);
	else if (gethostname(fw->base, sizeof(fw->base) - 8) != 0)
		snprintf(fw->base, sizeof(fw->base), "dpwatch-neutron");
	fw->base[sizeof(fw->base) - 8] = '\0';
	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		random[0] = (uint64_t)forwarder_wall_us(fw), random[1] = (uint64_t)getpid();
	snprintf(fw->token, sizeof(fw->token), "%016llx%016llx", (unsigned long long)random[0],
	    (unsigned long long)random[1]);
}

static int
make_parts(struct forwarder *fw)
{
	fw->wake = loop_timer_new(fw->loop, on_wake, fw);
	fw->beat = loop_timer_new(fw->loop, on_beat, fw);
	fw->grace = loop_timer_new(fw->loop, on_grace, fw);
	fw->read_again = loop_timer_new(fw->loop, reader_read_again, fw);
	fw->queue =
	    neutron_queue_new(fw->config->neutron.parallel, (uint64_t)forwarder_wall_us(fw));
	fw->reconcile = reconcile_new(fw);
	fw->shown = json_object();
	return fw->wake && fw->beat && fw->grace && fw->read_again && fw->queue && fw->reconcile &&
		       fw->shown
		   ? 0
		   : 1;
}

int
forwarder_start(struct forwarder *fw, const char *name)
{
	fw->loop = loop_new();
	if (!fw->loop || make_parts(fw) != 0) {
		log_error("out of memory");
		return 1;
	}
	fw->started_us = forwarder_wall_us(fw);
	fw->behind = fw->pending = -1;
	fw->rate = (struct log_rate){ .interval_ms = 10000, .burst = 5 };
	choose_names(fw, name);
	if (open_session(fw) != 0)
		return 1;
	if (open_links(fw) != 0) {
		log_error("out of memory");
		return 1;
	}
	if (metrics_start(fw) != 0 || importer_start(fw) != 0)
		return 1;
	redis_link_start(fw->commands);
	loop_timer_arm(fw->beat, heartbeat_beat_ms(fw));
	return 0;
}

void
forwarder_stop(struct forwarder *fw)
{
	if (fw->stopping)
		return;
	fw->stopping = true;
	log_info("stopping; %u requests are under way", fw->jobs);
	heartbeat_farewell(fw);
	loop_timer_arm(fw->grace, GRACE_MS);
	loop_timer_arm(fw->wake, 0);
}

void
forwarder_try_now(struct forwarder *fw)
{
	log_info("trying again what waits");
	session_again(fw->session);
	neutron_queue_wake(fw->queue, forwarder_now_ms(fw));
	reconcile_soon(fw->reconcile, 0);
	forwarder_go(fw);
}

void
forwarder_release(struct forwarder *fw)
{
	/* Requests first: their callbacks do not come any more, and Redis's come with NULL. */
	web_free(fw->web);
	metrics_free(fw->metrics);
	importer_free(fw->importer);
	redis_link_free(fw->reader);
	redis_link_free(fw->commands);
	session_free(fw->session);
	reconcile_free(fw->reconcile);
	neutron_queue_free(fw->queue);
	loop_timer_free(fw->wake);
	loop_timer_free(fw->beat);
	loop_timer_free(fw->grace);
	loop_timer_free(fw->read_again);
	json_decref(fw->shown);
	if (fw->loop)
		loop_free(fw->loop);
}
