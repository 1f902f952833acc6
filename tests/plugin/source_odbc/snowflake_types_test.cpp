// Snowflake's types: how each is asked for, and what becomes of what Snowflake answers to that.
#include "snowflake.hpp"

#include <gmock/gmock.h>

namespace penstock::test {
namespace {

struct TypeCase {
  std::string type;                  // as DESCRIBE TABLE names it
  std::string format;                // Arrow's
  std::string column;                // of the fake's answer, as JSON without the name
  std::vector<std::string> cells;    // JSON
  std::vector<std::string> values;
};

const std::string kWide = R"("type": "wvarchar", "size": 16777216)";
const std::string kText = R"("type": "varchar", "size": 100)";

std::vector<TypeCase> types() {
  return {
      {"NUMBER(18,0)", "l", R"("type": "decimal", "size": 18)", {"\"999999999999999999\"", "\"-999999999999999999\"", "null"}, {"999999999999999999", "-999999999999999999", "NULL"}},
      {"NUMBER(19,0)", "u", kText, {"\"9999999999999999999\"", "\"0\"", "null"}, {"9999999999999999999", "0", "NULL"}},
      {"NUMBER(38,0)", "u", kText, {"\"99999999999999999999999999999999999999\"", "\"-1\"", "null"}, {"99999999999999999999999999999999999999", "-1", "NULL"}},
      {"NUMBER(10,2)", "u", kText, {"\"12345678.90\"", "\"-0.05\"", "null"}, {"12345678.90", "-0.05", "NULL"}},
      {"DECFLOAT", "u", kText, {"\"1.5e200\"", "\"0\"", "null"}, {"1.5e200", "0", "NULL"}},
      {"FLOAT", "g", R"("type": "double")", {R"({"float": "nan"})", R"({"float": "-inf"})", "-0.0"}, {"nan", "-inf", "-0"}},
      {"BOOLEAN", "b", R"("type": "bit")", {"true", "false", "null"}, {"true", "false", "NULL"}},
      {"VARCHAR(16777216)", "u", kWide, {R"("\ud83d\ude00 ")", "\"\"", "null"}, {"\U0001F600 ", "", "NULL"}},
      {"VARCHAR(20) COLLATE 'de-ci'", "u", R"("type": "wvarchar", "size": 20)", {"\"a\"", "\"B\"", "null"}, {"a", "B", "NULL"}},
      {"BINARY(8388608)", "z", R"("type": "binary", "size": 8388608)", {R"({"hex": "00ff"})", R"({"hex": ""})", "null"}, {"\\x00ff", "\\x", "NULL"}},
      {"DATE", "tdD", kText, {"\"1969-12-31\"", "\"9999-12-31\"", "null"}, {"-1", "2932896", "NULL"}},
      {"TIME(9)", "u", kText, {"\"23:59:59.123456789\"", "\"00:00:00.000000000\"", "null"}, {"23:59:59.123456789", "00:00:00.000000000", "NULL"}},
      {"TIMESTAMP_NTZ(9)", "tsn:", kText, {"\"1969-12-31 23:59:59.999999999\"", "\"2262-04-11 23:47:16.854775807\"", "null"}, {"-1", "9223372036854775807", "NULL"}},
      {"TIMESTAMP_LTZ(3)", "tsn:UTC", kText, {"\"2026-01-31 12:00:00.123000000+00:00\"", "\"9999-12-31 23:59:59.999999999+00:00\"", "null"}, {"1769860800123000000", "9223372036854775807", "NULL"}},
      {"TIMESTAMP_TZ(9)", "tsn:UTC", kText, {"\"2026-01-31 12:00:00.000000001-08:00\"", "\"2026-01-31 17:30:00.000000000+05:30\"", "null"}, {"1769889600000000001", "1769860800000000000", "NULL"}},
      {"VARIANT", "u", kWide, {R"("{\"a\":[1,null]}")", "\"null\"", "null"}, {R"({"a":[1,null]})", "null", "NULL"}},
      {"OBJECT", "u", kWide, {R"("{}")", R"("{\"b\":1}")", "null"}, {"{}", R"({"b":1})", "NULL"}},
      {"ARRAY", "u", kWide, {R"("[1,\"zwei\",null]")", "\"[]\"", "null"}, {R"([1,"zwei",null])", "[]", "NULL"}},
      {"ARRAY(NUMBER(38,0))", "u", kWide, {"\"[1]\"", "\"[]\"", "null"}, {"[1]", "[]", "NULL"}},
      {"MAP(VARCHAR(16777216), NUMBER(38,0))", "u", kWide, {R"("{\"k\":1}")", "\"{}\"", "null"}, {R"({"k":1})", "{}", "NULL"}},
      {"GEOGRAPHY", "u", kWide, {R"("{\"type\":\"Point\"}")", "null", "null"}, {R"({"type":"Point"})", "NULL", "NULL"}},
      {"GEOMETRY", "u", kWide, {R"("{\"type\":\"Point\"}")", "null", "null"}, {R"({"type":"Point"})", "NULL", "NULL"}},
      {"VECTOR(FLOAT, 3)", "u", kWide, {"\"[1.0,2.0,3.0]\"", "null", "null"}, {"[1.0,2.0,3.0]", "NULL", "NULL"}},
      {"UUID", "u", kWide, {"\"x\"", "null", "null"}, {"x", "NULL", "NULL"}},
  };
}

TEST_F(SnowflakeTest, TypesArriveAsTheyAreDocumented) {
  SnowflakeScript script;
  script.columns = {{"AT", "TIMESTAMP_LTZ(9)", "COLUMN"}};
  const std::vector<TypeCase> all = types();
  std::string columns, answers[3];
  ScanSpec scan{.table = snowflake_table(), .columns = {}, .cursor = by("AT")};
  std::vector<std::string> formats;
  Rows expected(3);
  for (size_t i = 0; i < all.size(); ++i) {
    const std::string name = "C" + std::to_string(i);
    script.columns.push_back({name, all[i].type, "COLUMN"});
    scan.columns.push_back(name);
    formats.push_back(name + ":" + all[i].format);
    columns += (i == 0 ? "" : ", ") + ("{\"name\": \"" + name + "\", " + all[i].column + "}");
    for (size_t row = 0; row < 3; ++row) {
      answers[row] += (i == 0 ? "" : ", ") + all[i].cells[row];
      expected[row].push_back(all[i].values[row]);
    }
  }
  script.scans = {"{\"match\": \"SELECT .*\", \"columns\": [" + columns + "], \"rows\": [[" + answers[0] + "], [" + answers[1] + "], [" + answers[2] + "]]}"};
  open(script);
  fake_.clear_log();
  ScanDriver rows;
  scan.keys = {"C2", "C8", "C17"};
  source().start(scan, rows);
  EXPECT_EQ(formats_of(rows.schema()), formats);
  EXPECT_EQ(rows.next(), expected);
  expect_golden("types");
}

}  // namespace
}  // namespace penstock::test
