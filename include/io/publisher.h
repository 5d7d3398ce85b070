/*
 * publisher: the outbox's batches to Redis, pipelined, each one atomic step (io). design.md, "Numbered batches".
 *
 * It claims the `publisher` key once per daemon; then it sends what the outbox holds whenever the link is up, at most a
 * window of batches at a time, and never waits for a reply. What Redis answers decides: ok and done go on, gap sends again
 * what is still kept, deposed ends the daemon, lost and a gap that cannot be filled ask the program to compare anew. While
 * there is nothing to send it looks at the `publisher` key once a second, so that all of these are noticed then as well.
 */
#ifndef DPWATCH_IO_PUBLISHER_H
#define DPWATCH_IO_PUBLISHER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/config.h"
#include "core/outbox.h"
#include "core/stats.h"
#include "io/redis_link.h"

#define PUBLISHER_SLOW_MS 100

struct publisher_handler {
	void *ctx;
	/* This daemon is the publisher: state may be read now. `history` is what the claim found, valid for the call. */
	void (*claimed)(void *ctx, const struct redis_history *history);
	void (*done)(void *ctx, const struct outbox_batch *batch); /* in Redis */
	void (*revision)(void *ctx, const uint8_t port_id[16], uint64_t revision);
	/* A toggle of this port, or what its hash says without one, is not in Redis, because its key is of no use. Until then this
	 * revision was known, or 0. */
	void (*left_out)(void *ctx, const uint8_t port_id[16], uint64_t known_revision);
	void (*lost)(void *ctx,
	    bool everything);    /* Redis lost everything, or more than is kept: compare anew */
	void (*slow)(void *ctx); /* a batch has waited PUBLISHER_SLOW_MS for its answer */
	void (*deposed)(
	    void *ctx, const char *why); /* somebody else publishes, or a newer contract: stop */
};

struct publisher;

struct publisher *publisher_new(struct loop *loop, struct redis_link *link, struct outbox *outbox,
    const struct config *config, const char *instance, struct stats *stats,
    const struct publisher_handler *handler);

/* About how many entries the events stream keeps, from the next batch on. */
void publisher_set_events_max(struct publisher *publisher, uint64_t events_max_length);

/* The link came up, or went down. */
void publisher_up(struct publisher *publisher);
void publisher_down(struct publisher *publisher);

/* What an earlier daemon left to be sent begins after this batch: Redis counts on from it, should it know less. */
void publisher_know(struct publisher *publisher, uint64_t batch);

/* Batches are written as this line (struct redis_history), which is borrowed; without a call as the instance's own. */
void publisher_write_as(struct publisher *publisher, const char *line);

/* After `lost`, or to begin: claims; `claimed` follows. Nothing is sent until publisher_go. Does
 * nothing while a claim is under way. */
void publisher_claim(struct publisher *publisher);
/* From now on batches are sent. */
void publisher_go(struct publisher *publisher);

/* Sends what may be sent, and writes it out. Call at the end of each turn. */
void publisher_flush(struct publisher *publisher);

/* Whether the first batch after a pause is under way, and the next ones wait for its answer, or for a moment. */
bool publisher_is_opening(struct publisher *publisher);

/* Whether batches do not get through now: not connected, not claimed, refused, or slow. */
bool publisher_stuck(const struct publisher *publisher);

uint64_t publisher_epoch(const struct publisher *publisher); /* 0: not claimed yet */
uint64_t publisher_batch(const struct publisher *publisher); /* the last that Redis has */
/* When Redis showed last, with a batch or a heartbeat, that it has all that it acknowledged (engine clock); 0: never. */
int64_t publisher_proved_ns(const struct publisher *publisher);
/* Microseconds from sending a command to its answer: the last one, and the longest of the last one to two minutes. */
void publisher_round_trip(
    const struct publisher *publisher, int64_t *ret_last_us, int64_t *ret_max_us);
const char *publisher_error(const struct publisher *publisher); /* why nothing goes on, or "" */
void publisher_free(struct publisher *publisher);

#endif
