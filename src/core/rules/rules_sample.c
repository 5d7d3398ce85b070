/*
 * The samples beside a rule: raw datagrams, and what each must yield.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/rules_set.h"
#include "core/syslog_link.h"
#include "util/ascii.h"

/* One escape, behind its backslash. Returns its length, 0 when there is no such escape. */
static size_t
read_escape(struct slice s, char *ret_byte)
{
	static const char letters[] = "\\nrt0", bytes[] = "\\\n\r\t";
	const char *letter = s.len > 0 ? memchr(letters, s.data[0], sizeof(letters) - 1) : NULL;

	if (letter) {
		*ret_byte = bytes[letter - letters]; /* "\0" is the NUL behind bytes */
		return 1;
	}
	if (s.len < 3 || s.data[0] != 'x' || hex_value(s.data[1]) < 0 || hex_value(s.data[2]) < 0)
		return 0;
	*ret_byte = (char)(hex_value(s.data[1]) * 16 + hex_value(s.data[2]));
	return 3;
}

const char *
rule_sample_read_bytes(struct rule_sample *sample, struct slice value)
{
	size_t len = 0;
	char *buf = malloc(value.len + 1);

	if (!buf)
		return "out of memory";
	for (size_t i = 0; i < value.len; i++) {
		size_t escape = 0;

		buf[len] = value.data[i];
		if (value.data[i] == '\\') {
			escape = read_escape(slice_from(value, i + 1), &buf[len]);
			if (escape == 0) {
				free(buf);
				return "unknown escape (there are \\\\ \\n \\r \\t \\0 \\xHH)";
			}
		}
		i += escape;
		len++;
	}
	sample->bytes = buf;
	sample->len = len;
	return NULL;
}

static const char *
read_name(struct rule_sample *sample, struct slice name)
{
	sample->name = slice_dup(name);
	return sample->name ? NULL : "out of memory";
}

/* "nothing (virtual)" */
static const char *
read_nothing(struct rule_sample *sample, struct slice rest)
{
	for (int i = MISS_NONE + 1; i < MISS_MAX; i++) {
		size_t len = strlen(rules_miss_names[i]);

		if (rest.len == len + 2 && rest.data[0] == '(' && rest.data[len + 1] == ')' &&
		    slice_eq_str(slice_first(slice_from(rest, 1), len), rules_miss_names[i])) {
			bool malformed = rules_miss_is_malformed((enum rules_miss)i);

			sample->miss = (enum rules_miss)i;
			sample->result = malformed ? DECODE_MALFORMED : DECODE_NOT_OURS;
			return NULL;
		}
	}
	return "nothing needs its reason, as in `yields nothing (virtual)`";
}

static const char *
read_word(struct rule_sample *sample, struct slice layer, struct slice rest)
{
	int l = 0, w = WORD_NONE + 1;
	struct slice word = rules_cut_word(&rest);

	while (l < LAYER_MAX && !slice_eq_str(layer, link_layer_names[l]))
		l++;
	while (w < WORD_MAX && !slice_eq_str(word, link_word_names[w]))
		w++;
	if (l == LAYER_MAX || w == WORD_MAX || rest.len == 0)
		return "yields is `LAYER WORD INTERFACE`, restart, boot, doubt, or nothing (REASON)";
	sample->kind = LINK_EVENT_WORD;
	sample->layer = (enum link_layer)l;
	sample->word = (enum link_word)w;
	return read_name(sample, rest);
}

const char *
rule_sample_read_yield(struct rule_sample *sample, struct slice value)
{
	struct slice rest = value, first = rules_cut_word(&rest);

	sample->has_yield = true;
	sample->result = DECODE_EVENT;
	if (slice_eq_str(first, "nothing"))
		return read_nothing(sample, rest);
	sample->new_boot = slice_eq_str(first, "boot");
	if (sample->new_boot || slice_eq_str(first, "restart")) {
		sample->kind = LINK_EVENT_RESTART;
		return rest.len == 0 ? NULL : "a restart names no interface";
	}
	if (slice_eq_str(first, "doubt")) {
		sample->kind = LINK_EVENT_DOUBT;
		return rest.len == 0 ? NULL : read_name(sample, rest);
	}
	return read_word(sample, first, rest);
}

bool
rules_get_sample(const struct rules *rules, size_t i, struct rules_sample *ret_sample)
{
	for (size_t r = 0; r < rules->n_rules; r++) {
		const struct rule *rule = &rules->rules[r];

		if (i >= rule->n_samples) {
			i -= rule->n_samples;
			continue;
		}
		const struct rule_sample *s = &rule->samples[i];
		*ret_sample = (struct rules_sample){ .rule = rule->name,
			.file = rules->files[rule->file],
			.line = s->line,
			.bytes = { s->bytes, s->len },
			.result = s->result,
			.miss = s->miss,
			.event = { .kind = s->kind,
			    .word = s->word,
			    .layer = s->layer,
			    .new_boot = s->new_boot,
			    .name = slice_of(s->name),
			    .source = SOURCE_SYSLOG } };
		return true;
	}
	return false;
}

/* ---- checking them ---- */

const char *
rules_outcome_text(enum decode_result result, enum rules_miss miss, const struct link_event *event,
    char *buf, size_t size)
{
	int len = (int)event->name.len;

	if (result != DECODE_EVENT)
		snprintf(buf, size, "nothing (%s)", rules_miss_names[miss]);
	else if (event->kind == LINK_EVENT_RESTART)
		snprintf(buf, size, "%s", event->new_boot ? "boot" : "restart");
	else if (event->kind == LINK_EVENT_DOUBT)
		snprintf(buf, size, "doubt%s%.*s", len > 0 ? " " : "", len, event->name.data);
	else
		snprintf(buf, size, "%s %s %.*s", link_layer_names[event->layer],
		    link_word_names[event->word], len, event->name.data);
	return buf;
}

static bool
check_one(const struct rules *rules, const struct rules_sample *sample,
    void (*report)(void *ctx, const char *text), void *ctx)
{
	struct link_event event = { 0 };
	struct syslog_msg msg;
	enum rules_miss miss = MISS_NONE;
	char wanted[400], got[400], text[1200];

	enum decode_result result = syslog_link_decode(rules, sample->bytes, &event, &msg, &miss);
	rules_outcome_text(sample->result, sample->miss, &sample->event, wanted, sizeof(wanted));
	rules_outcome_text(result, miss, &event, got, sizeof(got));
	if (strcmp(wanted, got) == 0)
		return true;
	snprintf(text, sizeof(text), "%s:%u: rule %s: the sample yields %s%s%s, not %s",
	    sample->file, sample->line, sample->rule, got, event.rule ? " by rule " : "",
	    event.rule ? event.rule : "", wanted);
	if (report)
		report(ctx, text);
	return false;
}

size_t
rules_check_samples(const struct rules *rules, void (*report)(void *ctx, const char *text),
    void *ctx, size_t *ret_samples)
{
	struct rules_sample sample;
	size_t n = 0, disagree = 0;

	while (rules_get_sample(rules, n, &sample)) {
		n++;
		if (!check_one(rules, &sample, report, ctx))
			disagree++;
	}
	size_t n_traps;
	disagree += trap_rules_check_samples(rules->traps, rules->files, report, ctx, &n_traps);
	if (ret_samples)
		*ret_samples = n + n_traps;
	return disagree;
}
