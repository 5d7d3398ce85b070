/*
 * One message against the set. The literals are searched in one pass, which for nearly all lines is
 * all; then only the patterns whose literal stands in the line are tried. Of those that match, the
 * one whose body begins first is the message (facts/link-syslog.md R9), and what stands left of it
 * must be header.
 */
#include "core/ifname.h"
#include "core/ifname_head.h"
#include "core/rules_set.h"

/* Different rules that one line may be a candidate for. Real lines have one to five. */
#define CANDIDATES_MAX 48

struct candidate {
	uint32_t rule;
	uint32_t at; /* where its literal begins first, in the bytes that were scanned */
};

struct hits {
	const struct rules *rules;
	bool rfc5424;
	size_t text_at;         /* where the text begins in the bytes that are scanned */
	struct candidate *list; /* room for CANDIDATES_MAX */
	size_t n;
	uint64_t seen[RULES_MAX / 64];
	bool suspect, too_many;
};

/* The match that decides so far; rule NULL: none. Slices point into the message. */
struct best {
	const struct rule *rule;
	const char *start, *end;
	struct slice groups[GROUP_MAX];
	bool limit; /* a pattern ran into PCRE2's limit: nothing can be said about the line */
};

static void
on_literal(void *ctx, uint32_t id, size_t at)
{
	struct hits *hits = ctx;

	if (id >= RULES_MAX) {
		hits->suspect = true;
		return;
	}
	uint64_t bit = (uint64_t)1 << (id % 64);
	bool structured = hits->rules->rules[id].structured;
	if ((hits->seen[id / 64] & bit) || (structured ? !hits->rfc5424 : at < hits->text_at))
		return;
	hits->seen[id / 64] |= bit;
	if (hits->n == CANDIDATES_MAX)
		hits->too_many = true;
	else
		hits->list[hits->n++] = (struct candidate){ id, (uint32_t)at };
}

static void
take_groups(
    const struct rules *rules, const struct rule *rule, struct slice subject, struct best *best)
{
	const PCRE2_SIZE *offsets = pcre2_get_ovector_pointer(rules->match);

	best->rule = rule;
	best->start = subject.data + offsets[0];
	best->end = subject.data + offsets[1];
	for (size_t i = 0; i < GROUP_MAX; i++) {
		PCRE2_SIZE from = offsets[2 * rule->groups[i]],
			   to = offsets[2 * rule->groups[i] + 1];
		bool set = rule->groups[i] > 0 && from != PCRE2_UNSET;

		best->groups[i] =
		    set ? (struct slice){ subject.data + from, to - from } : (struct slice){ 0 };
	}
}

/* Whether the tag or APP-NAME is one that the rule is for, when its body begins at start. */
static bool
is_from_app(const struct rule *rule, const struct syslog_msg *msg, const char *start)
{
	struct syslog_msg probe = *msg;

	if (rule->n_apps == 0)
		return true;
	syslog_msg_anchor(&probe, rule->structured ? 0 : (size_t)(start - msg->text.data));
	for (size_t i = 0; i < rule->n_apps; i++)
		if (slice_eq_str(probe.app, rule->apps[i]))
			return true;
	return false;
}

/* Whether a match at start wins over the best one: further left, or as far and added later. */
static bool
is_better(const struct best *best, const struct rule *rule, const char *start)
{
	if (!best->rule || start < best->start)
		return true;
	return start == best->start && rule > best->rule;
}

static void
try_literal(
    const struct rule *rule, const struct syslog_msg *msg, const char *start, struct best *best)
{
	if (is_better(best, rule, start) && is_from_app(rule, msg, start))
		*best = (struct best){ .rule = rule, .start = start, .end = start };
}

static void
try_pattern(const struct rules *rules, const struct rule *rule, const struct syslog_msg *msg,
    struct slice subject, struct best *best)
{
	int r = pcre2_match(
	    rule->code, (PCRE2_SPTR)subject.data, subject.len, 0, 0, rules->match, rules->context);

	if (r < 0) {
		best->limit |= r != PCRE2_ERROR_NOMATCH;
		return;
	}
	const char *start = subject.data + pcre2_get_ovector_pointer(rules->match)[0];
	if (is_better(best, rule, start) && is_from_app(rule, msg, start))
		take_groups(rules, rule, subject, best);
}

static void
try_candidates(
    const struct hits *hits, const struct syslog_msg *msg, struct slice scanned, struct best *best)
{
	struct slice text = slice_from(scanned, hits->text_at);

	for (size_t i = 0; i < hits->n && !best->limit; i++) {
		const struct rule *rule = &hits->rules->rules[hits->list[i].rule];

		if (rule->code)
			try_pattern(
			    hits->rules, rule, msg, rule->structured ? scanned : text, best);
		else
			try_literal(rule, msg, scanned.data + hits->list[i].at, best);
	}
}

/* WORD_NONE: a text that tells nothing ("reset"). */
static enum link_word
word_of(const struct rule *rule, struct slice state)
{
	if (rule->word != WORD_NONE)
		return rule->word;
	for (size_t i = 0; i < rule->n_states; i++)
		if (slice_case_eq_str(state, rule->states[i].text))
			return rule->states[i].word;
	if (slice_case_eq_str(state, link_word_names[WORD_UP]))
		return WORD_UP;
	return slice_case_eq_str(state, link_word_names[WORD_DOWN]) ? WORD_DOWN : WORD_NONE;
}

static void
fill_event(const struct best *best, const struct syslog_msg *msg, struct link_event *event)
{
	const struct rule *rule = best->rule;
	unsigned long long index = 0;

	slice_to_uint(best->groups[GROUP_INDEX], INT32_MAX, &index);
	*event = (struct link_event){ .kind = rule->kind,
		.layer = rule->layer,
		.source = SOURCE_SYSLOG,
		.reason = rule->reason,
		.new_boot = rule->new_boot,
		.name = best->groups[GROUP_INTERFACE],
		.if_index = (uint32_t)index,
		.has_device_time = msg->has_time,
		.device_time_us = msg->time_us,
		.rule = rule->name };
	if (rule->kind == LINK_EVENT_WORD)
		event->word = word_of(rule, best->groups[GROUP_STATE]);
}

/*
 * A name or state that ends where a long message does may have lost its end ("Ethernet1/12" ->
 * "Ethernet1/1"), to the sender, to a relay, or to our own bound.
 */
static bool
is_cut(const struct best *best, const struct syslog_msg *msg, struct slice scanned, bool bounded)
{
	return best->end == scanned.data + scanned.len && (bounded || msg->maybe_cut);
}

/* Whether an interface can be called so: IF-MIB's DisplayString, and printable, and
 * more than the punctuation around a name. A pattern of {if} takes hardly any other, but an operator's may. */
static bool
is_name(struct slice name)
{
	for (size_t i = 0; i < name.len; i++)
		if ((unsigned char)name.data[i] < 0x20 || name.data[i] == 0x7F)
			return false;
	return ifname_trim(name).len > 0 && name.len <= IFNAME_MAX;
}

static enum rules_miss
judge(const struct best *best, const struct syslog_msg *msg, struct slice scanned, bool bounded,
    struct link_event *event)
{
	struct slice parent;

	if (best->rule->ignore)
		return best->rule->miss;
	if (msg->foreign)
		return MISS_QUOTED;
	if (is_cut(best, msg, scanned, bounded))
		return MISS_CUT;
	fill_event(best, msg, event);
	if (event->kind == LINK_EVENT_WORD && event->word == WORD_NONE)
		return MISS_IGNORED;
	if (event->kind == LINK_EVENT_WORD && !is_name(event->name))
		return MISS_SUSPECT;
	if (ifname_is_virtual(event->name) || ifname_unit_parent(OS_UNKNOWN, event->name, &parent))
		return MISS_VIRTUAL;
	return MISS_NONE;
}

static enum decode_result
miss_of(
    enum rules_miss miss, const char *rule, struct link_event *ret_event, enum rules_miss *ret_miss)
{
	*ret_event = (struct link_event){ .rule = rule };
	*ret_miss = miss;
	return rules_miss_is_malformed(miss) ? DECODE_MALFORMED : DECODE_NOT_OURS;
}

static enum decode_result
decide(const struct best *best, struct syslog_msg *msg, struct slice scanned, bool bounded,
    struct link_event *ret_event, enum rules_miss *ret_miss)
{
	struct link_event event = { 0 };
	bool structured = best->rule->structured;

	syslog_msg_anchor(msg, structured ? 0 : (size_t)(best->start - msg->text.data));
	if (best->groups[GROUP_HOST].len > 0)
		syslog_msg_take_host(msg, best->groups[GROUP_HOST]);
	enum rules_miss miss = judge(best, msg, scanned, bounded, &event);
	if (miss != MISS_NONE)
		return miss_of(miss, best->rule->name, ret_event, ret_miss);
	*ret_event = event;
	*ret_miss = MISS_NONE;
	return DECODE_EVENT;
}

static void
note_literal(void *ctx, uint32_t id, size_t at)
{
	bool *found = ctx;

	(void)at;
	*found |= id < RULES_MAX;
}

bool
rules_has_literal(const struct rules *rules, struct slice text)
{
	bool found = false;

	literals_scan(&rules->literals, text, note_literal, &found);
	return found;
}

enum decode_result
rules_decode_text(const struct rules *rules, struct syslog_msg *msg, struct link_event *ret_event,
    enum rules_miss *ret_miss, bool *ret_near)
{
	struct slice whole = msg->rfc5424 ? msg->structured : msg->text;
	struct slice scanned = slice_first(whole, RULES_SCAN_MAX);
	struct candidate list[CANDIDATES_MAX];
	struct hits hits = { .rules = rules, .rfc5424 = msg->rfc5424, .list = list };
	struct best best = { 0 };

	if (msg->rfc5424)
		hits.text_at =
		    msg->text.len > 0 ? (size_t)(msg->text.data - whole.data) : whole.len;
	literals_scan(&rules->literals, scanned, on_literal, &hits);
	*ret_near = hits.n > 0 || hits.suspect;
	if (hits.n > 0 && !hits.too_many)
		try_candidates(&hits, msg, scanned, &best);
	if (hits.too_many || best.limit)
		return miss_of(MISS_LIMIT, NULL, ret_event, ret_miss);
	if (best.rule)
		return decide(&best, msg, scanned, scanned.len < whole.len, ret_event, ret_miss);
	if (!hits.suspect)
		return miss_of(MISS_NO_RULE, NULL, ret_event, ret_miss);
	syslog_msg_guess(msg);
	return miss_of(MISS_SUSPECT, NULL, ret_event, ret_miss);
}
