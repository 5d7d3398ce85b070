/*
 * config_value: one key's value, from its text into struct config.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/config_table.h"
#include "core/text.h"

int
config_wrong(char *why, struct slice text, const char *format, ...)
{
	char right[CONFIG_WHY_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(right, sizeof(right), format, args);
	va_end(args);
	snprintf(why, CONFIG_WHY_MAX, "\"%s\" is wrong; right is %.150s", TEXT_QUOTE(text), right);
	return -EINVAL;
}

bool
config_text_eq(const char *a, const char *b)
{
	return slice_eq(slice_of(a), slice_of(b)) && !a == !b;
}

static void *
place(const struct config_row *row, struct config *config)
{
	return (char *)config + row->at;
}

static const void *
const_place(const struct config_row *row, const struct config *config)
{
	return (const char *)config + row->at;
}

/* A copy that has passed the row's check. */
static int
checked_copy(const struct config_row *row, struct slice text, char **ret_text, char *why)
{
	char right[CONFIG_WHY_MAX];
	char *bytes = slice_dup(text);

	if (!bytes)
		return -ENOMEM;
	if (row->check && !row->check(bytes, right)) {
		free(bytes);
		if (row->secret) {
			snprintf(why, CONFIG_WHY_MAX, "%.*s", CONFIG_WHY_MAX - 1, right);
			return -EINVAL;
		}
		return config_wrong(why, text, "%s", right);
	}
	*ret_text = bytes;
	return 0;
}

static int
set_text(const struct config_row *row, struct slice text, struct config *config, char *why)
{
	char **at = place(row, config);
	char *bytes = NULL;

	if (text.len == 0 && row->preset[0] != '\0') {
		snprintf(why, CONFIG_WHY_MAX, "is empty; the default is %s", row->preset);
		return -EINVAL;
	}
	if (text.len > 0) {
		int r = checked_copy(row, text, &bytes, why);
		if (r != 0)
			return r;
	}
	free(*at);
	*at = bytes;
	return 0;
}

static int
set_number(const struct config_row *row, struct slice text, struct config *config, char *why)
{
	unsigned long long number;

	if (!slice_to_uint(text, row->high, &number) || number < row->low)
		return config_wrong(why, text, "a number from %llu to %llu",
		    (unsigned long long)row->low, (unsigned long long)row->high);
	if (row->type == CONFIG_NUMBER32)
		*(uint32_t *)place(row, config) = (uint32_t)number;
	else
		*(uint64_t *)place(row, config) = number;
	return 0;
}

static int
set_percent(const struct config_row *row, struct slice text, struct config *config, char *why)
{
	struct slice digits = text;
	unsigned long long number;

	if (text.len > 0 && text.data[text.len - 1] == '%')
		digits = slice_trim(slice_first(text, text.len - 1));
	if (!slice_to_uint(digits, row->high, &number) || number < row->low)
		return config_wrong(why, text, "a share from %u%% to %u%%", (unsigned)row->low,
		    (unsigned)row->high);
	*(uint32_t *)place(row, config) = (uint32_t)number;
	return 0;
}

static int
set_size(const struct config_row *row, struct slice text, struct config *config, char *why)
{
	char low[CONFIG_UNIT_TEXT], high[CONFIG_UNIT_TEXT];
	uint64_t bytes;

	if (!config_size_parse(text, &bytes) || bytes < row->low || bytes > row->high)
		return config_wrong(why, text, "a size from %s to %s (units are KiB, MiB, GiB)",
		    config_size_format(row->low, low), config_size_format(row->high, high));
	*(uint64_t *)place(row, config) = bytes;
	return 0;
}

static int
set_duration(const struct config_row *row, struct slice text, struct config *config, char *why)
{
	char low[CONFIG_UNIT_TEXT], high[CONFIG_UNIT_TEXT];
	bool off = row->low == 0 && slice_eq_str(text, "off");
	int64_t ms = 0;

	if (!off && (!config_duration_parse(text, &ms) || (uint64_t)ms < row->low ||
			(uint64_t)ms > row->high))
		return config_wrong(why, text,
		    "a duration from %s to %s (units are ms, s, min, h, d)",
		    config_duration_format(row->low, low), config_duration_format(row->high, high));
	*(int64_t *)place(row, config) = ms;
	return 0;
}

static int
set_choice(const struct config_row *row, struct slice text, struct config *config, char *why)
{
	char names[CONFIG_WHY_MAX];
	unsigned n = 0;

	/* The enums of struct config have no negative values: gcc and clang keep them as unsigned. */
	_Static_assert(sizeof(config->state.admin_down) == sizeof(n), "an enum is an unsigned");
	for (; row->names[n]; n++) {
		if (!slice_eq_str(text, row->names[n]))
			continue;
		memcpy(place(row, config), &n, sizeof(n));
		return 0;
	}
	return config_wrong(why, text, "%s", text_join(row->names, n, names, sizeof(names)));
}

static int
set_bool(const struct config_row *row, struct slice text, struct config *config, char *why)
{
	bool yes =
	    slice_eq_str(text, "true") || slice_eq_str(text, "yes") || slice_eq_str(text, "on");
	bool no =
	    slice_eq_str(text, "false") || slice_eq_str(text, "no") || slice_eq_str(text, "off");

	if (!yes && !no)
		return config_wrong(why, text, "true or false");
	*(bool *)place(row, config) = yes;
	return 0;
}

static int
list_add(const struct config_row *row, struct slice item, struct config *config, char *why)
{
	struct config_list *list = place(row, config);
	char *bytes;
	int r = checked_copy(row, item, &bytes, why);

	if (r != 0)
		return r;
	char **items = realloc(list->items, (list->n + 1) * sizeof(*items));
	if (!items) {
		free(bytes);
		return -ENOMEM;
	}
	list->items = items;
	list->items[list->n++] = bytes;
	return 0;
}

static int
nets_add(const struct config_row *row, struct slice item, struct config *config, char *why)
{
	struct config_nets *nets = place(row, config);
	struct addr_net net;

	if (!addr_net_parse(item, &net))
		return config_wrong(
		    why, item, "an IP address or a network such as 192.0.2.0/24 or 2001:db8::/32");
	struct addr_net *items = realloc(nets->items, (nets->n + 1) * sizeof(*items));
	if (!items)
		return -ENOMEM;
	nets->items = items;
	nets->items[nets->n++] = net;
	return 0;
}

/* An empty value is an empty list; an empty item is a slip. */
static int
set_list(const struct config_row *row, struct slice text, struct config *config, char *why)
{
	while (text.len > 0) {
		long comma = slice_find(text, SLICE(","));
		struct slice item = slice_trim(comma < 0 ? text : slice_first(text, (size_t)comma));
		bool is_last = comma < 0;
		text = is_last ? (struct slice){ 0 } : slice_from(text, (size_t)comma + 1);
		if (item.len == 0 || (!is_last && text.len == 0)) {
			snprintf(why, CONFIG_WHY_MAX, "nothing stands between or after the commas");
			return -EINVAL;
		}
		int r = row->type == CONFIG_NETS ? nets_add(row, item, config, why)
						 : list_add(row, item, config, why);
		if (r != 0)
			return r;
	}
	return 0;
}

static int
set_line(const struct config_row *row, struct slice text, struct config *config, char *why)
{
	return text.len == 0 ? 0 : list_add(row, text, config, why);
}

static void
free_text(const struct config_row *row, char *text)
{
	if (row->secret && text)
		explicit_bzero(text, strlen(text));
	free(text);
}

static void
clear_text(const struct config_row *row, struct config *config)
{
	char **at = place(row, config);

	free_text(row, *at);
	*at = NULL;
}

static void
clear_list(const struct config_row *row, struct config *config)
{
	struct config_list *list = place(row, config);

	for (size_t i = 0; i < list->n; i++)
		free_text(row, list->items[i]);
	free(list->items);
	*list = (struct config_list){ 0 };
}

static void
clear_nets(const struct config_row *row, struct config *config)
{
	struct config_nets *nets = place(row, config);

	free(nets->items);
	*nets = (struct config_nets){ 0 };
}

static bool
eq_text(const struct config_row *row, const struct config *a, const struct config *b)
{
	return config_text_eq(
	    *(char *const *)const_place(row, a), *(char *const *)const_place(row, b));
}

static bool
eq_list(const struct config_row *row, const struct config *a, const struct config *b)
{
	const struct config_list *x = const_place(row, a), *y = const_place(row, b);

	if (x->n != y->n)
		return false;
	for (size_t i = 0; i < x->n; i++)
		if (!config_text_eq(x->items[i], y->items[i]))
			return false;
	return true;
}

static bool
eq_nets(const struct config_row *row, const struct config *a, const struct config *b)
{
	const struct config_nets *x = const_place(row, a), *y = const_place(row, b);

	if (x->n != y->n)
		return false;
	for (size_t i = 0; i < x->n; i++)
		if (!addr_eq(&x->items[i].addr, &y->items[i].addr) ||
		    x->items[i].bits != y->items[i].bits)
			return false;
	return true;
}

static bool
eq_u32(const struct config_row *row, const struct config *a, const struct config *b)
{
	return memcmp(const_place(row, a), const_place(row, b), sizeof(uint32_t)) == 0;
}

static bool
eq_u64(const struct config_row *row, const struct config *a, const struct config *b)
{
	return memcmp(const_place(row, a), const_place(row, b), sizeof(uint64_t)) == 0;
}

static bool
eq_bool(const struct config_row *row, const struct config *a, const struct config *b)
{
	return *(const bool *)const_place(row, a) == *(const bool *)const_place(row, b);
}

static const struct config_type_ops text_ops = { set_text, eq_text, clear_text, sizeof(char *) };
static const struct config_type_ops number32_ops = { set_number, eq_u32, NULL, sizeof(uint32_t) };
static const struct config_type_ops number64_ops = { set_number, eq_u64, NULL, sizeof(uint64_t) };
static const struct config_type_ops size_ops = { set_size, eq_u64, NULL, sizeof(uint64_t) };
static const struct config_type_ops duration_ops = { set_duration, eq_u64, NULL, sizeof(int64_t) };
static const struct config_type_ops percent_ops = { set_percent, eq_u32, NULL, sizeof(uint32_t) };
static const struct config_type_ops choice_ops = { set_choice, eq_u32, NULL, sizeof(unsigned) };
static const struct config_type_ops bool_ops = { set_bool, eq_bool, NULL, sizeof(bool) };
static const struct config_type_ops list_ops = { set_list, eq_list, clear_list,
	sizeof(struct config_list) };
static const struct config_type_ops lines_ops = { set_line, eq_list, clear_list,
	sizeof(struct config_list) };
static const struct config_type_ops nets_ops = { set_list, eq_nets, clear_nets,
	sizeof(struct config_nets) };

static const struct config_type_ops *const types[] = {
	[CONFIG_TEXT] = &text_ops,
	[CONFIG_NUMBER32] = &number32_ops,
	[CONFIG_NUMBER64] = &number64_ops,
	[CONFIG_SIZE] = &size_ops,
	[CONFIG_DURATION] = &duration_ops,
	[CONFIG_PERCENT] = &percent_ops,
	[CONFIG_CHOICE] = &choice_ops,
	[CONFIG_BOOL] = &bool_ops,
	[CONFIG_LIST] = &list_ops,
	[CONFIG_LINES] = &lines_ops,
	[CONFIG_NETS] = &nets_ops,
	[CONFIG_SERVER] = &config_server_ops,
	[CONFIG_BUCKET] = &config_bucket_ops,
	[CONFIG_DAMPENING] = &config_dampening_ops,
};

int
config_value_set(const struct config_row *row, struct slice text, struct config *config, char *why)
{
	return types[row->type]->set(row, text, config, why);
}

void
config_value_clear(const struct config_row *row, struct config *config)
{
	if (types[row->type]->clear)
		types[row->type]->clear(row, config);
}

bool
config_value_eq(const struct config_row *row, const struct config *a, const struct config *b)
{
	return types[row->type]->eq(row, a, b);
}

void
config_value_swap(const struct config_row *row, struct config *a, struct config *b)
{
	char kept[sizeof(struct config)];
	const size_t size = types[row->type]->size;

	memcpy(kept, place(row, a), size);
	memcpy(place(row, a), place(row, b), size);
	memcpy(place(row, b), kept, size);
}
