#include "source_file/cell.hpp"

#include <gtest/gtest.h>

namespace penstock::files {
namespace {

// The value as text, or "!" and what it is instead.
std::string read_as(const std::string& type_name, const std::string& text) {
  const ColumnType type = parse_column_type("C", type_name);
  Scalar scalar;
  std::string_view bytes;
  std::string scratch;
  if (const char* problem = read_scalar(type, text, scalar, bytes, scratch); problem != nullptr) return std::string("!") + problem;
  switch (type.type) {
    case Type::utf8:
    case Type::binary: return std::string(bytes);
    case Type::float64: return std::to_string(scalar.number);
    case Type::float32: return std::to_string(scalar.single);
    case Type::decimal128: {
      int64_t low, high;
      std::memcpy(&low, scalar.decimal, 8);
      std::memcpy(&high, scalar.decimal + 8, 8);
      return std::to_string(high) + ":" + std::to_string(low);
    }
    default: return std::to_string(scalar.integer);
  }
}

struct CellCase {
  const char* type;
  std::string text;
  std::string expected;
};

class ReadCell : public ::testing::TestWithParam<CellCase> {};

TEST_P(ReadCell, GivesTheExactValueOrSaysWhatItIs) {
  EXPECT_EQ(read_as(GetParam().type, GetParam().text), GetParam().expected) << GetParam().type << " of " << GetParam().text;
}

const char* const kNoFit = "!a number that does not fit";
const char* const kForm = "!text of another form";

INSTANTIATE_TEST_SUITE_P(
    Numbers, ReadCell,
    ::testing::Values(CellCase{"int32", "2147483647", "2147483647"}, CellCase{"int32", "-2147483648", "-2147483648"},
                      CellCase{"int32", "2147483648", kNoFit}, CellCase{"int32", "1.0", kNoFit}, CellCase{"int32", "", "!empty text"},
                      CellCase{"int32", " 1", kForm}, CellCase{"int32", "+1", "1"}, CellCase{"int32", "+-1", kNoFit},
                      CellCase{"int32", "0x10", kForm}, CellCase{"int64", "9223372036854775807", "9223372036854775807"},
                      CellCase{"int64", "9223372036854775808", kNoFit}, CellCase{"double", "0.5", "0.500000"},
                      CellCase{"double", "-1.5e3", "-1500.000000"}, CellCase{"double", "1e400", kNoFit},
                      CellCase{"double", "1,5", kForm}, CellCase{"float", "0.25", "0.250000"}, CellCase{"float", "1e39", kNoFit},
                      CellCase{"bool", "TRUE", "1"}, CellCase{"bool", "f", "0"}, CellCase{"bool", "0", "0"},
                      CellCase{"bool", "2", kNoFit}, CellCase{"bool", "yes", kForm}));

INSTANTIATE_TEST_SUITE_P(
    Decimals, ReadCell,
    ::testing::Values(CellCase{"decimal(4,2)", "12.3", "0:1230"}, CellCase{"decimal(4,2)", "-12.34", "-1:-1234"},
                      CellCase{"decimal(4,2)", "12.3400", "0:1234"}, CellCase{"decimal(4,2)", "12.345", kNoFit},
                      CellCase{"decimal(4,2)", "123", kNoFit}, CellCase{"decimal(4,2)", "00012", "0:1200"},
                      CellCase{"decimal(4,2)", ".5", "0:50"}, CellCase{"decimal(4,2)", ".", kForm},
                      CellCase{"decimal(4,2)", "1e1", kNoFit}, CellCase{"decimal(4,2)", "", "!empty text"},
                      CellCase{"decimal(38,0)", "99999999999999999999999999999999999999", "5421010862427522170:687399551400673279"},
                      CellCase{"decimal(38,0)", "100000000000000000000000000000000000000", kNoFit}));

INSTANTIATE_TEST_SUITE_P(
    Times, ReadCell,
    ::testing::Values(CellCase{"timestamp", "1970-01-01T00:00:01Z", "1000000000"},
                      CellCase{"timestamp", "1970-01-01 02:00:01+02:00", "1000000000"},
                      CellCase{"timestamp", "1970-01-01T00:00:01", "!a timestamp without an offset"},
                      CellCase{"timestamp", "2300-01-01T00:00:00Z", "!a time outside the years 1677 to 2262"},
                      CellCase{"timestamp", "soon", kForm}, CellCase{"timestamp_naive", "1970-01-01T00:00:01", "1000000000"},
                      CellCase{"timestamp_naive", "1970-01-01T00:00:01Z", "!a timestamp with an offset"},
                      CellCase{"timestamp_us", "2300-01-01T00:00:00Z", "10413792000000000"},
                      CellCase{"timestamp_us", "1970-01-01T00:00:00.000001Z", "1"},
                      CellCase{"timestamp_us", "1970-01-01T00:00:00.0000001Z", "!a timestamp with more than six fraction digits"},
                      CellCase{"date", "1970-01-02", "1"}, CellCase{"date", "1969-12-31", "-1"},
                      CellCase{"date", "1970-01-02T00:00:00", kForm}, CellCase{"epoch_s", "-1", "-1000000000"},
                      CellCase{"epoch_ms", "1", "1000000"}, CellCase{"epoch_us", "1", "1000"}, CellCase{"epoch_ns", "1", "1"},
                      CellCase{"epoch_s", "1.5", kNoFit},
                      CellCase{"epoch_s", "9999999999999", "!a time outside the years 1677 to 2262"}));

INSTANTIATE_TEST_SUITE_P(
    Bytes, ReadCell,
    ::testing::Values(CellCase{"bytes", "aGVsbG8=", "hello"}, CellCase{"bytes", "aGVsbG8", "hello"},
                      CellCase{"bytes", "aGVsbG8h", "hello!"}, CellCase{"bytes", "", ""}, CellCase{"bytes", "aGVsbG9=", kForm},
                      CellCase{"bytes", "a", kForm}, CellCase{"bytes", "aGVs bG8=", kForm}, CellCase{"bytes_hex", "68656C6c6f", "hello"},
                      CellCase{"bytes_hex", "\\x68", "h"}, CellCase{"bytes_hex", "0x68", "h"}, CellCase{"bytes_hex", "686", kForm},
                      CellCase{"bytes_hex", "6g", kForm}, CellCase{"string", "ä→\xF0\x9F\x98\x80", "ä→\xF0\x9F\x98\x80"},
                      CellCase{"string", "\xFF", "!text that is not UTF-8"},
                      CellCase{"string", "\xED\xA0\x80", "!text that is not UTF-8"},
                      CellCase{"string", std::string(100, 'x') + "\xC3", "!text that is not UTF-8"}));

std::string read_list_as(const std::string& type_name, const std::string& text) {
  CellReader reader(parse_column_type("C", type_name), 1000);
  if (const char* problem = reader.read({text.data(), text.size(), false, false}); problem != nullptr)
    return std::string("!") + problem;
  ColumnBuilder builder(field_of("C", reader.type()));
  reader.append(builder);
  return std::to_string(builder.item().length());
}

TEST(CellReader, ReadsJsonArraysAsLists) {
  EXPECT_EQ(read_list_as("int64_list", "[1, 2,null]"), "3");
  EXPECT_EQ(read_list_as("string_list", R"(["a","ä\n",""])"), "3");
  EXPECT_EQ(read_list_as("double_list", "[]"), "0");
  EXPECT_EQ(read_list_as("int32_list", "[1,2147483648]"), kNoFit);
  EXPECT_EQ(read_list_as("int32_list", "[[1]]"), "!a list with a list or an object in it");
  EXPECT_EQ(read_list_as("int32_list", "[1"), "!it is not a JSON array");
  EXPECT_EQ(read_list_as("int32_list", "1"), "!it is not a JSON array");
  EXPECT_EQ(read_list_as("int32_list", ""), "!it is not a JSON array");
  EXPECT_EQ(read_list_as("int32_list", "[1] [2]"), "!there is text after the JSON array");
}

TEST(CellReader, RefusesValuesOverItsLimit) {
  CellReader reader(parse_column_type("C", "string"), 3);
  EXPECT_EQ(reader.read({"abc", 3, false, false}), nullptr);
  EXPECT_STREQ(reader.read({"abcd", 4, false, false}), "a value larger than max_field_bytes");
}

TEST(ColumnType, IsRefusedWithTheNamesThereAre) {
  for (const char* name : {"int", "decimal(39,0)", "decimal(4,5)", "decimal(4,2)_list", "_list", "string_list_list", ""}) {
    try {
      parse_column_type("C", name);
      FAIL() << name;
    } catch (const Error& error) {
      EXPECT_EQ(error.status(), PENSTOCK_STATUS_INVALID_ARGUMENT);
      EXPECT_NE(error.message().find("the types are string, int64"), std::string::npos) << error.message();
    }
  }
}

}  // namespace
}  // namespace penstock::files
