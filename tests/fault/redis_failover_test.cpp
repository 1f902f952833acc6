// A store whose master dies under a host that goes on polling, and whose replica Sentinel promotes: in the end every key is right.
#include "fault/polling_host.hpp"
#include "support/redis_sentinel.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::test {
namespace {

using testing::HasSubstr;

constexpr int kUsers = 12'000;
const std::string kMarker = std::string("penstock:marker:") + kView + "_v1";

class NothingIsLostWhenSentinelPromotesAReplica : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    postgres_ = new PostgresServer;
    create_profile_table(*postgres_);
  }
  static void TearDownTestSuite() { delete postgres_; }

  NothingIsLostWhenSentinelPromotesAReplica() {
    postgres_->exec("TRUNCATE " + profile_table());
    sentinel_.watch("profiles", master_.port());
    sentinel_.await_replica("profiles");
    master_.await_reply({"INFO", "replication"}, "state=online");
  }

  // Rows in many small writes, slow enough to be met in the middle of them.
  PollingHost::Settings settings() const {
    return {.store_url = sentinel_.url("profiles"),
            .warehouse = "margin = \"1ms\"\n",
            .store = "transaction_rows = 20\npipeline_bytes = \"4KiB\"\n",
            .host = "batch_rows = 500\ncall_timeout = \"2s\"\n",
            .view = "max_rows_per_second = 12000\n"};
  }
  // Waits until the run under way has written something of a table of kUsers rows.
  void await_the_middle_of_a_run() {
    ASSERT_TRUE(eventually([&] { return std::stoi(master_.command({"DBSIZE"})) > kUsers / 5; })) << host_.log();
    ASSERT_EQ(master_.command({"HGET", kMarker, "ordinal"}), "(nil)") << "the run is over";
  }
  void expect_healed() {
    sentinel_.await_master("profiles", replica_.port());
    replica_.reconnect();  // it closes every connection when it becomes a master
    host_.await_caught_up(std::chrono::seconds(30), &replica_);
    const Difference found = compare_every_key(*postgres_, replica_);
    EXPECT_TRUE(found.none()) << found << "\n" << host_.log();
    EXPECT_GE(found.keys, kUsers);
  }

  static PostgresServer* postgres_;
  RedisServer master_{{.config = {"repl-diskless-sync-delay 0"}}};
  RedisServer replica_{{.config = {"replicaof 127.0.0.1 " + std::to_string(master_.port())}}};
  RedisSentinel sentinel_;
  PollingHost host_{*postgres_, master_, settings()};
};

PostgresServer* NothingIsLostWhenSentinelPromotesAReplica::postgres_ = nullptr;

TEST_F(NothingIsLostWhenSentinelPromotesAReplica, InTheMiddleOfARun) {
  upsert_users(*postgres_, "u", 0, kUsers);
  host_.start();
  await_the_middle_of_a_run();
  master_.kill9();
  expect_healed();
  EXPECT_THAT(host_.history(), HasSubstr("\"outcome\":\"failed\""));
  EXPECT_THAT(host_.history(), HasSubstr("the connection to 127.0.0.1:" + std::to_string(master_.port()) + " was lost"));
}

// What the master had acknowledged and not yet passed on is gone, the whole run and its marker.
TEST_F(NothingIsLostWhenSentinelPromotesAReplica, ThatHasNotHeardOfTheLastRun) {
  upsert_users(*postgres_, "u", 0, kUsers);
  host_.start();
  host_.await_caught_up();
  ASSERT_TRUE(eventually([&] { return replica_.command({"HGETALL", kMarker}) == master_.command({"HGETALL", kMarker}); }));
  ASSERT_EQ(replica_.command({"SAVE"}), "OK");
  replica_.kill9();
  upsert_users(*postgres_, "u", kUsers / 2, kUsers);
  host_.await_caught_up();
  master_.kill9();
  replica_.restart();
  expect_healed();
  EXPECT_THAT(host_.log(), HasSubstr("the store went back from "));
}

}  // namespace
}  // namespace penstock::test
