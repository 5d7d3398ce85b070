/*
 * A pattern of a rules file: PCRE2, and three shorthands that keep ninety rules alike. What PCRE2
 * says about the long text is told in terms of the short one.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/rules_set.h"

/*
 * {if}: one token, and the blank of "Te 0/5" or "TenGigabitEthernet 1/5". It ends in a letter or a
 * digit, and is never given back in part: "Ethernet1/1" is no prefix of "Ethernet1/12".
 * {state}: a whole word. {end}: the end of the line, but for blanks and full stops.
 */
#define SHORT_IF                                                 \
	"(?<interface>(?>(?:[A-Za-z][A-Za-z-]{0,30} (?=[0-9]))?" \
	"[A-Za-z0-9](?:[A-Za-z0-9_./:+@#-]{0,62}[A-Za-z0-9])?))(?![A-Za-z0-9_/@#+-])"
#define SHORT_STATE "(?<state>(?i:up|down))(?![A-Za-z0-9_-])"
#define SHORT_END "[ .]*$"

struct shorthand {
	const char *brief, *full;
};

static const struct shorthand shorthands[] = {
	{ "{if}", SHORT_IF },
	{ "{state}", SHORT_STATE },
	{ "{end}", SHORT_END },
};
#define N_SHORTHANDS (sizeof(shorthands) / sizeof(shorthands[0]))

static const char *const group_names[GROUP_MAX] = {
	[GROUP_INTERFACE] = "interface",
	[GROUP_STATE] = "state",
	[GROUP_HOST] = "host",
	[GROUP_INDEX] = "index",
};

/* What the next piece of a pattern is: a shorthand, or one byte of its own. */
struct piece {
	struct slice full;
	size_t brief_len;
};

static struct piece
piece_at(struct slice pattern, size_t at)
{
	for (size_t i = 0; i < N_SHORTHANDS; i++)
		if (slice_starts(slice_from(pattern, at), shorthands[i].brief))
			return (struct piece){ slice_of(shorthands[i].full),
				strlen(shorthands[i].brief) };
	return (struct piece){ slice_first(slice_from(pattern, at), 1), 1 };
}

static size_t
expanded_len(struct slice pattern)
{
	size_t len = 0;

	for (size_t at = 0; at < pattern.len;) {
		struct piece piece = piece_at(pattern, at);

		len += piece.full.len;
		at += piece.brief_len;
	}
	return len;
}

static struct slice
expand(struct slice pattern, char *buf)
{
	size_t len = 0;

	for (size_t at = 0; at < pattern.len;) {
		struct piece piece = piece_at(pattern, at);

		memcpy(buf + len, piece.full.data, piece.full.len);
		len += piece.full.len;
		at += piece.brief_len;
	}
	return (struct slice){ buf, len };
}

/* The offset in the pattern as written that an offset of the expanded one stands for. */
static size_t
written_offset(struct slice pattern, size_t expanded)
{
	size_t at = 0, len = 0;

	while (at < pattern.len) {
		struct piece piece = piece_at(pattern, at);

		if (len + piece.full.len > expanded)
			break;
		len += piece.full.len;
		at += piece.brief_len;
	}
	return at;
}

/* The bits that every pattern is compiled with: bytes, not UTF-8 (a line may hold anything), `$` is
 * the very end, and plain parentheses only group. */
#define OPTIONS                                                                             \
	(PCRE2_DOLLAR_ENDONLY | PCRE2_NO_AUTO_CAPTURE | PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | \
	    PCRE2_NEVER_BACKSLASH_C)

static int
compile(struct slice full, pcre2_code **ret_code, int *ret_error, PCRE2_SIZE *ret_offset)
{
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);

	if (!context)
		return -ENOMEM;
	pcre2_set_newline(context, PCRE2_NEWLINE_LF);
	*ret_code =
	    pcre2_compile((PCRE2_SPTR)full.data, full.len, OPTIONS, ret_error, ret_offset, context);
	pcre2_compile_context_free(context);
	if (*ret_code)
		return 0;
	return *ret_error == PCRE2_ERROR_HEAP_FAILED ? -ENOMEM : -EINVAL;
}

static void
find_groups(struct rule *rule)
{
	for (size_t i = 0; i < GROUP_MAX; i++) {
		int n = pcre2_substring_number_from_name(rule->code, (PCRE2_SPTR)group_names[i]);

		rule->groups[i] = n > 0 ? n : 0;
	}
}

int
rule_compile(struct rule *rule, struct slice pattern, char *why, size_t size, size_t *ret_offset)
{
	char *buf = malloc(expanded_len(pattern) + 1);
	int error = 0;
	PCRE2_SIZE offset = 0;

	if (!buf)
		return -ENOMEM;
	int r = compile(expand(pattern, buf), &rule->code, &error, &offset);
	free(buf);
	if (r == 0) {
		/* Without JIT (a kernel that forbids it) patterns are interpreted: slower, the same. */
		pcre2_jit_compile(rule->code, PCRE2_JIT_COMPLETE);
		find_groups(rule);
	} else if (r == -EINVAL) {
		pcre2_get_error_message(error, (PCRE2_UCHAR *)why, size);
		*ret_offset = written_offset(pattern, offset);
	}
	return r;
}
