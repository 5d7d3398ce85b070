/* Written by hand: this runs for every event, and snprintf or a tree of jansson's takes several times as long. */
#include "core/interface_json.h"

#include <assert.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/timeutil.h"

/* What is said of an override, the only texts in it that others chose. Longer: left out. */
#define OVERRIDE_MAX 2300

struct text {
	char *buf;
	size_t len;
};

static void
add(struct text *text, struct slice bytes)
{
	assert(bytes.len <= INTERFACE_JSON_MAX - text->len);
	if (bytes.len > 0)
		memcpy(text->buf + text->len, bytes.data, bytes.len);
	text->len += bytes.len;
}

/* ,"name": */
static void
add_name(struct text *text, struct slice name)
{
	if (text->len > 1)
		add(text, SLICE(","));
	add(text, SLICE("\""));
	add(text, name);
	add(text, SLICE("\":"));
}

/* Values are words of ours or times: nothing needs escaping. */
static void
add_string(struct text *text, struct slice name, const char *value)
{
	add_name(text, name);
	add(text, SLICE("\""));
	add(text, slice_of(value));
	add(text, SLICE("\""));
}

static void
add_bool(struct text *text, struct slice name, bool value)
{
	add_name(text, name);
	add(text, value ? SLICE("true") : SLICE("false"));
}

static void
add_number(struct text *text, struct slice name, uint64_t value)
{
	char digits[SLICE_DECIMAL];

	add_name(text, name);
	add(text, slice_decimal(value, digits));
}

/* 0 is no time: empty. */
static void
add_time(struct text *text, struct slice name, int64_t us)
{
	char at[TIMEUTIL_TEXT] = "";

	if (us != 0)
		timeutil_format(us, at);
	add_string(text, name, at);
}

/* ---- members that are there only while there is something to say ---- */

static void
add_if_string(struct text *text, struct slice name, const char *value)
{
	if (value && *value)
		add_string(text, name, value);
}

static void
add_if_time(struct text *text, struct slice name, int64_t us)
{
	if (us != 0)
		add_time(text, name, us);
}

static void
add_if_true(struct text *text, struct slice name, bool value)
{
	if (value)
		add_bool(text, name, true);
}

/* While it flaps. */
static void
add_penalty(struct text *text, const struct dp_change *change)
{
	char penalty[40];

	if (change->penalty <= 0)
		return;
	snprintf(penalty, sizeof(penalty), "%.1f", change->penalty);
	add_name(text, SLICE("penalty"));
	add(text, slice_of(penalty));
	add_time(text, SLICE("penalty_at"), change->penalty_us);
	add_bool(text, SLICE("suppressed"), change->suppressed);
}

/* The order of its last word, and of the one that is in force while that one waits for its delay. */
static void
add_orders(struct text *text, const struct dp_change *change)
{
	const int64_t order = change->order, shown = change->shown_order;

	add_number(text, SLICE("order"), order > 0 ? (uint64_t)order : 0);
	if (shown != order)
		add_number(text, SLICE("shown_order"), shown > 0 ? (uint64_t)shown : 0);
}

/* While somebody overrides it. What they say is text of others: jansson writes it. */
static void
add_override(struct text *text, const struct dp_change *change)
{
	char at[TIMEUTIL_TEXT], until[TIMEUTIL_TEXT] = "";

	if (!*change->override || change->overridden.at_us == 0)
		return;
	timeutil_format(change->overridden.at_us, at);
	if (change->overridden.until_us != 0)
		timeutil_format(change->overridden.until_us, until);
	json_t *object = json_pack("{s:s, s:s, s:s, s:s}", "override_by", change->overridden.by,
	    "override_note", change->overridden.note, "override_at", at, "override_until", until);
	char *json = object ? json_dumps(object, JSON_COMPACT) : NULL;
	json_decref(object);
	const size_t len = json ? strlen(json) : 0;
	/* Its members, without the braces around them. */
	if (len > 0 && len < OVERRIDE_MAX) {
		add(text, SLICE(","));
		add(text, (struct slice){ json + 1, len - 2 });
	}
	free(json);
}

static void
add_marks(struct text *text, const struct dp_marks *marks)
{
	add_if_time(text, SLICE("spoke"), marks->spoke_us);
	add_if_time(text, SLICE("booted"), marks->booted_us);
	add_if_time(text, SLICE("shut"), marks->shut_us);
	add_if_time(text, SLICE("ups_from"), marks->ups_from_us);
	add_if_time(text, SLICE("counts_from"), marks->counts_us);
	if (marks->has_uptime)
		add_number(text, SLICE("uptime"), marks->uptime_cs);
	add_if_string(text, SLICE("trap_said"), marks->trap_said);
	add_if_string(text, SLICE("line_said"), marks->line_said);
	add_if_string(text, SLICE("echoes"), marks->echoes);
	add_if_true(text, SLICE("protocol_old"), marks->protocol_old);
	add_if_true(text, SLICE("tells_both"), marks->tells_both);
}

struct slice
interface_json(const struct dp_change *change, char buf[INTERFACE_JSON_MAX])
{
	struct text text = { buf, 0 };

	add(&text, SLICE("{"));
	add_string(&text, SLICE("oper"), change->oper_up ? "up" : "down");
	add_string(&text, SLICE("admin"), change->admin);
	add_time(&text, SLICE("since"), change->since_us);
	add_string(&text, SLICE("source"), link_source_names[change->source]);
	add_string(&text, SLICE("reason"), link_reason_names[change->reason]);
	add_bool(&text, SLICE("certain"), change->certain);
	add_string(&text, SLICE("link"), change->link);
	add_string(&text, SLICE("protocol"), change->protocol);
	add_string(&text, SLICE("override"), change->override);
	add_orders(&text, change);
	add_penalty(&text, change);
	add_override(&text, change);
	add_if_string(&text, SLICE("waits"), change->waits);
	add_marks(&text, &change->marks);
	add(&text, SLICE("}"));
	return (struct slice){ buf, text.len };
}
