#include "sink_redis/packed_profile.hpp"

#include "sink_redis/errors.hpp"
#include "sink_redis/resp.hpp"

#include <penstock/sink.hpp>

#include <charconv>

namespace penstock::redis {
namespace {

constexpr size_t kVarintBytes = 10;  // at most

ValueKind kind_of(Type type) {
  switch (type) {
    case Type::boolean: return ValueKind::boolean;
    case Type::int32: return ValueKind::int32;
    case Type::int64: return ValueKind::int64;
    case Type::float32: return ValueKind::float32;
    case Type::float64: return ValueKind::float64;
    case Type::timestamp_ns: return ValueKind::instant;
    case Type::utf8: return ValueKind::string;
    default: return ValueKind::bytes;
  }
}

uint8_t* put_varint(uint8_t* at, uint64_t value) {
  for (; value >= 128; value >>= 7) *at++ = static_cast<uint8_t>(value | 128);
  *at++ = static_cast<uint8_t>(value);
  return at;
}

// Small numbers of either sign are short.
uint8_t* put_signed(uint8_t* at, int64_t value) {
  return put_varint(at, static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63));
}

template <class T>
uint8_t* put_fixed(uint8_t* at, T value) {
  std::memcpy(at, &value, sizeof value);
  if constexpr (std::endian::native == std::endian::big) std::reverse(at, at + sizeof value);
  return at + sizeof value;
}

uint8_t* put_text(uint8_t* at, std::string_view text) {
  at = put_varint(at, text.size());
  if (!text.empty()) std::memcpy(at, text.data(), text.size());
  return at + text.size();
}

uint8_t* put_item(uint8_t* at, ValueKind kind, const ColumnView& values, int64_t row) {
  switch (kind) {
    case ValueKind::boolean: *at = values.value<bool>(row) ? 1 : 0; return at + 1;
    case ValueKind::int32: return put_signed(at, values.value<int32_t>(row));
    case ValueKind::int64: return put_signed(at, values.value<int64_t>(row));
    case ValueKind::float32: return put_fixed(at, values.value<float>(row));
    case ValueKind::float64: return put_fixed(at, values.value<double>(row));
    case ValueKind::instant: return put_fixed(at, values.value<int64_t>(row));
    case ValueKind::string:
    case ValueKind::bytes: return put_text(at, values.bytes(row));
  }
  return at;
}

size_t item_bound(ValueKind kind) {
  switch (kind) {
    case ValueKind::boolean: return 1;
    case ValueKind::int32: return 5;
    case ValueKind::int64: return kVarintBytes;
    case ValueKind::float32: return 4;
    case ValueKind::float64:
    case ValueKind::instant: return 8;
    case ValueKind::string:
    case ValueKind::bytes: return 5;  // and the bytes, of which a column has less than 2^31
  }
  return 0;
}

bool is_text(ValueKind kind) { return kind == ValueKind::string || kind == ValueKind::bytes; }

}  // namespace

ValueType value_type_of(const Field& field) {
  if (field.type == Type::list) return {kind_of(field.children.at(0).type), true};
  return {kind_of(field.type), false};
}

std::vector<StoredField> stored_fields(const Schema& schema, size_t first) {
  std::vector<StoredField> fields;
  for (size_t i = first; i < schema.size(); ++i) fields.push_back({schema[i].name, value_type_of(schema[i])});
  return fields;
}

ProfilePacker::ProfilePacker(const Schema& schema, int64_t order_size) {
  const std::vector<StoredField> fields = stored_fields(schema, kFirstFieldColumn);
  for (const StoredField& field : fields) {
    types_.push_back(field.type);
    if (field.name.find('\n') != std::string::npos)
      throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "the field \"" + printable(field.name) + "\" has a line end in its name, which layout = \"packed\" cannot store");
  }
  if (order_size > static_cast<int64_t>(kMaxPackedOrderBytes))
    throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "the order key takes " + std::to_string(order_size) + " bytes; layout = \"packed\" has room for " +
                                                      std::to_string(kMaxPackedOrderBytes));
  fields_text_ = stored_fields_text(fields);
  const auto width = static_cast<size_t>(order_size);
  start_ = kPackedMark;
  start_ += kPackedWithoutNulls;
  start_ += static_cast<char>(width);
  start_.resize(kPackedHeadBytes + width + kPackedChecksumBytes);
  put_fixed(reinterpret_cast<uint8_t*>(start_.data()) + kPackedHeadBytes + width, stored_fields_checksum(fields_text_));
}

void ProfilePacker::bind(const BatchView& batch) {
  columns_.clear();
  order_.assign(1, batch[kOrderColumn]);
  for (size_t i = 0; i < types_.size(); ++i) {
    columns_.push_back({batch[kFirstFieldColumn + i], {}, types_[i]});
    if (types_[i].list) columns_[i].items.push_back(columns_[i].values.items());
  }
}

size_t ProfilePacker::number_bound(size_t field) const { return item_bound(types_[field].kind); }

size_t ProfilePacker::value_bound(size_t field, int64_t row) const {
  const Column& column = columns_[field];
  if (column.values.is_null(row)) return 0;
  const size_t item = item_bound(column.type.kind);
  if (!column.type.list) return item + (is_text(column.type.kind) ? column.values.bytes(row).size() : 0);
  const auto [begin, end] = column.values.list_range(row);
  size_t size = kVarintBytes + item * static_cast<size_t>(end - begin);
  if (is_text(column.type.kind))
    for (int64_t i = begin; i < end; ++i) size += column.items[0].bytes(i).size();
  return size;
}

void ProfilePacker::append_to(Buffer& out, int64_t row, size_t bound) const {
  bool any_null = false;
  for (const Column& column : columns_) any_null = any_null || column.values.is_null(row);
  const size_t nulls_bytes = any_null ? (columns_.size() + 7) / 8 : 0;
  const size_t most = start_.size() + nulls_bytes + bound;
  // The size has to be written before the value is known; most rows are as long in digits as they may at most be.
  char digits[24];
  const size_t digits_size = static_cast<size_t>(std::to_chars(digits, digits + sizeof digits, most).ptr - digits);
  const size_t begin = out.size();
  uint8_t* const frame = out.extend(1 + digits_size + 2 + most + 2);
  uint8_t* const value = frame + 1 + digits_size + 2;
  std::memcpy(value, start_.data(), start_.size());
  const std::string_view order = order_[0].bytes(row);
  std::memcpy(value + kPackedHeadBytes, order.data(), order.size());
  if (any_null) value[kPackedFormAt] = kPackedWithNulls;
  uint8_t* const nulls = value + start_.size();
  std::memset(nulls, 0, nulls_bytes);
  uint8_t* at = nulls + nulls_bytes;
  for (size_t i = 0; i < columns_.size(); ++i) {
    const Column& column = columns_[i];
    if (column.values.is_null(row)) {
      nulls[i / 8] |= static_cast<uint8_t>(1u << (i % 8));
    } else if (!column.type.list) {
      at = put_item(at, column.type.kind, column.values, row);
    } else {
      const auto [first, last] = column.values.list_range(row);
      at = put_varint(at, static_cast<uint64_t>(last - first));
      for (int64_t k = first; k < last; ++k) at = put_item(at, column.type.kind, column.items[0], k);
    }
  }
  const auto size = static_cast<size_t>(at - value);
  frame[0] = '$';
  const size_t written = static_cast<size_t>(std::to_chars(digits, digits + sizeof digits, size).ptr - digits);
  std::memcpy(frame + 1, digits, written);
  uint8_t* const start = frame + 1 + written + 2;
  start[-2] = '\r';
  start[-1] = '\n';
  if (start != value) std::memmove(start, value, size);
  start[size] = '\r';
  start[size + 1] = '\n';
  out.truncate(begin + 1 + written + 2 + size + 2);
}

}  // namespace penstock::redis
