/*
 * topo_store: the topology's four hashes in Redis, written and read as a whole (io). For workers alone: it waits for Redis.
 * design.md, `topology:*` of the Redis contract.
 *
 * Storing: all records go to staging keys first (`topology:load:<token>:switches` ...), in commands of at most
 * TOPO_STORE_FIELDS records, so that Redis serves others in between. Then one MULTI puts them in the place of the old ones,
 * which UNLINK frees in the background, and adds an entry to `topology:changes`. Staging keys are removed when anything
 * fails, and expire by themselves where nobody was left to do it.
 */
#ifndef DPWATCH_IO_TOPO_STORE_H
#define DPWATCH_IO_TOPO_STORE_H

#include <jansson.h>
#include <stdbool.h>

#include "core/topo_codec.h"
#include "io/redis_blocking.h"

#define TOPO_STORE_FIELDS 200
#define TOPO_STORE_EXPIRE "600" /* seconds */
#define TOPO_STORE_ID 48

/* The name of a staging key: `token` is a word of its own for each store. Returns buf. */
const char *topo_store_staging_key(
    const char *prefix, const char *token, enum topo_kind kind, char *buf, size_t size);

/*
 * Stores a document that was checked in place of what is there. `progress` is called now and then with how many of all its
 * records Redis has. True with the id of the entry in topology:changes; or false with a message in `error`: Redis then holds
 * what it held before.
 */
typedef void topo_progress_fn(void *ctx, size_t done, size_t all);
bool topo_store(struct redisContext *redis, const char *prefix, const char *token,
    const json_t *document, topo_progress_fn *progress, void *ctx, char ret_id[TOPO_STORE_ID],
    char *error, size_t size);

/* Reads every record; a field may come twice (HSCAN). The slices are valid during the call. False with a message. */
typedef void topo_record_fn(void *ctx, enum topo_kind kind, struct slice key, struct slice json);
bool topo_load(struct redisContext *redis, const char *prefix, topo_record_fn *record, void *ctx,
    char *error, size_t size);

#endif
