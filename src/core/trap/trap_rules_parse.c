/*
 * A `trap` stanza of a rules file, line by line. Keys are rows of a table; what a stanza must hold as a whole is checked at
 * its end. See dpwatch-rules(5).
 */
#include <errno.h>
#include <stdlib.h>

#include "core/rules_set.h"
#include "core/trap_rules_set.h"

static int
index_of(const char *const *names, int n, struct slice value)
{
	for (int i = 0; i < n; i++)
		if (names[i][0] != '\0' && slice_eq_str(value, names[i]))
			return i;
	return -1;
}

/* ---- notifications ---- */

static const char *const meanings[MEANS_MAX] = {
	[MEANS_DOWN] = "down",
	[MEANS_UP] = "up",
	[MEANS_STATUS] = "status",
	[MEANS_RESTART] = "restart",
	[MEANS_NEW_BOOT] = "boot",
	[MEANS_DOUBT] = "doubt",
	[MEANS_HINT] = "hint",
	[MEANS_IGNORE] = "ignore",
};

/* Within a file a notification stands once; another file takes it over. */
static const struct trap_row *
twin_of(const struct trap_rules *rules, const struct trap_row *row)
{
	for (size_t i = 0; i < rules->n_rows; i++)
		if (rules->rows[i].family->file == row->family->file &&
		    rules->rows[i].last == row->last && oid_eq(rules->rows[i].base, row->base))
			return &rules->rows[i];
	return NULL;
}

static int
add_row(struct trap_line *l, const struct trap_mib_name *mib, struct trap_row row)
{
	struct trap_rules *rules = l->rules;
	size_t n = mib->n - 1;
	struct trap_row *all = realloc(rules->rows, (rules->n_rows + 1) * sizeof(*all));

	if (!all)
		return -ENOMEM;
	rules->rows = all;
	row.last = mib->ids[n];
	row.base = (struct oid){ mib->ids, mib->ids[n - 1] == 0 ? n - 1 : n };
	const struct trap_row *twin = twin_of(rules, &row);
	if (twin)
		return trap_line_fault(l, "%s stands already in line %u", twin->name, twin->line);
	row.module = slice_dup(mib->module);
	row.name = slice_dup(mib->name);
	int r =
	    row.module && row.name ? trap_copy_oid(row.base.ids, row.base.n, &row.base) : -ENOMEM;
	if (r < 0) {
		free(row.module);
		free(row.name);
		return r;
	}
	rules->rows[rules->n_rows++] = row;
	return 0;
}

static int
key_notification(struct trap_line *l, struct slice value)
{
	struct trap_mib_name mib;
	int meaning = index_of(meanings, MEANS_MAX, l->key), r = trap_line_mib_name(l, value, &mib);

	if (r < 0)
		return r;
	if (l->rules->n_rows == TRAP_ROWS_MAX)
		return trap_line_fault(l, "more than %d notifications", TRAP_ROWS_MAX);
	return add_row(l, &mib,
	    (struct trap_row){
		.meaning = (enum trap_meaning)meaning, .family = l->family, .line = l->number });
}

/* ---- what it means ---- */

static int
key_about(struct trap_line *l, struct slice value)
{
	static const char *const names[] = { "interface", "slot", "switch" };
	int about = index_of(names, 3, value);

	if (about < 0 || l->rules->has_about)
		return trap_line_fault(l, "about is one of interface, slot, switch, once");
	l->rules->has_about = true;
	l->family->about = (enum trap_about)about;
	return 0;
}

static int
key_layer(struct trap_line *l, struct slice value)
{
	int layer = index_of(link_layer_names, LAYER_MAX, value);

	if (layer < 0 || l->rules->has_layer)
		return trap_line_fault(l, "layer is one of whole, link, protocol, once");
	l->rules->has_layer = true;
	l->family->layer = (enum link_layer)layer;
	return 0;
}

static int
key_reason(struct trap_line *l, struct slice value)
{
	enum link_reason reason = link_reason_from(value);

	if (reason == REASON_NONE || l->family->reason != REASON_NONE)
		return trap_line_fault(
		    l, "reason is one of err-disabled, members, card, power ..., once");
	l->family->reason = reason;
	return 0;
}

/* ---- samples ---- */

/* The sample of this stanza that still waits for its yield, or NULL. */
static struct trap_sample *
open_sample(const struct trap_rules *rules)
{
	struct trap_sample *last =
	    rules->n_samples > rules->first_sample ? &rules->samples[rules->n_samples - 1] : NULL;

	return last && !last->yields ? last : NULL;
}

static int
key_sample(struct trap_line *l, struct slice value)
{
	struct trap_rules *rules = l->rules;
	struct trap_sample sample = { .line = l->number };

	if (open_sample(rules))
		return trap_line_fault(l, "the sample before has no yields");
	if (value.len > TRAP_SAMPLE_MAX)
		return trap_line_fault(l, "a sample has at most %d bytes", TRAP_SAMPLE_MAX);
	int r = trap_sample_read(rules, value, &sample, l->why, l->size);
	if (r < 0)
		return r;
	struct trap_sample *all = realloc(rules->samples, (rules->n_samples + 1) * sizeof(*all));
	if (!all) {
		free(sample.varbinds);
		return -ENOMEM;
	}
	rules->samples = all;
	rules->samples[rules->n_samples++] = sample;
	rules->rows[sample.row].has_sample = true;
	return 0;
}

static int
key_yields(struct trap_line *l, struct slice value)
{
	static const char *const firsts[] = { "whole", "link", "protocol", "restart", "boot",
		"doubt", "hint", "nothing" };
	struct trap_sample *sample = open_sample(l->rules);
	struct slice rest = value;

	if (!sample)
		return trap_line_fault(l, "yields belongs behind a sample");
	if (index_of(firsts, 8, rules_cut_word(&rest)) < 0)
		return trap_line_fault(l,
		    "yields is `LAYER WORD INTERFACE`, restart, boot, `doubt PLACE (REASON)`, "
		    "`hint INTERFACE (REASON)` or nothing (REASON)");
	sample->yields = slice_dup(value);
	return sample->yields ? 0 : -ENOMEM;
}

/* ---- stanzas ---- */

static const struct {
	const char *name;
	int (*take)(struct trap_line *l, struct slice value);
} keys[] = {
	{ "about", key_about },
	{ "layer", key_layer },
	{ "reason", key_reason },
	{ "object", trap_key_object },
	{ "name", trap_key_name },
	{ "tail", trap_key_tail },
	{ "index", trap_key_index },
	{ "index-in", trap_key_index_in },
	{ "slot", trap_key_slot },
	{ "admin", trap_key_admin },
	{ "oper", trap_key_oper },
	{ "sample", key_sample },
	{ "yields", key_yields },
};
#define N_KEYS (sizeof(keys) / sizeof(keys[0]))

/* IF-MIB's columns, until the stanza names others. */
static void
set_standard(const struct trap_rules *rules, struct trap_objects *objects)
{
	objects->nth = 1;
	objects->instance_is_index = true;
	objects->status = trap_status_find(SLICE("if-mib"));
	trap_object_find(rules, SLICE("ifName"), &objects->name);
	trap_object_find(rules, SLICE("ifDescr"), &objects->descr);
	trap_object_find(rules, SLICE("ifAdminStatus"), &objects->admin);
	trap_object_find(rules, SLICE("ifOperStatus"), &objects->oper);
}

int
trap_rules_begin(
    struct trap_rules *rules, struct slice name, size_t file, unsigned line, char *why, size_t size)
{
	struct trap_line l = { .rules = rules, .why = why, .size = size };

	if (!rules_name_good(name))
		return trap_line_fault(
		    &l, "a rule's name is 1 to %d of a-z, 0-9 and '-'", RULE_NAME_MAX);
	for (size_t i = 0; i < rules->n_families; i++)
		if (slice_eq_str(name, rules->families[i]->name))
			return trap_line_fault(
			    &l, "trap rule %s stands already", rules->families[i]->name);
	struct trap_family **all =
	    realloc(rules->families, (rules->n_families + 1) * sizeof(struct trap_family *));
	if (!all)
		return -ENOMEM;
	rules->families = all;
	struct trap_family *family = calloc(1, sizeof(*family));
	if (!family)
		return -ENOMEM;
	family->name = slice_dup(name);
	family->file = file;
	family->line = line;
	set_standard(rules, &family->objects);
	rules->families[rules->n_families++] = rules->open = family;
	rules->first_row = rules->n_rows;
	rules->first_sample = rules->n_samples;
	rules->has_about = rules->has_layer = rules->has_name = false;
	return family->name ? 0 : -ENOMEM;
}

int
trap_rules_line(struct trap_rules *rules, struct slice key, struct slice value, unsigned line,
    char *why, size_t size)
{
	struct trap_line l = { rules, rules->open, key, line, why, size };

	if (index_of(meanings, MEANS_MAX, key) >= 0)
		return key_notification(&l, value);
	for (size_t i = 0; i < N_KEYS; i++)
		if (slice_eq_str(key, keys[i].name))
			return keys[i].take(&l, value);
	return trap_line_fault(
	    &l, "a trap rule has no key %.*s", (int)(key.len < 40 ? key.len : 40), key.data);
}

/* A word about an interface goes with neither slot nor switch. NULL, or what is wrong. */
static const char *
check_meaning(const struct trap_family *family, const struct trap_row *row)
{
	if (row->meaning == MEANS_HINT &&
	    (family->about != ABOUT_INTERFACE || family->reason == REASON_NONE))
		return "is a hint: it needs a reason, and is about an interface";
	if (row->meaning <= MEANS_STATUS && family->about != ABOUT_INTERFACE)
		return "is about a slot or switch: only a doubt can be";
	if (row->meaning != MEANS_IGNORE && !row->has_sample)
		return "has no sample";
	return NULL;
}

static int
check_family(struct trap_rules *rules, char *why, size_t size)
{
	struct trap_line l = { .rules = rules, .why = why, .size = size };
	const struct trap_family *family = rules->open;

	if (rules->n_rows == rules->first_row)
		return trap_line_fault(&l, "trap rule %s names no notification", family->name);
	if (open_sample(rules))
		return trap_line_fault(
		    &l, "trap rule %s has a sample without yields", family->name);
	if (rules->n_samples == rules->first_sample)
		return trap_line_fault(&l, "trap rule %s has no sample", family->name);
	if (family->about == ABOUT_SLOT && family->objects.slot.n == 0)
		return trap_line_fault(
		    &l, "trap rule %s is about a slot, and names no object for it", family->name);
	for (size_t i = rules->first_row; i < rules->n_rows; i++) {
		const char *wrong = check_meaning(family, &rules->rows[i]);
		if (wrong)
			return trap_line_fault(
			    &l, "trap rule %s: %s %s", family->name, rules->rows[i].name, wrong);
	}
	return 0;
}

int
trap_rules_end(struct trap_rules *rules, unsigned *ret_line, char *why, size_t size)
{
	if (!rules->open)
		return 0;
	*ret_line = rules->open->line;
	int r = check_family(rules, why, size);
	if (r == 0)
		rules->open = NULL;
	return r;
}
