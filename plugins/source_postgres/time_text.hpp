// Instants as text: for people and for literals in SQL.
#pragma once

#include <cstdint>
#include <string>

namespace penstock::postgres {

// Division that rounds down, also below zero: a bound is scaled down to the column's resolution, or rows next to it
// would be read twice or never.
constexpr int64_t floor_div(int64_t value, int64_t divisor) { return value / divisor - (value % divisor < 0 ? 1 : 0); }

// "2024-05-01T10:00:00.123456Z" of microseconds since 1970.
std::string iso_text(int64_t unix_microseconds);

// The same as an SQL constant: '2024-05-01 10:00:00.123456+00'::timestamptz. For the years that an ordinal in
// nanoseconds can reach, 1677 to 2262.
std::string timestamptz_literal(int64_t unix_microseconds);

}  // namespace penstock::postgres
