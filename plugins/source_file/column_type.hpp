// What a column holds and how its text is read.
#pragma once

#include <penstock/schema.hpp>

namespace penstock::files {

enum class Form : uint8_t { plain, base64, hex, epoch_s, epoch_ms, epoch_us, epoch_ns };

struct ColumnType {
  Type type = Type::utf8;  // of the column, or of the items of a list
  Form form = Form::plain;
  bool naive = false;  // timestamps without an offset
  bool list = false;
  int32_t precision = 0;
  int32_t scale = 0;
  bool operator==(const ColumnType&) const = default;

  bool is_timestamp() const { return type == Type::timestamp_ns || type == Type::timestamp_us; }
};

// From the name used in the option `types`; `column` is for the message. Throws INVALID_ARGUMENT.
ColumnType parse_column_type(const std::string& column, const std::string& name);

Field field_of(const std::string& name, const ColumnType& type);

// A few words for messages: "int32", "a timestamp with an offset", "a list of double".
std::string describe_type(const ColumnType& type);

}  // namespace penstock::files
