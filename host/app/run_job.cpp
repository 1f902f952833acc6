#include "app/run_job.hpp"

#include "app/connection_pool.hpp"
#include "observe/progress.hpp"
#include "platform/run_id.hpp"

#include <algorithm>

namespace penstock::host {
namespace {

// A batch is in memory up to so many times: being read while the one before it waits, as it was read, as it was converted, and as
// the store gets it.
constexpr int64_t kCopiesOfABatch = 4;

}  // namespace

Result<RunJob> make_job(const Configuration& configuration, const View& view, State& state, const Clock& clock) {
  const BatchSource* source = find_batch_source(configuration, view.batch_source);
  const Entity* entity = find_entity(configuration, view.entity);
  if (source == nullptr || entity == nullptr) return internal(view.id.label() + ": its batch source or entity is gone");
  auto local = state.position(view.id);
  if (!local) return std::move(local.failure()).in(view.id.label() + ": state");
  RunJob job;
  job.request.view = view;
  job.request.local = std::move(*local);
  job.request.cursor = source->cursor;
  job.source = *source;
  job.entity = *entity;
  job.ttl = ttl_of(configuration, view);
  job.run_id = new_run_id(clock);
  return job;
}

RunLimits run_limits(const HostSettings& host) {
  const int64_t rows_bytes = host.memory_limit / kCopiesOfABatch;
  RunLimits limits{host.batch_rows, host.batch_bytes, host.queue_batches, host.call_timeout, host.rejects_kept};
  // Each run may hold one batch whatever the others do.
  limits.batch_bytes = std::min(host.batch_bytes, rows_bytes / host.workers);
  limits.reject_bytes = std::min(limits.reject_bytes, host.memory_limit / kCopiesOfABatch);
  limits.memory = std::make_shared<MemoryBudget>(rows_bytes);
  return limits;
}

RetryPolicy retry_policy(const HostSettings& host) { return {host.max_retries, host.retry_delay, host.retry_delay_max}; }

std::string_view outcome_name(RunOutcome outcome) {
  switch (outcome) {
    case RunOutcome::running: return "running";
    case RunOutcome::completed: return "completed";
    case RunOutcome::failed: return "failed";
    case RunOutcome::cancelled: return "cancelled";
    case RunOutcome::interrupted: return "interrupted";
  }
  return "";
}

std::string run_summary(const RunRecord& record) {
  std::string text = record.view.label() + ": read " + format_count(record.read) + (record.read == 1 ? " row" : " rows");
  if (record.read > 0)
    text += ": " + format_count(record.written) + " written, " + format_count(record.unchanged) + " unchanged, " + format_count(record.stale) +
            " stale, " + format_count(record.rejected) + " rejected";
  if (record.retried > 0) text += " (" + format_count(record.retried) + " of them tried again)";
  if (record.without_cursor > 0) text += "; " + format_count(record.without_cursor) + " without a value in the timestamp field";
  if (!record.to.empty()) text += "; up to " + record.to;
  return text;
}

}  // namespace penstock::host
