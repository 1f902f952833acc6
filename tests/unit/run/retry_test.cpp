#include "run/retry.hpp"

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

}  // namespace
}  // namespace penstock::host
