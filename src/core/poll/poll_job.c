#include "core/poll_job.h"

#include <stdlib.h>
#include <string.h>

#include "core/discover_job.h"
#include "core/poll_lags.h"

#define REPETITIONS 10

/* How much is asked at a time: all, little, or least. */
enum size { SIZE_ALL, SIZE_ROW, SIZE_LEAST };

/* A switch that restarts more often in one walk is not read on. */
#define RESTARTS_MAX 3

static const struct {
	unsigned long ids[11];
	size_t n;
} columns[POLL_COLUMN_MAX] = {
	[POLL_COLUMN_NAME] = { { 1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 1 }, 11 }, /* ifName */
	[POLL_COLUMN_DESCR] = { { 1, 3, 6, 1, 2, 1, 2, 2, 1, 2 }, 10 },
	[POLL_COLUMN_OPER] = { { 1, 3, 6, 1, 2, 1, 2, 2, 1, 8 }, 10 },
	[POLL_COLUMN_ADMIN] = { { 1, 3, 6, 1, 2, 1, 2, 2, 1, 7 }, 10 },
	[POLL_COLUMN_CHANGE] = { { 1, 3, 6, 1, 2, 1, 2, 2, 1, 9 }, 10 }, /* ifLastChange */
};
static const unsigned long uptime_ids[] = { 1, 3, 6, 1, 2, 1, 1, 3, 0 };

struct poll_job {
	struct discover_job *discovery; /* NULL: this is a walk or a get */
	bool walk;
	bool lags_wanted;
	struct table_walk lags; /* shape: NULL: its rows are being read */
	enum size size;
	unsigned n_restarts;
	uint32_t wanted[POLL_GET_MAX];
	size_t n_wanted, at; /* at: the first wanted one that the next request asks for */
	/* Of a walk: the last index seen per column, and whether its end was. */
	uint32_t cursor[POLL_COLUMN_MAX];
	bool ended[POLL_COLUMN_MAX];
	struct poll_rows rows;
	bool has_uptime, booted;
	uint32_t uptime_cs;
};

/* ---- life ---- */

struct poll_job *
poll_job_walk(void)
{
	struct poll_job *job = calloc(1, sizeof(*job));

	if (!job)
		return NULL;
	job->walk = true;
	return job;
}

void
poll_job_want_lags(struct poll_job *job)
{
	job->lags_wanted = true;
}

struct poll_job *
poll_job_get(const uint32_t *if_indexes, size_t n)
{
	struct poll_job *job = calloc(1, sizeof(*job));

	if (!job)
		return NULL;
	job->n_wanted = n < POLL_GET_MAX ? n : POLL_GET_MAX;
	memcpy(job->wanted, if_indexes, job->n_wanted * sizeof(*if_indexes));
	return job;
}

struct poll_job *
poll_job_discover(void)
{
	struct poll_job *job = calloc(1, sizeof(*job));

	if (!job)
		return NULL;
	job->discovery = discover_job_new();
	if (job->discovery)
		return job;
	free(job);
	return NULL;
}

void
poll_job_free(struct poll_job *job)
{
	if (!job)
		return;
	poll_rows_release(&job->rows);
	table_walk_release(&job->lags);
	discover_job_free(job->discovery);
	free(job);
}

bool
poll_job_is_walk(const struct poll_job *job)
{
	return job->walk;
}

const struct discover_job *
poll_job_discovery(const struct poll_job *job)
{
	return job->discovery;
}

size_t
poll_job_n_rows(const struct poll_job *job)
{
	return job->rows.n;
}

const struct poll_row *
poll_job_row(const struct poll_job *job, size_t i)
{
	return &job->rows.rows[i];
}

bool
poll_job_uptime(const struct poll_job *job, uint32_t *ret_uptime_cs)
{
	if (job->has_uptime)
		*ret_uptime_cs = job->uptime_cs;
	return job->has_uptime;
}

void
poll_job_booted(struct poll_job *job)
{
	job->booted = true;
}

bool
poll_job_has_booted(const struct poll_job *job)
{
	return job->booted;
}

/* ---- asking ---- */

static void
put_oid(struct poll_request *request, const unsigned long *ids, size_t n, uint32_t instance)
{
	memcpy(request->oids[request->n].ids, ids, n * sizeof(*ids));
	request->oids[request->n].n = n;
	if (instance != 0)
		request->oids[request->n].ids[request->oids[request->n].n++] = instance;
	request->n++;
}

/* The first wanted row that the next request does not ask for. */
static size_t
wanted_end(const struct poll_job *job)
{
	return job->size == SIZE_ALL || job->at == job->n_wanted ? job->n_wanted : job->at + 1;
}

void
poll_job_request(const struct poll_job *job, struct poll_request *ret_request)
{
	if (job->discovery) {
		discover_job_request(job->discovery, ret_request);
		return;
	}
	ret_request->bulk = job->walk && job->size != SIZE_LEAST;
	ret_request->next = job->walk && job->size == SIZE_LEAST;
	ret_request->repetitions = job->size == SIZE_ALL ? REPETITIONS : 1;
	ret_request->n = 0;
	put_oid(ret_request, uptime_ids, sizeof(uptime_ids) / sizeof(uptime_ids[0]), 0);
	for (int column = 0; column < POLL_COLUMN_MAX; column++) {
		if (job->ended[column])
			continue;
		for (size_t i = job->at; i < wanted_end(job); i++)
			put_oid(
			    ret_request, columns[column].ids, columns[column].n, job->wanted[i]);
		if (job->walk)
			put_oid(ret_request, columns[column].ids, columns[column].n,
			    job->cursor[column]);
	}
	if (job->lags.shape)
		table_walk_request(&job->lags, ret_request);
	/* GETBULK's non-repeater, and GETNEXT, get the object after the one that is named. */
	if (job->walk)
		ret_request->oids[0].n--;
}

/* ---- answers ---- */

/* Which column's object it is, and of which row; POLL_COLUMN_MAX: none of ours. */
static enum poll_column
column_of(struct oid name, uint32_t *ret_index)
{
	for (int column = 0; column < POLL_COLUMN_MAX; column++) {
		const struct oid base = { columns[column].ids, columns[column].n };
		if (name.n != base.n + 1 || !oid_starts(name, base))
			continue;
		unsigned long index = name.ids[base.n];
		/* InterfaceIndex ends at 2^31-1 (RFC 2863); some agents go on to what an OID can hold. */
		if (index < 1 || index > UINT32_MAX)
			return POLL_COLUMN_MAX;
		*ret_index = (uint32_t)index;
		return (enum poll_column)column;
	}
	return POLL_COLUMN_MAX;
}

static bool
was_wanted(const struct poll_job *job, uint32_t if_index)
{
	for (size_t i = 0; i < job->n_wanted; i++)
		if (job->wanted[i] == if_index)
			return true;
	return job->walk;
}

/*
 * A column that is at its end goes on into the next one, which may be one of ours: rows behind that column's own cursor are
 * no news, and are passed over; so is all that comes out of order.
 */
static void
take_varbind(struct poll_job *job, const struct trap_varbind *varbind,
    const struct poll_answer *answer, bool moved[POLL_COLUMN_MAX])
{
	uint32_t if_index = 0;
	enum poll_column column = column_of(varbind->name, &if_index);

	if (column == POLL_COLUMN_MAX || !was_wanted(job, if_index) ||
	    (job->walk && if_index <= job->cursor[column]))
		return;
	struct poll_row *row = poll_rows_get(&job->rows, if_index);
	if (!row)
		return;
	poll_row_take(row, column, varbind, answer);
	moved[column] = true;
	job->cursor[column] = if_index;
}

/*
 * A column ends when the answer had room for it (its first row stands behind those of the columns before it), and it did not
 * get on. An answer with room for none ends them all: nothing makes an agent be asked for ever.
 */
static bool
end_columns(struct poll_job *job, size_t n, const bool moved[POLL_COLUMN_MAX])
{
	bool more = false;
	size_t at = 1;

	for (int column = 0; column < POLL_COLUMN_MAX; column++) {
		if (job->ended[column])
			continue;
		job->ended[column] = !moved[column] && (at < n || n <= 1);
		more = more || !job->ended[column];
		at++;
	}
	return more;
}

static void
find_uptime(const struct trap_varbind *varbinds, size_t n, struct poll_answer *answer)
{
	const struct oid uptime = { uptime_ids, sizeof(uptime_ids) / sizeof(uptime_ids[0]) };

	for (size_t i = 0; i < n && !answer->has_uptime; i++) {
		if (!oid_eq(varbinds[i].name, uptime) || varbinds[i].type != VALUE_TIMETICKS)
			continue;
		answer->has_uptime = true;
		answer->uptime_cs = (uint32_t)varbinds[i].integer;
	}
}

/* sysUpTime wraps after 497 days: going back by less than half of that is a restart (RFC 3418). */
static bool
take_uptime(struct poll_job *job, const struct poll_answer *answer)
{
	const uint32_t before_cs = job->uptime_cs;
	const bool restarted = answer->has_uptime && job->has_uptime &&
			       answer->uptime_cs < before_cs &&
			       before_cs - answer->uptime_cs < UINT32_MAX / 2;

	if (answer->has_uptime) {
		job->has_uptime = true;
		job->uptime_cs = answer->uptime_cs;
	}
	return restarted;
}

static void
restart(struct poll_job *job)
{
	poll_rows_clear(&job->rows);
	memset(job->cursor, 0, sizeof(job->cursor));
	memset(job->ended, 0, sizeof(job->ended));
	job->at = 0;
	table_walk_release(&job->lags);
	job->lags.shape = NULL;
}

/* What was read before may have other indexes now, and other states. */
static enum poll_step
begin_anew(struct poll_job *job)
{
	restart(job);
	return ++job->n_restarts <= RESTARTS_MAX ? POLL_STEP_MORE : POLL_STEP_DONE;
}

/* What follows the rows, or one of those tables, of a walk. */
static enum poll_step
go_on(struct poll_job *job)
{
	const struct table_shape *before = job->lags.shape;

	poll_lags_take(&job->rows, &job->lags);
	if (!job->lags_wanted || job->rows.n == 0 || before == &poll_stack_shape ||
	    (before == &poll_lag_shape && job->lags.n > 0))
		return POLL_STEP_DONE;
	table_walk_release(&job->lags);
	table_walk_init(&job->lags, before ? &poll_stack_shape : &poll_lag_shape);
	return POLL_STEP_MORE;
}

enum poll_step
poll_job_take(struct poll_job *job, const struct trap_varbind *varbinds, size_t n, int64_t asked_ns)
{
	struct poll_answer answer = { .asked_ns = asked_ns };
	bool moved[POLL_COLUMN_MAX] = { false };

	if (job->discovery)
		return discover_job_take(job->discovery, varbinds, n);
	find_uptime(varbinds, n, &answer);
	if (take_uptime(job, &answer) && job->rows.n > 0)
		return begin_anew(job);
	if (job->lags.shape)
		return table_walk_take(&job->lags, varbinds, n, 1) == TABLE_GOES_ON ? POLL_STEP_MORE
										    : go_on(job);
	for (size_t i = 0; i < n; i++)
		take_varbind(job, &varbinds[i], &answer, moved);
	if (job->walk)
		return end_columns(job, n, moved) ? POLL_STEP_MORE : go_on(job);
	job->at = wanted_end(job);
	return job->at < job->n_wanted ? POLL_STEP_MORE : POLL_STEP_DONE;
}

bool
poll_job_refused(struct poll_job *job)
{
	if (job->discovery)
		return discover_job_refused(job->discovery);
	/* The rows are there: what is asked for now, sysUpTime alone, ends the walk. */
	if (job->lags.shape) {
		table_walk_release(&job->lags);
		job->lags.shape = NULL;
		job->lags_wanted = false;
		return true;
	}
	if (job->size == (job->walk ? SIZE_LEAST : SIZE_ROW))
		return false;
	job->size++;
	return true;
}

/* ---- SNMPv1 ---- */

void
poll_job_use_v1(struct poll_job *job)
{
	if (job->discovery) {
		discover_job_use_v1(job->discovery);
		return;
	}
	restart(job);
	job->size = job->walk ? SIZE_LEAST : SIZE_ROW;
}

/* Which column the request's varbind asks for, where it asks for one of each; POLL_COLUMN_MAX: none. */
static int
column_asked(const struct poll_job *job, long index)
{
	long at = 2; /* behind sysUpTime */

	for (int column = 0; column < POLL_COLUMN_MAX; column++) {
		if (job->ended[column])
			continue;
		if (at++ == index)
			return column;
	}
	return POLL_COLUMN_MAX;
}

static enum poll_step
end_column(struct poll_job *job, int column)
{
	job->ended[column] = true;
	for (int other = 0; other < POLL_COLUMN_MAX; other++)
		if (!job->ended[other])
			return POLL_STEP_MORE;
	return POLL_STEP_DONE;
}

enum poll_step
poll_job_no_such(struct poll_job *job, long index)
{
	if (job->discovery)
		return discover_job_no_such(job->discovery, index);
	const int column = column_asked(job, index);

	if (job->lags.shape)
		return table_walk_no_such(&job->lags,
			   index < 2 ? TABLE_COLUMNS_MAX : (size_t)index - 2) == TABLE_GOES_ON
			   ? POLL_STEP_MORE
			   : go_on(job);
	if (job->walk)
		return column != POLL_COLUMN_MAX && end_column(job, column) == POLL_STEP_MORE
			   ? POLL_STEP_MORE
			   : go_on(job);
	/* No row has a name without ifXTable, or a date with old agents; a row without a state is none. */
	if (column == POLL_COLUMN_NAME || column == POLL_COLUMN_CHANGE)
		return end_column(job, column);
	job->at = wanted_end(job);
	return job->at < job->n_wanted ? POLL_STEP_MORE : POLL_STEP_DONE;
}

bool
poll_job_complete(const struct poll_job *job)
{
	for (size_t i = 0; i < job->n_wanted; i++) {
		const struct poll_row *row = poll_rows_find(&job->rows, job->wanted[i]);
		if (!row || row->oper == 0)
			return false;
	}
	return true;
}
