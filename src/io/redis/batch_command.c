#include "io/batch_command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define OTHER_STREAMS_MAX_LENGTH 100000

/* "$", the length, and the two line ends of one argument, or the whole of a number. */
#define ARG_EXTRA 48

static const char *const shared_keys[] = { "publisher", "down", "events", "link-events",
	"redundancy" };
#define N_SHARED (sizeof(shared_keys) / sizeof(shared_keys[0]))
#define SHARED_KEY_MAX 12
#define N_OTHER_ARGS 4 /* than keys */

void
batch_command_init(struct batch_command *command, const char *prefix, const char *instance,
    uint64_t events_max_length)
{
	*command = (struct batch_command){
		.prefix = prefix,
		.instance = instance,
		.line = instance,
		.events_max_length = events_max_length,
	};
}

static int
make_room(struct batch_command *command, size_t need)
{
	if (need <= command->room)
		return 0;
	char *text = realloc(command->text, need * 2);
	if (!text)
		return -ENOMEM;
	command->text = text;
	command->room = need * 2;
	return 0;
}

/* ---- RESP; there is room ---- */

static void
put(struct batch_command *command, struct slice bytes)
{
	if (bytes.len > 0)
		memcpy(command->text + command->len, bytes.data, bytes.len);
	command->len += bytes.len;
}

/* The head of an array of `value` arguments, or of an argument of `value` bytes. */
static void
put_head(struct batch_command *command, struct slice mark, size_t value)
{
	char digits[SLICE_DECIMAL];

	put(command, mark);
	put(command, slice_decimal(value, digits));
	put(command, SLICE("\r\n"));
}

static void
put_arg(struct batch_command *command, struct slice arg)
{
	put_head(command, SLICE("$"), arg.len);
	put(command, arg);
	put(command, SLICE("\r\n"));
}

static void
put_number(struct batch_command *command, uint64_t value)
{
	char digits[SLICE_DECIMAL];

	put_arg(command, slice_decimal(value, digits));
}

static void
put_key(struct batch_command *command, struct slice suffix)
{
	const struct slice prefix = slice_of(command->prefix);

	put_head(command, SLICE("$"), prefix.len + suffix.len);
	put(command, prefix);
	put(command, suffix);
	put(command, SLICE("\r\n"));
}

/* What batch_command_make() writes, at most. */
static size_t
bound(const struct batch_command *command, const char *sha, const struct outbox_batch *batch)
{
	const size_t n_keys = N_SHARED + batch->keys.n_args;

	/* A value is either among the packed ones or a state. */
	return (n_keys + N_OTHER_ARGS + command->pack.n_states + 1) * ARG_EXTRA +
	       n_keys * strlen(command->prefix) + N_SHARED * SHARED_KEY_MAX + batch->keys.len +
	       strlen(sha) + command->pack.records.len + batch->args.len;
}

static bool
follows(const struct batch_command *command, uint64_t epoch, uint64_t number)
{
	return command->made.line == command->line && command->made.epoch == epoch &&
	       command->made.number + 1 == number;
}

int
batch_command_make(struct batch_command *command, const char *sha, uint64_t epoch,
    const struct outbox_batch *batch)
{
	const size_t n_keys = N_SHARED + batch->keys.n_args;
	const struct script_head head = {
		.epoch = epoch,
		.number = batch->number,
		.moment_ms = batch->moment_ms,
		.instance = command->instance,
		.line = command->line,
		.follows = follows(command, epoch, batch->number),
		.events_max_length = command->events_max_length,
		.others_max_length = OTHER_STREAMS_MAX_LENGTH,
		.records = &batch->args,
	};
	struct slice suffix;

	command->len = 0;
	change_pack_clear(&command->pack);
	if (script_head_encode(&head, &command->pack.records) != 0 ||
	    change_pack(&command->pack, &batch->args) != 0 ||
	    make_room(command, bound(command, sha, batch)) != 0)
		return -ENOMEM;
	put_head(command, SLICE("*"), n_keys + N_OTHER_ARGS + command->pack.n_states);
	put_arg(command, SLICE("EVALSHA"));
	put_arg(command, slice_of(sha));
	put_number(command, n_keys);
	for (size_t i = 0; i < N_SHARED; i++)
		put_key(command, slice_of(shared_keys[i]));
	for (size_t at = 0; arg_buf_next(&batch->keys, &at, &suffix);)
		put_key(command, suffix);
	put_arg(command, (struct slice){ command->pack.records.data, command->pack.records.len });
	for (size_t i = 0; i < command->pack.n_states; i++)
		put_arg(command, command->pack.states[i]);
	command->made.epoch = epoch;
	command->made.number = batch->number;
	command->made.line = command->line;
	return 0;
}

void
batch_command_release(struct batch_command *command)
{
	change_pack_release(&command->pack);
	free(command->text);
}
