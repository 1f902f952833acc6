// A host that is killed, cut off or held up at every named point of a run, and what arrives at the store too late.
#include "fault/polling_host.hpp"
#include "sink_redis/scripts.hpp"
#include "support/redis_proxy.hpp"

#include <csignal>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::test {
namespace {

using redis::Script;
using testing::HasSubstr;
using Moment = RedisProxy::Moment;

constexpr const char* kFencedReply = "$1\r\nF\r\n";
constexpr const char* kNothingExecuted = "*-1\r\n";
constexpr const char* kExec = "EXEC";

std::string text_of(Script script) { return std::string(redis::script_text(script)); }

struct Point {
  const char* name;
  std::string what;  // empty: the first command
  int nth;
  Moment moment;
};

const Point kPoints[] = {
    {"Connecting", "", 1, Moment::before},
    {"AskingForTheMarker", text_of(Script::load_marker), 1, Moment::before},
    {"MarkerLoaded", text_of(Script::load_marker), 1, Moment::after},
    {"ScanOpened", text_of(Script::begin), 1, Moment::before},
    {"BeginHalfSent", text_of(Script::begin), 1, Moment::half},
    {"BegunUnanswered", text_of(Script::begin), 1, Moment::after},
    {"Begun", text_of(Script::begin), 1, Moment::answered},
    {"FirstWriteHalfSent", kExec, 1, Moment::half},
    {"BetweenGuardAndWrite", kExec, 1, Moment::before},
    {"FirstWriteUnanswered", kExec, 1, Moment::after},
    {"FirstBatchWritten", kExec, 5, Moment::answered},
    {"InTheMiddle", kExec, 12, Moment::before},
    {"LastWriteUnanswered", kExec, 30, Moment::after},
    {"Flushed", text_of(Script::commit), 1, Moment::before},
    {"CommitHalfSent", text_of(Script::commit), 1, Moment::half},
    {"CommittedUnanswered", text_of(Script::commit), 1, Moment::after},
    {"CommittedNotRecorded", text_of(Script::commit), 1, Moment::answered},
};

class CrashPoints : public testing::TestWithParam<Point> {
 protected:
  static void SetUpTestSuite() {
    postgres_ = new PostgresServer;
    redis_ = new RedisServer;
    create_profile_table(*postgres_);
  }
  static void TearDownTestSuite() {
    delete redis_;
    delete postgres_;
  }

  CrashPoints() : host_(*postgres_, *redis_, settings(proxy_.url())) {
    redis_->flush_all();
    postgres_->exec("TRUNCATE " + profile_table());
    // The point lies in a second run, so that there is a position to lose.
    upsert_users(*postgres_, "u", 0, 600);
    expect_complete();
    upsert_users(*postgres_, "u", 300, 600);
  }

  // 600 rows in six batches, each of five transactions. There are no other writers: the margin may be next to nothing.
  static PollingHost::Settings settings(const std::string& url, const std::string& more = {}) {
    return {.store_url = url, .warehouse = "margin = \"1ms\"\n", .store = "transaction_rows = 20\n", .host = "batch_rows = 100\n" + more};
  }
  void stop_at(const Point& point) { proxy_.stop_at({point.what, point.nth, point.moment}); }
  Process materialize() { return Process(host_.world().command({"materialize"}), host_.world().environment()); }
  void expect_complete() {
    const Finished run = host_.world().penstock({"materialize"});
    EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
    expect_nothing_lost();
  }
  void expect_nothing_lost() {
    const Difference found = compare_every_key(*postgres_, *redis_);
    EXPECT_TRUE(found.none()) << found;
  }
  static std::string marker() { return redis_->command({"HMGET", std::string("penstock:marker:") + kView + "_v1", "fence", "ordinal"}); }

  static PostgresServer* postgres_;
  static RedisServer* redis_;
  RedisProxy proxy_{redis_->port()};
  PollingHost host_;
};

PostgresServer* CrashPoints::postgres_ = nullptr;
RedisServer* CrashPoints::redis_ = nullptr;

INSTANTIATE_TEST_SUITE_P(At, CrashPoints, testing::ValuesIn(kPoints), [](const auto& point) { return std::string(point.param.name); });

TEST_P(CrashPoints, AHostKilledThereLosesNothingAndALateDuplicateChangesNothing) {
  stop_at(GetParam());
  {
    Process run = materialize();
    ASSERT_TRUE(proxy_.await_stop()) << run.err();
    run.signal(SIGKILL);
    run.wait();
  }
  proxy_.cut();
  upsert_users(*postgres_, "u", 0, 10);
  expect_complete();
  const bool is_write = GetParam().what == kExec;
  if (!is_write && GetParam().what != text_of(Script::commit)) return;
  const std::string before = marker();
  EXPECT_EQ(proxy_.repeat(), is_write ? kNothingExecuted : kFencedReply);
  EXPECT_EQ(marker(), before);
  expect_nothing_lost();
}

TEST_P(CrashPoints, WhatAKilledHostHadSentMayArriveAfterItsDeath) {
  stop_at(GetParam());
  {
    Process run = materialize();
    ASSERT_TRUE(proxy_.await_stop()) << run.err();
    run.signal(SIGKILL);
    run.wait();
  }
  proxy_.go_on();
  expect_complete();
}

TEST_P(CrashPoints, AHostCutOffThereGoesOnByItself) {
  stop_at(GetParam());
  Process run = materialize();
  ASSERT_TRUE(proxy_.await_stop()) << run.err();
  proxy_.cut();
  EXPECT_EQ(run.wait(), 0) << run.err();
  expect_nothing_lost();
}

using Crashes = CrashPoints;

// The scan waits for the table while another session has it: the horizon is known, nothing is read yet.
TEST_F(Crashes, AHostKilledBetweenHorizonAndScanLosesNothing) {
  PostgresSession other(postgres_->dsn());
  other.exec("BEGIN; LOCK TABLE " + profile_table() + " IN ACCESS EXCLUSIVE MODE");
  {
    Process run = materialize();
    ASSERT_TRUE(eventually([&] {
      return postgres_->value("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'penstock' AND wait_event_type = 'Lock'") == "1";
    })) << run.err();
    run.signal(SIGKILL);
    run.wait();
  }
  other.exec("ROLLBACK");
  expect_complete();
}

TEST_F(Crashes, AHostKilledRightAfterItsRecordLosesNothing) {
  proxy_.stop_at({text_of(Script::commit), 1, Moment::answered});
  host_.start();
  ASSERT_TRUE(proxy_.await_stop()) << host_.log();
  // The next run asks for the marker once the last one is recorded.
  proxy_.go_on();
  proxy_.stop_at({text_of(Script::load_marker), 1, Moment::before});
  ASSERT_TRUE(proxy_.await_stop()) << host_.log();
  host_.kill9();
  proxy_.cut();
  expect_nothing_lost();
  upsert_users(*postgres_, "u", 0, 300);
  expect_complete();
}

TEST_F(Crashes, AWriteThatIsHeldUpBeyondTheTimeoutIsRefusedWhenItArrives) {
  PollingHost host(*postgres_, *redis_, settings(proxy_.url(), "call_timeout = \"300ms\"\n"));
  proxy_.stop_at({kExec, 3, Moment::before});
  Process run(host.world().command({"materialize"}), host.world().environment());
  ASSERT_TRUE(proxy_.await_stop()) << run.err();
  EXPECT_EQ(run.wait(), 0) << run.err();
  EXPECT_THAT(host.history(), HasSubstr("store \\\"profiles\\\": write: "));
  const std::string before = marker();
  proxy_.go_on();
  EXPECT_EQ(marker(), before);
  expect_nothing_lost();
}

TEST_F(Crashes, AHostThatWasHeldUpWhileAnotherTookOverIsFencedOff) {
  proxy_.stop_at({kExec, 3, Moment::before});
  Process paused = materialize();
  ASSERT_TRUE(proxy_.await_stop()) << paused.err();
  // Another host with another state, which has every row.
  PollingHost other(*postgres_, *redis_, settings(redis_->url()));
  EXPECT_EQ(other.world().penstock({"materialize"}).exit_code, 0);
  const std::string before = marker();
  proxy_.go_on();
  EXPECT_EQ(paused.wait(), 1) << paused.out();
  EXPECT_THAT(paused.err(), HasSubstr("a newer run of this view has begun in the store"));
  EXPECT_EQ(marker(), before);
  expect_nothing_lost();
}

}  // namespace
}  // namespace penstock::test
