#include "sink_redis/scripts.hpp"

namespace penstock::redis {
namespace {

// A fence must be greater than every earlier one of the view, also of those that the store does not remember: someone deleted the
// marker but not the profiles, or the store went back to an older copy, while hosts keep rows of later runs that it had refused. So it is
// the server's clock in microseconds, or one more than the last where the clock is behind. A marker from another life of the store (a deleted or restored
// one) has no position that could be trusted.
constexpr char kBegin[] = R"lua(
redis.call('SET', KEYS[2], ARGV[2], 'NX')
local store = redis.call('GET', KEYS[2])
local m = redis.call('HMGET', KEYS[1], 'store', 'fence', 'layout', 'fields')
if m[1] ~= store then
  redis.call('HDEL', KEYS[1], 'ordinal', 'detail', 'text', 'committed')
elseif m[2] then
  local layout = m[3] or 'hash'
  if layout ~= ARGV[3] or (m[4] or '') ~= ARGV[4] then return {'L', layout} end
end
if ARGV[3] ~= 'hash' then
  redis.call('HSET', KEYS[1], 'layout', ARGV[3], 'fields', ARGV[4])
elseif m[3] then
  redis.call('HDEL', KEYS[1], 'layout', 'fields')
end
local now = redis.call('TIME')
local clock = now[1] .. string.format('%06d', now[2])
if redis.call('HINCRBY', KEYS[1], 'fence', 1) < tonumber(clock) then redis.call('HSET', KEYS[1], 'fence', clock) end
redis.call('HSET', KEYS[1], 'run', ARGV[1], 'seq', '0', 'store', store)
return {redis.call('HGET', KEYS[1], 'fence'), store, redis.call('HEXISTS', KEYS[1], 'ordinal'), m[1] == store and m[2] or '0'}
)lua";

// Stands before a transaction that watches the marker and the guard. Where the run may not go on it writes to the guard, and the
// server drops the transaction; where it may, any change of the marker from then on does the same. So both are sent without waiting for
// the answer. The guard is the run's own: one that was fenced off must not disturb the run that took over.
constexpr char kGuard[] = R"lua(
local marker = redis.call('HMGET', KEYS[1], 'store', 'fence', 'run', 'seq')
local code = 'K'
if marker[1] ~= ARGV[3] then code = 'W'
elseif marker[2] ~= ARGV[1] or marker[3] ~= ARGV[2] then code = 'F'
elseif marker[4] ~= ARGV[4] then code = 'S' end
if code ~= 'K' then
  redis.call('SET', KEYS[2], code)
  redis.call('UNLINK', KEYS[2])
end
return code
)lua";

// The last command of a transaction. That it finds another run means that the guard could not be asked (a server that was busy just
// then) and rows were written that should not have been: the position goes, and the run that has the view now cannot set one, so that
// everything is read and written again.
constexpr char kAdvance[] = R"lua(
local marker = redis.call('HMGET', KEYS[1], 'store', 'fence', 'run')
local code = 'K'
if marker[1] ~= ARGV[3] then code = 'W' elseif marker[2] ~= ARGV[1] or marker[3] ~= ARGV[2] then code = 'F' end
if code == 'K' then
  redis.call('HINCRBY', KEYS[1], 'seq', 1)
else
  redis.call('HDEL', KEYS[1], 'ordinal', 'detail', 'text', 'committed', 'run')
end
return code
)lua";

// For rows with the values that are there: only their order keys, where greater, and the ttl.
constexpr char kTouch[] = R"lua(
local there = {}
for i, key in ipairs(KEYS) do
  there[i] = redis.call('HEXISTS', key, '_o')
  if there[i] == 1 then
    if ARGV[i + 1] ~= '' then redis.call('HSET', key, '_o', ARGV[i + 1]) end
    if ARGV[1] ~= '0' then redis.call('PEXPIRE', key, ARGV[1]) else redis.call('PERSIST', key) end
  end
end
return table.concat(there)
)lua";

constexpr char kTouchPacked[] = R"lua(
local there = {}
for i, key in ipairs(KEYS) do
  there[i] = redis.call('EXISTS', key)
  if there[i] == 1 then
    if ARGV[i + 1] ~= '' then redis.call('SETRANGE', key, '4', ARGV[i + 1]) end
    if ARGV[1] ~= '0' then redis.call('PEXPIRE', key, ARGV[1]) else redis.call('PERSIST', key) end
  end
end
return table.concat(there)
)lua";

constexpr char kCommit[] = R"lua(
local marker = redis.call('HMGET', KEYS[1], 'store', 'fence', 'run', 'seq')
if marker[1] ~= ARGV[3] then return 'W' end
if marker[2] ~= ARGV[1] or marker[3] ~= ARGV[2] then return 'F' end
if marker[4] ~= ARGV[4] then return 'S' end
redis.call('HSET', KEYS[1], 'ordinal', ARGV[5], 'detail', ARGV[6], 'text', ARGV[7], 'committed', ARGV[1])
return 'K'
)lua";

constexpr char kLoadMarker[] = R"lua(
redis.call('SET', KEYS[2], ARGV[1], 'NX')
local m = redis.call('HMGET', KEYS[1], 'fence', 'store', 'ordinal', 'detail', 'text', 'committed')
return {redis.call('GET', KEYS[2]), m[1], m[2], m[3], m[4], m[5], m[6]}
)lua";

constexpr char kCompareAndStore[] = R"lua(
if (redis.call('HGET', KEYS[1], 'fence') or '0') ~= ARGV[1] then return 'F' end
redis.call('SET', KEYS[2], ARGV[2], 'NX')
redis.call('HDEL', KEYS[1], 'committed')
if ARGV[3] == '1' then
  redis.call('HSET', KEYS[1], 'store', redis.call('GET', KEYS[2]), 'ordinal', ARGV[4], 'detail', ARGV[5], 'text', ARGV[6])
else
  redis.call('HDEL', KEYS[1], 'ordinal', 'detail', 'text')
end
return 'K'
)lua";

constexpr char kRemove[] = R"lua(
local n = 0
for _, key in ipairs(KEYS) do
  local order = redis.pcall('HGET', key, '_o')
  if type(order) == 'table' and string.find(order.err, 'WRONGTYPE', 1, true) then
    order = redis.pcall('GETRANGE', key, '0', '1')
    if order ~= '\245P' then order = false end
  end
  if type(order) == 'string' then n = n + redis.call('UNLINK', key) end
end
return n
)lua";

constexpr char kSetTtl[] = R"lua(
local n = 0
for _, key in ipairs(KEYS) do
  local order = redis.pcall('HGET', key, '_o')
  if type(order) == 'table' and string.find(order.err, 'WRONGTYPE', 1, true) then
    order = redis.pcall('GETRANGE', key, '0', '1')
    if order ~= '\245P' then order = false end
  end
  if type(order) == 'string' then
    n = n + 1
    if ARGV[1] == '0' then redis.call('PERSIST', key) else redis.call('PEXPIRE', key, ARGV[1]) end
  end
end
return n
)lua";

constexpr std::string_view kTexts[kScripts] = {kBegin, kGuard, kAdvance, kTouch, kTouchPacked, kCommit, kLoadMarker, kCompareAndStore, kRemove, kSetTtl};
constexpr const char* kNames[kScripts] = {"begin", "write", "write", "write", "write", "commit", "load marker", "store marker", "delete", "set ttl"};

}  // namespace

std::string_view script_text(Script script) { return kTexts[static_cast<size_t>(script)]; }
const char* script_name(Script script) { return kNames[static_cast<size_t>(script)]; }

}  // namespace penstock::redis
