#include "base/json_writer.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace penstock::host {
namespace {

template <class Number>
std::string written(Number value) {
  std::string out;
  JsonWriter(out).number(value);
  return out;
}

TEST(IndentedJson, KeepsOnOneLineWhatFits) {
  EXPECT_EQ(indented_json("{\"a\":[1,{\"b\":\"x,y:}\\\"\"}],\"c\":{}}"), "{ \"a\": [ 1, { \"b\": \"x,y:}\\\"\" } ], \"c\": {} }\n");
  EXPECT_EQ(indented_json("[]"), "[]\n");
}

TEST(IndentedJson, BreaksWhatIsTooLongForALine) {
  const std::string x(49, 'x'), y(49, 'y');
  EXPECT_EQ(indented_json("{\"a\":[\"" + x + "\",\"" + y + "\"],\"b\":{\"c\":[\"" + x + "\",\"" + y + "\",1]}}"),
            "{\n  \"a\": [ \"" + x + "\", \"" + y + "\" ],\n  \"b\": {\n    \"c\": [ \"" + x + "\", \"" + y + "\", 1 ]\n  }\n}\n");
  // One column less than there is room for, and one more.
  EXPECT_EQ(indented_json("[\"" + std::string(114, 'x') + "\"]"), "[ \"" + std::string(114, 'x') + "\" ]\n");
  EXPECT_EQ(indented_json("[\"" + std::string(115, 'x') + "\"]"), "[\n  \"" + std::string(115, 'x') + "\"\n]\n");
}

TEST(JsonWriter, PutsCommasWhereTheyBelong) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.member("name", "a\"b");
  json.member("rows", int64_t{-5});
  json.key("list");
  json.begin_array();
  json.null();
  json.boolean(true);
  json.begin_object();
  json.end_object();
  json.begin_array();
  json.end_array();
  json.raw("[1]");
  json.end_array();
  json.key("last");
  json.number(1.5);
  json.end_object();
  EXPECT_EQ(out, R"({"name":"a\"b","rows":-5,"list":[null,true,{},[],[1]],"last":1.5})");
}

TEST(JsonWriter, WritesIntegersExactly) {
  std::string out;
  JsonWriter json(out);
  json.begin_array();
  json.integer(std::numeric_limits<int64_t>::min());
  json.integer(std::numeric_limits<int64_t>::max());
  json.end_array();
  EXPECT_EQ(out, "[-9223372036854775808,9223372036854775807]");
}

TEST(JsonWriter, WritesTheShortestNumberThatReadsBack) {
  EXPECT_EQ(written(2.5), "2.5");
  EXPECT_EQ(written(0.1), "0.1");
  EXPECT_EQ(written(0.1f), "0.1");
  EXPECT_EQ(written(10.0), "10");
  EXPECT_EQ(written(-0.0), "-0");
  EXPECT_EQ(written(1e300), "1e+300");
  EXPECT_EQ(written(0.30000000000000004), "0.30000000000000004");
  EXPECT_EQ(written(std::numeric_limits<double>::denorm_min()), "5e-324");
}

TEST(JsonWriter, WritesNumbersThatJsonDoesNotHaveAsStrings) {
  EXPECT_EQ(written(std::nan("")), "\"NaN\"");
  EXPECT_EQ(written(std::numeric_limits<double>::infinity()), "\"Infinity\"");
  EXPECT_EQ(written(-std::numeric_limits<float>::infinity()), "\"-Infinity\"");
}

}  // namespace
}  // namespace penstock::host
