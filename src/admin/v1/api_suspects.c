/*
 * Lines of known switches that no rule knows, for GET /v1/unmapped.
 */
#include <stdlib.h>

#include "admin/api_call.h"
#include "admin/api_json.h"
#include "core/suspects.h"

static int
compare_last(const void *a, const void *b)
{
	const struct suspect *x = *(const struct suspect *const *)a;
	const struct suspect *y = *(const struct suspect *const *)b;

	return (x->last_us < y->last_us) - (x->last_us > y->last_us);
}

json_t *
api_suspects_json(const struct suspects *suspects)
{
	const struct suspect *all[SUSPECTS_MAX];
	size_t n = suspects_n(suspects);
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		all[i] = suspects_get(suspects, i);
	qsort(all, n, sizeof(all[0]), compare_last);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(
		    list, json_pack("{s:o, s:o, s:o, s:o, s:I}", "switch",
			      api_json_text(all[i]->sw), "line", api_json_text(all[i]->text),
			      "first_seen", api_json_time(all[i]->first_us), "last_seen",
			      api_json_time(all[i]->last_us), "count", (json_int_t)all[i]->count));
	return list;
}
