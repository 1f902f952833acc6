// The one place where the order of a run is written down. Pure: events in, the next step out; it decides and does nothing.
//
//   connect → load_marker → ask_horizon → open_scan → begin → check_marker → transfer → flush → save_refused → commit_marker → record → finish
//
// What the store refused is saved before the marker moves past it: where nothing else is remembered, a host that dies in between would
// start from the marker and never see those rows again.
//
// A run that only tries again what the store refused commits the marker at the same position, under its own fence: a store that goes
// back to before it says so by the fence of its marker. The record remembers the last such fence, and where the marker's is less
// everything is read again: the rows of the retries lie anywhere below the position.
//
// Data first, then the store's marker, then the local record: a crash anywhere leaves repeats, never a gap. The horizon comes
// before the scan's snapshot: a row that commits in between is then visible although it lies at or below the horizon. A
// failure leads to abort (if a writer was begun), record and finish; the position stays where it was.
//
// The marker is read before the horizon, to know where to start, and once more when the run has taken the view over: a store that
// was restored, emptied or failed over in between would lack the rows before this run's window, and no fence would tell. Nor may
// another run have committed in between: it may have read after this one, and rows that tie in time are decided by the fence.
#pragma once

#include "base/failure.hpp"
#include "base/position.hpp"
#include "config/definitions.hpp"
#include "plugin/sink.hpp"
#include "plugin/source.hpp"
#include "state/state.hpp"

#include <optional>
#include <string>

namespace penstock::host {

// What a run is asked to do.
struct RunRequest {
  View view;                            // its policies
  std::optional<PositionRecord> local;  // what the state remembers
  CursorKind cursor = CursorKind::timestamp;
  bool full = false;                    // read everything, whatever the position
  std::optional<int64_t> from_ns;       // a slice: rows with from < cursor <= to; the position does not move
  std::optional<int64_t> to_ns;

  bool slice() const { return from_ns || to_ns; }
};

// Rows, by what happened to them. Once a run is over: read = written + unchanged + stale + rejected.
struct RunCounts {
  int64_t read = 0;
  int64_t written = 0;
  int64_t unchanged = 0;
  int64_t stale = 0;
  int64_t rejected = 0;
  int64_t null_cursors = 0;  // rows without a value in the timestamp field: among read, unless the view skips them
  int64_t retried = 0;       // among read: what the store refused in earlier runs
  int64_t given_up = 0;      // not read: what it refused and this run did not try, as the store is another one now

  bool add_up() const { return read == written + unchanged + stale + rejected; }
};

// What a run reads: since < cursor <= until.
struct Window {
  std::optional<Position> since;
  Position until;
  bool everything = false;  // whatever was read before; from backfill_since on
};

enum class Step { connect, load_marker, ask_horizon, open_scan, begin, check_marker, transfer, flush, save_refused, commit_marker, abort, record, finish };

class RunMachine {
 public:
  explicit RunMachine(RunRequest request) : request_(std::move(request)) {}

  // What to do now. The driver does it and then tells what came of it by one of the events below.
  Step step() const { return step_; }

  // `rejects_due`: rows that the store refused in earlier runs are to be tried again, also when the source has nothing new.
  void connected(const SinkCapabilities& capabilities, bool has_marker, bool rejects_due = false);
  void marker_loaded(const Marker& marker);
  void horizon_known(const Horizon& horizon);
  // Does the scan deliver anything at all?
  void scan_opened(bool any_rows);
  // Nothing: a dry run, which takes nothing over.
  void begun(std::optional<int64_t> fence);
  // The marker as it is now that no other run can change it.
  void marker_checked(const Marker& marker);
  // After each batch: a failure when a policy of the view ends the run here.
  std::optional<Failure> judge(const RunCounts& counts) const;
  void transferred(const RunCounts& counts);
  void flushed();
  void refused_saved();
  void marker_committed();
  void aborted();
  void recorded();
  // The current step did not work. During abort and record: the first failure stays.
  void failed(Failure failure);

  // Valid once the marker is loaded.
  const std::string& store_id() const { return store_id_; }
  // As it was when the run took the view over; nothing: the store has no markers.
  const std::optional<Marker>& loaded_marker() const { return loaded_; }
  // The run has committed, and nothing went wrong since.
  bool marker_moved() const { return moved_ && !failure_; }
  // Valid from open_scan on.
  const Window& window() const { return window_; }
  const Horizon& horizon() const { return horizon_; }
  // What to write into the record: valid at `record`.
  RunOutcome outcome() const;
  const RunCounts& counts() const { return counts_; }
  const std::optional<Failure>& failure() const { return failure_; }
  // The position to remember locally, if this run moved it, or if what was remembered is lost and the marker still knows.
  std::optional<PositionRecord> new_position(int64_t now_ns) const;
  // Something the operator should know though the run goes on: "the store has no marker for this view: full resync".
  const std::string& notice() const { return notice_; }

 private:
  void decide_start(const std::optional<Marker>& marker);
  void read_everything();

  RunRequest request_;
  Step step_ = Step::connect;
  SinkCapabilities capabilities_;
  bool has_marker_ = false;
  bool rejects_due_ = false;
  std::string store_id_;
  std::optional<Position> position_;  // P: where this run starts
  std::optional<Marker> loaded_;      // as it was before the horizon
  Horizon horizon_;
  Window window_;
  int64_t fence_ = 0;
  bool scanned_ = false;
  bool begun_ = false;
  std::optional<int64_t> found_fence_;  // of a marker that nothing is remembered of locally
  bool moved_ = false;  // the marker (or, without markers, the data) is at the horizon
  RunCounts counts_;
  std::optional<Failure> failure_;
  std::string notice_;
};

}  // namespace penstock::host
