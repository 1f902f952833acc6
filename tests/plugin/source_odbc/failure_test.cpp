#include "support/silent_peer.hpp"
#include "warehouse.hpp"

#include <csignal>
#include <filesystem>
#include <thread>

namespace penstock::test {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr int64_t kBigRows = 20'000;
const CursorSpec kUtc{.column = "at", .timezone = "UTC"};

int64_t read_to_the_end(ScanDriver& scan) {
  int64_t rows = 0;
  for (int64_t n; (n = scan.next_length()) >= 0;) rows += n;
  return rows;
}

// All threads of it.
bool is_stopped(pid_t process) {
  const std::filesystem::directory_iterator tasks("/proc/" + std::to_string(process) + "/task");
  return std::all_of(begin(tasks), end(tasks), [](const auto& task) {
    const std::string stat = read_file(task.path() / "stat");
    return stat.at(stat.rfind(") ") + 2) == 'T';
  });
}

class OdbcFailure : public EveryDatabase {
 protected:
  // More than a page of a driver that is read by pages, and than an array.
  void make_big_table() {
    const std::string insert = "INSERT INTO " + db.path("big") + " SELECT n, '2024-01-0";
    db.exec({"CREATE TABLE " + db.path("big") + " (id INT, at " + db.wall + ")", insert + "1 00:00:00' FROM " + db.numbers(5'000),
             insert + "2 00:00:00' FROM " + db.numbers(kBigRows - 5'000)});
  }
  ScanSpec all_of_big() const { return {.table = db.table("big"), .columns = {"id"}, .cursor = kUtc, .batch_rows = 100}; }
  // A statement that takes a minute.
  ScanSpec stalling() const {
    db.exec({"CREATE TABLE " + db.path("one") + " (at " + db.wall + ")", "INSERT INTO " + db.path("one") + " VALUES ('2024-01-01 00:00:00')"});
    TableSpec query = db.table("");
    query.query = db.sleep;
    return {.table = query, .columns = {"id", "s"}, .cursor = {.column = "at", .timezone = "UTC"}};
  }
  // SQL that gives the number of the connector's sessions that run something; "" where there are no sessions.
  std::string running() const {
    if (db.name == "postgres") return db.value("SELECT count(*) FROM pg_stat_activity WHERE usename = 'penstock' AND state <> 'idle'");
    return db.value("SELECT count(*) FROM information_schema.processlist WHERE user = 'penstock' AND command <> 'Sleep'");
  }
  void end_sessions() const {
    if (db.name == "postgres") {
      db.exec({"SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE usename = 'penstock'"});
    } else {
      db.exec({"KILL CONNECTION USER penstock"});
      EXPECT_TRUE(eventually([&] { return db.value("SELECT count(*) FROM information_schema.processlist WHERE user = 'penstock'") == "0"; }));
    }
  }
  bool has_server() const { return db.name != "sqlite"; }
};

TEST_P(OdbcFailure, SessionEndedInMidScanIsUnavailableAndNeverAShortSuccess) {
  if (!has_server()) GTEST_SKIP() << "a file has no sessions";
  make_big_table();
  Warehouse warehouse(db);
  ScanDriver scan;
  warehouse.start(all_of_big(), scan);
  ASSERT_EQ(scan.next_length(), 100);
  end_sessions();
  const RecordedError error = failure_of([&] { read_to_the_end(scan); });
  EXPECT_EQ(error.status, PENSTOCK_STATUS_UNAVAILABLE) << error.message;
  EXPECT_EQ(error.retry, PENSTOCK_RETRY_RECONNECT);
  EXPECT_EQ(error.message.find("reading table "), 0u) << error.message;
  // Asking again does not turn it into an end.
  EXPECT_EQ(failure_of([&] { scan.next_length(); }).status, PENSTOCK_STATUS_UNAVAILABLE);
  scan.release();
  warehouse.ping();
}

TEST_P(OdbcFailure, ServerKilledInMidScanIsUnavailableAndUsedAgainWhenItIsBack) {
  if (!has_server()) GTEST_SKIP() << "a file has no server";
  make_big_table();
  Warehouse warehouse(db);
  ScanDriver scan;
  warehouse.start(all_of_big(), scan);
  ASSERT_EQ(scan.next_length(), 100);
  db.name == "postgres" ? postgres_server().kill9() : mariadb_server().kill9();
  EXPECT_EQ(failure_of([&] { read_to_the_end(scan); }).status, PENSTOCK_STATUS_UNAVAILABLE);
  scan.release();
  const RecordedError down = failure_of([&] { warehouse.ping(); });
  EXPECT_EQ(down.status, PENSTOCK_STATUS_UNAVAILABLE);
  EXPECT_EQ(down.retry, PENSTOCK_RETRY_RECONNECT);
  EXPECT_EQ(down.message.find("cannot connect to "), 0u) << down.message;
  db.name == "postgres" ? postgres_server().start() : mariadb_server().start();
  ScanDriver again;
  warehouse.start(all_of_big(), again);
  EXPECT_EQ(read_to_the_end(again), kBigRows);
}

TEST_P(OdbcFailure, ConnectionThatBrokeBetweenCallsIsMadeAnew) {
  if (!has_server()) GTEST_SKIP() << "a file has no sessions";
  make_big_table();
  Warehouse warehouse(db);
  warehouse.ping();
  end_sessions();
  warehouse.ping();
  end_sessions();
  warehouse.horizon(db.table("big"), kUtc);
  end_sessions();
  EXPECT_EQ(warehouse.describe(db.table("big")).size(), 2u);
  end_sessions();
  ScanDriver scan;
  warehouse.start(all_of_big(), scan);
  EXPECT_EQ(read_to_the_end(scan), kBigRows);
}

// The host cancels a call that is past its deadline, too.
TEST_P(OdbcFailure, CancelEndsAStatementAtOnceAndStopsTheServer) {
  const ScanSpec spec = stalling();
  // It comes while the query is described as well as while it runs; in between there is a transaction and no statement.
  for (int times = 0; times < 5; ++times) {
    SCOPED_TRACE(times);
    Warehouse warehouse(db);
    ScanDriver scan;
    Clock::time_point cancelled;
    std::thread host([&] {
      if (has_server()) {
        EXPECT_TRUE(eventually([&] { return running() == "1"; }));
      } else {
        std::this_thread::sleep_for(milliseconds(50));  // nobody can be asked whether it runs yet
      }
      cancelled = Clock::now();
      scan.call.cancel();
    });
    const RecordedError error = failure_of([&] {
      warehouse.start(spec, scan);
      scan.next();
    });
    const auto ended = Clock::now();
    host.join();
    EXPECT_EQ(error.status, PENSTOCK_STATUS_CANCELLED) << error.message;
    EXPECT_LT(ended - cancelled, milliseconds(1000));
    if (has_server()) {
      EXPECT_TRUE(eventually([&] { return running() == "0"; }));
    }
    scan.release();
    warehouse.ping();
  }
}

TEST_P(OdbcFailure, DeadlineEndsAScanBetweenTwoArrays) {
  make_big_table();
  Warehouse warehouse(db);
  ScanDriver scan;
  warehouse.start(all_of_big(), scan);
  ASSERT_EQ(scan.next_length(), 100);
  scan.call.set_deadline_ms_from_now(0);
  EXPECT_EQ(failure_of([&] { scan.next_length(); }).status, PENSTOCK_STATUS_DEADLINE_EXCEEDED);
  scan.release();
  warehouse.ping();
}

TEST_P(OdbcFailure, StatementTimeoutEndsAStatementInTheServer) {
  if (!has_server()) GTEST_SKIP() << "the driver knows no timeout";
  Warehouse warehouse(db, {{"statement_timeout", "1s"}});
  ScanDriver scan;
  const ScanSpec spec = stalling();
  const auto begun = Clock::now();
  const RecordedError error = failure_of([&] { warehouse.start(spec, scan); });
  EXPECT_EQ(error.status, PENSTOCK_STATUS_DEADLINE_EXCEEDED) << error.message;
  EXPECT_LT(Clock::now() - begun, milliseconds(4000));
  scan.release();
  warehouse.ping();
}

TEST_P(OdbcFailure, ScanThatIsGivenUpStopsTheServerAndLeavesTheSourceUsable) {
  make_big_table();
  Warehouse warehouse(db);
  {
    ScanDriver scan;
    warehouse.start(all_of_big(), scan);
    EXPECT_EQ(scan.next_length(), 100);
    const RecordedError busy = failure_of([&] { warehouse.ping(); });
    EXPECT_EQ(busy.status, PENSTOCK_STATUS_FAILED_PRECONDITION);
    EXPECT_EQ(busy.message, "a scan is still open on this connection");
  }
  if (has_server()) {
    EXPECT_TRUE(eventually([&] { return running() == "0"; }));
  }
  ScanDriver scan;
  warehouse.start(all_of_big(), scan);
  EXPECT_EQ(read_to_the_end(scan), kBigRows);
}

TEST_P(OdbcFailure, CallThatIsAlreadyCancelledDoesNothing) {
  const Given options = db.options();
  FakeCall call;
  call.cancel();
  EXPECT_EQ(failure_of([&] { SourceDriver source(odbc(), options, call); }).status, PENSTOCK_STATUS_CANCELLED);
}

TEST_P(OdbcFailure, ServerThatIsNotThereIsTriedAgain) {
  const std::string dsn = db.name == "postgres"  ? "DRIVER=PostgreSQL Unicode;SERVER=127.0.0.1;DATABASE=x;UID=penstock;PORT=1"
                          : db.name == "mariadb" ? "DRIVER=MariaDB Unicode;SERVER=127.0.0.1;UID=penstock;PORT=1"
                                                 : "DRIVER=SQLite3;Database=/nonexistent/warehouse.db";
  const RecordedError error = failure_of([&] { SourceDriver source(odbc(), {{"dsn", dsn}, {"password", PostgresServer::kPassword}}); });
  EXPECT_EQ(error.message.find("cannot connect to \""), 0u) << error.message;
  if (has_server()) {
    EXPECT_EQ(error.status, PENSTOCK_STATUS_UNAVAILABLE);
    EXPECT_EQ(error.retry, PENSTOCK_RETRY_RECONNECT);
  } else {
    EXPECT_EQ(error.status, PENSTOCK_STATUS_NOT_FOUND);
    EXPECT_EQ(error.retry, PENSTOCK_RETRY_NEVER);
  }
}

TEST_P(OdbcFailure, PeerThatNeverAnswersEndsConnectingAtItsTimeout) {
  if (!has_server()) GTEST_SKIP() << "a file has no peer";
  const SilentPeer peer;
  const std::string driver = db.name == "postgres" ? "PostgreSQL Unicode" : "MariaDB Unicode";
  const auto begun = Clock::now();
  const RecordedError error = failure_of([&] {
    SourceDriver source(odbc(), {{"dsn", "DRIVER=" + driver + ";SERVER=127.0.0.1;DATABASE=x;UID=penstock;PORT=" + peer.port()}, {"password", PostgresServer::kPassword}, {"login_timeout", "1s"}});
  });
  EXPECT_EQ(error.status, PENSTOCK_STATUS_UNAVAILABLE) << error.message;
  EXPECT_EQ(error.retry, PENSTOCK_RETRY_RECONNECT);
  EXPECT_LT(Clock::now() - begun, milliseconds(4000));
}

PENSTOCK_EVERY_DATABASE(OdbcFailure);

TEST(OdbcPostgresFailure, ErrorInMidScanIsTheServersAndLaterCallsWork) {
  Warehouse warehouse(postgres_database());
  const RecordedError error = failure_of([&] {
    warehouse.scan({.table = {.query = "SELECT 1 / (id - 3) AS id, now() AS at FROM generate_series(1, 5) id"}, .columns = {"id"}});
  });
  EXPECT_EQ(error.status, PENSTOCK_STATUS_INVALID_ARGUMENT);
  EXPECT_EQ(error.sqlstate, "22012");
  EXPECT_NE(error.message.find("reading the query: ERROR: division by zero"), std::string::npos) << error.message;
  warehouse.ping();
}

TEST(OdbcPostgresFailure, WrongPasswordUserAndDatabaseAreToldApart) {
  OdbcEnvironment::shared();
  PostgresServer server({.passwords = true});
  // Everything that has a meaning in connection strings.
  const std::string secret = "a;b}c{d e=f@(g)[h],?*!'\"\\%canary";
  server.exec("CREATE ROLE \"odd na=me@h\" LOGIN PASSWORD 'a;b}c{d e=f@(g)[h],?*!''\"\\%canary'; CREATE ROLE single LOGIN PASSWORD 'x' CONNECTION LIMIT 0");
  const std::string base = "DRIVER=PostgreSQL Unicode;SERVER=127.0.0.1;PORT=" + std::to_string(server.port());
  const auto open = [&](const std::string& user, const std::string& password, const std::string& database) {
    const RecordedError error = failure_of([&] { SourceDriver source(odbc(), {{"dsn", base + ";UID=" + user + ";DATABASE=" + database}, {"password", password}}); });
    EXPECT_EQ(error.message.find(password), std::string::npos) << error.message;
    return error;
  };
  { SourceDriver right(odbc(), {{"dsn", base + ";UID=odd na=me@h;DATABASE=postgres"}, {"password", secret}}); }

  const std::string target = "cannot connect to \"127.0.0.1\" through driver \"PostgreSQL Unicode\": ";
  RecordedError error = open("odd na=me@h", secret + "!", "postgres");
  EXPECT_EQ(error.status, PENSTOCK_STATUS_UNAUTHENTICATED);
  EXPECT_EQ(error.retry, PENSTOCK_RETRY_NEVER);
  EXPECT_EQ(error.message.find(target), 0u) << error.message;
  error = open("nobody-there", "canary", "postgres");
  EXPECT_EQ(error.status, PENSTOCK_STATUS_UNAUTHENTICATED) << error.message;
  error = open("penstock", PostgresServer::kPassword, "nowhere");
  EXPECT_EQ(error.status, PENSTOCK_STATUS_NOT_FOUND) << error.message;
  EXPECT_EQ(error.retry, PENSTOCK_RETRY_NEVER);
  error = open("single", "x", "postgres");
  EXPECT_EQ(error.status, PENSTOCK_STATUS_RESOURCE_EXHAUSTED) << error.message;
  EXPECT_EQ(error.retry, PENSTOCK_RETRY_RECONNECT);
}

TEST(OdbcMariadbFailure, ServerThatFreezesIsGivenUp) {
  Warehouse warehouse(mariadb_database(), {{"statement_timeout", "1s"}, {"login_timeout", "1s"}});
  const pid_t server = mariadb_server().pid();
  ASSERT_EQ(kill(server, SIGSTOP), 0);
  ASSERT_TRUE(eventually([&] { return is_stopped(server); }));
  const auto begun = Clock::now();
  const RecordedError error = failure_of([&] { warehouse.ping(); });
  kill(server, SIGCONT);
  EXPECT_EQ(error.status, PENSTOCK_STATUS_UNAVAILABLE) << error.message;
  EXPECT_EQ(error.retry, PENSTOCK_RETRY_RECONNECT);
  EXPECT_LT(Clock::now() - begun, milliseconds(9000));
  warehouse.ping();
}

TEST(OdbcMariadbFailure, WrongPasswordUserAndDatabaseAreToldApart) {
  const std::string secret = "a;b}c{d e=f@(g)[h],?*!'\"\\%canary";
  mariadb_server().exec({"CREATE OR REPLACE USER 'odd na=me@h' IDENTIFIED BY 'a;b}c{d e=f@(g)[h],?*!\\'\"\\\\%canary'", "GRANT SELECT ON *.* TO 'odd na=me@h'"});
  const std::string base = "DRIVER=MariaDB Unicode;SERVER=127.0.0.1;PORT=" + std::to_string(mariadb_server().port());
  const auto open = [&](const std::string& user, const std::string& password, const std::string& database) {
    const RecordedError error = failure_of([&] { SourceDriver source(odbc(), {{"dsn", base + ";UID=" + user + ";DATABASE=" + database}, {"password", password}}); });
    EXPECT_EQ(error.retry, PENSTOCK_RETRY_NEVER);
    EXPECT_EQ(error.message.find(password), std::string::npos) << error.message;
    return error;
  };
  { SourceDriver right(odbc(), {{"dsn", base + ";UID=odd na=me@h;DATABASE=penstock"}, {"password", secret}}); }
  RecordedError error = open("odd na=me@h", secret + "!", "penstock");
  EXPECT_EQ(error.status, PENSTOCK_STATUS_UNAUTHENTICATED);
  EXPECT_EQ(error.vendor_code, 1045);
  EXPECT_EQ(open("nobody-there", "canary", "penstock").status, PENSTOCK_STATUS_UNAUTHENTICATED);
  EXPECT_EQ(open("penstock", MariadbServer::kPassword, "nowhere").status, PENSTOCK_STATUS_NOT_FOUND);
}

}  // namespace
}  // namespace penstock::test
