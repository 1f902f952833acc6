// A server that dies, freezes, forgets, fills up or changes its role: the outcome is known or said to be unknown, and the next
// run finds everything it needs.
#include "fault_proxy.hpp"
#include "redis_store.hpp"
#include "support/redis_proxy.hpp"

#include <gmock/gmock.h>

namespace penstock::test {
namespace {

using ::testing::HasSubstr;

std::vector<ProfileRow> many_rows(int32_t n, int64_t time = 1) {
  std::vector<ProfileRow> rows;
  for (int32_t i = 0; i < n; ++i) rows.push_back(two_fields("key-" + std::to_string(i), time, "somebody", i));
  return rows;
}

std::vector<std::string> keys_of(const std::vector<ProfileRow>& rows) {
  std::vector<std::string> keys;
  for (const ProfileRow& row : rows) keys.push_back(row.key);
  return keys;
}

std::vector<Profile> found_all(const std::vector<ProfileRow>& rows) {
  std::vector<Profile> profiles;
  for (const ProfileRow& row : rows) profiles.push_back(found(row));
  return profiles;
}

int64_t milliseconds_of(const std::function<void()>& action) {
  const auto start = std::chrono::steady_clock::now();
  action();
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start).count();
}

class RedisFaults : public ::testing::Test {
 protected:
  RedisFaults() { server_.flush_all(); }

  RedisServer& server_ = shared_server();
  std::unique_ptr<SinkDriver> sink_ = open_redis(server_);
};

// ---- the connection ----

TEST_F(RedisFaults, RepliesMayComeOneByteAtATime) {
  FaultProxy proxy(server_.port());
  proxy.faults.reply_piece = 1;
  const auto sink = open_redis({{"url", proxy.url()}, {"transaction_rows", "10"}});
  const std::vector<ProfileRow> rows = many_rows(200);
  EXPECT_EQ(sink->begin(kTwoFields)->write(rows), (Written{200, 0, 0, 0}));
  EXPECT_EQ(sink->lookup(kTwoFields, keys_of(rows)), found_all(rows));
}

TEST_F(RedisFaults, AServerThatAnswersLittleByLittleIsWaitedForWhileItDoes) {
  FaultProxy proxy(server_.port());
  const auto sink = open_redis({{"url", proxy.url()}, {"timeout", "1s"}});
  const auto run = sink->begin(kTwoFields);
  proxy.faults.reply_piece = 500;
  proxy.faults.late_pieces = 3;
  EXPECT_EQ(run->write(many_rows(3000)), (Written{3000, 0, 0, 0}));
}

TEST_F(RedisFaults, AConnectionCutDuringAWriteIsAnUnknownOutcomeAndTheNextRunEndsRight) {
  const std::vector<ProfileRow> rows = many_rows(3000);
  // After so many bytes of replies: none, within the first, between two, within a later one.
  for (const long cut : {0L, 1L, 60L, 107L, 500L, 2000L}) {
    server_.flush_all();
    FaultProxy proxy(server_.port());
    const auto sink = open_redis({{"url", proxy.url()}});
    const auto run = sink->begin(kTwoFields);
    proxy.faults.replies_left = cut;
    const RecordedError error = error_of([&] { run->write(rows); });
    EXPECT_EQ(error.status, PENSTOCK_STATUS_UNAVAILABLE) << error.message;
    EXPECT_EQ(error.retry, PENSTOCK_RETRY_UNKNOWN_OUTCOME);
    // The run does not go on behind anyone's back.
    proxy.faults.replies_left = LONG_MAX;
    for (const auto& action : std::vector<std::function<void()>>{[&] { run->write_with_seq(2, {}); }, [&] { run->flush(); }, [&] { run->commit({9, "", ""}); }})
      EXPECT_EQ(error_of(action).status, PENSTOCK_STATUS_FAILED_PRECONDITION);
    EXPECT_FALSE(sink->load_marker().found);
    const auto next = sink->begin(kTwoFields, {.run_id = "run-2"});
    const Written again = next->write(rows);
    EXPECT_EQ(again.written + again.unchanged, 3000);
    next->commit({1, "", ""});
    EXPECT_EQ(sink->lookup(kTwoFields, keys_of(rows)), found_all(rows));
  }
}

TEST_F(RedisFaults, ARunStaysDeadWhenTheSinkHasReconnected) {
  FaultProxy proxy(server_.port());
  const auto sink = open_redis({{"url", proxy.url()}});
  const auto run = sink->begin(kTwoFields);
  proxy.faults.replies_left = 0;
  EXPECT_THROW(sink->ping(), CallFailed);
  proxy.faults.replies_left = LONG_MAX;
  sink->ping();
  const RecordedError error = error_of([&] { run->write({two_fields("a", 1, "x", 1)}); });
  EXPECT_EQ(error.retry, PENSTOCK_RETRY_UNKNOWN_OUTCOME);
  EXPECT_EQ(server_.command({"EXISTS", "penstock:users_v1:a"}), "0");
}

TEST_F(RedisFaults, ABeginWhoseReplyDidNotComeIsNotRepeatedBehindTheHostsBack) {
  FaultProxy proxy(server_.port());
  const auto sink = open_redis({{"url", proxy.url()}});
  sink->begin(kTwoFields);
  const int64_t fence = sink_->load_marker().fence;
  // The reply of the ping arrives, that of begin does not.
  proxy.faults.replies_left = static_cast<long>(std::string_view("+PONG\r\n").size()) + 1;
  server_.command({"CONFIG", "RESETSTAT"});
  const RecordedError error = error_of([&] { sink->begin(kTwoFields, {.run_id = "run-2"}); });
  EXPECT_EQ(error.status, PENSTOCK_STATUS_UNAVAILABLE);
  EXPECT_EQ(error.retry, PENSTOCK_RETRY_AFTER);
  const std::string calls = server_.command({"INFO", "commandstats"});
  EXPECT_NE(calls.find("cmdstat_evalsha:calls=1,"), std::string::npos) << calls;
  EXPECT_GT(sink_->load_marker().fence, fence);
}

TEST_F(RedisFaults, AReplyOfACommitThatDidNotComeIsAnUnknownOutcome) {
  FaultProxy proxy(server_.port());
  const auto sink = open_redis({{"url", proxy.url()}});
  const auto run = sink->begin(kTwoFields);
  run->write({two_fields("a", 1, "x", 1)});
  proxy.faults.replies_left = 0;
  const RecordedError error = error_of([&] { run->commit({5, "", ""}); });
  EXPECT_EQ(error.status, PENSTOCK_STATUS_UNAVAILABLE);
  EXPECT_EQ(error.retry, PENSTOCK_RETRY_UNKNOWN_OUTCOME);
  EXPECT_EQ(sink_->load_marker().ordinal, 5);  // this one had arrived
}

TEST_F(RedisFaults, ReadingSurvivesAConnectionThatWasLostWhileIdle) {
  sink_->begin(kTwoFields)->write({two_fields("a", 1, "x", 1)});
  server_.command({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
  EXPECT_EQ(sink_->lookup(kTwoFields, {"a"}), std::vector<Profile>{found(two_fields("a", 1, "x", 1))});
  server_.command({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
  sink_->ping();
  server_.command({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
  EXPECT_EQ(sink_->begin(kTwoFields)->write({two_fields("a", 1, "x", 1)}), (Written{0, 1, 0, 0}));
}

TEST_F(RedisFaults, AServerKilledInTheMiddleOfARunComesBackAndTheNextRunEndsRight) {
  RedisServer server({"", {"appendonly yes", "appendfsync everysec"}});
  const auto sink = open_redis(server);
  const std::vector<ProfileRow> rows = many_rows(2000);
  const auto run = sink->begin(kTwoFields);
  run->write(rows);
  run->commit({1, "", ""});
  const std::string store = sink->load_marker().store_id;
  const int64_t fence = run->fence();
  std::thread killing([&] { server.kill9(); });
  RecordedError error;
  for (int64_t time = 2; error.status == PENSTOCK_STATUS_OK; ++time) {
    try {
      run->write(many_rows(2000, time));
    } catch (const CallFailed& failed) {
      error = failed.error;
    }
  }
  killing.join();
  EXPECT_EQ(error.status, PENSTOCK_STATUS_UNAVAILABLE) << error.message;
  EXPECT_EQ(error.retry, PENSTOCK_RETRY_UNKNOWN_OUTCOME);
  const RecordedError down = error_of([&] { sink->begin(kTwoFields); });
  EXPECT_EQ(down.status, PENSTOCK_STATUS_UNAVAILABLE);
  EXPECT_EQ(down.retry, PENSTOCK_RETRY_AFTER);

  server.restart();
  const auto next = sink->begin(kTwoFields, {.run_id = "run-2"});
  EXPECT_GT(next->fence(), fence);
  const std::vector<ProfileRow> newest = many_rows(2000, 1'000'000);
  const Written written = next->write(newest);
  EXPECT_EQ(written.written + written.unchanged, 2000) << "the values are those of before the crash";
  next->commit({2, "", ""});
  EXPECT_EQ(sink->lookup(kTwoFields, keys_of(newest)), found_all(newest));
  EXPECT_EQ(sink->load_marker().store_id, store);
}

// ---- time ----

TEST_F(RedisFaults, AFrozenServerDoesNotHoldACancelledCall) {
  RedisServer server;
  FaultProxy proxy(server.port());
  const auto sink = open_redis({{"url", proxy.url()}});
  const auto run = sink->begin(kTwoFields);
  server.pause();
  FakeCall call;
  const size_t before = proxy.faults.forwarded;
  std::chrono::steady_clock::time_point cancelled;
  std::thread cancelling([&] {
    eventually([&] { return proxy.faults.forwarded > before; });
    cancelled = std::chrono::steady_clock::now();
    call.cancel();
  });
  const RecordedError error = error_of([&] { run->write(many_rows(1000), &call); });
  const auto returned = std::chrono::steady_clock::now();
  cancelling.join();
  EXPECT_EQ(error.status, PENSTOCK_STATUS_CANCELLED);
  EXPECT_EQ(error.retry, PENSTOCK_RETRY_UNKNOWN_OUTCOME);
  EXPECT_LT(returned - cancelled, std::chrono::seconds(1));
  FakeCall second;
  second.cancel();
  EXPECT_EQ(error_of([&] { sink->ping(&second); }).status, PENSTOCK_STATUS_CANCELLED);
  FakeCall third;
  third.cancel();
  EXPECT_EQ(error_of([&] { open_redis({{"url", server.url()}}, &third); }).status, PENSTOCK_STATUS_CANCELLED);
  server.resume();
  EXPECT_EQ(sink->begin(kTwoFields)->write(many_rows(10)).rejected, 0);
}

TEST_F(RedisFaults, AFrozenServerDoesNotHoldACallPastItsDeadline) {
  RedisServer server;
  const auto sink = open_redis(server);
  const auto run = sink->begin(kTwoFields);
  server.pause();
  RecordedError writing, reading, opening;
  const int64_t took = milliseconds_of([&] {
    FakeCall call, second, third;
    call.set_deadline_ms_from_now(100);
    writing = error_of([&] { run->write(many_rows(1000), &call); });
    second.set_deadline_ms_from_now(100);
    reading = error_of([&] { sink->lookup(kTwoFields, {"a"}, "users", 1, &second); });
    third.set_deadline_ms_from_now(100);
    opening = error_of([&] { open_redis({{"url", server.url()}}, &third); });
  });
  EXPECT_EQ(writing.status, PENSTOCK_STATUS_DEADLINE_EXCEEDED);
  EXPECT_EQ(writing.retry, PENSTOCK_RETRY_UNKNOWN_OUTCOME);
  EXPECT_EQ(reading.status, PENSTOCK_STATUS_DEADLINE_EXCEEDED);
  EXPECT_EQ(reading.retry, PENSTOCK_RETRY_SAFE);
  EXPECT_EQ(opening.status, PENSTOCK_STATUS_DEADLINE_EXCEEDED);
  EXPECT_LT(took, 5000);
}

TEST_F(RedisFaults, WithoutADeadlineTheTimeoutEndsTheWait) {
  RedisServer server;
  const auto sink = open_redis(server, {{"timeout", "100ms"}});
  const auto run = sink->begin(kTwoFields);
  server.pause();
  const RecordedError error = error_of([&] { run->write(many_rows(10)); });
  EXPECT_EQ(error.status, PENSTOCK_STATUS_UNAVAILABLE);
  EXPECT_EQ(error.retry, PENSTOCK_RETRY_UNKNOWN_OUTCOME);
  EXPECT_THAT(error.message, HasSubstr("no progress for 100 ms"));
}

// ---- the store ----

TEST_F(RedisFaults, AFlushedScriptCacheCostsNothingButTime) {
  const auto run = sink_->begin(kTwoFields);
  run->write({two_fields("a", 1, "x", 1)});
  server_.command({"SCRIPT", "FLUSH"});
  const std::vector<ProfileRow> rows = many_rows(5000);
  EXPECT_EQ(run->write(rows), (Written{5000, 0, 0, 0}));
  EXPECT_EQ(sink_->lookup(kTwoFields, keys_of(rows)), found_all(rows));
  for (const auto& action : std::vector<std::function<void()>>{[&] { run->commit({1, "", ""}); }, [&] { sink_->load_marker(); },
                                                               [&] { sink_->compare_and_store(run->fence(), Position{2, "", ""}); },
                                                               [&] { sink_->remove({"a"}); }, [&] { sink_->set_ttl({"a"}, 1); },
                                                               [&] { sink_->begin(kTwoFields); }}) {
    server_.command({"SCRIPT", "FLUSH"});
    EXPECT_NO_THROW(action());
  }
}

TEST_F(RedisFaults, AScriptCacheThatIsFlushedAllTheTimeLosesNothing) {
  std::atomic<bool> done{false};
  std::thread flushing([&] {
    // The shared server's own client belongs to the main thread.
    const auto fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = TcpServer::loopback(server_.port());
    connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    const std::string flush = "SCRIPT FLUSH\r\n";
    char reply[64];
    while (!done && send(fd, flush.data(), flush.size(), MSG_NOSIGNAL) > 0 && recv(fd, reply, sizeof reply, 0) > 0)
      std::this_thread::sleep_for(std::chrono::milliseconds(3));
    close(fd);
  });
  const std::vector<ProfileRow> rows = many_rows(2000);
  // Little is encoded before it is sent, so that a slow build gets something through between two flushes.
  const auto sink = open_redis(server_, {{"pipeline_bytes", "4KiB"}, {"transaction_rows", "10"}});
  bool written = eventually([&] {
    try {
      const Written result = sink->begin(kTwoFields)->write(rows);
      return result.written + result.unchanged == 2000;
    } catch (const CallFailed& failed) {
      EXPECT_EQ(failed.error.status, PENSTOCK_STATUS_UNAVAILABLE) << failed.error.message;
      return false;
    }
  });
  done = true;
  flushing.join();
  EXPECT_TRUE(written);
  EXPECT_EQ(sink_->lookup(kTwoFields, keys_of(rows)), found_all(rows));
}

TEST_F(RedisFaults, AStoreEmptiedDuringARunIsNoticed) {
  const auto run = sink_->begin(kTwoFields);
  run->write({two_fields("a", 1, "x", 1)});
  server_.flush_all();
  const RecordedError error = error_of([&] { run->write({two_fields("b", 1, "x", 1)}); });
  EXPECT_EQ(error.status, PENSTOCK_STATUS_DATA_LOSS);
  EXPECT_EQ(error.retry, PENSTOCK_RETRY_UNKNOWN_OUTCOME);
  EXPECT_EQ(error.message, "the store was emptied during the run");
  EXPECT_EQ(server_.command({"DBSIZE"}), "0");
}

TEST_F(RedisFaults, AStoreEmptiedBeforeTheCommitIsNoticed) {
  const auto run = sink_->begin(kTwoFields);
  run->write({two_fields("a", 1, "x", 1)});
  server_.flush_all();
  EXPECT_EQ(error_of([&] { run->commit({1, "", ""}); }).message, "the store was emptied during the run");
  EXPECT_FALSE(sink_->load_marker().found);
}

TEST_F(RedisFaults, AStoreEmptiedAndTakenOverByAnotherRunIsNotMistakenForTheOldOne) {
  const std::string id = sink_->load_marker().store_id;
  const auto run = sink_->begin(kTwoFields);
  server_.flush_all();
  const auto other = open_redis(server_);
  const auto second = other->begin(kTwoFields);
  EXPECT_EQ(error_of([&] { run->write({two_fields("b", 1, "x", 1)}); }).message, "the store was emptied during the run");
  EXPECT_NE(other->load_marker().store_id, id);
  EXPECT_EQ(second->write({two_fields("b", 1, "x", 1)}), (Written{1, 0, 0, 0}));
}

TEST_F(RedisFaults, ARunThatIsTakenOverBetweenItsGuardAndItsRowsWritesNone) {
  RedisProxy proxy(server_.port());
  const auto late = open_redis({{"url", proxy.url()}});
  const auto first = late->begin(kTwoFields);
  proxy.stop_at({"EXEC", 1, RedisProxy::Moment::before});
  RecordedError error;
  std::thread writing([&] { error = error_of([&] { first->write({two_fields("a", 1, "late", 9)}); }); });
  ASSERT_TRUE(proxy.await_stop());
  const auto second = sink_->begin(kTwoFields, {.run_id = "run-2"});
  second->write({two_fields("a", 2, "newer", 2)});
  proxy.go_on();
  writing.join();
  EXPECT_EQ(error.status, PENSTOCK_STATUS_FENCED) << error.message;
  EXPECT_EQ(sink_->lookup(kTwoFields, {"a"}), std::vector<Profile>{found(two_fields("a", 2, "newer", 2))});
  second->commit({2, "", ""});
}

TEST_F(RedisFaults, AMarkerThatChangesBetweenGuardAndRowsEndsTheRunWithTheReason) {
  for (const auto& [change, reason] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"FLUSHALL"}, "the store was emptied during the run"},
           {{"HSET", "penstock:marker:users_v1", "mine", "1"}, "the marker of this view was changed during the run, by no other run"}}) {
    server_.flush_all();
    RedisProxy proxy(server_.port());
    const auto sink = open_redis({{"url", proxy.url()}});
    const auto run = sink->begin(kTwoFields);
    proxy.stop_at({"EXEC", 1, RedisProxy::Moment::before});
    RecordedError error;
    std::thread writing([&] { error = error_of([&] { run->write({two_fields("a", 1, "x", 1)}); }); });
    ASSERT_TRUE(proxy.await_stop());
    server_.command(change);
    proxy.go_on();
    writing.join();
    EXPECT_EQ(error.status, PENSTOCK_STATUS_DATA_LOSS);
    EXPECT_EQ(error.message, reason);
    EXPECT_EQ(server_.command({"EXISTS", "penstock:users_v1:a"}), "0");
  }
}

// Whatever keeps a guard from being asked, here a user who may not use its key: rows that came through all the same are not hidden.
TEST_F(RedisFaults, RowsThatCameThroughUnguardedUndoThePositionOfTheRunThatTookOver) {
  server_.command({"ACL", "SETUSER", "unguarded", "on", ">pw", "~penstock:store", "~penstock:marker:users_v1", "~penstock:users_v1:*", "+@all"});
  sink_->begin(kTwoFields)->commit({1, "", ""});
  const auto late = open_redis(server_, {{"username", "unguarded"}, {"password", "pw"}});
  const auto first = late->begin(kTwoFields);
  const auto second = sink_->begin(kTwoFields, {.run_id = "run-2"});
  EXPECT_EQ(error_of([&] { first->write({two_fields("a", 1, "late", 1)}); }).status, PENSTOCK_STATUS_PERMISSION_DENIED);
  server_.command({"ACL", "DELUSER", "unguarded"});
  EXPECT_EQ(error_of([&] { second->commit({2, "", ""}); }).status, PENSTOCK_STATUS_FENCED);
  EXPECT_FALSE(sink_->load_marker().found) << "everything has to be read again";
}

TEST_F(RedisFaults, ASequenceThatIsNotWhereItShouldBeEndsTheRun) {
  const auto run = sink_->begin(kTwoFields);
  run->write({two_fields("a", 1, "x", 1)});
  server_.command({"HINCRBY", "penstock:marker:users_v1", "seq", "-1"});  // as a failover that lost the last call
  const RecordedError error = error_of([&] { run->write({two_fields("b", 1, "x", 1)}); });
  EXPECT_EQ(error.status, PENSTOCK_STATUS_DATA_LOSS);
  EXPECT_EQ(error.retry, PENSTOCK_RETRY_UNKNOWN_OUTCOME);
  EXPECT_THAT(error.message, HasSubstr("sequence"));
  EXPECT_EQ(server_.command({"EXISTS", "penstock:users_v1:b"}), "0");
}

TEST_F(RedisFaults, AFenceStaysGreaterWhenTheMarkerIsDeletedButTheProfilesAreNot) {
  const int64_t fence = sink_->begin(kTwoFields)->fence();
  server_.command({"DEL", "penstock:marker:users_v1"});
  EXPECT_GT(sink_->begin(kTwoFields)->fence(), fence);
}

TEST_F(RedisFaults, AMarkerFromAnotherLifeOfTheStoreCountsAsAbsent) {
  sink_->begin(kTwoFields)->commit({1, "", ""});
  EXPECT_TRUE(sink_->load_marker().found);
  server_.command({"DEL", "penstock:store"});
  EXPECT_FALSE(sink_->load_marker().found);
  sink_->begin(kTwoFields);
  EXPECT_FALSE(sink_->load_marker().found);
}

TEST_F(RedisFaults, AMarkerKeyThatHoldsSomethingElseIsRefusedAndKept) {
  server_.command({"SET", "penstock:marker:users_v1", "mine"});
  EXPECT_EQ(error_of([&] { sink_->begin(kTwoFields); }).status, PENSTOCK_STATUS_FAILED_PRECONDITION);
  EXPECT_EQ(error_of([&] { sink_->load_marker(); }).status, PENSTOCK_STATUS_FAILED_PRECONDITION);
  EXPECT_EQ(server_.command({"GET", "penstock:marker:users_v1"}), "mine");
}

TEST_F(RedisFaults, AMarkerThatSomeoneSpoiltIsNotTakenForAPosition) {
  sink_->begin(kTwoFields)->commit({1, "", ""});
  server_.command({"HSET", "penstock:marker:users_v1", "ordinal", "soon"});
  EXPECT_EQ(error_of([&] { sink_->load_marker(); }).status, PENSTOCK_STATUS_DATA_LOSS);
}

// ---- the server's own limits ----

TEST_F(RedisFaults, AFullServerIsToldFromABrokenOneAndTakesTheRunLater) {
  RedisServer server({"", {"maxmemory 6mb", "maxmemory-policy noeviction"}});
  const auto sink = open_redis(server);
  const std::string name(20'000, 'x');
  std::vector<ProfileRow> rows;
  for (int32_t i = 0; i < 1000; ++i) rows.push_back(two_fields(std::to_string(i), 1, name.c_str(), i));
  RecordedError error;
  {
    const auto run = sink->begin(kTwoFields);
    error = error_of([&] { run->write(rows); });
    EXPECT_THROW(run->commit({1, "", ""}), CallFailed);
  }
  EXPECT_EQ(error.status, PENSTOCK_STATUS_RESOURCE_EXHAUSTED) << error.message;
  EXPECT_EQ(error.retry, PENSTOCK_RETRY_AFTER);
  EXPECT_EQ(error.retry_after_ns, 1'000'000'000);
  EXPECT_EQ(server.command({"HGET", "penstock:marker:users_v1", "ordinal"}), "(nil)");
  EXPECT_THAT(server.command({"CONFIG", "SET", "maxmemory", "0"}), "OK");
  const auto run = sink->begin(kTwoFields);
  const Written again = run->write(rows);
  EXPECT_EQ(again.written + again.unchanged, 1000);
  run->commit({1, "", ""});
}

TEST_F(RedisFaults, AMasterThatBecomesAReplicaEndsTheRunAndIsRefusedFromThenOn) {
  RedisServer server;
  const auto sink = open_redis(server);
  const auto run = sink->begin(kTwoFields);
  server.command({"REPLICAOF", "127.0.0.1", std::to_string(server_.port())});
  const RecordedError error = error_of([&] { run->write({two_fields("a", 1, "x", 1)}); });
  EXPECT_TRUE(error.status == PENSTOCK_STATUS_FAILED_PRECONDITION || error.status == PENSTOCK_STATUS_UNAVAILABLE) << error.message;
  const RecordedError reopened = error_of([&] { open_redis(server); });
  EXPECT_THAT(reopened.message, HasSubstr("is a replica"));
}

TEST_F(RedisFaults, AMasterThatBecomesAReplicaIsNotUsedAgainOnTheSameConnection) {
  RedisServer server;
  const auto sink = open_redis(server);
  sink->begin(kTwoFields)->write({two_fields("a", 1, "x", 1)});
  server.command({"REPLICAOF", "127.0.0.1", std::to_string(server_.port())});
  EXPECT_THAT(error_of([&] { sink->remove({"a"}); }).message, HasSubstr("it is a replica now"));
  EXPECT_THAT(error_of([&] { sink->remove({"a"}); }).message, HasSubstr("is a replica; writes would be lost"));
}

TEST_F(RedisFaults, TooManyClientsIsSaidSo) {
  RedisServer server({"", {"maxclients 2"}});
  const auto first = open_redis(server);
  server.command({"PING"});
  const RecordedError error = error_of([&] { open_redis(server); });
  EXPECT_TRUE(error.status == PENSTOCK_STATUS_RESOURCE_EXHAUSTED || error.status == PENSTOCK_STATUS_UNAVAILABLE) << error.message;
  EXPECT_EQ(error.retry, PENSTOCK_RETRY_AFTER);
}

}  // namespace
}  // namespace penstock::test
