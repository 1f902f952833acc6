// A table for a terminal.
#pragma once

#include <string>
#include <vector>

namespace penstock::host {

// Columns of text, aligned; the first row is the head. The last column is not padded.
class Table {
 public:
  explicit Table(std::vector<std::string> head) { rows_.push_back(std::move(head)); }
  // `right`: indices of columns whose cells are numbers.
  Table& right(std::vector<size_t> columns) { return right_ = std::move(columns), *this; }
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  bool empty() const { return rows_.size() == 1; }
  std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
  std::vector<size_t> right_;
};

}  // namespace penstock::host
