#include "base/time_text.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <limits>
#include <random>
#include <string>

namespace penstock::host {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
constexpr int64_t kMin = std::numeric_limits<int64_t>::min();

// "" when it is no time; otherwise the nanoseconds, and a Z when an offset was there.
std::string parsed(std::string_view text) {
  const auto time = parse_time(text);
  return time ? std::to_string(time->ns) + (time->has_offset ? "Z" : "") : "";
}

TEST(TimeText, WritesAsManyDecimalsAsAnInstantNeeds) {
  EXPECT_EQ(format_instant(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(format_instant(1'767'323'045 * kSecond), "2026-01-02T03:04:05Z");
  EXPECT_EQ(format_instant(100'000'000), "1970-01-01T00:00:00.100Z");
  EXPECT_EQ(format_instant(1'000'000), "1970-01-01T00:00:00.001Z");
  EXPECT_EQ(format_instant(1000), "1970-01-01T00:00:00.000001Z");
  EXPECT_EQ(format_instant(1), "1970-01-01T00:00:00.000000001Z");
  EXPECT_EQ(format_local(1'767'323'045 * kSecond + 500'000'000), "2026-01-02T03:04:05.500");
}

TEST(TimeText, WritesInstantsBefore1970) {
  EXPECT_EQ(format_instant(-1), "1969-12-31T23:59:59.999999999Z");
  EXPECT_EQ(format_instant(-kSecond), "1969-12-31T23:59:59Z");
  EXPECT_EQ(format_instant(-86400 * kSecond), "1969-12-31T00:00:00Z");
}

TEST(TimeText, WritesTheEndsOfTheRange) {
  EXPECT_EQ(format_instant(kMax), "2262-04-11T23:47:16.854775807Z");
  EXPECT_EQ(format_instant(kMin), "1677-09-21T00:12:43.145224192Z");
}

TEST(TimeText, WritesDatesOfFourDigitYears) {
  EXPECT_EQ(format_date(0), "1970-01-01");
  EXPECT_EQ(format_date(-1), "1969-12-31");
  EXPECT_EQ(format_date(11016), "2000-02-29");
  EXPECT_EQ(format_date(kFirstDay), "0000-01-01");
  EXPECT_EQ(format_date(kLastDay), "9999-12-31");
}

TEST(TimeText, SplitsACountOfAnyUnitAndRoundsSecondsDown) {
  EXPECT_EQ(epoch_time(1500, 1000), (EpochTime{1, 500'000'000}));
  EXPECT_EQ(epoch_time(-1, 1000), (EpochTime{-1, 999'000'000}));
  EXPECT_EQ(epoch_time(-1000, 1000), (EpochTime{-1, 0}));
  EXPECT_EQ(epoch_time(7, 1), (EpochTime{7, 0}));
  EXPECT_EQ(epoch_time(kMin, kSecond), (EpochTime{-9'223'372'037, 145'224'192}));
  EXPECT_EQ(epoch_time(kMin, 1), (EpochTime{kMin, 0}));
}

TEST(TimeText, WritesTimesThatDoNotFitIntoNanoseconds) {
  EXPECT_EQ(format_instant(EpochTime{253'402'300'799, 999'000'000}), "9999-12-31T23:59:59.999Z");
  EXPECT_EQ(format_local(EpochTime{-62'135'596'800, 0}), "0001-01-01T00:00:00");
}

TEST(TimeText, WritesSecondsWithoutTrailingZeros) {
  EXPECT_EQ(format_seconds(1'700'000'000 * kSecond), "1700000000");
  EXPECT_EQ(format_seconds(1'700'000'000 * kSecond + 500'000'000), "1700000000.5");
  EXPECT_EQ(format_seconds(0), "0");
  EXPECT_EQ(format_seconds(1), "0.000000001");
  EXPECT_EQ(format_seconds(-500'000'000), "-0.5");
  EXPECT_EQ(format_seconds(-1'500'000'000), "-1.5");
  EXPECT_EQ(format_seconds(kMin), "-9223372036.854775808");
  EXPECT_EQ(format_seconds(kMax), "9223372036.854775807");
}

TEST(TimeText, ReadsDatesTimesAndOffsets) {
  EXPECT_EQ(parsed("1970-01-01"), "0");
  EXPECT_EQ(parsed("1970-01-02"), "86400000000000");
  EXPECT_EQ(parsed("1970-01-01T00:01"), "60000000000");
  EXPECT_EQ(parsed("1970-01-01T00:00:01"), "1000000000");
  EXPECT_EQ(parsed("1970-01-01 00:00:01"), "1000000000");
  EXPECT_EQ(parsed("1970-01-01t00:00:01z"), "1000000000Z");
  EXPECT_EQ(parsed("1970-01-01T00:00:00.5Z"), "500000000Z");
  EXPECT_EQ(parsed("1970-01-01T00:00:00.123456789Z"), "123456789Z");
  EXPECT_EQ(parsed("1970-01-01T00:00:00.1234567890Z"), "123456789Z");
  EXPECT_EQ(parsed("1970-01-01T00:01Z"), "60000000000Z");
  EXPECT_EQ(parsed("1970-01-01T02:00:00+02:00"), "0Z");
  EXPECT_EQ(parsed("1970-01-01T02:00:00+02"), "0Z");
  EXPECT_EQ(parsed("1970-01-01T02:30:00+0230"), "0Z");
  EXPECT_EQ(parsed("1969-12-31T18:30:00-05:30"), "0Z");
  EXPECT_EQ(parsed("1969-12-31T23:59:59.999999999Z"), "-1Z");
  EXPECT_EQ(parsed("2024-02-29"), "1709164800000000000");
}

TEST(TimeText, RefusesWhatIsNoTime) {
  for (const char* text :
       {"", " ", "now", "infinity", "-infinity", "1970", "1970-01", "1970-1-1", "70-01-01", "01970-01-01", "+1970-01-01",
        "-1970-01-01", "1970/01/01", "19700101", "1970-00-01", "1970-13-01", "1970-01-00", "1970-01-32", "2023-02-29", "1900-02-29",
        "1970-01-01T", "1970-01-01 ", "1970-01-01Z", "1970-01-01X00:00", "1970-01-01T1:00", "1970-01-01T00", "1970-01-01T00:",
        "1970-01-01T24:00", "1970-01-01T23:60", "1970-01-01T23:59:60", "1970-01-01T00:00:0", "1970-01-01T00:00:00.",
        "1970-01-01T00:00:00,5", "1970-01-01T00:00:00.1234567891", "1970-01-01T00:00.5", "1970-01-01T00:00:00 Z",
        "1970-01-01T00:00:00ZZ", "1970-01-01T00:00:00+", "1970-01-01T00:00:00+1", "1970-01-01T00:00:00+01:", "1970-01-01T00:00:00+01:0",
        "1970-01-01T00:00:00+01:60", "1970-01-01T00:00:00+19:00", "1970-01-01T00:00:00+010000", "1970-01-01T00:00:00 UTC",
        " 1970-01-01", "1970-01-01\n", "1970-01-01T00:00:00Z\n", "１９７０-01-01"})
    EXPECT_EQ(parsed(text), "") << '"' << text << '"';
  EXPECT_EQ(parsed(std::string_view("1970-01-01\0", 11)), "");
}

TEST(TimeText, RefusesWhatDoesNotFitIntoNanoseconds) {
  EXPECT_EQ(parsed("2262-04-11T23:47:16.854775807Z"), "9223372036854775807Z");
  EXPECT_EQ(parsed("2262-04-11T23:47:16.854775808Z"), "");
  EXPECT_EQ(parsed("1677-09-21T00:12:43.145224192Z"), "-9223372036854775808Z");
  EXPECT_EQ(parsed("1677-09-21T00:12:43.145224191Z"), "");
  EXPECT_EQ(parsed("0001-01-01"), "");
  EXPECT_EQ(parsed("9999-12-31T23:59:59Z"), "");
}

TEST(TimeText, ReadsBackWhatItWrites) {
  std::mt19937_64 random(20260102);
  for (int i = 0; i < 20000; ++i) {
    int64_t ns = static_cast<int64_t>(random());
    if (i % 3 == 1) ns -= ns % 1000;
    if (i % 3 == 2) ns -= ns % kSecond;
    const auto instant = parse_time(format_instant(ns));
    ASSERT_TRUE(instant && instant->has_offset) << ns;
    ASSERT_EQ(instant->ns, ns);
    const auto local = parse_time(format_local(ns));
    ASSERT_TRUE(local && !local->has_offset) << ns;
    ASSERT_EQ(local->ns, ns);
  }
}

}  // namespace
}  // namespace penstock::host
