/*
 * topo_interfaces: the `interfaces` of one switch of the topology document.
 *
 * Read in three rounds: names first, so that aliases and members can refer to any of them; then aliases; then members.
 */
#include <stdlib.h>
#include <string.h>

#include "core/topo_build.h"

#define IF_INDEX_MAX 2147483647u /* IF-MIB InterfaceIndex: Integer32 (1..2147483647) */

enum {
	ENTRY_NAME,
	ENTRY_IF_INDEX,
	ENTRY_ALIASES,
	ENTRY_MEMBERS,
	ENTRY_MIN_LINKS,
	ENTRY_FALLBACK,
	ENTRY_N
};
static const struct member entry_members[ENTRY_N] = {
	[ENTRY_NAME] = { "name", MEMBER_STRING, true },
	[ENTRY_IF_INDEX] = { "if_index", MEMBER_INT, false },
	[ENTRY_ALIASES] = { "aliases", MEMBER_LIST, false },
	[ENTRY_MEMBERS] = { "members", MEMBER_LIST, false },
	[ENTRY_MIN_LINKS] = { "min_links", MEMBER_INT, false },
	[ENTRY_FALLBACK] = { "fallback", MEMBER_BOOL, false },
};

static void
set_if_index(struct topo_builder *b, const struct at *at, uint32_t interface, struct slice name,
    const json_t *value)
{
	struct topo_interface *row = rows_at(&b->topo->interfaces, interface);
	struct topo_key_index key = { .sw = row->sw };
	struct slice parent;

	if (!member_int(b, at, value, 1, IF_INDEX_MAX, &key.if_index))
		return;
	if (ifname_unit_parent(topo_switch_get(b->topo, row->sw)->os, name, &parent)) {
		WARNING(b, at, "left out: it is the index of a logical unit");
		return;
	}
	uint32_t known = topo_interface_by_index(b->topo, key.sw, key.if_index);
	if (known != TOPO_NONE) {
		FAULT(b, at, "duplicate: %u is already the index of \"%s\"", key.if_index,
		    INTERFACE_TEXT(b, known));
		return;
	}
	row->if_index = key.if_index;
	build_index(b, &b->topo->by_if_index, topo_hash_index(&key), interface);
}

static void
set_aggregate(struct topo_builder *b, const struct at *at, struct topo_interface *row, json_t **got)
{
	size_t n_members = json_array_size(got[ENTRY_MEMBERS]);

	if (!got[ENTRY_MEMBERS]) {
		for (int i = ENTRY_MIN_LINKS; i <= ENTRY_FALLBACK; i++)
			if (got[i])
				FAULT(b, AT_MEMBER(at, entry_members[i].name),
				    "means something only beside members");
		return;
	}
	row->fallback = json_is_true(got[ENTRY_FALLBACK]);
	if (n_members == 0) {
		FAULT(b, AT_MEMBER(at, "members"), "is empty: name the members, or leave it out");
		return;
	}
	if (!got[ENTRY_MIN_LINKS])
		return;
	json_int_t min_links = json_integer_value(got[ENTRY_MIN_LINKS]);
	if (min_links >= 1 && (uint64_t)min_links <= n_members && n_members <= ROWS_MAX)
		row->min_links = (uint32_t)min_links;
	else
		FAULT(b, AT_MEMBER(at, "min_links"),
		    "%" JSON_INTEGER_FORMAT
		    " is wrong; right is 1 up to the number of members, %zu",
		    min_links, n_members);
}

/* First round. Returns the interface, or TOPO_NONE. */
static uint32_t
add_entry(struct topo_builder *b, const struct at *at, uint32_t sw, const json_t *entry)
{
	json_t *got[ENTRY_N];
	struct slice name;

	if (!members_read(b, at, entry, entry_members, ENTRY_N, got) || !got[ENTRY_NAME] ||
	    !member_name(b, AT_MEMBER(at, "name"), got[ENTRY_NAME], &name))
		return TOPO_NONE;
	uint32_t interface = build_interface(b, AT_MEMBER(at, "name"), sw, name);
	if (interface == TOPO_NONE)
		return TOPO_NONE;
	struct declared *declared = rows_at(&b->interfaces, interface);
	if (declared->entry) {
		FAULT(b, AT_MEMBER(at, "name"), "duplicate: \"%s\" has an entry already, as \"%s\"",
		    TEXT_QUOTE(name), INTERFACE_TEXT(b, interface));
		return TOPO_NONE;
	}
	declared->entry = true;
	declared->has_members = got[ENTRY_MEMBERS] != NULL;
	if (got[ENTRY_IF_INDEX])
		set_if_index(b, AT_MEMBER(at, "if_index"), interface, name, got[ENTRY_IF_INDEX]);
	set_aggregate(b, at, rows_at(&b->topo->interfaces, interface), got);
	return interface;
}

static void
add_alias(struct topo_builder *b, const struct at *at, uint32_t interface, struct slice name)
{
	uint32_t sw = topo_interface_get(b->topo, interface)->sw;
	char buf[IFNAME_MAX + 1];
	struct topo_key_in_switch key = { sw,
		{ buf, ifname_key(topo_switch_get(b->topo, sw)->os, name, buf) } };

	if (key.key.len == 0) {
		FAULT(b, at, "\"%s\" is no interface's name", TEXT_QUOTE(name));
		return;
	}
	uint32_t known = topo_interface_by_key(b->topo, &key);
	if (known == interface)
		return;
	if (known != TOPO_NONE) {
		FAULT(b, at, "duplicate: \"%s\" already stands for \"%s\"", TEXT_QUOTE(name),
		    INTERFACE_TEXT(b, known));
		return;
	}
	struct topo_alias_row *alias = build_row(b, &b->topo->aliases);
	if (!alias)
		return;
	*alias = (struct topo_alias_row){ build_text(b, key.key, true), interface };
	build_index(b, &b->topo->by_alias, topo_hash_key(&key), b->topo->aliases.n - 1);
}

/* Why an interface can't be a member of this aggregate; false with a fault. */
static bool
check_member(struct topo_builder *b, const struct at *at, uint32_t aggregate, uint32_t member)
{
	const struct topo_interface *row = topo_interface_get(b->topo, member);
	const struct declared *declared = rows_at(&b->interfaces, member);

	if (member == aggregate)
		FAULT(b, at, "\"%s\" is a member of itself", INTERFACE_TEXT(b, member));
	else if (declared->has_members)
		FAULT(b, at, "\"%s\" has members of its own: aggregates do not nest",
		    INTERFACE_TEXT(b, member));
	else if (row->aggregate == aggregate)
		FAULT(b, at, "duplicate: \"%s\" is listed twice", INTERFACE_TEXT(b, member));
	else if (row->aggregate != TOPO_NONE)
		FAULT(b, at, "\"%s\" is already a member of \"%s\"", INTERFACE_TEXT(b, member),
		    INTERFACE_TEXT(b, row->aggregate));
	else
		return true;
	return false;
}

static void
add_member(struct topo_builder *b, const struct at *at, uint32_t aggregate, struct slice name)
{
	uint32_t sw = topo_interface_get(b->topo, aggregate)->sw;
	struct slice own = slice_of(topo_text_get(b->topo, topo_switch_get(b->topo, sw)->name));

	if (name.len > own.len && slice_eq(slice_first(name, own.len), own) &&
	    name.data[own.len] == ':') {
		FAULT(b, at,
		    "\"%s\": members are interfaces of this switch, written without \"%s:\"",
		    TEXT_QUOTE(name), TEXT_QUOTE(own));
		return;
	}
	uint32_t member = build_interface(b, at, sw, name);
	if (member == TOPO_NONE || !check_member(b, at, aggregate, member))
		return;
	uint32_t *row = build_row(b, &b->topo->members);
	if (!row)
		return;
	*row = member;
	((struct topo_interface *)rows_at(&b->topo->interfaces, member))->aggregate = aggregate;
	((struct topo_interface *)rows_at(&b->topo->interfaces, aggregate))->members.n++;
}

/* The later rounds read a list again whose type the first one has checked. */
static void
later_round(struct topo_builder *b, const struct at *at, const json_t *list,
    const uint32_t *entries, const char *what,
    void (*add)(struct topo_builder *, const struct at *, uint32_t, struct slice))
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *names = json_object_get(json_array_get(list, i), what);
		const struct at element = { at, NULL, i, NULL };
		if (entries[i] == TOPO_NONE || !json_is_array(names))
			continue;
		if (add == add_member) {
			struct topo_interface *row = rows_at(&b->topo->interfaces, entries[i]);
			row->members.first = b->topo->members.n;
		}
		element_each_name(b, AT_MEMBER(&element, what), names, entries[i], add);
	}
}

void
record_interfaces(struct topo_builder *b, const struct at *at, uint32_t sw, const json_t *list)
{
	size_t n = json_array_size(list);
	uint32_t *entries = calloc(n + 1, sizeof(*entries));

	if (!entries) {
		b->no_memory = true;
		return;
	}
	for (size_t i = 0; i < n; i++)
		entries[i] = add_entry(b, AT_ELEMENT(at, i), sw, json_array_get(list, i));
	later_round(b, at, list, entries, "aliases", add_alias);
	later_round(b, at, list, entries, "members", add_member);
	free(entries);
}
