#include "row_by_row.hpp"

namespace penstock::odbc {
namespace {

constexpr size_t kMaxTables = 100'000;

}  // namespace

RowByRow& RowByRow::of_process() {
  static RowByRow tables;
  return tables;
}

bool RowByRow::contains(const std::string& table) const {
  const std::lock_guard lock(mutex_);
  return tables_.contains(table);
}

void RowByRow::add(const std::string& table) {
  const std::lock_guard lock(mutex_);
  if (tables_.size() < kMaxTables) tables_.insert(table);
}

}  // namespace penstock::odbc
