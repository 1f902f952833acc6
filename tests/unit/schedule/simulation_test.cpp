// The schedule under random events on virtual time, with a simple model beside it that says what must hold.
#include "schedule/schedule.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <random>
#include <set>

namespace penstock::host {
namespace {

using std::chrono::nanoseconds;

constexpr int64_t kMillisecond = 1'000'000;
constexpr int64_t kMinute = 60'000 * kMillisecond;

class Simulation {
 public:
  explicit Simulation(uint64_t seed) : random_(seed), workers_(pick(1, 6)), schedule_(workers_) {}

  void run() {
    redefine();
    for (int step = 0; step < 500 && !failed(); ++step) {
      act();
      start_what_is_due();
      // Most often exactly to the next thing that happens, sometimes late, now and then very late.
      const int64_t kind = pick(0, 99);
      if (kind < 70) {
        now_ = std::max(now_, next_event());
      } else if (kind < 99) {
        now_ += pick(0, 2'000) * kMillisecond;
      } else {
        now_ += 120 * kMinute;
      }
    }
    settle();
  }

 private:
  struct Modelled {
    int64_t interval;
    int64_t requested_at = -1;
    int64_t retry_at = -1;
    int64_t last_start = -1;  // -1: none under this definition
    bool was_put_back = false;  // due as it was, whatever its interval is now
    int64_t added_at;
  };

  int64_t pick(int64_t low, int64_t high) { return std::uniform_int_distribution<int64_t>(low, high)(random_); }
  static bool failed() { return ::testing::Test::HasFailure(); }

  void act() {
    // The runs that end by now, in the order of their ends.
    while (!ends_.empty() && ends_.begin()->first <= now_) finish(ends_.begin()->second);
    const int64_t kind = pick(0, 99);
    if (kind < 3) redefine();
    if (kind >= 3 && kind < 6) schedule_.set_workers(workers_ = pick(1, 6));
    if (kind >= 6 && kind < 20 && !views_.empty()) {
      auto it = std::next(views_.begin(), pick(0, static_cast<int64_t>(views_.size()) - 1));
      EXPECT_TRUE(schedule_.run_now(it->first, now_));
      if (it->second.requested_at < 0) it->second.requested_at = now_;
    }
  }

  void redefine() {
    std::vector<ScheduledView> wanted;
    std::map<ViewId, Modelled> next;
    for (int i = 0; i < 12; ++i) {
      if (pick(0, 2) == 0) continue;
      const ViewId id{"view" + std::to_string(i), 1};
      const auto known = views_.find(id);
      const int64_t interval = known != views_.end() && pick(0, 3) > 0 ? known->second.interval : pick(100, 20'000) * kMillisecond;
      wanted.push_back({id, nanoseconds(interval), 0.1, i % 4 == 0 ? "" : "table" + std::to_string(i % 2)});
      Modelled view = known == views_.end() ? Modelled{.interval = interval, .added_at = now_} : known->second;
      view.interval = interval;
      next.emplace(id, view);
    }
    std::shuffle(wanted.begin(), wanted.end(), random_);
    schedule_.set_views(wanted, now_);
    views_ = std::move(next);
  }

  void finish(const ViewId id) {
    ends_.erase(ends_.begin());
    running_.erase(id);
    std::optional<nanoseconds> retry;
    if (pick(0, 4) == 0) retry = nanoseconds(pick(0, 30'000) * kMillisecond);
    const auto known = views_.find(id);
    if (const auto with = together_.find(id); with != together_.end() && pick(0, 3) == 0) {
      // Not run at all.
      EXPECT_TRUE(schedule_.put_back(id));
      if (known != views_.end() && known->second.last_start >= 0) {
        if (known->second.requested_at < 0) known->second.requested_at = with->second.requested_at;
        known->second.last_start = with->second.last_start;
        known->second.was_put_back = true;
      }
      together_.erase(with);
      return;
    }
    together_.erase(id);
    EXPECT_TRUE(schedule_.finished(id, now_, retry, pick(0, 2) > 0));
    if (known == views_.end()) return;
    known->second.retry_at = retry && known->second.last_start >= 0 ? now_ + retry->count() : -1;
  }

  void start_what_is_due() {
    while (const auto due = schedule_.next_due(now_)) {
      ASSERT_LT(groups_running(), std::max<int64_t>(workers_, 1));
      check_reason(views_.at(due->view), *due);
      ++groups_;
      start(due->view);
      for (const Companion& companion : due->companions) {
        ASSERT_NE(companion.reason, DueReason::start);
        ASSERT_NE(companion.reason, DueReason::retry);
        together_.emplace(companion.view, views_.at(companion.view));
        start(companion.view);
      }
    }
    check_nobody_was_forgotten();
  }

  void start(const ViewId& id) {
    ASSERT_TRUE(views_.contains(id)) << id.label() << " was removed";
    ASSERT_TRUE(running_.emplace(id, groups_).second) << id.label() << " runs twice at once";
    Modelled& view = views_.at(id);
    view.last_start = now_;
    view.requested_at = view.retry_at = -1;
    view.was_put_back = false;
    const int64_t lasts = pick(0, 9) == 0 ? pick(0, 60'000) : pick(0, 500);
    ends_.emplace(now_ + lasts * kMillisecond, id);
  }

  int64_t groups_running() const {
    std::set<int64_t> groups;
    for (const auto& [id, group] : running_) groups.insert(group);
    return static_cast<int64_t>(groups.size());
  }

  void check_reason(const Modelled& view, const DueView& due) {
    switch (due.reason) {
      case DueReason::manual: ASSERT_EQ(view.requested_at, due.due_at_ns); return;
      case DueReason::start: ASSERT_LT(view.last_start, 0); return;
      case DueReason::retry: ASSERT_EQ(view.retry_at, due.due_at_ns); return;
      case DueReason::interval: break;
    }
    ASSERT_LT(view.retry_at, 0) << "the wait after a failure was cut short";
    ASSERT_GE(view.last_start, 0);
    ASSERT_GT(due.due_at_ns, view.last_start) << "two runs for one tick";
    // One that went along with others before its tick has the next one an interval after that.
    if (view.was_put_back) return;
    ASSERT_LE(due.due_at_ns, view.last_start + view.interval + view.interval / 100) << "later than the interval";
  }

  // With a free worker, nobody who is due is left.
  void check_nobody_was_forgotten() {
    if (groups_running() >= workers_) return;
    for (const auto& [id, view] : views_) {
      const bool due = view.requested_at >= 0 || view.last_start < 0 ||
                       (view.retry_at >= 0 ? view.retry_at : view.last_start + view.interval) <= now_;
      if (due && !view.was_put_back && !running_.contains(id)) FAIL() << id.label() << " is due, and does not run though a worker is free";
    }
  }

  int64_t next_event() const {
    int64_t next = now_ + 30'000 * kMillisecond;
    if (!ends_.empty()) next = std::min(next, ends_.begin()->first);
    if (const auto wakeup = schedule_.next_wakeup()) next = std::min(next, *wakeup);
    return next;
  }

  // With short runs from here on everybody's next run comes, and from the wakeups alone.
  void settle() {
    std::set<ViewId> waiting;
    for (const auto& [id, view] : views_) waiting.insert(id);
    const int64_t until = now_ + 10 * kMinute;
    while (!waiting.empty() && now_ < until && !failed()) {
      while (!ends_.empty() && ends_.begin()->first <= now_) finish(ends_.begin()->second);
      start_what_is_due();
      for (const auto& [id, group] : running_)
        if (!together_.contains(id)) waiting.erase(id);
      const int64_t next = next_event();
      now_ = std::max(now_, next);
    }
    EXPECT_TRUE(waiting.empty()) << waiting.begin()->label() << " does not run any more";
  }

  std::mt19937_64 random_;
  int64_t workers_;
  Schedule schedule_;
  int64_t now_ = 1'000 * kMinute;
  std::map<ViewId, Modelled> views_;
  std::map<ViewId, int64_t> running_;  // and the number of those it was started with
  int64_t groups_ = 0;
  std::map<ViewId, Modelled> together_;  // who was started with others, as it was before
  std::multimap<int64_t, ViewId> ends_;
};

TEST(ScheduleSimulation, KeepsItsPromisesUnderRandomEvents) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Simulation(seed).run();
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace penstock::host
