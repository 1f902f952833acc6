#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "cli/session.hpp"

#include "app/view_status.hpp"

namespace penstock::host {

int status_command(const Arguments& arguments) {
  Session session(arguments);
  if (const auto code = session.load_configuration_only()) return *code;
  const auto& directory = session.configuration().host.state_dir;
  auto state = open_state_read_only(directory);
  if (!state && state.failure().status == PENSTOCK_STATUS_NOT_FOUND) {
    const auto statuses = statuses_without_state(session.configuration());
    return print(arguments.json ? status_json(statuses, 0) : status_text(statuses, 0, session.clock().wall_ns())), kDone;
  }
  if (!state) return report_failure(state.failure(), arguments.json), kRunFailed;
  const int64_t pid = lock_holder(directory);
  const int64_t now = session.clock().wall_ns();
  auto statuses = view_statuses(session.configuration(), **state, now, pid != 0);
  if (!statuses) return report_failure(statuses.failure(), arguments.json), kRunFailed;
  print(arguments.json ? status_json(*statuses, pid) : status_text(*statuses, pid, now));
  return kDone;
}

}  // namespace penstock::host
