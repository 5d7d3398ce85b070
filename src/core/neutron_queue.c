/*
 * Rows are found by port id; those that nothing is owed to stay in the table as idle, until the rows are full and at least
 * half of them are idle: then the others move together. Rows that are ready stand in two lists, those that are delayed in a
 * heap by the time when they are due.
 */
#include "core/neutron_queue.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/topo_snapshot.h"
#include "util/htab.h"
#include "util/slice.h"

#define NOBODY UINT32_MAX
#define ROOM_FIRST 64u

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

enum row_state { ROW_IDLE, ROW_READY, ROW_DELAYED, ROW_BUSY };

struct row {
	uint8_t id[16];
	struct neutron_entry entry; /* the newest of this port, owed an acknowledgement */
	int64_t since_us, due_ms;
	uint32_t next, prev; /* in its list, while ready */
	uint32_t heap_at;    /* while delayed */
	uint8_t state, attempts;
	bool down, force;
	bool again; /* while busy: a newer change came */
};

struct list {
	uint32_t first, last, n;
};

struct neutron_queue {
	struct row *rows;
	uint32_t n_rows, room;
	struct htab by_id;
	struct list ready[2]; /* [1]: going DOWN */
	uint32_t *heap, n_heap;
	uint32_t n_busy, n_idle, parallel;
	uint32_t failures;
	int64_t pause_until_ms;
	uint64_t random;
	bool braked, held;
};

/* ---- small things ---- */

const char *
neutron_entry_format(struct neutron_entry entry, char buf[NEUTRON_ENTRY_TEXT])
{
	snprintf(buf, NEUTRON_ENTRY_TEXT, "%llu-%llu", (unsigned long long)entry.ms,
	    (unsigned long long)entry.seq);
	return buf;
}

bool
neutron_entry_parse(const char *text, size_t len, struct neutron_entry *ret_entry)
{
	const struct slice all = { text, len };
	long dash = slice_find(all, SLICE("-"));
	unsigned long long ms, seq;

	if (dash < 0 || !slice_to_uint(slice_first(all, (size_t)dash), UINT64_MAX, &ms) ||
	    !slice_to_uint(slice_from(all, (size_t)dash + 1), UINT64_MAX, &seq))
		return false;
	*ret_entry = (struct neutron_entry){ ms, seq };
	return true;
}

static bool
entry_is_none(struct neutron_entry entry)
{
	return entry.ms == 0 && entry.seq == 0;
}

/* Negative: a came before b. */
static int
entry_order(struct neutron_entry a, struct neutron_entry b)
{
	if (a.ms != b.ms)
		return a.ms < b.ms ? -1 : 1;
	return a.seq < b.seq ? -1 : a.seq > b.seq;
}

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

/* ---- the two lists ---- */

static void
list_push(struct neutron_queue *queue, struct list *list, uint32_t i)
{
	struct row *row = &queue->rows[i];

	row->state = ROW_READY;
	row->next = NOBODY;
	row->prev = list->last;
	if (list->last != NOBODY)
		queue->rows[list->last].next = i;
	else
		list->first = i;
	list->last = i;
	list->n++;
}

static void
list_remove(struct neutron_queue *queue, struct list *list, uint32_t i)
{
	const struct row *row = &queue->rows[i];

	if (row->prev != NOBODY)
		queue->rows[row->prev].next = row->next;
	else
		list->first = row->next;
	if (row->next != NOBODY)
		queue->rows[row->next].prev = row->prev;
	else
		list->last = row->prev;
	list->n--;
}

static void
make_ready(struct neutron_queue *queue, uint32_t i)
{
	list_push(queue, &queue->ready[queue->rows[i].down], i);
}

/* ---- the heap of those that are delayed ---- */

static int64_t
heap_due(const struct neutron_queue *queue, uint32_t at)
{
	return queue->rows[queue->heap[at]].due_ms;
}

static void
heap_swap(struct neutron_queue *queue, uint32_t a, uint32_t b)
{
	uint32_t row = queue->heap[a];

	queue->heap[a] = queue->heap[b];
	queue->heap[b] = row;
	queue->rows[queue->heap[a]].heap_at = a;
	queue->rows[queue->heap[b]].heap_at = b;
}

static void
heap_settle(struct neutron_queue *queue, uint32_t at)
{
	for (; at > 0 && heap_due(queue, at) < heap_due(queue, (at - 1) / 2); at = (at - 1) / 2)
		heap_swap(queue, at, (at - 1) / 2);
	for (uint32_t child; (child = 2 * at + 1) < queue->n_heap; at = child) {
		if (child + 1 < queue->n_heap &&
		    heap_due(queue, child + 1) < heap_due(queue, child))
			child++;
		if (heap_due(queue, at) <= heap_due(queue, child))
			return;
		heap_swap(queue, at, child);
	}
}

static void
delay(struct neutron_queue *queue, uint32_t i, int64_t due_ms)
{
	struct row *row = &queue->rows[i];

	row->state = ROW_DELAYED;
	row->due_ms = due_ms;
	row->heap_at = queue->n_heap;
	queue->heap[queue->n_heap++] = i;
	heap_settle(queue, row->heap_at);
}

static void
heap_remove(struct neutron_queue *queue, uint32_t at)
{
	queue->n_heap--;
	if (at == queue->n_heap)
		return;
	heap_swap(queue, at, queue->n_heap);
	heap_settle(queue, at);
}

/* ---- rows ---- */

static uint64_t
row_hash(const void *owner, uint32_t value)
{
	return topo_hash_port(((const struct neutron_queue *)owner)->rows[value].id);
}

static bool
row_eq(const void *owner, uint32_t value, const void *key)
{
	return memcmp(((const struct neutron_queue *)owner)->rows[value].id, key, 16) == 0;
}

static const struct htab_type row_type = { .hash = row_hash, .eq = row_eq };

static uint32_t
row_find(const struct neutron_queue *queue, const uint8_t id[16])
{
	return htab_find(&queue->by_id, topo_hash_port(id), id);
}

struct neutron_queue *
neutron_queue_new(uint32_t parallel, uint64_t seed)
{
	struct neutron_queue *queue = calloc(1, sizeof(*queue));

	if (!queue)
		return NULL;
	htab_init(&queue->by_id, &row_type, queue);
	queue->parallel = parallel;
	queue->random = seed | 1;
	for (int i = 0; i < 2; i++)
		queue->ready[i] = (struct list){ NOBODY, NOBODY, 0 };
	return queue;
}

void
neutron_queue_free(struct neutron_queue *queue)
{
	if (!queue)
		return;
	htab_release(&queue->by_id);
	free(queue->rows);
	free(queue->heap);
	free(queue);
}

/* Puts rows that have moved, place[i] being the new number of row i, back into their list and the heap. */
static void
relink(struct neutron_queue *queue, const uint32_t *place)
{
#define MOVED(at) ((at) == NOBODY ? NOBODY : place[at])
	for (uint32_t i = 0; i < queue->n_rows; i++) {
		struct row *row = &queue->rows[i];
		if (row->state != ROW_READY)
			continue;
		row->next = MOVED(row->next);
		row->prev = MOVED(row->prev);
	}
	for (int i = 0; i < 2; i++) {
		queue->ready[i].first = MOVED(queue->ready[i].first);
		queue->ready[i].last = MOVED(queue->ready[i].last);
	}
	for (uint32_t i = 0; i < queue->n_heap; i++)
		queue->heap[i] = place[queue->heap[i]];
#undef MOVED
}

/* Fills an empty array and an empty table with the rows that are not idle. The number of rows, or -ENOMEM. */
static int64_t
copy_busy(struct neutron_queue *queue, const struct row *from, struct htab *by_id, uint32_t *place)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < queue->n_rows; i++) {
		place[i] = NOBODY;
		if (from[i].state == ROW_IDLE)
			continue;
		queue->rows[n] = from[i];
		if (htab_add(by_id, topo_hash_port(from[i].id), n) != 0)
			return -ENOMEM;
		place[i] = n++;
	}
	return n;
}

/* Idle rows go. 0, or -ENOMEM with everything as it was. */
static int
drop_idle(struct neutron_queue *queue)
{
	uint32_t *place = calloc(queue->n_rows, sizeof(*place));
	struct row *old = queue->rows, *rows = calloc(queue->room, sizeof(*rows));
	struct htab by_id;
	int64_t n = -ENOMEM;

	htab_init(&by_id, &row_type, queue);
	/* The table looks at the rows when it grows, so that they stand in their place already. */
	queue->rows = rows;
	if (place && rows)
		n = copy_busy(queue, old, &by_id, place);
	if (n < 0) {
		queue->rows = old;
		htab_release(&by_id);
		free(rows);
		free(place);
		return -ENOMEM;
	}
	queue->n_rows = (uint32_t)n;
	queue->n_idle = 0;
	relink(queue, place);
	htab_release(&queue->by_id);
	queue->by_id = by_id;
	free(old);
	free(place);
	return 0;
}

static int
grow(struct neutron_queue *queue)
{
	uint32_t room = queue->room ? queue->room * 2 : ROOM_FIRST;

	if (queue->n_rows < queue->room)
		return 0;
	if (queue->n_rows > 0 && queue->n_idle >= queue->n_rows / 2)
		return drop_idle(queue);
	if (queue->n_rows - queue->n_idle >= NEUTRON_QUEUE_MAX)
		return -ENOSPC;
	uint32_t *heap = reallocarray(queue->heap, room, sizeof(*heap));
	if (!heap)
		return -ENOMEM;
	queue->heap = heap;
	struct row *rows = reallocarray(queue->rows, room, sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	queue->rows = rows;
	queue->room = room;
	return 0;
}

/* The port's row, an idle one where it had none. */
static int
row_get(struct neutron_queue *queue, const uint8_t id[16], uint32_t *ret_row)
{
	uint32_t i = row_find(queue, id);

	if (i == HTAB_NONE) {
		int r = grow(queue);
		if (r == 0)
			r = htab_add(&queue->by_id, topo_hash_port(id), queue->n_rows);
		if (r != 0)
			return r;
		i = queue->n_rows++;
		queue->rows[i] = (struct row){ .state = ROW_IDLE };
		memcpy(queue->rows[i].id, id, 16);
		queue->n_idle++;
	}
	*ret_row = i;
	return 0;
}

/* ---- in ---- */

static void
begin(struct neutron_queue *queue, uint32_t i, const struct neutron_change *change)
{
	struct row *row = &queue->rows[i];

	row->entry = change->entry;
	row->since_us = change->since_us;
	row->down = change->down;
	row->force = change->force;
	row->again = false;
	row->attempts = 0;
	queue->n_idle--;
	make_ready(queue, i);
}

/* A change of a port that waits, or is being sent. */
static void
fold(struct neutron_queue *queue, uint32_t i, const struct neutron_change *change,
    struct neutron_entry *ret_ack)
{
	struct row *row = &queue->rows[i];
	int order = entry_order(change->entry, row->entry);

	/* Without an entry: what reconciling saw. A request that is under way mends it, or will be tried again. */
	if (entry_is_none(change->entry)) {
		row->force = row->force || (change->force && row->state != ROW_BUSY);
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
	row->again = row->state == ROW_BUSY;
	if (row->down == change->down)
		return;
	if (row->state == ROW_READY)
		list_remove(queue, &queue->ready[row->down], i);
	row->down = change->down;
	if (row->state == ROW_READY)
		make_ready(queue, i);
}

int
neutron_queue_add(
    struct neutron_queue *queue, const struct neutron_change *change, struct neutron_entry *ret_ack)
{
	uint32_t i;
	int r = row_get(queue, change->id, &i);

	if (r != 0)
		return r;
	*ret_ack = (struct neutron_entry){ 0, 0 };
	if (queue->rows[i].state == ROW_IDLE)
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

static void
wake_due(struct neutron_queue *queue, int64_t now_ms)
{
	while (queue->n_heap > 0 && heap_due(queue, 0) <= now_ms) {
		uint32_t i = queue->heap[0];
		heap_remove(queue, 0);
		make_ready(queue, i);
	}
}

bool
neutron_queue_next(struct neutron_queue *queue, int64_t now_ms, struct neutron_job *ret_job)
{
	uint32_t most = is_probing(queue) ? 1 : queue->parallel;
	struct list *list = &queue->ready[1];

	if (queue->n_busy >= most || now_ms < queue->pause_until_ms)
		return false;
	wake_due(queue, now_ms);
	if (queue->braked || list->n == 0)
		list = &queue->ready[0];
	if (list->n == 0)
		return false;
	struct row *row = &queue->rows[list->first];
	list_remove(queue, list, list->first);
	row->state = ROW_BUSY;
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
	struct row *row = &queue->rows[i];

	row->attempts = 0;
	row->force = false;
	if (row->again) {
		make_ready(queue, i);
		return;
	}
	*ret_ack = row->entry;
	row->entry = (struct neutron_entry){ 0, 0 };
	row->state = ROW_IDLE;
	queue->n_idle++;
}

/* How long a port waits by itself after this outcome; 0: it is ready again. */
static int64_t
own_delay(struct neutron_queue *queue, struct row *row, enum neutron_outcome outcome)
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
	uint32_t i = row_find(queue, id);

	assert(i != HTAB_NONE && queue->rows[i].state == ROW_BUSY);
	*ret_ack = (struct neutron_entry){ 0, 0 };
	queue->n_busy--;
	note_health(queue, outcome, retry_after_ms, now_ms);
	struct row *row = &queue->rows[i];
	if (!row->again)
		row->down = down;
	if (outcome == NEUTRON_SENT || outcome == NEUTRON_EQUAL || outcome == NEUTRON_GONE) {
		finish(queue, i, ret_ack);
		return;
	}
	int64_t wait_ms = own_delay(queue, row, outcome);
	if (wait_ms > 0)
		delay(queue, i, now_ms + wait_ms);
	else
		make_ready(queue, i);
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
	while (queue->n_heap > 0) {
		uint32_t i = queue->heap[0];
		heap_remove(queue, 0);
		make_ready(queue, i);
	}
}

int64_t
neutron_queue_deadline(const struct neutron_queue *queue, int64_t now_ms)
{
	uint32_t most = is_probing(queue) ? 1 : queue->parallel;
	int64_t at = INT64_MAX;

	if (queue->n_busy >= most)
		return INT64_MAX;
	if (queue->ready[0].n > 0 || (queue->ready[1].n > 0 && !queue->braked))
		at = now_ms;
	else if (queue->n_heap > 0)
		at = heap_due(queue, 0);
	/* Nothing to wait for, or it must wait for the end of the pause. */
	return at == INT64_MAX || at >= queue->pause_until_ms ? at : queue->pause_until_ms;
}

/* ---- views ---- */

void
neutron_queue_view(
    const struct neutron_queue *queue, int64_t now_ms, struct neutron_queue_view *ret_view)
{
	*ret_view = (struct neutron_queue_view){
		.waiting_down = queue->ready[1].n,
		.waiting_active = queue->ready[0].n,
		.delayed = queue->n_heap,
		.busy = queue->n_busy,
		.braked = queue->braked,
		.held = queue->held,
		.failures = queue->failures,
		.paused_ms = queue->pause_until_ms > now_ms ? queue->pause_until_ms - now_ms : 0,
	};
	for (uint32_t i = 0; i < queue->n_rows; i++) {
		const struct row *row = &queue->rows[i];
		if (row->state != ROW_IDLE &&
		    (ret_view->oldest_us == 0 || row->since_us < ret_view->oldest_us))
			ret_view->oldest_us = row->since_us;
	}
}

bool
neutron_queue_entry(
    const struct neutron_queue *queue, uint32_t *cursor, struct neutron_entry *ret_entry)
{
	while (*cursor < queue->n_rows) {
		const struct row *row = &queue->rows[(*cursor)++];
		if (row->state == ROW_IDLE || entry_is_none(row->entry))
			continue;
		*ret_entry = row->entry;
		return true;
	}
	return false;
}
