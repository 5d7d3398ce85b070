/*
 * api_load: whether a topology document can be taken, and the answer where it cannot (admin layer; core and jansson only).
 *
 * Parsing a million ports takes seconds and close to a gigabyte, so this is done by a worker (io/worker.h), not in the loop.
 */
#ifndef DPWATCH_ADMIN_API_LOAD_H
#define DPWATCH_ADMIN_API_LOAD_H

#include <jansson.h>
#include <stdbool.h>

#include "admin/api.h"
#include "core/topo_codec.h"
#include "util/slice.h"

/*
 * Parses and checks a document, and holds it against what the map in force has. The caller's reference to the document; or
 * NULL, and *ret_response is the answer: 400 with every fault, 409 where it takes away too much (unless `force`), 500 when
 * memory is out. Nothing is taken over.
 */
json_t *api_load_check(struct slice body, const struct topo_outline *in_force, bool force,
    struct api_response *ret_response);

#endif
