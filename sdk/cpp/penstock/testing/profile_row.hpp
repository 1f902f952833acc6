// Rows for a sink and profiles out of it, as plain values.
#pragma once

#include <penstock/builder.hpp>
#include <penstock/reader.hpp>
#include <penstock/sink.h>

#include <cstring>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <vector>

namespace penstock::testing {

// A value, exactly: a number's bytes, a string's bytes, a list's items each after its length; nullopt is null. Equal cells
// are the same bits, so NaN equals itself and -0.0 is not 0.0.
using Cell = std::optional<std::string>;

template <class T>
std::string raw(T value) {
  std::string bytes(sizeof value, 0);
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}
inline std::string raw(std::string value) { return value; }
inline std::string raw(const char* value) { return value; }

template <class T>
Cell cell(T value) {
  return raw(std::move(value));
}

template <class T>
Cell list_cell(const std::vector<T>& items) {
  std::string bytes;
  for (const auto& item : items) {
    const std::string one = raw(static_cast<T>(item));
    bytes += raw(static_cast<uint32_t>(one.size())) + one;
  }
  return bytes;
}

namespace detail {
inline std::string big_endian(uint64_t value) {
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift);
  return bytes;
}

template <class T>
T from_raw(const std::string& bytes) {
  T value;
  if (bytes.size() != sizeof value) throw std::runtime_error("a cell does not fit its field's type");
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

inline void append_cell(ColumnBuilder& column, const std::string& bytes) {
  switch (column.field().type) {
    case Type::boolean: return column.append(from_raw<bool>(bytes));
    case Type::int32: return column.append(from_raw<int32_t>(bytes));
    case Type::float32: return column.append(from_raw<float>(bytes));
    case Type::float64: return column.append(from_raw<double>(bytes));
    case Type::int64:
    case Type::timestamp_ns: return column.append(from_raw<int64_t>(bytes));
    case Type::list: {
      for (size_t at = 0; at < bytes.size();) {
        const auto size = from_raw<uint32_t>(bytes.substr(at, 4));
        append_cell(column.item(), bytes.substr(at + 4, size));
        at += 4 + size;
      }
      return column.end_list();
    }
    default: return column.append_bytes(bytes);
  }
}

inline std::string raw_value(const ColumnView& column, int64_t row) {
  switch (column.field().type) {
    case Type::boolean: return raw(column.value<bool>(row));
    case Type::int32: return raw(column.value<int32_t>(row));
    case Type::float32: return raw(column.value<float>(row));
    case Type::float64: return raw(column.value<double>(row));
    case Type::int64:
    case Type::timestamp_ns: return raw(column.value<int64_t>(row));
    case Type::list: {
      std::string bytes;
      const auto [begin, end] = column.list_range(row);
      const ColumnView items = column.items();
      for (int64_t i = begin; i < end; ++i) {
        const std::string one = raw_value(items, i);
        bytes += raw(static_cast<uint32_t>(one.size())) + one;
      }
      return bytes;
    }
    default: return std::string(column.bytes(row));
  }
}

inline void print_hex(std::ostream& out, const std::optional<std::string>& bytes) {
  if (!bytes) out << "null";
  for (const char c : bytes.value_or("")) out << "0123456789abcdef"[(c >> 4) & 15] << "0123456789abcdef"[c & 15];
}
}  // namespace detail

// An order key of 24 bytes: a time, the fence, the hash of the values; without one, a hash of the time's own.
inline std::string order_key(int64_t time, uint64_t fence = 1, std::optional<uint64_t> hash = {}) {
  return detail::big_endian(static_cast<uint64_t>(time) ^ (uint64_t{1} << 63)) + detail::big_endian(fence) +
         detail::big_endian(hash.value_or(static_cast<uint64_t>(time)));
}

struct ProfileRow {
  std::string key;
  std::string order;
  std::vector<Cell> cells;
};

struct Profile {
  int state = PENSTOCK_PROFILE_MISSING;
  std::optional<std::string> order = {};
  std::optional<int64_t> ttl_ms = {};
  std::vector<Cell> cells = {};
  bool operator==(const Profile&) const = default;
};

inline std::ostream& operator<<(std::ostream& out, const Profile& profile) {
  out << "{state " << profile.state << ", ttl " << (profile.ttl_ms ? std::to_string(*profile.ttl_ms) : "none") << ", order ";
  detail::print_hex(out, profile.order);
  for (const Cell& one : profile.cells) detail::print_hex(out << ", ", one);
  return out << "}";
}

// A profile that is there and never expires.
inline Profile found(const ProfileRow& row) { return {PENSTOCK_PROFILE_FOUND, row.order, {}, row.cells}; }
inline Profile missing(size_t fields) { return {PENSTOCK_PROFILE_MISSING, {}, {}, std::vector<Cell>(fields)}; }

// The columns "penstock.key" and "penstock.order", then the fields.
inline Schema batch_schema(const Schema& fields, int64_t order_size) {
  Field order{"penstock.order", Type::fixed_binary};
  order.width = static_cast<int32_t>(order_size);
  Schema schema{{"penstock.key", Type::binary}, order};
  schema.insert(schema.end(), fields.begin(), fields.end());
  return schema;
}

// A batch as a sink gets it, which the caller releases. The first `skip` rows are there only as columns with an offset.
inline void make_batch(const Schema& schema, const std::vector<ProfileRow>& rows, ArrowArray* out, int64_t skip = 0) {
  BatchBuilder builder(schema);
  for (const ProfileRow& row : rows) {
    builder[0].append_bytes(row.key);
    if (row.order.size() != static_cast<size_t>(schema[1].width)) throw std::runtime_error("an order key has another width");
    builder[1].append_bytes(row.order);
    for (size_t i = 0; i + 2 < schema.size(); ++i) {
      if (row.cells.at(i))
        detail::append_cell(builder[i + 2], *row.cells[i]);
      else
        builder[i + 2].append_null();
    }
  }
  builder.finish(out);
  out->length -= skip;
  for (int64_t i = 0; i < out->n_children; ++i) {
    out->children[i]->offset += skip;
    out->children[i]->length -= skip;
  }
}

// The answer to a lookup as profiles.
inline std::vector<Profile> profiles_from(const Schema& fields, const ArrowArray& array) {
  Schema columns{{"penstock.state", Type::int8}, {"penstock.order", Type::binary}, {"penstock.ttl_ms", Type::int64}};
  columns.insert(columns.end(), fields.begin(), fields.end());
  const BatchView batch(columns, array);
  std::vector<Profile> out;
  for (int64_t row = 0; row < batch.rows(); ++row) {
    Profile profile;
    profile.state = batch[0].value<int8_t>(row);
    if (!batch[1].is_null(row)) profile.order = batch[1].bytes(row);
    if (!batch[2].is_null(row)) profile.ttl_ms = batch[2].value<int64_t>(row);
    for (size_t i = 3; i < batch.columns(); ++i)
      profile.cells.push_back(batch[i].is_null(row) ? Cell{} : Cell{detail::raw_value(batch[i], row)});
    out.push_back(std::move(profile));
  }
  return out;
}

}  // namespace penstock::testing
