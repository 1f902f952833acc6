// A Snowflake as the fake driver plays it: one table, and what is asked of it compared with a file.
#pragma once

#include "support/fake_odbc.hpp"
#include "warehouse.hpp"

namespace penstock::test {

// What the scripted clock says: 2026-01-31 12:00:00.123456789 UTC.
constexpr int64_t kSnowNow = 1'769'860'800'123'456'789;

using Texts = std::vector<std::string>;

inline std::string rows_json(const std::vector<Texts>& rows) {
  std::string out;
  for (const Texts& row : rows) {
    std::string cells;
    for (const std::string& cell : row) cells += (cells.empty() ? "\"" : ", \"") + cell + "\"";
    out += (out.empty() ? "[" : ", [") + cells + "]";
  }
  return "[" + out + "]";
}

// The JSON of a statement whose columns are all texts.
inline std::string text_statement(const std::string& match, size_t columns, const std::vector<Texts>& rows, const std::string& more = {}) {
  std::string described;
  for (size_t i = 0; i < columns; ++i)
    described += (i == 0 ? "" : ", ") + ("{\"name\": \"C" + std::to_string(i) + "\", \"type\": \"wvarchar\", \"size\": 200}");
  return "{\"match\": \"" + match + "\", \"columns\": [" + described + "], \"rows\": " + rows_json(rows) + (more.empty() ? "" : ", ") + more + "}";
}

// What Snowflake answers to everything but the scan, for one table.
struct SnowflakeScript {
  std::vector<Texts> columns = {{"DOMAIN_USERID", "VARCHAR(16777216)", "COLUMN"},
                                {"UPDATED_AT", "TIMESTAMP_LTZ(9)", "COLUMN"},
                                {"TOTAL_REVENUE", "NUMBER(38,0)", "COLUMN"}};
  std::string table = "FEATURES";
  std::string type = "TABLE";
  std::string zone = "UTC";
  std::string token = "1769857200000000000";
  bool external = false;
  Texts first = {};  // statements that answer before all others
  Texts scans = {};  // and those that answer scans

  FakeScript script() const {
    FakeScript out = FakeScript::snowflake();
    for (const std::string& statement : first) out.statement(statement);
    out.statement(R"({"match": "ALTER SESSION SET .*"})");
    out.statement(R"({"match": "USE SECONDARY ROLES NONE"})");
    out.statement(text_statement("SHOW PARAMETERS LIKE 'TIMEZONE' IN SESSION", 6, {{"TIMEZONE", zone, "America/Los_Angeles", "SESSION", "time zone", "STRING"}}));
    out.statement(text_statement("DESCRIBE (TABLE|RESULT) .*", 3, columns));
    out.statement(text_statement("SELECT TO_VARCHAR\\\\(DATE_PART.*", 1, {{std::to_string(kSnowNow)}}));
    out.statement(text_statement("SELECT TO_VARCHAR\\\\(SYSTEM.*", 1, {{token}}));
    out.statement(text_statement("SHOW EXTERNAL TABLES .*", 2, external ? std::vector<Texts>{{"2026-01-01", "T"}} : std::vector<Texts>{}));
    out.statement(text_statement("SHOW ICEBERG TABLES .*", 2, {}));
    out.table("{\"catalog\": \"SNOWPLOW_DEV1\", \"schema\": \"SIGNALS\", \"name\": \"" + table + "\", \"type\": \"" + type + "\"}");
    for (const std::string& scan : scans) out.statement(scan);
    return out;
  }
};

inline TableSpec snowflake_table() { return {.schema = "SIGNALS", .table = "FEATURES", .database = "SNOWPLOW_DEV1"}; }

// Rows of user, time and revenue.
inline std::string three_columns(const std::string& match, const std::vector<Texts>& rows, const std::string& more = {}) {
  return text_statement(match, 3, rows, more);
}

class SnowflakeTest : public ::testing::Test {
 protected:
  void open(const SnowflakeScript& script, std::map<std::string, std::string> more = {}) {
    source_.reset();
    fake_.set_script(script.script());
    fake_.clear_log();
    more.emplace("dsn", fake_.connection_string("UID=PENSTOCK"));
    source_ = std::make_unique<SourceDriver>(odbc(), more);
  }
  SourceDriver& source() { return *source_; }
  static CursorSpec by(const std::string& column) { return {.column = column}; }
  static ScanSpec scan_of(const CursorSpec& cursor, std::optional<int64_t> since = {}, int64_t until = kSnowNow) {
    ScanSpec scan{.table = snowflake_table(), .columns = {"DOMAIN_USERID", cursor.column, "TOTAL_REVENUE"}, .cursor = cursor};
    scan.since = since;
    scan.until = until;
    scan.keys = {"DOMAIN_USERID"};
    return scan;
  }

  // The statements since the log was cleared, each on a line of its own.
  std::string asked() const {
    std::string out;
    for (const std::string& line : fake_.log())
      for (const std::string_view beginning : {"execute ", "SQLTables"})
        if (line.starts_with(beginning)) out += (beginning == "execute " ? line.substr(beginning.size()) + ";" : "-- " + line) + "\n";
    return out;
  }
  // Are these exactly the statements in golden/NAME.sql? That file's comments stand for calls that are no statements.
  void expect_golden(const std::string& name) const {
    EXPECT_EQ(asked(), read_file(PENSTOCK_SOURCE_DIR "/tests/plugin/source_odbc/golden/" + name + ".sql")) << name;
  }

  FakeOdbc fake_;
  std::unique_ptr<SourceDriver> source_;
};

}  // namespace penstock::test
