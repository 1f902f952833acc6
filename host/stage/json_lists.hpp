// A text column of JSON arrays, read as a column of lists: what a warehouse without list types keeps lists in.
#pragma once

#include "stage/cell.hpp"

#include <penstock/builder.hpp>
#include <penstock/reader.hpp>

#include <vector>

namespace penstock::host {

// The items as texts: strings, numbers digit by digit as they are written, true, false and null. A row that holds anything else
// is an empty list with an error.
class JsonLists {
 public:
  explicit JsonLists(const penstock::ColumnView& texts);
  ~JsonLists();
  JsonLists(const JsonLists&) = delete;
  JsonLists& operator=(const JsonLists&) = delete;

  // A list of utf8; valid as long as this.
  penstock::ColumnView view() const { return penstock::ColumnView(field_, &lists_); }
  // Null when the row is a JSON array, or null.
  const CoercionError* error(int64_t row) const { return errors_[static_cast<size_t>(row)]; }

 private:
  penstock::Field field_;
  ArrowArray lists_{};
  std::vector<const CoercionError*> errors_;
};

}  // namespace penstock::host
