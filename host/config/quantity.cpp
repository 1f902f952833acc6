#include "config/quantity.hpp"

#include "config/names.hpp"

#include <array>
#include <charconv>
#include <limits>

namespace penstock::host {
namespace {

struct Unit {
  std::string_view name;
  int64_t factor;
};

// Largest first, so that formatting finds the shortest text.
constexpr std::array kDurationUnits = {
    Unit{"d", 86'400'000'000'000}, Unit{"h", 3'600'000'000'000}, Unit{"m", 60'000'000'000}, Unit{"s", 1'000'000'000},
    Unit{"ms", 1'000'000},         Unit{"us", 1'000},            Unit{"ns", 1}};
constexpr std::array kSizeUnits = {Unit{"TiB", int64_t{1} << 40}, Unit{"GiB", int64_t{1} << 30},
                                   Unit{"MiB", int64_t{1} << 20}, Unit{"KiB", int64_t{1} << 10}, Unit{"B", 1}};

template <size_t N>
std::optional<int64_t> parse(std::string_view text, const std::array<Unit, N>& units) {
  int64_t number = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number < 0 || text.front() == '-') return std::nullopt;
  const std::string_view unit(rest, static_cast<size_t>(text.data() + text.size() - rest));
  for (const Unit& known : units) {
    if (known.name != unit) continue;
    if (number > std::numeric_limits<int64_t>::max() / known.factor) return std::nullopt;
    return number * known.factor;
  }
  return std::nullopt;
}

template <size_t N>
std::string format(int64_t value, const std::array<Unit, N>& units) {
  for (const Unit& unit : units) {
    if (value % unit.factor == 0) return std::to_string(value / unit.factor) + std::string(unit.name);
  }
  return {};  // the last unit divides everything
}

}  // namespace

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  const auto value = parse(text, kDurationUnits);
  if (!value) return std::nullopt;
  return std::chrono::nanoseconds(*value);
}

std::string format_duration(std::chrono::nanoseconds duration) {
  return duration.count() == 0 ? "0s" : format(duration.count(), kDurationUnits);
}

std::optional<int64_t> parse_size(std::string_view text) { return parse(text, kSizeUnits); }

std::string format_size(int64_t bytes) { return bytes == 0 ? "0B" : format(bytes, kSizeUnits); }

std::string not_a_duration(std::string_view text) {
  return in_quotes(text) + " is not a duration: write it like \"500ms\", \"90s\", \"5m\", \"1h\" or \"365d\"";
}

std::string not_a_size(std::string_view text) {
  return in_quotes(text) + " is not a size: write it like \"512B\", \"64KiB\", \"8MiB\" or \"1GiB\"";
}

}  // namespace penstock::host
