// ISO 8601 as warehouses write it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace penstock::files {

struct ParsedTime {
  int64_t seconds = 0;      // since the epoch; without an offset, as if the clock on the wall were UTC's
  int32_t nanoseconds = 0;  // 0 to 999,999,999
  bool has_offset = false;
  bool operator==(const ParsedTime&) const = default;
};

// "2026-01-02T03:04:05", with a blank for the T, up to nine fraction digits, and Z, ±hh, ±hhmm or ±hh:mm, also after a blank.
// Years 0001 to 9999; the date must exist; no leap seconds.
bool parse_timestamp(std::string_view text, ParsedTime& out);

// "2026-01-02" as days since the epoch.
bool parse_date(std::string_view text, int32_t& out);

// Nothing outside the years 1677 to 2262, where int64 nanoseconds end.
std::optional<int64_t> to_nanoseconds(const ParsedTime& time);

// The other way, for people: "2026-01-02T03:04:05.000000006Z".
std::string format_timestamp(int64_t ns);

}  // namespace penstock::files
