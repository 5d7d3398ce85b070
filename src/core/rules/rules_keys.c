/*
 * The keys of a `syslog` stanza, as rows of a table, and what it must hold as a whole.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/rules_parser.h"

/* The number of the name that is value, among n names (NULL ones are none); -1: none. */
static int
name_index(const char *const *names, int n, struct slice value)
{
	for (int i = 0; i < n; i++)
		if (names[i] && names[i][0] != '\0' && slice_eq_str(value, names[i]))
			return i;
	return -1;
}

static int
take_copy(char **list, size_t *n, struct slice value)
{
	list[*n] = slice_dup(value);
	if (!list[*n])
		return -ENOMEM;
	(*n)++;
	return 0;
}

static int
key_literal(struct rules_parser *p, struct slice value)
{
	struct rule *rule = p->rule;

	if (value.len < RULE_LITERAL_MIN || value.len > RULE_LITERAL_MAX)
		return parser_fault(
		    p, "a literal has %d to %d bytes", RULE_LITERAL_MIN, RULE_LITERAL_MAX);
	if (rule->n_literals == RULE_LITERALS_MAX)
		return parser_fault(p, "more than %d literals", RULE_LITERALS_MAX);
	if (p->rules->literal_bytes + value.len > LITERALS_BYTES_MAX)
		return parser_fault(
		    p, "the literals of all rules have more than %d bytes", LITERALS_BYTES_MAX);
	p->rules->literal_bytes += value.len;
	return take_copy(rule->literals, &rule->n_literals, value);
}

static int
key_pattern(struct rules_parser *p, struct slice value)
{
	char why[160];
	size_t offset = 0;

	if (p->has_pattern)
		return parser_fault(p, "a second pattern");
	if (value.len > RULE_PATTERN_MAX)
		return parser_fault(p, "a pattern has at most %d bytes", RULE_PATTERN_MAX);
	p->has_pattern = true;
	int r = rule_compile(p->rule, value, why, sizeof(why), &offset);
	return r == -EINVAL ? parser_fault(p, "pattern: %s at offset %zu", why, offset) : r;
}

static int
key_layer(struct rules_parser *p, struct slice value)
{
	int layer = name_index(link_layer_names, LAYER_MAX, value);

	if (layer < 0 || p->rule->has_layer)
		return parser_fault(p, "layer is one of whole, link, protocol, once");
	p->rule->layer = (enum link_layer)layer;
	p->rule->has_layer = true;
	return 0;
}

/* "word down", or "word down off-line": which text of the state group means it. */
static int
key_word(struct rules_parser *p, struct slice value)
{
	struct rule *rule = p->rule;
	long blank = slice_find(value, SLICE(" "));
	size_t len = blank < 0 ? value.len : (size_t)blank;
	struct slice text = slice_trim(slice_from(value, len));
	int word = name_index(link_word_names, WORD_MAX, slice_first(value, len));

	if (word < 0)
		return parser_fault(p, "word is one of up, down, admin-up, admin-down");
	if (text.len == 0 && p->has_word)
		return parser_fault(p, "a second word without a text of the state group");
	if (text.len == 0) {
		p->has_word = true;
		rule->word = (enum link_word)word;
		return 0;
	}
	if (rule->n_states == RULE_STATES_MAX)
		return parser_fault(p, "more than %d texts of the state group", RULE_STATES_MAX);
	char *copy = slice_dup(text);
	if (!copy)
		return -ENOMEM;
	rule->states[rule->n_states++] = (struct rule_state){ copy, (enum link_word)word };
	return 0;
}

static int
key_kind(struct rules_parser *p, struct slice value)
{
	static const char *const names[] = { "restart", "boot", "doubt" };
	int kind = name_index(names, 3, value);

	if (kind < 0 || p->has_kind)
		return parser_fault(
		    p, "kind is one of restart, boot, doubt, once, and not with ignore");
	p->has_kind = true;
	p->rule->kind = kind == 2 ? LINK_EVENT_DOUBT : LINK_EVENT_RESTART;
	p->rule->new_boot = kind == 1;
	return 0;
}

static int
key_ignore(struct rules_parser *p, struct slice value)
{
	static const char *const reasons[] = { "ignored", "virtual", "membership", "cause",
		"neighbour", "quoted", "repeat" };
	struct slice reason = value.len > 0 ? value : SLICE("ignored");

	if (p->has_kind || name_index(reasons, 7, reason) < 0)
		return parser_fault(p,
		    "ignore is one of ignored, virtual, membership, cause, neighbour, "
		    "quoted, repeat, once, and not with kind");
	p->has_kind = true;
	p->rule->ignore = true;
	p->rule->miss = (enum rules_miss)name_index(rules_miss_names, MISS_MAX, reason);
	return 0;
}

static int
key_reason(struct rules_parser *p, struct slice value)
{
	enum link_reason reason = link_reason_from(value);

	if (reason == REASON_NONE || p->rule->reason != REASON_NONE)
		return parser_fault(
		    p, "reason is one of link-down, err-disabled, members, card, power ..., once");
	p->rule->reason = reason;
	return 0;
}

static int
key_app(struct rules_parser *p, struct slice value)
{
	if (value.len == 0 || p->rule->n_apps == RULE_APPS_MAX)
		return parser_fault(
		    p, "app needs a name, and comes at most %d times", RULE_APPS_MAX);
	return take_copy(p->rule->apps, &p->rule->n_apps, value);
}

static int
key_in(struct rules_parser *p, struct slice value)
{
	if (!slice_eq_str(value, "structured-data") || p->rule->structured)
		return parser_fault(p, "in is structured-data, once");
	p->rule->structured = true;
	return 0;
}

/* The sample that still waits for its yield, or NULL. */
static struct rule_sample *
open_sample(const struct rule *rule)
{
	struct rule_sample *last = rule->n_samples ? &rule->samples[rule->n_samples - 1] : NULL;

	return last && !last->has_yield ? last : NULL;
}

static int
sample_fault(struct rules_parser *p, const char *what)
{
	return strcmp(what, "out of memory") == 0 ? -ENOMEM : parser_fault(p, "%s", what);
}

static int
key_sample(struct rules_parser *p, struct slice value)
{
	struct rule *rule = p->rule;

	if (open_sample(rule))
		return parser_fault(p, "the sample before has no yields");
	if (value.len == 0 || value.len > RULE_SAMPLE_MAX)
		return parser_fault(p, "a sample has 1 to %d bytes", RULE_SAMPLE_MAX);
	struct rule_sample *all =
	    realloc(rule->samples, (rule->n_samples + 1) * sizeof(*rule->samples));
	if (!all)
		return -ENOMEM;
	rule->samples = all;
	rule->samples[rule->n_samples] = (struct rule_sample){ .line = p->line };
	const char *wrong = rule_sample_read_bytes(&rule->samples[rule->n_samples], value);
	if (wrong)
		return sample_fault(p, wrong);
	rule->n_samples++;
	return 0;
}

static int
key_yields(struct rules_parser *p, struct slice value)
{
	struct rule_sample *sample = open_sample(p->rule);

	if (!sample)
		return parser_fault(p, "yields belongs behind a sample");
	const char *wrong = rule_sample_read_yield(sample, value);
	return wrong ? sample_fault(p, wrong) : 0;
}

static const struct {
	const char *name;
	int (*take)(struct rules_parser *p, struct slice value);
} keys[] = {
	{ "literal", key_literal },
	{ "pattern", key_pattern },
	{ "layer", key_layer },
	{ "word", key_word },
	{ "kind", key_kind },
	{ "ignore", key_ignore },
	{ "reason", key_reason },
	{ "app", key_app },
	{ "in", key_in },
	{ "sample", key_sample },
	{ "yields", key_yields },
};
#define N_KEYS (sizeof(keys) / sizeof(keys[0]))

int
rules_key(struct rules_parser *p, struct slice key, struct slice value)
{
	for (size_t i = 0; i < N_KEYS; i++)
		if (slice_eq_str(key, keys[i].name))
			return p->rule ? keys[i].take(p, value)
				       : parser_fault(p, "%s outside a rule", keys[i].name);
	return parser_fault(p, "unknown key %.*s", (int)(key.len < 40 ? key.len : 40), key.data);
}

/* ---- a stanza as a whole ---- */

/* What an event about an interface needs. NULL, or what is missing. */
static const char *
check_word(const struct rules_parser *p)
{
	const struct rule *rule = p->rule;
	bool state = rule->groups[GROUP_STATE] > 0;

	if (!p->has_pattern)
		return "has no pattern";
	if (rule->groups[GROUP_INTERFACE] == 0)
		return "names no interface: its pattern has neither {if} nor (?<interface>...)";
	if (state && p->has_word)
		return "has a fixed word and a state in its pattern";
	if (!state && !p->has_word)
		return "has no word, and no state in its pattern";
	return !state && rule->n_states > 0 ? "maps texts of a state that its pattern lacks" : NULL;
}

const char *
rules_check(const struct rules_parser *p)
{
	const struct rule *rule = p->rule;

	if (rule->n_literals == 0)
		return "has no literal";
	if (rule->n_samples == 0)
		return "has no sample";
	if (open_sample(rule))
		return "has a sample without yields";
	if (rule->structured && !p->has_pattern)
		return "is in structured-data without a pattern";
	if (!p->has_kind)
		return check_word(p);
	if (p->has_word || rule->n_states > 0 || rule->has_layer || rule->reason != REASON_NONE)
		return "has a kind or is ignored: word, layer and reason do not go with it";
	return !rule->ignore && !p->has_pattern ? "has no pattern" : NULL;
}
