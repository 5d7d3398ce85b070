/*
 * Any answers to a poll: whatever an agent tells, rows are ordered, bounded and asked for, requests stay within their arrays, and
 * names can be handed on.
 *
 * The first byte: a walk, or a get of so many rows. Then varbinds: what (a column, sysUpTime, another object; the end of the
 * answer; a refusal), four bytes of index, one of type, one of length, and so many bytes.
 */
#include <string.h>

#include "core/poll_job.h"
#include "lib/fuzz_input.h"

enum {
	WHAT_UPTIME = 4,
	WHAT_OTHER,
	WHAT_END,
	WHAT_REFUSED,
	WHAT_LAG,
	WHAT_STACK,
	WHAT_CHANGE,
	WHAT_MAX
};

static const struct {
	unsigned long ids[11];
	size_t n;
} objects[] = {
	{ { 1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 1 }, 11 },
	{ { 1, 3, 6, 1, 2, 1, 2, 2, 1, 2 }, 10 },
	{ { 1, 3, 6, 1, 2, 1, 2, 2, 1, 7 }, 10 },
	{ { 1, 3, 6, 1, 2, 1, 2, 2, 1, 8 }, 10 },
	[WHAT_UPTIME] = { { 1, 3, 6, 1, 2, 1, 1, 3 }, 8 },
	[WHAT_OTHER] = { { 1, 3, 6, 1, 2, 1, 2, 2, 1 }, 9 },
	[WHAT_LAG] = { { 1, 2, 840, 10006, 300, 43, 1, 2, 1, 1, 13 }, 11 },
	[WHAT_CHANGE] = { { 1, 3, 6, 1, 2, 1, 2, 2, 1, 9 }, 10 },
	[WHAT_STACK] = { { 1, 3, 6, 1, 2, 1, 31, 1, 2, 1, 3 }, 11 },
};

static uint32_t
take_number(const uint8_t **data, size_t *size, size_t n)
{
	struct slice bytes = take(data, size, n);
	uint32_t number = 0;

	for (size_t i = 0; i < bytes.len; i++)
		number = number << 8 | (uint8_t)bytes.data[i];
	return number;
}

static void
check_request(const struct poll_job *job)
{
	struct poll_request request;

	poll_job_request(job, &request);
	must(request.n >= 1 && request.n <= POLL_OIDS_MAX);
	must(request.bulk + request.next == poll_job_is_walk(job));
	for (size_t i = 0; i < request.n; i++)
		must(request.oids[i].n >= 8 && request.oids[i].n <= POLL_OID_LEN);
}

static void
check_rows(const struct poll_job *job, const uint32_t *wanted, size_t n_wanted)
{
	struct link_event event;

	must(poll_job_n_rows(job) <= POLL_ROWS_MAX);
	for (size_t i = 0; i < poll_job_n_rows(job); i++) {
		const struct poll_row *row = poll_job_row(job, i);
		bool found = poll_job_is_walk(job);
		must(i == 0 || poll_job_row(job, i - 1)->if_index < row->if_index);
		must(row->if_index >= 1 && row->oper <= 7 && row->admin <= 7);
		must(row->age_ns >= 0 && row->age_ns <= UINT32_MAX * INT64_C(10000000));
		must(row->age_ns == 0 || row->oper != 0);
		must(row->aggregate == 0 || (row->lag_told && row->aggregate != row->if_index));
		must(!row->name || (row->name[0] && strlen(row->name) <= IFNAME_MAX));
		must(!row->descr || (row->descr[0] && strlen(row->descr) <= IFNAME_MAX));
		for (size_t k = 0; k < n_wanted; k++)
			found = found || wanted[k] == row->if_index;
		must(found);
		if (poll_row_event(row, &event))
			must(event.word == WORD_UP || event.word == WORD_DOWN ||
			     event.word == WORD_ADMIN_DOWN);
	}
}

static void
take_varbind(unsigned what, const uint8_t **data, size_t *size, unsigned long *ids,
    struct trap_varbind *ret_varbind)
{
	size_t n = objects[what].n;

	memcpy(ids, objects[what].ids, n * sizeof(*ids));
	ids[n++] = take_number(data, size, 4);
	if (what == WHAT_STACK)
		ids[n++] = take_number(data, size, 1);
	*ret_varbind = (struct trap_varbind){ .name = { ids, n } };
	ret_varbind->type =
	    (enum trap_value_type)(take_number(data, size, 1) % (VALUE_ADDRESS + 1));
	ret_varbind->bytes = take(data, size, take_number(data, size, 1));
	ret_varbind->integer = ret_varbind->bytes.len > 0 ? ret_varbind->bytes.data[0] : 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static unsigned long ids[TRAP_VARBINDS_MAX][POLL_OID_LEN];
	struct trap_varbind varbinds[TRAP_VARBINDS_MAX];
	uint32_t wanted[POLL_GET_MAX];
	const uint32_t first = take_number(&data, &size, 1);
	const size_t n_wanted = first % (POLL_GET_MAX + 1);
	enum poll_step step = POLL_STEP_MORE;
	size_t n = 0;

	for (size_t i = 0; i < n_wanted; i++)
		wanted[i] = (uint32_t)i * 3 + 1;
	struct poll_job *job = n_wanted == 0 ? poll_job_walk() : poll_job_get(wanted, n_wanted);
	must(job);
	if (n_wanted == 0 && first > POLL_GET_MAX)
		poll_job_want_lags(job);
	for (int64_t asked_ns = 1; size > 0 && step == POLL_STEP_MORE; asked_ns++) {
		unsigned what = take_number(&data, &size, 1) % WHAT_MAX;
		check_request(job);
		if (what == WHAT_REFUSED)
			step = poll_job_refused(job) ? POLL_STEP_MORE : POLL_STEP_DONE;
		else if (what != WHAT_END && n < TRAP_VARBINDS_MAX) {
			take_varbind(what, &data, &size, ids[n], &varbinds[n]);
			n++;
		} else {
			step = poll_job_take(job, varbinds, n, asked_ns);
			n = 0;
			check_rows(job, wanted, n_wanted);
		}
	}
	poll_job_free(job);
	return 0;
}
