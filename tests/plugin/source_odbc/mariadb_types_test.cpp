#include "type_cases.hpp"

namespace penstock::test {
namespace {

const std::string kLong(20'000, 'x');
const std::string kDigits65(65, '9');

std::string hexadecimal(size_t bytes) {
  std::string out = "\\x";
  for (size_t i = 0; i < bytes / 2; ++i) out += "00ff";
  return out;
}

const std::vector<TypeCase> kCases = {
    {"BOOLEAN", "s", {{"TRUE", "1"}, {"FALSE", "0"}, {"NULL", "NULL"}}},
    {"TINYINT", "s", {{"-128", "-128"}, {"127", "127"}, {"NULL", "NULL"}}},
    {"TINYINT UNSIGNED", "i", {{"0", "0"}, {"255", "255"}}},
    {"SMALLINT", "s", {{"-32768", "-32768"}, {"32767", "32767"}}},
    {"SMALLINT UNSIGNED", "i", {{"65535", "65535"}}},
    {"MEDIUMINT", "i", {{"-8388608", "-8388608"}, {"8388607", "8388607"}}},
    {"MEDIUMINT UNSIGNED", "l", {{"16777215", "16777215"}}},
    {"INT", "i", {{"-2147483648", "-2147483648"}, {"2147483647", "2147483647"}, {"NULL", "NULL"}}},
    {"INT UNSIGNED", "l", {{"0", "0"}, {"4294967295", "4294967295"}}},
    {"BIGINT", "l", {{"-9223372036854775808", "-9223372036854775808"}, {"9223372036854775807", "9223372036854775807"}}},
    {"BIGINT UNSIGNED", "L", {{"0", "0"}, {"9223372036854775808", "9223372036854775808"}, {"18446744073709551615", "18446744073709551615"}, {"NULL", "NULL"}}},
    {"BIGINT(20) UNSIGNED ZEROFILL", "L", {{"7", "7"}}},
    {"YEAR", "s", {{"1901", "1901"}, {"2155", "2155"}, {"0", "0"}}},
    {"BIT(1)", "b", {{"b'1'", "true"}, {"b'0'", "false"}, {"NULL", "NULL"}}},
    {"BIT(8)", "L", {{"b'10000001'", "129"}, {"0", "0"}}},
    {"BIT(64)", "L", {{"0xffffffffffffffff", "18446744073709551615"}, {"NULL", "NULL"}}},
    {"FLOAT", "f", {{"1.1", "1.1"}, {"0.1", "0.1"}, {"3.402823466e38", "3.4028235e+38"}, {"1.1754944e-38", "1.1754944e-38"}, {"16777217", "16777216"}, {"NULL", "NULL"}}},
    {"FLOAT(7,3)", "f", {{"1.5", "1.5"}}},
    {"DOUBLE",
     "g",
     {{"0.1", "0.1"}, {"0.1e0 + 0.2e0", "0.30000000000000004"}, {"1.7976931348623157e308", "1.7976931348623157e+308"}, {"-1.7976931348623157e308", "-1.7976931348623157e+308"}, {"2.2250738585072014e-308", "2.2250738585072014e-308"}, {"0", "0"}, {"NULL", "NULL"}}},
    {"DECIMAL(10,2)", "u", {{"0", "0.00"}, {"-1.50", "-1.50"}, {"99999999.99", "99999999.99"}, {"NULL", "NULL"}}},
    {"DECIMAL(38,0)", "u", {{"12345678901234567890123456789012345678", "12345678901234567890123456789012345678"}, {"-1", "-1"}}},
    {"DECIMAL(65,0)", "u", {{kDigits65, kDigits65}, {"-" + kDigits65, "-" + kDigits65}}},
    {"DECIMAL(65,30)", "u", {{"-12345678901234567890123456789012345.123456789012345678901234567891", "-12345678901234567890123456789012345.123456789012345678901234567891"}, {"0", "0.000000000000000000000000000000"}}},
    {"VARCHAR(20)", "u", {{"''", ""}, {"'abc  '", "abc  "}, {"'caf\u00e9 \U0001f600'", "caf\u00e9 \U0001f600"}, {"CONCAT('a', CHAR(0), 'b')", std::string("a\0b", 3)}, {"'NULL'", "NULL"}, {"NULL", "NULL"}}},
    {"VARCHAR(10) CHARACTER SET latin1", "u", {{"'\u00fc\u20ac'", "\u00fc\u20ac"}}},
    {"VARCHAR(10) CHARACTER SET utf16", "u", {{"'\U0001f600'", "\U0001f600"}}},
    {"CHAR(5)", "u", {{"'ab'", "ab"}, {"'ab   '", "ab"}, {"''", ""}}},
    {"TINYTEXT", "u", {{"'x'", "x"}}},
    {"TEXT", "u", {{"''", ""}, {"'one\ntwo\r\n'", "one\ntwo\r\n"}, {"REPEAT('x', 20000)", kLong}, {"REPEAT('\U0001f600', 300)", [] { std::string all; for (int i = 0; i < 300; ++i) all += "\U0001f600"; return all; }()}, {"'short'", "short"}, {"NULL", "NULL"}}},
    {"LONGTEXT", "u", {{"REPEAT('x', 255)", std::string(255, 'x')}, {"REPEAT('x', 256)", std::string(256, 'x')}, {"REPEAT('x', 4096)", std::string(4096, 'x')}}},
    {"JSON", "u", {{"'{\"b\": 1,  \"a\": [2, null]}'", "{\"b\": 1,  \"a\": [2, null]}"}, {"NULL", "NULL"}}},
    {"ENUM('sad', 'very happy')", "u", {{"'very happy'", "very happy"}, {"NULL", "NULL"}}},
    {"SET('a', 'b')", "u", {{"'b,a'", "a,b"}, {"''", ""}}},
    {"UUID", "u", {{"'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}, {"NULL", "NULL"}}},
    {"INET4", "u", {{"'10.0.0.1'", "10.0.0.1"}}},
    {"INET6", "u", {{"'::1'", "::1"}}},
    {"BINARY(5)", "z", {{"'ab'", "\\x6162000000"}}},
    {"VARBINARY(10)", "z", {{"0x00ff41", "\\x00ff41"}, {"''", "\\x"}, {"NULL", "NULL"}}},
    {"BLOB", "z", {{"0x00", "\\x00"}, {"REPEAT(0x00ff, 300)", hexadecimal(600)}}},
    {"LONGBLOB", "z", {{"REPEAT(0x00ff, 150000)", hexadecimal(300'000)}, {"NULL", "NULL"}, {"0x41", "\\x41"}}},
    {"DATE", "tdD", {{"'1970-01-01'", "0"}, {"'0001-01-01'", "-719162"}, {"'1582-10-10'", "-141432"}, {"'9999-12-31'", "2932896"}, {"NULL", "NULL"}}},
    {"DATETIME", "tsu:", {{"'1970-01-01 00:00:00'", "0"}, {"'1969-12-31 23:59:59'", "-1000000"}}},
    {"DATETIME(6)",
     "tsu:",
     {{"'1970-01-01 00:00:00.000001'", "1"}, {"'1969-12-31 23:59:59.999999'", "-1"}, {"'0001-01-01 00:00:00'", "-62135596800000000"}, {"'9999-12-31 23:59:59.999999'", "253402300799999999"}, {"NULL", "NULL"}}},
    {"DATETIME(3)", "tsu:", {{"'2024-02-29 12:34:56.123'", "1709210096123000"}}},
    {"TIMESTAMP(6) NULL", "tsu:UTC", {{"'1970-01-01 00:00:01'", "1000000"}, {"'2038-01-19 03:14:07.999999'", "2147483647999999"}, {"NULL", "NULL"}}},
    {"TIME(6)", "u", {{"'838:59:59.999999'", "838:59:59.999999"}, {"'-00:00:00.000001'", "-00:00:00.000001"}}},
    {"POINT", "z", {{"POINT(1, 2)", "\\x000000000101000000000000000000f03f0000000000000040"}}},
};

// No window can hold it, and what is never delivered is never rejected either.
TEST(OdbcMariadbTypes, AZeroDateIsDeliveredOnceWithEveryWindow) {
  const Database db = mariadb_database();
  for (const char* type : {"DATE", "DATETIME(6)", "TIMESTAMP(6) NULL"}) {
    db.fresh();
    db.exec({std::string("CREATE TABLE types (id INT, at ") + type + ")",
             "INSERT INTO types VALUES (1, '2024-01-01'), (2, '0000-00-00'), (3, NULL), (4, '2024-05-02')",
             "INSERT INTO types SELECT 5, '2024-05-01' FROM seq_1_to_12000"});
    Warehouse warehouse(db);
    ScanSpec spec{.table = db.table("types"), .columns = {"id"}, .cursor = {.column = "at", .timezone = "UTC"}, .since = kTen, .until = kTen + 24 * 3600 * kSecond};
    EXPECT_EQ(warehouse.scan(spec), (Rows{{"2"}, {"4"}})) << type;
    spec.since = std::nullopt;
    Rows all = warehouse.scan(spec);
    EXPECT_EQ(all.size(), 12'003u) << type;
    EXPECT_EQ(all.front(), (std::vector<std::string>{"2"}));
  }
}

TEST(OdbcMariadbTypes, EveryTypeArrivesWithItsExactValue) { expect_types(mariadb_database(), kCases); }

// MariaDB lets them in where sql_mode allows it. They are no times: the host rejects them.
TEST(OdbcMariadbTypes, ZeroDatesAreNoTimesRatherThanNull) {
  const Database db = mariadb_database();
  db.fresh();
  OdbcSession session(mariadb_server().connection());
  for (const char* sql : {"SET SESSION sql_mode = ''", "CREATE TABLE zero (id INT, at DATETIME(6), d DATE, t DATETIME(6), s TIMESTAMP(6) NULL)", "INSERT INTO zero VALUES (0, '2024-01-01', 0, 0, 0), (1, '2024-01-01', NULL, NULL, NULL)"})
    session.exec(sql);
  Warehouse warehouse(db);
  EXPECT_EQ(warehouse.scan({.table = db.table("zero"), .columns = {"d", "t", "s"}, .cursor = {.column = "at", .timezone = "UTC"}, .keys = {"id"}}),
            (Rows{{"-2147483648", "-9223372036854775808", "-9223372036854775808"}, {"NULL", "NULL", "NULL"}}));
}

TEST(OdbcMariadbTypes, UnsignedNumberIsAKeyAndACursorToItsEnd) {
  const Database db = mariadb_database();
  db.fresh();
  db.exec({"CREATE TABLE types (id BIGINT UNSIGNED, at BIGINT)", "INSERT INTO types VALUES (18446744073709551615, 1714557600000000001), (2, 1714557600000000002), (1, 1714557600000000002)"});
  Warehouse warehouse(db);
  TableSpec table = db.table("types");
  table.options["epoch_unit"] = "ns";
  EXPECT_EQ(warehouse.scan({.table = table, .columns = {"id"}, .since = kTen + 1, .until = kTen + 2, .keys = {"id"}}), (Rows{{"1"}, {"2"}}));
  EXPECT_EQ(warehouse.scan({.table = table, .columns = {"id"}, .since = kTen, .until = kTen + 2, .keys = {"id"}}), (Rows{{"18446744073709551615"}, {"1"}, {"2"}}));
}

}  // namespace
}  // namespace penstock::test
