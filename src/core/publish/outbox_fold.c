/*
 * Folding: what waits has reached the bound. Of each port, interface and switch what is so now stays, and what was so in between
 * goes. Toggles alternate: of a port's, the first stays if it ends what readers know to be down, and the last if it is down;
 * so each fault that they hear of begins and ends. What stays keeps its order.
 */
#include <stdlib.h>

#include "core/outbox_state.h"
#include "util/htab.h"

/* What records are about: a port, what is told of its paths, an interface, or a switch that is forgotten. */
struct subject {
	char letter;       /* of the records, P also for a port's toggles */
	struct slice key;  /* of the records */
	struct slice part; /* of an interface: its name */
	uint32_t last;     /* which record is its last */
	uint32_t first_toggle,
	    last_toggle; /* and which its first and last toggle, counted from 1; 0: none */
	bool transition; /* one of its records belongs to link-events */
};

/* A batch in the making. */
struct folded {
	struct arg_buf args, keys;
	uint32_t n_toggles, n_records;
};

struct fold {
	const struct outbox *outbox;
	size_t first; /* the first batch that no Redis can have seen */
	struct subject *subjects;
	uint32_t n_subjects, room_subjects;
	struct htab index;
	struct folded *made;
	size_t n_made, bytes; /* of them */
};

/* ---- whose record it is ---- */

static uint64_t
subject_hash(const void *owner, uint32_t value)
{
	const struct subject *subject = &((const struct fold *)owner)->subjects[value];
	const uint64_t hash =
	    hash_bytes(subject->key.data, subject->key.len, (uint8_t)subject->letter);

	return hash_bytes(subject->part.data, subject->part.len, hash);
}

static bool
subject_eq(const void *owner, uint32_t value, const void *key)
{
	const struct subject *a = &((const struct fold *)owner)->subjects[value], *b = key;

	return a->letter == b->letter && slice_eq(a->key, b->key) && slice_eq(a->part, b->part);
}

static const struct htab_type subject_type = { .hash = subject_hash, .eq = subject_eq };

/* The record's; made if there is none. NULL: out of memory. */
static struct subject *
subject_of(struct fold *fold, const struct change_record *record, struct slice key)
{
	if (fold->n_subjects == fold->room_subjects) {
		const uint32_t room = fold->room_subjects * 2 + 256;
		struct subject *subjects = realloc(fold->subjects, room * sizeof(*subjects));
		if (!subjects)
			return NULL;
		fold->subjects = subjects;
		fold->room_subjects = room;
	}
	struct subject *made = &fold->subjects[fold->n_subjects];
	*made = (struct subject){
		.letter = record->letter == 'T' ? 'P' : record->letter,
		.key = key,
		.part = record->letter == 'I' ? record->values[RECORD_INTERFACE] : SLICE(""),
	};
	const uint64_t hash = subject_hash(fold, fold->n_subjects);
	const uint32_t found = htab_find(&fold->index, hash, made);
	if (found != HTAB_NONE)
		return &fold->subjects[found];
	return htab_add(&fold->index, hash, fold->n_subjects++) == 0 ? made : NULL;
}

/* ---- both walks ---- */

typedef bool visitor(
    struct fold *fold, const struct change_record *record, struct slice key, uint32_t n);

/* Every record that may be folded, in order, with its number. False where one of them could not be read, or taken. */
static bool
walk(struct fold *fold, visitor *visit)
{
	uint32_t n = 1;

	for (size_t i = fold->first; i < fold->outbox->n; i++) {
		const struct outbox_batch *batch = &fold->outbox->batches[i];
		struct change_record record;
		struct slice key;
		size_t at = 0, key_at = 0;
		while (change_next(&batch->args, &at, &record))
			if (!arg_buf_next(&batch->keys, &key_at, &key) ||
			    !visit(fold, &record, key, n++))
				return false;
		if (at != batch->args.len)
			return false;
	}
	return true;
}

static bool
note(struct fold *fold, const struct change_record *record, struct slice key, uint32_t n)
{
	struct subject *subject = subject_of(fold, record, key);

	if (!subject)
		return false;
	subject->last = n;
	if (record->letter == 'T') {
		subject->last_toggle = n;
		if (subject->first_toggle == 0)
			subject->first_toggle = n;
	}
	if (record->letter == 'I' && slice_eq_str(record->values[RECORD_TRANSITION], "true"))
		subject->transition = true;
	return true;
}

static struct folded *
open_folded(struct fold *fold)
{
	struct folded *made = fold->n_made > 0 ? &fold->made[fold->n_made - 1] : NULL;

	if (made && made->n_toggles < OUTBOX_BATCH_TOGGLES &&
	    made->n_records < OUTBOX_BATCH_RECORDS)
		return made;
	made = realloc(fold->made, (fold->n_made + 1) * sizeof(*made));
	if (!made)
		return NULL;
	fold->made = made;
	fold->made[fold->n_made] = (struct folded){ .n_records = 0 };
	fold->bytes += sizeof(struct outbox_batch);
	return &fold->made[fold->n_made++];
}

/*
 * Of a record's value, what stays. That its port's hash was written may no longer be so: what wrote it may be gone. And link-events
 * hears of a transition where one that is gone was one.
 */
static struct slice
kept_value(const struct change_record *record, size_t i, char letter, bool transition)
{
	if (letter == 'I' && i == RECORD_TRANSITION && transition)
		return SLICE("true");
	if (letter == 'T' && i == RECORD_REMOVED && slice_eq_str(record->values[i], RECORD_WRITTEN))
		return SLICE("false");
	return record->values[i];
}

/* As it was, but for the letter, and what kept_value() says. False also where what stays is too much by now. */
static bool
keep(struct fold *fold, const struct change_record *record, struct slice key, char letter,
    bool transition)
{
	struct folded *made = open_folded(fold);
	const size_t before = made ? made->args.len + made->keys.len : 0;

	if (!made || arg_buf_add(&made->keys, key) != 0 ||
	    arg_buf_add(&made->args, (struct slice){ &letter, 1 }) != 0)
		return false;
	for (size_t i = 0; record->fields[i]; i++)
		if (arg_buf_add(&made->args, kept_value(record, i, letter, transition)) != 0)
			return false;
	made->n_records++;
	made->n_toggles += letter == 'T';
	fold->bytes += made->args.len + made->keys.len - before;
	return fold->bytes <= fold->outbox->max_bytes / 2;
}

/* A toggle that is to be told without one, of a port that has no hash in Redis, or is to have none. */
static bool
leaves_nothing(const struct change_record *record)
{
	return record->letter == 'T' &&
	       (slice_eq_str(record->values[RECORD_REMOVED], "true") ||
		   (slice_eq_str(record->values[RECORD_KNOWN_REVISION], "0") &&
		       record->values[RECORD_REPORTED_AT].len == 0));
}

/* Whether it is one of the toggles that stay. */
static bool
is_told(const struct subject *subject, const struct change_record *record, uint32_t n)
{
	return record->letter == 'T' &&
	       n == (slice_eq_str(record->values[RECORD_DOWN], "true") ? subject->last_toggle
								       : subject->first_toggle);
}

static bool
keep_last(struct fold *fold, const struct change_record *record, struct slice key, uint32_t n)
{
	const struct subject *subject = subject_of(fold, record, key);

	if (!subject)
		return false;
	if (is_told(subject, record, n))
		return keep(fold, record, key, 'T', false);
	return n != subject->last || leaves_nothing(record) ||
	       keep(fold, record, key, subject->letter, subject->transition);
}

/* ---- in the place of what waited ---- */

static void
fold_release(struct fold *fold)
{
	for (size_t i = 0; i < fold->n_made; i++) {
		arg_buf_release(&fold->made[i].args);
		arg_buf_release(&fold->made[i].keys);
	}
	free(fold->made);
	free(fold->subjects);
	htab_release(&fold->index);
}

static bool
add_folded(struct outbox *outbox, const struct folded *made)
{
	struct outbox_batch *batch = outbox_add_batch(outbox);

	if (!batch || !outbox_fill(outbox, batch, &made->args, &made->keys))
		return false;
	batch->n_toggles = made->n_toggles;
	batch->n_records = made->n_records;
	outbox->folded -= made->n_toggles;
	return true;
}

/*
 * What stays is stored once more, so that nothing of it is in a file that is full. All tickets are done with the last batch:
 * what an earlier one asked for may stand in a later one.
 */
static bool
replace(struct outbox *outbox, const struct fold *fold)
{
	const bool held = outbox_gives_up(outbox, fold->first);

	outbox_count_folded(outbox, fold->first);
	outbox->next_number = outbox->batches[fold->first].number;
	outbox_cut_from(outbox, fold->first);
	for (size_t i = 0; i < outbox->n; i++)
		outbox->batches[i].serial = ++outbox->last_serial;
	outbox->held_serial = held ? outbox->last_serial + 1 : 0;
	for (size_t i = 0; i < fold->n_made; i++)
		if (!add_folded(outbox, &fold->made[i]))
			return false;
	if (outbox->settle_serial == UINT64_MAX)
		return true;
	outbox->settle_serial = UINT64_MAX;
	outbox_settle(outbox);
	return true;
}

bool
outbox_fold(struct outbox *outbox)
{
	struct fold fold = { .outbox = outbox, .first = outbox->n_done };

	while (fold.first < outbox->n && outbox->batches[fold.first].was_sent)
		fold.first++;
	htab_init(&fold.index, &subject_type, &fold);
	const bool done = fold.first < outbox->n && walk(&fold, note) && walk(&fold, keep_last) &&
			  replace(outbox, &fold);
	fold_release(&fold);
	return done;
}
