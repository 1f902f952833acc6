// The real servers that the tests of this program share, each behind its ODBC driver, and the connector opened on them.
#pragma once

#include "support/mariadb_server.hpp"
#include "support/odbc_environment.hpp"
#include "support/odbc_session.hpp"
#include "support/plugin_file.hpp"
#include "support/postgres_server.hpp"

#include <penstock/testing/source_driver.hpp>
#include <penstock/testing/validate.hpp>

#include <gtest/gtest.h>
#include <algorithm>
#include <functional>

namespace penstock::test {

using Rows = TextRows;

constexpr int64_t kSecond = 1'000'000'000;
// 2024-05-01 10:00:00 UTC
constexpr int64_t kTen = 1'714'557'600 * kSecond;

using Given = std::map<std::string, std::string>;
using Sql = std::vector<std::string>;

inline const penstock_component& odbc() { return component(load_plugin("source_odbc"), "odbc"); }

// What a test needs to know of a database: how to prepare it, and how its SQL differs.
struct Database {
  std::string name;        // of the dialect
  std::string quote;       // around names
  std::string wall;        // a type for times without a zone, to the microsecond
  std::string instant;     // for times with one; empty: there is none
  std::string now;         // an expression
  std::string sleep;       // a query that takes a minute, of table `one` with a column at
  std::string password;    // must be in no message
  std::function<Given()> options;
  std::function<void(const Sql&)> exec;  // as somebody who may write; starts the server
  std::function<std::string(const std::string&)> value;
  // For table t of the test's place, which `fresh` empties.
  std::function<TableSpec(const std::string&)> table;
  std::function<std::string(const std::string&)> path;  // in SQL
  std::function<void()> fresh;
  // FROM that gives the numbers 1 … n as column n.
  std::function<std::string(int64_t)> numbers;
};

inline PostgresServer& postgres_server() {
  OdbcEnvironment::shared();
  static PostgresServer server({.passwords = false, .settings = {"max_connections=50"}});
  return server;
}

inline std::string postgres_connection(const PostgresServer& server, const std::string& user = "penstock") {
  return "DRIVER=PostgreSQL Unicode;SERVER=127.0.0.1;PORT=" + std::to_string(server.port()) + ";DATABASE=postgres;UID=" + user;
}

inline MariadbServer& mariadb_server() {
  static MariadbServer server;
  return server;
}

// The file of the SQLite tests.
inline const std::string& sqlite_file() {
  static const TemporaryFolder folder;
  static const std::string path = folder / "warehouse.db";
  return path;
}

inline OdbcSession& sqlite_session() {
  // Without the file being synced at every commit.
  static OdbcSession session("DRIVER=SQLite3;Database=" + sqlite_file() + ";SyncPragma=OFF");
  return session;
}

inline Database postgres_database() {
  return {.name = "postgres",
          .quote = "\"",
          .wall = "timestamp",
          .instant = "timestamptz",
          .now = "now()",
          .sleep = "SELECT 1 AS id, at, pg_sleep(60)::text AS s FROM o.one",
          .password = PostgresServer::kPassword,
          .options = [] { return Given{{"dsn", postgres_connection(postgres_server())}, {"password", PostgresServer::kPassword}}; },
          .exec =
              [](const Sql& statements) {
                PostgresSession session(postgres_server().dsn());
                for (const std::string& sql : statements) session.exec(sql);
              },
          .value = [](const std::string& sql) { return postgres_server().value(sql); },
          .table = [](const std::string& table) { return TableSpec{.schema = "o", .table = table}; },
          .path = [](const std::string& table) { return "o." + table; },
          .fresh = [] { postgres_server().exec("DROP SCHEMA IF EXISTS o CASCADE; CREATE SCHEMA o; GRANT USAGE ON SCHEMA o TO PUBLIC"); },
          .numbers = [](int64_t n) { return "generate_series(1, " + std::to_string(n) + ") AS numbers(n)"; }};
}

inline Database mariadb_database() {
  return {.name = "mariadb",
          .quote = "`",
          .wall = "DATETIME(6)",
          .instant = "TIMESTAMP(6) NULL",
          .now = "NOW(6)",
          .sleep = "SELECT 1 AS id, at, SLEEP(60) AS s FROM one",
          .password = MariadbServer::kPassword,
          .options = [] { return Given{{"dsn", mariadb_server().connection("penstock")}, {"password", MariadbServer::kPassword}}; },
          .exec = [](const Sql& statements) { mariadb_server().exec(statements); },
          .value = [](const std::string& sql) { return mariadb_server().value(sql); },
          .table = [](const std::string& table) { return TableSpec{.table = table, .database = "penstock"}; },
          .path = [](const std::string& table) { return table; },
          .fresh = [] { mariadb_server().exec({"DROP DATABASE penstock", "CREATE DATABASE penstock CHARACTER SET utf8mb4"}); },
          .numbers = [](int64_t n) { return "(SELECT seq AS n FROM seq_1_to_" + std::to_string(n) + ") AS numbers"; }};
}

inline Database sqlite_database() {
  return {.name = "sqlite",
          .quote = "\"",
          .wall = "TIMESTAMP",
          .instant = {},
          .now = "strftime('%Y-%m-%d %H:%M:%f', 'now')",
          .sleep = "SELECT (WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < 1000000000) SELECT count(*) FROM counted) AS s, 1 AS id, at FROM one",
          .password = {},
          .options =
              [] {
                sqlite_session();
                return Given{{"dsn", "DRIVER=SQLite3;Database=" + sqlite_file()}};
              },
          .exec =
              [](const Sql& statements) {
                for (const std::string& sql : statements) sqlite_session().exec(sql);
              },
          .value = [](const std::string& sql) { return sqlite_session().value(sql); },
          .table = [](const std::string& table) { return TableSpec{.table = table}; },
          .path = [](const std::string& table) { return table; },
          .fresh =
              [] {
                for (const auto& row : sqlite_session().rows("SELECT printf('DROP %s \"%w\"', type, name) FROM sqlite_master WHERE type IN ('view', 'table') ORDER BY type DESC"))
                  sqlite_session().exec(row[0]);
              },
          .numbers =
              [](int64_t n) {
                return "(WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < " + std::to_string(n) +
                       ") SELECT n FROM counted) AS numbers";
              }};
}

inline Given options_of(const Database& database, const Given& more) {
  Given options = database.options();
  for (const auto& [key, value] : more) options[key] = value;
  return options;
}

struct Warehouse : SourceDriver {
  explicit Warehouse(const Database& database, const Given& more = {}) : SourceDriver(odbc(), options_of(database, more)) {}
};

inline void expect_no_secret(const RecordedError& error) {
  for (const char* secret : {PostgresServer::kPassword, MariadbServer::kPassword}) {
    EXPECT_EQ(error.message.find(secret), std::string::npos) << error.message;
    for (const auto& [key, value] : error.details) EXPECT_EQ(value.find(secret), std::string::npos) << key;
  }
}

// The error that `act` ends with; status OK, and a failed test, if it ends well.
inline RecordedError failure_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const CallFailed& failure) {
    expect_no_secret(failure.error);
    return failure.error;
  }
  ADD_FAILURE() << "it did not fail";
  return {};
}

// The same tests for every database.
class EveryDatabase : public ::testing::TestWithParam<Database (*)()> {
 protected:
  void SetUp() override { db.fresh(); }

  const Database db = GetParam()();
};

inline std::string name_of_database(const ::testing::TestParamInfo<Database (*)()>& test) { return test.param().name; }

#define PENSTOCK_EVERY_DATABASE(Suite) \
  INSTANTIATE_TEST_SUITE_P(Odbc, Suite, ::testing::Values(&postgres_database, &mariadb_database, &sqlite_database), &name_of_database)

}  // namespace penstock::test
