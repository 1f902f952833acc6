#include "time_text.hpp"

#include <chrono>
#include <cstdio>

namespace penstock::postgres {
namespace {

std::string formatted(int64_t unix_microseconds, char between, const char* zone) {
  constexpr int64_t kDay = 86'400'000'000;
  const int64_t day = floor_div(unix_microseconds, kDay);
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{day}}};
  const auto in_day = static_cast<long long>(unix_microseconds - day * kDay);
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u%c%02lld:%02lld:%02lld.%06lld%s", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), between, in_day / 3'600'000'000,
                in_day / 60'000'000 % 60, in_day / 1'000'000 % 60, in_day % 1'000'000, zone);
  return text;
}

}  // namespace

std::string iso_text(int64_t unix_microseconds) { return formatted(unix_microseconds, 'T', "Z"); }

std::string timestamptz_literal(int64_t unix_microseconds) {
  return "'" + formatted(unix_microseconds, ' ', "+00") + "'::pg_catalog.timestamptz";
}

}  // namespace penstock::postgres
