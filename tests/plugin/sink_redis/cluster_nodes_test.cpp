// The nodes of a cluster are written at the same time.
#include "cluster_store.hpp"

#include <future>
#include <gtest/gtest.h>

namespace penstock::test {
namespace {

class NodesOfACluster : public ::testing::TestWithParam<int> {
 protected:
  NodesOfACluster() { cluster_.flush_all(); }
  ~NodesOfACluster() override { silent_.resume(); }

  // Profiles that each node but the silent one is to get, of these rows, and has.
  std::vector<size_t> wanted(const std::vector<ProfileRow>& rows) {
    std::vector<size_t> counts(RedisCluster::kMasters);
    for (const ProfileRow& row : rows) ++counts[static_cast<size_t>(cluster_.owner_of(cluster_.slot_of("{" + bucket_tag(row.key) + "}")))];
    counts[static_cast<size_t>(GetParam())] = 0;
    return counts;
  }
  std::vector<size_t> arrived() {
    std::vector<size_t> counts(RedisCluster::kMasters);
    for (int i = 0; i < RedisCluster::kMasters; ++i) {
      if (i == GetParam()) continue;
      const std::string keys = cluster_.node(i).command({"KEYS", "*:users_v1:*"});
      for (size_t at = keys.find(":users_v1:key-"); at != std::string::npos; at = keys.find(":users_v1:key-", at + 1)) ++counts[static_cast<size_t>(i)];
    }
    return counts;
  }

  RedisCluster& cluster_ = shared_cluster();
  RedisServer& silent_ = cluster_.node(GetParam());
};

TEST_P(NodesOfACluster, AllGetTheirRowsThoughOneOfThemDoesNotAnswer) {
  const auto sink = open_redis(cluster_);
  const auto run = sink->begin(kTwoFields);
  const std::vector<ProfileRow> rows = many_rows(300);
  const std::vector<size_t> others = wanted(rows);
  silent_.pause();
  auto writing = std::async(std::launch::async, [&] { return run->write(rows); });
  const bool arrived_all = eventually([&] { return arrived() == others; });
  silent_.resume();
  EXPECT_TRUE(arrived_all);
  EXPECT_EQ(writing.get(), (Written{300, 0, 0, 0}));
  run->commit({1, "", ""});
  EXPECT_EQ(sink->lookup(kTwoFields, keys_of(rows)), found_all(rows));
}

TEST_P(NodesOfACluster, OneThatDoesNotAnswerInTimeEndsTheRun) {
  const auto sink = open_redis(cluster_, {{"timeout", "200ms"}});
  const auto run = sink->begin(kTwoFields);
  silent_.pause();
  const RecordedError error = error_of([&] { run->write(many_rows(3000)); });
  EXPECT_EQ(error.message, "the connection to 127.0.0.1:" + std::to_string(silent_.port()) + " was lost: no progress for 200 ms");
  EXPECT_EQ(error.retry, PENSTOCK_RETRY_UNKNOWN_OUTCOME);
  EXPECT_EQ(error_of([&] { run->commit({1, "", ""}); }).status, PENSTOCK_STATUS_FAILED_PRECONDITION);
  silent_.resume();
  const auto next = sink->begin(kTwoFields, {.run_id = "run-2"});
  const Written again = next->write(many_rows(3000));
  EXPECT_EQ(again.written + again.unchanged, 3000);
  next->commit({1, "", ""});
}

INSTANTIATE_TEST_SUITE_P(EachSilent, NodesOfACluster, ::testing::Range(0, RedisCluster::kMasters));

}  // namespace
}  // namespace penstock::test
