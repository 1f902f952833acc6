// From the text of a cell to a value of its column. Nothing is guessed, rounded to fit or cut off: what does not fit is a problem.
#pragma once

#include "column_type.hpp"
#include "json.hpp"

#include <penstock/builder.hpp>

namespace penstock::files {

// A cell as a record reader found it.
struct Cell {
  const char* data = nullptr;
  size_t size = 0;
  bool null = true;
  bool escaped = false;  // CSV: has doubled quotes
  std::string_view text() const { return {data, size}; }
};

// One value that is not text.
struct Scalar {
  int64_t integer = 0;  // whole numbers, dates, times in the column's unit, booleans
  double number = 0;
  float single = 0;
  char decimal[16] = {};
};

// Reads the cells of one column and appends them to its builder. Reading and appending are two steps, so that a row with one bad
// cell leaves nothing behind in the other columns.
class CellReader {
 public:
  CellReader(ColumnType type, size_t max_bytes) : type_(type), max_bytes_(max_bytes) {}

  // Reads a cell. Returns NULL, or what class of value it is instead ("empty text", "text of 5 bytes", …; never the value).
  // The cell's text must stay until append.
  const char* read(const Cell& cell);
  // Appends what was read last.
  void append(ColumnBuilder& builder) const;

  const ColumnType& type() const { return type_; }
  // The value read last, if it was neither null nor a list nor text.
  const Scalar& scalar() const { return scalar_; }
  bool is_null() const { return null_; }
  std::string_view text() const { return text_; }

 private:
  struct Item {
    bool null;
    Scalar scalar;
    size_t offset, size;  // in arena_
  };

  const char* read_list(std::string_view text);

  ColumnType type_;
  size_t max_bytes_;
  bool null_ = true;
  Scalar scalar_;
  std::string_view text_;
  std::string scratch_;
  std::vector<Item> items_;
  std::string arena_;
  std::unique_ptr<JsonParser> json_;
};

// The parts, for tests. `text` is one value; bytes and text types fill `bytes` (a view of text, or into scratch).
const char* read_scalar(const ColumnType& type, std::string_view text, Scalar& out, std::string_view& bytes,
                        std::string& scratch);

}  // namespace penstock::files
