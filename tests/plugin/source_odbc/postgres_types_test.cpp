#include "type_cases.hpp"

#include <algorithm>

namespace penstock::test {
namespace {

const std::vector<TypeCase> kCases = {
    {"bool", "b", {{"true", "true"}, {"false", "false"}, {"NULL", "NULL"}}},
    {"int2", "s", {{"-32768", "-32768"}, {"32767", "32767"}, {"NULL", "NULL"}}},
    {"int4", "i", {{"-2147483648", "-2147483648"}, {"2147483647", "2147483647"}, {"NULL", "NULL"}}},
    {"int8", "l", {{"-9223372036854775808", "-9223372036854775808"}, {"9223372036854775807", "9223372036854775807"}, {"0", "0"}}},
    {"oid", "I", {{"0", "0"}, {"4294967295", "4294967295"}}},
    {"xid8", "l", {{"'9000000000000000000'", "9000000000000000000"}}},
    {"float4", "f", {{"'1.1'", "1.1"}, {"'-0'", "-0"}, {"'NaN'", "nan"}, {"'-Infinity'", "-inf"}, {"'3.4028235e38'", "3.4028235e+38"}, {"'1e-45'", "1e-45"}, {"'1.1754944e-38'", "1.1754944e-38"}, {"NULL", "NULL"}}},
    {"float8",
     "g",
     {{"0.1", "0.1"}, {"'-0'", "-0"}, {"'5e-324'", "5e-324"}, {"'1.7976931348623157e308'", "1.7976931348623157e+308"}, {"'Infinity'", "inf"}, {"'-Infinity'", "-inf"}, {"'NaN'", "nan"}, {"0.1::float8 + 0.2::float8", "0.30000000000000004"}, {"NULL", "NULL"}}},
    {"numeric",
     "u",
     {{"0", "0"}, {"0.00", "0.00"}, {"-1.50", "-1.50"}, {"0.0000000001", "0.0000000001"}, {"12345678901234567890123456789012345678901234567890.12345", "12345678901234567890123456789012345678901234567890.12345"}, {"1e30", "1000000000000000000000000000000"}, {"repeat('9', 400)::numeric", std::string(400, '9')}, {"'NaN'", "NaN"}, {"'Infinity'", "Infinity"}, {"'-Infinity'", "-Infinity"}, {"NULL", "NULL"}}},
    {"numeric(38,0)", "u", {{"12345678901234567890123456789012345678", "12345678901234567890123456789012345678"}}},
    {"numeric(10,2)", "u", {{"1.005", "1.01"}, {"7", "7.00"}}},
    {"text", "u", {{"''", ""}, {"E'\\u00e9\\U0001f600\\n\\r\\n\\\\\"'", "\u00e9\U0001f600\n\r\n\\\""}, {"repeat('x', 100000)", std::string(100'000, 'x')}, {"repeat(U&'\\+01f600', 100)", [] { std::string all; for (int i = 0; i < 100; ++i) all += "\U0001f600"; return all; }()}, {"repeat('x', 255)", std::string(255, 'x')}, {"repeat('x', 256)", std::string(256, 'x')}, {"'{fn x} ? %'", "{fn x} ? %"}, {"'NULL'", "NULL"}, {"NULL", "NULL"}}},
    {"varchar(5)", "u", {{"'abc  '", "abc  "}}},
    {"varchar", "u", {{"repeat('y', 20000)", std::string(20'000, 'y')}}},
    {"char(5)", "u", {{"'ab'", "ab   "}}},
    {"name", "u", {{"'a name'", "a name"}}},
    {"\"char\"", "u", {{"'x'", "x"}}},
    {"json", "u", {{"'{\"b\": 1,  \"a\": [2]}'", "{\"b\": 1,  \"a\": [2]}"}}},
    {"jsonb", "u", {{"'{\"b\":1,\"a\":[2]}'", "{\"a\": [2], \"b\": 1}"}}},
    {"xml", "u", {{"'<a>1</a>'", "<a>1</a>"}}},
    {"uuid", "u", {{"'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}, {"NULL", "NULL"}}},
    {"bytea", "z", {{"'\\x00ff5c'", "\\x00ff5c"}, {"''", "\\x"}, {"decode(repeat('00ff', 150000), 'hex')", [] { std::string all = "\\x"; for (int i = 0; i < 150'000; ++i) all += "00ff"; return all; }()}, {"NULL", "NULL"}}},
    {"date", "tdD", {{"'1970-01-01'", "0"}, {"'0001-01-01'", "-719162"}, {"'4713-01-01 BC'", "-2440550"}, {"'5874897-12-31'", "2145042905"}, {"'infinity'", "2147483647"}, {"'-infinity'", "-2147483648"}, {"NULL", "NULL"}}},
    {"timestamp", "tsu:", {{"'1970-01-01 00:00:00'", "0"}, {"'1969-12-31 23:59:59.999999'", "-1"}, {"'0044-03-15 BC'", "-63517824000000000"}, {"'infinity'", "9223372036854775807"}, {"NULL", "NULL"}}},
    {"timestamp(3)", "tsu:", {{"'2024-02-29 12:34:56.123'", "1709210096123000"}}},
    {"timestamptz",
     "tsu:UTC",
     {{"'1970-01-01 01:00:00+01'", "0"}, {"'2024-02-29 12:34:56.123456+00'", "1709210096123456"}, {"'0001-01-01 00:00:00+00'", "-62135596800000000"}, {"'294276-12-31 23:59:59.999999+00'", "9223372036854775807"}, {"'infinity'", "9223372036854775807"}, {"'-infinity'", "-9223372036854775808"}, {"NULL", "NULL"}}},
    {"time", "u", {{"'12:34:56.5'", "12:34:56.5"}}},
    {"timetz", "u", {{"'12:34:56+02'", "12:34:56+02"}}},
    {"interval", "u", {{"'1 day 2 hours'", "P1DT2H"}}},
    {"inet", "u", {{"'10.0.0.1/8'", "10.0.0.1/8"}}},
    {"cidr", "u", {{"'10.0.0.0/8'", "10.0.0.0/8"}}},
    {"macaddr", "u", {{"'08:00:2b:01:02:03'", "08:00:2b:01:02:03"}}},
    {"money", "u", {{"12.5", "$12.50"}}},
    {"bit(1)", "u", {{"B'1'", "1"}}},
    {"bit(3)", "u", {{"B'101'", "101"}}},
    {"varbit", "u", {{"B'1010101'", "1010101"}}},
    {"int4range", "u", {{"'[1,5)'", "[1,5)"}}},
    {"point", "u", {{"'(1,2)'", "(1,2)"}}},
    {"o.mood", "u", {{"'very happy'", "very happy"}, {"NULL", "NULL"}}},
    {"o.price", "i", {{"7", "7"}}},
    {"bool[]", "u", {{"'{t,f}'", "[true,false]"}}},
    {"int4[]", "u", {{"'{}'", "[]"}, {"'{1,NULL,3}'", "[1,null,3]"}, {"NULL", "NULL"}}},
    {"float8[]", "u", {{"'{0.1,NaN}'", "[0.1,\"NaN\"]"}}},
    {"text[]", "u", {{"ARRAY['a,b', '', NULL, E'\\U0001f600']", "[\"a,b\",\"\",null,\"\U0001f600\"]"}}},
    {"timestamptz[]", "u", {{"'{1970-01-01 00:00:01+00}'", "[\"1970-01-01T00:00:01+00:00\"]"}}},
    {"numeric[]", "u", {{"'{1.5,NULL}'", "[1.5,null]"}}},
};

// What is not read as source_postgres reads it: see docs/connectors/odbc.md. There they are lists, and of numeric the server's own text.
const std::vector<std::string> kDifferent = {"bool[]", "int4[]", "float8[]", "text[]", "timestamptz[]", "numeric[]"};

class OdbcPostgresTypes : public ::testing::Test {
 protected:
  void SetUp() override {
    db.fresh();
    db.exec({"CREATE TYPE o.mood AS ENUM ('sad', 'very happy')", "CREATE DOMAIN o.amount AS int4 CHECK (VALUE > 0)", "CREATE DOMAIN o.price AS o.amount"});
    make_types(db, kCases);
  }
  const Database db = postgres_database();
};

TEST_F(OdbcPostgresTypes, EveryTypeArrivesWithItsExactValue) {
  Warehouse warehouse(db);
  const std::vector<Delivered> found = delivered(warehouse, db.table("types"), kCases);
  for (size_t i = 0; i < kCases.size(); ++i) EXPECT_EQ(found[i], expected_of(kCases[i])) << kCases[i].type;
}

TEST_F(OdbcPostgresTypes, TheRowIsThatOfTheNativePluginButForWhatIsListed) {
  Warehouse warehouse(db);
  SourceDriver native(component(load_plugin("source_postgres"), "postgres"),
                    {{"dsn", postgres_server().dsn("penstock", "postgres", PostgresServer::kPassword)}, {"margin", "1ms"}});
  const std::vector<Delivered> found = delivered(warehouse, db.table("types"), kCases);
  const std::vector<Delivered> wanted = delivered(native, db.table("types"), kCases);
  for (size_t i = 0; i < kCases.size(); ++i) {
    if (std::count(kDifferent.begin(), kDifferent.end(), kCases[i].type) == 0)
      EXPECT_EQ(found[i], wanted[i]) << kCases[i].type;
    else
      EXPECT_FALSE(found[i] == wanted[i]) << kCases[i].type << " is the same: take it off the list";
  }
}

TEST_F(OdbcPostgresTypes, TheAnsiDriverIsRefused) {
  std::string connection = postgres_connection(postgres_server());
  connection.replace(connection.find("Unicode"), 7, "ANSI");
  const RecordedError error = failure_of([&] { Warehouse ansi(db, {{"dsn", connection}}); });
  EXPECT_EQ(error.status, PENSTOCK_STATUS_NOT_SUPPORTED);
  EXPECT_EQ(error.retry, PENSTOCK_RETRY_NEVER);
  EXPECT_EQ(error.message, "PostgreSQL's ANSI driver gives no text beyond its locale: use its Unicode driver");
}

TEST_F(OdbcPostgresTypes, NumericKeyHasNoTrailingZerosSoThatEqualNumbersAreOneKey) {
  Warehouse warehouse(db);
  const TableSpec query{.query = "SELECT n, n AS same, now() AS at FROM (VALUES (7.00), (100), (-0.50), (0.0), ('NaN'), ('-Infinity')) x(n)"};
  const auto scan = [&](std::vector<std::string> keys) { return warehouse.scan({.table = query, .columns = {"n", "same"}, .keys = std::move(keys)}); };
  EXPECT_EQ(scan({"n"}), (Rows{{"-Infinity", "-Infinity"}, {"-0.5", "-0.50"}, {"0", "0.0"}, {"7", "7.00"}, {"100", "100"}, {"NaN", "NaN"}}));
  EXPECT_EQ(scan({"same"})[3], (std::vector<std::string>{"7.00", "7"}));
}

// Whatever the server rounds to the current second may still come.
TEST_F(OdbcPostgresTypes, TheTickOfAQuerysTimeIsThatOfItsType) {
  db.exec({"CREATE TABLE o.seconds (at timestamptz(0))", "CREATE DOMAIN o.second AS timestamptz(0)", "CREATE TABLE o.domains (at o.second)"});
  Warehouse warehouse(db);
  for (const char* query : {"SELECT * FROM o.seconds", "SELECT * FROM o.domains"}) {
    const int64_t now = std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count();
    const HorizonResult horizon = warehouse.horizon({.query = query}, {.column = "at"});
    EXPECT_LT(horizon.ordinal, now - kSecond / 2) << query;
  }
}

TEST_F(OdbcPostgresTypes, ServerSettingsOfTheRoleDoNotChangeTheText) {
  db.exec({"ALTER ROLE penstock SET DateStyle = 'SQL, DMY'", "ALTER ROLE penstock SET TimeZone = 'Asia/Tokyo'", "ALTER ROLE penstock SET IntervalStyle = 'sql_standard'", "ALTER ROLE penstock SET bytea_output = 'escape'",
           "ALTER ROLE penstock SET extra_float_digits = 0", "ALTER ROLE penstock SET client_encoding = 'LATIN1'"});
  Warehouse warehouse(db);
  const std::vector<Delivered> found = delivered(warehouse, db.table("types"), kCases);
  for (size_t i = 0; i < kCases.size(); ++i) EXPECT_EQ(found[i], expected_of(kCases[i])) << kCases[i].type;
  db.exec({"ALTER ROLE penstock RESET ALL"});
}

}  // namespace
}  // namespace penstock::test
