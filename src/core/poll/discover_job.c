#include "core/discover_job.h"

#include <stdlib.h>
#include <string.h>

#include "core/discover_tables.h"

#define REPETITIONS 10

/* How much is asked at a time: all, little, or least. */
enum size { SIZE_ALL, SIZE_ROW, SIZE_LEAST };

/* A switch that restarts more often is not read on. */
#define RESTARTS_MAX 3

#define MIB2(...)                             \
	{                                     \
		1, 3, 6, 1, 2, 1, __VA_ARGS__ \
	}
#define LLDP(...)                                   \
	{                                           \
		1, 0, 8802, 1, 1, 2, 1, __VA_ARGS__ \
	}
#define LLDP2(...)                                          \
	{                                                   \
		1, 3, 111, 2, 802, 1, 1, 13, 1, __VA_ARGS__ \
	}

const struct table_shape discover_tables[READ_MAX] = {
	[READ_SYSTEM] = {
		.name = "SNMPv2-MIB system",
		.columns = { [SYSTEM_NAME] = { MIB2(1, 5), 8 },
			[SYSTEM_ENGINE_ID] = { { 1, 3, 6, 1, 6, 3, 10, 2, 1, 1 }, 10 },
			[SYSTEM_CHASSIS_KIND] = { LLDP(3, 1), 9 },
			[SYSTEM_CHASSIS] = { LLDP(3, 2), 9 },
			[SYSTEM_CHASSIS2_KIND] = { LLDP2(3, 1), 11 },
			[SYSTEM_CHASSIS2] = { LLDP2(3, 2), 11 } },
		.n_columns = 6,
		.index_min = 1,
		.index_max = 1,
		.scalars = true,
	},
	[READ_INTERFACES] = {
		.name = "IF-MIB ifTable",
		.columns = { [IF_DESCR] = { MIB2(2, 2, 1, 2), 10 },
			[IF_TYPE] = { MIB2(2, 2, 1, 3), 10 },
			[IF_MAC] = { MIB2(2, 2, 1, 6), 10 },
			[IF_NAME] = { MIB2(31, 1, 1, 1, 1), 11 },
			[IF_ALIAS] = { MIB2(31, 1, 1, 1, 18), 11 } },
		.n_columns = 5,
		.index_min = 1,
		.index_max = 1,
	},
	[READ_LAG] = {
		.name = "IEEE8023-LAG-MIB dot3adAggPortTable",
		.columns = { [LAG_SELECTED] = { { 1, 2, 840, 10006, 300, 43, 1, 2, 1, 1, 12 }, 11 },
			[LAG_ATTACHED] = { { 1, 2, 840, 10006, 300, 43, 1, 2, 1, 1, 13 }, 11 } },
		.n_columns = 2,
		.index_min = 1,
		.index_max = 1,
	},
	[READ_STACK] = {
		.name = "IF-MIB ifStackTable",
		.columns = { { MIB2(31, 1, 2, 1, 3), 11 } },
		.n_columns = 1,
		.index_min = 2,
		.index_max = 2,
	},
	[READ_LLDP_PORTS] = {
		.name = "LLDP-MIB lldpLocPortTable",
		.columns = { [PORT_ID_KIND] = { LLDP(3, 7, 1, 2), 11 },
			[PORT_ID] = { LLDP(3, 7, 1, 3), 11 },
			[PORT_DESCR] = { LLDP(3, 7, 1, 4), 11 } },
		.n_columns = 3,
		.index_min = 1,
		.index_max = 1,
	},
	[READ_NEIGHBOURS] = {
		.name = "LLDP-MIB lldpRemTable",
		.columns = { [REMOTE_CHASSIS_KIND] = { LLDP(4, 1, 1, 4), 11 },
			[REMOTE_CHASSIS] = { LLDP(4, 1, 1, 5), 11 },
			[REMOTE_PORT_KIND] = { LLDP(4, 1, 1, 6), 11 },
			[REMOTE_PORT] = { LLDP(4, 1, 1, 7), 11 },
			[REMOTE_PORT_DESCR] = { LLDP(4, 1, 1, 8), 11 },
			[REMOTE_NAME] = { LLDP(4, 1, 1, 9), 11 },
			[REMOTE_CAPABILITIES] = { LLDP(4, 1, 1, 12), 11 } },
		.n_columns = 7,
		.index_min = 3,
		.index_max = 3,
		.time_filter = true,
	},
	/* Its columns say how the address is to be used; the address is in the index. */
	[READ_NEIGHBOUR_ADDRESSES] = {
		.name = "LLDP-MIB lldpRemManAddrTable",
		.columns = { { LLDP(4, 2, 1, 3), 11 } },
		.n_columns = 1,
		.index_min = 6,
		.index_max = 21,
		.time_filter = true,
	},
	[READ_LLDP2_PORTS] = {
		.name = "LLDP-V2-MIB lldpV2LocPortTable",
		.columns = { [PORT_ID_KIND] = { LLDP2(3, 7, 1, 2), 13 },
			[PORT_ID] = { LLDP2(3, 7, 1, 3), 13 },
			[PORT_DESCR] = { LLDP2(3, 7, 1, 4), 13 } },
		.n_columns = 3,
		.index_min = 1,
		.index_max = 1,
	},
	[READ_NEIGHBOURS2] = {
		.name = "LLDP-V2-MIB lldpV2RemTable",
		.columns = { [REMOTE_CHASSIS_KIND] = { LLDP2(4, 1, 1, 5), 13 },
			[REMOTE_CHASSIS] = { LLDP2(4, 1, 1, 6), 13 },
			[REMOTE_PORT_KIND] = { LLDP2(4, 1, 1, 7), 13 },
			[REMOTE_PORT] = { LLDP2(4, 1, 1, 8), 13 },
			[REMOTE_PORT_DESCR] = { LLDP2(4, 1, 1, 9), 13 },
			[REMOTE_NAME] = { LLDP2(4, 1, 1, 10), 13 },
			[REMOTE_CAPABILITIES] = { LLDP2(4, 1, 1, 13), 13 } },
		.n_columns = 7,
		.index_min = 4,
		.index_max = 4,
		.time_filter = true,
	},
	[READ_NEIGHBOUR2_ADDRESSES] = {
		.name = "LLDP-V2-MIB lldpV2RemManAddrTable",
		.columns = { { LLDP2(4, 2, 1, 3), 13 } },
		.n_columns = 1,
		.index_min = 7,
		.index_max = 22,
		.time_filter = true,
	},
};

static const unsigned long uptime_ids[] = { 1, 3, 6, 1, 2, 1, 1, 3, 0 };
#define N_UPTIME (sizeof(uptime_ids) / sizeof(uptime_ids[0]))

struct discover_job {
	enum discover_table at;
	enum size size;
	unsigned n_restarts;
	bool has_uptime;
	uint32_t uptime_cs;
	struct table_walk walks[READ_MAX];
};

static void
begin(struct discover_job *job)
{
	for (int i = 0; i < READ_MAX; i++)
		table_walk_init(&job->walks[i], &discover_tables[i]);
	job->at = READ_SYSTEM;
}

struct discover_job *
discover_job_new(void)
{
	struct discover_job *job = calloc(1, sizeof(*job));

	if (job)
		begin(job);
	return job;
}

static void
release_walks(struct discover_job *job)
{
	for (int i = 0; i < READ_MAX; i++)
		table_walk_release(&job->walks[i]);
}

void
discover_job_free(struct discover_job *job)
{
	if (!job)
		return;
	release_walks(job);
	free(job);
}

/* ---- which table is next ---- */

static bool
has_membership(const struct table_walk *walk)
{
	for (size_t row = 0; row < walk->n; row++)
		if (table_walk_cell(walk, row, LAG_ATTACHED)->number > 0 ||
		    table_walk_cell(walk, row, LAG_SELECTED)->number > 0)
			return true;
	return false;
}

static bool
is_needed(const struct discover_job *job, enum discover_table table)
{
	switch (table) {
	case READ_STACK:
		return !has_membership(&job->walks[READ_LAG]);
	case READ_NEIGHBOUR_ADDRESSES:
		return job->walks[READ_NEIGHBOURS].n > 0;
	case READ_LLDP2_PORTS:
	case READ_NEIGHBOURS2:
		return job->walks[READ_NEIGHBOURS].n == 0;
	case READ_NEIGHBOUR2_ADDRESSES:
		return job->walks[READ_NEIGHBOURS2].n > 0;
	default:
		return true;
	}
}

static enum poll_step
go_on(struct discover_job *job)
{
	do
		job->at++;
	while (job->at < READ_MAX && !is_needed(job, job->at));
	return job->at < READ_MAX ? POLL_STEP_MORE : POLL_STEP_DONE;
}

/* ---- asking ---- */

void
discover_job_request(const struct discover_job *job, struct poll_request *ret_request)
{
	const struct table_walk *walk = &job->walks[job->at];

	ret_request->bulk = job->size != SIZE_LEAST;
	ret_request->next = !ret_request->bulk;
	ret_request->repetitions = job->size == SIZE_ALL && !walk->shape->scalars ? REPETITIONS : 1;
	/* GETBULK's non-repeater, and GETNEXT, get the object after the one that is named. */
	memcpy(ret_request->oids[0].ids, uptime_ids, sizeof(uptime_ids));
	ret_request->oids[0].n = N_UPTIME - 1;
	ret_request->n = 1;
	table_walk_request(walk, ret_request);
}

/* ---- answers ---- */

/* sysUpTime wraps after 497 days: going back by less than half of that is a restart (RFC 3418). */
static bool
has_restarted(struct discover_job *job, const struct trap_varbind *varbinds, size_t n)
{
	const struct oid uptime = { uptime_ids, N_UPTIME };

	if (n == 0 || !oid_eq(varbinds[0].name, uptime) || varbinds[0].type != VALUE_TIMETICKS)
		return false;
	const uint32_t before_cs = job->uptime_cs;
	const bool had_uptime = job->has_uptime;
	job->has_uptime = true;
	job->uptime_cs = (uint32_t)varbinds[0].integer;
	return had_uptime && job->uptime_cs < before_cs &&
	       before_cs - job->uptime_cs < UINT32_MAX / 2;
}

enum poll_step
discover_job_take(struct discover_job *job, const struct trap_varbind *varbinds, size_t n)
{
	/* What was read before may have other indexes now. */
	if (has_restarted(job, varbinds, n)) {
		if (++job->n_restarts > RESTARTS_MAX)
			return POLL_STEP_DONE;
		release_walks(job);
		begin(job);
		return POLL_STEP_MORE;
	}
	return table_walk_take(&job->walks[job->at], varbinds, n, 1) == TABLE_GOES_ON
		   ? POLL_STEP_MORE
		   : go_on(job);
}

/* Where there is no less to ask for, the table stays unread, and the next one is. */
bool
discover_job_refused(struct discover_job *job)
{
	if (job->size < SIZE_LEAST) {
		job->size++;
		return true;
	}
	table_walk_stop(&job->walks[job->at], TABLE_REFUSED);
	return go_on(job) == POLL_STEP_MORE;
}

void
discover_job_use_v1(struct discover_job *job)
{
	release_walks(job);
	begin(job);
	job->size = SIZE_LEAST;
}

/* sysUpTime is the first varbind, and has always something behind it; columns follow. */
enum poll_step
discover_job_no_such(struct discover_job *job, long index)
{
	const size_t nth = index >= 2 ? (size_t)index - 2 : TABLE_COLUMNS_MAX;

	return table_walk_no_such(&job->walks[job->at], nth) == TABLE_GOES_ON ? POLL_STEP_MORE
									      : go_on(job);
}

json_t *
discover_job_facts(const struct discover_job *job)
{
	return discover_facts(job->walks);
}
