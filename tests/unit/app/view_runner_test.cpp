#include "app/view_runner.hpp"
#include "unit/run/driver_rig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::host {
namespace {

using test::DriverRig;
using test::outcome_of;
using ::testing::ElementsAre;

const ViewId kA{"a", 1}, kB{"b", 1}, kC{"c", 1};

class ViewRunnerTest : public ::testing::Test {
 protected:
  ViewRunnerTest() {
    rig_.warehouse.rows = {{"x", 1, 10}, {"y", 100, 20}};
    configuration_.batch_sources = {rig_.job.source};
    Entity entity = rig_.job.entity;
    entity.name = "user";
    configuration_.entities = {entity};
    for (const ViewId& id : {kA, kB, kC}) {
      View view = rig_.job.request.view;
      view.id = id;
      view.batch_source = rig_.job.source.name;
      configuration_.views.push_back(view);
    }
  }

  void run(const std::vector<ViewId>& views) {
    std::vector<ViewRunner::Wanted> wanted;
    for (const ViewId& id : views) wanted.push_back({id, DueReason::interval, 1, nullptr, metrics_.view(id)});
    events_.clear();
    reports_.clear();
    const ViewRunner::Tell tell{[&](std::vector<RunReport> reports) {
                                  for (RunReport& report : reports) {
                                    events_.push_back("ended " + report.record.view.name);
                                    reports_.push_back(std::move(report));
                                  }
                                },
                                [&](std::vector<ViewId> back) {
                                  for (const ViewId& id : back) events_.push_back("back " + id.name);
                                }};
    rig_.log.clear();
    ViewRunner(rig_.connections, rig_.state, log_, rig_.clock, rig_.limits).run(configuration_, wanted, nullptr, tell);
  }

  // Each on its own, up to this horizon.
  void sync(const std::vector<ViewId>& views, int64_t horizon) {
    rig_.set_horizon(horizon);
    for (const ViewId& id : views) run({id});
  }

  DriverRig rig_;
  Configuration configuration_;
  Log log_{rig_.clock, LogLevel::error, LogFormat::text};
  Metrics metrics_{"0", 0};
  std::vector<std::string> events_;
  std::vector<RunReport> reports_;
};

TEST_F(ViewRunnerTest, LooksOnceForAllThatFindNothing) {
  sync({kA, kB, kC}, 100);
  rig_.set_horizon(200);
  run({kA, kB, kC});
  EXPECT_THAT(events_, ElementsAre("ended a", "ended b", "ended c"));
  for (const RunReport& report : reports_) EXPECT_EQ(outcome_of(report), "completed");
  const auto calls = rig_.log.calls();
  EXPECT_EQ(std::count(calls.begin(), calls.end(), "source.horizon"), 1);
  EXPECT_EQ(std::count(calls.begin(), calls.end(), "source.scan"), 1);
}

TEST_F(ViewRunnerTest, LetsTheOneLookThatHasReadLeast) {
  sync({kA, kB, kC}, 100);
  rig_.warehouse.rows.push_back({"z", 200, 30});
  sync({kA, kC}, 200);
  // Nothing new since, but for b.
  rig_.set_horizon(300);
  run({kA, kB, kC});
  EXPECT_THAT(events_, ElementsAre("back a", "back c", "ended b"));
  EXPECT_EQ(reports_.at(0).record.written, 1);
}

TEST_F(ViewRunnerTest, PutsTheOthersBackBeforeItWrites) {
  sync({kA, kB}, 100);
  rig_.warehouse.rows.push_back({"z", 200, 30});
  rig_.set_horizon(200);
  rig_.store.before_call = [&](std::string_view call, const CallLimits&) {
    if (call != "begin") return;
    EXPECT_THAT(events_, ElementsAre("back b"));
  };
  run({kA, kB});
  EXPECT_THAT(events_, ElementsAre("back b", "ended a"));
}

TEST_F(ViewRunnerTest, PutsBackWhomTheLookSaysNothingOf) {
  sync({kA, kB, kC}, 100);
  rig_.store.views[kB].marker.reset();
  rig_.set_horizon(200);
  run({kA, kB, kC});
  EXPECT_THAT(events_, ElementsAre("back b", "ended a", "ended c"));
  EXPECT_EQ(rig_.state.history(kB, 10)->size(), 1u);
}

TEST_F(ViewRunnerTest, PutsTheOthersBackWhenItFails) {
  sync({kA, kB}, 100);
  rig_.set_horizon(200);
  rig_.warehouse.fail = [](std::string_view call) { return call == "horizon" ? std::optional<Failure>(internal("lost")) : std::nullopt; };
  run({kA, kB});
  EXPECT_THAT(events_, ElementsAre("back b", "ended a"));
  EXPECT_EQ(outcome_of(reports_.at(0)), "failed");
}

TEST_F(ViewRunnerTest, RunsAnotherInPlaceOfOneThatIsGone) {
  sync({kA, kB, kC}, 100);
  configuration_.views.erase(configuration_.views.begin());
  rig_.set_horizon(200);
  run({kA, kB, kC});
  EXPECT_THAT(events_, ElementsAre("back a", "ended b", "ended c"));
  run({kA});
  EXPECT_THAT(events_, ElementsAre("ended a"));
  EXPECT_EQ(reports_.at(0).failure->message, "view \"a\" v1: not in the configuration");
}

}  // namespace
}  // namespace penstock::host
