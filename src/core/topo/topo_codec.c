#include "core/topo_codec.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/topo_build.h"

/* Ports whose look-ups overlap: what they fetch fits a processor's first cache. */
#define RECORDS_AHEAD 16
#define FIELD_MAX 4200 /* a link names two switches and two interfaces, of 255 characters each */

const char *const topo_kind_names[TOPO_KIND_MAX] = {
	[TOPO_SWITCH] = "switch",
	[TOPO_LINK] = "link",
	[TOPO_HOST] = "host",
	[TOPO_PORT] = "port",
};

const char *const topo_kind_plurals[TOPO_KIND_MAX] = {
	[TOPO_SWITCH] = "switches",
	[TOPO_LINK] = "links",
	[TOPO_HOST] = "hosts",
	[TOPO_PORT] = "ports",
};

static void (*const takers[TOPO_KIND_MAX])(
    struct topo_builder *, const struct at *, const char *, json_t *) = {
	[TOPO_SWITCH] = record_switch,
	[TOPO_LINK] = record_link,
	[TOPO_HOST] = record_host,
	[TOPO_PORT] = record_port,
};

void
topo_builder_add(struct topo_builder *builder, enum topo_kind kind, const char *path,
    const char *key, json_t *value)
{
	builder->record = 0;
	takers[kind](builder, &(struct at){ NULL, path, 0, NULL }, key, value);
}

/* jansson quotes what stands "near", which may be anything. */
static const char *
syntax_error(const json_error_t *error, char buf[JSON_ERROR_TEXT_LENGTH])
{
	return text_quote(slice_of(error->text), buf, JSON_ERROR_TEXT_LENGTH);
}

/* 0 means none; that one text in 2^32 is then a duplicate where a field comes twice. */
static void
note_record(struct topo_builder *builder, struct slice text)
{
	builder->record = (uint32_t)topo_hash_text(text);
}

void
topo_builder_add_text(
    struct topo_builder *builder, enum topo_kind kind, const char *key, struct slice text)
{
	const struct at at = { NULL, NULL, kind, key };
	char reason[JSON_ERROR_TEXT_LENGTH];
	json_error_t error;

	note_record(builder, text);
	json_t *value = json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, &error);
	if (!value && json_error_code(&error) == json_error_out_of_memory) {
		builder->no_memory = true;
		return;
	}
	if (!value) {
		FAULT(builder, &at, "no JSON: %s (line %d, column %d)",
		    syntax_error(&error, reason), error.line, error.column);
		return;
	}
	takers[kind](builder, &at, key, value);
	json_decref(value);
}

/* A field that is longer than any should be is cut, which makes it a wrong one. */
static void
add_record(struct topo_builder *builder, enum topo_kind kind, const struct topo_record *record)
{
	char key[FIELD_MAX];

	slice_copy(record->key, key, sizeof(key));
	topo_builder_add_text(builder, kind, key, record->json);
}

static void
add_ports(struct topo_builder *builder, const struct topo_record *records, size_t n)
{
	struct plain_port ports[RECORDS_AHEAD];

	for (size_t i = 0; i < n; i++)
		plain_port_read(builder, records[i].key, records[i].json, &ports[i]);
	for (size_t i = 0; i < n; i++) {
		note_record(builder, records[i].json);
		if (!plain_port_take(builder, &ports[i]))
			add_record(builder, TOPO_PORT, &records[i]);
	}
}

void
topo_builder_add_records(
    struct topo_builder *builder, enum topo_kind kind, const struct topo_record *records, size_t n)
{
	for (; kind == TOPO_PORT && n > RECORDS_AHEAD; n -= RECORDS_AHEAD, records += RECORDS_AHEAD)
		add_ports(builder, records, RECORDS_AHEAD);
	if (kind == TOPO_PORT)
		add_ports(builder, records, n);
	for (size_t i = 0; kind != TOPO_PORT && i < n; i++)
		add_record(builder, kind, &records[i]);
}

void
topo_builder_expect(struct topo_builder *builder, enum topo_kind kind, uint32_t n)
{
	struct htab *const tables[TOPO_KIND_MAX] = {
		[TOPO_HOST] = &builder->topo->by_host,
		[TOPO_PORT] = &builder->topo->by_port,
	};

	/* Where there is no room for so many now, it is told when they are there. */
	if (tables[kind] && tables[kind]->n == 0 && htab_reserve(tables[kind], n) != 0)
		return;
}

static void
add_list(struct topo_builder *b, enum topo_kind kind, const json_t *list)
{
	const struct at document = { NULL, "", 0, NULL },
			member = { &document, topo_kind_plurals[kind], 0, NULL };

	b->record = 0;
	for (size_t i = 0; i < json_array_size(list); i++)
		takers[kind](b, AT_ELEMENT(&member, i), NULL, json_array_get(list, i));
}

void
topo_builder_add_document(struct topo_builder *builder, json_t *document)
{
	static const struct member members[TOPO_KIND_MAX] = {
		[TOPO_SWITCH] = { "switches", MEMBER_LIST, false },
		[TOPO_LINK] = { "links", MEMBER_LIST, false },
		[TOPO_HOST] = { "hosts", MEMBER_LIST, false },
		[TOPO_PORT] = { "ports", MEMBER_LIST, false },
	};
	json_t *got[TOPO_KIND_MAX];

	members_read(builder,
	    &(struct at){ NULL, json_is_object(document) ? "" : "document", 0, NULL }, document,
	    members, TOPO_KIND_MAX, got);
	for (int kind = 0; kind < TOPO_KIND_MAX; kind++)
		add_list(builder, (enum topo_kind)kind, got[kind]);
}

json_t *
topo_document_parse(struct slice text, struct topo_faults *faults)
{
	char where[64], reason[JSON_ERROR_TEXT_LENGTH];
	json_error_t error;

	text = slice_without_bom(text);
	json_t *document = json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, &error);
	if (!document) {
		snprintf(where, sizeof(where), "line %d, column %d", error.line, error.column);
		topo_fault_add(faults, false, &(struct at){ NULL, where, 0, NULL }, "%s",
		    syntax_error(&error, reason));
		return NULL;
	}
	if (!json_is_object(document)) {
		topo_fault_add(faults, false, &(struct at){ NULL, "document", 0, NULL },
		    "must be an object, but is an array");
		json_decref(document);
		return NULL;
	}
	return document;
}

int
topo_from_text(struct slice text, struct topo **ret_topo, struct topo_faults *faults)
{
	struct topo_builder *builder = topo_builder_new();

	if (!builder)
		return -ENOMEM;
	json_t *document = topo_document_parse(text, &builder->faults);
	if (document)
		topo_builder_add_document(builder, document);
	json_decref(document);
	int r = topo_builder_finish(builder, ret_topo);
	*faults = builder->faults;
	builder->faults = (struct topo_faults){ 0 };
	topo_builder_free(builder);
	return r;
}

/* A copy of an object's string member, or NULL. */
static char *
copy_member(const json_t *value, const char *name)
{
	const char *text = json_string_value(json_object_get(value, name));

	return text ? strdup(text) : NULL;
}

static char *
link_key(const json_t *value)
{
	const char *a = json_string_value(json_object_get(value, "a"));
	const char *z = json_string_value(json_object_get(value, "b"));

	if (!a || !z)
		return NULL;
	if (strcmp(a, z) > 0) {
		const char *first = z;
		z = a;
		a = first;
	}
	size_t size = strlen(a) + 1 + strlen(z) + 1;
	char *key = malloc(size);
	if (key)
		snprintf(key, size, "%s|%s", a, z);
	return key;
}

static char *
port_key(const json_t *value)
{
	const json_t *member = json_object_get(value, "id");
	char text[PORT_ID_TEXT];
	uint8_t id[16];

	if (!json_is_string(member) || !port_id_parse(member_text(member), id))
		return NULL;
	return strdup(port_id_format(id, text));
}

char *
topo_record_key(enum topo_kind kind, const json_t *value)
{
	if (kind == TOPO_LINK)
		return link_key(value);
	if (kind == TOPO_PORT)
		return port_key(value);
	return copy_member(value, "name");
}

static uint32_t
ports_removed(const struct topo_outline *old, const struct topo *now)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < old->n_ports; i++)
		if (topo_port_find(now, old->port_ids[i]) == TOPO_NONE)
			n++;
	return n;
}

/* A root that is a switch like any other now is gone as a root. */
static uint32_t
roots_removed(const struct topo_outline *old, const struct topo *now)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < old->n_roots; i++) {
		uint32_t found = topo_switch_find(now, slice_of(old->roots[i]));
		if (found == TOPO_NONE || !topo_switch_get(now, found)->root)
			n++;
	}
	return n;
}

void
topo_compare(const struct topo_outline *old, const struct topo *now, struct topo_loss *ret_loss)
{
	*ret_loss = (struct topo_loss){
		.ports_before = old->n_ports,
		.ports_removed = ports_removed(old, now),
		.roots_removed = roots_removed(old, now),
	};
}

bool
topo_loss_needs_force(const struct topo_loss *loss)
{
	return loss->roots_removed > 0 || (uint64_t)loss->ports_removed * 10 > loss->ports_before;
}
