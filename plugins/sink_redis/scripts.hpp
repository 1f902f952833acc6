// The Lua that runs inside the server. Each script is one atomic step; together they are the store's half of the protocol.
#pragma once

#include <cstddef>
#include <string_view>

namespace penstock::redis {

enum class Script : size_t {
  begin,              // KEYS marker store · ARGV run, new store id -> [fence, store id]
  write,              // KEYS marker profile… · ARGV see scripts.cpp -> one code a row, or one RunCode
  commit,             // KEYS marker · ARGV fence run store seq ordinal detail text -> kDone or a RunCode
  load_marker,        // KEYS marker store · ARGV new store id -> [store id, fence, store of the marker, ordinal, detail, text, committed]
  compare_and_store,  // KEYS marker store · ARGV fence, new store id, "1" or "0" (remove), ordinal, detail, text -> as commit
  remove,             // KEYS profile… -> how many were there
  set_ttl,            // KEYS profile… · ARGV milliseconds, 0: never expires -> how many were there
};
inline constexpr size_t kScripts = 7;

std::string_view script_text(Script);
const char* script_name(Script);  // for messages

// Codes of a row.
inline constexpr char kWritten = 'w';
inline constexpr char kUnchanged = 'u';
inline constexpr char kStale = 's';
inline constexpr char kForeign = 'f';     // the key holds something that Penstock did not write
inline constexpr char kOtherWidth = 'l';  // the stored order key has another width

// Codes of a run, in place of row codes: nothing was applied.
inline constexpr std::string_view kDone = "K";
inline constexpr std::string_view kFenced = "F";      // a newer run took over
inline constexpr std::string_view kWiped = "W";       // the marker is gone or from another life of the store
inline constexpr std::string_view kOutOfStep = "S";   // an earlier call of this run was not applied, or this one already was

}  // namespace penstock::redis
