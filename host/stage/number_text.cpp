#include "stage/number_text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>

namespace penstock::host {
namespace {

__extension__ using Wide = __int128;
__extension__ using UnsignedWide = unsigned __int128;

Wide read_wide(std::string_view bytes) {
  Wide value = 0;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

// Takes one plus sign off, which from_chars does not know. False: there are two signs.
bool take_plus(std::string_view& text) {
  if (text.empty() || text[0] != '+') return true;
  text.remove_prefix(1);
  return text.empty() || (text[0] != '+' && text[0] != '-');
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return (x >= 'A' && x <= 'Z' ? x + 32 : x) == y; });
}

}  // namespace

NumberParse parse_whole(std::string_view text, int64_t& out) {
  if (!take_plus(text)) return NumberParse::not_a_number;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, out);
  if (error == std::errc::invalid_argument) return NumberParse::not_a_number;
  const char* p = rest;
  bool fraction = false;
  if (p != end && *p == '.') {
    if (++p == end) return NumberParse::not_a_number;
    for (; p != end && *p >= '0' && *p <= '9'; ++p) fraction |= *p != '0';
  }
  if (p != end) return NumberParse::not_a_number;
  if (error == std::errc::result_out_of_range) return NumberParse::range;
  return fraction ? NumberParse::fraction : NumberParse::ok;
}

template <class Floating>
NumberParse parse_floating(std::string_view text, Floating& out) {
  if (!take_plus(text)) return NumberParse::not_a_number;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, out);
  if (rest != end || error == std::errc::invalid_argument) return NumberParse::not_a_number;
  if (error != std::errc::result_out_of_range) return NumberParse::ok;
  // from_chars says "out of range" for too small as well: that is zero, rounded to the nearest.
  const std::string copy(text);
  if constexpr (sizeof(Floating) == sizeof(float))
    out = std::strtof(copy.c_str(), nullptr);
  else
    out = std::strtod(copy.c_str(), nullptr);
  return std::isinf(out) ? NumberParse::range : NumberParse::ok;
}

template NumberParse parse_floating(std::string_view, float&);
template NumberParse parse_floating(std::string_view, double&);

bool parse_boolean(std::string_view text, bool& out) {
  for (const std::string_view word : {"true", "t", "yes", "1"})
    if (equals_ignoring_case(text, word)) return out = true, true;
  for (const std::string_view word : {"false", "f", "no", "0"})
    if (equals_ignoring_case(text, word)) return out = false, true;
  return false;
}

std::string decimal_text(std::string_view bytes, int32_t scale) {
  const Wide value = read_wide(bytes);
  const bool negative = value < 0;
  UnsignedWide rest = negative ? -static_cast<UnsignedWide>(value) : static_cast<UnsignedWide>(value);
  std::string digits;
  for (; rest > std::numeric_limits<uint64_t>::max(); rest /= 10) digits.push_back(static_cast<char>('0' + static_cast<int>(rest % 10)));
  auto low = static_cast<uint64_t>(rest);  // 128-bit divisions are slow, and most values are small
  do {
    digits.push_back(static_cast<char>('0' + static_cast<int>(low % 10)));
    low /= 10;
  } while (low != 0);
  while (scale > 0 && digits.size() <= static_cast<size_t>(scale)) digits.push_back('0');
  if (negative) digits.push_back('-');
  std::reverse(digits.begin(), digits.end());
  if (scale > 0) digits.insert(digits.size() - static_cast<size_t>(scale), ".");
  if (scale < 0 && value != 0) digits.append(static_cast<size_t>(-static_cast<int64_t>(scale)), '0');
  return digits;
}

NumberParse whole_decimal(std::string_view bytes, int32_t scale, int64_t& out) {
  Wide value = read_wide(bytes);
  for (; scale > 0 && value != 0; --scale) {
    if (value % 10 != 0) return NumberParse::fraction;
    value /= 10;
  }
  for (; scale < 0 && value != 0; ++scale)
    if (__builtin_mul_overflow(value, static_cast<Wide>(10), &value)) return NumberParse::range;
  if (value < std::numeric_limits<int64_t>::min() || value > std::numeric_limits<int64_t>::max()) return NumberParse::range;
  out = static_cast<int64_t>(value);
  return NumberParse::ok;
}

}  // namespace penstock::host
