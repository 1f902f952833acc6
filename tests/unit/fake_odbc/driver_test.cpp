#include "odbc_client.hpp"

namespace penstock::test {
namespace {

using Texts = std::vector<std::string>;
using TextRows = std::vector<Texts>;

const char* const kOrders = R"({"catalog": "DB", "schema": "SIGNALS", "name": "ORDERS_1", "columns": [
  {"name": "ID", "type": "decimal", "type_name": "NUMBER", "size": 38, "digits": 0, "nullable": false},
  {"name": "AT", "type": "timestamp", "type_name": "TIMESTAMP_TZ", "size": 35, "digits": 9}]})";

const char* const kNames = R"({"match": "SELECT NAMES", "columns": [{"name": "ID", "type": "bigint"}, {"name": "NAME", "type": "wvarchar"}],
  "generate": {"rows": 5, "row": [{"n": 1}, "name {n} \ud83d\ude00"]}})";

TEST(FakeOdbc, SaysWhatTheScriptSaysAboutTheDriver) {
  const FakeOdbc fake(FakeScript::snowflake());
  const OdbcConnection connection(fake.connection_string());
  std::array<char, 64> name{};
  SQLGetInfo(connection.handle(), SQL_DBMS_NAME, name.data(), name.size(), nullptr);
  EXPECT_EQ(std::string(name.data()), "Snowflake");
  SQLUINTEGER extensions = 0;
  SQLGetInfo(connection.handle(), SQL_GETDATA_EXTENSIONS, &extensions, sizeof extensions, nullptr);
  EXPECT_EQ(extensions, SQLUINTEGER{SQL_GD_ANY_COLUMN | SQL_GD_ANY_ORDER | SQL_GD_BOUND});
  std::array<char, 64> catalog{};
  SQLGetConnectAttr(connection.handle(), SQL_ATTR_CURRENT_CATALOG, catalog.data(), catalog.size(), nullptr);
  EXPECT_EQ(std::string(catalog.data()), "SNOWPLOW_DEV1");
}

TEST(FakeOdbc, ListsTablesAndColumnsByPattern) {
  const FakeOdbc fake(FakeScript().table(kOrders).table(R"({"schema": "SIGNALS", "name": "ORDERSX1", "type": "VIEW"})"));
  const OdbcConnection connection(fake.connection_string());
  OdbcStatement statement(connection);
  ASSERT_EQ(SQLTables(statement.handle(), nullptr, 0, odbc_text("SIGNALS"), SQL_NTS, odbc_text("ORDERS_1"), SQL_NTS, nullptr, 0),
            SQL_SUCCESS);
  EXPECT_EQ(statement.rows({1, 2, 3, 4}),
            (TextRows{{"DB", "SIGNALS", "ORDERS_1", "TABLE"}, {"NULL", "SIGNALS", "ORDERSX1", "VIEW"}}));
  SQLFreeStmt(statement.handle(), SQL_CLOSE);
  ASSERT_EQ(SQLColumns(statement.handle(), nullptr, 0, nullptr, 0, odbc_text("ORDERS\\_1"), SQL_NTS, nullptr, 0), SQL_SUCCESS);
  EXPECT_EQ(statement.rows({3, 4, 5, 6, 7, 9, 11}), (TextRows{{"ORDERS_1", "ID", "3", "NUMBER", "38", "0", "0"},
                                                               {"ORDERS_1", "AT", "93", "TIMESTAMP_TZ", "35", "9", "1"}}));
  EXPECT_EQ(fake.logged("SQL"), (Texts{"SQLTables(NULL,SIGNALS,ORDERS_1,NULL)", "SQLColumns(NULL,NULL,ORDERS\\_1,NULL)"}));
}

TEST(FakeOdbc, TakesNamesAsIdentifiersWhenToldSo) {
  const FakeOdbc fake(FakeScript().table(kOrders));
  const OdbcConnection connection(fake.connection_string());
  OdbcStatement statement(connection);
  statement.set(SQL_ATTR_METADATA_ID, SQL_TRUE);
  const auto count = [&](const char* name) {
    SQLColumns(statement.handle(), odbc_text("db"), SQL_NTS, odbc_text("signals"), SQL_NTS, odbc_text(name), SQL_NTS,
               odbc_text("id"), SQL_NTS);
    const size_t rows = statement.rows({4}).size();
    SQLFreeStmt(statement.handle(), SQL_CLOSE);
    return rows;
  };
  EXPECT_EQ(count("orders_1"), 1u);
  EXPECT_EQ(count("\"ORDERS_1\""), 1u);
  EXPECT_EQ(count("\"orders_1\""), 0u);
}

// Rows fetched at once into columns; names have room for 13 units of UTF-16 and their end.
struct NameArrays {
  explicit NameArrays(OdbcStatement& statement) {
    statement.set(SQL_ATTR_ROW_ARRAY_SIZE, 3);
    statement.set_pointer(SQL_ATTR_ROWS_FETCHED_PTR, &fetched);
    statement.set_pointer(SQL_ATTR_ROW_STATUS_PTR, status.data());
    SQLBindCol(statement.handle(), 1, SQL_C_SBIGINT, ids.data(), 0, id_lengths.data());
    SQLBindCol(statement.handle(), 2, SQL_C_WCHAR, names.data(), sizeof names[0], name_lengths.data());
  }
  std::string name(size_t row) const {
    std::string out;
    for (const SQLWCHAR unit : names[row])
      if (unit != 0) out += unit < 0x80 ? std::string(1, static_cast<char>(unit)) : "<" + std::to_string(unit) + ">";
    return out;
  }

  SQLULEN fetched = 0;
  std::array<SQLUSMALLINT, 3> status{};
  std::array<int64_t, 3> ids{};
  std::array<SQLLEN, 3> id_lengths{}, name_lengths{};
  std::array<std::array<SQLWCHAR, 10>, 3> names{};
};

TEST(FakeOdbc, FillsArraysAndGivesThatTheLastOneIsShort) {
  const FakeOdbc fake(FakeScript().statement(kNames));
  const OdbcConnection connection(fake.connection_string());
  OdbcStatement statement(connection);
  NameArrays arrays(statement);
  ASSERT_EQ(statement.execute("SELECT NAMES"), SQL_SUCCESS);
  ASSERT_EQ(statement.fetch(), SQL_SUCCESS);
  EXPECT_EQ(arrays.fetched, 3u);
  EXPECT_EQ(arrays.ids, (std::array<int64_t, 3>{1, 2, 3}));
  EXPECT_EQ(arrays.name(2), "name 2 <55357><56832>");
  EXPECT_EQ(arrays.name_lengths[2], 18);
  ASSERT_EQ(statement.fetch(), SQL_SUCCESS);
  EXPECT_EQ(arrays.fetched, 2u);
  EXPECT_EQ(arrays.status, (std::array<SQLUSMALLINT, 3>{SQL_ROW_SUCCESS, SQL_ROW_SUCCESS, SQL_ROW_NOROW}));
  EXPECT_EQ(statement.fetch(), SQL_NO_DATA);
}

const char* const kLongName = R"({"match": "SELECT NAMES", "columns": [{"name": "ID", "type": "bigint"}, {"name": "NAME", "type": "wvarchar"}],
  "rows": [[1, "short"], [2, "as long as that"], [3, null]]})";

TEST(FakeOdbc, ValueThatIsTooLongIsCutAndCanBeReadAgainInParts) {
  const FakeOdbc fake(FakeScript().statement(kLongName));
  const OdbcConnection connection(fake.connection_string());
  OdbcStatement statement(connection);
  NameArrays arrays(statement);
  statement.execute("SELECT NAMES");
  ASSERT_EQ(statement.fetch(), SQL_SUCCESS_WITH_INFO);
  EXPECT_EQ(statement.error(), "01004 0 String data, right truncated");
  EXPECT_EQ(arrays.status, (std::array<SQLUSMALLINT, 3>{SQL_ROW_SUCCESS, SQL_ROW_SUCCESS_WITH_INFO, SQL_ROW_SUCCESS}));
  EXPECT_EQ(arrays.name(1), "as long a");
  EXPECT_EQ(arrays.name_lengths, (std::array<SQLLEN, 3>{10, 30, SQL_NULL_DATA}));

  ASSERT_EQ(SQLSetPos(statement.handle(), 2, SQL_POSITION, SQL_LOCK_NO_CHANGE), SQL_SUCCESS);
  std::array<char, 10> part{};
  SQLLEN left = 0;
  EXPECT_EQ(SQLGetData(statement.handle(), 2, SQL_C_CHAR, part.data(), part.size(), &left), SQL_SUCCESS_WITH_INFO);
  EXPECT_EQ(part.data() + std::to_string(left), "as long a15");
  EXPECT_EQ(SQLGetData(statement.handle(), 2, SQL_C_CHAR, part.data(), part.size(), &left), SQL_SUCCESS);
  EXPECT_EQ(part.data() + std::to_string(left), "s that6");
  EXPECT_EQ(SQLGetData(statement.handle(), 2, SQL_C_CHAR, part.data(), part.size(), &left), SQL_NO_DATA);
}

TEST(FakeOdbc, RefusesWhatTheScriptSaysItDoes) {
  const FakeOdbc fake(FakeScript()
                          .driver(R"({"max_array": 2, "larger_array": "HYC00", "getdata_in_arrays": "HY109", "setpos": "IM001",
                                      "refused_attributes": {"QUERY_TIMEOUT": "HYC00"}})")
                          .statement(kNames));
  const OdbcConnection connection(fake.connection_string());
  OdbcStatement statement(connection);
  EXPECT_EQ(statement.set(SQL_ATTR_ROW_ARRAY_SIZE, 3), SQL_ERROR);
  EXPECT_EQ(statement.error(), "HYC00 0 The row array size is too large");
  EXPECT_EQ(statement.set(SQL_ATTR_ROW_ARRAY_SIZE, 2), SQL_SUCCESS);
  EXPECT_EQ(statement.set(SQL_ATTR_QUERY_TIMEOUT, 1), SQL_ERROR);
  statement.execute("SELECT NAMES");
  statement.fetch();
  EXPECT_THROW(statement.text(1), std::runtime_error);
  EXPECT_EQ(statement.error(), "HY109 0 SQLGetData is refused with a row array");
  EXPECT_EQ(SQLSetPos(statement.handle(), 1, SQL_POSITION, SQL_LOCK_NO_CHANGE), SQL_ERROR);
  EXPECT_EQ(statement.error().substr(0, 5), "IM001");
  SQLFreeStmt(statement.handle(), SQL_CLOSE);
  EXPECT_EQ(statement.execute("SELECT SOMETHING ELSE"), SQL_ERROR);
  EXPECT_EQ(statement.error(), "42000 0 the script has no answer to: SELECT SOMETHING ELSE");
}

TEST(FakeOdbc, WideTextIsWrongWhenTheDriverWasNotToldTheEncoding) {
  const FakeOdbc fake(FakeScript().driver(R"({"dbms_name": "Snowflake", "wide": "utf32"})"));
  const OdbcConnection connection(fake.connection_string());
  std::array<SQLWCHAR, 32> name{};
  SQLSMALLINT bytes = 0;
  SQLGetInfoW(connection.handle(), SQL_DBMS_NAME, name.data(), sizeof name, &bytes);
  EXPECT_EQ(bytes, 36);
  EXPECT_EQ((std::array<SQLWCHAR, 4>{name[0], name[1], name[2], name[3]}), (std::array<SQLWCHAR, 4>{'S', 0, 'n', 0}));
}

}  // namespace
}  // namespace penstock::test
