#include "app/view_runner.hpp"

#include "app/connection_pool.hpp"
#include "app/run_job.hpp"
#include "run/shared_look.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

namespace penstock::host {
namespace {

constexpr int64_t kProgressSaveNs = 2'000'000'000;

RunReport failed_before_it_began(const ViewId& view, Failure failure) {
  RunReport report;
  report.record.view = view;
  report.record.outcome = RunOutcome::failed;
  report.failure = std::move(failure);
  return report;
}

// By what is remembered here, which need not be what the store says; of those that remember nothing the first.
size_t least_read(const std::vector<RunJob>& jobs) {
  const auto position = [](const RunJob& job) { return job.request.local ? job.request.local->position.ordinal : std::numeric_limits<int64_t>::max(); };
  const auto least = std::min_element(jobs.begin(), jobs.end(), [&](const RunJob& a, const RunJob& b) { return position(a) < position(b); });
  return static_cast<size_t>(least - jobs.begin());
}

std::vector<ViewId> views_of(const std::vector<RunJob>& jobs) {
  std::vector<ViewId> views;
  for (const RunJob& job : jobs) views.push_back(job.request.view.id);
  return views;
}

}  // namespace

void ViewRunner::run(const Configuration& configuration, const std::vector<Wanted>& wanted, const std::shared_ptr<CancelToken>& cancel,
                     const Tell& tell) const {
  std::vector<RunJob> others;
  std::vector<ViewId> alone;
  std::map<ViewId, std::shared_ptr<ViewMetrics>> metrics;
  for (const Wanted& one : wanted) {
    auto made = job(configuration, one, cancel);
    metrics[one.view] = one.metrics;
    if (made) {
      others.push_back(std::move(*made));
    } else if (wanted.size() == 1) {
      one.metrics->start_run();
      return tell.ended({failed_before_it_began(one.view, std::move(made.failure()))});
    } else {
      alone.push_back(one.view);
    }
  }
  if (!alone.empty()) tell.put_back(std::move(alone));
  if (others.empty()) return;

  const size_t first = least_read(others);
  RunJob job = std::move(others[first]);
  others.erase(others.begin() + static_cast<std::ptrdiff_t>(first));
  job.on_work = [&] {
    if (!others.empty()) tell.put_back(views_of(std::exchange(others, {})));
  };
  metrics[job.request.view.id]->start_run();
  std::vector<RunReport> reports{driver_.run(std::move(job))};

  if (const std::optional<EmptyLook>& look = reports.front().look; look && !others.empty()) {
    auto ends = share_look(connections_, state_, clock_, limits_, *look, others);
    std::vector<RunJob> left;
    for (size_t i = 0; i < ends.size(); ++i) {
      if (!ends[i]) {
        left.push_back(std::move(others[i]));
        continue;
      }
      metrics[ends[i]->record.view]->start_run();
      reports.push_back(std::move(*ends[i]));
    }
    others = std::move(left);
  }
  if (!others.empty()) tell.put_back(views_of(others));
  tell.ended(std::move(reports));
}

Result<RunJob> ViewRunner::job(const Configuration& configuration, const Wanted& wanted, const std::shared_ptr<CancelToken>& cancel) const {
  const View* view = find_view(configuration, wanted.view);
  if (view == nullptr) return internal(wanted.view.label() + ": not in the configuration");
  auto job = make_job(configuration, *view, state_, clock_);
  if (!job) return job;
  job->reason = to_text(wanted.reason);
  job->retry_all_rejects = wanted.reason == DueReason::manual;
  job->attempt = wanted.attempt;
  job->cancel = cancel;
  job->repeats = wanted.repeats;
  job->on_progress = save_progress(*job);
  return job;
}

// So that `status` shows how far a long run is.
std::function<void(const RunProgress&)> ViewRunner::save_progress(const RunJob& job) const {
  RunRecord record;
  record.run_id = job.run_id;
  record.view = job.request.view.id;
  record.reason = job.reason;
  record.attempts = job.attempt;
  record.started_at_ns = clock_.wall_ns();
  return [this, record, saved_at = clock_.steady_ns()](const RunProgress& now) mutable {
    if (clock_.steady_ns() - saved_at < kProgressSaveNs) return;
    saved_at = clock_.steady_ns();
    record.read = now.counts.read;
    record.written = now.counts.written;
    record.unchanged = now.counts.unchanged;
    record.stale = now.counts.stale;
    record.rejected = now.counts.rejected;
    record.retried = now.counts.retried;
    record.without_cursor = now.counts.null_cursors;
    if (auto saved = state_.update_run(record); !saved) log_.warn(record.view.label() + ": " + saved.failure().message);
  };
}

}  // namespace penstock::host
