// The connectors that come with the host pass the suite, on a file, in memory and on private servers. Which checks do not apply to one
// stands beside it, so that none is skipped unnoticed.
#include "support/mariadb_server.hpp"
#include "support/odbc_environment.hpp"
#include "support/postgres_server.hpp"
#include "support/process.hpp"
#include "support/redis_server.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <set>
#include <sstream>

namespace penstock::test {
namespace {

const std::string kBuild = PENSTOCK_BUILD_DIR;

// Of the table that each source is tried on: a tie, the moment before 1970, a NULL cursor, a microsecond between two rows.
const char* const kEvents[][3] = {
    {"1", "moon", "1969-07-20 20:17:40"},         {"2", "", "1969-12-31 23:59:59.999999"}, {"3", "zero", "1970-01-01 00:00:00"},
    {"4", "tie", "2023-11-14 22:13:20"},          {"5", "tie", "2023-11-14 22:13:20"},     {"6", "close", "2023-11-14 22:13:20.000001"},
    {"7", "caf\xc3\xa9", "2023-11-14 22:13:21"}, {"8", "later", "2023-11-14 22:14:21.5"}, {"9", "never", nullptr},
    {"10", "last", "2024-01-01 00:00:00"},
};

std::string quoted(const char* text) { return text == nullptr ? "NULL" : "'" + std::string(text) + "'"; }

// As one INSERT; `zone` is appended to each time.
std::string insert_events(const std::string& zone = {}) {
  std::string sql;
  for (const auto& [id, name, at] : kEvents)
    sql += (sql.empty() ? "INSERT INTO events VALUES (" : ", (") + std::string(id) + ", " + quoted(name) + ", " + (at == nullptr ? "NULL" : quoted((at + zone).c_str())) + ")";
  return sql;
}

std::string batch_source(const std::string& place, size_t rows = std::size(kEvents)) {
  return "[[batch_source]]\nname = \"events\"\nwarehouse = \"here\"\n" + place + "table = \"events\"\ntimestamp_field = \"at\"\n[check]\nkeys = [\"id\"]\nrows = " + std::to_string(rows) + "\n";
}

using Checks = std::set<std::string>;

// Without a server to stand before there is no network to break.
const Checks kNetworkOfSource = {"faults.cancel", "faults.cut", "faults.deadline", "faults.reset", "faults.slow"};
const Checks kNetworkOfSink = {"faults.acknowledged", "faults.cancel", "faults.deadline", "faults.reset"};

Checks operator+(Checks one, const Checks& other) {
  one.insert(other.begin(), other.end());
  return one;
}

// Runs the whole suite. Nothing may be wrong, and exactly `skipped` does not apply.
void expect_fit(const std::string& plugin, const std::string& quirks, const Checks& skipped) {
  const TemporaryFolder folder;
  write_file(folder / "quirks.toml", quirks);
  const Finished finished = run_process({kBuild + "/penstock", "plugins", "check", kBuild + "/plugins/" + plugin + ".so", "--quirks", folder / "quirks.toml"});
  EXPECT_EQ(finished.exit_code, 0) << finished.out << finished.err;
  Checks seen;
  std::istringstream lines(finished.out);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("SKIP")) seen.insert(line.substr(8, line.find(' ', 8) - 8));
  EXPECT_EQ(seen, skipped) << finished.out;
}

TEST(Conformance, TheFileSourcePassesIt) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "events");
  std::string text = "id,name,at\n";
  for (const auto& [id, name, at] : kEvents) text += std::string(id) + "," + name + "," + (at == nullptr ? "" : at + std::string("Z")) + "\n";
  write_file(folder / "events/first.csv", text);
  write_file(folder / "events/second.csv", "id,name,at\n11,second,2024-01-02 00:00:00Z\n12,second,2024-01-03 00:00:00Z\n");
  expect_fit("source_file", "[warehouse.here]\nplugin = \"file\"\npath = \"" + folder.path().string() + "\"\n" + batch_source("", std::size(kEvents) + 2),
             kNetworkOfSource + Checks{"options.secret", "source.horizon_lag", "source.order"});
}

TEST(Conformance, TheMemorySinkPassesIt) { expect_fit("sink_memory", "[store.here]\nplugin = \"memory\"\n", kNetworkOfSink + Checks{"lifecycle.out_params", "options.secret"}); }

TEST(Conformance, TheRedisSinkPassesIt) {
  RedisServer server;
  expect_fit("sink_redis", "[store.here]\nplugin = \"redis\"\nurl = \"" + server.url() + "\"\n[check]\nserver = { url = \"url\" }\n", {});
}

TEST(Conformance, ThePostgresSourcePassesIt) {
  if (!PostgresServer::installed()) GTEST_SKIP() << "PostgreSQL is not installed";
  PostgresServer server;
  server.exec("CREATE TABLE events (id bigint, name text, at timestamptz); CREATE INDEX ON events (at, id); " + insert_events("+00"));
  setenv("CHECKED_DSN", server.dsn("penstock").c_str(), 1);
  expect_fit("source_postgres", "[warehouse.here]\nplugin = \"postgres\"\ndsn = { env = \"CHECKED_DSN\" }\n" + batch_source("schema = \"public\"\n") + "server = { url = \"dsn\" }\n",
             {});
}

void execute(const std::string& file, const std::string& sql) {
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(file.c_str(), &database), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(database);
  sqlite3_close(database);
}

TEST(Conformance, TheOdbcSourcePassesItWithSqlite) {
  OdbcEnvironment::shared();
  if (!OdbcEnvironment::installed("SQLite3")) GTEST_SKIP() << "SQLite's ODBC driver is not installed";
  const TemporaryFolder folder;
  execute(folder / "warehouse.db", "CREATE TABLE events (id INTEGER, name TEXT, at TIMESTAMP); " + insert_events());
  expect_fit("source_odbc",
             "[warehouse.here]\nplugin = \"odbc\"\nconnection = { DRIVER = \"SQLite3\", Database = \"" + (folder / "warehouse.db") + "\" }\n" + batch_source("") +
                 "timezone = \"UTC\"\n",
             kNetworkOfSource);
}

TEST(Conformance, TheOdbcSourcePassesItWithMariadb) {
  OdbcEnvironment::shared();
  if (!MariadbServer::installed()) GTEST_SKIP() << "MariaDB or its ODBC driver is not installed";
  MariadbServer server;
  server.exec({"CREATE TABLE events (id BIGINT, name TEXT, at DATETIME(6), KEY (at, id))", insert_events()});
  setenv("CHECKED_PASSWORD", MariadbServer::kPassword, 1);
  expect_fit("source_odbc",
             "[warehouse.here]\nplugin = \"odbc\"\nconnection = { DRIVER = \"MariaDB Unicode\", SERVER = \"127.0.0.1\", PORT = \"" + std::to_string(server.port()) +
                 "\", DATABASE = \"penstock\", UID = \"penstock\" }\npassword = { env = \"CHECKED_PASSWORD\" }\n" + batch_source("database = \"penstock\"\n") +
                 "timezone = \"UTC\"\nskip = { \"faults.descriptors\" = \"MariaDB's driver does not connect any more once it was without descriptors\" }\n",
             kNetworkOfSource + Checks{"faults.descriptors"});
}

}  // namespace
}  // namespace penstock::test
