// A run from its first step to its last. Blocks: one worker thread a run, and a thread of its own for the source.
#pragma once

#include "platform/clock.hpp"
#include "run/execution.hpp"

namespace penstock::host {

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
