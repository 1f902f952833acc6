// What became of the rows of one write, counted once each.
#pragma once

#include <penstock/sink.hpp>

namespace penstock {

// A writer says for each row of the batch what became of it, in any order, and returns result(): a row that is counted as rejected has
// been reported, and a row that was forgotten or rejected twice is an error of the writer instead of a wrong count. Rejects are reported
// at once, so it must not outlive the call.
class WriteTally {
 public:
  WriteTally(const Call& call, const BatchView& batch) : call_(call), rows_(batch.rows()) {}

  void written(int64_t rows = 1) { result_.written += rows; }
  void unchanged(int64_t rows = 1) { result_.unchanged += rows; }
  void stale(int64_t rows = 1) { result_.stale += rows; }

  // `column` is an index in the batch or PENSTOCK_REJECT_NO_COLUMN; retryable: a later run gives the row again. Throws INTERNAL for a
  // row that is not in the batch or was rejected before.
  void reject(int64_t row, int32_t column, std::string_view reason, bool retryable = false) {
    if (row < 0 || row >= rows_) throw Error(PENSTOCK_STATUS_INTERNAL, "row " + std::to_string(row) + " is rejected, but not in the batch");
    if (rejected_.empty()) rejected_.resize(static_cast<size_t>(rows_));
    if (rejected_[static_cast<size_t>(row)]) throw Error(PENSTOCK_STATUS_INTERNAL, "row " + std::to_string(row) + " is rejected twice");
    rejected_[static_cast<size_t>(row)] = true;
    call_.reject(row, column, reason, retryable);
    ++result_.rejected;
  }
  bool is_rejected(int64_t row) const { return !rejected_.empty() && rejected_[static_cast<size_t>(row)]; }

  // Throws INTERNAL unless every row was counted.
  WriteResult result() const {
    const int64_t counted = result_.written + result_.unchanged + result_.stale + result_.rejected;
    if (counted != rows_)
      throw Error(PENSTOCK_STATUS_INTERNAL, "write: " + std::to_string(counted) + " rows were counted, of a batch of " + std::to_string(rows_));
    return result_;
  }

 private:
  Call call_;
  int64_t rows_;
  WriteResult result_;
  std::vector<bool> rejected_;  // empty until the first
};

}  // namespace penstock
