// Reading Arrow batches: typed views without copies. They trust the array; the host validates arrays before anyone reads.
#pragma once

#include <penstock/schema.hpp>

#include <cstring>
#include <span>

namespace penstock {

// One column of a batch, borrowed. Indices are rows of the column, its offset is taken care of. The reading function must fit
// the field's type; null entries have no value.
class ColumnView {
 public:
  ColumnView(Field field, const ArrowArray* array) : field_(std::move(field)), array_(array) {
    const bool offsets = field_.type == Type::utf8 || field_.type == Type::binary || field_.type == Type::list;
    validity_ = field_.type == Type::null || array->null_count == 0 ? nullptr : static_cast<const uint8_t*>(array->buffers[0]);
    offsets_ = offsets ? static_cast<const int32_t*>(array->buffers[1]) : nullptr;
    if (field_.type != Type::null && field_.type != Type::list) data_ = static_cast<const uint8_t*>(array->buffers[offsets ? 2 : 1]);
  }

  const Field& field() const { return field_; }
  int64_t length() const { return array_->length; }

  bool is_null(int64_t row) const {
    if (validity_ == nullptr) return field_.type == Type::null;
    return !bit(validity_, row + array_->offset);
  }
  template <class T>
  T value(int64_t row) const {
    if constexpr (std::is_same_v<T, bool>) {
      return bit(data_, row + array_->offset);
    } else {
      T out;
      std::memcpy(&out, data_ + static_cast<size_t>(row + array_->offset) * sizeof(T), sizeof(T));
      return out;
    }
  }
  // utf8, binary, fixed_binary, decimal128
  std::string_view bytes(int64_t row) const {
    const auto at = static_cast<size_t>(row + array_->offset);
    if (offsets_ == nullptr) {
      const size_t width = field_.type == Type::decimal128 ? 16 : static_cast<size_t>(field_.width);
      return {reinterpret_cast<const char*>(data_) + at * width, width};
    }
    return {reinterpret_cast<const char*>(data_) + offsets_[at], static_cast<size_t>(offsets_[at + 1] - offsets_[at])};
  }
  // list: the items of row i are [first, second) of items().
  std::pair<int64_t, int64_t> list_range(int64_t row) const {
    const auto at = static_cast<size_t>(row + array_->offset);
    return {offsets_[at], offsets_[at + 1]};
  }
  ColumnView items() const { return ColumnView(field_.children.at(0), array_->children[0]); }

 private:
  static bool bit(const uint8_t* bits, int64_t at) { return ((bits[at >> 3] >> (at & 7)) & 1) != 0; }

  Field field_;
  const ArrowArray* array_;
  const uint8_t* validity_ = nullptr;
  const int32_t* offsets_ = nullptr;
  const uint8_t* data_ = nullptr;
};

// A struct array as columns, borrowed. A struct with an offset or nulls of its own is not accepted (the host sends none).
class BatchView {
 public:
  BatchView(const Schema& schema, const ArrowArray& array) : rows_(array.length) {
    if (array.n_children != static_cast<int64_t>(schema.size()) || array.offset != 0)
      throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "the batch does not have the schema's columns");
    for (size_t i = 0; i < schema.size(); ++i) columns_.emplace_back(schema[i], array.children[i]);
  }

  int64_t rows() const { return rows_; }
  const ColumnView& operator[](size_t column) const { return columns_[column]; }
  size_t columns() const { return columns_.size(); }

 private:
  int64_t rows_;
  std::vector<ColumnView> columns_;
};

}  // namespace penstock
