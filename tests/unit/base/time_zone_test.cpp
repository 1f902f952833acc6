#include "base/time_zone.hpp"

#include "base/time_text.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace penstock::host {
namespace {

std::string to_utc(const std::string& zone, const std::string& local) {
  return format_instant(TimeZone::find(zone)->to_utc_ns(parse_time(local)->ns));
}

TEST(TimeZone, KnowsIanaNamesOnly) {
  EXPECT_EQ(TimeZone::find("Europe/Berlin")->name(), "Europe/Berlin");
  for (const char* name : {"", "Berlin", "Europe/Atlantis", "+02:00", "../../etc/passwd", "/etc/passwd"}) {
    const auto zone = TimeZone::find(name);
    ASSERT_FALSE(zone) << name;
    EXPECT_EQ(zone.failure().status, PENSTOCK_STATUS_INVALID_ARGUMENT);
    EXPECT_EQ(zone.failure().message,
              "timezone \"" + std::string(name) + "\" is not an IANA time zone that this machine knows (package tzdata)");
  }
}

TEST(TimeZone, FollowsSummerAndWinterTime) {
  EXPECT_EQ(to_utc("Europe/Berlin", "2026-01-15T12:00"), "2026-01-15T11:00:00Z");
  EXPECT_EQ(to_utc("Europe/Berlin", "2026-07-15T12:00"), "2026-07-15T10:00:00Z");
  EXPECT_EQ(to_utc("UTC", "2026-07-15T12:00:00.000000001"), "2026-07-15T12:00:00.000000001Z");
  EXPECT_EQ(to_utc("Asia/Kathmandu", "2026-07-15T12:00"), "2026-07-15T06:15:00Z");
}

TEST(TimeZone, TakesTheFirstOfTwoEqualTimesWhenClocksAreSetBack) {
  EXPECT_EQ(to_utc("Europe/Berlin", "2026-10-25T02:30"), "2026-10-25T00:30:00Z");
  EXPECT_EQ(to_utc("America/New_York", "2026-11-01T01:30"), "2026-11-01T05:30:00Z");
}

TEST(TimeZone, TakesTheInstantOfTheChangeForTimesThatNeverWere) {
  EXPECT_EQ(to_utc("Europe/Berlin", "2026-03-29T02:00"), "2026-03-29T01:00:00Z");
  EXPECT_EQ(to_utc("Europe/Berlin", "2026-03-29T02:59:59.9"), "2026-03-29T01:00:00Z");
  EXPECT_EQ(to_utc("Europe/Berlin", "2026-03-29T03:00"), "2026-03-29T01:00:00Z");
}

TEST(TimeZone, KeepsTheOrderOfLocalTimesOverBothChanges) {
  const TimeZone zone = *TimeZone::find("Europe/Berlin");
  for (const char* day : {"2026-03-29T00:00", "2026-10-25T00:00"}) {
    const int64_t start = parse_time(day)->ns;
    int64_t last = std::numeric_limits<int64_t>::min();
    for (int64_t minute = 0; minute < 6 * 60; ++minute) {
      const int64_t utc = zone.to_utc_ns(start + minute * 60'000'000'000);
      ASSERT_GE(utc, last) << day << " + " << minute << " min";
      last = utc;
    }
  }
}

TEST(TimeZone, StopsAtTheEndsOfTheRange) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max(), kMin = std::numeric_limits<int64_t>::min();
  EXPECT_EQ(TimeZone::find("America/New_York")->to_utc_ns(kMax), kMax);
  EXPECT_EQ(TimeZone::find("Asia/Tokyo")->to_utc_ns(kMin), kMin);
}

}  // namespace
}  // namespace penstock::host
