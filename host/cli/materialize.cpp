#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "cli/session.hpp"

#include "app/connection_pool.hpp"
#include "app/definitions.hpp"
#include "app/run_job.hpp"
#include "app/stop_signals.hpp"
#include "base/json_writer.hpp"
#include "observe/progress.hpp"

#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

namespace penstock::host {
namespace {

// Runs the chosen views one after the other; a failed run is tried again as the daemon would.
class Materialization {
 public:
  Materialization(Session& session, State& state, std::shared_ptr<CancelToken> cancel)
      : session_(session), state_(state), cancel_(std::move(cancel)),
        driver_(session.workspace().connections(), state, session.clock(), run_limits(session.configuration().host)) {}

  int run(const std::vector<const View*>& views) {
    for (const View* view : views) {
      if (cancel_->cancelled()) break;
      reports_.push_back(run_view(*view));
    }
    if (session_.arguments().json) print_json();
    bool failed = cancel_->cancelled();
    for (const RunReport& report : reports_) failed |= report.failure.has_value();
    return failed ? kRunFailed : kDone;
  }

 private:
  RunReport run_view(const View& view) {
    const RetryPolicy policy = retry_policy(session_.configuration().host);
    for (int64_t attempt = 1;; ++attempt) {
      RunReport report = attempt_view(view, attempt);
      if (!report.notice.empty()) complain(view.id.label() + ": " + report.notice);
      if (!report.failure) {
        if (!session_.arguments().json) print((session_.arguments().dry_run ? "dry run: " : "") + run_summary(report.record) + "\n");
        return report;
      }
      const auto wait = policy.after(*report.failure, attempt);
      std::string line = report.failure->message + " (attempt " + std::to_string(attempt);
      line += wait ? " of " + std::to_string(policy.max_retries + 1) + "; again in " + format_duration(wait->count()) + ")" : ")";
      complain(line);
      if (!wait || !pause(*wait)) return report;
    }
  }

  RunReport attempt_view(const View& view, int64_t attempt) {
    auto job = make_job(session_.configuration(), view, state_, session_.clock());
    if (!job) {
      RunReport report;
      report.record.view = view.id;
      report.failure = std::move(job.failure());
      return report;
    }
    const Arguments& arguments = session_.arguments();
    job->request.full = arguments.full;
    job->request.from_ns = arguments.from_ns;
    job->request.to_ns = arguments.to_ns;
    job->reason = arguments.full ? "full" : job->request.slice() ? "slice" : "manual";
    job->attempt = attempt;
    job->dry_run = arguments.dry_run;
    job->retry_all_rejects = true;
    job->cancel = cancel_;
    Progress progress(progress_target(STDERR_FILENO), session_.clock().steady_ns());
    ProgressState last{.label = view.id.qualified()};
    job->on_progress = [&](const RunProgress& now) {
      last.rows = now.counts.read;
      if (now.rows_estimate >= 0) last.estimated_rows = now.rows_estimate;
      last.elapsed_ns = now.elapsed_ns;
      if (!arguments.json) progress.update(last, session_.clock().steady_ns());
    };
    RunReport report = driver_.run(std::move(*job));
    last.finished = true;
    last.elapsed_ns = report.elapsed_ns;
    if (!arguments.json && report.elapsed_ns > Progress::kFirstNs) progress.finish(last);
    return report;
  }

  bool pause(std::chrono::nanoseconds wait) const {
    pollfd fd{cancel_->fd(), POLLIN, 0};
    return poll(&fd, 1, static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(wait).count())) == 0;
  }

  void print_json() const {
    std::string out;
    JsonWriter writer(out);
    writer.begin_object();
    writer.key("runs");
    writer.begin_array();
    for (const RunReport& report : reports_) {
      const RunRecord& record = report.record;
      writer.begin_object();
      writer.member("view", record.view.name);
      writer.member("version", record.view.version);
      writer.member("run_id", record.run_id);
      writer.member("outcome", outcome_name(report.failure ? RunOutcome::failed : record.outcome));
      writer.member("read", record.read);
      writer.member("written", record.written);
      writer.member("unchanged", record.unchanged);
      writer.member("stale", record.stale);
      writer.member("rejected", record.rejected);
      writer.member("retried", record.retried);
      writer.member("without_timestamp", record.without_cursor);
      writer.member("from", record.from);
      writer.member("to", record.to);
      writer.member("elapsed_ms", report.elapsed_ns / 1'000'000);
      if (report.failure) writer.member("error", report.failure->message);
      if (!report.notice.empty()) writer.member("notice", report.notice);
      writer.end_object();
    }
    writer.end_array();
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    writer.member("max_resident_bytes", int64_t{used.ru_maxrss} * 1024);
    writer.key("cpu_seconds");
    writer.number(static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                  static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6);
    writer.end_object();
    print(out + "\n");
  }

  Session& session_;
  State& state_;
  std::shared_ptr<CancelToken> cancel_;
  RunDriver driver_;
  std::vector<RunReport> reports_;
};

// The views named, or all that are materialized.
Result<std::vector<const View*>> choose_views(const Session& session, const std::vector<std::string>& names) {
  std::vector<const View*> views;
  for (const std::string& name : names) {
    auto view = session.find_view_by_name(name);
    if (!view) return std::move(view.failure());
    if (!(*view)->materialized()) return invalid((*view)->id.label() + " is not materialized: it needs online = true and offline = true");
    views.push_back(*view);
  }
  if (names.empty())
    for (const View& view : session.configuration().views)
      if (view.materialized()) views.push_back(&view);
  if (views.empty()) return invalid("the configuration has no view to materialize (online = true and offline = true)");
  return views;
}

// --from and --to are times.
std::optional<Failure> refuse_slice(const Configuration& configuration, const std::vector<const View*>& views) {
  for (const View* view : views)
    if (find_batch_source(configuration, view->batch_source)->cursor == CursorKind::xid)
      return invalid(view->id.label() + ": --from and --to are times, and cursor = \"xid\" does not count in times; leave them out");
  return {};
}

}  // namespace

int materialize_command(const Arguments& arguments) {
  StopSignals signals;
  Session session(arguments);
  if (const auto code = session.load()) return *code;
  auto views = choose_views(session, arguments.names);
  if (!views) return report_failure(views.failure(), arguments.json), kUsage;
  if (arguments.from_ns || arguments.to_ns)
    if (const auto refused = refuse_slice(session.configuration(), *views)) return report_failure(*refused, arguments.json), kUsage;
  auto state = session.open_state();
  if (!state) return report_failure(state.failure(), arguments.json), kRunFailed;
  auto lock = lock_state(session.configuration().host.state_dir);
  if (!lock) return report_failure(lock.failure(), arguments.json), lock.failure().status == PENSTOCK_STATUS_FAILED_PRECONDITION ? kLocked : kRunFailed;
  if (!arguments.dry_run) {
    auto changes = planned_changes(**state, session.configuration());
    if (!changes) return report_failure(changes.failure(), arguments.json), kRunFailed;
    if (const auto problems = refusals(*changes); !problems.empty()) return report_problems(problems, arguments.json);
    if (auto done = register_definitions(**state, session.configuration(), session.clock().wall_ns()); !done)
      return report_failure(done.failure(), arguments.json), kRunFailed;
    if (auto closed = (*state)->close_interrupted_runs(session.clock().wall_ns()); !closed)
      return report_failure(closed.failure(), arguments.json), kRunFailed;
  }
  return Materialization(session, **state, signals.token()).run(*views);
}

}  // namespace penstock::host
