// Profile values from text.
#include "sink_redis/value_text.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <optional>

namespace penstock::redis {
namespace {

constexpr uint64_t kNanosecond = 1'000'000'000;
constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

template <class T>
std::optional<T> parse_number(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<bool> parse_bool(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return std::nullopt;
}

// Seconds with up to nine decimals, to nanoseconds; nothing is rounded and nothing wraps.
std::optional<int64_t> parse_instant(std::string_view text) {
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
  const uint64_t all = *seconds * kNanosecond + ns;
  if (all > static_cast<uint64_t>(INT64_MAX) + (negative ? 1 : 0)) return std::nullopt;
  return negative ? static_cast<int64_t>(0 - all) : static_cast<int64_t>(all);
}

std::optional<std::string> parse_base64(std::string_view text) {
  static constexpr auto kValues = [] {
    std::array<int8_t, 256> values{};
    for (auto& value : values) value = -1;
    for (size_t i = 0; i < kBase64.size(); ++i) values[static_cast<unsigned char>(kBase64[i])] = static_cast<int8_t>(i);
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

// Calls put(value) with the item's value, in the C++ type of its column; false when it is not one.
template <class Put>
bool parse_item(Type type, const JsonArrayReader::Item& item, const Put& put) {
  const auto pass = [&](const auto& value) { return value ? (put(*value), true) : false; };
  const auto floating = [&](const auto& value) { return value && std::isfinite(*value) != item.quoted && pass(value); };
  switch (type) {
    case Type::boolean: return !item.quoted && pass(parse_bool(item.text));
    case Type::int32: return !item.quoted && pass(parse_number<int32_t>(item.text));
    case Type::int64: return !item.quoted && pass(parse_number<int64_t>(item.text));
    case Type::float32: return floating(parse_number<float>(item.text));
    case Type::float64: return floating(parse_number<double>(item.text));
    case Type::timestamp_ns: return item.quoted && pass(parse_instant(item.text));
    case Type::binary: return item.quoted && pass(parse_base64(item.text));
    case Type::utf8: return item.quoted && is_utf8(item.text) && pass(std::optional(std::string(item.text)));
    default: return false;
  }
}

template <class Put>
bool parse_list(std::string_view text, Type type, const Put& put) {
  JsonArrayReader reader(text);
  if (!reader.open()) return false;
  JsonArrayReader::Item item{};
  while (reader.next(&item))
    if (!parse_item(type, item, put)) return false;
  return reader.ended();
}

struct Append {
  ColumnBuilder& out;
  void operator()(const std::string& value) const { out.append_bytes(value); }
  template <class T>
  void operator()(T value) const {
    out.append(value);
  }
};

template <class T>
bool append_number(std::string_view text, ColumnBuilder& out) {
  const auto value = parse_number<T>(text);
  if (value) out.append(*value);
  return value.has_value();
}

}  // namespace

bool append_parsed(std::string_view text, ColumnBuilder& out) {
  switch (out.field().type) {
    case Type::boolean: {
      const auto value = parse_bool(text);
      if (value) out.append(*value);
      return value.has_value();
    }
    case Type::int32: return append_number<int32_t>(text, out);
    case Type::int64: return append_number<int64_t>(text, out);
    case Type::float32: return append_number<float>(text, out);
    case Type::float64: return append_number<double>(text, out);
    case Type::timestamp_ns: {
      const auto value = parse_instant(text);
      if (value) out.append(*value);
      return value.has_value();
    }
    case Type::utf8:
      if (!is_utf8(text)) return false;
      out.append_bytes(text);
      return true;
    case Type::binary: out.append_bytes(text); return true;
    case Type::list: {
      // Twice: a list that turns out malformed in the middle must leave nothing behind.
      const Type item = out.item().field().type;
      if (!parse_list(text, item, [](const auto&) {})) return false;
      parse_list(text, item, Append{out.item()});
      out.end_list();
      return true;
    }
    default: return false;
  }
}

bool is_utf8(std::string_view text) {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto follows = [&](size_t i) { return (byte(i) & 0xc0) == 0x80; };
  for (size_t i = 0; i < text.size();) {
    const unsigned first = byte(i);
    if (first < 0x80) {
      ++i;
    } else if (first >= 0xc2 && first < 0xe0 && follows(i + 1)) {
      i += 2;
    } else if (first >= 0xe0 && first < 0xf0 && follows(i + 1) && follows(i + 2)) {
      // Neither overlong nor a surrogate.
      if ((first == 0xe0 && byte(i + 1) < 0xa0) || (first == 0xed && byte(i + 1) >= 0xa0)) return false;
      i += 3;
    } else if (first >= 0xf0 && first < 0xf5 && follows(i + 1) && follows(i + 2) && follows(i + 3)) {
      if ((first == 0xf0 && byte(i + 1) < 0x90) || (first == 0xf4 && byte(i + 1) >= 0x90)) return false;
      i += 4;
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace penstock::redis
