#include "core/topo.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/topo_snapshot.h"
#include "util/ascii.h"

/* Every array and every table, named once. */
#define N_ROWS 15
#define N_TABLES 9

static void
all_rows(struct topo *topo, struct rows *ret_rows[N_ROWS])
{
	struct rows *const rows[N_ROWS] = { &topo->switches, &topo->interfaces, &topo->links,
		&topo->hosts, &topo->groups, &topo->ports, &topo->addresses, &topo->aliases,
		&topo->senders, &topo->hostnames, &topo->members, &topo->attachments,
		&topo->groups_of_interface, &topo->links_of_interface, &topo->ports_of_group };

	memcpy(ret_rows, rows, sizeof(rows));
}

static void
all_tables(struct topo *topo, struct htab *ret_tables[N_TABLES])
{
	struct htab *const tables[N_TABLES] = { &topo->by_name, &topo->by_addr, &topo->by_sender,
		&topo->by_engine, &topo->by_key, &topo->by_alias, &topo->by_if_index,
		&topo->by_host, &topo->by_port };

	memcpy(ret_tables, tables, sizeof(tables));
}

static void
init_rows(struct topo *topo)
{
	rows_init(&topo->switches, sizeof(struct topo_switch));
	rows_init(&topo->interfaces, sizeof(struct topo_interface));
	rows_init(&topo->links, sizeof(struct topo_link));
	rows_init(&topo->hosts, sizeof(struct topo_host));
	rows_init(&topo->groups, sizeof(struct topo_group));
	rows_init(&topo->ports, sizeof(struct topo_port));
	rows_init(&topo->addresses, sizeof(struct topo_address_row));
	rows_init(&topo->aliases, sizeof(struct topo_alias_row));
	rows_init(&topo->senders, sizeof(struct topo_sender_row));
	rows_init(&topo->hostnames, sizeof(topo_text));
	rows_init(&topo->members, sizeof(uint32_t));
	rows_init(&topo->attachments, sizeof(uint32_t));
	rows_init(&topo->groups_of_interface, sizeof(uint32_t));
	rows_init(&topo->links_of_interface, sizeof(uint32_t));
	rows_init(&topo->ports_of_group, sizeof(uint32_t));
}

struct topo *
topo_new(void)
{
	struct topo *topo = calloc(1, sizeof(*topo));

	if (!topo)
		return NULL;
	text_pool_init(&topo->texts);
	init_rows(topo);
	topo_index_init(topo);
	return topo;
}

void
topo_free(struct topo *topo)
{
	struct rows *rows[N_ROWS];
	struct htab *tables[N_TABLES];

	if (!topo)
		return;
	all_rows(topo, rows);
	all_tables(topo, tables);
	for (int i = 0; i < N_ROWS; i++)
		rows_release(rows[i]);
	for (int i = 0; i < N_TABLES; i++)
		htab_release(tables[i]);
	text_pool_release(&topo->texts);
	free(topo);
}

bool
topo_free_step(struct topo *topo, unsigned n)
{
	struct rows *rows[N_ROWS];

	if (!topo)
		return false;
	all_rows(topo, rows);
	for (int i = 0; i < N_ROWS; i++)
		if (rows_release_some(rows[i], &n))
			return true;
	if (text_pool_release_some(&topo->texts, &n))
		return true;
	topo_free(topo);
	return false;
}

void
topo_trim(struct topo *topo)
{
	struct rows *rows[N_ROWS];

	all_rows(topo, rows);
	for (int i = 0; i < N_ROWS; i++)
		rows_trim(rows[i]);
	text_pool_trim(&topo->texts);
}

bool
topo_settle(struct topo *topo, uint32_t n)
{
	struct htab *tables[N_TABLES];

	all_tables(topo, tables);
	for (int i = 0; i < N_TABLES; i++)
		if (htab_step(tables[i], n))
			return true;
	return false;
}

size_t
topo_bytes(const struct topo *topo)
{
	struct rows *rows[N_ROWS];
	struct htab *tables[N_TABLES];
	size_t bytes = sizeof(*topo) + text_pool_bytes(&topo->texts);

	/* Only to list them: nothing is written. */
	all_rows((struct topo *)(uintptr_t)topo, rows);
	all_tables((struct topo *)(uintptr_t)topo, tables);
	for (int i = 0; i < N_ROWS; i++)
		bytes += rows_bytes(rows[i]);
	for (int i = 0; i < N_TABLES; i++)
		bytes += htab_bytes(tables[i]);
	return bytes;
}

const char *
topo_text_get(const struct topo *topo, topo_text text)
{
	return text_pool_get(&topo->texts, text);
}

uint32_t
topo_n_switches(const struct topo *topo)
{
	return topo->switches.n;
}

uint32_t
topo_n_interfaces(const struct topo *topo)
{
	return topo->interfaces.n;
}

uint32_t
topo_n_links(const struct topo *topo)
{
	return topo->links.n;
}

uint32_t
topo_n_hosts(const struct topo *topo)
{
	return topo->hosts.n;
}

uint32_t
topo_n_groups(const struct topo *topo)
{
	return topo->groups.n;
}

uint32_t
topo_n_ports(const struct topo *topo)
{
	return topo->ports.n;
}

/* A row number that is not there is our own bug, never input. */
static const void *
row(const struct rows *rows, uint32_t i)
{
	assert(i < rows->n);
	return rows_at(rows, i);
}

const struct topo_switch *
topo_switch_get(const struct topo *topo, uint32_t sw)
{
	return row(&topo->switches, sw);
}

const struct topo_interface *
topo_interface_get(const struct topo *topo, uint32_t interface)
{
	return row(&topo->interfaces, interface);
}

const struct topo_link *
topo_link_get(const struct topo *topo, uint32_t link)
{
	return row(&topo->links, link);
}

const struct topo_host *
topo_host_get(const struct topo *topo, uint32_t host)
{
	return row(&topo->hosts, host);
}

const struct topo_group *
topo_group_get(const struct topo *topo, uint32_t group)
{
	return row(&topo->groups, group);
}

const struct topo_port *
topo_port_get(const struct topo *topo, uint32_t port)
{
	return row(&topo->ports, port);
}

uint32_t
topo_member(const struct topo *topo, uint32_t i)
{
	return *(const uint32_t *)row(&topo->members, i);
}

uint32_t
topo_attachment(const struct topo *topo, uint32_t i)
{
	return *(const uint32_t *)row(&topo->attachments, i);
}

uint32_t
topo_group_of_interface(const struct topo *topo, uint32_t i)
{
	return *(const uint32_t *)row(&topo->groups_of_interface, i);
}

uint32_t
topo_link_of_interface(const struct topo *topo, uint32_t i)
{
	return *(const uint32_t *)row(&topo->links_of_interface, i);
}

uint32_t
topo_port_of_group(const struct topo *topo, uint32_t i)
{
	return *(const uint32_t *)row(&topo->ports_of_group, i);
}

const struct addr *
topo_address(const struct topo *topo, uint32_t i)
{
	return &((const struct topo_address_row *)row(&topo->addresses, i))->addr;
}

topo_text
topo_hostname(const struct topo *topo, uint32_t i)
{
	return *(const topo_text *)row(&topo->hostnames, i);
}

const char *
topo_interface_text(const struct topo *topo, uint32_t interface, char *buf, size_t size)
{
	const struct topo_interface *at = topo_interface_get(topo, interface);

	snprintf(buf, size, "%s:%s", topo_text_get(topo, topo_switch_get(topo, at->sw)->name),
	    topo_text_get(topo, at->name));
	return buf;
}

/* Where the hyphens of 8-4-4-4-12 stand. */
static bool
is_hyphen_place(size_t i)
{
	return i == 8 || i == 13 || i == 18 || i == 23;
}

bool
port_id_parse(struct slice text, uint8_t ret_id[16])
{
	uint8_t id[16] = { 0 };
	size_t n_digits = 0;

	if (text.len != PORT_ID_TEXT - 1)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		int digit = hex_value(text.data[i]);
		if (is_hyphen_place(i) ? text.data[i] != '-' : digit < 0)
			return false;
		if (is_hyphen_place(i))
			continue;
		id[n_digits / 2] = (uint8_t)(id[n_digits / 2] << 4 | digit);
		n_digits++;
	}
	memcpy(ret_id, id, sizeof(id));
	return true;
}

const char *
port_id_format(const uint8_t id[16], char buf[PORT_ID_TEXT])
{
	static const char digits[] = "0123456789abcdef";
	char *at = buf;

	for (size_t i = 0; i < 16; i++) {
		if (is_hyphen_place((size_t)(at - buf)))
			*at++ = '-';
		*at++ = digits[id[i] >> 4];
		*at++ = digits[id[i] & 15];
	}
	*at = '\0';
	return buf;
}
