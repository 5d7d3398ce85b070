/*
 * sort_key and sort_dir, as Neutron takes them (its api_common.get_sorts): as many of one as of the other, and the same words
 * where they are not.
 */
#include <stdlib.h>
#include <string.h>

#include "admin/api_json.h"
#include "admin/api_ports.h"

struct port_order_key {
	const char *name;
	int (*compare)(
	    const struct topo *topo, const struct topo_port *a, const struct topo_port *b);
};

static int
compare_id(const struct topo *topo, const struct topo_port *a, const struct topo_port *b)
{
	(void)topo;
	return memcmp(a->id, b->id, sizeof(a->id));
}

static int
compare_name(const struct topo *topo, const struct topo_port *a, const struct topo_port *b)
{
	return strcmp(topo_text_get(topo, a->name), topo_text_get(topo, b->name));
}

static int
compare_project(const struct topo *topo, const struct topo_port *a, const struct topo_port *b)
{
	return strcmp(topo_text_get(topo, a->project_id), topo_text_get(topo, b->project_id));
}

/* What every role may read: an order tells what it goes by. */
static const struct port_order_key keys[] = {
	{ "id", compare_id },
	{ "name", compare_name },
	{ "project_id", compare_project },
	{ "tenant_id", compare_project },
};
#define N_KEYS (sizeof(keys) / sizeof(keys[0]))

static const struct port_order_key *
key_find(const char *name)
{
	for (size_t i = 0; i < N_KEYS; i++)
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

static bool
is_key(const char *value)
{
	return key_find(value) != NULL;
}

static bool
is_direction(const char *value)
{
	return strcmp(value, "asc") == 0 || strcmp(value, "desc") == 0;
}

/* An empty value is none. */
static size_t
count(const struct api_call *call, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < call->n_params; i++)
		n += strcmp(call->params[i].name, name) == 0 && call->params[i].value[0] != '\0';
	return n;
}

/* The i-th, of which there is one. */
static const char *
value_at(const struct api_call *call, const char *name, size_t i)
{
	for (size_t k = 0; k < call->n_params; k++)
		if (strcmp(call->params[k].name, name) == 0 && call->params[k].value[0] != '\0' &&
		    i-- == 0)
			return call->params[k].value;
	return "";
}

/* Names all values that are not good, as Python prints a list, before `words`. True where all are. */
static bool
check_values(struct api_call *call, const char *name, bool (*good)(const char *), const char *words)
{
	json_t *bad = json_array();
	char *text = NULL;

	for (size_t i = 0; i < count(call, name); i++)
		if (!good(value_at(call, name, i)))
			json_array_append_new(bad, api_json_text(value_at(call, name, i)));
	bool fine = json_array_size(bad) == 0;
	if (!fine) {
		text = python_text(bad);
		api_refuse(call->response, 400, "HTTPBadRequest", "%s is invalid %s",
		    text ? text : "", words);
	}
	free(text);
	json_decref(bad);
	return fine;
}

static bool
is_descending(const struct api_call *call, size_t i)
{
	return strcmp(value_at(call, "sort_dir", i), "desc") == 0;
}

bool
port_order_parse(struct api_call *call, struct port_order *ret_order)
{
	size_t n = count(call, "sort_key");
	const char *reverse = api_param_get(call, "page_reverse");

	if (n != count(call, "sort_dir")) {
		api_refuse(call->response, 400, "HTTPBadRequest",
		    "The number of sort_keys and sort_dirs must be same");
		return false;
	}
	if (!check_values(call, "sort_key", is_key, "attribute for sort_keys") ||
	    !check_values(call, "sort_dir", is_direction,
		"value for sort_dirs, valid value is 'asc' and 'desc'"))
		return false;
	*ret_order = (struct port_order){ .reverse = reverse && strcasecmp(reverse, "true") == 0 };
	/* Behind the id no key decides. A key that came before decides already; there are no more than PORT_ORDER_KEYS different ones. */
	for (size_t i = 0; i < n; i++) {
		const struct port_order_key *key = key_find(value_at(call, "sort_key", i));
		bool known = false;
		for (size_t k = 0; k < ret_order->n; k++)
			known |= ret_order->by[k].key == key;
		if (known)
			continue;
		if (i == 0 && key->compare == compare_id) {
			ret_order->descending = is_descending(call, i);
			break;
		}
		ret_order->by[ret_order->n].key = key;
		ret_order->by[ret_order->n++].descending = is_descending(call, i);
	}
	return true;
}

int
port_order_compare(const struct port_order *order, const struct topo *topo, uint32_t a, uint32_t b)
{
	const struct topo_port *left = topo_port_get(topo, a), *right = topo_port_get(topo, b);
	int sign = order->reverse ? -1 : 1;

	for (size_t i = 0; i < order->n; i++) {
		int order_of_two = order->by[i].key->compare(topo, left, right);
		if (order_of_two != 0)
			return (order_of_two < 0) != order->by[i].descending ? -sign : sign;
	}
	return (order->descending ? -sign : sign) * compare_id(topo, left, right);
}
