// What the store refused is tried again by later runs.
#include "run/driver.hpp"
#include "run/reject_retry.hpp"

#include "driver_rig.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace penstock::host {
namespace {

using test::counts_of;
using test::DriverRig;
using test::FakeClock;
using test::Fault;
using test::outcome_of;
using test::Row;

using Profiles = std::map<std::string, Row>;

constexpr std::chrono::minutes kMinute(1);

// A store that refuses the keys in `taken`, until they are free.
struct RejectRig : DriverRig {
  std::set<std::string> taken;

  RejectRig() {
    store.refuses_for_good = false;
    store.refuse = [this](const std::string& key) { return taken.contains(key) ? std::optional<std::string>("the key is taken") : std::nullopt; };
  }

  std::vector<RejectRecord> rejects() { return *state.rejects({}, 1000); }
  // "a: 1 in vain, the key is taken"
  std::vector<std::string> told() {
    std::vector<std::string> told;
    for (const RejectRecord& reject : rejects())
      told.push_back(reject.key + ": " + (reject.retryable ? std::to_string(reject.attempts) + " in vain, " : "") + reject.reason);
    return told;
  }
};

// One row that was refused, and nothing new since.
struct OneRefused : RejectRig {
  OneRefused() {
    warehouse.rows = {{"a", 1, 10}, {"b", 2, 20}};
    taken = {"a"};
    run();
  }
};

TEST(RejectRetry, WritesARefusedRowInTheNextRunAlthoughNothingIsNew) {
  OneRefused rig;
  ASSERT_EQ(rig.stored(), (Profiles{{"b", {20}}}));
  ASSERT_EQ(rig.told(), std::vector<std::string>{"a: 0 in vain, the key is taken"});
  rig.taken.clear();
  const RunReport report = rig.run();
  EXPECT_FALSE(report.failure) << report.failure->message;
  EXPECT_EQ(counts_of(report), "read 1 = written 1 + unchanged 0 + stale 0 + rejected 0");
  EXPECT_EQ(report.record.retried, 1);
  EXPECT_EQ(rig.stored(), rig.truth());
  EXPECT_EQ(rig.rejects(), std::vector<RejectRecord>{});
  EXPECT_FALSE(rig.called("source.scan"));
  EXPECT_EQ(rig.marker(), (Position{100, "", "H100"})) << "it says nothing about the source";
  EXPECT_EQ(rig.local(), (Position{100, "", "H100"}));
}

TEST(RejectRetry, WritesARefusedRowWhenTheScanIsEmpty) {
  OneRefused rig;
  rig.taken.clear();
  rig.set_horizon(200);
  EXPECT_EQ(counts_of(rig.run()), "read 1 = written 1 + unchanged 0 + stale 0 + rejected 0");
  EXPECT_EQ(rig.stored(), rig.truth());
  EXPECT_EQ(rig.marker(), (Position{200, "", "H200"}));
}

TEST(RejectRetry, WritesWhatWasRefusedBeforeWhatIsNewAndCountsBoth) {
  OneRefused rig;
  rig.taken = {"c"};
  rig.warehouse.rows.insert(rig.warehouse.rows.end(), {{"a", 101, 11}, {"c", 102, 30}, {"d", 103, 40}});
  rig.set_horizon(200);
  const RunReport report = rig.run();
  EXPECT_EQ(counts_of(report), "read 4 = written 3 + unchanged 0 + stale 0 + rejected 1");
  EXPECT_EQ(report.record.retried, 1);
  EXPECT_EQ(rig.stored(), (Profiles{{"a", {11}}, {"b", {20}}, {"d", {40}}}));
  EXPECT_EQ(rig.told(), std::vector<std::string>{"c: 0 in vain, the key is taken"});
}

TEST(RejectRetry, NeverReplacesANewerRow) {
  OneRefused rig;
  rig.run();  // in vain: the next try is a minute away
  rig.taken.clear();
  rig.warehouse.rows.push_back({"a", 101, 11});
  rig.set_horizon(200);
  rig.run();
  ASSERT_EQ(rig.stored(), (Profiles{{"a", {11}}, {"b", {20}}}));
  rig.clock.advance(kMinute);
  EXPECT_EQ(counts_of(rig.run()), "read 1 = written 0 + unchanged 0 + stale 1 + rejected 0");
  EXPECT_EQ(rig.stored(), rig.truth());
  EXPECT_EQ(rig.rejects(), std::vector<RejectRecord>{}) << "something newer is there";
}

TEST(RejectRetry, KeepsWhatIsRefusedAgainWithTheLatestReason) {
  OneRefused rig;
  rig.store.refuse = [](const std::string&) { return std::optional<std::string>("still taken"); };
  const RunReport report = rig.run();
  EXPECT_EQ(counts_of(report), "read 1 = written 0 + unchanged 0 + stale 0 + rejected 1");
  EXPECT_EQ(rig.told(), std::vector<std::string>{"a: 1 in vain, still taken"});
  EXPECT_EQ(rig.rejects().at(0).run_id, "run-1") << "the run that met it";
  EXPECT_EQ(rig.rejects().at(0).retry_at_ns, FakeClock::kStartWallNs + 60'000'000'000);
}

TEST(RejectRetry, LeavesAStoreInPeaceThatRefusesForEver) {
  OneRefused rig;
  const int64_t before = rig.store.views[DriverRig::kView].fence;
  for (int minute = 0; minute < 5 * 60; ++minute) {
    rig.run();
    rig.clock.advance(kMinute);
  }
  EXPECT_EQ(rig.store.views[DriverRig::kView].fence - before, 10) << "at minute 0, 1, 3, 7, 15, 31, 63, and then every hour";
  EXPECT_EQ(rig.told(), std::vector<std::string>{"a: 10 in vain, the key is taken"});
}

TEST(RejectRetry, WaitsAMinuteAndTwiceAsLongEachTimeUpToAnHour) {
  std::vector<int64_t> minutes;
  for (const int64_t attempts : {1, 2, 3, 6, 7, 8, 100}) minutes.push_back(reject_retry_delay_ns(attempts) / 60'000'000'000);
  EXPECT_EQ(minutes, (std::vector<int64_t>{1, 2, 4, 32, 60, 60, 60}));
}

TEST(RejectRetry, TriesEverythingWhenAPersonAsks) {
  OneRefused rig;
  rig.run();
  rig.taken.clear();
  rig.run();
  ASSERT_EQ(rig.stored(), (Profiles{{"b", {20}}})) << "not due";
  rig.job.retry_all_rejects = true;
  rig.run();
  EXPECT_EQ(rig.stored(), rig.truth());
}

TEST(RejectRetry, IsNotPutOffByAClockThatWasSetBack) {
  OneRefused rig;
  rig.run();
  rig.taken.clear();
  rig.clock.set_wall(FakeClock::kStartWallNs - 365LL * 86'400'000'000'000);
  rig.run();
  EXPECT_EQ(rig.stored(), rig.truth());
}

TEST(RejectRetry, JudgesARowOnlyInTheRunThatReadIt) {
  RejectRig rig;
  rig.limits.rejects_kept = 1000;
  rig.job.request.view.max_reject_ratio = 0.5;
  for (int i = 0; i < 250; ++i) {
    rig.warehouse.rows.push_back({"k" + std::to_string(i), 1 + i % 90, i});
    if (i % 2 == 0) rig.taken.insert("k" + std::to_string(i));
  }
  ASSERT_EQ(counts_of(rig.run()), "read 250 = written 125 + unchanged 0 + stale 0 + rejected 125");
  rig.job.request.view.on_reject = OnReject::fail;
  rig.warehouse.rows.push_back({"new", 101, 1});
  rig.set_horizon(200);
  const RunReport report = rig.run();
  EXPECT_FALSE(report.failure) << report.failure->message;
  EXPECT_EQ(counts_of(report), "read 126 = written 1 + unchanged 0 + stale 0 + rejected 125");
  EXPECT_EQ(rig.marker(), (Position{200, "", "H200"}));
}

TEST(RejectRetry, ReadsManyRejectsPageByPage) {
  RejectRig rig;
  rig.limits.rejects_kept = 1000;
  for (int i = 0; i < 700; ++i) rig.warehouse.rows.push_back({"k" + std::to_string(i), 1 + i % 90, i});
  for (const Row& row : rig.warehouse.rows) rig.taken.insert(std::get<std::string>(row[0].value));
  rig.run();
  rig.taken = {"k0", "k255", "k256", "k699"};
  EXPECT_EQ(counts_of(rig.run()), "read 700 = written 696 + unchanged 0 + stale 0 + rejected 4");
  EXPECT_EQ(rig.rejects().size(), 4u);
}

TEST(RejectRetry, GivesASinkEachKeyOnceABatch) {
  RejectRig rig;
  rig.limits.batch_rows = 10;
  rig.taken = {"a"};
  rig.warehouse.rows = {{"a", 50, 5}, {"b", 51, 6}};
  rig.run();
  // A slice that a person asks for brings an older row of the same key, which is refused too.
  rig.warehouse.rows = {{"a", 10, 1}};
  rig.job.request.from_ns = 1;
  rig.job.request.to_ns = 20;
  rig.run();
  ASSERT_EQ(rig.told().size(), 2u);
  rig.job.request.from_ns = rig.job.request.to_ns = {};
  rig.taken.clear();
  EXPECT_EQ(counts_of(rig.run()), "read 2 = written 1 + unchanged 0 + stale 1 + rejected 0");
  EXPECT_EQ(rig.stored(), (Profiles{{"a", {5}}, {"b", {6}}}));
}

TEST(RejectRetry, DoesNotTryWhatNoRunCouldWrite) {
  RejectRig rig;
  rig.warehouse.rows = {{"a", 1, int64_t{1} << 40}};
  rig.run();
  ASSERT_EQ(rig.told(), std::vector<std::string>{"a: does not fit into int32"});
  rig.store.refuses_for_good = true;
  rig.taken = {"b"};
  rig.warehouse.rows = {{"b", 101, 1}};
  rig.set_horizon(200);
  rig.run();
  EXPECT_EQ(rig.told(), (std::vector<std::string>{"b: the key is taken", "a: does not fit into int32"}));
  rig.taken.clear();
  EXPECT_EQ(counts_of(rig.run()), "read 0 = written 0 + unchanged 0 + stale 0 + rejected 0");
  EXPECT_FALSE(rig.called("sink.begin"));
}

TEST(RejectRetry, KeepsALargeRowWithoutItsContent) {
  RejectRig rig;
  rig.limits.reject_row_bytes = 20;
  rig.taken = {"a"};
  rig.warehouse.rows = {{"a", 1, 10}};
  rig.run();
  EXPECT_EQ(rig.told(), std::vector<std::string>{"a: the key is taken"});
}

TEST(RejectRetry, KeepsNoMoreContentThanARunMay) {
  RejectRig rig;
  rig.limits.reject_bytes = 1;
  rig.taken = {"a", "b"};
  rig.warehouse.rows = {{"a", 1, 10}, {"b", 2, 20}};
  rig.run();
  EXPECT_EQ(rig.told(), (std::vector<std::string>{"b: the key is taken", "a: 0 in vain, the key is taken"}));
}

TEST(RejectRetry, LeavesSlicesAndDryRunsAlone) {
  OneRefused rig;
  rig.taken.clear();
  rig.job.request.from_ns = 150;
  rig.run();
  EXPECT_EQ(rig.stored(), (Profiles{{"b", {20}}}));
  rig.job.request.from_ns = {};
  rig.job.dry_run = true;
  rig.run();
  EXPECT_EQ(rig.told(), std::vector<std::string>{"a: 0 in vain, the key is taken"});
}

TEST(RejectRetry, NeverWritesToAnotherStore) {
  OneRefused rig;
  rig.taken.clear();
  rig.store.store_id = "store-2";
  rig.store.views.clear();
  rig.warehouse.rows = {{"b", 2, 20}};
  rig.run();
  EXPECT_EQ(rig.stored(), (Profiles{{"b", {20}}}));
  EXPECT_EQ(rig.told(), std::vector<std::string>{"a: the key is taken; not tried again: the store is not the one that refused it"});

  OneRefused renamed;
  renamed.taken.clear();
  renamed.job.request.view.store = "other";
  renamed.warehouse.rows = {{"b", 2, 20}};
  renamed.run();
  EXPECT_EQ(renamed.stored(), (Profiles{{"b", {20}}}));
  EXPECT_EQ(renamed.told(), std::vector<std::string>{"a: 0 in vain, the key is taken"});
}

TEST(RejectRetry, GivesUpRowsOfAnotherStoreWhateverTheirKeysAndTriesThoseOfThisOne) {
  RejectRig rig;
  rig.limits.batch_rows = 1;
  rig.taken = {"a"};
  // Delivered newest first, each older one is a reject of its own.
  rig.warehouse.rows = {{"a", 3, 30}, {"a", 2, 20}, {"a", 1, 10}};
  rig.run();
  ASSERT_EQ(rig.told().size(), 3u);
  rig.store.store_id = "store-2";
  rig.store.views.clear();
  rig.warehouse.rows = {{"b", 4, 40}};
  rig.set_horizon(200);
  rig.run();
  int64_t given_up = 0;
  for (const RejectRecord& reject : rig.rejects()) given_up += !reject.retryable;
  EXPECT_EQ(given_up, 3);
}

TEST(RejectRetry, ReadsEverythingWhenTheStoreThatRefusedComesBackAfterAnother) {
  OneRefused rig;
  const auto refusing = rig.store.views;
  rig.taken.clear();
  rig.store.store_id = "store-2";
  rig.store.views.clear();
  rig.store.fault = [](std::string_view call) { return call == "commit" ? std::optional<Fault>(Fault{Fault::Where::before}) : std::nullopt; };
  ASSERT_EQ(outcome_of(rig.run()), "failed");
  EXPECT_EQ(rig.told(), std::vector<std::string>{"a: 0 in vain, the key is taken"}) << "a run that failed gives nothing up";
  rig.store.fault = {};
  rig.run();
  ASSERT_EQ(rig.stored(), rig.truth());
  rig.store.store_id = "store-1";
  rig.store.views = refusing;
  rig.run();
  EXPECT_EQ(rig.stored(), rig.truth());
}

TEST(RejectRetry, GivesUpARowWhoseViewHasOtherColumnsNow) {
  OneRefused rig;
  rig.taken.clear();
  rig.job.request.view.fields = {{"v", "", {Scalar::int64, false}, ""}};
  EXPECT_FALSE(rig.run().failure);
  EXPECT_EQ(rig.told(), std::vector<std::string>{"a: the key is taken; not tried again: the stored row has other columns than the view"});
  EXPECT_EQ(rig.stored(), (Profiles{{"b", {20}}}));
}

TEST(RejectRetry, BelievesNothingThatAFailedRunWrote) {
  for (const char* call : {"write", "flush"}) {
    OneRefused rig;
    rig.taken.clear();
    rig.store.fault = [&](std::string_view asked) { return asked == call ? std::optional<Fault>(Fault{Fault::Where::after}) : std::nullopt; };
    EXPECT_EQ(outcome_of(rig.run()), "failed") << call;
    EXPECT_EQ(rig.told(), std::vector<std::string>{"a: 1 in vain, the key is taken"}) << call;
    rig.store.fault = {};
    rig.run();
    EXPECT_EQ(rig.told().size(), 1u) << "it may be the row that makes runs fail, so the next one goes without it";
    rig.clock.advance(kMinute);
    rig.run();
    EXPECT_EQ(rig.told(), std::vector<std::string>{});
    EXPECT_EQ(rig.stored(), rig.truth());
  }
}

TEST(RejectRetry, LearnsNothingFromACancelledRun) {
  OneRefused rig;
  rig.job.cancel = std::make_shared<CancelToken>();
  rig.store.before_call = [&](std::string_view call, const CallLimits&) {
    if (call == "flush") rig.job.cancel->cancel();
  };
  EXPECT_EQ(outcome_of(rig.run()), "cancelled");
  EXPECT_EQ(rig.told(), std::vector<std::string>{"a: 0 in vain, the key is taken"});
}

TEST(RejectRetry, SavesNoContentOfARunThatFailed) {
  RejectRig rig;
  rig.taken = {"a"};
  rig.warehouse.rows = {{"a", 1, 10}, {"b", 2, 20}};
  rig.job.request.view.on_reject = OnReject::fail;
  EXPECT_EQ(outcome_of(rig.run()), "failed");
  EXPECT_EQ(rig.told(), std::vector<std::string>{"a: the key is taken"}) << "the next run reads the row again";
}

TEST(RejectRetry, FindsTheRowThereAfterAHostDiedBeforeItsRecord) {
  OneRefused rig;
  rig.taken.clear();
  rig.fail_state = [](std::string_view call) {
    return call == "finish_run" ? std::optional<Failure>({PENSTOCK_STATUS_RESOURCE_EXHAUSTED, PENSTOCK_RETRY_AFTER, "disk full"}) : std::nullopt;
  };
  EXPECT_EQ(outcome_of(rig.run()), "failed");
  rig.fail_state = {};
  EXPECT_EQ(counts_of(rig.run()), "read 1 = written 0 + unchanged 1 + stale 0 + rejected 0");
  EXPECT_EQ(rig.told(), std::vector<std::string>{});
}

// The row was taken by a retry, and then the store was restored from a dump of before.
struct WentBack : OneRefused {
  WentBack() {
    const auto dump = store.views;
    taken.clear();
    run();
    store.views = dump;
  }
};

TEST(RejectRetry, IsDoneAgainByReadingEverythingWhenTheStoreWentBackToBefore) {
  WentBack rig;
  const RunReport report = rig.run();
  EXPECT_EQ(report.notice, "the store went back to before it took rows that it had refused (restored, or failed over): reading everything again");
  EXPECT_EQ(counts_of(report), "read 2 = written 1 + unchanged 1 + stale 0 + rejected 0");
  EXPECT_EQ(rig.stored(), rig.truth());
  rig.set_horizon(200);
  const RunReport next = rig.run();
  EXPECT_EQ(next.notice, "") << "once is enough";
  EXPECT_EQ(next.record.read, 0);
}

TEST(RejectRetry, IsDoneAgainEachTimeTheStoreGoesBack) {
  WentBack rig;
  const auto dump = rig.store.views;
  for (int64_t time = 1; time <= 3; ++time) {
    rig.run();
    ASSERT_EQ(rig.stored(), rig.truth()) << time;
    rig.store.views = dump;
  }
}

TEST(RejectRetry, IsDoneAgainAlsoIfTheRunThatNoticedFailed) {
  WentBack rig;
  for (const char* call : {"begin", "write", "write", "commit"}) {
    rig.store.fault = [&](std::string_view asked) { return asked == call ? std::optional<Fault>(Fault{Fault::Where::before}) : std::nullopt; };
    ASSERT_EQ(outcome_of(rig.run()), "failed") << call;
  }
  rig.store.fault = {};
  EXPECT_EQ(rig.run().record.read, 2) << "whatever fences the failed ones took";
  EXPECT_EQ(rig.stored(), rig.truth());
}

TEST(RejectRetry, IsDoneAgainAlsoWhenOtherRunsCameBetween) {
  OneRefused rig;
  const auto dump = rig.store.views;
  rig.taken.clear();
  rig.run();
  for (int64_t i = 1; i <= 3; ++i) {
    rig.warehouse.rows.push_back({"n" + std::to_string(i), 100 * i + 1, i});
    rig.set_horizon(100 * i + 100);
    ASSERT_EQ(rig.run().notice, "");
  }
  rig.store.views = dump;
  rig.run();
  EXPECT_EQ(rig.stored(), rig.truth());
}

TEST(RejectRetry, IsNotDoneAgainWhenTheStoreWentBackToAfter) {
  OneRefused rig;
  rig.taken.clear();
  rig.run();
  const auto dump = rig.store.views;
  rig.warehouse.rows.push_back({"c", 101, 30});
  rig.set_horizon(200);
  rig.run();
  rig.store.views = dump;
  const RunReport report = rig.run();
  EXPECT_EQ(report.notice, "the store went back from H200 to H100 (restored, or failed over): reading again from there");
  EXPECT_EQ(report.record.read, 1);
  EXPECT_EQ(rig.stored(), rig.truth());
}

TEST(RejectRetry, IsDoneAgainWhenAnOlderStoreOfAnotherIdentityComesBack) {
  WentBack rig;
  rig.store.store_id = "store-0";
  EXPECT_EQ(rig.run().notice, "the store is not the one of the last run, which had rows that it refused at first: reading everything again");
  EXPECT_EQ(rig.stored(), rig.truth());
  EXPECT_EQ(rig.run().notice, "");
}

TEST(RejectRetry, IsNotDoneAgainForASinkThatDoesNotSayWhoCommitted) {
  WentBack rig;
  rig.store.views[DriverRig::kView].committed = 0;
  EXPECT_EQ(rig.run().notice, "") << "nothing can be concluded";
}

// Nothing is remembered but the marker, which is past the row.
TEST(RejectRetry, KnowsWhatAFirstRunWasRefusedThatDiedBeforeItsRecord) {
  for (const bool reply_was_lost : {false, true}) {
    RejectRig rig;
    rig.warehouse.rows = {{"a", 1, 10}, {"b", 2, 20}};
    rig.taken = {"a"};
    rig.fail_state = [&](std::string_view call) {
      return call == "finish_run" && !reply_was_lost ? std::optional<Failure>({PENSTOCK_STATUS_RESOURCE_EXHAUSTED, PENSTOCK_RETRY_AFTER, "disk full"}) : std::nullopt;
    };
    rig.store.fault = [&](std::string_view call) {
      return call == "commit" && reply_was_lost ? std::optional<Fault>(Fault{Fault::Where::after}) : std::nullopt;
    };
    ASSERT_EQ(outcome_of(rig.run()), "failed");
    ASSERT_EQ(rig.local(), std::nullopt);
    ASSERT_EQ(rig.marker(), (Position{100, "", "H100"}));
    rig.fail_state = {};
    rig.store.fault = {};
    rig.taken.clear();
    rig.run();
    EXPECT_EQ(rig.stored(), rig.truth()) << reply_was_lost;
    EXPECT_EQ(rig.rejects(), std::vector<RejectRecord>{});
  }
}

TEST(RejectRetry, DoesNotMoveTheMarkerPastWhatCouldNotBeSaved) {
  RejectRig rig;
  rig.warehouse.rows = {{"a", 1, 10}};
  rig.taken = {"a"};
  rig.state.fail = [](std::string_view call) {
    return call == "save_rejects" ? std::optional<Failure>({PENSTOCK_STATUS_RESOURCE_EXHAUSTED, PENSTOCK_RETRY_AFTER, "disk full"}) : std::nullopt;
  };
  EXPECT_EQ(rig.run().failure->message, "view \"users\" v1: state: disk full");
  EXPECT_EQ(rig.marker(), std::nullopt);
}

TEST(RejectRetry, FailsTheRunWhenTheStateCannotSayWhatIsDue) {
  RejectRig rig;
  rig.state.fail = [](std::string_view call) {
    return call == "due_rejects" ? std::optional<Failure>({PENSTOCK_STATUS_DATA_LOSS, PENSTOCK_RETRY_NEVER, "damaged"}) : std::nullopt;
  };
  EXPECT_EQ(rig.run().failure->message, "view \"users\" v1: state: damaged");
}

TEST(RejectRetry, KeepsOfASinkThatTakesTheArrayOnlyTheReason) {
  RejectRig rig;
  rig.store.takes_arrays = true;
  rig.taken = {"a"};
  rig.warehouse.rows = {{"a", 1, 10}};
  rig.run();
  EXPECT_EQ(rig.told(), std::vector<std::string>{": the key is taken"});
}

// Keys that are taken and freed, late and early retries, faults at any step: once all is well, one run makes the store equal to
// the table, and no row is left to be tried again.
TEST(RejectRetryAgainstOracle, LosesNoRefusedRowOnAnySeed) {
  for (uint64_t seed = 1; seed <= 80; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    const auto one_in = [&](uint64_t n) { return random() % n == 0; };
    RejectRig rig;
    rig.limits.rejects_kept = 1000;
    bool faults = one_in(2);
    rig.store.fault = [&](std::string_view) -> std::optional<Fault> {
      if (!faults || !one_in(15)) return {};
      return Fault{static_cast<Fault::Where>(random() % 3)};
    };
    rig.fail_state = [&](std::string_view call) -> std::optional<Failure> {
      if (!faults || call == "position" || !one_in(25)) return {};
      return Failure{PENSTOCK_STATUS_RESOURCE_EXHAUSTED, PENSTOCK_RETRY_AFTER, "disk full"};
    };
    int64_t now = 0;
    for (int round = 0; round < 10; ++round) {
      for (auto n = random() % 8; n > 0; --n) rig.warehouse.rows.push_back({"k" + std::to_string(random() % 8), ++now, static_cast<int64_t>(random() % 5)});
      rig.set_horizon(now);
      rig.taken.clear();
      for (int key = 0; key < 8; ++key)
        if (one_in(3)) rig.taken.insert("k" + std::to_string(key));
      rig.job.request.view.lookback = std::chrono::nanoseconds(one_in(3) ? random() % 10 : 0);
      rig.job.request.full = one_in(8);
      rig.clock.advance(std::chrono::seconds(random() % 200));
      const RunReport report = rig.run();
      const RunRecord& r = report.record;
      ASSERT_EQ(r.read, r.written + r.unchanged + r.stale + r.rejected);
      ASSERT_LE(r.retried, r.read);
    }
    faults = false;
    rig.taken.clear();
    rig.job.retry_all_rejects = true;
    const RunReport last = rig.run();
    ASSERT_FALSE(last.failure) << last.failure->message;
    ASSERT_EQ(rig.stored(), rig.truth());
    for (const RejectRecord& reject : rig.rejects()) ASSERT_FALSE(reject.retryable) << reject.key;
  }
}

}  // namespace
}  // namespace penstock::host
