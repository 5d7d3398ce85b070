/*
 * rules: the vendors' message formats, read from conf/rules/(name).rules (core).
 *
 * This is about syslog lines. The same files hold the rules for traps: core/trap_rules.h.
 *
 * A rule is data: a literal that must stand in the line (found first, all literals in one pass), a
 * PCRE2 pattern with the named groups `interface` and `state` (or a fixed word), the layer that it
 * speaks of, and samples with what each must yield. A rule without a sample is refused. Format:
 * src/dpwatchd/dpwatch-rules.5.
 *
 * The set is immutable once built, and replaced whole. PCRE2 match limits are set: no line can
 * stall the loop. One thread uses a set at a time (it holds PCRE2's working memory).
 */
#ifndef DPWATCH_CORE_RULES_H
#define DPWATCH_CORE_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "core/link_event.h"
#include "core/syslog_msg.h"
#include "util/slice.h"

struct rules;

/* Only that many bytes of a message (from MSGID or, legacy, from behind PRI) are looked at. The
 * longest link message that we know has 620; RFC 5424 6.1 asks receivers for 2048. */
#define RULES_SCAN_MAX 2048

/* The largest file that programs read, bytes. */
#define RULES_FILE_MAX ((size_t)1 << 20)

/* A fault in a rules file: written into text for people, with file, line and (for a pattern) the
 * PCRE2 offset, counted in bytes of the pattern as it is written. */
struct rules_fault {
	char text[320];
};

/* An empty set; NULL when memory is out. It decodes nothing until rules_finish(). */
struct rules *rules_new(void);
void rules_free(struct rules *rules);

/*
 * Adds one file's rules. `name` is for messages and is copied, as are the bytes. Returns 0; or
 * -EINVAL with *ret_fault set (nothing of the file is kept); or -ENOMEM (neither). Not after
 * rules_finish().
 */
int rules_add_file(
    struct rules *rules, const char *name, struct slice bytes, struct rules_fault *ret_fault);

/* Call once after the last file: builds the literal search. Returns 0 or -ENOMEM (then only
 * rules_free() may follow). */
int rules_finish(struct rules *rules);

/* Rules of both kinds. */
size_t rules_count(const struct rules *rules);

/* The rules for traps, part of the set. */
struct trap_rules;
const struct trap_rules *rules_traps(const struct rules *rules);

/* Why a line gave no event; each is a counter. */
enum rules_miss {
	MISS_NONE,
	MISS_NO_RULE, /* nothing matched, and nothing in it looks like a link line */
	MISS_SUSPECT, /* nothing matched, but it holds "link" or "down": new firmware shows itself
			 so. Or what matched as the interface can't be a name */
	MISS_IGNORED, /* a rule says that this is not ours, for none of the reasons below; or its
			 state is a word that decides nothing ("reset") */
	MISS_VIRTUAL, /* a VLAN, loopback, tunnel or logical unit */
	MISS_LIMIT, /* PCRE2's match limit, or more rules to try than any real line has: refused */
	MISS_MEMBERSHIP, /* a port joined or left a LAG */
	MISS_CAUSE,      /* err-disable, optics, storm control: the link's own line follows */
	MISS_NEIGHBOUR,  /* a protocol neighbour, which may quote an interface */
	MISS_QUOTED,     /* a link line inside another message: a logged command, a log of logins */
	MISS_REPEAT,     /* "last message repeated 3 times" */
	MISS_CUT,   /* it ends where its interface or state does, and is so long that it may have
			    been cut there: refused */
	MISS_EMPTY, /* an empty message: refused */
	MISS_MAX
};
extern const char *const rules_miss_names[MISS_MAX];

/* Whether a line refused for this reason is malformed, and not just no business of ours. */
static inline bool
rules_miss_is_malformed(enum rules_miss miss)
{
	return miss == MISS_LIMIT || miss == MISS_CUT || miss == MISS_EMPTY;
}

/*
 * Decodes one message. DECODE_EVENT: fills *ret_event (source syslog, slices into the message, rule
 * as long-lived as the set) and completes msg->header, host, app and time. DECODE_NOT_OURS and
 * DECODE_MALFORMED (limit, cut, empty): *ret_miss is set, and of *ret_event only `rule`, which names
 * the rule that said so or is NULL. msg is completed as far as its body is known: not for
 * MISS_NO_RULE (see syslog_msg_guess() there), by guess for MISS_SUSPECT. Allocates nothing.
 *
 * Of the rules that match, the one whose body begins first decides, and of two that begin at the
 * same byte the one that was added later. What stands left of it must be header (facts R9).
 */
enum decode_result rules_decode(const struct rules *rules, struct syslog_msg *msg,
    struct link_event *ret_event, enum rules_miss *ret_miss);

/*
 * Runs every sample of a finished set, those of trap rules too. Calls report (may be NULL) with one line of text for each
 * that disagrees; returns how many did. *ret_samples (may be NULL) is how many there are.
 */
size_t rules_check_samples(const struct rules *rules, void (*report)(void *ctx, const char *text),
    void *ctx, size_t *ret_samples);

/*
 * Writes an outcome in the words of a `yields` line ("link down Gi1/0/1", "restart", "nothing (virtual)"). What does not fit
 * is cut. Returns buf.
 */
const char *rules_outcome_text(enum decode_result result, enum rules_miss miss,
    const struct link_event *event, char *buf, size_t size);

/* What a sample of the set is and yields; for `dpwatch rules test` and tests. */
struct rules_sample {
	const char *rule;   /* the stanza that it stands in */
	const char *file;   /* as given to rules_add_file() */
	unsigned line;      /* in that file, from 1 */
	struct slice bytes; /* the raw datagram */
	/* What it must yield: result, miss unless DECODE_EVENT, and kind, word, layer, new_boot and
	 * name of the event. */
	enum decode_result result;
	enum rules_miss miss;
	struct link_event event;
};

/* The i-th sample (0 based) in the order of files and lines; false when there is none. The slices
 * live as long as the set. */
bool rules_get_sample(const struct rules *rules, size_t i, struct rules_sample *ret_sample);

#endif
