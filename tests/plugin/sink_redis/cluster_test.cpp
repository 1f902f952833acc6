// A store that is spread over the nodes of a Redis Cluster, also while slots and masters change.
#include "cluster_store.hpp"
#include "tls_server.hpp"
#include "support/process.hpp"

#include <atomic>
#include <fstream>
#include <sstream>
#include <gmock/gmock.h>

namespace penstock::test {

RedisCluster& shared_cluster() {
  static RedisCluster cluster;
  return cluster;
}

namespace {

using ::testing::HasSubstr;

template <bool kPacked>
struct ClusterStore : SinkStore {
  ClusterStore() { shared_cluster().flush_all(); }
  std::unique_ptr<SinkDriver> open() override { return open_redis(shared_cluster(), {{"layout", kPacked ? "packed" : "hash"}}); }
};

template <bool kPacked>
struct ClusterStoreInSmallPieces : SinkStore {
  ClusterStoreInSmallPieces() { shared_cluster().flush_all(); }
  std::unique_ptr<SinkDriver> open() override {
    return open_redis(shared_cluster(), {{"transaction_rows", "3"}, {"pipeline_bytes", "4KiB"}, {"restore", "false"}, {"layout", kPacked ? "packed" : "hash"}});
  }
};

INSTANTIATE_TEST_SUITE_P(RedisCluster, SinkSuite,
                         ::testing::Values(stores<ClusterStore<false>>("Plain"), stores<ClusterStoreInSmallPieces<false>>("InSmallPieces"),
                                         stores<ClusterStore<true>>("Packed"), stores<ClusterStoreInSmallPieces<true>>("PackedInSmallPieces")),
                         name_of_stores);

class RedisInACluster : public ::testing::Test {
 protected:
  RedisInACluster() { cluster_.flush_all(); }

  static std::string tag(const std::string& key) { return bucket_tag(key); }
  // Where the slot is not.
  int elsewhere(int slot) { return (cluster_.owner_of(slot) + 1) % RedisCluster::kMasters; }

  RedisCluster& cluster_ = shared_cluster();
  std::unique_ptr<SinkDriver> sink_ = open_redis(cluster_);
};

TEST_F(RedisInACluster, ProfilesMarkersAndIdentitiesAreInBuckets) {
  const std::vector<ProfileRow> rows = many_rows(2000);
  const auto run = sink_->begin(kTwoFields, {.run_id = "run-7"});
  EXPECT_EQ(run->write(rows), (Written{2000, 0, 0, 0}));
  run->commit({9, "d", "nine"});
  std::set<std::string> expected;
  for (const ProfileRow& row : rows) expected.insert("penstock:{" + tag(row.key) + "}:users_v1:" + row.key);
  for (int bucket = 0; bucket < 64; ++bucket) {
    char text[3];
    snprintf(text, sizeof text, "%02x", bucket);
    const std::string prefix = "penstock:{" + std::string(text) + "}:";
    expected.insert({prefix + "store", prefix + "marker:users_v1"});
    EXPECT_EQ(cluster_.command({"HMGET", prefix + "marker:users_v1", "ordinal", "text", "run", "fence"}),
              R"(["9", "nine", "run-7", ")" + std::to_string(run->fence()) + "\"]");
  }
  EXPECT_EQ(cluster_.keys(), expected);
  EXPECT_EQ(cluster_.command({"HGETALL", "penstock:{" + tag("key-7") + "}:users_v1:key-7"}),
            R"(["_o", "800000000000000100000000000000010000000000000007", "NAME", "somebody", "ORDERS", "7"])");
  EXPECT_EQ(sink_->lookup(kTwoFields, keys_of(rows)), found_all(rows));
  EXPECT_EQ(sink_->set_ttl(keys_of(rows), 100'000), 2000u);
  EXPECT_EQ(sink_->remove(keys_of(rows)), 2000u);
}

TEST_F(RedisInACluster, TheBucketOfAKeyIsAsTheDocumentSays) {
  const std::string expression = "\"%02x\" % (binascii.crc_hqx(key, 0) % 64)";
  EXPECT_THAT(read_file(PENSTOCK_SOURCE_DIR "/docs/redis-layout.md"), HasSubstr("`" + expression + "`"));
  EXPECT_EQ(tag("u-1001"), "0c");
  EXPECT_EQ(cluster_.slot_of("u-1001") % 64, 0x0c);
  if (std::system("python3 -c '' 2>/dev/null") != 0) GTEST_SKIP() << "there is no python3";
  EXPECT_EQ(run_process({"/usr/bin/env", "python3", "-c", "import binascii\nkey = b'u-1001'\nprint(" + expression + ")"}).out, "0c\n");
}

TEST_F(RedisInACluster, AnyNodeOfTheUrlIsEnough) {
  RedisServer down;
  const std::string dead = "127.0.0.1:" + std::to_string(down.port());
  down.kill9();
  for (int i = 0; i < RedisCluster::kMasters; ++i)
    open_redis({{"url", "redis://" + dead + ",127.0.0.1:" + std::to_string(cluster_.node(i).port())}})->begin(kTwoFields);
  EXPECT_THAT(error_of([&] { open_redis({{"url", "redis://" + dead + "," + dead}}); }).message, HasSubstr("no node of the cluster can be reached: cannot connect"));
}

TEST_F(RedisInACluster, WhatAClusterCannotHaveIsRefused) {
  const std::string server = "127.0.0.1:" + std::to_string(shared_server().port());
  EXPECT_THAT(error_of([&] { open_redis({{"url", cluster_.url() + "/1"}}); }).message, HasSubstr("no other database than 0"));
  EXPECT_THAT(error_of([&] { open_redis(cluster_, {{"key_prefix", "a{b"}}); }).message, HasSubstr("may not have a {"));
  EXPECT_THAT(error_of([&] { open_redis({{"url", "redis://" + server + ",127.0.0.1:1"}}); }).message, HasSubstr("is not a node of a cluster"));
}

TEST_F(RedisInACluster, TheShippedUserHasTheRightsThatAreNeeded) {
  std::ifstream in(PENSTOCK_SOURCE_DIR "/plugins/sink_redis/acl.example");
  std::vector<std::string> set_user = {"ACL", "SETUSER"};
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with("user penstock ")) continue;
    std::istringstream words(line.substr(std::string_view("user ").size()));
    for (std::string word; words >> word;) set_user.push_back(word.starts_with('>') ? ">pw" : word);
  }
  for (int i = 0; i < RedisCluster::kMasters; ++i) ASSERT_EQ(cluster_.node(i).command(set_user), "OK");
  const auto sink = open_redis(cluster_, {{"username", "penstock"}, {"password", "pw"}});
  const auto run = sink->begin(kTwoFields, {.ttl_ms = 100'000});
  const ProfileRow null_name{"key-1", order_key(2), {Cell{}, cell(int32_t{2})}};
  EXPECT_EQ(run->write(many_rows(100)), (Written{100, 0, 0, 0}));
  EXPECT_EQ(run->write({null_name}), (Written{1, 0, 0, 0}));
  run->commit({1, "", ""});
  // Half of a slot is elsewhere, so that ASK is answered.
  const int slot = cluster_.slot_of("{" + tag("key-1") + "}"), to = elsewhere(slot);
  cluster_.begin_move(slot, to);
  cluster_.move_keys(slot, to);
  EXPECT_EQ(sink->lookup(kTwoFields, {"key-1"})[0].cells, null_name.cells);
  EXPECT_EQ(sink->load_marker().ordinal, 1);
  cluster_.end_move(slot, to);
  EXPECT_EQ(sink->set_ttl({"key-1"}, 0), 1u);
  EXPECT_EQ(sink->remove({"key-1"}), 1u);
}

TEST_F(RedisInACluster, OneBucketThatIsGoneTakesThePositionAndChangesTheIdentity) {
  const auto run = sink_->begin(kTwoFields);
  run->commit({9, "", ""});
  const LoadedMarker before = sink_->load_marker();
  EXPECT_TRUE(before.found);
  EXPECT_EQ(before.ordinal, 9);
  EXPECT_EQ(before.fence, run->fence());
  EXPECT_EQ(before.committed_fence, run->fence());
  cluster_.command({"UNLINK", "penstock:{2a}:store", "penstock:{2a}:marker:users_v1"});
  const LoadedMarker after = sink_->load_marker();
  EXPECT_FALSE(after.found);
  EXPECT_NE(after.store_id, before.store_id);
  EXPECT_EQ(after.fence, run->fence());
  EXPECT_GT(sink_->begin(kTwoFields)->fence(), run->fence());
}

// What was emptied would take either layout, and then be the only one to have it.
TEST_F(RedisInACluster, ALayoutThatOneBucketRefusesIsGivenToNone) {
  const auto packed = open_redis(cluster_, {{"layout", "packed"}});
  const std::vector<ProfileRow> rows = many_rows(100);
  packed->begin(kTwoFields)->write(rows);
  cluster_.command({"UNLINK", "penstock:{" + tag("key-0") + "}:store", "penstock:{" + tag("key-0") + "}:marker:users_v1"});
  EXPECT_THAT(error_of([&] { sink_->begin(kTwoFields); }).message, HasSubstr("are there in layout = \"packed\", and the store's is \"hash\""));
  EXPECT_EQ(cluster_.command({"EXISTS", "penstock:{" + tag("key-0") + "}:marker:users_v1"}), "0");
  std::vector<Profile> orders;
  for (const ProfileRow& row : rows) orders.push_back({PENSTOCK_PROFILE_FOUND, row.order, {}, {row.cells[1]}});
  EXPECT_EQ(packed->lookup({kTwoFields[1]}, keys_of(rows)), orders) << "by the list of fields that another bucket has";
  EXPECT_EQ(packed->begin(kTwoFields, {.run_id = "run-2"})->write(rows), (Written{0, 100, 0, 0}));
}

TEST_F(RedisInACluster, TheEarliestBucketSaysHowFar) {
  const auto run = sink_->begin(kTwoFields);
  run->commit({9, "", ""});
  cluster_.command({"HSET", "penstock:{11}:marker:users_v1", "ordinal", "4", "committed", "3"});
  EXPECT_EQ(sink_->load_marker().ordinal, 4);
  EXPECT_EQ(sink_->load_marker().committed_fence, 3);
}

TEST_F(RedisInACluster, ARunIsFencedOffInEveryBucket) {
  const auto old = sink_->begin(kTwoFields);
  const auto other = open_redis(cluster_);
  const auto fresh = other->begin(kTwoFields, {.run_id = "run-2"});
  EXPECT_GT(fresh->fence(), old->fence());
  EXPECT_EQ(error_of([&] { old->write(many_rows(1)); }).status, PENSTOCK_STATUS_FENCED);
  EXPECT_EQ(fresh->write(many_rows(500)), (Written{500, 0, 0, 0}));
  fresh->commit({1, "", ""});
}

// A bucket whose fence is in the future, as that of a host whose servers' clocks were wrong: the next is greater still.
TEST_F(RedisInACluster, AFenceIsGreaterThanThatOfAnyBucket) {
  sink_->begin(kTwoFields);
  cluster_.command({"HSET", "penstock:{3f}:marker:users_v1", "fence", "9000000000000000"});
  EXPECT_EQ(sink_->begin(kTwoFields)->fence(), 9000000000000001);
}

TEST_F(RedisInACluster, ABucketEmptiedDuringARunIsNoticed) {
  const auto run = sink_->begin(kTwoFields);
  run->write(many_rows(1000));
  cluster_.node(1).flush_all();
  EXPECT_EQ(error_of([&] { run->write(many_rows(1000, 2)); }).message, "the store was emptied during the run");
}

TEST_F(RedisInACluster, ASequenceThatIsNotWhereItShouldBeEndsTheRun) {
  const auto run = sink_->begin(kTwoFields);
  run->write(many_rows(1000));
  cluster_.command({"HINCRBY", "penstock:{" + tag("key-1") + "}:marker:users_v1", "seq", "-1"});  // as a failover that lost the last call
  EXPECT_THAT(error_of([&] { run->write({two_fields("key-1", 2, "y", 1)}); }).message, HasSubstr("sequence"));
}

TEST_F(RedisInACluster, SlotsThatMovedDuringARunAreFollowed) {
  const auto run = sink_->begin(kTwoFields);
  const std::vector<ProfileRow> rows = many_rows(3000), newer = many_rows(3000, 2);
  run->write(rows);
  for (const char* key : {"{00}", "{07}", "{2a}", "{3f}"}) cluster_.move(cluster_.slot_of(key), elsewhere(cluster_.slot_of(key)));
  EXPECT_EQ(run->write(newer), (Written{0, 3000, 0, 0}));
  run->commit({5, "", ""});
  EXPECT_EQ(sink_->lookup(kTwoFields, keys_of(newer)), found_all(newer));
  EXPECT_EQ(sink_->load_marker().ordinal, 5);
  EXPECT_EQ(open_redis(cluster_)->lookup(kTwoFields, keys_of(newer)), found_all(newer));
}

// A slot that is between two nodes: some keys here, some there, and new ones nowhere yet.
TEST_F(RedisInACluster, ASlotThatIsOnTheMoveIsWaitedForAndCanBeReadMeanwhile) {
  const std::vector<ProfileRow> rows = many_rows(2000), newer = many_rows(4000, 2);
  const auto run = sink_->begin(kTwoFields);
  run->write(rows);
  const int slot = cluster_.slot_of("{" + tag("key-0") + "}"), to = elsewhere(slot);
  cluster_.begin_move(slot, to);
  cluster_.move_keys(slot, to, 10);
  EXPECT_EQ(sink_->lookup(kTwoFields, keys_of(rows)), found_all(rows));
  FakeCall call;
  call.set_deadline_ms_from_now(100);
  EXPECT_EQ(error_of([&] { open_redis(cluster_)->begin(kTwoFields, {.view = "other"}, &call)->write(newer, &call); }).status,
            PENSTOCK_STATUS_DEADLINE_EXCEEDED);
  std::atomic<bool> writing{false};
  RecordedError failed;
  Written written;
  std::thread writer([&] {
    writing = true;
    try {
      written = run->write(newer);
    } catch (const CallFailed& error) {
      failed = error.error;
    }
  });
  eventually([&] { return writing && cluster_.command({"HGET", "penstock:{" + tag("key-3999") + "}:users_v1:key-3999", "_o"}) != "(nil)"; });
  cluster_.move_keys(slot, to);
  cluster_.end_move(slot, to);
  writer.join();
  EXPECT_EQ(failed.message, "");
  EXPECT_EQ(written, (Written{2000, 2000, 0, 0}));
  run->commit({5, "", ""});
  EXPECT_EQ(sink_->lookup(kTwoFields, keys_of(newer)), found_all(newer));
}

TEST_F(RedisInACluster, ASlotThatStaysOnTheMoveEndsTheRunForLater) {
  const auto sink = open_redis(cluster_, {{"timeout", "100ms"}});
  const auto run = sink->begin(kTwoFields);
  const int slot = cluster_.slot_of("{" + tag("key-0") + "}"), to = elsewhere(slot);
  cluster_.begin_move(slot, to);
  const RecordedError error = error_of([&] { run->write(many_rows(1)); });
  EXPECT_THAT(error.message, HasSubstr("TRYAGAIN"));
  EXPECT_EQ(error.status, PENSTOCK_STATUS_UNAVAILABLE);
  EXPECT_EQ(error.retry, PENSTOCK_RETRY_AFTER);
  EXPECT_EQ(error_of([&] { run->commit({1, "", ""}); }).status, PENSTOCK_STATUS_FAILED_PRECONDITION);
  cluster_.move_keys(slot, to);
  cluster_.end_move(slot, to);
  EXPECT_EQ(sink->begin(kTwoFields, {.run_id = "run-2"})->write(many_rows(1)), (Written{1, 0, 0, 0}));
}

TEST_F(RedisInACluster, ScriptsThatNodesForgotAreLoadedAgain) {
  const auto run = sink_->begin(kTwoFields);
  for (int i = 0; i < RedisCluster::kMasters; ++i) cluster_.node(i).command({"SCRIPT", "FLUSH"});
  EXPECT_EQ(run->write(many_rows(1000)), (Written{1000, 0, 0, 0}));
  for (int i = 0; i < RedisCluster::kMasters; ++i) cluster_.node(i).command({"SCRIPT", "FLUSH"});
  run->commit({5, "", ""});
  EXPECT_EQ(sink_->load_marker().ordinal, 5);
}

// A node that has not met another does not know its own address.
TEST_F(RedisInACluster, ItMayBeEncryptedAndOfOneNode) {
  const Certificates certificates;
  certificates.issue("server", "IP:127.0.0.1");
  const int port = free_port();
  RedisServer node({"", {"tls-port " + std::to_string(port), "tls-cert-file " + certificates / "server.pem", "tls-key-file " + certificates / "server.key",
                         "tls-ca-cert-file " + certificates / "ca.pem", "tls-auth-clients no", "tls-cluster yes", "cluster-enabled yes",
                         "cluster-config-file nodes.conf"}});
  ASSERT_EQ(node.command({"CLUSTER", "ADDSLOTSRANGE", "0", "16383"}), "OK");
  node.await_reply({"CLUSTER", "INFO"}, "cluster_state:ok");
  const auto sink = open_redis({{"url", "rediss://127.0.0.1:" + std::to_string(port)}, {"tls_ca_file", certificates / "ca.pem"}});
  const auto run = sink->begin(kTwoFields);
  EXPECT_EQ(run->write(many_rows(100)), (Written{100, 0, 0, 0}));
  run->commit({1, "", ""});
  EXPECT_EQ(sink->load_marker().ordinal, 1);
}

TEST_F(RedisInACluster, ALostNodeEndsTheRunAndItsReplicaTakesTheNext) {
  RedisCluster cluster(true);
  const auto sink = open_redis({{"url", "redis://127.0.0.1:" + std::to_string(cluster.node(0).port())}});
  const std::vector<ProfileRow> rows = many_rows(3000), newer = many_rows(3000, 2);
  const auto run = sink->begin(kTwoFields);
  run->write(rows);
  run->commit({1, "", ""});
  for (int i = 0; i < RedisCluster::kMasters; ++i) ASSERT_EQ(cluster.node(i).command({"WAIT", "1", "10000"}), "1");
  const auto cut_off = sink->begin(kTwoFields, {.run_id = "run-2"});
  // The node of the url, so that the others have to be known.
  cluster.node(0).kill9();
  EXPECT_EQ(error_of([&] { cut_off->write(newer); }).retry, PENSTOCK_RETRY_UNKNOWN_OUTCOME);
  EXPECT_EQ(error_of([&] { cut_off->commit({2, "", ""}); }).status, PENSTOCK_STATUS_FAILED_PRECONDITION);
  cluster.await_promotion(0);
  EXPECT_EQ(sink->load_marker().ordinal, 1);
  const auto next = sink->begin(kTwoFields, {.run_id = "run-3"});
  const Written again = next->write(newer);
  EXPECT_EQ(again.unchanged, 3000);
  next->commit({2, "", ""});
  EXPECT_EQ(sink->lookup(kTwoFields, keys_of(newer)), found_all(newer));
  // A failover that is asked for loses nothing, and the run goes on.
  const std::vector<ProfileRow> newest = many_rows(3000, 3);
  const auto handed_over = sink->begin(kTwoFields, {.run_id = "run-4"});
  handed_over->write(newer);
  ASSERT_EQ(cluster.node(4).command({"CLUSTER", "FAILOVER"}), "OK");
  cluster.await_promotion(1);
  EXPECT_EQ(handed_over->write(newest), (Written{0, 3000, 0, 0}));
  handed_over->commit({3, "", ""});
  EXPECT_EQ(sink->lookup(kTwoFields, keys_of(newest)), found_all(newest));
}

}  // namespace
}  // namespace penstock::test
