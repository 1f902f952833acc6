#include "disk.hpp"

#include <algorithm>

namespace penstock::sim {
namespace {

host::Failure full() { return {PENSTOCK_STATUS_RESOURCE_EXHAUSTED, PENSTOCK_RETRY_AFTER, "the disk is full", 1'000'000}; }

}  // namespace

host::Result<void> Disk::start_run(const host::RunRecord&) {
  hazards_.crash_point();
  if (hazards_.happens(kStateFails, 25)) return full();
  return {};
}

host::Result<void> Disk::save_rejects(const host::RunRecord& run, const std::vector<host::RejectRecord>& rejects) {
  hazards_.crash_point();
  const bool fails = hazards_.happens(kStateFails, 12);
  if (fails && hazards_.happens(kStateFails, 2)) return full();
  replace_rejects(run.run_id, rejects);
  hazards_.crash_point();
  if (fails) return full();
  return {};
}

void Disk::replace_rejects(const std::string& run_id, const std::vector<host::RejectRecord>& rejects) {
  std::erase_if(refused_, [&](const host::StoredReject& old) { return old.record.run_id == run_id; });
  for (const host::RejectRecord& reject : rejects) {
    if (!reject.retryable) continue;
    std::erase_if(refused_, [&](const host::StoredReject& old) { return old.record.key == reject.key && old.record.store_id == reject.store_id && old.record.order <= reject.order; });
    refused_.push_back({++last_number_, reject});
  }
}

host::Result<std::vector<host::StoredReject>> Disk::due_rejects(const host::ViewId&, const std::string&, int64_t now_ns, int64_t after, int64_t limit) {
  std::vector<host::StoredReject> due;
  for (const host::StoredReject& refused : refused_)
    if (refused.number > after && (refused.record.retry_at_ns <= now_ns || refused.record.retry_at_ns - host::kRejectRetryDelayMaxNs > now_ns) &&
        static_cast<int64_t>(due.size()) < limit)
      due.push_back(refused);
  return due;
}

host::Result<void> Disk::finish_run(const host::RunRecord& run, const std::vector<host::RejectRecord>& rejects,
                                    const std::optional<host::PositionRecord>& position, const std::vector<host::RetriedReject>& retried) {
  hazards_.crash_point();
  if (run.read != run.written + run.unchanged + run.stale + run.rejected) every_run_added_up_ = false;
  const bool fails = hazards_.happens(kStateFails, 12);
  // Half of the errors come after the fact.
  if (fails && hazards_.happens(kStateFails, 2)) return full();
  for (const host::RetriedReject& now : retried) {
    const auto known = std::find_if(refused_.begin(), refused_.end(), [&](const host::StoredReject& old) { return old.number == now.number; });
    if (known == refused_.end()) continue;
    known->record.attempts = now.attempts, known->record.retry_at_ns = now.retry_at_ns;
    if (now.resolved || !now.retryable) refused_.erase(known);
  }
  replace_rejects(run.run_id, rejects);
  if (position) position_ = *position;
  hazards_.crash_point();
  if (fails) return host::Failure{PENSTOCK_STATUS_INTERNAL, PENSTOCK_RETRY_NEVER, "an error of the disk"};
  return {};
}

host::Result<void> Disk::finish_empty_runs(const std::vector<host::EmptyRun>& runs) {
  hazards_.crash_point();
  const bool fails = hazards_.happens(kStateFails, 12);
  if (fails && hazards_.happens(kStateFails, 2)) return full();
  for (const host::EmptyRun& run : runs)
    if (run.position) position_ = *run.position;
  hazards_.crash_point();
  if (fails) return full();
  return {};
}

}  // namespace penstock::sim
