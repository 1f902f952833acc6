// Instants as text: ISO 8601, nanoseconds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace penstock::host {

// "2026-01-02T03:04:05Z", with as many fractional digits (3, 6 or 9) as the value needs.
std::string format_instant(int64_t ns);
// The same without a zone, for naive values.
std::string format_local(int64_t ns);

// 0000-01-01 and 9999-12-31 in days since the epoch: what ISO 8601 writes with four digits of the year.
inline constexpr int64_t kFirstDay = -719528;
inline constexpr int64_t kLastDay = 2932896;
// "2026-01-02", from kFirstDay to kLastDay.
std::string format_date(int64_t days);

// A time that need not fit into int64 nanoseconds.
struct EpochTime {
  int64_t seconds = 0;      // since the epoch, rounded down
  int32_t nanoseconds = 0;  // 0 to 999,999,999

  bool operator==(const EpochTime&) const = default;
};
// From a count of 1/units_per_second seconds; units_per_second is a power of ten up to 10^9.
EpochTime epoch_time(int64_t value, int64_t units_per_second);
// As above, from kFirstDay to the end of kLastDay.
std::string format_instant(EpochTime time);
std::string format_local(EpochTime time);

// "1700000000", "1700000000.5": decimal seconds without trailing zeros.
std::string format_seconds(int64_t ns);

struct ParsedTime {
  int64_t ns = 0;           // UTC when has_offset, else local
  bool has_offset = false;  // "Z" or "+hh:mm" was there
};

// "2026-01-02", "2026-01-02T03:04[:05[.123456789]][Z|±hh[:mm]]", also with a space for the T. Nothing for anything else, for
// dates that do not exist and for what does not fit into nanoseconds (1677 to 2262).
std::optional<ParsedTime> parse_time(std::string_view text);

// The instant that a position's text begins with ("2026-01-02T03:04:05Z, 3 files"), if it begins with one.
std::optional<int64_t> leading_instant(std::string_view text);

}  // namespace penstock::host
