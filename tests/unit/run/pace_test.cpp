#include "run/pace.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace penstock::host {
namespace {

using namespace std::chrono_literals;

TEST(Pace, LetsEverythingPassWithoutALimit) {
  Pace pace(0);
  pace.start(0s);
  EXPECT_EQ(pace.wait(1'000'000'000, 0s), 0s);
  EXPECT_EQ(pace.wait(1'000'000'000, 0s), 0s);
  EXPECT_EQ(pace.batch_rows(16384), 16384);
  EXPECT_EQ(pace.rows_at_once(), std::numeric_limits<int64_t>::max());
}

TEST(Pace, WritesFewRowsAtOnce) {
  EXPECT_EQ(Pace(1).rows_at_once(), 1);
  EXPECT_EQ(Pace(100).rows_at_once(), 10) << "those of a tenth of a second";
  EXPECT_EQ(Pace(500).rows_at_once(), 25);
  EXPECT_EQ(Pace(100'000).rows_at_once(), 25);
  EXPECT_EQ(Pace(400'000).rows_at_once(), 100) << "those of a quarter of a millisecond";
}

TEST(Pace, ReadsNoMoreThanTheRowsOfATenthOfASecond) {
  EXPECT_EQ(Pace(1).batch_rows(16384), 1);
  EXPECT_EQ(Pace(20'000).batch_rows(16384), 2000);
  EXPECT_EQ(Pace(1'000'000).batch_rows(16384), 16384);
}

TEST(Pace, WaitsUntilTheRowsAreDue) {
  Pace pace(100);
  pace.start(10s);
  EXPECT_EQ(pace.wait(50, 10s), 0s) << "the first go at once";
  EXPECT_EQ(pace.wait(50, 10s), 500ms);
  EXPECT_EQ(pace.wait(50, 10s + 800ms), 200ms) << "the time that writing took counts";
}

TEST(Pace, MakesUpForALateWakeUp) {
  Pace pace(1000);
  pace.start(0s);
  EXPECT_EQ(pace.wait(1, 0s), 0s);
  EXPECT_EQ(pace.wait(1, 9ms), 0s);
  EXPECT_EQ(pace.wait(1, 9ms), 0s) << "due after 2 ms";
  EXPECT_EQ(pace.wait(7, 9ms), 0s) << "due after 3 ms";
  EXPECT_EQ(pace.wait(1, 9ms), 1ms);
}

TEST(Pace, MakesUpForNoTimeInWhichNothingCame) {
  Pace pace(1000);
  pace.start(0s);
  EXPECT_EQ(pace.wait(15, 1h), 0s) << "of the hour, 10 ms";
  EXPECT_EQ(pace.wait(1, 1h), 5ms);
}

TEST(Pace, DoesNotOverflow) {
  Pace pace(1);
  pace.start(0s);
  EXPECT_EQ(pace.wait(std::numeric_limits<int64_t>::max(), 0s), 0s);
  EXPECT_GT(pace.wait(1, 0s), 24h * 365);
}

}  // namespace
}  // namespace penstock::host
