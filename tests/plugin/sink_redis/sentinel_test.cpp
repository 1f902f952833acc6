// A store whose address only its sentinels know.
#include "support/redis_sentinel.hpp"

#include "fault_proxy.hpp"
#include "tls_server.hpp"

namespace penstock::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class RedisThroughSentinels : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    sentinel_ = new RedisSentinel;
    sentinel_->watch("profiles", shared_server().port());
  }
  static void TearDownTestSuite() { delete sentinel_; }
  RedisThroughSentinels() { shared_server().flush_all(); }

  // A port where nobody listens.
  static std::string nobody() { return "127.0.0.1:1"; }

  static RedisSentinel* sentinel_;
};

RedisSentinel* RedisThroughSentinels::sentinel_ = nullptr;

TEST_F(RedisThroughSentinels, TheMasterTheyNameIsTheStore) {
  const ProfileRow row = two_fields("a", 1, "x", 1);
  const auto sink = open_redis({{"url", sentinel_->url("profiles") + "/3"}});
  const auto run = sink->begin(kTwoFields);
  EXPECT_EQ(run->write({row}), (Written{1, 0, 0, 0}));
  run->commit({7, "", ""});
  EXPECT_EQ(open_redis({{"url", shared_server().url(3)}})->lookup(kTwoFields, {"a"}), std::vector<Profile>{found(row)});
}

TEST_F(RedisThroughSentinels, ThoseThatDoNotAnswerAreLeftOut) {
  RedisSentinel frozen;
  frozen.server().pause();
  open_redis({{"url", "redis-sentinel://" + nobody() + "," + frozen.address() + "," + sentinel_->address() + "/profiles"}, {"connect_timeout", "200ms"}})->ping();
  frozen.server().resume();
}

TEST_F(RedisThroughSentinels, OneThatDoesNotKnowTheNameIsLeftOut) {
  RedisSentinel newcomer;
  open_redis({{"url", "redis-sentinel://" + newcomer.address() + "," + sentinel_->address() + "/profiles"}})->ping();
}

TEST_F(RedisThroughSentinels, ANameThatNobodyKnowsIsSaidByEachOfThem) {
  const RecordedError error = error_of([&] { open_redis({{"url", "redis-sentinel://" + sentinel_->address() + "," + sentinel_->address() + "/mistyped"}}); });
  EXPECT_EQ(error.message, "no sentinel leads to the master \"mistyped\": " + sentinel_->address() + ": it knows no master of this name; " + sentinel_->address() +
                               ": it knows no master of this name");
  EXPECT_EQ(error.status, PENSTOCK_STATUS_FAILED_PRECONDITION);
  EXPECT_EQ(error.retry, PENSTOCK_RETRY_NEVER);
}

TEST_F(RedisThroughSentinels, AnAbsentSentinelMayBeTheOneThatKnows) {
  const RecordedError error = error_of([&] { open_redis({{"url", "redis-sentinel://" + sentinel_->address() + "," + nobody() + "/mistyped"}}); });
  EXPECT_THAT(error.message, HasSubstr("it knows no master of this name; 127.0.0.1:1: cannot connect"));
  EXPECT_EQ(error.status, PENSTOCK_STATUS_UNAVAILABLE);
  EXPECT_EQ(error.retry, PENSTOCK_RETRY_AFTER);
}

TEST_F(RedisThroughSentinels, AMasterThatIsDownOrAReplicaIsTriedAgainLater) {
  RedisServer down;
  sentinel_->watch("down", down.port());
  down.kill9();
  const RecordedError unreachable = error_of([&] { open_redis({{"url", sentinel_->url("down")}}); });
  EXPECT_THAT(unreachable.message, HasSubstr("it names 127.0.0.1:" + std::to_string(down.port()) + ": cannot connect"));
  EXPECT_EQ(unreachable.retry, PENSTOCK_RETRY_AFTER);

  // One that has not heard of a failover: its answer is not believed.
  RedisServer replica({"", {"replicaof 127.0.0.1 " + std::to_string(shared_server().port())}});
  const std::string address = "*2\r\n$9\r\n127.0.0.1\r\n$" + std::to_string(std::to_string(replica.port()).size()) + "\r\n" + std::to_string(replica.port()) + "\r\n";
  TcpServer behind([&](int fd) {
    char bytes[4096];
    while (recv(fd, bytes, sizeof bytes, 0) > 0) send(fd, address.data(), address.size(), MSG_NOSIGNAL);
  });
  const std::string stale = "127.0.0.1:" + std::to_string(behind.port());
  const RecordedError error = error_of([&] { open_redis({{"url", "redis-sentinel://" + stale + "/profiles"}}); });
  EXPECT_THAT(error.message, HasSubstr(stale + ": it names 127.0.0.1:" + std::to_string(replica.port()) + ", which is a replica"));
  EXPECT_EQ(error.status, PENSTOCK_STATUS_UNAVAILABLE);
  EXPECT_EQ(error.retry, PENSTOCK_RETRY_AFTER);
  open_redis({{"url", "redis-sentinel://" + stale + "," + sentinel_->address() + "/profiles"}})->ping();
}

TEST_F(RedisThroughSentinels, WhatOnlyAHumanCanChangeAboutTheMasterIsSaidAtOnce) {
  RedisServer guarded({"canary-pw", {}});
  sentinel_->watch("guarded", guarded.port());
  const std::string url = "redis-sentinel://:canary-wrong@" + sentinel_->address() + "," + nobody() + "/guarded";
  const RecordedError error = error_of([&] { open_redis({{"url", url}, {"connect_timeout", "2s"}}); });
  EXPECT_EQ(error.message, "log in to 127.0.0.1:" + std::to_string(guarded.port()) + ": the user or the password is wrong");
  EXPECT_EQ(error.retry, PENSTOCK_RETRY_NEVER);
  open_redis({{"url", sentinel_->url("guarded")}, {"password", "canary-pw"}})->ping();
}

TEST_F(RedisThroughSentinels, SentinelsHaveAPasswordOfTheirOwn) {
  RedisSentinel guarded({"canary-sentinel", {"user watcher on >canary-watcher +auth +sentinel"}});
  guarded.watch("profiles", shared_server().port());
  const std::string url = guarded.url("profiles");
  open_redis({{"url", url}, {"sentinel_password", "canary-sentinel"}})->ping();
  open_redis({{"url", url}, {"sentinel_username", "watcher"}, {"sentinel_password", "canary-watcher"}})->ping();
  const RecordedError wrong = error_of([&] { open_redis({{"url", url}, {"sentinel_password", "canary-wrong"}}); });
  EXPECT_EQ(wrong.message, "no sentinel leads to the master \"profiles\": " + guarded.address() + ": log in to " + guarded.address() + ": the user or the password is wrong");
  EXPECT_EQ(wrong.status, PENSTOCK_STATUS_UNAUTHENTICATED);
  EXPECT_EQ(wrong.retry, PENSTOCK_RETRY_NEVER);
  const RecordedError without = error_of([&] { open_redis({{"url", url}}); });
  EXPECT_THAT(without.message, HasSubstr("NOAUTH"));
  EXPECT_EQ(without.status, PENSTOCK_STATUS_UNAUTHENTICATED);
}

TEST_F(RedisThroughSentinels, AServerThatIsNoSentinelIsNamed) {
  const std::string server = "127.0.0.1:" + std::to_string(shared_server().port());
  EXPECT_THAT(error_of([&] { open_redis({{"url", "redis-sentinel://" + server + "/profiles"}}); }).message,
              HasSubstr(server + ": SENTINEL GET-MASTER-ADDR-BY-NAME: the server answered \"ERR unknown command"));
  EXPECT_THAT(error_of([&] { open_redis({{"url", "redis://" + sentinel_->address()}}); }).message,
              HasSubstr("is a sentinel, not a store; give the address of the master, or a url that begins with redis-sentinel://"));
}

TEST_F(RedisThroughSentinels, TheSinkFollowsAFailover) {
  RedisServer master({"", {"repl-diskless-sync-delay 0"}}), replica({"", {"replicaof 127.0.0.1 " + std::to_string(master.port())}});
  RedisSentinel sentinel;
  sentinel.watch("profiles", master.port());
  sentinel.await_replica("profiles");
  const auto sink = open_redis({{"url", sentinel.url("profiles")}});
  const auto run = sink->begin(kTwoFields);
  run->write({two_fields("a", 1, "x", 1)});
  run->commit({1, "", ""});
  ASSERT_TRUE(eventually([&] { return replica.command({"HGET", "penstock:marker:users_v1", "ordinal"}) == "1"; }));
  const auto cut_off = sink->begin(kTwoFields, {.run_id = "run-2"});
  master.kill9();
  EXPECT_EQ(error_of([&] { cut_off->write({two_fields("b", 2, "y", 2)}); }).retry, PENSTOCK_RETRY_UNKNOWN_OUTCOME);
  sentinel.await_master("profiles", replica.port());
  // Its connection is gone, and the next one leads to the new master.
  EXPECT_EQ(sink->lookup(kTwoFields, {"a", "b"}), (std::vector<Profile>{found(two_fields("a", 1, "x", 1)), missing(2)}));
  const LoadedMarker marker = sink->load_marker();
  EXPECT_EQ(marker.ordinal, 1);
  const auto next = sink->begin(kTwoFields, {.run_id = "run-3"});
  EXPECT_GT(next->fence(), run->fence());
  EXPECT_EQ(next->write({two_fields("b", 2, "y", 2)}), (Written{1, 0, 0, 0}));
  EXPECT_EQ(open_redis(replica)->lookup(kTwoFields, {"b"}), std::vector<Profile>{found(two_fields("b", 2, "y", 2))});
}

TEST_F(RedisThroughSentinels, EverythingMayBeEncrypted) {
  TlsRedisServer store;
  const Certificates& certificates = store.certificates();
  const int port = free_port();
  RedisSentinel sentinel({"", {"tls-port " + std::to_string(port), "tls-cert-file " + certificates / "server.pem", "tls-key-file " + certificates / "server.key",
                               "tls-ca-cert-file " + certificates / "ca.pem", "tls-auth-clients no", "tls-replication yes"}});
  sentinel.watch("profiles", store.port());
  const std::string url = "rediss-sentinel://127.0.0.1:" + std::to_string(port) + "/profiles";
  EXPECT_EQ(store.open({{"url", url}})->begin(kTwoFields)->write({two_fields("a", 1, "x", 1)}), (Written{1, 0, 0, 0}));
  EXPECT_EQ(store.plain().command({"HGET", "penstock:users_v1:a", "NAME"}), "x");
  EXPECT_THAT(error_of([&] { open_redis({{"url", url}}); }).message, HasSubstr("its certificate is not trusted"));
}

}  // namespace
}  // namespace penstock::test
