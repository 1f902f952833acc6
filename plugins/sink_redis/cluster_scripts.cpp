#include "sink_redis/cluster_scripts.hpp"

namespace penstock::redis {

constinit const std::string_view kBeginBucket = R"lua(
local m = redis.call('HMGET', KEYS[1], 'store', 'fence', 'layout', 'fields')
local layout = m[3] or 'hash'
if m[2] and m[1] == redis.call('GET', KEYS[2]) and (layout ~= ARGV[3] or (m[4] or '') ~= ARGV[4]) then return {'L', layout} end
if ARGV[5] == '' then
  local now = redis.call('TIME')
  return {'K', m[2] or '0', now[1], now[2]}
end
if m[2] and tonumber(m[2]) >= tonumber(ARGV[5]) then return {'F'} end
redis.call('SET', KEYS[2], ARGV[2], 'NX')
local store = redis.call('GET', KEYS[2])
if m[1] ~= store then redis.call('HDEL', KEYS[1], 'ordinal', 'detail', 'text', 'committed') end
if ARGV[3] ~= 'hash' then
  redis.call('HSET', KEYS[1], 'layout', ARGV[3], 'fields', ARGV[4])
elseif m[3] then
  redis.call('HDEL', KEYS[1], 'layout', 'fields')
end
redis.call('HSET', KEYS[1], 'fence', ARGV[5], 'run', ARGV[1], 'seq', '0', 'store', store)
return {'K', store, m[2] or '0'}
)lua";

// ARGV 1 fence · 2 run · 3 store · 4 seq of the call before · 5 ttl in ms · 6 number of fields n · 7 width of an order key
// in hex · 8… field names · then for each row: the order key, followed by a mask of n characters ('1': null) if the row has a
// null; n values (empty where null). Or the order key followed by R; the whole profile as a payload for RESTORE, which is one argument
// instead of n and carries the ttl.
// Of a row with the values that are there only the order is written: it must still be known, or a row between the two would
// win, and of rows that tie in time the one that this run saw last.
// The table `set` is filled once and reused: the price of this script is mostly its arguments. Two characters of the hash are
// compared first because cutting strings costs more than the rest of the row's checks.
constinit const std::string_view kWriteBucket = R"lua(
local keys, args, call, pcall, byte, sub = KEYS, ARGV, redis.call, redis.pcall, string.byte, string.sub
local marker = call('HMGET', keys[1], 'store', 'fence', 'run', 'seq')
if marker[1] ~= args[3] then return 'W' end
if marker[2] ~= args[1] or marker[3] ~= args[2] then return 'F' end
if marker[4] ~= args[4] then return 'S' end
local ttl, n, width = args[5], tonumber(args[6]), tonumber(args[7])
local expires = ttl ~= '0'
local set = {'HSET', '', '_o', ''}
for i = 1, n do
  set[3 + 2 * i] = args[7 + i]
  set[4 + 2 * i] = ''
end
local last = 4 + 2 * n
local p = 8 + n
local codes = {}
for row = 1, #keys - 1 do
  local key, order = keys[row + 1], args[p]
  local mask, payload = false, false
  if #order > width then
    if byte(order, width + 1) == 82 then payload = args[p + 1] else mask = order end
    order = sub(order, 1, width)
  end
  local old = pcall('HGET', key, '_o')
  local code = 'w'
  if not old then
    if payload then
      local done = pcall('RESTORE', key, ttl, payload)
      if done.err then
        if not string.find(done.err, 'BUSYKEY', 1, true) then return done end
        code = 'f'
      end
    else
      if call('EXISTS', key) == 1 then code = 'f' end
    end
  elseif type(old) ~= 'string' then
    if not string.find(old.err, 'WRONGTYPE', 1, true) then return old end
    code = 'f'
  elseif #old ~= width then
    code = 'l'
  elseif byte(old, width) == byte(order, width) and byte(old, width - 1) == byte(order, width - 1)
      and sub(old, -16) == sub(order, -16) then
    if order > old then
      code = 'u'
      call('HSET', key, '_o', order)
    elseif sub(old, 1, width - 32) == sub(order, 1, width - 32) then
      code = 'u'
    else
      code = 's'
    end
  elseif order < old then
    code = 's'
  end
  if code == 'w' then
    if payload then
      if old then call('RESTORE', key, ttl, payload, 'REPLACE') end
    elseif not mask then
      set[2] = key
      set[4] = order
      for i = 1, n do set[4 + 2 * i] = args[p + i] end
      call(unpack(set, 1, last))
    else
      local some, none = {'HSET', key, '_o', order}, {'HDEL', key}
      for i = 1, n do
        if byte(mask, width + i) == 49 then
          none[#none + 1] = args[7 + i]
        else
          some[#some + 1] = args[7 + i]
          some[#some + 1] = args[p + i]
        end
      end
      call(unpack(some))
      if old then call(unpack(none)) end
    end
  end
  if code == 'u' or (code == 'w' and not payload) then
    if expires then
      call('PEXPIRE', key, ttl)
    elseif old then
      call('PERSIST', key)
    end
  end
  codes[row] = code
  p = p + (payload and 2 or n + 1)
end
call('HINCRBY', keys[1], 'seq', 1)
return table.concat(codes)
)lua";

// ARGV 1 to 5 as above · then for each row its packed profile, whose fourth byte is the width of the order key behind it.
// Order keys are compared byte by byte, since the server's language may have an order of its own for texts.
constinit const std::string_view kWritePackedBucket = R"lua(
local keys, args, call, pcall, byte, sub = KEYS, ARGV, redis.call, redis.pcall, string.byte, string.sub
local marker = call('HMGET', keys[1], 'store', 'fence', 'run', 'seq')
if marker[1] ~= args[3] then return 'W' end
if marker[2] ~= args[1] or marker[3] ~= args[2] then return 'F' end
if marker[4] ~= args[4] then return 'S' end
local ttl, width = args[5], byte(args[6], 4)
local expires, last = ttl ~= '0', 4 + width
local last_index = tostring(last - 1)
local codes = {}
for row = 1, #keys - 1 do
  local key, value = keys[row + 1], args[row + 5]
  local old = pcall('GETRANGE', key, '0', last_index)
  local code = 'f'
  if type(old) ~= 'string' then
    if not string.find(old.err, 'WRONGTYPE', 1, true) then return old end
  elseif old == '' then
    local done
    if expires then done = call('SET', key, value, 'PX', ttl, 'NX') else done = call('SET', key, value, 'NX') end
    if done then code = 'w' end
  elseif #old >= 4 and (sub(old, 1, 3) == '\245P\1' or sub(old, 1, 3) == '\245P\2') then
    if byte(old, 4) ~= width then
      code = 'l'
    elseif #old == last then
      local at = 5
      while at <= last and byte(old, at) == byte(value, at) do at = at + 1 end
      local newer = at <= last and byte(value, at) > byte(old, at)
      if (newer or at > last - 16) and sub(old, -8) == sub(value, last - 7, last) then
        code = 'u'
        if newer then call('SETRANGE', key, '4', sub(value, 5, last)) end
        if expires then call('PEXPIRE', key, ttl) else call('PERSIST', key) end
      elseif newer then
        code = 'w'
        if expires then call('SET', key, value, 'PX', ttl) else call('SET', key, value) end
      else
        code = 's'
      end
    end
  end
  codes[row] = code
end
call('HINCRBY', keys[1], 'seq', 1)
return table.concat(codes)
)lua";

}  // namespace penstock::redis
