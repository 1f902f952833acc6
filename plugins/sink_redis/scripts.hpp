// The Lua that runs inside the server. Each script is one atomic step; with the transactions of RedisWriter they are the store's half
// of the protocol.
#pragma once

#include <cstddef>
#include <string_view>

namespace penstock::redis {

enum class Script : size_t {
  begin,              // KEYS marker store · ARGV run, new store id, layout, fields -> [fence, store id, 1 or 0: has a position, fence of the run before or 0], or [kOtherLayout, the layout that is there]
  guard,              // KEYS marker guard · ARGV fence run store seq -> a RunCode; if it is not kDone, guard is written to
  advance,            // KEYS marker · ARGV fence run store -> a RunCode
  touch,              // KEYS profile… · ARGV ttl in ms (0: never expires), for each its order key (empty: it stays) -> 1 for each that is there, else 0
  touch_packed,       // likewise for packed profiles
  commit,             // KEYS marker · ARGV fence run store seq ordinal detail text -> kDone or a RunCode
  load_marker,        // KEYS marker store · ARGV new store id -> [store id, fence, store of the marker, ordinal, detail, text, committed]
  compare_and_store,  // KEYS marker store · ARGV fence, new store id, "1" or "0" (remove), ordinal, detail, text -> as commit
  remove,             // KEYS profile… -> how many were there
  set_ttl,            // KEYS profile… · ARGV milliseconds, 0: never expires -> how many were there
};
inline constexpr size_t kScripts = 10;

std::string_view script_text(Script);
const char* script_name(Script);  // for messages

// In place of a fence: the view's profiles are in another layout, or packed with other fields.
inline constexpr std::string_view kOtherLayout = "L";

// Codes of a run.
inline constexpr std::string_view kDone = "K";
inline constexpr std::string_view kFenced = "F";      // a newer run took over
inline constexpr std::string_view kWiped = "W";       // the marker is gone or from another life of the store
inline constexpr std::string_view kOutOfStep = "S";   // an earlier transaction of this run was not applied, or this one already was

}  // namespace penstock::redis
