// What happens to a Redis in practice, under a host that goes on polling: it heals by itself, says what was wrong, and in the end
// every key is right.
#include "fault/polling_host.hpp"
#include "sink_redis/scripts.hpp"
#include "support/redis_proxy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::test {
namespace {

using redis::Script;
using testing::HasSubstr;
using Moment = RedisProxy::Moment;

constexpr const char* kExec = "EXEC";

std::string text_of(Script script) { return std::string(redis::script_text(script)); }

class NothingIsLostWhenRedisIs : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    postgres_ = new PostgresServer;
    create_profile_table(*postgres_);
  }
  static void TearDownTestSuite() { delete postgres_; }

  NothingIsLostWhenRedisIs() {
    postgres_->exec("TRUNCATE " + profile_table());
    upsert_users(*postgres_, "u", 0, 600);
    host_.start();
    host_.await_caught_up();
  }

  // Rows in many small writes; no writer beside the test's own, so the margin may be next to nothing.
  PollingHost::Settings settings() const {
    return {.store_url = proxy_.url(), .warehouse = "margin = \"1ms\"\n", .store = "transaction_rows = 20\n", .host = "batch_rows = 100\ncall_timeout = \"400ms\"\n"};
  }
  // 300 new versions and 300 new users, and the run that writes them stopped.
  void change_and_stop_at(const std::string& what, int nth, Moment moment = Moment::before) {
    proxy_.stop_at({what, nth, moment});
    change();
    ASSERT_TRUE(proxy_.await_stop()) << host_.log();
  }
  void change() {
    next_ += 300;
    upsert_users(*postgres_, "u", next_, 600);
  }
  // The failure is in the status while it lasts, and in the history.
  void expect_failing(const std::string& why) {
    EXPECT_TRUE(eventually([&] { return host_.status().find(why) != std::string::npos; })) << why << "\n" << host_.status() << host_.log();
    EXPECT_THAT(host_.history(), HasSubstr("\"outcome\":\"failed\""));
    expect_logged(std::string("view \"") + kView + "\" v1: store \"profiles\"");
  }
  // A host logs a run after the store has what the run wrote.
  void expect_logged(const std::string& text) {
    EXPECT_TRUE(eventually([&] { return host_.log().find(text) != std::string::npos; })) << text << "\n" << host_.log();
  }
  void expect_healed(RedisServer& store) {
    host_.await_caught_up(std::chrono::seconds(30), &store);
    const Difference found = compare_every_key(*postgres_, store);
    EXPECT_TRUE(found.none()) << found << "\n" << host_.log();
  }
  void expect_healed() { expect_healed(redis_); }
  std::filesystem::path dump(const RedisServer& server) const { return std::filesystem::path(server.folder()) / "dump.rdb"; }
  // As from a backup: what the server had written since `copy` was taken is lost.
  void restore(const std::filesystem::path& copy) {
    redis_.kill9();
    std::filesystem::copy_file(copy, dump(redis_), std::filesystem::copy_options::overwrite_existing);
    redis_.restart();
  }
  std::filesystem::path back_up() {
    EXPECT_EQ(redis_.command({"SAVE"}), "OK");
    const std::filesystem::path copy = std::filesystem::path(redis_.folder()) / "backup.rdb";
    std::filesystem::copy_file(dump(redis_), copy, std::filesystem::copy_options::overwrite_existing);
    return copy;
  }
  // Follows redis_ until it has everything that is there now.
  void follow(RedisServer& replica) {
    replica.command({"REPLICAOF", "127.0.0.1", std::to_string(redis_.port())});
    const std::string size = redis_.command({"DBSIZE"});
    ASSERT_TRUE(eventually([&] {
      return replica.command({"INFO", "replication"}).find("master_link_status:up") != std::string::npos && replica.command({"DBSIZE"}) == size;
    }));
  }
  void fail_over_to(RedisServer& replica) {
    proxy_.point_at(replica.port());
    proxy_.cut();
    redis_.kill9();
  }

  static PostgresServer* postgres_;
  RedisServer redis_{{.config = {"appendonly no", "repl-diskless-sync-delay 0", "repl-ping-replica-period 1"}}};
  RedisProxy proxy_{redis_.port()};
  PollingHost host_{*postgres_, redis_, settings()};
  int next_ = 0;
};

PostgresServer* NothingIsLostWhenRedisIs::postgres_ = nullptr;

// ---- it dies, forgets, goes back ----

TEST_F(NothingIsLostWhenRedisIs, KilledInTheMiddleOfARunAndStartedAgainWithoutItsData) {
  change_and_stop_at(kExec, 7);
  redis_.kill9();
  proxy_.cut();
  expect_failing("connection");
  redis_.restart();
  expect_healed();
  expect_logged("the store has no marker for this view (wiped, or another store): reading everything again");
}

TEST_F(NothingIsLostWhenRedisIs, WipedBetweenTwoRuns) {
  redis_.flush_all();
  expect_healed();
  expect_logged("the store has no marker for this view (wiped, or another store): reading everything again");
}

TEST_F(NothingIsLostWhenRedisIs, WipedInTheMiddleOfARun) {
  change_and_stop_at(kExec, 7);
  redis_.flush_all();
  proxy_.go_on();
  expect_healed();
  EXPECT_THAT(host_.history(), HasSubstr("the store was emptied during the run"));
}

TEST_F(NothingIsLostWhenRedisIs, WipedBetweenTheLastWriteAndTheMarker) {
  change_and_stop_at(text_of(Script::commit), 1);
  redis_.flush_all();
  proxy_.go_on();
  expect_healed();
  EXPECT_THAT(host_.history(), HasSubstr("the store was emptied during the run"));
}

TEST_F(NothingIsLostWhenRedisIs, WipedBetweenTheMarkerAndTheLocalRecord) {
  change_and_stop_at(text_of(Script::commit), 1, Moment::after);
  redis_.flush_all();
  proxy_.go_on();
  expect_healed();
}

TEST_F(NothingIsLostWhenRedisIs, RestoredFromAnOldDump) {
  const auto copy = back_up();
  change();
  host_.await_caught_up();
  restore(copy);
  expect_healed();
  expect_logged("the store went back from ");
}

TEST_F(NothingIsLostWhenRedisIs, RestoredFromAnOldDumpInTheMiddleOfARun) {
  const auto copy = back_up();
  change();
  host_.await_caught_up();
  change_and_stop_at(kExec, 12);
  restore(copy);
  proxy_.cut();
  expect_healed();
}

TEST_F(NothingIsLostWhenRedisIs, RestoredFromADumpThatWasTakenInTheMiddleOfARun) {
  change_and_stop_at(kExec, 12);
  const auto copy = back_up();
  proxy_.go_on();
  host_.await_caught_up();
  restore(copy);
  expect_healed();
}

// The run has read the marker and relies on it, and takes the view over only then.
TEST_F(NothingIsLostWhenRedisIs, WipedBetweenReadingTheMarkerAndTheFirstWrite) {
  change_and_stop_at(text_of(Script::begin), 1);
  redis_.flush_all();
  proxy_.go_on();
  expect_healed();
}

TEST_F(NothingIsLostWhenRedisIs, RestoredBetweenReadingTheMarkerAndTheFirstWrite) {
  const auto copy = back_up();
  change();
  host_.await_caught_up();
  change_and_stop_at(text_of(Script::begin), 1);
  restore(copy);
  proxy_.cut();
  expect_healed();
}

TEST_F(NothingIsLostWhenRedisIs, ExchangedForAnotherOneAndBack) {
  RedisServer other;
  proxy_.point_at(other.port());
  proxy_.cut();
  change();
  expect_healed(other);
  expect_logged("the store has no marker for this view (wiped, or another store): reading everything again");
  proxy_.point_at(redis_.port());
  proxy_.cut();
  expect_healed();
  expect_logged("the store is not the one of the last run: starting from what its marker says");
}

// ---- failover ----

TEST_F(NothingIsLostWhenRedisIs, FailedOverWithAcknowledgedWritesLost) {
  RedisServer replica;
  follow(replica);
  replica.command({"REPLICAOF", "NO", "ONE"});
  change();
  host_.await_caught_up();
  fail_over_to(replica);
  expect_healed(replica);
  expect_logged("the store went back from ");
}

TEST_F(NothingIsLostWhenRedisIs, FailedOverInTheMiddleOfARunWithTheFirstWritesOnly) {
  RedisServer replica;
  change_and_stop_at(kExec, 7);
  follow(replica);
  replica.command({"REPLICAOF", "NO", "ONE"});
  proxy_.go_on();
  host_.await_caught_up();  // the marker of the old master says done
  fail_over_to(replica);
  expect_healed(replica);
}

TEST_F(NothingIsLostWhenRedisIs, FailedOverUnderARunThatThenEnds) {
  RedisServer replica;
  change_and_stop_at(kExec, 7);
  follow(replica);
  replica.command({"REPLICAOF", "NO", "ONE"});
  fail_over_to(replica);
  expect_failing("connection");
  expect_healed(replica);
}

// ---- it is there, but does not work ----

TEST_F(NothingIsLostWhenRedisIs, FrozenForLongerThanACallMayTake) {
  change_and_stop_at(kExec, 7);
  redis_.pause();
  proxy_.go_on();
  expect_failing("while waiting for the server");
  redis_.resume();
  expect_healed();
}

TEST_F(NothingIsLostWhenRedisIs, OutOfMemory) {
  redis_.command({"CONFIG", "SET", "maxmemory", "1"});
  change();
  expect_failing("OOM");
  redis_.command({"CONFIG", "SET", "maxmemory", "0"});
  expect_healed();
}

TEST_F(NothingIsLostWhenRedisIs, OutOfMemoryInTheMiddleOfARun) {
  change_and_stop_at(kExec, 7);
  redis_.command({"CONFIG", "SET", "maxmemory", "1"});
  proxy_.go_on();
  expect_failing("OOM");
  redis_.command({"CONFIG", "SET", "maxmemory", "0"});
  expect_healed();
}

TEST_F(NothingIsLostWhenRedisIs, ReadOnlyInTheMiddleOfARun) {
  change_and_stop_at(kExec, 7);
  redis_.command({"REPLICAOF", "127.0.0.1", "1"});
  proxy_.go_on();
  expect_failing("replica");
  EXPECT_THAT(host_.history(), HasSubstr("READONLY"));
  redis_.command({"REPLICAOF", "NO", "ONE"});
  expect_healed();
}

TEST_F(NothingIsLostWhenRedisIs, SetToEvictProfilesWhichIsRefused) {
  redis_.command({"CONFIG", "SET", "maxmemory-policy", "allkeys-lru"});
  redis_.command({"CONFIG", "SET", "maxmemory", "100mb"});
  proxy_.cut();
  change();
  expect_failing("may evict profiles");
  redis_.command({"CONFIG", "SET", "maxmemory-policy", "noeviction"});
  expect_healed();
}

}  // namespace
}  // namespace penstock::test
