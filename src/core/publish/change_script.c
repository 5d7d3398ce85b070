/*
 * The Redis side of the batches. Lua does not roll back, so everything that can fail is looked at before the first write:
 * who the publisher is, which batch comes next, and the type of every key. What remains is memory, which Redis refuses at
 * the first write, before anything was changed.
 */
#include "core/change_codec.h"

const char REDIS_PROBE_SCRIPT[] =
    "local k = KEYS[1]\n"
    "local tries = {{'TYPE', k}, {'DEL', k}, {'HSET', k, 'a', '1'}, {'HSETNX', k, 'a', '2'},\n"
    "    {'HMGET', k, 'a'}, {'EXPIRE', k, '60'}, {'PERSIST', k}, {'DEL', k}, {'SADD', k, 'a'}, {'SREM', k, 'a'},\n"
    "    {'XADD', k, 'NOMKSTREAM', 'MAXLEN', '~', '1', '*', 'a', '1'}}\n"
    "for i = 2, #KEYS do tries[#tries + 1] = {'TYPE', KEYS[i]} end\n"
    "for _, try in ipairs(tries) do\n"
    "  local reply = redis.pcall(unpack(try))\n"
    /* Any other error tells itself with the batch that meets it. */
    "  local err = type(reply) == 'table' and reply.err or ''\n"
    "  if string.find(err, 'NOPERM') or string.find(err, 'user executing') then\n"
    "    return err .. ' (' .. try[1] .. ' ' .. try[2] .. ')'\n"
    "  end\n"
    "end\n"
    "return 'ok'\n";

const char REDIS_CLAIM_SCRIPT[] =
    "local t = redis.call('TYPE', KEYS[1]).ok\n"
    "if t ~= 'none' and t ~= 'hash' then return {'type', KEYS[1]} end\n"
    "local h = redis.call('HMGET', KEYS[1], 'epoch', 'batch', 'schema', 'instance', 'writer', 'written', 'origin')\n"
    "local schema = tonumber(h[3] or '0') or 0\n"
    "if schema > tonumber(ARGV[2]) then return {'schema', tostring(schema)} end\n"
    "local epoch = math.max(tonumber(h[1] or '0') or 0, tonumber(ARGV[4])) + 1\n"
    "local batch = math.max(tonumber(h[2] or '0') or 0, tonumber(ARGV[3]))\n"
    /* Whoever claims has written nothing yet. Before writers were told, the instance was the writer. */
    "local writer, written, origin = h[5] or h[4] or '', h[6] or h[2] or '0', h[7] or ARGV[1]\n"
    "redis.call('HSET', KEYS[1], 'epoch', string.format('%.0f', epoch), 'batch', string.format('%.0f', batch),\n"
    "    'instance', ARGV[1], 'schema', ARGV[2], 'writer', writer, 'written', written, 'origin', origin)\n"
    "return {'ok', string.format('%.0f', epoch), string.format('%.0f', batch), origin, writer, written}\n";

/*
 * Appends an entry: with the id of its batch and place; or, where the stream is further already because somebody else wrote
 * to it, with one of Redis's. Written out at each place: a function of Lua's that passes 40 arguments on takes a tenth of a
 * toggle's time.
 */
#define TELL(key, length, fields)                                                        \
	"    local told = pcall('XADD', " key ", 'MAXLEN', '~', " length                 \
	", before .. format('%d', base + k), " fields ")\n"                              \
	"    if type(told) == 'table' then call('XADD', " key ", 'MAXLEN', '~', " length \
	", '*', " fields ") end\n"

#define EVENT_FIELDS                                                                                     \
	"'port', id, 'dp_down', is_down, 'revision', rs, 'project_id', project, 'name', name, 'cause', " \
	"cause, 'reason', reason, 'switch', switch, 'interface', interface, 'fault', fault, 'source', "  \
	"source, 'occurred_at', since, 'received_at', received, 'paths_up', up, 'paths_stranded', "      \
	"stranded, 'paths_total', total, 'reported_by', by, 'maintenance', maintenance"
#define TELL_EVENT TELL("K[3]", "events_max", EVENT_FIELDS)

#define LINK_EVENT_FIELDS                                                                                \
	"'switch', switch, 'interface', interface, 'if_index', if_index, 'oper', oper, 'admin', admin, " \
	"'reason', reason, 'source', source, 'received_at', received"
#define TELL_LINK_EVENT TELL("K[4]", "other_max", LINK_EVENT_FIELDS)

#define REDUNDANCY_FIELDS                                                                              \
	"'kind', kind, 'port', id, 'paths_up', up, 'paths_stranded', stranded, 'paths_total', total, " \
	"'reason', reason, 'switch', switch, 'interface', interface, 'received_at', received"
#define TELL_REDUNDANCY TELL("K[5]", "other_max", REDUNDANCY_FIELDS)

/* clang-format off */
const char REDIS_APPLY_SCRIPT[] =
    "local call, pcall, A, K = redis.call, redis.pcall, ARGV, KEYS\n"
    "local p = pcall('HMGET', K[1], 'epoch', 'batch', 'schema', 'instance', 'moment')\n"
    "if p.err then return {'type ' .. K[1], '0'} end\n"
    "if not p[1] then return {'lost', '0'} end\n"
    "if (tonumber(p[3] or '0') or 0) > tonumber(A[3]) then return {'schema', p[3]} end\n"
    "local last = tonumber(p[2] or '0') or 0\n"
    /* An epoch before ours is what a Redis that lost its tail knows: the batches tell whether it can be mended. */
    "local epoch, ours = tonumber(p[1]) or 0, tonumber(A[1])\n"
    "if epoch > ours or (epoch == ours and p[4] and p[4] ~= A[6]) then return {'deposed', p[1]} end\n"
    "local batch = tonumber(A[2])\n"
    "if batch <= last then return {'done', p[2]} end\n"
    "if batch > last + 1 then return {'gap', p[2]} end\n"
    "for i = 2, 5 do\n"
    "  local t = call('TYPE', K[i]).ok\n"
    "  if t ~= 'none' and t ~= (i == 2 and 'set' or 'stream') then return {'type ' .. K[i], p[2]} end\n"
    "end\n"
    /*
     * Each port's own key: its revision, -1 without one, or false where the key is of no use. Behind the prefix, which is that
     * of "publisher" too, it begins with a p; an interface hash is not read: nothing else depends on its write.
     */
    "local tonumber, byte, begin, rev, gone = tonumber, string.byte, #K[1] - 8, {}, {}\n"
    "for i = 6, #K do\n"
    "  local k = K[i]\n"
    "  if rev[k] == nil and byte(k, begin) == 112 then\n"
    "    local r = pcall('HMGET', k, 'revision', 'reason')\n"
    "    if r.err then\n"
    "      rev[k] = false\n"
    "    else\n"
    "      rev[k] = tonumber(r[1] or '-1') or 0\n"
    "      if r[2] == 'removed' then gone[k] = true end\n"
    "    end\n"
    "  end\n"
    "end\n"
    /*
     * What one command can do for many records waits for the end: the `down` set and the interface hashes. A batch of one
     * event, an interface and its port, goes without these tables: they would be a tenth of its time.
     */
    "local many, down, states = #K > 7\n"
    "if many then down, states = {}, {} end\n"
    "local max, format, take = math.max, string.format, cmsgpack.unpack_limit\n"
    "local events_max, other_max = A[4], A[5]\n"
    "local records, reply = A[9], {'ok', A[2]}\n"
    "local i, k, n = 0, 5, #records\n"
    /* Entries have ids of their batch's moment and number, and their place in it: of a batch that comes again, the same. */
    "local moment, base = max(tonumber(A[8]), tonumber(p[5] or '0') or 0), batch * 1024\n"
    "local written_at = format('%d', moment)\n"
    "local before = written_at .. '-'\n"
    "while i >= 0 and i < n do\n"
    /* A record begins with its letter, as a text of one character; `take` tells where it stopped, -1 at the end. */
    "  local op = byte(records, i + 2)\n"
    "  i = i + 2\n"
    "  k = k + 1\n"
    "  local key = K[k]\n"
    "  local r = rev[key]\n"
    "  if op == 84 then\n" /* T */
    "    local id, name, project, is_down, known, since, cause, reason, switch, interface, fault, source, received\n"
    "    local up, stranded, total, reported, by, at, note, ends, maintenance, removed\n"
    "    i, id, name, project, is_down, known, since, cause, reason, switch, interface, fault, source, received,\n"
    "      up, stranded, total, reported, by, at, note, ends, maintenance, removed = take(records, 23, i)\n"
    "    if r == false then\n"
    "      reply[#reply + 1] = '0'\n"
    "    else\n"
    "      r = max(r, tonumber(known)) + 1\n"
    "      rev[key] = r\n"
    "      local rs = format('%d', r)\n"
    "      reply[#reply + 1] = rs\n"
    "      call('HSET', key, 'dp_down', is_down, 'revision', rs, 'since', since, 'cause', cause, 'reason', reason,\n"
    "        'switch', switch, 'interface', interface, 'fault', fault, 'paths_up', up, 'paths_stranded', stranded,\n"
    "        'paths_total', total, 'reported', reported, 'reported_by', by, 'reported_at', at,\n"
    "        'reported_note', note, 'reported_until', ends)\n"
    "      if many then down[id] = is_down else call(is_down == 'true' and 'SADD' or 'SREM', K[2], id) end\n"
    TELL_EVENT
    /* A port that left the map keeps its revision for a week; one that toggles again is here to stay. */
    "      if removed == 'true' then call('EXPIRE', key, 604800) elseif gone[key] then call('PERSIST', key) end\n"
    "      gone[key] = removed == 'true'\n"
    "    end\n"
    "  elseif op == 73 then\n" /* I */
    "    local transition, switch, interface, state, if_index, oper, admin, reason, source, received\n"
    "    i, transition, switch, interface, state, if_index, oper, admin, reason, source, received = take(records, 10, i)\n"
    "    local s = many and states[key]\n"
    "    if not many then\n"
    /* Out of memory tells itself at a batch's first write, which this may be; a forgotten hash behind it would not ask. */
    "      local told = pcall('HSET', key, interface, state)\n"
    "      if type(told) == 'table' and not string.find(told.err, 'WRONGTYPE') then return told end\n"
    "    elseif s then\n"
    "      s[#s + 1] = interface\n"
    "      s[#s + 1] = state\n"
    "    else\n"
    "      states[key] = {'HSET', key, interface, state}\n"
    "    end\n"
    "    if transition == 'true' then\n"
    TELL_LINK_EVENT
    "    end\n"
    "  elseif op == 80 then\n" /* P */
    "    local id, name, project, is_down, known, since, cause, reason, switch, interface, fault, source, received\n"
    "    local up, stranded, total, reported, by, at, note, ends, maintenance, removed\n"
    "    i, id, name, project, is_down, known, since, cause, reason, switch, interface, fault, source, received,\n"
    "      up, stranded, total, reported, by, at, note, ends, maintenance, removed = take(records, 23, i)\n"
    "    if r ~= false then\n"
    "      r = max(r, tonumber(known))\n"
    "      rev[key] = r\n"
    "      call('HSETNX', key, 'since', '')\n"
    "      call('HSET', key, 'revision', format('%d', r), 'dp_down', is_down, 'cause', cause, 'reason', reason,\n"
    "        'switch', switch, 'interface', interface, 'fault', fault, 'paths_up', up, 'paths_stranded', stranded,\n"
    "        'paths_total', total, 'reported', reported, 'reported_by', by, 'reported_at', at,\n"
    "        'reported_note', note, 'reported_until', ends)\n"
    "      call('PERSIST', key)\n"
    "    end\n"
    "  elseif op == 82 then\n" /* R */
    "    local kind, id, up, stranded, total, reason, switch, interface, received\n"
    "    i, kind, id, up, stranded, total, reason, switch, interface, received = take(records, 9, i)\n"
    /* A refined reason also belongs into the hash; paths do wherever there is one. */
    "    if r ~= false and r >= 0 then\n"
    "      call('HSET', key, 'paths_up', up, 'paths_stranded', stranded, 'paths_total', total)\n"
    "      if kind == 'refined' then call('HSET', key, 'reason', reason) end\n"
    "    end\n"
    TELL_REDUNDANCY
    "  else\n" /* F */
    "    if many then states[key] = nil end\n"
    "    if call('TYPE', key).ok == 'hash' then call('DEL', key) end\n"
    "  end\n"
    "end\n"
    "if many then\n"
    "  local add, drop = {'SADD', K[2]}, {'SREM', K[2]}\n"
    "  for id, is_down in pairs(down) do\n"
    "    local t = is_down == 'true' and add or drop\n"
    "    t[#t + 1] = id\n"
    "  end\n"
    "  if #add > 2 then call(unpack(add)) end\n"
    "  if #drop > 2 then call(unpack(drop)) end\n"
    "  for _, s in pairs(states) do pcall(unpack(s)) end\n"
    "end\n"
    "call('HSET', K[1], 'epoch', A[1], 'batch', A[2], 'instance', A[6], 'writer', A[7], 'written', A[2],\n"
    "    'moment', written_at)\n"
    "return reply\n";
/* clang-format on */
