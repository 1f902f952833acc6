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
// "2026-01-02"
std::string format_date(int64_t days);
// "1700000000", "1700000000.5": decimal seconds without trailing zeros.
std::string format_seconds(int64_t ns);

struct ParsedTime {
  int64_t ns = 0;           // UTC when has_offset, else local
  bool has_offset = false;  // "Z" or "+hh:mm" was there
};

// "2026-01-02", "2026-01-02T03:04[:05[.123456789]][Z|±hh[:mm]]", also with a space for the T. Nothing for anything else, for
// dates that do not exist and for what does not fit into nanoseconds (1677 to 2262).
std::optional<ParsedTime> parse_time(std::string_view text);

}  // namespace penstock::host
