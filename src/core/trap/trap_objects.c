/*
 * The objects that trap rules name: those of the standard modules are known, others the files declare; and the keys of a
 * stanza that say which of them tells what.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/rules_set.h"
#include "core/trap_rules_set.h"

#define MIB2 1, 3, 6, 1, 2, 1

/* What is wherever a link trap is; trap_link knows their numbers, too. */
static const struct {
	const char *name;
	struct oid oid;
} standard[] = {
	{ "ifIndex", OID_IDS(MIB2, 2, 2, 1, 1) },
	{ "ifDescr", OID_IDS(MIB2, 2, 2, 1, 2) },
	{ "ifType", OID_IDS(MIB2, 2, 2, 1, 3) },
	{ "ifAdminStatus", OID_IDS(MIB2, 2, 2, 1, 7) },
	{ "ifOperStatus", OID_IDS(MIB2, 2, 2, 1, 8) },
	{ "ifName", OID_IDS(MIB2, 31, 1, 1, 1, 1) },
	{ "ifAlias", OID_IDS(MIB2, 31, 1, 1, 1, 18) },
};
#define N_STANDARD (sizeof(standard) / sizeof(standard[0]))

bool
trap_object_find(const struct trap_rules *rules, struct slice name, struct oid *ret_oid)
{
	for (size_t i = 0; i < N_STANDARD; i++) {
		if (!slice_eq_str(name, standard[i].name))
			continue;
		*ret_oid = standard[i].oid;
		return true;
	}
	for (size_t i = 0; i < rules->n_objects; i++) {
		if (!slice_eq_str(name, rules->objects[i].name))
			continue;
		*ret_oid = rules->objects[i].oid;
		return true;
	}
	return false;
}

const struct trap_object *
trap_rules_object(const struct trap_rules *rules, size_t i)
{
	return i < rules->n_objects ? &rules->objects[i] : NULL;
}

/* ---- pieces of a line ---- */

int
trap_line_fault(struct trap_line *l, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(l->why, l->size, format, args);
	va_end(args);
	return -EINVAL;
}

int
trap_line_mib_name(struct trap_line *l, struct slice value, struct trap_mib_name *ret_name)
{
	struct slice rest = value, word = rules_cut_word(&rest);
	long colons = slice_find(word, SLICE("::"));

	ret_name->module = slice_first(word, colons < 0 ? 0 : (size_t)colons);
	ret_name->name = slice_from(word, colons < 0 ? 0 : (size_t)colons + 2);
	/* One number less than an OID may have: the other form has a zero more. */
	ret_name->n = oid_parse(rest, ret_name->ids, OID_MAX - 1);
	if (ret_name->module.len == 0 || ret_name->name.len == 0 || ret_name->n < 4)
		return trap_line_fault(l, "%.*s takes MODULE::name and its OID in numbers",
		    (int)l->key.len, l->key.data);
	return 0;
}

int
trap_copy_oid(const unsigned long *ids, size_t n, struct oid *ret_oid)
{
	unsigned long *copy = malloc(n * sizeof(*copy));

	if (!copy)
		return -ENOMEM;
	memcpy(copy, ids, n * sizeof(*copy));
	*ret_oid = (struct oid){ copy, n };
	return 0;
}

/* An object that the stanza may name once. */
static int
take_object(struct trap_line *l, struct slice value, struct oid *ret_oid)
{
	if (ret_oid->n > 0)
		return trap_line_fault(l, "a second %.*s", (int)l->key.len, l->key.data);
	if (!trap_object_find(l->rules, value, ret_oid))
		return trap_line_fault(l, "%.*s: no object %.*s is declared above", (int)l->key.len,
		    l->key.data, (int)(value.len < 64 ? value.len : 64), value.data);
	return 0;
}

/* ---- keys ---- */

int
trap_key_object(struct trap_line *l, struct slice value)
{
	struct trap_rules *rules = l->rules;
	struct trap_object object = { 0 };
	struct trap_mib_name mib;
	struct oid known;
	int r = trap_line_mib_name(l, value, &mib);

	if (r < 0)
		return r;
	if (trap_object_find(rules, mib.name, &known))
		return oid_eq(known, (struct oid){ mib.ids, mib.n })
			   ? 0
			   : trap_line_fault(l, "%.*s is declared already, with another OID",
				 (int)mib.name.len, mib.name.data);
	if (rules->n_objects == TRAP_OBJECTS_MAX)
		return trap_line_fault(l, "more than %d objects", TRAP_OBJECTS_MAX);
	struct trap_object *all = realloc(rules->objects, (rules->n_objects + 1) * sizeof(*all));
	if (!all)
		return -ENOMEM;
	rules->objects = all;
	object.module = slice_dup(mib.module);
	object.name = slice_dup(mib.name);
	r = object.module && object.name ? trap_copy_oid(mib.ids, mib.n, &object.oid) : -ENOMEM;
	if (r < 0) {
		free(object.module);
		free(object.name);
		return r;
	}
	rules->objects[rules->n_objects++] = object;
	return 0;
}

/* "{OBJECT}" or, for its instance, "{OBJECT#}"; value begins at the brace. */
static int
read_part(struct trap_line *l, struct slice value, struct trap_name_part *part, size_t *ret_len)
{
	long end = slice_find(value, SLICE("}"));
	struct slice object = slice_from(slice_first(value, end < 0 ? 0 : (size_t)end), 1);

	if (object.len == 0)
		return trap_line_fault(l, "a name is put together as in {slot}/{port}");
	part->instance = object.data[object.len - 1] == '#';
	object.len -= part->instance;
	*ret_len = (size_t)end + 1;
	return take_object(l, object, &part->object);
}

/* "lag-{tLagRowStatus#}": text and objects in turn. */
static int
read_parts(struct trap_line *l, struct slice value)
{
	struct trap_objects *objects = &l->family->objects;

	while (value.len > 0) {
		if (objects->n_parts == TRAP_NAME_PARTS)
			return trap_line_fault(
			    l, "a name is put together of at most %d objects", TRAP_NAME_PARTS);
		struct trap_name_part *part = &objects->parts[objects->n_parts];
		long open = slice_find(value, SLICE("{"));
		size_t len = open < 0 ? value.len : (size_t)open;

		part->text = slice_dup(slice_first(value, len));
		if (!part->text)
			return -ENOMEM;
		objects->n_parts++;
		value = slice_from(value, len);
		if (open < 0)
			return 0;
		int r = read_part(l, value, part, &len);
		if (r < 0)
			return r;
		value = slice_from(value, len);
	}
	return 0;
}

/* "name ifName", "name ifName 2", "name {wlsxTrapCardSlot}/{wlsxTrapPortNumber}" */
int
trap_key_name(struct trap_line *l, struct slice value)
{
	struct trap_objects *objects = &l->family->objects;
	struct slice rest = value, object = rules_cut_word(&rest);
	unsigned long long nth = 1;

	if (l->rules->has_name)
		return trap_line_fault(l, "a second name");
	l->rules->has_name = true;
	objects->instance_is_index = false;
	objects->name = (struct oid){ NULL, 0 };
	if (slice_find(value, SLICE("{")) >= 0)
		return read_parts(l, value);
	if (rest.len > 0 && (!slice_to_uint(rest, 8, &nth) || nth == 0))
		return trap_line_fault(l, "name OBJECT N: the N-th varbind of that name, 1 to 8");
	objects->nth = (unsigned)nth;
	return take_object(l, object, &objects->name);
}

int
trap_key_tail(struct trap_line *l, struct slice value)
{
	return take_object(l, value, &l->family->objects.tail);
}

int
trap_key_index(struct trap_line *l, struct slice value)
{
	return take_object(l, value, &l->family->objects.index);
}

int
trap_key_index_in(struct trap_line *l, struct slice value)
{
	return take_object(l, value, &l->family->objects.index_in);
}

int
trap_key_slot(struct trap_line *l, struct slice value)
{
	return take_object(l, value, &l->family->objects.slot);
}

int
trap_key_admin(struct trap_line *l, struct slice value)
{
	l->family->objects.admin = (struct oid){ NULL, 0 };
	return take_object(l, value, &l->family->objects.admin);
}

int
trap_key_oper(struct trap_line *l, struct slice value)
{
	struct trap_objects *objects = &l->family->objects;
	struct slice table = value, object = rules_cut_word(&table);

	objects->status = trap_status_find(table);
	if (!objects->status)
		return trap_line_fault(
		    l, "oper takes an object and a table of values: if-mib, ciena, leos");
	objects->oper = (struct oid){ NULL, 0 };
	return take_object(l, object, &objects->oper);
}
