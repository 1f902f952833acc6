// What a driver does wrong, or is made to do wrong, and what the host hears of it.
#include "fake_warehouse.hpp"

#include <thread>

namespace penstock::test {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// The table, an answer to ping, and these rules for its scan.
FakeScript with_scans(const std::vector<std::string>& rules) {
  FakeScript script;
  script.table(kTable).statement(kPing);
  for (const std::string& rule : rules) script.statement(rule);
  return script;
}

std::string faulty_once(const std::string& fault) { return ten_rows(R"("times": 1, "fault": )" + fault); }

size_t connects(const FakeOdbc& fake) { return fake.logged("connect ").size(); }

// Scans once into the fault, and once more without it.
struct Outcome {
  RecordedError error;
  size_t rows_afterwards = 0;
  size_t connects = 0;
};

Outcome scan_twice(const std::string& fault) {
  const FakeOdbc fake(with_scans({faulty_once(fault), ten_rows()}));
  FakeWarehouse warehouse(fake);
  Outcome out;
  out.error = failure_of([&] { warehouse.scan(scan_of_t()); });
  out.rows_afterwards = warehouse.scan(scan_of_t()).size();
  out.connects = connects(fake);
  return out;
}

struct Case {
  const char* name;
  const char* fault;
  penstock_status status;
  int32_t retry;
  const char* sqlstate;
  int32_t native;
  const char* message;
};

void PrintTo(const Case& one, std::ostream* out) { *out << one.name; }

class OdbcFault : public ::testing::TestWithParam<Case> {};

TEST_P(OdbcFault, IsReportedForWhatItIsAndTheNextScanWorks) {
  const Case& one = GetParam();
  const Outcome outcome = scan_twice(one.fault);
  EXPECT_EQ(outcome.error.status, one.status);
  EXPECT_EQ(outcome.error.retry, one.retry);
  EXPECT_EQ(outcome.error.sqlstate, one.sqlstate);
  EXPECT_EQ(outcome.error.vendor_code, one.native);
  EXPECT_EQ(outcome.error.message, one.message);
  EXPECT_EQ(outcome.rows_afterwards, 10u);
  // A scan that failed leaves no connection in the middle of an answer.
  EXPECT_EQ(outcome.connects, 2u);
}

INSTANTIATE_TEST_SUITE_P(
    Scan, OdbcFault,
    ::testing::Values(
        Case{"LostInMidFetch", R"({"before_row": 3, "sqlstate": "08S01", "native": 26, "message": "[Fake][ODBC] Connection reset by peer"})",
             PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_RECONNECT, "08S01", 26, "reading table \"DB\".\"S\".\"T\": Connection reset by peer"},
        Case{"SessionExpired",
             R"({"sqlstate": "HY000", "native": 390114, "ends_connection": true, "message": "[Snowflake][Support] (40550) Authentication token has expired.  The user must authenticate again."})",
             PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_RECONNECT, "HY000", 390114,
             "reading table \"DB\".\"S\".\"T\": (40550) Authentication token has expired. The user must authenticate again"},
        Case{"TimedOutInMidFetch", R"({"before_row": 3, "sqlstate": "HYT00", "message": "Timeout expired"})",
             PENSTOCK_STATUS_DEADLINE_EXCEEDED, PENSTOCK_RETRY_RECONNECT, "HYT00", 0, "reading table \"DB\".\"S\".\"T\": Timeout expired"},
        Case{"CancelledByAnAdministrator", R"({"before_row": 3, "sqlstate": "57014", "message": "canceling statement due to user request"})",
             PENSTOCK_STATUS_DEADLINE_EXCEEDED, PENSTOCK_RETRY_RECONNECT, "57014", 0,
             "reading table \"DB\".\"S\".\"T\": canceling statement due to user request"},
        Case{"DeniedAtExecute", R"({"sqlstate": "42501", "message": "permission denied"})", PENSTOCK_STATUS_PERMISSION_DENIED,
             PENSTOCK_RETRY_NEVER, "42501", 0, "reading table \"DB\".\"S\".\"T\": permission denied"},
        Case{"OneRowOfAnArray", R"({"before_row": 3, "row_only": true, "sqlstate": "22003", "message": "Numeric value out of range"})",
             PENSTOCK_STATUS_INVALID_ARGUMENT, PENSTOCK_RETRY_NEVER, "22003", 0,
             "reading table \"DB\".\"S\".\"T\": Numeric value out of range"}),
    [](const auto& one) { return std::string(one.param.name); });

// The driver reports the rows of an array in their order, and a cut value is no more than a warning.
TEST(OdbcFaults, ErrorBehindManyWarningsIsTheOneThatCounts) {
  const FakeOdbc fake(with_scans({scan_rule(
      R"("generate": {"rows": 20, "row": [{"n": 1}, {"repeat": "long", "times": 100}]},
         "fault": {"before_row": 15, "row_only": true, "sqlstate": "22003", "message": "Numeric value out of range"})")}));
  FakeWarehouse warehouse(fake);
  const RecordedError error = failure_of([&] { warehouse.scan(scan_of_t()); });
  EXPECT_EQ(error.sqlstate, "22003");
  EXPECT_EQ(error.retry, PENSTOCK_RETRY_NEVER);
}

TEST(OdbcFaults, NumberThatTheDriverCutsIsNotDelivered) {
  const FakeOdbc fake(with_scans({scan_rule(R"("rows": [[1, "one"], ["1.5", "more"]])")}));
  FakeWarehouse warehouse(fake);
  const RecordedError error = failure_of([&] { warehouse.scan(scan_of_t()); });
  EXPECT_EQ(error.status, PENSTOCK_STATUS_DATA_LOSS);
  EXPECT_EQ(error.message,
            "reading table \"DB\".\"S\".\"T\": column \"ID\": a value has digits beyond the type that the driver gives it; CAST it in a query");
}

// Rows that came before the fault are not an end.
TEST(OdbcFaults, FaultAfterABatchIsNeverAShortSuccess) {
  const FakeOdbc fake(with_scans({ten_rows(R"("fault": {"before_row": 4, "sqlstate": "HYT00", "message": "Timeout expired"})")}));
  FakeWarehouse warehouse(fake, {{"array_rows", "2"}});
  ScanSpec spec = scan_of_t();
  spec.batch_rows = 2;
  ScanDriver scan;
  warehouse.start(spec, scan);
  EXPECT_EQ(scan.next_length(), 2);
  EXPECT_EQ(scan.next_length(), 2);
  EXPECT_EQ(failure_of([&] { scan.next_length(); }).status, PENSTOCK_STATUS_DEADLINE_EXCEEDED);
  // Asking again does not turn it into an end.
  EXPECT_EQ(failure_of([&] { scan.next_length(); }).status, PENSTOCK_STATUS_UNAVAILABLE);
}

TEST(OdbcFaults, ConnectionThatBrokeBetweenCallsIsMadeAnew) {
  FakeScript script;
  script.table(kTable).statement(
      R"({"match": "SELECT 1", "times": 1, "fault": {"sqlstate": "08S01", "message": "Connection reset by peer"}})");
  const FakeOdbc fake(script.statement(kPing));
  FakeWarehouse warehouse(fake);
  warehouse.ping();
  EXPECT_EQ(connects(fake), 2u);
}

TEST(OdbcFaults, SessionThatExpiredBetweenCallsIsMadeAnew) {
  FakeScript script;
  script.table(kTable).statement(
      R"({"match": "SQLTables.*", "times": 1, "fault": {"sqlstate": "HY000", "native": 390114, "ends_connection": true, "message": "Authentication token has expired"}})");
  const FakeOdbc fake(script);
  FakeWarehouse warehouse(fake);
  EXPECT_EQ(formats_of(warehouse.describe({.schema = "S", .table = "T", .database = "DB"})),
            (std::vector<std::string>{"ID:l", "NAME:u", "AT:tsn:"}));
  EXPECT_EQ(connects(fake), 2u);
}

TEST(OdbcFaults, StallThatOnlyACancelEndsIsCancelled) {
  for (const char* where : {R"("stall": {"ignores_timeout": true})", R"("stall": {"before_row": 4, "ignores_timeout": true})"}) {
    const FakeOdbc fake(with_scans({ten_rows(std::string(R"("times": 1, )") + where), ten_rows()}));
    FakeWarehouse warehouse(fake);
    ScanDriver scan;
    std::thread host([&] {
      EXPECT_TRUE(fake.wait_for("stall"));
      scan.call.cancel();
    });
    const RecordedError error = failure_of([&] {
      warehouse.start(scan_of_t(), scan);
      read_to_the_end(scan);
    });
    host.join();
    EXPECT_EQ(error.status, PENSTOCK_STATUS_CANCELLED) << where;
    scan.release();
    EXPECT_EQ(warehouse.scan(scan_of_t()).size(), 10u) << where;
    EXPECT_EQ(connects(fake), 2u) << where;
  }
}

TEST(OdbcFaults, StallThatOnlyACancelEndsIsOverAtTheDeadline) {
  const FakeOdbc fake(with_scans({ten_rows(R"("stall": {"before_row": 4, "ignores_timeout": true})")}));
  FakeWarehouse warehouse(fake);
  ScanDriver scan;
  scan.call.set_deadline_ms_from_now(300);
  const RecordedError error = failure_of([&] {
    warehouse.start(scan_of_t(), scan);
    read_to_the_end(scan);
  });
  EXPECT_EQ(error.status, PENSTOCK_STATUS_DEADLINE_EXCEEDED);
  EXPECT_EQ(error.retry, PENSTOCK_RETRY_RECONNECT);
  EXPECT_EQ(fake.logged("cancel").size(), 1u);
}

TEST(OdbcFaults, StatementTimeoutEndsAStall) {
  const FakeOdbc fake(with_scans({ten_rows(R"("stall": {})")}));
  FakeWarehouse warehouse(fake, {{"statement_timeout", "1s"}});
  const RecordedError error = failure_of([&] { warehouse.scan(scan_of_t()); });
  EXPECT_EQ(error.status, PENSTOCK_STATUS_DEADLINE_EXCEEDED);
  EXPECT_EQ(error.sqlstate, "HYT00");
  EXPECT_TRUE(fake.logged("cancel").empty());
}

TEST(OdbcFaults, SlowRowsAreOverAtTheDeadline) {
  const FakeOdbc fake(with_scans({ten_rows(R"("row_delay_ms": 60000)")}));
  FakeWarehouse warehouse(fake);
  ScanDriver scan;
  scan.call.set_deadline_ms_from_now(300);
  const auto started = Clock::now();
  const RecordedError error = failure_of([&] {
    warehouse.start(scan_of_t(), scan);
    read_to_the_end(scan);
  });
  EXPECT_EQ(error.status, PENSTOCK_STATUS_DEADLINE_EXCEEDED);
  EXPECT_LT(Clock::now() - started, milliseconds(5000));
}

}  // namespace
}  // namespace penstock::test
