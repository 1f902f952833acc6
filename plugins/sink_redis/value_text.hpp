// Field values as the text that a profile's hash holds, and back. The forms are part of docs/redis-layout.md.
#pragma once

#include <penstock/builder.hpp>
#include <penstock/reader.hpp>

namespace penstock::redis {

inline constexpr size_t kNumberRoom = 48;

// One field's column, ready to be written as bulk strings. Borrows the batch.
class ValueWriter {
 public:
  explicit ValueWriter(const ColumnView& column);

  const ColumnView& column() const { return column_; }
  bool is_null(int64_t row) const { return column_.is_null(row); }
  // At least the size of the value's text.
  size_t size_bound(int64_t row) const;
  // The value's text, in the batch or in `scratch`, whose content it replaces. The value must not be null.
  std::string_view text(int64_t row, Buffer& scratch) const;
  // The same where the value is a number or a time, written to `at`, which has room for kNumberRoom bytes. Returns its end.
  char* write_number(char* at, int64_t row) const;

 private:
  void append_list(int64_t row, Buffer& out) const;

  ColumnView column_;
  std::vector<ColumnView> items_;  // one for a list, otherwise none
};

// Appends the value that `text` says; false, with nothing appended, when it is not a value of the column's type.
bool append_parsed(std::string_view text, ColumnBuilder& out);

}  // namespace penstock::redis
