#include "utf16.hpp"

#include <penstock/error.hpp>

#include <cstdint>

namespace penstock::odbc {
namespace {

constexpr char32_t kReplacement = 0xfffd;

bool is_high(char16_t unit) { return unit >= 0xd800 && unit < 0xdc00; }
bool is_low(char16_t unit) { return unit >= 0xdc00 && unit < 0xe000; }

// The character that begins at text[at], and moves `at` behind it.
char32_t next_character(std::string_view text, size_t& at) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t first = byte(at);
  const size_t more = first < 0x80 ? 0 : first >= 0xc2 && first < 0xe0 ? 1 : (first & 0xf0) == 0xe0 ? 2 : first >= 0xf0 && first < 0xf5 ? 3 : 4;
  ++at;
  if (more == 0) return first;
  if (more == 4 || text.size() - at < more) return kReplacement;
  char32_t value = first & (0x3fu >> more);
  for (size_t i = 0; i < more; ++i) {
    if ((byte(at + i) & 0xc0) != 0x80) return kReplacement;
    value = value << 6 | (byte(at + i) & 0x3fu);
  }
  static constexpr char32_t kLeast[] = {0, 0x80, 0x800, 0x10000};
  if (value < kLeast[more] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) return kReplacement;
  at += more;
  return value;
}

}  // namespace

std::u16string to_utf16(std::string_view text) {
  std::u16string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const char32_t c = next_character(text, at);
    if (c < 0x10000) {
      out += static_cast<char16_t>(c);
    } else {
      out += static_cast<char16_t>(0xd7c0 + (c >> 10));
      out += static_cast<char16_t>(0xdc00 + (c & 0x3ff));
    }
  }
  return out;
}

std::string to_utf8(std::u16string_view units) {
  std::string out;
  if (!append_utf8(units, &out)) throw Error(PENSTOCK_STATUS_DATA_LOSS, "the driver gave text that is not UTF-16");
  return out;
}

bool append_utf8(std::u16string_view units, std::string* out) {
  const size_t before = out->size();
  // At most three bytes a unit; a pair of units takes four.
  out->resize(before + units.size() * 3);
  char* to = out->data() + before;
  size_t i = 0;
  while (i < units.size()) {
    const char16_t unit = units[i++];
    if (unit < 0x80) {
      *to++ = static_cast<char>(unit);
    } else if (unit < 0x800) {
      *to++ = static_cast<char>(0xc0 | unit >> 6);
      *to++ = static_cast<char>(0x80 | (unit & 0x3f));
    } else if (!is_high(unit) && !is_low(unit)) {
      *to++ = static_cast<char>(0xe0 | unit >> 12);
      *to++ = static_cast<char>(0x80 | (unit >> 6 & 0x3f));
      *to++ = static_cast<char>(0x80 | (unit & 0x3f));
    } else {
      if (is_low(unit) || i == units.size() || !is_low(units[i])) {
        out->resize(before);
        return false;
      }
      const uint32_t c = 0x10000u + ((unit & 0x3ffu) << 10) + (units[i++] & 0x3ffu);
      *to++ = static_cast<char>(0xf0 | c >> 18);
      *to++ = static_cast<char>(0x80 | (c >> 12 & 0x3f));
      *to++ = static_cast<char>(0x80 | (c >> 6 & 0x3f));
      *to++ = static_cast<char>(0x80 | (c & 0x3f));
    }
  }
  out->resize(static_cast<size_t>(to - out->data()));
  return true;
}

}  // namespace penstock::odbc
