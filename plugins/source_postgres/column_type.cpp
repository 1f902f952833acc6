#include "column_type.hpp"

#include "big_endian.hpp"
#include "numeric_text.hpp"

#include <limits>

namespace penstock::postgres {
namespace {

// PostgreSQL counts from 2000-01-01.
constexpr int32_t kEpochDays = 10957;
constexpr int64_t kEpochMicroseconds = int64_t{kEpochDays} * 86'400'000'000;

// OIDs of built-in types never change.
struct Known {
  uint32_t oid;
  Wire wire;
};
constexpr Known kScalars[] = {
    {16, Wire::boolean},
    {17, Wire::bytes},
    {19, Wire::text} /* name */,
    {20, Wire::int8},
    {21, Wire::int2},
    {23, Wire::int4},
    {25, Wire::text},
    {26, Wire::oid},
    {114, Wire::text} /* json */,
    {700, Wire::float4},
    {701, Wire::float8},
    {1042, Wire::text} /* char(n) */,
    {1043, Wire::text} /* varchar */,
    {1082, Wire::date},
    {1114, Wire::timestamp},
    {1184, Wire::timestamptz},
    {1700, Wire::numeric},
    {2950, Wire::uuid},
    {5069, Wire::xid8},
};
constexpr Known kArrays[] = {
    {1000, Wire::boolean}, {1005, Wire::int2}, {1007, Wire::int4}, {1016, Wire::int8},        {1021, Wire::float4},
    {1022, Wire::float8},  {1009, Wire::text}, {1015, Wire::text}, {1185, Wire::timestamptz}, {2951, Wire::uuid},
};

constexpr uint32_t kJson = 114;

// Out of line, as is all below that needs room on the stack: append_scalar runs for every value.
[[noreturn, gnu::noinline, gnu::cold]] void fail_damaged(const ColumnBuilder& column) {
  throw Error(PENSTOCK_STATUS_DATA_LOSS, PENSTOCK_RETRY_RECONNECT,
              "column \"" + column.field().name + "\": the server sent bytes that are no value of the column's type");
}

template <class T>
T number(std::string_view bytes, const ColumnBuilder& column) {
  if (bytes.size() != sizeof(T)) fail_damaged(column);
  return load_big_endian<T>(bytes.data());
}

// Infinities and what lies beyond the Arrow range stay the extreme numbers, which are no valid time to anybody.
int64_t unix_microseconds(int64_t postgres_microseconds) {
  int64_t out = 0;
  if (postgres_microseconds == std::numeric_limits<int64_t>::min() ||
      __builtin_add_overflow(postgres_microseconds, kEpochMicroseconds, &out))
    return postgres_microseconds < 0 ? std::numeric_limits<int64_t>::min() : std::numeric_limits<int64_t>::max();
  return out;
}

int32_t unix_days(int32_t postgres_days) {
  int32_t out = 0;
  if (postgres_days == std::numeric_limits<int32_t>::min() || __builtin_add_overflow(postgres_days, kEpochDays, &out))
    return postgres_days < 0 ? std::numeric_limits<int32_t>::min() : std::numeric_limits<int32_t>::max();
  return out;
}

[[gnu::noinline]] void append_uuid(std::string_view bytes, ColumnBuilder& column) {
  if (bytes.size() != 16) fail_damaged(column);
  static constexpr char kDigits[] = "0123456789abcdef";
  char text[36];
  char* out = text;
  for (size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) *out++ = '-';
    const auto byte = static_cast<uint8_t>(bytes[i]);
    *out++ = kDigits[byte >> 4];
    *out++ = kDigits[byte & 15];
  }
  column.append_bytes({text, sizeof text});
}

[[gnu::noinline]] void append_numeric(std::string_view bytes, ColumnBuilder& column) {
  const auto text = numeric_text(bytes);
  if (!text) fail_damaged(column);
  column.append_bytes(*text);
}

void append_scalar(Wire wire, std::string_view bytes, ColumnBuilder& column) {
  switch (wire) {
    case Wire::text:
    case Wire::bytes: return column.append_bytes(bytes);
    case Wire::boolean: return column.append(number<uint8_t>(bytes, column) != 0);
    case Wire::int2: return column.append(number<int16_t>(bytes, column));
    case Wire::int4: return column.append(number<int32_t>(bytes, column));
    case Wire::oid: return column.append(number<uint32_t>(bytes, column));
    case Wire::int8:
    case Wire::xid8: return column.append(number<int64_t>(bytes, column));
    case Wire::float4: return column.append_bits(number<uint32_t>(bytes, column));
    case Wire::float8: return column.append_bits(number<uint64_t>(bytes, column));
    case Wire::numeric: return append_numeric(bytes, column);
    case Wire::uuid: return append_uuid(bytes, column);
    case Wire::date: return column.append(unix_days(number<int32_t>(bytes, column)));
    case Wire::timestamp:
    case Wire::timestamptz: return column.append(unix_microseconds(number<int64_t>(bytes, column)));
    case Wire::array: fail_damaged(column);
  }
}

// Layout: dimensions, flags, element type, then length and lower bound a dimension, then the elements with their sizes.
[[gnu::noinline]] void append_array(Wire item, std::string_view bytes, ColumnBuilder& column) {
  constexpr size_t kHeader = 12, kDimension = 8;
  if (bytes.size() < kHeader) fail_damaged(column);
  const auto dimensions = load_big_endian<int32_t>(bytes.data());
  if (dimensions == 0) return column.end_list();
  if (dimensions != 1) {
    column.item().append_null();
    return column.end_list();
  }
  if (bytes.size() < kHeader + kDimension) fail_damaged(column);
  const auto length = load_big_endian<int32_t>(bytes.data() + kHeader);
  bytes.remove_prefix(kHeader + kDimension);
  for (int32_t i = 0; i < length; ++i) {
    if (bytes.size() < 4) fail_damaged(column);
    const auto size = load_big_endian<int32_t>(bytes.data());
    bytes.remove_prefix(4);
    if (size < 0) {
      column.item().append_null();
      continue;
    }
    if (bytes.size() < static_cast<size_t>(size)) fail_damaged(column);
    append_scalar(item, bytes.substr(0, static_cast<size_t>(size)), column.item());
    bytes.remove_prefix(static_cast<size_t>(size));
  }
  if (!bytes.empty()) fail_damaged(column);
  column.end_list();
}

Field scalar_field(std::string name, Wire wire) {
  switch (wire) {
    case Wire::boolean: return {std::move(name), Type::boolean};
    case Wire::bytes: return {std::move(name), Type::binary};
    case Wire::int2: return {std::move(name), Type::int16};
    case Wire::int4: return {std::move(name), Type::int32};
    case Wire::int8:
    case Wire::xid8: return {std::move(name), Type::int64};
    case Wire::oid: return {std::move(name), Type::uint32};
    case Wire::float4: return {std::move(name), Type::float32};
    case Wire::float8: return {std::move(name), Type::float64};
    case Wire::date: return {std::move(name), Type::date32};
    case Wire::timestamp: return {std::move(name), Type::timestamp_us};
    case Wire::timestamptz: return instant(std::move(name));
    case Wire::text:
    case Wire::numeric:
    case Wire::uuid:
    case Wire::array: break;
  }
  return {std::move(name), Type::utf8};
}

}  // namespace

ColumnType column_type(uint32_t oid) {
  for (const Known& known : kScalars) {
    if (known.oid != oid) continue;
    const bool is_text = known.wire == Wire::text;
    return {.wire = known.wire, .cast_to_text = false, .orderable = oid != kJson, .is_text = is_text};
  }
  for (const Known& known : kArrays)
    if (known.oid == oid) return {.wire = Wire::array, .item = known.wire, .cast_to_text = false};
  return {};
}

Field field_for(std::string name, const ColumnType& type) {
  if (type.wire != Wire::array) return scalar_field(std::move(name), type.wire);
  return {std::move(name), Type::list, {}, 0, 0, 0, {scalar_field("item", type.item)}};
}

void append_value(const ColumnType& type, std::string_view bytes, ColumnBuilder& column) {
  if (type.wire == Wire::array) return append_array(type.item, bytes, column);
  append_scalar(type.wire, bytes, column);
}

}  // namespace penstock::postgres
