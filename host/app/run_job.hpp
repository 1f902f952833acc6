// From a view of the configuration to something the driver can run.
#pragma once

#include "run/driver.hpp"
#include "run/retry.hpp"

namespace penstock::host {

// The job with the view's definitions and the position that the state remembers; reason, cancel and callbacks are the caller's.
Result<RunJob> make_job(const Configuration& configuration, const View& view, State& state, const Clock& clock);

// With a budget of its own: memory_limit holds for the runs of all copies of what it returns.
RunLimits run_limits(const HostSettings& host);
RetryPolicy retry_policy(const HostSettings& host);

// "completed", "failed", "cancelled", "interrupted", "running"
std::string_view outcome_name(RunOutcome outcome);

// `view "users" v1: read 1,000 rows: 990 written, 5 unchanged, 5 stale, 0 rejected; up to 2026-01-02T03:04:05Z`
std::string run_summary(const RunRecord& record);

}  // namespace penstock::host
