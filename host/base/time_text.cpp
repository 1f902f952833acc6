#include "base/time_text.hpp"

#include <chrono>
#include <cstdio>
#include <limits>

namespace penstock::host {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kDay = 86400;

int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0); }

std::string format(EpochTime time, const char* suffix) {
  const int64_t day = floor_div(time.seconds, kDay);
  const auto second = static_cast<int>(time.seconds - day * kDay);
  const int fraction = time.nanoseconds;
  char out[64];
  int n = std::snprintf(out, sizeof out, "%sT%02d:%02d:%02d", format_date(day).c_str(), second / 3600, second / 60 % 60, second % 60);
  if (fraction != 0) {
    if (fraction % 1'000'000 == 0)
      n += std::snprintf(out + n, sizeof out - static_cast<size_t>(n), ".%03d", fraction / 1'000'000);
    else if (fraction % 1000 == 0)
      n += std::snprintf(out + n, sizeof out - static_cast<size_t>(n), ".%06d", fraction / 1000);
    else
      n += std::snprintf(out + n, sizeof out - static_cast<size_t>(n), ".%09d", fraction);
  }
  return std::string(out, static_cast<size_t>(n)) + suffix;
}

// Reads exactly `digits` digits, or fails.
bool digits(std::string_view& in, int count, int& out) {
  if (in.size() < static_cast<size_t>(count)) return false;
  out = 0;
  for (int i = 0; i < count; ++i) {
    const char c = in[static_cast<size_t>(i)];
    if (c < '0' || c > '9') return false;
    out = out * 10 + (c - '0');
  }
  in.remove_prefix(static_cast<size_t>(count));
  return true;
}

bool take(std::string_view& in, char c) {
  if (in.empty() || in[0] != c) return false;
  in.remove_prefix(1);
  return true;
}

bool parse_fraction(std::string_view& in, int64_t& ns) {
  int64_t scale = kSecond;
  size_t count = 0;
  ns = 0;
  while (count < in.size() && in[count] >= '0' && in[count] <= '9') {
    // A tenth digit is more than we can keep, unless it says nothing.
    if (scale == 1 && in[count] != '0') return false;
    if (scale > 1) ns += (in[count] - '0') * (scale /= 10);
    ++count;
  }
  in.remove_prefix(count);
  return count > 0;
}

bool parse_offset(std::string_view& in, int64_t& offset_s, bool& present) {
  present = true;
  offset_s = 0;
  if (take(in, 'Z') || take(in, 'z')) return true;
  if (in.empty()) return present = false, true;
  const int sign = in[0] == '+' ? 1 : in[0] == '-' ? -1 : 0;
  if (sign == 0) return false;
  in.remove_prefix(1);
  int hours = 0, minutes = 0;
  if (!digits(in, 2, hours)) return false;
  if (take(in, ':') || !in.empty())
    if (!digits(in, 2, minutes)) return false;
  if (hours > 18 || minutes > 59) return false;
  offset_s = sign * (hours * 3600 + minutes * 60);
  return true;
}

}  // namespace

std::string format_date(int64_t days) {
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{days}}};
  char out[32];
  const int n = std::snprintf(out, sizeof out, "%04d-%02u-%02u", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                              static_cast<unsigned>(date.day()));
  return std::string(out, static_cast<size_t>(n));
}

EpochTime epoch_time(int64_t value, int64_t units_per_second) {
  const int64_t seconds = floor_div(value, units_per_second);
  // Not value - seconds * units: the product may lie below int64.
  const int64_t rest = value % units_per_second;
  return {seconds, static_cast<int32_t>((rest < 0 ? rest + units_per_second : rest) * (kSecond / units_per_second))};
}

std::string format_instant(EpochTime time) { return format(time, "Z"); }
std::string format_local(EpochTime time) { return format(time, ""); }
std::string format_instant(int64_t ns) { return format(epoch_time(ns, kSecond), "Z"); }
std::string format_local(int64_t ns) { return format(epoch_time(ns, kSecond), ""); }

std::string format_seconds(int64_t ns) {
  const int64_t whole = ns / kSecond;
  int64_t fraction = ns % kSecond;
  std::string out = ns < 0 && whole == 0 ? "-0" : std::to_string(whole);
  if (fraction == 0) return out;
  if (fraction < 0) fraction = -fraction;
  char text[16];
  std::snprintf(text, sizeof text, ".%09d", static_cast<int>(fraction));
  out += text;
  while (out.back() == '0') out.pop_back();
  return out;
}

std::optional<ParsedTime> parse_time(std::string_view in) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  int64_t fraction = 0, offset_s = 0;
  bool has_offset = false;
  if (!digits(in, 4, year) || !take(in, '-') || !digits(in, 2, month) || !take(in, '-') || !digits(in, 2, day)) return {};
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return {};
  if (!in.empty()) {
    if (!take(in, 'T') && !take(in, 't') && !take(in, ' ')) return {};
    if (!digits(in, 2, hour) || !take(in, ':') || !digits(in, 2, minute)) return {};
    if (take(in, ':')) {
      if (!digits(in, 2, second)) return {};
      // Only after seconds: the fraction of a minute is something else.
      if (take(in, '.') && !parse_fraction(in, fraction)) return {};
    }
    if (hour > 23 || minute > 59 || second > 59 || !parse_offset(in, offset_s, has_offset) || !in.empty()) return {};
  }
  const int64_t days = std::chrono::sys_days{date}.time_since_epoch().count();
  const int64_t seconds = days * 86400 + hour * 3600 + minute * 60 + second - offset_s;
  __extension__ using Wide = __int128;
  const Wide ns = static_cast<Wide>(seconds) * kSecond + fraction;
  if (ns < std::numeric_limits<int64_t>::min() || ns > std::numeric_limits<int64_t>::max()) return {};
  return ParsedTime{static_cast<int64_t>(ns), has_offset};
}

std::optional<int64_t> leading_instant(std::string_view text) {
  const auto parsed = parse_time(text.substr(0, text.find_first_of(", ")));
  if (!parsed || !parsed->has_offset) return {};
  return parsed->ns;
}

}  // namespace penstock::host
