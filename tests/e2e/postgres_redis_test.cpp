// The main job with the real servers: the seed view from PostgreSQL into Redis.
#include "e2e/world.hpp"

#include <csignal>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <penstock/stored_profile.hpp>

namespace penstock::test {
namespace {

using testing::HasSubstr;

class PostgresToRedis : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    postgres_ = new PostgresServer({.passwords = true});
    redis_ = new RedisServer();
  }
  static void TearDownTestSuite() {
    delete redis_;
    delete postgres_;
  }

  void SetUp() override {
    postgres_->exec("DROP SCHEMA IF EXISTS \"SIGNALS\" CASCADE");
    create_seed_table(*postgres_);
    redis_->flush_all();
    configure();
  }

  void configure(const std::string& view = {}, const std::string& host = {}) {
    world_.set_environment("WAREHOUSE_DSN", postgres_->dsn("penstock", "postgres", PostgresServer::kPassword));
    world_.configure({.warehouse = "plugin = \"postgres\"\ndsn = { env = \"WAREHOUSE_DSN\" }\n",
                      .store = "plugin = \"redis\"\nurl = \"" + redis_->url() + "\"\n",
                      .host = host,
                      .view = view});
  }

  std::string materialize(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{"materialize", "--json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Finished run = world_.penstock(arguments);
    EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
    return run.out;
  }

  static std::string json_counts(const std::string& run) {
    const auto count = [&](const char* name) { return std::string(name) + " " + std::to_string(json_number(run, name)); };
    return count("read") + " = " + count("written") + " + " + count("unchanged") + " + " + count("stale") + " + " + count("rejected") + ", " + count("retried");
  }

  static std::string table() { return std::string("\"SIGNALS\".\"") + kTable + "\""; }

  static PostgresServer* postgres_;
  static RedisServer* redis_;
  World world_;
};

PostgresServer* PostgresToRedis::postgres_ = nullptr;
RedisServer* PostgresToRedis::redis_ = nullptr;

TEST_F(PostgresToRedis, FirstRunWritesEveryRowAndTheNextOnlyWhatChanged) {
  insert_users(*postgres_, 0, 100000);
  const std::string first = materialize();
  EXPECT_EQ(json_number(first, "read"), 100000);
  EXPECT_EQ(json_number(first, "written"), 100000);
  EXPECT_EQ(redis_profiles(*redis_), expected_profiles(*postgres_));

  postgres_->exec("UPDATE " + table() + " SET \"UPDATED_AT\" = clock_timestamp(), \"TOTAL_REVENUE\" = \"TOTAL_REVENUE\" + 5 "
                  "WHERE \"DOMAIN_USERID\" IN (SELECT 'u' || n FROM generate_series(500, 1499) AS n)");
  const std::string second = materialize();
  EXPECT_EQ(json_number(second, "read"), 1000);
  EXPECT_EQ(json_number(second, "written"), 1000);
  EXPECT_EQ(redis_profiles(*redis_), expected_profiles(*postgres_));

  EXPECT_EQ(json_number(materialize(), "read"), 0);
}

TEST_F(PostgresToRedis, ValidateOnlineWarnsOfABigTableWithoutAnIndexOnItsTimestamp) {
  insert_users(*postgres_, 0, 20000);
  postgres_->exec("ANALYZE " + table());
  EXPECT_EQ(world_.penstock({"validate", "--online"}).err, "") << "the table comes with an index";

  postgres_->exec("DROP INDEX " + postgres_->value("SELECT indexrelid::regclass FROM pg_index WHERE indrelid = '" + table() + "'::regclass"));
  const Finished slow = world_.penstock({"validate", "--online"});
  EXPECT_EQ(slow.exit_code, 0) << slow.err;
  EXPECT_THAT(slow.err, HasSubstr("warning: " + world_.config_path() + ":"));
  EXPECT_THAT(slow.err, HasSubstr("no index of table " + std::string("\"SIGNALS\".\"") + kTable + "\" (about 20000 rows) begins with the timestamp field \"UPDATED_AT\""));
  EXPECT_THAT(world_.penstock({"validate", "--online", "--json"}).out, HasSubstr("CREATE INDEX ON"));
}

TEST_F(PostgresToRedis, OfSeveralRowsOfOneEntityTheGreatestTimestampStaysAlsoAcrossBatches) {
  configure({}, "batch_rows = 100\n");
  for (const char* minutes : {"50", "10", "30"})
    postgres_->exec("INSERT INTO " + table() + " SELECT 'u' || n % 250, now() - interval '" + minutes + " minutes' - n * interval '1 second', n, n * 2, " +
                    minutes + " FROM generate_series(1, 1000) AS n");
  const std::string run = materialize();
  EXPECT_EQ(json_number(run, "read"), 3000);
  EXPECT_EQ(json_number(run, "written") + json_number(run, "stale"), 3000);
  EXPECT_EQ(redis_profiles(*redis_), expected_profiles(*postgres_));
}

TEST_F(PostgresToRedis, AnOverflowIsOneRejectAndEverythingElseArrives) {
  insert_users(*postgres_, 0, 1000);
  postgres_->exec("UPDATE " + table() + " SET \"TOTAL_REVENUE\" = 3000000000 WHERE \"DOMAIN_USERID\" = 'u7'");
  const std::string run = materialize();
  EXPECT_EQ(json_number(run, "read"), 1000);
  EXPECT_EQ(json_number(run, "written"), 999);
  EXPECT_EQ(json_number(run, "rejected"), 1);
  auto expected = expected_profiles(*postgres_);
  expected.erase("u7");
  EXPECT_EQ(redis_profiles(*redis_), expected);
  const Finished rejects = world_.penstock({"history", "--rejects", "--json"});
  EXPECT_THAT(rejects.out, HasSubstr("\"key\":\"u7\",\"column\":\"TOTAL_REVENUE\",\"value_class\":\"number outside int32\",\"reason\":\"does not fit into int32\""));
}

TEST_F(PostgresToRedis, ARowThatTheStoreRefusedArrivesOnceItCan) {
  insert_users(*postgres_, 0, 1000);
  const std::string key = std::string("penstock:") + kView + "_v1:u7";
  redis_->command({"SET", key, "mine"});
  const std::string first = materialize();
  EXPECT_EQ(json_counts(first), "read 1000 = written 999 + unchanged 0 + stale 0 + rejected 1, retried 0");
  const std::string shown = world_.penstock({"history", kView, "--rejects", "--json"}).out;
  EXPECT_THAT(shown, HasSubstr("\"key\":\"u7\""));
  EXPECT_THAT(shown, HasSubstr("\"retryable\":true,\"attempts\":0,"));
  EXPECT_THAT(world_.penstock({"history", "--rejects"}).out, HasSubstr("next run  the key \"" + key + "\" holds something that Penstock did not write"));

  EXPECT_EQ(json_counts(materialize()), "read 1 = written 0 + unchanged 0 + stale 0 + rejected 1, retried 1");
  EXPECT_THAT(world_.penstock({"history", kView, "--rejects", "--json"}).out, HasSubstr("\"retryable\":true,\"attempts\":1,"));
  EXPECT_EQ(redis_->command({"GET", key}), "mine") << "what is not ours stays";

  redis_->command({"DEL", key});
  EXPECT_EQ(json_counts(materialize()), "read 1 = written 1 + unchanged 0 + stale 0 + rejected 0, retried 1");
  EXPECT_EQ(redis_profiles(*redis_), expected_profiles(*postgres_));
  EXPECT_EQ(world_.penstock({"history", "--rejects"}).out, "no rejects\n");
  EXPECT_EQ(json_counts(materialize()), "read 0 = written 0 + unchanged 0 + stale 0 + rejected 0, retried 0");
}

TEST_F(PostgresToRedis, ARefusedRowThatArrivedComesBackAfterTheStoreIsRestoredToBefore) {
  insert_users(*postgres_, 0, 1000);
  const std::string key = std::string("penstock:") + kView + "_v1:u7";
  redis_->command({"SET", key, "mine"});
  EXPECT_EQ(json_number(materialize(), "rejected"), 1);
  redis_->command({"DEL", key});
  ASSERT_EQ(redis_->command({"SAVE"}), "OK");
  const auto dump = std::filesystem::path(redis_->folder()) / "dump.rdb", copy = dump.parent_path() / "copy.rdb";
  std::filesystem::copy_file(dump, copy);
  EXPECT_EQ(json_counts(materialize()), "read 1 = written 1 + unchanged 0 + stale 0 + rejected 0, retried 1");

  redis_->kill9();
  std::filesystem::copy_file(copy, dump, std::filesystem::copy_options::overwrite_existing);
  redis_->restart();
  const std::string run = materialize();
  EXPECT_EQ(json_counts(run), "read 1000 = written 1 + unchanged 999 + stale 0 + rejected 0, retried 0");
  EXPECT_THAT(run, HasSubstr("the store went back to before it took rows that it had refused (restored, or failed over): reading everything again"));
  EXPECT_EQ(redis_profiles(*redis_), expected_profiles(*postgres_));
  EXPECT_EQ(json_counts(materialize()), "read 0 = written 0 + unchanged 0 + stale 0 + rejected 0, retried 0");
}

TEST_F(PostgresToRedis, RejectsAreDroppedByCommandBesideARunningHost) {
  insert_users(*postgres_, 0, 100);
  redis_->command({"SET", std::string("penstock:") + kView + "_v1:u7", "mine"});
  postgres_->exec("UPDATE " + table() + " SET \"TOTAL_REVENUE\" = 3000000000 WHERE \"DOMAIN_USERID\" = 'u8'");
  EXPECT_EQ(world_.penstock({"history", kView, "--drop-rejects"}).out, std::string("dropped 0 rejects of view \"") + kView + "\" v1\n");
  configure("interval = \"200ms\"\n");
  Process host(world_.command({"run"}), world_.environment());
  ASSERT_TRUE(eventually([&] { return world_.penstock({"status", "--json"}).out.find("\"rejects\":2") != std::string::npos; })) << host.err();
  EXPECT_EQ(world_.penstock({"history", "--drop-rejects"}).exit_code, 2) << "it wants a view";
  const Finished dropped = world_.penstock({"history", kView, "--drop-rejects", "--json"});
  EXPECT_EQ(dropped.exit_code, 0) << dropped.err;
  EXPECT_EQ(dropped.out, std::string("{\"view\":\"") + kView + "\",\"version\":1,\"dropped\":2}\n");
  EXPECT_EQ(world_.penstock({"history", kView, "--drop-rejects"}).out, std::string("dropped 0 rejects of view \"") + kView + "\" v1\n");
  host.signal(SIGTERM);
  EXPECT_EQ(host.wait(), 0) << host.err();
  EXPECT_EQ(world_.penstock({"history", "--rejects"}).out, "no rejects\n");
}

TEST_F(PostgresToRedis, RejectsOfAViewThatIsGoneCanStillBeSeenAndDropped) {
  insert_users(*postgres_, 0, 10);
  redis_->command({"SET", std::string("penstock:") + kView + "_v1:u7", "mine"});
  materialize();
  std::string text = read_file(world_.config_path());
  for (size_t at; (at = text.find("version = 1")) != std::string::npos;) text.replace(at, 11, "version = 2");
  world_.configure_text(text);
  const std::string old = std::string(kView) + "_v1";
  EXPECT_EQ(world_.penstock({"history", kView, "--rejects"}).out, "no rejects\n") << "of version 2";
  EXPECT_THAT(world_.penstock({"history", old, "--rejects"}).out, HasSubstr("u7"));
  EXPECT_EQ(world_.penstock({"history", old, "--drop-rejects"}).out, std::string("dropped 1 reject of view \"") + kView + "\" v1\n");
  EXPECT_EQ(world_.penstock({"history", std::string(kView) + "_v3", "--drop-rejects"}).exit_code, 2);
}

TEST_F(PostgresToRedis, NullReplacesAValue) {
  insert_users(*postgres_, 0, 10);
  materialize();
  postgres_->exec("UPDATE " + table() + " SET \"UPDATED_AT\" = clock_timestamp(), \"TOTAL_REVENUE\" = NULL WHERE \"DOMAIN_USERID\" = 'u3'");
  materialize();
  EXPECT_EQ(redis_profiles(*redis_), expected_profiles(*postgres_));
}

TEST_F(PostgresToRedis, KillInTheMiddleAndARestartEndInTheSameStore) {
  insert_users(*postgres_, 0, 60000);
  // Small paced batches, so that the kill lands inside the run.
  configure("max_rows_per_second = 40000\n", "batch_rows = 500\n");
  {
    Process host(world_.command({"materialize"}), world_.environment());
    ASSERT_TRUE(eventually([&] { return std::stoll(redis_->command({"DBSIZE"})) > 5000; })) << host.err();
    host.signal(SIGKILL);
    EXPECT_EQ(host.wait(), 128 + SIGKILL);
  }
  EXPECT_LT(redis_profiles(*redis_).size(), 60000U);
  configure();
  const Finished after = world_.penstock({"history", "--json"});
  EXPECT_THAT(after.out, HasSubstr("\"running\"")) << "the killed run is still recorded as running";
  const std::string run = materialize();
  EXPECT_EQ(json_number(run, "read"), 60000);
  EXPECT_GT(json_number(run, "unchanged"), 0);
  EXPECT_EQ(redis_profiles(*redis_), expected_profiles(*postgres_));
  EXPECT_THAT(world_.penstock({"history", "--json"}).out, HasSubstr("\"interrupted\""));
}

TEST_F(PostgresToRedis, AWipedStoreIsFilledAgain) {
  insert_users(*postgres_, 0, 100);
  materialize();
  redis_->flush_all();
  const std::string run = materialize();
  EXPECT_EQ(json_number(run, "written"), 100);
  EXPECT_THAT(run, HasSubstr("reading everything again"));
  EXPECT_EQ(redis_profiles(*redis_), expected_profiles(*postgres_));
}

TEST_F(PostgresToRedis, AViewThatMovesFromFilesToATableReadsTheTableFromItsBeginning) {
  write_file(world_.folder().path() / "warehouse" / (std::string(kTable) + ".csv"),
             "DOMAIN_USERID,UPDATED_AT,TOTAL_TRANSACTIONS,TOTAL_REVENUE,AVG_TRANSACTION_REVENUE\nu0,2026-01-01T00:00:00Z,3,300,100\n");
  world_.configure({.warehouse = "plugin = \"file\"\npath = \"" + (world_.folder() / "warehouse") + "\"\nsettle = \"0s\"\n",
                    .store = "plugin = \"redis\"\nurl = \"" + redis_->url() + "\"\n"});
  ASSERT_TRUE(eventually([&] { return !materialize().empty() && !redis_profiles(*redis_).empty(); }));
  // Rows of an hour ago: before the position, which is that of a file that was written just now.
  insert_users(*postgres_, 0, 10);
  configure();
  const std::string run = materialize();
  EXPECT_EQ(json_number(run, "read"), 10);
  EXPECT_THAT(run, HasSubstr("is that of another kind of source: reading everything again"));
  EXPECT_EQ(redis_profiles(*redis_), expected_profiles(*postgres_));
}

TEST_F(PostgresToRedis, PackedProfilesEqualTheTableAndAreReadByGetAndByTheSdk) {
  const auto configure_layout = [&](const std::string& layout) {
    world_.configure({.warehouse = "plugin = \"postgres\"\ndsn = { env = \"WAREHOUSE_DSN\" }\n",
                      .store = "plugin = \"redis\"\nlayout = \"" + layout + "\"\nurl = \"" + redis_->url() + "\"\n"});
  };
  const std::vector<StoredField> fields = {{"TOTAL_TRANSACTIONS", {ValueKind::int32, false}}, {"TOTAL_REVENUE", {ValueKind::int32, false}}, {"AVG_TRANSACTION_REVENUE", {ValueKind::int32, false}}};
  const auto packed_profiles = [&] {
    std::map<std::string, std::string> profiles;
    for (const auto& [key, value] : expected_profiles(*postgres_)) {
      const auto profile = read_packed_profile(fields, redis_->command({"GET", std::string("penstock:") + kView + "_v1:" + key}));
      if (!profile) continue;
      for (const StoredValue& one : profile->values) {
        const auto* number = std::get_if<int32_t>(&one);
        profiles[key] += (profiles[key].empty() ? "" : "|") + (number == nullptr ? "-" : std::to_string(*number));
      }
    }
    return profiles;
  };
  configure_layout("packed");
  insert_users(*postgres_, 0, 2000);
  postgres_->exec("UPDATE " + table() + " SET \"TOTAL_REVENUE\" = NULL WHERE \"DOMAIN_USERID\" = 'u6'");
  EXPECT_THAT(world_.penstock({"plan"}).out, HasSubstr("packed string penstock:"));
  EXPECT_EQ(json_number(materialize(), "written"), 2000);
  EXPECT_EQ(packed_profiles(), expected_profiles(*postgres_));
  postgres_->exec("UPDATE " + table() + " SET \"UPDATED_AT\" = clock_timestamp(), \"TOTAL_REVENUE\" = 4242 WHERE \"DOMAIN_USERID\" = 'u5'");
  EXPECT_EQ(json_number(materialize(), "written"), 1);
  EXPECT_EQ(packed_profiles(), expected_profiles(*postgres_));
  EXPECT_EQ(json_counts(materialize({"--full"})), "read 2000 = written 0 + unchanged 2000 + stale 0 + rejected 0, retried 0");

  const Finished profile = world_.penstock({"get", kView, "u5", "--json"});
  EXPECT_EQ(profile.exit_code, 0) << profile.err;
  EXPECT_THAT(profile.out, HasSubstr("\"TOTAL_REVENUE\":4242"));
  EXPECT_THAT(world_.penstock({"get", kView, "u6", "--json"}).out, HasSubstr("\"TOTAL_REVENUE\":null"));

  configure_layout("hash");
  const Finished refused = world_.penstock({"materialize", "--full"});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.out + refused.err, HasSubstr("are there in layout = \"packed\", and the store's is \"hash\": give the view a new version, or the store another key_prefix"));
  EXPECT_EQ(packed_profiles(), expected_profiles(*postgres_));
}

TEST_F(PostgresToRedis, TheDaemonDoesNotSendAgainWhatALookbackBringsAgainButACorrectionLands) {
  insert_users(*postgres_, 0, 100);
  postgres_->exec("UPDATE " + table() + " SET \"UPDATED_AT\" = clock_timestamp()");
  configure("interval = \"100ms\"\nlookback = \"1h\"\n");
  Process host(world_.command({"run"}), world_.environment());
  const auto runs_that_found_all_unchanged = [&] {
    const std::string history = world_.penstock({"history", "--json"}).out;
    size_t runs = 0;
    for (size_t at = history.find("\"unchanged\":100,"); at != std::string::npos; at = history.find("\"unchanged\":100,", at + 1)) ++runs;
    return runs;
  };
  ASSERT_TRUE(eventually([&] { return runs_that_found_all_unchanged() >= 2; })) << host.err();
  redis_->command({"CONFIG", "RESETSTAT"});
  const size_t before = runs_that_found_all_unchanged();
  ASSERT_TRUE(eventually([&] { return runs_that_found_all_unchanged() >= before + 2; })) << host.err();
  const std::string commands = redis_->command({"INFO", "commandstats"});
  EXPECT_THAT(commands, HasSubstr("cmdstat_hincrby")) << "runs did begin";
  EXPECT_THAT(commands, testing::Not(HasSubstr("cmdstat_restore:")));
  EXPECT_THAT(commands, testing::Not(HasSubstr("cmdstat_exec:")));

  postgres_->exec("UPDATE " + table() + " SET \"TOTAL_REVENUE\" = 4242 WHERE \"DOMAIN_USERID\" = 'u5'");
  ASSERT_TRUE(eventually([&] { return redis_profiles(*redis_) == expected_profiles(*postgres_); })) << host.err();
  host.signal(SIGTERM);
  EXPECT_EQ(host.wait(), 0) << host.err();
}

TEST_F(PostgresToRedis, TheDaemonBringsAChangedRowATickLaterAndAnswersReads) {
  insert_users(*postgres_, 0, 100);
  configure("interval = \"200ms\"\n");
  Process host(world_.command({"run"}), world_.environment());
  ASSERT_TRUE(eventually([&] { return redis_profiles(*redis_) == expected_profiles(*postgres_); })) << host.err();
  postgres_->exec("UPDATE " + table() + " SET \"UPDATED_AT\" = clock_timestamp(), \"TOTAL_REVENUE\" = 4242 WHERE \"DOMAIN_USERID\" = 'u5'");
  ASSERT_TRUE(eventually([&] { return redis_profiles(*redis_) == expected_profiles(*postgres_); })) << host.err();

  const Finished profile = world_.penstock({"get", kView, "u5", "--json"});
  EXPECT_EQ(profile.exit_code, 0) << profile.err;
  EXPECT_THAT(profile.out, HasSubstr("\"TOTAL_REVENUE\":4242"));
  EXPECT_THAT(world_.penstock({"get", "--service", "checkout", "u5"}).out, HasSubstr("4242"));
  const Finished status = world_.penstock({"status", "--json"});
  EXPECT_THAT(status.out, HasSubstr("\"running\":true"));
  EXPECT_THAT(status.out, HasSubstr("\"state\":\""));

  host.signal(SIGTERM);
  EXPECT_EQ(host.wait(), 0) << host.err();
  EXPECT_THAT(host.err(), HasSubstr("host stopped"));
}

TEST_F(PostgresToRedis, ASliceDoesNotMoveThePosition) {
  insert_users(*postgres_, 0, 10);
  const std::string slice = materialize({"--from", "2000-01-01"});
  EXPECT_EQ(json_number(slice, "written"), 10);
  const std::string run = materialize();
  EXPECT_EQ(json_number(run, "read"), 10);
  EXPECT_EQ(json_number(run, "unchanged"), 10);
}

TEST_F(PostgresToRedis, ADryRunWritesNothing) {
  insert_users(*postgres_, 0, 10);
  EXPECT_EQ(json_number(materialize({"--dry-run"}), "read"), 10);
  EXPECT_EQ(redis_->command({"KEYS", "penstock:*_v1*"}), "[]") << "neither profiles nor a marker";
}

TEST_F(PostgresToRedis, PlanShowsTheStatementAndTheKeys) {
  const Finished plan = world_.penstock({"plan"});
  EXPECT_EQ(plan.exit_code, 0) << plan.err;
  EXPECT_THAT(plan.out, HasSubstr(std::string("+ view \"") + kView + "\" v1"));
  EXPECT_THAT(plan.out, HasSubstr(std::string("FROM \"SIGNALS\".\"") + kTable + "\""));
  EXPECT_THAT(plan.out, HasSubstr(std::string("penstock:") + kView + "_v1:"));
  EXPECT_THAT(plan.out, testing::Not(HasSubstr("\"UPDATED_AT\" > ")));
}

TEST_F(PostgresToRedis, PlanShowsTheWindowOfTheNextRun) {
  insert_users(*postgres_, 0, 10);
  materialize();
  EXPECT_THAT(world_.penstock({"plan"}).out, HasSubstr("WHERE ((t.\"UPDATED_AT\" > '20"));
  redis_->flush_all();
  const Finished wiped = world_.penstock({"plan"});
  EXPECT_THAT(wiped.out, testing::Not(HasSubstr("\"UPDATED_AT\" > ")));
  EXPECT_THAT(wiped.out, HasSubstr("note    the store has no marker for this view (wiped, or another store): reading everything again"));
}

TEST_F(PostgresToRedis, ValidateOnlineSaysTheGuaranteeClassAndWhy) {
  const Finished checked = world_.penstock({"validate", "--online"});
  EXPECT_EQ(checked.exit_code, 0) << checked.err;
  EXPECT_THAT(checked.out, testing::ContainsRegex("ok, class [AB] \\(.+\\), horizon 20"));
  EXPECT_THAT(world_.penstock({"validate", "--online", "--json"}).out, testing::ContainsRegex("\"guarantee\":\"[AB]\",\"guarantee_why\":\".+\",\"horizon\":\"20"));
}

TEST_F(PostgresToRedis, NothingThatIsPrintedHoldsThePassword) {
  insert_users(*postgres_, 0, 10);
  configure({}, "log_level = \"debug\"\n");
  std::string all;
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
           {"validate", "--online"}, {"plan", "--json"}, {"materialize", "--json"}, {"status", "--json"}, {"history", "--json"}, {"plugins", "info", "postgres"}}) {
    const Finished run = world_.penstock(command);
    all += run.out + run.err;
  }
  EXPECT_THAT(all, testing::Not(HasSubstr(PostgresServer::kPassword)));
}

}  // namespace
}  // namespace penstock::test
