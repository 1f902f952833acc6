// The types of stored values, and what the readers of both forms (stored_text.hpp, stored_packed.hpp) share. Needs nothing but the
// standard library.
#pragma once

#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

namespace penstock {

enum class ValueKind : uint8_t { bytes, string, int32, int64, float64, float32, boolean, instant };

// One of the sixteen field types.
struct ValueType {
  ValueKind kind = ValueKind::bytes;
  bool list = false;
  bool operator==(const ValueType&) const = default;
};

inline constexpr std::string_view kValueKindNames[] = {"bytes", "string", "int32", "int64", "double", "float", "bool", "unix_timestamp"};

// As in a view: "int32", "string_list".
inline std::string value_type_name(ValueType type) {
  return std::string(kValueKindNames[static_cast<size_t>(type.kind)]) + (type.list ? "_list" : "");
}

inline std::optional<ValueType> parse_value_type(std::string_view name) {
  const bool list = name.ends_with("_list");
  if (list) name.remove_suffix(5);
  for (size_t i = 0; i < std::size(kValueKindNames); ++i)
    if (kValueKindNames[i] == name) return ValueType{static_cast<ValueKind>(i), list};
  return std::nullopt;
}

namespace stored {

inline bool is_utf8(std::string_view text) {
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

// Passes a value on to an Out.
template <class Out>
struct Append {
  Out& out;
  void operator()(std::string_view value) const { out.append_bytes(value); }
  void operator()(const std::string& value) const { out.append_bytes(value); }
  template <class T>
  void operator()(T value) const {
    out.append(value);
  }
};

}  // namespace stored
}  // namespace penstock
