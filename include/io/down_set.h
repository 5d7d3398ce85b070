/*
 * down_set: the `down` set as a whole (io). The batches add and remove what toggles; this is for a set that somebody else
 * changed or deleted.
 */
#ifndef DPWATCH_IO_DOWN_SET_H
#define DPWATCH_IO_DOWN_SET_H

#include "io/redis_link.h"
#include "util/slice.h"

/* How many are in it: `fn` is called once, with an integer, an error, or NULL when the connection broke. As redis_link_words(). */
int down_set_count(struct redis_link *link, const char *prefix, redis_reply_fn *fn, void *ctx);

/* Who writes it, and the last batch that Redis has of it. */
struct down_set_writer {
	const char *instance;
	uint64_t batch;
};

/*
 * Makes it hold exactly these ports, in one step; their ids (PORT_ID_TEXT - 1 characters each) stand one behind the other.
 * `fn` is called once, with the integer 1; with 0 where Redis knows of another writer or batch, and nothing was changed; or
 * with an error or NULL. As redis_link_words().
 */
int down_set_write(struct redis_link *link, const char *prefix,
    const struct down_set_writer *writer, struct slice ids, redis_reply_fn *fn, void *ctx);

#endif
