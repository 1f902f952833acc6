#include "schedule/scheduler.hpp"
#include "support/fake_clock.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::host {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Started = std::pair<ViewId, DueReason>;
const ViewId kA{"a", 1}, kB{"b", 1};

class SchedulerTest : public ::testing::Test {
 protected:
  // Runs the loop until the condition holds or too much time has passed.
  template <class Condition>
  bool run_until(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (!condition() && std::chrono::steady_clock::now() < deadline) {
      loop_.restart();
      loop_.run_one_for(20ms);
    }
    return condition();
  }

  boost::asio::io_context loop_;
  SystemClock clock_;
  std::vector<Started> started_;
};

TEST_F(SchedulerTest, StartsWhatIsDueFromTheLoopAndNeverFromInsideACall) {
  Scheduler scheduler(loop_, clock_, 4, [&](const DueView& due) { started_.emplace_back(due.view, due.reason); });
  scheduler.set_views({{kA, 1h, 0}, {kB, 1h, 0}});
  EXPECT_THAT(started_, IsEmpty());

  ASSERT_TRUE(run_until([&] { return started_.size() == 2; }));

  EXPECT_THAT(started_, ElementsAre(Started{kA, DueReason::start}, Started{kB, DueReason::start}));
  EXPECT_EQ(scheduler.running(), 2u);
}

TEST_F(SchedulerTest, RunsAViewAgainAndAgainOnItsIntervalWithoutOverlap) {
  Scheduler* scheduler = nullptr;
  int running = 0;
  Scheduler owner(loop_, clock_, 4, [&](const DueView& due) {
    EXPECT_EQ(++running, 1);
    started_.emplace_back(due.view, due.reason);
    boost::asio::post(loop_, [&, view = due.view] {
      --running;
      EXPECT_TRUE(scheduler->finished(view));
    });
  });
  scheduler = &owner;
  const auto before = std::chrono::steady_clock::now();
  owner.set_views({{kA, 20ms, 0}});

  ASSERT_TRUE(run_until([&] { return started_.size() == 4; }));

  EXPECT_GE(std::chrono::steady_clock::now() - before, 60ms);
  EXPECT_EQ(started_[3], Started(kA, DueReason::interval));
}

TEST_F(SchedulerTest, StartsTheNextViewWhenAWorkerIsFreeAgainAndRetriesWhenTold) {
  Scheduler scheduler(loop_, clock_, 1, [&](const DueView& due) { started_.emplace_back(due.view, due.reason); });
  scheduler.set_views({{kA, 1h, 0}, {kB, 1h, 0}});
  ASSERT_TRUE(run_until([&] { return started_.size() == 1; }));

  EXPECT_TRUE(scheduler.finished(kA, 1ms));
  ASSERT_TRUE(run_until([&] { return started_.size() == 2; }));
  EXPECT_TRUE(scheduler.finished(kB));
  ASSERT_TRUE(run_until([&] { return started_.size() == 3; }));

  EXPECT_THAT(started_, ElementsAre(Started{kA, DueReason::start}, Started{kB, DueReason::start}, Started{kA, DueReason::retry}));
}

TEST_F(SchedulerTest, RunsNowAndUsesMoreWorkersWhenThereAre) {
  Scheduler scheduler(loop_, clock_, 1, [&](const DueView& due) { started_.emplace_back(due.view, due.reason); });
  scheduler.set_views({{kA, 1h, 0}});
  ASSERT_TRUE(run_until([&] { return started_.size() == 1; }));
  scheduler.finished(kA);
  EXPECT_FALSE(scheduler.run_now(kB));

  EXPECT_TRUE(scheduler.run_now(kA));
  ASSERT_TRUE(run_until([&] { return started_.size() == 2; }));
  scheduler.set_views({{kA, 1h, 0}, {kB, 1h, 0}});
  scheduler.set_workers(2);
  ASSERT_TRUE(run_until([&] { return started_.size() == 3; }));

  EXPECT_THAT(started_, ElementsAre(Started{kA, DueReason::start}, Started{kA, DueReason::manual}, Started{kB, DueReason::start}));
}

TEST_F(SchedulerTest, MayBeCalledFromItsOwnCallback) {
  Scheduler* scheduler = nullptr;
  Scheduler owner(loop_, clock_, 1, [&](const DueView& due) {
    started_.emplace_back(due.view, due.reason);
    scheduler->finished(due.view);
    if (started_.size() == 1) scheduler->run_now(kA);
    if (started_.size() == 2) scheduler->set_views({{kB, 1h, 0}});
  });
  scheduler = &owner;
  owner.set_views({{kA, 1h, 0}});

  ASSERT_TRUE(run_until([&] { return started_.size() == 3; }));

  EXPECT_THAT(started_, ElementsAre(Started{kA, DueReason::start}, Started{kA, DueReason::manual}, Started{kB, DueReason::start}));
}

TEST_F(SchedulerTest, StartsNothingAfterStopAndLeavesTheLoopWithoutWork) {
  Scheduler scheduler(loop_, clock_, 4, [&](const DueView& due) { started_.emplace_back(due.view, due.reason); });
  scheduler.set_views({{kA, 1h, 0}});
  ASSERT_TRUE(run_until([&] { return started_.size() == 1; }));
  scheduler.run_now(kA);

  scheduler.stop();

  EXPECT_TRUE(scheduler.finished(kA));
  scheduler.set_views({{kA, 1h, 0}, {kB, 1h, 0}});
  EXPECT_TRUE(scheduler.run_now(kB));
  loop_.restart();
  loop_.run();  // ends: there is no timer left
  EXPECT_EQ(started_.size(), 1u);
}

TEST_F(SchedulerTest, StopsInTheMiddleOfStartingSeveral) {
  Scheduler* scheduler = nullptr;
  Scheduler owner(loop_, clock_, 4, [&](const DueView& due) {
    started_.emplace_back(due.view, due.reason);
    scheduler->stop();
  });
  scheduler = &owner;
  owner.set_views({{kA, 1h, 0}, {kB, 1h, 0}});
  loop_.run();
  EXPECT_THAT(started_, ElementsAre(Started{kA, DueReason::start}));
}

TEST_F(SchedulerTest, MayGoBeforeTheLoopHasRunOutOfItsTimers) {
  {
    Scheduler scheduler(loop_, clock_, 4, [&](const DueView& due) { started_.emplace_back(due.view, due.reason); });
    scheduler.set_views({{kA, 1h, 0}});
  }
  loop_.run();
  EXPECT_THAT(started_, IsEmpty());
}

TEST_F(SchedulerTest, GoesByItsClockAndNotByTheTimer) {
  test::FakeClock clock;
  Scheduler scheduler(loop_, clock, 4, [&](const DueView& due) { started_.emplace_back(due.view, due.reason); });
  scheduler.set_views({{kA, 5ms, 0}});
  ASSERT_TRUE(run_until([&] { return started_.size() == 1; }));
  scheduler.finished(kA);
  boost::asio::steady_timer pause(loop_, 40ms);
  bool over = false;
  pause.async_wait([&](const auto&) { over = true; });
  ASSERT_TRUE(run_until([&] { return over; }));
  EXPECT_EQ(started_.size(), 1u);

  clock.advance(5ms);

  ASSERT_TRUE(run_until([&] { return started_.size() == 2; }));
}

}  // namespace
}  // namespace penstock::host
