#include "model.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/change_codec.h"
#include "util/timeutil.h"

void
model_init(struct model *model)
{
	*model = (struct model){ .ports = json_object(), .interfaces = json_object() };
}

void
model_release(struct model *model)
{
	json_decref(model->ports);
	json_decref(model->interfaces);
}

void
model_copy(struct model *model, const struct model *other)
{
	json_decref(model->ports);
	json_decref(model->interfaces);
	model->ports = json_deep_copy(other->ports);
	model->interfaces = json_deep_copy(other->interfaces);
}

/* A member that is an object, made where it is not there. */
static json_t *
object_in(json_t *parent, const char *name)
{
	json_t *object = json_object_get(parent, name);

	if (!object) {
		object = json_object();
		json_object_set_new(parent, name, object);
	}
	return object;
}

static const char *
field(const json_t *hash, const char *name)
{
	const char *text = json_string_value(json_object_get(hash, name));

	return text ? text : "";
}

static void
set(json_t *hash, const char *name, const json_t *value)
{
	json_object_set_new(hash, name, json_deep_copy(value));
}

/* Where the fields of a port's hash stand in records T and P; revision and since are the script's own business. */
static const struct {
	const char *name;
	size_t at;
} port_fields[] = { { "dp_down", 4 }, { "cause", 7 }, { "reason", 8 }, { "switch", 9 },
	{ "interface", 10 }, { "fault", 11 }, { "paths_up", 14 }, { "paths_stranded", 15 },
	{ "paths_total", 16 }, { "reported", 17 }, { "reported_by", 18 }, { "reported_at", 19 },
	{ "reported_note", 20 }, { "reported_until", 21 } };

static const char *
arg(const json_t *record, size_t i)
{
	return json_string_value(json_array_get(record, i));
}

/* The greater of what is stored and what the daemon knows, and `more`. */
static uint64_t
put_port(struct model *model, const json_t *record, uint64_t more)
{
	json_t *hash = object_in(model->ports, arg(record, 1));
	uint64_t revision = strtoull(field(hash, "revision"), NULL, 10),
		 known = strtoull(arg(record, 5), NULL, 10);
	char text[24];

	for (size_t i = 0; i < sizeof(port_fields) / sizeof(port_fields[0]); i++)
		set(hash, port_fields[i].name, json_array_get(record, port_fields[i].at));
	revision = (known > revision ? known : revision) + more;
	snprintf(text, sizeof(text), "%" PRIu64, revision);
	json_object_set_new(hash, "revision", json_string(text));
	return revision;
}

/* Of a hash without a toggle: what is there of an earlier toggle is over. */
static void
put_since(struct model *model, const json_t *record)
{
	json_t *hash = object_in(model->ports, arg(record, 1));

	if (strcmp(arg(record, 6), field(hash, "since")) >= 0)
		set(hash, "since", json_array_get(record, 6));
}

static uint64_t
put_toggle(struct model *model, const json_t *record)
{
	json_t *hash = object_in(model->ports, arg(record, 1));
	bool was = strcmp(field(hash, "dp_down"), "true") == 0;
	bool is = strcmp(arg(record, 4), "true") == 0;

	if (was == is)
		ck_abort_msg("port %s toggles to %s, which it is", arg(record, 1), arg(record, 4));
	set(hash, "since", json_array_get(record, 6));
	model->n_toggles++;
	return put_port(model, record, 1);
}

static void
put_redundancy(struct model *model, const json_t *record)
{
	static const char *const paths[] = { "paths_up", "paths_stranded", "paths_total" };
	json_t *hash = json_object_get(model->ports, arg(record, 2));

	for (size_t i = 0; hash && i < 3; i++)
		set(hash, paths[i], json_array_get(record, 3 + i));
	if (hash && strcmp(arg(record, 1), "refined") == 0)
		set(hash, "reason", json_array_get(record, 6));
}

static uint64_t
put_record(struct model *model, const json_t *record, const char *switch_name)
{
	switch (arg(record, 0)[0]) {
	case 'T':
		return put_toggle(model, record);
	case 'P':
		put_since(model, record);
		put_port(model, record, 0);
		break;
	case 'R':
		put_redundancy(model, record);
		break;
	case 'I':
		set(object_in(model->interfaces, arg(record, 2)), arg(record, 3),
		    json_array_get(record, 4));
		break;
	case 'F':
		json_object_del(model->interfaces, switch_name);
		break;
	default:
		ck_abort_msg("there is no record %s", arg(record, 0));
	}
	return 0;
}

uint64_t
model_apply(struct model *model, const struct dp_change *change)
{
	struct arg_buf args = { 0 }, keys = { 0 };
	json_t *record = json_array();
	struct slice text;
	size_t at = 0;

	/* Each ck_assert costs a system call: what passes a million times is asked by if. */
	if (change_encode(change, &args, &keys) != 0 || keys.n_args != 1)
		ck_abort_msg("a change of kind %d cannot be encoded", change->kind);
	while (arg_buf_next(&args, &at, &text))
		if (json_array_append_new(record, json_stringn(text.data, text.len)) != 0)
			ck_abort_msg("an argument is no UTF-8: %.*s", (int)text.len, text.data);
	uint64_t revision = put_record(model, record, change->switch_name);
	json_decref(record);
	arg_buf_release(&args);
	arg_buf_release(&keys);
	return revision;
}

/* ---- reading back ---- */

static int64_t
time_field(const json_t *hash, const char *name)
{
	int64_t us = 0;

	timeutil_parse(slice_of(field(hash, name)), &us);
	return us;
}

static enum dp_cause
cause_field(const json_t *hash)
{
	for (int i = CAUSE_NONE; i < CAUSE_MAX; i++)
		if (strcmp(field(hash, "cause"), dp_cause_names[i]) == 0)
			return (enum dp_cause)i;
	ck_abort_msg("there is no cause %s", field(hash, "cause"));
}

static struct engine_port_record
port_record(const char *id, const json_t *hash)
{
	struct engine_port_record record = {
		.dp_down = strcmp(field(hash, "dp_down"), "true") == 0,
		.revision = strtoull(field(hash, "revision"), NULL, 10),
		.since_us = time_field(hash, "since"),
		.cause = cause_field(hash),
		.reason = link_reason_from(slice_of(field(hash, "reason"))),
		.switch_name = field(hash, "switch"),
		.interface_name = field(hash, "interface"),
		.fault = field(hash, "fault"),
		.report = {
			.down = strcmp(field(hash, "reported"), "true") == 0,
			.by = field(hash, "reported_by"),
			.note = field(hash, "reported_note"),
			.at_us = time_field(hash, "reported_at"),
			.until_us = time_field(hash, "reported_until"),
		},
	};

	ck_assert(port_id_parse(slice_of(id), record.id));
	return record;
}

void
model_restore(const struct model *model, struct engine *engine, struct engine_time time)
{
	const char *name, *interface;
	json_t *hash, *json;

	json_object_foreach(model->interfaces, name, hash)
	{
		json_object_foreach(hash, interface, json)
		{
			engine_restore_interface(engine, slice_of(name), slice_of(interface),
			    slice_of(json_string_value(json)), time);
		}
	}
	json_object_foreach(model->ports, name, hash)
	{
		const struct engine_port_record record = port_record(name, hash);
		engine_restore_port(engine, &record);
	}
}

void
model_restore_published(const struct model *model, struct engine *engine)
{
	const char *name;
	json_t *hash;

	json_object_foreach(model->ports, name, hash)
	{
		const struct engine_port_record record = port_record(name, hash);
		engine_restore_published(engine, &record);
	}
}

/* A field of a port's hash; "" where there is none. */
static const char *
port_field(const struct model *model, const uint8_t id[16], const char *name)
{
	char text[PORT_ID_TEXT];

	return field(json_object_get(model->ports, port_id_format(id, text)), name);
}

void
model_check(const struct model *model, const struct engine *engine)
{
	struct engine_port_view view;

	for (uint32_t port = 0; port < topo_n_ports(engine_topo(engine)); port++) {
		engine_port_view(engine, port, &view);
		const char *stored = port_field(model, view.id, "dp_down");
		ck_assert_msg(view.dp_down == (strcmp(stored, "true") == 0),
		    "port %s is %s, and Redis says \"%s\"", view.name, view.dp_down ? "down" : "up",
		    stored);
		/* Where a port left the map and came back, or Redis lost its hash, the other one counts on. */
		uint64_t revision = strtoull(port_field(model, view.id, "revision"), NULL, 10);
		if (view.revision != 0 && revision != 0)
			ck_assert_uint_eq(view.revision, revision);
		if (view.dp_down) {
			ck_assert_str_eq(
			    port_field(model, view.id, "cause"), dp_cause_names[view.cause]);
			ck_assert_str_eq(
			    port_field(model, view.id, "reason"), link_reason_names[view.reason]);
			ck_assert_str_eq(port_field(model, view.id, "fault"), view.fault);
		}
		/* An interface that left the map with its switch has a name in Redis alone. */
		if (view.dp_down && *view.switch_name) {
			ck_assert_str_eq(port_field(model, view.id, "switch"), view.switch_name);
			ck_assert_str_eq(
			    port_field(model, view.id, "interface"), view.interface_name);
		}
	}
}
