#include "timestamp.hpp"

#include <cstdio>

namespace penstock::files {
namespace {

bool digits(std::string_view& text, int count, int& out) {
  if (text.size() < static_cast<size_t>(count)) return false;
  out = 0;
  for (int i = 0; i < count; ++i) {
    const char c = text[static_cast<size_t>(i)];
    if (c < '0' || c > '9') return false;
    out = out * 10 + (c - '0');
  }
  text.remove_prefix(static_cast<size_t>(count));
  return true;
}

bool literal(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

int days_in_month(int year, int month) {
  static constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : kDays[month - 1];
}

// Days since 1970-01-01 of a date in the Gregorian calendar (H. Hinnant's algorithm).
int64_t days_from_civil(int64_t year, int month, int day) {
  year -= month <= 2;
  const int64_t era = (year >= 0 ? year : year - 399) / 400;
  const int64_t of_era = year - era * 400;
  const int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

bool date_part(std::string_view& text, int64_t& days) {
  int year = 0, month = 0, day = 0;
  if (!digits(text, 4, year) || !literal(text, '-') || !digits(text, 2, month) || !literal(text, '-') || !digits(text, 2, day))
    return false;
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month)) return false;
  days = days_from_civil(year, month, day);
  return true;
}

bool fraction_part(std::string_view& text, int32_t& ns) {
  if (!literal(text, '.')) return true;
  int count = 0;
  int32_t value = 0;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    if (++count > 9) return false;
    value = value * 10 + (text.front() - '0');
    text.remove_prefix(1);
  }
  if (count == 0) return false;
  for (; count < 9; ++count) value *= 10;
  ns = value;
  return true;
}

// The rest of the text; empty is "no offset".
bool offset_part(std::string_view text, ParsedTime& out) {
  if (text.empty()) return true;
  literal(text, ' ');
  if (text == "Z" || text == "z") return out.has_offset = true;
  if (text.empty() || (text.front() != '+' && text.front() != '-')) return false;
  const int sign = text.front() == '-' ? -1 : 1;
  text.remove_prefix(1);
  int hours = 0, minutes = 0;
  if (!digits(text, 2, hours)) return false;
  if (!text.empty()) {
    literal(text, ':');
    if (!digits(text, 2, minutes)) return false;
  }
  if (!text.empty() || hours > 23 || minutes > 59) return false;
  out.seconds -= sign * (hours * 3600 + minutes * 60);
  return out.has_offset = true;
}

}  // namespace

bool parse_timestamp(std::string_view text, ParsedTime& out) {
  out = {};
  int64_t days = 0;
  int hour = 0, minute = 0, second = 0;
  if (!date_part(text, days)) return false;
  if (!literal(text, 'T') && !literal(text, ' ') && !literal(text, 't')) return false;
  if (!digits(text, 2, hour) || !literal(text, ':') || !digits(text, 2, minute) || !literal(text, ':') ||
      !digits(text, 2, second) || hour > 23 || minute > 59 || second > 59)
    return false;
  out.seconds = days * 86400 + hour * 3600 + minute * 60 + second;
  return fraction_part(text, out.nanoseconds) && offset_part(text, out);
}

bool parse_date(std::string_view text, int32_t& out) {
  int64_t days = 0;
  if (!date_part(text, days) || !text.empty()) return false;
  out = static_cast<int32_t>(days);
  return true;
}

std::optional<int64_t> to_nanoseconds(const ParsedTime& time) {
  // -1 s and +0.9 s may fit where -1 s alone does not: add in the direction of zero first.
  const bool borrow = time.seconds < 0 && time.nanoseconds > 0;
  int64_t ns = 0;
  if (__builtin_mul_overflow(time.seconds + (borrow ? 1 : 0), int64_t{1'000'000'000}, &ns)) return std::nullopt;
  if (__builtin_add_overflow(ns, int64_t{time.nanoseconds} - (borrow ? 1'000'000'000 : 0), &ns)) return std::nullopt;
  return ns;
}

std::string format_timestamp(int64_t ns) {
  int64_t seconds = ns / 1'000'000'000;
  int64_t fraction = ns % 1'000'000'000;
  if (fraction < 0) fraction += 1'000'000'000, --seconds;
  int64_t days = seconds / 86400;
  int64_t of_day = seconds % 86400;
  if (of_day < 0) of_day += 86400, --days;
  days += 719468;
  const int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const int64_t of_era = days - era * 146097;
  const int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  const int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t shifted = (5 * of_year + 2) / 153;
  const int64_t day = of_year - (153 * shifted + 2) / 5 + 1;
  const int64_t month = shifted < 10 ? shifted + 3 : shifted - 9;
  const int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
  char out[192];  // what six long longs could need
  std::snprintf(out, sizeof out, "%04lld-%02lld-%02lldT%02lld:%02lld:%02lld.%09lldZ", static_cast<long long>(year),
                static_cast<long long>(month), static_cast<long long>(day), static_cast<long long>(of_day / 3600),
                static_cast<long long>(of_day / 60 % 60), static_cast<long long>(of_day % 60),
                static_cast<long long>(fraction));
  return out;
}

}  // namespace penstock::files
