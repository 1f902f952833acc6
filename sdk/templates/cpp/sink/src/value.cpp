#include "value.hpp"

#include <cstring>

namespace connector {
namespace {

using penstock::Type;

bool is_storable_type(Type type) {
  switch (type) {
    case Type::binary:
    case Type::utf8:
    case Type::int32:
    case Type::int64:
    case Type::float64:
    case Type::float32:
    case Type::boolean:
    case Type::timestamp_ns: return true;
    default: return false;
  }
}

template <class T>
std::string bytes_of(T value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof value);
}

template <class T>
T value_of(std::string_view bytes) {
  T value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

}  // namespace

bool is_storable(const penstock::Field& field) {
  return field.type == Type::list ? is_storable_type(field.children.at(0).type) : is_storable_type(field.type);
}

std::string format_of(const penstock::Field& field) {
  return field.type == Type::list ? "+l:" + penstock::arrow_format(field.children.at(0)) : penstock::arrow_format(field);
}

std::string packed(const penstock::ColumnView& column, int64_t row) {
  switch (column.field().type) {
    case Type::boolean: return bytes_of(column.value<bool>(row));
    case Type::int32: return bytes_of(column.value<int32_t>(row));
    case Type::int64:
    case Type::timestamp_ns: return bytes_of(column.value<int64_t>(row));
    case Type::float32: return bytes_of(column.value<float>(row));
    case Type::float64: return bytes_of(column.value<double>(row));
    case Type::list: {
      // Each item after its size.
      std::string list;
      const penstock::ColumnView items = column.items();
      const auto [begin, end] = column.list_range(row);
      for (int64_t i = begin; i < end; ++i) {
        const std::string item = packed(items, i);
        list += bytes_of(static_cast<uint32_t>(item.size())) + item;
      }
      return list;
    }
    default: return std::string(column.bytes(row));
  }
}

void append_packed(penstock::ColumnBuilder& column, std::string_view bytes) {
  switch (column.field().type) {
    case Type::boolean: return column.append(value_of<bool>(bytes));
    case Type::int32: return column.append(value_of<int32_t>(bytes));
    case Type::int64:
    case Type::timestamp_ns: return column.append(value_of<int64_t>(bytes));
    case Type::float32: return column.append(value_of<float>(bytes));
    case Type::float64: return column.append(value_of<double>(bytes));
    case Type::list:
      while (!bytes.empty()) {
        const auto size = value_of<uint32_t>(bytes);
        append_packed(column.item(), bytes.substr(sizeof size, size));
        bytes.remove_prefix(sizeof size + size);
      }
      return column.end_list();
    default: return column.append_bytes(bytes);
  }
}

}  // namespace connector
