// What commands print.
#pragma once

#include "base/failure.hpp"
#include "config/definitions.hpp"

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

// To standard output, in one piece.
void print(const std::string& text);
// To standard error, with a newline.
void complain(const std::string& text);
// Problems as lines on standard error, or with json as {"problems": […]} on standard output. Returns kBadConfiguration.
int report_problems(const std::vector<Problem>& problems, bool json);
// A failure that ended a command; with json as {"error": {…}} on standard output.
void report_failure(const Failure& failure, bool json);

// "12s", "3m05s", "2d04h"; "-" for nothing to say.
std::string age_text(int64_t now_ns, int64_t then_ns);

}  // namespace penstock::host
