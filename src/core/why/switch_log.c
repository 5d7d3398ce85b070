#include "core/switch_log.h"

#include <stdlib.h>
#include <string.h>

#include "util/htab.h"

struct row {
	char *name;
	struct switch_notes notes;
};

struct switch_log {
	struct row **rows;
	uint32_t n, room;
	struct htab index;
	uint64_t lost;
};

static uint64_t
hash_name(const char *name)
{
	return hash_bytes(name, strlen(name), 0);
}

static uint64_t
row_hash(const void *owner, uint32_t value)
{
	return hash_name(((const struct switch_log *)owner)->rows[value]->name);
}

static bool
row_eq(const void *owner, uint32_t value, const void *key)
{
	return strcmp(((const struct switch_log *)owner)->rows[value]->name, key) == 0;
}

static const struct htab_type row_type = { .hash = row_hash, .eq = row_eq };

struct switch_log *
switch_log_new(void)
{
	struct switch_log *log = calloc(1, sizeof(*log));

	if (log)
		htab_init(&log->index, &row_type, log);
	return log;
}

static void
row_free(struct row *row)
{
	free(row->name);
	free(row);
}

void
switch_log_free(struct switch_log *log)
{
	if (!log)
		return;
	for (uint32_t i = 0; i < log->n; i++)
		row_free(log->rows[i]);
	free(log->rows);
	htab_release(&log->index);
	free(log);
}

const struct switch_notes *
switch_log_get(const struct switch_log *log, const char *name)
{
	uint32_t i = htab_find(&log->index, hash_name(name), name);

	return i == HTAB_NONE ? NULL : &log->rows[i]->notes;
}

static bool
room_for_row(struct switch_log *log)
{
	uint32_t room = log->room * 2 + 64;

	if (log->n < log->room)
		return true;
	struct row **rows =
	    log->n < SWITCH_LOG_MAX ? realloc(log->rows, room * sizeof(*rows)) : NULL;
	if (!rows)
		return false;
	log->rows = rows;
	log->room = room;
	return true;
}

/* A new row, or NULL where the bound bites or memory is out. */
static struct switch_notes *
add(struct switch_log *log, const char *name)
{
	struct row *row =
	    log->n < SWITCH_LOG_MAX && room_for_row(log) ? calloc(1, sizeof(*row)) : NULL;

	if (row)
		row->name = strdup(name);
	if (!row || !row->name) {
		free(row);
		log->lost++;
		return NULL;
	}
	log->rows[log->n] = row;
	if (htab_add(&log->index, hash_name(name), log->n) != 0) {
		row_free(row);
		log->lost++;
		return NULL;
	}
	log->n++;
	return &row->notes;
}

static struct switch_notes *
notes_of(struct switch_log *log, const char *name)
{
	uint32_t i = htab_find(&log->index, hash_name(name), name);

	return i == HTAB_NONE ? add(log, name) : &log->rows[i]->notes;
}

static bool
is_nameless(const struct link_event *event)
{
	return event->name.len == 0 && event->descr.len == 0;
}

static void
set_word(struct switch_word *word, const struct link_event *event, enum engine_verdict verdict,
    int64_t wall_us)
{
	word->at_us = wall_us;
	word->if_index = event->if_index;
	word->verdict = verdict;
	slice_copy(slice_of(event->rule), word->rule, sizeof(word->rule));
	slice_copy(event->name.len > 0 ? event->name : event->descr, word->interface,
	    sizeof(word->interface));
}

void
switch_log_event(struct switch_log *log, const char *name, int version,
    const struct link_event *event, enum engine_verdict verdict, int64_t wall_us)
{
	struct switch_notes *notes = notes_of(log, name);

	if (!notes)
		return;
	set_word(
	    event->source == SOURCE_TRAP ? &notes->trap : &notes->line, event, verdict, wall_us);
	if (version != 0)
		notes->trap_version = version;
	if (event->kind == LINK_EVENT_WORD && is_nameless(event))
		notes->n_index_only++;
	if (verdict == VERDICT_NO_INTERFACE) {
		notes->n_no_interface++;
		set_word(&notes->no_interface, event, verdict, wall_us);
	}
	if (event->has_device_time) {
		notes->clock_us = wall_us;
		notes->ahead_us = event->device_time_us - wall_us;
	}
	if (verdict == VERDICT_SOURCE_REFUSED)
		switch_log_refused(log, name, STAT_EVENT_SOURCE_REFUSED, wall_us);
}

void
switch_log_other(struct switch_log *log, const char *name, enum link_source source, int64_t wall_us)
{
	struct switch_notes *notes = notes_of(log, name);

	if (notes)
		*(source == SOURCE_TRAP ? &notes->other_trap_us : &notes->other_line_us) = wall_us;
}

void
switch_log_refused(
    struct switch_log *log, const char *name, enum stats_counter why, int64_t wall_us)
{
	struct switch_notes *notes = notes_of(log, name);
	size_t i = 0;

	if (!notes)
		return;
	while (i < notes->n_refusals && notes->refusals[i].why != why)
		i++;
	if (i == SWITCH_LOG_REFUSALS)
		return;
	if (i == notes->n_refusals)
		notes->refusals[notes->n_refusals++] = (struct switch_refusal){ .why = why };
	notes->refusals[i].n++;
	notes->refusals[i].last_us = wall_us;
}

void
switch_log_over(struct switch_log *log, const char *name, int64_t wall_us)
{
	struct switch_notes *notes = notes_of(log, name);

	if (notes)
		notes->over_us = wall_us;
}

void
switch_log_lost_words(
    struct switch_log *log, const char *name, uint64_t n_folded, uint64_t n_dropped)
{
	struct switch_notes *notes = notes_of(log, name);

	if (!notes)
		return;
	notes->n_folded += n_folded;
	notes->n_dropped += n_dropped;
}

uint64_t
switch_log_lost(const struct switch_log *log)
{
	return log->lost;
}
