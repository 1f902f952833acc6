// Packed values and profiles: the form of layout "packed", see docs/redis-layout.md. Needs nothing but the standard library;
// programs that read whole profiles use <penstock/stored_profile.hpp>.
#pragma once

#include <penstock/stored_value.hpp>

#include <algorithm>
#include <bit>
#include <cstring>
#include <type_traits>
#include <vector>

namespace penstock {
namespace stored {

// The bytes that are left; each function takes some from the front, and false means that they are not there.
struct PackedBytes {
  const uint8_t* at;
  const uint8_t* end;

  explicit PackedBytes(std::string_view bytes)
      : at(reinterpret_cast<const uint8_t*>(bytes.data())), end(reinterpret_cast<const uint8_t*>(bytes.data()) + bytes.size()) {}

  size_t left() const { return static_cast<size_t>(end - at); }
  bool skip(uint64_t size) { return size <= left() && (at += size, true); }
  template <class T>
  bool take(T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    if (left() < sizeof value) return false;
    uint8_t bytes[sizeof value];
    std::memcpy(bytes, at, sizeof value);
    if constexpr (std::endian::native == std::endian::big) std::reverse(bytes, bytes + sizeof value);
    std::memcpy(&value, bytes, sizeof value);
    return skip(sizeof value);
  }
  // Seven bits a byte, the least significant first, all but the last marked by the top bit.
  bool take_varint(uint64_t& value) {
    value = 0;
    for (int shift = 0; shift < 64 && at < end; shift += 7) {
      const uint8_t byte = *at++;
      if (shift == 63 && byte > 1) return false;
      value |= static_cast<uint64_t>(byte & 127) << shift;
      if (byte < 128) return true;
    }
    return false;
  }
  bool take_bytes(std::string_view& bytes) {
    uint64_t size = 0;
    if (!take_varint(size) || size > left()) return false;
    bytes = {reinterpret_cast<const char*>(at), static_cast<size_t>(size)};
    return skip(size);
  }
  // A number whose sign is its lowest bit: 0, -1, 1, -2, …
  template <class T>
  bool take_signed(T& value) {
    uint64_t bits = 0;
    if (!take_varint(bits)) return false;
    const auto wide = static_cast<int64_t>(bits >> 1) ^ -static_cast<int64_t>(bits & 1);
    value = static_cast<T>(wide);
    return value == wide;
  }
};

// Calls put(value) with the next value.
template <class Put>
bool take_packed_item(ValueKind kind, PackedBytes& in, const Put& put) {
  int32_t small = 0;
  int64_t wide = 0;
  double float64 = 0;
  float float32 = 0;
  uint8_t byte = 0;
  std::string_view bytes;
  switch (kind) {
    case ValueKind::boolean: return in.take(byte) && byte <= 1 && (put(byte == 1), true);
    case ValueKind::int32: return in.take_signed(small) && (put(small), true);
    case ValueKind::int64: return in.take_signed(wide) && (put(wide), true);
    case ValueKind::float32: return in.take(float32) && (put(float32), true);
    case ValueKind::float64: return in.take(float64) && (put(float64), true);
    case ValueKind::instant: return in.take(wide) && (put(wide), true);
    case ValueKind::string: return in.take_bytes(bytes) && is_utf8(bytes) && (put(bytes), true);
    case ValueKind::bytes: return in.take_bytes(bytes) && (put(bytes), true);
  }
  return false;
}

// Steps over the next value without looking at what it is.
inline bool skip_packed_item(ValueKind kind, PackedBytes& in) {
  uint64_t number = 0;
  std::string_view bytes;
  switch (kind) {
    case ValueKind::boolean: return in.skip(1);
    case ValueKind::int32:
    case ValueKind::int64: return in.take_varint(number);
    case ValueKind::float32: return in.skip(4);
    case ValueKind::float64:
    case ValueKind::instant: return in.skip(8);
    case ValueKind::string:
    case ValueKind::bytes: return in.take_bytes(bytes);
  }
  return false;
}

inline bool skip_packed(ValueType type, PackedBytes& in) {
  uint64_t items = 1;
  // An item takes a byte at least: what says that it has more of them than there are bytes is damaged.
  if (type.list && (!in.take_varint(items) || items > in.left())) return false;
  while (items-- > 0)
    if (!skip_packed_item(type.kind, in)) return false;
  return true;
}

template <class Put>
bool take_packed_list(ValueKind kind, PackedBytes in, const Put& put) {
  uint64_t items = 0;
  if (!in.take_varint(items)) return false;
  while (items-- > 0)
    if (!take_packed_item(kind, in, put)) return false;
  return in.left() == 0;
}

}  // namespace stored

// Appends the value that all of `bytes` are; false, with nothing appended, when they are not a value of the type. Out has the functions
// of ColumnBuilder: append(value), append_bytes(bytes), and for a list item() and end_list().
template <class Out>
bool append_packed_value(std::string_view bytes, ValueType type, Out& out) {
  if (!type.list) {
    stored::PackedBytes in(bytes), all(bytes);
    return stored::skip_packed(type, all) && all.left() == 0 && stored::take_packed_item(type.kind, in, stored::Append<Out>{out});
  }
  if (!stored::take_packed_list(type.kind, stored::PackedBytes(bytes), [](const auto&) {})) return false;
  stored::take_packed_list(type.kind, stored::PackedBytes(bytes), stored::Append<std::remove_reference_t<decltype(out.item())>>{out.item()});
  out.end_list();
  return true;
}

// Two bytes of mark, the form, the bytes of the order key; the order key, the fields' checksum, if the form says so a bit a field that is
// null, the values.
inline constexpr std::string_view kPackedMark = "\xf5P";  // no UTF-8 text begins so
inline constexpr char kPackedWithoutNulls = 1;
inline constexpr char kPackedWithNulls = 2;
inline constexpr size_t kPackedFormAt = 2;
inline constexpr size_t kPackedWidthAt = 3;
inline constexpr size_t kPackedHeadBytes = 4;
inline constexpr size_t kPackedChecksumBytes = 4;

struct StoredField {
  std::string name;
  ValueType type;
  bool operator==(const StoredField&) const = default;
};

// A line a field, "NAME type", as the marker of a view in layout "packed" has it.
inline std::string stored_fields_text(const std::vector<StoredField>& fields) {
  std::string text;
  for (const StoredField& field : fields) text += field.name + ' ' + value_type_name(field.type) + '\n';
  return text;
}

inline std::optional<std::vector<StoredField>> parse_stored_fields(std::string_view text) {
  std::vector<StoredField> fields;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const size_t space = text.substr(0, end).rfind(' ');
    if (end == std::string_view::npos || space == std::string_view::npos) return std::nullopt;
    const auto type = parse_value_type(text.substr(space + 1, end - space - 1));
    if (!type) return std::nullopt;
    fields.push_back({std::string(text.substr(0, space)), *type});
    text.remove_prefix(end + 1);
  }
  return fields;
}

// CRC-32 (that of zlib) of the fields' text: what was packed for other fields is not taken for what it is not.
inline uint32_t stored_fields_checksum(std::string_view text) {
  uint32_t crc = 0xffffffff;
  for (const char c : text) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320u : 0);
  }
  return ~crc;
}

// Finds the parts of packed profiles of one view.
class PackedReader {
 public:
  explicit PackedReader(const std::vector<StoredField>& fields) : checksum_(stored_fields_checksum(stored_fields_text(fields))) {
    for (const StoredField& field : fields) types_.push_back(field.type);
  }

  // The width of the order key of what begins as a packed profile does; nothing: it does not.
  static std::optional<size_t> order_width(std::string_view begin) {
    if (!begin.starts_with(kPackedMark) || begin.size() < kPackedHeadBytes) return std::nullopt;
    if (begin[kPackedFormAt] != kPackedWithoutNulls && begin[kPackedFormAt] != kPackedWithNulls) return std::nullopt;
    return static_cast<unsigned char>(begin[kPackedWidthAt]);
  }

  // Is it a packed profile, of whatever fields? Then its order key is `order`.
  static bool read_order(std::string_view profile, std::string_view& order) {
    const auto width = order_width(profile);
    if (!width || profile.size() < kPackedHeadBytes + *width + kPackedChecksumBytes) return false;
    order = profile.substr(kPackedHeadBytes, *width);
    return true;
  }

  // Sets order and each field's bytes (nothing: null), borrowed from `profile`. False: it is not a packed profile, is one of other fields, or damaged.
  bool split(std::string_view profile, std::string_view& order, std::vector<std::optional<std::string_view>>& values) const {
    if (!read_order(profile, order)) return false;
    stored::PackedBytes in(profile.substr(kPackedHeadBytes + order.size()));
    uint32_t checksum = 0;
    if (!in.take(checksum) || checksum != checksum_) return false;
    const uint8_t* const nulls = in.at;
    const bool any_null = profile[kPackedFormAt] == kPackedWithNulls;
    if (any_null && !in.skip((types_.size() + 7) / 8)) return false;
    values.assign(types_.size(), std::nullopt);
    for (size_t i = 0; i < types_.size(); ++i) {
      if (any_null && (nulls[i / 8] >> (i % 8) & 1) != 0) continue;
      const uint8_t* const begin = in.at;
      if (!stored::skip_packed(types_[i], in)) return false;
      values[i] = std::string_view(reinterpret_cast<const char*>(begin), static_cast<size_t>(in.at - begin));
    }
    return in.left() == 0;
  }

 private:
  uint32_t checksum_;
  std::vector<ValueType> types_;
};

}  // namespace penstock
