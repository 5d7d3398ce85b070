/*
 * publisher_state: what the publisher's own files share (io, private to src/io/redis/publisher*.c).
 *
 *   publisher.c         claiming, sending, how long Redis takes, life
 *   publisher_answer.c  answers to batches, and the heartbeat while nothing is sent
 */
#ifndef DPWATCH_IO_PUBLISHER_STATE_H
#define DPWATCH_IO_PUBLISHER_STATE_H

#include <hiredis/hiredis.h>

#include "io/batch_command.h"
#include "io/publisher.h"
#include "util/log.h"

#define PUBLISHER_HEARTBEAT_MS 1000

enum publisher_state { IDLE, CLAIMING, CLAIMED, GOING };

/* What went wrong with a batch. Those behind it in the pipeline fail too; it is mended when the last of them answered. */
enum publisher_break {
	UNBROKEN,
	BROKEN_GAP,
	BROKEN_SCRIPT,
	BROKEN_LOST,   /* the publisher key is gone */
	BROKEN_PARTED, /* Redis counts batches that were never sent */
	BROKEN_ERROR,
};

/* How long Redis takes to answer: the last time, and the longest in this minute and the one before. */
struct round_trip {
	int64_t last_ns, max_ns[2], minute;
};

struct publisher {
	struct redis_link *link;
	struct outbox *outbox;
	struct stats *stats;
	struct publisher_handler handler;
	struct loop *loop;
	struct loop_timer *retry;
	enum publisher_state state;
	enum publisher_break broken;
	char broken_text[256];
	uint64_t gap_last;              /* BROKEN_GAP: Redis's last batch */
	size_t under_way;               /* batches sent and not answered */
	bool drained;                   /* nothing was left when the last answer came */
	int64_t opened_ns;              /* when the first was sent after that; 0: more may follow */
	struct loop_timer *opening;     /* armed: some wait behind it */
	int64_t sent_ns[OUTBOX_WINDOW]; /* when each was sent, a ring; the oldest at sent_first */
	size_t sent_first;
	bool slow; /* the oldest is older than PUBLISHER_SLOW_MS */
	struct loop_timer
	    *slow_timer; /* armed while anything is under way, and left so behind it */
	bool
	    held; /* something is wrong that only time or an operator mends: retried by the timer */
	bool refused; /* the probe found a command that Redis refuses */
	uint64_t epoch, batch;
	uint64_t sent_number; /* the highest batch that was ever sent */
	struct loop_timer *heartbeat;
	int64_t active_ns,
	    heartbeat_ns; /* when the last batch was answered; when the heartbeat under way was sent, or 0 */
	int64_t proved_ns;
	struct round_trip trip;
	char prefix[128], instance[128], sha[48], error[256];
	struct log_rate rate;
	struct batch_command command; /* kept from batch to batch */
};

/* ---- publisher.c ---- */
/* Nothing is sent until the retry timer, or an operator, has mended it; said in the log. */
void publisher_hold(struct publisher *publisher, const char *why);
/* A number as Redis gives it, as text or integer; 0 where it is none. */
uint64_t publisher_number_of(const redisReply *reply);
/* Probes what Redis lets us do, and loads the script. */
void publisher_load_script(struct publisher *publisher);
/* An answer came to what was sent at this engine time. */
void publisher_note_round_trip(struct publisher *publisher, int64_t sent_ns);
/* The oldest batch under way was answered. */
void publisher_note_answered(struct publisher *publisher);

/* ---- publisher_answer.c ---- */
/* Of a batch; of the retry and heartbeat timers. */
void publisher_on_batch(void *ctx, const redisReply *reply);
void publisher_try_again(void *ctx);
void publisher_beat(void *ctx);

#endif
