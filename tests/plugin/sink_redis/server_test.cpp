// Which servers are taken, and as whom.
#include "fault_proxy.hpp"
#include "redis_store.hpp"
#include "sink_redis/session.hpp"

#include <fstream>

namespace penstock::test {
namespace {

RecordedError open_error(const RedisServer& server, const std::map<std::string, std::string>& options = {}) {
  return error_of([&] { open_redis(server, options); });
}

::testing::AssertionResult says(const RecordedError& error, penstock_status status, const std::string& part) {
  if (error.status == status && error.message.find(part) != std::string::npos) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "status " << error.status << ": " << error.message;
}

// A user's line of the shipped file, with a password of our own.
std::string acl_line(const std::string& user, const std::string& password) {
  std::ifstream in(PENSTOCK_SOURCE_DIR "/plugins/sink_redis/acl.example");
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with("user " + user + " ")) continue;
    const size_t at = line.find('>');
    return line.replace(at + 1, line.find(' ', at) - at - 1, password);
  }
  ADD_FAILURE() << "no user " << user << " in acl.example";
  return "";
}

TEST(RedisServerChecks, AskForAPasswordAndTakeTheRightOne) {
  RedisServer server({"canary-pw", {}});
  const auto opened = open_redis(server, {{"password", "canary-pw"}});
  opened->ping();
  EXPECT_EQ(opened->begin(kTwoFields)->write({two_fields("a", 1, "x", 1)}), (Written{1, 0, 0, 0}));
  EXPECT_TRUE(says(open_error(server, {{"password", "canary-wrong"}}), PENSTOCK_STATUS_UNAUTHENTICATED, "the user or the password is wrong"));
  EXPECT_TRUE(says(open_error(server, {{"password", "canary-pw"}, {"username", "nobody"}}), PENSTOCK_STATUS_UNAUTHENTICATED, "the user or the password is wrong"));
  const RecordedError without = open_error(server);
  EXPECT_TRUE(says(without, PENSTOCK_STATUS_UNAUTHENTICATED, "NOAUTH"));
  EXPECT_EQ(without.retry, PENSTOCK_RETRY_NEVER);
  EXPECT_TRUE(says(open_error(shared_server(), {{"password", "canary-pw"}}), PENSTOCK_STATUS_UNAUTHENTICATED, "default user has none"));
}

TEST(RedisServerChecks, NoErrorOrLogRepeatsAPassword) {
  // A server that answers everything by repeating it.
  TcpServer parrot([](int fd) {
    char bytes[4096];
    for (ssize_t n = 0; (n = recv(fd, bytes, sizeof bytes, 0)) > 0;) {
      std::string text(bytes, static_cast<size_t>(n));
      for (char& c : text)
        if (c == '\r' || c == '\n') c = ' ';
      const std::string reply = "-ERR unknown command, with args " + text + "\r\n";
      send(fd, reply.data(), reply.size(), MSG_NOSIGNAL);
    }
  });
  for (const auto& options : {std::map<std::string, std::string>{{"url", parrot.url()}, {"password", "canary"}},
                              std::map<std::string, std::string>{{"url", parrot.url()}, {"password", "canary"}, {"username", "ann"}},
                              std::map<std::string, std::string>{{"url", "redis://ann:canary@127.0.0.1:" + std::to_string(parrot.port())}},
                              std::map<std::string, std::string>{{"url", "redis://ann:canary@127.0.0.1:1"}},
                              std::map<std::string, std::string>{{"url", "redis://ann:canary@no-such-host.invalid"}, {"connect_timeout", "2s"}}}) {
    FakeCall call;
    const RecordedError error = error_of([&] { open_redis(options, &call); });
    std::string said = error.message;
    for (const std::string& line : call.logs()) said += line;
    for (const auto& [key, value] : error.details) said += key + value;
    EXPECT_EQ(said.find("canary"), std::string::npos) << said;
    EXPECT_FALSE(said.empty());
  }
}

TEST(RedisServerChecks, WorkWithTheShippedUserAndItsFewRights) {
  RedisServer server({"", {acl_line("penstock", "canary-pw"), acl_line("profiles-reader", "reader-pw")}});
  const std::map<std::string, std::string> user = {{"username", "penstock"}, {"password", "canary-pw"}};
  const auto sink = open_redis(server, user);
  sink->ping();
  const auto run = sink->begin(kTwoFields, {.ttl_ms = 100'000});
  const ProfileRow null_name{"a", order_key(2), {Cell{}, cell(int32_t{2})}};
  EXPECT_EQ(run->write({two_fields("a", 1, "x", 1), two_fields("b", 1, "y", 1)}), (Written{2, 0, 0, 0}));
  EXPECT_EQ(run->write({null_name, two_fields("b", 1, "y", 1)}), (Written{1, 1, 0, 0}));
  run->flush();
  run->commit({1, "d", "t"});
  const auto no_ttl = sink->begin(kTwoFields);
  EXPECT_EQ(no_ttl->write({null_name}), (Written{0, 1, 0, 0}));
  EXPECT_EQ(sink->lookup(kTwoFields, {"a"}), std::vector<Profile>{found(null_name)});
  EXPECT_EQ(sink->set_ttl({"a"}, 1000), 1u);
  EXPECT_EQ(sink->set_ttl({"a"}, 0), 1u);
  EXPECT_EQ(sink->remove({"b"}), 1u);
  const LoadedMarker marker = sink->load_marker();
  EXPECT_EQ(marker.text, "t");
  sink->compare_and_store(marker.fence, Position{2, "", ""});
  server.command({"SCRIPT", "FLUSH"});
  EXPECT_EQ(sink->begin(kTwoFields)->write({two_fields("c", 1, "x", 1)}), (Written{1, 0, 0, 0}));

  auto elsewhere = user;
  elsewhere["key_prefix"] = "other:";
  EXPECT_TRUE(says(error_of([&] { open_redis(server, elsewhere)->begin(kTwoFields); }), PENSTOCK_STATUS_PERMISSION_DENIED, "NOPERM"));

  server.command({"AUTH", "profiles-reader", "reader-pw"});
  EXPECT_EQ(server.command({"HGET", "penstock:users_v1:a", "ORDERS"}), "2");
  EXPECT_NE(server.command({"HSET", "penstock:users_v1:a", "ORDERS", "3"}).find("NOPERM"), std::string::npos);
  EXPECT_NE(server.command({"KEYS", "*"}).find("NOPERM"), std::string::npos);
}

TEST(RedisServerChecks, SayWhichRightIsMissing) {
  RedisServer server({"", {"user nearly on >pw ~penstock:* +@all -hset", "user none on >pw ~* -@all"}});
  const auto sink = open_redis(server, {{"username", "nearly"}, {"password", "pw"}});
  const RecordedError error = error_of([&] { sink->begin(kTwoFields); });
  EXPECT_EQ(error.status, PENSTOCK_STATUS_PERMISSION_DENIED) << error.message;
  EXPECT_TRUE(says(open_error(server, {{"username", "none"}, {"password", "pw"}}), PENSTOCK_STATUS_PERMISSION_DENIED, "ask for the state"));
}

TEST(RedisServerChecks, RefuseAReplica) {
  RedisServer replica({"", {"replicaof 127.0.0.1 " + std::to_string(shared_server().port())}});
  const RecordedError error = open_error(replica);
  EXPECT_TRUE(says(error, PENSTOCK_STATUS_FAILED_PRECONDITION, "is a replica"));
  EXPECT_EQ(error.retry, PENSTOCK_RETRY_NEVER);
}

TEST(RedisServerChecks, RefuseAServerThatEvictsUnlessItIsAllowed) {
  RedisServer server({"", {"maxmemory 100mb", "maxmemory-policy allkeys-lru"}});
  EXPECT_TRUE(says(open_error(server), PENSTOCK_STATUS_FAILED_PRECONDITION, "maxmemory-policy allkeys-lru"));
  open_redis(server, {{"allow_eviction", "true"}})->ping();
  RedisServer never({"", {"maxmemory 100mb", "maxmemory-policy noeviction"}});
  open_redis(never)->ping();
  RedisServer unlimited({"", {"maxmemory-policy volatile-lru"}});
  open_redis(unlimited)->ping();
}

TEST(RedisServerChecks, RefuseAClusterNodeWithoutACluster) {
  RedisServer node({"", {"cluster-enabled yes", "cluster-config-file nodes.conf"}});
  const RecordedError error = error_of([&] { open_redis({{"url", "redis://127.0.0.1:" + std::to_string(node.port())}})->ping(); });
  EXPECT_TRUE(says(error, PENSTOCK_STATUS_UNAVAILABLE, "no node of the cluster has slot "));
}

TEST(RedisServerChecks, JudgeByWhatTheServerSays) {
  const auto judged = [](const std::string& info) {
    try {
      redis::check_server("h:1", info, false);
    } catch (const Error& error) {
      return std::to_string(error.status()) + " " + error.message();
    }
    return std::string("taken");
  };
  const std::string good = "# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\nloading:0\r\nrole:master\r\nmaxmemory:0\r\nmaxmemory_policy:noeviction\r\ncluster_enabled:0\r\n";
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string info = good;
    return info.replace(info.find(from), from.size(), to);
  };
  EXPECT_EQ(judged(good), "taken");
  EXPECT_EQ(judged(with("7.0.15", "6.0.0")), "taken");
  EXPECT_EQ(judged(with("7.0.15", "5.0.14")), "9 h:1 is Redis 5.0.14; Penstock needs 6 or newer");
  EXPECT_EQ(judged(with("loading:0", "loading:1")), "6 h:1 is still loading its data");
  EXPECT_EQ(judged(with("standalone", "sentinel")), "2 h:1 is a sentinel, not a store; give the address of the master, or a url that begins with redis-sentinel://");
  EXPECT_EQ(judged("something else"), "9 h:1 does not say which version of Redis it is");
  EXPECT_EQ(judged(""), "9 h:1 does not say which version of Redis it is");
}

TEST(RedisServerChecks, SpeakTheNewProtocolWhereTheServerDoesAndTheOldOneElsewhere) {
  RedisServer old({"", {"rename-command HELLO \"\""}});
  for (const auto& [server, protocol] : {std::pair<RedisServer&, std::string>{shared_server(), "resp=3"}, {old, "resp=2"}}) {
    const auto sink = open_redis(server);
    const std::string clients = server.command({"CLIENT", "LIST"});
    const size_t ours = clients.find("name=penstock");
    ASSERT_NE(ours, std::string::npos) << clients;
    EXPECT_EQ(clients.substr(clients.find("resp=", ours), 6), protocol) << clients;
    server.flush_all();
    EXPECT_EQ(sink->begin(kTwoFields)->write({{"k", order_key(1), {cell("x"), Cell{}}}}), (Written{1, 0, 0, 0}));
    EXPECT_EQ(sink->lookup(kTwoFields, {"k", "none"}), (std::vector<Profile>{{PENSTOCK_PROFILE_FOUND, order_key(1), {}, {cell("x"), Cell{}}}, missing(2)}));
  }
}

TEST(RedisServerChecks, UseTheDatabaseThatIsAskedFor) {
  shared_server().flush_all();
  open_redis({{"url", shared_server().url(3)}})->begin(kTwoFields)->write({two_fields("a", 1, "x", 1)});
  EXPECT_EQ(shared_server().command({"DBSIZE"}), "0");
  EXPECT_EQ(open_redis(shared_server(), {{"url", "redis://localhost:" + std::to_string(shared_server().port())}, {"database", "3"}})->lookup(kTwoFields, {"a"}),
            std::vector<Profile>{found(two_fields("a", 1, "x", 1))});
  EXPECT_TRUE(says(error_of([&] { open_redis({{"url", shared_server().url(999)}}); }), PENSTOCK_STATUS_INVALID_ARGUMENT, "DB index is out of range"));
}

TEST(RedisServerChecks, SayThatNobodyListensOrTheNameIsUnknown) {
  RedisServer server;
  const std::string url = server.url();
  server.kill9();
  const RecordedError refused = error_of([&] { open_redis({{"url", url}}); });
  EXPECT_TRUE(says(refused, PENSTOCK_STATUS_UNAVAILABLE, "Connection refused"));
  EXPECT_EQ(refused.retry, PENSTOCK_RETRY_AFTER);
  EXPECT_TRUE(says(error_of([&] { open_redis({{"url", "redis://no-such-host.invalid"}, {"connect_timeout", "2s"}}); }), PENSTOCK_STATUS_UNAVAILABLE,
                   "\"no-such-host.invalid\" cannot be resolved"));
}

TEST(RedisServerChecks, SayThatTheOtherSideIsNoRedis) {
  TcpServer web([](int fd) {
    const std::string reply = "HTTP/1.1 400 Bad Request\r\n\r\n";
    send(fd, reply.data(), reply.size(), MSG_NOSIGNAL);
    char bytes[4096];
    while (recv(fd, bytes, sizeof bytes, 0) > 0) {
    }
  });
  EXPECT_TRUE(says(error_of([&] { open_redis({{"url", web.url()}}); }), PENSTOCK_STATUS_DATA_LOSS, "does not speak the Redis protocol"));
}

}  // namespace
}  // namespace penstock::test
