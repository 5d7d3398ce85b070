/*
 * Pages are read one after the other and let go at once; of each port a record is kept. Subports follow when all are known.
 */
#include "core/import_neutron.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/import_place.h"
#include "core/text.h"
#include "core/topo_build.h"

#define PATH_ROOM 320
#define LABEL_ROOM (TOPO_NAME_MAX * 4 + 8)

/* What is known of one port. */
struct record {
	uint8_t id[16];
	bool has_id, placed;
	uint8_t way;        /* enum import_way, where it is placed */
	uint32_t page, row; /* where it stands, both from 0 */
	json_t *port;       /* id, name and project_id, then host, physnet or attachments; owned */
	char *reason;       /* why it is left out */
};

/* A subport and its trunk's parent. */
struct subport {
	uint8_t id[16];
	uint32_t parent;
};

struct importing {
	const char *path;
	struct topo_faults *faults;
	struct import_map map;
	struct import_report report;
	struct record *records;
	uint32_t n_records, room_records;
	struct htab by_id;
	struct subport *subports;
	size_t n_subports, room_subports;
	uint32_t n_pages;
	bool saw_host_id; /* some port has the member at all */
	bool cut;         /* the last page has a next one */
};

/* ---- records ---- */

static uint64_t
record_hash(const void *owner, uint32_t value)
{
	return topo_hash_port(((const struct importing *)owner)->records[value].id);
}

static bool
record_eq(const void *owner, uint32_t value, const void *key)
{
	return memcmp(((const struct importing *)owner)->records[value].id, key, 16) == 0;
}

static const struct htab_type record_type = { .hash = record_hash, .eq = record_eq };

static uint32_t
record_find(const struct importing *importing, const uint8_t id[16])
{
	return htab_find(&importing->by_id, topo_hash_port(id), id);
}

static struct record *
record_add(struct importing *importing)
{
	if (importing->n_records == importing->room_records) {
		uint32_t room = importing->room_records * 2 + 256;
		struct record *records = realloc(importing->records, room * sizeof(*records));
		if (!records)
			return NULL;
		importing->records = records;
		importing->room_records = room;
	}
	struct record *record = &importing->records[importing->n_records++];
	*record = (struct record){ 0 };
	return record;
}

static int
leave_out(struct record *record, const char *reason)
{
	free(record->reason);
	record->reason = strdup(reason);
	return record->reason ? 0 : -ENOMEM;
}

/* ---- one port ---- */

/* A label that the loader takes: of Neutron's names only control characters and great length are changed. */
static json_t *
label(const json_t *port, const char *member)
{
	const json_t *value = json_object_get(port, member);
	struct slice text = { json_string_value(value), json_string_length(value) };
	char buf[LABEL_ROOM];

	if (text_n_chars(text) > TOPO_NAME_MAX) {
		size_t len = 0;
		for (int i = 0; i < TOPO_NAME_MAX; i++)
			len += text_char(slice_from(text, len));
		text = slice_first(text, len);
	}
	return json_string(text_quote(text, buf, sizeof(buf)));
}

static int
describe(struct record *record, const json_t *port)
{
	char id[PORT_ID_TEXT];

	record->port =
	    json_pack("{s:s, s:o, s:o}", "id", record->has_id ? port_id_format(record->id, id) : "",
		"name", label(port, "name"), "project_id", label(port, "project_id"));
	return record->port ? 0 : -ENOMEM;
}

/* The subports that a parent names. */
static int
note_subports(struct importing *importing, const json_t *port, uint32_t parent)
{
	const json_t *list = json_object_get(json_object_get(port, "trunk_details"), "sub_ports");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *id =
		    json_string_value(json_object_get(json_array_get(list, i), "port_id"));
		struct subport subport = { .parent = parent };
		if (!id || !port_id_parse(slice_of(id), subport.id))
			continue;
		if (importing->n_subports == importing->room_subports) {
			size_t room = importing->room_subports * 2 + 64;
			struct subport *more = realloc(importing->subports, room * sizeof(*more));
			if (!more)
				return -ENOMEM;
			importing->subports = more;
			importing->room_subports = room;
		}
		importing->subports[importing->n_subports++] = subport;
	}
	return 0;
}

static int
place_record(struct importing *importing, struct record *record, const json_t *port)
{
	char reason[IMPORT_REASON_MAX];
	struct import_place place;
	int r = import_place_find(&importing->map, port, &place, reason);

	if (r == -ENOENT)
		return leave_out(record, reason);
	if (r != 0)
		return r;
	record->placed = true;
	record->way = (uint8_t)place.way;
	r = json_object_update(record->port, place.members) == 0 ? 0 : -ENOMEM;
	json_decref(place.members);
	return r;
}

static int
take_port(struct importing *importing, const json_t *port, uint32_t row)
{
	struct record *record = record_add(importing);
	const char *id = json_string_value(json_object_get(port, "id"));

	if (!record)
		return -ENOMEM;
	record->page = importing->n_pages;
	record->row = row;
	record->has_id = id && port_id_parse(slice_of(id), record->id);
	importing->saw_host_id =
	    importing->saw_host_id || json_object_get(port, "binding:host_id") != NULL;
	if (describe(record, port) != 0)
		return -ENOMEM;
	if (!record->has_id)
		return leave_out(record, "its id is no UUID");
	/* A page that shifted under the reader's marker brings a port again. */
	if (record_find(importing, record->id) != HTAB_NONE)
		return leave_out(record, "listed twice: the first one counts");
	if (htab_add(&importing->by_id, topo_hash_port(record->id), importing->n_records - 1) != 0)
		return -ENOMEM;
	if (note_subports(importing, port, importing->n_records - 1) != 0)
		return -ENOMEM;
	return place_record(importing, record, port);
}

/* ---- pages ---- */

static void page_fault(struct importing *importing, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void
page_fault(struct importing *importing, const char *format, ...)
{
	char where[PATH_ROOM], reason[IMPORT_REASON_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	snprintf(where, sizeof(where), "%.255s: page %u", importing->path, importing->n_pages + 1);
	topo_fault_add(
	    importing->faults, false, &(const struct at){ NULL, where, 0, NULL }, "%s", reason);
}

/* Whether the page says that there is another behind it. */
static bool
has_next(const json_t *page)
{
	const json_t *links = json_object_get(page, "ports_links");

	for (size_t i = 0; i < json_array_size(links); i++) {
		const char *rel =
		    json_string_value(json_object_get(json_array_get(links, i), "rel"));
		if (rel && strcmp(rel, "next") == 0)
			return true;
	}
	return false;
}

/* What the page is, when it is no list of ports: Neutron's and Keystone's errors have a message. */
static void
fault_no_ports(struct importing *importing, const json_t *page)
{
	static const char *const members[] = { "NeutronError", "error" };
	const char *message = NULL;

	for (size_t i = 0; i < 2 && !message; i++)
		message = json_string_value(
		    json_object_get(json_object_get(page, members[i]), "message"));
	if (message)
		page_fault(importing, "is no list of ports, but an error: %s",
		    TEXT_QUOTE(slice_of(message)));
	else
		page_fault(importing, "is no list of ports: {\"ports\": [...]}, or the list alone");
}

static int
take_page(struct importing *importing, const json_t *page)
{
	const json_t *ports = json_is_array(page) ? page : json_object_get(page, "ports");
	int r = 0;

	if (!json_is_array(ports)) {
		fault_no_ports(importing, page);
		return -EINVAL;
	}
	for (size_t i = 0; i < json_array_size(ports) && r == 0; i++)
		r = take_port(importing, json_array_get(ports, i), (uint32_t)i);
	importing->cut = has_next(page);
	return r;
}

static size_t
count_lines(struct slice text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++)
		n += text.data[i] == '\n';
	return n;
}

/* The page at the start of `rest`, which then begins behind it. */
static int
read_page(struct importing *importing, struct slice source, struct slice *rest)
{
	json_error_t error;
	json_t *page = json_loadb(rest->data, rest->len, JSON_DISABLE_EOF_CHECK, &error);

	if (!page) {
		char near[JSON_ERROR_TEXT_LENGTH];
		size_t line =
		    count_lines(slice_first(source, source.len - rest->len)) + (size_t)error.line;
		page_fault(importing, "is cut or damaged: %s (line %zu, column %d)",
		    text_quote(slice_of(error.text), near, sizeof(near)), line, error.column);
		return -EINVAL;
	}
	int r = take_page(importing, page);
	json_decref(page);
	importing->n_pages++;
	*rest = slice_trim(slice_from(*rest, (size_t)error.position));
	return r;
}

static int
read_pages(struct importing *importing, struct slice source)
{
	struct slice rest = slice_trim(source);
	int r = 0;

	/* Lines are counted from the start of what is left, blanks in front included. */
	source = (struct slice){ source.data, (size_t)(rest.data - source.data) + rest.len };
	if (rest.len == 0 || rest.len > INT_MAX) {
		page_fault(importing, rest.len == 0 ? "is empty" : "is larger than 2 GiB");
		return -EINVAL;
	}
	while (rest.len > 0 && r == 0)
		r = read_page(importing, source, &rest);
	if (r != 0)
		return r;
	importing->n_pages--; /* for messages about the last one */
	if (importing->cut)
		page_fault(importing,
		    "has a next page (ports_links), which is missing: fetch all of them");
	else if (importing->n_records > 0 && !importing->saw_host_id)
		page_fault(importing,
		    "no port has binding:host_id: fetch the list as an administrator, with all fields");
	else
		return 0;
	return -EINVAL;
}

/* ---- trunks ---- */

static int
follow_parent(struct importing *importing, const struct subport *subport)
{
	static const char *const members[] = { "host", "physnet", "attachments" };
	const struct record *parent = &importing->records[subport->parent];
	uint32_t found = record_find(importing, subport->id);
	char reason[IMPORT_REASON_MAX], id[PORT_ID_TEXT];

	port_id_format(parent->id, id);
	if (found == HTAB_NONE) {
		snprintf(
		    reason, sizeof(reason), "subport of trunk port %s, but not in the list", id);
		return import_report_reject(&importing->report, "",
		    slice_of(port_id_format(subport->id, (char[PORT_ID_TEXT]){ 0 })),
		    (struct slice){ 0 }, reason);
	}
	struct record *record = &importing->records[found];
	if (found == subport->parent)
		return 0;
	for (size_t i = 0; i < 3; i++) {
		json_t *value = json_object_get(parent->port, members[i]);
		if (json_object_get(record->port, members[i]))
			json_object_del(record->port, members[i]);
		if (parent->placed && value &&
		    json_object_set(record->port, members[i], value) != 0)
			return -ENOMEM;
	}
	record->placed = parent->placed;
	record->way = IMPORT_BY_TRUNK;
	if (parent->placed)
		return 0;
	snprintf(reason, sizeof(reason), "its trunk's parent %s is left out: %.300s", id,
	    parent->reason ? parent->reason : "");
	return leave_out(record, reason);
}

/* ---- the document ---- */

static int
report_record(struct importing *importing, const struct record *record)
{
	char where[64];

	if (record->placed) {
		importing->report.n_mapped[record->way]++;
		return 0;
	}
	const json_t *id = json_object_get(record->port, "id"),
		     *name = json_object_get(record->port, "name");
	snprintf(where, sizeof(where), "page %u, ports[%u]", record->page + 1, record->row);
	return import_report_reject(&importing->report, where, slice_of(json_string_value(id)),
	    slice_of(json_string_value(name)), record->reason);
}

/* Moves the placed ports into the document, and the others into the report. */
static int
lay_ports(struct importing *importing)
{
	json_t *list = json_array();
	int r = list ? 0 : -ENOMEM;

	for (size_t i = 0; i < importing->n_subports && r == 0; i++)
		r = follow_parent(importing, &importing->subports[i]);
	for (uint32_t i = 0; i < importing->n_records && r == 0; i++) {
		struct record *record = &importing->records[i];
		r = report_record(importing, record);
		if (r == 0 && record->placed && json_array_append(list, record->port) != 0)
			r = -ENOMEM;
	}
	if (json_object_set_new(importing->map.document, "ports", list) != 0)
		r = -ENOMEM;
	return r;
}

static void
importing_release(struct importing *importing)
{
	for (uint32_t i = 0; i < importing->n_records; i++) {
		json_decref(importing->records[i].port);
		free(importing->records[i].reason);
	}
	free(importing->records);
	free(importing->subports);
	htab_release(&importing->by_id);
	import_map_release(&importing->map);
	import_report_release(&importing->report);
}

int
import_neutron(struct slice source, const char *path, const struct import_base *base,
    json_t **ret_document, struct import_report *ret_report, struct topo_faults *faults)
{
	struct importing importing = { .path = path, .faults = faults };

	htab_init(&importing.by_id, &record_type, &importing);
	int r = import_map_init(&importing.map, base, &importing.report, faults);
	if (r == 0)
		r = read_pages(&importing, source);
	if (r == 0)
		r = lay_ports(&importing);
	if (r == 0)
		r = import_check(importing.map.document, faults);
	if (r == 0) {
		*ret_document = json_incref(importing.map.document);
		*ret_report = importing.report;
		importing.report = (struct import_report){ 0 };
	}
	importing_release(&importing);
	return r;
}
