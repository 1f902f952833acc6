// Does what the machine says, and decides nothing. Blocks: one worker thread a run, and a thread of its own for the source.
#pragma once

#include "platform/clock.hpp"
#include "run/connections.hpp"
#include "run/machine.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace penstock::host {

struct RunLimits {
  int64_t batch_rows = 16384;
  int64_t batch_bytes = 8 << 20;
  int64_t queue_batches = 4;
  std::chrono::nanoseconds call_timeout = std::chrono::minutes(1);
  int64_t rejects_kept = 10000;
};

struct RunProgress {
  RunCounts counts;
  int64_t rows_estimate = -1;  // -1: unknown
  int64_t elapsed_ns = 0;
};

struct RunJob {
  RunRequest request;
  BatchSource source;
  Entity entity;
  std::chrono::nanoseconds ttl{0};  // 0: none
  std::string run_id;
  std::string reason;               // "interval", "manual", "full", …
  int64_t attempt = 1;
  bool dry_run = false;             // read and count, write nothing anywhere
  std::shared_ptr<CancelToken> cancel;
  std::function<void(const RunProgress&)> on_progress;  // on the worker thread, after each batch
};

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

// The scan of a view's window: also for `plan`, which shows the statement.
ScanRequest scan_request(const View& view, const BatchSource& source, const ResolvedOptions& options, const Window& window,
                         const class RowPlan& plan, const RunLimits& limits);
TableRef table_ref(const BatchSource& source, const ResolvedOptions& options);
CursorRef cursor_ref(const View& view, const BatchSource& source, const std::string& column);

}  // namespace penstock::host
