// When a failed run is worth another try, and when. Pure.
#pragma once

#include "base/failure.hpp"

#include <chrono>
#include <optional>

namespace penstock::host {

struct RetryPolicy {
  int64_t max_retries = 5;
  std::chrono::nanoseconds delay = std::chrono::seconds(1);  // doubles with every attempt
  std::chrono::nanoseconds delay_max = std::chrono::minutes(1);

  // After `attempts` failed attempts in a row: how long to wait before the next; nothing when the view should wait for its
  // next interval. What a human must change is not retried; being fenced off is not a failure of this host's doing either.
  std::optional<std::chrono::nanoseconds> after(const Failure& failure, int64_t attempts) const;
};

}  // namespace penstock::host
