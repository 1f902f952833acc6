#include "support/silent_peer.hpp"
#include "warehouse.hpp"

#include <atomic>
#include <csignal>

namespace penstock::test {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

TableSpec big() { return {.schema = "big", .table = "rows"}; }

// Far more than what the sockets and libpq hold in their buffers.
void make_big_table() {
  fresh_schema("big");
  shared_server().exec(
      "CREATE TABLE big.rows AS SELECT id, repeat('x', 1000) AS pad, '2024-01-01'::timestamptz AS at FROM "
      "generate_series(1, 40000) id");
}

ScanSpec stalling_query() {
  return {.table = {.query = "SELECT 1 AS id, now() AS at, pg_sleep(60)::text AS s"}, .columns = {"id", "s"}};
}

// The number of the connector's sessions in that state.
std::string sessions(const std::string& condition) {
  return shared_server().value("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'penstock' AND " +
                               condition);
}

int64_t read_to_the_end(ScanDriver& scan) {
  int64_t rows = 0;
  for (int64_t n; (n = scan.next_length()) >= 0;) rows += n;
  return rows;
}

std::string dsn_of(const SilentPeer& peer) {
  return "postgresql://penstock:" + std::string(PostgresServer::kPassword) + "@127.0.0.1:" + peer.port() + "/postgres";
}

TEST(PostgresFailure, BackendTerminatedInMidScanIsUnavailableAndNeverAShortSuccess) {
  make_big_table();
  Warehouse warehouse;
  ScanDriver scan;
  warehouse.start({.table = big(), .columns = {"id", "pad"}, .batch_rows = 100}, scan);
  ASSERT_EQ(scan.next_length(), 100);
  shared_server().exec(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'penstock' AND state = "
      "'active'");
  const RecordedError error = failure_of([&] { read_to_the_end(scan); });
  EXPECT_EQ(error.status, PENSTOCK_STATUS_UNAVAILABLE) << error.message;
  EXPECT_EQ(error.retry, PENSTOCK_RETRY_RECONNECT);
  EXPECT_EQ(error.message.find("reading table \"big\".\"rows\": "), 0u) << error.message;
  // Asking again does not turn it into an end.
  EXPECT_EQ(failure_of([&] { scan.next_length(); }).status, PENSTOCK_STATUS_UNAVAILABLE);
  scan.release();
  warehouse.ping();
}

TEST(PostgresFailure, ServerKilledInMidScanIsUnavailable) {
  PostgresServer server;
  server.exec(
      "CREATE TABLE rows AS SELECT id, repeat('x', 1000) AS pad, '2024-01-01'::timestamptz AS at FROM "
      "generate_series(1, 40000) id");
  SourceDriver source(postgres(), {{"dsn", reader_dsn(server)}});
  ScanDriver scan;
  source.start({.table = {.table = "rows"}, .columns = {"id", "pad"}, .batch_rows = 100}, scan);
  ASSERT_EQ(scan.next_length(), 100);
  server.kill9();
  EXPECT_EQ(failure_of([&] { read_to_the_end(scan); }).status, PENSTOCK_STATUS_UNAVAILABLE);
  scan.release();
  const RecordedError down = failure_of([&] { source.ping(); });
  EXPECT_EQ(down.status, PENSTOCK_STATUS_UNAVAILABLE);
  EXPECT_EQ(down.retry, PENSTOCK_RETRY_RECONNECT);
  EXPECT_EQ(down.message, "cannot connect to 127.0.0.1:" + std::to_string(server.port()) + ": Connection refused");
  server.start();
  source.ping();
}

TEST(PostgresFailure, ConnectionThatBrokeBetweenCallsIsMadeAnew) {
  make_big_table();
  Warehouse warehouse;
  shared_server().exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'penstock'");
  ASSERT_TRUE(eventually([] { return sessions("true") == "0"; }));
  EXPECT_EQ(formats_of(warehouse.describe(big())), (std::vector<std::string>{"id:i", "pad:u", "at:tsu:UTC"}));
}

TEST(PostgresFailure, StatementTimeoutIsADeadlineThatMayBeTriedAgain) {
  Warehouse warehouse(Given{{"statement_timeout", "100ms"}});
  const RecordedError error = failure_of([&] { warehouse.scan(stalling_query()); });
  EXPECT_EQ(error.status, PENSTOCK_STATUS_DEADLINE_EXCEEDED);
  EXPECT_EQ(error.retry, PENSTOCK_RETRY_SAFE);
  EXPECT_EQ(error.sqlstate, "57014");
  EXPECT_EQ(error.message, "reading the query: canceling statement due to statement timeout");
  warehouse.ping();
}

TEST(PostgresFailure, CancelEndsAStallingScanAtOnceAndStopsTheServer) {
  Warehouse warehouse;
  ScanDriver scan;
  Clock::time_point cancelled;
  std::thread host([&] {
    EXPECT_TRUE(eventually([] { return sessions("wait_event = 'PgSleep'") == "1"; }));
    cancelled = Clock::now();
    scan.call.cancel();
  });
  const RecordedError error = failure_of([&] { warehouse.start(stalling_query(), scan); });
  const auto ended = Clock::now();
  host.join();
  EXPECT_EQ(error.status, PENSTOCK_STATUS_CANCELLED);
  EXPECT_LT(ended - cancelled, milliseconds(1000));
  EXPECT_TRUE(eventually([] { return sessions("wait_event = 'PgSleep'") == "0"; }));
  warehouse.ping();
}

TEST(PostgresFailure, DeadlineEndsAStallingScan) {
  Warehouse warehouse;
  ScanDriver scan;
  scan.call.set_deadline_ms_from_now(1000);
  EXPECT_EQ(failure_of([&] { warehouse.start(stalling_query(), scan); }).status, PENSTOCK_STATUS_DEADLINE_EXCEEDED);
  EXPECT_TRUE(eventually([] { return sessions("wait_event = 'PgSleep'") == "0"; }));
}

TEST(PostgresFailure, DeadlineEndsAScanWhoseServerFrozeBetweenTwoRows) {
  make_big_table();
  Warehouse warehouse;
  ScanDriver scan;
  warehouse.start({.table = big(), .columns = {"id", "pad"}, .batch_rows = 100}, scan);
  ASSERT_EQ(scan.next_length(), 100);
  const pid_t backend = std::stoi(shared_server().value(
      "SELECT pid FROM pg_stat_activity WHERE application_name = 'penstock' AND state = 'active'"));
  ASSERT_EQ(kill(backend, SIGSTOP), 0);
  scan.call.set_deadline_ms_from_now(300);
  EXPECT_EQ(failure_of([&] { read_to_the_end(scan); }).status, PENSTOCK_STATUS_DEADLINE_EXCEEDED);
  kill(backend, SIGCONT);
  scan.release();
  warehouse.ping();
}

TEST(PostgresFailure, ScanThatIsGivenUpStopsTheServerAndLeavesTheSourceUsable) {
  make_big_table();
  Warehouse warehouse;
  {
    ScanDriver scan;
    warehouse.start({.table = big(), .columns = {"id", "pad"}, .batch_rows = 10}, scan);
    EXPECT_EQ(scan.next_length(), 10);
    const RecordedError busy = failure_of([&] { warehouse.ping(); });
    EXPECT_EQ(busy.status, PENSTOCK_STATUS_FAILED_PRECONDITION);
    EXPECT_EQ(busy.message, "a scan is still open on this connection");
  }
  EXPECT_TRUE(eventually([] { return sessions("state <> 'idle'") == "0"; }));
  EXPECT_EQ(warehouse.scan({.table = big(), .columns = {"id"}, .until = INT64_MAX}).size(), 40000u);
}

TEST(PostgresFailure, ErrorInMidScanIsTheServersAndLaterCallsWork) {
  Warehouse warehouse;
  const RecordedError error = failure_of([&] {
    warehouse.scan({.table = {.query = "SELECT 1 / (id - 3) AS id, now() AS at FROM generate_series(1, 5) id"},
                    .columns = {"id"}});
  });
  EXPECT_EQ(error.status, PENSTOCK_STATUS_INTERNAL);
  EXPECT_EQ(error.sqlstate, "22012");
  EXPECT_EQ(error.message, "reading the query: division by zero");
  warehouse.ping();
}

TEST(PostgresFailure, WrongPasswordRoleAndDatabaseAreToldApart) {
  PostgresServer server({.passwords = true});
  const auto open = [&](const std::string& dsn) {
    return failure_of([&] { SourceDriver source(postgres(), {{"dsn", dsn}}); });
  };
  const std::string target = "cannot connect to 127.0.0.1:" + std::to_string(server.port()) + ": ";
  { SourceDriver right(postgres(), {{"dsn", reader_dsn(server)}}); }
  { SourceDriver apart(postgres(), {{"dsn", server.dsn("penstock")}, {"password", PostgresServer::kPassword}}); }

  const std::string wrong = "wrong-" + std::string(PostgresServer::kPassword);
  RecordedError error = open(server.dsn("penstock", "postgres", wrong));
  EXPECT_EQ(error.status, PENSTOCK_STATUS_UNAUTHENTICATED);
  EXPECT_EQ(error.retry, PENSTOCK_RETRY_NEVER);
  EXPECT_EQ(error.sqlstate, "28P01");
  EXPECT_EQ(error.message, target + "password authentication failed for user \"penstock\"");

  error = open(server.dsn("penstock"));
  EXPECT_EQ(error.status, PENSTOCK_STATUS_UNAUTHENTICATED);
  EXPECT_EQ(error.message, target + "fe_sendauth: no password supplied");

  error = open(reader_dsn(server, "penstock", "nowhere"));
  EXPECT_EQ(error.status, PENSTOCK_STATUS_NOT_FOUND);
  EXPECT_EQ(error.message, target + "database \"nowhere\" does not exist");

  // A password that the server's message happens to repeat is taken out.
  error = open(server.dsn("canary-role", "postgres", "canary-role"));
  EXPECT_EQ(error.status, PENSTOCK_STATUS_UNAUTHENTICATED);
  EXPECT_EQ(error.message, target + "password authentication failed for user \"***\"");
}

TEST(PostgresFailure, ServerThatInsistsOnNoTlsIsRefusedWhenTlsIsRequired) {
  const RecordedError error = failure_of([] { Warehouse warehouse(Given{{"sslmode", "require"}}); });
  EXPECT_EQ(error.status, PENSTOCK_STATUS_FAILED_PRECONDITION);
  EXPECT_NE(error.message.find("server does not support SSL, but SSL was required"), std::string::npos)
      << error.message;
}

TEST(PostgresFailure, TooManyConnectionsIsTriedAgainLater) {
  fresh_schema("big");
  shared_server().exec("DROP ROLE IF EXISTS single; CREATE ROLE single LOGIN CONNECTION LIMIT 1");
  Warehouse first({{"dsn", reader_dsn(shared_server(), "single")}});
  const RecordedError error = failure_of([] { Warehouse second({{"dsn", reader_dsn(shared_server(), "single")}}); });
  EXPECT_EQ(error.status, PENSTOCK_STATUS_RESOURCE_EXHAUSTED);
  EXPECT_EQ(error.retry, PENSTOCK_RETRY_AFTER);
  EXPECT_GT(error.retry_after_ns, 0);
}

TEST(PostgresFailure, PeerThatNeverAnswersEndsConnectingAtItsTimeout) {
  const SilentPeer peer;
  const RecordedError error = failure_of([&] {
    SourceDriver source(postgres(), {{"dsn", dsn_of(peer)}, {"connect_timeout", "50ms"}});
  });
  EXPECT_EQ(error.status, PENSTOCK_STATUS_UNAVAILABLE);
  EXPECT_EQ(error.retry, PENSTOCK_RETRY_RECONNECT);
  EXPECT_EQ(error.message, "cannot connect to 127.0.0.1:" + peer.port() + ": no answer within 50 ms");
}

TEST(PostgresFailure, CancelAndDeadlineEndConnecting) {
  const SilentPeer peer;
  FakeCall late;
  late.set_deadline_ms_from_now(50);
  EXPECT_EQ(failure_of([&] {
              SourceDriver source(postgres(), {{"dsn", dsn_of(peer)}}, late);
            }).status,
            PENSTOCK_STATUS_DEADLINE_EXCEEDED);
  FakeCall call;
  std::atomic<bool> started{false};
  std::thread host([&] {
    while (!started) std::this_thread::yield();
    call.cancel();
  });
  started = true;
  EXPECT_EQ(failure_of([&] {
              SourceDriver source(postgres(), {{"dsn", dsn_of(peer)}}, call);
            }).status,
            PENSTOCK_STATUS_CANCELLED);
  host.join();
}

TEST(PostgresFailure, CallThatIsAlreadyCancelledDoesNothing) {
  FakeCall call;
  call.cancel();
  EXPECT_EQ(failure_of([&] { SourceDriver source(postgres(), with_dsn({}), call); }).status, PENSTOCK_STATUS_CANCELLED);
}

}  // namespace
}  // namespace penstock::test
