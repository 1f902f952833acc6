#include "text.hpp"

#include <algorithm>
#include <cctype>
#include <cstring>

namespace penstock::fake_odbc {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

void append_utf8(std::string& out, char32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | c >> 6);
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | c >> 18);
    out += static_cast<char>(0x80 | (c >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

// Scripts are UTF-8 that Boost.JSON has checked.
char32_t next_character(std::string_view utf8, size_t& at) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(i < utf8.size() ? utf8[i] : 0); };
  const unsigned char first = byte(at);
  const size_t length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  char32_t c = length == 1 ? first : first & (0x7F >> length);
  for (size_t i = 1; i < length; ++i) c = c << 6 | (byte(at + i) & 0x3F);
  at += length;
  return c;
}

template <class Unit>
void append_unit(std::string& out, Unit unit) {
  char bytes[sizeof unit];
  std::memcpy(bytes, &unit, sizeof unit);
  out.append(bytes, sizeof unit);
}

template <class Change>
std::string changed(std::string_view text, Change change) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [&](unsigned char c) { return static_cast<char>(change(c)); });
  return out;
}

}  // namespace

std::string utf8_from(const SQLWCHAR* text, SQLINTEGER length) {
  std::string out;
  if (text == nullptr) return out;
  const auto ended = [&](SQLINTEGER i) { return length == SQL_NTS ? text[i] == 0 : i >= length; };
  for (SQLINTEGER i = 0; !ended(i); ++i) {
    const char32_t unit = text[i];
    if (unit < 0xD800 || unit > 0xDFFF) {
      append_utf8(out, unit);
    } else if (unit < 0xDC00 && !ended(i + 1) && text[i + 1] >= 0xDC00 && text[i + 1] <= 0xDFFF) {
      append_utf8(out, 0x10000 + ((unit - 0xD800) << 10) + (text[++i] - 0xDC00u));
    } else {
      append_utf8(out, kReplacement);
    }
  }
  return out;
}

std::string wide_from(std::string_view utf8, Wide wide) {
  std::string out;
  out.reserve(utf8.size() * unit_size(wide));
  for (size_t at = 0; at < utf8.size();) {
    const char32_t c = next_character(utf8, at);
    if (wide == Wide::utf32) {
      append_unit(out, c);
    } else if (c < 0x10000) {
      append_unit(out, static_cast<char16_t>(c));
    } else {
      append_unit(out, static_cast<char16_t>(0xD800 + ((c - 0x10000) >> 10)));
      append_unit(out, static_cast<char16_t>(0xDC00 + ((c - 0x10000) & 0x3FF)));
    }
  }
  return out;
}

bool put_wide(std::string_view utf8, Wide wide, void* buffer, SQLLEN capacity, SQLLEN& total) {
  const std::string bytes = wide_from(utf8, wide);
  total = static_cast<SQLLEN>(bytes.size());
  if (buffer == nullptr) return true;
  const SQLLEN unit = static_cast<SQLLEN>(unit_size(wide));
  if (capacity < unit) return false;
  const SQLLEN room = capacity / unit * unit - unit;
  const SQLLEN copied = std::min(room, total);
  std::memcpy(buffer, bytes.data(), static_cast<size_t>(copied));
  std::memset(static_cast<char*>(buffer) + copied, 0, static_cast<size_t>(unit));
  return copied == total;
}

std::string upper(std::string_view text) {
  return changed(text, [](unsigned char c) { return std::toupper(c); });
}

std::string lower(std::string_view text) {
  return changed(text, [](unsigned char c) { return std::tolower(c); });
}

std::string one_line(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '\n' ? std::string("\\n") : std::string(1, c);
  return out;
}

}  // namespace penstock::fake_odbc
