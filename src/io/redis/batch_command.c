#include "io/batch_command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OTHER_STREAMS_MAX_LENGTH "100000"

void
batch_command_init(struct batch_command *command, const char *prefix, const char *instance,
    uint64_t events_max_length)
{
	*command =
	    (struct batch_command){ .prefix = prefix, .instance = instance, .line = instance };
	snprintf(command->events_max_length, sizeof(command->events_max_length), "%llu",
	    (unsigned long long)events_max_length);
	snprintf(command->schema, sizeof(command->schema), "%d", REDIS_SCHEMA);
}

static int
make_room(struct batch_command *command, size_t n_args, size_t keys_bytes)
{
	/* Half as much again: the next that is longer seldom allocates. */
	if (n_args > command->room) {
		n_args += n_args / 2;
		const char **argv = realloc(command->argv, n_args * sizeof(*argv));
		if (argv)
			command->argv = argv;
		size_t *lens = argv ? realloc(command->lens, n_args * sizeof(*lens)) : NULL;
		if (!lens)
			return -ENOMEM;
		command->lens = lens;
		command->room = n_args;
	}
	if (keys_bytes > command->keys_room) {
		keys_bytes += keys_bytes / 2;
		char *keys = realloc(command->keys, keys_bytes);
		if (!keys)
			return -ENOMEM;
		command->keys = keys;
		command->keys_room = keys_bytes;
	}
	return 0;
}

static void
add_arg(struct batch_command *command, struct slice arg)
{
	command->argv[command->argc] = arg.data;
	command->lens[command->argc++] = arg.len;
}

static void
add_key(struct batch_command *command, struct slice suffix)
{
	size_t prefix_len = strlen(command->prefix);

	memcpy(command->key_at, command->prefix, prefix_len);
	memcpy(command->key_at + prefix_len, suffix.data, suffix.len);
	add_arg(command, (struct slice){ command->key_at, prefix_len + suffix.len });
	command->key_at += prefix_len + suffix.len;
}

int
batch_command_make(struct batch_command *command, const char *sha, uint64_t epoch,
    const struct outbox_batch *batch)
{
	static const char *const shared[] = { "publisher", "down", "events", "link-events",
		"redundancy" };
	const size_t n_shared = sizeof(shared) / sizeof(shared[0]),
		     n_keys = n_shared + batch->keys.n_args;
	const size_t longest_shared = 12;
	struct slice arg;

	if (make_room(command, 3 + n_keys + 9,
		n_keys * (strlen(command->prefix) + longest_shared) + batch->keys.len) != 0)
		return -ENOMEM;
	command->argc = 0;
	command->key_at = command->keys;
	snprintf(command->numkeys, sizeof(command->numkeys), "%zu", n_keys);
	snprintf(command->epoch, sizeof(command->epoch), "%llu", (unsigned long long)epoch);
	snprintf(
	    command->number, sizeof(command->number), "%llu", (unsigned long long)batch->number);
	snprintf(command->moment, sizeof(command->moment), "%lld", (long long)batch->moment_ms);
	add_arg(command, SLICE("EVALSHA"));
	add_arg(command, slice_of(sha));
	add_arg(command, slice_of(command->numkeys));
	for (size_t i = 0; i < n_shared; i++)
		add_key(command, slice_of(shared[i]));
	for (size_t at = 0; arg_buf_next(&batch->keys, &at, &arg);)
		add_key(command, arg);
	add_arg(command, slice_of(command->epoch));
	add_arg(command, slice_of(command->number));
	add_arg(command, slice_of(command->schema));
	add_arg(command, slice_of(command->events_max_length));
	add_arg(command, SLICE(OTHER_STREAMS_MAX_LENGTH));
	add_arg(command, slice_of(command->instance));
	add_arg(command, slice_of(command->line));
	add_arg(command, slice_of(command->moment));
	add_arg(command, (struct slice){ batch->args.data, batch->args.len });
	return 0;
}

void
batch_command_release(struct batch_command *command)
{
	free(command->argv);
	free(command->lens);
	free(command->keys);
}
