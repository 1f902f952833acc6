#include "support/sink_suite.hpp"
#include "sink_redis/resp.hpp"
#include "sink_redis/value_text.hpp"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <random>

namespace penstock::redis {
namespace {

using test::cell;
using test::list_cell;

// The text of a value, without its frame.
std::string text_of(const Field& field, const test::Cell& value) {
  ArrowArray array{};
  const Schema schema = test::batch_schema({field}, 24);
  test::make_batch(schema, {{"k", test::order_key(1), {value}}}, &array);
  Buffer out, scratch;
  const ValueWriter writer(BatchView(schema, array)[2]);
  append_bulk(out, writer.text(0, scratch));
  const size_t bound = writer.size_bound(0);
  array.release(&array);
  const std::string bulk(reinterpret_cast<const char*>(out.data()), out.size());
  const size_t start = bulk.find("\r\n") + 2;
  EXPECT_LE(bulk.size() - start - 2, bound);
  return bulk.substr(start, bulk.size() - start - 2);
}

bool parses(const Field& field, const std::string& text) {
  ColumnBuilder column(field);
  const bool parsed = append_parsed(text, column);
  EXPECT_EQ(column.length(), parsed ? 1 : 0);
  if (field.type == Type::list && !parsed) {
    EXPECT_EQ(column.item().length(), 0);
  }
  ArrowArray array{};
  column.finish(&array);
  array.release(&array);
  return parsed;
}

Field field(Type type) { return {"F", type, type == Type::timestamp_ns ? "UTC" : ""}; }

TEST(ValueText, IsWhatTheLayoutPromises) {
  using D = std::numeric_limits<double>;
  EXPECT_EQ(text_of(field(Type::int32), cell(std::numeric_limits<int32_t>::min())), "-2147483648");
  EXPECT_EQ(text_of(field(Type::int64), cell(std::numeric_limits<int64_t>::max())), "9223372036854775807");
  EXPECT_EQ(text_of(field(Type::float64), cell(0.1)), "0.1");
  EXPECT_EQ(text_of(field(Type::float64), cell(1e22)), "1e+22");
  EXPECT_EQ(text_of(field(Type::float64), cell(-0.0)), "-0");
  EXPECT_EQ(text_of(field(Type::float64), cell(D::infinity())), "inf");
  EXPECT_EQ(text_of(field(Type::float64), cell(-D::infinity())), "-inf");
  EXPECT_EQ(text_of(field(Type::float64), cell(-D::quiet_NaN())), "nan");
  EXPECT_EQ(text_of(field(Type::float64), cell(-D::max())), "-1.7976931348623157e+308");
  EXPECT_EQ(text_of(field(Type::float32), cell(0.1f)), "0.1");
  EXPECT_EQ(text_of(field(Type::boolean), cell(true)), "true");
  EXPECT_EQ(text_of(field(Type::boolean), cell(false)), "false");
  EXPECT_EQ(text_of(field(Type::utf8), cell("a\"b")), "a\"b");
  EXPECT_EQ(text_of(field(Type::binary), cell(std::string("\0\xff", 2))), std::string("\0\xff", 2));
}

TEST(ValueText, WritesInstantsAsSecondsWithUpToNineDecimals) {
  const std::pair<int64_t, const char*> cases[] = {
      {0, "0"},
      {1'700'000'000'000'000'000, "1700000000"},
      {1'700'000'000'500'000'000, "1700000000.5"},
      {1'700'000'000'123'456'789, "1700000000.123456789"},
      {1, "0.000000001"},
      {-1, "-0.000000001"},
      {-1'500'000'000, "-1.5"},
      {std::numeric_limits<int64_t>::max(), "9223372036.854775807"},
      {std::numeric_limits<int64_t>::min(), "-9223372036.854775808"},
  };
  for (const auto& [ns, text] : cases) {
    EXPECT_EQ(text_of(field(Type::timestamp_ns), cell(ns)), text);
    EXPECT_TRUE(parses(field(Type::timestamp_ns), text)) << text;
  }
}

TEST(ValueText, WritesListsAsJson) {
  using D = std::numeric_limits<double>;
  EXPECT_EQ(text_of(list_of("F", Type::int32), list_cell<int32_t>({})), "[]");
  EXPECT_EQ(text_of(list_of("F", Type::int32), list_cell<int32_t>({1, -2})), "[1,-2]");
  EXPECT_EQ(text_of(list_of("F", Type::float64), list_cell<double>({0.5, D::quiet_NaN(), -D::infinity(), -0.0})), "[0.5,\"nan\",\"-inf\",-0]");
  EXPECT_EQ(text_of(list_of("F", Type::boolean), list_cell<bool>({true, false})), "[true,false]");
  EXPECT_EQ(text_of(list_of("F", Type::utf8), list_cell<std::string>({"", "a\"\\\n\x01", "\xC3\xA9"})), "[\"\",\"a\\\"\\\\\\u000a\\u0001\",\"\xC3\xA9\"]");
  EXPECT_EQ(text_of(list_of("F", Type::binary), list_cell<std::string>({"", "f", "fo", "foo", "\xff\xfe"})), "[\"\",\"Zg==\",\"Zm8=\",\"Zm9v\",\"//4=\"]");
  Field instants = list_of("F", Type::timestamp_ns);
  instants.children[0].timezone = "UTC";
  EXPECT_EQ(text_of(instants, list_cell<int64_t>({0, -500'000'000})), "[\"0\",\"-0.5\"]");
}

TEST(ValueText, DoesNotReadWhatIsNotAValueOfTheType) {
  const std::pair<Field, std::vector<std::string>> cases[] = {
      {field(Type::int32), {"", "x", "1.0", "1 ", " 1", "+1", "2147483648", "1e3", "0x1"}},
      {field(Type::int64), {"9223372036854775808", "-"}},
      {field(Type::float64), {"", "1,5", "1e", "1e999", "one"}},
      {field(Type::float32), {"1e39"}},
      {field(Type::boolean), {"", "1", "0", "True", "TRUE"}},
      {field(Type::timestamp_ns), {"", ".5", "1.", "1.0000000001", "--1", "1.5x", "1.-5", "9223372036.854775808", "-9223372036.854775809", "99999999999999999999"}},
      {field(Type::utf8), {"\xff", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "a\x80"}},
      {list_of("F", Type::int32), {"", "[", "1", "[1", "[1,]", "[,1]", "[1 2]", "[1]x", "[\"1\"]", "[null]", "[[1]]", "[2147483648]", "[1,x]"}},
      {list_of("F", Type::float64), {"[nan]", "[\"1\"]", "[\"x\"]", "[inf]"}},
      {list_of("F", Type::boolean), {"[1]", "[\"true\"]"}},
      {list_of("F", Type::utf8), {"[a]", "[\"a]", "[\"\\x\"]", "[\"\\u12\"]", "[\"\\ud800\"]", "[\"\\ud800\\u0041\"]", "[\"\\udc00\"]", "[\"\n\"]", "[\"\xff\"]"}},
      {list_of("F", Type::binary), {"[\"Zg=\"]", "[\"Z===\"]", "[\"====\"]", "[\"Zg==Zg==\"]", "[\"Z*==\"]"}},
  };
  for (const auto& [type, texts] : cases)
    for (const std::string& text : texts) EXPECT_FALSE(parses(type, text)) << arrow_format(type) << " " << text;
}

TEST(ValueText, ReadsJsonAsOthersWriteIt) {
  EXPECT_TRUE(parses(list_of("F", Type::int32), " [ 1 ,\t2\r\n] "));
  EXPECT_TRUE(parses(list_of("F", Type::utf8), R"(["\/\b\f\n\r\t\u00e9\ud83c\udf0a"])"));
}

TEST(ValueText, EveryDoubleAndFloatReadsBackAsItself) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 3'000; ++i) {
    double wide = 0;
    float narrow = 0;
    const uint64_t bits = random();
    std::memcpy(&wide, &bits, sizeof wide);
    std::memcpy(&narrow, &bits, sizeof narrow);
    if (std::isnan(wide) || std::isnan(narrow)) continue;
    ColumnBuilder doubles(field(Type::float64)), floats(field(Type::float32));
    ASSERT_TRUE(append_parsed(text_of(field(Type::float64), cell(wide)), doubles));
    ASSERT_TRUE(append_parsed(text_of(field(Type::float32), cell(narrow)), floats));
    ArrowArray a{}, b{};
    doubles.finish(&a);
    floats.finish(&b);
    EXPECT_EQ(test::raw(ColumnView(field(Type::float64), &a).value<double>(0)), test::raw(wide));
    EXPECT_EQ(test::raw(ColumnView(field(Type::float32), &b).value<float>(0)), test::raw(narrow));
    a.release(&a);
    b.release(&b);
  }
}

TEST(ValueText, SurvivesArbitraryListTexts) {
  static constexpr std::string_view kAlphabet = "[]\"\\u0aed8,.-1 tn=\xff";
  for (uint64_t seed = 1; seed <= 3'000; ++seed) {
    std::mt19937_64 random(seed);
    std::string text = "[";
    for (size_t n = random() % 20; n > 0; --n) text += kAlphabet[random() % kAlphabet.size()];
    if (seed % 2 == 0) text += "]";
    for (const Type type : {Type::utf8, Type::binary, Type::int32, Type::float64, Type::boolean, Type::timestamp_ns})
      parses(list_of("F", type), text);
  }
}

}  // namespace
}  // namespace penstock::redis
