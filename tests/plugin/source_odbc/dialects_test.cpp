// What is asked of servers that there is none of here, and how their answers are read: the fake driver plays them.
#include "fake_warehouse.hpp"

namespace penstock::test {
namespace {

// One statement of several, each with its answer of one text.
std::string answer(const std::string& match, const std::string& text) {
  return R"({"match": ")" + match + R"(", "columns": [{"name": "c", "type": "wvarchar", "size": 100}], "rows": [[")" + text + R"("]]})";
}

std::string last_select(const FakeOdbc& fake) {
  const std::vector<std::string> found = fake.logged("execute SELECT");
  return found.empty() ? "" : found.back().substr(8);
}

FakeScript sql_server() {
  FakeScript script;
  script.driver(R"({"dbms_name": "Microsoft SQL Server", "catalog": "shop"})");
  script.table(R"({"catalog": "shop", "schema": "dbo", "name": "T", "columns": [
    {"name": "id", "type": "integer", "type_name": "int", "size": 10},
    {"name": "at2", "type": "timestamp", "type_name": "datetime2", "size": 27, "digits": 7},
    {"name": "old", "type": "timestamp", "type_name": "datetime", "size": 23, "digits": 3},
    {"name": "ato", "type": "wvarchar", "type_name": "datetimeoffset", "size": 34, "digits": 7},
    {"name": "day", "type": "date", "type_name": "date", "size": 10},
    {"name": "stamp", "type": "binary", "type_name": "timestamp", "size": 8},
    {"name": "key]", "type": "wvarchar", "type_name": "nvarchar", "size": 20},
    {"name": "who", "type": "guid", "type_name": "uniqueidentifier", "size": 36},
    {"name": "price", "type": "decimal", "type_name": "money", "size": 19, "digits": 4},
    {"name": "tiny", "type": "tinyint", "type_name": "tinyint", "size": 3, "unsigned": true}]})");
  script.statement(R"({"match": "SET .*"})");
  script.statement(answer("SELECT DATEDIFF_BIG.*", "1769860800123456"));
  return script;
}

TEST(SqlServerDialect, IsAskedForWindowsInTheColumnsTerms) {
  FakeScript script = sql_server();
  script.statement(R"({"match": "SELECT .*", "columns": [{"name": "id", "type": "integer"}], "rows": []})");
  const FakeOdbc fake(script);
  FakeWarehouse warehouse(fake);
  const auto asked = [&](const CursorSpec& cursor, bool with_null = false) {
    ScanSpec spec{.table = {.table = "T"}, .columns = {"id"}, .cursor = cursor, .since = kTen, .until = kTen + 123'456'789, .keys = {"key]"}};
    spec.include_null_cursor = with_null;
    warehouse.scan(spec);
    return last_select(fake);
  };
  const std::string select = R"(SELECT t."id" FROM "shop"."dbo"."T" t WHERE )", by_key = R"(, t."key]" COLLATE Latin1_General_BIN2)";
  EXPECT_EQ(asked({.column = "at2", .timezone = "UTC"}),
            select + R"(t."at2" > CAST('2024-05-01 10:00:00.0000000' AS datetime2(7)) AND t."at2" <= CAST('2024-05-01 10:00:00.1234567' AS datetime2(7)) ORDER BY t."at2")" + by_key);
  EXPECT_EQ(asked({.column = "ato"}, true),
            select + R"((t."ato" > CAST('2024-05-01 10:00:00.0000000 +00:00' AS datetimeoffset(7)) AND t."ato" <= CAST('2024-05-01 10:00:00.1234567 +00:00' AS datetimeoffset(7))) OR t."ato" IS NULL ORDER BY t."ato")" + by_key);
  EXPECT_EQ(asked({.column = "day", .timezone = "UTC"}),
            select + R"(t."day" > CAST('2024-05-01' AS date) AND t."day" <= CAST('2024-05-01' AS date) ORDER BY t."day")" + by_key);
  EXPECT_FALSE(fake.logged("statement NOSCAN=1").empty()) << "a brace in a name is no escape";
  EXPECT_EQ(failure_of([&] { asked({.column = "stamp"}); }).message, "timestamp_field \"stamp\" has type timestamp; use a timestamp, a date, or an integer with epoch_unit");
}

TEST(SqlServerDialect, HorizonKeepsTheTickOfTheColumnFromTheServersClock) {
  const FakeOdbc fake(sql_server());
  FakeWarehouse warehouse(fake);
  constexpr int64_t kNow = 1'769'860'800'123'456'000;
  const auto horizon = [&](const char* column, const char* zone) { return warehouse.horizon({.table = "T"}, {.column = column, .timezone = zone}).ordinal; };
  EXPECT_EQ(horizon("at2", "UTC"), kNow - 100);
  EXPECT_EQ(horizon("old", "UTC"), kNow - 4'000'000);
  EXPECT_EQ(horizon("ato", ""), kNow - 100);
}

TEST(SqlServerDialect, TypesAreReadAsTheirExactTexts) {
  FakeScript script = sql_server();
  script.statement(R"({"match": "SELECT .*", "columns": [{"name": "a", "type": "varchar"}, {"name": "b", "type": "varchar"}, {"name": "c", "type": "varchar"},
    {"name": "d", "type": "varchar"}, {"name": "e", "type": "varchar"}, {"name": "f", "type": "tinyint"}],
    "rows": [["2024-05-01 10:00:00.1234567", "2024-05-01 10:00:00.1234567 +00:00", "2024-05-01", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "922337203685477.5807", 255]]})");
  const FakeOdbc fake(script);
  FakeWarehouse warehouse(fake);
  EXPECT_EQ(warehouse.scan({.table = {.table = "T"}, .columns = {"at2", "ato", "day", "who", "price", "tiny"}, .cursor = {.column = "at2", .timezone = "UTC"}}),
            (Rows{{"1714557600123456700", "1714557600123456700", "19844", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "922337203685477.5807", "255"}}));
}

struct Told {
  int32_t native;
  penstock_status status;
  int32_t retry;
};

TEST(SqlServerDialect, ErrorsAreToldByTheirNumber) {
  for (const Told& told : {Told{208, PENSTOCK_STATUS_NOT_FOUND, PENSTOCK_RETRY_NEVER}, {229, PENSTOCK_STATUS_PERMISSION_DENIED, PENSTOCK_RETRY_NEVER},
                           {1205, PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_RECONNECT}}) {
    FakeScript script = sql_server();
    script.statement(R"({"match": "SELECT .*", "columns": [{"name": "id", "type": "integer"}], "fault": {"sqlstate": "42000", "native": )" + std::to_string(told.native) +
                     R"(, "message": "no"}})");
    const FakeOdbc fake(script);
    FakeWarehouse warehouse(fake);
    const RecordedError error = failure_of([&] { warehouse.scan({.table = {.table = "T"}, .columns = {"id"}, .cursor = {.column = "at2", .timezone = "UTC"}}); });
    EXPECT_EQ(error.status, told.status) << told.native;
    EXPECT_EQ(error.retry, told.retry) << told.native;
  }
}

FakeScript any_server() {
  FakeScript script;
  script.table(kTable).statement(kPing);
  return script;
}

TEST(GenericDialect, IsAskedForWindowsWithTheEscapesOfOdbc) {
  FakeScript script = any_server();
  script.statement(ten_rows());
  const FakeOdbc fake(script);
  FakeWarehouse warehouse(fake);
  ScanSpec spec = scan_of_t();
  spec.since = kTen;
  spec.until = kTen + 123'456'789;
  spec.include_null_cursor = true;
  spec.table.options["max_rows"] = "10";
  EXPECT_EQ(warehouse.scan(spec).size(), 10u);
  EXPECT_EQ(last_select(fake),
            R"(SELECT t."ID", t."NAME" FROM "DB"."S"."T" t WHERE (t."AT" > {ts '2024-05-01 10:00:00.000000'} AND t."AT" <= {ts '2024-05-01 10:00:00.123456'}) OR t."AT" IS NULL )"
            R"(ORDER BY CASE WHEN t."AT" IS NULL THEN 0 ELSE 1 END, t."AT" OFFSET 0 ROWS FETCH NEXT 11 ROWS ONLY)");
  // The driver must be let to translate them; those of a query too, when it is described.
  warehouse.describe({.query = "SELECT {fn NOW()} AS x"});
  EXPECT_FALSE(fake.logged("prepare").empty());
  EXPECT_TRUE(fake.logged("statement NOSCAN").empty());
}

// On 2024-10-27 at 01:00 UTC the clocks of Berlin went from 03:00 back to 02:00.
TEST(GenericDialect, TheServersClockIsReadInTheZoneThatIsGiven) {
  FakeScript script = any_server();
  script.statement(answer("SELECT now_there", "2024-10-27 02:30:00.5"));
  const FakeOdbc fake(script);
  FakeWarehouse warehouse(fake, {{"clock_sql", "SELECT now_there"}, {"clock_timezone", "Europe/Berlin"}});
  // The earlier of the two moments at which the clock shows that: a horizon must not be late.
  EXPECT_EQ(warehouse.horizon(scan_of_t().table, scan_of_t().cursor).ordinal, 1'729'989'000 * kSecond + 500'000'000 - 1);
}

TEST(GenericDialect, WithoutAZoneForItsClockSaysWhatToSet) {
  const FakeOdbc fake(any_server());
  FakeWarehouse warehouse(fake);
  const RecordedError error = failure_of([&] { warehouse.horizon(scan_of_t().table, scan_of_t().cursor); });
  EXPECT_EQ(error.status, PENSTOCK_STATUS_INVALID_ARGUMENT);
  EXPECT_EQ(error.message,
            "nothing is known about this server's clock: set clock_timezone to the zone of what \"SELECT {fn NOW()}\" gives, or dialect to the server's kind");
}

TEST(GenericDialect, TimesAreWhatTheDriversStructuresHold) {
  FakeScript script = any_server();
  script.table(R"({"catalog": "DB", "schema": "S", "name": "TIMES", "columns": [{"name": "AT", "type": "timestamp", "type_name": "TIMESTAMP", "size": 29, "digits": 9},
                   {"name": "D", "type": "date", "type_name": "DATE", "size": 10}]})");
  script.statement(R"({"match": "SELECT .*TIMES.*", "columns": [{"name": "AT", "type": "timestamp"}, {"name": "D", "type": "date"}],
                       "rows": [["2024-05-01 10:00:00.123456789", "2024-05-01"], ["1969-12-31 23:59:59.999999999", "1969-12-31"], ["9999-12-31 00:00:00", "0001-01-01"], [null, null]]})");
  const FakeOdbc fake(script);
  FakeWarehouse warehouse(fake);
  EXPECT_EQ(warehouse.scan({.table = {.schema = "S", .table = "TIMES", .database = "DB"}, .columns = {"AT", "D"}, .cursor = {.column = "AT", .timezone = "UTC"}}),
            (Rows{{"1714557600123456789", "19844"}, {"-1", "-1"}, {std::to_string(INT64_MIN), "-719162"}, {"NULL", "NULL"}}));
}

}  // namespace
}  // namespace penstock::test
