/*
 * journal_state: what the journal's own files share (io, private to src/io/journal*.c).
 *
 *   journal.c         what is written; life
 *   journal_next.c    ... and when
 *   journal_back.c    what an earlier daemon left, and whose it is
 *   journal_left.c    reading that
 *   journal_writer.c  the thread
 *   journal_files.c   the files
 */
#ifndef DPWATCH_IO_JOURNAL_STATE_H
#define DPWATCH_IO_JOURNAL_STATE_H

#include "io/journal.h"
#include "io/journal_left.h"
#include "io/journal_writer.h"
#include "util/log.h"

struct journal {
	struct loop *loop;
	struct outbox *outbox;
	struct stats *stats;
	void (*stored)(void *ctx);
	void *ctx;
	char instance[JOURNAL_OWNER_MAX + 1], line[JOURNAL_OWNER_MAX + 1], path[512], error[200];
	char origin[JOURNAL_OWNER_MAX +
		    1];   /* of what Redis held when it was claimed; "": it was not yet */
	uint64_t written; /* ... and how far */
	uint64_t max_bytes;
	struct journal_left left;
	bool ready;   /* what was there is known */
	bool engaged; /* what waits must be on disk */
	bool owned;   /* the last file says that it is ours, or will: it stands in buf */
	bool told;    /* ... and what the claim found */
	bool full;
	bool renewing; /* what was folded is written to a new file; nothing of it is safe yet */
	bool no_room;  /* ... for which the disk has no room beside the old ones */
	uint64_t
	    renew_serial; /* the last batch that was there when the renewal was begun, or will be */
	bool set_aside;   /* to be done next */
	uint64_t last_serial;    /* the last batch that was written, or is on its way */
	uint64_t synced_serial;  /* ... that is on disk */
	uint64_t old_serial;     /* ... in the older of two files */
	uint64_t last_ticket;    /* of the last batch that was written, or is on its way */
	uint64_t written_ticket; /* ... that was written */
	bool due;                /* what Redis takes at once has been gathered long enough */
	size_t n_batches;        /* in buf */
	struct journal_buf buf;  /* under way, or to be tried again */
	uint64_t bytes;          /* in the files */
	struct loop_timer *retry, *gather;
	struct log_rate rate;
	struct journal_writer writer;
};

/* ---- journal.c ---- */
/* Gives the writer what is to be done next, where it has nothing to do. */
void journal_go_on(struct journal *journal);

/* ---- journal_next.c ---- */
/* What is to be done now; of JOURNAL_WRITE, the bytes are in buf. */
enum journal_work journal_next_work(struct journal *journal);
/* What is written next begins with who writes it. */
void journal_disown(struct journal *journal);
bool journal_is_full(const struct journal *journal);
void journal_empty_buf(struct journal *journal);

/* ---- journal_back.c ---- */
/* At the start: reads the files. 0 or a negative errno. */
int journal_read_left(struct journal *journal);

#endif
