// Snowflake's dialect against the fake driver: what is asked, statement by statement, and what becomes of the answers.
#include "snowflake.hpp"

#include <gmock/gmock.h>

namespace penstock::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::string kFault = R"("fault": {"sqlstate": ")";

std::string fault(const std::string& sqlstate, int native, const std::string& message, const std::string& more = {}) {
  return kFault + sqlstate + R"(", "native": )" + std::to_string(native) + R"(, "message": ")" + message + "\"" + more + "}";
}

TEST_F(SnowflakeTest, ASessionIsPreparedAndChecked) {
  open({});
  expect_golden("session");
  fake_.clear_log();
  source().ping();
  expect_golden("ping");
}

TEST_F(SnowflakeTest, ASessionThatIsNotInUtcIsRefused) {
  const RecordedError error = failure_of([&] { open({.zone = "America/Los_Angeles"}); });
  EXPECT_EQ(error.status, PENSTOCK_STATUS_FAILED_PRECONDITION);
  EXPECT_THAT(error.message, HasSubstr("\"America/Los_Angeles\" after it was set to UTC"));
}

TEST_F(SnowflakeTest, NamesAreLookedUpAndDescribedWithoutTheWarehouse) {
  open({});
  fake_.clear_log();
  TableSpec table = snowflake_table();
  table.table = "features";
  EXPECT_EQ(formats_of(source().describe(table)), (Texts{"DOMAIN_USERID:u", "UPDATED_AT:tsn:UTC", "TOTAL_REVENUE:u", "METADATA$ROW_LAST_COMMIT_TIME:tsn:UTC"}));
  expect_golden("describe");
}

TEST_F(SnowflakeTest, AQueryIsDescribedByItsResult) {
  SnowflakeScript script;
  script.first = {R"({"match": "SELECT \\* FROM \\(.*", "columns": [{"name": "DOMAIN_USERID", "type": "varchar"}]})"};
  open(script);
  fake_.clear_log();
  EXPECT_EQ(formats_of(source().describe({.query = "SELECT * FROM SIGNALS.FEATURES -- all"})), (Texts{"DOMAIN_USERID:u", "UPDATED_AT:tsn:UTC", "TOTAL_REVENUE:u"}));
  expect_golden("query");
}

struct WindowCase {
  const char* golden;
  const char* type;
  const char* timezone;
  std::map<std::string, std::string> options;
};

class SnowflakeWindow : public SnowflakeTest, public ::testing::WithParamInterface<WindowCase> {};

TEST_P(SnowflakeWindow, IsAskedForInTheColumnsTerms) {
  SnowflakeScript script;
  script.columns[1][1] = GetParam().type;
  script.scans = {three_columns("SELECT .*", {})};
  open(script);
  CursorSpec cursor = by("UPDATED_AT");
  cursor.timezone = GetParam().timezone;
  cursor.lag_ns = kSecond;
  ScanSpec scan = scan_of(cursor, kSnowNow - 3600 * kSecond);
  scan.table.options = GetParam().options;
  scan.include_null_cursor = true;
  fake_.clear_log();
  const HorizonResult horizon = source().horizon(scan.table, cursor);
  EXPECT_EQ(horizon.guarantee, PENSTOCK_CLASS_B);
  scan.until = horizon.ordinal;
  EXPECT_EQ(source().plan(scan).statement + ";\n", read_file(PENSTOCK_SOURCE_DIR "/tests/plugin/source_odbc/golden/" + std::string(GetParam().golden) + ".sql"));
}

INSTANTIATE_TEST_SUITE_P(Snowflake, SnowflakeWindow,
                         ::testing::Values(WindowCase{"window_ltz", "TIMESTAMP_LTZ(9)", "", {}}, WindowCase{"window_tz", "TIMESTAMP_TZ(3)", "", {}},
                                         WindowCase{"window_ntz", "TIMESTAMP_NTZ(9)", "Europe/Berlin", {}},
                                         WindowCase{"window_date", "DATE", "Europe/Berlin", {}},
                                         WindowCase{"window_epoch", "NUMBER(18,0)", "", {{"epoch_unit", "ms"}}}),
                         [](const auto& test) { return std::string(test.param.golden); });

TEST_F(SnowflakeTest, RowTimestampsAreClassA) {
  SnowflakeScript script;
  script.scans = {three_columns("SELECT .*", {{"u1", "2026-01-31 11:59:00.000000001+00:00", "12345678901234567890123456789012345678"}})};
  open(script, {{"margin", "5s"}});
  const CursorSpec cursor = by("METADATA$ROW_LAST_COMMIT_TIME");
  fake_.clear_log();
  const HorizonResult horizon = source().horizon(snowflake_table(), cursor);
  EXPECT_EQ(horizon.guarantee, PENSTOCK_CLASS_A);
  EXPECT_EQ(horizon.ordinal, kSnowNow - 5 * kSecond);
  EXPECT_THAT(horizon.why, HasSubstr("committed"));
  EXPECT_EQ(source().scan(scan_of(cursor, kSnowNow - 3600 * kSecond, horizon.ordinal)),
            (Rows{{"u1", "1769860740000000001", "12345678901234567890123456789012345678"}}));
  expect_golden("row_timestamp");
}

TEST_F(SnowflakeTest, ATableWithoutRowTimestampsSaysHowToHaveThem) {
  SnowflakeScript script;
  script.scans = {text_statement("SELECT .*", 3, {}, fault("42000", 904, "SQL compilation error: error line 1 at position 7\\ninvalid identifier 'METADATA$ROW_LAST_COMMIT_TIME'") +
                                                        R"(, "query_id": "01b8-aaaa")")};
  open(script);
  const RecordedError error = failure_of([&] { source().scan(scan_of(by("METADATA$ROW_LAST_COMMIT_TIME"))); });
  EXPECT_EQ(error.status, PENSTOCK_STATUS_NOT_FOUND);
  EXPECT_EQ(error.retry, PENSTOCK_RETRY_NEVER);
  EXPECT_THAT(error.message, HasSubstr("ALTER TABLE … SET ROW_TIMESTAMP = TRUE"));
  EXPECT_THAT(error.message, HasSubstr("(query 01b8-aaaa)"));
}

class SnowflakeChanges : public SnowflakeTest {
 protected:
  // What has changed in between, by a rule that matches it, or what there is.
  static SnowflakeScript script(const std::string& changes) {
    SnowflakeScript out;
    out.scans = {changes, three_columns("SELECT .* AT \\\\(TIMESTAMP => .*", {{"u1", "2026-01-31 11:59:50.123+00:00", "1"}, {"u2", "2026-01-31 11:59:50.123+00:00", "2"}})};
    return out;
  }
  static ScanSpec scan(std::optional<int64_t> since, const std::string& changes = "default") {
    ScanSpec out = scan_of(by("PENSTOCK$CHANGE_TIME"), since, 1'769'860'790'123'000'000);
    out.table.options = {{"changes", changes}};
    return out;
  }
  static constexpr int64_t kSince = 1'769'857'200'456'000'000;
};

const std::string kChanged = three_columns("SELECT .* CHANGES .* END .*", {{"u2", "2026-01-31 11:59:50.123+00:00", "3"}});

TEST_F(SnowflakeChanges, BeginWithTheWholeTableAsItWasAtTheHorizon) {
  open(script(kChanged));
  ScanSpec first = scan({});
  fake_.clear_log();
  const HorizonResult horizon = source().horizon(first.table, first.cursor);
  EXPECT_EQ(horizon.guarantee, PENSTOCK_CLASS_A);
  EXPECT_EQ(horizon.ordinal, first.until) << "whole milliseconds, less the margin of 10 s";
  EXPECT_EQ(source().scan(first), (Rows{{"u1", "1769860790123000000", "1"}, {"u2", "1769860790123000000", "2"}}));
  expect_golden("changes_first");
}

TEST_F(SnowflakeChanges, GoOnWithWhatWasInsertedOrUpdated) {
  open(script(kChanged));
  fake_.clear_log();
  EXPECT_EQ(source().scan(scan(kSince)), (Rows{{"u2", "1769860790123000000", "3"}}));
  expect_golden("changes");
}

TEST_F(SnowflakeChanges, OfAnAppendOnlyTableAreItsInserts) {
  open(script(kChanged));
  fake_.clear_log();
  EXPECT_EQ(source().scan(scan(kSince, "append_only")).size(), 1u);
  expect_golden("changes_append_only");
  EXPECT_THAT(source().horizon(scan({}, "append_only").table, by("PENSTOCK$CHANGE_TIME")).why, HasSubstr("updates of rows are not among them"));
}

class SnowflakeHistory : public SnowflakeChanges, public ::testing::WithParamInterface<int> {};

TEST_P(SnowflakeHistory, ThatIsGoneMeansTheWholeTable) {
  open(script(three_columns("SELECT .* CHANGES .* END .*", {}, fault(GetParam() == 707 ? "02000" : "HY000", GetParam(), "Time travel data is not available for table FEATURES."))));
  fake_.clear_log();
  ScanDriver rows;
  source().start(scan(kSince), rows);
  EXPECT_EQ(rows.next(), (Rows{{"u1", "1769860790123000000", "1"}, {"u2", "1769860790123000000", "2"}}));
  EXPECT_THAT(rows.call.logs(), ::testing::ElementsAre(HasSubstr("are no longer kept, so the whole table is read")));
}

INSTANTIATE_TEST_SUITE_P(Snowflake, SnowflakeHistory, ::testing::Values(707, 91930));

TEST_F(SnowflakeChanges, OfATableThatIsYoungerThanTheHorizonFailAndSayWhy) {
  SnowflakeScript young;
  young.scans = {three_columns("SELECT .* AT .*", {}, fault("02000", 707, "Time travel data is not available for table FEATURES."))};
  open(young);
  const RecordedError error = failure_of([&] { source().scan(scan({})); });
  EXPECT_EQ(error.status, PENSTOCK_STATUS_FAILED_PRECONDITION);
  EXPECT_THAT(error.message, HasSubstr("the table is younger than the horizon, or keeps no history"));
}

TEST_F(SnowflakeChanges, NeedTheirOwnTimestampFieldAndATable) {
  open(script(kChanged));
  ScanSpec other = scan_of(by("UPDATED_AT"));
  other.table.options = {{"changes", "default"}};
  const RecordedError error = failure_of([&] { source().plan(other); });
  EXPECT_EQ(error.status, PENSTOCK_STATUS_INVALID_ARGUMENT);
  EXPECT_THAT(error.message, HasSubstr("\"PENSTOCK$CHANGE_TIME\""));
}

struct ErrorCase {
  int native;
  const char* sqlstate;
  penstock_status status;
  int32_t retry;
};

class SnowflakeErrors : public SnowflakeTest, public ::testing::WithParamInterface<ErrorCase> {};

TEST_P(SnowflakeErrors, AreToldByTheirNumber) {
  SnowflakeScript script;
  script.scans = {three_columns("SELECT .*", {}, fault(GetParam().sqlstate, GetParam().native, "[Snowflake][Snowflake ODBC Driver][Snowflake] what it says"))};
  open(script);
  const RecordedError error = failure_of([&] { source().scan(scan_of(by("UPDATED_AT"))); });
  EXPECT_EQ(error.status, GetParam().status) << error.message;
  EXPECT_EQ(error.retry, GetParam().retry);
  EXPECT_EQ(error.vendor_code, GetParam().native);
  EXPECT_THAT(error.message, HasSubstr("reading table \"SNOWPLOW_DEV1\".\"SIGNALS\".\"FEATURES\": what it says"));
}

INSTANTIATE_TEST_SUITE_P(Snowflake, SnowflakeErrors,
                         ::testing::Values(ErrorCase{390114, "08001", PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_RECONNECT},
                                         ErrorCase{390111, "HY000", PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_RECONNECT},
                                         ErrorCase{390112, "08001", PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_RECONNECT},
                                         ErrorCase{390144, "08001", PENSTOCK_STATUS_UNAUTHENTICATED, PENSTOCK_RETRY_NEVER},
                                         ErrorCase{390189, "08001", PENSTOCK_STATUS_PERMISSION_DENIED, PENSTOCK_RETRY_NEVER},
                                         ErrorCase{606, "57P03", PENSTOCK_STATUS_FAILED_PRECONDITION, PENSTOCK_RETRY_NEVER},
                                         ErrorCase{90073, "22000", PENSTOCK_STATUS_RESOURCE_EXHAUSTED, PENSTOCK_RETRY_NEVER},
                                         ErrorCase{2003, "42S02", PENSTOCK_STATUS_NOT_FOUND, PENSTOCK_RETRY_NEVER},
                                         ErrorCase{2003, "02000", PENSTOCK_STATUS_NOT_FOUND, PENSTOCK_RETRY_NEVER},
                                         ErrorCase{3001, "42501", PENSTOCK_STATUS_PERMISSION_DENIED, PENSTOCK_RETRY_NEVER},
                                         ErrorCase{604, "57014", PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_SAFE},
                                         ErrorCase{630, "57014", PENSTOCK_STATUS_DEADLINE_EXCEEDED, PENSTOCK_RETRY_SAFE},
                                         ErrorCase{603, "XX000", PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_SAFE},
                                         ErrorCase{0, "08S01", PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_RECONNECT}),
                         [](const auto& test) { return std::to_string(test.param.native) + "_" + test.param.sqlstate; });

TEST_F(SnowflakeTest, AnIdleSessionThatExpiredIsMadeAnew) {
  SnowflakeScript script;
  // The second look at the session, which is the ping's, comes too late.
  script.first = {text_statement("SHOW PARAMETERS .*", 6, {{"TIMEZONE", "UTC", "", "", "", ""}}, "\"times\": 1"),
                  text_statement("SHOW PARAMETERS .*", 6, {}, "\"times\": 1, " + fault("08001", 390114, "Authentication token has expired.  The user must authenticate again."))};
  open(script);
  fake_.clear_log();
  source().ping();
  EXPECT_EQ(fake_.logged("connect ").size(), 1u);
}

TEST_F(SnowflakeTest, ASessionThatExpiresInMidScanIsNeverAShortAnswer) {
  SnowflakeScript script;
  script.scans = {three_columns("SELECT .*", {{"u1", "2026-01-31 11:00:00+00:00", "1"}, {"u2", "2026-01-31 11:00:01+00:00", "2"}},
                                fault("08001", 390114, "Authentication token has expired.", R"(, "before_row": 1)"))};
  open(script);
  const RecordedError error = failure_of([&] { source().scan(scan_of(by("UPDATED_AT"))); });
  EXPECT_EQ(error.status, PENSTOCK_STATUS_UNAVAILABLE);
  EXPECT_EQ(error.retry, PENSTOCK_RETRY_RECONNECT);
}

TEST_F(SnowflakeTest, AWrongKeyIsNotTriedAgainAndShowsNoSecret) {
  SnowflakeScript script;
  FakeScript with_fault = script.script();
  with_fault.connect("{" + fault("08001", 390144, "JWT token is invalid. c4nary") + "}");
  fake_.set_script(with_fault);
  const RecordedError error = failure_of([&] {
    SourceDriver source(odbc(), {{"dsn", fake_.connection_string("UID=PENSTOCK;AUTHENTICATOR=SNOWFLAKE_JWT;PRIV_KEY_FILE=/key.p8")},
                                         {"private_key_password", "c4nary"},
                                         {"dialect", "snowflake"}});
  });
  EXPECT_EQ(error.status, PENSTOCK_STATUS_UNAUTHENTICATED);
  EXPECT_EQ(error.retry, PENSTOCK_RETRY_NEVER);
  EXPECT_THAT(error.message, HasSubstr("this host's clock"));
  EXPECT_THAT(error.message, Not(HasSubstr("c4nary")));
  EXPECT_THAT(fake_.logged("keys").front(), HasSubstr("PRIV_KEY_FILE,PRIV_KEY_FILE_PWD"));
}

TEST_F(SnowflakeTest, ALongTextIsReadByASecondScan) {
  SnowflakeScript script;
  script.first = {R"({"match": "SELECT \\* FROM \\(.*", "columns": [{"name": "DOMAIN_USERID", "type": "varchar"}]})"};
  // Read one by one, values of any length come last.
  const std::string long_text = R"({"repeat": "\ud83d\ude00", "times": 5000})";
  script.scans = {R"({"match": "SELECT t.\"DOMAIN_USERID\".*", "columns": [{"name": "U", "type": "wvarchar", "size": 16777216}, {"name": "A", "type": "varchar"}, {"name": "N", "type": "varchar"}],
                      "rows": [["u1", "2026-01-31 11:00:00+00:00", "1"], [)" + long_text + R"(, "2026-01-31 11:00:01+00:00", "2"]]})",
                  R"({"match": "SELECT TO_CHAR.*", "columns": [{"name": "A", "type": "varchar"}, {"name": "U", "type": "wvarchar", "size": 16777216}, {"name": "N", "type": "varchar"}],
                      "rows": [["2026-01-31 11:00:00+00:00", "u1", "1"], ["2026-01-31 11:00:01+00:00", )" + long_text + R"(, "2"]]})"};
  open(script);
  const ScanSpec scan = scan_of(by("UPDATED_AT"));
  const RecordedError error = failure_of([&] { source().scan(scan); });
  EXPECT_EQ(error.status, PENSTOCK_STATUS_UNAVAILABLE);
  EXPECT_EQ(error.retry, PENSTOCK_RETRY_SAFE);
  EXPECT_THAT(error.message, HasSubstr("from now on the rows of this table are read one by one"));
  // By the next source: the host drops one that has failed.
  SourceDriver next(odbc(), {{"dsn", fake_.connection_string("UID=PENSTOCK")}});
  const Rows rows = next.scan(scan);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[1][0].size(), 20'000u);
  // Other tables are still read in arrays.
  ScanSpec other = scan;
  other.table = {.query = "SELECT * FROM SIGNALS.FEATURES"};
  EXPECT_THAT(failure_of([&] { next.scan(other); }).message, HasSubstr("reading the query: column \"DOMAIN_USERID\": a value is longer"));
}

}  // namespace
}  // namespace penstock::test
