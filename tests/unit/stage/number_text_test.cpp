#include "stage/number_text.hpp"

#include "support/batches.hpp"

#include <gtest/gtest.h>

#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

namespace penstock::host {
namespace {

using test::decimal_bytes;

std::string outcome(NumberParse parsed, const std::string& value) {
  switch (parsed) {
    case NumberParse::ok: return value;
    case NumberParse::not_a_number: return "not a number";
    case NumberParse::fraction: return "fraction";
    case NumberParse::range: return "range";
  }
  return "?";
}

std::string whole(std::string_view text) {
  int64_t value = 0;
  const auto parsed = parse_whole(text, value);
  return outcome(parsed, std::to_string(value));
}

template <class Floating>
std::string floating(std::string_view text) {
  Floating value = 0;
  const auto parsed = parse_floating(text, value);
  char out[64];
  return outcome(parsed, std::string(out, std::to_chars(out, out + sizeof out, value).ptr));
}

TEST(NumberText, ReadsWholeNumbers) {
  const std::pair<const char*, const char*> cases[] = {
      {"0", "0"},
      {"42", "42"},
      {"-7", "-7"},
      {"+7", "7"},
      {"-0", "0"},
      {"007", "7"},
      {"12.00", "12"},
      {"-12.0", "-12"},
      {"9223372036854775807", "9223372036854775807"},
      {"-9223372036854775808", "-9223372036854775808"},
      {"9223372036854775807.000", "9223372036854775807"},
      {"12.5", "fraction"},
      {"0.0000000001", "fraction"},
      {"9223372036854775808", "range"},
      {"-9223372036854775809", "range"},
      {"99999999999999999999999999999999999999999", "range"},
      {"99999999999999999999.5", "range"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(whole(text), expected) << text;
}

TEST(NumberText, TakesNothingElseForAWholeNumber) {
  for (const char* text : {"", " ", "+", "-", ".", "-.", " 5", "5 ", "5\n", "\t5", "1_000", "1,000", "1'000", "12.", "-12.", ".5", "1.2.3", "12.a",
                           "1e3", "1E3", "0x10", "++5", "+-5", "-+5", "--5", "5-", "inf", "nan", "true", "five", "٣", "99999999999999999999x"})
    EXPECT_EQ(whole(text), "not a number") << '"' << text << '"';
  EXPECT_EQ(whole(std::string_view("5\0", 2)), "not a number");
}

TEST(NumberText, ReadsFloatingNumbers) {
  const std::pair<const char*, const char*> cases[] = {
      {"0", "0"},
      {"-0", "-0"},
      {"1.5", "1.5"},
      {"+1.5", "1.5"},
      {"1e3", "1000"},
      {"1E-3", "0.001"},
      {"0.1", "0.1"},
      {"1.7976931348623157e308", "1.7976931348623157e+308"},
      {"1.8e308", "range"},
      {"-1e999", "range"},
      {"1e-400", "0"},
      {"-1e-400", "-0"},
      {"4.9e-324", "5e-324"},
      {"inf", "inf"},
      {"-Infinity", "-inf"},
      {"NaN", "nan"},
      {"123456789012345678901234567890", "1.2345678901234568e+29"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(floating<double>(text), expected) << text;
  for (const char* text : {"", " ", "+", "-", ".", "e5", "1e", " 1.5", "1.5 ", "1,5", "1_0.5", "0x1p3", "++1", "+-1", "-+1", "1.5f", "1.2.3", "infinit"})
    EXPECT_EQ(floating<double>(text), "not a number") << '"' << text << '"';
}

TEST(NumberText, RoundsAFloatOnce) {
  // Just below the middle of two floats; as a double it would be the middle, and from there go up to the even one.
  EXPECT_EQ(floating<float>("1.00000017881393432617187499"), "1.0000001");
  EXPECT_EQ(static_cast<float>(1.00000017881393432617187499), 1.0000002384185791f);
  EXPECT_EQ(floating<float>("3.4028235e38"), "3.4028235e+38");
  EXPECT_EQ(floating<float>("3.5e38"), "range");
  EXPECT_EQ(floating<float>("1e-60"), "0");
}

TEST(NumberText, ReadsTheShortestFormOfEveryDoubleBack) {
  std::mt19937_64 random(11);
  for (int i = 0; i < 20000; ++i) {
    double value = 0;
    const uint64_t bits = random();
    std::memcpy(&value, &bits, sizeof value);
    if (!std::isfinite(value)) continue;
    char text[64];
    const std::string_view written(text, static_cast<size_t>(std::to_chars(text, text + sizeof text, value).ptr - text));
    double read = 0;
    ASSERT_EQ(parse_floating(written, read), NumberParse::ok) << written;
    ASSERT_EQ(read, value) << written;
  }
}

TEST(NumberText, ReadsBooleansInAnyCase) {
  for (const char* text : {"true", "TRUE", "True", "t", "T", "yes", "Yes", "1"}) {
    bool value = false;
    EXPECT_TRUE(parse_boolean(text, value)) << text;
    EXPECT_TRUE(value) << text;
  }
  for (const char* text : {"false", "FALSE", "f", "F", "no", "NO", "0"}) {
    bool value = true;
    EXPECT_TRUE(parse_boolean(text, value)) << text;
    EXPECT_FALSE(value) << text;
  }
  for (const char* text : {"", " ", "true ", " true", "tru", "truee", "2", "-1", "01", "y", "n", "on", "off", "null"}) {
    bool value = false;
    EXPECT_FALSE(parse_boolean(text, value)) << '"' << text << '"';
  }
}

// -2^127 and 2^127 - 1
const std::string kLeast = decimal_bytes(std::numeric_limits<int64_t>::min(), 0);
const std::string kGreatest = decimal_bytes(std::numeric_limits<int64_t>::max(), std::numeric_limits<uint64_t>::max());

TEST(NumberText, WritesDecimalsExactly) {
  EXPECT_EQ(decimal_text(decimal_bytes(0), 0), "0");
  EXPECT_EQ(decimal_text(decimal_bytes(0), 2), "0.00");
  EXPECT_EQ(decimal_text(decimal_bytes(0), -2), "0");
  EXPECT_EQ(decimal_text(decimal_bytes(1), 2), "0.01");
  EXPECT_EQ(decimal_text(decimal_bytes(-1), 2), "-0.01");
  EXPECT_EQ(decimal_text(decimal_bytes(1234), 2), "12.34");
  EXPECT_EQ(decimal_text(decimal_bytes(-1234), 4), "-0.1234");
  EXPECT_EQ(decimal_text(decimal_bytes(12), -3), "12000");
  EXPECT_EQ(decimal_text(decimal_bytes(-12), -1), "-120");
  EXPECT_EQ(decimal_text(decimal_bytes(0, std::numeric_limits<uint64_t>::max()), 0), "18446744073709551615");
  EXPECT_EQ(decimal_text(decimal_bytes(1, 0), 0), "18446744073709551616");
  EXPECT_EQ(decimal_text(kGreatest, 0), "170141183460469231731687303715884105727");
  EXPECT_EQ(decimal_text(kLeast, 0), "-170141183460469231731687303715884105728");
  EXPECT_EQ(decimal_text(kGreatest, 38), "1.70141183460469231731687303715884105727");
  EXPECT_EQ(decimal_text(decimal_bytes(1), 38), "0." + std::string(37, '0') + "1");
}

std::string whole_of(const std::string& bytes, int32_t scale) {
  int64_t value = 0;
  const auto parsed = whole_decimal(bytes, scale, value);
  return outcome(parsed, std::to_string(value));
}

TEST(NumberText, ReadsDecimalsAsWholeNumbers) {
  EXPECT_EQ(whole_of(decimal_bytes(1200), 2), "12");
  EXPECT_EQ(whole_of(decimal_bytes(-1200), 2), "-12");
  EXPECT_EQ(whole_of(decimal_bytes(1201), 2), "fraction");
  EXPECT_EQ(whole_of(decimal_bytes(0), 38), "0");
  EXPECT_EQ(whole_of(decimal_bytes(12), -3), "12000");
  EXPECT_EQ(whole_of(decimal_bytes(12), -38), "range");
  EXPECT_EQ(whole_of(decimal_bytes(0), -38), "0");
  EXPECT_EQ(whole_of(decimal_bytes(std::numeric_limits<int64_t>::min()), 0), "-9223372036854775808");
  EXPECT_EQ(whole_of(decimal_bytes(0, uint64_t{1} << 63), 0), "range");
  EXPECT_EQ(whole_of(kLeast, 0), "range");
  EXPECT_EQ(whole_of(kGreatest, 38), "fraction");
}

TEST(NumberText, ReadsADecimalAsItsText) {
  std::mt19937_64 random(5);
  for (int i = 0; i < 20000; ++i) {
    const auto scale = static_cast<int32_t>(random() % 20);
    const auto high = static_cast<int64_t>(random()) >> (random() % 64);
    const std::string bytes = decimal_bytes(random() % 2 == 0 ? high : high < 0 ? -1 : 0, random() >> (random() % 64));
    const std::string text = decimal_text(bytes, scale);
    const std::string from_text = whole(text), from_bytes = whole_of(bytes, scale);
    // Of two reasons either will do.
    if (from_text == "range" && from_bytes == "fraction") continue;
    ASSERT_EQ(from_bytes, from_text) << text;
  }
}

}  // namespace
}  // namespace penstock::host
