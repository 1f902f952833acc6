#include "warehouse.hpp"

namespace penstock::test {
namespace {

class OdbcWindow : public EveryDatabase {
 protected:
  // Rows 0, 1, … whose column `at` has these values; a value is SQL.
  void make_events(const std::string& type, const Sql& values) {
    db.fresh();
    Sql sql{"CREATE TABLE " + db.path("events") + " (id INT, at " + type + ")"};
    for (size_t i = 0; i < values.size(); ++i)
      sql.push_back("INSERT INTO " + db.path("events") + " VALUES (" + std::to_string(i) + ", " + values[i] + ")");
    db.exec(sql);
  }
  TableSpec events() const { return db.table("events"); }
  // The ids of the rows in the window, in the order of delivery.
  std::string ids(SourceDriver& warehouse, std::optional<int64_t> since, int64_t until, const CursorSpec& cursor, const TableSpec& table) const {
    std::string out;
    for (const auto& row : warehouse.scan({.table = table, .columns = {"id"}, .cursor = cursor, .since = since, .until = until, .keys = {"id"}}))
      out += (out.empty() ? "" : " ") + row.at(0);
    return out;
  }
  std::string ids(SourceDriver& warehouse, std::optional<int64_t> since, int64_t until, const CursorSpec& cursor = {.column = "at", .timezone = "UTC"}) const {
    return ids(warehouse, since, until, cursor, events());
  }
};

const CursorSpec kBerlin{.column = "at", .timezone = "Europe/Berlin"};
const CursorSpec kUtc{.column = "at", .timezone = "UTC"};

TEST_P(OdbcWindow, LowerEdgeIsOutAndUpperEdgeIsInToTheMicrosecond) {
  for (const std::string& type : {db.wall, db.instant}) {
    if (type.empty()) continue;
    make_events(type, {"'2024-05-01 09:59:59.999999'", "'2024-05-01 10:00:00'", "'2024-05-01 10:00:00.000001'", "'2024-05-01 10:00:01'",
                       "'2024-05-01 10:00:01.000001'"});
    Warehouse warehouse(db);
    EXPECT_EQ(ids(warehouse, kTen, kTen + kSecond), "2 3") << type;
    EXPECT_EQ(ids(warehouse, kTen - 1000, kTen), "1");
    EXPECT_EQ(ids(warehouse, std::nullopt, kTen), "0 1");
    EXPECT_EQ(ids(warehouse, kTen, kTen), "");
  }
}

TEST_P(OdbcWindow, BoundsBetweenTwoMicrosecondsAreRoundedDown) {
  make_events(db.wall, {"'2024-05-01 10:00:00'", "'2024-05-01 10:00:00.000001'"});
  Warehouse warehouse(db);
  EXPECT_EQ(ids(warehouse, kTen + 999, kTen + 1999), "1");
  EXPECT_EQ(ids(warehouse, kTen - 1, kTen + 999), "0");
}

TEST_P(OdbcWindow, AdjacentWindowsBefore1970NeitherMissNorRepeatRows) {
  make_events(db.wall, {"'1969-12-31 23:59:59.999998'", "'1969-12-31 23:59:59.999999'", "'1970-01-01 00:00:00'", "'1701-01-01 00:00:00'"});
  Warehouse warehouse(db);
  EXPECT_EQ(ids(warehouse, -1500, -1), "1");
  EXPECT_EQ(ids(warehouse, -1, 0), "2");
  EXPECT_EQ(ids(warehouse, std::nullopt, -1500), "3 0");
}

TEST_P(OdbcWindow, ExtremePositionsAreNoError) {
  make_events(db.wall, {"'2024-05-01 10:00:00'"});
  Warehouse warehouse(db);
  EXPECT_EQ(ids(warehouse, INT64_MIN, INT64_MAX), "0");
  EXPECT_EQ(ids(warehouse, INT64_MAX, INT64_MAX), "");
  EXPECT_EQ(ids(warehouse, std::nullopt, INT64_MIN), "");
  EXPECT_EQ(ids(warehouse, INT64_MIN, INT64_MAX, kBerlin), "0");
}

TEST_P(OdbcWindow, NullCursorIsDeliveredOnlyOnRequestAndThenFirst) {
  make_events(db.wall, {"'2024-05-01 10:00:00'", "NULL", "'2024-05-01 11:00:00'"});
  Warehouse warehouse(db);
  EXPECT_EQ(ids(warehouse, std::nullopt, kTen), "0");
  const ScanSpec spec{.table = events(), .columns = {"id", "at"}, .cursor = kUtc, .since = kTen - 1000, .until = kTen, .keys = {"id"}, .include_null_cursor = true};
  EXPECT_EQ(warehouse.scan(spec), (Rows{{"1", "NULL"}, {"0", "1714557600000000"}}));
}

TEST_P(OdbcWindow, TiesComeInTheOrderOfTheKeyByBytes) {
  db.exec({"CREATE TABLE " + db.path("events") + " (k VARCHAR(10), n INT, at " + db.wall + ")"});
  for (const char* key : {"b", "B", "a", "\u00e4", "A"})
    for (const char* n : {"10", "9"})
      db.exec({"INSERT INTO " + db.path("events") + " VALUES ('" + key + "', " + n + ", '2024-05-01 10:00:00')"});
  Warehouse warehouse(db);
  EXPECT_EQ(warehouse.scan({.table = events(), .columns = {"k", "n"}, .cursor = kUtc, .keys = {"k", "n"}}),
            (Rows{{"A", "9"}, {"A", "10"}, {"B", "9"}, {"B", "10"}, {"a", "9"}, {"a", "10"}, {"b", "9"}, {"b", "10"}, {"\u00e4", "9"}, {"\u00e4", "10"}}));
}

TEST_P(OdbcWindow, ColumnsComeInTheOrderAskedForAndTheCursorNeedNotBeAmongThem) {
  db.exec({"CREATE TABLE " + db.path("events") + " (a INT, b VARCHAR(9), at " + db.wall + ")",
           "INSERT INTO " + db.path("events") + " VALUES (1, 'x', '2024-01-01 00:00:00')"});
  Warehouse warehouse(db);
  ScanDriver scan;
  warehouse.start({.table = events(), .columns = {"b", "a"}, .cursor = kUtc}, scan);
  std::vector<std::string> names;
  for (const Field& field : scan.schema()) names.push_back(field.name);
  EXPECT_EQ(names, (std::vector<std::string>{"b", "a"}));
  EXPECT_EQ(scan.next(), (Rows{{"x", "1"}}));
  EXPECT_EQ(scan.next(), std::nullopt);
  EXPECT_EQ(scan.next(), std::nullopt);
}

TEST_P(OdbcWindow, BatchesAreNoLongerThanAskedForAndLoseNothing) {
  db.exec({"CREATE TABLE " + db.path("events") + " (id INT, pad VARCHAR(2000), at " + db.wall + ")",
           "INSERT INTO " + db.path("events") + " SELECT n, '" + std::string(1000, 'x') + "', '2024-01-01 00:00:00' FROM " + db.numbers(1000)});
  Warehouse warehouse(db);
  ScanDriver by_rows, by_bytes;
  warehouse.start({.table = events(), .columns = {"id"}, .cursor = kUtc, .keys = {"id"}, .batch_rows = 300}, by_rows);
  std::vector<int64_t> lengths;
  for (int64_t n; (n = by_rows.next_length()) >= 0;) lengths.push_back(n);
  EXPECT_EQ(lengths, (std::vector<int64_t>{300, 300, 300, 100}));
  by_rows.release();
  warehouse.start({.table = events(), .columns = {"id", "pad"}, .cursor = kUtc, .keys = {"id"}, .batch_bytes = 100'000}, by_bytes);
  int64_t rows = 0;
  for (int64_t n; (n = by_bytes.next_length()) >= 0; rows += n) EXPECT_LE(n, 101);
  EXPECT_EQ(rows, 1000);
}

// More rows than the first pages of a driver that is read by pages.
constexpr int64_t kPages = 30'000;

// Reads the ids 1 to kPages.
void expect_each_once(SourceDriver& warehouse, ScanSpec spec) {
  ScanDriver scan;
  spec.columns = {"id"};
  spec.batch_rows = 7'000;
  warehouse.start(spec, scan);
  std::vector<bool> seen(kPages + 1);
  int64_t rows = 0, repeated = 0;
  while (auto batch = scan.next())
    for (const auto& row : *batch) {
      std::vector<bool>::reference here = seen.at(std::stoul(row[0]));
      repeated += here ? 1 : 0;
      here = true;
      ++rows;
    }
  EXPECT_EQ(rows, kPages);
  EXPECT_EQ(repeated, 0);
}

TEST_P(OdbcWindow, ManyRowsOfOneTimeAndOneKeyAreNeitherLostNorRepeated) {
  db.exec({"CREATE TABLE " + db.path("events") + " (id INT, k INT, at " + db.wall + ")",
           "INSERT INTO " + db.path("events") + " SELECT n, 7, '2024-01-01 00:00:00' FROM " + db.numbers(kPages)});
  Warehouse warehouse(db);
  expect_each_once(warehouse, {.table = events(), .columns = {}, .cursor = kUtc, .keys = {"k"}});
}

// A double does not tell them apart.
TEST_P(OdbcWindow, NeighbouringNanosecondsAreNeitherLostNorRepeated) {
  db.exec({"CREATE TABLE " + db.path("events") + " (id INT, at BIGINT)",
           "INSERT INTO " + db.path("events") + " SELECT n, 1714557600123456000 + n FROM " + db.numbers(kPages)});
  Warehouse warehouse(db);
  TableSpec table = events();
  table.options["epoch_unit"] = "ns";
  expect_each_once(warehouse, {.table = table, .columns = {}, .cursor = {.column = "at"}, .keys = {"id"}});
}

TEST_P(OdbcWindow, AWindowOfMoreThanMaxRowsFails) {
  make_events(db.wall, {"'2024-01-01 00:00:00'", "'2024-01-01 00:00:01'", "'2024-01-01 00:00:02'"});
  Warehouse warehouse(db);
  ScanSpec spec{.table = events(), .columns = {"id"}, .cursor = kUtc, .keys = {"id"}};
  spec.table.options["max_rows"] = "3";
  EXPECT_EQ(warehouse.scan(spec).size(), 3u);
  spec.table.options["max_rows"] = "2";
  const RecordedError error = failure_of([&] { warehouse.scan(spec); });
  EXPECT_EQ(error.status, PENSTOCK_STATUS_FAILED_PRECONDITION);
  EXPECT_EQ(error.retry, PENSTOCK_RETRY_NEVER);
  EXPECT_NE(error.message.find("the window holds more than max_rows = 2 rows; raise max_rows, or read the window in parts with --from and --to"),
            std::string::npos)
      << error.message;
  // The server is not asked for more than it takes to tell.
  EXPECT_TRUE(warehouse.plan(spec).statement.ends_with(db.name == "postgres" ? " OFFSET 0 ROWS FETCH NEXT 3 ROWS ONLY" : " LIMIT 3"));
}

TEST_P(OdbcWindow, DateColumnIsReadByWholeDaysOfItsZone) {
  make_events("DATE", {"'2024-04-30'", "'2024-05-01'", "'2024-05-02'"});
  Warehouse warehouse(db);
  EXPECT_EQ(ids(warehouse, kTen - 24 * 3600 * kSecond, kTen), "1");
  // 23:00 UTC on the 30th is already the 1st in Berlin.
  const int64_t eleven_pm = kTen - 11 * 3600 * kSecond;
  EXPECT_EQ(ids(warehouse, std::nullopt, eleven_pm), "0");
  EXPECT_EQ(ids(warehouse, std::nullopt, eleven_pm, kBerlin), "0 1");
}

TEST_P(OdbcWindow, WallClockColumnIsReadInItsZone) {
  make_events(db.wall, {"'2024-05-01 11:59:59.999999'", "'2024-05-01 12:00:00'", "'2024-05-01 12:00:00.000001'"});
  Warehouse warehouse(db);
  EXPECT_EQ(ids(warehouse, kTen - 1000, kTen, kBerlin), "1");
  EXPECT_EQ(ids(warehouse, kTen, kTen + kSecond, kBerlin), "2");
}

// On 2024-10-27 at 01:00 UTC the clocks of Berlin went from 03:00 back to 02:00.
TEST_P(OdbcWindow, NoRowOfTheRepeatedHourFallsBetweenTwoWindows) {
  make_events(db.wall, {"'2024-10-27 01:30:00'", "'2024-10-27 02:10:00'", "'2024-10-27 02:40:00'", "'2024-10-27 03:15:01'"});
  Warehouse warehouse(db);
  const int64_t change = 1'729'990'800 * kSecond;  // 01:00 UTC
  const int64_t before = change - 1800 * kSecond;  // 02:30 for the first time
  const int64_t after = change + 900 * kSecond;    // 02:15 for the second time
  // Written in between: at 02:40 the first time, or at 02:10 the second time.
  EXPECT_EQ(ids(warehouse, before, after, kBerlin), "1 2");
  // Away from the change nothing is read twice.
  EXPECT_EQ(ids(warehouse, change + 2 * 3600 * kSecond, change + 3 * 3600 * kSecond, kBerlin), "");
  EXPECT_EQ(ids(warehouse, std::nullopt, change - 2 * 3600 * kSecond, kBerlin), "");
}

TEST_P(OdbcWindow, SkippedHourBelongsToTheWindowAroundIt) {
  make_events(db.wall, {"'2024-03-31 02:30:00'"});
  Warehouse warehouse(db);
  const int64_t change = 1'711'846'800 * kSecond;  // 02:00 to 03:00 in Berlin
  EXPECT_EQ(ids(warehouse, change - kSecond, change + kSecond, kBerlin), "0");
}

TEST_P(OdbcWindow, IntegerEpochIsReadInItsUnitRoundedDown) {
  make_events("BIGINT", {"1714557599", "1714557600", "1714557601", "-1"});
  Warehouse warehouse(db);
  TableSpec table = events();
  table.options["epoch_unit"] = "s";
  EXPECT_EQ(ids(warehouse, kTen - kSecond, kTen + 999'999'999, {}, table), "1");
  EXPECT_EQ(ids(warehouse, -kSecond - 1, -1, {}, table), "3");
}

TEST_P(OdbcWindow, ColumnThatCannotBeACursorIsRefusedWithAdvice) {
  Warehouse warehouse(db);
  const auto message = [&](const std::string& type, const CursorSpec& cursor) {
    make_events(type, {});
    const RecordedError error = failure_of([&] { warehouse.scan({.table = events(), .columns = {"id"}, .cursor = cursor}); });
    EXPECT_EQ(error.status, PENSTOCK_STATUS_INVALID_ARGUMENT);
    EXPECT_EQ(error.retry, PENSTOCK_RETRY_NEVER);
    EXPECT_EQ(error.message.find("timestamp_field \"at\""), 0u) << error.message;
    return error.message;
  };
  EXPECT_NE(message("VARCHAR(10)", {}).find("use a timestamp, a date, or an integer with epoch_unit"), std::string::npos);
  EXPECT_NE(message("BIGINT", {}).find("set epoch_unit = \"s\", \"ms\", \"us\" or \"ns\""), std::string::npos);
  EXPECT_NE(message(db.wall, {}).find("it says no time zone: set timezone = \"UTC\""), std::string::npos);
}

TEST_P(OdbcWindow, ZoneThatThereIsNotIsRefused) {
  make_events(db.wall, {});
  Warehouse warehouse(db);
  for (const char* zone : {"Mars/Base", "UTC'; DROP TABLE x; --"}) {
    const RecordedError error = failure_of([&] { warehouse.scan({.table = events(), .columns = {"id"}, .cursor = {.column = "at", .timezone = zone}}); });
    EXPECT_EQ(error.status, PENSTOCK_STATUS_INVALID_ARGUMENT);
    EXPECT_NE(error.message.find(zone), std::string::npos) << error.message;
  }
}

TEST_P(OdbcWindow, RowsCommittedDuringTheScanAreNotInIt) {
  if (db.name == "sqlite") GTEST_SKIP() << "a reader keeps writers out";
  db.exec({"CREATE TABLE " + db.path("events") + " (id INT, at " + db.wall + ")",
           "INSERT INTO " + db.path("events") + " SELECT n, '2024-01-01 00:00:00' FROM " + db.numbers(30'000)});
  Warehouse warehouse(db);
  ScanDriver scan;
  warehouse.start({.table = events(), .columns = {"id"}, .cursor = kUtc, .batch_rows = 100}, scan);
  int64_t rows = scan.next_length();
  db.exec({"INSERT INTO " + db.path("events") + " SELECT n + 1000000, '2024-01-01 00:00:00' FROM " + db.numbers(100)});
  for (int64_t n; (n = scan.next_length()) >= 0;) rows += n;
  EXPECT_EQ(rows, 30'000);
  scan.release();
  // The next scan has a snapshot of its own.
  EXPECT_EQ(warehouse.scan({.table = events(), .columns = {"id"}, .cursor = kUtc, .batch_rows = 10'000}).size(), 30'100u);
}

TEST_P(OdbcWindow, QueryIsASourceLikeATable) {
  make_events(db.wall, {"'2024-05-01 10:00:00'", "'2024-05-01 10:00:01'"});
  Warehouse warehouse(db);
  TableSpec query = db.table("");
  query.table = {};
  query.query = "SELECT id AS " + db.quote + "Ten" + db.quote + ", at FROM " + db.path("events") + " WHERE id > 0 -- all but one\n;  ";
  EXPECT_EQ(warehouse.scan({.table = query, .columns = {"Ten"}, .cursor = kUtc, .since = kTen}), (Rows{{"1"}}));
  EXPECT_EQ(warehouse.scan({.table = query, .columns = {"Ten"}, .cursor = kUtc, .since = kTen + kSecond}), Rows{});
  std::vector<std::string> names;
  for (const Field& field : warehouse.describe(query)) names.push_back(field.name);
  EXPECT_EQ(names, (std::vector<std::string>{"Ten", "at"}));
}

TEST_P(OdbcWindow, ViewsAreRead) {
  make_events(db.wall, {"'2024-05-01 10:00:00'"});
  db.exec({"CREATE VIEW " + db.path("seen") + " AS SELECT * FROM " + db.path("events")});
  Warehouse warehouse(db);
  EXPECT_EQ(ids(warehouse, kTen - 1000, kTen, kUtc, db.table("seen")), "0");
}

TEST_P(OdbcWindow, AScanReadsTheTableAsItIsNowAndNotAsItWasDescribed) {
  db.exec({"CREATE TABLE " + db.path("t") + " (id INT, at " + db.wall + ", v INT)", "INSERT INTO " + db.path("t") + " VALUES (1, '2024-01-01 00:00:00', 7)"});
  Warehouse warehouse(db);
  const ScanSpec spec{.table = db.table("t"), .columns = {"id", "v"}, .cursor = kUtc, .keys = {"id"}};
  EXPECT_EQ(warehouse.scan(spec), (Rows{{"1", "7"}}));
  db.exec({"DROP TABLE " + db.path("t"), "CREATE TABLE " + db.path("t") + " (id INT, at " + db.wall + ", v VARCHAR(20))",
           "INSERT INTO " + db.path("t") + " VALUES (2, '2024-01-01 00:00:00', 'text')"});
  EXPECT_EQ(warehouse.scan(spec), (Rows{{"2", "text"}}));
}

TEST_P(OdbcWindow, TheHorizonIsTheServersClockLessTheLag) {
  make_events(db.wall, {});
  Warehouse warehouse(db);
  const auto clock = [] { return std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count(); };
  const int64_t before = clock();
  const HorizonResult here = warehouse.horizon(events(), {.column = "at", .timezone = "UTC", .lag_ns = 0});
  const HorizonResult hour = warehouse.horizon(events(), {.column = "at", .timezone = "UTC", .lag_ns = 3600 * kSecond});
  const int64_t after = clock();
  EXPECT_EQ(here.guarantee, PENSTOCK_CLASS_B);
  EXPECT_LT(here.ordinal, after);
  EXPECT_GT(here.ordinal, before - 5 * kSecond);
  EXPECT_LT(hour.ordinal, after - 3600 * kSecond);
  EXPECT_GT(hour.ordinal, before - 3605 * kSecond);
}

PENSTOCK_EVERY_DATABASE(OdbcWindow);

}  // namespace
}  // namespace penstock::test
