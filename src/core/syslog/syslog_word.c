#include "core/syslog_word.h"

#include <string.h>

#include "util/ascii.h"

bool
syslog_is_separator(char c)
{
	return c == ' ' || c == '\t' || c == ':' || c == ',' || c == '\0' || c == '\r';
}

static char
at(struct slice s, size_t i)
{
	return i < s.len ? s.data[i] : '\0';
}

static bool
is_listed(struct slice word, const struct slice *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (slice_case_eq(word, list[i]))
			return true;
	return false;
}

static const struct slice severities[] = { SLICE("emerg"), SLICE("alert"), SLICE("crit"),
	SLICE("err"), SLICE("error"), SLICE("warn"), SLICE("warning"), SLICE("notice"),
	SLICE("info"), SLICE("debug"), SLICE("fatal"), SLICE("informational") };
#define N_SEVERITIES (sizeof(severities) / sizeof(severities[0]))

/* Tags that come without a pid, and before which the host may be missing. */
static const struct slice tags[] = { SLICE("kernel"), SLICE("snmp"), SLICE("snmpd"), SLICE("mib2d"),
	SLICE("system"), SLICE("interface"), SLICE("ports"), SLICE("swlogd"), SLICE("switchd"),
	SLICE("orchagent"), SLICE("syslog"), SLICE("syncd"), SLICE("raslogd"), SLICE("intfd"),
	SLICE("Ebra") };
#define N_TAGS (sizeof(tags) / sizeof(tags[0]))

/* "local3.notice", "daemon.info": what a relay adds. */
static bool
is_facility_and_severity(struct slice word)
{
	static const struct slice facilities[] = { SLICE("kern"), SLICE("user"), SLICE("mail"),
		SLICE("daemon"), SLICE("auth"), SLICE("syslog"), SLICE("lpr"), SLICE("news"),
		SLICE("uucp"), SLICE("cron"), SLICE("authpriv"), SLICE("ftp"), SLICE("local0"),
		SLICE("local1"), SLICE("local2"), SLICE("local3"), SLICE("local4"), SLICE("local5"),
		SLICE("local6"), SLICE("local7") };
	long dot = slice_find(word, SLICE("."));

	return dot > 0 &&
	       is_listed(slice_first(word, (size_t)dot), facilities,
		   sizeof(facilities) / sizeof(facilities[0])) &&
	       is_listed(slice_from(word, (size_t)dot + 1), severities, N_SEVERITIES);
}

/* prefix followed by digits, and by "-XYZ" or nothing: CPU5, Slot-1, AM1, ST1-CMDR, MSM-B. */
static bool
is_node_name(struct slice word)
{
	static const struct slice prefixes[] = { SLICE("CPU"), SLICE("Slot-"), SLICE("AM"),
		SLICE("ST"), SLICE("MSM-") };

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		size_t n = prefixes[i].len;

		if (word.len <= n || !slice_eq(slice_first(word, n), prefixes[i]))
			continue;
		if (i == 4 && word.len == n + 1 && is_alpha(word.data[n]))
			return true;
		while (is_digit(at(word, n)))
			n++;
		if (is_digit(word.data[n - 1]) && (n == word.len || word.data[n] == '-'))
			return true;
	}
	return false;
}

/* RP/0/RSP0/CPU0, (Stack), the names above. */
static bool
is_node(struct slice word)
{
	return memchr(word.data, '/', word.len) != NULL || word.data[0] == '(' ||
	       is_node_name(word);
}

bool
syslog_word_is_host(struct slice word)
{
	for (size_t i = 0; i < word.len; i++) {
		char c = word.data[i];

		if (!is_alpha(c) && !is_digit(c) && c != '-' && c != '.' && c != '_')
			return false;
	}
	return true;
}

bool
syslog_word_is_host_chain(struct slice word)
{
	struct slice group = word;
	struct slice rest = word;
	size_t hosts = 0;

	slice_cut(&group, '@');
	if (group.len > 0)
		rest = group;
	for (; rest.len > 0; hosts++) {
		struct slice host = slice_cut(&rest, '/');

		/* the empty one is a number, too */
		if (slice_digits(host) == host.len || !syslog_word_is_host(host))
			return false;
	}
	return hosts > 1 || (hosts == 1 && group.len > 0);
}

bool
syslog_word_is_month(struct slice word)
{
	static const struct slice months[] = { SLICE("jan"), SLICE("feb"), SLICE("mar"),
		SLICE("apr"), SLICE("may"), SLICE("jun"), SLICE("jul"), SLICE("aug"), SLICE("sep"),
		SLICE("oct"), SLICE("nov"), SLICE("dec") };

	return is_listed(word, months, sizeof(months) / sizeof(months[0]));
}

bool
syslog_word_is_year(struct slice word)
{
	return word.len == 4 && slice_digits(word) == 4 &&
	       (slice_starts(word, "19") || slice_starts(word, "20"));
}

bool
syslog_word_is_zone(struct slice word)
{
	for (size_t i = 0; i < word.len; i++)
		if (!is_upper(word.data[i]))
			return false;
	return word.len >= 2 && word.len <= 5;
}

/* "-", "--", ".": nothing. */
static bool
is_punctuation(struct slice word)
{
	for (size_t i = 0; i < word.len; i++)
		if (word.data[i] != '-' && word.data[i] != '.' && word.data[i] != '_')
			return false;
	return true;
}

size_t
syslog_word_mac_len(struct slice s)
{
	if (s.len < 17 || is_hex(at(s, 17)))
		return 0;
	for (size_t i = 0; i < 17; i++)
		if (i % 3 == 2 ? s.data[i] != ':' : !is_hex(s.data[i]))
			return 0;
	return 17;
}

size_t
syslog_word_ipv6_len(struct slice s)
{
	size_t len = 0, colons = 0;

	while (len < s.len && (is_hex(s.data[len]) || s.data[len] == ':' || s.data[len] == '.'))
		colons += s.data[len++] == ':';
	if (colons < 2 || (len < s.len && !syslog_is_separator(s.data[len])))
		return 0;
	long twin = slice_find(slice_first(s, len), SLICE("::"));
	size_t keep = twin >= 0 ? (size_t)twin + 2 : 0;
	while (len > keep && s.data[len - 1] == ':')
		len--;
	return twin >= 0 || colons >= 7 ? len : 0;
}

long
syslog_word_tag_len(struct slice word)
{
	for (size_t i = 1; i < word.len; i++)
		if (word.data[i] == '[' || word.data[i] == '#' || word.data[i] == '(')
			return (long)i;
	return -1;
}

bool
syslog_word_is_severity(struct slice word)
{
	return is_listed(word, severities, N_SEVERITIES);
}

bool
syslog_word_is_tag(struct slice word)
{
	return is_listed(word, tags, N_TAGS);
}

bool
syslog_word_is_filler(struct slice word)
{
	return is_facility_and_severity(word) || is_node(word) || is_punctuation(word);
}
