/*
 * What is owed: changes that Redis does not have yet, and the INFORMs that are answered when they are in Redis or on disk.
 */
#include "daemon.h"

/* While it stops, Redis alone does: nothing is gathered any more. */
uint64_t
daemon_safe_ticket(const struct daemon *daemon)
{
	return daemon->phase == PHASE_STOPPING ? outbox_safe_ticket(daemon->outbox)
					       : journal_safe_ticket(daemon->journal);
}

static void
on_stored(void *ctx)
{
	struct daemon *daemon = ctx;

	snmp_input_answer(daemon->snmp, daemon_safe_ticket(daemon));
	/* What the outbox held for that may go (outbox_let_go). */
	publisher_flush(daemon->publisher);
	if (daemon->phase == PHASE_STOPPING)
		daemon_stop_when_safe(daemon);
}

int
daemon_open_journal(struct daemon *daemon, char *error, size_t size)
{
	daemon->journal = journal_new(daemon->loop, daemon->config.daemon.state_dir,
	    daemon->config.redis.journal_max, daemon->instance, daemon->outbox, &daemon->stats,
	    on_stored, daemon, error, size);
	return daemon->journal ? 0 : -1;
}

bool
daemon_owes_journal(struct daemon *daemon, const struct redis_history *history)
{
	int64_t n = journal_take_back(daemon->journal, history, publisher_batch(daemon->publisher));

	publisher_write_as(daemon->publisher, journal_line(daemon->journal));
	if (n < 0)
		daemon_fail(daemon, "out of memory for what the journal holds");
	return n > 0;
}

void
daemon_keep_owed(struct daemon *daemon)
{
	journal_turn_end(daemon->journal, publisher_stuck(daemon->publisher));
	snmp_input_answer(daemon->snmp, daemon_safe_ticket(daemon));
}

void
daemon_say_lost(struct daemon *daemon)
{
	if (!outbox_overflowed(daemon->outbox))
		return;
	log_error(
	    "stopping, and what was decided since too much waited is lost: neither Redis nor the journal has it");
	daemon->exit_status = 1;
}

/* Where Redis is away the next start sends what the journal holds. A slow one gets some time (daemon.c, STOP_SAFE_MS). */
void
daemon_stop_when_safe(struct daemon *daemon)
{
	const size_t n = outbox_waiting_changes(daemon->outbox);

	if (n > 0 &&
	    (redis_link_state(daemon->link) == REDIS_UP || !outbox_all_stored(daemon->outbox)))
		return;
	if (n > 0)
		log_warning(
		    "stopping with %zu changes in the journal: the next start publishes them", n);
	daemon_say_lost(daemon);
	loop_stop(daemon->loop);
}
