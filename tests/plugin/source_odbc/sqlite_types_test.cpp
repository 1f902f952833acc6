#include "type_cases.hpp"

#include <sqlite3.h>

#include <charconv>
#include <cmath>
#include <cstring>
#include <filesystem>

namespace penstock::test {
namespace {

const std::vector<TypeCase> kCases = {
    {"INTEGER", "l", {{"-9223372036854775808", "-9223372036854775808"}, {"9223372036854775807", "9223372036854775807"}, {"0", "0"}, {"'12'", "12"}, {"NULL", "NULL"}}},
    {"TINYINT", "l", {{"300", "300"}}},
    {"BIGINT", "l", {{"1", "1"}}},
    {"BOOLEAN", "u", {{"TRUE", "1"}, {"FALSE", "0"}, {"NULL", "NULL"}}},
    {"REAL",
     "g",
     {{"0.1 + 0.2", "0.30000000000000004"}, {"1.0 / 3", "0.3333333333333333"}, {"1.7976931348623157e308", "1.7976931348623157e+308"}, {"5e-324", "5e-324"}, {"2.2250738585072014e-308", "2.2250738585072014e-308"}, {"9e999", "inf"}, {"-9e999", "-inf"}, {"7", "7"}, {"NULL", "NULL"}}},
    {"NUMERIC(38,0)", "u", {{"9223372036854775807", "9223372036854775807"}, {"'text'", "text"}}},
    {"DECIMAL(10,2)", "u", {{"1.5", "1.5"}, {"0.1", "0.1"}, {"1e300", "1e+300"}, {"10", "10"}}},
    {"TEXT", "u", {{"''", ""}, {"'trail  '", "trail  "}, {"'caf\u00e9 \U0001f600'", "caf\u00e9 \U0001f600"}, {"'a' || char(0) || 'b'", std::string("a\0b", 3)}, {"replace(hex(zeroblob(10000)), '0', 'x')", std::string(20'000, 'x')}, {"5", "5"}, {"NULL", "NULL"}}},
    {"VARCHAR(3)", "u", {{"'longer than three'", "longer than three"}}},
    {"CHAR(5)", "u", {{"'ab'", "ab"}}},
    {"JSON", "u", {{"'{\"b\": 1,  \"a\": [2, null]}'", "{\"b\": 1,  \"a\": [2, null]}"}}},
    {"UUID", "u", {{"'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}}},
    {"BLOB", "z", {{"x'00ff41'", "\\x00ff41"}, {"x''", "\\x"}, {"zeroblob(300000)", "\\x" + std::string(600'000, '0')}, {"NULL", "NULL"}}},
    {"DATE", "tdD", {{"'1970-01-01'", "0"}, {"'0001-01-01'", "-719162"}, {"'9999-12-31'", "2932896"}, {"NULL", "NULL"}, {"'soon'", "-2147483648"}}},
    {"DATETIME", "tsu:", {{"'1970-01-01 00:00:00'", "0"}, {"'1969-12-31 23:59:59.999999'", "-1"}}},
    {"TIMESTAMP",
     "tsu:",
     {{"'2024-02-29 12:34:56.123456'", "1709210096123456"}, {"'2024-02-29T12:34'", "1709210040000000"}, {"'0001-01-01'", "-62135596800000000"}, {"'9999-12-31 23:59:59.999999999'", "253402300799999999"}, {"1709210096", "-9223372036854775808"}, {"NULL", "NULL"}}},
};

TEST(OdbcSqliteTypes, EveryTypeArrivesWithItsExactValue) { expect_types(sqlite_database(), kCases); }

TEST(OdbcSqliteTypes, TextInAColumnOfIntegersEndsTheScanRatherThanBecomeNull) {
  const Database db = sqlite_database();
  db.fresh();
  const std::vector<TypeCase> cases{{"INTEGER", "", {{"1", ""}, {"'abc'", ""}}}};
  make_types(db, cases);
  Warehouse warehouse(db);
  const RecordedError error = failure_of([&] { delivered(warehouse, db.table("types"), cases); });
  EXPECT_EQ(error.status, PENSTOCK_STATUS_DATA_LOSS);
  EXPECT_NE(error.message.find("column \"v0\": \"abc\" is no whole number"), std::string::npos) << error.message;
}

TEST(OdbcSqliteTypes, ARealInAColumnOfIntegersIsNamedInReadableText) {
  const Database db = sqlite_database();
  db.fresh();
  const std::vector<TypeCase> cases{{"INTEGER", "", {{"1.5", ""}}}};
  make_types(db, cases);
  Warehouse warehouse(db);
  const RecordedError error = failure_of([&] { delivered(warehouse, db.table("types"), cases); });
  EXPECT_NE(error.message.find("column \"v0\": \"1.5e+00\" is no whole number"), std::string::npos) << error.message;
}

// No window can hold them, and what is never delivered is never rejected either.
TEST(OdbcSqliteTypes, WhatIsNoTimeIsDeliveredWithEveryWindow) {
  const Database db = sqlite_database();
  for (const char* type : {"DATE", "DATETIME", "TIMESTAMP"}) {
    db.fresh();
    db.exec({std::string("CREATE TABLE types (id INTEGER, at ") + type + ")",
             "INSERT INTO types VALUES (1, 1714557600), (2, 1.5), (3, -5), (4, ''), (5, 'soon'), (6, '/x'), (7, x'30'), (8, '2024-01-01'), (9, NULL)"});
    Warehouse warehouse(db);
    EXPECT_EQ(warehouse.scan({.table = db.table("types"), .columns = {"id"}, .cursor = {.column = "at", .timezone = "UTC"}, .since = kTen, .until = kTen + kSecond}),
              (Rows{{"3"}, {"2"}, {"1"}, {"4"}, {"6"}, {"5"}, {"7"}}))
        << type;
  }
}

TEST(OdbcSqlite, AFileThatIsNotThereIsAnErrorAndIsNotMade) {
  OdbcEnvironment::shared();
  const TemporaryFolder folder;
  const RecordedError error = failure_of([&] { SourceDriver source(odbc(), {{"dsn", "DRIVER=SQLite3;Database=" + (folder / "misspelt.db")}}); });
  EXPECT_EQ(error.status, PENSTOCK_STATUS_NOT_FOUND) << error.message;
  EXPECT_FALSE(std::filesystem::exists(folder / "misspelt.db"));
}

TEST(OdbcSqliteTypes, TextThatIsNotUtf8EndsTheScan) {
  const Database db = sqlite_database();
  db.fresh();
  const std::vector<TypeCase> cases{{"TEXT", "", {{"CAST(x'61ff' AS TEXT)", ""}}}};
  make_types(db, cases);
  Warehouse warehouse(db);
  EXPECT_EQ(failure_of([&] { delivered(warehouse, db.table("types"), cases); }).status, PENSTOCK_STATUS_DATA_LOSS);
}

// SQLite itself writes and reads some of them as their neighbours, so they are put in as they are.
TEST(OdbcSqliteTypes, EveryDoubleComesBackTheSame) {
  const Database db = sqlite_database();
  db.fresh();
  db.exec({"CREATE TABLE types (id INTEGER, at TIMESTAMP, v0 REAL)"});
  sqlite3* file = nullptr;
  sqlite3_stmt* insert = nullptr;
  ASSERT_EQ(sqlite3_open(sqlite_file().c_str(), &file), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(file, "PRAGMA synchronous = OFF; BEGIN", nullptr, nullptr, nullptr), SQLITE_OK);
  ASSERT_EQ(sqlite3_prepare_v2(file, "INSERT INTO types VALUES (?, '2024-01-01', ?)", -1, &insert, nullptr), SQLITE_OK);
  Cells values;
  uint64_t state = 88172645463325252;
  while (values.size() < 20'000) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    double value = 0;
    std::memcpy(&value, &state, sizeof value);
    if (!std::isfinite(value)) continue;
    sqlite3_bind_int64(insert, 1, static_cast<int64_t>(values.size()));
    sqlite3_bind_double(insert, 2, value);
    sqlite3_step(insert);
    sqlite3_reset(insert);
    char text[64];
    values.emplace_back(text, std::to_chars(text, text + sizeof text, value).ptr);
  }
  sqlite3_finalize(insert);
  ASSERT_EQ(sqlite3_exec(file, "COMMIT", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(file);
  Warehouse warehouse(db);
  Cells found;
  for (const auto& row : warehouse.scan({.table = db.table("types"), .columns = {"v0"}, .cursor = {.column = "at", .timezone = "UTC"}, .keys = {"id"}})) found.push_back(row[0]);
  EXPECT_EQ(found, values);
}

}  // namespace
}  // namespace penstock::test
