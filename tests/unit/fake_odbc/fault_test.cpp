#include "odbc_client.hpp"

#include <thread>

namespace penstock::test {
namespace {

using Texts = std::vector<std::string>;

// Five rows of one column, and what is added to the rule.
std::string five_rows(const std::string& more) {
  return R"({"match": "SELECT .*", "columns": [{"name": "ID", "type": "bigint"}],
             "generate": {"rows": 5, "row": [{"n": 0}]}, )" +
         more + "}";
}

TEST(FakeOdbc, LoginFailsAsOftenAsTheScriptSays) {
  const FakeOdbc fake(FakeScript()
                          .require(R"({"PWD": "se;cr}et"})")
                          .connect(R"({"nth": 1, "fault": {"sqlstate": "28000", "native": 390100, "message": "Incorrect password"}})"));
  OdbcConnection connection;
  EXPECT_EQ(connection.connect(fake.connection_string("UID=me;PWD={se;cr}}et};")), SQL_ERROR);
  EXPECT_EQ(connection.error(), "28000 390100 Incorrect password");
  EXPECT_EQ(connection.connect(fake.connection_string("UID=me;PWD=other;")), SQL_ERROR);
  EXPECT_EQ(connection.connect(fake.connection_string("UID=me;PWD={se;cr}}et};")), SQL_SUCCESS);
  EXPECT_EQ(fake.log(), (Texts{"connect DRIVER=Fake;UID=me;PWD=***", "keys DRIVER,SCRIPT,LOG,UID,PWD", "connect DRIVER=Fake;UID=me;PWD=***",
                               "keys DRIVER,SCRIPT,LOG,UID,PWD", "connect DRIVER=Fake;UID=me;PWD=***",
                               "keys DRIVER,SCRIPT,LOG,UID,PWD"}));
}

TEST(FakeOdbc, LoginEndsWithItsTimeout) {
  const FakeOdbc fake(FakeScript().connect(R"({"delay_ms": 60000})"));
  OdbcConnection connection;
  SQLSetConnectAttr(connection.handle(), SQL_ATTR_LOGIN_TIMEOUT, reinterpret_cast<SQLPOINTER>(1), SQL_IS_UINTEGER);
  EXPECT_EQ(connection.connect(fake.connection_string()), SQL_ERROR);
  EXPECT_EQ(connection.error(), "HYT00 0 Login timeout expired");
  EXPECT_EQ(fake.log().back(), "connection LOGIN_TIMEOUT=1");
}

TEST(FakeOdbc, ConnectionThatBreaksInMidFetchStaysBroken) {
  const FakeOdbc fake(FakeScript().statement(
      five_rows(R"("fault": {"before_row": 3, "sqlstate": "08S01", "native": 5, "message": "Communication link failure"})")));
  const OdbcConnection connection(fake.connection_string());
  OdbcStatement statement(connection);
  statement.execute("SELECT 1");
  for (int row = 0; row < 3; ++row) ASSERT_EQ(statement.fetch(), SQL_SUCCESS);
  EXPECT_EQ(statement.fetch(), SQL_ERROR);
  EXPECT_EQ(statement.error(), "08S01 5 Communication link failure");
  SQLUINTEGER dead = SQL_CD_FALSE;
  EXPECT_EQ(SQLGetConnectAttr(connection.handle(), SQL_ATTR_CONNECTION_DEAD, &dead, 0, nullptr), SQL_SUCCESS);
  EXPECT_EQ(dead, SQLUINTEGER{SQL_CD_TRUE});
  OdbcStatement other(connection);
  EXPECT_EQ(other.execute("SELECT 1"), SQL_ERROR);
}

TEST(FakeOdbc, FaultOfOneRowIsItsStatus) {
  const FakeOdbc fake(FakeScript().statement(
      five_rows(R"("fault": {"before_row": 1, "row_only": true, "sqlstate": "22003", "message": "Out of range"})")));
  const OdbcConnection connection(fake.connection_string());
  OdbcStatement statement(connection);
  std::array<SQLUSMALLINT, 3> status{};
  statement.set(SQL_ATTR_ROW_ARRAY_SIZE, 3);
  statement.set_pointer(SQL_ATTR_ROW_STATUS_PTR, status.data());
  statement.execute("SELECT 1");
  EXPECT_EQ(statement.fetch(), SQL_SUCCESS_WITH_INFO);
  EXPECT_EQ(status, (std::array<SQLUSMALLINT, 3>{SQL_ROW_SUCCESS, SQL_ROW_ERROR, SQL_ROW_SUCCESS}));
}

TEST(FakeOdbc, RuleThatIsUsedUpLeavesTheStatementToTheNext) {
  const FakeOdbc fake(
      FakeScript()
          .statement(
              R"({"match": "SELECT .*", "times": 1, "fault": {"sqlstate": "HY000", "native": 390114, "message": "Authentication token has expired"}})")
          .statement(five_rows(R"("query_id": "01b2")")));
  const OdbcConnection connection(fake.connection_string());
  OdbcStatement statement(connection);
  EXPECT_EQ(statement.execute("SELECT 1"), SQL_ERROR);
  EXPECT_EQ(statement.error(), "HY000 390114 Authentication token has expired");
  EXPECT_EQ(statement.execute("SELECT 1"), SQL_SUCCESS);
  std::array<SQLWCHAR, 40> id{};
  SQLINTEGER bytes = 0;
  EXPECT_EQ(SQLGetStmtAttrW(statement.handle(), 0x4107, id.data(), sizeof id, &bytes), SQL_SUCCESS);
  EXPECT_EQ(bytes, 8);
  EXPECT_EQ(std::string(id.begin(), id.begin() + 4), "01b2");
}

TEST(FakeOdbc, CatalogFunctionFailsByItsName) {
  const FakeOdbc fake(FakeScript().statement(
      R"({"match": "SQLColumns\\(.*", "fault": {"sqlstate": "HYT00", "message": "Timeout expired"}})"));
  const OdbcConnection connection(fake.connection_string());
  OdbcStatement statement(connection);
  EXPECT_EQ(SQLColumns(statement.handle(), nullptr, 0, nullptr, 0, odbc_text("T"), SQL_NTS, nullptr, 0), SQL_ERROR);
  EXPECT_EQ(statement.error(), "HYT00 0 Timeout expired");
}

TEST(FakeOdbc, CancelFromAnotherThreadEndsAStallAtExecute) {
  const FakeOdbc fake(FakeScript().statement(five_rows(R"("stall": {})")));
  const OdbcConnection connection(fake.connection_string());
  OdbcStatement statement(connection);
  std::thread other([&] {
    EXPECT_TRUE(fake.wait_for("stall"));
    EXPECT_EQ(SQLCancel(statement.handle()), SQL_SUCCESS);
  });
  EXPECT_EQ(statement.execute("SELECT 1"), SQL_ERROR);
  other.join();
  EXPECT_EQ(statement.error(), "HY008 0 Operation canceled");
  EXPECT_EQ(fake.log().back(), "cancel");
}

TEST(FakeOdbc, CancelFromAnotherThreadEndsAStallInMidFetch) {
  const FakeOdbc fake(FakeScript().statement(five_rows(R"("stall": {"before_row": 2, "ignores_timeout": true})")));
  const OdbcConnection connection(fake.connection_string());
  OdbcStatement statement(connection);
  statement.set(SQL_ATTR_QUERY_TIMEOUT, 1);
  statement.execute("SELECT 1");
  statement.fetch();
  statement.fetch();
  std::thread other([&] {
    EXPECT_TRUE(fake.wait_for("stall"));
    EXPECT_EQ(SQLCancel(statement.handle()), SQL_SUCCESS);
  });
  EXPECT_EQ(statement.fetch(), SQL_ERROR);
  other.join();
  EXPECT_EQ(statement.error(), "HY008 0 Operation canceled");
}

TEST(FakeOdbc, QueryTimeoutEndsAStallAndSlowRows) {
  const FakeOdbc fake(FakeScript()
                          .statement(R"({"match": "SELECT STALL", "stall": {}})")
                          .statement(five_rows(R"("row_delay_ms": 60000)")));
  const OdbcConnection connection(fake.connection_string());
  OdbcStatement statement(connection);
  statement.set(SQL_ATTR_QUERY_TIMEOUT, 1);
  EXPECT_EQ(statement.execute("SELECT STALL"), SQL_ERROR);
  EXPECT_EQ(statement.error(), "HYT00 0 Timeout expired");
  EXPECT_EQ(statement.execute("SELECT SLOW ROWS"), SQL_SUCCESS);
  EXPECT_EQ(statement.fetch(), SQL_ERROR);
  EXPECT_EQ(statement.error(), "HYT00 0 Timeout expired");
}

TEST(FakeOdbc, TwoConnectionsDoNotWaitForEachOther) {
  const FakeOdbc fake(FakeScript().statement(R"({"match": "SELECT STALL", "stall": {}})").statement(five_rows(R"("times": 9)")));
  const OdbcConnection stalling(fake.connection_string()), working(fake.connection_string());
  OdbcStatement first(stalling);
  std::thread other([&] { EXPECT_EQ(first.execute("SELECT STALL"), SQL_ERROR); });
  EXPECT_TRUE(fake.wait_for("stall"));
  OdbcStatement second(working);
  EXPECT_EQ(second.execute("SELECT 1"), SQL_SUCCESS);
  EXPECT_EQ(second.rows({1}).size(), 5u);
  SQLCancel(first.handle());
  other.join();
}

}  // namespace
}  // namespace penstock::test
