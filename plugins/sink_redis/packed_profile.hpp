// A profile as one binary value, in layout "packed": smaller than a hash, and one write for the server whatever the number of fields. The form is
// described in docs/redis-layout.md, and read by <penstock/stored_packed.hpp>. Pure.
#pragma once

#include <penstock/builder.hpp>
#include <penstock/reader.hpp>
#include <penstock/stored_packed.hpp>

#include <string>
#include <vector>

namespace penstock::redis {

// What the store calls a field's type. The field has passed check_fields.
ValueType value_type_of(const Field& field);
std::vector<StoredField> stored_fields(const Schema& schema, size_t first);

inline constexpr size_t kMaxPackedOrderBytes = 255;  // its width has a byte

// Packs the profiles of one run, straight from the columns.
class ProfilePacker {
 public:
  // Throws INVALID_ARGUMENT for an order key or a field name that this form cannot have.
  ProfilePacker(const Schema& schema, int64_t order_size);

  const std::string& fields_text() const { return fields_text_; }

  // Borrows the batch's columns until the next one.
  void bind(const BatchView& batch);
  // At least the size of a field's value; of nulls 0.
  size_t value_bound(size_t field, int64_t row) const;
  // The same for any row, where the field is neither a text nor a list.
  size_t number_bound(size_t field) const;
  // Appends the profile as one bulk string. `bound` is at least the sum of its values' bounds.
  void append_to(Buffer& out, int64_t row, size_t bound) const;

 private:
  struct Column {
    ColumnView values;
    std::vector<ColumnView> items;  // one for a list
    ValueType type;
  };

  std::string fields_text_;
  std::string start_;     // head, room for the order key, checksum
  std::vector<ValueType> types_;
  std::vector<ColumnView> order_;  // one
  std::vector<Column> columns_;
};

}  // namespace penstock::redis
