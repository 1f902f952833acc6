// Values as text: the form of layout "hash", see docs/redis-layout.md. Needs nothing but the standard library; programs that read
// whole profiles use <penstock/stored_profile.hpp>.
#pragma once

#include <penstock/stored_value.hpp>

#include <array>
#include <charconv>
#include <cmath>
#include <type_traits>

namespace penstock {
namespace stored {

template <class T>
std::optional<T> parse_number(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

inline std::optional<bool> parse_bool(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return std::nullopt;
}

// Seconds with up to nine decimals, to nanoseconds; nothing is rounded and nothing wraps.
inline std::optional<int64_t> parse_instant(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const size_t dot = text.find('.');
  const std::string_view fraction = dot == std::string_view::npos ? std::string_view{} : text.substr(dot + 1);
  if (dot != std::string_view::npos && (fraction.empty() || fraction.size() > 9)) return std::nullopt;
  const auto seconds = parse_number<uint64_t>(text.substr(0, dot));
  if (!seconds || *seconds > 9'223'372'036u) return std::nullopt;
  uint64_t ns = 0;
  for (size_t i = 0; i < 9; ++i) {
    const char c = i < fraction.size() ? fraction[i] : '0';
    if (c < '0' || c > '9') return std::nullopt;
    ns = ns * 10 + static_cast<uint64_t>(c - '0');
  }
  const uint64_t all = *seconds * 1'000'000'000 + ns;
  if (all > static_cast<uint64_t>(INT64_MAX) + (negative ? 1 : 0)) return std::nullopt;
  return negative ? static_cast<int64_t>(0 - all) : static_cast<int64_t>(all);
}

inline std::optional<std::string> parse_base64(std::string_view text) {
  static constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  static constexpr auto kValues = [] {
    std::array<int8_t, 256> values{};
    for (auto& value : values) value = -1;
    for (size_t i = 0; i < kDigits.size(); ++i) values[static_cast<unsigned char>(kDigits[i])] = static_cast<int8_t>(i);
    return values;
  }();
  if (text.size() % 4 != 0) return std::nullopt;
  size_t padding = 0;
  while (padding < 2 && text.size() > padding && text[text.size() - 1 - padding] == '=') ++padding;
  std::string out;
  for (size_t i = 0; i < text.size(); i += 4) {
    uint32_t bits = 0;
    for (size_t k = 0; k < 4; ++k) {
      const bool pad = i + k >= text.size() - padding;
      const int value = pad ? 0 : kValues[static_cast<unsigned char>(text[i + k])];
      if (value < 0) return std::nullopt;
      bits = bits << 6 | static_cast<uint32_t>(value);
    }
    out.append({static_cast<char>(bits >> 16), static_cast<char>(bits >> 8), static_cast<char>(bits)});
  }
  out.resize(out.size() - padding);
  return out;
}

// Reads the items of a flat JSON array one by one: numbers, words and strings.
class JsonArrayReader {
 public:
  explicit JsonArrayReader(std::string_view text) : text_(text) {}

  struct Item {
    bool quoted;
    std::string_view text;  // valid until the next item
  };

  bool open() { return take('['); }
  // False at the end of the array, or when it is malformed: then ended() is false.
  bool next(Item* item) {
    if (take(']')) return ended_ = true, false;
    if (count_++ != 0 && !take(',')) return false;
    skip_space();
    if (at_ < text_.size() && text_[at_] == '"') return item->quoted = true, read_string(item);
    const size_t begin = at_;
    while (at_ < text_.size() && std::string_view(",] \t\r\n").find(text_[at_]) == std::string_view::npos) ++at_;
    *item = {false, text_.substr(begin, at_ - begin)};
    return at_ > begin;
  }
  bool ended() {
    skip_space();
    return ended_ && at_ == text_.size();
  }

 private:
  void skip_space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) ++at_;
  }
  bool take(char c) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  bool read_string(Item* item) {
    unescaped_.clear();
    for (++at_; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        item->text = unescaped_;
        return true;
      }
      if (static_cast<unsigned char>(c) < 0x20) return false;
      if (c != '\\')
        unescaped_ += c;
      else if (!read_escape())
        return false;
    }
    return false;
  }

  bool read_escape() {
    static constexpr std::string_view kFrom = "\"\\/bfnrt";
    static constexpr std::string_view kTo = "\"\\/\b\f\n\r\t";
    if (++at_ >= text_.size()) return false;
    const size_t found = kFrom.find(text_[at_]);
    if (found != std::string_view::npos) return unescaped_ += kTo[found], true;
    uint32_t code = 0;
    if (text_[at_] != 'u' || !read_hex4(&code)) return false;
    if (code >= 0xdc00 && code < 0xe000) return false;
    if (code >= 0xd800 && code < 0xdc00) {
      uint32_t low = 0;
      if (text_.substr(at_ + 1, 2) != "\\u") return false;
      at_ += 2;
      if (!read_hex4(&low) || low < 0xdc00 || low >= 0xe000) return false;
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    append_utf8(code);
    return true;
  }

  // The four digits after the 'u' under the cursor; leaves the cursor on the last.
  bool read_hex4(uint32_t* code) {
    const std::string_view digits = text_.substr(at_ + 1, 4);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), *code, 16);
    if (digits.size() != 4 || error != std::errc() || end != digits.data() + 4) return false;
    at_ += 4;
    return true;
  }

  void append_utf8(uint32_t code) {
    const auto put = [&](uint32_t byte) { unescaped_ += static_cast<char>(byte); };
    if (code < 0x80) return put(code);
    if (code < 0x800) return put(0xc0 | code >> 6), put(0x80 | (code & 63));
    if (code < 0x10000) return put(0xe0 | code >> 12), put(0x80 | ((code >> 6) & 63)), put(0x80 | (code & 63));
    put(0xf0 | code >> 18), put(0x80 | ((code >> 12) & 63)), put(0x80 | ((code >> 6) & 63)), put(0x80 | (code & 63));
  }

  std::string_view text_;
  size_t at_ = 0;
  size_t count_ = 0;
  bool ended_ = false;
  std::string unescaped_;
};

// Calls put(value) with the item's value, in the C++ type of its kind; false when it is not one.
template <class Put>
bool parse_text_item(ValueKind kind, const JsonArrayReader::Item& item, const Put& put) {
  const auto pass = [&](const auto& value) { return value ? (put(*value), true) : false; };
  const auto floating = [&](const auto& value) { return value && std::isfinite(*value) != item.quoted && pass(value); };
  switch (kind) {
    case ValueKind::boolean: return !item.quoted && pass(parse_bool(item.text));
    case ValueKind::int32: return !item.quoted && pass(parse_number<int32_t>(item.text));
    case ValueKind::int64: return !item.quoted && pass(parse_number<int64_t>(item.text));
    case ValueKind::float32: return floating(parse_number<float>(item.text));
    case ValueKind::float64: return floating(parse_number<double>(item.text));
    case ValueKind::instant: return item.quoted && pass(parse_instant(item.text));
    case ValueKind::bytes: return item.quoted && pass(parse_base64(item.text));
    case ValueKind::string: return item.quoted && is_utf8(item.text) && pass(std::optional(std::string(item.text)));
  }
  return false;
}

template <class Put>
bool parse_text_list(std::string_view text, ValueKind kind, const Put& put) {
  JsonArrayReader reader(text);
  if (!reader.open()) return false;
  JsonArrayReader::Item item{};
  while (reader.next(&item))
    if (!parse_text_item(kind, item, put)) return false;
  return reader.ended();
}

template <class Put>
bool parse_text_scalar(std::string_view text, ValueKind kind, const Put& put) {
  const auto pass = [&](const auto& value) { return value ? (put(*value), true) : false; };
  switch (kind) {
    case ValueKind::boolean: return pass(parse_bool(text));
    case ValueKind::int32: return pass(parse_number<int32_t>(text));
    case ValueKind::int64: return pass(parse_number<int64_t>(text));
    case ValueKind::float32: return pass(parse_number<float>(text));
    case ValueKind::float64: return pass(parse_number<double>(text));
    case ValueKind::instant: return pass(parse_instant(text));
    case ValueKind::string: return is_utf8(text) && (put(text), true);
    case ValueKind::bytes: return put(text), true;
  }
  return false;
}

}  // namespace stored

// Appends the value that `text` says; false, with nothing appended, when it is not a value of the type. Out has the functions of
// ColumnBuilder: append(value), append_bytes(bytes), and for a list item() and end_list().
template <class Out>
bool append_text_value(std::string_view text, ValueType type, Out& out) {
  if (!type.list) return stored::parse_text_scalar(text, type.kind, stored::Append<Out>{out});
  // Twice: a list that turns out malformed in the middle must leave nothing behind.
  if (!stored::parse_text_list(text, type.kind, [](const auto&) {})) return false;
  stored::parse_text_list(text, type.kind, stored::Append<std::remove_reference_t<decltype(out.item())>>{out.item()});
  out.end_list();
  return true;
}

}  // namespace penstock
