#include "platform/run_id.hpp"
#include "support/fake_clock.hpp"

#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>

namespace penstock::host {
namespace {

using namespace std::chrono_literals;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

TEST(RunId, IsAUuidOfVersionSevenThatBeginsWithTheMilliseconds) {
  test::FakeClock clock;
  clock.set_wall(0x0123'4567'89ab * int64_t{1'000'000} + 500'000);  // half a millisecond is 0x800 of 4096

  const std::string id = new_run_id(clock);

  EXPECT_THAT(id, StartsWith("01234567-89ab-7800-"));
  EXPECT_THAT(id, MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
}

TEST(RunId, SortsAsTextInTheOrderOfTheClock) {
  test::FakeClock clock;
  std::string before = new_run_id(clock);
  const std::initializer_list<std::chrono::nanoseconds> steps = {250ns, 1us, 999us, 1ms, 1s, 240h, 87600h};
  for (const std::chrono::nanoseconds step : steps) {
    clock.advance(step);
    const std::string after = new_run_id(clock);
    EXPECT_LT(before, after) << step.count();
    before = after;
  }
}

TEST(RunId, DiffersThoughTheClockStandsStill) {
  const test::FakeClock clock;
  std::set<std::string> ids;
  for (int i = 0; i < 10'000; ++i) ids.insert(new_run_id(clock));
  EXPECT_EQ(ids.size(), 10'000u);
}

TEST(RunId, IsStillAnIdWhenTheClockIsBeforeNineteenSeventy) {
  test::FakeClock clock;
  clock.set_wall(-1);
  EXPECT_THAT(new_run_id(clock), StartsWith("00000000-0000-7000-"));
}

}  // namespace
}  // namespace penstock::host
