/*
 * The interfaces of a walk, put into a topology document. Only what changes is copied: documents are large.
 */
#include <errno.h>

#include "core/import_ifnames.h"
#include "core/import_map.h"
#include "core/text.h"
#include "core/topo_build.h"

struct joining {
	const struct topo *topo; /* of the document as it is */
	uint32_t sw;
	json_t *left;    /* ifname_key() -> interface of the walk that no entry has yet */
	json_t *entries; /* of the switch, as they will be */
	struct import_report *report;
	bool no_memory;
};

static void
check(struct joining *joining, int result)
{
	if (result != 0)
		joining->no_memory = true;
}

/* The name by which the document knows an interface, however the walk spells it. */
static const char *
known_name(const struct joining *joining, const char *name)
{
	uint32_t interface = topo_interface_find(joining->topo, joining->sw, slice_of(name));

	return interface == TOPO_NONE ? name
				      : topo_text_get(joining->topo,
					    topo_interface_get(joining->topo, interface)->name);
}

static const char *
key_of(const struct joining *joining, const char *name, char key[IFNAME_MAX + 1])
{
	ifname_key(topo_switch_get(joining->topo, joining->sw)->os,
	    slice_of(known_name(joining, name)), key);
	return key;
}

/* An entry of the document: with the walk's index, or without the one that the walk does not have. */
static void
take_entry(struct joining *joining, json_t *entry)
{
	const char *name = json_string_value(json_object_get(entry, "name"));
	char key[IFNAME_MAX + 1];
	json_t *changed = import_copy(entry);
	const json_t *walked = json_object_get(joining->left, key_of(joining, name, key));

	check(joining, json_array_append_new(joining->entries, changed));
	if (walked) {
		check(joining,
		    json_object_set(changed, "if_index", json_object_get(walked, "if_index")));
		json_object_del(joining->left, key);
	} else if (json_object_get(entry, "if_index")) {
		json_object_del(changed, "if_index");
		check(joining,
		    import_report_note(joining->report,
			"%s: the walk does not have it: its if_index is taken away", name));
	}
}

/* Those of the walk that the document has no entry for, in the walk's order. */
static void
take_left(struct joining *joining)
{
	const char *key;
	json_t *walked;

	json_object_foreach(joining->left, key, walked)
	{
		const char *name = json_string_value(json_object_get(walked, "name"));
		check(joining, json_array_append_new(joining->entries,
				   json_pack("{s:s, s:O}", "name", known_name(joining, name),
				       "if_index", json_object_get(walked, "if_index"))));
	}
}

static int
join(struct joining *joining, const json_t *old, const json_t *interfaces)
{
	char key[IFNAME_MAX + 1];

	for (size_t i = 0; i < json_array_size(interfaces); i++) {
		json_t *walked = json_array_get(interfaces, i);
		const char *name = json_string_value(json_object_get(walked, "name"));
		check(joining, json_object_set(joining->left, key_of(joining, name, key), walked));
	}
	for (size_t i = 0; i < json_array_size(old); i++)
		take_entry(joining, json_array_get(old, i));
	take_left(joining);
	return joining->no_memory ? -ENOMEM : 0;
}

/* A copy of the document with these interfaces for the switch that its list has at place `sw`; NULL: out of memory. */
static json_t *
with_interfaces(const json_t *document, uint32_t sw, json_t *entries)
{
	json_t *whole = import_copy(document);
	json_t *switches = import_copy(json_object_get(document, "switches"));
	json_t *changed = import_copy(json_array_get(switches, sw));

	if (json_object_set(changed, "interfaces", entries) == 0 &&
	    json_array_set(switches, sw, changed) == 0 &&
	    json_object_set(whole, "switches", switches) == 0) {
		json_decref(changed);
		json_decref(switches);
		return whole;
	}
	json_decref(changed);
	json_decref(switches);
	json_decref(whole);
	return NULL;
}

static int
merge(const json_t *document, const struct topo *topo, uint32_t sw, const json_t *interfaces,
    json_t **ret_document, struct import_report *report, struct topo_faults *faults)
{
	struct joining joining = {
		.topo = topo,
		.sw = sw,
		.left = json_object(),
		.entries = json_array(),
		.report = report,
	};
	/* Switches are numbered as the document lists them. */
	const json_t *old = json_object_get(
	    json_array_get(json_object_get(document, "switches"), sw), "interfaces");
	json_t *whole = NULL;
	int r = joining.left && joining.entries ? join(&joining, old, interfaces) : -ENOMEM;

	if (r == 0)
		whole = with_interfaces(document, sw, joining.entries);
	if (r == 0)
		r = whole ? import_check(whole, faults) : -ENOMEM;
	json_decref(joining.left);
	json_decref(joining.entries);
	if (r == 0)
		*ret_document = whole;
	else
		json_decref(whole);
	return r;
}

int
import_ifnames_merge(const json_t *document, struct slice name, const json_t *interfaces,
    json_t **ret_document, struct import_report *report, struct topo_faults *faults)
{
	struct topo *topo = NULL;
	int r = import_build(document, &topo, faults);

	if (r != 0)
		return r;
	uint32_t sw = topo_switch_find(topo, name);
	if (sw == TOPO_NONE)
		sw = topo_switch_by_hostname(topo, name);
	if (sw == TOPO_NONE) {
		topo_fault_add(faults, false, &(const struct at){ NULL, "switches", 0, NULL },
		    "there is no switch \"%s\"", TEXT_QUOTE(name));
		r = -EINVAL;
	} else {
		r = merge(document, topo, sw, interfaces, ret_document, report, faults);
	}
	topo_free(topo);
	return r;
}
