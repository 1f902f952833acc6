// The schedule on an event loop.
#pragma once

#include "platform/clock.hpp"
#include "schedule/schedule.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace penstock::host {

// Says what to start and when; Schedule decides, this only waits. Everything here is to be called on the loop's thread, never
// blocks, and calls back only from the loop: never from inside one of these functions.
class Scheduler {
 public:
  // Starts a run, which goes on elsewhere and ends with finished(), once, whatever its outcome; it may do so right away. So does
  // that of each companion, or with put_back(). Must not block and must not throw.
  using Start = std::function<void(const DueView& due)>;

  // The loop and the clock outlive the scheduler, the scheduler need not outlive the loop's work. Nothing is due before
  // set_views().
  Scheduler(boost::asio::io_context& loop, const Clock& clock, int64_t workers, Start start);
  ~Scheduler();  // as stop()
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // As in Schedule, now.
  void set_workers(int64_t workers);
  void set_views(const std::vector<ScheduledView>& views);
  bool run_now(const ViewId& view);
  bool finished(const ViewId& view, std::optional<std::chrono::nanoseconds> retry_after = std::nullopt, bool found_nothing = false);
  bool put_back(const ViewId& view);
  size_t running() const;
  std::vector<ViewSchedule> status() const;

  // Starts nothing any more, and leaves the loop without work of its own. What runs goes on and may still say finished().
  void stop();

 private:
  class Loop;
  std::shared_ptr<Loop> loop_;  // shared with the wait that is pending on the loop
};

}  // namespace penstock::host
