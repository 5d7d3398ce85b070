/*
 * topo_sync: the topology in Redis, both ways (io). design.md, `topology:*` of the Redis contract.
 *
 * Reads the four hashes in slices into a builder and hands over the snapshot; follows `topology:changes` on a connection of
 * its own; stores a whole document as one atomic step. What cannot be taken is refused with its faults, and nothing changes.
 */
#ifndef DPWATCH_IO_TOPO_SYNC_H
#define DPWATCH_IO_TOPO_SYNC_H

#include <jansson.h>
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
 * Stores a document (already checked) in place of what is there, and reads it back. `done` is called once: with NULL when it
 * is stored, else with the reason (Redis then still holds the old map). Returns false, and does not call, when a store is
 * under way or Redis is not there.
 */
typedef void topo_stored_fn(void *ctx, const char *error);
bool topo_sync_store(
    struct topo_sync *sync, const json_t *document, topo_stored_fn *done, void *ctx);

/* Takes one record of each `topology:*` hash after the other; then one call with key.len == 0 (error NULL or a reason). */
typedef void topo_record_fn(
    void *ctx, enum topo_kind kind, struct slice key, struct slice json, const char *error);
bool topo_sync_dump(struct topo_sync *sync, topo_record_fn *record, void *ctx);

/* The program's link is up again: a reading that was cut off begins anew. */
void topo_sync_up(struct topo_sync *sync);
/* The program's link went down: what was under way is over. */
void topo_sync_down(struct topo_sync *sync);
void topo_sync_free(struct topo_sync *sync);

#endif
