// Rows that a lookback brings again.
#include "run/driver.hpp"

#include "driver_rig.hpp"

#include <gtest/gtest.h>

namespace penstock::host {
namespace {

using test::counts_of;
using test::DriverRig;
using test::Fault;
using test::Row;

struct LookbackRig : DriverRig {
  int64_t sent = 0;  // writes that the store was asked for

  LookbackRig() {
    job.request.view.lookback = std::chrono::nanoseconds(50);
    job.repeats = std::make_shared<RepeatFilter>(std::make_shared<RepeatBudget>(1 << 20));
    for (uint32_t& honoured : warehouse.partitions) honoured |= PENSTOCK_HONOURED_ORDER;
    store.before_call = [this](std::string_view call, const CallLimits&) { sent += call == "write"; };
    warehouse.rows = {{"a", 60, 1}, {"b", 70, 2}, {"c", 80, 3}};
    run();
    sent = 0;
  }
  std::string read_again() {
    set_horizon(warehouse.horizon.position.ordinal + 1);
    return counts_of(run());
  }
};

TEST(RunRepeats, RowsThatDidNotChangeAreNotSent) {
  LookbackRig rig;
  EXPECT_EQ(rig.read_again(), "read 3 = written 0 + unchanged 3 + stale 0 + rejected 0");
  EXPECT_EQ(rig.read_again(), "read 3 = written 0 + unchanged 3 + stale 0 + rejected 0");
  EXPECT_EQ(rig.sent, 0);
  EXPECT_EQ(rig.stored(), rig.truth());
  EXPECT_EQ(rig.marker()->ordinal, 102);
}

TEST(RunRepeats, ChangedRowsAreSentAndTheOthersAreNot) {
  LookbackRig rig;
  rig.warehouse.rows = {{"a", 60, 1}, {"b", 70, 9}, {"c", 90, 3}};
  EXPECT_EQ(rig.read_again(), "read 3 = written 1 + unchanged 2 + stale 0 + rejected 0") << "c has its values, at a later time";
  EXPECT_EQ(rig.stored(), rig.truth());
  // What was corrected once is corrected back.
  rig.warehouse.rows[1] = {"b", 70, 2};
  EXPECT_EQ(rig.read_again(), "read 3 = written 1 + unchanged 2 + stale 0 + rejected 0");
  EXPECT_EQ(rig.stored(), rig.truth());
  EXPECT_EQ(rig.read_again(), "read 3 = written 0 + unchanged 3 + stale 0 + rejected 0");
}

TEST(RunRepeats, EveryRowIsSentWhereTheStoreMayLackOne) {
  const auto writes_after = [](const auto& change) {
    LookbackRig rig;
    change(rig);
    rig.sent = 0;
    rig.set_horizon(101);
    const RunReport report = rig.run();
    EXPECT_FALSE(report.failure) << report.failure->message;
    EXPECT_EQ(rig.stored(), rig.truth());
    return rig.sent;
  };
  EXPECT_EQ(writes_after([](LookbackRig&) {}), 0);
  EXPECT_GT(writes_after([](LookbackRig& rig) { rig.job.request.full = true; }), 0);
  EXPECT_GT(writes_after([](LookbackRig& rig) { rig.job.ttl = std::chrono::hours(1); }), 0) << "another ttl";
  EXPECT_GT(writes_after([](LookbackRig& rig) { ++rig.store.views[DriverRig::kView].fence; }), 0) << "another host began a run";
  EXPECT_GT(writes_after([](LookbackRig& rig) { rig.store.views[DriverRig::kView].committed = 0; }), 0);
  EXPECT_GT(writes_after([](LookbackRig& rig) { rig.store.store_id = "store-2"; }), 0);
  EXPECT_GT(writes_after([](LookbackRig& rig) { rig.store.views.clear(); }), 0) << "it was emptied";
  EXPECT_GT(writes_after([](LookbackRig& rig) { rig.warehouse.partitions = {PENSTOCK_HONOURED_SINCE | PENSTOCK_HONOURED_UNTIL | PENSTOCK_HONOURED_NULL_CURSOR}; }), 0)
      << "rows that tie may be anywhere";
}

TEST(RunRepeats, ATtlIsStartedAgainBeforeAHundredthOfItIsOver) {
  LookbackRig rig;
  rig.job.ttl = std::chrono::hours(1);
  rig.read_again();
  rig.sent = 0;
  rig.clock.advance(std::chrono::seconds(36));
  rig.read_again();
  EXPECT_EQ(rig.sent, 0);
  rig.clock.advance(std::chrono::seconds(1));
  rig.read_again();
  EXPECT_GT(rig.sent, 0);
}

TEST(RunRepeats, ARunThatFailedLeavesNothingToRelyOn) {
  LookbackRig rig;
  rig.warehouse.rows.push_back({"d", 90, 4});
  rig.store.fault = [](std::string_view call) -> std::optional<Fault> {
    if (call == "commit") return Fault{Fault::Where::before};
    return {};
  };
  rig.set_horizon(101);
  EXPECT_TRUE(rig.run().failure);
  rig.store.fault = nullptr;
  rig.sent = 0;
  EXPECT_EQ(rig.read_again(), "read 4 = written 0 + unchanged 4 + stale 0 + rejected 0");
  EXPECT_GT(rig.sent, 0);
  EXPECT_EQ(rig.stored(), rig.truth());
}

TEST(RunRepeats, ARunWithARefusedRowLeavesNothingToRelyOn) {
  LookbackRig rig;
  rig.warehouse.rows[1] = {"b", 70, 9};
  rig.store.refuse = [](const std::string& key) { return key == "b" ? std::optional<std::string>("no") : std::nullopt; };
  EXPECT_EQ(rig.read_again(), "read 3 = written 0 + unchanged 2 + stale 0 + rejected 1");
  rig.store.refuse = nullptr;
  EXPECT_EQ(rig.read_again(), "read 3 = written 1 + unchanged 2 + stale 0 + rejected 0");
  EXPECT_EQ(rig.stored(), rig.truth());
}

}  // namespace
}  // namespace penstock::host
