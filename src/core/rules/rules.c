#include "core/rules.h"

#include <errno.h>
#include <stdlib.h>

#include "core/rules_set.h"
#include "util/ascii.h"

/*
 * What one line may cost: steps of the matcher per start, its depth, and KiB of its memory. A link
 * line takes a few dozen steps.
 */
#define MATCH_LIMIT 2000
#define DEPTH_LIMIT 200
#define HEAP_LIMIT_KIB 256

const char *const rules_miss_names[MISS_MAX] = {
	[MISS_NONE] = "",
	[MISS_NO_RULE] = "no-rule",
	[MISS_SUSPECT] = "suspect",
	[MISS_IGNORED] = "ignored",
	[MISS_VIRTUAL] = "virtual",
	[MISS_LIMIT] = "limit",
	[MISS_MEMBERSHIP] = "membership",
	[MISS_CAUSE] = "cause",
	[MISS_NEIGHBOUR] = "neighbour",
	[MISS_QUOTED] = "quoted",
	[MISS_REPEAT] = "repeat",
	[MISS_CUT] = "cut",
	[MISS_EMPTY] = "empty",
};

/* What makes a line that no rule knows suspect. */
static const char *const suspect_words[] = { "link", "Link", "LINK", "down", "Down", "DOWN" };
#define N_SUSPECT_WORDS (sizeof(suspect_words) / sizeof(suspect_words[0]))

bool
rules_name_good(struct slice name)
{
	for (size_t i = 0; i < name.len; i++)
		if (is_upper(name.data[i]) ||
		    (!is_alpha(name.data[i]) && !is_digit(name.data[i]) && name.data[i] != '-'))
			return false;
	return name.len > 0 && name.len <= RULE_NAME_MAX;
}

struct slice
rules_cut_word(struct slice *rest)
{
	size_t len = 0;

	while (len < rest->len && rest->data[len] != ' ' && rest->data[len] != '\t')
		len++;
	struct slice word = slice_first(*rest, len);
	*rest = slice_trim(slice_from(*rest, len));
	return word;
}

struct rules *
rules_new(void)
{
	struct rules *rules = calloc(1, sizeof(*rules));

	if (rules)
		rules->traps = trap_rules_new();
	if (rules && rules->traps)
		return rules;
	free(rules);
	return NULL;
}

static void
free_all(char **texts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(texts[i]);
}

void
rule_release(struct rule *rule)
{
	free(rule->name);
	free_all(rule->literals, rule->n_literals);
	free_all(rule->apps, rule->n_apps);
	for (size_t i = 0; i < rule->n_states; i++)
		free(rule->states[i].text);
	for (size_t i = 0; i < rule->n_samples; i++) {
		free(rule->samples[i].bytes);
		free(rule->samples[i].name);
	}
	free(rule->samples);
	pcre2_code_free(rule->code);
	*rule = (struct rule){ 0 };
}

void
rules_free(struct rules *rules)
{
	if (!rules)
		return;
	for (size_t i = 0; i < rules->n_rules; i++)
		rule_release(&rules->rules[i]);
	free(rules->rules);
	free_all(rules->files, rules->n_files);
	free(rules->files);
	literals_release(&rules->literals);
	pcre2_match_data_free(rules->match);
	pcre2_match_context_free(rules->context);
	trap_rules_free(rules->traps);
	free(rules);
}

static size_t
count_literals(const struct rules *rules)
{
	size_t n = N_SUSPECT_WORDS;

	for (size_t i = 0; i < rules->n_rules; i++)
		n += rules->rules[i].n_literals;
	return n;
}

/* The suspect words have the id that no rule has. */
static int
build_literals(struct rules *rules)
{
	size_t n = 0;
	struct literal *list = calloc(count_literals(rules), sizeof(*list));

	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < rules->n_rules; i++)
		for (size_t k = 0; k < rules->rules[i].n_literals; k++)
			list[n++] = (struct literal){ rules->rules[i].literals[k], (uint32_t)i };
	for (size_t i = 0; i < N_SUSPECT_WORDS; i++)
		list[n++] = (struct literal){ suspect_words[i], RULES_MAX };
	int r = literals_init(&rules->literals, list, n);
	free(list);
	return r;
}

static uint32_t
most_captures(const struct rules *rules)
{
	uint32_t most = 0;

	for (size_t i = 0; i < rules->n_rules; i++) {
		uint32_t n = 0;

		if (rules->rules[i].code)
			pcre2_pattern_info(rules->rules[i].code, PCRE2_INFO_CAPTURECOUNT, &n);
		if (n > most)
			most = n;
	}
	return most;
}

int
rules_finish(struct rules *rules)
{
	rules->match = pcre2_match_data_create(most_captures(rules) + 1, NULL);
	rules->context = pcre2_match_context_create(NULL);
	if (!rules->match || !rules->context || trap_rules_finish(rules->traps) != 0)
		return -ENOMEM;
	pcre2_set_match_limit(rules->context, MATCH_LIMIT);
	pcre2_set_depth_limit(rules->context, DEPTH_LIMIT);
	pcre2_set_heap_limit(rules->context, HEAP_LIMIT_KIB);
	return build_literals(rules);
}

size_t
rules_count(const struct rules *rules)
{
	return rules->n_rules + trap_rules_mark(rules->traps).families;
}

const struct trap_rules *
rules_traps(const struct rules *rules)
{
	return rules->traps;
}
