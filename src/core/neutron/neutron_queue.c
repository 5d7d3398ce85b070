#include "core/neutron_queue.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/neutron_rows.h"

/* Another instance is done with a port after one request, mostly. */
#define ELSEWHERE_MS 200
/* A port that was refused: 0.5 s, doubled up to a minute. */
#define LATER_FIRST_MS 500
#define LATER_MAX_MS 60000
/* What only a person can mend: a minute, doubled up to ten. */
#define STUCK_FIRST_MS 60000
#define STUCK_MAX_MS 600000
/* Neutron away: 0.25 s, doubled up to half a minute. What it asks for itself (Retry-After) is cut at five. */
#define AWAY_FIRST_MS 250
#define AWAY_MAX_MS 30000
#define RETRY_AFTER_MAX_MS 300000
/* Held: somebody edits roles or a configuration; whether it is mended is tried this often. */
#define HELD_MS 30000

struct neutron_queue {
	struct neutron_rows all;
	uint32_t n_busy, parallel;
	uint32_t failures;
	int64_t pause_until_ms;
	uint64_t random;
	bool braked, held;
};

/* ---- small things ---- */

/* Between 3/4 and 5/4 of a time, so that many instances and ports do not come back at once. */
static int64_t
jitter(struct neutron_queue *queue, int64_t ms)
{
	/* xorshift64 (Marsaglia 2003) */
	queue->random ^= queue->random << 13;
	queue->random ^= queue->random >> 7;
	queue->random ^= queue->random << 17;
	return ms - ms / 4 + (int64_t)(queue->random % (uint64_t)(ms / 2 + 1));
}

/* first, doubled with each attempt after the first one. */
static int64_t
back_off(struct neutron_queue *queue, uint32_t attempts, int64_t first_ms, int64_t max_ms)
{
	int64_t ms = first_ms;

	while (attempts-- > 1 && ms < max_ms)
		ms *= 2;
	return jitter(queue, ms < max_ms ? ms : max_ms);
}

struct neutron_queue *
neutron_queue_new(uint32_t parallel, uint64_t seed)
{
	struct neutron_queue *queue = calloc(1, sizeof(*queue));

	if (!queue)
		return NULL;
	neutron_rows_init(&queue->all);
	queue->parallel = parallel;
	queue->random = seed | 1;
	return queue;
}

void
neutron_queue_free(struct neutron_queue *queue)
{
	if (!queue)
		return;
	neutron_rows_release(&queue->all);
	free(queue);
}

/* ---- in ---- */

static void
begin(struct neutron_queue *queue, uint32_t i, const struct neutron_change *change)
{
	struct neutron_row *row = &queue->all.rows[i];

	row->entry = change->entry;
	row->since_us = change->since_us;
	row->not_before_ms = change->not_before_ms;
	row->down = change->down;
	row->force = change->force;
	row->again = false;
	row->attempts = 0;
	queue->all.n_idle--;
	neutron_rows_ready(&queue->all, i);
}

/* A change of a port that waits, or is being sent. */
static void
fold(struct neutron_queue *queue, uint32_t i, const struct neutron_change *change,
    struct neutron_entry *ret_ack)
{
	struct neutron_row *row = &queue->all.rows[i];
	int order = neutron_entry_order(change->entry, row->entry);

	/* Without an entry: what reconciling saw. A request that is under way mends it, or will be tried again. */
	if (neutron_entry_is_none(change->entry)) {
		row->force = row->force || (change->force && row->state != NEUTRON_ROW_BUSY);
		return;
	}
	if (order <= 0) {
		/* An old one, claimed from an instance that died; the same one again is no news. */
		if (order < 0)
			*ret_ack = change->entry;
		return;
	}
	*ret_ack = row->entry;
	row->entry = change->entry;
	row->force = row->force || change->force;
	row->again = row->state == NEUTRON_ROW_BUSY;
	if (row->down == change->down)
		return;
	row->not_before_ms = change->not_before_ms;
	if (row->state == NEUTRON_ROW_READY)
		neutron_rows_unlist(&queue->all, i);
	row->down = change->down;
	if (row->state == NEUTRON_ROW_READY)
		neutron_rows_ready(&queue->all, i);
}

int
neutron_queue_add(
    struct neutron_queue *queue, const struct neutron_change *change, struct neutron_entry *ret_ack)
{
	uint32_t i;
	int r = neutron_rows_get(&queue->all, change->id, NEUTRON_QUEUE_MAX, &i);

	if (r != 0)
		return r;
	*ret_ack = (struct neutron_entry){ 0, 0 };
	if (queue->all.rows[i].state == NEUTRON_ROW_IDLE)
		begin(queue, i, change);
	else
		fold(queue, i, change, ret_ack);
	return 0;
}

/* ---- out ---- */

static bool
is_probing(const struct neutron_queue *queue)
{
	return queue->held || queue->failures > 0;
}

/* When the first of the ports that go DOWN may be given out; INT64_MAX: none may. */
static int64_t
downs_due(const struct neutron_queue *queue)
{
	const struct neutron_row_list *list = &queue->all.ready[1];

	return queue->braked || list->n == 0 ? INT64_MAX
					     : queue->all.rows[list->first].not_before_ms;
}

bool
neutron_queue_next(struct neutron_queue *queue, int64_t now_ms, struct neutron_job *ret_job)
{
	uint32_t most = is_probing(queue) ? 1 : queue->parallel;
	struct neutron_row_list *list = &queue->all.ready[1];

	if (queue->n_busy >= most || now_ms < queue->pause_until_ms)
		return false;
	neutron_rows_wake(&queue->all, now_ms);
	if (downs_due(queue) > now_ms)
		list = &queue->all.ready[0];
	if (list->n == 0)
		return false;
	struct neutron_row *row = &queue->all.rows[list->first];
	neutron_rows_unlist(&queue->all, list->first);
	row->state = NEUTRON_ROW_BUSY;
	row->again = false;
	queue->n_busy++;
	*ret_job = (struct neutron_job){
		.down = row->down, .force = row->force, .since_us = row->since_us
	};
	memcpy(ret_job->id, row->id, 16);
	return true;
}

static void
pause_until(struct neutron_queue *queue, int64_t until_ms)
{
	if (until_ms > queue->pause_until_ms)
		queue->pause_until_ms = until_ms;
}

/* Neutron is away: of the requests that were under way together, one counts. */
static void
count_failure(struct neutron_queue *queue, int64_t retry_after_ms, int64_t now_ms)
{
	if (now_ms >= queue->pause_until_ms) {
		queue->failures++;
		pause_until(
		    queue, now_ms + back_off(queue, queue->failures, AWAY_FIRST_MS, AWAY_MAX_MS));
	}
	if (retry_after_ms > RETRY_AFTER_MAX_MS)
		retry_after_ms = RETRY_AFTER_MAX_MS;
	if (retry_after_ms > 0)
		pause_until(queue, now_ms + retry_after_ms);
}

/* What an outcome says about Neutron as a whole. */
static void
note_health(struct neutron_queue *queue, enum neutron_outcome outcome, int64_t retry_after_ms,
    int64_t now_ms)
{
	switch (outcome) {
	case NEUTRON_SENT:
	case NEUTRON_GONE:
	case NEUTRON_MOVED:
		queue->held = false;
		queue->failures = 0;
		/* Of a request that was sent before the trouble began. */
		queue->pause_until_ms = now_ms;
		break;
	case NEUTRON_AWAY:
		count_failure(queue, retry_after_ms, now_ms);
		break;
	case NEUTRON_HELD:
		queue->held = true;
		queue->failures = 0;
		pause_until(queue, now_ms + HELD_MS);
		break;
	case NEUTRON_BRAKED:
		queue->braked = true;
		break;
	default:
		break;
	}
}

static void
finish(struct neutron_queue *queue, uint32_t i, struct neutron_entry *ret_ack)
{
	struct neutron_row *row = &queue->all.rows[i];

	row->attempts = 0;
	row->force = false;
	if (row->again) {
		neutron_rows_ready(&queue->all, i);
		return;
	}
	*ret_ack = row->entry;
	row->entry = (struct neutron_entry){ 0, 0 };
	row->state = NEUTRON_ROW_IDLE;
	queue->all.n_idle++;
}

/* How long a port waits by itself after this outcome; 0: it is ready again. */
static int64_t
own_delay(struct neutron_queue *queue, struct neutron_row *row, enum neutron_outcome outcome)
{
	switch (outcome) {
	case NEUTRON_ELSEWHERE:
		return jitter(queue, ELSEWHERE_MS);
	case NEUTRON_LATER:
		row->attempts += row->attempts < UINT8_MAX;
		return back_off(queue, row->attempts, LATER_FIRST_MS, LATER_MAX_MS);
	case NEUTRON_STUCK:
	case NEUTRON_HELD:
		/* Behind the others, so that each try is made with another port. */
		row->attempts += row->attempts < UINT8_MAX;
		return back_off(queue, row->attempts, STUCK_FIRST_MS, STUCK_MAX_MS);
	default:
		return 0;
	}
}

void
neutron_queue_done(struct neutron_queue *queue, const uint8_t id[16], enum neutron_outcome outcome,
    bool down, int64_t retry_after_ms, int64_t now_ms, struct neutron_entry *ret_ack)
{
	uint32_t i = neutron_rows_find(&queue->all, id);

	assert(i != HTAB_NONE && queue->all.rows[i].state == NEUTRON_ROW_BUSY);
	*ret_ack = (struct neutron_entry){ 0, 0 };
	queue->n_busy--;
	note_health(queue, outcome, retry_after_ms, now_ms);
	struct neutron_row *row = &queue->all.rows[i];
	if (!row->again)
		row->down = down;
	if (outcome == NEUTRON_SENT || outcome == NEUTRON_EQUAL || outcome == NEUTRON_GONE) {
		finish(queue, i, ret_ack);
		return;
	}
	int64_t wait_ms = own_delay(queue, row, outcome);
	if (wait_ms > 0)
		neutron_rows_delay(&queue->all, i, now_ms + wait_ms);
	else
		neutron_rows_ready(&queue->all, i);
}

void
neutron_queue_brake(struct neutron_queue *queue, bool on)
{
	queue->braked = on;
}

void
neutron_queue_wake(struct neutron_queue *queue, int64_t now_ms)
{
	queue->pause_until_ms = now_ms;
	neutron_rows_wake(&queue->all, INT64_MAX);
}

int64_t
neutron_queue_deadline(const struct neutron_queue *queue, int64_t now_ms)
{
	uint32_t most = is_probing(queue) ? 1 : queue->parallel;
	int64_t at = downs_due(queue), delayed_ms = neutron_rows_due(&queue->all);

	if (queue->n_busy >= most)
		return INT64_MAX;
	if (queue->all.ready[0].n > 0 || at <= now_ms)
		at = now_ms;
	else if (delayed_ms < at)
		at = delayed_ms;
	/* Nothing to wait for, or it must wait for the end of the pause. */
	return at == INT64_MAX || at >= queue->pause_until_ms ? at : queue->pause_until_ms;
}

/* ---- views ---- */

void
neutron_queue_view(
    const struct neutron_queue *queue, int64_t now_ms, struct neutron_queue_view *ret_view)
{
	*ret_view = (struct neutron_queue_view){
		.waiting_down = queue->all.ready[1].n,
		.waiting_active = queue->all.ready[0].n,
		.delayed = queue->all.n_heap,
		.busy = queue->n_busy,
		.braked = queue->braked,
		.held = queue->held,
		.failures = queue->failures,
		.paused_ms = queue->pause_until_ms > now_ms ? queue->pause_until_ms - now_ms : 0,
	};
}

int64_t
neutron_queue_oldest_us(const struct neutron_queue *queue)
{
	int64_t oldest_us = 0;

	for (uint32_t i = 0; i < queue->all.n_rows; i++) {
		const struct neutron_row *row = &queue->all.rows[i];
		if (row->state != NEUTRON_ROW_IDLE && (oldest_us == 0 || row->since_us < oldest_us))
			oldest_us = row->since_us;
	}
	return oldest_us;
}

bool
neutron_queue_entry(
    const struct neutron_queue *queue, uint32_t *cursor, struct neutron_entry *ret_entry)
{
	while (*cursor < queue->all.n_rows) {
		const struct neutron_row *row = &queue->all.rows[(*cursor)++];
		if (row->state == NEUTRON_ROW_IDLE || neutron_entry_is_none(row->entry))
			continue;
		*ret_entry = row->entry;
		return true;
	}
	return false;
}
