// What goes wrong in practice, each with one clear message that names file, line, object and fix.
#include "e2e/world.hpp"

#include <csignal>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace penstock::test {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;

// Where in the configuration.
constexpr const char* kPlace = "penstock\\.toml:[0-9]+:[0-9]+: ";
constexpr const char* kMemory = "plugin = \"memory\"\n";

class BadInput : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    postgres_ = new PostgresServer({.passwords = true});
    create_seed_table(*postgres_);
    insert_users(*postgres_, 0, 10);
  }
  static void TearDownTestSuite() { delete postgres_; }
  void SetUp() override {
    write_file(world_.folder().path() / "warehouse" / (std::string(kTable) + ".csv"),
               "DOMAIN_USERID,UPDATED_AT,TOTAL_TRANSACTIONS,TOTAL_REVENUE,AVG_TRANSACTION_REVENUE\nu1,2026-01-01T00:00:00Z,3,300,100\n");
  }

  std::string file_warehouse() const { return "plugin = \"file\"\npath = \"" + (world_.folder() / "warehouse") + "\"\nsettle = \"0s\"\n"; }
  std::string postgres_warehouse(const std::string& password = PostgresServer::kPassword) {
    world_.set_environment("WAREHOUSE_DSN", postgres_->dsn("penstock", "postgres", password));
    return "plugin = \"postgres\"\ndsn = { env = \"WAREHOUSE_DSN\" }\n";
  }
  // The configuration with `what` replaced.
  void configure_with(const std::string& what, const std::string& by, SeedConfiguration seed) {
    world_.configure(seed);
    std::string toml = read_file(world_.config_path());
    const size_t at = toml.find(what);
    ASSERT_NE(at, std::string::npos) << what;
    toml.replace(at, what.size(), by);
    world_.configure_text(toml);
  }
  SeedConfiguration files() const { return {.warehouse = file_warehouse(), .store = kMemory}; }
  // The plugin folder is a copy that a test may spoil.
  std::string plugin_folder() {
    const std::filesystem::path folder = world_.folder().path() / "plugins";
    std::filesystem::create_directories(folder);
    for (const char* name : {"source_file.so", "sink_memory.so"})
      std::filesystem::copy_file(std::string(PENSTOCK_BUILD_DIR "/plugins/") + name, folder / name);
    configure_with(PENSTOCK_BUILD_DIR "/plugins", folder.string(), files());
    return folder.string();
  }
  std::string validate(int exit_code = 78, bool online = false) {
    const Finished run = world_.penstock(online ? std::vector<std::string>{"validate", "--online"} : std::vector<std::string>{"validate"});
    EXPECT_EQ(run.exit_code, exit_code) << run.out << run.err;
    return run.err;
  }

  static PostgresServer* postgres_;
  World world_;
};

PostgresServer* BadInput::postgres_ = nullptr;

TEST_F(BadInput, UnknownKey) {
  configure_with("owner =", "ownr =", files());
  EXPECT_THAT(validate(), AllOf(ContainsRegex(kPlace), HasSubstr("view \"" + std::string(kView) + "\" v1"), HasSubstr("\"ownr\""), HasSubstr("did you mean \"owner\"?")));
}

TEST_F(BadInput, AMisspeltKeyWhereAPluginHasOptionsOfItsOwn) {
  configure_with("table = \"", "descripton = \"x\"\ntable = \"", files());
  EXPECT_THAT(validate(), AllOf(ContainsRegex(kPlace), HasSubstr("batch source \"ecommerce_transaction_interactions_source\""),
                                HasSubstr("unknown option \"descripton\" (did you mean \"description\"?)")));
}

TEST_F(BadInput, WrongType) {
  configure_with("version = 1", "version = \"one\"", files());
  EXPECT_THAT(validate(), AllOf(ContainsRegex(kPlace), HasSubstr("version"), HasSubstr("integer")));
}

TEST_F(BadInput, MissingPlugin) {
  configure_with("plugin = \"memory\"", "plugin = \"memroy\"", files());
  EXPECT_THAT(validate(), AllOf(ContainsRegex(kPlace), HasSubstr("store \"profiles\""), HasSubstr("no plugin offers the sink \"memroy\""), HasSubstr("did you mean \"memory\"?"), HasSubstr("available: memory, redis")));
}

TEST_F(BadInput, ALibraryThatIsNotAPlugin) {
  const std::string folder = plugin_folder();
  write_file(folder + "/not_a_plugin.so", "hello");
  std::filesystem::permissions(folder + "/not_a_plugin.so", std::filesystem::perms(0755));
  EXPECT_THAT(validate(), HasSubstr("not_a_plugin.so"));
}

TEST_F(BadInput, APluginOfAnotherAbi) {
  const std::string folder = plugin_folder();
  // The note holds "Penstock", then the major version: make it 9.
  std::string library = read_file(folder + "/sink_memory.so");
  const size_t at = library.find(std::string("Penstock\0\0\0\0\1\0\0\0", 16));
  ASSERT_NE(at, std::string::npos);
  library[at + 12] = 9;
  write_file(folder + "/sink_memory.so", library);
  EXPECT_THAT(validate(), AllOf(HasSubstr("sink_memory.so"), HasSubstr("9"), HasSubstr("ABI")));
}

TEST_F(BadInput, APluginThatEverybodyMayWrite) {
  const std::string folder = plugin_folder();
  ASSERT_EQ(chmod((folder + "/sink_memory.so").c_str(), 0777), 0);
  EXPECT_THAT(validate(), AllOf(HasSubstr("sink_memory.so"), HasSubstr("writable")));
}

TEST_F(BadInput, MissingTable) {
  configure_with(kTable, "SNOWPLOW_ECOMMERCE_TRANSACTION_INTERACTIONS_FEATURE", {.warehouse = postgres_warehouse(), .store = kMemory});
  EXPECT_THAT(validate(78, true), AllOf(ContainsRegex(kPlace), HasSubstr("view \"" + std::string(kView) + "\" v1: batch source \"ecommerce_transaction_interactions_source\""), HasSubstr("does not exist")));
}

TEST_F(BadInput, MissingColumn) {
  configure_with("{ name = \"TOTAL_REVENUE\",", "{ name = \"TOTAL_REVENU\",", {.warehouse = postgres_warehouse(), .store = kMemory});
  EXPECT_THAT(validate(78, true), AllOf(ContainsRegex(kPlace), HasSubstr("field \"TOTAL_REVENU\": no such column"), HasSubstr("did you mean \"TOTAL_REVENUE\"?")));
}

TEST_F(BadInput, TimestampColumnOfAWrongType) {
  configure_with("timestamp_field = \"UPDATED_AT\"", "timestamp_field = \"TOTAL_REVENUE\"", {.warehouse = postgres_warehouse(), .store = kMemory});
  EXPECT_THAT(validate(78, true), AllOf(ContainsRegex(kPlace), HasSubstr("timestamp_field \"TOTAL_REVENUE\" has type bigint; set epoch_unit")));
}

TEST_F(BadInput, AViewOnAnUnknownSource) {
  configure_with("batch_source = \"ecommerce_transaction_interactions_source\"", "batch_source = \"ecommerce_transaction_interaction_source\"", files());
  EXPECT_THAT(validate(), AllOf(ContainsRegex(kPlace), HasSubstr("ecommerce_transaction_interaction_source"), HasSubstr("did you mean \"ecommerce_transaction_interactions_source\"?")));
}

TEST_F(BadInput, DuplicateNamesInTwoFiles) {
  world_.configure(files());
  std::filesystem::create_directories(world_.folder().path() / "conf");
  std::filesystem::rename(world_.config_path(), world_.folder().path() / "conf" / "a.toml");
  write_file(world_.folder().path() / "conf" / "b.toml", "[store.profiles]\nplugin = \"memory\"\n");
  const Finished run = run_process({PENSTOCK_BUILD_DIR "/penstock", "validate", "-c", world_.folder() / "conf"});
  EXPECT_EQ(run.exit_code, 78);
  EXPECT_THAT(run.err, AllOf(ContainsRegex("b\\.toml:1:[0-9]+: .*\"profiles\".*a\\.toml:[0-9]+:[0-9]+")));
}

TEST_F(BadInput, ALiteralPassword) {
  configure_with("dsn = { env = \"WAREHOUSE_DSN\" }", "dsn = \"postgresql://penstock:hunter2@127.0.0.1/x\"", {.warehouse = postgres_warehouse(), .store = kMemory});
  EXPECT_THAT(validate(), AllOf(ContainsRegex(kPlace), HasSubstr("warehouse \"prod\""), HasSubstr("{ env ="), testing::Not(HasSubstr("hunter2"))));
}

TEST_F(BadInput, AWrongPassword) {
  world_.configure({.warehouse = postgres_warehouse("not-the-password"), .store = kMemory});
  EXPECT_THAT(validate(78, true), AllOf(HasSubstr("warehouse \"prod\""), HasSubstr("password authentication failed"), testing::Not(HasSubstr("not-the-password"))));
}

TEST_F(BadInput, AServerThatIsDown) {
  world_.set_environment("WAREHOUSE_DSN", "postgresql://penstock@127.0.0.1:1/postgres");
  world_.configure({.warehouse = "plugin = \"postgres\"\ndsn = { env = \"WAREHOUSE_DSN\" }\n", .store = kMemory, .host = "max_retries = 0\n"});
  const Finished run = world_.penstock({"materialize"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.err, AllOf(HasSubstr("view \"" + std::string(kView) + "\" v1: warehouse \"prod\""), HasSubstr("127.0.0.1"), HasSubstr("refused")));
}

TEST_F(BadInput, AnEmptySecret) {
  world_.configure({.warehouse = "plugin = \"postgres\"\ndsn = { env = \"NOT_SET_ANYWHERE\" }\n", .store = kMemory});
  EXPECT_THAT(validate(78, true), HasSubstr("v1: warehouse \"prod\": dsn: environment variable \"NOT_SET_ANYWHERE\" is not set"));
}

TEST_F(BadInput, AServerThatDiesInTheMiddleOfARunFailsTheRunAndTheNextOneCompletes) {
  PostgresServer postgres;
  RedisServer redis;
  create_seed_table(postgres);
  insert_users(postgres, 0, 30000);
  world_.set_environment("WAREHOUSE_DSN", postgres.dsn("penstock"));
  const SeedConfiguration seed{.warehouse = "plugin = \"postgres\"\ndsn = { env = \"WAREHOUSE_DSN\" }\n",
                               .store = "plugin = \"redis\"\nurl = \"" + redis.url() + "\"\n",
                               .host = "max_retries = 0\nbatch_rows = 500\nqueue_batches = 1\n",
                               .view = "max_rows_per_second = 20000\n"};
  world_.configure(seed);
  Process run(world_.command({"materialize"}), world_.environment());
  ASSERT_TRUE(eventually([&] { return std::stoll(redis.command({"DBSIZE"})) > 2000; })) << run.err();
  redis.kill9();
  EXPECT_EQ(run.wait(), 1);
  EXPECT_THAT(run.err(), AllOf(HasSubstr("view \"" + std::string(kView) + "\" v1: store \"profiles\""), HasSubstr("connection")));

  redis.restart();
  SeedConfiguration fast = seed;
  fast.view.clear();
  world_.configure(fast);
  const Finished after = world_.penstock({"materialize", "--json"});
  EXPECT_EQ(after.exit_code, 0) << after.err;
  EXPECT_EQ(json_number(after.out, "read"), 30000);
  EXPECT_EQ(redis_profiles(redis), expected_profiles(postgres));
}

TEST_F(BadInput, APluginThatGivesAMalformedBatchFailsItsViewAndTheOthersGoOn) {
  std::filesystem::copy_file(PENSTOCK_BUILD_DIR "/test_plugins/malformed_source.so", plugin_folder() + "/malformed_source.so");
  world_.configure_text(read_file(world_.config_path()) +
                        "[warehouse.letters]\nplugin = \"misbehaving\"\nmode = \"offsets_decrease\"\n"
                        "[[batch_source]]\nname = \"letters_source\"\nwarehouse = \"letters\"\ntable = \"letters\"\ntimestamp_field = \"n\"\n"
                        "[[entity]]\nname = \"letter\"\nkeys = [\"t\"]\n"
                        "[[view]]\nname = \"letters\"\nversion = 1\nentity = \"letter\"\noffline = true\nonline = true\ninterval = \"100ms\"\n"
                        "batch_source = \"letters_source\"\nnull_timestamp = \"skip\"\nfields = [ { name = \"l\", type = \"string_list\" } ]\n");
  Process host(world_.command({"run"}), world_.environment());
  const std::string rule = "view \"letters\" v1: batch source \"letters_source\": misbehaving: read: batch 2: malformed Arrow array: column \"t\": offsets decrease at row 1";
  ASSERT_TRUE(eventually([&] { return host.err().find(rule) != std::string::npos; })) << host.err();
  ASSERT_TRUE(eventually([&] { return world_.penstock({"get", kView, "u1", "--json"}).out.find("\"TOTAL_REVENUE\":300") != std::string::npos; })) << host.err();
  EXPECT_THAT(world_.penstock({"history", "letters", "--json"}).out, testing::Not(HasSubstr("completed")));
  host.signal(SIGTERM);
  EXPECT_EQ(host.wait(), 0) << host.err();
}

TEST_F(BadInput, AFullDiskUnderTheStateFailsTheRunAndLosesNothing) {
  world_.configure(files());
  ASSERT_EQ(world_.penstock({"apply"}).exit_code, 0);
  // Files may not grow any more: what a full disk looks like to SQLite.
  std::string command = "ulimit -f 4; exec";
  for (const std::string& word : world_.command({"materialize"})) command += " '" + word + "'";
  const Finished full = run_process({"/bin/bash", "-c", command}, world_.environment());
  EXPECT_EQ(full.exit_code, 1) << full.out;
  EXPECT_THAT(full.err, HasSubstr("state"));
  const Finished after = world_.penstock({"materialize", "--json"});
  EXPECT_EQ(after.exit_code, 0) << after.err;
  EXPECT_EQ(json_number(after.out, "written"), 1);
}

}  // namespace
}  // namespace penstock::test
