/*
 * topo_index: how the snapshot's look-up tables hash and compare, and the look-ups themselves.
 */
#include <string.h>

#include "core/topo_snapshot.h"
#include "util/ascii.h"

/* One seed per kind of key is enough: keys of two kinds never share a table. */
#define SEED 1u

uint64_t
topo_hash_text(struct slice text)
{
	return hash_bytes(text.data, text.len, SEED);
}

uint64_t
topo_hash_text_case(struct slice text)
{
	uint64_t hash = SEED;
	char lower[64];

	while (text.len > 0) {
		struct slice part = slice_first(text, sizeof(lower));
		for (size_t i = 0; i < part.len; i++)
			lower[i] = to_lower(part.data[i]);
		hash = hash_bytes(lower, part.len, hash);
		text = slice_from(text, part.len);
	}
	return hash;
}

/* Without the scope, so that an address is found with and without it. */
uint64_t
topo_hash_addr(const struct addr *addr)
{
	return hash_bytes(addr->ip, sizeof(addr->ip), SEED);
}

uint64_t
topo_hash_key(const struct topo_key_in_switch *key)
{
	return hash_bytes(key->key.data, key->key.len, key->sw);
}

uint64_t
topo_hash_index(const struct topo_key_index *key)
{
	return hash_bytes(&key->if_index, sizeof(key->if_index), key->sw);
}

uint64_t
topo_hash_port(const uint8_t id[16])
{
	return hash_bytes(id, 16, SEED);
}

static struct slice
text_of(const struct topo *topo, topo_text text)
{
	return slice_of(topo_text_get(topo, text));
}

static uint64_t
switch_hash(const void *owner, uint32_t value)
{
	return topo_hash_text(text_of(owner, topo_switch_get(owner, value)->name));
}

static bool
switch_eq(const void *owner, uint32_t value, const void *key)
{
	return slice_eq(
	    text_of(owner, topo_switch_get(owner, value)->name), *(const struct slice *)key);
}

static uint64_t
host_hash(const void *owner, uint32_t value)
{
	return topo_hash_text(text_of(owner, topo_host_get(owner, value)->name));
}

static bool
host_eq(const void *owner, uint32_t value, const void *key)
{
	return slice_eq(
	    text_of(owner, topo_host_get(owner, value)->name), *(const struct slice *)key);
}

static uint64_t
addr_hash(const void *owner, uint32_t value)
{
	return topo_hash_addr(topo_address(owner, value));
}

static bool
addr_row_eq(const void *owner, uint32_t value, const void *key)
{
	return addr_eq(topo_address(owner, value), key);
}

static struct slice
sender_text(const struct topo *topo, uint32_t value)
{
	const struct topo_sender_row *row = rows_at(&topo->senders, value);

	return (struct slice){ topo_text_get(topo, row->text), row->len };
}

static uint64_t
sender_hash(const void *owner, uint32_t value)
{
	return topo_hash_text_case(sender_text(owner, value));
}

static bool
sender_eq(const void *owner, uint32_t value, const void *key)
{
	return slice_case_eq(sender_text(owner, value), *(const struct slice *)key);
}

static struct slice
engine_id_of(const struct topo *topo, uint32_t sw)
{
	const struct topo_switch *row = topo_switch_get(topo, sw);

	return (struct slice){ (const char *)row->engine_id, row->engine_id_len };
}

static uint64_t
engine_hash(const void *owner, uint32_t value)
{
	return topo_hash_text(engine_id_of(owner, value));
}

static bool
engine_eq(const void *owner, uint32_t value, const void *key)
{
	return slice_eq(engine_id_of(owner, value), *(const struct slice *)key);
}

static struct topo_key_in_switch
key_of_interface(const struct topo *topo, uint32_t interface)
{
	const struct topo_interface *row = topo_interface_get(topo, interface);

	return (struct topo_key_in_switch){ row->sw, text_of(topo, row->key) };
}

static struct topo_key_in_switch
key_of_alias(const struct topo *topo, uint32_t alias)
{
	const struct topo_alias_row *row = rows_at(&topo->aliases, alias);

	return (struct topo_key_in_switch){ topo_interface_get(topo, row->interface)->sw,
		text_of(topo, row->key) };
}

static bool
key_eq(struct topo_key_in_switch a, const struct topo_key_in_switch *b)
{
	return a.sw == b->sw && slice_eq(a.key, b->key);
}

static uint64_t
interface_hash(const void *owner, uint32_t value)
{
	struct topo_key_in_switch key = key_of_interface(owner, value);

	return topo_hash_key(&key);
}

static bool
interface_eq(const void *owner, uint32_t value, const void *key)
{
	return key_eq(key_of_interface(owner, value), key);
}

static uint64_t
alias_hash(const void *owner, uint32_t value)
{
	struct topo_key_in_switch key = key_of_alias(owner, value);

	return topo_hash_key(&key);
}

static bool
alias_eq(const void *owner, uint32_t value, const void *key)
{
	return key_eq(key_of_alias(owner, value), key);
}

static uint64_t
if_index_hash(const void *owner, uint32_t value)
{
	const struct topo_interface *row = topo_interface_get(owner, value);

	return topo_hash_index(&(struct topo_key_index){ row->sw, row->if_index });
}

static bool
if_index_eq(const void *owner, uint32_t value, const void *key)
{
	const struct topo_interface *row = topo_interface_get(owner, value);
	const struct topo_key_index *want = key;

	return row->sw == want->sw && row->if_index == want->if_index;
}

static uint64_t
port_hash(const void *owner, uint32_t value)
{
	return topo_hash_port(topo_port_get(owner, value)->id);
}

static bool
port_eq(const void *owner, uint32_t value, const void *key)
{
	return memcmp(topo_port_get(owner, value)->id, key, 16) == 0;
}

static const struct htab_type switch_type = { switch_hash, switch_eq };
static const struct htab_type host_type = { host_hash, host_eq };
static const struct htab_type addr_type = { addr_hash, addr_row_eq };
static const struct htab_type sender_type = { sender_hash, sender_eq };
static const struct htab_type engine_type = { engine_hash, engine_eq };
static const struct htab_type interface_type = { interface_hash, interface_eq };
static const struct htab_type alias_type = { alias_hash, alias_eq };
static const struct htab_type if_index_type = { if_index_hash, if_index_eq };
static const struct htab_type port_type = { port_hash, port_eq };

void
topo_index_init(struct topo *topo)
{
	htab_init(&topo->by_name, &switch_type, topo);
	htab_init(&topo->by_addr, &addr_type, topo);
	htab_init(&topo->by_sender, &sender_type, topo);
	htab_init(&topo->by_engine, &engine_type, topo);
	htab_init(&topo->by_key, &interface_type, topo);
	htab_init(&topo->by_alias, &alias_type, topo);
	htab_init(&topo->by_if_index, &if_index_type, topo);
	htab_init(&topo->by_host, &host_type, topo);
	htab_init(&topo->by_port, &port_type, topo);
}

uint32_t
topo_switch_find(const struct topo *topo, struct slice name)
{
	return htab_find(&topo->by_name, topo_hash_text(name), &name);
}

uint32_t
topo_host_find(const struct topo *topo, struct slice name)
{
	return htab_find(&topo->by_host, topo_hash_text(name), &name);
}

uint32_t
topo_switch_by_addr(const struct topo *topo, const struct addr *addr)
{
	uint64_t hash = topo_hash_addr(addr);
	uint32_t row = htab_find(&topo->by_addr, hash, addr);

	if (row == HTAB_NONE && addr->scope != 0) {
		struct addr any_scope = *addr;
		any_scope.scope = 0;
		row = htab_find(&topo->by_addr, hash, &any_scope);
	}
	if (row == HTAB_NONE)
		return TOPO_NONE;
	return ((const struct topo_address_row *)rows_at(&topo->addresses, row))->sw;
}

uint32_t
topo_sender_find(const struct topo *topo, struct slice text)
{
	return htab_find(&topo->by_sender, topo_hash_text_case(text), &text);
}

uint32_t
topo_switch_by_hostname(const struct topo *topo, struct slice hostname)
{
	uint32_t row = topo_sender_find(topo, hostname);
	const struct topo_sender_row *sender;

	if (row != TOPO_NONE) {
		sender = rows_at(&topo->senders, row);
		return sender->sw;
	}
	long dot = slice_find(hostname, SLICE("."));
	if (dot <= 0)
		return TOPO_NONE;
	row = topo_sender_find(topo, slice_first(hostname, (size_t)dot));
	if (row == TOPO_NONE)
		return TOPO_NONE;
	sender = rows_at(&topo->senders, row);
	return sender->has_domain ? TOPO_NONE : sender->sw;
}

uint32_t
topo_switch_by_engine_id(const struct topo *topo, const uint8_t *id, size_t len)
{
	struct slice key = { (const char *)id, len };

	if (len == 0)
		return TOPO_NONE;
	return htab_find(&topo->by_engine, topo_hash_text(key), &key);
}

uint32_t
topo_interface_by_key(const struct topo *topo, const struct topo_key_in_switch *key)
{
	uint64_t hash = topo_hash_key(key);
	uint32_t interface = htab_find(&topo->by_key, hash, key);

	if (interface != HTAB_NONE)
		return interface;
	uint32_t alias = htab_find(&topo->by_alias, hash, key);
	if (alias == HTAB_NONE)
		return TOPO_NONE;
	return ((const struct topo_alias_row *)rows_at(&topo->aliases, alias))->interface;
}

uint32_t
topo_interface_find(const struct topo *topo, uint32_t sw, struct slice name)
{
	char buf[IFNAME_MAX + 1];
	size_t len = ifname_key(topo_switch_get(topo, sw)->os, name, buf);

	if (len == 0)
		return TOPO_NONE;
	return topo_interface_by_key(topo, &(struct topo_key_in_switch){ sw, { buf, len } });
}

/* The numbers behind that head ("1/1/5" of "ethernet1/1/5"): at least `least`, and nothing else. Empty: it is not so. */
static struct slice
place_of(struct slice key, const char *head, unsigned least)
{
	const struct slice place = slice_from(key, strlen(head)), none = { 0 };
	struct slice rest = place;

	if (!slice_eq_str(slice_first(key, strlen(head)), head))
		return none;
	for (; rest.len > 0; least -= least > 0) {
		struct slice number = slice_cut(&rest, '/');
		if (number.len == 0 || slice_digits(number) != number.len)
			return none;
	}
	return least == 0 ? place : none;
}

static uint32_t
find_at(const struct topo *topo, uint32_t sw, const char *head, struct slice place)
{
	char buf[IFNAME_MAX + 1];
	const size_t len = strlen(head);

	if (len + place.len > IFNAME_MAX)
		return TOPO_NONE;
	memcpy(buf, head, len);
	memcpy(buf + len, place.data, place.len);
	return topo_interface_by_key(
	    topo, &(struct topo_key_in_switch){ sw, { buf, len + place.len } });
}

/* The first two tell no speed; the others are FastIron's. */
static const char *const heads[] = { "", "ethernet", "gigabitethernet", "2.5gigabitethernet",
	"5gigabitethernet", "10gigabitethernet", "25gigabitethernet", "40gigabitethernet",
	"100gigabitethernet" };
#define N_HEADS (sizeof(heads) / sizeof(heads[0]))
#define TELLS_SPEED 2

/* Under another head than `told`, of which one at least tells no speed; TOPO_NONE: none, or more than one. */
static uint32_t
find_under_another_head(const struct topo *topo, uint32_t sw, size_t told, struct slice place)
{
	const bool many_numbers = place_of(place, "", 3).len > 0;
	uint32_t found = TOPO_NONE;

	for (size_t i = 0; i < N_HEADS; i++) {
		const bool speed = i >= TELLS_SPEED || told >= TELLS_SPEED;
		if (i == told || (speed && !many_numbers) ||
		    (i >= TELLS_SPEED && told >= TELLS_SPEED))
			continue;
		uint32_t interface = find_at(topo, sw, heads[i], place);
		if (interface != TOPO_NONE && found != TOPO_NONE && interface != found)
			return TOPO_NONE;
		found = interface != TOPO_NONE ? interface : found;
	}
	return found;
}

uint32_t
topo_interface_by_place(const struct topo *topo, uint32_t sw, struct slice name)
{
	const enum os_family os = topo_switch_get(topo, sw)->os;
	char buf[IFNAME_MAX + 1];

	if (os != OS_UNKNOWN && os != OS_OTHER)
		return TOPO_NONE;
	const struct slice key = { buf, ifname_key(os, name, buf) };
	for (size_t i = 0; i < N_HEADS; i++) {
		struct slice place = place_of(key, heads[i], 2);
		if (place.len > 0)
			return find_under_another_head(topo, sw, i, place);
	}
	return TOPO_NONE;
}

uint32_t
topo_interface_named(const struct topo *topo, uint32_t sw, struct slice name)
{
	const uint32_t interface = topo_interface_find(topo, sw, name);

	return interface != TOPO_NONE ? interface : topo_interface_by_place(topo, sw, name);
}

uint32_t
topo_interface_by_index(const struct topo *topo, uint32_t sw, uint32_t if_index)
{
	struct topo_key_index key = { sw, if_index };

	return htab_find(&topo->by_if_index, topo_hash_index(&key), &key);
}

uint32_t
topo_port_find(const struct topo *topo, const uint8_t id[16])
{
	return htab_find(&topo->by_port, topo_hash_port(id), id);
}
