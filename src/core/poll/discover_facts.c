/*
 * What a switch told, as JSON. Everything in it may be anything: see discover_job.h.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "core/discover_tables.h"
#include "core/text.h"
#include "util/ascii.h"

#define MAC_LEN 6
#define HEX_MAX (2 + 2 * TABLE_BYTES_MAX + 1)

/* LldpChassisIdSubtype and LldpPortIdSubtype of IEEE 802.1AB-2005, 2009. */
static const char *const chassis_kinds[] = { "", "component", "alias", "port", "mac", "address",
	"name", "local" };
static const char *const port_kinds[] = { "", "alias", "port", "mac", "address", "name", "circuit",
	"local" };
#define N_KINDS 8

/* AddressFamilyNumbers */
enum { FAMILY_IPV4 = 1, FAMILY_IPV6 = 2 };

/* LldpSystemCapabilitiesMap is a BITS: bridge(2), router(4). */
#define CAPABLE_BRIDGE 0x20
#define CAPABLE_ROUTER 0x08

/* ---- values ---- */

static struct slice
bytes_of(const struct table_cell *cell)
{
	return cell->kind == CELL_BYTES ? (struct slice){ cell->bytes, cell->len }
					: (struct slice){ "", 0 };
}

static json_t *
hex(struct slice bytes)
{
	char text[HEX_MAX] = "0x";

	for (size_t i = 0; i < bytes.len; i++)
		snprintf(text + 2 + 2 * i, 3, "%02x", (uint8_t)bytes.data[i]);
	return json_string(text);
}

/* As it is, without blanks and NULs around it, which some agents send along. */
static json_t *
plain(struct slice bytes)
{
	const struct slice text = slice_trim(bytes);

	if (!text_is_utf8(text) || text_has_control(text))
		return hex(bytes);
	return json_stringn(text.data, text.len);
}

static json_t *
mac(struct slice bytes)
{
	char text[3 * MAC_LEN + 1];

	/* Some agents send it as text. */
	if (bytes.len == 3 * MAC_LEN - 1 && text_is_utf8(bytes) && !text_has_control(bytes)) {
		for (size_t i = 0; i < bytes.len; i++) {
			const char c = bytes.data[i];
			text[i] = c == '-' ? ':' : to_lower(c);
		}
		return json_stringn(text, bytes.len);
	}
	if (bytes.len != MAC_LEN)
		return hex(bytes);
	for (size_t i = 0; i < MAC_LEN; i++)
		snprintf(
		    text + 3 * i, 4, "%02x%s", (uint8_t)bytes.data[i], i + 1 < MAC_LEN ? ":" : "");
	return json_string(text);
}

/* A family, and so many bytes of it. NULL where it is neither IPv4 nor IPv6. */
static json_t *
address(unsigned family, const uint8_t *bytes, size_t len)
{
	char text[INET6_ADDRSTRLEN];

	if (!(family == FAMILY_IPV4 && len == 4) && !(family == FAMILY_IPV6 && len == 16))
		return NULL;
	inet_ntop(family == FAMILY_IPV4 ? AF_INET : AF_INET6, bytes, text, sizeof(text));
	return json_string(text);
}

/* {"kind", "text"}; null where there is none. */
static json_t *
id(const char *const kinds[N_KINDS], const struct table_cell *kind, const struct table_cell *cell)
{
	const struct slice bytes = bytes_of(cell);
	const bool known = kind->kind == CELL_NUMBER && kind->number > 0 && kind->number < N_KINDS;
	const char *name = known ? kinds[kind->number] : "other";
	json_t *text = NULL;

	if (bytes.len == 0)
		return json_null();
	if (strcmp(name, "mac") == 0)
		text = mac(bytes);
	else if (strcmp(name, "address") == 0)
		text =
		    address((uint8_t)bytes.data[0], (const uint8_t *)bytes.data + 1, bytes.len - 1);
	return json_pack("{s:s, s:o}", "kind", name, "text", text ? text : plain(bytes));
}

/* ---- the switch itself ---- */

static const struct table_cell *
scalar(const struct table_walk *walk, size_t column)
{
	static const struct table_cell none = { .kind = CELL_NONE };

	return walk->n > 0 ? table_walk_cell(walk, 0, column) : &none;
}

static json_t *
text_or_null(const struct table_cell *cell)
{
	return cell->kind == CELL_BYTES && cell->len > 0 ? plain(bytes_of(cell)) : json_null();
}

static json_t *
chassis_of(const struct table_walk *system)
{
	const bool old = scalar(system, SYSTEM_CHASSIS)->kind == CELL_BYTES;

	return id(chassis_kinds, scalar(system, old ? SYSTEM_CHASSIS_KIND : SYSTEM_CHASSIS2_KIND),
	    scalar(system, old ? SYSTEM_CHASSIS : SYSTEM_CHASSIS2));
}

/* RFC 3411, SnmpEngineID: 5 to 32 octets, not all 0 and not all 255. */
static json_t *
engine_id_of(const struct table_walk *system)
{
	const struct slice bytes = bytes_of(scalar(system, SYSTEM_ENGINE_ID));
	unsigned all_or = 0, all_and = 255;

	for (size_t i = 0; i < bytes.len; i++) {
		all_or |= (uint8_t)bytes.data[i];
		all_and &= (uint8_t)bytes.data[i];
	}
	return bytes.len >= 5 && bytes.len <= 32 && all_or != 0 && all_and != 255 ? hex(bytes)
										  : json_null();
}

/* ---- interfaces and aggregates ---- */

/* The row of that index. */
static bool
find_row(const struct table_walk *walk, uint32_t if_index, size_t *ret_row)
{
	size_t low = 0, high = walk->n;

	while (low < high) {
		const size_t middle = (low + high) / 2;
		if (walk->rows[middle]->index[0] < if_index)
			low = middle + 1;
		else
			high = middle;
	}
	*ret_row = low;
	return low < walk->n && walk->rows[low]->index[0] == if_index;
}

/*
 * dot3adAggPortAttachedAggID is 0 of a port whose link is down: what it has selected then is the next best. A port that is its
 * own aggregate is in none.
 */
static uint32_t
lag_of(const struct table_walk *lag, uint32_t if_index)
{
	size_t row;

	if (!find_row(lag, if_index, &row))
		return 0;
	int64_t aggregate = table_walk_cell(lag, row, LAG_ATTACHED)->number;
	if (aggregate <= 0)
		aggregate = table_walk_cell(lag, row, LAG_SELECTED)->number;
	return aggregate > 0 && aggregate <= UINT32_MAX && aggregate != if_index
		   ? (uint32_t)aggregate
		   : 0;
}

static json_t *
interface_of(const struct table_walk *interfaces, size_t row, const struct table_walk *lag)
{
	const uint32_t if_index = interfaces->rows[row]->index[0];
	const struct table_cell *hardware = table_walk_cell(interfaces, row, IF_MAC);
	const int64_t type = table_walk_cell(interfaces, row, IF_TYPE)->number;

	return json_pack("{s:o, s:o, s:o, s:I, s:I, s:o, s:I, s:[]}", "name",
	    plain(bytes_of(table_walk_cell(interfaces, row, IF_NAME))), "descr",
	    plain(bytes_of(table_walk_cell(interfaces, row, IF_DESCR))), "alias",
	    plain(bytes_of(table_walk_cell(interfaces, row, IF_ALIAS))), "if_index",
	    (json_int_t)if_index, "type", (json_int_t)(type > 0 ? type : 0), "mac",
	    hardware->len == MAC_LEN ? mac(bytes_of(hardware)) : json_null(), "aggregate",
	    (json_int_t)lag_of(lag, if_index), "aggregates");
}

/* ifStackTable: HIGHER.LOWER; 0 is above the highest and below the lowest. */
static void
add_stack(json_t *list, const struct table_walk *interfaces, const struct table_walk *stack)
{
	size_t at;

	for (size_t row = 0; row < stack->n; row++) {
		const uint32_t *index = stack->rows[row]->index;
		if (index[0] == 0 || index[1] == 0 || index[0] == index[1] ||
		    !find_row(interfaces, index[1], &at))
			continue;
		json_t *above = json_object_get(json_array_get(list, at), "aggregates");
		json_array_append_new(above, json_integer(index[0]));
	}
}

static json_t *
interfaces_of(const struct table_walk walks[READ_MAX])
{
	const struct table_walk *interfaces = &walks[READ_INTERFACES];
	json_t *list = json_array();

	for (size_t row = 0; row < interfaces->n; row++)
		json_array_append_new(list, interface_of(interfaces, row, &walks[READ_LAG]));
	add_stack(list, interfaces, &walks[READ_STACK]);
	return list;
}

static json_t *
lags_of(const struct table_walk walks[READ_MAX])
{
	for (size_t row = 0; row < walks[READ_LAG].n; row++)
		if (lag_of(&walks[READ_LAG], walks[READ_LAG].rows[row]->index[0]) != 0)
			return json_string("IEEE8023-LAG-MIB");
	if (walks[READ_STACK].n > 0)
		return json_string("ifStackTable");
	return walks[READ_LAG].n > 0 ? json_string("IEEE8023-LAG-MIB") : json_null();
}

/* ---- neighbours ---- */

static json_t *
ports_of(const struct table_walk *ports)
{
	json_t *list = json_array();

	for (size_t row = 0; row < ports->n; row++)
		json_array_append_new(
		    list, json_pack("{s:I, s:o, s:o}", "number",
			      (json_int_t)ports->rows[row]->index[0], "id",
			      id(port_kinds, table_walk_cell(ports, row, PORT_ID_KIND),
				  table_walk_cell(ports, row, PORT_ID)),
			      "descr", plain(bytes_of(table_walk_cell(ports, row, PORT_DESCR)))));
	return list;
}

static bool
is_bridge(const struct table_cell *capabilities)
{
	return capabilities->kind == CELL_BYTES && capabilities->len > 0 &&
	       (capabilities->bytes[0] & (CAPABLE_BRIDGE | CAPABLE_ROUTER)) != 0;
}

/* How the index of an address (longer by more than two) stands to its neighbour's, times apart. */
static int
compare_owner(const struct table_row *address, const struct table_row *neighbour)
{
	for (size_t i = 1; i < neighbour->n_index; i++)
		if (address->index[i] != neighbour->index[i])
			return address->index[i] < neighbour->index[i] ? -1 : 1;
	return 0;
}

static size_t
first_address(const struct table_walk *addresses, const struct table_row *neighbour)
{
	size_t low = 0, high = addresses->n;

	while (low < high) {
		const size_t middle = (low + high) / 2;
		if (compare_owner(addresses->rows[middle], neighbour) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The index goes on behind the neighbour's own with a family, a length, and so many numbers. */
static json_t *
addresses_of(const struct table_walk *addresses, const struct table_row *neighbour)
{
	const size_t n_own = neighbour->n_index;
	json_t *list = json_array();

	for (size_t i = first_address(addresses, neighbour);
	     i < addresses->n && compare_owner(addresses->rows[i], neighbour) == 0; i++) {
		const struct table_row *row = addresses->rows[i];
		uint8_t bytes[16];
		size_t len = 0;
		for (size_t k = n_own + 2; k < row->n_index && len < sizeof(bytes); k++)
			bytes[len++] = (uint8_t)row->index[k];
		json_t *text =
		    row->index[n_own + 1] == len ? address(row->index[n_own], bytes, len) : NULL;
		if (text)
			json_array_append_new(list, text);
	}
	return list;
}

static json_t *
neighbour_of(const struct table_walk *neighbours, size_t row, const struct table_walk *addresses)
{
	return json_pack("{s:I, s:o, s:o, s:o, s:o, s:b, s:o}", "port",
	    (json_int_t)neighbours->rows[row]->index[1], "chassis",
	    id(chassis_kinds, table_walk_cell(neighbours, row, REMOTE_CHASSIS_KIND),
		table_walk_cell(neighbours, row, REMOTE_CHASSIS)),
	    "port_id",
	    id(port_kinds, table_walk_cell(neighbours, row, REMOTE_PORT_KIND),
		table_walk_cell(neighbours, row, REMOTE_PORT)),
	    "port_descr", plain(bytes_of(table_walk_cell(neighbours, row, REMOTE_PORT_DESCR))),
	    "sys_name", plain(bytes_of(table_walk_cell(neighbours, row, REMOTE_NAME))), "bridge",
	    is_bridge(table_walk_cell(neighbours, row, REMOTE_CAPABILITIES)), "addresses",
	    addresses_of(addresses, neighbours->rows[row]));
}

static json_t *
neighbours_of(const struct table_walk *neighbours, const struct table_walk *addresses)
{
	json_t *list = json_array();

	for (size_t row = 0; row < neighbours->n; row++)
		json_array_append_new(list, neighbour_of(neighbours, row, addresses));
	return list;
}

/* ---- what was not read ---- */

static const char *const end_texts[] = {
	[TABLE_GOES_ON] = "not read to its end",
	[TABLE_ABSENT] = "no such object",
	[TABLE_TOO_BIG] = "more of it than is read",
	[TABLE_REFUSED] = "the switch answers with an error",
};

/* Whether it is missed where it is not there: many switches have no LAGs, and no neighbours. */
static bool
is_missed(enum discover_table table, const char *lldp)
{
	return table == READ_INTERFACES || (table == READ_LLDP_PORTS && !lldp);
}

static json_t *
unread_of(const struct table_walk walks[READ_MAX], const char *lldp)
{
	json_t *list = json_array();

	for (int i = 0; i < READ_MAX; i++) {
		const enum table_end end = walks[i].end;
		/* What came after where it broke off, or was not needed, was not asked for. */
		const bool untouched = end == TABLE_GOES_ON && walks[i].n == 0;
		if (end == TABLE_WHOLE || untouched ||
		    (end == TABLE_ABSENT && !is_missed((enum discover_table)i, lldp)))
			continue;
		json_array_append_new(list,
		    json_pack("{s:s, s:s}", "what", walks[i].shape->name, "why", end_texts[end]));
	}
	return list;
}

static const char *
lldp_of(const struct table_walk walks[READ_MAX])
{
	const struct table_walk *system = &walks[READ_SYSTEM];

	if (walks[READ_NEIGHBOURS2].n > 0)
		return "LLDP-V2-MIB";
	if (walks[READ_NEIGHBOURS].n + walks[READ_LLDP_PORTS].n > 0 ||
	    scalar(system, SYSTEM_CHASSIS)->kind == CELL_BYTES)
		return "LLDP-MIB";
	return walks[READ_LLDP2_PORTS].n > 0 || scalar(system, SYSTEM_CHASSIS2)->kind == CELL_BYTES
		   ? "LLDP-V2-MIB"
		   : NULL;
}

json_t *
discover_facts(const struct table_walk walks[READ_MAX])
{
	const char *lldp = lldp_of(walks);
	const bool second = lldp && strcmp(lldp, "LLDP-V2-MIB") == 0;

	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s?, s:o}", "sys_name",
	    text_or_null(scalar(&walks[READ_SYSTEM], SYSTEM_NAME)), "engine_id",
	    engine_id_of(&walks[READ_SYSTEM]), "chassis", chassis_of(&walks[READ_SYSTEM]),
	    "interfaces", interfaces_of(walks), "lldp_ports",
	    ports_of(&walks[second ? READ_LLDP2_PORTS : READ_LLDP_PORTS]), "neighbours",
	    neighbours_of(&walks[second ? READ_NEIGHBOURS2 : READ_NEIGHBOURS],
		&walks[second ? READ_NEIGHBOUR2_ADDRESSES : READ_NEIGHBOUR_ADDRESSES]),
	    "lags", lags_of(walks), "lldp", lldp, "unread", unread_of(walks, lldp));
}
