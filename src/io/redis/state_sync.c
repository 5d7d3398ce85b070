#include "io/state_sync.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/link_event.h"
#include "util/log.h"
#include "util/timeutil.h"

#define SCAN_COUNT "1000"

/*
 * Everything under way holds one count; the reading is over when it falls to zero. The switches' names are kept here,
 * because the snapshot may be replaced meanwhile.
 */
struct reading {
	struct redis_link *link;
	struct state_sync_handler handler;
	char prefix[128];
	size_t under_way;
	char error[200];
};

struct interface_scan {
	struct reading *reading;
	char name[4 * IFNAME_MAX + 1]; /* 255 characters of UTF-8 */
};

struct port_read {
	struct reading *reading;
	uint8_t id[16];
};

static void
release(struct reading *reading)
{
	if (--reading->under_way > 0)
		return;
	reading->handler.done(reading->handler.ctx, reading->error[0] ? reading->error : NULL);
	free(reading);
}

static void
failed(struct reading *reading, const char *why)
{
	if (!reading->error[0])
		snprintf(reading->error, sizeof(reading->error), "%s", why);
}

/* ---- interfaces ---- */

static void scan_interfaces(struct interface_scan *scan, const char *cursor);

static void
end_interfaces(struct interface_scan *scan)
{
	struct reading *reading = scan->reading;

	free(scan);
	release(reading);
}

static void
on_interfaces(void *ctx, const redisReply *reply)
{
	struct interface_scan *scan = ctx;
	struct reading *reading = scan->reading;

	if (!reply)
		failed(reading, "the connection broke");
	else if (!redis_link_is_scan(reply))
		log_error("redis: %sinterface:%s cannot be read: %s", reading->prefix, scan->name,
		    reply->str ? reply->str : ODD_REPLY);
	if (!reply || !redis_link_is_scan(reply)) {
		end_interfaces(scan);
		return;
	}
	const redisReply *items = reply->element[1];
	for (size_t i = 0; i + 1 < items->elements; i += 2)
		reading->handler.interface(reading->handler.ctx, slice_of(scan->name),
		    (struct slice){ items->element[i]->str, (size_t)items->element[i]->len },
		    (struct slice){
			items->element[i + 1]->str, (size_t)items->element[i + 1]->len });
	if (strcmp(reply->element[0]->str, "0") == 0)
		end_interfaces(scan);
	else
		scan_interfaces(scan, reply->element[0]->str);
}

static void
scan_interfaces(struct interface_scan *scan, const char *cursor)
{
	char key[4 * IFNAME_MAX + 200];

	snprintf(key, sizeof(key), "%sinterface:%s", scan->reading->prefix, scan->name);
	if (redis_link_words(scan->reading->link, on_interfaces, scan, "HSCAN", key, cursor,
		"COUNT", SCAN_COUNT, NULL) != 0) {
		failed(scan->reading, "Redis is not connected");
		end_interfaces(scan);
	}
}

/* ---- ports ---- */

static const char *const port_fields[] = { "dp_down", "revision", "since", "cause", "reason",
	"switch", "interface", "fault", "reported", "reported_by", "reported_at", "reported_note",
	"reported_until" };
#define N_PORT_FIELDS (sizeof(port_fields) / sizeof(port_fields[0]))
enum {
	F_DOWN,
	F_REVISION,
	F_SINCE,
	F_CAUSE,
	F_REASON,
	F_SWITCH,
	F_INTERFACE,
	F_FAULT,
	F_REPORTED,
	F_BY,
	F_AT,
	F_NOTE,
	F_UNTIL
};

static const char *
text_of(const redisReply *reply, size_t field)
{
	const char *text = reply->element[field]->str;

	return text ? text : "";
}

static int64_t
time_of(const redisReply *reply, size_t field)
{
	int64_t us = 0;

	timeutil_parse(slice_of(text_of(reply, field)), &us);
	return us;
}

static enum dp_cause
cause_of(const char *text)
{
	for (int i = CAUSE_NONE + 1; i < CAUSE_MAX; i++)
		if (strcmp(text, dp_cause_names[i]) == 0)
			return (enum dp_cause)i;
	return CAUSE_NONE;
}

static void
tell_port(struct reading *reading, const uint8_t id[16], const redisReply *reply)
{
	struct engine_port_record record = {
		.dp_down = strcmp(text_of(reply, F_DOWN), "true") == 0,
		.revision = strtoull(text_of(reply, F_REVISION), NULL, 10),
		.since_us = time_of(reply, F_SINCE),
		.cause = cause_of(text_of(reply, F_CAUSE)),
		.reason = link_reason_from(slice_of(text_of(reply, F_REASON))),
		.switch_name = text_of(reply, F_SWITCH),
		.interface_name = text_of(reply, F_INTERFACE),
		.fault = text_of(reply, F_FAULT),
		.report = {
			.down = strcmp(text_of(reply, F_REPORTED), "true") == 0,
			.by = text_of(reply, F_BY),
			.note = text_of(reply, F_NOTE),
			.at_us = time_of(reply, F_AT),
			.until_us = time_of(reply, F_UNTIL),
		},
	};

	memcpy(record.id, id, sizeof(record.id));
	reading->handler.port(reading->handler.ctx, &record);
}

static void
on_port(void *ctx, const redisReply *reply)
{
	struct port_read *port = ctx;
	struct reading *reading = port->reading;
	char id[PORT_ID_TEXT];

	if (!reply)
		failed(reading, "the connection broke");
	else if (reply->type == REDIS_REPLY_ARRAY && reply->elements == N_PORT_FIELDS)
		tell_port(reading, port->id, reply);
	else {
		log_error("redis: %sport:%s cannot be read: %s", reading->prefix,
		    port_id_format(port->id, id), reply->str ? reply->str : ODD_REPLY);
		reading->handler.unusable(reading->handler.ctx, port->id, 0);
	}
	free(port);
	release(reading);
}

static void
read_port(struct reading *reading, struct slice key)
{
	struct port_read *port = calloc(1, sizeof(*port));
	const char *argv[2 + N_PORT_FIELDS] = { "HMGET", key.data };
	size_t lens[2 + N_PORT_FIELDS] = { 5, key.len };

	if (!port || !port_id_parse(slice_from(key, strlen(reading->prefix) + 5), port->id)) {
		free(port);
		return;
	}
	for (size_t i = 0; i < N_PORT_FIELDS; i++) {
		argv[2 + i] = port_fields[i];
		lens[2 + i] = strlen(port_fields[i]);
	}
	port->reading = reading;
	reading->under_way++;
	if (redis_link_command(reading->link, on_port, port, 2 + N_PORT_FIELDS, argv, lens) == 0)
		return;
	free(port);
	failed(reading, "Redis is not connected");
	reading->under_way--;
}

static void scan_ports(struct reading *reading, const char *cursor);

static void
on_ports(void *ctx, const redisReply *reply)
{
	struct reading *reading = ctx;

	if (!reply || !redis_link_is_scan(reply)) {
		failed(reading, !reply       ? "the connection broke"
				: reply->str ? reply->str
					     : ODD_REPLY);
		release(reading);
		return;
	}
	const redisReply *keys = reply->element[1];
	for (size_t i = 0; i < keys->elements; i++)
		read_port(reading,
		    (struct slice){ keys->element[i]->str, (size_t)keys->element[i]->len });
	if (strcmp(reply->element[0]->str, "0") == 0)
		release(reading);
	else
		scan_ports(reading, reply->element[0]->str);
}

/* The prefix may hold characters that a glob pattern takes for more than themselves. */
static void
pattern_of(const char *prefix, char *pattern, size_t size)
{
	size_t n = 0;

	for (; *prefix && n + 12 < size; prefix++) {
		if (strchr("*?[]\\^", *prefix))
			pattern[n++] = '\\';
		pattern[n++] = *prefix;
	}
	snprintf(pattern + n, size - n, "port:*");
}

static void
scan_ports(struct reading *reading, const char *cursor)
{
	char pattern[300];

	pattern_of(reading->prefix, pattern, sizeof(pattern));
	if (redis_link_words(reading->link, on_ports, reading, "SCAN", cursor, "MATCH", pattern,
		"COUNT", SCAN_COUNT, NULL) != 0) {
		failed(reading, "Redis is not connected");
		release(reading);
	}
}

int
state_sync_read(struct redis_link *link, const struct config *config, const struct topo *topo,
    bool interfaces, const struct state_sync_handler *handler)
{
	struct reading *reading = calloc(1, sizeof(*reading));

	if (!reading)
		return -ENOMEM;
	reading->link = link;
	reading->handler = *handler;
	snprintf(reading->prefix, sizeof(reading->prefix), "%s", config->redis.prefix);
	reading->under_way = 1; /* the scan over the ports, last */
	for (uint32_t sw = 0; interfaces && sw < topo_n_switches(topo); sw++) {
		struct interface_scan *scan = calloc(1, sizeof(*scan));
		if (!scan) {
			failed(reading, "out of memory");
			break;
		}
		scan->reading = reading;
		snprintf(scan->name, sizeof(scan->name), "%s",
		    topo_text_get(topo, topo_switch_get(topo, sw)->name));
		reading->under_way++;
		scan_interfaces(scan, "0");
	}
	scan_ports(reading, "0");
	return 0;
}
