/*
 * rules_parser: what the reading of a rules file keeps (core; private to rules_parse.c, which has its lines and stanzas, and
 * rules_keys.c, which has the keys of a syslog stanza).
 */
#ifndef DPWATCH_CORE_RULES_PARSER_H
#define DPWATCH_CORE_RULES_PARSER_H

#include <stdbool.h>

#include "core/rules_set.h"

struct rules_parser {
	struct rules *rules;
	const char *file;
	unsigned line;
	struct rule *rule; /* the stanza that is open; NULL: none */
	bool in_trap;      /* the stanza that is open is a trap's */
	bool has_kind, has_pattern, has_word;
	struct rules_fault *fault;
};

/* Notes a fault in the line at hand. Returns -EINVAL. */
int parser_fault(struct rules_parser *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Takes one line of a stanza. 0, -EINVAL with a fault, or -ENOMEM. */
int rules_key(struct rules_parser *p, struct slice key, struct slice value);

/* Whether the stanza that is open is whole. NULL, or what is wrong, to be put behind its name. */
const char *rules_check(const struct rules_parser *p);

#endif
