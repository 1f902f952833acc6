// What is due when: pure, on a clock that the caller reads.
#pragma once

#include "base/view_id.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

namespace penstock::host {

struct ScheduledView {
  ViewId view;
  std::chrono::nanoseconds interval{};
  double jitter = 0;  // 0 to 1: which part of the interval the views are spread over
};

enum class DueReason { start /* the first run here */, interval, manual, retry };

// "start", "interval", "manual", "retry": as in RunRecord::reason.
std::string_view to_text(DueReason reason);

struct DueView {
  ViewId view;
  DueReason reason = DueReason::start;
  int64_t due_at_ns = 0;  // since when it should have run

  bool operator==(const DueView&) const = default;
};

// Where a view stands, for people.
struct ViewSchedule {
  ViewId view;
  std::optional<int64_t> running_since_ns;
  // When it will be due; of a running view: at the earliest, as a delay after a failure is not known yet.
  int64_t next_due_ns = 0;
  bool run_requested = false;  // by run_now, and not started yet

  bool operator==(const ViewSchedule&) const = default;
};

// Decides which view runs next. It starts nothing and reads no clock: every function is told the time, in nanoseconds of a
// clock that never goes back. Not thread-safe.
//
// A view ticks on a fixed grid: every interval after it was added, minus a phase of its own within jitter * interval. The
// phase spreads views that were added together, and is subtracted, so that jitter never makes a view later than its interval.
// A grid, rather than "interval after the last end", keeps runs from drifting and lets missed ticks fall together: whatever
// was missed, by a long run, a full house or a machine that slept, is one run.
//
// Promises: a view runs at most once at a time; no more than `workers` views run at once; whoever is due longest goes first,
// so that everything due is run; a new view is due at once.
class Schedule {
 public:
  // At least one worker.
  explicit Schedule(int64_t workers);

  void set_workers(int64_t workers);  // those above the number finish their runs

  // The views from now on; of equal ids the first counts. A view that is not among them any more is forgotten, at the end of
  // its run if it is running. One whose interval or jitter changed ticks on the new grid, counted from its last start.
  void set_views(const std::vector<ScheduledView>& views, int64_t now_ns);

  // One more run as soon as possible, right after the one that is going on if there is one; asked twice before it starts, it
  // is one run. Ends a wait after a failure. It goes before what is due by its interval, but never two such starts in a row
  // while others wait. False: there is no such view.
  bool run_now(const ViewId& view, int64_t now_ns);

  // The view to start now, which counts as running from here; nothing when none is due or all workers are busy.
  std::optional<DueView> next_due(int64_t now_ns);

  // The run of a view has ended. With `retry_after` it is due then, instead of on its next tick. False: it was not running.
  bool finished(const ViewId& view, int64_t now_ns, std::optional<std::chrono::nanoseconds> retry_after = std::nullopt);

  // When next_due() will have something, if nothing else happens before: at or before now means at once; nothing when only
  // the end of a run or a new view can change that.
  std::optional<int64_t> next_wakeup() const;

  size_t running() const { return running_; }
  std::vector<ViewSchedule> status() const;  // by view

 private:
  struct View {
    int64_t interval = 0;
    int64_t phase = 0;
    int64_t grid_start = 0;                    // when it was added, or last started before its interval changed
    int64_t last_start = 0;                    // when it was added, before the first
    int64_t due = 0;
    DueReason reason = DueReason::start;
    std::optional<int64_t> requested_at = {};  // by run_now
    std::optional<int64_t> running_since = {};
    bool removed = false;                      // while it ran
  };
  using Waiting = std::set<std::pair<int64_t, ViewId>>;  // since or until when; the id decides between equals

  void add(const ViewId& id, const ScheduledView& wanted, int64_t now_ns);
  void change(const ViewId& id, View& view, const ScheduledView& wanted, int64_t now_ns);
  void remove_missing(const std::set<ViewId>& wanted);
  void enqueue(const ViewId& id, const View& view);
  void dequeue(const ViewId& id, const View& view);

  int64_t workers_;
  size_t running_ = 0;
  std::map<ViewId, View> views_;
  // A view that does not run is in exactly one of these.
  Waiting ticking_;
  Waiting requested_;
  bool last_was_requested_ = false;
};

}  // namespace penstock::host
