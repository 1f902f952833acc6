// A Redis Cluster whose slots move and whose masters die under a host that goes on polling: in the end every key is right.
#include "fault/polling_host.hpp"
#include "support/redis_cluster.hpp"

#include <algorithm>
#include <cstdio>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::test {
namespace {

using testing::HasSubstr;

constexpr int kUsers = 12'000;
constexpr int kBuckets = 64;

std::string bucket_prefix(int bucket) {
  char text[16];
  std::snprintf(text, sizeof text, "penstock:{%02x}:", bucket);
  return text;
}

// Every profile of the cluster, as redis_profiles gives those of a server.
Profiles cluster_profiles(RedisCluster& cluster) {
  Profiles out;
  const std::string view = std::string(kView) + "_v1:";
  for (const std::string& key : cluster.keys("penstock:{*}:" + view + "*")) {
    std::string row = cluster.command({"HMGET", key, "TOTAL_TRANSACTIONS", "TOTAL_REVENUE", "AVG_TRANSACTION_REVENUE"});
    // ["1", "2", (nil)]
    std::string cells;
    for (const char c : row.substr(1, row.size() - 2))
      if (c == ',')
        cells += '|';
      else if (c >= '0' && c <= '9')
        cells += c;
    out[key.substr(key.find(view) + view.size())] = cells;
  }
  return out;
}

class NothingIsLostInACluster : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    shared_postgres_ = new PostgresServer;
    create_profile_table(*shared_postgres_);
    shared_cluster_ = new RedisCluster(true);
  }
  static void TearDownTestSuite() {
    delete shared_cluster_;
    delete shared_postgres_;
  }

  NothingIsLostInACluster() {
    cluster_.flush_all();
    postgres_.exec("TRUNCATE " + profile_table());
    upsert_users(postgres_, "u", 0, kUsers);
  }

  // Rows in many small writes, slow enough to be met in the middle of them.
  PollingHost::Settings settings() const {
    return {.store_url = cluster_.url(),
            .warehouse = "margin = \"1ms\"\n",
            .store = "transaction_rows = 20\npipeline_bytes = \"4KiB\"\n",
            .host = "batch_rows = 500\ncall_timeout = \"4s\"\n",
            .view = "max_rows_per_second = 12000\n"};
  }
  int64_t rows_in(int node) { return std::stoll(cluster_.node(node).command({"DBSIZE"})); }
  // Waits until a run has written something of the table, and not all of it.
  void await_the_middle_of_a_run() {
    ASSERT_TRUE(eventually([&] { return rows_in(0) > kUsers / 15; })) << host_.log();
    ASSERT_EQ(least_ordinal(), 0) << "the run is over";
  }
  // Of the markers of all buckets; 0 where one has none.
  int64_t least_ordinal() {
    int64_t least = std::numeric_limits<int64_t>::max();
    for (int bucket = 0; bucket < kBuckets; ++bucket) {
      const std::string now = cluster_.command({"HGET", bucket_prefix(bucket) + "marker:" + kView + "_v1", "ordinal"});
      least = std::min<int64_t>(least, now.empty() || now[0] == '(' ? 0 : std::stoll(now));
    }
    return least;
  }
  void expect_healed() {
    upsert_users(postgres_, "bell-", 1, 1);
    const int64_t wanted = std::stoll(postgres_.value("SELECT floor(extract(epoch FROM max(\"UPDATED_AT\")) * 1000000)::int8 * 1000 FROM " + profile_table()));
    ASSERT_TRUE(eventually([&] { return least_ordinal() >= wanted; })) << host_.status() << host_.log();
    const Difference found = difference(expected_profiles(postgres_), cluster_profiles(cluster_));
    EXPECT_TRUE(found.none()) << found << "\n" << host_.log();
    EXPECT_EQ(found.keys, kUsers + 1);
  }

  static PostgresServer* shared_postgres_;
  static RedisCluster* shared_cluster_;
  PostgresServer& postgres_ = *shared_postgres_;
  RedisCluster& cluster_ = *shared_cluster_;
  PollingHost host_{postgres_, cluster_.node(0), settings()};
};

PostgresServer* NothingIsLostInACluster::shared_postgres_ = nullptr;
RedisCluster* NothingIsLostInACluster::shared_cluster_ = nullptr;

TEST_F(NothingIsLostInACluster, WhoseSlotsMoveInTheMiddleOfARun) {
  host_.start();
  await_the_middle_of_a_run();
  // Every bucket goes to another node.
  for (int bucket = 0; bucket < kBuckets; ++bucket) {
    const int slot = cluster_.slot_of(bucket_prefix(bucket));
    cluster_.move(slot, (cluster_.owner_of(slot) + 1) % RedisCluster::kMasters);
  }
  expect_healed();
  EXPECT_THAT(host_.history(), testing::Not(HasSubstr("\"outcome\":\"failed\"")));
}

// The last: a node is missing from then on.
TEST_F(NothingIsLostInACluster, WhoseMasterDiesInTheMiddleOfARun) {
  host_.start();
  await_the_middle_of_a_run();
  cluster_.node(0).kill9();
  cluster_.await_promotion(0);
  expect_healed();
  EXPECT_THAT(host_.history(), HasSubstr("\"outcome\":\"failed\""));
}

}  // namespace
}  // namespace penstock::test
