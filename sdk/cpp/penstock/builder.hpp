// Building Arrow batches: one growing buffer per column part, moved into the ArrowArray without a copy.
#pragma once

#include <penstock/column_builder.hpp>

namespace penstock {

// A batch under construction: append one value to every column, row after row.
class BatchBuilder {
 public:
  explicit BatchBuilder(const Schema& schema) {
    for (const Field& field : schema) columns_.emplace_back(field);
  }

  ColumnBuilder& operator[](size_t column) { return columns_[column]; }
  size_t columns() const { return columns_.size(); }
  int64_t rows() const { return columns_.empty() ? 0 : columns_[0].length(); }
  size_t byte_size() const {
    size_t size = 0;
    for (const auto& column : columns_) size += column.byte_size();
    return size;
  }

  // Appends a row: a value for each column, as ColumnBuilder::append takes them.
  template <class... Values>
  void append_row(const Values&... values) {
    if (sizeof...(values) != columns_.size())
      throw Error(PENSTOCK_STATUS_INTERNAL, "a row of " + std::to_string(sizeof...(values)) + " values for " + std::to_string(columns_.size()) + " columns");
    size_t column = 0;
    (columns_[column++].append(values), ...);
  }

  // Moves the batch into *out as a struct array that the receiver owns; the builder starts again, empty.
  void finish(ArrowArray* out) {
    struct Owner {
      std::vector<ArrowArray> children;
      std::vector<ArrowArray*> pointers;
      const void* buffers[1] = {nullptr};
    };
    auto owner = std::make_unique<Owner>();
    *out = {};
    out->length = rows();
    owner->children.resize(columns_.size());
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (columns_[i].length() != out->length)
        throw Error(PENSTOCK_STATUS_INTERNAL, "column \"" + columns_[i].field().name + "\" has another length than the batch");
      owner->pointers.push_back(&owner->children[i]);
    }
    for (size_t i = 0; i < columns_.size(); ++i) columns_[i].finish(&owner->children[i]);
    out->n_buffers = 1;
    out->buffers = owner->buffers;
    out->n_children = static_cast<int64_t>(owner->children.size());
    out->children = owner->pointers.data();
    out->release = [](ArrowArray* array) {
      const std::unique_ptr<Owner> owned(static_cast<Owner*>(array->private_data));
      for (ArrowArray& child : owned->children)
        if (child.release != nullptr) child.release(&child);
      array->release = nullptr;
    };
    out->private_data = owner.release();
  }

 private:
  std::vector<ColumnBuilder> columns_;
};

}  // namespace penstock
