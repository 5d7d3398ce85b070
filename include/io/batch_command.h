/*
 * batch_command: one batch of the outbox as one EVALSHA (io). The script's arguments: core/change_codec.h.
 */
#ifndef DPWATCH_IO_BATCH_COMMAND_H
#define DPWATCH_IO_BATCH_COMMAND_H

#include <stddef.h>
#include <stdint.h>

#include "core/outbox.h"

/* Room for one command, kept from batch to batch. argv points into it and into the batch. */
struct batch_command {
	const char **argv;
	size_t *lens, argc, room;
	char *keys; /* with their prefix */
	size_t keys_room;
	char *key_at; /* its next free byte */
	const char *prefix, *instance;
	const char *line; /* borrowed, and set by whoever makes commands */
	char events_max_length[24], numkeys[16], epoch[24], number[24], moment[24], schema[16];
};

/* An empty command; prefix and instance are borrowed. */
void batch_command_init(struct batch_command *command, const char *prefix, const char *instance,
    uint64_t events_max_length);

/* Fills argv, lens and argc; they are valid until the next call, and as long as sha and batch. 0 or -ENOMEM. */
int batch_command_make(struct batch_command *command, const char *sha, uint64_t epoch,
    const struct outbox_batch *batch);

void batch_command_release(struct batch_command *command);

#endif
