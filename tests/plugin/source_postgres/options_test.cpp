#include "warehouse.hpp"

#include <cstdlib>
#include <fstream>

namespace penstock::test {
namespace {

RecordedError validated(const std::map<std::string, std::string>& options) {
  RecordedError error = validate_options(postgres(), options);
  expect_no_secret(error);
  return error;
}

TEST(PostgresOptions, OrdinaryDsnsAreAccepted) {
  for (const std::string dsn :
       {"postgresql://u:p@db.example.org:5432/x", "postgres://u@localhost/x?sslmode=prefer",
        "host=db.example.org dbname=x user=u", "host=/var/run/postgresql",
        "postgresql://u@a.example,b.example/x?target_session_attrs=any", "host=db.example.org sslmode=disable"})
    EXPECT_EQ(validated({{"dsn", dsn}}).status, PENSTOCK_STATUS_OK) << dsn;
}

TEST(PostgresOptions, UnreadableDsnIsAnErrorThatQuotesNothingOfIt) {
  const std::string canary = PostgresServer::kPassword;
  for (const std::string& dsn :
       {"postgresql://u:" + canary + "%zz@h/x", canary, "host=h " + canary, "host=h " + canary + "=x",
        "postgresql://u:" + canary + "@h:" + canary + "/x?" + canary + "=1", "host='unterminated " + canary}) {
    const RecordedError error = validated({{"dsn", dsn}});
    EXPECT_EQ(error.status, PENSTOCK_STATUS_INVALID_ARGUMENT) << dsn;
    EXPECT_EQ(error.message.find("dsn: neither a URI (postgresql://USER@HOST:PORT/DATABASE) nor a list"), 0u)
        << error.message;
  }
}

TEST(PostgresOptions, PasswordGivenTwiceIsAnError) {
  const std::string canary = PostgresServer::kPassword;
  EXPECT_EQ(validated({{"dsn", "postgresql://u:" + canary + "@h/x"}, {"password", canary}}).message,
            "the password is given twice: in dsn and in password; remove one");
}

TEST(PostgresOptions, TlsThatFallsBackToPlainTextIsRefusedForARemoteServer) {
  EXPECT_EQ(validated({{"dsn", "host=db.example.org sslmode=prefer"}}).message,
            "sslmode=prefer falls back to plain text: use verify-full, or disable if plain text is meant");
  EXPECT_EQ(validated({{"dsn", "host=localhost,db.example.org sslmode=allow"}}).status,
            PENSTOCK_STATUS_INVALID_ARGUMENT);
  EXPECT_EQ(validated({{"dsn", "host=localhost hostaddr=192.0.2.1 sslmode=prefer"}}).status,
            PENSTOCK_STATUS_INVALID_ARGUMENT);
  EXPECT_EQ(validated({{"dsn", "host=127.0.0.1 sslmode=prefer"}}).status, PENSTOCK_STATUS_OK);
}

// A service file may name any host, so the server counts as remote; this one has no TLS.
TEST(PostgresOptions, ServerThatMayBeRemoteIsVerifiedUnlessTheDsnSaysOtherwise) {
  const std::string file = shared_server().folder() + "/services.conf";
  std::ofstream(file) << "[warehouse]\nhost=127.0.0.1\nport=" << shared_server().port()
                      << "\nuser=penstock\ndbname=postgres\n";
  setenv("PGSERVICEFILE", file.c_str(), 1);
  const RecordedError error = failure_of([] {
    SourceDriver strict(postgres(), {{"dsn", std::string("service=warehouse")}});
  });
  EXPECT_EQ(error.status, PENSTOCK_STATUS_FAILED_PRECONDITION) << error.message;
  { SourceDriver option(postgres(), {{"dsn", "service=warehouse"}, {"sslmode", "disable"}}); }
  { SourceDriver dsn(postgres(), {{"dsn", "service=warehouse sslmode=disable"}, {"sslmode", "verify-full"}}); }
  unsetenv("PGSERVICEFILE");
}

TEST(PostgresOptions, UnixSocketAndApplicationNameWork) {
  SourceDriver source(postgres(), {{"dsn", "host=" + shared_server().folder() + " port=" +
                                             std::to_string(shared_server().port()) + " user=penstock dbname=postgres"},
                                 {"application_name", "feeder"}});
  EXPECT_EQ(shared_server().value("SELECT client_addr IS NULL FROM pg_stat_activity WHERE application_name = 'feeder'"),
            "t");
}

TEST(PostgresOptions, SessionIsReadOnlyWithAPinnedSearchPath) {
  Warehouse warehouse;
  const auto setting = [&](const std::string& name) {
    return warehouse
        .scan({.table = {.query = "SELECT current_setting('" + name + "') AS v, now() AS at"}, .columns = {"v"}})
        .at(0)
        .at(0);
  };
  EXPECT_EQ(setting("transaction_read_only"), "on");
  EXPECT_EQ(setting("transaction_isolation"), "repeatable read");
  EXPECT_EQ(setting("default_transaction_read_only"), "on");
  EXPECT_EQ(setting("search_path"), "pg_catalog, pg_temp");
  EXPECT_EQ(setting("TimeZone"), "UTC");
  EXPECT_EQ(setting("client_encoding"), "UTF8");
  EXPECT_EQ(setting("statement_timeout"), "10min");
  EXPECT_EQ(setting("application_name"), "penstock");
}

}  // namespace
}  // namespace penstock::test
