#include "io/down_set.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/*
 * What is missing is added before anything is removed: where Redis is out of memory, the first write says so. Lua hands a
 * command at most some thousands of arguments.
 */
static const char WRITE_SCRIPT[] = "local p = redis.call('HMGET', KEYS[1], 'instance', 'batch')\n"
				   "if p[1] ~= ARGV[1] or p[2] ~= ARGV[2] then return 0 end\n"
				   "local ids, some, is_down = ARGV[3], {}, {}\n"
				   "for i = 1, #ids, 36 do\n"
				   "  local id = string.sub(ids, i, i + 35)\n"
				   "  is_down[id] = true\n"
				   "  some[#some + 1] = id\n"
				   "  if #some == 1000 or i + 36 > #ids then\n"
				   "    redis.call('SADD', KEYS[2], unpack(some))\n"
				   "    some = {}\n"
				   "  end\n"
				   "end\n"
				   "for _, id in ipairs(redis.call('SMEMBERS', KEYS[2])) do\n"
				   "  if not is_down[id] then redis.call('SREM', KEYS[2], id) end\n"
				   "end\n"
				   "return 1\n";

int
down_set_count(struct redis_link *link, const char *prefix, redis_reply_fn *fn, void *ctx)
{
	char key[160];

	snprintf(key, sizeof(key), "%sdown", prefix);
	return redis_link_words(link, fn, ctx, "SCARD", key, NULL);
}

int
down_set_write(struct redis_link *link, const char *prefix, const struct down_set_writer *writer,
    struct slice ids, redis_reply_fn *fn, void *ctx)
{
	char publisher[160], down[160], batch[24];
	const char *argv[] = { "EVAL", WRITE_SCRIPT, "2", publisher, down, writer->instance, batch,
		ids.data };
	enum { N = sizeof(argv) / sizeof(argv[0]) };
	size_t lens[N];

	snprintf(publisher, sizeof(publisher), "%spublisher", prefix);
	snprintf(down, sizeof(down), "%sdown", prefix);
	snprintf(batch, sizeof(batch), "%" PRIu64, writer->batch);
	for (size_t i = 0; i + 1 < N; i++)
		lens[i] = strlen(argv[i]);
	lens[N - 1] = ids.len;
	return redis_link_command(link, fn, ctx, N, argv, lens);
}
