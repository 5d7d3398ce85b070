#include "io/journal_left.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/log.h"

static int
add_owner(struct journal_left *left, struct slice owner)
{
	char(*owners)[JOURNAL_OWNER_MAX + 1] =
	    realloc(left->owners, (left->n_owners + 1) * sizeof(*owners));

	if (!owners)
		return -ENOMEM;
	left->owners = owners;
	slice_copy(owner, owners[left->n_owners++], sizeof(owners[0]));
	return 0;
}

static int
add_claim(struct journal_left *left, const struct journal_frame *frame)
{
	struct journal_claim *claims =
	    realloc(left->claims, (left->n_claims + 1) * sizeof(*claims));

	if (!claims)
		return -ENOMEM;
	left->claims = claims;
	claims[left->n_claims].written = frame->written;
	slice_copy(frame->owner, claims[left->n_claims++].origin, sizeof(claims[0].origin));
	return 0;
}

/* A number that was used before was used again: all from it on was given up. */
static int
add_batch(struct journal_left *left, const struct journal_frame *frame)
{
	while (left->n > 0 && left->frames[left->n - 1].number >= frame->number)
		left->n--;
	if (left->n_old > left->n)
		left->n_old = left->n;
	if (left->n == left->room) {
		size_t room = left->room * 2 + 256;
		struct journal_frame *frames = realloc(left->frames, room * sizeof(*frames));
		if (!frames)
			return -ENOMEM;
		left->frames = frames;
		left->room = room;
	}
	left->frames[left->n++] = *frame;
	return 0;
}

static int
add_frame(struct journal_left *left, const struct journal_frame *frame)
{
	switch (frame->kind) {
	case JOURNAL_OWNER:
		return add_owner(left, frame->owner);
	case JOURNAL_CLAIM:
		return add_claim(left, frame);
	case JOURNAL_BATCH:
		break;
	}
	return add_batch(left, frame);
}

static const char *
name_of(size_t i)
{
	return i == 0 ? "journal" : "journal.next";
}

/* A write that did not end, when the daemon or the machine died: nobody was told that it was on disk. */
static int
cut_tail(
    struct journal_files *files, size_t i, const struct journal_frame *bad, struct stats *stats)
{
	stats_add(stats, STAT_JOURNAL_TORN, bad->len);
	log_warning("journal: %s: the last %llu bytes are a torn tail, cut at offset %llu",
	    name_of(i), (unsigned long long)bad->len, (unsigned long long)bad->offset);
	return journal_files_cut(files, i, bad->offset);
}

static int
read_file(struct journal_left *left, struct journal_files *files, size_t i, struct stats *stats)
{
	struct journal_frame frame;
	const char *why;
	uint64_t offset = 0;
	int error = journal_files_read(files, i, &left->bytes[i]);

	while (error == 0) {
		const struct slice file = { left->bytes[i], (size_t)files->lens[i] };
		switch (journal_next(file, &offset, &frame, &why)) {
		case JOURNAL_END:
			return 0;
		case JOURNAL_FRAME:
			error = add_frame(left, &frame);
			break;
		case JOURNAL_BAD:
			if (offset == file.len)
				return cut_tail(files, i, &frame, stats);
			stats_add(stats, STAT_JOURNAL_CORRUPT, frame.len);
			log_error("journal: %s: %llu bytes at offset %llu are lost: %s", name_of(i),
			    (unsigned long long)frame.len, (unsigned long long)frame.offset, why);
			break;
		}
	}
	return error;
}

int
journal_left_read(struct journal_left *left, struct journal_files *files, struct stats *stats)
{
	int error = 0;

	*left = (struct journal_left){ 0 };
	for (size_t i = 0; i < files->n && error == 0; i++) {
		left->n_old = left->n;
		error = read_file(left, files, i, stats);
	}
	if (error != 0)
		journal_left_release(left);
	return error;
}

bool
journal_left_continues(const struct journal_left *left, const struct redis_history *history)
{
	if (!*history->writer)
		return true;
	for (size_t i = 0; i < left->n_owners; i++)
		if (strcmp(left->owners[i], history->writer) == 0)
			return true;
	for (size_t i = 0; i < left->n_claims; i++)
		if (strcmp(left->claims[i].origin, history->origin) == 0 &&
		    history->written <= left->claims[i].written)
			return true;
	return false;
}

void
journal_left_release(struct journal_left *left)
{
	free(left->frames);
	free(left->bytes[0]);
	free(left->bytes[1]);
	free(left->owners);
	free(left->claims);
	*left = (struct journal_left){ 0 };
}
