#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "cli/session.hpp"

#include "app/daemon.hpp"
#include "app/definitions.hpp"

namespace penstock::host {

int run_command(const Arguments& arguments) {
  Session session(arguments);
  if (const auto code = session.load()) return *code;
  const HostSettings& host = session.configuration().host;
  session.use_log(log_level(host.log_level).value_or(LogLevel::info), log_format(host.log_format).value_or(LogFormat::text));

  auto state = session.open_state();
  if (!state) return report_failure(state.failure(), arguments.json), kRunFailed;
  auto lock = lock_state(host.state_dir);
  if (!lock) return report_failure(lock.failure(), arguments.json), lock.failure().status == PENSTOCK_STATUS_FAILED_PRECONDITION ? kLocked : kRunFailed;
  auto changes = planned_changes(**state, session.configuration());
  if (!changes) return report_failure(changes.failure(), arguments.json), kRunFailed;
  if (const auto problems = refusals(*changes); !problems.empty()) return report_problems(problems, arguments.json);
  if (auto done = register_definitions(**state, session.configuration(), session.clock().wall_ns()); !done)
    return report_failure(done.failure(), arguments.json), kRunFailed;
  if (auto closed = (*state)->close_interrupted_runs(session.clock().wall_ns()); !closed)
    return report_failure(closed.failure(), arguments.json), kRunFailed;

  Metrics metrics(PENSTOCK_VERSION, session.clock().wall_ns());
  session.count_plugin_metrics_in(&metrics);
  Daemon daemon(arguments.config, session.workspace(), **state, session.log(), metrics, session.clock());
  auto ran = daemon.run();
  session.count_plugin_metrics_in(nullptr);
  if (!ran) return report_failure(ran.failure(), arguments.json), kRunFailed;
  return kDone;
}

}  // namespace penstock::host
