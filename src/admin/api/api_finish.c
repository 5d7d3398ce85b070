/*
 * Answers to what was deferred: the program has read or written Redis, and says with what result.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/api.h"
#include "admin/api_json.h"

/* ---- events ---- */

/* Everything is text on a stream; these fields are more than that. */
static const struct {
	const char *name;
	enum { FIELD_BOOLEAN, FIELD_NUMBER, FIELD_TEXT_OR_NULL } type;
} typed_fields[] = {
	{ "dp_down", FIELD_BOOLEAN },
	{ "maintenance", FIELD_BOOLEAN },
	{ "revision", FIELD_NUMBER },
	{ "paths_up", FIELD_NUMBER },
	{ "paths_stranded", FIELD_NUMBER },
	{ "paths_total", FIELD_NUMBER },
	{ "reported_by", FIELD_TEXT_OR_NULL },
	{ "received_at", FIELD_TEXT_OR_NULL },
};

static json_t *
field_json(struct slice name, struct slice value)
{
	unsigned long long number;

	for (size_t i = 0; i < sizeof(typed_fields) / sizeof(typed_fields[0]); i++) {
		if (!slice_eq_str(name, typed_fields[i].name))
			continue;
		if (value.len == 0)
			return json_null();
		if (typed_fields[i].type == FIELD_BOOLEAN)
			return json_boolean(slice_eq_str(value, "true"));
		if (typed_fields[i].type == FIELD_NUMBER &&
		    slice_to_uint(value, INT64_MAX, &number))
			return json_integer((json_int_t)number);
	}
	/* Also a number that is none: shown as it stands. */
	return api_json_bytes(value);
}

static json_t *
entry_json(const struct api_stream_entry *entry)
{
	json_t *object = json_object();

	json_object_set_new(object, "id", api_json_bytes(entry->id));
	for (size_t i = 0; i < entry->n_fields; i++) {
		char name[64];
		slice_copy(entry->fields[2 * i], name, sizeof(name));
		json_object_set_new(
		    object, name, field_json(entry->fields[2 * i], entry->fields[2 * i + 1]));
	}
	return object;
}

void
api_finish_events(struct api_response *response, const struct api_stream_entry *entries, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, entry_json(&entries[i]));
	json_t *next = n > 0 ? api_json_bytes(entries[n - 1].id) : api_json_text(response->since);
	api_reply(response, 200, json_pack("{s:o, s:o}", "events", list, "next", next));
}

/* ---- the topology as Redis holds it ---- */

static int
compare_records(const void *a, const void *b)
{
	const struct api_topology_record *x = *(const struct api_topology_record *const *)a;
	const struct api_topology_record *y = *(const struct api_topology_record *const *)b;
	size_t common = x->key.len < y->key.len ? x->key.len : y->key.len;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	int order = common > 0 ? memcmp(x->key.data, y->key.data, common) : 0;
	if (order == 0)
		order = (x->key.len > y->key.len) - (x->key.len < y->key.len);
	return order;
}

static bool
is_object(struct slice text)
{
	json_t *value = text.len > 0 ? json_loadb(text.data, text.len, 0, NULL) : NULL;
	bool object = json_is_object(value);

	json_decref(value);
	return object;
}

/* The members of one kind, a record a line, so that two dumps can be compared with diff. */
static void
put_kind(FILE *out, enum topo_kind kind, const struct api_topology_record **records, size_t n)
{
	fprintf(out, "%s\"%s\": [", kind == 0 ? "{" : ",\n ", topo_kind_plurals[kind]);
	for (size_t i = 0; i < n; i++) {
		/* HSCAN may hand out a field twice. */
		if (i > 0 && slice_eq(records[i]->key, records[i - 1]->key))
			continue;
		fputs(i > 0 ? ",\n  " : "\n  ", out);
		fwrite(records[i]->json.data, 1, records[i]->json.len, out);
	}
	fputs("]", out);
}

static char *
dump_text(const struct api_topology_record **sorted, size_t n, size_t *ret_len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, ret_len);
	size_t first = 0;

	if (!out)
		return NULL;
	for (enum topo_kind kind = 0; kind < TOPO_KIND_MAX; kind++) {
		size_t end = first;
		while (end < n && sorted[end]->kind == kind)
			end++;
		put_kind(out, kind, sorted + first, end - first);
		first = end;
	}
	fputs("}\n", out);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

void
api_finish_dump(struct api_response *response, const struct api_topology_record *records, size_t n)
{
	const struct api_topology_record **sorted = calloc(n + 1, sizeof(*sorted));
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		if (!is_object(records[i].json)) {
			api_refuse(response, 500, "TopologyRecord",
			    "Redis holds no JSON object at topology:%s %.*s: write it again, or remove it",
			    topo_kind_plurals[records[i].kind], (int)records[i].key.len,
			    records[i].key.data);
			free(sorted);
			return;
		}
		if (sorted)
			sorted[i] = &records[i];
	}
	if (sorted)
		qsort(sorted, n, sizeof(*sorted), compare_records);
	char *text = sorted ? dump_text(sorted, n, &len) : NULL;
	free(sorted);
	api_reply_text(response, 200, "application/json", text, len);
}

/* ---- a load ---- */

void
api_finish_load(
    struct api_response *response, const struct topo *topo, const struct topo_faults *warnings)
{
	api_reply(response, 200,
	    json_pack("{s:{s:I, s:I, s:I, s:I, s:I}, s:o}", "topology", "switches",
		(json_int_t)topo_n_switches(topo), "interfaces",
		(json_int_t)topo_n_interfaces(topo), "links", (json_int_t)topo_n_links(topo),
		"hosts", (json_int_t)topo_n_hosts(topo), "ports", (json_int_t)topo_n_ports(topo),
		"warnings", api_json_faults(warnings)));
}

static const char *
error_type(int status)
{
	switch (status) {
	case 400:
		return "HTTPBadRequest";
	case 409:
		return "HTTPConflict";
	case 413:
		return "HTTPRequestEntityTooLarge";
	case 503:
		return "HTTPServiceUnavailable";
	default:
		return status >= 500 ? "HTTPInternalServerError" : "HTTPClientError";
	}
}

void
api_finish_error(struct api_response *response, int status, const char *message,
    const struct topo_faults *faults)
{
	json_t *answer = json_pack("{s:{s:s, s:o, s:s}}", "NeutronError", "type",
	    error_type(status), "message", api_json_text(message), "detail", "");

	if (faults && faults->n > 0) {
		json_object_set_new(answer, "faults", api_json_faults(faults));
		/* More than are listed when the list is full. */
		json_object_set_new(answer, "errors", json_integer((json_int_t)faults->n_errors));
	}
	api_reply(response, status, answer);
}
