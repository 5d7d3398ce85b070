/*
 * batch_command: one batch of the outbox as one EVALSHA (io). The script's arguments: core/change_codec.h.
 */
#ifndef DPWATCH_IO_BATCH_COMMAND_H
#define DPWATCH_IO_BATCH_COMMAND_H

#include <stddef.h>
#include <stdint.h>

#include "core/change_pack.h"
#include "core/outbox.h"

/* Room for one command, kept from batch to batch. */
struct batch_command {
	char *text; /* owned: the command as it goes over the wire (RESP) */
	size_t len, room;
	struct change_pack pack; /* owned: the batch's head and records */
	const char *prefix, *instance;
	const char *line; /* borrowed, and set by whoever makes commands */
	uint64_t events_max_length;
	/* What was made last; line NULL: nothing. */
	struct {
		uint64_t epoch, number;
		const char *line;
	} made;
};

/* An empty command; prefix and instance are borrowed. */
void batch_command_init(struct batch_command *command, const char *prefix, const char *instance,
    uint64_t events_max_length);

/* Fills text and len, which are valid until the next call. 0; or -ENOMEM with an empty command. */
int batch_command_make(struct batch_command *command, const char *sha, uint64_t epoch,
    const struct outbox_batch *batch);

void batch_command_release(struct batch_command *command);

#endif
