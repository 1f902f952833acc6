#include "type_cases.hpp"

namespace penstock::test {
namespace {

const std::vector<TypeCase> kPostgres = {
    {"bool", "b", {{"true", "true"}, {"false", "false"}, {"NULL", "NULL"}}},
    {"int8", "l", {{"-9223372036854775808", "-9223372036854775808"}, {"NULL", "NULL"}}},
    {"float8", "g", {{"0.1", "0.1"}}},
    {"numeric", "u", {{"12345678901234567890123456789012345678901234567890.12345", "12345678901234567890123456789012345678901234567890.12345"}}},
    {"text", "u", {{"E'one\\ntwo'", "one\ntwo"}, {"repeat('x', 20000)", std::string(20'000, 'x')}}},
    {"varchar(5)", "u", {{"'abc  '", "abc  "}}},
    {"char(5)", "u", {{"'ab'", "ab   "}}},
    {"bytea", "z", {{"'\\x00ff5c'", "\\x00ff5c"}}},
    {"timestamptz", "tsu:UTC", {{"'2024-02-29 12:34:56.123456+00'", "1709210096123456"}}},
    {"uuid", "u", {{"'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}}},
    {"jsonb", "u", {{"'{\"a\": [2]}'", "{\"a\": [2]}"}}},
};
const std::vector<TypeCase> kMariadb = {
    {"TINYINT(1)", "s", {{"1", "1"}, {"NULL", "NULL"}}},
    {"BIGINT", "l", {{"-9223372036854775808", "-9223372036854775808"}, {"9223372036854775807", "9223372036854775807"}}},
    {"BIGINT UNSIGNED", "L", {{"18446744073709551615", "18446744073709551615"}}},
    {"DOUBLE", "g", {{"0.1", "0.1"}}},
    {"DECIMAL(38,0)", "u", {{"12345678901234567890123456789012345678", "12345678901234567890123456789012345678"}}},
    {"VARCHAR(20)", "u", {{"'caf\u00e9 \U0001f600'", "caf\u00e9 \U0001f600"}}},
    {"CHAR(5)", "u", {{"'ab'", "ab"}}},
    {"LONGTEXT", "u", {{"REPEAT('x', 20000)", std::string(20'000, 'x')}}},
    {"BLOB", "z", {{"0x00ff41", "\\x00ff41"}}},
    {"BIT(8)", "L", {{"b'10000001'", "129"}}},
    {"DATETIME(6)", "tsu:", {{"'1969-12-31 23:59:59.999999'", "-1"}}},
    {"TIMESTAMP(6) NULL", "tsu:UTC", {{"'2024-02-29 12:34:56.123456'", "1709210096123456"}}},
};
const std::vector<TypeCase> kSqlite = {
    {"INTEGER", "l", {{"-9223372036854775808", "-9223372036854775808"}, {"NULL", "NULL"}}},
    {"BIGINT", "l", {{"9223372036854775807", "9223372036854775807"}}},
    {"REAL", "g", {{"0.1 + 0.2", "0.30000000000000004"}}},
    {"TEXT", "u", {{"'caf\u00e9 \U0001f600'", "caf\u00e9 \U0001f600"}, {"replace(hex(zeroblob(10000)), '0', 'x')", std::string(20'000, 'x')}}},
    {"BLOB", "z", {{"x'00ff41'", "\\x00ff41"}}},
    {"DATE", "tdD", {{"'2024-02-29'", "19782"}}},
    {"TIMESTAMP", "tsu:", {{"'2024-02-29 12:34:56.123456'", "1709210096123456"}}},
};

// What a data source in odbc.ini may say besides.
void expect_same_with(const Database& db, const std::vector<TypeCase>& cases, const std::vector<std::string>& keys) {
  db.fresh();
  make_types(db, cases);
  for (const std::string& key : keys) {
    SCOPED_TRACE(key);
    try {
      Warehouse warehouse(db, {{"dsn", db.options().at("dsn") + ";" + key}});
      const std::vector<Delivered> found = delivered(warehouse, db.table("types"), cases);
      for (size_t i = 0; i < cases.size(); ++i) EXPECT_EQ(found[i], expected_of(cases[i])) << cases[i].type;
    } catch (const CallFailed& failure) {
      ADD_FAILURE() << failure.what();
    }
  }
}

TEST(OdbcSession, KeysOfPsqlOdbcDoNotChangeTheRows) {
  expect_same_with(postgres_database(), kPostgres,
                   {"BoolsAsChar=0", "BoolsAsChar=1", "TextAsLongVarchar=0", "UnknownsAsLongVarchar=1", "ByteaAsLongVarBinary=0", "MaxVarcharSize=10", "MaxLongVarcharSize=10", "UnknownSizes=1", "UnknownSizes=2",
                    "UseServerSidePrepare=0", "UseDeclareFetch=0", "Fetch=1", "NumericAs=8", "ConnSettings=SET bytea_output%3D'escape'", "Protocol=7.4-0", "Protocol=7.4-1", "Protocol=7.4-2", "Optimizer=0;Ksqo=1", "CvtNull2Str=1", "RowVersioning=1;ShowSystemTables=1;ShowOidColumn=1", "TrueIsMinus1=1"});
}

TEST(OdbcSession, KeysOfMariadbsDriverDoNotChangeTheRows) {
  std::vector<std::string> keys{"NO_CACHE=1", "FORWARDONLY=1", "NO_PROMPT=1", "CHARSET=latin1", "CHARSET=utf8", "INITSTMT=SET NAMES latin1", "INITSTMT=SET sql_mode='ANSI_QUOTES,PAD_CHAR_TO_FULL_LENGTH,PIPES_AS_CONCAT'"};
  // Not the 26th, several statements at a time: the driver loses memory with it.
  for (int bit = 0; bit < 26; ++bit)
    if (bit != 6 && bit != 13) keys.push_back("OPTION=" + std::to_string(1 << bit));  // without databases; a pipe of Windows
  expect_same_with(mariadb_database(), kMariadb, keys);
}

TEST(OdbcSession, KeysOfSqlitesDriverDoNotChangeTheRows) {
  expect_same_with(sqlite_database(), kSqlite, {"StepAPI=0", "NoWCHAR=1", "ShortNames=1", "LongNames=1", "BigInt=1", "JDConv=1", "NoTXN=1", "OEMCP=1", "FKSupport=1", "Timeout=10"});
}

TEST(OdbcSession, AServersLimitOfRowsIsNone) {
  const Database db = mariadb_database();
  db.fresh();
  db.exec({"CREATE TABLE t (id INT, at DATETIME)", "INSERT INTO t SELECT seq, '2024-01-01' FROM seq_1_to_10", "SET GLOBAL sql_select_limit = 3"});
  Warehouse warehouse(db);
  EXPECT_EQ(warehouse.scan({.table = db.table("t"), .columns = {"id"}, .cursor = {.column = "at", .timezone = "UTC"}}).size(), 10u);
  db.exec({"SET GLOBAL sql_select_limit = 18446744073709551615"});
}

TEST(OdbcSession, RowLevelSecurityIsAnErrorAndNeverFewerRows) {
  const Database db = postgres_database();
  db.fresh();
  db.exec({"CREATE TABLE o.t (id int, at timestamptz DEFAULT '2024-01-01'); INSERT INTO o.t VALUES (1), (2)", "ALTER TABLE o.t ENABLE ROW LEVEL SECURITY; CREATE POLICY first_only ON o.t USING (id = 1)",
           "CREATE VIEW o.v AS SELECT * FROM o.t WHERE id = 1"});
  Warehouse warehouse(db);
  for (const TableSpec& table : {db.table("t"), TableSpec{.query = "SELECT * FROM o.t"}}) {
    const RecordedError error = failure_of([&] { warehouse.scan({.table = table, .columns = {"id"}}); });
    EXPECT_EQ(error.status, PENSTOCK_STATUS_PERMISSION_DENIED);
    EXPECT_EQ(error.retry, PENSTOCK_RETRY_NEVER);
    EXPECT_NE(error.message.find("row-level security policy for table \"t\""), std::string::npos) << error.message;
  }
  EXPECT_EQ(warehouse.scan({.table = db.table("v"), .columns = {"id"}}), (Rows{{"1"}}));
}

// It would keep old rows from being cleaned away.
TEST(OdbcSession, NoTransactionStaysOpenBetweenCalls) {
  for (const Database& db : {postgres_database(), mariadb_database()}) {
    SCOPED_TRACE(db.name);
    db.fresh();
    db.exec({"CREATE TABLE " + db.path("t") + " (id INT, at " + db.wall + ")", "INSERT INTO " + db.path("t") + " VALUES (1, '2024-01-01 00:00:00')"});
    const auto open_transactions = [&] {
      return db.value(db.name == "postgres" ? "SELECT count(*) FROM pg_stat_activity WHERE usename = 'penstock' AND state <> 'idle'"
                                            : "SELECT count(*) FROM information_schema.innodb_trx");
    };
    Warehouse warehouse(db);
    const ScanSpec spec{.table = db.table("t"), .columns = {"id"}, .cursor = {.column = "at", .timezone = "UTC"}};
    const std::pair<const char*, std::function<void()>> calls[] = {{"opening", [] {}},
                                                                   {"ping", [&] { warehouse.ping(); }},
                                                                   {"list_tables", [&] { warehouse.list_tables(); }},
                                                                   {"describe", [&] { warehouse.describe(spec.table); }},
                                                                   {"horizon", [&] { warehouse.horizon(spec.table, spec.cursor); }},
                                                                   {"plan", [&] { warehouse.plan(spec); }},
                                                                   {"scan", [&] { warehouse.scan(spec); }},
                                                                   {"a table that is not there", [&] { failure_of([&] { warehouse.describe(db.table("nowhere")); }); }},
                                                                   {"a column that is not there", [&] { failure_of([&] { warehouse.scan({.table = spec.table, .columns = {"nope"}, .cursor = spec.cursor}); }); }},
                                                                   {"a query that fails", [&] { failure_of([&] { warehouse.describe({.query = "SELECT nonsense"}); }); }}};
    for (const auto& [name, call] : calls) {
      call();
      EXPECT_TRUE(eventually([&] { return open_transactions() == "0"; }, std::chrono::seconds(2))) << name;
    }
  }
}

TEST(OdbcSession, AWriterThatHoldsAnSqliteFileIsNotWaitedForLong) {
  const Database db = sqlite_database();
  db.fresh();
  db.exec({"CREATE TABLE t (id INT, at TIMESTAMP)", "INSERT INTO t VALUES (1, '2024-01-01')"});
  Warehouse warehouse(db);
  const ScanSpec spec{.table = db.table("t"), .columns = {"id"}, .cursor = {.column = "at", .timezone = "UTC"}};
  db.exec({"BEGIN EXCLUSIVE"});
  const auto begun = std::chrono::steady_clock::now();
  const RecordedError error = failure_of([&] { warehouse.scan(spec); });
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(10));
  db.exec({"COMMIT"});
  EXPECT_EQ(error.status, PENSTOCK_STATUS_UNAVAILABLE) << error.message;
  EXPECT_EQ(error.retry, PENSTOCK_RETRY_RECONNECT);
  EXPECT_EQ(warehouse.scan(spec), (Rows{{"1"}}));
}

}  // namespace
}  // namespace penstock::test
