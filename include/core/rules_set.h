/*
 * rules_set: what a set of rules is made of (core; used by the rules_* modules only).
 */
#ifndef DPWATCH_CORE_RULES_SET_H
#define DPWATCH_CORE_RULES_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "core/rules.h"
#include "core/rules_literals.h"
#include "core/trap_rules.h"

/* Bounds on what a file may hold; far above what is shipped. */
#define RULES_MAX 1024
#define RULE_NAME_MAX 63
#define RULE_LITERALS_MAX 24
#define RULE_LITERAL_MIN 4 /* a shorter one would make every line a candidate */
#define RULE_LITERAL_MAX 64
#define RULE_STATES_MAX 8
#define RULE_APPS_MAX 8
#define RULE_PATTERN_MAX 2000
#define RULE_SAMPLE_MAX 2048

/* The named groups that a pattern may have. */
enum rule_group { GROUP_INTERFACE, GROUP_STATE, GROUP_HOST, GROUP_INDEX, GROUP_MAX };

/* A text of the state group, and the word that it means. */
struct rule_state {
	char *text;
	enum link_word word;
};

struct rule_sample {
	char *bytes;
	size_t len;
	unsigned line;
	bool has_yield;
	enum decode_result result;
	enum rules_miss miss; /* MISS_NONE for an event */
	enum link_event_kind kind;
	bool new_boot;
	enum link_layer layer;
	enum link_word word;
	char *name; /* of the interface; NULL: none */
};

struct rule {
	char *name;
	unsigned line; /* where its stanza begins */
	size_t file;   /* index of rules->files */
	bool ignore;
	enum rules_miss miss; /* of an ignore rule */
	enum link_event_kind kind;
	bool new_boot;
	bool structured; /* the pattern is tried on MSGID and structured data, not on the text */
	enum link_layer layer;
	bool has_layer;
	enum link_reason reason;
	enum link_word word; /* WORD_NONE: the state group tells */
	struct rule_state states[RULE_STATES_MAX];
	size_t n_states;
	char *literals[RULE_LITERALS_MAX];
	size_t n_literals;
	char *apps[RULE_APPS_MAX]; /* APP-NAME or tag must be one of them; none: any */
	size_t n_apps;
	pcre2_code *code;      /* NULL: an ignore rule that its literal alone decides */
	int groups[GROUP_MAX]; /* capture numbers; 0: the pattern has no such group */
	struct rule_sample *samples;
	size_t n_samples;
};

struct rules {
	struct rule *rules;
	size_t n_rules;
	char **files;
	size_t n_files;
	size_t literal_bytes; /* of all literals; at most LITERALS_BYTES_MAX */
	struct literals literals;
	struct trap_rules *traps;
	pcre2_match_data *match;
	pcre2_match_context *context;
};

/*
 * rules_decode() for the text as it stands, and not with a tag in front of it. *ret_near: the text holds a literal of a rule,
 * or what makes a line suspect; without it no rule can know the line, whatever stands in front.
 */
enum decode_result rules_decode_text(const struct rules *rules, struct syslog_msg *msg,
    struct link_event *ret_event, enum rules_miss *ret_miss, bool *ret_near);

/* Whether text holds a literal of any rule. */
bool rules_has_literal(const struct rules *rules, struct slice text);

/* Frees what a rule owns, not the rule itself. */
void rule_release(struct rule *rule);

/*
 * Compiles a pattern as it stands in a file into rule->code and rule->groups. 0; -ENOMEM; or -EINVAL
 * with PCRE2's words in why and *ret_offset, counted in bytes of the pattern as written.
 */
int rule_compile(
    struct rule *rule, struct slice pattern, char *why, size_t size, size_t *ret_offset);

/* Reads the value of a `yields` line into sample. NULL, or what is wrong with it (static text, or
 * "out of memory"). */
const char *rule_sample_read_yield(struct rule_sample *sample, struct slice value);

/* Turns the escapes of a `sample` line into bytes of a fresh buffer in sample->bytes and len. NULL,
 * or what is wrong with it (static text). */
const char *rule_sample_read_bytes(struct rule_sample *sample, struct slice value);

/* Whether it may name a rule, or a family of traps: a-z, 0-9 and hyphens, at most RULE_NAME_MAX of them. */
bool rules_name_good(struct slice name);

/* Cuts the first word off *rest, and the blanks behind it. */
struct slice rules_cut_word(struct slice *rest);

#endif
