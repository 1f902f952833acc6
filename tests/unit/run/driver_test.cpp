#include "run/driver.hpp"

#include "driver_rig.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <thread>

namespace penstock::host {
namespace {

using test::counts_of;
using test::DriverRig;
using test::FakeClock;
using test::null;
using test::outcome_of;
using test::Row;

using Profiles = std::map<std::string, Row>;

TEST(RunDriver, BringsEveryRowUpToTheHorizonIntoTheStore) {
  DriverRig rig;
  rig.warehouse.rows = {{"a", 1, 10}, {"b", 2, 20}, {"a", 3, 11}, {"c", 100, 30}, {"d", 101, 40}};
  const RunReport report = rig.run();
  EXPECT_FALSE(report.failure) << report.failure->message;
  EXPECT_EQ(rig.stored(), (Profiles{{"a", {11}}, {"b", {20}}, {"c", {30}}}));
  EXPECT_EQ(rig.marker(), (Position{100, "", "H100"}));
  EXPECT_EQ((*rig.state.position(DriverRig::kView)),
            (PositionRecord{{100, "", "H100"}, "profiles", "store-1", 1, FakeClock::kStartWallNs}));
  RunRecord expected;
  expected.run_id = "run-1";
  expected.view = DriverRig::kView;
  expected.reason = "interval";
  expected.started_at_ns = expected.finished_at_ns = FakeClock::kStartWallNs;
  expected.outcome = RunOutcome::completed;
  expected.to = "H100";
  expected.read = 4;
  expected.written = 4;
  expected.guarantee = "A";
  expected.guarantee_why = "the database sets it";
  EXPECT_EQ(report.record, expected) << counts_of(report);
  EXPECT_EQ(*rig.state.history({}, 10), std::vector{expected});
}

TEST(RunDriver, AsksForTheHorizonFirstAndMovesThePositionLast) {
  DriverRig rig;
  rig.warehouse.rows = {{"a", 1, 10}, {"b", 2, 20}, {"c", 3, 30}};
  rig.run();
  EXPECT_EQ(rig.calls(),
            (std::vector<std::string>{"connections.table_options", "connections.take_source", "connections.take_sink",
                                      "sink.capabilities", "sink.load_marker", "source.describe", "source.horizon", "state.start_run", "sink.begin", "sink.load_marker", "sink.write",
                                      "sink.write", "sink.flush", "sink.commit", "state.finish_run", "sink.end",
                                      "connections.give_back_source", "connections.give_back_sink"}));
  const auto all = rig.log.calls();
  EXPECT_LT(std::find(all.begin(), all.end(), "source.horizon"), std::find(all.begin(), all.end(), "source.plan"))
      << "a row that commits in between must be visible";
}

TEST(RunDriver, ReadsOnlyWhatChangedSinceTheLastRun) {
  DriverRig rig;
  rig.warehouse.rows = {{"a", 1, 10}, {"b", 100, 20}};
  rig.run();
  rig.warehouse.rows.push_back({"a", 101, 11});
  rig.warehouse.rows.push_back({"c", 200, 30});
  rig.set_horizon(200);
  const RunReport report = rig.run();
  EXPECT_EQ(counts_of(report), "read 2 = written 2 + unchanged 0 + stale 0 + rejected 0");
  EXPECT_EQ(report.record.from, "H100");
  EXPECT_EQ(rig.stored(), rig.truth());
  EXPECT_EQ(rig.warehouse.scans.back().since, (Position{100, "", "H100"}));
  EXPECT_EQ(rig.warehouse.scans.back().until, (Position{200, "", "H200"}));
}

// A row is kept back until the next batch is there, as it may tie with it; unless it is known by then that none comes.
TEST(RunDriver, WritesTheLastRowOfASmallWindowWithTheOthers) {
  DriverRig rig;
  for (uint32_t& honoured : rig.warehouse.partitions) honoured |= PENSTOCK_HONOURED_ORDER;
  // Time for the reader to come to the end; when it has not, another tick will do.
  rig.store.before_call = [](std::string_view call, const CallLimits&) {
    if (call == "begin") std::this_thread::sleep_for(std::chrono::milliseconds(2));
  };
  int64_t fewest = 2;
  for (int64_t tick = 1; tick <= 50 && fewest > 1; ++tick) {
    rig.warehouse.rows.push_back({"a", 100 * tick - 1, tick});
    rig.warehouse.rows.push_back({"b", 100 * tick, tick});
    rig.set_horizon(100 * tick);
    rig.run();
    const auto calls = rig.log.calls();
    fewest = std::min(fewest, std::count(calls.begin(), calls.end(), "sink.write"));
  }
  EXPECT_EQ(fewest, 1);
  EXPECT_EQ(rig.stored(), rig.truth());
}

TEST(RunDriver, TellsTheSourceAndTheSinkWhatTheViewIs) {
  DriverRig rig;
  rig.warehouse.rows = {{"a", 1, 10}};
  rig.job.request.view.null_timestamp = NullTimestamp::always;
  rig.job.request.view.lag = std::chrono::seconds(3);
  rig.job.ttl = std::chrono::nanoseconds(1'000'001);
  rig.run();
  const ScanRequest& scan = rig.warehouse.scans.at(0);
  EXPECT_EQ(scan.columns, (std::vector<std::string>{"id", "at", "v"}));
  EXPECT_EQ(scan.key_columns, (std::vector<std::string>{"id"}));
  EXPECT_EQ(scan.cursor.column, "at");
  EXPECT_EQ(scan.cursor.kind, PENSTOCK_CURSOR_TIMESTAMP);
  EXPECT_EQ(scan.cursor.lag_ns, 3'000'000'000);
  EXPECT_TRUE(scan.include_null_cursor);
  EXPECT_EQ(scan.batch_rows, 2);
  const WriteSpec& spec = rig.store.specs.at(0);
  EXPECT_EQ(spec.view, DriverRig::kView);
  EXPECT_EQ(spec.entity, "user");
  EXPECT_EQ(spec.run_id, "run-1");
  EXPECT_EQ(spec.ttl_ms, 2) << "rounded up: 0 would mean for ever";
  EXPECT_EQ(spec.order_size, 8 + 16);
}

TEST(RunDriver, CountsARowOnceWhateverBecomesOfIt) {
  DriverRig rig;
  // In one batch: a twice. Across batches: b older than what is there, c the same again. d refused, e does not fit.
  rig.limits.batch_rows = 3;
  rig.warehouse.rows = {{"a", 1, 1}, {"a", 2, 2}, {"b", 9, 3}, {"b", 8, 4}, {"c", 5, 5}, {"d", 6, 6}, {"c", 5, 5}, {"e", 7, int64_t{1} << 40}};
  rig.store.refuse = [](const std::string& key) { return key == "d" ? std::optional<std::string>("too odd") : std::nullopt; };
  const RunReport report = rig.run();
  EXPECT_FALSE(report.failure);
  EXPECT_EQ(counts_of(report), "read 8 = written 3 + unchanged 1 + stale 2 + rejected 2");
  EXPECT_EQ(rig.stored(), (Profiles{{"a", {2}}, {"b", {3}}, {"c", {5}}}));
  const int64_t now = FakeClock::kStartWallNs;
  EXPECT_EQ(*rig.state.rejects({}, 10),
            (std::vector<RejectRecord>{{DriverRig::kView, "run-1", "e", "v", "number outside int32", "does not fit into int32", now},
                                       {DriverRig::kView, "run-1", "d", "v", "refused by the store", "too odd", now}}));
}

TEST(RunDriver, CountsAllRejectsAndKeepsTheFirst) {
  DriverRig rig;
  rig.limits.rejects_kept = 3;
  for (int i = 0; i < 10; ++i) rig.warehouse.rows.push_back({"k" + std::to_string(i), i, int64_t{1} << 40});
  EXPECT_EQ(counts_of(rig.run()), "read 10 = written 0 + unchanged 0 + stale 0 + rejected 10");
  EXPECT_EQ(*rig.state.count_rejects(DriverRig::kView), 3);
  EXPECT_EQ(rig.marker(), (Position{100, "", "H100"})) << "rejects are told, not tried for ever";
}

TEST(RunDriver, WritesNoEmptyBatch) {
  DriverRig rig;
  rig.warehouse.rows = {{"a", 1, int64_t{1} << 40}, {"b", 2, int64_t{1} << 40}, {"c", 3, 3}};
  rig.run();
  const auto calls = rig.calls();
  EXPECT_EQ(std::count(calls.begin(), calls.end(), "sink.write"), 1);
}

TEST(RunDriver, LosesTheKeysOfRejectsToASinkThatTakesTheArrayButNotTheRejects) {
  DriverRig rig;
  rig.store.takes_arrays = true;
  rig.warehouse.rows = {{"a", 1, 1}, {"b", 2, 2}};
  rig.store.refuse = [](const std::string& key) { return key == "b" ? std::optional<std::string>("no") : std::nullopt; };
  EXPECT_EQ(counts_of(rig.run()), "read 2 = written 1 + unchanged 0 + stale 0 + rejected 1");
  EXPECT_EQ(rig.state.rejects({}, 10)->at(0).key, "");
}

TEST(RunDriver, DoesNotTouchTheStoreWhenThereIsNothing) {
  DriverRig rig;
  rig.warehouse.rows = {{"a", 1, 10}};
  rig.run();
  const auto before = *rig.state.position(DriverRig::kView);
  rig.set_horizon(200);
  const RunReport report = rig.run();
  EXPECT_EQ(outcome_of(report), "completed");
  EXPECT_FALSE(rig.called("sink.begin"));
  EXPECT_EQ(rig.marker(), (Position{100, "", "H100"}));
  EXPECT_EQ(*rig.state.position(DriverRig::kView), before);
  EXPECT_TRUE(rig.called("connections.give_back_source") && rig.called("connections.give_back_sink"));
}

TEST(RunDriver, DoesNotScanWhenTheHorizonHasNotMoved) {
  DriverRig rig;
  rig.warehouse.rows = {{"a", 1, 10}};
  rig.run();
  const RunReport report = rig.run();
  EXPECT_EQ(outcome_of(report), "completed");
  EXPECT_FALSE(rig.called("source.plan"));
  EXPECT_EQ(report.record.from, "H100");
  EXPECT_EQ(report.record.to, "H100");
}

TEST(RunDriver, ProvesTheFirstSyncOfAnEmptyTableByAMarker) {
  DriverRig rig;
  EXPECT_EQ(outcome_of(rig.run()), "completed");
  EXPECT_EQ(rig.marker(), (Position{100, "", "H100"}));
  EXPECT_EQ(rig.local(), (Position{100, "", "H100"}));
}

TEST(RunDriver, WritesNothingAnywhereInADryRun) {
  DriverRig rig;
  rig.warehouse.rows = {{"a", 1, 10}, {"b", 2, int64_t{1} << 40}, {"a", 3, 11}};
  rig.job.dry_run = true;
  const RunReport report = rig.run();
  EXPECT_EQ(outcome_of(report), "completed");
  EXPECT_EQ(counts_of(report), "read 3 = written 2 + unchanged 0 + stale 0 + rejected 1");
  EXPECT_EQ(rig.stored(), Profiles{});
  EXPECT_EQ(rig.marker(), std::nullopt);
  EXPECT_EQ(rig.local(), std::nullopt);
  EXPECT_TRUE(rig.state.history({}, 10)->empty());
  EXPECT_EQ(*rig.state.count_rejects(DriverRig::kView), 0);
  for (const char* call : {"sink.begin", "sink.write", "sink.flush", "sink.commit", "sink.abort", "state.start_run", "state.finish_run"})
    EXPECT_FALSE(rig.called(call)) << call;
}

TEST(RunDriver, WritesASliceWithoutMovingThePosition) {
  DriverRig rig;
  rig.warehouse.rows = {{"a", 1, 10}, {"b", 2, 20}, {"c", 3, 30}};
  rig.job.request.from_ns = 1;
  rig.job.request.to_ns = 2;
  EXPECT_EQ(counts_of(rig.run()), "read 1 = written 1 + unchanged 0 + stale 0 + rejected 0");
  EXPECT_EQ(rig.stored(), (Profiles{{"b", {20}}}));
  EXPECT_EQ(rig.marker(), std::nullopt);
  EXPECT_EQ(rig.local(), std::nullopt);
  EXPECT_TRUE(rig.called("sink.flush"));
}

TEST(RunDriver, KeepsTheWindowItselfWhenTheSourceDoesNot) {
  DriverRig rig;
  rig.warehouse.rows = {{"a", 50, 1}};
  rig.run();
  rig.warehouse.partitions = {0};
  rig.warehouse.rows = {{"a", 100, 2}, {"b", 101, 3}, {"c", 200, 4}, {"d", 201, 5}, {null, 50, 6}};
  rig.set_horizon(200);
  EXPECT_EQ(counts_of(rig.run()), "read 2 = written 2 + unchanged 0 + stale 0 + rejected 0");
  EXPECT_EQ(rig.stored(), (Profiles{{"a", {1}}, {"b", {3}}, {"c", {4}}}));
}

TEST(RunDriver, CountsAnIntegerCursorAsItsSourceSays) {
  DriverRig rig;
  rig.warehouse.schema[1] = {.name = "at", .type = Type::int64};
  rig.warehouse.cursor_unit_ns = 1000;
  rig.warehouse.partitions = {0};
  rig.warehouse.rows = {{"a", 1, 1}, {"b", 3, 2}, {"c", 4, 3}, {"d", 5, 4}};
  rig.set_horizon(3999);
  EXPECT_EQ(counts_of(rig.run()), "read 2 = written 2 + unchanged 0 + stale 0 + rejected 0");
  rig.set_horizon(4000);
  EXPECT_EQ(counts_of(rig.run()), "read 1 = written 1 + unchanged 0 + stale 0 + rejected 0");
  EXPECT_EQ(rig.stored(), (Profiles{{"a", {1}}, {"b", {2}}, {"c", {3}}}));
}

TEST(RunDriver, RefusesAnIntegerCursorWhoseSourceDoesNotSayWhatItCounts) {
  DriverRig rig;
  rig.warehouse.schema[1] = {.name = "at", .type = Type::int64};
  rig.warehouse.rows = {{"a", 1, 1}};
  const RunReport report = rig.run();
  ASSERT_TRUE(report.failure);
  EXPECT_EQ(report.failure->message.substr(0, 123),
            "view \"users\" v1: batch source \"events\": timestamp_field \"at\" is of type int64, and its source does not say what it counts: ");
  EXPECT_EQ(report.failure->retry, PENSTOCK_RETRY_NEVER);
  EXPECT_EQ(rig.stored(), Profiles{});
  EXPECT_EQ(rig.local(), std::nullopt);
}

TEST(RunDriver, KeepsTheWindowOfEachPartitionByWhatThatOneHonours) {
  DriverRig rig;
  constexpr uint32_t kAll = PENSTOCK_HONOURED_SINCE | PENSTOCK_HONOURED_UNTIL;
  rig.warehouse.partitions = {kAll, PENSTOCK_HONOURED_UNTIL, PENSTOCK_HONOURED_SINCE, 0};
  rig.job.request.from_ns = 10;
  rig.job.request.to_ns = 20;
  for (int i = 0; i < 4; ++i)
    for (const char* const at : {"10", "11", "20", "21"}) rig.warehouse.rows.push_back({"p" + std::to_string(i) + "-" + at, std::stoi(at), 1});
  // Every partition gets each of the four times.
  std::stable_sort(rig.warehouse.rows.begin(), rig.warehouse.rows.end(),
                   [](const Row& x, const Row& y) { return std::get<int64_t>(x[1].value) < std::get<int64_t>(y[1].value); });
  EXPECT_EQ(counts_of(rig.run()), "read 8 = written 8 + unchanged 0 + stale 0 + rejected 0");
  Profiles expected;
  for (int i = 0; i < 4; ++i)
    for (const char* const at : {"11", "20"}) expected["p" + std::to_string(i) + "-" + at] = {1};
  EXPECT_EQ(rig.stored(), expected);
}

TEST(RunDriver, SkipsKeepsOrRefusesRowsWithoutATime) {
  for (const NullTimestamp policy : {NullTimestamp::skip, NullTimestamp::always, NullTimestamp::fail}) {
    DriverRig rig;
    rig.job.request.view.null_timestamp = policy;
    rig.warehouse.partitions = {0};  // delivers them whatever it was asked
    rig.warehouse.rows = {{"a", 1, 1}, {"b", 2, 2}, {"c", null, 3}, {"d", 4, 4}};
    const RunReport report = rig.run();
    if (policy == NullTimestamp::fail) {
      EXPECT_EQ(report.failure->message,
                "view \"users\" v1: batch source \"events\": 1 row without a value in the timestamp field: set null_timestamp to "
                "\"skip\" or \"always\", or fix the rows");
      EXPECT_EQ(rig.stored(), (Profiles{{"a", {1}}, {"b", {2}}})) << "the batch with such a row is not written";
      EXPECT_EQ(rig.marker(), std::nullopt);
    } else {
      EXPECT_EQ(outcome_of(report), "completed");
      EXPECT_EQ(rig.stored().size(), policy == NullTimestamp::skip ? 3u : 4u);
    }
  }
}

TEST(RunDriver, StopsAtTheFirstRejectAndTellsWhich) {
  DriverRig rig;
  rig.job.request.view.on_reject = OnReject::fail;
  rig.warehouse.rows = {{"a", 1, 1}, {"b", 2, 2}, {"c", 3, int64_t{1} << 40}, {"d", 4, 4}, {"e", 5, 5}};
  const RunReport report = rig.run();
  EXPECT_EQ(report.failure->message,
            "view \"users\" v1: batch source \"events\": a row was rejected and on_reject is \"fail\"; `penstock history` shows the reason");
  EXPECT_EQ(counts_of(report), "read 3 = written 2 + unchanged 0 + stale 0 + rejected 1");
  EXPECT_EQ(rig.stored(), (Profiles{{"a", {1}}, {"b", {2}}}));
  EXPECT_EQ(rig.state.rejects({}, 10)->at(0).key, "c");
  EXPECT_TRUE(rig.called("sink.abort"));
  EXPECT_FALSE(rig.called("sink.commit"));
}

TEST(RunDriver, StopsAtTheFirstRowThatTheStoreRefuses) {
  DriverRig rig;
  rig.job.request.view.on_reject = OnReject::fail;
  rig.store.refuse = [](const std::string&) { return "no"; };
  rig.warehouse.rows = {{"a", 1, 1}, {"b", 2, 2}, {"c", 3, 3}};
  const RunReport report = rig.run();
  EXPECT_EQ(outcome_of(report), "failed");
  EXPECT_EQ(counts_of(report), "read 2 = written 0 + unchanged 0 + stale 0 + rejected 2");
  EXPECT_EQ(rig.local(), std::nullopt);
}

TEST(RunDriver, TakesTheStreamsOwnSchema) {
  DriverRig rig;
  rig.warehouse.rows = {{"a", 1, 10}};
  // Between describe and scan somebody adds a column in front and makes a number a text.
  rig.warehouse.before_call = [&](std::string_view call, const CallLimits&) {
    if (call != "plan") return;
    rig.warehouse.schema = {{.name = "new", .type = Type::boolean}, {.name = "v", .type = Type::utf8}, instant("at", Type::timestamp_ns),
                            {.name = "id", .type = Type::int32}};
    rig.warehouse.cursor = 2;
    rig.warehouse.rows = {{true, "7", 1, 5}};
  };
  const RunReport report = rig.run();
  EXPECT_FALSE(report.failure) << report.failure->message;
  EXPECT_EQ(rig.stored(), (Profiles{{"5", {7}}}));
}

TEST(RunDriver, FailsWhenAColumnIsGoneDuringTheRun) {
  DriverRig rig;
  rig.warehouse.rows = {{"a", 1, 10}};
  rig.warehouse.before_call = [&](std::string_view call, const CallLimits&) {
    if (call == "plan") rig.warehouse.schema[2].name = "w";
  };
  EXPECT_EQ(rig.run().failure->message, "view \"users\" v1: batch source \"events\": field \"v\": no such column");
  EXPECT_EQ(rig.stored(), Profiles{});
}

TEST(RunDriver, ReportsProgressAfterEachBatch) {
  DriverRig rig;
  rig.warehouse.rows = {{"a", 1, 10}, {"b", 2, 20}, {"c", 3, 30}};
  std::vector<std::string> told;
  rig.job.on_progress = [&](const RunProgress& progress) {
    rig.clock.advance(std::chrono::seconds(1));
    told.push_back(std::to_string(progress.counts.read) + " of " + std::to_string(progress.rows_estimate) + " after " +
                   std::to_string(progress.elapsed_ns));
  };
  const RunReport report = rig.run();
  EXPECT_EQ(told, (std::vector<std::string>{"2 of 3 after 0", "3 of 3 after 1000000000"}));
  EXPECT_EQ(report.elapsed_ns, 2'000'000'000);
  EXPECT_EQ(report.record.finished_at_ns - report.record.started_at_ns, 2'000'000'000);
}

TEST(RunDriver, RereadsEverythingIntoAStoreThatWasWiped) {
  DriverRig rig;
  rig.warehouse.rows = {{"a", 1, 10}, {"b", 2, 20}};
  rig.run();
  rig.store.views.clear();
  rig.store.store_id = "store-2";
  rig.set_horizon(200);
  const RunReport report = rig.run();
  EXPECT_EQ(report.notice, "the store has no marker for this view (wiped, or another store): reading everything again");
  EXPECT_EQ(rig.stored(), rig.truth());
  EXPECT_EQ(report.record.from, "");
}

TEST(RunDriver, CatchesUpAStoreThatWasRestoredFromABackup) {
  DriverRig rig;
  rig.warehouse.rows = {{"a", 1, 10}};
  rig.run();
  const auto backup = rig.store.views;
  rig.warehouse.rows.push_back({"b", 150, 20});
  rig.set_horizon(200);
  rig.run();
  rig.store.views = backup;
  rig.warehouse.rows.push_back({"c", 250, 30});
  rig.set_horizon(300);
  rig.run();
  EXPECT_EQ(rig.stored(), rig.truth());
}

TEST(RunDriver, GoesByTheMarkerWhenItsOwnRecordIsLost) {
  DriverRig rig;
  rig.warehouse.rows = {{"a", 1, 10}};
  rig.run();
  ASSERT_TRUE(rig.state.forget_position(DriverRig::kView));
  rig.warehouse.rows.push_back({"b", 150, 20});
  rig.set_horizon(200);
  EXPECT_EQ(counts_of(rig.run()), "read 1 = written 1 + unchanged 0 + stale 0 + rejected 0");
  EXPECT_EQ(rig.local(), (Position{200, "", "H200"}));
}

TEST(RunDriver, RecordsARunThatFindsNothingOnce) {
  DriverRig rig;
  rig.warehouse.rows = {{"a", 1, 10}};
  rig.run();
  rig.set_horizon(200);
  rig.limits.unrecorded_scan = std::chrono::minutes(1);
  EXPECT_EQ(outcome_of(rig.run()), "completed");
  EXPECT_FALSE(rig.called("state.start_run"));
  EXPECT_EQ((*rig.state.history(DriverRig::kView, 1)).at(0).to, "H200");
}

TEST(RunDriver, RecordsARunAsRunningWhileItsScanTakesLong) {
  DriverRig rig;
  rig.limits.unrecorded_scan = std::chrono::nanoseconds(0);
  RunOutcome seen = RunOutcome::completed;
  rig.warehouse.before_call = [&](std::string_view call, const CallLimits&) {
    if (call != "next") return;
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!rig.called("state.start_run") && std::chrono::steady_clock::now() < until) std::this_thread::yield();
    seen = (*rig.state.history(DriverRig::kView, 1)).at(0).outcome;
  };
  rig.run();
  EXPECT_EQ(seen, RunOutcome::running);
}

}  // namespace
}  // namespace penstock::host
