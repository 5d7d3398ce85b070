#include "core/lag_view.h"

#include <stdlib.h>

#define OPER_UP 1

struct lag_view {
	json_t *switches; /* name -> {"n", "list"}; without those that differ in nothing */
};

struct lag_view *
lag_view_new(void)
{
	struct lag_view *view = calloc(1, sizeof(*view));

	if (!view)
		return NULL;
	view->switches = json_object();
	if (view->switches)
		return view;
	free(view);
	return NULL;
}

void
lag_view_free(struct lag_view *view)
{
	if (!view)
		return;
	json_decref(view->switches);
	free(view);
}

void
lag_view_clear(struct lag_view *view)
{
	json_object_clear(view->switches);
}

/* ---- one switch ---- */

struct looking {
	const struct topo *topo;
	uint32_t sw;
	const struct poll_job *job;
	json_t *list;
	size_t n;
};

/* NULL: it told of none with that index. */
static const struct poll_row *
row_of(const struct poll_job *job, uint32_t if_index)
{
	size_t low = 0, high = poll_job_n_rows(job);

	while (low < high) {
		const size_t middle = (low + high) / 2;
		if (poll_job_row(job, middle)->if_index < if_index)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == poll_job_n_rows(job) || poll_job_row(job, low)->if_index != if_index)
		return NULL;
	return poll_job_row(job, low);
}

static uint32_t
interface_of(const struct looking *looking, const struct poll_row *row)
{
	uint32_t interface = TOPO_NONE;

	if (row && row->name)
		interface = topo_interface_named(looking->topo, looking->sw, slice_of(row->name));
	if (row && interface == TOPO_NONE && row->descr)
		interface = topo_interface_named(looking->topo, looking->sw, slice_of(row->descr));
	return interface;
}

static const char *
name_of(const struct looking *looking, uint32_t interface)
{
	return interface == TOPO_NONE ? NULL
				      : topo_text_get(looking->topo,
					    topo_interface_get(looking->topo, interface)->name);
}

static const char *
told_name(const struct poll_row *row)
{
	return row->name ? row->name : row->descr ? row->descr : "?";
}

/* What an agent calls an interface may be no UTF-8: that is no JSON, and told as "?". */
static json_t *
text_or_null(const char *text)
{
	json_t *string = text ? json_string(text) : json_null();

	return string ? string : json_string("?");
}

static void
look_at(struct looking *looking, const struct poll_row *row)
{
	const struct poll_row *above =
	    row->aggregate != 0 ? row_of(looking->job, row->aggregate) : NULL;
	const uint32_t interface = interface_of(looking, row);
	const uint32_t told = interface_of(looking, above);
	const uint32_t mapped = interface == TOPO_NONE
				    ? TOPO_NONE
				    : topo_interface_get(looking->topo, interface)->aggregate;

	/* The map refers to neither; or both say the same. */
	if ((interface == TOPO_NONE && told == TOPO_NONE) ||
	    (above ? told == mapped && told != TOPO_NONE : mapped == TOPO_NONE))
		return;
	if (!above && row->oper != OPER_UP)
		return;
	if (looking->n++ >= LAG_VIEW_MAX)
		return;
	const char *here = name_of(looking, interface), *there = name_of(looking, told);
	json_array_append_new(looking->list,
	    json_pack("{s:o, s:o, s:o}", "interface", text_or_null(here ? here : told_name(row)),
		"map", text_or_null(name_of(looking, mapped)), "switch",
		text_or_null(there   ? there
			     : above ? told_name(above)
				     : NULL)));
}

size_t
lag_view_note(struct lag_view *view, const struct topo *topo, uint32_t sw,
    const struct poll_job *job, size_t *ret_before)
{
	const char *name = topo_text_get(topo, topo_switch_get(topo, sw)->name);
	struct looking looking = { .topo = topo, .sw = sw, .job = job, .list = json_array() };

	*ret_before =
	    (size_t)json_integer_value(json_object_get(json_object_get(view->switches, name), "n"));
	for (size_t i = 0; i < poll_job_n_rows(job); i++)
		if (poll_job_row(job, i)->lag_told)
			look_at(&looking, poll_job_row(job, i));
	if (looking.n > 0)
		json_object_set_new(view->switches, name,
		    json_pack("{s:I, s:O}", "n", (json_int_t)looking.n, "list", looking.list));
	else
		json_object_del(view->switches, name);
	json_decref(looking.list);
	return looking.n;
}

bool
lag_view_differs(const struct lag_view *view, const char *name)
{
	return json_object_get(view->switches, name) != NULL;
}

json_t *
lag_view_json(const struct lag_view *view, const char *name)
{
	json_t *list = json_object_get(json_object_get(view->switches, name), "list");

	return list ? json_incref(list) : json_array();
}
