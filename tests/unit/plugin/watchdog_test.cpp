// Deadlines that pass, that are taken away, and that come in another order than they were set.
#include "plugin/watchdog.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <future>

namespace penstock::host {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kLimit{10};

TEST(Watchdog, ActsOnADeadlineThatIsSetAfterALaterOne) {
  Watchdog watchdog;
  const auto later = watchdog.arm(Watchdog::Clock::now() + hours(1), [] {});
  std::promise<void> first, second;
  watchdog.arm(Watchdog::Clock::now() + milliseconds(5), [&] { first.set_value(); });
  ASSERT_EQ(first.get_future().wait_for(kLimit), std::future_status::ready);
  // Now it waits for the hour again.
  watchdog.arm(Watchdog::Clock::now() + milliseconds(5), [&] { second.set_value(); });
  EXPECT_EQ(second.get_future().wait_for(kLimit), std::future_status::ready);
  watchdog.disarm(later);
}

TEST(Watchdog, ActsOnADeadlineAfterAnEarlierOneThatWasTakenAway) {
  Watchdog watchdog;
  std::promise<void> acted;
  watchdog.disarm(watchdog.arm(Watchdog::Clock::now() + milliseconds(50), [] {}));
  watchdog.arm(Watchdog::Clock::now() + milliseconds(55), [&] { acted.set_value(); });
  EXPECT_EQ(acted.get_future().wait_for(kLimit), std::future_status::ready);
}

TEST(Watchdog, ActsOnADeadlineOnceAllBeforeItWereTakenAway) {
  Watchdog watchdog;
  std::promise<void> first, second;
  watchdog.arm(Watchdog::Clock::now() + milliseconds(5), [&] { first.set_value(); });
  ASSERT_EQ(first.get_future().wait_for(kLimit), std::future_status::ready);
  // Nothing is left to wait for.
  watchdog.arm(Watchdog::Clock::now() + milliseconds(5), [&] { second.set_value(); });
  EXPECT_EQ(second.get_future().wait_for(kLimit), std::future_status::ready);
}

}  // namespace
}  // namespace penstock::host
