/*
 * The Redis side of the batches. Lua does not roll back, so everything that can fail is looked at before the first write:
 * who the publisher is, which batch comes next, and the type of every key. What remains is memory, which Redis refuses at
 * the first write, before anything was changed.
 */
#include "core/change_codec.h"

const char REDIS_PROBE_SCRIPT[] =
    "local k = KEYS[1]\n"
    "local tries = {{'TYPE', k}, {'DEL', k}, {'HSET', k, 'a', '1'}, \n"
    "    {'HMGET', k, 'a'}, {'HINCRBY', k, 'b', 1}, {'EXPIRE', k, '60'}, {'PERSIST', k}, {'DEL', k}, {'SADD', k, 'a'}, {'SREM', k, 'a'},\n"
    "    {'XADD', k, 'NOMKSTREAM', 'MAXLEN', '~', '1', '*', 'a', '1'}, {'XLEN', k}, {'SISMEMBER', k, 'a'}}\n"
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
    "local h = redis.call('HMGET', KEYS[1], 'epoch', 'batch', 'schema', 'instance', 'writer', 'written', 'origin', 'moment')\n"
    "local schema = tonumber(h[3] or '0') or 0\n"
    "if schema > tonumber(ARGV[2]) then return {'schema', tostring(schema)} end\n"
    "local epoch = math.max(tonumber(h[1] or '0') or 0, tonumber(ARGV[4])) + 1\n"
    "local batch = math.max(tonumber(h[2] or '0') or 0, tonumber(ARGV[3]))\n"
    /* Whoever claims has written nothing yet. Before writers were told, the instance was the writer. */
    "local writer, written, origin = h[5] or h[4] or '', h[6] or h[2] or '0', h[7] or ARGV[1]\n"
    "redis.call('HSET', KEYS[1], 'epoch', string.format('%.0f', epoch), 'batch', string.format('%.0f', batch),\n"
    "    'instance', ARGV[1], 'schema', ARGV[2], 'writer', writer, 'written', written, 'origin', origin)\n"
    "return {'ok', string.format('%.0f', epoch), string.format('%.0f', batch), origin, writer, written,\n"
    "    h[8] or '0'}\n";

/*
 * Appends an entry: with the id of its batch and place; or, where the stream is further already because somebody else wrote
 * to it, with one of Redis's. Written out at each place: a function of Lua's that passes 40 arguments on takes a tenth of a
 * toggle's time.
 */
#define TELL_OR(key, length, fields, refused)                                                    \
	"    local told = pcall('XADD', " key ", 'MAXLEN', '~', " length                         \
	", before .. (many and format('%04d', k) or k == 6 and '0006' or '0007'), " fields ")\n" \
	"    if type(told) == 'table' then\n" refused "      call('XADD', " key                  \
	", 'MAXLEN', '~', " length ", '*', " fields ")\n"                                        \
	"    end\n"
#define TELL(key, length, fields) TELL_OR(key, length, fields, "")

#define EVENT_FIELDS                                                                                     \
	"'port', id, 'dp_down', is_down, 'revision', rs, 'project_id', project, 'name', name, 'cause', " \
	"cause, 'reason', reason, 'switch', switch, 'interface', interface, 'fault', fault, 'source', "  \
	"source, 'occurred_at', since, 'received_at', received, 'paths_up', up, 'paths_stranded', "      \
	"stranded, 'paths_total', total, 'reported_by', by, 'maintenance', maintenance"
#define TELL_EVENT TELL("K[3]", "events_max", EVENT_FIELDS)

#define LINK_EVENT_FIELDS                                                                                \
	"'switch', switch, 'interface', interface, 'if_index', if_index, 'oper', oper, 'admin', admin, " \
	"'reason', reason, 'source', source, 'received_at', received"
/* The first write of a batch that has not asked for the type of this key. */
#define TELL_LINK_EVENT                                 \
	TELL_OR("K[4]", "other_max", LINK_EVENT_FIELDS, \
	    "      if find(told.err, 'WRONGTYPE') then return {'type ' .. K[4], p[2]} end\n")

#define REDUNDANCY_FIELDS                                                                              \
	"'kind', kind, 'port', id, 'paths_up', up, 'paths_stranded', stranded, 'paths_total', total, " \
	"'reason', reason, 'switch', switch, 'interface', interface, 'received_at', received"
#define TELL_REDUNDANCY TELL("K[5]", "other_max", REDUNDANCY_FIELDS)

/* What a report says, which few ports ever have; and what else stands in a port's hash beside dp_down, revision and since. */
#define REPORT_FIELDS                                                                         \
	"'reported', reported, 'reported_by', by, 'reported_at', at, 'reported_note', note, " \
	"'reported_until', ends"
#define PORT_FIELDS                                                                    \
	"'cause', cause, 'reason', reason, 'switch', switch, 'interface', interface, " \
	"'fault', fault, 'paths_up', up, 'paths_stranded', stranded, 'paths_total', total"
#define TOGGLE_FIELDS "'dp_down', is_down, 'since', since, " PORT_FIELDS

#define AS_BEFORE                                                                                    \
	"    switch, interface, reason, received = sw or switch, port or interface, why or reason, " \
	"heard or received\n"

/* clang-format off */
const char REDIS_APPLY_SCRIPT[] =
    "local call, pcall, K, take = redis.call, redis.pcall, KEYS, cmsgpack.unpack_limit\n"
    "local max, format, find, byte, tonumber, type = math.max, string.format, string.find, string.byte, tonumber, type\n"
    "local records = ARGV[1]\n"
    "local i, epoch, last, batch, schema, instance, line, events_max, other_max, moment, kinds = take(records, 10, 0)\n"
    "local p = pcall('HMGET', K[1], 'epoch', 'batch', 'instance')\n"
    /* As this daemon left it with the batch before: equal texts are one in Lua, and need no reading. Nobody writes another
     * schema without an epoch of his own; and `last` is empty where the batch before may have left another line. */
    "local as_left = p[1] == epoch and p[2] == last and p[3] == instance\n"
    "if not as_left then\n"
    "  if p.err then return find(p.err, 'WRONGTYPE') and {'type ' .. K[1], '0'} or p end\n"
    "  if not p[1] then return {'lost', '0'} end\n"
    "  local s = call('HMGET', K[1], 'schema')[1]\n"
    "  if (tonumber(s or '0') or 0) > tonumber(schema) then return {'schema', s} end\n"
    /* An epoch before ours is what a Redis that lost its tail knows: the batches tell whether it can be mended. */
    "  local theirs, ours = tonumber(p[1]) or 0, tonumber(epoch)\n"
    "  if theirs > ours or (theirs == ours and p[3] and p[3] ~= instance) then return {'deposed', p[1]} end\n"
    "  local applied = tonumber(p[2] or '0') or 0\n"
    "  if tonumber(batch) <= applied then return {'done', p[2]} end\n"
    "  if tonumber(batch) > applied + 1 then return {'gap', p[2]} end\n"
    "end\n"
    /* Each of these answers with a number, if the key is what it should be or is not there. Of an event, which is most batches
     * while all is calm, the first write is its entry in link-events: that finds out by itself. */
    "local wrong = pcall('XLEN', K[3])\n"
    "if type(wrong) == 'number' then wrong = pcall('SISMEMBER', K[2], '') end\n"
    "if type(wrong) == 'number' and kinds ~= 'IT' then\n"
    "  wrong = pcall('XLEN', K[4])\n"
    "  if type(wrong) == 'number' then wrong = pcall('XLEN', K[5]) end\n"
    "end\n"
    "if type(wrong) == 'table' then\n"
    "  for i = 2, 5 do\n"
    "    local t = call('TYPE', K[i]).ok\n"
    "    if t ~= 'none' and t ~= (i == 2 and 'set' or 'stream') then return {'type ' .. K[i], p[2]} end\n"
    "  end\n"
    "  return wrong\n"
    "end\n"
    /*
     * What one command can do for many records waits for the end: the `down` set and the interface hashes. A batch of one
     * event, an interface and its port, goes without these tables: they would be a tenth of its time.
     */
    "local many, down, states = #K > 7\n"
    "if many then down, states = {}, {} end\n"
    /* A text in the end: of a table Redis looks at each element for what kind of answer it is. */
    "local reply = 'ok ' .. batch\n"
    "local refused\n"
    "if many then reply = {reply} end\n"
    "local k, n = 5, #records\n"
    /* Entries have ids of their batch's moment and number, and of their place: of a batch that comes again, the same. */
    "local before = moment .. '-' .. batch\n"
    /* What a record has in common with the one before it is nil; an interface's state is an argument (core/change_pack.h). */
    "local switch, interface, reason, source, received\n"
    "local A, a = ARGV, 1\n"
    "while i >= 0 and i < n do\n"
    /* A record begins with its letter, as a text of one character; `take` tells where it stopped, -1 at the end. */
    "  local op = byte(records, i + 2)\n"
    "  i = i + 2\n"
    "  k = k + 1\n"
    "  local key = K[k]\n"
    "  if op == 84 then\n" /* T */
    "    local id, name, project, is_down, known, since, cause, why, sw, port, fault, from, heard\n"
    "    local up, stranded, total, reported, by, at, note, ends, maintenance, removed\n"
    "    i, id, name, project, is_down, known, since, cause, why, sw, port, fault, from, heard,\n"
    "      up, stranded, total, reported, by, at, note, ends, maintenance, removed = take(records, 23, i)\n"
    "    since, source = since or received, from or source\n"
    AS_BEFORE
    "    local was = removed == 'unsure' and pcall('HMGET', key, 'dp_down', 'revision')\n"
    "    local held = was and not was.err and (was[1] or 'false') == is_down\n"
    "    local r, rs = not held and pcall('HINCRBY', key, 'revision', 1), '0'\n"
    "    local err = type(r) == 'table' and r.err\n"
    "    if held then\n"
    "      rs = format('%d', max(tonumber(was[2] or '0') or 0, known + 1))\n"
    "      call('HSET', key, 'revision', rs, " TOGGLE_FIELDS ")\n"
    "      call('HSET', key, " REPORT_FIELDS ")\n"
    "      call('PERSIST', key)\n"
    "      if many then down[id] = is_down else call(is_down == 'true' and 'SADD' or 'SREM', K[2], id) end\n"
    "    elseif not err or not find(err, 'WRONGTYPE') then\n"
    "      if err or r <= known + 0 then\n"
    /* Out of memory tells itself at a batch's first write, which this may be. */
    "        if err and not find(err, 'integer') and not find(err, 'overflow') then return r end\n"
    /* Redis lost what it had, or somebody wrote something else there. */
    "        r = known + 1\n"
    "        call('HSET', key, 'revision', format('%d', r))\n"
    "      end\n"
    "      rs = format('%d', r)\n"
    /* Where an earlier record wrote all of the hash, and nobody reported the port, what it says of reports stays: finding five
     * fields at the end of seventeen is a twentieth of the batch's time. Fields that are new are of a hash that was lost. */
    "      if removed ~= 'written' or call('HSET', key, " TOGGLE_FIELDS ") > 0 then\n"
    "        call('HSET', key, " TOGGLE_FIELDS ", " REPORT_FIELDS ")\n"
    "      end\n"
    "      if many then down[id] = is_down else call(is_down == 'true' and 'SADD' or 'SREM', K[2], id) end\n"
    TELL_EVENT
    /* A port that left the map keeps its revision for a week; one that toggles again is here to stay. */
    "      if removed == 'true' then\n"
    "        call('EXPIRE', key, 604800)\n"
    "      elseif removed ~= 'written' and r > 1 then\n"
    "        call('PERSIST', key)\n"
    "      end\n"
    "    end\n"
    "    if many then reply[#reply + 1] = rs else reply = reply .. ' ' .. rs end\n"
    "  elseif op == 73 then\n" /* I */
    "    local transition, sw, port, if_index, oper, admin, why, from, heard\n"
    "    i, transition, sw, port, if_index, oper, admin, why, from, heard = take(records, 9, i)\n"
    "    source = from or source\n"
    AS_BEFORE
    "    a = a + 1\n"
    "    local state = A[a]\n"
    "    if transition == 'true' then\n"
    TELL_LINK_EVENT
    "    end\n"
    "    local s = many and states[key]\n"
    "    if not many then\n"
    /* Out of memory tells itself at a batch's first write, which this may be; a forgotten hash behind it would not ask. */
    "      local told = pcall('HSET', key, interface, state)\n"
    "      if type(told) == 'table' and not find(told.err, 'WRONGTYPE') then return told end\n"
    "    elseif s then\n"
    "      s[#s + 1] = interface\n"
    "      s[#s + 1] = state\n"
    "    else\n"
    "      states[key] = {'HSET', key, interface, state}\n"
    "    end\n"
    "  elseif op == 80 then\n" /* P */
    "    local id, name, project, is_down, known, since, cause, why, sw, port, fault, from, heard\n"
    "    local up, stranded, total, reported, by, at, note, ends, maintenance, removed\n"
    "    i, id, name, project, is_down, known, since, cause, why, sw, port, fault, from, heard,\n"
    "      up, stranded, total, reported, by, at, note, ends, maintenance, removed = take(records, 23, i)\n"
    "    since, source = since or received, from or source\n"
    AS_BEFORE
    "    local was = pcall('HMGET', key, 'revision', 'dp_down', 'since')\n"
    "    if was.err then\n"
    "      refused = refused or {}\n"
    "      refused[#refused + 1] = id\n"
    "    else\n"
    "      local rs = format('%d', max(tonumber(was[1] or '0') or 0, tonumber(known)))\n"
    "      if removed == 'unsure' then is_down = was[2] or 'false' end\n"
    /* What Redis has of an earlier toggle is over; and the record may know of none. */
    "      if not was[3] or since > was[3] then call('HSET', key, 'since', since) end\n"
    "      call('HSET', key, 'revision', rs, 'dp_down', is_down, " PORT_FIELDS ", " REPORT_FIELDS ")\n"
    "      call('PERSIST', key)\n"
    "    end\n"
    "  elseif op == 82 then\n" /* R */
    "    local kind, id, up, stranded, total, why, sw, port, heard\n"
    "    i, kind, id, up, stranded, total, why, sw, port, heard = take(records, 9, i)\n"
    AS_BEFORE
    /* A refined reason also belongs into the hash; paths do wherever there is one. */
    "    local was = pcall('HMGET', key, 'revision')\n"
    "    if was[1] then\n"
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
    "if many then reply = table.concat(reply, ' ') end\n"
    "if refused then reply = reply .. ' ' .. table.concat(refused, ' ') end\n"
    "if as_left then\n"
    "  call('HSET', K[1], 'batch', batch, 'written', batch, 'moment', moment)\n"
    "else\n"
    "  call('HSET', K[1], 'epoch', epoch, 'batch', batch, 'instance', instance, 'writer', line, 'written', batch,\n"
    "    'moment', moment)\n"
    "end\n"
    "return reply\n";
/* clang-format on */
