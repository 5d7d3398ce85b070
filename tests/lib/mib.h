/*
 * mib: an agent as a list of objects, for unit tests: answers GETNEXT and GETBULK of a poll_request as RFC 3416 says, and in
 * the ways in which real agents do not. Functions are static inline: only tests of the core's use them.
 */
#ifndef DPWATCH_TESTS_LIB_MIB_H
#define DPWATCH_TESTS_LIB_MIB_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/poll_job.h"
#include "core/trap.h"

#define MIB_OBJECTS_MAX 70000

struct mib_object {
	unsigned long ids[POLL_OID_LEN];
	size_t n;
	enum trap_value_type type;
	int64_t integer;
	const char *bytes;
	size_t len;
};

struct mib {
	struct mib_object *objects; /* sorted by mib_sort() */
	size_t n;
	size_t most;  /* varbinds that fit into an answer; 0: all that may be sent */
	bool no_bulk; /* GETBULK is refused */
	/* The answer. */
	struct trap_varbind varbinds[TRAP_VARBINDS_MAX];
	size_t n_varbinds;
};

static inline void
mib_init(struct mib *mib)
{
	*mib = (struct mib){ .objects = calloc(MIB_OBJECTS_MAX, sizeof(struct mib_object)) };
	ck_assert_ptr_nonnull(mib->objects);
}

static inline void
mib_release(struct mib *mib)
{
	free(mib->objects);
}

/* An object by its dotted OID, without a value. */
static inline struct mib_object *
mib_add(struct mib *mib, const char *oid)
{
	struct mib_object *object = &mib->objects[mib->n++];

	ck_assert_uint_le(mib->n, MIB_OBJECTS_MAX);
	for (const char *at = oid; at; at = strchr(at, '.'), at = at ? at + 1 : NULL)
		object->ids[object->n++] = strtoul(at, NULL, 10);
	return object;
}

static inline void
mib_number(struct mib *mib, const char *oid, int64_t number)
{
	struct mib_object *object = mib_add(mib, oid);

	object->type = VALUE_INTEGER;
	object->integer = number;
}

/* The bytes are borrowed. */
static inline void
mib_bytes(struct mib *mib, const char *oid, const char *bytes, size_t len)
{
	struct mib_object *object = mib_add(mib, oid);

	object->type = VALUE_BYTES;
	object->bytes = bytes;
	object->len = len;
}

static inline void
mib_text(struct mib *mib, const char *oid, const char *text)
{
	mib_bytes(mib, oid, text, strlen(text));
}

static inline void
mib_uptime(struct mib *mib, int64_t cs)
{
	struct mib_object *object = mib_add(mib, "1.3.6.1.2.1.1.3.0");

	object->type = VALUE_TIMETICKS;
	object->integer = cs;
}

static inline int
mib_compare_ids(const unsigned long *a, size_t n_a, const unsigned long *b, size_t n_b)
{
	for (size_t i = 0; i < n_a && i < n_b; i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return n_a < n_b ? -1 : n_a > n_b;
}

static inline int
mib_compare(const void *a, const void *b)
{
	const struct mib_object *x = a, *y = b;

	return mib_compare_ids(x->ids, x->n, y->ids, y->n);
}

static inline void
mib_sort(struct mib *mib)
{
	qsort(mib->objects, mib->n, sizeof(*mib->objects), mib_compare);
}

/* The object behind a name; NULL at the end. */
static inline const struct mib_object *
mib_next(const struct mib *mib, const unsigned long *ids, size_t n)
{
	size_t low = 0, high = mib->n;

	while (low < high) {
		const size_t middle = (low + high) / 2;
		const struct mib_object *object = &mib->objects[middle];
		if (mib_compare_ids(object->ids, object->n, ids, n) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < mib->n ? &mib->objects[low] : NULL;
}

static inline void
mib_put(struct mib *mib, const struct mib_object *object)
{
	const size_t most = mib->most > 0 ? mib->most : TRAP_VARBINDS_MAX;

	if (!object || mib->n_varbinds >= most)
		return;
	mib->varbinds[mib->n_varbinds++] = (struct trap_varbind){
		.name = { object->ids, object->n },
		.type = object->type,
		.integer = object->integer,
		.bytes = { object->bytes, object->len },
	};
}

/* Answers into mib->varbinds. False: an error-status. */
static inline bool
mib_answer(struct mib *mib, const struct poll_request *request)
{
	const struct mib_object *at[POLL_OIDS_MAX];
	const long repetitions = request->bulk ? request->repetitions : 1;

	mib->n_varbinds = 0;
	if (request->bulk && mib->no_bulk)
		return false;
	for (size_t i = 0; i < request->n; i++) {
		at[i] = mib_next(mib, request->oids[i].ids, request->oids[i].n);
		/* The first one repeats no more than others of GETNEXT do. */
		mib_put(mib, at[i]);
	}
	for (long round = 1; round < repetitions; round++)
		for (size_t i = 1; i < request->n; i++) {
			at[i] = at[i] ? mib_next(mib, at[i]->ids, at[i]->n) : NULL;
			mib_put(mib, at[i]);
		}
	return true;
}

#endif
