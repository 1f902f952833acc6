#include "batch/batch.hpp"

#include <bit>

namespace penstock::host {
namespace {

using penstock::Field;
using penstock::Type;

// Bytes of one value of a fixed-width type; 0 for the others.
int64_t fixed_width(const Field& field) {
  switch (field.type) {
    case Type::int8:
    case Type::uint8: return 1;
    case Type::int16:
    case Type::uint16: return 2;
    case Type::int32:
    case Type::uint32:
    case Type::float32:
    case Type::date32: return 4;
    case Type::int64:
    case Type::uint64:
    case Type::float64:
    case Type::timestamp_s:
    case Type::timestamp_ms:
    case Type::timestamp_us:
    case Type::timestamp_ns: return 8;
    case Type::decimal128: return 16;
    case Type::fixed_binary: return field.width;
    default: return 0;
  }
}

bool has_offsets(Type type) { return type == Type::utf8 || type == Type::binary || type == Type::list; }

int64_t column_bytes(const Field& field, const ArrowArray& array) {
  const int64_t bitmap = array.null_count == 0 ? 0 : (array.length + 7) / 8;
  if (field.type == Type::null) return 0;
  if (field.type == Type::boolean) return bitmap + (array.length + 7) / 8;
  if (!has_offsets(field.type)) return bitmap + array.length * fixed_width(field);
  const auto* offsets = static_cast<const int32_t*>(array.buffers[1]);
  const int64_t own = bitmap + (array.length + 1) * 4;
  if (field.type == Type::list) return own + column_bytes(field.children[0], *array.children[0]);
  return array.length == 0 ? own : own + offsets[array.offset + array.length] - offsets[array.offset];
}

// As readers see it: a null count of 0 means that nobody looks at the bitmap. A slice shares one bitmap with its parent, so a
// bit's index is offset + row.
bool is_valid(const ArrowArray& array, int64_t row) {
  const auto* bits = array.null_count == 0 ? nullptr : static_cast<const uint8_t*>(array.buffers[0]);
  const int64_t at = array.offset + row;
  return bits == nullptr || ((bits[at >> 3] >> (at & 7)) & 1) != 0;
}

// What the bitmap says, which must be there. Reads the bytes that hold the array's bits and none behind them.
int64_t count_nulls(const ArrowArray& array) {
  const auto* bits = static_cast<const uint8_t*>(array.buffers[0]);
  const int64_t end = array.offset + array.length;
  int64_t valid = 0, at = array.offset;
  for (; at < end && (at & 7) != 0; ++at) valid += (bits[at >> 3] >> (at & 7)) & 1;
  for (; end - at >= 64; at += 64) {
    uint64_t word;
    std::memcpy(&word, bits + (at >> 3), sizeof word);
    valid += std::popcount(word);
  }
  for (; at < end; ++at) valid += (bits[at >> 3] >> (at & 7)) & 1;
  return array.length - valid;
}

// Empty when the null count is one that readers may rely on. The length is in range, and there is a bitmap or a place for one.
std::string nulls_problem(const ArrowArray& array) {
  if (array.buffers[0] == nullptr) return array.null_count > 0 ? "nulls without a validity buffer" : "";
  if (array.null_count < 0) return {};
  const int64_t nulls = count_nulls(array);
  if (nulls == array.null_count) return {};
  return "null count " + std::to_string(array.null_count) + ", but " + std::to_string(nulls) + " in the validity buffer";
}

constexpr int64_t kMaxRows = int64_t{1} << 31;

// `what` names it in messages: column "l", items.
Result<void> validate_column(const std::string& what, const Field& field, const ArrowArray& array, int64_t length, int depth) {
  const auto wrong = [&](const std::string& rule) { return internal("malformed Arrow array: " + what + ": " + rule); };
  constexpr int kMaxDepth = 4;
  if (depth > kMaxDepth) return wrong("nested too deeply");
  if (array.release == nullptr) return wrong("already released");
  if (array.length != length) return wrong("length " + std::to_string(array.length) + ", expected " + std::to_string(length));
  if (array.offset < 0 || array.length < 0 || array.length > kMaxRows || array.offset > kMaxRows) return wrong("offset or length out of range");
  if (array.null_count < -1 || array.null_count > array.length) return wrong("null count out of range");
  if (array.dictionary != nullptr) return wrong("dictionaries are not supported");

  const int64_t buffers = field.type == Type::null ? 0 : has_offsets(field.type) && field.type != Type::list ? 3 : 2;
  if (array.n_buffers != buffers) return wrong("buffer count " + std::to_string(array.n_buffers) + ", expected " + std::to_string(buffers));
  if (buffers > 0 && array.buffers == nullptr) return wrong("no buffers");
  const int64_t children = field.type == Type::list ? 1 : 0;
  if (array.n_children != children) return wrong("child count " + std::to_string(array.n_children) + ", expected " + std::to_string(children));
  if (field.type == Type::null) return {};
  if (const std::string nulls = nulls_problem(array); !nulls.empty()) return wrong(nulls);
  if (array.length > 0 && array.buffers[buffers - 1] == nullptr && field.type != Type::list && !has_offsets(field.type)) return wrong("no data buffer");

  if (!has_offsets(field.type)) return {};
  const auto* offsets = static_cast<const int32_t*>(array.buffers[1]);
  const int64_t end = array.offset + array.length;
  // An array without rows may come without offsets, or with a buffer of no bytes; nobody looks at them.
  const bool has_rows = array.length > 0;
  if (has_rows && offsets == nullptr) return wrong("no offsets buffer");
  if (has_rows && reinterpret_cast<uintptr_t>(offsets) % alignof(int32_t) != 0) return wrong("the offsets buffer is not aligned");
  if (has_rows && offsets[array.offset] < 0) return wrong("negative offset");
  for (int64_t i = array.offset; i < end; ++i)
    if (offsets[i + 1] < offsets[i]) return wrong("offsets decrease at row " + std::to_string(i - array.offset));
  if (field.type == Type::list) {
    if (array.children == nullptr || array.children[0] == nullptr) return wrong("no child");
    const ArrowArray& items = *array.children[0];
    if (has_rows && items.length < offsets[end]) return wrong("offsets beyond the child");
    return validate_column(what + (depth == 0 ? ", items" : " of items"), field.children[0], items, items.length, depth + 1);
  }
  if (!has_rows) return {};
  if (offsets[end] > offsets[array.offset] && array.buffers[2] == nullptr) return wrong("no data buffer");
  if (field.type == Type::utf8) {
    const auto* data = static_cast<const char*>(array.buffers[2]);
    for (int64_t row = 0; row < array.length; ++row) {
      const int64_t at = array.offset + row;
      if (is_valid(array, row) && !is_utf8({data + offsets[at], static_cast<size_t>(offsets[at + 1] - offsets[at])}))
        return wrong("invalid UTF-8 at row " + std::to_string(row));
    }
  }
  return {};
}

}  // namespace

int64_t Batch::byte_size() const {
  int64_t size = 0;
  for (size_t i = 0; schema_ != nullptr && i < schema_->size(); ++i) size += column_bytes((*schema_)[i], *array_.children[i]);
  return size;
}

Result<void> validate_array(const Schema& schema, const ArrowArray& array) {
  const auto wrong = [](const std::string& what) { return internal("malformed Arrow array: " + what); };
  if (array.release == nullptr) return wrong("already released");
  if (array.length < 0 || array.offset != 0) return wrong("a batch needs a length >= 0 and no offset of its own");
  if (array.null_count < -1) return wrong("null count out of range");
  if (array.dictionary != nullptr) return wrong("dictionaries are not supported");
  if (array.buffers == nullptr) return wrong("no buffers");
  if (array.n_buffers != 1) return wrong("buffer count " + std::to_string(array.n_buffers) + ", expected 1");
  if (array.n_children != static_cast<int64_t>(schema.size()))
    return wrong("column count " + std::to_string(array.n_children) + ", expected " + std::to_string(schema.size()));
  if (array.n_children > 0 && array.children == nullptr) return wrong("no columns");
  for (size_t i = 0; i < schema.size(); ++i) {
    if (array.children[i] == nullptr) return wrong("no column " + std::to_string(i));
    if (auto checked = validate_column("column \"" + schema[i].name + "\"", schema[i], *array.children[i], array.length, 0); !checked) return checked.failure();
  }
  // Whatever the null count says: a batch without columns says nothing of its length, and a row that is null as a whole would be read.
  if (array.length > kMaxRows) return wrong("length out of range");
  if (array.null_count > 0 || (array.buffers[0] != nullptr && count_nulls(array) > 0)) return wrong("a row of a batch cannot be null as a whole");
  return {};
}

bool is_utf8(std::string_view text) {
  const auto* p = reinterpret_cast<const uint8_t*>(text.data());
  const uint8_t* const end = p + text.size();
  while (p < end) {
    if (end - p >= 8) {
      uint64_t word;
      std::memcpy(&word, p, 8);
      if ((word & 0x8080808080808080u) == 0) {
        p += 8;
        continue;
      }
    }
    const uint8_t lead = *p;
    if (lead < 0x80) {
      ++p;
      continue;
    }
    const int extra = lead >= 0xc2 && lead <= 0xdf ? 1 : lead >= 0xe0 && lead <= 0xef ? 2 : lead >= 0xf0 && lead <= 0xf4 ? 3 : 0;
    if (extra == 0 || end - p <= extra) return false;
    // The second byte's range rules out overlong forms, surrogates and what is above U+10FFFF.
    const uint8_t low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    const uint8_t high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (p[1] < low || p[1] > high) return false;
    for (int i = 2; i <= extra; ++i)
      if ((p[i] & 0xc0) != 0x80) return false;
    p += extra + 1;
  }
  return true;
}

}  // namespace penstock::host
