/*
 * From the engine to the outbox: what was decided is told, and sent at the end of each turn.
 */
#include "daemon.h"

#define PUMP_PUSH 16 /* changes */
/* Toggles; of very many so few go ahead, because Redis tells nobody of a batch before it has done all of it. dpwatch-neutron
 * counts on the others to follow within BRAKE_LOOK_FEW_MS. */
#define PUMP_AHEAD 1
#define PUMP_ON_MS 1
/* By what the engine has decided at once it is seen whether there is more than one batch. */
_Static_assert(ENGINE_STEP_AT_ONCE >= OUTBOX_FIRST_TOGGLES, "very many are known as such");

static void
say_toggle(struct daemon *daemon, const struct dp_change *change)
{
	char id[PORT_ID_TEXT];
	uint64_t held_back;

	if (!log_rate_take(&daemon->toggle_rate, &held_back))
		return;
	if (held_back > 0)
		log_info("%llu more toggles", (unsigned long long)held_back);
	log_info("port %s (%s) is %s: cause=%s reason=%s interface=%s:%s paths=%u/%u",
	    port_id_format(change->port_id, id), change->port_name,
	    change->dp_down ? "DOWN" : "up again", dp_cause_names[change->cause],
	    link_reason_names[change->reason], change->switch_name, change->interface_name,
	    change->paths.up, change->paths.total);
}

/* What dampening does is always told, or how many times it was not. */
static void
say_damping(struct daemon *daemon, const struct dp_change *change)
{
	static const char *const texts[] = {
		[DAMP_SUPPRESSED] = "flaps: held down until it has been quiet",
		[DAMP_RELEASED] = "is no longer held down for flapping",
		[DAMP_WOULD_SUPPRESS] = "flaps: dampening would hold it down",
		[DAMP_WOULD_RELEASE] = "would no longer be held down for flapping",
	};
	uint64_t held_back;

	if (change->damping == DAMP_SUPPRESSED)
		stats_add(&daemon->stats, STAT_DAMPENING_SUPPRESSED, 1);
	else if (change->damping == DAMP_WOULD_SUPPRESS)
		stats_add(&daemon->stats, STAT_DAMPENING_WOULD_SUPPRESS, 1);
	if (!log_rate_take(&daemon->damping_rate, &held_back))
		return;
	if (held_back > 0)
		log_info("%llu more lines about flapping", (unsigned long long)held_back);
	log_warning("interface %s:%s (%s) %s", change->switch_name, change->interface_name,
	    change->oper_up ? "up" : "down", texts[change->damping]);
}

/* A comparison finds more than the outbox may hold in a large network: that waits in the engine, and is not folded. */
static bool
may_tell(const struct daemon *daemon)
{
	return !daemon->comparing.telling || outbox_has_room(daemon->outbox);
}

/*
 * Where nothing is ahead of them, the first toggle of more than one batch is one of its own: the sooner it is read. True when
 * it is on its way: the rest waits in the engine, for a moment. To write it down would take the processor from Redis, and
 * from those who read the first.
 */
static bool
send_ahead(struct daemon *daemon, unsigned n_popped)
{
	struct engine_totals totals;

	engine_totals(daemon->engine, &totals);
	if (daemon->comparing.telling || outbox_waiting(daemon->outbox) != 1 ||
	    n_popped + totals.queued < OUTBOX_FIRST_TOGGLES)
		return false;
	outbox_turn_end(daemon->outbox);
	publisher_flush(daemon->publisher);
	if (!publisher_is_opening(daemon->publisher))
		return false;
	loop_timer_arm(daemon->pump_on, PUMP_ON_MS);
	return true;
}

static void
pump(struct daemon *daemon, bool all)
{
	struct dp_change change;
	uint64_t ticket;
	unsigned n = 0, n_toggles = 0;
	/* While stopping, nothing waits where nobody counts it. */
	bool waits = !all && daemon->phase != PHASE_STOPPING && loop_timer_armed(daemon->pump_on);

	while (!waits && may_tell(daemon) && engine_pop(daemon->engine, &change)) {
		if (n == 0)
			outbox_set_moment(daemon->outbox, loop_now(daemon->loop).wall_us / 1000);
		/* Of very many, the first are on their way while the others are written down. */
		if (++n % PUMP_PUSH == 0)
			publisher_flush(daemon->publisher);
		if (change.kind == CHANGE_TOGGLE)
			change.maintenance = maintenance_covers(
			    daemon->maintenance, engine_topo(daemon->engine), &change);
		daemon_verify_down(daemon, &change);
		if (outbox_add(daemon->outbox, &change, &ticket) != 0)
			continue;
		if (change.kind == CHANGE_TOGGLE)
			say_toggle(daemon, &change);
		else if (change.kind == CHANGE_REDUNDANCY)
			stats_add(&daemon->stats, STAT_OUT_REDUNDANCY, 1);
		else if (change.kind == CHANGE_INTERFACE && change.transition)
			stats_add(&daemon->stats, STAT_OUT_LINK_EVENTS, 1);
		if (change.damping != DAMP_NONE)
			say_damping(daemon, &change);
		if (!all && change.kind == CHANGE_TOGGLE && ++n_toggles == PUMP_AHEAD)
			waits = send_ahead(daemon, n);
	}
	/* A batch that is full does not wait for the turn to end. */
	publisher_flush(daemon->publisher);
}

void
daemon_pump(struct daemon *daemon)
{
	pump(daemon, false);
}

void
daemon_pump_all(struct daemon *daemon)
{
	pump(daemon, true);
}

/* What had no room in memory, by those who had to let go of it. */
static void
count_let_go(struct daemon *daemon)
{
	daemon->stats.n[STAT_OUT_FOLDED] = outbox_folded(daemon->outbox);
	daemon->stats.n[STAT_TRAP_FORGOTTEN] = dedup_evicted(daemon->dedup);
}

void
daemon_turn_end(struct daemon *daemon)
{
	int64_t next;

	daemon_feed_held(daemon);
	daemon_pump(daemon);
	outbox_turn_end(daemon->outbox);
	publisher_flush(daemon->publisher);
	count_let_go(daemon);
	daemon_ask(daemon);
	journal_turn_end(daemon->journal, publisher_stuck(daemon->publisher));
	next = engine_next_deadline(daemon->engine);
	if (next != INT64_MAX) {
		int64_t delay_ms = (next - loop_now(daemon->loop).now_ns) / 1000000 + 1;
		loop_timer_arm(daemon->deadline, delay_ms > 0 ? delay_ms : 0);
	}
}

static void
on_pump_on(void *ctx)
{
	daemon_pump_all(ctx);
	daemon_turn_end(ctx);
}

bool
daemon_pump_init(struct daemon *daemon)
{
	daemon->pump_on = loop_timer_new(daemon->loop, on_pump_on, daemon);
	return daemon->pump_on != NULL;
}
