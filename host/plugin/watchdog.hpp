// Runs an action when a call's deadline passes.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

namespace penstock::host {

// One thread for all deadlines, started when the first is set. The actions run on it one after the other; one that blocks
// delays the others, whose plugins still see the deadline when they look at it. Thread-safe.
class Watchdog {
 public:
  using Clock = std::chrono::steady_clock;  // CLOCK_MONOTONIC, as penstock_host.deadline_ns
  using Timer = std::pair<Clock::time_point, uint64_t>;

  Watchdog() = default;
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  Timer arm(Clock::time_point when, std::function<void()> action);
  // Afterwards the action is not running and will not run; except within the action itself, which may disarm its timer.
  void disarm(const Timer& timer);

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::condition_variable idle_;
  std::map<Timer, std::function<void()>> timers_;
  uint64_t next_id_ = 1;
  uint64_t running_ = 0;
  // The thread looks again by then by itself: a later deadline need not wake it. In the past while it is awake.
  Clock::time_point looks_at_ = Clock::time_point::min();
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace penstock::host
