// Hosts and stores that come and go: killed, doubled, stopped, set back, wiped, restored, shared with others.
#include "scenarios/scenario.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>

namespace penstock::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// Slow enough that a test can do something in the middle of a run.
constexpr const char* kPaced = "max_rows_per_second = 2000\n";
constexpr const char* kSmallBatches = "batch_rows = 64\nqueue_batches = 1\n";

class Hosts : public Scenario {
 protected:
  void insert(int first, int count) {
    sql("INSERT INTO shop.items SELECT 'k' || n, clock_timestamp(), n FROM generate_series(" + std::to_string(first) + ", " +
        std::to_string(first + count - 1) + ") n");
  }
  bool run_is_under_way() {
    return eventually([] { return std::stoll(redis().command({"DBSIZE"})) > 200; });
  }
  Profiles table() {
    Profiles profiles;
    for (const auto& row : postgres().rows("SELECT DISTINCT ON (id) id, v FROM shop.items ORDER BY id, at DESC")) profiles[row[0]] = row[1];
    return profiles;
  }
  // What the history says under this name of every run, the newest first.
  std::vector<std::string> texts(const std::string& name) {
    std::vector<std::string> found;
    const std::string history = world_.penstock({"history", "--json", "--limit", "1000"}).out;
    for (size_t at = 0; (at = history.find("\"" + name + "\":", at)) != std::string::npos; ++at) found.push_back(json_text(history.substr(at), name));
    return found;
  }
  std::vector<std::string> outcomes() { return texts("outcome"); }
  // The configured view in so many versions.
  void add_versions(int last) {
    std::string toml = read_file(world_.config_path());
    for (int version = 2; version <= last; ++version)
      toml += "[[view]]\nname = \"items\"\nversion = " + std::to_string(version) +
              "\nentity = \"item\"\noffline = true\nonline = true\nbatch_source = \"items_source\"\nfields = [ { name = \"v\", type = \"int64\" } ]\n";
    world_.configure_text(toml);
  }
};
class Stores : public Hosts {};

// 22
TEST_F(Hosts, OfTwoHostsWithStatesOfTheirOwnTheOlderRunIsFencedOff) {
  make_table();
  insert(1, 5000);
  configure({.view = kPaced, .host = kSmallBatches});
  Process first(world_.command({"materialize"}), world_.environment());
  ASSERT_TRUE(run_is_under_way()) << first.err();
  World second;
  configure(second, {});
  const Finished other = second.penstock({"materialize", "--json"});
  EXPECT_EQ(other.exit_code, 0) << other.err;
  EXPECT_EQ(json_number(other.out, "read"), 5000);
  EXPECT_EQ(first.wait(), 1);
  EXPECT_THAT(first.err(), HasSubstr("a newer run of this view has begun in the store"));
  EXPECT_EQ(stored(), table());
  // The first host goes on from where the store is.
  insert(5001, 1);
  EXPECT_EQ(materialize().read(), 1);
  EXPECT_EQ(stored(), table());
}

// 23
TEST_F(Hosts, AHostKilledAnywhereLeavesRepeatsAndNeverAGap) {
  make_table();
  insert(1, 3000);
  configure({.view = "max_rows_per_second = 20000\n", .host = kSmallBatches});
  // The kill comes wherever the run happens to be: before it connected, between batches, around the commit, after the end.
  for (int life = 0; life < 12; ++life) {
    insert(3001 + life, 1);
    Process host(world_.command({"materialize"}), world_.environment());
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(20 * life);
    eventually([&] { return std::chrono::steady_clock::now() >= until; });
    host.signal(SIGKILL);
    host.wait();
  }
  configure();
  materialize();
  EXPECT_EQ(stored(), table());
}

// 24
TEST_F(Hosts, AMissingStateIsMadeGoodByTheMarkerAndAnOlderOneByReadingAgain) {
  make_table();
  configure();
  insert(1, 100);
  materialize();
  const std::filesystem::path state = world_.state_dir(), old = world_.folder().path() / "old";
  std::filesystem::copy(state, old);
  insert(101, 10);
  materialize();
  insert(111, 1);
  std::filesystem::remove_all(state);
  EXPECT_EQ(materialize().read(), 1) << "missing: the marker says where to go on";
  insert(112, 1);
  std::filesystem::remove_all(state);
  std::filesystem::copy(old, state);
  std::filesystem::permissions(state, std::filesystem::perms(0700));
  EXPECT_EQ(counts(materialize()), "read 12 = written 1 + unchanged 11 + stale 0 + rejected 0") << "older: what lies between is read again";
  EXPECT_EQ(stored(), table());
}

// 24
TEST_F(Hosts, ATornStateIsRefusedWithAdviceThatWorks) {
  make_table();
  configure();
  insert(1, 100);
  materialize();
  const std::filesystem::path file = std::filesystem::path(world_.state_dir()) / "state.db";
  for (const char* rest : {"-wal", "-shm"}) std::filesystem::remove(file.string() + rest);
  std::filesystem::resize_file(file, std::filesystem::file_size(file) / 2);
  insert(101, 1);
  const Finished refused = world_.penstock({"materialize"});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("the file is damaged"), HasSubstr("positions are then taken from the markers in the stores")));
  std::filesystem::rename(file, file.string() + ".damaged");
  EXPECT_EQ(materialize().read(), 1);
  EXPECT_EQ(stored(), table());
}

// 49
TEST_F(Hosts, AVersionSwitchedDuringARunLetsItEndAndIsFilledBesideIt) {
  make_table("id text, at timestamptz, v bigint", true);
  insert(1, 3000);
  configure({.view = kPaced, .host = std::string(kSmallBatches) + "interval = \"100ms\"\n"});
  Process host(world_.command({"run"}), world_.environment());
  ASSERT_TRUE(run_is_under_way()) << host.err();
  configure({.host = "interval = \"100ms\"\n", .version = 2});
  host.signal(SIGHUP);
  ASSERT_TRUE(eventually([&] { return stored("v", 2).size() == 3000; })) << host.err();
  ASSERT_TRUE(eventually([&] { return stored("v", 1).size() == 3000; })) << host.err();
  const std::string fence = marker("fence");
  insert(3001, 1);
  ASSERT_TRUE(eventually([&] { return stored("v", 2).size() == 3001; })) << host.err();
  EXPECT_EQ(stored("v", 1).size(), 3000u) << "the removed version runs no more";
  EXPECT_EQ(marker("fence"), fence);
  EXPECT_NE(marker("ordinal"), "(nil)") << "its last run was not cut off";
  host.signal(SIGTERM);
  EXPECT_EQ(host.wait(), 0) << host.err();
}

// 50
TEST_F(Hosts, RunsLongerThanTheirIntervalNeverOverlapAndLoseNothing) {
  make_table();
  insert(1, 1000);
  configure({.view = kPaced + std::string("lookback = \"1h\"\n"), .host = std::string(kSmallBatches) + "interval = \"100ms\"\njitter = 0.0\n"});
  Process host(world_.command({"run"}), world_.environment());
  ASSERT_TRUE(eventually([&] { return outcomes().size() >= 4; })) << host.err();
  host.signal(SIGTERM);
  EXPECT_EQ(host.wait(), 0) << host.err();
  EXPECT_THAT(host.err(), Not(HasSubstr("newer run")));
  std::string history = world_.penstock({"history", "--json"}).out, next;
  for (size_t at = history.rfind("\"outcome\""); at != std::string::npos && at > 0; at = history.rfind("\"outcome\"", at - 1)) {
    const std::string run = history.substr(at);
    EXPECT_GE(json_text(run, "started_at"), next);
    next = json_text(run, "finished_at");
    EXPECT_EQ(json_text(run, "outcome"), "completed");
    EXPECT_EQ(json_number(run, "read"), 1000);
  }
  EXPECT_EQ(stored(), table());
}

// 50
TEST_F(Hosts, AHundredViewsDueAtOnceUseNoMoreConnectionsThanWorkers) {
  make_table();
  insert(1, 10);
  configure({.host = "workers = 3\n"});
  add_versions(100);
  Process host(world_.command({"run"}), world_.environment());
  PostgresSession watching(postgres().dsn());
  int most = 0;
  ASSERT_TRUE(eventually([&] {
    most = std::max(most, std::stoi(watching.value("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'penstock'")));
    return stored("v", 100).size() == 10 && std::stoll(redis().command({"DBSIZE"})) == 100 * 11 + 1;
  })) << host.err();
  EXPECT_LE(most, 3);
  EXPECT_GE(most, 1);
  host.signal(SIGTERM);
  EXPECT_EQ(host.wait(), 0);
}

// 50
TEST_F(Hosts, ViewsOfATableThatFindNothingLookOnceAndAllSeeWhatComesOrGoes) {
  constexpr int kVersions = 20;
  make_table();
  insert(1, 10);
  configure();
  add_versions(kVersions);
  Process host(world_.command({"run"}), world_.environment());
  const auto all_have = [&](size_t rows) {
    for (int version = 1; version <= kVersions; ++version)
      if (stored("v", version).size() != rows) return false;
    return true;
  };
  // How many runs there were, and how many different horizons the last `kVersions` of them saw.
  const auto runs = [&] { return texts("outcome").size(); };
  const auto run_all = [&] {
    const size_t before = runs();
    host.signal(SIGUSR1);
    ASSERT_TRUE(eventually([&] { return runs() == before + kVersions; })) << host.err();
  };
  ASSERT_TRUE(eventually([&] { return all_have(10) && runs() == kVersions; })) << host.err();
  run_all();  // none knows yet that there is nothing
  run_all();
  const auto horizons = texts("to");
  EXPECT_EQ(std::set<std::string>(horizons.begin(), horizons.begin() + kVersions).size(), 1u);
  EXPECT_EQ(texts("outcome"), std::vector<std::string>(3 * kVersions, "completed"));

  insert(11, 1);
  run_all();
  EXPECT_TRUE(all_have(11));
  run_all();
  redis().flush_all();
  run_all();
  EXPECT_TRUE(all_have(11));
  host.signal(SIGTERM);
  EXPECT_EQ(host.wait(), 0);
}

// 51
TEST_F(Hosts, SigtermInTheMiddleOfABatchEndsInTimeAndLosesNothing) {
  make_table();
  insert(1, 20000);
  configure({.view = kPaced, .host = std::string(kSmallBatches) + "stop_timeout = \"1s\"\n"});
  Process host(world_.command({"run"}), world_.environment());
  ASSERT_TRUE(run_is_under_way()) << host.err();
  const auto before = std::chrono::steady_clock::now();
  host.signal(SIGTERM);
  EXPECT_EQ(host.wait(), 0) << host.err();
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(5));
  EXPECT_THAT(host.err(), AllOf(HasSubstr("stopping: 1 runs under way"), HasSubstr("host stopped")));
  EXPECT_EQ(outcomes(), std::vector<std::string>{"cancelled"});
  EXPECT_LT(stored().size(), 20000u);
  EXPECT_EQ(marker("ordinal"), "(nil)");
  configure();
  EXPECT_EQ(materialize().read(), 20000);
  EXPECT_EQ(stored(), table());
}

// 26
TEST_F(Stores, AStoreThatIsWipedIsFilledAgainAndOneThatIsRestoredCatchesUp) {
  RedisServer redis;
  make_table();
  configure({.store = redis.url()});
  insert(1, 100);
  materialize();
  EXPECT_EQ(redis.command({"SAVE"}), "OK");
  std::filesystem::copy(redis.folder() + "/dump.rdb", redis.folder() + "/backup");
  insert(101, 100);
  sql("UPDATE shop.items SET at = clock_timestamp(), v = -v WHERE v <= 10");
  materialize();
  redis.kill9();
  std::filesystem::rename(redis.folder() + "/backup", redis.folder() + "/dump.rdb");
  redis.restart();
  ASSERT_EQ(redis_fields(redis, "penstock:items_v1:", "v").size(), 100u) << "restored";
  insert(201, 1);
  EXPECT_EQ(materialize().read(), 111);
  EXPECT_EQ(redis_fields(redis, "penstock:items_v1:", "v"), table());

  redis.flush_all();
  const Ran again = materialize();
  EXPECT_THAT(again.finished.err, HasSubstr("reading everything again"));
  EXPECT_EQ(again.read(), 201);
  EXPECT_EQ(redis_fields(redis, "penstock:items_v1:", "v"), table());
}

// 26
TEST_F(Stores, AFailoverThatLostAcknowledgedWritesIsMadeGoodByTheNextRun) {
  RedisServer master({"", {"repl-diskless-sync-delay 0"}});
  RedisServer replica({"", {"replicaof 127.0.0.1 " + std::to_string(master.port())}});
  make_table();
  configure({.store = master.url()});
  insert(1, 100);
  materialize();
  ASSERT_TRUE(eventually([&] { return replica.command({"DBSIZE"}) == master.command({"DBSIZE"}); }));
  ASSERT_TRUE(eventually([&] {
    return replica.command({"HGET", "penstock:marker:items_v1", "ordinal"}) == master.command({"HGET", "penstock:marker:items_v1", "ordinal"});
  }));
  EXPECT_EQ(replica.command({"REPLICAOF", "NO", "ONE"}), "OK");
  insert(101, 50);
  EXPECT_EQ(materialize().written(), 50) << "acknowledged by the old master alone";
  configure({.store = replica.url()});
  insert(151, 1);
  EXPECT_EQ(materialize().read(), 51);
  EXPECT_EQ(redis_fields(replica, "penstock:items_v1:", "v"), table());
}

// 28
TEST_F(Stores, AStoreThatDoesNotAnswerIsAskedLessAndLessOften) {
  make_table();
  configure({.host = "max_retries = 2\nretry_delay = \"100ms\"\ninterval = \"1h\"\n", .store = "redis://127.0.0.1:1/0"});
  std::string toml = read_file(world_.config_path());
  toml.erase(toml.find("max_retries = 0\n"), 16);
  world_.configure_text(toml);
  const auto before = std::chrono::steady_clock::now();
  Process host(world_.command({"run"}), world_.environment());
  ASSERT_TRUE(eventually([&] { return host.err().find("again at its next interval") != std::string::npos; })) << host.err();
  // The store's client asks for a second each time.
  EXPECT_GE(std::chrono::steady_clock::now() - before, std::chrono::seconds(2));
  EXPECT_EQ(outcomes(), (std::vector<std::string>{"failed", "failed", "failed"}));
}

// 28
TEST_F(Stores, AStoreThatEvictsOrWantsAPasswordIsRefusedAtOnce) {
  make_table();
  RedisServer evicting({"", {"maxmemory 100mb", "maxmemory-policy allkeys-lru"}}), locked({"canary", {}});
  configure({.host = "max_retries = 5\n", .store = evicting.url()});
  std::string toml = read_file(world_.config_path());
  toml.erase(toml.find("max_retries = 0\n"), 16);
  world_.configure_text(toml);
  EXPECT_THAT(failing_run(), AllOf(HasSubstr("maxmemory-policy allkeys-lru"), Not(HasSubstr("again in"))));
  toml.replace(toml.find(evicting.url()), evicting.url().size(), locked.url());
  world_.configure_text(toml);
  EXPECT_THAT(failing_run(), AllOf(HasSubstr("NOAUTH"), Not(HasSubstr("again in"))));
}

// 47
TEST_F(Stores, TheLifeOfUnchangedRowsStartsAgainAndATtlBelowTheIntervalIsWarnedOf) {
  make_table();
  configure({.view = "ttl = \"1h\"\n"});
  insert(1, 10);
  materialize();
  redis().command({"EXPIRE", "penstock:items_v1:k1", "100"});
  EXPECT_EQ(materialize({"--full"}).unchanged(), 10);
  EXPECT_GT(std::stoll(redis().command({"TTL", "penstock:items_v1:k1"})), 3500);
  configure({.view = "ttl = \"1m\"\ninterval = \"5m\"\n"});
  const Finished checked = world_.penstock({"validate"});
  EXPECT_EQ(checked.exit_code, 0);
  EXPECT_THAT(checked.out + checked.err, AllOf(HasSubstr("warning"), HasSubstr("ttl")));
}

// 48
TEST_F(Stores, AKeyOfSomebodyElseIsARejectAndIsNeverTouched) {
  make_table();
  configure({.view = "ttl = \"1h\"\n"});
  redis().command({"SET", "penstock:items_v1:k1", "mine"});
  redis().command({"HSET", "penstock:items_v1:k2", "v", "mine"});
  insert(1, 3);
  EXPECT_EQ(counts(materialize()), "read 3 = written 1 + unchanged 0 + stale 0 + rejected 2");
  EXPECT_EQ(redis().command({"GET", "penstock:items_v1:k1"}), "mine");
  EXPECT_EQ(redis().command({"HGETALL", "penstock:items_v1:k2"}), "[\"v\", \"mine\"]");
  EXPECT_EQ(redis().command({"TTL", "penstock:items_v1:k2"}), "-1");
  EXPECT_THAT(rejects(), HasSubstr("holds something that Penstock did not write"));
}

}  // namespace
}  // namespace penstock::test
