/*
 * topo_reader: the four hashes of the topology, read into a snapshot (io). For topo_sync.
 *
 * Records are taken one by one, as many as fit a slice of about a millisecond; between two slices the loop turns, and Redis
 * makes the next answer ready meanwhile.
 */
#ifndef DPWATCH_IO_TOPO_READER_H
#define DPWATCH_IO_TOPO_READER_H

#include <stdbool.h>

#include "core/topo_codec.h"
#include "io/redis_link.h"

/* Exactly one of these ends a reading; the reader is at rest again then, and may be started anew in the call. */
struct topo_reader_handler {
	void *ctx;
	/* A whole snapshot, owned by the handler; the faults hold its warnings. */
	void (*loaded)(void *ctx, struct topo *topo, const struct topo_faults *warnings);
	/* What Redis holds is no good, or Redis refused: the faults say why. */
	void (*refused)(void *ctx, const struct topo_faults *faults);
	/* The connection broke. */
	void (*cut_off)(void *ctx);
};

struct topo_reader;

/* `link` is borrowed. NULL: out of memory. */
struct topo_reader *topo_reader_new(struct loop *loop, struct redis_link *link, const char *prefix,
    const struct topo_reader_handler *handler);
/* Ends a reading without a word. The link must be gone, or no answer under way. NULL is fine. */
void topo_reader_free(struct topo_reader *reader);

/* Begins; none may be under way. False, and nothing is called, when memory is out or the link is not up. */
bool topo_reader_start(struct topo_reader *reader);

/* Records that the reading under way has taken; 0 where there is none. */
size_t topo_reader_n_records(const struct topo_reader *reader);

#endif
