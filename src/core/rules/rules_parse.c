/*
 * A rules file: stanzas of lines, each a key and a value that is the rest of the line. See
 * dpwatch-rules(5).
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/rules_parser.h"

static int fault_at(struct rules_parser *p, unsigned line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int
write_fault(struct rules_parser *p, unsigned line, const char *format, va_list args)
{
	char *text = p->fault->text;
	size_t size = sizeof(p->fault->text);
	int len = snprintf(text, size, "%.150s:%u: ", p->file, line);

	vsnprintf(text + len, size - (size_t)len, format, args);
	return -EINVAL;
}

static int
fault_at(struct rules_parser *p, unsigned line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int r = write_fault(p, line, format, args);
	va_end(args);
	return r;
}

int
parser_fault(struct rules_parser *p, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int r = write_fault(p, p->line, format, args);
	va_end(args);
	return r;
}

/* ---- stanzas ---- */

/* What the trap rules' own parser says of a line, with its place. */
static int
trap_result(struct rules_parser *p, unsigned line, int r, const char *why)
{
	return r == -EINVAL ? fault_at(p, line, "%s", why) : r;
}

static int
end_rule(struct rules_parser *p)
{
	char why[200];
	unsigned line = p->line;

	if (p->in_trap) {
		p->in_trap = false;
		int r = trap_rules_end(p->rules->traps, &line, why, sizeof(why));
		return trap_result(p, line, r, why);
	}
	const char *wrong = p->rule ? rules_check(p) : NULL;

	if (wrong)
		return fault_at(p, p->rule->line, "rule %s %s", p->rule->name, wrong);
	p->rule = NULL;
	return 0;
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
begin_rule(struct rules_parser *p, struct slice name)
{
	struct rules *rules = p->rules;
	int r = end_rule(p);

	if (r < 0)
		return r;
	if (!rules_name_good(name))
		return parser_fault(
		    p, "a rule's name is 1 to %d of a-z, 0-9 and '-'", RULE_NAME_MAX);
	const struct rule *twin = rule_by_name(rules, name);
	if (twin)
		return parser_fault(p, "rule %s stands already in %.80s:%u", twin->name,
		    rules->files[twin->file], twin->line);
	if (rules->n_rules == RULES_MAX)
		return parser_fault(p, "more than %d rules", RULES_MAX);
	struct rule *all = realloc(rules->rules, (rules->n_rules + 1) * sizeof(*all));
	if (!all)
		return -ENOMEM;
	rules->rules = all;
	p->rule = &all[rules->n_rules];
	*p->rule = (struct rule){ .line = p->line, .file = rules->n_files - 1 };
	rules->n_rules++;
	p->has_kind = p->has_pattern = p->has_word = false;
	p->rule->name = slice_dup(name);
	return p->rule->name ? 0 : -ENOMEM;
}

/* "trap NAME" begins a rule for notifications. */
static int
begin_trap(struct rules_parser *p, struct slice name)
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
trap_line(struct rules_parser *p, struct slice key, struct slice value)
{
	char why[200];
	int r = trap_rules_line(p->rules->traps, key, value, p->line, why, sizeof(why));

	return trap_result(p, p->line, r, why);
}

static int
read_line(struct rules_parser *p, struct slice line)
{
	size_t len = 0;

	if (memchr(line.data, '\0', line.len))
		return parser_fault(p, "a NUL byte");
	while (len < line.len && line.data[len] != ' ' && line.data[len] != '\t')
		len++;
	struct slice key = slice_first(line, len), value = slice_trim(slice_from(line, len));
	if (slice_eq_str(key, "syslog"))
		return begin_rule(p, value);
	if (slice_eq_str(key, "trap"))
		return begin_trap(p, value);
	if (p->in_trap)
		return trap_line(p, key, value);
	return rules_key(p, key, value);
}

static int
read_lines(struct rules_parser *p, struct slice bytes)
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
	struct rules_parser p = { .rules = rules, .file = name, .fault = &fault_text };
	size_t n_rules = rules->n_rules, literal_bytes = rules->literal_bytes;
	struct trap_mark traps = trap_rules_mark(rules->traps);
	char **files = realloc(rules->files, (rules->n_files + 1) * sizeof(*files));

	if (!files)
		return -ENOMEM;
	rules->files = files;
	files[rules->n_files] = slice_dup(slice_of(name));
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
