#include "core/overload.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX
#define EPISODE_NS INT64_C(1000000000)
#define CHAINS 4096

struct row {
	struct overload_word word;
	uint64_t first_number;   /* of the oldest word that was folded into it */
	uint32_t previous, next; /* of its switch, oldest first; of a free row: the next free one */
	uint32_t next_in_chain;
};

struct bucket {
	int64_t full_ns; /* when it is full again; in the past: it is */
	uint32_t first, last, n_held;
	uint32_t next_waiting; /* in the ring of switches of which words are held */
	bool over;             /* in an episode */
	int64_t begun_ns, bitten_ns;
	uint64_t n[OVERLOAD_FATES]; /* words of this episode by their fate */
};

struct overload {
	int64_t step_ns, burst_ns; /* a word; as many as may come at once. step_ns 0: no buckets */
	struct bucket *buckets;
	uint32_t n_buckets, n_over;
	uint32_t waiting; /* the last of the ring; NONE: it is empty */
	struct row *rows; /* OVERLOAD_HELD_MAX, once there was one */
	uint32_t n_rows, free, n_held;
	uint32_t chains[CHAINS];
	uint64_t last_number;
};

struct overload *
overload_new(void)
{
	struct overload *overload = calloc(1, sizeof(*overload));

	if (!overload)
		return NULL;
	overload->waiting = overload->free = NONE;
	memset(overload->chains, 0xff, sizeof(overload->chains));
	return overload;
}

void
overload_free(struct overload *overload)
{
	if (!overload)
		return;
	free(overload->buckets);
	free(overload->rows);
	free(overload);
}

void
overload_configure(struct overload *overload, uint32_t rate, uint32_t burst)
{
	overload->step_ns = rate == 0 ? 0 : 1000000000 / rate;
	overload->burst_ns = overload->step_ns * burst;
}

int
overload_set_switches(struct overload *overload, uint32_t n_switches)
{
	free(overload->buckets);
	overload->n_over = overload->n_buckets = 0;
	overload->buckets = calloc((size_t)n_switches + 1, sizeof(*overload->buckets));
	if (!overload->buckets)
		return -ENOMEM;
	overload->n_buckets = n_switches;
	for (uint32_t i = 0; i < n_switches; i++)
		overload->buckets[i].first = overload->buckets[i].last = NONE;
	return 0;
}

/*
 * A bucket is known by the moment at which it is full again, so that nothing has to be filled: a word takes it step_ns
 * further into the future, and it may not be further than burst_ns.
 */
static bool
take_token(const struct overload *overload, struct bucket *bucket, int64_t now_ns)
{
	const int64_t from_ns = bucket->full_ns > now_ns ? bucket->full_ns : now_ns;

	if (from_ns + overload->step_ns - now_ns > overload->burst_ns)
		return false;
	bucket->full_ns = from_ns + overload->step_ns;
	return true;
}

/* ---- rows ---- */

/* Restarts of a switch are one word, whatever they say. */
static bool
is_same(const struct overload_word *a, const struct overload_word *b)
{
	if (a->sw != b->sw || a->event.kind != b->event.kind)
		return false;
	return a->event.kind == LINK_EVENT_RESTART ||
	       (a->interface == b->interface && a->event.source == b->event.source &&
		   a->event.layer == b->event.layer);
}

static uint32_t *
chain_of(struct overload *overload, const struct overload_word *word)
{
	const uint32_t interface =
	    word->event.kind == LINK_EVENT_RESTART ? NONE - word->sw : word->interface;

	return &overload->chains[interface * UINT32_C(2654435761) >> 20];
}
_Static_assert(CHAINS == 1 << 12, "a hash has 12 bits");

static uint32_t
find(struct overload *overload, const struct overload_word *word)
{
	uint32_t i = *chain_of(overload, word);

	while (i != NONE && !is_same(&overload->rows[i].word, word))
		i = overload->rows[i].next_in_chain;
	return i;
}

/* NONE: there are too many, or memory is out. */
static uint32_t
row_new(struct overload *overload)
{
	const uint32_t row = overload->free;

	if (row != NONE) {
		overload->free = overload->rows[row].next;
		return row;
	}
	if (!overload->rows)
		overload->rows = malloc(OVERLOAD_HELD_MAX * sizeof(*overload->rows));
	if (!overload->rows || overload->n_rows == OVERLOAD_HELD_MAX)
		return NONE;
	return overload->n_rows++;
}

static void
append(struct overload *overload, struct bucket *bucket, uint32_t row)
{
	overload->rows[row].previous = bucket->last;
	overload->rows[row].next = NONE;
	if (bucket->last == NONE)
		bucket->first = row;
	else
		overload->rows[bucket->last].next = row;
	bucket->last = row;
}

static void
detach(struct overload *overload, struct bucket *bucket, uint32_t row)
{
	const struct row *gone = &overload->rows[row];

	if (gone->previous == NONE)
		bucket->first = gone->next;
	else
		overload->rows[gone->previous].next = gone->next;
	if (gone->next == NONE)
		bucket->last = gone->previous;
	else
		overload->rows[gone->next].previous = gone->previous;
}

/* What points into the datagram does not outlive it. */
static struct overload_word
kept(const struct overload_word *word)
{
	struct overload_word copy = *word;

	copy.named = word->event.name.len > 0 || word->event.descr.len > 0;
	copy.event.name = copy.event.descr = (struct slice){ 0 };
	return copy;
}

/* ---- the ring of switches of which words are held ---- */

static void
ring_add(struct overload *overload, uint32_t sw)
{
	struct bucket *last =
	    overload->waiting == NONE ? NULL : &overload->buckets[overload->waiting];

	overload->buckets[sw].next_waiting = last ? last->next_waiting : sw;
	if (last)
		last->next_waiting = sw;
	overload->waiting = sw;
}

/* The switch behind `before` leaves. */
static void
ring_remove_after(struct overload *overload, uint32_t before)
{
	const uint32_t gone = overload->buckets[before].next_waiting;

	if (gone == before) {
		overload->waiting = NONE;
		return;
	}
	overload->buckets[before].next_waiting = overload->buckets[gone].next_waiting;
	if (overload->waiting == gone)
		overload->waiting = before;
}

/* ---- words in ---- */

/* Datagrams overtake each other: a trap that is a little older than the one held is none to take its place. */
static bool
is_older(const struct link_event *event, const struct link_event *held)
{
	const uint32_t behind_cs = held->uptime_cs - event->uptime_cs;

	return event->has_uptime && held->has_uptime && behind_cs > 0 && behind_cs <= 6000;
}

static void
fold(struct overload *overload, struct bucket *bucket, uint32_t row,
    const struct overload_word *word)
{
	struct row *into = &overload->rows[row];
	const bool new_boot = into->word.event.new_boot || word->event.new_boot;

	overload->last_number++;
	if (word->event.kind == LINK_EVENT_WORD && is_older(&word->event, &into->word.event))
		return;
	into->word = kept(word);
	into->word.event.new_boot = new_boot;
	detach(overload, bucket, row);
	append(overload, bucket, row);
}

/* False: there is no room. */
static bool
hold(struct overload *overload, struct bucket *bucket, const struct overload_word *word)
{
	const uint32_t row = row_new(overload);
	uint32_t *chain = chain_of(overload, word);

	if (row == NONE)
		return false;
	overload->rows[row].word = kept(word);
	overload->rows[row].first_number = ++overload->last_number;
	overload->rows[row].next_in_chain = *chain;
	*chain = row;
	append(overload, bucket, row);
	overload->n_held++;
	if (bucket->n_held++ == 0)
		ring_add(overload, word->sw);
	return true;
}

static bool
is_kept(const struct overload_word *word)
{
	return word->event.kind == LINK_EVENT_RESTART ||
	       (word->event.kind == LINK_EVENT_WORD && word->interface != NONE);
}

static enum overload_fate
hold_or_fold(struct overload *overload, struct bucket *bucket, const struct overload_word *word)
{
	const uint32_t row = find(overload, word);

	if (row == NONE)
		return hold(overload, bucket, word) ? OVERLOAD_HELD : OVERLOAD_PASS;
	fold(overload, bucket, row, word);
	return OVERLOAD_FOLDED;
}

/* True when the episode begins with it. */
static bool
note(struct overload *overload, struct bucket *bucket, enum overload_fate fate, int64_t now_ns)
{
	const bool begins = !bucket->over;

	if (begins) {
		bucket->over = true;
		bucket->begun_ns = now_ns;
		memset(bucket->n, 0, sizeof(bucket->n));
		overload->n_over++;
	}
	bucket->bitten_ns = now_ns;
	bucket->n[fate]++;
	return begins;
}

enum overload_fate
overload_take(struct overload *overload, const struct overload_word *word, bool busy,
    int64_t now_ns, bool *ret_begins)
{
	enum overload_fate fate = OVERLOAD_DROPPED;

	if (word->sw >= overload->n_buckets || (overload->step_ns == 0 && overload->n_held == 0))
		return OVERLOAD_PASS;
	struct bucket *bucket = &overload->buckets[word->sw];
	/* What is held goes first, so what the bucket gives is for that. */
	const bool over = bucket->n_held > 0 ||
			  (overload->step_ns > 0 && !take_token(overload, bucket, now_ns) && busy);
	if (!over || (!busy && !is_kept(word)))
		return OVERLOAD_PASS;
	if (is_kept(word))
		fate = hold_or_fold(overload, bucket, word);
	if (fate != OVERLOAD_PASS)
		*ret_begins = note(overload, bucket, fate, now_ns);
	return fate;
}

/* ---- words out ---- */

static struct overload_word
take_first(struct overload *overload, struct bucket *bucket)
{
	const uint32_t row = bucket->first;
	const struct overload_word word = overload->rows[row].word;
	uint32_t *link = chain_of(overload, &word);

	while (*link != row)
		link = &overload->rows[*link].next_in_chain;
	*link = overload->rows[row].next_in_chain;
	detach(overload, bucket, row);
	overload->rows[row].next = overload->free;
	overload->rows[row].first_number = UINT64_MAX;
	overload->free = row;
	overload->n_held--;
	bucket->n_held--;
	return word;
}

/* Whoever had its turn goes to the end of the ring. */
bool
overload_next(struct overload *overload, bool busy, int64_t now_ns, struct overload_word *ret_word)
{
	const uint32_t end = overload->waiting;
	uint32_t before = end;

	if (end == NONE)
		return false;
	do {
		const uint32_t sw = overload->buckets[before].next_waiting;
		struct bucket *bucket = &overload->buckets[sw];
		const bool may =
		    overload->step_ns == 0 || take_token(overload, bucket, now_ns) || !busy;
		if (!may) {
			before = sw;
			continue;
		}
		*ret_word = take_first(overload, bucket);
		bucket->bitten_ns = now_ns;
		if (bucket->n_held == 0)
			ring_remove_after(overload, before);
		else
			overload->waiting = sw;
		return true;
	} while (before != end);
	return false;
}

size_t
overload_n_held(const struct overload *overload)
{
	return overload->n_held;
}

uint32_t
overload_n_held_of(const struct overload *overload, uint32_t sw)
{
	return sw < overload->n_buckets ? overload->buckets[sw].n_held : 0;
}

bool
overload_is_over(const struct overload *overload, uint32_t sw)
{
	return sw < overload->n_buckets && overload->buckets[sw].over;
}

uint64_t
overload_last_number(const struct overload *overload)
{
	return overload->last_number;
}

uint64_t
overload_done_number(const struct overload *overload)
{
	uint64_t first = overload->last_number + 1;

	for (uint32_t i = 0; overload->n_held > 0 && i < overload->n_rows; i++)
		if (overload->rows[i].first_number < first)
			first = overload->rows[i].first_number;
	return first - 1;
}

bool
overload_end(struct overload *overload, int64_t now_ns, struct overload_episode *ret_episode)
{
	for (uint32_t sw = 0; overload->n_over > 0 && sw < overload->n_buckets; sw++) {
		struct bucket *bucket = &overload->buckets[sw];
		if (!bucket->over || bucket->n_held > 0 || now_ns - bucket->bitten_ns < EPISODE_NS)
			continue;
		*ret_episode = (struct overload_episode){ sw, bucket->n[OVERLOAD_HELD],
			bucket->n[OVERLOAD_FOLDED], bucket->n[OVERLOAD_DROPPED], bucket->begun_ns,
			bucket->bitten_ns };
		bucket->over = false;
		overload->n_over--;
		return true;
	}
	return false;
}
