// max_rows_per_second: how long to wait so that readers of the store do not suffer. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace penstock::host {

class Pace {
 public:
  // 0: no limit.
  explicit Pace(int64_t max_rows_per_second) : rate_(max_rows_per_second) {}

  // A store may do nothing else while it takes a batch, and whoever reads from it waits that long: few rows at a time, however
  // many a second. At most those of a tenth of a second, so that a pause is short, at least those of a millisecond, as each batch has a price,
  // and at most `batch_rows`.
  int64_t batch_rows(int64_t batch_rows) const {
    constexpr int64_t kRowsAtOnce = 100;
    if (rate_ == 0) return batch_rows;
    return std::min(batch_rows, std::clamp<int64_t>(rate_ / 10, 1, std::max(kRowsAtOnce, rate_ / 1000)));
  }

  // From now on rows count. Without it, everything since the clock's zero would be time to make up for.
  void start(std::chrono::nanoseconds now) { due_ = now; }

  // How long to wait at `now`, once `rows` more were written. Time in which a slow source delivered nothing is not made up
  // for: a burst is what readers would feel.
  std::chrono::nanoseconds wait(int64_t rows, std::chrono::nanoseconds now) {
    if (rate_ == 0) return std::chrono::nanoseconds(0);
    const double ns = std::min(static_cast<double>(rows) / static_cast<double>(rate_) * 1e9, 1e18);
    due_ = std::max(due_ + std::chrono::nanoseconds(static_cast<int64_t>(ns)), now);
    return due_ - now;
  }

 private:
  int64_t rate_;
  std::chrono::nanoseconds due_{0};  // when the rows so far should have been written
};

}  // namespace penstock::host
