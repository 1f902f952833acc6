#include "profile.hpp"

#include <set>

namespace penstock::memory {
namespace {

// Bytes of a value of fixed size; 0: a string. A bool takes one.
size_t fixed_size(Type type) {
  switch (type) {
    case Type::boolean: return 1;
    case Type::int32:
    case Type::float32: return 4;
    case Type::int64:
    case Type::float64:
    case Type::timestamp_ns: return 8;
    default: return 0;
  }
}

bool is_value_type(Type type) { return type == Type::utf8 || type == Type::binary || fixed_size(type) != 0; }

template <class T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

template <class T>
T take(const char*& at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  at += sizeof value;
  return value;
}

void pack_value(std::string& out, const ColumnView& column, int64_t row) {
  switch (column.field().type) {
    case Type::boolean: return put(out, static_cast<char>(column.value<bool>(row)));
    case Type::int32:
    case Type::float32: return put(out, column.value<int32_t>(row));
    case Type::int64:
    case Type::float64:
    case Type::timestamp_ns: return put(out, column.value<int64_t>(row));
    default: {
      const std::string_view bytes = column.bytes(row);
      put(out, static_cast<uint32_t>(bytes.size()));
      out += bytes;
    }
  }
}

// Appends the value at `at` to the column, or only steps over it when there is no column.
void take_value(const char*& at, Type type, ColumnBuilder* column) {
  size_t size = fixed_size(type);
  if (size == 0) size = take<uint32_t>(at);
  const char* bytes = at;
  at += size;
  if (column == nullptr) return;
  switch (type) {
    case Type::boolean: return column->append(*bytes != 0);
    case Type::int32:
    case Type::float32: return column->append_bits(take<int32_t>(bytes));
    case Type::int64:
    case Type::float64:
    case Type::timestamp_ns: return column->append_bits(take<int64_t>(bytes));
    default: return column->append_bytes({bytes, size});
  }
}

}  // namespace

RowPacker::RowPacker(const BatchView& batch, size_t first_column) {
  for (size_t i = first_column; i < batch.columns(); ++i) {
    columns_.push_back({batch[i], {}});
    if (batch[i].field().type == Type::list) columns_.back().items.push_back(batch[i].items());
  }
}

std::string RowPacker::pack(int64_t row) const {
  std::string out;
  for (const Column& column : columns_) {
    const bool null = column.values.is_null(row);
    put(out, static_cast<char>(null ? 0 : 1));
    if (null) continue;
    if (column.items.empty()) {
      pack_value(out, column.values, row);
      continue;
    }
    const auto [begin, end] = column.values.list_range(row);
    put(out, static_cast<uint32_t>(end - begin));
    for (int64_t i = begin; i < end; ++i) pack_value(out, column.items[0], i);
  }
  out.shrink_to_fit();
  return out;
}

void unpack(const std::string& packed, const Schema& packed_fields, const std::vector<size_t>& wanted, BatchBuilder& out, size_t first) {
  std::vector<const char*> starts;
  const char* at = packed.data();
  for (const Field& field : packed_fields) {
    starts.push_back(at);
    if (take<char>(at) == 0) continue;
    const bool list = field.type == Type::list;
    const Type type = list ? field.children[0].type : field.type;
    for (uint32_t n = list ? take<uint32_t>(at) : 1; n > 0; --n) take_value(at, type, nullptr);
  }
  for (size_t i = 0; i < wanted.size(); ++i) {
    ColumnBuilder& column = out[first + i];
    const char* value = wanted[i] == kAbsent ? nullptr : starts[wanted[i]];
    if (value == nullptr || take<char>(value) == 0) {
      column.append_null();
    } else if (column.field().type == Type::list) {
      for (uint32_t n = take<uint32_t>(value); n > 0; --n) take_value(value, column.item().field().type, &column.item());
      column.end_list();
    } else {
      take_value(value, column.field().type, &column);
    }
  }
}

void check_fields(const Schema& schema, size_t first) {
  std::set<std::string_view> names;
  for (size_t i = first; i < schema.size(); ++i) {
    const Field& field = schema[i];
    if (field.name.empty() || !names.insert(field.name).second)
      throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "the field \"" + field.name + "\" has no name, or another field has the same");
    if (!is_value_type(field.type == Type::list ? field.children.at(0).type : field.type))
      throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT,
                  "the field \"" + field.name + "\" has the type \"" + arrow_format(field) + "\", which cannot be stored");
  }
}

}  // namespace penstock::memory
