#include "core/topo_build.h"

#include <stdlib.h>

static uint64_t
text_hash(const void *owner, uint32_t value)
{
	return topo_hash_text(slice_of(topo_text_get(owner, value)));
}

static bool
text_eq(const void *owner, uint32_t value, const void *key)
{
	return slice_eq(slice_of(topo_text_get(owner, value)), *(const struct slice *)key);
}

/* A link is one cable, whichever end is named first. */
static uint64_t
hash_ends(uint32_t a, uint32_t z)
{
	uint32_t ends[2] = { a < z ? a : z, a < z ? z : a };

	return hash_bytes(ends, sizeof(ends), 0);
}

static uint64_t
link_hash(const void *owner, uint32_t value)
{
	const struct topo_link *link = topo_link_get(owner, value);

	return hash_ends(link->a, link->b);
}

static bool
link_eq(const void *owner, uint32_t value, const void *key)
{
	const struct topo_link *link = topo_link_get(owner, value), *want = key;

	return (link->a == want->a && link->b == want->b) ||
	       (link->a == want->b && link->b == want->a);
}

struct group_key {
	uint32_t host;
	topo_text physnet; /* shared text: one ref per name */
};

static uint64_t
hash_group(const struct group_key *key)
{
	return hash_bytes(key, sizeof(*key), 0);
}

static uint64_t
group_hash(const void *owner, uint32_t value)
{
	const struct topo_group *group = topo_group_get(owner, value);

	return hash_group(&(struct group_key){ group->host, group->physnet });
}

static bool
group_eq(const void *owner, uint32_t value, const void *key)
{
	const struct topo_group *group = topo_group_get(owner, value);
	const struct group_key *want = key;

	return group->host == want->host && group->physnet == want->physnet;
}

static const struct htab_type text_type = { text_hash, text_eq };
static const struct htab_type link_type = { link_hash, link_eq };
static const struct htab_type group_type = { group_hash, group_eq };

struct topo_builder *
topo_builder_new(void)
{
	struct topo_builder *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->topo = topo_new();
	if (!b->topo) {
		free(b);
		return NULL;
	}
	htab_init(&b->by_text, &text_type, b->topo);
	htab_init(&b->by_link, &link_type, b->topo);
	htab_init(&b->by_group, &group_type, b->topo);
	rows_init(&b->interfaces, sizeof(struct declared));
	rows_init(&b->placed, sizeof(struct topo_interface));
	for (int i = 0; i < TOPO_KIND_MAX; i++)
		rows_init(&b->records[i], sizeof(uint32_t));
	return b;
}

void
build_release(struct topo_builder *b)
{
	htab_release(&b->by_text);
	htab_release(&b->by_link);
	htab_release(&b->by_group);
	rows_release(&b->interfaces);
	rows_release(&b->placed);
	for (int i = 0; i < TOPO_KIND_MAX; i++)
		rows_release(&b->records[i]);
}

void
topo_builder_free(struct topo_builder *builder)
{
	if (!builder)
		return;
	build_release(builder);
	topo_free(builder->topo);
	topo_faults_release(&builder->faults);
	free(builder);
}

const struct topo_faults *
topo_builder_faults(const struct topo_builder *builder)
{
	return &builder->faults;
}

topo_text
build_text(struct topo_builder *b, struct slice text, bool shared)
{
	uint64_t hash = 0;
	topo_text ref = 0;

	if (text.len == 0)
		return 0;
	if (shared) {
		hash = topo_hash_text(text);
		uint32_t known = htab_find(&b->by_text, hash, &text);
		if (known != HTAB_NONE)
			return known;
	}
	if (text_pool_add(&b->topo->texts, text, &ref) != 0)
		b->no_memory = true;
	else if (shared)
		build_index(b, &b->by_text, hash, ref);
	return ref;
}

void *
build_row(struct topo_builder *b, struct rows *rows)
{
	void *row = rows_add(rows);

	if (!row)
		b->no_memory = true;
	return row;
}

void
build_index(struct topo_builder *b, struct htab *table, uint64_t hash, uint32_t value)
{
	if (htab_add(table, hash, value) != 0)
		b->no_memory = true;
}

/* Remembers which text an object came from, for record_is_again() of topo_records.c. */
static bool
add_record(struct topo_builder *b, enum topo_kind kind)
{
	uint32_t *record = build_row(b, &b->records[kind]);

	if (!record)
		return false;
	*record = b->record;
	return true;
}

uint32_t
build_switch(struct topo_builder *b, struct slice name)
{
	uint32_t sw = b->topo->switches.n;
	struct topo_switch *row = build_row(b, &b->topo->switches);

	if (!row || !add_record(b, TOPO_SWITCH))
		return TOPO_NONE;
	row->name = build_text(b, name, true);
	row->transit = true;
	row->os = OS_UNKNOWN;
	row->sources = TOPO_SOURCE_TRAP | TOPO_SOURCE_SYSLOG;
	row->min_level = -1;
	build_index(b, &b->topo->by_name, topo_hash_text(name), sw);
	return sw;
}

uint32_t
build_host(struct topo_builder *b, struct slice name)
{
	uint32_t host = b->topo->hosts.n;
	struct topo_host *row = build_row(b, &b->topo->hosts);

	if (!row || !add_record(b, TOPO_HOST))
		return TOPO_NONE;
	row->name = build_text(b, name, true);
	row->group = TOPO_NONE;
	build_index(b, &b->topo->by_host, topo_hash_text(name), host);
	return host;
}

/* Returns false where the name is already another switch's. */
static bool
add_sender(struct topo_builder *b, uint32_t sw, topo_text text, size_t len, bool has_domain)
{
	struct slice name = { topo_text_get(b->topo, text), len };
	uint32_t known = topo_sender_find(b->topo, name);
	struct topo_sender_row *row;

	if (known != TOPO_NONE) {
		row = rows_at(&b->topo->senders, known);
		row->has_domain |= has_domain;
		if (row->sw != sw)
			row->sw = TOPO_NONE;
		return row->sw == sw;
	}
	row = build_row(b, &b->topo->senders);
	if (!row)
		return true;
	*row = (struct topo_sender_row){ text, (uint32_t)len, sw, has_domain };
	build_index(b, &b->topo->by_sender, topo_hash_text_case(name), b->topo->senders.n - 1);
	return true;
}

/* An address has no first label: "192" names nobody. */
void
build_sender(struct topo_builder *b, const struct at *at, uint32_t sw, topo_text text)
{
	struct slice name = slice_of(topo_text_get(b->topo, text));
	struct addr addr;
	long dot = slice_find(name, SLICE("."));

	if (name.len == 0)
		return;
	if (!add_sender(b, sw, text, name.len, false))
		WARNING(b, at,
		    "\"%s\" also stands for another switch, so in syslog it names neither",
		    TEXT_QUOTE(name));
	if (dot > 0 && !addr_parse(name, &addr))
		add_sender(b, sw, text, (size_t)dot, true);
}

const char *
build_interface_text(const struct topo_builder *b, uint32_t interface, char buf[TEXT_QUOTE_MAX])
{
	char whole[2 * TEXT_QUOTE_MAX];

	topo_interface_text(b->topo, interface, whole, sizeof(whole));
	return text_quote(slice_of(whole), buf, TEXT_QUOTE_MAX);
}

static uint32_t
declare(struct topo_builder *b, const struct topo_key_in_switch *key, struct slice name)
{
	uint32_t interface = b->topo->interfaces.n;
	struct topo_interface *row = build_row(b, &b->topo->interfaces);

	if (!row || !build_row(b, &b->interfaces))
		return TOPO_NONE;
	*row = (struct topo_interface){
		.sw = key->sw,
		.name = build_text(b, name, true),
		.key = build_text(b, key->key, true),
		.aggregate = TOPO_NONE,
		.min_links = 1,
		.is_virtual = ifname_is_virtual(name),
	};
	struct topo_switch *sw = rows_at(&b->topo->switches, key->sw);
	sw->interfaces.n++;
	build_index(b, &b->topo->by_key, topo_hash_key(key), interface);
	return interface;
}

uint32_t
build_interface(struct topo_builder *b, const struct at *at, uint32_t sw, struct slice name)
{
	char buf[IFNAME_MAX + 1];
	enum os_family os = topo_switch_get(b->topo, sw)->os;
	struct topo_key_in_switch key = { sw, { buf, ifname_key(os, name, buf) } };
	struct slice parent;

	if (key.key.len == 0) {
		FAULT(b, at,
		    "\"%s\" is no interface's name: 1 to %d bytes without control characters",
		    TEXT_QUOTE(name), IFNAME_MAX);
		return TOPO_NONE;
	}
	uint32_t known = topo_interface_by_key(b->topo, &key);
	if (known != TOPO_NONE)
		return known;
	if (!ifname_unit_parent(os, name, &parent))
		return declare(b, &key, name);
	WARNING(b, at, "\"%s\" is a logical unit; its physical interface \"%s\" is taken",
	    TEXT_QUOTE(name), TEXT_QUOTE(parent));
	key.key.len = ifname_key(os, parent, buf);
	known = key.key.len ? topo_interface_by_key(b->topo, &key) : TOPO_NONE;
	if (known != TOPO_NONE || key.key.len == 0)
		return known;
	return declare(b, &key, parent);
}

/* Told once, where the interface is first referred to. */
static void
warn_if_virtual(struct topo_builder *b, const struct at *at, uint32_t interface)
{
	const struct topo_interface *row = topo_interface_get(b->topo, interface);

	if (row->is_virtual)
		WARNING(b, at,
		    "\"%s\" is no physical interface: what is told of it decides nothing",
		    TEXT_QUOTE(slice_of(topo_text_get(b->topo, row->name))));
}

uint32_t
build_reference(struct topo_builder *b, const struct at *at, struct slice text)
{
	uint32_t n_before = b->topo->interfaces.n;
	long colon = slice_find(text, SLICE(":"));

	if (colon < 0) {
		FAULT(b, at, "\"%s\" has no colon: an interface is named \"SWITCH:INTERFACE\"",
		    TEXT_QUOTE(text));
		return TOPO_NONE;
	}
	struct slice name = slice_first(text, (size_t)colon);
	uint32_t sw = topo_switch_find(b->topo, name);
	if (sw == TOPO_NONE) {
		FAULT(b, at, "unknown switch \"%s\"", TEXT_QUOTE(name));
		return TOPO_NONE;
	}
	uint32_t interface = build_interface(b, at, sw, slice_from(text, name.len + 1));
	if (interface != TOPO_NONE && b->topo->interfaces.n > n_before)
		warn_if_virtual(b, at, interface);
	return interface;
}

uint32_t
build_link_find(const struct topo_builder *b, uint32_t a, uint32_t z)
{
	struct topo_link key = { .a = a, .b = z };

	return htab_find(&b->by_link, hash_ends(a, z), &key);
}

void
build_link(struct topo_builder *b, const struct topo_link *link)
{
	uint32_t number = b->topo->links.n;
	struct topo_link *row = build_row(b, &b->topo->links);

	if (!row || !add_record(b, TOPO_LINK))
		return;
	*row = *link;
	((struct topo_interface *)rows_at(&b->topo->interfaces, link->a))->links.n++;
	((struct topo_interface *)rows_at(&b->topo->interfaces, link->b))->links.n++;
	build_index(b, &b->by_link, hash_ends(link->a, link->b), number);
}

uint32_t
build_group_find(const struct topo_builder *b, uint32_t host, topo_text physnet)
{
	struct group_key key = { host, physnet };

	if (physnet == 0)
		return topo_host_get(b->topo, host)->group;
	return htab_find(&b->by_group, hash_group(&key), &key);
}

uint32_t
build_group(struct topo_builder *b, const struct topo_group *group)
{
	uint32_t number = b->topo->groups.n;
	struct topo_group *row = build_row(b, &b->topo->groups);

	if (!row)
		return TOPO_NONE;
	*row = *group;
	if (group->host == TOPO_NONE)
		return number;
	if (group->physnet == 0)
		((struct topo_host *)rows_at(&b->topo->hosts, group->host))->group = number;
	else
		build_index(b, &b->by_group,
		    hash_group(&(struct group_key){ group->host, group->physnet }), number);
	return number;
}

void
build_port(struct topo_builder *b, const struct topo_port *port)
{
	uint32_t number = b->topo->ports.n;
	struct topo_port *row = build_row(b, &b->topo->ports);

	if (!row || !add_record(b, TOPO_PORT))
		return;
	*row = *port;
	((struct topo_group *)rows_at(&b->topo->groups, port->group))->ports.n++;
	build_index(b, &b->topo->by_port, topo_hash_port(port->id), number);
}
