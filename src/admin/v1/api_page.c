/*
 * Pages of lists under /v1, of which the rows have no order but the map's. A marker is the number of the page's first row and,
 * behind a hyphen, which map's: in another map the row is another one, and a list that went on there would miss some rows and
 * repeat others.
 */
#include <inttypes.h>
#include <stdio.h>

#include "admin/api_call.h"
#include "admin/api_json.h"
#include "util/ascii.h"

/* The map in force: another number for every map of every run. */
static uint64_t
map_number(const struct api *api)
{
	return (uint64_t)api->status.started_us + engine_n_topos(api->engine);
}

static bool
hex_parse(struct slice text, uint64_t *ret_value)
{
	uint64_t value = 0;

	for (size_t i = 0; i < text.len; i++) {
		const int digit = hex_value(text.data[i]);
		if (digit < 0 || i == 16)
			return false;
		value = value << 4 | (uint64_t)digit;
	}
	*ret_value = value;
	return text.len > 0;
}

bool
api_page_parse(struct api_call *call, uint32_t *ret_first, uint32_t *ret_limit)
{
	const char *marker = api_param_get(call, "marker");
	struct slice text = slice_of(marker);
	long hyphen = marker ? slice_find(text, SLICE("-")) : -1;
	unsigned long long first = 0;
	uint64_t map = map_number(call->api);

	*ret_limit = API_PAGE_MAX;
	if (!api_param_number(call, "limit", 1, API_PAGE_MAX, ret_limit))
		return false;
	if (marker &&
	    (!slice_to_uint(
		 hyphen < 0 ? text : slice_first(text, (size_t)hyphen), UINT32_MAX, &first) ||
		(hyphen >= 0 && !hex_parse(slice_from(text, (size_t)hyphen + 1), &map)))) {
		api_refuse(call->response, 400, "HTTPBadRequest",
		    "marker must be the 'next' of the page before and not '%s'", marker);
		return false;
	}
	if (map != map_number(call->api)) {
		api_refuse(call->response, 409, "TopologyChanged",
		    "another topology came in force since the page before: begin again, without a marker");
		return false;
	}
	*ret_first = (uint32_t)first;
	return true;
}

json_t *
api_page_next(const struct api *api, size_t next, size_t n)
{
	char marker[40];

	if (next >= n)
		return json_null();
	snprintf(marker, sizeof(marker), "%zu-%" PRIx64, next, map_number(api));
	return json_string(marker);
}
