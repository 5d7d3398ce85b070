#include "core/discoveries.h"

#include <stdlib.h>
#include <string.h>

struct discovery {
	uint64_t number; /* 0: this place is free */
	json_t *names;
	size_t n_begun;     /* of the names */
	size_t n_running;   /* of those, not done */
	json_t *results;    /* that may still be fetched */
	uint64_t n_dropped; /* results before those */
	int64_t fetched_ns;
};

struct discoveries {
	struct discovery places[DISCOVERIES_MAX];
	size_t turn; /* whose turn it is in discoveries_next */
	uint64_t last_number;
};

struct discoveries *
discoveries_new(void)
{
	return calloc(1, sizeof(struct discoveries));
}

static void
drop(struct discovery *discovery)
{
	json_decref(discovery->names);
	json_decref(discovery->results);
	*discovery = (struct discovery){ .number = 0 };
}

void
discoveries_free(struct discoveries *discoveries)
{
	for (size_t i = 0; discoveries && i < DISCOVERIES_MAX; i++)
		drop(&discoveries->places[i]);
	free(discoveries);
}

/* NULL: there is none. */
static struct discovery *
find(struct discoveries *discoveries, uint64_t number)
{
	for (size_t i = 0; i < DISCOVERIES_MAX; i++)
		if (discoveries->places[i].number == number)
			return &discoveries->places[i];
	return NULL;
}

uint64_t
discoveries_begin(struct discoveries *discoveries, json_t *taken_names, int64_t now_ns)
{
	struct discovery *discovery = find(discoveries, 0);

	if (!discovery) {
		json_decref(taken_names);
		return 0;
	}
	*discovery = (struct discovery){
		.number = ++discoveries->last_number,
		.names = taken_names,
		.results = json_array(),
		.fetched_ns = now_ns,
	};
	return discovery->number;
}

static bool
has_next(const struct discovery *discovery)
{
	return discovery->number != 0 && discovery->n_begun < json_array_size(discovery->names) &&
	       discovery->n_running + json_array_size(discovery->results) < DISCOVERY_AHEAD_MAX;
}

bool
discoveries_next(struct discoveries *discoveries, uint64_t *ret_number, const char **ret_name)
{
	for (size_t i = 0; i < DISCOVERIES_MAX; i++) {
		struct discovery *discovery =
		    &discoveries->places[(discoveries->turn + i) % DISCOVERIES_MAX];
		if (!has_next(discovery))
			continue;
		discoveries->turn = (discoveries->turn + i + 1) % DISCOVERIES_MAX;
		*ret_number = discovery->number;
		*ret_name = json_string_value(json_array_get(discovery->names, discovery->n_begun));
		discovery->n_begun++;
		discovery->n_running++;
		return true;
	}
	return false;
}

void
discoveries_done(struct discoveries *discoveries, uint64_t number, json_t *taken_result)
{
	struct discovery *discovery = find(discoveries, number);

	if (!discovery) {
		json_decref(taken_result);
		return;
	}
	discovery->n_running--;
	json_array_append_new(discovery->results, taken_result);
}

static size_t
rows_of(const json_t *result)
{
	const json_t *facts = json_object_get(result, "facts");

	return json_array_size(json_object_get(facts, "interfaces")) +
	       json_array_size(json_object_get(facts, "neighbours"));
}

static json_t *
page_of(const struct discovery *discovery)
{
	json_t *page = json_array();
	size_t rows = 0;

	for (size_t i = 0; i < json_array_size(discovery->results); i++) {
		json_t *result = json_array_get(discovery->results, i);
		rows += rows_of(result);
		if (i > 0 && rows > DISCOVERY_PAGE_ROWS)
			break;
		json_array_append(page, result);
	}
	return page;
}

json_t *
discoveries_fetch(struct discoveries *discoveries, uint64_t number, uint64_t after, int64_t now_ns)
{
	struct discovery *discovery = number == 0 ? NULL : find(discoveries, number);

	if (!discovery)
		return NULL;
	discovery->fetched_ns = now_ns;
	while (discovery->n_dropped < after && json_array_size(discovery->results) > 0) {
		json_array_remove(discovery->results, 0);
		discovery->n_dropped++;
	}
	const size_t all = json_array_size(discovery->names);
	json_t *page = page_of(discovery);
	const uint64_t last = discovery->n_dropped + json_array_size(page);
	return json_pack("{s:I, s:I, s:I, s:o, s:I, s:b}", "id", (json_int_t)number, "switches",
	    (json_int_t)all, "done", (json_int_t)(discovery->n_begun - discovery->n_running),
	    "results", page, "last", (json_int_t)last, "finished", last == all);
}

bool
discoveries_end(struct discoveries *discoveries, uint64_t number)
{
	struct discovery *discovery = number == 0 ? NULL : find(discoveries, number);

	if (discovery)
		drop(discovery);
	return discovery != NULL;
}

bool
discoveries_expire(struct discoveries *discoveries, int64_t now_ns)
{
	bool any = false;

	for (size_t i = 0; i < DISCOVERIES_MAX; i++) {
		struct discovery *discovery = &discoveries->places[i];
		if (discovery->number != 0 &&
		    now_ns - discovery->fetched_ns > DISCOVERY_PATIENCE_NS)
			drop(discovery);
		any = any || discovery->number != 0;
	}
	return any;
}
