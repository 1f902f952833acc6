// Tables that are read row by row, since an array of their rows once held a value that did not fit.
#pragma once

#include <mutex>
#include <set>
#include <string>

namespace penstock::odbc {

// [any] Of the process, not of a source: the host drops a source that failed, and the next one would fail in the same way, for ever.
class RowByRow {
 public:
  static RowByRow& of_process();

  bool contains(const std::string& table) const;
  void add(const std::string& table);

 private:
  mutable std::mutex mutex_;
  std::set<std::string> tables_;
};

}  // namespace penstock::odbc
