/*
 * config_units: durations, sizes and endpoints, as people write them.
 */
#include <stdio.h>
#include <string.h>

#include "core/config_table.h"

/* About 100 years: far from what overflows, and beyond what anybody means. */
#define DURATION_MAX_MS UINT64_C(3155760000000)
#define FRACTION_DIGITS_MAX 6

struct unit {
	const char *name;
	uint64_t factor;
};

/* From large to small. */
static const struct unit duration_units[] = { { "d", 86400000 }, { "h", 3600000 }, { "min", 60000 },
	{ "s", 1000 }, { "ms", 1 } };
static const struct unit size_units[] = { { "GiB", UINT64_C(1) << 30 }, { "MiB", 1 << 20 },
	{ "KiB", 1 << 10 }, { "B", 1 } };
#define N_UNITS(units) (sizeof(units) / sizeof((units)[0]))

static const struct unit *
unit_find(const struct unit *units, size_t n, struct slice name)
{
	for (size_t i = 0; i < n; i++)
		if (slice_eq_str(name, units[i].name))
			return &units[i];
	return NULL;
}

/* "1.5" of a unit, in its smallest parts; what is smaller still is cut. */
static bool
scaled(
    struct slice whole, struct slice fraction, uint64_t factor, uint64_t max, uint64_t *ret_value)
{
	unsigned long long value, parts = 0;
	uint64_t divisor = 1;

	if (!slice_to_uint(whole, max / factor, &value))
		return false;
	for (size_t i = 0; i < fraction.len; i++)
		divisor *= 10;
	if (fraction.len > 0 && !slice_to_uint(fraction, divisor, &parts))
		return false;
	value = value * factor + parts * factor / divisor;
	if (value > max)
		return false;
	*ret_value = value;
	return true;
}

bool
config_duration_parse(struct slice text, int64_t *ret_ms)
{
	struct slice whole = slice_first(text, slice_digits(text)), fraction = { 0 };
	struct slice rest = slice_from(text, whole.len);
	uint64_t ms;

	if (slice_eq_str(text, "0")) {
		*ret_ms = 0;
		return true;
	}
	if (slice_starts(rest, ".")) {
		rest = slice_from(rest, 1);
		fraction = slice_first(rest, slice_digits(rest));
		rest = slice_from(rest, fraction.len);
		if (fraction.len == 0 || fraction.len > FRACTION_DIGITS_MAX)
			return false;
	}
	const struct unit *unit = unit_find(duration_units, N_UNITS(duration_units), rest);
	if (!unit || !scaled(whole, fraction, unit->factor, DURATION_MAX_MS, &ms))
		return false;
	*ret_ms = (int64_t)ms;
	return true;
}

bool
config_size_parse(struct slice text, uint64_t *ret_bytes)
{
	struct slice whole = slice_first(text, slice_digits(text));
	struct slice rest = slice_from(text, whole.len);
	const struct unit *unit =
	    unit_find(size_units, N_UNITS(size_units), rest.len > 0 ? rest : SLICE("B"));

	return unit && scaled(whole, (struct slice){ 0 }, unit->factor, INT64_MAX, ret_bytes);
}

/* In the largest unit that leaves no remainder. */
static const char *
format(uint64_t value, const struct unit *units, size_t n, char *buf)
{
	size_t i = 0;

	while (i + 1 < n && (value == 0 || value % units[i].factor != 0))
		i++;
	snprintf(buf, CONFIG_UNIT_TEXT, "%llu%s", (unsigned long long)(value / units[i].factor),
	    value == 0 ? "" : units[i].name);
	return buf;
}

const char *
config_duration_format(uint64_t ms, char *buf)
{
	return format(ms, duration_units, N_UNITS(duration_units), buf);
}

const char *
config_size_format(uint64_t bytes, char *buf)
{
	return format(bytes, size_units, N_UNITS(size_units), buf);
}

/* "ADDR:PORT", or "[ADDR]:PORT" where ADDR has colons of its own. */
static bool
host_port_parse(struct slice text, struct slice *ret_host, uint16_t *ret_port)
{
	size_t colon = text.len;
	unsigned long long port;

	while (colon > 0 && text.data[colon - 1] != ':')
		colon--;
	if (colon == 0)
		return false;
	struct slice host = slice_first(text, colon - 1);
	if (!slice_to_uint(slice_from(text, host.len + 1), UINT16_MAX, &port) || port == 0)
		return false;
	if (host.len >= 2 && host.data[0] == '[' && host.data[host.len - 1] == ']')
		host = slice_from(slice_first(host, host.len - 1), 1);
	else if (slice_find(host, SLICE(":")) >= 0)
		return false;
	if (host.len == 0 || slice_find(host, SLICE(" ")) >= 0 || slice_find(host, SLICE("[")) >= 0)
		return false;
	*ret_host = host;
	*ret_port = (uint16_t)port;
	return true;
}

bool
config_endpoint_parse(const char *text, struct config_endpoint *ret_endpoint)
{
	static const char *const kinds[] = { "udp", "udp6", "tcp", "tcp6", "tls", "unix", "http",
		"https" };
	struct config_endpoint endpoint = { 0 };
	struct slice whole = slice_of(text);
	long colon = slice_find(whole, SLICE(":"));

	if (colon <= 0)
		return false;
	struct slice kind = slice_first(whole, (size_t)colon);
	struct slice rest = slice_from(whole, kind.len + 1);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (slice_eq_str(kind, kinds[i]))
			slice_copy(kind, endpoint.kind, sizeof(endpoint.kind));
	if (endpoint.kind[0] == '\0' || rest.len == 0)
		return false;
	if (strcmp(endpoint.kind, "unix") == 0)
		endpoint.host = rest;
	else if (!host_port_parse(rest, &endpoint.host, &endpoint.port))
		return false;
	*ret_endpoint = endpoint;
	return true;
}
