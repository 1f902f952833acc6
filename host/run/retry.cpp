#include "run/retry.hpp"

#include <algorithm>

namespace penstock::host {

std::optional<std::chrono::nanoseconds> RetryPolicy::after(const Failure& failure, int64_t attempts) const {
  if (failure.retry == PENSTOCK_RETRY_NEVER || failure.status == PENSTOCK_STATUS_CANCELLED || failure.status == PENSTOCK_STATUS_FENCED)
    return {};
  if (attempts > max_retries) return {};
  std::chrono::nanoseconds wait = delay;
  for (int64_t i = 1; i < attempts && wait < delay_max; ++i) wait = wait > delay_max / 2 ? delay_max : wait * 2;
  wait = std::min(wait, delay_max);
  return std::max(wait, std::chrono::nanoseconds(failure.retry_after_ns));
}

}  // namespace penstock::host
