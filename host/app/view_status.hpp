// One line a view: what `status` and the status endpoint say.
#pragma once

#include "config/definitions.hpp"
#include "state/state.hpp"

#include <optional>
#include <string>
#include <vector>

namespace penstock::host {

struct ViewStatus {
  ViewId view;
  std::string state;     // "ok", "running", "failing", "never ran", "not materialized"
  std::string position;  // text; empty: none yet
  // Seconds between the position and now, when the position is a time.
  std::optional<double> behind_s;
  std::optional<RunRecord> last_run;
  int64_t rejects = 0;   // kept
  std::string guarantee, guarantee_why, holder;
  std::string error;     // of the last run
};

// `host_alive`: a host holds the state; without one a run that is recorded as running was interrupted.
Result<std::vector<ViewStatus>> view_statuses(const Configuration& configuration, State& state, int64_t now_ns, bool host_alive);

// Where nothing was ever run or applied.
std::vector<ViewStatus> statuses_without_state(const Configuration& configuration);

// {"host":{…},"views":[…]}
std::string status_json(const std::vector<ViewStatus>& statuses, int64_t host_pid);
// The table, with a line above it that says whether a host is running.
std::string status_text(const std::vector<ViewStatus>& statuses, int64_t host_pid, int64_t now_ns);

}  // namespace penstock::host
