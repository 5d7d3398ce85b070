/*
 * The samples beside a trap rule: a notification and its varbinds, and what it must yield.
 *
 *   sample cieLinkDown ifIndex.7=7 ifOperStatus.7=2 ifName.7="Ethernet1/7"
 *   yields whole down Ethernet1/7
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/rules_set.h"
#include "core/trap_link.h"
#include "core/trap_rules_set.h"

#define SAMPLE_VARBINDS_MAX 24
#define SAMPLE_TEXT_MAX 256

/* A trap in memory of its own. */
struct sample_trap {
	struct trap trap;
	struct trap_varbind varbinds[SAMPLE_VARBINDS_MAX];
	unsigned long ids[SAMPLE_VARBINDS_MAX][OID_MAX];
	char texts[SAMPLE_VARBINDS_MAX][SAMPLE_TEXT_MAX];
};

/* ---- reading ---- */

/* "ifName.7", "1.3.6.1.2.1.31.1.1.1.1.7" */
static bool
read_name(const struct trap_rules *rules, struct slice text, unsigned long ids[OID_MAX],
    struct oid *ret_oid)
{
	long dot = slice_find(text, SLICE("."));
	struct slice object = dot < 0 ? text : slice_first(text, (size_t)dot);
	struct oid base = { NULL, 0 };
	unsigned long instance[OID_MAX];
	size_t n = 0;

	if (slice_digits(text) > 0) {
		n = oid_parse(text, ids, OID_MAX);
		*ret_oid = (struct oid){ ids, n };
		return n > 0;
	}
	if (!trap_object_find(rules, object, &base))
		return false;
	memcpy(ids, base.ids, base.n * sizeof(*ids));
	for (struct slice rest = text; dot >= 0; dot = slice_find(rest, SLICE("."))) {
		unsigned long long id;

		rest = slice_from(rest, (size_t)dot + 1);
		dot = slice_find(rest, SLICE("."));
		if (base.n + n == OID_MAX ||
		    !slice_to_uint(
			dot < 0 ? rest : slice_first(rest, (size_t)dot), UINT32_MAX, &id))
			return false;
		instance[n++] = (unsigned long)id;
		if (dot < 0)
			break;
	}
	memcpy(ids + base.n, instance, n * sizeof(*ids));
	*ret_oid = (struct oid){ ids, base.n + n };
	return true;
}

/* A text in quotes at the head of *rest; what is behind a backslash stands for itself. */
static bool
cut_text(struct slice *rest, char buf[SAMPLE_TEXT_MAX], struct slice *ret_text)
{
	size_t len = 0, i = 1;

	for (; i < rest->len && rest->data[i] != '"'; i++) {
		if (rest->data[i] == '\\')
			i++;
		if (i == rest->len || len == SAMPLE_TEXT_MAX)
			return false;
		buf[len++] = rest->data[i];
	}
	if (i == rest->len)
		return false;
	*rest = slice_from(*rest, i + 1);
	*ret_text = (struct slice){ buf, len };
	return true;
}

static bool
cut_number(struct slice *rest, int64_t *ret_number)
{
	unsigned long long number;
	bool minus = slice_starts(*rest, "-");
	struct slice digits = slice_from(*rest, minus);
	size_t len = 0;

	while (len < digits.len && digits.data[len] != ' ' && digits.data[len] != '\t')
		len++;
	if (!slice_to_uint(slice_first(digits, len), INT64_MAX, &number))
		return false;
	*ret_number = minus ? -(int64_t)number : (int64_t)number;
	*rest = slice_from(digits, len);
	return true;
}

/* "NAME=VALUE" at the head of *rest. */
static bool
cut_varbind(const struct trap_rules *rules, struct slice *rest, struct sample_trap *into)
{
	size_t i = into->trap.n_varbinds;
	struct trap_varbind *vb = &into->varbinds[i];
	long equals = slice_find(*rest, SLICE("="));

	if (i == SAMPLE_VARBINDS_MAX || equals < 0 ||
	    !read_name(rules, slice_first(*rest, (size_t)equals), into->ids[i], &vb->name))
		return false;
	*rest = slice_from(*rest, (size_t)equals + 1);
	bool text = slice_starts(*rest, "\"");
	vb->type = text ? VALUE_BYTES : VALUE_INTEGER;
	if (text ? !cut_text(rest, into->texts[i], &vb->bytes) : !cut_number(rest, &vb->integer))
		return false;
	if (rest->len > 0 && rest->data[0] != ' ' && rest->data[0] != '\t')
		return false;
	*rest = slice_trim(*rest);
	into->trap.n_varbinds++;
	return true;
}

/* The text must live as long as the trap. *ret_at: where it could not be read. */
static bool
read_varbinds(const struct trap_rules *rules, struct slice text, struct sample_trap *into,
    struct slice *ret_at)
{
	*ret_at = text;
	while (ret_at->len > 0)
		if (!cut_varbind(rules, ret_at, into))
			return false;
	return true;
}

/* Whether every varbind can be read. 0, -ENOMEM or -EINVAL. */
static int
check_varbinds(const struct trap_rules *rules, struct slice text, char *why, size_t size)
{
	struct sample_trap *into = calloc(1, sizeof(*into));
	struct slice at;

	if (!into)
		return -ENOMEM;
	bool good = read_varbinds(rules, text, into, &at);
	free(into);
	if (good)
		return 0;
	snprintf(why, size, "not a varbind (OBJECT.INSTANCE=NUMBER or =\"TEXT\"): %.*s",
	    (int)(at.len < 60 ? at.len : 60), at.data);
	return -EINVAL;
}

int
trap_sample_read(const struct trap_rules *rules, struct slice value, struct trap_sample *ret_sample,
    char *why, size_t size)
{
	struct slice rest = value, name = rules_cut_word(&rest);
	size_t row = rules->first_row;

	ret_sample->v1 = slice_eq_str(name, "v1");
	if (ret_sample->v1)
		name = rules_cut_word(&rest);
	while (row < rules->n_rows && !slice_eq_str(name, rules->rows[row].name))
		row++;
	if (row == rules->n_rows) {
		snprintf(why, size, "a sample begins with a notification of its rule, and not %.*s",
		    (int)(name.len < 60 ? name.len : 60), name.data);
		return -EINVAL;
	}
	ret_sample->row = row;
	int r = check_varbinds(rules, rest, why, size);
	if (r < 0)
		return r;
	ret_sample->varbinds = slice_dup(rest);
	return ret_sample->varbinds ? 0 : -ENOMEM;
}

/* ---- checking ---- */

/* Where an event is about: a name, "ifIndex 7", "slot 3" or "switch". */
static const char *
describe_place(const struct link_event *event, char *buf, size_t size)
{
	struct slice name = event->name.len > 0 ? event->name : event->descr;

	if (name.len > 0)
		snprintf(buf, size, "%.*s", (int)name.len, name.data);
	else if (event->if_index != 0)
		snprintf(buf, size, "ifIndex %u", event->if_index);
	else if (event->has_slot)
		snprintf(buf, size, "slot %u", event->slot);
	else
		snprintf(buf, size, "switch");
	return buf;
}

static void
describe(enum decode_result result, enum trap_miss miss, const struct link_event *event, char *buf,
    size_t size)
{
	const char *reason = link_reason_names[event->reason];
	char place[300];

	if (result != DECODE_EVENT) {
		snprintf(buf, size, "nothing (%s)", trap_miss_names[miss]);
		return;
	}
	describe_place(event, place, sizeof(place));
	if (event->kind == LINK_EVENT_RESTART)
		snprintf(buf, size, "%s", event->new_boot ? "boot" : "restart");
	else if (event->kind == LINK_EVENT_WORD)
		snprintf(buf, size, "%s %s %s", link_layer_names[event->layer],
		    link_word_names[event->word], place);
	else
		snprintf(buf, size, "%s %s%s%s%s",
		    event->kind == LINK_EVENT_HINT ? "hint" : "doubt", place, *reason ? " (" : "",
		    reason, *reason ? ")" : "");
}

/* The notification as v1 (enterprise and specific), or as v2c with the zero that it mostly has. */
static enum decode_result
decode(const struct trap_rules *rules, const struct trap_sample *sample, struct sample_trap *into,
    struct link_event *ret_event, enum trap_miss *ret_miss)
{
	static const unsigned long trap_oid[] = { 1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0 };
	static const unsigned long snmp_traps[] = { 1, 3, 6, 1, 6, 3, 1, 1, 5 };
	const struct trap_row *row = &rules->rows[sample->row];
	struct trap *trap = &into->trap;
	unsigned long ids[OID_MAX];
	size_t n = row->base.n;

	memcpy(ids, row->base.ids, n * sizeof(*ids));
	ids[n] = row->last;
	trap->varbinds = into->varbinds;
	trap->version = sample->v1 ? 1 : 2;
	trap->enterprise = (struct oid){ ids, n };
	trap->generic = 6;
	trap->specific = (int)row->last;
	/* SNMPv2-MIB's own notifications are v1's generic numbers. */
	if (oid_eq(row->base, (struct oid){ snmp_traps, 9 }))
		trap->generic = (int)row->last - 1;
	if (!sample->v1)
		into->varbinds[trap->n_varbinds++] = (struct trap_varbind){
			.name = { trap_oid, 11 }, .type = VALUE_OID, .oid = { ids, n + 1 }
		};
	return trap_link_decode(rules, trap, ret_event, ret_miss);
}

/* NULL when the sample agrees; else what it yields, in buf. */
static const char *
disagreement(const struct trap_rules *rules, const struct trap_sample *sample,
    struct sample_trap *into, char *buf, size_t size)
{
	struct link_event event = { 0 };
	enum trap_miss miss = TRAP_MISS_NONE;
	struct slice at;

	memset(&into->trap, 0, sizeof(into->trap));
	if (!read_varbinds(rules, slice_of(sample->varbinds), into, &at) ||
	    into->trap.n_varbinds == SAMPLE_VARBINDS_MAX)
		return "too many varbinds";
	enum decode_result result = decode(rules, sample, into, &event, &miss);
	describe(result, miss, &event, buf, size);
	return strcmp(buf, sample->yields) == 0 ? NULL : buf;
}

/* Whether the sample's notification is still its rule's: another file may have taken it over. */
static bool
is_in_force(const struct trap_rules *rules, const struct trap_sample *sample)
{
	const struct trap_row *row = &rules->rows[sample->row];
	unsigned long ids[OID_MAX];

	memcpy(ids, row->base.ids, row->base.n * sizeof(*ids));
	ids[row->base.n] = row->last;
	return trap_rules_find(rules, (struct oid){ ids, row->base.n + 1 }) == row;
}

size_t
trap_rules_check_samples(const struct trap_rules *rules, char *const *files,
    void (*report)(void *ctx, const char *text), void *ctx, size_t *ret_samples)
{
	struct sample_trap *into = calloc(1, sizeof(*into));
	size_t n = 0, disagree = 0;
	char got[400], text[1200];

	for (size_t i = 0; i < rules->n_samples; i++) {
		const struct trap_sample *sample = &rules->samples[i];
		const struct trap_family *family = rules->rows[sample->row].family;

		if (!is_in_force(rules, sample))
			continue;
		n++;
		const char *what =
		    into ? disagreement(rules, sample, into, got, sizeof(got)) : "out of memory";
		if (!what)
			continue;
		disagree++;
		snprintf(text, sizeof(text), "%s:%u: trap rule %s: the sample yields %s, not %s",
		    files[family->file], sample->line, family->name, what, sample->yields);
		if (report)
			report(ctx, text);
	}
	free(into);
	if (ret_samples)
		*ret_samples = n;
	return disagree;
}
