/*
 * topo_members: reads JSON objects by a table of what they may hold.
 */
#include <string.h>

#include "core/topo_build.h"

/* The longest table: a switch's. */
#define MEMBERS_MAX 16

static const char *const wanted[] = {
	[MEMBER_STRING] = "a string",
	[MEMBER_BOOL] = "true or false",
	[MEMBER_INT] = "a whole number",
	[MEMBER_LIST] = "an array",
	[MEMBER_OBJECT] = "an object",
};

static bool
has_type(const json_t *value, enum member_type type)
{
	switch (type) {
	case MEMBER_STRING:
		return json_is_string(value);
	case MEMBER_BOOL:
		return json_is_boolean(value);
	case MEMBER_INT:
		return json_is_integer(value);
	case MEMBER_LIST:
		return json_is_array(value);
	case MEMBER_OBJECT:
		return json_is_object(value);
	}
	return false;
}

static const char *
found(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "an array";
	case JSON_STRING:
		return "a string";
	case JSON_INTEGER:
		return "a whole number";
	case JSON_REAL:
		return "a fraction";
	case JSON_TRUE:
		return "true";
	case JSON_FALSE:
		return "false";
	case JSON_NULL:
		break;
	}
	return "null";
}

static bool
check_type(struct topo_builder *b, const struct at *at, const json_t *value, enum member_type type)
{
	if (has_type(value, type))
		return true;
	FAULT(b, at, "must be %s, but is %s", wanted[type], found(value));
	return false;
}

static void
fault_unknown(struct topo_builder *b, const struct at *at, const char *name,
    const struct member *table, size_t n)
{
	const char *names[MEMBERS_MAX];
	char known[256];

	/* A million of them are counted, not compared. */
	if (b->faults.n >= TOPO_FAULTS_MAX) {
		FAULT(b, at, "unknown member");
		return;
	}
	for (size_t i = 0; i < n; i++)
		names[i] = table[i].name;
	const char *near = text_nearest(slice_of(name), names, n);
	if (near)
		FAULT(b, AT_MEMBER(at, name), "unknown member; did you mean \"%s\"?", near);
	else
		FAULT(b, AT_MEMBER(at, name), "unknown member; here may stand %s",
		    text_join(names, n, known, sizeof(known)));
}

static const struct member *
member_find(const struct member *table, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}

bool
members_read(struct topo_builder *b, const struct at *at, const json_t *value,
    const struct member *table, size_t n, json_t **ret_got)
{
	/* jansson's iterator wants a pointer to non-const; nothing is changed. */
	json_t *object = (json_t *)(uintptr_t)value;
	const char *name;
	json_t *member;

	for (size_t i = 0; i < n; i++)
		ret_got[i] = NULL;
	if (!check_type(b, at, value, MEMBER_OBJECT))
		return false;
	json_object_foreach(object, name, member)
	{
		const struct member *row = member_find(table, n, name);
		if (!row)
			fault_unknown(b, at, name, table, n);
		else if (check_type(b, AT_MEMBER(at, name), member, row->type))
			ret_got[row - table] = member;
	}
	for (size_t i = 0; i < n; i++)
		if (table[i].required && !ret_got[i] && !json_object_get(object, table[i].name))
			FAULT(b, AT_MEMBER(at, table[i].name), "is missing");
	return true;
}

struct slice
member_text(const json_t *string)
{
	return (struct slice){ json_string_value(string), json_string_length(string) };
}

static bool
take_text(struct topo_builder *b, const struct at *at, const json_t *string, size_t max,
    struct slice *ret_text)
{
	struct slice text = member_text(string);

	if (text_has_control(text)) {
		FAULT(b, at, "\"%s\" holds a control character", TEXT_QUOTE(text));
		return false;
	}
	if (text_n_chars(text) > max) {
		FAULT(b, at, "\"%s\" is longer than %zu characters", TEXT_QUOTE(text), max);
		return false;
	}
	*ret_text = text;
	return true;
}

bool
member_label(
    struct topo_builder *b, const struct at *at, const json_t *string, struct slice *ret_label)
{
	return take_text(b, at, string, TOPO_NAME_MAX, ret_label);
}

bool
member_reference(
    struct topo_builder *b, const struct at *at, const json_t *string, struct slice *ret_text)
{
	return check_type(b, at, string, MEMBER_STRING) &&
	       take_text(b, at, string, 2 * TOPO_NAME_MAX + 1, ret_text);
}

bool
member_name(
    struct topo_builder *b, const struct at *at, const json_t *string, struct slice *ret_name)
{
	if (json_string_length(string) == 0) {
		FAULT(b, at, "is empty");
		return false;
	}
	return member_label(b, at, string, ret_name);
}

bool
element_name(struct topo_builder *b, const struct at *at, const json_t *list, size_t i,
    struct slice *ret_name)
{
	const json_t *element = json_array_get(list, i);

	return check_type(b, at, element, MEMBER_STRING) && member_name(b, at, element, ret_name);
}

void
element_each_name(struct topo_builder *b, const struct at *at, const json_t *list, uint32_t owner,
    void (*add)(struct topo_builder *, const struct at *, uint32_t, struct slice))
{
	struct slice name;

	for (size_t i = 0; i < json_array_size(list); i++)
		if (element_name(b, AT_ELEMENT(at, i), list, i, &name))
			add(b, AT_ELEMENT(at, i), owner, name);
}

int
member_choice(struct topo_builder *b, const struct at *at, struct slice text,
    const char *const *names, size_t n)
{
	char known[128];

	for (size_t i = 0; i < n; i++)
		if (slice_eq_str(text, names[i]))
			return (int)i;
	FAULT(b, at, "\"%s\" is wrong; right is %s", TEXT_QUOTE(text),
	    text_join(names, n, known, sizeof(known)));
	return -1;
}

bool
member_int(struct topo_builder *b, const struct at *at, const json_t *value, uint32_t low,
    uint32_t high, uint32_t *ret_number)
{
	json_int_t number = json_integer_value(value);

	if (number < (json_int_t)low || number > (json_int_t)high) {
		FAULT(
		    b, at, "%" JSON_INTEGER_FORMAT " is not between %u and %u", number, low, high);
		return false;
	}
	*ret_number = (uint32_t)number;
	return true;
}
