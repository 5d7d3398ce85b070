/*
 * topo_sync: the topology in Redis, read and followed (io). design.md, `topology:*` of the Redis contract.
 *
 * Reads the four hashes into a builder, in slices of about a millisecond, and hands over the snapshot; follows
 * `topology:changes` on a connection of its own. What cannot be taken is refused with its faults, and nothing changes.
 * Storing a document is a worker's work (io/topo_store.h), and reaches us as a change like any other.
 */
#ifndef DPWATCH_IO_TOPO_SYNC_H
#define DPWATCH_IO_TOPO_SYNC_H

#include <stdbool.h>

#include "core/config.h"
#include "core/topo_codec.h"
#include "io/redis_link.h"

struct topo_sync_handler {
	void *ctx;
	/* A whole snapshot, owned by the handler; the faults hold its warnings. */
	void (*loaded)(void *ctx, struct topo *topo, const struct topo_faults *warnings);
	/* Redis holds a map that is no good: the faults say why. */
	void (*refused)(void *ctx, const struct topo_faults *faults);
};

struct topo_sync;

/* `link` is the program's own; the connection that follows changes is made here. `path`: the embedded Redis's socket. */
struct topo_sync *topo_sync_new(struct loop *loop, struct redis_link *link,
    const struct config *config, const char *path, const struct topo_sync_handler *handler);

/* Reads the map, now or (where a reading is under way) once more after it. Ends in `loaded` or `refused`. */
void topo_sync_read(struct topo_sync *sync);

/*
 * Reads what is there once `id`, an entry of topology:changes, has been added: as topo_sync_read, unless a reading under way
 * covers it already.
 */
void topo_sync_read_past(struct topo_sync *sync, const char *id);

/* Whether the reading under way, or in `loaded` or `refused` the one that ends, began after that entry was added. */
bool topo_sync_covers(const struct topo_sync *sync, const char *id);

/* Whether the last reading covers that entry, has ended in `loaded` or `refused`, and none is under way or owed. */
bool topo_sync_has_read(const struct topo_sync *sync, const char *id);

/* Records that the reading under way has taken. */
size_t topo_sync_n_read(const struct topo_sync *sync);

/* The program's link is up again: a reading that was cut off begins anew. */
void topo_sync_up(struct topo_sync *sync);
/* The program's link went down: what was under way is over. */
void topo_sync_down(struct topo_sync *sync);
void topo_sync_free(struct topo_sync *sync);

#endif
