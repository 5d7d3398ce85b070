/*
 * A line begins a variable, goes on with the value of the one before, or is snmpwalk saying that something went wrong.
 */
#include "core/import_ifnames.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/text.h"
#include "core/topo_build.h"
#include "util/ascii.h"

#define PATH_ROOM 320
#define IF_INDEX_MAX 2147483647u /* IF-MIB InterfaceIndex: Integer32 (1..2147483647) */
/* A DisplayString has 255 octets; quotes, escapes and hex take up to three times that. */
#define VALUE_ROOM 1024
#define REASON_ROOM 128

enum value_kind { VALUE_PLAIN, VALUE_QUOTED, VALUE_HEX, VALUE_OTHER };

struct walking {
	const char *path;
	struct topo_faults *faults;
	enum os_family os;
	struct import_report report;
	json_t *interfaces;
	json_t *keys;    /* ifname_key() -> ifIndex of who has it */
	json_t *indexes; /* ifIndexes that came already */
	size_t line;
	bool no_memory;
	/* The variable in hand. */
	bool skipping; /* it is no ifName: its value may be anything, over any number of lines */
	bool open;     /* it is one, and not taken yet */
	bool unclosed; /* its quote is not closed yet */
	bool escaped;  /* a backslash was the last character in the quote */
	bool too_long;
	enum value_kind kind;
	struct slice index; /* the text behind the column */
	size_t first_line;
	size_t len;
	char value[VALUE_ROOM];
};

static void
fault(struct walking *walking, size_t line, const char *why, struct slice text)
{
	char where[PATH_ROOM];

	snprintf(where, sizeof(where), "%.255s:%zu", walking->path, line);
	topo_fault_add(walking->faults, false, &(const struct at){ NULL, where, 0, NULL },
	    text.len > 0 ? "%s: \"%s\"" : "%s", why, TEXT_QUOTE(text));
}

static void
reject(struct walking *walking, struct slice name, const char *reason)
{
	char where[PATH_ROOM];

	snprintf(where, sizeof(where), "%.255s:%zu", walking->path, walking->first_line);
	if (import_report_reject(&walking->report, where, walking->index, name, reason) != 0)
		walking->no_memory = true;
}

/* ---- what a name must be ---- */

/* Who has the key already, as text of its ifIndex; NULL: from now on the one in hand. */
static const char *
claim(struct walking *walking, json_t *claims, const char *key)
{
	const char *owner = json_string_value(json_object_get(claims, key));

	if (!owner && json_object_set_new(
			  claims, key, json_stringn(walking->index.data, walking->index.len)) != 0)
		walking->no_memory = true;
	return owner;
}

/* NULL where it can be taken. */
static const char *
unusable(struct walking *walking, struct slice name, char buf[REASON_ROOM])
{
	char key[IFNAME_MAX + 1];
	struct slice parent;
	const char *other;

	if (walking->kind == VALUE_OTHER)
		return "its value is no text";
	if (walking->too_long || name.len > IFNAME_MAX)
		return "its name is longer than 255 bytes";
	if (name.len == 0)
		return "it has no name";
	if (!text_is_utf8(name) || text_has_control(name))
		return "its name is no UTF-8, or holds control characters";
	if (ifname_is_virtual(name))
		return "a VLAN, loopback or other interface without a port of its own";
	if (ifname_unit_parent(walking->os, name, &parent))
		return "a logical unit: its interface has an entry of its own";
	if (ifname_key(walking->os, name, key) == 0)
		return "its name is none that an interface can have";
	other = claim(walking, walking->keys, key);
	if (!other)
		return NULL;
	snprintf(buf, REASON_ROOM, "the same name as ifIndex %.20s", other);
	return buf;
}

static void
take_interface(struct walking *walking, uint32_t if_index, struct slice name)
{
	json_t *object =
	    json_pack("{s:s%, s:I}", "name", name.data, name.len, "if_index", (json_int_t)if_index);

	if (json_array_append_new(walking->interfaces, object) != 0)
		walking->no_memory = true;
	else
		walking->report.n_mapped[IMPORT_BY_INDEX]++;
}

/* ---- values ---- */

/* "47 69 31 " in its place. False where it is no hex. */
static bool
hex_decode(char *value, size_t *len)
{
	size_t n = 0, i = 0;

	while (i < *len) {
		if (value[i] == ' ') {
			i++;
			continue;
		}
		int high = hex_value(value[i]), low = i + 1 < *len ? hex_value(value[i + 1]) : -1;
		if (high < 0 || low < 0)
			return false;
		value[n++] = (char)(high << 4 | low);
		i += 2;
	}
	*len = n;
	return true;
}

/* The variable in hand is whole. */
static void
close_variable(struct walking *walking)
{
	char reason[REASON_ROOM];
	unsigned long long if_index;

	if (!walking->open)
		return;
	walking->open = false;
	if (walking->unclosed) {
		fault(walking, walking->first_line, "the quote is not closed: the walk is cut",
		    (struct slice){ walking->value, walking->len });
		return;
	}
	if (walking->kind == VALUE_HEX && !hex_decode(walking->value, &walking->len))
		walking->kind = VALUE_OTHER;
	struct slice name = slice_trim((struct slice){ walking->value, walking->len });
	const char *why = NULL;
	char index[16];
	slice_copy(walking->index, index, sizeof(index));
	if (!slice_to_uint(walking->index, IF_INDEX_MAX, &if_index) || if_index == 0)
		why = "its ifIndex is none";
	else if (claim(walking, walking->indexes, index))
		why = "its ifIndex came before";
	else
		why = unusable(walking, name, reason);
	if (why)
		reject(walking, name, why);
	else
		take_interface(walking, (uint32_t)if_index, name);
}

static void
append(struct walking *walking, char c)
{
	if (walking->len < VALUE_ROOM)
		walking->value[walking->len++] = c;
	else
		walking->too_long = true;
}

/* More of the value, from the line that it began on or a later one. */
static void
go_on(struct walking *walking, struct slice text)
{
	if (walking->kind == VALUE_HEX && walking->len > 0)
		append(walking, ' ');
	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];
		if (walking->kind != VALUE_QUOTED) {
			append(walking, c);
		} else if (!walking->unclosed) {
			/* Behind the closing quote nothing follows. */
			walking->kind = c == ' ' ? VALUE_QUOTED : VALUE_OTHER;
		} else if (walking->escaped) {
			append(walking, c);
			walking->escaped = false;
		} else if (c == '\\') {
			walking->escaped = true;
		} else if (c == '"') {
			walking->unclosed = false;
		} else {
			append(walking, c);
		}
	}
}

/* The text of a STRING, in quotes where snmpwalk does not know that it is for people. */
static void
begin_text(struct walking *walking, struct slice text)
{
	if (text.len > 0 && text.data[0] == '"') {
		walking->kind = VALUE_QUOTED;
		walking->unclosed = true;
		text = slice_from(text, 1);
	}
	go_on(walking, text);
}

/* An empty string stands there without its type. */
static void
begin_value(struct walking *walking, struct slice value)
{
	static const char string[] = "STRING:", hex[] = "Hex-STRING:";

	walking->kind = VALUE_OTHER;
	if (slice_starts(value, string) || slice_eq_str(value, "\"\"")) {
		walking->kind = VALUE_PLAIN;
		begin_text(walking,
		    slice_trim(slice_from(value, value.data[0] == '"' ? 0 : strlen(string))));
	} else if (slice_starts(value, hex)) {
		walking->kind = VALUE_HEX;
		go_on(walking, slice_trim(slice_from(value, strlen(hex))));
	}
}

/* ---- lines ---- */

/* What snmpwalk prints when it cannot go on, or only after a fashion (apps/snmpwalk.c, snmp_api.c). */
static const char *const complaints[] = { "Timeout", "Error in packet", "Error:", "Reason:",
	"Failed object:", "snmpwalk:", "snmpbulkwalk:", "Authentication failure",
	"Unknown user name", "Unknown host", "USM " };

static bool
is_complaint(struct slice line)
{
	for (size_t i = 0; i < sizeof(complaints) / sizeof(complaints[0]); i++)
		if (slice_starts(line, complaints[i]))
			return true;
	return false;
}

static const char *const columns[] = { ".1.3.6.1.2.1.31.1.1.1.1.", "1.3.6.1.2.1.31.1.1.1.1.",
	"iso.3.6.1.2.1.31.1.1.1.1.", "IF-MIB::ifName." };

/* The text between the column and " = ", or an empty slice where it is another variable. */
static struct slice
index_of(struct slice variable)
{
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
		if (slice_starts(variable, columns[i]))
			return slice_from(variable, strlen(columns[i]));
	return (struct slice){ 0 };
}

/* "NAME =", where NAME has no blank and is an OID: numeric, from the root, or of a MIB. */
static bool
begins_variable(struct slice line, struct slice *ret_variable, struct slice *ret_value)
{
	long end = slice_find(line, SLICE(" ="));

	if (end <= 0)
		return false;
	struct slice variable = slice_first(line, (size_t)end);
	bool numeric = variable.data[0] == '.' || slice_starts(variable, "iso.") ||
		       slice_starts(variable, "1.3.");
	if (memchr(variable.data, ' ', variable.len) || memchr(variable.data, '"', variable.len) ||
	    (!numeric && slice_find(variable, SLICE("::")) < 0))
		return false;
	*ret_variable = variable;
	*ret_value = slice_trim(slice_from(line, (size_t)end + 2));
	return true;
}

static void
begin_variable(struct walking *walking, struct slice variable, struct slice value)
{
	close_variable(walking);
	walking->open = walking->unclosed = walking->escaped = walking->too_long = false;
	walking->len = 0;
	walking->first_line = walking->line;
	walking->index = index_of(variable);
	/* How a walk of the last column ends. */
	walking->skipping = walking->index.len == 0 || slice_starts(value, "No more variables");
	if (walking->skipping)
		return;
	walking->open = true;
	begin_value(walking, value);
}

/* Whether the value in hand goes on in the next line. */
static bool
wants_more(const struct walking *walking)
{
	return walking->open && (walking->unclosed || walking->kind == VALUE_HEX ||
				    (walking->kind == VALUE_PLAIN && walking->len == 0));
}

static void
read_line(struct walking *walking, struct slice line)
{
	struct slice variable, value;

	while (line.len > 0 && line.data[line.len - 1] == '\r')
		line.len--;
	if (is_complaint(line))
		fault(walking, walking->line, "the walk is cut: nothing is taken", line);
	else if (begins_variable(line, &variable, &value))
		begin_variable(walking, variable, value);
	else if (wants_more(walking) && walking->kind == VALUE_PLAIN)
		begin_text(walking, slice_trim(line));
	else if (wants_more(walking))
		go_on(walking, line);
	else if (slice_trim(line).len > 0 && !walking->skipping)
		fault(walking, walking->line, "is no line of snmpwalk -On", line);
}

static void
read_lines(struct walking *walking, struct slice text)
{
	if (text.len > 0 && text.data[text.len - 1] != '\n') {
		walking->line = 0;
		for (size_t i = 0; i < text.len; i++)
			walking->line += text.data[i] == '\n';
		fault(walking, walking->line + 1, "the last line has no end: the walk is cut",
		    slice_from(text, text.len > 40 ? text.len - 40 : 0));
		return;
	}
	while (text.len > 0 && !walking->no_memory) {
		long end = slice_find(text, SLICE("\n"));
		walking->line++;
		read_line(walking, slice_first(text, (size_t)end));
		text = slice_from(text, (size_t)end + 1);
	}
	close_variable(walking);
}

int
import_ifnames(struct slice source, const char *path, enum os_family os, json_t **ret_interfaces,
    struct import_report *ret_report, struct topo_faults *faults)
{
	const size_t n_faults = faults->n_errors;
	struct walking walking = {
		.path = path,
		.faults = faults,
		.os = os,
		.interfaces = json_array(),
		.keys = json_object(),
		.indexes = json_object(),
	};

	read_lines(&walking, source);
	if (faults->n_errors == n_faults && import_report_n_mapped(&walking.report) == 0)
		fault(&walking, walking.line, "there is no ifName of a port up to here",
		    (struct slice){ 0 });
	int r = faults->n_errors > n_faults ? -EINVAL : 0;
	if (!walking.interfaces || !walking.keys || !walking.indexes || walking.no_memory)
		r = -ENOMEM;
	if (r == 0) {
		*ret_interfaces = json_incref(walking.interfaces);
		*ret_report = walking.report;
		walking.report = (struct import_report){ 0 };
	}
	import_report_release(&walking.report);
	json_decref(walking.interfaces);
	json_decref(walking.keys);
	json_decref(walking.indexes);
	return r;
}
