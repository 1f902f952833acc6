// The Lua of a run in a cluster, one bucket a call; the other scripts are the same as everywhere.
#pragma once

#include <string_view>

namespace penstock::redis {

// KEYS marker store · ARGV run, new store id, layout, fields, fence -> [kDone, store id]; [kFenced]: the bucket's fence is not less;
// [kOtherLayout, the layout that is there]. With an empty fence nothing is changed, and the answer is [kDone, fence or 0, the clock's seconds
// and microseconds].
extern const std::string_view kBeginBucket;
// KEYS marker profile… · ARGV see the source -> one code a row; or a RunCode in place of them, and nothing was applied.
extern const std::string_view kWriteBucket;
extern const std::string_view kWritePackedBucket;  // likewise in layout "packed"

// Codes of a row.
inline constexpr char kRowWritten = 'w';
inline constexpr char kRowUnchanged = 'u';
inline constexpr char kRowStale = 's';
inline constexpr char kRowForeign = 'f';     // the key holds something that Penstock did not write
inline constexpr char kRowOtherWidth = 'l';  // the stored order key has another width

}  // namespace penstock::redis
