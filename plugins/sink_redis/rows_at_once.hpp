// How many rows the server is given at once: it serves nobody else meanwhile.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace penstock::redis {

class RowsAtOnce {
 public:
  // A server is not held longer than about this, however slow it is or busy with others,
  static constexpr std::chrono::nanoseconds kHeld = std::chrono::milliseconds(1);
  // but for fewer rows than this the frame around them would cost more than they do.
  static constexpr size_t kFewest = 25;
  // Of many values there are fewer rows.
  static constexpr size_t kValues = 20'000;
  // A short write says more about the way to the server than about the server.
  static constexpr size_t kEnoughToTell = 1000;

  // `values`: commands' arguments a row.
  RowsAtOnce(size_t most, size_t values) : most_(std::clamp<size_t>(kValues / values, 1, most)), now_(most_) {}

  size_t get() const { return now_; }

  // The last write took so long. Its time is an upper bound for what its rows held the server.
  void took(size_t rows, std::chrono::nanoseconds time) {
    if (rows < kEnoughToTell) return;
    const auto held = std::max<std::chrono::nanoseconds::rep>(time.count() / static_cast<std::chrono::nanoseconds::rep>(rows), 1);
    now_ = std::clamp(static_cast<size_t>(kHeld.count() / held), std::min(kFewest, most_), most_);
  }

 private:
  size_t most_, now_;
};

}  // namespace penstock::redis
