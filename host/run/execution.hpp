// One run under way: does what the machine says, and decides nothing.
#pragma once

#include "platform/clock.hpp"
#include "run/connections.hpp"
#include "run/job.hpp"
#include "run/reject_retry.hpp"
#include "run/row_feed.hpp"
#include "run/row_transfer.hpp"
#include "run/scan_request.hpp"
#include "stage/row_plan.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace penstock::host {

struct RunReport {
  RunRecord record;
  std::optional<Failure> failure;  // its message begins with the view and the object
  std::string notice;              // worth a warning although the run went on
  int64_t elapsed_ns = 0;
  std::optional<EmptyLook> look = {};  // of a run that found nothing
};

RunRecord make_record(const RunJob& job, const RunMachine& machine, const RunCounts& counts, int64_t started_at_ns, int64_t now_ns);

// Step by step, so that whoever simulates hosts can do other things in between. Not thread-safe. Destroying it before it is
// over gives the run up as a host does that dies: nothing is recorded.
class RunExecution {
 public:
  // Keeps references to the first four.
  RunExecution(Connections& connections, State& state, const Clock& clock, const RunLimits& limits, RunJob job)
      : connections_(connections), state_(state), clock_(clock), limits_(limits), job_(std::move(job)), machine_(job_.request),
        started_(clock.steady_ns()), started_wall_(clock.wall_ns()) {}

  bool over() const { return machine_.step() == Step::finish; }
  // One step of the machine, or of its transfer one batch. Blocks. Does not throw what a source, a sink or memory may bring
  // about: the run has then failed.
  void step();
  // Once it is over: gives back what works.
  RunReport finish();

 private:
  const View& view() const { return job_.request.view; }
  std::string source_label() const { return job_.source_label(); }
  std::string store_label() const { return job_.store_label(); }
  CallLimits limits_for(const std::string& object) const { return job_.call_limits(limits_, object); }

  void act();
  Result<void> register_run();
  Result<void> connect();
  Result<void> load_marker();
  Result<void> ask_horizon();
  Result<void> open_scan();
  Result<void> begin();
  Result<void> check_marker();
  Result<bool> transfer();
  RepeatFilter* start_repeats();
  Result<void> save_refused();
  Result<void> record();
  RunCounts counts() const { return transfer_ ? transfer_->counts() : RunCounts(); }
  RunRecord record_so_far() const { return make_record(job_, machine_, counts(), started_wall_, clock_.wall_ns()); }
  std::optional<EmptyLook> empty_look() const;

  Connections& connections_;
  State& state_;
  const Clock& clock_;
  const RunLimits& limits_;
  RunJob job_;
  RunMachine machine_;
  const int64_t started_;
  const int64_t started_wall_;
  bool registered_ = false;
  bool rejects_due_ = false;
  bool refused_saved_ = false;

  // Destroyed in the reverse order: the writer before the sink, the feed before the source.
  ResolvedOptions table_options_;
  std::unique_ptr<Source> source_;
  std::unique_ptr<Sink> sink_;
  Schema table_schema_;
  std::optional<RowPlan> described_;
  std::unique_ptr<RowFeed> feed_;
  std::optional<RowFeed::Piece> first_;
  std::unique_ptr<SinkWriter> writer_;
  std::unique_ptr<RejectRetry> retry_;
  std::unique_ptr<RowTransfer> transfer_;
  bool remembers_ = false;  // what it writes
};

}  // namespace penstock::host
