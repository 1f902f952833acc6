#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "cli/session.hpp"

#include "app/run_job.hpp"
#include "base/escape.hpp"
#include "base/json_writer.hpp"
#include "base/time_text.hpp"
#include "observe/progress.hpp"

namespace penstock::host {
namespace {

std::string runs_json(const std::vector<RunRecord>& runs) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object();
  writer.key("runs");
  writer.begin_array();
  for (const RunRecord& run : runs) {
    writer.begin_object();
    writer.member("run_id", run.run_id);
    writer.member("view", run.view.name);
    writer.member("version", run.view.version);
    writer.member("reason", run.reason);
    writer.member("outcome", outcome_name(run.outcome));
    writer.member("started_at", format_instant(run.started_at_ns));
    if (run.finished_at_ns != 0) writer.member("finished_at", format_instant(run.finished_at_ns));
    writer.member("attempt", run.attempts);
    writer.member("from", run.from);
    writer.member("to", run.to);
    writer.member("read", run.read);
    writer.member("written", run.written);
    writer.member("unchanged", run.unchanged);
    writer.member("stale", run.stale);
    writer.member("rejected", run.rejected);
    if (!run.error.empty()) writer.member("error", run.error);
    writer.end_object();
  }
  writer.end_array();
  writer.end_object();
  return out + "\n";
}

std::string runs_text(const std::vector<RunRecord>& runs) {
  Table table({"STARTED", "VIEW", "WHY", "OUTCOME", "TOOK", "READ", "WRITTEN", "UNCHANGED", "STALE", "REJECTED", "UP TO", "ERROR"});
  table.right({4, 5, 6, 7, 8, 9});
  for (const RunRecord& run : runs)
    table.add({format_instant(run.started_at_ns / 1'000'000'000 * 1'000'000'000), run.view.qualified(), run.reason, std::string(outcome_name(run.outcome)),
               run.finished_at_ns == 0 ? "-" : format_duration(run.finished_at_ns - run.started_at_ns), format_count(run.read),
               format_count(run.written), format_count(run.unchanged), format_count(run.stale), format_count(run.rejected), run.to,
               printable(run.error)});
  return table.empty() ? "no runs yet\n" : table.text();
}

std::string rejects_json(const std::vector<RejectRecord>& rejects) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object();
  writer.key("rejects");
  writer.begin_array();
  for (const RejectRecord& reject : rejects) {
    writer.begin_object();
    writer.member("view", reject.view.name);
    writer.member("version", reject.view.version);
    writer.member("run_id", reject.run_id);
    writer.member("at", format_instant(reject.at_ns));
    writer.member("key", reject.key);
    writer.member("column", reject.column);
    writer.member("value_class", reject.value_class);
    writer.member("reason", reject.reason);
    writer.end_object();
  }
  writer.end_array();
  writer.end_object();
  return out + "\n";
}

std::string rejects_text(const std::vector<RejectRecord>& rejects) {
  Table table({"AT", "VIEW", "KEY", "COLUMN", "VALUE", "REASON"});
  for (const RejectRecord& reject : rejects)
    table.add({format_instant(reject.at_ns / 1'000'000'000 * 1'000'000'000), reject.view.qualified(), printable(reject.key), printable(reject.column),
               reject.value_class, printable(reject.reason)});
  return table.empty() ? "no rejects\n" : table.text();
}

}  // namespace

int history_command(const Arguments& arguments) {
  Session session(arguments);
  if (const auto code = session.load_configuration_only()) return *code;
  std::optional<ViewId> only;
  if (!arguments.names.empty()) {
    auto view = session.find_view_by_name(arguments.names[0]);
    if (!view) return report_failure(view.failure(), arguments.json), kUsage;
    only = (*view)->id;
  }
  auto state = open_state_read_only(session.configuration().host.state_dir);
  if (!state && state.failure().status == PENSTOCK_STATUS_NOT_FOUND)
    return print(arguments.json ? (arguments.rejects ? rejects_json({}) : runs_json({})) : "no runs yet\n"), kDone;
  if (!state) return report_failure(state.failure(), arguments.json), kRunFailed;
  if (arguments.rejects) {
    auto rejects = (*state)->rejects(only, arguments.limit);
    if (!rejects) return report_failure(rejects.failure(), arguments.json), kRunFailed;
    return print(arguments.json ? rejects_json(*rejects) : rejects_text(*rejects)), kDone;
  }
  auto runs = (*state)->history(only, arguments.limit);
  if (!runs) return report_failure(runs.failure(), arguments.json), kRunFailed;
  return print(arguments.json ? runs_json(*runs) : runs_text(*runs)), kDone;
}

}  // namespace penstock::host
