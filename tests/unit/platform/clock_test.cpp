#include "platform/clock.hpp"
#include "support/fake_clock.hpp"

#include <chrono>
#include <gtest/gtest.h>

namespace penstock::host {
namespace {

using namespace std::chrono_literals;

TEST(SystemClock, TellsTheSameTimeAsTheStandardClocks) {
  const SystemClock clock;
  const auto wall = [] { return std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count(); };
  const auto steady = [] { return std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count(); };

  const int64_t wall_before = wall(), wall_read = clock.wall_ns(), wall_after = wall();
  const int64_t steady_before = steady(), steady_read = clock.steady_ns(), steady_after = steady();

  EXPECT_LE(wall_before, wall_read);
  EXPECT_LE(wall_read, wall_after);
  EXPECT_LE(steady_before, steady_read);
  EXPECT_LE(steady_read, steady_after);
}

TEST(FakeClock, MovesOnlyByHandAndSettingTheWallLeavesTheSteadyClockAlone) {
  test::FakeClock clock;
  EXPECT_EQ(clock.wall_ns(), test::FakeClock::kStartWallNs);

  clock.advance(2s);
  clock.set_wall(5);

  EXPECT_EQ(clock.wall_ns(), 5);
  EXPECT_EQ(clock.steady_ns(), test::FakeClock::kStartSteadyNs + 2'000'000'000);
}

}  // namespace
}  // namespace penstock::host
