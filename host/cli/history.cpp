#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "cli/session.hpp"

#include "app/run_job.hpp"
#include "base/escape.hpp"
#include "base/json_writer.hpp"
#include "base/time_text.hpp"
#include "observe/progress.hpp"

#include <limits>

namespace penstock::host {
namespace {

std::string to_second(int64_t ns) { return format_instant(ns / 1'000'000'000 * 1'000'000'000); }

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
    writer.member("retried", run.retried);
    writer.member("without_timestamp", run.without_cursor);
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
    table.add({to_second(run.started_at_ns), run.view.qualified(), run.reason, std::string(outcome_name(run.outcome)),
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
    writer.key("retryable");
    writer.boolean(reject.retryable);
    writer.member("attempts", reject.attempts);
    if (reject.retryable) writer.member("retry_at", format_instant(reject.retry_at_ns));
    if (!reject.store.empty()) writer.member("store", reject.store);
    writer.end_object();
  }
  writer.end_array();
  writer.end_object();
  return out + "\n";
}

// "no", "next run", "after 2026-01-31T12:00:00Z"
std::string retry_text(const RejectRecord& reject, int64_t now_ns) {
  if (!reject.retryable) return "no";
  return reject.retry_at_ns <= now_ns ? "next run" : "after " + to_second(reject.retry_at_ns);
}

std::string rejects_text(const std::vector<RejectRecord>& rejects, int64_t now_ns) {
  Table table({"AT", "VIEW", "KEY", "COLUMN", "VALUE", "TRIED AGAIN", "RETRY", "REASON"});
  table.right({5});
  for (const RejectRecord& reject : rejects)
    table.add({to_second(reject.at_ns), reject.view.qualified(), printable(reject.key), printable(reject.column), reject.value_class,
               format_count(reject.attempts), retry_text(reject, now_ns), printable(reject.reason)});
  return table.empty() ? "no rejects\n" : table.text();
}

void report_dropped(const ViewId& view, int64_t dropped, bool json) {
  if (!json) return print("dropped " + format_count(dropped) + (dropped == 1 ? " reject of " : " rejects of ") + view.label() + "\n");
  std::string out;
  JsonWriter writer(out);
  writer.begin_object();
  writer.member("view", view.name);
  writer.member("version", view.version);
  writer.member("dropped", dropped);
  writer.end_object();
  print(out + "\n");
}

// In the configuration, or known from former runs: what a removed view left behind is still there to be seen and dropped.
Result<ViewId> find_recorded_view(const Session& session, State* state, const std::string& name) {
  auto view = session.find_view_by_name(name);
  if (view) return (*view)->id;
  if (state == nullptr) return std::move(view.failure());
  auto runs = state->history({}, std::numeric_limits<int64_t>::max());
  if (!runs) return std::move(runs.failure());
  for (const RunRecord& run : *runs)
    if (run.view.qualified() == name) return run.view;
  return std::move(view.failure());
}

int drop_rejects(const Session& session, const ViewId& view) {
  const Arguments& arguments = session.arguments();
  auto state = session.open_state();
  if (!state) return report_failure(state.failure(), arguments.json), kRunFailed;
  auto dropped = (*state)->drop_rejects(view);
  if (!dropped) return report_failure(dropped.failure(), arguments.json), kRunFailed;
  return report_dropped(view, *dropped, arguments.json), kDone;
}

}  // namespace

int history_command(const Arguments& arguments) {
  Session session(arguments);
  if (const auto code = session.load_configuration_only()) return *code;
  // Read-only also to drop: what is not there is not made, and an older host's database not changed under it.
  auto state = open_state_read_only(session.configuration().host.state_dir);
  const bool nothing = !state && state.failure().status == PENSTOCK_STATUS_NOT_FOUND;
  if (!state && !nothing) return report_failure(state.failure(), arguments.json), kRunFailed;
  std::optional<ViewId> only;
  if (!arguments.names.empty()) {
    auto view = find_recorded_view(session, nothing ? nullptr : state->get(), arguments.names[0]);
    if (!view) return report_failure(view.failure(), arguments.json), kUsage;
    only = *view;
  }
  if (arguments.drop_rejects) return nothing ? (report_dropped(*only, 0, arguments.json), kDone) : drop_rejects(session, *only);
  if (nothing) return print(arguments.json ? (arguments.rejects ? rejects_json({}) : runs_json({})) : "no runs yet\n"), kDone;
  if (arguments.rejects) {
    auto rejects = (*state)->rejects(only, arguments.limit);
    if (!rejects) return report_failure(rejects.failure(), arguments.json), kRunFailed;
    return print(arguments.json ? rejects_json(*rejects) : rejects_text(*rejects, session.clock().wall_ns())), kDone;
  }
  auto runs = (*state)->history(only, arguments.limit);
  if (!runs) return report_failure(runs.failure(), arguments.json), kRunFailed;
  return print(arguments.json ? runs_json(*runs) : runs_text(*runs)), kDone;
}

}  // namespace penstock::host
