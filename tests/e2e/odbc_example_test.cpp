// Examples of config/examples as they stand, but for folders, the interval and, where there is none to be had, the server.
#include "e2e/world.hpp"
#include "plugin/source_odbc/snowflake.hpp"
#include "support/odbc_environment.hpp"
#include "support/odbc_session.hpp"

#include <csignal>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::test {
namespace {

using ::testing::HasSubstr;

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

std::string example(const World& world, const std::string& name) {
  std::string toml = read_file(PENSTOCK_SOURCE_DIR "/config/examples/" + name);
  toml = replaced(toml, "\"/usr/lib/penstock/plugins\"", "\"" PENSTOCK_BUILD_DIR "/plugins\"");
  toml = replaced(toml, "\"/var/lib/penstock\"", "\"" + world.state_dir() + "\"");
  return replaced(toml, "\"5m\" ", "\"100ms\"\nhttp_port = 0 ");
}

bool has_revenue(const World& world, const std::string& user, int revenue) {
  return world.penstock({"get", kView, user, "--json"}).out.find("\"TOTAL_REVENUE\":" + std::to_string(revenue) + ",") != std::string::npos;
}

class SqliteExample : public ::testing::Test {
 protected:
  SqliteExample() : file_(world_.folder() / "warehouse.db") {
    OdbcEnvironment::shared();
    const std::string connection = "DRIVER=SQLite3;Database=" + file_;
    world_.set_environment("WAREHOUSE_DSN", connection);
    world_.configure_text(example(world_, "odbc-sqlite.toml"));
    session_ = std::make_unique<OdbcSession>(connection);
    session_->exec(std::string("CREATE TABLE ") + kTable +
                   " (DOMAIN_USERID text NOT NULL, UPDATED_AT timestamp NOT NULL, TOTAL_TRANSACTIONS integer, TOTAL_REVENUE integer, "
                   "AVG_TRANSACTION_REVENUE integer)");
  }
  void order(const std::string& user, int revenue) const {
    session_->exec(std::string("INSERT INTO ") + kTable + " VALUES ('" + user + "', strftime('%Y-%m-%d %H:%M:%f', 'now'), 1, " + std::to_string(revenue) + ", 1)");
  }
  bool has(const std::string& user, int revenue) const { return has_revenue(world_, user, revenue); }

  World world_;
  const std::string file_;
  std::unique_ptr<OdbcSession> session_;
};

TEST_F(SqliteExample, SyncsATableAndPicksUpWhatChanges) {
  order("u1", 360);
  order("u2", 50);
  EXPECT_EQ(world_.penstock({"validate", "--online"}).exit_code, 0) << world_.penstock({"validate", "--online"}).err;
  Process host(world_.command({"run"}), world_.environment());
  ASSERT_TRUE(eventually([&] { return has("u1", 360) && has("u2", 50); })) << host.err();
  order("u2", 70);
  ASSERT_TRUE(eventually([&] { return has("u2", 70); })) << host.err();
  EXPECT_THAT(world_.penstock({"status"}).out, HasSubstr("class B (the server's clock less the lag"));
  host.signal(SIGTERM);
  EXPECT_EQ(host.wait(), 0);
}

// The fake driver plays Snowflake, with a clock that ticks once for each run.
class SnowflakeExample : public ::testing::Test {
 protected:
  // The first scan brings a user who was changed at `at`, the others nothing. Read row by row, values of any length come last.
  // `fault`, if any, ends a scan before that one in its rows.
  void configure(const std::string& at, const std::string& user = "u1", const std::string& fault = {}) {
    SnowflakeScript script;
    script.table = kTable;
    script.columns = {{"DOMAIN_USERID", "VARCHAR(16777216)"}, {"UPDATED_AT", "TIMESTAMP_NTZ(9)"}, {"TOTAL_TRANSACTIONS", "NUMBER(38,0)"},
                      {"TOTAL_REVENUE", "NUMBER(38,0)"}, {"AVG_TRANSACTION_REVENUE", "NUMBER(38,0)"}};
    for (Texts& column : script.columns) column.emplace_back("COLUMN");
    for (int run = 0; run < 100; ++run)
      script.first.push_back(text_statement("SELECT TO_VARCHAR\\\\(DATE_PART.*", 1, {{std::to_string(kSnowNow + run * kSecond)}}, "\"times\": 1"));
    script.scans = {text_statement("SELECT 1 FROM .*", 1, {}), text_statement("SELECT t.*", 5, {{user, at, "3", "360", "120"}}, "\"times\": 1"),
                    text_statement("SELECT TO_CHAR.*", 5, {{at, user, "3", "360", "120"}}), text_statement("SELECT t.*", 5, {})};
    const std::vector<Texts> lost = {{user, at, "1", "1", "1"}, {user, at, "1", "1", "1"}};
    if (!fault.empty()) script.scans.insert(script.scans.begin(), text_statement("SELECT t.*", 5, lost, "\"times\": 1, \"fault\": " + fault));
    fake_.set_script(script.script());
    toml_ = example(world_, "snowflake.toml");
    // "DRIVER=Fake;SCRIPT=…;LOG=…;"
    std::string keys = fake_.connection_string();
    for (size_t i = 0; (i = keys.find_first_of("=;", i)) != std::string::npos; i += 4) keys.replace(i, 1, keys[i] == '=' ? " = \"" : "\"\n  ");
    toml_ = replaced(toml_, "DRIVER        = \"SnowflakeDSIIDriver\"", keys + "#");
    toml_ = replaced(toml_, "plugin = \"redis\"\nurl    = \"redis://127.0.0.1:6379/0\"", "plugin = \"memory\"");
    world_.set_environment("SNOWFLAKE_KEY_PASSWORD", "c4nary");
  }
  size_t asked(const std::string& beginning) const { return fake_.logged("execute " + beginning).size(); }

  World world_;
  FakeOdbc fake_;
  std::string toml_;
};

TEST_F(SnowflakeExample, SyncsTheSeedsTable) {
  configure("2026-01-31 11:00:00.000000000");
  world_.configure_text(toml_);
  const Finished validated = world_.penstock({"validate", "--online"});
  EXPECT_EQ(validated.exit_code, 0) << validated.out << validated.err;
  Process host(world_.command({"run"}), world_.environment());
  ASSERT_TRUE(eventually([&] { return has_revenue(world_, "u1", 360); })) << host.err();
  host.signal(SIGTERM);
  EXPECT_EQ(host.wait(), 0);
  EXPECT_EQ(fake_.logged("keys ").front(), "keys AUTHENTICATOR,DRIVER,LOG,PRIV_KEY_FILE,ROLE,SCRIPT,SERVER,UID,WAREHOUSE,PRIV_KEY_FILE_PWD");
  EXPECT_THAT(validated.out + validated.err + host.err(), ::testing::Not(HasSubstr("c4nary")));
}

// The driver does not read a value of an array again, and a source that failed is not asked again: another one must know.
TEST_F(SnowflakeExample, BringsATextThatDoesNotFitAnArrayByASecondScan) {
  configure("2026-01-31 11:00:00.000000000", std::string(1500, 'x'));
  world_.configure_text(replaced(toml_, "http_port = 0", "http_port = 0\nretry_delay = \"100ms\""));
  Process host(world_.command({"run"}), world_.environment());
  ASSERT_TRUE(eventually([&] { return host.err().find("read 1 row: 1 written") != std::string::npos; })) << host.err();
  host.signal(SIGTERM);
  EXPECT_EQ(host.wait(), 0);
  EXPECT_THAT(host.err(), HasSubstr("from now on the rows of this table are read one by one"));
}

TEST_F(SnowflakeExample, LogsInAgainWhenItsSessionExpiresInMidScan) {
  configure("2026-01-31 11:00:00.000000000", "u1",
            R"({"before_row": 1, "sqlstate": "08001", "native": 390114, "message": "Authentication token has expired.  The user must authenticate again."})");
  world_.configure_text(replaced(toml_, "http_port = 0", "http_port = 0\nretry_delay = \"100ms\""));
  Process host(world_.command({"run"}), world_.environment());
  ASSERT_TRUE(eventually([&] { return has_revenue(world_, "u1", 360); })) << host.err();
  host.signal(SIGTERM);
  EXPECT_EQ(host.wait(), 0);
  // The same run tried it again; what the broken scan had brought was not written.
  EXPECT_THAT(host.err(), HasSubstr("The user must authenticate again (attempt 1 of"));
  EXPECT_THAT(host.err(), HasSubstr("read 1 row: 1 written"));
}

TEST_F(SnowflakeExample, LeavesATableAloneThatDoesNotChange) {
  configure("2026-01-31 11:00:00.000000000+00:00");
  toml_ = replaced(toml_, "\"UPDATED_AT\"", "\"METADATA$ROW_LAST_COMMIT_TIME\"");
  world_.configure_text(replaced(replaced(toml_, "lag          = \"1m\"", "#"), "lookback     = \"15m\"", "#"));
  Process host(world_.command({"run"}), world_.environment());
  ASSERT_TRUE(eventually([&] { return asked("SELECT TO_VARCHAR(SYSTEM") >= 6; })) << host.err();
  EXPECT_THAT(world_.penstock({"status"}).out, HasSubstr("class A (METADATA$ROW_LAST_COMMIT_TIME"));
  host.signal(SIGTERM);
  EXPECT_EQ(host.wait(), 0);
  EXPECT_EQ(asked("SELECT t."), 2u) << "the one that brought the row, and the one that found no other";
  EXPECT_EQ(asked("SELECT 1 "), 1u);
}

}  // namespace
}  // namespace penstock::test
