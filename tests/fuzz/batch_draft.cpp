#include "fuzz/batch_draft.hpp"

#include <algorithm>
#include <cstring>

namespace penstock::fuzz {

int64_t value_width(const Field& field) {
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

bool has_offsets(const Field& field) { return field.type == Type::utf8 || field.type == Type::binary || field.type == Type::list; }

void* BuiltBatch::allocate(size_t size) {
  memory_.emplace_back(std::malloc(size));
  return memory_.back().get();
}

const void* BuiltBatch::bitmap(const NodeDraft& draft, int64_t rows) {
  const auto size = static_cast<size_t>((rows + 7) / 8);
  auto* bits = static_cast<uint8_t*>(allocate(size));
  // The bits behind the last row are nobody's.
  if (size > 0) std::memset(bits, 0xff, size);
  for (size_t i = 0; i < static_cast<size_t>(rows) && i < draft.nulls.size(); ++i)
    if (draft.nulls[i]) bits[i >> 3] &= static_cast<uint8_t>(~(1u << (i & 7)));
  return bits;
}

void BuiltBatch::build(const NodeDraft& draft, ArrowArray* out) {
  const auto possible = [](int64_t n) { return n >= 0 && n <= kMostRows; };
  const int64_t rows = possible(draft.length) && possible(draft.offset) ? draft.length + draft.offset : draft.base_rows;
  auto** buffers = static_cast<const void**>(allocate(4 * sizeof(void*)));
  std::fill(buffers, buffers + 4, nullptr);
  size_t at = 0;
  if (draft.is_batch || draft.field.type != Type::null) buffers[at++] = draft.has_bitmap ? bitmap(draft, rows) : nullptr;

  auto bytes = static_cast<size_t>(rows * value_width(draft.field));
  if (draft.field.type == Type::boolean) bytes = static_cast<size_t>((rows + 7) / 8);
  if (has_offsets(draft.field)) {
    std::vector<int32_t> offsets = draft.offsets;
    offsets.resize(static_cast<size_t>(rows) + 1, offsets.empty() ? 0 : offsets.back());
    // More than there can be would be believed.
    if (draft.field.type != Type::list) offsets.back() = std::min(offsets.back(), static_cast<int32_t>(kMostRows));
    bytes = static_cast<size_t>(std::max(offsets.back(), 0));
    const size_t size = offsets.size() * sizeof(int32_t);
    char* place = static_cast<char*>(allocate(size + (draft.misaligned ? 1 : 0))) + (draft.misaligned ? 1 : 0);
    std::memcpy(place, offsets.data(), size);
    buffers[at++] = place;
  }
  if (!draft.is_batch && draft.field.type != Type::null && draft.field.type != Type::list) {
    auto* data = static_cast<char*>(allocate(bytes));
    for (size_t i = 0; i < bytes; ++i) data[i] = draft.data.empty() ? 'x' : draft.data[i % draft.data.size()];
    buffers[at++] = data;
  }
  for (size_t i = 0; i < 4; ++i)
    if ((draft.null_buffers >> i & 1) != 0) buffers[i] = nullptr;

  auto** children = static_cast<ArrowArray**>(allocate((draft.children.size() + 1) * sizeof(void*)));
  std::fill(children, children + draft.children.size() + 1, nullptr);
  for (size_t i = 0; i < draft.children.size(); ++i) {
    ArrowArray& child = nodes_.emplace_back();
    build(draft.children[i], &child);
    children[i] = draft.null_children ? nullptr : &child;
  }
  *out = {};
  out->length = draft.length;
  out->null_count = draft.null_count;
  out->offset = draft.offset;
  out->n_buffers = draft.n_buffers;
  out->n_children = draft.n_children;
  out->buffers = draft.null_buffer_list ? nullptr : buffers;
  out->children = draft.null_child_list ? nullptr : children;
  out->dictionary = draft.dictionary ? &top_ : nullptr;
  if (!draft.released) out->release = [](ArrowArray* array) { array->release = nullptr; };
}

}  // namespace penstock::fuzz
