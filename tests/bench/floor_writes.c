#include "floor_writes.h"

#include <inttypes.h>
#include <string.h>

enum {
	MAX_ARGS = 48,
};

struct command {
	const char *argv[MAX_ARGS];
	size_t lens[MAX_ARGS];
	int n;
};

/* Inlined, strlen of a literal costs nothing. */
static inline void
add(struct command *command, const char *text)
{
	command->argv[command->n] = text;
	command->lens[command->n++] = strlen(text);
}

static inline void
add2(struct command *command, const char *field, const char *value)
{
	add(command, field);
	add(command, value);
}

/* What a port's hash and its event say in the same words. */
static inline void
add_cause(struct command *command, const struct toggle *toggle, const char *fault)
{
	add2(command, "cause", "access");
	add2(command, "reason", "link-down");
	add2(command, "switch", toggle->names->sw);
	add2(command, "interface", toggle->names->interface);
	add2(command, "fault", fault);
}

static inline void
add_paths(struct command *command, const struct toggle *toggle)
{
	add2(command, "paths_up", toggle->down ? "0" : "1");
	add2(command, "paths_stranded", "0");
	add2(command, "paths_total", "1");
}

static void
append(struct writer *writer, const struct command *command)
{
	if (redisAppendCommandArgv(writer->redis, command->n,
		(const char **)(uintptr_t)command->argv, command->lens) != REDIS_OK)
		bench_die("redis: %s", writer->redis->errstr);
	writer->commands++;
}

static void
append_port(struct writer *writer, const struct toggle *toggle, const char *now,
    const char *revision, const char *fault)
{
	struct command c = { .n = 0 };

	add2(&c, "HSET", toggle->names->port_key);
	add2(&c, "dp_down", toggle->down ? "true" : "false");
	add2(&c, "revision", revision);
	add2(&c, "since", now);
	add_cause(&c, toggle, fault);
	add_paths(&c, toggle);
	add2(&c, "reported", "false");
	add2(&c, "reported_by", "");
	add2(&c, "reported_at", "");
	add2(&c, "reported_note", "");
	add2(&c, "reported_until", "");
	append(writer, &c);
}

static void
append_down(struct writer *writer, const struct toggle *toggle)
{
	struct command c = { .n = 0 };

	add(&c, toggle->down ? "SADD" : "SREM");
	add(&c, writer->down_key);
	add(&c, toggle->names->uuid);
	append(writer, &c);
}

static void
append_interface(struct writer *writer, const struct toggle *toggle, const char *now)
{
	struct command c = { .n = 0 };
	const char *oper = toggle->down ? "down" : "up";
	char json[256];

	snprintf(json, sizeof(json),
	    "{\"oper\":\"%s\",\"admin\":\"up\",\"since\":\"%s\",\"source\":\"%s\","
	    "\"reason\":\"link-down\",\"certain\":true,\"link\":\"%s\",\"protocol\":\"%s\",\"override\":null}",
	    oper, now, toggle->source, oper, oper);
	add2(&c, "HSET", toggle->names->interface_key);
	add2(&c, toggle->names->interface, json);
	append(writer, &c);
}

static void
add_stream(struct command *command, const char *key, const char *max_length)
{
	add2(command, "XADD", key);
	add2(command, "MAXLEN", "~");
	add2(command, max_length, "*");
}

static void
append_event(struct writer *writer, const struct toggle *toggle, const char *now,
    const char *revision, const char *fault)
{
	struct command c = { .n = 0 };

	add_stream(&c, writer->events_key, "1000000");
	add2(&c, "port", toggle->names->uuid);
	add2(&c, "dp_down", toggle->down ? "true" : "false");
	add2(&c, "revision", revision);
	add2(&c, "project_id", toggle->names->project_id);
	add2(&c, "name", toggle->names->port_name);
	add_cause(&c, toggle, fault);
	add2(&c, "source", toggle->source);
	add2(&c, "occurred_at", now);
	add2(&c, "received_at", now);
	add_paths(&c, toggle);
	add2(&c, "reported_by", "");
	add2(&c, "maintenance", "");
	append(writer, &c);
}

static void
append_link_event(struct writer *writer, const struct toggle *toggle, const char *now)
{
	struct command c = { .n = 0 };

	add_stream(&c, writer->link_events_key, "100000");
	add2(&c, "switch", toggle->names->sw);
	add2(&c, "interface", toggle->names->interface);
	add2(&c, "if_index", toggle->names->if_index);
	add2(&c, "oper", toggle->down ? "down" : "up");
	add2(&c, "admin", "up");
	add2(&c, "reason", "link-down");
	add2(&c, "source", toggle->source);
	add2(&c, "received_at", now);
	append(writer, &c);
}

void
writer_add_toggle(
    struct writer *writer, const struct toggle *toggle, const char *now, uint64_t revision)
{
	char number[24], fault[2 * BENCH_NAME + 64];

	snprintf(number, sizeof(number), "%" PRIu64, revision);
	snprintf(
	    fault, sizeof(fault), "%s:%s@%s", toggle->names->sw, toggle->names->interface, now);
	append_port(writer, toggle, now, number, fault);
	append_down(writer, toggle);
	append_event(writer, toggle, now, number, fault);
	writer->toggles++;
}

static void
append_word(struct writer *writer, const char *word)
{
	struct command c = { .n = 0 };

	add(&c, word);
	append(writer, &c);
}

void
writer_begin(struct writer *writer)
{
	writer->commands = writer->toggles = 0;
	append_word(writer, "MULTI");
}

void
writer_end(struct writer *writer)
{
	append_word(writer, "EXEC");
}

void
writer_add_interface(struct writer *writer, const struct toggle *toggle, const char *now)
{
	append_interface(writer, toggle, now);
	append_link_event(writer, toggle, now);
}

void
names_fill(
    const struct writer *writer, unsigned sw, unsigned port, unsigned nth, struct names *names)
{
	bench_switch_name(sw, names->sw);
	bench_interface_name(port, names->interface);
	bench_uuid(sw, port, nth, names->uuid);
	snprintf(
	    names->port_key, sizeof(names->port_key), "%sport:%s", writer->prefix, names->uuid);
	snprintf(names->interface_key, sizeof(names->interface_key), "%sinterface:%s",
	    writer->prefix, names->sw);
	snprintf(names->port_name, sizeof(names->port_name), "vm-%u-%u-%u-eth0", sw, port, nth);
	snprintf(names->project_id, sizeof(names->project_id), "%032x", sw);
	snprintf(names->if_index, sizeof(names->if_index), "%u", port);
}

void
writer_init(struct writer *writer, redisContext *redis, const char *prefix)
{
	*writer = (struct writer){ .redis = redis, .prefix = prefix };
	snprintf(writer->down_key, sizeof(writer->down_key), "%sdown", prefix);
	snprintf(writer->events_key, sizeof(writer->events_key), "%sevents", prefix);
	snprintf(writer->link_events_key, sizeof(writer->link_events_key), "%slink-events", prefix);
}
