#include "time_text.hpp"

#include <chrono>
#include <cstdio>

namespace penstock::odbc {
namespace {

constexpr int64_t kSecondNs = 1'000'000'000;
constexpr int64_t kDay = 86'400;

bool take_digits(std::string_view& text, size_t count, int64_t& out) {
  if (text.size() < count) return false;
  out = 0;
  for (size_t i = 0; i < count; ++i) {
    const char c = text[i];
    if (c < '0' || c > '9') return false;
    out = out * 10 + (c - '0');
  }
  text.remove_prefix(count);
  return true;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

bool is_leap(int64_t year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

int64_t days_in_month(int64_t year, int64_t month) {
  static constexpr int64_t kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap(year) ? 29 : kDays[month - 1];
}

bool take_date(std::string_view& text, bool is_bc, int64_t& days) {
  size_t year_digits = 0;
  while (year_digits < text.size() && text[year_digits] >= '0' && text[year_digits] <= '9') ++year_digits;
  int64_t year = 0, month = 0, day = 0;
  if (year_digits < 4 || year_digits > 7 || !take_digits(text, year_digits, year) || !take(text, '-') ||
      !take_digits(text, 2, month) || !take(text, '-') || !take_digits(text, 2, day))
    return false;
  if (year < 1) return false;
  if (is_bc) year = 1 - year;
  if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month)) return false;
  days = days_from_civil(year, month, day);
  return true;
}

bool take_fraction(std::string_view& text, int64_t& ns) {
  if (!take(text, '.')) return true;
  int64_t unit = kSecondNs / 10;
  size_t count = 0;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    if (++count > 9) return false;
    ns += (text.front() - '0') * unit;
    unit /= 10;
    text.remove_prefix(1);
  }
  return count > 0;
}

// "+05:30", "-03", "+00:00:10", "Z"; nothing: no offset.
bool take_offset(std::string_view& text, bool& found, int64_t& offset) {
  take(text, ' ');
  found = !text.empty();
  if (!found || take(text, 'Z')) return text.empty();
  const int64_t sign = text.front() == '-' ? -1 : 1;
  if (!take(text, '+') && !take(text, '-')) return false;
  int64_t part = 0;
  if (!take_digits(text, 2, part)) return false;
  offset = part * 3600;
  for (const int64_t unit : {int64_t{60}, int64_t{1}}) {
    if (text.empty()) break;
    take(text, ':');
    if (!take_digits(text, 2, part)) return false;
    offset += part * unit;
  }
  offset *= sign;
  return text.empty();
}

bool take_bc(std::string_view& text) {
  if (!text.ends_with(" BC")) return false;
  text.remove_suffix(3);
  return true;
}

struct Fields {
  std::chrono::year_month_day date;
  int64_t of_day = 0;  // s
  int64_t fraction = 0;  // ns
};

Fields fields_of(int64_t ns) {
  const int64_t seconds = floor_div(ns, kSecondNs);
  const int64_t day = floor_div(seconds, kDay);
  return {std::chrono::year_month_day{std::chrono::sys_days{std::chrono::days{day}}}, seconds - day * kDay,
          ns - seconds * kSecondNs};
}

std::string formatted(int64_t ns, char between, int digits, const char* zone) {
  const Fields f = fields_of(ns);
  char text[96];
  const int length = std::snprintf(text, sizeof text, "%04d-%02u-%02u%c%02d:%02d:%02d.%09d", static_cast<int>(f.date.year()),
                                   static_cast<unsigned>(f.date.month()), static_cast<unsigned>(f.date.day()), between,
                                   static_cast<int>(f.of_day / 3600), static_cast<int>(f.of_day / 60 % 60),
                                   static_cast<int>(f.of_day % 60), static_cast<int>(f.fraction));
  return std::string(text, static_cast<size_t>(length - 9 + digits - (digits == 0 ? 1 : 0))) + zone;
}

}  // namespace

// H. Hinnant's algorithm: chrono's own years have 16 bits.
int64_t days_from_civil(int64_t year, int64_t month, int64_t day) {
  year -= month <= 2 ? 1 : 0;
  const int64_t era = floor_div(year, 400);
  const int64_t of_era = year - era * 400;
  const int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  return era * 146'097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719'468;
}

std::string wall_text(int64_t ns, int digits) { return formatted(ns, ' ', digits, ""); }

std::string date_text(int64_t ns) { return formatted(ns, ' ', 0, "").substr(0, 10); }

std::string iso_text(int64_t ns) { return formatted(ns, 'T', 6, "Z"); }

std::optional<int32_t> parse_date(std::string_view text) {
  const bool is_bc = take_bc(text);
  int64_t days = 0;
  if (!take_date(text, is_bc, days) || !text.empty()) return std::nullopt;
  return static_cast<int32_t>(days);
}

std::optional<int64_t> parse_time(std::string_view text, int64_t units_per_second, bool has_offset) {
  const bool is_bc = take_bc(text);
  int64_t days = 0, hour = 0, minute = 0, second = 0, ns = 0, offset = 0;
  if (!take_date(text, is_bc, days)) return std::nullopt;
  bool found = false;
  if (!text.empty()) {
    if (!take(text, ' ') && !take(text, 'T')) return std::nullopt;
    if (!take_digits(text, 2, hour) || !take(text, ':') || !take_digits(text, 2, minute)) return std::nullopt;
    if (take(text, ':') && (!take_digits(text, 2, second) || !take_fraction(text, ns))) return std::nullopt;
    if (hour > 23 || minute > 59 || second > 59 || !take_offset(text, found, offset)) return std::nullopt;
  }
  if (found != has_offset) return std::nullopt;
  int64_t out = 0;
  const int64_t seconds = days * kDay + hour * 3600 + minute * 60 + second - offset;
  if (__builtin_mul_overflow(seconds, units_per_second, &out) ||
      __builtin_add_overflow(out, ns / (kSecondNs / units_per_second), &out))
    return seconds < 0 ? std::numeric_limits<int64_t>::min() : std::numeric_limits<int64_t>::max();
  return out;
}

}  // namespace penstock::odbc
