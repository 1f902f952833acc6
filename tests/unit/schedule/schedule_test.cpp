#include "schedule/schedule.hpp"

#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>
#include <set>
#include <string>

namespace penstock::host {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr int64_t kSecond = 1'000'000'000;
const ViewId kA{"a", 1}, kB{"b", 1}, kC{"c", 1};

// No jitter unless the test is about it, so that ticks are round.
ScheduledView every(const ViewId& view, std::chrono::nanoseconds interval) { return {view, interval, 0}; }

// Everything that can be started now.
std::vector<DueView> start_all(Schedule& schedule, int64_t now) {
  std::vector<DueView> started;
  while (auto due = schedule.next_due(now)) started.push_back(*due);
  return started;
}

TEST(Schedule, HasNothingToDoWithoutViews) {
  Schedule schedule(2);
  EXPECT_EQ(schedule.next_due(0), std::nullopt);
  EXPECT_EQ(schedule.next_wakeup(), std::nullopt);
  EXPECT_THAT(schedule.status(), IsEmpty());
}

TEST(Schedule, StartsANewViewAtOnceAndThenOnEveryTick) {
  Schedule schedule(2);
  schedule.set_views({every(kA, 10s)}, 100 * kSecond);
  EXPECT_THAT(start_all(schedule, 100 * kSecond), ElementsAre(DueView{kA, DueReason::start, 100 * kSecond}));
  EXPECT_TRUE(schedule.finished(kA, 103 * kSecond));

  EXPECT_EQ(schedule.next_wakeup(), 110 * kSecond);
  EXPECT_THAT(start_all(schedule, 110 * kSecond - 1), IsEmpty());
  EXPECT_THAT(start_all(schedule, 110 * kSecond), ElementsAre(DueView{kA, DueReason::interval, 110 * kSecond}));
  EXPECT_TRUE(schedule.finished(kA, 111 * kSecond));
  EXPECT_EQ(schedule.next_wakeup(), 120 * kSecond);
}

TEST(Schedule, DoesNotDriftThoughEveryRunStartsLate) {
  Schedule schedule(1);
  schedule.set_views({every(kA, 10s)}, 0);
  for (int64_t n = 0; n < 1'000; ++n) {
    const int64_t late = n * 10 * kSecond + 3 * kSecond;
    const DueReason reason = n == 0 ? DueReason::start : DueReason::interval;
    EXPECT_THAT(start_all(schedule, late), ElementsAre(DueView{kA, reason, n * 10 * kSecond}));
    schedule.finished(kA, late + kSecond);
  }
}

TEST(Schedule, NeverStartsAViewThatIsRunning) {
  Schedule schedule(4);
  schedule.set_views({every(kA, 10s)}, 0);
  start_all(schedule, 0);
  for (int64_t now = 0; now < 100 * kSecond; now += kSecond) EXPECT_THAT(start_all(schedule, now), IsEmpty());
}

TEST(Schedule, MakesOneRunOfAllTicksMissedByALongRunRightAfterItsEnd) {
  Schedule schedule(4);
  schedule.set_views({every(kA, 10s)}, 0);
  start_all(schedule, 0);
  schedule.finished(kA, 47 * kSecond);

  EXPECT_EQ(schedule.next_wakeup(), 10 * kSecond);
  EXPECT_THAT(start_all(schedule, 47 * kSecond), ElementsAre(DueView{kA, DueReason::interval, 10 * kSecond}));
  schedule.finished(kA, 48 * kSecond);

  EXPECT_THAT(start_all(schedule, 49 * kSecond), IsEmpty());
  EXPECT_EQ(schedule.next_wakeup(), 50 * kSecond);
}

TEST(Schedule, RunsEachViewOnceAfterTheMachineSleptForTwoHours) {
  Schedule schedule(2);
  schedule.set_views({every(kA, 10s), every(kB, 60s), every(kC, 24h)}, 0);
  for (const ViewId& view : {kA, kB, kC}) {
    EXPECT_EQ(schedule.next_due(0)->view, view);
    schedule.finished(view, 0);
  }
  int64_t now = 7'205 * kSecond;

  std::vector<ViewId> started;
  for (; now < 7'210 * kSecond; now += kSecond) {
    for (const DueView& due : start_all(schedule, now)) {
      started.push_back(due.view);
      schedule.finished(due.view, now);
    }
  }

  EXPECT_THAT(started, ElementsAre(kA, kB));
  EXPECT_EQ(schedule.next_wakeup(), 7'210 * kSecond);
}

TEST(Schedule, KeepsToItsWorkersAndPrefersWhoIsDueLongest) {
  Schedule schedule(2);
  schedule.set_views({every(kA, 10s), every(kB, 20s), every(kC, 30s)}, 0);
  EXPECT_THAT(start_all(schedule, 0), ElementsAre(DueView{kA, DueReason::start, 0}, DueView{kB, DueReason::start, 0}));
  EXPECT_EQ(schedule.next_wakeup(), std::nullopt);

  schedule.finished(kA, 15 * kSecond);  // due again since 10 s, but c waits since 0
  EXPECT_EQ(schedule.next_wakeup(), 0);
  EXPECT_THAT(start_all(schedule, 15 * kSecond), ElementsAre(DueView{kC, DueReason::start, 0}));
  schedule.finished(kB, 25 * kSecond);
  schedule.finished(kC, 25 * kSecond);
  EXPECT_THAT(start_all(schedule, 25 * kSecond),
              ElementsAre(DueView{kA, DueReason::interval, 10 * kSecond}, DueView{kB, DueReason::interval, 20 * kSecond}));
}

TEST(Schedule, FollowsTheNumberOfWorkersWhenItChanges) {
  Schedule schedule(0);  // no worker at all would never run anything
  schedule.set_views({every(kA, 10s), every(kB, 10s), every(kC, 10s)}, 0);
  EXPECT_EQ(start_all(schedule, 0).size(), 1u);
  schedule.set_workers(3);
  EXPECT_EQ(start_all(schedule, 0).size(), 2u);
  schedule.set_workers(1);
  schedule.finished(kA, 20 * kSecond);
  schedule.finished(kB, 20 * kSecond);
  EXPECT_EQ(start_all(schedule, 20 * kSecond).size(), 0u);
  schedule.finished(kC, 20 * kSecond);
  EXPECT_EQ(start_all(schedule, 20 * kSecond).size(), 1u);
}

TEST(Schedule, RunsAViewNowAndKeepsItsTicks) {
  Schedule schedule(2);
  schedule.set_views({every(kA, 10s)}, 0);
  start_all(schedule, 0);
  schedule.finished(kA, kSecond);

  EXPECT_TRUE(schedule.run_now(kA, 4 * kSecond));
  EXPECT_TRUE(schedule.run_now(kA, 5 * kSecond));
  EXPECT_THAT(schedule.status(), ElementsAre(ViewSchedule{kA, std::nullopt, 4 * kSecond, true}));
  EXPECT_EQ(schedule.next_wakeup(), 4 * kSecond);
  EXPECT_THAT(start_all(schedule, 5 * kSecond), ElementsAre(DueView{kA, DueReason::manual, 4 * kSecond}));
  schedule.finished(kA, 6 * kSecond);

  EXPECT_THAT(start_all(schedule, 9 * kSecond), IsEmpty());
  EXPECT_EQ(schedule.next_wakeup(), 10 * kSecond);
}

TEST(Schedule, RunsAViewOnceMoreWhenItIsAskedForDuringItsRun) {
  Schedule schedule(2);
  schedule.set_views({every(kA, 10s)}, 0);
  start_all(schedule, 0);
  EXPECT_TRUE(schedule.run_now(kA, kSecond));
  EXPECT_TRUE(schedule.run_now(kA, 2 * kSecond));
  EXPECT_THAT(start_all(schedule, 2 * kSecond), IsEmpty());
  EXPECT_THAT(schedule.status(), ElementsAre(ViewSchedule{kA, 0, kSecond, true}));

  schedule.finished(kA, 3 * kSecond);

  EXPECT_THAT(start_all(schedule, 3 * kSecond), ElementsAre(DueView{kA, DueReason::manual, kSecond}));
  schedule.finished(kA, 4 * kSecond);
  EXPECT_THAT(start_all(schedule, 4 * kSecond), IsEmpty());
}

TEST(Schedule, DoesNotKnowHowToRunAViewThatIsNotThere) {
  Schedule schedule(2);
  EXPECT_FALSE(schedule.run_now(kA, 0));
  EXPECT_FALSE(schedule.finished(kA, 0));
  schedule.set_views({every(kA, 10s)}, 0);
  EXPECT_FALSE(schedule.finished(kA, 0));  // it does not run
  start_all(schedule, 0);
  schedule.set_views({}, 0);
  EXPECT_FALSE(schedule.run_now(kA, 0));  // removed, though it still runs
}

TEST(Schedule, StartsARequestedViewBeforeThoseThatWaitButTheyHaveTheirTurns) {
  Schedule schedule(1);
  schedule.set_views({every(kA, 1h), every(kB, 1h), every(kC, 1h)}, 0);
  std::vector<ViewId> order;
  for (int64_t n = 0; n < 5; ++n) {
    schedule.run_now(kC, n);  // somebody who never stops asking
    const auto due = schedule.next_due(n);
    ASSERT_TRUE(due);
    order.push_back(due->view);
    schedule.finished(due->view, n);
  }
  EXPECT_THAT(order, ElementsAre(kC, kA, kC, kB, kC));
}

TEST(Schedule, RetriesAFailedRunWhenItIsToldAndThenGoesBackToItsTicks) {
  Schedule schedule(2);
  schedule.set_views({every(kA, 10s)}, 0);
  start_all(schedule, 0);
  schedule.finished(kA, kSecond, 25s);  // longer than the interval: waits all the same

  EXPECT_EQ(schedule.next_wakeup(), 26 * kSecond);
  EXPECT_THAT(start_all(schedule, 26 * kSecond), ElementsAre(DueView{kA, DueReason::retry, 26 * kSecond}));
  schedule.finished(kA, 27 * kSecond, 1s);
  EXPECT_THAT(start_all(schedule, 28 * kSecond), ElementsAre(DueView{kA, DueReason::retry, 28 * kSecond}));
  schedule.finished(kA, 29 * kSecond);
  EXPECT_EQ(schedule.next_wakeup(), 30 * kSecond);
}

TEST(Schedule, EndsTheWaitAfterAFailureWhenSomebodyAsksForARun) {
  Schedule schedule(2);
  schedule.set_views({every(kA, 10s)}, 0);
  start_all(schedule, 0);
  schedule.finished(kA, kSecond, 1h);

  schedule.run_now(kA, 2 * kSecond);

  EXPECT_THAT(start_all(schedule, 2 * kSecond), ElementsAre(DueView{kA, DueReason::manual, 2 * kSecond}));
  schedule.finished(kA, 3 * kSecond);
  EXPECT_EQ(schedule.next_wakeup(), 10 * kSecond);
}

TEST(Schedule, TakesANegativeOrEndlessRetryDelayAsNowOrVeryLate) {
  Schedule schedule(2);
  schedule.set_views({every(kA, 10s), every(kB, 10s)}, 0);
  start_all(schedule, 0);
  schedule.finished(kA, kSecond, -5s);
  schedule.finished(kB, kSecond, std::chrono::nanoseconds::max());

  EXPECT_THAT(start_all(schedule, kSecond), ElementsAre(DueView{kA, DueReason::retry, kSecond}));
  EXPECT_THAT(start_all(schedule, 1'000'000 * kSecond), IsEmpty());
}

TEST(Schedule, ForgetsARemovedViewAndStartsAnAddedOne) {
  Schedule schedule(2);
  schedule.set_views({every(kA, 10s), every(kB, 10s)}, 0);
  start_all(schedule, 0);
  schedule.finished(kA, 0);
  schedule.finished(kB, 0);

  schedule.set_views({every(kB, 10s), every(kC, 10s)}, 5 * kSecond);

  EXPECT_THAT(start_all(schedule, 5 * kSecond), ElementsAre(DueView{kC, DueReason::start, 5 * kSecond}));
  EXPECT_THAT(start_all(schedule, 60 * kSecond), ElementsAre(DueView{kB, DueReason::interval, 10 * kSecond}));
}

TEST(Schedule, LetsARemovedViewFinishItsRunAndDoesNotStartItAgain) {
  Schedule schedule(2);
  schedule.set_views({every(kA, 10s)}, 0);
  start_all(schedule, 0);
  schedule.run_now(kA, kSecond);

  schedule.set_views({}, 2 * kSecond);

  EXPECT_EQ(schedule.running(), 1u);
  EXPECT_THAT(schedule.status(), IsEmpty());
  EXPECT_TRUE(schedule.finished(kA, 3 * kSecond, 1s));
  EXPECT_EQ(schedule.running(), 0u);
  EXPECT_EQ(schedule.next_wakeup(), std::nullopt);
}

TEST(Schedule, StartsAViewThatCameBackAfterTheRunOfItsFormerSelf) {
  Schedule schedule(2);
  schedule.set_views({every(kA, 10s)}, 0);
  start_all(schedule, 0);
  schedule.set_views({}, kSecond);
  schedule.set_views({every(kA, 20s)}, 2 * kSecond);
  EXPECT_THAT(start_all(schedule, 2 * kSecond), IsEmpty());

  schedule.finished(kA, 3 * kSecond, 1h);

  EXPECT_THAT(start_all(schedule, 3 * kSecond), ElementsAre(DueView{kA, DueReason::start, 2 * kSecond}));
  schedule.finished(kA, 4 * kSecond);
  EXPECT_EQ(schedule.next_wakeup(), 22 * kSecond);
}

TEST(Schedule, CountsAChangedIntervalFromTheLastStart) {
  Schedule schedule(3);
  schedule.set_views({every(kA, 60s), every(kB, 60s), every(kC, 60s)}, 0);
  start_all(schedule, 0);
  for (const ViewId& view : {kA, kB, kC}) schedule.finished(view, kSecond);
  EXPECT_EQ(start_all(schedule, 61 * kSecond).size(), 3u);  // started at 61
  for (const ViewId& view : {kA, kB}) schedule.finished(view, 62 * kSecond);

  schedule.set_views({every(kA, 5s), every(kB, 100s), every(kC, 7s)}, 63 * kSecond);

  EXPECT_THAT(schedule.status(),
              ElementsAre(ViewSchedule{kA, std::nullopt, 66 * kSecond, false}, ViewSchedule{kB, std::nullopt, 161 * kSecond, false},
                          ViewSchedule{kC, 61 * kSecond, 68 * kSecond, false}));
}

TEST(Schedule, LeavesAViewAloneWhenNothingOfItChanged) {
  Schedule schedule(3);
  schedule.set_views({every(kA, 10s), every(kB, 10s)}, 0);
  start_all(schedule, kSecond / 2);  // late: the grid stays all the same
  schedule.finished(kA, kSecond);
  schedule.finished(kB, kSecond, 90s);

  schedule.set_views({every(kA, 10s), every(kB, 10s)}, 5 * kSecond);
  EXPECT_THAT(schedule.status(),
              ElementsAre(ViewSchedule{kA, std::nullopt, 10 * kSecond, false}, ViewSchedule{kB, std::nullopt, 91 * kSecond, false}));

  schedule.set_views({every(kA, 10s), every(kB, 20s)}, 5 * kSecond);  // a wait after a failure is not cut short
  EXPECT_EQ(schedule.status()[1], (ViewSchedule{kB, std::nullopt, 91 * kSecond, false}));
}

// Views that look at the same table, as many as `ids`; each has run once and found nothing.
Schedule idle(const std::vector<ViewId>& ids, int64_t workers = 2) {
  Schedule schedule(workers);
  std::vector<ScheduledView> views;
  for (const ViewId& id : ids) views.push_back({id, 1000s, 0, "table"});
  schedule.set_views(views, 0);
  while (const auto due = schedule.next_due(0)) schedule.finished(due->view, 0, std::nullopt, true);
  return schedule;
}

TEST(Schedule, StartsTogetherThoseThatFoundNothingAndCountsThemOnce) {
  Schedule schedule = idle({kA, kB, kC}, 1);

  EXPECT_THAT(start_all(schedule, 1000 * kSecond), ElementsAre(DueView{kA, DueReason::interval, 1000 * kSecond, {{kB}, {kC}}}));
  EXPECT_EQ(schedule.running(), 1u);
  for (const ViewSchedule& view : schedule.status()) EXPECT_TRUE(view.running_since_ns) << view.view.label();

  // The worker is free when the last of them has ended.
  schedule.run_now(kA, 1001 * kSecond);
  for (const ViewId& id : {kA, kB}) EXPECT_TRUE(schedule.finished(id, 1001 * kSecond, std::nullopt, true));
  EXPECT_THAT(start_all(schedule, 1001 * kSecond), IsEmpty());
  EXPECT_TRUE(schedule.finished(kC, 1001 * kSecond, std::nullopt, true));
  EXPECT_THAT(start_all(schedule, 1001 * kSecond), ElementsAre(DueView{kA, DueReason::manual, 1001 * kSecond}));
}

TEST(Schedule, TakesAlongWhatIsDueWithinAHundredthOfItsInterval) {
  Schedule schedule = idle({kA, kB, kC}, 2);
  schedule.set_views({{kA, 1000s, 0, "table"}, {kB, 1010s, 0, "table"}, {kC, 1011s, 0, "table"}}, 0);

  // 1010 s less 10.1 s, 1011 s less 10.11 s.
  EXPECT_THAT(start_all(schedule, 1000 * kSecond), ElementsAre(DueView{kA, DueReason::interval, 1000 * kSecond, {{kB}}}));
  for (const ViewId& id : {kA, kB}) schedule.finished(id, 1000 * kSecond, std::nullopt, true);

  // b has had its tick at 1010 s.
  EXPECT_THAT(start_all(schedule, 1011 * kSecond), ElementsAre(DueView{kC, DueReason::interval, 1011 * kSecond}));
  EXPECT_EQ(schedule.status()[1].next_due_ns, 2020 * kSecond);
}

TEST(Schedule, LetsGoAloneWhoFoundSomethingFailedOrHasAnotherTable) {
  const ViewId kD{"d", 1}, kE{"e", 1};
  Schedule schedule(9);
  const auto look = [&](const ViewId& id, const std::string& table) { return ScheduledView{id, 10s, 0, table}; };
  schedule.set_views({look(kA, "table"), look(kB, "table"), look(kC, "table"), look(kD, "other"), look(kE, "")}, 0);
  start_all(schedule, 0);
  schedule.finished(kA, 0, std::nullopt, true);
  schedule.finished(kB, 0, std::nullopt, false);
  schedule.finished(kC, 0, 10s, true);
  schedule.finished(kD, 0, std::nullopt, true);
  schedule.finished(kE, 0, std::nullopt, true);

  for (const DueView& due : start_all(schedule, 10 * kSecond)) EXPECT_THAT(due.companions, IsEmpty()) << due.view.label();
  EXPECT_EQ(schedule.running(), 5u);
}

TEST(Schedule, IsLedByNobodyWhoFoundSomething) {
  Schedule schedule = idle({kA, kB}, 2);
  schedule.run_now(kA, 1);
  schedule.next_due(1);
  schedule.finished(kA, 1, std::nullopt, false);

  EXPECT_THAT(start_all(schedule, 1000 * kSecond),
              ElementsAre(DueView{kA, DueReason::interval, 1000 * kSecond}, DueView{kB, DueReason::interval, 1000 * kSecond}));
}

TEST(Schedule, TakesAlongThoseThatSomebodyAskedFor) {
  Schedule schedule = idle({kA, kB}, 2);
  schedule.run_now(kA, 5);
  schedule.run_now(kB, 6);

  EXPECT_THAT(start_all(schedule, 7), ElementsAre(DueView{kA, DueReason::manual, 5, {{kB, DueReason::manual}}}));
  for (const ViewId& id : {kA, kB}) schedule.finished(id, 8, std::nullopt, true);
  EXPECT_EQ(schedule.next_wakeup(), 1000 * kSecond);
}

TEST(Schedule, StartsAloneAndAsItWasDueWhoIsPutBack) {
  Schedule schedule = idle({kA, kB, kC}, 2);
  schedule.run_now(kC, 999 * kSecond);
  schedule.set_views({{kA, 1000s, 0, "table"}, {kB, 1000s, 0, "table"}, {kC, 1000s, 0, "table"}}, 0);
  EXPECT_THAT(start_all(schedule, 999 * kSecond),
              ElementsAre(DueView{kC, DueReason::manual, 999 * kSecond, {{kA, DueReason::interval}, {kB, DueReason::interval}}}));

  EXPECT_TRUE(schedule.put_back(kC));
  EXPECT_TRUE(schedule.put_back(kB));
  EXPECT_FALSE(schedule.put_back(kB));

  EXPECT_EQ(schedule.running(), 1u);
  // The last start was a request's.
  EXPECT_THAT(start_all(schedule, 1000 * kSecond), ElementsAre(DueView{kB, DueReason::interval, 1000 * kSecond}));
  schedule.finished(kB, 1000 * kSecond);
  EXPECT_THAT(start_all(schedule, 1000 * kSecond), ElementsAre(DueView{kC, DueReason::manual, 999 * kSecond}));
  schedule.finished(kC, 1000 * kSecond);
  schedule.finished(kA, 1000 * kSecond);
  EXPECT_EQ(schedule.next_wakeup(), 2000 * kSecond);
}

TEST(Schedule, ForgetsWhoIsPutBackAfterItWasRemoved) {
  Schedule schedule = idle({kA, kB}, 2);
  start_all(schedule, 1000 * kSecond);
  schedule.set_views({{kA, 1000s, 0, "table"}}, 1000 * kSecond);

  EXPECT_TRUE(schedule.put_back(kB));

  EXPECT_EQ(schedule.status().size(), 1u);
  schedule.finished(kA, 1000 * kSecond);
  EXPECT_EQ(schedule.running(), 0u);
}

TEST(Schedule, FollowsAViewToAnotherTable) {
  Schedule schedule = idle({kA, kB}, 2);
  schedule.set_views({{kA, 1000s, 0, "table"}, {kB, 1000s, 0, "other"}}, 1);

  EXPECT_THAT(start_all(schedule, 1000 * kSecond),
              ElementsAre(DueView{kA, DueReason::interval, 1000 * kSecond}, DueView{kB, DueReason::interval, 1000 * kSecond}));
}

TEST(Schedule, CountsTheFirstOfTwoViewsOfOneIdOnly) {
  Schedule schedule(3);
  schedule.set_views({every(kA, 10s), every(kA, 20s)}, 0);
  EXPECT_EQ(start_all(schedule, 0).size(), 1u);
  schedule.finished(kA, 0);
  EXPECT_EQ(schedule.next_wakeup(), 10 * kSecond);
}

TEST(Schedule, SurvivesIntervalsAndJittersThatMakeNoSense) {
  Schedule schedule(8);
  schedule.set_views({{{"zero", 1}, 0ns, 0.1},
                      {{"negative", 1}, -5s, 0.1},
                      {{"endless", 1}, std::chrono::nanoseconds::max(), 0.1},
                      {{"nan", 1}, 10s, std::nan("")},
                      {{"high", 1}, 10s, 7.5},
                      {{"low", 1}, 10s, -1}},
                     kSecond);
  EXPECT_EQ(start_all(schedule, kSecond).size(), 6u);
  for (const ViewSchedule& view : schedule.status()) {
    EXPECT_GE(view.next_due_ns, kSecond) << view.view.label();
    EXPECT_TRUE(schedule.finished(view.view, kSecond));
  }
  EXPECT_EQ(start_all(schedule, kSecond + 11 * kSecond).size(), 5u);
}

TEST(Schedule, SpreadsAThousandViewsOverTheJitterOfTheirIntervalAndNeverBeyondTheInterval) {
  Schedule schedule(1'000);
  std::vector<ScheduledView> views;
  for (int i = 0; i < 1'000; ++i) views.push_back({{"view" + std::to_string(i), 1}, 100s, 0.1});
  schedule.set_views(views, 0);
  EXPECT_EQ(start_all(schedule, 0).size(), 1'000u);

  std::vector<int> per_second(11);
  std::set<int64_t> different;
  for (const ViewSchedule& view : schedule.status()) {
    ASSERT_GT(view.next_due_ns, 90 * kSecond);
    ASSERT_LE(view.next_due_ns, 100 * kSecond);
    ++per_second[static_cast<size_t>((view.next_due_ns - 90 * kSecond) / kSecond)];
    different.insert(view.next_due_ns);
  }
  EXPECT_EQ(different.size(), 1'000u);
  for (size_t second = 0; second < 10; ++second) {
    EXPECT_GT(per_second[second], 60) << second;
    EXPECT_LT(per_second[second], 140) << second;
  }
}

TEST(Schedule, GivesAViewTheSamePhaseInEveryProcess) {
  Schedule schedule(1);
  schedule.set_views({{{"users", 2}, 100s, 0.1}}, 0);
  start_all(schedule, 0);
  EXPECT_EQ(schedule.status()[0].next_due_ns, 94'089'948'242);
}

TEST(DueReason, HasTheNamesOfTheRunRecord) {
  EXPECT_EQ(to_text(DueReason::start), "start");
  EXPECT_EQ(to_text(DueReason::interval), "interval");
  EXPECT_EQ(to_text(DueReason::manual), "manual");
  EXPECT_EQ(to_text(DueReason::retry), "retry");
}

}  // namespace
}  // namespace penstock::host
