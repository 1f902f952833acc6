// Dates and timestamps of a column as std::chrono has them.
#pragma once

#include <penstock/storage.hpp>

#include <chrono>
#include <optional>

namespace penstock::detail {

constexpr bool is_timestamp(Type type) {
  return type == Type::timestamp_s || type == Type::timestamp_ms || type == Type::timestamp_us || type == Type::timestamp_ns;
}

constexpr int64_t units_per_second(Type timestamp) {
  switch (timestamp) {
    case Type::timestamp_s: return 1;
    case Type::timestamp_ms: return 1'000;
    case Type::timestamp_us: return 1'000'000;
    default: return 1'000'000'000;
  }
}

// count / from, in units of which a second has `to`; rounded down. Nothing when it does not fit.
constexpr std::optional<int64_t> rescaled(int64_t count, int64_t from, int64_t to) {
  if (from >= to) {
    const int64_t factor = from / to;
    return count / factor - (count % factor < 0 ? 1 : 0);
  }
  int64_t out = 0;
  if (__builtin_mul_overflow(count, to / from, &out)) return std::nullopt;
  return out;
}

// Units of a second that a column has, or days and the like.
template <class Duration>
concept ColumnDuration = Duration::period::num == 1 && (Duration::period::den == 1 || Duration::period::den == 1'000 ||
                                                        Duration::period::den == 1'000'000 || Duration::period::den == 1'000'000'000);

// An instant belongs into a column with a time zone, a local time into one without.
template <class Clock>
constexpr bool fits_clock(const Field& field) {
  return is_timestamp(field.type) && field.timezone.empty() == std::is_same_v<Clock, std::chrono::local_t>;
}

template <class Clock>
constexpr const char* clock_name() {
  return std::is_same_v<Clock, std::chrono::local_t> ? "a local time" : "an instant";
}

}  // namespace penstock::detail
