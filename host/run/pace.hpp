// max_rows_per_second: how long to wait so that readers of the store do not suffer. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace penstock::host {

class Pace {
 public:
  explicit Pace(int64_t max_rows_per_second) : rate_(max_rows_per_second) {}

  // Rows that fit a tenth of a second, so that a pause is short; at most `batch_rows`.
  int64_t batch_rows(int64_t batch_rows) const { return rate_ == 0 ? batch_rows : std::clamp<int64_t>(rate_ / 10, 1, batch_rows); }

  // How long to wait once `rows` were written in `elapsed`.
  std::chrono::nanoseconds wait(int64_t rows, std::chrono::nanoseconds elapsed) const {
    if (rate_ == 0) return std::chrono::nanoseconds(0);
    const std::chrono::nanoseconds due(static_cast<int64_t>(static_cast<double>(rows) / static_cast<double>(rate_) * 1e9));
    return std::max(due - elapsed, std::chrono::nanoseconds(0));
  }

 private:
  int64_t rate_;
};

}  // namespace penstock::host
