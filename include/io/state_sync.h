/*
 * state_sync: what Redis still knows of interfaces and ports, read once at start and after the two have parted (io).
 */
#ifndef DPWATCH_IO_STATE_SYNC_H
#define DPWATCH_IO_STATE_SYNC_H

#include <stdbool.h>

#include "core/config.h"
#include "core/engine.h"
#include "io/redis_link.h"

struct state_sync_handler {
	void *ctx;
	void (*interface)(
	    void *ctx, struct slice switch_name, struct slice interface, struct slice json);
	void (*port)(void *ctx, const struct engine_port_record *record);
	/* Its key is no hash; what was told of it last is not known, the revision 0. */
	void (*unusable)(void *ctx, const uint8_t port_id[16], uint64_t known_revision);
	/* All was told (error NULL), or not (the connection broke, or Redis refused): then start anew. Called once. */
	void (*done)(void *ctx, const char *error);
};

/*
 * Reads interface:<switch> of every switch of the snapshot (`interfaces` true), and every port:<id>. 0 or a negative errno;
 * then `done` is not called. The snapshot is only looked at during the call.
 */
int state_sync_read(struct redis_link *link, const struct config *config, const struct topo *topo,
    bool interfaces, const struct state_sync_handler *handler);

#endif
