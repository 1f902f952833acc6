// Defaults of options read by the compiler, by the rules of the host's configuration.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

namespace penstock::detail {

struct Unit {
  std::string_view name;
  int64_t factor;
};
inline constexpr Unit kDurationUnits[] = {{"d", 86'400'000'000'000}, {"h", 3'600'000'000'000}, {"m", 60'000'000'000}, {"s", 1'000'000'000},
                                          {"ms", 1'000'000},         {"us", 1'000},            {"ns", 1}};
inline constexpr Unit kSizeUnits[] = {
    {"TiB", int64_t{1} << 40}, {"GiB", int64_t{1} << 30}, {"MiB", int64_t{1} << 20}, {"KiB", int64_t{1} << 10}, {"B", 1}};

// The digits at the front of `text`, which are taken off.
constexpr int64_t take_digits(std::string_view& text) {
  constexpr int64_t most = std::numeric_limits<int64_t>::max();
  if (text.empty() || text[0] < '0' || text[0] > '9') throw "the default has no number";
  int64_t value = 0;
  for (; !text.empty() && text[0] >= '0' && text[0] <= '9'; text.remove_prefix(1)) {
    if (value > (most - (text[0] - '0')) / 10) throw "the default is too large";
    value = value * 10 + (text[0] - '0');
  }
  return value;
}

template <size_t N>
constexpr std::optional<int64_t> quantity_in(const char* default_value, const Unit (&units)[N]) {
  if (default_value == nullptr) return std::nullopt;
  std::string_view text = default_value;
  const int64_t value = take_digits(text);
  for (const Unit& unit : units) {
    if (unit.name != text) continue;
    if (value > std::numeric_limits<int64_t>::max() / unit.factor) throw "the default is too large";
    return value * unit.factor;
  }
  throw "the default does not end in a unit, as 5s or 64MiB do";
}

constexpr std::optional<int64_t> duration_in(const char* default_value) { return quantity_in(default_value, kDurationUnits); }
constexpr std::optional<int64_t> size_in(const char* default_value) { return quantity_in(default_value, kSizeUnits); }

constexpr std::optional<int64_t> integer_in(const char* default_value) {
  if (default_value == nullptr) return std::nullopt;
  std::string_view text = default_value;
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const int64_t value = take_digits(text);
  if (!text.empty()) throw "the default is not a whole number";
  return negative ? -value : value;
}

// Digits, a point and digits; the host reads more, but nobody needs it for a default.
constexpr void check_real(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  take_digits(text);
  if (text.empty()) return;
  if (!text.starts_with('.')) throw "the default is not a number";
  text.remove_prefix(1);
  take_digits(text);
  if (!text.empty()) throw "the default is not a number";
}

}  // namespace penstock::detail
