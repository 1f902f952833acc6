// Runs views on a worker thread: one, or several of a table together that found nothing the last time.
#pragma once

#include "observe/log.hpp"
#include "observe/metrics.hpp"
#include "run/driver.hpp"
#include "schedule/schedule.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace penstock::host {

class ViewRunner {
 public:
  struct Wanted {
    ViewId view;
    DueReason reason = DueReason::interval;
    int64_t attempt = 1;
    std::shared_ptr<RepeatFilter> repeats = {};
    std::shared_ptr<ViewMetrics> metrics = {};
  };
  // Each view is told of once, by one of the two, on the worker's thread.
  struct Tell {
    std::function<void(std::vector<RunReport>)> ended;
    std::function<void(std::vector<ViewId>)> put_back;  // they have to run by themselves
  };

  // Keeps references to all.
  ViewRunner(Connections& connections, State& state, Log& log, const Clock& clock, const RunLimits& limits)
      : connections_(connections), state_(state), log_(log), clock_(clock), limits_(limits), driver_(connections, state, clock, limits) {}

  // The view that has read least runs. What it finds nothing in is nothing for the others either; as soon as it finds something,
  // they are put back. Blocks.
  void run(const Configuration& configuration, const std::vector<Wanted>& wanted, const std::shared_ptr<CancelToken>& cancel, const Tell& tell) const;

 private:
  Result<RunJob> job(const Configuration& configuration, const Wanted& wanted, const std::shared_ptr<CancelToken>& cancel) const;
  std::function<void(const RunProgress&)> save_progress(const RunJob& job) const;

  Connections& connections_;
  State& state_;
  Log& log_;
  const Clock& clock_;
  const RunLimits limits_;
  const RunDriver driver_;
};

}  // namespace penstock::host
