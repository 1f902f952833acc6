// One profile's values in one piece of memory.
#pragma once

#include <penstock/builder.hpp>
#include <penstock/reader.hpp>

#include <string>
#include <vector>

namespace penstock::memory {

// The columns of a view's fields, ready to be packed row by row. Borrows the batch.
class RowPacker {
 public:
  RowPacker(const BatchView& batch, size_t first_column);

  // The row's values, one after the other: a byte that says null or not, then a number's bytes, or a length and a string's
  // bytes, or a list's length and its items. All sixteen types come back exactly.
  std::string pack(int64_t row) const;

 private:
  struct Column {
    ColumnView values;
    std::vector<ColumnView> items;  // one for a list, otherwise none
  };
  std::vector<Column> columns_;
};

// Appends the values of the columns `wanted` (an index into the packed fields, or kAbsent) to the builder's columns from
// `first` on. An absent one is null.
inline constexpr size_t kAbsent = static_cast<size_t>(-1);
void unpack(const std::string& packed, const Schema& packed_fields, const std::vector<size_t>& wanted, BatchBuilder& out, size_t first);

// Throws INVALID_ARGUMENT, naming the field, unless each is of one of the sixteen types and has a name of its own.
void check_fields(const Schema& schema, size_t first);

}  // namespace penstock::memory
