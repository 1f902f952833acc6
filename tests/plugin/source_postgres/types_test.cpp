#include "warehouse.hpp"

namespace penstock::test {
namespace {

using Cells = std::vector<std::string>;

struct TypeCase {
  std::string type;
  std::string format;                                       // of Arrow
  std::vector<std::pair<std::string, std::string>> values;  // SQL, as delivered
};

// Reads a column that holds the SQL values in this order.
Cells delivered(Warehouse& warehouse, const std::string& type, const std::vector<std::string>& values,
                std::string* format) {
  fresh_schema("types");
  std::string sql = "CREATE TABLE types.t (id int, at timestamptz DEFAULT '2024-01-01', v " + type + ");";
  for (size_t i = 0; i < values.size(); ++i)
    sql += "INSERT INTO types.t (id, v) VALUES (" + std::to_string(i) + ", " + values[i] + ");";
  shared_server().exec(sql);
  *format = formats_of(warehouse.describe({.schema = "types", .table = "t"})).at(2).substr(2);
  Cells out;
  for (const auto& row : warehouse.scan({.table = {.schema = "types", .table = "t"}, .columns = {"v"}, .keys = {"id"}}))
    out.push_back(row.at(0));
  return out;
}

const TypeCase kCases[] = {
    {"bool", "b", {{"true", "true"}, {"false", "false"}, {"NULL", "NULL"}}},
    {"int2", "s", {{"-32768", "-32768"}, {"32767", "32767"}, {"NULL", "NULL"}}},
    {"int4", "i", {{"-2147483648", "-2147483648"}, {"2147483647", "2147483647"}}},
    {"int8", "l", {{"-9223372036854775808", "-9223372036854775808"}, {"9223372036854775807", "9223372036854775807"}}},
    {"oid", "I", {{"0", "0"}, {"4294967295", "4294967295"}}},
    {"xid8", "l", {{"'9000000000000000000'", "9000000000000000000"}}},
    {"float4",
     "f",
     {{"'1.1'", "1.1"},
      {"'-0'", "-0"},
      {"'NaN'", "nan"},
      {"'-Infinity'", "-inf"},
      {"'3.4028235e38'", "3.4028235e+38"}}},
    {"float8",
     "g",
     {{"0.1", "0.1"},
      {"'-0'", "-0"},
      {"'5e-324'", "5e-324"},
      {"'1.7976931348623157e308'", "1.7976931348623157e+308"},
      {"'Infinity'", "inf"},
      {"'NaN'", "nan"}}},
    {"numeric",
     "u",
     {{"0", "0"},
      {"0.00", "0.00"},
      {"-1.50", "-1.50"},
      {"10000", "10000"},
      {"99999999.9999", "99999999.9999"},
      {"0.0000000001", "0.0000000001"},
      {"12345678901234567890123456789012345678901234567890.12345",
       "12345678901234567890123456789012345678901234567890.12345"},
      {"1e30", "1000000000000000000000000000000"},
      {"100000000", "100000000"},
      {"-0.00010000", "-0.00010000"},
      {"'NaN'", "NaN"},
      {"'Infinity'", "Infinity"},
      {"'-Infinity'", "-Infinity"},
      {"NULL", "NULL"}}},
    {"numeric(10,2)", "u", {{"1.005", "1.01"}, {"7", "7.00"}}},
    {"text",
     "u",
     {{"''", ""},
      {"E'\\u00e9\\U0001f600\\n\\\\\"'", "\u00e9\U0001f600\n\\\""},
      {"repeat('x', 100000)", std::string(100000, 'x')},
      {"NULL", "NULL"}}},
    {"varchar(5)", "u", {{"'abc  '", "abc  "}}},
    {"char(5)", "u", {{"'ab'", "ab   "}}},
    {"name", "u", {{"'a name'", "a name"}}},
    {"\"char\"", "u", {{"'x'", "x"}}},
    {"json", "u", {{"'{\"b\": 1,  \"a\": [2]}'", "{\"b\": 1,  \"a\": [2]}"}}},
    {"jsonb", "u", {{"'{\"b\":1,\"a\":[2]}'", "{\"a\": [2], \"b\": 1}"}}},
    {"xml", "u", {{"'<a>1</a>'", "<a>1</a>"}}},
    {"uuid", "u", {{"'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}}},
    {"bytea", "z", {{"'\\x00ff5c'", "\\x00ff5c"}, {"''", "\\x"}}},
    {"date",
     "tdD",
     {{"'1970-01-01'", "0"},
      {"'0001-01-01'", "-719162"},
      {"'4713-01-01 BC'", "-2440550"},
      {"'5874897-12-31'", "2145042905"},
      {"'infinity'", "2147483647"},
      {"'-infinity'", "-2147483648"}}},
    {"timestamp",
     "tsu:",
     {{"'1970-01-01 00:00:00'", "0"}, {"'1969-12-31 23:59:59.999999'", "-1"}, {"'infinity'", "9223372036854775807"}}},
    {"timestamptz",
     "tsu:UTC",
     {{"'1970-01-01 01:00:00+01'", "0"},
      {"'2024-02-29 12:34:56.123456+00'", "1709210096123456"},
      {"'0001-01-01 00:00:00+00'", "-62135596800000000"},
      {"'294276-12-31 23:59:59.999999+00'", "9223372036854775807"},
      {"'infinity'", "9223372036854775807"},
      {"'-infinity'", "-9223372036854775808"},
      {"NULL", "NULL"}}},
    {"time", "u", {{"'12:34:56.5'", "12:34:56.5"}}},
    {"timetz", "u", {{"'12:34:56+02'", "12:34:56+02"}}},
    {"interval", "u", {{"'1 day 2 hours'", "P1DT2H"}}},
    {"inet", "u", {{"'10.0.0.1/8'", "10.0.0.1/8"}}},
    {"macaddr", "u", {{"'08:00:2b:01:02:03'", "08:00:2b:01:02:03"}}},
    {"money", "u", {{"12.5", "$12.50"}}},
    {"int4range", "u", {{"'[1,5)'", "[1,5)"}}},
    {"point", "u", {{"'(1,2)'", "(1,2)"}}},
    {"bool[]", "+l<b>", {{"'{t,f}'", "[true, false]"}}},
    {"int2[]", "+l<s>", {{"'{1,-2}'", "[1, -2]"}}},
    {"int4[]",
     "+l<i>",
     {{"'{}'", "[]"}, {"'{1,NULL,3}'", "[1, NULL, 3]"}, {"NULL", "NULL"}, {"'[5:6]={7,8}'", "[7, 8]"}}},
    {"int8[]", "+l<l>", {{"'{9223372036854775807}'", "[9223372036854775807]"}}},
    {"float4[]", "+l<f>", {{"'{1.5}'", "[1.5]"}}},
    {"float8[]", "+l<g>", {{"'{0.1,NaN}'", "[0.1, nan]"}}},
    {"text[]", "+l<u>", {{"ARRAY['a,b', '', NULL]", "[a,b, , NULL]"}}},
    {"varchar(9)[]", "+l<u>", {{"'{ab}'", "[ab]"}}},
    {"uuid[]", "+l<u>", {{"'{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}'", "[a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11]"}}},
    {"timestamptz[]", "+l<tsu:UTC>", {{"'{1970-01-01 00:00:01+00}'", "[1000000]"}}},
    {"numeric[]", "u", {{"'{1.5,NULL}'", "{1.5,NULL}"}}},
};

TEST(PostgresTypes, EveryTypeArrivesWithItsExactValue) {
  Warehouse warehouse;
  for (const TypeCase& c : kCases) {
    SCOPED_TRACE(c.type);
    std::vector<std::string> sql, expected;
    for (const auto& [value, text] : c.values) {
      sql.push_back(value);
      expected.push_back(text);
    }
    std::string format;
    EXPECT_EQ(delivered(warehouse, c.type, sql, &format), expected);
    EXPECT_EQ(format, c.format);
  }
}

TEST(PostgresTypes, NumericKeyHasNoTrailingZerosSoThatEqualNumbersAreOneKey) {
  Warehouse warehouse;
  const TableSpec query{.query = "SELECT n, n AS same, now() AS at FROM (VALUES (7.00), (100), (-0.50), (0.0), ('NaN'), ('-Infinity')) x(n)"};
  const auto scan = [&](std::vector<std::string> keys) { return warehouse.scan({.table = query, .columns = {"n", "same"}, .keys = std::move(keys)}); };
  EXPECT_EQ(scan({"n"}), (Rows{{"-Infinity", "-Infinity"}, {"-0.5", "-0.50"}, {"0", "0.0"}, {"7", "7.00"}, {"100", "100"}, {"NaN", "NaN"}}));
  EXPECT_EQ(scan({"same"})[3], (std::vector<std::string>{"7.00", "7"}));
}

TEST(PostgresTypes, DomainIsReadAsItsBaseTypeAlsoThroughTwoLayers) {
  shared_server().exec(
      "DROP SCHEMA IF EXISTS domains CASCADE; CREATE SCHEMA domains;"
      "CREATE DOMAIN domains.amount AS int4 CHECK (VALUE > 0); CREATE DOMAIN domains.price AS domains.amount");
  Warehouse warehouse;
  std::string format;
  EXPECT_EQ(delivered(warehouse, "domains.price", {"7"}, &format), (Cells{"7"}));
  EXPECT_EQ(format, "i");
}

TEST(PostgresTypes, EnumAndExtensionTypesArriveAsText) {
  shared_server().exec(
      "DROP SCHEMA IF EXISTS extra CASCADE; CREATE SCHEMA extra; CREATE TYPE extra.mood AS ENUM ('sad', 'very happy');"
      "CREATE EXTENSION IF NOT EXISTS citext SCHEMA extra");
  Warehouse warehouse;
  std::string format;
  EXPECT_EQ(delivered(warehouse, "extra.mood", {"'very happy'"}, &format), (Cells{"very happy"}));
  EXPECT_EQ(format, "u");
  EXPECT_EQ(delivered(warehouse, "extra.citext", {"'MiXed'"}, &format), (Cells{"MiXed"}));
  EXPECT_EQ(format, "u");
}

TEST(PostgresTypes, ArrayOfTwoDimensionsIsAListThatNoFieldAccepts) {
  Warehouse warehouse;
  std::string format;
  EXPECT_EQ(delivered(warehouse, "int4[]", {"'{{1,2},{3,4}}'", "'{5}'"}, &format), (Cells{"[NULL]", "[5]"}));
}

TEST(PostgresTypes, ServerSettingsOfTheRoleDoNotChangeTheText) {
  shared_server().exec(
      "ALTER ROLE penstock SET DateStyle = 'SQL, DMY'; ALTER ROLE penstock SET TimeZone = 'Asia/Tokyo';"
      "ALTER ROLE penstock SET IntervalStyle = 'sql_standard'; ALTER ROLE penstock SET bytea_output = 'escape'");
  Warehouse warehouse;
  std::string format;
  EXPECT_EQ(delivered(warehouse, "tstzrange", {"'[2024-05-06 00:00:00+00,)'"}, &format),
            (Cells{"[\"2024-05-06 00:00:00+00\",)"}));
  EXPECT_EQ(delivered(warehouse, "bytea[]", {"ARRAY['\\x00'::bytea]"}, &format), (Cells{"{\"\\\\x00\"}"}));
  shared_server().exec("ALTER ROLE penstock RESET ALL");
}

}  // namespace
}  // namespace penstock::test
