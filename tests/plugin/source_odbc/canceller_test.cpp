#include "fake_warehouse.hpp"

#include <source_odbc/canceller.hpp>

#include <atomic>
#include <thread>

namespace penstock::test {
namespace {

using odbc::Canceller;
using odbc::ConnectionHandle;
using odbc::Environment;
using odbc::StatementHandle;

// A statement of the driver manager on a connection to the fake driver.
class Session {
 public:
  explicit Session(const FakeOdbc& fake) : environment_(SQL_NULL_HANDLE) {
    SQLSetEnvAttr(environment_.get(), SQL_ATTR_ODBC_VERSION, reinterpret_cast<SQLPOINTER>(SQL_OV_ODBC3), 0);
    connection_ = ConnectionHandle(environment_.get());
    std::string text = fake.connection_string();
    if (!SQL_SUCCEEDED(SQLDriverConnect(connection_.get(), nullptr, reinterpret_cast<SQLCHAR*>(text.data()), SQL_NTS, nullptr, 0,
                                        nullptr, SQL_DRIVER_NOPROMPT)))
      throw std::runtime_error("cannot connect to the fake driver");
    statement = StatementHandle(connection_.get());
  }
  ~Session() {
    statement.reset();
    SQLDisconnect(connection_.get());
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

 private:
  Environment environment_;
  ConnectionHandle connection_;

 public:
  StatementHandle statement;
};

SQLRETURN execute(SQLHSTMT statement, const char* sql) {
  return SQLExecDirect(statement, const_cast<SQLCHAR*>(reinterpret_cast<const SQLCHAR*>(sql)), SQL_NTS);
}

FakeScript stall_and_rows() {
  return FakeScript()
      .statement(R"({"match": "SELECT STALL", "stall": {}})")
      .statement(R"({"match": "SELECT ROWS", "columns": [{"name": "N", "type": "bigint"}], "generate": {"rows": 9, "row": [{"n": 0}]}})");
}

TEST(OdbcCanceller, EndsWhatTheDriverIsDoing) {
  const FakeOdbc fake(stall_and_rows());
  const Session session(fake);
  FakeCall call;
  std::thread host([&] {
    EXPECT_TRUE(fake.wait_for("stall"));
    call.cancel();
  });
  EXPECT_EQ(Canceller(Call(call.get()), session.statement.get()).run(execute, "SELECT STALL"), SQL_ERROR);
  host.join();
  EXPECT_EQ(fake.log().back(), "cancel");
}

TEST(OdbcCanceller, DeadlineEndsWhatTheDriverIsDoing) {
  const FakeOdbc fake(stall_and_rows());
  const Session session(fake);
  FakeCall call;
  call.set_deadline_ms_from_now(200);
  EXPECT_EQ(Canceller(Call(call.get()), session.statement.get()).run(execute, "SELECT STALL"), SQL_ERROR);
  EXPECT_EQ(fake.log().back(), "cancel");
}

TEST(OdbcCanceller, LastResortThatFailsEndsNothingElse) {
  const FakeOdbc fake(stall_and_rows());
  const Session session(fake);
  FakeCall call;
  call.set_deadline_ms_from_now(50);
  std::atomic<int> asked = 0;
  Canceller canceller(Call(call.get()), session.statement.get(), [&] {
    ++asked;
    throw Error(PENSTOCK_STATUS_RESOURCE_EXHAUSTED, "out of memory");
  });
  canceller.run([&](SQLHSTMT) {
    eventually([&] { return asked > 0; });
    return SQLRETURN{SQL_SUCCESS};
  });
  EXPECT_EQ(asked, 1);
}

// unixODBC would take it as SQLCloseCursor, and free diagnostics that are being read.
TEST(OdbcCanceller, LeavesAStatementAloneWhileTheDriverIsNotAtWork) {
  const FakeOdbc fake(stall_and_rows());
  const Session session(fake);
  ASSERT_EQ(execute(session.statement.get(), "SELECT ROWS"), SQL_SUCCESS);
  FakeCall call;
  Canceller canceller(Call(call.get()), session.statement.get());
  ASSERT_EQ(canceller.run(SQLFetch), SQL_SUCCESS);
  call.cancel();
  // Time for it to come where it should not.
  EXPECT_FALSE(eventually([&] { return !fake.logged("cancel").empty(); }, std::chrono::seconds(1)));
  EXPECT_THROW(canceller.run(SQLFetch), Error);
  EXPECT_EQ(SQLFetch(session.statement.get()), SQL_SUCCESS);
}

}  // namespace
}  // namespace penstock::test
