#include "stage/number_text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

namespace penstock::host {
namespace {

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return (x >= 'A' && x <= 'Z' ? x + 32 : x) == y; });
}

}  // namespace

NumberParse parse_whole(std::string_view text, int64_t& out) {
  std::string_view body = text;
  if (!body.empty() && body[0] == '+') body.remove_prefix(1);
  const char* const end = body.data() + body.size();
  if (body.empty() || body[0] == '+') return NumberParse::not_a_number;
  const auto [rest, error] = std::from_chars(body.data(), end, out);
  if (rest == body.data() && error != std::errc()) return NumberParse::not_a_number;
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

NumberParse parse_floating(std::string_view text, double& out) {
  std::string_view body = text;
  if (!body.empty() && body[0] == '+') {
    body.remove_prefix(1);
    if (!body.empty() && body[0] == '-') return NumberParse::not_a_number;
  }
  const char* const end = body.data() + body.size();
  const auto [rest, error] = std::from_chars(body.data(), end, out);
  if (rest != end || body.empty() || error == std::errc::invalid_argument) return NumberParse::not_a_number;
  if (error != std::errc::result_out_of_range) return NumberParse::ok;
  // from_chars says "out of range" for too small as well: that is zero, rounded to the nearest.
  const std::string copy(body);
  out = std::strtod(copy.c_str(), nullptr);
  return std::isinf(out) ? NumberParse::range : NumberParse::ok;
}

bool parse_boolean(std::string_view text, bool& out) {
  for (const std::string_view word : {"true", "t", "yes", "1"})
    if (equals_ignoring_case(text, word)) return out = true, true;
  for (const std::string_view word : {"false", "f", "no", "0"})
    if (equals_ignoring_case(text, word)) return out = false, true;
  return false;
}

std::string decimal_text(std::string_view bytes, int32_t scale) {
  __extension__ using Wide = __int128;
  __extension__ using UnsignedWide = unsigned __int128;
  Wide value = 0;
  std::memcpy(&value, bytes.data(), sizeof value);
  const bool negative = value < 0;
  UnsignedWide rest = negative ? -static_cast<UnsignedWide>(value) : static_cast<UnsignedWide>(value);
  std::string digits;
  do {
    digits.push_back(static_cast<char>('0' + static_cast<int>(rest % 10)));
    rest /= 10;
  } while (rest != 0);
  while (scale > 0 && digits.size() <= static_cast<size_t>(scale)) digits.push_back('0');
  if (negative) digits.push_back('-');
  std::reverse(digits.begin(), digits.end());
  if (scale > 0) digits.insert(digits.size() - static_cast<size_t>(scale), ".");
  if (scale < 0) digits.append(static_cast<size_t>(-scale), '0');
  return digits;
}

}  // namespace penstock::host
