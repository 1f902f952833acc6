// A batch of rows that the host owns: an Arrow struct array with its schema, validated before anyone reads it.
#pragma once

#include "base/failure.hpp"

#include <penstock/reader.hpp>
#include <penstock/schema.hpp>

#include <memory>
#include <utility>

namespace penstock::host {

using penstock::Schema;

// Owns an ArrowArray; released by the destructor unless taken.
class Batch {
 public:
  Batch() = default;
  // Takes *array over (its release becomes null).
  Batch(std::shared_ptr<const Schema> schema, ArrowArray* array) : schema_(std::move(schema)), array_(*array) {
    array->release = nullptr;
  }
  Batch(Batch&& other) noexcept : schema_(std::move(other.schema_)), array_(other.array_) { other.array_.release = nullptr; }
  Batch& operator=(Batch&& other) noexcept {
    std::swap(schema_, other.schema_);
    std::swap(array_, other.array_);
    return *this;
  }
  ~Batch() {
    if (array_.release != nullptr) array_.release(&array_);
  }

  int64_t rows() const { return array_.length; }
  const Schema& schema() const { return *schema_; }
  const std::shared_ptr<const Schema>& shared_schema() const { return schema_; }
  // For handing on: a callee may move the array out, see arrow.h.
  ArrowArray* array() { return &array_; }
  const ArrowArray& array() const { return array_; }
  // Borrowed views on the columns; valid as long as the batch.
  BatchView view() const { return BatchView(*schema_, array_); }
  // Bytes that the columns' buffers hold for these rows.
  int64_t byte_size() const;

 private:
  std::shared_ptr<const Schema> schema_;
  ArrowArray array_{};
};

// Checks everything a reader relies on: lengths, offsets, buffer and child counts, null counts, monotone and aligned offsets, UTF-8 of
// utf8 columns. The failure names the column. A pointer to memory that is not there, or to less than the array says, cannot be found out.
Result<void> validate_array(const Schema& schema, const ArrowArray& array);

// Is this well-formed UTF-8 (no surrogates, no overlong forms)?
bool is_utf8(std::string_view text);

}  // namespace penstock::host
