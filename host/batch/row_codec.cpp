#include "batch/row_codec.hpp"

#include "base/hash.hpp"

#include <cstring>
#include <limits>

namespace penstock::host {
namespace {

using penstock::BatchBuilder;
using penstock::BatchView;
using penstock::ColumnBuilder;
using penstock::ColumnView;
using penstock::Field;
using penstock::Type;

constexpr char kVersion = 1;
constexpr char kNull = 0;
constexpr char kValue = 1;
constexpr size_t kHashBytes = sizeof(uint64_t);
constexpr size_t kHeadBytes = 1 + kHashBytes;
constexpr uint64_t kChecksumSeed = 0x70656e73746f636b;

uint64_t hash_field(uint64_t seed, const Field& field) {
  seed = hash_bytes(hash_bytes(seed, field.name), penstock::arrow_format(field));
  for (const Field& child : field.children) seed = hash_field(seed, child);
  return seed;
}

uint64_t hash_schema(const Schema& schema) {
  uint64_t hash = schema.size();
  for (const Field& field : schema) hash = hash_field(hash, field);
  return hash;
}

template <class T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

// Calls use(T{}) with the type of a fixed-width value; false for the other types.
template <class Use>
bool with_fixed_type(Type type, Use&& use) {
  switch (type) {
    case Type::int8:
    case Type::uint8: return use(uint8_t{}), true;
    case Type::int16:
    case Type::uint16: return use(uint16_t{}), true;
    case Type::int32:
    case Type::uint32:
    case Type::float32:
    case Type::date32: return use(uint32_t{}), true;
    case Type::int64:
    case Type::uint64:
    case Type::float64:
    case Type::timestamp_s:
    case Type::timestamp_ms:
    case Type::timestamp_us:
    case Type::timestamp_ns: return use(uint64_t{}), true;
    default: return false;
  }
}

class RowWriter {
 public:
  RowWriter(std::string& out, size_t max_bytes) : out_(out), max_bytes_(max_bytes) {}

  // False: it is getting too large.
  bool write(const ColumnView& column, int64_t row) {
    if (column.is_null(row)) return put_byte(kNull);
    if (!put_byte(kValue)) return false;
    const Type type = column.field().type;
    if (with_fixed_type(type, [&](auto value) { put(out_, column.value<decltype(value)>(row)); })) return fits();
    switch (type) {
      case Type::boolean: return put_byte(column.value<bool>(row) ? 1 : 0);
      case Type::list: return write_list(column, row);
      case Type::utf8:
      case Type::binary: return write_bytes(column.bytes(row));
      default: return put_bytes(column.bytes(row));
    }
  }

 private:
  bool fits() const { return out_.size() <= max_bytes_; }
  bool put_byte(char byte) { return out_.push_back(byte), fits(); }
  bool put_bytes(std::string_view bytes) {
    if (bytes.size() > max_bytes_) return false;
    out_ += bytes;
    return fits();
  }
  bool write_bytes(std::string_view bytes) {
    put(out_, static_cast<uint32_t>(bytes.size()));
    return put_bytes(bytes);
  }
  bool write_list(const ColumnView& column, int64_t row) {
    const auto [first, last] = column.list_range(row);
    put(out_, static_cast<uint32_t>(last - first));
    const ColumnView items = column.items();
    for (int64_t i = first; i < last; ++i)
      if (!write(items, i)) return false;
    return fits();
  }

  std::string& out_;
  const size_t max_bytes_;
};

// Walks the values of a row: without builders to check them, with builders to append them.
class RowReader {
 public:
  explicit RowReader(std::string_view bytes) : left_(bytes) {}

  bool at_end() const { return left_.empty(); }

  bool read(const Field& field, ColumnBuilder* out) {
    std::string_view tag;
    if (!take(1, tag) || (tag[0] != kNull && tag[0] != kValue)) return false;
    if (tag[0] == kNull) {
      if (out != nullptr) out->append_null();
      return true;
    }
    std::string_view bytes;
    bool read = false;
    const bool fixed = with_fixed_type(field.type, [&](auto value) {
      if (!(read = take(sizeof value, bytes))) return;
      std::memcpy(&value, bytes.data(), sizeof value);
      if (out != nullptr) out->append_bits(value);
    });
    if (fixed) return read;
    switch (field.type) {
      case Type::null: return false;
      case Type::boolean:
        if (!take(1, bytes) || (bytes[0] != 0 && bytes[0] != 1)) return false;
        if (out != nullptr) out->append(bytes[0] == 1);
        return true;
      case Type::list: return read_list(field, out);
      case Type::decimal128: return take(16, bytes) && append(bytes, out);
      case Type::fixed_binary: return take(static_cast<size_t>(field.width), bytes) && append(bytes, out);
      default: return take_sized(bytes) && (field.type != Type::utf8 || is_utf8(bytes)) && append(bytes, out);
    }
  }

 private:
  bool take(size_t size, std::string_view& out) {
    if (size > left_.size()) return false;
    out = left_.substr(0, size);
    left_.remove_prefix(size);
    return true;
  }
  bool take_size(uint32_t& size) {
    std::string_view bytes;
    if (!take(sizeof size, bytes)) return false;
    std::memcpy(&size, bytes.data(), sizeof size);
    return true;
  }
  bool take_sized(std::string_view& out) {
    uint32_t size = 0;
    return take_size(size) && take(size, out);
  }
  static bool append(std::string_view bytes, ColumnBuilder* out) {
    if (out != nullptr) out->append_bytes(bytes);
    return true;
  }
  bool read_list(const Field& field, ColumnBuilder* out) {
    uint32_t count = 0;
    // Each item takes a byte at least, so a count that lies ends soon.
    if (!take_size(count)) return false;
    for (uint32_t i = 0; i < count; ++i)
      if (!read(field.children.at(0), out != nullptr ? &out->item() : nullptr)) return false;
    if (out != nullptr) out->end_list();
    return true;
  }

  std::string_view left_;
};

uint64_t read_hash(std::string_view bytes) {
  uint64_t hash = 0;
  std::memcpy(&hash, bytes.data(), sizeof hash);
  return hash;
}

bool read_columns(std::string_view values, const Schema& schema, BatchBuilder* out) {
  RowReader reader(values);
  for (size_t i = 0; i < schema.size(); ++i)
    if (!reader.read(schema[i], out != nullptr ? &(*out)[i] : nullptr)) return false;
  return reader.at_end();
}

}  // namespace

std::optional<std::string> encode_row(const Schema& schema, const BatchView& batch, int64_t row, size_t max_bytes) {
  if (max_bytes < kHeadBytes + kHashBytes) return {};
  std::string out(1, kVersion);
  put(out, hash_schema(schema));
  RowWriter writer(out, max_bytes - kHashBytes);
  for (size_t i = 0; i < schema.size(); ++i)
    if (!writer.write(batch[i], row)) return {};
  put(out, hash_bytes(kChecksumSeed, out));
  return out;
}

Result<void> append_row(std::string_view bytes, const Schema& schema, BatchBuilder& out) {
  if (bytes.size() < kHeadBytes + kHashBytes) return invalid("the stored row is cut off");
  const std::string_view checked = bytes.substr(0, bytes.size() - kHashBytes);
  if (read_hash(bytes.substr(checked.size())) != hash_bytes(kChecksumSeed, checked)) return invalid("the stored row is damaged");
  if (checked[0] != kVersion) return invalid("the stored row has a form that this version does not know");
  if (read_hash(checked.substr(1)) != hash_schema(schema)) return invalid("the stored row has other columns than the view");
  const std::string_view values = checked.substr(kHeadBytes);
  // Builders cannot take a value back, so all of them are checked before the first is appended.
  if (!read_columns(values, schema, nullptr)) return invalid("the stored row is damaged");
  read_columns(values, schema, &out);
  return {};
}

}  // namespace penstock::host
