// What is due when: pure, on a clock that the caller reads.
#pragma once

#include "base/view_id.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace penstock::host {

struct ScheduledView {
  ViewId view;
  std::chrono::nanoseconds interval{};
  double jitter = 0;  // 0 to 1: which part of the interval the views are spread over
  std::string look = {};  // views with the same may be looked at together; empty: this one goes alone
};

enum class DueReason { start /* the first run here */, interval, manual, retry };

// "start", "interval", "manual", "retry": as in RunRecord::reason.
std::string_view to_text(DueReason reason);

struct Companion {
  ViewId view;
  DueReason reason = DueReason::interval;

  bool operator==(const Companion&) const = default;
};

struct DueView {
  ViewId view;
  DueReason reason = DueReason::start;
  int64_t due_at_ns = 0;  // since when it should have run
  std::vector<Companion> companions = {};  // started with it, see Schedule

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
// Views that found nothing the last time, and whose `look` is the same, start together, so that one look at what they share may
// do for all; also those that are due within the next hundredth of their interval. Together they take one worker. One that turns
// out to need a run of its own is put back: it is due as before, and alone.
//
// Promises: a view runs at most once at a time; no more than `workers` views, with their companions, run at once; whoever is due
// longest goes first, so that everything due is run; a new view is due at once.
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

  // The view to start now, which counts as running from here, as its companions do; nothing when none is due or all workers
  // are busy.
  std::optional<DueView> next_due(int64_t now_ns);

  // The run of a view has ended. With `retry_after` it is due then, instead of on its next tick. `found_nothing`: the next time it
  // may start together with others. False: it was not running.
  bool finished(const ViewId& view, int64_t now_ns, std::optional<std::chrono::nanoseconds> retry_after = std::nullopt,
                bool found_nothing = false);

  // A view that was started with others has to run by itself: it stops running and is due as it was. False: it was not running.
  bool put_back(const ViewId& view);

  // When next_due() will have something, if nothing else happens before: at or before now means at once; nothing when only
  // the end of a run or a new view can change that.
  std::optional<int64_t> next_wakeup() const;

  size_t running() const { return running_; }  // a view and its companions count once
  std::vector<ViewSchedule> status() const;  // by view

 private:
  struct Due {
    int64_t at = 0;
    DueReason reason = DueReason::start;
    std::optional<int64_t> requested_at = {};
  };
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
    std::string look = {};
    bool found_nothing = false;                // the last time
    std::shared_ptr<size_t> together = {};     // while it runs: how many of those that started with it still do
    Due before = {};                           // while it runs: what it was started for
  };
  using Waiting = std::set<std::pair<int64_t, ViewId>>;  // since or until when; the id decides between equals

  void add(const ViewId& id, const ScheduledView& wanted, int64_t now_ns);
  void change(const ViewId& id, View& view, const ScheduledView& wanted, int64_t now_ns);
  void remove_missing(const std::set<ViewId>& wanted);
  void enqueue(const ViewId& id, const View& view);
  void dequeue(const ViewId& id, const View& view);
  DueReason start(const ViewId& id, View& view, int64_t now_ns);
  std::vector<Companion> start_companions(const View& leader, int64_t now_ns);
  void stop(View& view);

  int64_t workers_;
  size_t running_ = 0;
  std::map<ViewId, View> views_;
  // A view that does not run is in exactly one of these.
  Waiting ticking_;
  Waiting requested_;
  std::map<std::string, std::set<ViewId>> idle_;  // of those: who found nothing the last time, by their look
  bool last_was_requested_ = false;
};

}  // namespace penstock::host
