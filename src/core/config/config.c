/*
 * config: reads the file's lines; what a key is stands in config_table.c, what a value is in config_value.c.
 */
#include "core/config.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/config_table.h"
#include "core/text.h"
#include "core/usm_user.h"

/* Nobody's configuration is larger; what is, is another file given by mistake. */
#define FILE_MAX ((size_t)1 << 20)
#define LINE_MAX_BYTES 4096
#define SECTIONS_MAX 16

struct reader {
	const char *name;
	unsigned line;
	const char *section; /* of the table; NULL: none yet */
	unsigned *lines;     /* per row of the table: where it was set first; 0: nowhere */
	struct config *config;
	struct config_fault *fault;
};

static int fault(struct reader *reader, unsigned line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* "FILE:LINE: ..."; line 0: of the whole file. Returns -EINVAL. */
static int
fault(struct reader *reader, unsigned line, const char *format, ...)
{
	char what[2 * sizeof(reader->fault->text)], whole[3 * sizeof(reader->fault->text)];
	char where[16] = "";
	va_list args;

	if (line > 0)
		snprintf(where, sizeof(where), "%u:", line);
	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	snprintf(whole, sizeof(whole), "%s:%s %s", TEXT_QUOTE(slice_of(reader->name)), where, what);
	text_quote(slice_of(whole), reader->fault->text, sizeof(reader->fault->text));
	return -EINVAL;
}

static size_t
row_number(const struct config_row *row)
{
	return (size_t)(row - config_rows);
}

/* The rows of a section stand together; returns how many sections there are. */
static size_t
list_sections(const char *ret_sections[SECTIONS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < config_n_rows && n < SECTIONS_MAX; i++)
		if (n == 0 || strcmp(ret_sections[n - 1], config_rows[i].section) != 0)
			ret_sections[n++] = config_rows[i].section;
	return n;
}

static int
read_section(struct reader *reader, struct slice text)
{
	const char *sections[SECTIONS_MAX];
	size_t n = list_sections(sections);

	if (text.data[text.len - 1] != ']')
		return fault(reader, reader->line,
		    "\"%s\" begins a section, but \"]\" is not its last character",
		    TEXT_QUOTE(text));
	struct slice name = slice_trim(slice_from(slice_first(text, text.len - 1), 1));
	for (size_t i = 0; i < n; i++) {
		if (!slice_eq_str(name, sections[i]))
			continue;
		reader->section = sections[i];
		return 0;
	}
	const char *near = text_nearest(name, sections, n);
	char known[128];
	if (near)
		return fault(reader, reader->line, "unknown section [%s]; did you mean [%s]?",
		    TEXT_QUOTE(name), near);
	return fault(reader, reader->line, "unknown section [%s]; right is %s", TEXT_QUOTE(name),
	    text_join(sections, n, known, sizeof(known)));
}

static const struct config_row *
row_find(const char *section, struct slice key)
{
	for (size_t i = 0; i < config_n_rows; i++)
		if (strcmp(config_rows[i].section, section) == 0 &&
		    slice_eq_str(key, config_rows[i].key))
			return &config_rows[i];
	return NULL;
}

/* A near miss in this section, or the same key in another one. */
static int
fault_unknown_key(struct reader *reader, struct slice key)
{
	const char *sections[SECTIONS_MAX], *keys[64];
	size_t n_sections = list_sections(sections), n_keys = 0;
	const struct config_row *elsewhere = NULL;
	char known[180];

	for (size_t i = 0; i < config_n_rows && n_keys < sizeof(keys) / sizeof(keys[0]); i++)
		if (strcmp(config_rows[i].section, reader->section) == 0)
			keys[n_keys++] = config_rows[i].key;
	for (size_t i = 0; i < n_sections && !elsewhere; i++)
		elsewhere = row_find(sections[i], key);
	if (elsewhere)
		return fault(reader, reader->line, "[%s] %s: unknown key here; there is %s",
		    reader->section, TEXT_QUOTE(key), elsewhere->label);
	const char *near = text_nearest(key, keys, n_keys);
	if (near)
		return fault(reader, reader->line, "[%s] %s: unknown key; did you mean %s?",
		    reader->section, TEXT_QUOTE(key), near);
	return fault(reader, reader->line, "[%s] %s: unknown key; right is %s", reader->section,
	    TEXT_QUOTE(key), text_join(keys, n_keys, known, sizeof(known)));
}

static bool
may_repeat(const struct config_row *row)
{
	return row->type == CONFIG_LIST || row->type == CONFIG_LINES || row->type == CONFIG_NETS;
}

static int
set(struct reader *reader, const struct config_row *row, struct slice value)
{
	unsigned *first = &reader->lines[row_number(row)];
	char why[CONFIG_WHY_MAX];

	if (*first != 0 && !may_repeat(row))
		return fault(reader, reader->line,
		    "%s: is set on line %u already; keep one of them", row->label, *first);
	/* The file's list replaces the default one. */
	if (*first == 0 && may_repeat(row))
		config_value_clear(row, reader->config);
	*first = reader->line;
	int r = config_value_set(row, value, reader->config, why);
	if (r == -EINVAL)
		return fault(reader, reader->line, "%s: %s", row->label, why);
	return r;
}

static int
read_key(struct reader *reader, struct slice text)
{
	long equals = slice_find(text, SLICE("="));

	if (equals <= 0)
		return fault(reader, reader->line,
		    "\"%s\" is neither [section] nor key = value nor a comment (#)",
		    TEXT_QUOTE(text));
	struct slice key = slice_trim(slice_first(text, (size_t)equals));
	if (!reader->section)
		return fault(reader, reader->line,
		    "%s: stands before the first section; begin with a line such as [daemon]",
		    TEXT_QUOTE(key));
	const struct config_row *row = row_find(reader->section, key);
	if (!row)
		return fault_unknown_key(reader, key);
	return set(reader, row, slice_trim(slice_from(text, (size_t)equals + 1)));
}

static int
check_bytes(struct reader *reader, struct slice line)
{
	if (line.len > LINE_MAX_BYTES)
		return fault(
		    reader, reader->line, "the line is longer than %d bytes", LINE_MAX_BYTES);
	if (!text_is_utf8(line))
		return fault(reader, reader->line, "the line is not UTF-8");
	for (size_t i = 0; i < line.len; i++) {
		size_t len = line.data[i] == '\xc2' ? 2 : 1; /* C1 in UTF-8 */
		if (line.data[i] != '\t' && text_has_control(slice_first(slice_from(line, i), len)))
			return fault(reader, reader->line,
			    "the line holds a control character (byte 0x%02x)",
			    (unsigned char)line.data[i]);
	}
	return 0;
}

static int
read_line(struct reader *reader, struct slice line)
{
	if (line.len > 0 && line.data[line.len - 1] == '\r')
		line.len--;
	int r = check_bytes(reader, line);
	if (r != 0)
		return r;
	line = slice_trim(line);
	if (line.len == 0 || line.data[0] == '#' || line.data[0] == ';')
		return 0;
	if (line.data[0] == '[')
		return read_section(reader, line);
	return read_key(reader, line);
}

static int
read_lines(struct reader *reader, struct slice bytes)
{
	if (bytes.len > FILE_MAX)
		return fault(reader, 0, "is larger than 1 MiB: this is no dpwatch.conf");
	/* Some editors begin a file with a byte order mark. */
	if (slice_starts(bytes, "\xef\xbb\xbf"))
		bytes = slice_from(bytes, 3);
	while (bytes.len > 0) {
		long newline = slice_find(bytes, SLICE("\n"));
		size_t len = newline < 0 ? bytes.len : (size_t)newline;
		reader->line++;
		int r = read_line(reader, slice_first(bytes, len));
		if (r != 0)
			return r;
		bytes = slice_from(bytes, len + 1);
	}
	return 0;
}

/* Where a key was set, for a fault that shows only when all is read; 0: nowhere. */
static unsigned
line_of(const struct reader *reader, const char *section, const char *key)
{
	return reader->lines[row_number(row_find(section, slice_of(key)))];
}

static bool
listens(const struct config_list *list, const char *kind)
{
	for (size_t i = 0; i < list->n; i++)
		if (slice_starts(slice_of(list->items[i]), kind))
			return true;
	return false;
}

/* Two users of one name are told apart by their engines only. *ret_user is the second of them, or any. */
static bool
user_is_doubled(const struct config_list *lines, struct usm_user *ret_user)
{
	char why[USM_USER_WHY_MAX];
	struct usm_user a = { .auth = USM_AUTH_NONE }, b = a;
	bool doubled = false;

	for (size_t i = 0; i < lines->n && !doubled; i++) {
		usm_user_parse(slice_of(lines->items[i]), &a, why);
		for (size_t j = 0; j < i && !doubled; j++) {
			usm_user_parse(slice_of(lines->items[j]), &b, why);
			doubled = strcmp(a.name, b.name) == 0 &&
				  a.engine_id_len == b.engine_id_len &&
				  memcmp(a.engine_id, b.engine_id, a.engine_id_len) == 0;
		}
	}
	*ret_user = a;
	explicit_bzero(&b, sizeof(b));
	return doubled;
}

static bool
has_user(const struct config_list *lines, struct slice name)
{
	for (size_t i = 0; i < lines->n; i++) {
		const struct slice line = slice_of(lines->items[i]);
		if (slice_eq(slice_first(line, strcspn(lines->items[i], " \t")), name))
			return true;
	}
	return false;
}

/* One word is the name of a user. */
static int
check_poll_user(struct reader *reader)
{
	const char *user = reader->config->snmp.poll_user;

	if (!user || strpbrk(user, " \t") || has_user(&reader->config->snmp.user, slice_of(user)))
		return 0;
	return fault(reader, line_of(reader, "snmp", "poll_user"),
	    "[snmp] poll_user: there is no user of that name; add a `user` line, or write the whole line here");
}

static int
check_users(struct reader *reader)
{
	struct usm_user user = { .auth = USM_AUTH_NONE };
	int r = 0;

	if (reader->config->snmp.user.n > 1 && user_is_doubled(&reader->config->snmp.user, &user))
		r = fault(reader, 0,
		    "[snmp] user: %s stands twice for the same engine; keep one of them",
		    TEXT_QUOTE(slice_of(user.name)));
	explicit_bzero(&user, sizeof(user));
	return r == 0 ? check_poll_user(reader) : r;
}

/* ---- two listeners at one place ---- */

static const char *const listen_sections[] = { "snmp", "syslog", "api" };
#define N_LISTENS (sizeof(listen_sections) / sizeof(listen_sections[0]))

static const struct config_list *
listen_list(const struct config *config, size_t section)
{
	const struct config_list *lists[N_LISTENS] = { &config->snmp.listen, &config->syslog.listen,
		&config->api.listen };

	return lists[section];
}

/* udp and udp6 are one, and so are all that run on TCP. */
static char
transport_of(const char *kind)
{
	if (strcmp(kind, "unix") == 0)
		return 'x';
	return slice_starts(slice_of(kind), "udp") ? 'u' : 't';
}

static bool
same_place(const char *a, const char *b)
{
	struct config_endpoint x, y;

	return config_endpoint_parse(a, &x) && config_endpoint_parse(b, &y) &&
	       transport_of(x.kind) == transport_of(y.kind) && x.port == y.port &&
	       slice_eq(x.host, y.host);
}

/* Two that are spelled alike; where one address covers another the system says so at the start. */
static int
check_listen(struct reader *reader, size_t section, const char *text, size_t before)
{
	for (size_t other = 0; other <= section; other++) {
		const struct config_list *list = listen_list(reader->config, other);
		for (size_t i = 0; i < (other < section ? list->n : before); i++)
			if (same_place(list->items[i], text))
				return fault(reader,
				    line_of(reader, listen_sections[section], "listen"),
				    "[%s] listen: %s is taken by [%s] listen %s already",
				    listen_sections[section], text, listen_sections[other],
				    list->items[i]);
	}
	return 0;
}

static int
check_listens(struct reader *reader)
{
	for (size_t section = 0; section < N_LISTENS; section++) {
		const struct config_list *list = listen_list(reader->config, section);
		for (size_t i = 0; i < list->n; i++) {
			int r = check_listen(reader, section, list->items[i], i);
			if (r != 0)
				return r;
		}
	}
	return 0;
}

/* What one key asks of another. */
static int
check_whole(struct reader *reader)
{
	const struct config *config = reader->config;

	if (listens(&config->syslog.listen, "tls:") &&
	    (!config->syslog.tls_cert || !config->syslog.tls_key))
		return fault(reader, line_of(reader, "syslog", "listen"),
		    "[syslog] listen: tls: needs tls_cert and tls_key as well");
	if (listens(&config->api.listen, "https:") &&
	    (!config->api.tls_cert || !config->api.tls_key))
		return fault(reader, line_of(reader, "api", "listen"),
		    "[api] listen: https: needs tls_cert and tls_key as well");
	if (config->redis.username && !config->redis.password_file)
		return fault(reader, line_of(reader, "redis", "username"),
		    "[redis] username: needs password_file as well");
	int r = check_listens(reader);
	return r != 0 ? r : check_users(reader);
}

int
config_defaults(struct config *ret_config)
{
	struct config config = { 0 };
	char why[CONFIG_WHY_MAX];

	for (size_t i = 0; i < config_n_rows; i++) {
		int r = config_value_set(
		    &config_rows[i], slice_of(config_rows[i].preset), &config, why);
		if (r != 0) {
			config_release(&config);
			return r;
		}
	}
	*ret_config = config;
	return 0;
}

int
config_parse(
    const char *name, struct slice bytes, struct config *ret_config, struct config_fault *ret_fault)
{
	struct config config;
	struct reader reader = { .name = name, .config = &config, .fault = ret_fault };

	int r = config_defaults(&config);
	if (r != 0)
		return r;
	reader.lines = calloc(config_n_rows, sizeof(*reader.lines));
	r = reader.lines ? read_lines(&reader, bytes) : -ENOMEM;
	if (r == 0)
		r = check_whole(&reader);
	free(reader.lines);
	if (r == 0)
		*ret_config = config;
	else
		config_release(&config);
	return r;
}

void
config_release(struct config *config)
{
	for (size_t i = 0; i < config_n_rows; i++)
		config_value_clear(&config_rows[i], config);
	*config = (struct config){ 0 };
}

size_t
config_needs_restart(
    const struct config *old, const struct config *now, char ret_keys[CONFIG_KEYS_MAX])
{
	size_t n = 0, len = 0;

	ret_keys[0] = '\0';
	for (size_t i = 0; i < config_n_rows; i++) {
		const struct config_row *row = &config_rows[i];
		if (!row->restart || config_value_eq(row, old, now))
			continue;
		len += (size_t)snprintf(
		    ret_keys + len, CONFIG_KEYS_MAX - len, "%s%s", n++ > 0 ? ", " : "", row->label);
		assert(len < CONFIG_KEYS_MAX);
	}
	return n;
}

void
config_keep_running(struct config *old, struct config *now)
{
	for (size_t i = 0; i < config_n_rows; i++)
		if (config_rows[i].restart)
			config_value_swap(&config_rows[i], old, now);
}
