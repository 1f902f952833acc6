// Column types and schemas in C++, and their Arrow form.
#pragma once

#include <penstock/arrow.h>
#include <penstock/error.hpp>

#include <cstdlib>
#include <memory>

namespace penstock {

enum class Type : uint8_t {
  null,
  boolean,
  int8,
  int16,
  int32,
  int64,
  uint8,
  uint16,
  uint32,
  uint64,
  float32,
  float64,
  decimal128,    // precision, scale; 16 bytes, little-endian
  utf8,          // 32-bit offsets
  binary,        // 32-bit offsets
  fixed_binary,  // width
  date32,        // days since the epoch
  timestamp_s,   // timestamps: `timezone` empty means naive
  timestamp_ms,
  timestamp_us,
  timestamp_ns,
  list,  // 32-bit offsets; children[0]
};

struct Field {
  std::string name = {};
  Type type = Type::null;
  std::string timezone = {};  // timestamps: "UTC" for instants, empty for naive ones
  int32_t precision = 0;
  int32_t scale = 0;
  int32_t width = 0;
  std::vector<Field> children = {};

  bool operator==(const Field&) const = default;
};

inline Field list_of(std::string name, Type item) { return {std::move(name), Type::list, {}, 0, 0, 0, {{"item", item}}}; }
inline Field instant(std::string name, Type unit = Type::timestamp_us) { return {std::move(name), unit, "UTC"}; }

using Schema = std::vector<Field>;

// For messages: "int64".
constexpr const char* type_name(Type type) {
  constexpr const char* kNames[] = {"null",    "boolean", "int8",   "int16",       "int32",        "int64",        "uint8",        "uint16",
                                    "uint32",  "uint64",  "float32", "float64",    "decimal128",   "utf8",         "binary",       "fixed_binary",
                                    "date32",  "timestamp_s", "timestamp_ms", "timestamp_us", "timestamp_ns", "list"};
  return kNames[static_cast<size_t>(type)];
}

inline std::string arrow_format(const Field& field) {
  switch (field.type) {
    case Type::null: return "n";
    case Type::boolean: return "b";
    case Type::int8: return "c";
    case Type::int16: return "s";
    case Type::int32: return "i";
    case Type::int64: return "l";
    case Type::uint8: return "C";
    case Type::uint16: return "S";
    case Type::uint32: return "I";
    case Type::uint64: return "L";
    case Type::float32: return "f";
    case Type::float64: return "g";
    case Type::decimal128: return "d:" + std::to_string(field.precision) + "," + std::to_string(field.scale);
    case Type::utf8: return "u";
    case Type::binary: return "z";
    case Type::fixed_binary: return "w:" + std::to_string(field.width);
    case Type::date32: return "tdD";
    case Type::timestamp_s: return "tss:" + field.timezone;
    case Type::timestamp_ms: return "tsm:" + field.timezone;
    case Type::timestamp_us: return "tsu:" + field.timezone;
    case Type::timestamp_ns: return "tsn:" + field.timezone;
    case Type::list: return "+l";
  }
  return "";
}

// A Field from an Arrow schema node; throws INVALID_ARGUMENT for a format outside the enum above.
inline Field field_from(const ArrowSchema& schema) {
  const std::string_view format = schema.format == nullptr ? "" : schema.format;
  Field field{schema.name == nullptr ? "" : schema.name};
  const auto unsupported = [&] {
    return Error(PENSTOCK_STATUS_INVALID_ARGUMENT,
                 "column \"" + field.name + "\" has the unsupported Arrow format \"" + std::string(format) + "\"");
  };
  if (format.size() == 1) {
    static constexpr std::string_view kLetters = "nbcsilCSILfguz";
    static constexpr Type kTypes[] = {Type::null,   Type::boolean, Type::int8,   Type::int16,  Type::int32,
                                      Type::int64,  Type::uint8,   Type::uint16, Type::uint32, Type::uint64,
                                      Type::float32, Type::float64, Type::utf8,   Type::binary};
    const size_t at = kLetters.find(format[0]);
    if (at == std::string_view::npos) throw unsupported();
    field.type = kTypes[at];
  } else if (format.starts_with("w:")) {
    field.type = Type::fixed_binary;
    field.width = std::atoi(format.data() + 2);
    if (field.width < 1) throw unsupported();
  } else if (format.starts_with("d:")) {
    field.type = Type::decimal128;
    const size_t comma = format.find(',');
    if (comma == std::string_view::npos || format.find(',', comma + 1) != std::string_view::npos) throw unsupported();
    field.precision = std::atoi(format.data() + 2);
    field.scale = std::atoi(format.data() + comma + 1);
    // The scale decides how long a value's text is.
    if (field.precision < 1 || field.precision > 38 || field.scale < -38 || field.scale > 38) throw unsupported();
  } else if (format == "tdD") {
    field.type = Type::date32;
  } else if (format.size() >= 4 && format.starts_with("ts") && format[3] == ':') {
    const size_t at = std::string_view("smun").find(format[2]);
    if (at == std::string_view::npos) throw unsupported();
    field.type = static_cast<Type>(static_cast<int>(Type::timestamp_s) + static_cast<int>(at));
    field.timezone = format.substr(4);
  } else if (format == "+l") {
    field.type = Type::list;
    if (schema.n_children != 1 || schema.children == nullptr) throw unsupported();
    field.children.push_back(field_from(*schema.children[0]));
  } else {
    throw unsupported();
  }
  return field;
}

inline Schema schema_from(const ArrowSchema& schema) {
  if (schema.format == nullptr || std::string_view(schema.format) != "+s")
    throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "the Arrow schema is not a struct");
  Schema fields;
  for (int64_t i = 0; i < schema.n_children; ++i) fields.push_back(field_from(*schema.children[i]));
  return fields;
}

namespace detail {
struct SchemaNode {
  std::string format;
  std::string name;
  std::vector<ArrowSchema> children;
  std::vector<ArrowSchema*> pointers;

  SchemaNode() = default;
  SchemaNode(const SchemaNode&) = delete;
  SchemaNode& operator=(const SchemaNode&) = delete;
  // Also when memory ran out after some of the children. A consumer may have moved a child out; what still has `release` is ours.
  ~SchemaNode() {
    for (ArrowSchema& child : children)
      if (child.release != nullptr) child.release(&child);
  }
};

inline void export_node(std::string format, std::string name, const std::vector<Field>& children, ArrowSchema* out) {
  auto node = std::make_unique<SchemaNode>();
  node->format = std::move(format);
  node->name = std::move(name);
  node->children.resize(children.size());
  for (size_t i = 0; i < children.size(); ++i) {
    export_node(arrow_format(children[i]), children[i].name, children[i].children, &node->children[i]);
    node->pointers.push_back(&node->children[i]);
  }
  *out = {};
  out->format = node->format.c_str();
  out->name = node->name.c_str();
  out->flags = ARROW_FLAG_NULLABLE;
  out->n_children = static_cast<int64_t>(node->children.size());
  out->children = node->pointers.empty() ? nullptr : node->pointers.data();
  out->release = [](ArrowSchema* schema) {
    delete static_cast<SchemaNode*>(schema->private_data);
    schema->release = nullptr;
  };
  out->private_data = node.release();
}
}  // namespace detail

// Writes the schema as an Arrow struct that the receiver owns.
inline void export_schema(const Schema& schema, ArrowSchema* out) { detail::export_node("+s", "", schema, out); }

}  // namespace penstock
