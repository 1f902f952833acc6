#include "source_file/timestamp.hpp"
#include "source_file/zone.hpp"

#include <gtest/gtest.h>
#include <penstock/error.hpp>

namespace penstock::files {
namespace {

std::optional<ParsedTime> parsed(std::string_view text) {
  ParsedTime out;
  return parse_timestamp(text, out) ? std::optional(out) : std::nullopt;
}

// 2026-01-02T03:04:05Z
constexpr int64_t kSecond = 1767323045;

TEST(ParseTimestamp, ReadsWhatWarehousesWrite) {
  EXPECT_EQ(parsed("2026-01-02T03:04:05Z"), (ParsedTime{kSecond, 0, true}));
  EXPECT_EQ(parsed("2026-01-02 03:04:05"), (ParsedTime{kSecond, 0, false}));
  EXPECT_EQ(parsed("2026-01-02T03:04:05.5Z"), (ParsedTime{kSecond, 500'000'000, true}));
  EXPECT_EQ(parsed("2026-01-02T03:04:05.123456789"), (ParsedTime{kSecond, 123'456'789, false}));
  EXPECT_EQ(parsed("2026-01-02T05:04:05+02:00"), (ParsedTime{kSecond, 0, true}));
  EXPECT_EQ(parsed("2026-01-01 21:34:05.000 -0530"), (ParsedTime{kSecond, 0, true}));
  EXPECT_EQ(parsed("2026-01-02 03:04:05+00"), (ParsedTime{kSecond, 0, true}));
  EXPECT_EQ(parsed("2026-01-02t03:04:05z"), (ParsedTime{kSecond, 0, true}));
  EXPECT_EQ(parsed("1969-12-31T23:59:59.25Z"), (ParsedTime{-1, 250'000'000, true}));
  EXPECT_EQ(parsed("2024-02-29T00:00:00Z"), (ParsedTime{1709164800, 0, true}));
  EXPECT_EQ(parsed("0001-01-01T00:00:00Z"), (ParsedTime{-62135596800, 0, true}));
  EXPECT_EQ(parsed("9999-12-31T23:59:59Z"), (ParsedTime{253402300799, 0, true}));
}

TEST(ParseTimestamp, RefusesEverythingElse) {
  for (const char* text :
       {"", "2026", "2026-01-02", "2026-01-02T03:04", "2026-1-2T03:04:05Z", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z",
        "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "0000-01-01T00:00:00Z", "2026-01-02T24:00:00Z", "2026-01-02T03:60:00Z",
        "2026-01-02T03:04:60Z", "2026-01-02T03:04:05.Z", "2026-01-02T03:04:05.1234567890Z", "2026-01-02T03:04:05+2",
        "2026-01-02T03:04:05+24:00", "2026-01-02T03:04:05+02:60", "2026-01-02T03:04:05 ", "2026-01-02T03:04:05ZZ",
        "2026-01-02  03:04:05", " 2026-01-02T03:04:05Z", "infinity", "1767323045"})
    EXPECT_EQ(parsed(text), std::nullopt) << text;
}

TEST(ToNanoseconds, EndsExactlyWhereInt64Does) {
  EXPECT_EQ(to_nanoseconds(*parsed("2262-04-11T23:47:16.854775807Z")), INT64_MAX);
  EXPECT_EQ(to_nanoseconds(*parsed("2262-04-11T23:47:16.854775808Z")), std::nullopt);
  EXPECT_EQ(to_nanoseconds(*parsed("1677-09-21T00:12:43.145224192Z")), INT64_MIN);
  EXPECT_EQ(to_nanoseconds(*parsed("1677-09-21T00:12:43.145224191Z")), std::nullopt);
  EXPECT_EQ(to_nanoseconds(*parsed("1969-12-31T23:59:59.999999999Z")), -1);
}

TEST(FormatTimestamp, IsTheOtherWayOfParsing) {
  for (const int64_t ns : {int64_t{0}, int64_t{-1}, kSecond * 1'000'000'000 + 6, INT64_MAX, INT64_MIN, int64_t{951'782'400'000'000'000}}) {
    const auto time = parsed(format_timestamp(ns));
    ASSERT_TRUE(time.has_value()) << format_timestamp(ns);
    EXPECT_EQ(to_nanoseconds(*time), ns);
  }
  EXPECT_EQ(format_timestamp(kSecond * 1'000'000'000 + 6), "2026-01-02T03:04:05.000000006Z");
}

int64_t in_zone(Zone& zone, const char* local) { return zone.to_utc(parsed(local)->seconds); }

TEST(Zone, FollowsDaylightSavingTime) {
  Zone berlin("Europe/Berlin");
  EXPECT_EQ(in_zone(berlin, "2026-01-15 12:00:00"), parsed("2026-01-15 11:00:00Z")->seconds);
  EXPECT_EQ(in_zone(berlin, "2026-07-15 12:00:00"), parsed("2026-07-15 10:00:00Z")->seconds);
  EXPECT_EQ(in_zone(berlin, "2026-01-15 12:00:00"), parsed("2026-01-15 11:00:00Z")->seconds);
}

TEST(Zone, TakesTheEarlierOfTwoInstantsAndTheMomentOfASkip) {
  Zone berlin("Europe/Berlin");
  EXPECT_EQ(in_zone(berlin, "2026-10-25 01:59:59"), parsed("2026-10-24 23:59:59Z")->seconds);
  EXPECT_EQ(in_zone(berlin, "2026-10-25 02:30:00"), parsed("2026-10-25 00:30:00Z")->seconds);
  EXPECT_EQ(in_zone(berlin, "2026-10-25 03:00:00"), parsed("2026-10-25 02:00:00Z")->seconds);
  EXPECT_EQ(in_zone(berlin, "2026-03-29 01:59:59"), parsed("2026-03-29 00:59:59Z")->seconds);
  EXPECT_EQ(in_zone(berlin, "2026-03-29 02:30:00"), parsed("2026-03-29 01:00:00Z")->seconds);
  EXPECT_EQ(in_zone(berlin, "2026-03-29 03:00:00"), parsed("2026-03-29 01:00:00Z")->seconds);
}

TEST(Zone, TakesFixedOffsetsAndTimesFarAway) {
  Zone utc("UTC"), east("+05:30"), west("-08:00"), tokyo("Asia/Tokyo");
  EXPECT_EQ(in_zone(utc, "2026-01-02 03:04:05"), kSecond);
  EXPECT_EQ(in_zone(east, "2026-01-02 08:34:05"), kSecond);
  EXPECT_EQ(in_zone(west, "2026-01-01 19:04:05"), kSecond);
  EXPECT_EQ(in_zone(tokyo, "2026-01-02 12:04:05"), kSecond);
  EXPECT_EQ(in_zone(tokyo, "9999-12-31 12:00:00"), parsed("9999-12-31 03:00:00Z")->seconds);
  EXPECT_LT(in_zone(tokyo, "0001-01-01 12:00:00"), parsed("0001-01-01 12:00:00Z")->seconds);
}

TEST(Zone, RefusesANameThatIsNotOne) {
  for (const char* name : {"Mars/Olympus", "", "+25:00"}) EXPECT_THROW(Zone{name}, Error) << name;
}

}  // namespace
}  // namespace penstock::files
