// Does what the machine says, and decides nothing. Blocks: one worker thread a run, and a thread of its own for the source.
#pragma once

#include "platform/clock.hpp"
#include "run/connections.hpp"
#include "run/job.hpp"
#include "run/scan_request.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace penstock::host {

struct RunReport {
  RunRecord record;
  std::optional<Failure> failure;  // its message begins with the view and the object
  std::string notice;              // worth a warning although the run went on
  int64_t elapsed_ns = 0;
};

class RunDriver {
 public:
  // Keeps references to all three.
  RunDriver(Connections& connections, State& state, const Clock& clock, RunLimits limits)
      : connections_(connections), state_(state), clock_(clock), limits_(limits) {}

  // Does not throw what a source, a sink or memory may bring about: that is a failure in the report.
  RunReport run(RunJob job) const;

 private:
  Connections& connections_;
  State& state_;
  const Clock& clock_;
  RunLimits limits_;
};

}  // namespace penstock::host
