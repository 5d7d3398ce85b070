/*
 * What an import refers to: the base document and the hosts file, merged and checked as a topology of its own.
 */
#include "core/import_map.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "core/topo_build.h"

#define PATH_ROOM 320

/* One merge. The objects are NULL where memory ran out, which jansson's functions take for "nothing to do". */
struct merging {
	const struct import_base *base;
	struct import_map *map;
	struct import_report *report;
	struct topo_faults *faults;
	json_t *switches; /* name -> switch object of the document */
	json_t *over;     /* name -> host object that the hosts file made or changed */
	bool no_memory;
};

/* Takes what an allocation gave, and remembers when it gave nothing. */
static json_t *
got(struct merging *merging, json_t *value)
{
	if (!value)
		merging->no_memory = true;
	return value;
}

/* As jansson's setters say: 0 or -1. */
static void
set(struct merging *merging, int result)
{
	if (result != 0)
		merging->no_memory = true;
}

/* A shallow copy. jansson's own leaves out what there is no memory for, and says nothing. */
json_t *
import_copy(const json_t *value)
{
	json_t *copy = json_copy((json_t *)(uintptr_t)value);

	if (json_object_size(copy) == json_object_size(value) &&
	    json_array_size(copy) == json_array_size(value))
		return copy;
	json_decref(copy);
	return NULL;
}

/* name -> object, for the objects of a list that have one; of two the first. */
static json_t *
by_name(struct merging *merging, const json_t *list)
{
	json_t *names = got(merging, json_object());

	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *object = json_array_get(list, i);
		const char *name = json_string_value(json_object_get(object, "name"));
		if (name && !json_object_get(names, name))
			set(merging, json_object_set(names, name, object));
	}
	return names;
}

/* A member of the base, as it stands; an empty list where there is none. */
static json_t *
list_of_base(struct merging *merging, const char *member)
{
	json_t *list = json_object_get(merging->base->document, member);

	return list ? json_incref(list) : got(merging, json_array());
}

static struct slice
switch_of(const char *attachment)
{
	struct slice text = slice_of(attachment);

	return slice_first(text, (size_t)slice_find(text, SLICE(":")));
}

static const char *
hosts_line(const struct merging *merging, const struct hosts_entry *entry, char buf[PATH_ROOM])
{
	const char *path = merging->base->hosts_path;

	snprintf(buf, PATH_ROOM, "%.255s:%zu", path ? path : "hosts", entry->line);
	return buf;
}

/* ---- switches ---- */

static void
declare_switch(struct merging *merging, json_t *list, const char *name)
{
	json_t *object = got(merging, json_pack("{s:s, s:[s]}", "name", name, "hostnames", name));

	set(merging, json_object_set(merging->switches, name, object));
	set(merging, json_array_append_new(list, object));
	set(merging, import_report_note(merging->report,
			 "switch \"%s\": only the hosts file names it: give it addresses", name));
}

/* The switches that the hosts file names: those of the base, or declared where there is no base. */
static void
check_switch(
    struct merging *merging, json_t *list, const struct hosts_entry *entry, struct slice name)
{
	char text[TOPO_NAME_MAX * 4 + 1], where[PATH_ROOM];

	slice_copy(name, text, sizeof(text));
	if (json_object_get(merging->switches, text))
		return;
	if (merging->base->document)
		topo_fault_add(merging->faults, false,
		    &(const struct at){ NULL, hosts_line(merging, entry, where), 0, NULL },
		    "unknown switch \"%s\": %s has none of that name", TEXT_QUOTE(name),
		    merging->base->path ? merging->base->path : "the base");
	else
		declare_switch(merging, list, text);
}

static void
merge_switches(struct merging *merging)
{
	const struct hosts_file *file = merging->base->hosts;
	json_t *list = list_of_base(merging, "switches");

	merging->switches = by_name(merging, list);
	for (uint32_t e = 0; file && e < file->n && !merging->no_memory; e++)
		for (size_t i = 0; i < file->entries[e].n_attachments; i++)
			check_switch(merging, list, &file->entries[e],
			    switch_of(file->entries[e].attachments[i]));
	set(merging, json_object_set_new(merging->map->document, "switches", list));
}

/* ---- hosts ---- */

/* The host as the hosts file will have it: a copy of the base's without its attachments, or a new one. */
static json_t *
host_to_change(struct merging *merging, const json_t *base_hosts, const char *name)
{
	json_t *object = json_object_get(merging->over, name), *old;

	if (object)
		return object;
	old = json_object_get(base_hosts, name);
	object = got(merging, old ? import_copy(old) : json_pack("{s:s}", "name", name));
	if (json_object_get(object, "attachments"))
		json_object_del(object, "attachments");
	if (json_object_get(object, "physnets"))
		json_object_del(object, "physnets");
	set(merging, json_object_set_new(merging->over, name, object));
	return json_object_get(merging->over, name);
}

static void
merge_entry(struct merging *merging, const json_t *base_hosts, const struct hosts_entry *entry)
{
	json_t *host = host_to_change(merging, base_hosts, entry->host);
	json_t *list = got(merging, json_array());

	for (size_t i = 0; i < entry->n_attachments; i++)
		set(merging, json_array_append_new(list, json_string(entry->attachments[i])));
	if (!entry->physnet) {
		set(merging, json_object_set_new(host, "attachments", list));
		return;
	}
	if (!json_object_get(host, "physnets"))
		set(merging, json_object_set_new(host, "physnets", json_object()));
	set(merging, json_object_set_new(json_object_get(host, "physnets"), entry->physnet, list));
}

/* The base's hosts in their order, changed or not, then the new ones in the order of the file. */
static void
lay_hosts(struct merging *merging, const json_t *base_list, const json_t *base_hosts)
{
	json_t *list = got(merging, json_array()), *object;
	const char *name;

	for (size_t i = 0; i < json_array_size(base_list); i++) {
		object = json_array_get(base_list, i);
		const char *own = json_string_value(json_object_get(object, "name"));
		json_t *changed = own ? json_object_get(merging->over, own) : NULL;
		set(merging, json_array_append(list, changed ? changed : object));
	}
	json_object_foreach(merging->over, name, object)
	{
		if (!json_object_get(base_hosts, name))
			set(merging, json_array_append(list, object));
	}
	merging->map->hosts = by_name(merging, list);
	set(merging, json_object_set_new(merging->map->document, "hosts", list));
}

static void
merge_hosts(struct merging *merging)
{
	const struct hosts_file *file = merging->base->hosts;
	json_t *base_list = list_of_base(merging, "hosts");
	json_t *base_hosts = by_name(merging, base_list);

	merging->over = got(merging, json_object());
	for (uint32_t e = 0; file && e < file->n && !merging->no_memory; e++)
		if (!file->entries[e].pci)
			merge_entry(merging, base_hosts, &file->entries[e]);
	lay_hosts(merging, base_list, base_hosts);
	json_decref(base_list);
	json_decref(base_hosts);
}

/* ---- checking it ---- */

/* How faults name object i of a list: by the hosts file's line, if that is where it comes from. */
static const char *
path_of(
    const struct merging *merging, enum topo_kind kind, const json_t *object, size_t i, char *buf)
{
	const char *name = json_string_value(json_object_get(object, "name"));
	const struct hosts_entry *entry = NULL;

	if (kind == TOPO_HOST && name && json_object_get(merging->over, name))
		entry = hosts_file_find(merging->base->hosts, slice_of(name));
	while (entry && entry->pci)
		entry = hosts_file_next(merging->base->hosts, entry);
	if (entry)
		return hosts_line(merging, entry, buf);
	snprintf(buf, PATH_ROOM, "%.200s%s%s[%zu]", merging->base->path ? merging->base->path : "",
	    merging->base->path ? ": " : "", topo_kind_plurals[kind], i);
	return buf;
}

static void
add_list(struct merging *merging, struct topo_builder *builder, enum topo_kind kind)
{
	json_t *list = json_object_get(merging->map->document, topo_kind_plurals[kind]);
	char path[PATH_ROOM];

	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *object = json_array_get(list, i);
		topo_builder_add(
		    builder, kind, path_of(merging, kind, object, i, path), NULL, object);
	}
}

/* What the base has beside switches, links, hosts and ports, and whether those are lists at all. */
static void
add_frame(struct merging *merging, struct topo_builder *builder)
{
	const json_t *document = merging->base->document;
	json_t *frame = got(merging, document ? import_copy(document) : json_object());

	for (int kind = 0; kind < TOPO_KIND_MAX; kind++)
		if (json_is_array(json_object_get(frame, topo_kind_plurals[kind])))
			json_object_del(frame, topo_kind_plurals[kind]);
	if (frame)
		topo_builder_add_document(builder, frame);
	json_decref(frame);
}

/* Ends building, and hands on what was found to be wrong or odd. Frees the builder. */
static int
finish(struct topo_builder *builder, struct topo **ret_topo, struct topo_faults *faults)
{
	int r = topo_builder_finish(builder, ret_topo);
	const struct topo_faults *found = topo_builder_faults(builder);

	for (size_t i = 0; i < found->n; i++)
		topo_fault_add(faults, found->items[i].warning,
		    &(const struct at){ NULL, found->items[i].path, 0, NULL }, "%s",
		    found->items[i].reason);
	topo_builder_free(builder);
	return r;
}

int
import_build(const json_t *document, struct topo **ret_topo, struct topo_faults *faults)
{
	struct topo_builder *builder = topo_builder_new();

	if (!builder)
		return -ENOMEM;
	topo_builder_add_document(builder, (json_t *)(uintptr_t)document);
	return finish(builder, ret_topo, faults);
}

int
import_check(const json_t *document, struct topo_faults *faults)
{
	struct topo_faults found = { 0 };
	struct topo *topo = NULL;
	int r = import_build(document, &topo, &found);

	topo_free(topo);
	if (r == -EINVAL) {
		struct topo_faults old = *faults;
		*faults = found;
		found = old;
	}
	topo_faults_release(&found);
	return r;
}

static int
check(struct merging *merging)
{
	struct topo_builder *builder = topo_builder_new();

	if (!builder || merging->no_memory) {
		topo_builder_free(builder);
		return -ENOMEM;
	}
	add_frame(merging, builder);
	for (int kind = TOPO_SWITCH; kind <= TOPO_HOST; kind++)
		add_list(merging, builder, (enum topo_kind)kind);
	return finish(builder, &merging->map->topo, merging->faults);
}

/* ---- the whole ---- */

static int
merge(struct merging *merging)
{
	const size_t n_faults = merging->faults->n_errors;

	merging->map->document = got(merging, json_object());
	merge_switches(merging);
	set(merging,
	    json_object_set_new(merging->map->document, "links", list_of_base(merging, "links")));
	merge_hosts(merging);
	if (merging->no_memory)
		return -ENOMEM;
	if (merging->faults->n_errors > n_faults)
		return -EINVAL;
	int r = check(merging);
	return r == 0 ? import_map_index(merging->map) : r;
}

int
import_map_init(struct import_map *map, const struct import_base *base,
    struct import_report *report, struct topo_faults *faults)
{
	struct merging merging = { .base = base, .map = map, .report = report, .faults = faults };

	*map = (struct import_map){ .hosts_file = base->hosts };
	int r = merge(&merging);
	json_decref(merging.switches);
	json_decref(merging.over);
	if (r != 0)
		import_map_release(map);
	return r;
}

void
import_map_release(struct import_map *map)
{
	json_decref(map->document);
	json_decref(map->hosts);
	topo_free(map->topo);
	free(map->chassis);
	*map = (struct import_map){ 0 };
}
