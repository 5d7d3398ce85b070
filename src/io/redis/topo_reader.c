#include "io/topo_reader.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/log.h"

#define SLICE_NS 1000000 /* what one turn of the loop gives to reading */
#define SCAN_COUNT "500"
#define BUILD_ROWS 5000 /* rows per step of building: less than a millisecond */
/* Ports are taken quicker together; a switch may list a thousand interfaces. */
#define PORTS_AT_ONCE 64

/*
 * The records of one answer to HSCAN, copied: a switch may list a thousand interfaces, and an answer a thousand switches, so
 * they are taken a few at a time, and meanwhile Redis makes the next answer ready.
 */
struct batch {
	struct batch *next;
	enum topo_kind kind;
	size_t n, at; /* records, and how many of them are taken */
	struct topo_record records[];
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
	char where[32] = "topology";

	if (reader->kind < TOPO_KIND_MAX)
		snprintf(where, sizeof(where), "topology:%s", topo_kind_plurals[reader->kind]);
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

/* The next records; a batch that is done is freed. */
static void
take_next(struct topo_reader *reader)
{
	struct batch *batch = reader->waiting;
	size_t n = batch->kind == TOPO_PORT ? PORTS_AT_ONCE : 1;

	if (n > batch->n - batch->at)
		n = batch->n - batch->at;
	topo_builder_add_records(reader->builder, batch->kind, &batch->records[batch->at], n);
	reader->n_records += n;
	batch->at += n;
	if (batch->at < batch->n)
		return;
	reader->waiting = batch->next;
	free(batch);
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

static struct slice
copy_text(const redisReply *text, char **to)
{
	struct slice copy = { *to, (size_t)text->len };

	memcpy(*to, text->str, copy.len);
	*to += copy.len;
	return copy;
}

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
	*batch = (struct batch){ .kind = kind, .n = n };
	for (size_t i = 0; i < n; i++) {
		batch->records[i].key = copy_text(items->element[2 * i], &to);
		batch->records[i].json = copy_text(items->element[2 * i + 1], &to);
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
		refuse(reader, reply->str ? reply->str : ODD_REPLY);
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

/* How many records of a kind will come. What is no hash the scan is told. */
static void
on_count(void *ctx, const redisReply *reply)
{
	struct question question = *(struct question *)ctx;
	struct topo_reader *reader = question.reader;

	free(ctx);
	if (reader->builder && reader->reading == question.reading && reply &&
	    reply->type == REDIS_REPLY_INTEGER && reply->integer <= UINT32_MAX)
		topo_builder_expect(reader->builder, reader->kind, (uint32_t)reply->integer);
}

/* One command about the hash in hand; `cursor` NULL: how long it is, else the records from there. 0 or a negative errno. */
static int
put_question(struct topo_reader *reader, const char *cursor)
{
	struct question *question = malloc(sizeof(*question));
	char key[200];

	if (!question)
		return -ENOMEM;
	*question = (struct question){ reader, reader->reading };
	snprintf(
	    key, sizeof(key), "%stopology:%s", reader->prefix, topo_kind_plurals[reader->kind]);
	int r = cursor ? redis_link_words(reader->link, on_scan, question, "HSCAN", key, cursor,
			     "COUNT", SCAN_COUNT, NULL)
		       : redis_link_words(reader->link, on_count, question, "HLEN", key, NULL);
	if (r != 0)
		free(question);
	return r;
}

/* Asks for the next records, unless two answers wait already. */
static void
ask(struct topo_reader *reader)
{
	if (reader->cursor[0] == '\0' || (reader->waiting && reader->waiting->next))
		return;
	int r = strcmp(reader->cursor, "0") == 0 ? put_question(reader, NULL) : 0;
	if (r == 0)
		r = put_question(reader, reader->cursor);
	if (r == -ENOMEM)
		refuse(reader, "out of memory");
	else if (r != 0)
		cut_off(reader);
	else
		redis_link_flush(reader->link);
	reader->cursor[0] = '\0';
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
