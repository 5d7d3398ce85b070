/*
 * From a datagram to the engine: decode, find the switch, and feed it.
 */
#include <string.h>

#include "core/sender.h"
#include "core/syslog_link.h"
#include "core/trap_link.h"
#include "daemon.h"
#include "io/passed_sockets.h"

static const enum stats_counter verdict_stats[VERDICT_MAX] = {
	[VERDICT_CHANGED] = STAT_EVENT_CHANGED,
	[VERDICT_LEARNT] = STAT_EVENT_LEARNT,
	[VERDICT_NO_CHANGE] = STAT_EVENT_NO_CHANGE,
	[VERDICT_NO_INTERFACE] = STAT_EVENT_NO_INTERFACE,
	[VERDICT_VIRTUAL] = STAT_EVENT_VIRTUAL,
	[VERDICT_SOURCE_REFUSED] = STAT_EVENT_SOURCE_REFUSED,
	[VERDICT_IGNORED_ADMIN] = STAT_EVENT_IGNORED_ADMIN,
	[VERDICT_RESTART] = STAT_EVENT_RESTART,
	[VERDICT_DOUBT] = STAT_EVENT_DOUBT,
	[VERDICT_STALE] = STAT_EVENT_STALE,
	[VERDICT_ECHO] = STAT_EVENT_ECHO,
	[VERDICT_WAITS] = STAT_EVENT_WAITS,
	[VERDICT_LATE] = STAT_EVENT_LATE,
};

static const enum stats_counter trap_stats[TRAP_MISS_MAX] = {
	[TRAP_MISS_NOT_OURS] = STAT_TRAP_NOT_OURS,
	[TRAP_MISS_NO_TRAP_OID] = STAT_TRAP_MALFORMED,
	[TRAP_MISS_BAD_OID] = STAT_TRAP_BAD_VARBIND,
	[TRAP_MISS_NO_INTERFACE] = STAT_TRAP_NO_INTERFACE,
	[TRAP_MISS_BAD_INDEX] = STAT_TRAP_BAD_VARBIND,
	[TRAP_MISS_NOT_UP] = STAT_TRAP_CONTRADICTS_ITSELF,
};

static void
on_turn_end(void *ctx)
{
	daemon_turn_end(ctx);
}

/* ---- one event ---- */

static void
say_unknown(struct daemon *daemon, const struct addr *addr, const char *what)
{
	char text[ADDR_TEXT_MAX];
	uint64_t held_back;

	if (log_rate_take(&daemon->sender_rate, &held_back))
		log_info("%s from %s, which is no switch of the topology (see dpwatch unmapped)",
		    what, addr_format(addr, text));
}

/* What says something to us, and from whom; `host` is what a syslog line calls its sender. */
struct heard {
	struct link_event event;
	struct addr sender;
	struct slice host;
	bool host_names;         /* the host was believed, and is no address */
	const struct trap *trap; /* NULL: a line */
};

static void
note_unmapped(struct daemon *daemon, const struct heard *heard, const struct engine_time *time)
{
	struct addr claim;
	bool claims = heard->trap && trap_claimed_sender(heard->trap, &claim) &&
		      !addr_eq(&claim, &heard->sender);
	struct slice host = heard->trap ? trap_sys_name(heard->trap) : heard->host;

	unmapped_note(daemon->unmapped, &heard->sender, host, heard->host_names,
	    claims ? &claim : NULL, &heard->event, time->wall_us);
}

static const char *
switch_name(const struct daemon *daemon, uint32_t sw)
{
	const struct topo *topo = engine_topo(daemon->engine);

	return topo_text_get(topo, topo_switch_get(topo, sw)->name);
}

/* What a switch of the map sent that says nothing of a link, for `dpwatch doctor`. */
static void
note_other(
    struct daemon *daemon, uint32_t sw, enum link_source source, const struct engine_time *time)
{
	if (sw != TOPO_NONE)
		switch_log_other(
		    daemon->switch_log, switch_name(daemon, sw), source, time->wall_us);
}

/* The same of lines, of which there are many: one sender is looked up once a second. */
static void
note_other_line(struct daemon *daemon, const struct input_origin *origin)
{
	struct other_line *last = &daemon->other_line;
	int64_t second = origin->time.now_ns / 1000000000;

	if (last->second == second && addr_eq(&last->from, &origin->from))
		return;
	*last = (struct other_line){ origin->from, second };
	note_other(daemon, topo_switch_by_addr(engine_topo(daemon->engine), &origin->from),
	    SOURCE_SYSLOG, &origin->time);
}

static void
on_refused(void *ctx, const struct input_origin *origin, enum stats_counter why)
{
	struct daemon *daemon = ctx;
	uint32_t sw = topo_switch_by_addr(engine_topo(daemon->engine), &origin->from);

	if (sw != TOPO_NONE)
		switch_log_refused(
		    daemon->switch_log, switch_name(daemon, sw), why, origin->time.wall_us);
}

enum engine_verdict
daemon_count_event(struct daemon *daemon, uint32_t sw, const struct link_event *event,
    int trap_version, const struct engine_time *time)
{
	enum engine_verdict verdict = engine_feed(daemon->engine, sw, event, *time);

	stats_add(&daemon->stats, verdict_stats[verdict], 1);
	switch_log_event(daemon->switch_log, switch_name(daemon, sw), trap_version, event, verdict,
	    time->wall_us);
	/* It restarted, or nobody knows what its indexes mean: its whole table is wanted. */
	if (verdict == VERDICT_RESTART ||
	    (verdict == VERDICT_DOUBT && event->kind == LINK_EVENT_WORD))
		poller_want_all(daemon->poller, sw, true);
	daemon_pump(daemon);
	return verdict;
}

static int
version_of(const struct heard *heard)
{
	return heard->trap ? heard->trap->version : 0;
}

/*
 * Feeds the engine and takes out what came of it; where an INFORM waits for it, all of that. False when there is nothing to
 * wait for.
 */
static bool
feed(struct daemon *daemon, uint32_t sw, const struct heard *heard, const struct engine_time *time)
{
	uint64_t before = outbox_last_ticket(daemon->outbox);

	if (daemon_count_event(daemon, sw, &heard->event, version_of(heard), time) ==
	    VERDICT_NO_INTERFACE)
		note_unmapped(daemon, heard, time);
	if (heard->trap && heard->trap->inform)
		daemon_pump_all(daemon);
	return outbox_last_ticket(daemon->outbox) != before;
}

/* The lowest level that may speak for a switch; TOPO_NONE: for anybody. */
static int
min_level(const struct daemon *daemon, uint32_t sw)
{
	int8_t own = -1;

	if (sw != TOPO_NONE)
		own = topo_switch_get(engine_topo(daemon->engine), sw)->min_level;
	return own >= 0 ? own : (int)daemon->config.snmp.min_level;
}

/* While the trap is read, the processor fetches what tells whether it has been here before. */
static void
on_expected(void *ctx, uint64_t digest)
{
	dedup_prefetch(((const struct daemon *)ctx)->dedup, digest);
}

/*
 * A v1 trap has no request-id: a flap within one tick of its time-stamp, which some agents count in seconds or not at all,
 * tells the same bytes twice. Nobody repeats it, and what the network doubles or delays changes nothing or is stale.
 */
static bool
is_duplicate(const struct daemon *daemon, const struct trap *trap, int64_t now_ns)
{
	return trap->version != 1 && dedup_seen(daemon->dedup, trap->digest, now_ns);
}

/* The datagram was here before: it changes nothing, and is answered as the first one is. */
static enum input_answer
answer_repeated(struct daemon *daemon, uint32_t sw, uint64_t *ticket)
{
	uint64_t number;

	stats_add(&daemon->stats, STAT_TRAP_DUPLICATE, 1);
	if (daemon_holds_any(daemon, sw, &number)) {
		*ticket = number;
		return ANSWER_WHEN_FED;
	}
	/* The first of them may still be on its way to Redis or to the disk. */
	return daemon_safe_ticket(daemon) < *ticket ? ANSWER_AFTER_TICKET : ANSWER_NOW;
}

static enum input_answer
on_trap(void *ctx, const struct trap *trap, const struct input_origin *origin, uint64_t *ret_ticket)
{
	struct daemon *daemon = ctx;
	struct heard heard = { .trap = trap };
	enum input_answer answer;
	enum trap_miss miss;

	const struct sender sender = sender_of_trap(
	    engine_topo(daemon->engine), &daemon->config.snmp.trusted_relays, &origin->from, trap);
	heard.sender = sender.addr;
	if (trap->level < min_level(daemon, sender.sw)) {
		stats_add(&daemon->stats, STAT_TRAP_LOW_LEVEL, 1);
		on_refused(daemon, origin, STAT_TRAP_LOW_LEVEL);
		return ANSWER_NEVER;
	}
	/* What it repeats, or changes, must have its tickets. */
	if (trap->inform)
		daemon_pump_all(daemon);
	*ret_ticket = outbox_last_ticket(daemon->outbox);
	if (is_duplicate(daemon, trap, origin->time.now_ns))
		return answer_repeated(daemon, sender.sw, ret_ticket);
	if (trap_link_decode(rules_traps(daemon->rules), trap, &heard.event, &miss) !=
	    DECODE_EVENT) {
		stats_add(&daemon->stats, trap_stats[miss], 1);
		note_other(daemon, sender.sw, SOURCE_TRAP, &origin->time);
		return ANSWER_NOW;
	}
	stats_add(&daemon->stats, STAT_TRAP_EVENT, 1);
	if (sender.sw == TOPO_NONE) {
		stats_add(&daemon->stats, STAT_EVENT_UNKNOWN_SENDER, 1);
		note_unmapped(daemon, &heard, &origin->time);
		say_unknown(daemon, &heard.sender, "a link trap");
		return ANSWER_NOW;
	}
	stats_add(&daemon->stats, STAT_TRAP_ENGINE_MISMATCH, sender.mismatch);
	if (daemon_holds(
		daemon, sender.sw, &heard.event, trap->version, &origin->time, &answer, ret_ticket))
		return answer;
	if (!feed(daemon, sender.sw, &heard, &origin->time))
		return ANSWER_NOW;
	*ret_ticket = outbox_last_ticket(daemon->outbox);
	return ANSWER_AFTER_TICKET;
}

/* A line that no rule knows, and that may be about a link: of a switch of the map it is kept. */
static void
note_suspect(struct daemon *daemon, struct slice bytes, const struct addr *from,
    const struct syslog_msg *msg, int64_t wall_us)
{
	const struct topo *topo = engine_topo(daemon->engine);
	struct addr sender;
	uint32_t sw = sender_of_syslog(
	    topo, &daemon->config.syslog.trusted_relays, from, msg->host, msg->outer_host, &sender);

	if (sw != TOPO_NONE)
		suspects_note(daemon->suspects,
		    slice_of(topo_text_get(topo, topo_switch_get(topo, sw)->name)), bytes, wall_us);
}

static void
on_message(void *ctx, struct slice bytes, const struct input_origin *origin, bool stream)
{
	struct daemon *daemon = ctx;
	static const struct addr none;
	struct heard heard;
	struct syslog_msg msg;
	enum rules_miss miss;

	const struct addr *from =
	    memcmp(&origin->from, &none, sizeof(none)) == 0 ? NULL : &origin->from;
	if (syslog_link_decode(daemon->rules, bytes, &heard.event, &msg, &miss) != DECODE_EVENT) {
		stats_add(&daemon->stats, syslog_link_stats[miss], 1);
		note_other_line(daemon, origin);
		if (miss == MISS_SUSPECT)
			note_suspect(daemon, bytes, from, &msg, origin->time.wall_us);
		return;
	}
	stats_add(&daemon->stats, STAT_SYSLOG_EVENT, 1);
	heard.host = sender_origin(msg.host);
	heard.trap = NULL;
	heard.event.relayed =
	    stream || !from || sender_is_relay(&daemon->config.syslog.trusted_relays, from);
	uint32_t sw = sender_of_syslog(engine_topo(daemon->engine),
	    &daemon->config.syslog.trusted_relays, from, msg.host, msg.outer_host, &heard.sender);
	heard.host_names =
	    (!from || (sender_is_relay(&daemon->config.syslog.trusted_relays, from) &&
			  addr_eq(&heard.sender, from)));
	if (sw == TOPO_NONE) {
		stats_add(&daemon->stats, STAT_EVENT_UNKNOWN_SENDER, 1);
		note_unmapped(daemon, &heard, &origin->time);
		say_unknown(daemon, &heard.sender, "a link line");
		return;
	}
	enum input_answer nobody;
	uint64_t number;
	if (!daemon_holds(daemon, sw, &heard.event, 0, &origin->time, &nobody, &number))
		feed(daemon, sw, &heard, &origin->time);
}

/* ---- the listeners ---- */

void
daemon_note_listener(
    struct daemon *daemon, const char *kind, const char *name, size_t receive_buffer)
{
	size_t i = daemon->n_listeners,
	       max = sizeof(daemon->listeners) / sizeof(daemon->listeners[0]);

	if (i == max)
		return;
	/* The kernel tells twice what it granted (socket(7)). */
	if (receive_buffer > 0)
		snprintf(daemon->listener_texts[i], sizeof(daemon->listener_texts[i]),
		    "%s %s (receive buffer %zu KiB)", kind, name, receive_buffer / 2 / 1024);
	else
		snprintf(daemon->listener_texts[i], sizeof(daemon->listener_texts[i]), "%s %s",
		    kind, name);
	daemon->listeners[daemon->n_listeners++] = daemon->listener_texts[i];
	log_info("listening: %s", daemon->listener_texts[i]);
}

static void
note_listeners(struct daemon *daemon, const char *kind, const struct input_sockets *sockets)
{
	for (size_t i = 0; i < input_sockets_count(sockets); i++) {
		size_t receive_buffer;
		const char *name = input_sockets_name(sockets, i, &receive_buffer);
		daemon_note_listener(daemon, kind, name, receive_buffer);
	}
}

int
daemon_open_inputs(struct daemon *daemon, char *error, size_t size)
{
	const struct snmp_input_handler snmp_handler = { daemon, on_expected, on_trap, on_refused,
		on_turn_end };
	const struct syslog_input_handler syslog_handler = { daemon, on_message, on_refused,
		on_turn_end };

	passed_sockets_take();
	daemon->snmp = snmp_input_new(
	    daemon->loop, &daemon->config, &daemon->stats, &snmp_handler, error, size);
	if (!daemon->snmp)
		return -1;
	daemon->syslog = syslog_input_new(
	    daemon->loop, &daemon->config, &daemon->stats, &syslog_handler, error, size);
	if (!daemon->syslog)
		return -1;
	struct ssl_ctx_st *tls;
	if (!daemon_load_syslog_tls(&daemon->config, &tls)) {
		snprintf(error, size,
		    "syslog over TLS cannot be served: mend what is said above of [syslog] tls_cert, tls_key and tls_ca");
		return -1;
	}
	syslog_input_set_tls(daemon->syslog, tls);
	passed_sockets_close_rest();
	note_listeners(daemon, "snmp", snmp_input_sockets(daemon->snmp));
	note_listeners(daemon, "syslog", syslog_input_sockets(daemon->syslog));
	return 0;
}

void
daemon_read_inputs(struct daemon *daemon, bool on)
{
	input_sockets_read(snmp_input_sockets(daemon->snmp), on);
	input_sockets_read(syslog_input_sockets(daemon->syslog), on);
}
