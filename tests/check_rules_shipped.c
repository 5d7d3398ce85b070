/*
 * The shipped rules (conf/rules), over their own samples, over tests/data/syslog/quirks.txt, and over
 * damaged lines. Run from the top of the tree.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/rules_set.h"
#include "core/syslog_link.h"
#include "lib/run_suite.h"
#include "lib/shipped_rules.h"

#define FILE_MAX (1 << 20)
#define QUIRKS_MAX 2000
#define SAMPLES_MIN 300
#define QUIRKS_MIN 150

static struct rules *shipped;

static size_t
read_file(const char *path, char *buf)
{
	FILE *file = fopen(path, "r");

	if (!file) {
		fprintf(
		    stderr, "%s: %s (tests run from the top of the tree)\n", path, strerror(errno));
		exit(EXIT_FAILURE);
	}
	size_t len = fread(buf, 1, FILE_MAX, file);
	fclose(file);
	return len;
}

struct outcome {
	enum decode_result result;
	enum rules_miss miss;
	struct link_event event;
	struct syslog_msg msg;
};

static struct outcome
decode(struct slice line)
{
	struct outcome o = { .miss = MISS_MAX };

	o.result = syslog_link_decode(shipped, line, &o.event, &o.msg, &o.miss);
	return o;
}

/* In the words of a `yields` line. */
static const char *
words(const struct outcome *o, char *buf, size_t size)
{
	return rules_outcome_text(o->result, o->miss, &o->event, buf, size);
}

static void
print_report(void *ctx, const char *text)
{
	(void)ctx;
	fprintf(stderr, "%s\n", text);
}

START_TEST(every_sample_yields_what_stands_beside_it)
{
	size_t n = 0;

	ck_assert_uint_eq(rules_check_samples(shipped, print_report, NULL, &n), 0);
	ck_assert_uint_ge(n, SAMPLES_MIN);
}
END_TEST

/* ---- the table of quirks and negatives ---- */

static struct quirk {
	unsigned line;
	const char *sample, *yields, *host, *app, *time; /* NULL: not told */
} quirks[QUIRKS_MAX];
static int n_quirks;

/* The value when line begins with key, which a blank or the end follows; else NULL. */
static const char *
value_of(const char *line, const char *key)
{
	size_t len = strlen(key);

	if (strncmp(line, key, len) != 0 || (line[len] != ' ' && line[len] != '\0'))
		return NULL;
	return line[len] ? line + len + 1 : line + len;
}

static void
load_quirks(void)
{
	static char buf[FILE_MAX + 1];
	unsigned number = 0;
	struct quirk *quirk = quirks - 1;

	buf[read_file("tests/data/syslog/quirks.txt", buf)] = '\0';
	for (char *line = buf, *next; line && *line; line = next) {
		const char *value;

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		number++;
		if ((value = value_of(line, "sample")) && n_quirks < QUIRKS_MAX) {
			quirk = &quirks[n_quirks++];
			*quirk = (struct quirk){ .line = number, .sample = value };
		} else if ((value = value_of(line, "yields"))) {
			quirk->yields = value;
		} else if ((value = value_of(line, "host"))) {
			quirk->host = value;
		} else if ((value = value_of(line, "app"))) {
			quirk->app = value;
		} else if ((value = value_of(line, "time"))) {
			quirk->time = value;
		} else if (line[0] != '#' && line[0] != '\0') {
			fprintf(stderr, "quirks.txt:%u: %s\n", number, line);
			exit(EXIT_FAILURE);
		}
	}
}

static bool
is_inside(struct slice part, const struct rule_sample *whole)
{
	return part.len == 0 ||
	       (part.data >= whole->bytes && part.data + part.len <= whole->bytes + whole->len);
}

START_TEST(every_quirk_is_read_as_the_table_says)
{
	const struct quirk *quirk = &quirks[_i];
	struct rule_sample sample = { 0 };
	char got[300], wanted[330];

	ck_assert_ptr_null(rule_sample_read_bytes(&sample, slice_of(quirk->sample)));
	struct outcome o = decode((struct slice){ sample.bytes, sample.len });
	ck_assert_msg(strcmp(words(&o, got, sizeof(got)), quirk->yields) == 0,
	    "quirks.txt:%u yields %s, not %s", quirk->line, got, quirk->yields);
	ck_assert(is_inside(o.event.name, &sample) && is_inside(o.msg.host, &sample) &&
		  is_inside(o.msg.app, &sample) && is_inside(o.msg.text, &sample));
	snprintf(wanted, sizeof(wanted), "quirks.txt:%u: host or app", quirk->line);
	if (quirk->host)
		ck_assert_msg(slice_eq_str(o.msg.host, quirk->host), "%s", wanted);
	if (quirk->app)
		ck_assert_msg(slice_eq_str(o.msg.app, quirk->app), "%s", wanted);
	if (quirk->time)
		ck_assert_msg(o.msg.has_time == (strcmp(quirk->time, "yes") == 0),
		    "quirks.txt:%u: time", quirk->line);
	free(sample.bytes);
}
END_TEST

START_TEST(there_are_enough_quirks)
{
	ck_assert_int_ge(n_quirks, QUIRKS_MIN);
}
END_TEST

/* The example of dpwatch-rules(5) is a rules file that works, and the page knows every key. */
START_TEST(the_manual_page_tells_the_truth)
{
	static char page[FILE_MAX + 1];
	static const char *const keys[] = { "syslog", "literal", "pattern", "layer", "word",
		"reason", "kind", "ignore", "app", "in", "sample", "yields" };
	struct rules *rules = rules_new();
	struct rules_fault fault = { "" };
	char item[40];
	size_t n = 0;

	page[read_file("src/dpwatchd/dpwatch-rules.5", page)] = '\0';
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		snprintf(item, sizeof(item), "\n.It Ic %s ", keys[i]);
		ck_assert_msg(strstr(page, item), "%s", keys[i]);
	}
	char *example = strstr(page, "syslog acme-port"), *end = strstr(page, "\n.Ed");
	ck_assert(example && end && example < end);
	struct slice text = { example, (size_t)(end - example) };
	ck_assert_msg(rules_add_file(rules, "page", text, &fault) == 0, "%s", fault.text);
	ck_assert_int_eq(rules_finish(rules), 0);
	ck_assert_uint_eq(rules_check_samples(rules, print_report, NULL, &n), 0);
	ck_assert_uint_eq(n, 2);
	rules_free(rules);
}
END_TEST

/* ---- damaged lines ---- */

enum damage { DAMAGE_CUT, DAMAGE_NUL, DAMAGE_FF, DAMAGE_LF, DAMAGE_MAX };

static struct slice
damage_line(struct slice line, enum damage damage, size_t at, char *buf)
{
	static const char bytes[DAMAGE_MAX] = { 0, '\0', '\xFF', '\n' };

	memcpy(buf, line.data, line.len);
	if (damage == DAMAGE_CUT)
		return (struct slice){ buf, at };
	buf[at] = bytes[damage];
	return (struct slice){ buf, line.len };
}

/*
 * Two things no decoder can know. A "down - Administratively down" whose reason is damaged is still a
 * down. And a name that the line ends with may have lost its end: "port 12" is "port 1" then, as a
 * whole line would say it. (Over the length at which relays cut, such lines are refused: MISS_CUT.)
 */
static bool
is_undecidable(const struct rules_sample *sample, struct slice line, const struct outcome *o)
{
	struct slice name = o->event.name, wanted = sample->event.name;
	struct slice end = slice_trim(line);

	if (sample->event.word == WORD_ADMIN_DOWN && o->event.word == WORD_DOWN &&
	    slice_eq(name, wanted))
		return true;
	if (end.len < name.len || name.len == 0 || o->event.kind != LINK_EVENT_WORD)
		return false;
	bool at_end = name.data + name.len == end.data + end.len;
	/* What the sample goes on with, from the name on. */
	struct slice rest = slice_from(sample->bytes, (size_t)(name.data - line.data));
	return at_end && slice_eq(slice_first(rest, name.len), name) && rest.len > name.len;
}

static bool
is_right(const struct rules_sample *sample, const struct outcome *o)
{
	const struct link_event *a = &sample->event, *b = &o->event;

	return sample->result == DECODE_EVENT && a->kind == b->kind && a->word == b->word &&
	       a->layer == b->layer && a->new_boot == b->new_boot && slice_eq(a->name, b->name);
}

/* Events from all samples with this damage; *ret_undecidable counts those that nobody can tell. */
static size_t
count_events(enum damage damage, size_t *ret_undecidable)
{
	static char buf[RULE_SAMPLE_MAX];
	struct rules_sample sample;
	size_t events = 0;
	char got[300];

	for (size_t i = 0; rules_get_sample(shipped, i, &sample); i++) {
		for (size_t at = 0; at < sample.bytes.len; at++) {
			struct slice line = damage_line(sample.bytes, damage, at, buf);
			struct outcome o = decode(line);

			if (o.result != DECODE_EVENT)
				continue;
			events++;
			if (is_right(&sample, &o))
				continue;
			bool undecidable = is_undecidable(&sample, line, &o);
			ck_assert_msg(undecidable, "%s:%u, damage %d at byte %zu: yields %s",
			    sample.file, sample.line, (int)damage, at, words(&o, got, sizeof(got)));
			(*ret_undecidable)++;
		}
	}
	return events;
}

START_TEST(a_damaged_line_gives_the_right_event_or_none)
{
	/* How many undecidable ones there are: more would mean that a pattern has become lax. */
	static const size_t undecidable_max[DAMAGE_MAX] = { 60, 48, 42, 48 };
	size_t undecidable = 0, events = count_events((enum damage)_i, &undecidable);

	ck_assert_uint_gt(events, 1000);
	ck_assert_uint_le(undecidable, undecidable_max[_i]);
}
END_TEST

/* The line that a relay cut at 480 bytes or more, right behind the name. */
START_TEST(a_long_line_that_ends_in_its_name_is_refused)
{
	static const char body[] =
	    "SNMP_TRAP_LINK_DOWN: ifIndex 520, ifAdminStatus up(1), ifOperStatus down(2), ifName ge-0/0/1";
	char line[SYSLOG_MSG_CUT_MIN + sizeof(body)], got[300];

	memset(line, ' ', sizeof(line));
	memcpy(line, "<28>Mar  1 10:00:00 ex1", 23);
	size_t at = SYSLOG_MSG_CUT_MIN - (sizeof(body) - 1);
	memcpy(line + at, body, sizeof(body) - 1);
	struct outcome o = decode((struct slice){ line, SYSLOG_MSG_CUT_MIN });
	ck_assert_str_eq(words(&o, got, sizeof(got)), "nothing (cut)");
	ck_assert_int_eq(o.result, DECODE_MALFORMED);
	line[SYSLOG_MSG_CUT_MIN] = '\n';
	o = decode((struct slice){ line, SYSLOG_MSG_CUT_MIN + 1 });
	ck_assert_str_eq(words(&o, got, sizeof(got)), "whole down ge-0/0/1");
}
END_TEST

/* Behind the bound nothing is looked at, and what ends there may be cut by it. */
START_TEST(only_the_beginning_of_a_very_long_line_counts)
{
	static const char body[] = "%LINK-3-UPDOWN: Interface Gi1/0/1, changed state to down";
	size_t len = sizeof(body) - 1;
	char line[RULES_SCAN_MAX + 100], got[300];

	memset(line, ' ', sizeof(line));
	line[0] = '-';
	line[sizeof(line) - 1] = 'x';
	memcpy(line + RULES_SCAN_MAX - len, body, len);
	struct outcome o = decode((struct slice){ line, sizeof(line) });
	ck_assert_str_eq(words(&o, got, sizeof(got)), "nothing (cut)");
	memset(line + 1, ' ', sizeof(line) - 2);
	memcpy(line + RULES_SCAN_MAX - len - 1, body, len);
	o = decode((struct slice){ line, sizeof(line) });
	ck_assert_str_eq(words(&o, got, sizeof(got)), "link down Gi1/0/1");
	memset(line + 1, ' ', sizeof(line) - 2);
	memcpy(line + RULES_SCAN_MAX - len + 1, body, len);
	o = decode((struct slice){ line, sizeof(line) });
	ck_assert_str_eq(words(&o, got, sizeof(got)), "nothing (suspect)");
}
END_TEST

/* What this process has had of a processor: what others do on this machine is no matter. */
static double
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Lines full of near misses: every sample's body without its end, over and over. The bound is a
 * hundred times what is measured, for busy machines and sanitizers. */
START_TEST(no_line_stalls_the_loop)
{
	static char line[RULES_SCAN_MAX];
	struct rules_sample sample;
	double worst = 0;

	for (size_t i = 0; rules_get_sample(shipped, i, &sample); i++) {
		size_t from = sample.bytes.len > 80 ? 40 : 0, take = sample.bytes.len - from;
		size_t len = 0;

		take = take > 8 ? take - 4 : take;
		while (len + take < sizeof(line)) {
			memcpy(line + len, sample.bytes.data + from, take);
			len += take;
		}
		double start = now_ms();
		decode((struct slice){ line, len });
		double took = now_ms() - start;
		worst = took > worst ? took : worst;
	}
	ck_assert_double_lt(worst, 50);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("rules_shipped");
	TCase *tc = tcase_create("rules_shipped");

	shipped = shipped_rules();
	load_quirks();
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, every_sample_yields_what_stands_beside_it);
	tcase_add_test(tc, there_are_enough_quirks);
	tcase_add_test(tc, the_manual_page_tells_the_truth);
	tcase_add_loop_test(tc, every_quirk_is_read_as_the_table_says, 0, n_quirks);
	tcase_add_loop_test(tc, a_damaged_line_gives_the_right_event_or_none, 0, DAMAGE_MAX);
	tcase_add_test(tc, a_long_line_that_ends_in_its_name_is_refused);
	tcase_add_test(tc, only_the_beginning_of_a_very_long_line_counts);
	tcase_add_test(tc, no_line_stalls_the_loop);
	suite_add_tcase(suite, tc);

	int status = run_suite(suite);
	rules_free(shipped);
	return status;
}
