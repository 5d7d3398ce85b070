#include "command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
take(struct command *command, char *word)
{
	if (word && command->n == command->room) {
		size_t room = command->room * 2 + 16;
		char **words = reallocarray(command->words, room, sizeof(*words));
		if (words) {
			command->words = words;
			command->room = room;
		}
	}
	if (!word || command->n == command->room) {
		free(word);
		command->no_memory = true;
		return;
	}
	command->words[command->n++] = word;
}

void
command_word(struct command *command, const char *word)
{
	take(command, strdup(word));
}

void
command_number(struct command *command, long long number)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", number);
	command_word(command, text);
}

void
command_key(struct command *command, const char *prefix, const char *first, const char *second)
{
	char *key;

	take(command, asprintf(&key, "%s%s%s", prefix, first, second) < 0 ? NULL : key);
}

void
command_script(struct command *command, const char *script, size_t n_keys)
{
	command_word(command, "EVAL");
	command_word(command, script);
	command_number(command, (long long)n_keys);
}

int
command_send(struct command *command, struct redis_link *link, redis_reply_fn *fn, void *ctx)
{
	int r = -ENOMEM;

	if (!command->no_memory)
		r = redis_link_command(
		    link, fn, ctx, command->n, (const char **)(uintptr_t)command->words, NULL);
	for (size_t i = 0; i < command->n; i++)
		free(command->words[i]);
	free(command->words);
	*command = (struct command){ 0 };
	return r;
}

void
command_ignore(void *ctx, const struct redisReply *reply)
{
	(void)ctx;
	(void)reply;
}

/* ---- scripts ---- */

/* What was sent last is forgotten before a request: until Neutron has answered nobody knows what it holds. */
const char SCRIPT_BEGIN[] =
    "local call = redis.call\n"
    "local send = 'send'\n"
    "if not call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then\n"
    "  local owner = call('GET', KEYS[1])\n"
    "  if owner ~= ARGV[1] then\n"
    "    if call('EXISTS', ARGV[5] .. owner) == 1 then return {'elsewhere', ''} end\n"
    "    send = 'inherit'\n"
    "  end\n"
    "  call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])\n"
    "end\n"
    "local value = call('HGET', KEYS[2], 'dp_down') == 'true' and 'DOWN' or 'ACTIVE'\n"
    "local state = send\n"
    "if ARGV[4] ~= '1' and call('HGET', KEYS[3], ARGV[3]) == value then state = 'equal'\n"
    "elseif value == 'DOWN' and call('EXISTS', KEYS[4]) == 1 then state = 'braked' end\n"
    "if state == send then call('HDEL', KEYS[3], ARGV[3]) else call('DEL', KEYS[1]) end\n"
    "return {state, value}\n";

const char SCRIPT_END[] =
    "local call = redis.call\n"
    "local value = call('HGET', KEYS[2], 'dp_down') == 'true' and 'DOWN' or 'ACTIVE'\n"
    "if call('GET', KEYS[1]) ~= ARGV[1] then return {'lost', value} end\n"
    "if ARGV[3] ~= '' then call('HSET', KEYS[3], ARGV[2], ARGV[3]) end\n"
    "call('DEL', KEYS[1])\n"
    "return {'mine', value}\n";

const char SCRIPT_NOTE[] =
    "local call = redis.call\n"
    "local t = call('TIME')\n"
    "local now = t[1] * 1000 + math.floor(t[2] / 1000)\n"
    "for i = 5, #ARGV do\n"
    "  if call('HGET', KEYS[4], ARGV[i]) ~= 'DOWN' then call('ZADD', KEYS[1], string.format('%.0f', now), ARGV[i]) end\n"
    "end\n"
    "call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - tonumber(ARGV[1])))\n"
    "call('PEXPIRE', KEYS[1], ARGV[1])\n"
    "local n = call('ZCARD', KEYS[1])\n"
    "local limit = math.max(tonumber(ARGV[3]), math.ceil(call('HLEN', KEYS[3]) * ARGV[2] / 100))\n"
    "if n > limit and call('EXISTS', KEYS[2]) == 0 then\n"
    "  call('HSET', KEYS[2], 'since', string.format('%.0f', t[1] * 1000000 + t[2]), 'ports', n, 'limit', limit,\n"
    "      'by', ARGV[4])\n"
    "  return {2, n, limit}\n"
    "end\n"
    "return {call('EXISTS', KEYS[2]), n, limit}\n";

const char SCRIPT_COMPARE[] =
    "local out = {}\n"
    "for i, id in ipairs(ARGV) do\n"
    "  if redis.call('SISMEMBER', KEYS[1], id) == 1 then out[i] = 'D'\n"
    "  elseif redis.call('HEXISTS', KEYS[2], id) == 1 or redis.call('EXISTS', KEYS[i + 2]) == 1 then out[i] = 'U'\n"
    "  else out[i] = '?' end\n"
    "end\n"
    "return table.concat(out)\n";

const char SCRIPT_NAME[] =
    "for i, key in ipairs(KEYS) do\n"
    "  if redis.call('SET', key, ARGV[1], 'NX', 'PX', ARGV[2]) then return i end\n"
    "  if redis.call('GET', key) == ARGV[1] then\n"
    "    redis.call('PEXPIRE', key, ARGV[2])\n"
    "    return i\n"
    "  end\n"
    "end\n"
    "return 0\n";

const char SCRIPT_LAG[] =
    "local groups = redis.pcall('XINFO', 'GROUPS', KEYS[1])\n"
    "for _, flat in ipairs(groups) do\n"
    "  local group = {}\n"
    "  for i = 1, #flat, 2 do group[flat[i]] = flat[i + 1] end\n"
    "  if group.name == ARGV[1] then\n"
    "    local next = redis.call('XRANGE', KEYS[1], '(' .. group['last-delivered-id'], '+', 'COUNT', 1)[1]\n"
    "    return {next and (group.lag or -1) or 0, group.pending, next and next[1] or ''}\n"
    "  end\n"
    "end\n"
    "return false\n";

const char SCRIPT_RELEASE[] = "if redis.call('EXISTS', KEYS[1]) == 0 then return -1 end\n"
			      "local n = redis.call('ZCARD', KEYS[2])\n"
			      "redis.call('DEL', KEYS[1], KEYS[2])\n"
			      "return n\n";
