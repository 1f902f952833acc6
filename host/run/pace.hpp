// max_rows_per_second: how many rows to write at once, and how long to wait so that readers of the store do not suffer. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>

namespace penstock::host {

class Pace {
 public:
  // 0: no limit.
  explicit Pace(int64_t max_rows_per_second) : rate_(max_rows_per_second) {}

  // A store may do nothing else while it takes rows, and whoever reads from it waits that long: few at a time, however many a
  // second. But each write has a price, so above 100,000 rows a second they are those of a quarter of a millisecond. At most those of a tenth
  // of a second, so that a pause is short.
  int64_t rows_at_once() const {
    constexpr int64_t kFew = 25;
    constexpr int64_t kWritesPerSecond = 4000;
    if (rate_ == 0) return std::numeric_limits<int64_t>::max();
    return std::clamp<int64_t>(rate_ / 10, 1, std::max(kFew, rate_ / kWritesPerSecond));
  }

  // Rows to read at a time: no more than those of a tenth of a second, so that a run says often enough how far it is.
  int64_t batch_rows(int64_t batch_rows) const { return rate_ == 0 ? batch_rows : std::clamp<int64_t>(rate_ / 10, 1, batch_rows); }

  // From now on rows count. Without it, everything since the clock's zero would be time to make up for.
  void start(std::chrono::nanoseconds now) { due_ = now; }

  // How long to wait at `now` before `rows` more are written. A late wake-up and a slow write are made up for, not the time in
  // which a slow source delivered nothing: a burst is what readers would feel.
  std::chrono::nanoseconds wait(int64_t rows, std::chrono::nanoseconds now) {
    constexpr std::chrono::milliseconds kMadeUpFor(10);
    if (rate_ == 0) return std::chrono::nanoseconds(0);
    due_ = std::max(due_, now - kMadeUpFor);
    const auto wait = std::max(due_ - now, std::chrono::nanoseconds(0));
    due_ += std::chrono::nanoseconds(static_cast<int64_t>(std::min(static_cast<double>(rows) / static_cast<double>(rate_) * 1e9, 1e18)));
    return wait;
  }

 private:
  int64_t rate_;
  std::chrono::nanoseconds due_{0};  // when the next rows should be written
};

}  // namespace penstock::host
