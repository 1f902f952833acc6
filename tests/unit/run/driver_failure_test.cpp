// Whatever goes wrong, and wherever: nothing is lost, nothing hangs, and the next run makes it good.
#include "run/driver.hpp"

#include "driver_rig.hpp"

#include <gtest/gtest.h>

#include <new>
#include <random>
#include <stdexcept>

namespace penstock::host {
namespace {

using test::DriverRig;
using test::Fault;
using test::outcome_of;
using test::Row;

Failure boom() { return {PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_RECONNECT, "boom"}; }

// Fails the nth call with that name.
struct Nth {
  std::string name;
  int n = 1;
  bool operator()(std::string_view call) { return call == name && --n == 0; }
};

void fill(DriverRig& rig) {
  for (int i = 0; i < 9; ++i) rig.warehouse.rows.push_back({"k" + std::to_string(i % 6), i + 1, i});
}

// After a failure: told, recorded, nothing moved, nothing given back; then a run without faults ends as if nothing had been.
void expect_failed_and_mended(DriverRig& rig, const RunReport& report, const std::string& what) {
  SCOPED_TRACE(what);
  ASSERT_TRUE(report.failure);
  EXPECT_EQ(outcome_of(report), "failed");
  EXPECT_EQ(report.failure->message.substr(0, 17), "view \"users\" v1: ");
  const RunRecord& r = report.record;
  EXPECT_EQ(r.read, r.written + r.unchanged + r.stale + r.rejected);
  EXPECT_EQ(rig.local(), std::nullopt);
  EXPECT_FALSE(rig.called("connections.give_back_source"));
  EXPECT_FALSE(rig.called("connections.give_back_sink"));

  rig.warehouse.fail = rig.connections.fail = rig.fail_state = {};
  rig.store.fault = {};
  rig.warehouse.before_call = rig.store.before_call = {};
  const RunReport again = rig.run();
  ASSERT_FALSE(again.failure) << again.failure->message;
  EXPECT_EQ(rig.stored(), rig.truth());
  EXPECT_EQ(rig.marker(), (Position{100, "", "H100"}));
  EXPECT_EQ(rig.local(), (Position{100, "", "H100"}));
}

TEST(RunDriverFailure, OfTheSourceIsMadeGoodByTheNextRun) {
  for (const Nth& nth : {Nth{"describe"}, Nth{"horizon"}, Nth{"plan"}, Nth{"scan"}, Nth{"next", 1}, Nth{"next", 2}, Nth{"next", 6}}) {
    DriverRig rig;
    fill(rig);
    rig.warehouse.fail = [fails = nth](std::string_view call) mutable { return fails(call) ? std::optional(boom()) : std::nullopt; };
    const RunReport report = rig.run();
    EXPECT_EQ(report.failure->message, "view \"users\" v1: batch source \"events\": boom");
    EXPECT_EQ(rig.called("sink.abort"), nth.name == "next" && nth.n > 1);
    expect_failed_and_mended(rig, report, nth.name + " " + std::to_string(nth.n));
  }
}

TEST(RunDriverFailure, OfTheSinkIsMadeGoodByTheNextRun) {
  const std::map<std::string, std::string> contexts{{"capabilities", ""},  {"load_marker", "load the marker: "}, {"begin", "begin: "},
                                                    {"write", "write: "},  {"flush", "flush: "},                 {"commit", "commit: "}};
  for (const Fault::Where where : {Fault::Where::before, Fault::Where::during, Fault::Where::after}) {
    for (const Nth& nth : {Nth{"capabilities"}, Nth{"load_marker"}, Nth{"begin"}, Nth{"write", 1}, Nth{"write", 3}, Nth{"flush"}, Nth{"commit"}}) {
      DriverRig rig;
      fill(rig);
      rig.store.fault = [fails = nth, where](std::string_view call) mutable {
        return fails(call) ? std::optional(Fault{where, boom()}) : std::nullopt;
      };
      const RunReport report = rig.run();
      EXPECT_EQ(report.failure->message, "view \"users\" v1: store \"profiles\": " + contexts.at(nth.name) + "boom");
      EXPECT_EQ(rig.called("sink.abort"), nth.name == "write" || nth.name == "flush" || nth.name == "commit");
      EXPECT_EQ(rig.called("sink.end"), rig.called("sink.abort"));
      expect_failed_and_mended(rig, report, nth.name + " " + std::to_string(nth.n) + " at " + std::to_string(static_cast<int>(where)));
    }
  }
}

TEST(RunDriverFailure, ToConnectIsMadeGoodByTheNextRun) {
  const std::map<std::string, std::string> objects{
      {"table_options", "batch source \"events\""}, {"take_source", "warehouse \"prod\""}, {"take_sink", "store \"profiles\""}};
  for (const auto& [call, object] : objects) {
    DriverRig rig;
    fill(rig);
    rig.connections.fail = [fails = Nth{call}](std::string_view asked) mutable { return fails(asked) ? std::optional(boom()) : std::nullopt; };
    const RunReport report = rig.run();
    EXPECT_EQ(report.failure->message, "view \"users\" v1: " + object + ": boom");
    expect_failed_and_mended(rig, report, call);
  }
}

TEST(RunDriverFailure, OfTheStateIsMadeGoodByTheNextRun) {
  for (const char* const call : {"start_run", "finish_run"}) {
    DriverRig rig;
    fill(rig);
    rig.fail_state = [fails = Nth{call}](std::string_view asked) mutable { return fails(asked) ? std::optional(boom()) : std::nullopt; };
    const RunReport report = rig.run();
    EXPECT_EQ(report.failure->message, "view \"users\" v1: state: boom");
    EXPECT_EQ(rig.called("sink.begin"), std::string(call) == "finish_run") << "what cannot be recorded is not begun";
    expect_failed_and_mended(rig, report, call);
  }
}

TEST(RunDriverFailure, StaysTheFirstWhenAbortAndRecordFailToo) {
  DriverRig rig;
  fill(rig);
  rig.store.fault = [](std::string_view call) -> std::optional<Fault> {
    if (call == "write") return Fault{Fault::Where::before, boom()};
    if (call == "abort") return Fault{Fault::Where::before, internal("abort")};
    return {};
  };
  rig.fail_state = [](std::string_view call) { return call == "finish_run" ? std::optional(internal("disk")) : std::nullopt; };
  EXPECT_EQ(rig.run().failure->message, "view \"users\" v1: store \"profiles\": write: boom");
}

TEST(RunDriverFailure, IsRecordedWithItsReason) {
  DriverRig rig;
  fill(rig);
  rig.store.fault = [](std::string_view call) { return call == "flush" ? std::optional(Fault{Fault::Where::before, boom()}) : std::nullopt; };
  rig.run();
  const RunRecord record = rig.state.history({}, 1)->at(0);
  EXPECT_EQ(record.outcome, RunOutcome::failed);
  EXPECT_EQ(record.error, "store \"profiles\": flush: boom");
  EXPECT_EQ(record.written, 9) << "what reached the store before it failed";
}

TEST(RunDriverFailure, KeepsWhatItSaysAboutRetrying) {
  DriverRig rig;
  fill(rig);
  rig.store.fault = [](std::string_view call) { return call == "write" ? std::optional(Fault{Fault::Where::during}) : std::nullopt; };
  const RunReport report = rig.run();
  EXPECT_EQ(report.failure->retry, PENSTOCK_RETRY_UNKNOWN_OUTCOME);
  EXPECT_EQ(report.failure->status, PENSTOCK_STATUS_UNAVAILABLE);
}

TEST(RunDriverFailure, FencedOffByANewerRunItWritesNoMarker) {
  DriverRig rig;
  fill(rig);
  rig.store.before_call = [&, n = 0](std::string_view call, const CallLimits&) mutable {
    if (call == "write" && ++n == 2) ++rig.store.views[DriverRig::kView].fence;
  };
  const RunReport report = rig.run();
  EXPECT_EQ(report.failure->status, PENSTOCK_STATUS_FENCED);
  EXPECT_EQ(rig.marker(), std::nullopt);
  expect_failed_and_mended(rig, report, "fenced");
}

TEST(RunDriverFailure, OfAnExceptionIsAFailureLikeAnyOther) {
  for (const char* const call : {"describe", "plan", "next"}) {
    DriverRig rig;
    fill(rig);
    rig.warehouse.before_call = [call](std::string_view asked, const CallLimits&) {
      if (asked == call) throw std::runtime_error("odd");
    };
    expect_failed_and_mended(rig, rig.run(), call);
  }
  for (const char* const call : {"capabilities", "begin", "write", "flush", "commit"}) {
    DriverRig rig;
    fill(rig);
    rig.store.before_call = [call](std::string_view asked, const CallLimits&) {
      if (asked == call) throw std::bad_alloc();
    };
    const RunReport report = rig.run();
    EXPECT_EQ(report.failure->message, "view \"users\" v1: out of memory");
    EXPECT_EQ(report.failure->status, PENSTOCK_STATUS_RESOURCE_EXHAUSTED);
    expect_failed_and_mended(rig, report, call);
  }
}

TEST(RunDriverFailure, OfTheSinkEndsAReaderThatWaitsForRoom) {
  DriverRig rig;
  for (int i = 0; i < 500; ++i) rig.warehouse.rows.push_back({"k" + std::to_string(i), i % 100, i});
  rig.store.fault = [](std::string_view call) { return call == "write" ? std::optional(Fault{Fault::Where::before, boom()}) : std::nullopt; };
  expect_failed_and_mended(rig, rig.run(), "many rows");
}

TEST(RunDriverFailure, OfTheSinkEndsAReaderThatWaitsForTheSource) {
  for (const char* const call : {"begin", "write"}) {
    DriverRig rig;
    fill(rig);
    rig.warehouse.before_call = [n = 0](std::string_view asked, const CallLimits& limits) mutable {
      if (asked == "next" && ++n == 2) test::wait_until_cancelled(limits);
    };
    rig.store.fault = [call](std::string_view asked) { return asked == call ? std::optional(Fault{Fault::Where::before, boom()}) : std::nullopt; };
    expect_failed_and_mended(rig, rig.run(), call);
  }
}

// Cancelled at every call in turn, by the thread that makes it.
TEST(RunDriverCancel, EndsTheRunWhereverItIs) {
  for (const char* const call : {"describe", "horizon", "plan", "scan", "next", "capabilities", "load_marker", "begin", "write", "flush"}) {
    DriverRig rig;
    fill(rig);
    rig.job.cancel = std::make_shared<CancelToken>();
    const auto cancel = [&](std::string_view asked, const CallLimits&) {
      if (asked == call) rig.job.cancel->cancel();
    };
    rig.warehouse.before_call = rig.store.before_call = cancel;
    const RunReport report = rig.run();
    EXPECT_EQ(outcome_of(report), "cancelled") << call;
    EXPECT_EQ(rig.marker(), std::nullopt) << call;
    EXPECT_FALSE(rig.called("connections.give_back_source")) << call;
    EXPECT_EQ(rig.state.history({}, 1)->at(0).outcome, RunOutcome::cancelled) << call;
    rig.job.cancel = nullptr;
    rig.warehouse.before_call = rig.store.before_call = {};
    EXPECT_EQ(outcome_of(rig.run()), "completed");
    EXPECT_EQ(rig.stored(), rig.truth());
  }
}

TEST(RunDriverCancel, ReachesASourceThatIsWaiting) {
  DriverRig rig;
  fill(rig);
  rig.job.cancel = std::make_shared<CancelToken>();
  rig.warehouse.before_call = [&, n = 0](std::string_view call, const CallLimits& limits) mutable {
    if (call != "next" || ++n < 3) return;
    rig.job.cancel->cancel();
    test::wait_until_cancelled(limits);
  };
  EXPECT_EQ(outcome_of(rig.run()), "cancelled");
}

TEST(RunDriverCancel, StopsBetweenBatchesWhateverThePluginsDo) {
  DriverRig rig;
  fill(rig);
  rig.job.cancel = std::make_shared<CancelToken>();
  rig.job.on_progress = [&](const RunProgress&) { rig.job.cancel->cancel(); };
  const RunReport report = rig.run();
  EXPECT_EQ(outcome_of(report), "cancelled");
  EXPECT_EQ(report.record.read, 2);
}

TEST(RunDriverCancel, BeforeTheStartConnectsNowhere) {
  DriverRig rig;
  rig.job.cancel = std::make_shared<CancelToken>();
  rig.job.cancel->cancel();
  EXPECT_EQ(outcome_of(rig.run()), "cancelled");
  EXPECT_EQ(rig.calls(), (std::vector<std::string>{"state.finish_run"}));
}

TEST(RunDriverCancel, StillLetsTheSinkBeToldToAbort) {
  for (const std::chrono::nanoseconds timeout : {std::chrono::nanoseconds(0), std::chrono::nanoseconds(std::chrono::hours(1))}) {
    DriverRig rig;
    fill(rig);
    rig.limits.call_timeout = timeout;
    rig.job.cancel = std::make_shared<CancelToken>();
    CallLimits seen;
    rig.store.before_call = [&](std::string_view call, const CallLimits& limits) {
      if (call == "write") rig.job.cancel->cancel();
      if (call == "abort") seen = limits;
    };
    rig.run();
    EXPECT_TRUE(rig.called("sink.abort"));
    EXPECT_EQ(seen.cancel, nullptr);
    EXPECT_EQ(seen.timeout, std::chrono::seconds(2));
    EXPECT_EQ(seen.scope, "view \"users\" v1: store \"profiles\"");
  }
}

// Runs, rows, faults, wiped and restored stores and lost records in any order; once the faults stop, one run makes the store
// equal to the table.
TEST(RunDriverAgainstOracle, AgreesOnEverySeedOnceTheFaultsStop) {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    const auto one_in = [&](uint64_t n) { return random() % n == 0; };
    DriverRig rig;
    rig.store.has_marker = !one_in(5);
    if (rig.store.has_marker && one_in(4)) rig.store.flags &= ~PENSTOCK_SINK_DURABLE;
    rig.warehouse.partitions.assign(1 + random() % 3, static_cast<uint32_t>(random() % 8));
    int64_t now = 0;
    auto backup = rig.store.views;
    uint64_t fault_rate = 12;
    rig.store.fault = [&](std::string_view) -> std::optional<Fault> {
      if (fault_rate == 0 || !one_in(fault_rate)) return {};
      return Fault{static_cast<Fault::Where>(random() % 3), boom()};
    };
    rig.fail_state = [&](std::string_view call) {
      return call != "position" && call != "forget_position" && fault_rate != 0 && one_in(fault_rate * 2) ? std::optional(boom()) : std::nullopt;
    };

    for (int round = 0; round < 8; ++round) {
      // Rows of one round lie above the last horizon and never tie in time for one key, so that the newest is the newest.
      for (auto n = random() % 12; n > 0; --n) rig.warehouse.rows.push_back({"k" + std::to_string(random() % 10), ++now, static_cast<int64_t>(random() % 50)});
      rig.set_horizon(now);
      if (one_in(6)) backup = rig.store.views;
      if (rig.store.has_marker && one_in(8)) rig.store.views = backup;
      if (rig.store.has_marker && one_in(8)) rig.store.views.clear(), rig.store.store_id += "'";
      if (one_in(8)) static_cast<void>(rig.state.forget_position(DriverRig::kView).ok());
      const RunReport report = rig.run();
      if (report.failure || report.record.to.empty()) continue;
      ASSERT_EQ(rig.stored(), rig.truth()) << "after round " << round << ", which said done up to " << report.record.to;
    }
    fault_rate = 0;
    rig.set_horizon(++now);
    const RunReport last = rig.run();
    ASSERT_FALSE(last.failure) << last.failure->message;
    ASSERT_EQ(rig.stored(), rig.truth());
  }
}

}  // namespace
}  // namespace penstock::host
