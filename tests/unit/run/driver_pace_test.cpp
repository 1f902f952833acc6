// max_rows_per_second, from the scan to the store.
#include "unit/run/driver_rig.hpp"

#include <gtest/gtest.h>

namespace penstock::host {
namespace {

using namespace std::chrono_literals;
using test::counts_of;
using test::DriverRig;
using test::outcome_of;

struct PacedRig : DriverRig {
  explicit PacedRig(int64_t rows, int64_t max_rows_per_second) {
    for (int64_t n = 1; n <= rows; ++n) warehouse.rows.push_back({"key-" + std::to_string(n), n, n});
    set_horizon(rows);
    limits.batch_rows = 1000;
    job.request.view.max_rows_per_second = max_rows_per_second;
    store.before_call = [this](std::string_view call, const CallLimits&) {
      if (call == "write") written_at.emplace_back(time.steady_ns());
    };
  }

  SystemClock time;
  std::vector<std::chrono::nanoseconds> written_at;
};

TEST(PacedRun, WritesFewRowsOfALargeBatchAtOnce) {
  PacedRig rig(60, 100'000);
  EXPECT_EQ(counts_of(rig.run()), "read 60 = written 60 + unchanged 0 + stale 0 + rejected 0");
  EXPECT_EQ(rig.warehouse.scans.at(0).batch_rows, 1000);
  EXPECT_EQ(rig.written_at.size(), 3u) << "25, 25 and 10";
  EXPECT_EQ(rig.stored(), rig.truth());
}

TEST(PacedRun, WritesABatchAtOnceWithoutALimit) {
  PacedRig rig(60, 0);
  rig.run();
  EXPECT_EQ(rig.written_at.size(), 1u);
}

// Against the machine's clock: a slow machine is later than that, none is earlier.
TEST(PacedRun, SpreadsItsWritesOverTheTime) {
  PacedRig rig(1000, 10'000);
  rig.job.run_id = "run-1";
  EXPECT_EQ(outcome_of(RunDriver(rig.connections, rig.state, rig.time, rig.limits).run(rig.job)), "completed");
  constexpr size_t kWrites = 40;
  ASSERT_EQ(rig.written_at.size(), kWrites);
  constexpr std::chrono::nanoseconds kApart = 2500us, kMadeUpFor = 10ms;
  for (size_t i = 0; i < kWrites; ++i)
    for (size_t j = i + 1; j < kWrites; ++j)
      EXPECT_GE(rig.written_at[j] - rig.written_at[i] + kMadeUpFor, kApart * (j - i - 1)) << i << " to " << j;
}

TEST(PacedRun, CountsWhatWasWrittenBeforeItFailed) {
  PacedRig rig(60, 100'000);
  rig.store.fault = [&](std::string_view call) { return call == "write" && rig.written_at.size() == 3 ? std::optional(test::Fault()) : std::nullopt; };
  const RunReport report = rig.run();
  EXPECT_EQ(outcome_of(report), "failed");
  EXPECT_EQ(counts_of(report), "read 50 = written 50 + unchanged 0 + stale 0 + rejected 0");
}

TEST(PacedRun, KeepsTheKeysOfRowsThatTheStoreRefused) {
  PacedRig rig(60, 100'000);
  rig.store.refuse = [](const std::string& key) { return key == "key-30" ? std::optional<std::string>("no") : std::nullopt; };
  EXPECT_EQ(counts_of(rig.run()), "read 60 = written 59 + unchanged 0 + stale 0 + rejected 1");
  EXPECT_EQ(rig.state.rejects(DriverRig::kView, 10)->at(0).key, "key-30");
}

// Once a row was written, the next look at the clock cancels the run, and shows a time from which the next row is a day away.
class CancellingClock final : public Clock {
 public:
  int64_t wall_ns() const override { return test::FakeClock::kStartWallNs; }
  int64_t steady_ns() const override {
    if (!cancels) return test::FakeClock::kStartSteadyNs;
    token->cancel();
    return test::FakeClock::kStartSteadyNs - std::chrono::nanoseconds(24h).count();
  }

  bool cancels = false;
  std::shared_ptr<CancelToken> token = std::make_shared<CancelToken>();
};

TEST(PacedRun, EndsAPauseWhenItIsCancelled) {
  PacedRig rig(3, 1);
  CancellingClock clock;
  rig.job.run_id = "run-1";
  rig.job.cancel = clock.token;
  rig.store.before_call = [&](std::string_view call, const CallLimits&) { clock.cancels = clock.cancels || call == "write"; };
  const RunReport report = RunDriver(rig.connections, rig.state, clock, rig.limits).run(rig.job);
  EXPECT_EQ(outcome_of(report), "cancelled");
  EXPECT_EQ(report.record.written, 1);
}

}  // namespace
}  // namespace penstock::host
