/*
 * The parts of a topology document that would map each sender, put together: one object a switch, so that all of them can
 * be pasted at once. A switch speaks over traps and syslog, by its address and by its name, and spells its interfaces in
 * more than one way; the document takes each only once.
 */
#include "admin/unmapped_map.h"

#include <stdio.h>
#include <string.h>

#include "core/ifname.h"

/* Keys of `seen`, which says what stands where already: a name, an address, an interface of a switch. */
#define KEY_MAX (IFNAME_MAX + 32)

struct merge {
	json_t *switches;
	json_t *seen; /* key -> number of the switch, or of its interface */
};

static bool
look_up(const struct merge *merge, const char *key, size_t *ret_number)
{
	const json_t *number = json_object_get(merge->seen, key);

	if (!number)
		return false;
	*ret_number = (size_t)json_integer_value(number);
	return true;
}

static void
remember(struct merge *merge, const char *key, size_t number)
{
	json_object_set_new(merge->seen, key, json_integer((json_int_t)number));
}

/* ---- names and addresses of switches ---- */

static const char *const lists[] = { "addresses", "hostnames" };
#define N_LISTS (sizeof(lists) / sizeof(lists[0]))

static void
list_key(size_t list, const json_t *text, char *key)
{
	snprintf(key, KEY_MAX, "%s %s", lists[list], json_string_value(text));
}

/* The object that stands for the same switch: of that name, or with an address of it. */
static bool
find_switch(const struct merge *merge, const json_t *part, size_t *ret_number)
{
	char key[KEY_MAX];
	const json_t *text;
	size_t i;

	snprintf(key, sizeof(key), "name %s", json_string_value(json_object_get(part, "name")));
	if (look_up(merge, key, ret_number))
		return true;
	for (size_t list = 0; list < N_LISTS; list++) {
		json_array_foreach(json_object_get(part, lists[list]), i, text)
		{
			list_key(list, text, key);
			if (look_up(merge, key, ret_number))
				return true;
		}
	}
	return false;
}

static json_t *
list_of(json_t *object, const char *name)
{
	json_t *list = json_object_get(object, name);

	if (list)
		return list;
	list = json_array();
	json_object_set_new(object, name, list);
	return list;
}

static void
add_texts(struct merge *merge, size_t sw, size_t list, const json_t *texts)
{
	char key[KEY_MAX];
	size_t i, there;
	json_t *text;

	json_array_foreach(texts, i, text)
	{
		list_key(list, text, key);
		if (look_up(merge, key, &there))
			continue;
		remember(merge, key, sw);
		json_array_append(list_of(json_array_get(merge->switches, sw), lists[list]), text);
	}
}

/* ---- interfaces ---- */

/* "ifIndex7" is what one is called that told its index alone. */
static bool
is_placeholder(const char *name, json_int_t if_index)
{
	char text[32];

	snprintf(text, sizeof(text), "ifIndex%lld", (long long)if_index);
	return strcmp(name, text) == 0;
}

static void
interface_keys(size_t sw, const json_t *interface, char *by_name, char *by_index)
{
	const char *name = json_string_value(json_object_get(interface, "name"));
	char canonical[IFNAME_MAX + 1];

	ifname_key(OS_UNKNOWN, slice_of(name), canonical);
	snprintf(by_name, KEY_MAX, "interface %zu %s", sw, canonical);
	snprintf(by_index, KEY_MAX, "index %zu %lld", sw,
	    (long long)json_integer_value(json_object_get(interface, "if_index")));
}

/* What this one tells of an interface that stands there already: its index, or its name. */
static void
complete(json_t *there, const json_t *interface)
{
	json_t *index = json_object_get(there, "if_index"),
	       *more = json_object_get(interface, "if_index");

	if (!index && more)
		json_object_set(there, "if_index", more);
	if (is_placeholder(json_string_value(json_object_get(there, "name")),
		json_integer_value(json_object_get(there, "if_index"))))
		json_object_set(there, "name", json_object_get(interface, "name"));
}

static void
add_interface(struct merge *merge, size_t sw, const json_t *interface)
{
	json_t *list = list_of(json_array_get(merge->switches, sw), "interfaces");
	const bool indexed = json_object_get(interface, "if_index") != NULL;
	char by_name[KEY_MAX], by_index[KEY_MAX];
	size_t number = json_array_size(list), named = number;

	interface_keys(sw, interface, by_name, by_index);
	bool has_index = indexed && look_up(merge, by_index, &number);
	bool has_name = look_up(merge, by_name, &named);
	if (has_index && has_name && number != named)
		return; /* as two interfaces; which of them is right, nobody knows */
	if (has_name)
		number = named;
	/* Two names with one index, or one name with two: what stands there stays, of whoever spoke last. */
	if (has_index || has_name)
		complete(json_array_get(list, number), interface);
	else
		json_array_append_new(list, json_deep_copy(interface));
	remember(merge, by_name, number);
	if (indexed)
		remember(merge, by_index, number);
}

/* ---- all ---- */

static void
add_part(struct merge *merge, const json_t *part)
{
	char key[KEY_MAX];
	const json_t *interface;
	size_t sw, i;

	if (!find_switch(merge, part, &sw)) {
		json_t *name = json_object_get(part, "name");
		sw = json_array_size(merge->switches);
		json_array_append_new(merge->switches, json_pack("{s:O}", "name", name));
		snprintf(key, sizeof(key), "name %s", json_string_value(name));
		remember(merge, key, sw);
	}
	for (size_t list = 0; list < N_LISTS; list++)
		add_texts(merge, sw, list, json_object_get(part, lists[list]));
	json_array_foreach(json_object_get(part, "interfaces"), i, interface)
	    add_interface(merge, sw, interface);
}

json_t *
unmapped_map_merge(const json_t *senders)
{
	struct merge merge = { .switches = json_array(), .seen = json_object() };
	const json_t *sender, *part;
	size_t i, k;

	json_array_foreach(senders, i, sender)
	{
		const json_t *map = json_object_get(sender, "map");
		json_array_foreach(json_object_get(map, "switches"), k, part)
		    add_part(&merge, part);
	}
	json_decref(merge.seen);
	return merge.switches;
}
