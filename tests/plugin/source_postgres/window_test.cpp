#include "warehouse.hpp"

namespace penstock::test {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
// 2024-05-01 10:00:00 UTC
constexpr int64_t kTen = 1'714'557'600 * kSecond;

TableSpec events() { return {.schema = "win", .table = "events"}; }

void make_events(const std::string& type, const std::vector<std::string>& values) {
  fresh_schema("win");
  std::string sql = "CREATE TABLE win.events (id int, at " + type + ");";
  for (size_t i = 0; i < values.size(); ++i)
    sql += "INSERT INTO win.events VALUES (" + std::to_string(i) + ", " + values[i] + ");";
  shared_server().exec(sql);
}

// The ids of the rows in the window, in the order of delivery.
std::string ids(Warehouse& warehouse, std::optional<int64_t> since, int64_t until, CursorSpec cursor = {},
                TableSpec table = events()) {
  std::string out;
  for (const auto& row : warehouse.scan({.table = std::move(table),
                         .columns = {"id"},
                         .cursor = std::move(cursor),
                         .since = since,
                         .until = until,
                         .keys = {"id"}}))
    out += (out.empty() ? "" : " ") + row.at(0);
  return out;
}

TEST(PostgresWindow, LowerEdgeIsOutAndUpperEdgeIsInToTheMicrosecond) {
  make_events("timestamptz",
              {"'2024-05-01 09:59:59.999999+00'", "'2024-05-01 10:00:00+00'", "'2024-05-01 10:00:00.000001+00'",
               "'2024-05-01 10:00:01+00'", "'2024-05-01 10:00:01.000001+00'"});
  Warehouse warehouse;
  EXPECT_EQ(ids(warehouse, kTen, kTen + kSecond), "2 3");
  EXPECT_EQ(ids(warehouse, kTen - 1000, kTen), "1");
  EXPECT_EQ(ids(warehouse, std::nullopt, kTen), "0 1");
  EXPECT_EQ(ids(warehouse, kTen, kTen), "");
}

TEST(PostgresWindow, BoundsBetweenTwoMicrosecondsAreRoundedDown) {
  make_events("timestamptz", {"'2024-05-01 10:00:00+00'", "'2024-05-01 10:00:00.000001+00'"});
  Warehouse warehouse;
  EXPECT_EQ(ids(warehouse, kTen + 999, kTen + 1999), "1");
  EXPECT_EQ(ids(warehouse, kTen - 1, kTen + 999), "0");
}

TEST(PostgresWindow, AdjacentWindowsBefore1970NeitherMissNorRepeatRows) {
  make_events("timestamptz", {"'1969-12-31 23:59:59.999998+00'", "'1969-12-31 23:59:59.999999+00'",
                              "'1970-01-01 00:00:00+00'", "'1701-01-01 00:00:00+00'"});
  Warehouse warehouse;
  EXPECT_EQ(ids(warehouse, -1500, -1), "1");
  EXPECT_EQ(ids(warehouse, -1, 0), "2");
  EXPECT_EQ(ids(warehouse, std::nullopt, -1500), "3 0");
}

TEST(PostgresWindow, ExtremePositionsAreNoError) {
  make_events("timestamptz", {"'2024-05-01 10:00:00+00'", "'infinity'", "'-infinity'"});
  Warehouse warehouse;
  EXPECT_EQ(ids(warehouse, INT64_MIN, INT64_MAX), "0");
  EXPECT_EQ(ids(warehouse, std::nullopt, INT64_MAX), "2 0");
}

TEST(PostgresWindow, NullCursorIsDeliveredOnlyOnRequestAndThenFirst) {
  make_events("timestamptz", {"'2024-05-01 10:00:00+00'", "NULL", "'2024-05-01 11:00:00+00'"});
  Warehouse warehouse;
  EXPECT_EQ(ids(warehouse, std::nullopt, kTen), "0");
  EXPECT_EQ(warehouse.scan({.table = events(),
                            .columns = {"id", "at"},
                            .since = kTen - 1000,
                            .until = kTen,
                            .keys = {"id"},
                            .include_null_cursor = true}),
            (Rows{{"1", "NULL"}, {"0", "1714557600000000"}}));
}

TEST(PostgresWindow, TiesComeInTheOrderOfTheKeyByBytes) {
  fresh_schema("win");
  shared_server().exec(
      "CREATE TABLE win.events (k text, j json, at timestamptz);"
      "INSERT INTO win.events SELECT k, '1', '2024-05-01 10:00:00+00' FROM unnest(ARRAY['b', 'B', 'a', '\u00e4', 'A']) "
      "k");
  Warehouse warehouse;
  EXPECT_EQ(warehouse.scan({.table = events(), .columns = {"k"}, .keys = {"k", "j"}}),
            (Rows{{"A"}, {"B"}, {"a"}, {"b"}, {"\u00e4"}}));
}

TEST(PostgresWindow, ColumnsComeInTheOrderAskedForAndTheCursorNeedNotBeAmongThem) {
  fresh_schema("win");
  shared_server().exec(
      "CREATE TABLE win.events (a int, b text, c bool, at timestamptz DEFAULT '2024-01-01'); INSERT INTO win.events "
      "VALUES (1, 'x', true)");
  Warehouse warehouse;
  ScanDriver scan;
  warehouse.start({.table = events(), .columns = {"c", "a"}}, scan);
  EXPECT_EQ(formats_of(scan.schema()), (std::vector<std::string>{"c:b", "a:i"}));
  EXPECT_EQ(scan.next(), (Rows{{"true", "1"}}));
  EXPECT_EQ(scan.next(), std::nullopt);
  EXPECT_EQ(scan.next(), std::nullopt);
  EXPECT_EQ(scan.honoured, 31u);
}

TEST(PostgresWindow, BatchesAreNoLongerThanAskedForAndLoseNothing) {
  fresh_schema("win");
  shared_server().exec(
      "CREATE TABLE win.events AS SELECT id, repeat('x', 1000) AS pad, '2024-01-01'::timestamptz AS at FROM "
      "generate_series(0, 999) id");
  Warehouse warehouse;
  ScanDriver by_rows, by_bytes;
  warehouse.start({.table = events(), .columns = {"id"}, .keys = {"id"}, .batch_rows = 300}, by_rows);
  std::vector<int64_t> lengths;
  for (int64_t n; (n = by_rows.next_length()) >= 0;) lengths.push_back(n);
  EXPECT_EQ(lengths, (std::vector<int64_t>{300, 300, 300, 100}));
  warehouse.start({.table = events(), .columns = {"id", "pad"}, .keys = {"id"}, .batch_bytes = 100'000}, by_bytes);
  int64_t rows = 0;
  for (int64_t n; (n = by_bytes.next_length()) >= 0; rows += n) EXPECT_LE(n, 101);
  EXPECT_EQ(rows, 1000);
}

TEST(PostgresWindow, DateColumnIsReadByWholeDaysOfItsZone) {
  make_events("date", {"'2024-04-30'", "'2024-05-01'", "'2024-05-02'"});
  Warehouse warehouse;
  const CursorSpec utc{.column = "at", .timezone = "UTC"}, berlin{.column = "at", .timezone = "Europe/Berlin"};
  EXPECT_EQ(ids(warehouse, kTen - 24 * 3600 * kSecond, kTen, utc), "1");
  // 23:00 UTC on the 30th is already the 1st in Berlin.
  const int64_t eleven_pm = kTen - 11 * 3600 * kSecond;
  EXPECT_EQ(ids(warehouse, std::nullopt, eleven_pm, utc), "0");
  EXPECT_EQ(ids(warehouse, std::nullopt, eleven_pm, berlin), "0 1");
}

TEST(PostgresWindow, WallClockColumnIsReadInItsZone) {
  make_events("timestamp", {"'2024-05-01 11:59:59.999999'", "'2024-05-01 12:00:00'", "'2024-05-01 12:00:00.000001'"});
  Warehouse warehouse;
  const CursorSpec berlin{.column = "at", .timezone = "Europe/Berlin"};
  EXPECT_EQ(ids(warehouse, kTen - 1000, kTen, berlin), "1");
  EXPECT_EQ(ids(warehouse, kTen, kTen + kSecond, berlin), "2");
}

// On 2024-10-27 at 01:00 UTC the clocks of Berlin went from 03:00 back to 02:00.
TEST(PostgresWindow, NoRowOfTheRepeatedHourFallsBetweenTwoWindows) {
  make_events("timestamp",
              {"'2024-10-27 01:30:00'", "'2024-10-27 02:10:00'", "'2024-10-27 02:40:00'", "'2024-10-27 03:15:01'"});
  Warehouse warehouse;
  const CursorSpec berlin{.column = "at", .timezone = "Europe/Berlin"};
  const int64_t change = 1'729'990'800 * kSecond;  // 01:00 UTC
  const int64_t before = change - 1800 * kSecond;  // 02:30 for the first time
  const int64_t after = change + 900 * kSecond;    // 02:15 for the second time
  // Written in between: at 02:40 the first time, or at 02:10 the second time.
  EXPECT_EQ(ids(warehouse, before, after, berlin), "1 2");
  // Away from the change nothing is read twice.
  EXPECT_EQ(ids(warehouse, change + 2 * 3600 * kSecond, change + 3 * 3600 * kSecond, berlin), "");
  EXPECT_EQ(ids(warehouse, std::nullopt, change - 2 * 3600 * kSecond, berlin), "");
}

TEST(PostgresWindow, SkippedHourBelongsToTheWindowAroundIt) {
  make_events("timestamp", {"'2024-03-31 02:30:00'"});
  Warehouse warehouse;
  const int64_t change = 1'711'846'800 * kSecond;  // 02:00 to 03:00 in Berlin
  EXPECT_EQ(ids(warehouse, change - kSecond, change + kSecond, {.column = "at", .timezone = "Europe/Berlin"}), "0");
}

TEST(PostgresWindow, IntegerEpochIsReadInItsUnitRoundedDown) {
  make_events("bigint", {"1714557599", "1714557600", "1714557601", "-1"});
  Warehouse warehouse;
  TableSpec table = events();
  table.options["epoch_unit"] = "s";
  EXPECT_EQ(ids(warehouse, kTen - kSecond, kTen + 999'999'999, {}, table), "1");
  EXPECT_EQ(ids(warehouse, -kSecond - 1, -1, {}, table), "3");
}

TEST(PostgresWindow, IntegerEpochSaysItsUnitAndOtherCursorsSayNone) {
  make_events("bigint", {"1"});
  Warehouse warehouse;
  ScanSpec spec{.table = events(), .columns = {"id"}};
  const std::pair<const char*, int64_t> units[] = {{"s", 1'000'000'000}, {"ms", 1'000'000}, {"us", 1'000}, {"ns", 1}};
  for (const auto& [name, ns] : units) {
    spec.table.options["epoch_unit"] = name;
    ScanDriver scan;
    warehouse.start(spec, scan);
    EXPECT_EQ(scan.cursor_unit_ns, ns) << name;
    scan.release();
    EXPECT_EQ(warehouse.plan(spec).cursor_unit_ns, ns) << name;
  }
  spec.cursor.kind = PENSTOCK_CURSOR_XID;
  EXPECT_EQ(warehouse.plan(spec).cursor_unit_ns, 0);
  make_events("timestamptz", {"'2024-01-01Z'"});
  spec.cursor.kind = PENSTOCK_CURSOR_TIMESTAMP;
  EXPECT_EQ(warehouse.plan(spec).cursor_unit_ns, 0) << "the option is for integers";
}

TEST(PostgresWindow, ColumnThatCannotBeACursorIsRefusedWithAdvice) {
  Warehouse warehouse;
  const auto message = [&](const std::string& type, const CursorSpec& cursor = {}) {
    make_events(type, {});
    const RecordedError error =
        failure_of([&] { warehouse.scan({.table = events(), .columns = {"id"}, .cursor = cursor}); });
    EXPECT_EQ(error.status, PENSTOCK_STATUS_INVALID_ARGUMENT);
    EXPECT_EQ(error.retry, PENSTOCK_RETRY_NEVER);
    return error.message;
  };
  EXPECT_EQ(message("text"),
            "timestamp_field \"at\" has type text; use a column of type timestamptz, timestamp, date, or an integer "
            "with epoch_unit");
  EXPECT_EQ(message("bigint"),
            "timestamp_field \"at\" has type bigint; set epoch_unit = \"s\", \"ms\", \"us\" or \"ns\" if it counts "
            "from 1970");
  EXPECT_EQ(message("timestamp"),
            "timestamp_field \"at\" has type timestamp without time zone; it says no time zone: set timezone = \"UTC\" "
            "or the zone in which it is written");
  EXPECT_EQ(message("date", {.column = "at", .timezone = "UTC'; DROP TABLE x; --"}),
            "timestamp_field \"at\" has type date; \"UTC'; DROP TABLE x; --\" is no time zone");
  EXPECT_EQ(message("timestamp", {.column = "at", .timezone = "Mars/Base"}),
            "planning table \"win\".\"events\": time zone \"Mars/Base\" not recognized");
  EXPECT_EQ(message("text", {.column = "at", .kind = PENSTOCK_CURSOR_XID}),
            "cursor column \"at\" has type text; a transaction id has type xid8");
}

TEST(PostgresWindow, PlanShowsTheStatementThatWouldRun) {
  make_events("timestamptz", {});
  Warehouse warehouse;
  const PlanResult plan =
      warehouse.plan({.table = events(), .columns = {"id"}, .since = kTen, .until = kTen + kSecond, .keys = {"id"}});
  EXPECT_EQ(plan.tokens, (std::vector<std::string>{""}));
  EXPECT_EQ(plan.statement,
            "COPY (SELECT t.\"id\" FROM \"win\".\"events\" AS t WHERE t.\"at\" > '2024-05-01 "
            "10:00:00.000000+00'::pg_catalog.timestamptz AND "
            "t.\"at\" <= '2024-05-01 10:00:01.000000+00'::pg_catalog.timestamptz ORDER BY t.\"at\", t.\"id\") TO "
            "STDOUT (FORMAT binary)");
  EXPECT_GE(plan.rows_estimate, 1);
}

TEST(PostgresWindow, BoundsAreUsedByAnIndexOnTheCursor) {
  fresh_schema("win");
  shared_server().exec(
      "CREATE TABLE win.events AS SELECT id, '2024-01-01'::timestamp + id * interval '1 minute' AS at FROM "
      "generate_series(1, 20000) id;"
      "CREATE INDEX ON win.events (at); ANALYZE win.events");
  Warehouse warehouse;
  const PlanResult plan = warehouse.plan({.table = events(),
                                          .columns = {"id"},
                                          .cursor = {.column = "at", .timezone = "Europe/Berlin"},
                                          .since = 1'704'164'400 * kSecond,
                                          .until = 1'704'164'460 * kSecond});
  const std::string select = plan.statement.substr(6, plan.statement.find(") TO STDOUT") - 6);
  EXPECT_NE(shared_server().value("EXPLAIN (FORMAT JSON) " + select).find("Index Cond"), std::string::npos);
  EXPECT_LT(plan.rows_estimate, 100);
}

TEST(PostgresWindow, RowsCommittedDuringTheScanAreNotInIt) {
  fresh_schema("win");
  shared_server().exec(
      "CREATE TABLE win.events AS SELECT id, '2024-01-01'::timestamptz AS at FROM generate_series(1, 5000) id");
  Warehouse warehouse;
  ScanDriver scan;
  warehouse.start({.table = events(), .columns = {"id"}, .batch_rows = 100}, scan);
  int64_t rows = scan.next_length();
  shared_server().exec("INSERT INTO win.events SELECT id, '2024-01-02' FROM generate_series(5001, 9999) id");
  for (int64_t n; (n = scan.next_length()) >= 0;) rows += n;
  EXPECT_EQ(rows, 5000);
}

TEST(PostgresWindow, QueryIsASourceLikeATable) {
  make_events("timestamptz", {"'2024-05-01 10:00:00+00'", "'2024-05-01 10:00:01+00'"});
  Warehouse warehouse;
  const TableSpec query{.schema = "win", .query = "SELECT id * 10 AS \"Ten\", at FROM events -- all of them\n;  "};
  EXPECT_EQ(formats_of(warehouse.describe(query)), (std::vector<std::string>{"Ten:i", "at:tsu:UTC"}));
  EXPECT_EQ(warehouse.scan({.table = query, .columns = {"Ten"}, .since = kTen}), (Rows{{"10"}}));
  // The schema's place on the search path ends with the scan.
  EXPECT_EQ(failure_of([&] { warehouse.describe({.query = "SELECT * FROM events"}); }).status,
            PENSTOCK_STATUS_NOT_FOUND);
}

TEST(PostgresWindow, ViewsMaterializedViewsAndPartitionsAreRead) {
  fresh_schema("win");
  shared_server().exec(
      "CREATE TABLE win.parts (id int, at timestamptz) PARTITION BY RANGE (at);"
      "CREATE TABLE win.p1 PARTITION OF win.parts FOR VALUES FROM ('2024-05-01') TO ('2024-05-02');"
      "INSERT INTO win.parts VALUES (7, '2024-05-01 10:00:00+00');"
      "CREATE VIEW win.v AS SELECT * FROM win.parts; CREATE MATERIALIZED VIEW win.m AS SELECT * FROM win.parts");
  Warehouse warehouse;
  for (const char* name : {"parts", "p1", "v", "m"})
    EXPECT_EQ(ids(warehouse, kTen - 1000, kTen, {}, {.schema = "win", .table = name}), "7") << name;
}

TEST(PostgresWindow, AScanReadsTheTableAsItIsNowAndNotAsItWasDescribed) {
  fresh_schema("win");
  shared_server().exec("CREATE TABLE win.t (id int, at timestamptz, v int); INSERT INTO win.t VALUES (1, '2026-01-01', 7)");
  Warehouse warehouse;
  const TableSpec table{.schema = "win", .table = "t"};
  EXPECT_EQ(formats_of(warehouse.describe(table)).at(2), "v:i");
  shared_server().exec("ALTER TABLE win.t ALTER v TYPE text USING 'text ' || v");
  EXPECT_EQ(warehouse.scan({.table = table, .columns = {"id", "v"}, .keys = {"id"}}), (Rows{{"1", "text 7"}}));
  shared_server().exec("DROP TABLE win.t; CREATE TABLE win.t (id int, at timestamptz, v bool); INSERT INTO win.t VALUES (2, '2026-01-01', true)");
  EXPECT_EQ(warehouse.scan({.table = table, .columns = {"id", "v"}, .keys = {"id"}}), (Rows{{"2", "true"}}));
  EXPECT_EQ(formats_of(warehouse.describe(table)).at(2), "v:b");
}

TEST(PostgresWindow, OfAWindowOfAnHourOrLessTheRowsAreNotEstimated) {
  make_events("timestamptz", {"'2024-05-01 10:00:00+00'"});
  Warehouse warehouse;
  constexpr int64_t kHour = int64_t{3600} * 1'000'000'000;
  ScanSpec spec{.table = events(), .columns = {"id"}, .since = kTen, .until = kTen + kHour, .keys = {"id"}};
  ScanDriver is_short, is_long;
  warehouse.start(spec, is_short);
  is_short.release();
  EXPECT_EQ(is_short.rows_estimate, -1);
  spec.until += 1000;
  warehouse.start(spec, is_long);
  is_long.release();
  EXPECT_GE(is_long.rows_estimate, 1);
}

}  // namespace
}  // namespace penstock::test
