// The private server that the tests of this program share, and the connector opened on it.
#pragma once

#include "support/plugin_file.hpp"
#include "support/postgres_server.hpp"

#include <penstock/testing/source_driver.hpp>
#include <penstock/testing/validate.hpp>

#include <gtest/gtest.h>
#include <chrono>
#include <functional>
#include <thread>

namespace penstock::test {

using Rows = TextRows;

inline const penstock_component& postgres() {
  return component(load_plugin("source_postgres"), "postgres");
}

// Anybody may log in as any role; every DSN carries the canary password all the same.
inline PostgresServer& shared_server() {
  static PostgresServer server({.passwords = false, .settings = {"max_connections=50"}});
  return server;
}

inline std::string reader_dsn(const PostgresServer& server, const std::string& role = "penstock",
                              const std::string& database = "postgres") {
  return server.dsn(role, database, PostgresServer::kPassword);
}

using Given = std::map<std::string, std::string>;

// A small margin, so that tests need not wait for the horizon to pass their rows.
inline Given with_dsn(Given options) {
  options.emplace("dsn", reader_dsn(shared_server()));
  options.emplace("margin", "1ms");
  return options;
}

struct Warehouse : SourceDriver {
  explicit Warehouse(const Given& options = {}) : SourceDriver(postgres(), with_dsn(options)) {}
};

inline void expect_no_secret(const RecordedError& error) {
  EXPECT_EQ(error.message.find(PostgresServer::kPassword), std::string::npos) << error.message;
  for (const auto& [key, value] : error.details)
    EXPECT_EQ(value.find(PostgresServer::kPassword), std::string::npos) << key;
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

// Polls until the condition holds, for at most ten seconds.
inline bool eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

// Nanoseconds since 1970 of an SQL expression, by the server.
inline int64_t ns_of(const std::string& timestamptz) {
  return 1000 * std::stoll(shared_server().value("SELECT (EXTRACT(epoch FROM " + timestamptz + ") * 1000000)::bigint"));
}

// Drops and makes anew a schema for one test.
inline void fresh_schema(const std::string& name) {
  shared_server().exec("DROP SCHEMA IF EXISTS " + name + " CASCADE; CREATE SCHEMA " + name +
                       "; GRANT USAGE ON SCHEMA " + name + " TO PUBLIC");
}

}  // namespace penstock::test
