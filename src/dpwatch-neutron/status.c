/*
 * status and release: what the running instances keep in Redis, from anywhere where Redis can be reached.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "admin/api_json.h"
#include "forwarder.h"
#include "program.h"
#include "util/timeutil.h"

struct status {
	struct asker *asker;
	const char *prefix;
	json_t *instances, *hold, *lag;
	json_int_t ports_down;
	int64_t behind_since_us; /* of the first entry that nobody has read; 0: none */
	bool failed;
};

/* ---- asking ---- */

static json_t *
ask(struct status *status, struct command *command)
{
	json_t *answer = asker_ask(status->asker, command);

	if (!answer)
		status->failed = true;
	return answer;
}

/* One command with one key. */
static json_t *
ask_key(struct status *status, const char *word, const char *more, const char *key)
{
	struct command command = { 0 };

	command_word(&command, word);
	if (more)
		command_word(&command, more);
	command_key(&command, status->prefix, key, "");
	return ask(status, &command);
}

static json_int_t
ask_number(struct status *status, const char *word, const char *key)
{
	json_t *answer = ask_key(status, word, NULL, key);
	json_int_t number = json_is_integer(answer) ? json_integer_value(answer) : 0;

	json_decref(answer);
	return number;
}

/* [name, value, ...] -> an object. */
static json_t *
pairs(const json_t *list)
{
	json_t *object = json_object();

	for (size_t i = 0; i + 1 < json_array_size(list); i += 2)
		json_object_set(object, json_string_value(json_array_get(list, i)),
		    json_array_get(list, i + 1));
	return object;
}

static void
add_instance(struct status *status, const char *key)
{
	struct command command = { 0 };
	json_t *text, *instance;

	command_word(&command, "GET");
	command_word(&command, key);
	text = ask(status, &command);
	instance = json_is_string(text) ? json_loads(json_string_value(text), 0, NULL) : NULL;
	if (instance)
		json_array_append_new(status->instances, instance);
	json_decref(text);
}

/* Names follow each other (name-2, name-3 ...) in the keys that SCAN finds. */
static void
ask_instances(struct status *status)
{
	char *cursor = strdup("0");

	status->instances = json_array();
	do {
		struct command command = { 0 };
		command_word(&command, "SCAN");
		command_word(&command, cursor ? cursor : "0");
		command_word(&command, "MATCH");
		command_key(&command, status->prefix, "neutron:instance:", "*");
		command_word(&command, "COUNT");
		command_word(&command, "10000");
		json_t *answer = ask(status, &command), *keys = json_array_get(answer, 1), *key;
		const char *next = json_string_value(json_array_get(answer, 0));
		size_t i;
		free(cursor);
		cursor = next ? strdup(next) : NULL;
		json_array_foreach(keys, i, key) add_instance(status, json_string_value(key));
		json_decref(answer);
	} while (cursor && strcmp(cursor, "0") != 0 && !status->failed);
	free(cursor);
}

/* The id of an entry begins with the time when it was written. */
static void
ask_group(struct status *status)
{
	struct command command = { 0 };
	struct neutron_entry entry;

	command_script(&command, SCRIPT_LAG, 1);
	command_key(&command, status->prefix, "events", "");
	command_word(&command, GROUP);
	status->lag = ask(status, &command);
	const json_t *id = json_array_get(status->lag, 2);
	if (json_is_string(id) &&
	    neutron_entry_parse(json_string_value(id), json_string_length(id), &entry))
		status->behind_since_us = (int64_t)entry.ms * 1000;
}

/* A number of the group; null where there is no group, or it is not known. */
static json_t *
group_number(const struct status *status, size_t at)
{
	const json_t *number = json_array_get(status->lag, at);

	return json_integer_value(number) < 0 || !json_is_integer(number)
		   ? json_null()
		   : json_integer(json_integer_value(number));
}

/* ---- showing ---- */

static int64_t
wall_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static const char *
text_at(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

static json_int_t
number_at(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

/* A number that stands there as a text; 0 where it is none. */
static int64_t
text_number(const json_t *object, const char *name)
{
	unsigned long long number = 0;

	slice_to_uint(slice_of(text_at(object, name)), INT64_MAX, &number);
	return (int64_t)number;
}

/* The oldest toggle that Neutron does not know: what instances wait with, or what nobody has read. 0: none. */
static int64_t
oldest_us(const struct status *status)
{
	int64_t oldest = status->behind_since_us, at;
	json_t *instance;
	size_t i;

	json_array_foreach(status->instances, i, instance)
	{
		if (timeutil_parse(slice_of(text_at(instance, "oldest_unsent_since")), &at) &&
		    (oldest == 0 || at < oldest))
			oldest = at;
	}
	return oldest;
}

static json_t *
status_json(const struct status *status)
{
	const json_t *hold = status->hold;
	int64_t oldest = oldest_us(status);
	json_t *json = json_pack("{s:O, s:I, s:o, s:o, s:o, s:o}", "instances", status->instances,
	    "ports_down", status->ports_down, "entries_behind", group_number(status, 0),
	    "entries_pending", group_number(status, 1), "oldest_unsent_since",
	    api_json_time(oldest), "oldest_unsent_seconds",
	    oldest == 0 ? json_null() : json_real((double)(wall_us() - oldest) / 1e6));

	if (json && json_object_size(hold) > 0)
		json_object_set_new(json, "brake",
		    json_pack("{s:o, s:I, s:I, s:s}", "since",
			api_json_time(text_number(hold, "since")), "ports",
			(json_int_t)text_number(hold, "ports"), "limit",
			(json_int_t)text_number(hold, "limit"), "by", text_at(hold, "by")));
	else if (json)
		json_object_set_new(json, "brake", json_null());
	return json;
}

static const char *
ago(const json_t *object, const char *name, char buf[TIMEUTIL_RELATIVE])
{
	int64_t at;

	if (!timeutil_parse(slice_of(text_at(object, name)), &at))
		return "never";
	timeutil_relative(at, wall_us(), buf);
	return buf;
}

static void
put_instance(const json_t *instance)
{
	const json_t *counters = json_object_get(instance, "counters");
	const char *problem = text_at(instance, "problem"),
		   *error = text_at(instance, "last_error");
	char when[TIMEUTIL_RELATIVE];

	printf("%s: %s, %s at %s\n", text_at(instance, "name"), text_at(instance, "state"),
	    text_at(instance, "account"),
	    *text_at(instance, "endpoint") ? text_at(instance, "endpoint") : "(no endpoint yet)");
	printf("  waiting   %lld DOWN, %lld ACTIVE, %lld to be tried again, %lld under way\n",
	    (long long)number_at(instance, "waiting_down"),
	    (long long)number_at(instance, "waiting_active"),
	    (long long)number_at(instance, "delayed"), (long long)number_at(instance, "under_way"));
	printf("  sent      %lld DOWN, %lld ACTIVE; %lld were so already, %lld are gone\n",
	    (long long)number_at(counters, "sent_down"),
	    (long long)number_at(counters, "sent_active"), (long long)number_at(counters, "equal"),
	    (long long)number_at(counters, "gone"));
	printf("  compared  %s, %lld differences so far\n", ago(instance, "reconciled_at", when),
	    (long long)number_at(counters, "differences"));
	if (*problem)
		printf("  to mend   %s\n", problem);
	if (*error)
		printf("  last error %s: %s\n", ago(instance, "last_error_at", when), error);
}

static void
put_status(const json_t *json)
{
	const json_t *brake = json_object_get(json, "brake"), *behind, *instances, *instance;
	char when[TIMEUTIL_RELATIVE];
	size_t i;

	instances = json_object_get(json, "instances");
	json_array_foreach(instances, i, instance) put_instance(instance);
	if (json_array_size(instances) == 0)
		printf("no dpwatch-neutron runs on this Redis\n");
	behind = json_object_get(json, "entries_behind");
	printf("lag: %lld entries not read, %lld not acknowledged; oldest unsent toggle: %s\n",
	    (long long)json_integer_value(behind), (long long)number_at(json, "entries_pending"),
	    json_is_null(json_object_get(json, "oldest_unsent_since"))
		? "none"
		: ago(json, "oldest_unsent_since", when));
	printf("ports down: %lld\n", (long long)number_at(json, "ports_down"));
	if (json_is_object(brake))
		printf(
		    "THE BRAKE IS ON since %s: %lld ports went DOWN within a minute, the limit is %lld. Look, and then: "
		    "dpwatch-neutron release\n",
		    ago(brake, "since", when), (long long)number_at(brake, "ports"),
		    (long long)number_at(brake, "limit"));
}

/* All instances do their work. */
static bool
is_well(const json_t *json)
{
	const json_t *instances = json_object_get(json, "instances"), *instance;
	size_t i;

	json_array_foreach(instances, i, instance)
	{
		if (strcmp(text_at(instance, "state"), "forwarding") != 0)
			return false;
	}
	return json_array_size(instances) > 0 && json_is_null(json_object_get(json, "brake"));
}

static void
put_json(const json_t *json)
{
	json_dumpf(json, stdout, isatty(STDOUT_FILENO) ? JSON_INDENT(2) : JSON_COMPACT);
	putchar('\n');
}

int
program_status(struct program *program)
{
	struct status status = { .asker = asker_new(&program->config),
		.prefix = program->config.redis.prefix };
	int exit_status = 1;

	if (!status.asker)
		return 1;
	ask_instances(&status);
	ask_group(&status);
	json_t *hold = ask_key(&status, "HGETALL", NULL, "neutron:hold");
	status.hold = pairs(hold);
	json_decref(hold);
	status.ports_down = ask_number(&status, "SCARD", "down");
	json_t *json = status.failed ? NULL : status_json(&status);
	if (json) {
		exit_status = is_well(json) ? 0 : 1;
		if (program->json)
			put_json(json);
		else
			put_status(json);
	}
	json_decref(json);
	json_decref(status.instances);
	json_decref(status.lag);
	json_decref(status.hold);
	asker_free(status.asker);
	return exit_status;
}

int
program_release(struct program *program)
{
	struct asker *asker = asker_new(&program->config);
	const char *prefix = program->config.redis.prefix;
	struct command command = { 0 };

	if (!asker)
		return 1;
	command_script(&command, SCRIPT_RELEASE, 2);
	command_key(&command, prefix, "neutron:hold", "");
	command_key(&command, prefix, "neutron:downs", "");
	json_t *answer = asker_ask(asker, &command);
	json_int_t n = json_is_integer(answer) ? json_integer_value(answer) : -1;
	if (n >= 0)
		printf("released: the ports that wait to be DOWN are sent now\n");
	else if (answer)
		fprintf(stderr, "dpwatch-neutron: the brake is not on\n");
	json_decref(answer);
	asker_free(asker);
	return n >= 0 ? 0 : 1;
}
