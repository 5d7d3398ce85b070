#include "io/redis_explain.h"

#include <stdio.h>
#include <string.h>

/* What an error reply means to an operator; NULL: nothing in particular, the text must do. */
static const char *
meaning_of(const char *error)
{
	static const struct {
		const char *prefix, *text;
	} known[] = {
		{ "OOM", "Redis is out of memory (maxmemory): raise it or free some" },
		{ "READONLY",
		    "this Redis is a read-only replica: point [redis] server at the master" },
		{ "MISCONF", "Redis refuses writes because it cannot save to disk (see its log)" },
		{ "NOPERM", "the Redis user may not run a command that dpwatch needs (ACL)" },
		{ "ERR The user executing the script",
		    "the Redis user may not run a command, or use a key, that dpwatch needs (ACL)" },
		{ "WRONGTYPE", "something else uses this key (see [redis] prefix)" },
		{ "NOREPLICAS", "Redis refuses writes because too few replicas are connected" },
		{ "BUSY", "Redis is busy with somebody's long script (SCRIPT KILL ends it)" },
		{ "NOAUTH", "this Redis wants a password: set [redis] password_file" },
		{ "LOADING", "Redis is loading its data" },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strncmp(error, known[i].prefix, strlen(known[i].prefix)) == 0)
			return known[i].text;
	return NULL;
}

bool
redis_is_acl(const char *reply)
{
	const char *meaning = meaning_of(reply);

	return meaning && strstr(meaning, "(ACL)");
}

void
redis_explain(const char *reply, char *text, size_t size)
{
	const char *meaning = meaning_of(reply);

	snprintf(text, size, "%s%s%.120s", meaning ? meaning : "", meaning ? ": " : "", reply);
}
