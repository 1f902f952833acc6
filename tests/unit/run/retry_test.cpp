#include "run/retry.hpp"

#include "run/pace.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace penstock::host {
namespace {

using namespace std::chrono_literals;

Failure failure(int32_t retry, penstock_status status = PENSTOCK_STATUS_UNAVAILABLE) { return {status, retry, "x"}; }

TEST(RetryPolicy, DoublesTheDelayUpToItsLimit) {
  const RetryPolicy policy{.max_retries = 10, .delay = 1s, .delay_max = 5s};
  const std::chrono::seconds expected[] = {1s, 2s, 4s, 5s, 5s};
  for (int64_t attempt = 1; attempt <= 5; ++attempt) EXPECT_EQ(policy.after(failure(PENSTOCK_RETRY_SAFE), attempt), expected[attempt - 1]) << attempt;
}

TEST(RetryPolicy, GivesUpAfterTheLastRetry) {
  const RetryPolicy policy{.max_retries = 2, .delay = 1s, .delay_max = 5s};
  EXPECT_TRUE(policy.after(failure(PENSTOCK_RETRY_SAFE), 2));
  EXPECT_FALSE(policy.after(failure(PENSTOCK_RETRY_SAFE), 3));
  EXPECT_FALSE((RetryPolicy{.max_retries = 0}.after(failure(PENSTOCK_RETRY_SAFE), 1)));
}

TEST(RetryPolicy, TriesEveryKindButWhatAHumanMustChange) {
  const RetryPolicy policy;
  EXPECT_FALSE(policy.after(failure(PENSTOCK_RETRY_NEVER), 1));
  for (const int32_t retry : {PENSTOCK_RETRY_SAFE, PENSTOCK_RETRY_UNKNOWN_OUTCOME, PENSTOCK_RETRY_AFTER, PENSTOCK_RETRY_RECONNECT})
    EXPECT_TRUE(policy.after(failure(retry), 1)) << retry;
}

TEST(RetryPolicy, LeavesCancelledAndFencedRunsAlone) {
  EXPECT_FALSE(RetryPolicy().after(failure(PENSTOCK_RETRY_SAFE, PENSTOCK_STATUS_CANCELLED), 1));
  EXPECT_FALSE(RetryPolicy().after(failure(PENSTOCK_RETRY_SAFE, PENSTOCK_STATUS_FENCED), 1));
}

TEST(RetryPolicy, WaitsAsLongAsThePeerAskedFor) {
  const RetryPolicy policy{.max_retries = 5, .delay = 1s, .delay_max = 5s};
  Failure asked = failure(PENSTOCK_RETRY_AFTER);
  asked.retry_after_ns = std::chrono::nanoseconds(30s).count();
  EXPECT_EQ(policy.after(asked, 1), 30s);
  asked.retry_after_ns = 1;
  EXPECT_EQ(policy.after(asked, 1), 1s);
  asked.retry_after_ns = -1;
  EXPECT_EQ(policy.after(asked, 1), 1s);
}

TEST(RetryPolicy, DoesNotOverflow) {
  constexpr std::chrono::nanoseconds kLongest{std::numeric_limits<int64_t>::max()};
  const RetryPolicy policy{.max_retries = 1000, .delay = 1s, .delay_max = kLongest};
  EXPECT_EQ(policy.after(failure(PENSTOCK_RETRY_SAFE), 1000), kLongest);
}

TEST(Pace, LetsEverythingPassWithoutALimit) {
  Pace pace(0);
  pace.start(0s);
  EXPECT_EQ(pace.wait(1'000'000'000, 0s), 0s);
  EXPECT_EQ(pace.batch_rows(16384), 16384);
}

TEST(Pace, AsksForFewRowsAtOnce) {
  EXPECT_EQ(Pace(1).batch_rows(16384), 1);
  EXPECT_EQ(Pace(500).batch_rows(16384), 50);
  EXPECT_EQ(Pace(20'000).batch_rows(16384), 100);
  EXPECT_EQ(Pace(1'000'000).batch_rows(16384), 1000) << "those of a millisecond";
  EXPECT_EQ(Pace(1'000'000).batch_rows(64), 64);
}

TEST(Pace, WaitsUntilTheRowsAreDue) {
  Pace pace(100);
  pace.start(10s);
  EXPECT_EQ(pace.wait(50, 10s), 500ms);
  EXPECT_EQ(pace.wait(50, 10s + 500ms), 500ms);
  EXPECT_EQ(pace.wait(50, 11s + 300ms), 200ms) << "the time that writing took counts";
}

TEST(Pace, MakesUpForNoTimeInWhichNothingCame) {
  Pace pace(100);
  pace.start(0s);
  EXPECT_EQ(pace.wait(10, 1h), 0s);
  EXPECT_EQ(pace.wait(10, 1h), 100ms);
}

TEST(Pace, DoesNotOverflow) {
  Pace pace(1);
  pace.start(0s);
  EXPECT_GT(pace.wait(std::numeric_limits<int64_t>::max(), 0s), 24h * 365);
}

}  // namespace
}  // namespace penstock::host
