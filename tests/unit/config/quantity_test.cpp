#include "config/quantity.hpp"

#include <gtest/gtest.h>
#include <limits>

namespace penstock::host {
namespace {

using namespace std::chrono_literals;

TEST(Duration, ReadsAWholeNumberAndAUnit) {
  EXPECT_EQ(parse_duration("500ms"), 500ms);
  EXPECT_EQ(parse_duration("90s"), 90s);
  EXPECT_EQ(parse_duration("5m"), 5min);
  EXPECT_EQ(parse_duration("1h"), 1h);
  EXPECT_EQ(parse_duration("365d"), 365 * 24h);
  EXPECT_EQ(parse_duration("7us"), 7us);
  EXPECT_EQ(parse_duration("7ns"), 7ns);
  EXPECT_EQ(parse_duration("0s"), 0s);
}

TEST(Duration, RefusesEverythingElse) {
  for (const auto* text : {"", "5", "m", "5 m", " 5m", "5m ", "-5m", "-0s", "+5m", "1.5h", "1h30m", "5M", "5min", "5w",
                           "99999999999d", "99999999999999999999s", "0x5s"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

TEST(Duration, IsWrittenInTheLargestUnitThatFits) {
  EXPECT_EQ(format_duration(0s), "0s");
  EXPECT_EQ(format_duration(90s), "90s");
  EXPECT_EQ(format_duration(300s), "5m");
  EXPECT_EQ(format_duration(24h), "1d");
  EXPECT_EQ(format_duration(25h), "25h");
  EXPECT_EQ(format_duration(1500ms), "1500ms");
  EXPECT_EQ(format_duration(1ns), "1ns");
}

TEST(Duration, ComesBackFromItsText) {
  for (const int64_t value :
       {int64_t{0}, int64_t{1}, int64_t{999}, int64_t{86'400'000'000'000}, std::numeric_limits<int64_t>::max()}) {
    const std::chrono::nanoseconds duration(value);
    EXPECT_EQ(parse_duration(format_duration(duration)), duration);
  }
}

TEST(Size, ReadsAWholeNumberAndABinaryUnit) {
  EXPECT_EQ(parse_size("123B"), 123);
  EXPECT_EQ(parse_size("8KiB"), 8192);
  EXPECT_EQ(parse_size("64MiB"), 67108864);
  EXPECT_EQ(parse_size("2GiB"), 2147483648);
  EXPECT_EQ(parse_size("1TiB"), 1099511627776);
}

TEST(Size, RefusesEverythingElse) {
  for (const auto* text : {"", "5", "B", "5 B", "-5B", "1.5MiB", "5MB", "5kB", "5mib", "9999999999TiB"})
    EXPECT_EQ(parse_size(text), std::nullopt) << text;
}

TEST(Size, IsWrittenInTheLargestUnitThatFits) {
  EXPECT_EQ(format_size(0), "0B");
  EXPECT_EQ(format_size(8 << 20), "8MiB");
  EXPECT_EQ(format_size(1025), "1025B");
}

}  // namespace
}  // namespace penstock::host
