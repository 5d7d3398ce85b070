/*
 * A rules file: stanzas of lines, each a key and a value that is the rest of the line. See
 * dpwatch-rules(5). Keys are rows of a table; what a stanza must hold as a whole is checked at its
 * end.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/rules_set.h"

struct parser {
	struct rules *rules;
	const char *file;
	unsigned line;
	struct rule *rule; /* the stanza that is open; NULL: none */
	bool in_trap;      /* the stanza that is open is a trap's */
	bool has_kind, has_pattern, has_word;
	struct rules_fault *fault;
};

static int fault_at(struct parser *p, unsigned line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static int fault(struct parser *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int
write_fault(struct parser *p, unsigned line, const char *format, va_list args)
{
	char *text = p->fault->text;
	size_t size = sizeof(p->fault->text);
	int len = snprintf(text, size, "%.150s:%u: ", p->file, line);

	vsnprintf(text + len, size - (size_t)len, format, args);
	return -EINVAL;
}

static int
fault_at(struct parser *p, unsigned line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int r = write_fault(p, line, format, args);
	va_end(args);
	return r;
}

static int
fault(struct parser *p, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int r = write_fault(p, p->line, format, args);
	va_end(args);
	return r;
}

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
	list[*n] = rules_copy(value);
	if (!list[*n])
		return -ENOMEM;
	(*n)++;
	return 0;
}

/* ---- keys ---- */

static int
key_literal(struct parser *p, struct slice value)
{
	struct rule *rule = p->rule;

	if (value.len < RULE_LITERAL_MIN || value.len > RULE_LITERAL_MAX)
		return fault(p, "a literal has %d to %d bytes", RULE_LITERAL_MIN, RULE_LITERAL_MAX);
	if (rule->n_literals == RULE_LITERALS_MAX)
		return fault(p, "more than %d literals", RULE_LITERALS_MAX);
	if (p->rules->literal_bytes + value.len > LITERALS_BYTES_MAX)
		return fault(
		    p, "the literals of all rules have more than %d bytes", LITERALS_BYTES_MAX);
	p->rules->literal_bytes += value.len;
	return take_copy(rule->literals, &rule->n_literals, value);
}

static int
key_pattern(struct parser *p, struct slice value)
{
	char why[160];
	size_t offset = 0;

	if (p->has_pattern)
		return fault(p, "a second pattern");
	if (value.len > RULE_PATTERN_MAX)
		return fault(p, "a pattern has at most %d bytes", RULE_PATTERN_MAX);
	p->has_pattern = true;
	int r = rule_compile(p->rule, value, why, sizeof(why), &offset);
	return r == -EINVAL ? fault(p, "pattern: %s at offset %zu", why, offset) : r;
}

static int
key_layer(struct parser *p, struct slice value)
{
	int layer = name_index(link_layer_names, LAYER_MAX, value);

	if (layer < 0 || p->rule->has_layer)
		return fault(p, "layer is one of whole, link, protocol, once");
	p->rule->layer = (enum link_layer)layer;
	p->rule->has_layer = true;
	return 0;
}

/* "word down", or "word down off-line": which text of the state group means it. */
static int
key_word(struct parser *p, struct slice value)
{
	struct rule *rule = p->rule;
	long blank = slice_find(value, SLICE(" "));
	size_t len = blank < 0 ? value.len : (size_t)blank;
	struct slice text = slice_trim(slice_from(value, len));
	int word = name_index(link_word_names, WORD_MAX, slice_first(value, len));

	if (word < 0)
		return fault(p, "word is one of up, down, admin-up, admin-down");
	if (text.len == 0 && p->has_word)
		return fault(p, "a second word without a text of the state group");
	if (text.len == 0) {
		p->has_word = true;
		rule->word = (enum link_word)word;
		return 0;
	}
	if (rule->n_states == RULE_STATES_MAX)
		return fault(p, "more than %d texts of the state group", RULE_STATES_MAX);
	char *copy = rules_copy(text);
	if (!copy)
		return -ENOMEM;
	rule->states[rule->n_states++] = (struct rule_state){ copy, (enum link_word)word };
	return 0;
}

static int
key_kind(struct parser *p, struct slice value)
{
	static const char *const names[] = { "restart", "boot", "doubt" };
	int kind = name_index(names, 3, value);

	if (kind < 0 || p->has_kind)
		return fault(p, "kind is one of restart, boot, doubt, once, and not with ignore");
	p->has_kind = true;
	p->rule->kind = kind == 2 ? LINK_EVENT_DOUBT : LINK_EVENT_RESTART;
	p->rule->new_boot = kind == 1;
	return 0;
}

static int
key_ignore(struct parser *p, struct slice value)
{
	static const char *const reasons[] = { "ignored", "virtual", "membership", "cause",
		"neighbour", "quoted", "repeat" };
	struct slice reason = value.len > 0 ? value : SLICE("ignored");

	if (p->has_kind || name_index(reasons, 7, reason) < 0)
		return fault(p, "ignore is one of ignored, virtual, membership, cause, neighbour, "
				"quoted, repeat, once, and not with kind");
	p->has_kind = true;
	p->rule->ignore = true;
	p->rule->miss = (enum rules_miss)name_index(rules_miss_names, MISS_MAX, reason);
	return 0;
}

static int
key_reason(struct parser *p, struct slice value)
{
	enum link_reason reason = link_reason_from(value);

	if (reason == REASON_NONE || p->rule->reason != REASON_NONE)
		return fault(
		    p, "reason is one of link-down, err-disabled, members, card, power ..., once");
	p->rule->reason = reason;
	return 0;
}

static int
key_app(struct parser *p, struct slice value)
{
	if (value.len == 0 || p->rule->n_apps == RULE_APPS_MAX)
		return fault(p, "app needs a name, and comes at most %d times", RULE_APPS_MAX);
	return take_copy(p->rule->apps, &p->rule->n_apps, value);
}

static int
key_in(struct parser *p, struct slice value)
{
	if (!slice_eq_str(value, "structured-data") || p->rule->structured)
		return fault(p, "in is structured-data, once");
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
sample_fault(struct parser *p, const char *what)
{
	return strcmp(what, "out of memory") == 0 ? -ENOMEM : fault(p, "%s", what);
}

static int
key_sample(struct parser *p, struct slice value)
{
	struct rule *rule = p->rule;

	if (open_sample(rule))
		return fault(p, "the sample before has no yields");
	if (value.len == 0 || value.len > RULE_SAMPLE_MAX)
		return fault(p, "a sample has 1 to %d bytes", RULE_SAMPLE_MAX);
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
key_yields(struct parser *p, struct slice value)
{
	struct rule_sample *sample = open_sample(p->rule);

	if (!sample)
		return fault(p, "yields belongs behind a sample");
	const char *wrong = rule_sample_read_yield(sample, value);
	return wrong ? sample_fault(p, wrong) : 0;
}

static const struct {
	const char *name;
	int (*take)(struct parser *p, struct slice value);
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

/* ---- stanzas ---- */

/* What an event about an interface needs. NULL, or what is missing. */
static const char *
check_word(const struct parser *p)
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

static const char *
check_rule(const struct parser *p)
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

/* What the trap rules' own parser says of a line, with its place. */
static int
trap_result(struct parser *p, unsigned line, int r, const char *why)
{
	return r == -EINVAL ? fault_at(p, line, "%s", why) : r;
}

static int
end_rule(struct parser *p)
{
	char why[200];
	unsigned line = p->line;

	if (p->in_trap) {
		p->in_trap = false;
		int r = trap_rules_end(p->rules->traps, &line, why, sizeof(why));
		return trap_result(p, line, r, why);
	}
	const char *wrong = p->rule ? check_rule(p) : NULL;

	if (wrong)
		return fault_at(p, p->rule->line, "rule %s %s", p->rule->name, wrong);
	p->rule = NULL;
	return 0;
}

static bool
is_rule_name(struct slice name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-";

	for (size_t i = 0; i < name.len; i++)
		if (!memchr(allowed, name.data[i], sizeof(allowed) - 1))
			return false;
	return name.len > 0 && name.len <= RULE_NAME_MAX;
}

static const struct rule *
rule_by_name(const struct rules *rules, struct slice name)
{
	for (size_t i = 0; i < rules->n_rules; i++)
		if (slice_eq_str(name, rules->rules[i].name))
			return &rules->rules[i];
	return NULL;
}

/* "syslog NAME" begins a rule. */
static int
begin_rule(struct parser *p, struct slice name)
{
	struct rules *rules = p->rules;
	int r = end_rule(p);

	if (r < 0)
		return r;
	if (!is_rule_name(name))
		return fault(p, "a rule's name is 1 to %d of a-z, 0-9 and '-'", RULE_NAME_MAX);
	const struct rule *twin = rule_by_name(rules, name);
	if (twin)
		return fault(p, "rule %s stands already in %.80s:%u", twin->name,
		    rules->files[twin->file], twin->line);
	if (rules->n_rules == RULES_MAX)
		return fault(p, "more than %d rules", RULES_MAX);
	struct rule *all = realloc(rules->rules, (rules->n_rules + 1) * sizeof(*all));
	if (!all)
		return -ENOMEM;
	rules->rules = all;
	p->rule = &all[rules->n_rules];
	*p->rule = (struct rule){ .line = p->line, .file = rules->n_files - 1 };
	rules->n_rules++;
	p->has_kind = p->has_pattern = p->has_word = false;
	p->rule->name = rules_copy(name);
	return p->rule->name ? 0 : -ENOMEM;
}

/* "trap NAME" begins a rule for notifications. */
static int
begin_trap(struct parser *p, struct slice name)
{
	char why[200];
	int r = end_rule(p);

	if (r < 0)
		return r;
	p->in_trap = true;
	r = trap_rules_begin(
	    p->rules->traps, name, p->rules->n_files - 1, p->line, why, sizeof(why));
	return trap_result(p, p->line, r, why);
}

static int
trap_line(struct parser *p, struct slice key, struct slice value)
{
	char why[200];
	int r = trap_rules_line(p->rules->traps, key, value, p->line, why, sizeof(why));

	return trap_result(p, p->line, r, why);
}

static int
read_line(struct parser *p, struct slice line)
{
	size_t len = 0;

	if (memchr(line.data, '\0', line.len))
		return fault(p, "a NUL byte");
	while (len < line.len && line.data[len] != ' ' && line.data[len] != '\t')
		len++;
	struct slice key = slice_first(line, len), value = slice_trim(slice_from(line, len));
	if (slice_eq_str(key, "syslog"))
		return begin_rule(p, value);
	if (slice_eq_str(key, "trap"))
		return begin_trap(p, value);
	if (p->in_trap)
		return trap_line(p, key, value);
	for (size_t i = 0; i < N_KEYS; i++) {
		if (!slice_eq_str(key, keys[i].name))
			continue;
		return p->rule ? keys[i].take(p, value)
			       : fault(p, "%s outside a rule", keys[i].name);
	}
	return fault(p, "unknown key %.*s", (int)(key.len < 40 ? key.len : 40), key.data);
}

static int
read_lines(struct parser *p, struct slice bytes)
{
	int r = 0;

	while (r == 0 && bytes.len > 0) {
		long lf = slice_find(bytes, SLICE("\n"));
		size_t len = lf < 0 ? bytes.len : (size_t)lf;
		struct slice line = slice_trim(slice_first(bytes, len));

		p->line++;
		bytes = slice_from(bytes, len + 1);
		if (line.len > 0 && line.data[0] != '#')
			r = read_line(p, line);
	}
	return r == 0 ? end_rule(p) : r;
}

/* Takes back what was added since there were n_rules rules. */
static void
roll_back(struct rules *rules, size_t n_rules, size_t literal_bytes, struct trap_mark traps)
{
	trap_rules_roll_back(rules->traps, traps);
	while (rules->n_rules > n_rules)
		rule_release(&rules->rules[--rules->n_rules]);
	rules->literal_bytes = literal_bytes;
	free(rules->files[--rules->n_files]);
}

int
rules_add_file(
    struct rules *rules, const char *name, struct slice bytes, struct rules_fault *ret_fault)
{
	struct rules_fault fault_text = { "" };
	struct parser p = { .rules = rules, .file = name, .fault = &fault_text };
	size_t n_rules = rules->n_rules, literal_bytes = rules->literal_bytes;
	struct trap_mark traps = trap_rules_mark(rules->traps);
	char **files = realloc(rules->files, (rules->n_files + 1) * sizeof(*files));

	if (!files)
		return -ENOMEM;
	rules->files = files;
	files[rules->n_files] = rules_copy(slice_of(name));
	if (!files[rules->n_files])
		return -ENOMEM;
	rules->n_files++;
	int r = read_lines(&p, bytes);
	if (r < 0)
		roll_back(rules, n_rules, literal_bytes, traps);
	if (r == -EINVAL)
		*ret_fault = fault_text;
	return r;
}
