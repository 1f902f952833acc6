// Columns and values as text, for comparing them in a test.
#pragma once

#include <penstock/reader.hpp>

#include <charconv>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::testing {

namespace detail {
template <class Float>
std::string shortest(Float value) {
  char text[64];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

inline std::string hexadecimal(std::string_view bytes) {
  std::string out = "\\x";
  char digits[3];
  for (const char byte : bytes) {
    std::snprintf(digits, sizeof digits, "%02x", static_cast<unsigned>(static_cast<uint8_t>(byte)));
    out += digits;
  }
  return out;
}
}  // namespace detail

// NULL, true, 12, 0.5, a text as it is, \x00ff for bytes and decimals, [a, b] for lists; dates and timestamps as the number they are.
inline std::string value_text(const ColumnView& column, int64_t row) {
  if (column.is_null(row)) return "NULL";
  switch (column.field().type) {
    case Type::boolean: return column.value<bool>(row) ? "true" : "false";
    case Type::int8: return std::to_string(column.value<int8_t>(row));
    case Type::int16: return std::to_string(column.value<int16_t>(row));
    case Type::int32:
    case Type::date32: return std::to_string(column.value<int32_t>(row));
    case Type::uint8: return std::to_string(column.value<uint8_t>(row));
    case Type::uint16: return std::to_string(column.value<uint16_t>(row));
    case Type::uint32: return std::to_string(column.value<uint32_t>(row));
    case Type::uint64: return std::to_string(column.value<uint64_t>(row));
    case Type::float32: return detail::shortest(column.value<float>(row));
    case Type::float64: return detail::shortest(column.value<double>(row));
    case Type::utf8: return std::string(column.bytes(row));
    case Type::binary:
    case Type::fixed_binary:
    case Type::decimal128: return detail::hexadecimal(column.bytes(row));
    case Type::list: {
      const auto [begin, end] = column.list_range(row);
      const ColumnView items = column.items();
      std::string out = "[";
      for (int64_t i = begin; i < end; ++i) out += (i == begin ? "" : ", ") + value_text(items, i);
      return out + "]";
    }
    case Type::null: return "NULL";
    default: return std::to_string(column.value<int64_t>(row));
  }
}

// "name:arrow format" of each column, "name:+l<format>" of a list.
inline std::vector<std::string> formats_of(const Schema& schema) {
  std::vector<std::string> out;
  for (const Field& field : schema) {
    out.push_back(field.name + ":" + arrow_format(field));
    if (field.type == Type::list) out.back() += "<" + arrow_format(field.children.at(0)) + ">";
  }
  return out;
}

}  // namespace penstock::testing
