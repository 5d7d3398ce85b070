/*
 * journal: what waits for Redis goes to the disk meanwhile (io). design.md, "Nothing is lost".
 *
 * While Redis is away or slow the journal takes each batch that waits in the outbox, oldest first, and writes it to
 * <state_dir>/journal (core/journal_codec); when it is on disk the outbox is told, and INFORMs may be answered. The batches
 * stay in memory as well: they go to Redis from there, and the file is only read by the next daemon, should this one die.
 * When Redis has everything the journal is emptied.
 *
 * The loop never waits for a disk. All file work is done by one thread of this module that is given one piece of work at a
 * time (bytes to append and sync, or a file to change) and answers through an eventfd; what comes meanwhile is the next piece:
 * so one fdatasync serves as many batches as came during the one before it. A sync takes 0.2 ms on a good SSD and 5 to 30 ms on
 * a disk, each of which would be the verdict's delay for all that comes then: too much for O_DSYNC in the loop. io_uring would
 * do without a thread, but container runtimes and RHEL's kernel forbid it. The thread shares nothing but that piece of work.
 *
 * Bounded by [redis] journal_max in two files of half of it each: the older goes when Redis has all that is in it. A disk
 * that is full, or fails, is tried again every second; meanwhile everything is in memory, and no INFORM is answered for it.
 */
#ifndef DPWATCH_IO_JOURNAL_H
#define DPWATCH_IO_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/outbox.h"
#include "core/stats.h"
#include "io/loop.h"

struct journal;

/*
 * Opens the journal in state_dir, reads what an earlier daemon left there, and cuts off a torn tail. `instance` names this
 * daemon (at most JOURNAL_OWNER_MAX bytes). stored(ctx) is called when outbox_safe_ticket may have grown. Blocks: call it before
 * the loop runs. NULL with a message for people in error. All but the texts is borrowed.
 */
struct journal *journal_new(struct loop *loop, const char *state_dir, uint64_t max_bytes,
    const char *instance, struct outbox *outbox, struct stats *stats, void (*stored)(void *ctx),
    void *ctx, char *error, size_t size);
/* Waits for the work under way. */
void journal_free(struct journal *journal);

/* ---- what an earlier daemon left ---- */

size_t journal_left(const struct journal *journal); /* batches */
/* The number before the first of them: what the publisher key must count on from; 0 where there are none. */
uint64_t journal_left_after(const struct journal *journal);
/*
 * Redis was claimed: its last batch is `last`, and `previous` claimed it before. What was left and is above `last` goes to
 * the outbox, to be sent first; where `previous` is none of those who wrote the journal, it belongs to another Redis, or
 * another daemon published since: it is set aside. Call once, before anything else is added to the outbox. Returns the number
 * of batches that wait now, or -ENOMEM.
 */
int64_t journal_take_back(struct journal *journal, const char *previous, uint64_t last);

/* ---- what waits now ---- */

/*
 * The turn is over. `stuck` is whether Redis does not take batches now, or too slowly: then what waits goes to the disk, and
 * goes on to do so until Redis has everything.
 */
void journal_turn_end(struct journal *journal, bool stuck);

enum journal_state { JOURNAL_IDLE, JOURNAL_WRITING, JOURNAL_FAILING, JOURNAL_FULL };
extern const char *const journal_state_names[];
enum journal_state journal_state(const struct journal *journal);
uint64_t journal_bytes(const struct journal *journal);    /* on disk */
const char *journal_error(const struct journal *journal); /* why it fails, or "" */
const char *journal_path(const struct journal *journal);

#endif
