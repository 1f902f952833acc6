// The values of decimal128 columns.
#pragma once

#include <penstock/error.hpp>

#include <algorithm>
#include <cstring>
#include <optional>

namespace penstock {

// A whole number that stands for itself divided by 10^scale; the scale is the column's. 38 digits at most.
class Decimal {
 public:
  static constexpr size_t kBytes = 16;
  static constexpr int32_t kMaxPrecision = 38;

  Decimal() = default;

  // `text` as a value of a column with this precision and scale: "12", "-0.50", "1e3". Nothing when it is no number, has digits
  // behind the scale that are not zero, or more digits than the precision.
  static std::optional<Decimal> from_text(std::string_view text, int32_t precision, int32_t scale);

  // A whole number, "12" as 12. Nothing when it does not fit.
  static std::optional<Decimal> from_integer(int64_t value, int32_t precision, int32_t scale) {
    return from_text(std::to_string(value), precision, scale);
  }

  // As the column stores it: 16 bytes, little-endian, two's complement.
  static Decimal from_bytes(std::string_view bytes) {
    Decimal out;
    std::memcpy(&out.value_, bytes.data(), kBytes);
    return out;
  }
  std::string_view bytes() const { return {reinterpret_cast<const char*>(&value_), kBytes}; }

  // With `scale` digits behind the point: "-0.50". A negative scale gives zeros before it.
  std::string text(int32_t scale) const;

  bool operator==(const Decimal&) const = default;

 private:
  __extension__ using Wide = __int128;
  __extension__ using UnsignedWide = unsigned __int128;

  // value * 10 + digit, unless that is not below the limit.
  static bool add_digit(UnsignedWide& value, unsigned digit, UnsignedWide limit) {
    if (value > (limit - 1 - digit) / 10) return false;
    value = value * 10 + digit;
    return true;
  }

  Wide value_ = 0;
};

inline std::optional<Decimal> Decimal::from_text(std::string_view text, int32_t precision, int32_t scale) {
  if (precision < 1 || precision > kMaxPrecision) return std::nullopt;
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  std::string digits;
  int64_t behind = 0;  // digits behind the point
  bool point = false;
  for (; !text.empty() && text[0] != 'e' && text[0] != 'E'; text.remove_prefix(1)) {
    if (text[0] == '.' && !point) {
      point = true;
      continue;
    }
    if (text[0] < '0' || text[0] > '9') return std::nullopt;
    digits += text[0];
    behind += point ? 1 : 0;
  }
  if (digits.empty()) return std::nullopt;
  if (!text.empty()) {
    text.remove_prefix(1);
    const bool below = text.starts_with('-');
    if (below || text.starts_with('+')) text.remove_prefix(1);
    if (text.empty() || text.size() > 6 || text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
    const int64_t exponent = std::stoll(std::string(text));
    behind += below ? exponent : -exponent;
  }
  for (; behind > scale; --behind) {
    if (digits.empty()) break;
    if (digits.back() != '0') return std::nullopt;
    digits.pop_back();
  }
  UnsignedWide value = 0, limit = 1;
  for (int32_t i = 0; i < precision; ++i) limit *= 10;
  for (const char digit : digits)
    if (!add_digit(value, static_cast<unsigned>(digit - '0'), limit)) return std::nullopt;
  for (; value != 0 && behind < scale; ++behind)
    if (!add_digit(value, 0, limit)) return std::nullopt;
  Decimal out;
  out.value_ = negative ? -static_cast<Wide>(value) : static_cast<Wide>(value);
  return out;
}

inline std::string Decimal::text(int32_t scale) const {
  const bool negative = value_ < 0;
  UnsignedWide rest = negative ? -static_cast<UnsignedWide>(value_) : static_cast<UnsignedWide>(value_);
  std::string out;  // from the last digit to the first
  for (int32_t i = 0; rest != 0 || i <= scale || i == 0; ++i) {
    if (i == scale && i > 0) out += '.';
    out += static_cast<char>('0' + static_cast<int>(rest % 10));
    rest /= 10;
  }
  if (negative) out += '-';
  std::reverse(out.begin(), out.end());
  if (scale < 0 && value_ != 0) out.append(static_cast<size_t>(-scale), '0');
  return out;
}

}  // namespace penstock
