/*
 * journal: the outbox, in a file (io). design.md, "Nothing is lost".
 *
 * Each batch of the outbox is written to <state_dir>/journal (core/journal_codec) at once, and stays there for as long as the
 * outbox holds it: until Redis has it, and ten seconds more, for a Redis that may yet lose its tail. So a daemon that dies
 * leaves to the next one all that it could still have given to Redis; nothing but that next one reads it.
 *
 * What Redis takes at once is gathered for some milliseconds, written, and never synced: it is for the death of two processes, and is gone again before the
 * kernel would have written it to a disk. While Redis is away or slow what waits is synced; when it is on disk the outbox is
 * told, and INFORMs may be answered.
 *
 * The loop never waits for a disk. All file work is done by one thread of this module that is given one piece of work at a
 * time (bytes to write, a sync, or a file to change) and answers through an eventfd; what comes meanwhile is the next piece:
 * so one fdatasync serves as many batches as came during the one before it. A sync takes 0.2 ms on a good SSD and 5 to 30 ms on
 * a disk, each of which would be the verdict's delay for all that comes then: too much for O_DSYNC in the loop. io_uring would
 * do without a thread, but container runtimes and RHEL's kernel forbid it. The thread shares nothing but that piece of work.
 *
 * Bounded by [redis] journal_max in two files, a second one being begun when the first has half of that (or 1 MiB, while
 * Redis keeps up): the older goes when the outbox holds nothing of it any more. Where both are full, what is kept and not
 * owed goes, and what waits is folded (outbox_make_room). What stays is written to a third file, and nothing of it is called
 * safe before that has taken the others' place (journal_files_renew): until then they are what a restart finds. Only where
 * the disk has no room for it beside them do they go first. A disk
 * that is full, or fails, is tried again every second; meanwhile everything is in memory, and no INFORM is answered for it.
 *
 * Whose it is. A journal found at the start may be sent on only where it continues what Redis holds: where the history of
 * Redis (all batches ever applied, and by whom) is a beginning of the history that the journal's daemons knew. Redis may
 * have been killed and have lost its tail, with any number of batches and claims in it; daemons may have died any number of
 * times; the disk may have been full. What can be known of Redis's history is (struct redis_history): who wrote its last
 * batch, that batch's number, and with whom the count began. Claims tell nothing, for whoever claims has not written yet.
 * Of the journal's: who wrote it (owners), and how far Redis was when they claimed it (claims). "Who" is a line of daemons:
 * one that finds a journal goes on under the name that it finds in it, because it may publish what is in it before it can
 * write a word of its own to a full disk; one that finds none begins a line, with the name of its instance. So:
 *   1. Nobody ever wrote a batch: it continues. (A Redis that lost everything, or a new one: nothing speaks against what
 *      is owed, and an INFORM may have been answered for it.)
 *   2. Its own line wrote the last batch: it continues. Whatever Redis lost was behind that.
 *   3. The count began with the same daemon, and Redis is no further than one of the owners found it: it continues. Redis
 *      is where that owner began, or was thrown back to before; the owner's own claim, and all that it wrote, are lost.
 *   4. Else somebody else has published beyond what the journal continues: it is set aside, and never sent.
 * A Redis that was thrown back while another daemon, of another state_dir, was at it, and that published less than was lost,
 * looks like 3: what it published stays, and the comparison at the start finds the truth.
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
 * daemon (at most JOURNAL_OWNER_MAX bytes). stored(ctx) is called when journal_safe_ticket may have grown. Blocks: call it before
 * the loop runs. NULL with a message for people in error. All but the texts is borrowed.
 */
struct journal *journal_new(struct loop *loop, const char *state_dir, uint64_t max_bytes,
    const char *instance, struct outbox *outbox, struct stats *stats, void (*stored)(void *ctx),
    void *ctx, char *error, size_t size);
/* From now on: what is in the files already stays, and counts. */
void journal_set_max(struct journal *journal, uint64_t max_bytes);
/*
 * Waits for the work under way. Before the outbox is freed: where nothing waits in it, nothing is left in the files, but for
 * what it keeps for a Redis that may have lost its tail (unless `proved`: it has shown since it was
 * connected last that it has all that it acknowledged).
 */
void journal_free(struct journal *journal, bool proved);

/* ---- what an earlier daemon left ---- */

size_t journal_left(const struct journal *journal); /* batches */
/* As what this daemon publishes ("Whose it is"); settled by journal_take_back. The journal's. */
const char *journal_line(const struct journal *journal);
/* The number before the first of them: what the publisher key must count on from; 0 where there are none. */
uint64_t journal_left_after(const struct journal *journal);
/*
 * Redis was claimed, and `history` is what was found: the journal tells so from here on. Call at every claim, before
 * journal_take_back.
 */
void journal_claimed(struct journal *journal, const struct redis_history *history);
/*
 * After the first claim: Redis's last batch is `last`. What was left and is above it goes to the outbox, to be sent first;
 * or, where it does not continue what Redis holds ("Whose it is"), is set aside. Call before anything else is added to the
 * outbox. Returns the number of batches that wait in the outbox now, or -ENOMEM.
 */
int64_t journal_take_back(
    struct journal *journal, const struct redis_history *history, uint64_t last);

/* ---- what waits now ---- */

/*
 * Up to which ticket what is owed may be called safe, and INFORMs answered: as outbox_safe_ticket, but what Redis has taken is
 * not safe before it is in the file as well, where the file can be written.
 */
uint64_t journal_safe_ticket(const struct journal *journal);

/*
 * The turn is over. `stuck` is whether Redis does not take batches now, or too slowly: then what waits is synced, and goes on
 * to be until Redis has everything.
 */
void journal_turn_end(struct journal *journal, bool stuck);

enum journal_state { JOURNAL_IDLE, JOURNAL_WRITING, JOURNAL_FAILING, JOURNAL_FULL };
extern const char *const journal_state_names[];
enum journal_state journal_state(const struct journal *journal);
uint64_t journal_bytes(const struct journal *journal);    /* in the files */
const char *journal_error(const struct journal *journal); /* why it fails, or "" */
const char *journal_path(const struct journal *journal);

#endif
