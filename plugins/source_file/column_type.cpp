#include "column_type.hpp"

#include <cstdio>

namespace penstock::files {
namespace {

struct Named {
  std::string_view name;
  ColumnType type;
  std::string_view words;
};

constexpr Named kTypes[] = {
    {"string", {Type::utf8}, "text"},
    {"int64", {Type::int64}, "int64"},
    {"int32", {Type::int32}, "int32"},
    {"double", {Type::float64}, "double"},
    {"float", {Type::float32}, "float"},
    {"bool", {Type::boolean}, "bool"},
    {"date", {Type::date32}, "a date"},
    {"timestamp", {Type::timestamp_ns}, "a timestamp with an offset"},
    {"timestamp_us", {Type::timestamp_us}, "a timestamp with an offset and at most six fraction digits"},
    {"timestamp_naive", {Type::timestamp_ns, Form::plain, true}, "a timestamp without an offset"},
    {"epoch_s", {Type::timestamp_ns, Form::epoch_s}, "whole seconds since 1970"},
    {"epoch_ms", {Type::timestamp_ns, Form::epoch_ms}, "whole milliseconds since 1970"},
    {"epoch_us", {Type::timestamp_ns, Form::epoch_us}, "whole microseconds since 1970"},
    {"epoch_ns", {Type::timestamp_ns, Form::epoch_ns}, "whole nanoseconds since 1970"},
    {"bytes", {Type::binary, Form::base64}, "base64"},
    {"bytes_hex", {Type::binary, Form::hex}, "hexadecimal bytes"},
};

constexpr std::string_view kListSuffix = "_list";

bool parse_decimal(const std::string& name, ColumnType& out) {
  int used = 0;
  out = {Type::decimal128};
  return std::sscanf(name.c_str(), "decimal(%2d,%2d)%n", &out.precision, &out.scale, &used) == 2 &&
         static_cast<size_t>(used) == name.size() && out.precision >= 1 && out.precision <= 38 && out.scale >= 0 &&
         out.scale <= out.precision;
}

}  // namespace

ColumnType parse_column_type(const std::string& column, const std::string& name) {
  std::string_view base = name;
  ColumnType out;
  if (parse_decimal(name, out)) return out;
  out = {};
  const bool list = base.size() > kListSuffix.size() && base.substr(base.size() - kListSuffix.size()) == kListSuffix;
  if (list) base.remove_suffix(kListSuffix.size());
  for (const Named& known : kTypes) {
    if (known.name != base) continue;
    out = known.type;
    out.list = list;
    return out;
  }
  std::string names;
  for (const Named& known : kTypes) names += std::string(known.name) + ", ";
  throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "option \"types\": column \"" + column + "\": \"" + name +
                                                    "\" is not a type; the types are " + names +
                                                    "decimal(precision,scale), and all but the last with _list");
}

Field field_of(const std::string& name, const ColumnType& type) {
  Field item{type.list ? "item" : name, type.type};
  if (type.is_timestamp() && !type.naive) item.timezone = "UTC";
  item.precision = type.precision;
  item.scale = type.scale;
  if (!type.list) return item;
  Field list{name, Type::list};
  list.children.push_back(std::move(item));
  return list;
}

std::string describe_type(const ColumnType& type) {
  std::string words;
  for (const Named& known : kTypes) {
    ColumnType plain = type;
    plain.list = false;
    if (known.type == plain) words = known.words;
  }
  if (type.type == Type::decimal128)
    words = "decimal(" + std::to_string(type.precision) + "," + std::to_string(type.scale) + ")";
  return type.list ? "a list of " + words : words;
}

}  // namespace penstock::files
