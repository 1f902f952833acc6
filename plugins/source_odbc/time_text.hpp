// Times as text, to and from.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace penstock::odbc {

// Division that rounds down, also below zero: a bound is scaled down to the column's resolution, or rows next to it would be
// read twice or never.
constexpr int64_t floor_div(int64_t value, int64_t divisor) { return value / divisor - (value % divisor < 0 ? 1 : 0); }

// "2024-05-01 10:00:00.123456" of nanoseconds, with so many digits of a second (0 to 9), rounded down.
std::string wall_text(int64_t ns, int digits);
// "2024-05-01"
std::string date_text(int64_t ns);
// "2024-05-01T10:00:00.123456Z", for people.
std::string iso_text(int64_t ns);

// Days since 1970 of "2024-05-01", of any year, "… BC" included. Empty: no date.
std::optional<int32_t> parse_date(std::string_view text);

// "2024-05-01 10:00:00[.123456789][+05:30]", T between date and time as well, or the date alone; of any year, "… BC" included; less
// its offset, in units of 1/units_per_second s since 1970, rounded down; the nearest int64 to what is beyond. Empty: no time.
// `has_offset`: an offset must be there, or must not.
std::optional<int64_t> parse_time(std::string_view text, int64_t units_per_second, bool has_offset);

// Days since 1970 of a date in the Gregorian calendar.
int64_t days_from_civil(int64_t year, int64_t month, int64_t day);

}  // namespace penstock::odbc
