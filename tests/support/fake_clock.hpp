// Time by hand.
#pragma once

#include "platform/clock.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>

namespace penstock::test {

// Stands still until it is told otherwise. Thread-safe.
class FakeClock final : public host::Clock {
 public:
  static constexpr int64_t kStartWallNs = 1'700'000'000'000'000'000;  // 2023-11-14T22:13:20Z
  static constexpr int64_t kStartSteadyNs = 1'000'000'000'000;

  int64_t wall_ns() const override { return wall_; }
  int64_t steady_ns() const override { return steady_; }

  // Both clocks.
  void advance(std::chrono::nanoseconds by) {
    wall_ += by.count();
    steady_ += by.count();
  }
  // As when somebody sets the machine's clock: the steady one does not notice.
  void set_wall(int64_t wall_ns) { wall_ = wall_ns; }

 private:
  std::atomic<int64_t> wall_{kStartWallNs};
  std::atomic<int64_t> steady_{kStartSteadyNs};
};

}  // namespace penstock::test
