#include "io/topo_reader.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/log.h"

#define SLICE_NS 1000000 /* what one turn of the loop gives to reading */
#define SCAN_COUNT "250"
#define BUILD_ROWS 5000 /* rows per step of building: less than a millisecond */
#define FIELD_MAX 4200  /* a link names two switches and two interfaces, of 255 characters each */

/*
 * The records of one answer to HSCAN, copied: a switch may list a thousand interfaces, and an answer a thousand switches, so
 * they are taken one by one as time allows, and meanwhile Redis makes the next answer ready.
 */
struct batch {
	struct batch *next;
	enum topo_kind kind;
	size_t n, at; /* records, and how many of them are taken */
	const char *bytes;
	struct {
		size_t key_len, json_len;
	} records[];
};

struct topo_reader {
	struct loop *loop;
	struct redis_link *link;
	struct topo_reader_handler handler;
	char prefix[128];
	struct topo_builder *builder; /* NULL: at rest */
	uint64_t reading;             /* its number: an answer to another one is no matter */
	struct batch *waiting;        /* at most two, in the order in which they came */
	char cursor[32];              /* what to ask next; "": nothing, or it is asked already */
	enum topo_kind kind;          /* of which hash */
	bool all_came;
	size_t n_records;
	int64_t begun_ns, longest_ns; /* of this reading, and of a slice of it */
	struct loop_timer *slice;
};

/* ---- its end ---- */

/* At rest; the builder is the caller's. */
static struct topo_builder *
rest(struct topo_reader *reader)
{
	struct topo_builder *builder = reader->builder;

	reader->builder = NULL;
	while (reader->waiting) {
		struct batch *next = reader->waiting->next;
		free(reader->waiting);
		reader->waiting = next;
	}
	loop_timer_cancel(reader->slice);
	return builder;
}

static void
cut_off(struct topo_reader *reader)
{
	topo_builder_free(rest(reader));
	reader->handler.cut_off(reader->handler.ctx);
}

static void
refuse(struct topo_reader *reader, const char *error)
{
	char where[] = "topology:";
	struct topo_fault fault = { .path = where, .reason = (char *)error };
	const struct topo_faults faults = { .items = &fault, .n = 1, .n_errors = 1 };

	topo_builder_free(rest(reader));
	reader->handler.refused(reader->handler.ctx, &faults);
}

static void
finish(struct topo_reader *reader)
{
	struct topo_builder *builder = rest(reader);
	struct topo *topo = NULL;

	log_info("topology: read %zu records in %.0f ms, no more than %.1f ms at a time",
	    reader->n_records, (double)(loop_now(reader->loop).now_ns - reader->begun_ns) / 1e6,
	    (double)reader->longest_ns / 1e6);
	if (topo_builder_finish(builder, &topo) == 0)
		reader->handler.loaded(reader->handler.ctx, topo, topo_builder_faults(builder));
	else
		reader->handler.refused(reader->handler.ctx, topo_builder_faults(builder));
	topo_builder_free(builder);
}

/* ---- taking ---- */

static void
take_record(
    struct topo_reader *reader, const struct batch *batch, struct slice key, struct slice json)
{
	char field[FIELD_MAX];

	slice_copy(key, field, sizeof(field));
	topo_builder_add_text(reader->builder, batch->kind, field, json);
	reader->n_records++;
}

/* The next record; a batch that is done is freed. */
static void
take_next(struct topo_reader *reader)
{
	struct batch *batch = reader->waiting;

	if (batch->at < batch->n) {
		size_t key_len = batch->records[batch->at].key_len;
		size_t json_len = batch->records[batch->at++].json_len;
		struct slice key = { batch->bytes, key_len };
		struct slice json = { batch->bytes + key_len, json_len };
		batch->bytes += key_len + json_len;
		take_record(reader, batch, key, json);
	}
	if (batch->at == batch->n) {
		reader->waiting = batch->next;
		free(batch);
	}
}

static void ask(struct topo_reader *reader);

/* One slice of the work; the loop turns between two of them. */
static void
on_slice(void *ctx)
{
	struct topo_reader *reader = ctx;
	const int64_t began_ns = loop_now(reader->loop).now_ns;
	int64_t now_ns = began_ns;
	int more = 1;

	do {
		/* First, so that Redis is at it meanwhile. */
		ask(reader);
		if (!reader->builder)
			return;
		if (reader->waiting)
			take_next(reader);
		else if (reader->all_came)
			more = topo_builder_step(reader->builder, BUILD_ROWS);
		else
			return;
		now_ns = loop_now(reader->loop).now_ns;
		if (now_ns - began_ns > reader->longest_ns)
			reader->longest_ns = now_ns - began_ns;
	} while (more == 1 && now_ns - began_ns < SLICE_NS);
	if (more == 1)
		loop_timer_arm(reader->slice, 0);
	else
		finish(reader);
}

/* ---- asking ---- */

static struct batch *
batch_of(enum topo_kind kind, const redisReply *items)
{
	size_t n = items->elements / 2, bytes = 0;

	for (size_t i = 0; i < 2 * n; i++)
		bytes += (size_t)items->element[i]->len;
	struct batch *batch = malloc(sizeof(*batch) + n * sizeof(batch->records[0]) + bytes);
	if (!batch)
		return NULL;
	char *to = (char *)&batch->records[n];
	*batch = (struct batch){ .kind = kind, .n = n, .bytes = to };
	for (size_t i = 0; i < n; i++) {
		const redisReply *key = items->element[2 * i], *json = items->element[2 * i + 1];
		batch->records[i].key_len = (size_t)key->len;
		batch->records[i].json_len = (size_t)json->len;
		memcpy(to, key->str, (size_t)key->len);
		memcpy(to + key->len, json->str, (size_t)json->len);
		to += key->len + json->len;
	}
	return batch;
}

/* What a reply is the answer to. */
struct question {
	struct topo_reader *reader;
	uint64_t reading;
};

static void
next_cursor(struct topo_reader *reader, const char *cursor)
{
	snprintf(reader->cursor, sizeof(reader->cursor), "%s", cursor);
	if (strcmp(cursor, "0") != 0)
		return;
	reader->kind++;
	if (reader->kind < TOPO_KIND_MAX)
		return;
	reader->all_came = true;
	reader->cursor[0] = '\0';
}

static void
on_scan(void *ctx, const redisReply *reply)
{
	struct question question = *(struct question *)ctx;
	struct topo_reader *reader = question.reader;

	free(ctx);
	if (!reader->builder || reader->reading != question.reading)
		return;
	if (!reply) {
		cut_off(reader);
		return;
	}
	if (!redis_link_is_scan(reply)) {
		refuse(reader, reply->str ? reply->str : "odd reply to HSCAN");
		return;
	}
	struct batch *batch = batch_of(reader->kind, reply->element[1]), **at = &reader->waiting;
	if (!batch) {
		refuse(reader, "out of memory");
		return;
	}
	while (*at)
		at = &(*at)->next;
	*at = batch;
	next_cursor(reader, reply->element[0]->str);
	loop_timer_arm(reader->slice, 0);
}

/* Asks for the next records, unless two answers wait already. */
static void
ask(struct topo_reader *reader)
{
	char key[200];

	if (reader->cursor[0] == '\0' || (reader->waiting && reader->waiting->next))
		return;
	struct question *question = malloc(sizeof(*question));
	if (!question) {
		refuse(reader, "out of memory");
		return;
	}
	*question = (struct question){ reader, reader->reading };
	snprintf(
	    key, sizeof(key), "%stopology:%s", reader->prefix, topo_kind_plurals[reader->kind]);
	if (redis_link_words(reader->link, on_scan, question, "HSCAN", key, reader->cursor, "COUNT",
		SCAN_COUNT, NULL) != 0) {
		free(question);
		cut_off(reader);
		return;
	}
	reader->cursor[0] = '\0';
	redis_link_flush(reader->link);
}

/* ---- life ---- */

bool
topo_reader_start(struct topo_reader *reader)
{
	if (redis_link_state(reader->link) != REDIS_UP)
		return false;
	reader->builder = topo_builder_new();
	if (!reader->builder)
		return false;
	reader->reading++;
	reader->n_records = 0;
	reader->longest_ns = 0;
	reader->begun_ns = loop_now(reader->loop).now_ns;
	reader->all_came = false;
	reader->kind = TOPO_SWITCH;
	snprintf(reader->cursor, sizeof(reader->cursor), "0");
	loop_timer_arm(reader->slice, 0);
	return true;
}

size_t
topo_reader_n_records(const struct topo_reader *reader)
{
	return reader->builder ? reader->n_records : 0;
}

struct topo_reader *
topo_reader_new(struct loop *loop, struct redis_link *link, const char *prefix,
    const struct topo_reader_handler *handler)
{
	struct topo_reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return NULL;
	*reader = (struct topo_reader){ .loop = loop, .link = link, .handler = *handler };
	snprintf(reader->prefix, sizeof(reader->prefix), "%s", prefix);
	reader->slice = loop_timer_new(loop, on_slice, reader);
	if (reader->slice)
		return reader;
	free(reader);
	return NULL;
}

void
topo_reader_free(struct topo_reader *reader)
{
	if (!reader)
		return;
	topo_builder_free(rest(reader));
	loop_timer_free(reader->slice);
	free(reader);
}
