#include "app/view_status.hpp"

#include "app/run_job.hpp"
#include "base/escape.hpp"
#include "base/json_writer.hpp"
#include "base/time_text.hpp"
#include "observe/progress.hpp"

namespace penstock::host {
namespace {

double rows_per_second(const RunRecord& run, int64_t now_ns) {
  const int64_t end = run.finished_at_ns != 0 ? run.finished_at_ns : now_ns;
  const int64_t took = end - run.started_at_ns;
  return took <= 0 ? 0 : static_cast<double>(run.read) * 1e9 / static_cast<double>(took);
}

Result<ViewStatus> status_of(const View& view, State& state, int64_t now_ns, bool host_alive) {
  ViewStatus status;
  status.view = view.id;
  if (!view.materialized()) return status.state = "not materialized", status;
  auto runs = state.history(view.id, 20);
  if (!runs) return std::move(runs.failure());
  auto position = state.position(view.id);
  if (!position) return std::move(position.failure());
  auto rejects = state.count_rejects(view.id);
  if (!rejects) return std::move(rejects.failure());
  status.rejects = *rejects;

  // A run that found nothing new keeps the position, but it proves that the store is true up to its horizon.
  for (const RunRecord& run : *runs) {
    if (run.outcome != RunOutcome::completed || run.reason == "slice") continue;
    status.position = run.to;
    break;
  }
  if (status.position.empty() && *position) status.position = (*position)->position.text;
  if (const auto time = leading_instant(status.position))
    status.behind_s = static_cast<double>(std::max<int64_t>(now_ns - *time, 0)) / 1e9;
  if (runs->empty()) return status.state = "never ran", status;

  RunRecord last = runs->front();
  if (last.outcome == RunOutcome::running && !host_alive) last.outcome = RunOutcome::interrupted;
  status.state = last.outcome == RunOutcome::completed ? "ok" : last.outcome == RunOutcome::running ? "running" : "failing";
  status.error = last.error;
  if (last.outcome == RunOutcome::interrupted && status.error.empty()) status.error = "the host died during the run; the next one starts from the position";
  for (const RunRecord& run : *runs) {
    if (run.guarantee.empty()) continue;
    status.guarantee = run.guarantee;
    status.guarantee_why = run.guarantee_why;
    status.holder = run.holder;
    break;
  }
  status.last_run = std::move(last);
  return status;
}

}  // namespace

std::vector<ViewStatus> statuses_without_state(const Configuration& configuration) {
  std::vector<ViewStatus> statuses;
  for (const View& view : configuration.views) {
    ViewStatus status;
    status.view = view.id;
    status.state = view.materialized() ? "never ran" : "not materialized";
    statuses.push_back(std::move(status));
  }
  return statuses;
}

Result<std::vector<ViewStatus>> view_statuses(const Configuration& configuration, State& state, int64_t now_ns, bool host_alive) {
  std::vector<ViewStatus> statuses;
  for (const View& view : configuration.views) {
    auto status = status_of(view, state, now_ns, host_alive);
    if (!status) return std::move(status.failure());
    statuses.push_back(std::move(*status));
  }
  return statuses;
}

std::string status_json(const std::vector<ViewStatus>& statuses, int64_t host_pid) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object();
  writer.key("host");
  writer.begin_object();
  writer.key("running");
  writer.boolean(host_pid != 0);
  if (host_pid != 0) writer.member("pid", host_pid);
  writer.end_object();
  writer.key("views");
  writer.begin_array();
  for (const ViewStatus& status : statuses) {
    writer.begin_object();
    writer.member("view", status.view.name);
    writer.member("version", status.view.version);
    writer.member("state", status.state);
    writer.member("position", status.position);
    if (status.behind_s) writer.key("behind_seconds"), writer.number(*status.behind_s);
    if (!status.guarantee.empty()) {
      writer.member("guarantee", status.guarantee);
      writer.member("guarantee_why", status.guarantee_why);
    }
    if (!status.holder.empty()) writer.member("held_back_by", status.holder);
    writer.member("rejects", status.rejects);
    if (!status.error.empty()) writer.member("error", status.error);
    if (status.last_run) {
      const RunRecord& run = *status.last_run;
      writer.key("last_run");
      writer.begin_object();
      writer.member("run_id", run.run_id);
      writer.member("outcome", outcome_name(run.outcome));
      writer.member("reason", run.reason);
      writer.member("started_at", format_instant(run.started_at_ns));
      if (run.finished_at_ns != 0) writer.member("finished_at", format_instant(run.finished_at_ns));
      writer.member("attempt", run.attempts);
      writer.member("read", run.read);
      writer.member("written", run.written);
      writer.member("unchanged", run.unchanged);
      writer.member("stale", run.stale);
      writer.member("rejected", run.rejected);
      writer.end_object();
    }
    writer.end_object();
  }
  writer.end_array();
  writer.end_object();
  return out + "\n";
}

std::string status_text(const std::vector<ViewStatus>& statuses, int64_t host_pid, int64_t now_ns) {
  std::string out = host_pid != 0 ? "host: running, pid " + std::to_string(host_pid) + "\n" : "host: not running\n";
  if (statuses.empty()) return out + "no views\n";
  for (const ViewStatus& status : statuses) {
    out += status.view.qualified() + ": " + status.state;
    if (!status.position.empty()) out += ", up to " + status.position;
    if (status.behind_s) out += " (" + format_duration(static_cast<int64_t>(*status.behind_s * 1e9)) + " behind)";
    if (status.last_run) {
      const RunRecord& run = *status.last_run;
      out += ", last run " + format_duration(std::max<int64_t>(now_ns - run.started_at_ns, 0)) + " ago read " + format_count(run.read) + ", wrote " +
             format_count(run.written);
      if (run.read > 0) out += ", " + format_count(static_cast<int64_t>(rows_per_second(run, now_ns))) + " rows/s";
      if (run.attempts > 1) out += ", attempt " + std::to_string(run.attempts);
    }
    if (!status.guarantee.empty()) out += ", class " + status.guarantee + " (" + printable(status.guarantee_why) + ")";
    if (status.rejects > 0) out += ", " + format_count(status.rejects) + (status.rejects == 1 ? " reject" : " rejects");
    if (!status.holder.empty()) out += ", held back by " + printable(status.holder);
    if (!status.error.empty()) out += ": " + printable(status.error);
    out += "\n";
  }
  return out;
}

}  // namespace penstock::host
