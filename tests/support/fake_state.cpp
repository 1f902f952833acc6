#include "support/fake_state.hpp"

#include <algorithm>
#include <set>
#include <tuple>

namespace penstock::test {

using namespace host;

namespace {

const ViewId& view_of(const RunRecord& run) { return run.view; }
const ViewId& view_of(const StoredReject& reject) { return reject.record.view; }

// The last `limit` of those that belong to the view, newest first.
template <class Record>
std::vector<Record> newest(const std::vector<Record>& records, const std::optional<ViewId>& view, int64_t limit) {
  std::vector<Record> found;
  for (auto it = records.rbegin(); it != records.rend() && static_cast<int64_t>(found.size()) < limit; ++it) {
    if (!view || view_of(*it) == *view) found.push_back(*it);
  }
  return found;
}

// Drops the oldest of the view's records until `limit` are left.
template <class Record>
void trim(std::vector<Record>& records, const ViewId& view, int64_t limit) {
  const auto of_view = [&](const Record& record) { return view_of(record) == view; };
  int64_t surplus = std::count_if(records.begin(), records.end(), of_view) - limit;
  std::erase_if(records, [&](const Record& record) { return of_view(record) && surplus-- > 0; });
}

}  // namespace

RunRecord* FakeState::find_run(const std::string& run_id) {
  const auto it = std::find_if(runs_.begin(), runs_.end(), [&](const RunRecord& run) { return run.run_id == run_id; });
  return it == runs_.end() ? nullptr : &*it;
}

Result<std::optional<PositionRecord>> FakeState::position(const ViewId& view) {
  const std::lock_guard lock(mutex_);
  if (auto failure = wanted_failure("position")) return *failure;
  const auto it = positions_.find(view);
  return it == positions_.end() ? std::nullopt : std::optional(it->second);
}

Result<void> FakeState::forget_position(const ViewId& view) {
  const std::lock_guard lock(mutex_);
  if (auto failure = wanted_failure("forget_position")) return *failure;
  positions_.erase(view);
  return {};
}

Result<void> FakeState::start_run(const RunRecord& run) {
  const std::lock_guard lock(mutex_);
  if (auto failure = wanted_failure("start_run")) return *failure;
  RunRecord* known = find_run(run.run_id);
  if (known == nullptr) {
    runs_.push_back(run);
  } else if (known->view == run.view && known->outcome == RunOutcome::running) {
    *known = run;
  } else {
    return internal("fake state: run " + run.run_id + " is already recorded");
  }
  return {};
}

Result<void> FakeState::update_run(const RunRecord& run) {
  const std::lock_guard lock(mutex_);
  if (auto failure = wanted_failure("update_run")) return *failure;
  RunRecord* known = find_run(run.run_id);
  if (known == nullptr || known->view != run.view || known->outcome != RunOutcome::running) {
    return Failure{PENSTOCK_STATUS_NOT_FOUND, PENSTOCK_RETRY_NEVER, "fake state: run " + run.run_id + " is not running"};
  }
  *known = run;
  return {};
}

Result<void> FakeState::finish_run(const RunRecord& run, const std::vector<RejectRecord>& rejects,
                                   const std::optional<PositionRecord>& position, const std::vector<RetriedReject>& retried) {
  const std::lock_guard lock(mutex_);
  if (auto failure = wanted_failure("finish_run")) return *failure;
  return record_end(run, rejects, position, retried);
}

Result<void> FakeState::finish_empty_runs(const std::vector<EmptyRun>& runs) {
  const std::lock_guard lock(mutex_);
  if (auto failure = wanted_failure("finish_empty_runs")) return *failure;
  for (const EmptyRun& run : runs)
    if (auto recorded = record_end(run.record, {}, run.position, {}); !recorded) return recorded;
  return {};
}

Result<void> FakeState::record_end(const RunRecord& run, const std::vector<RejectRecord>& rejects,
                                   const std::optional<PositionRecord>& position, const std::vector<RetriedReject>& retried) {
  RunRecord* known = find_run(run.run_id);
  if (known != nullptr && known->view != run.view) return internal("fake state: run " + run.run_id + " is of another view");
  if (known != nullptr) {
    *known = run;
  } else {
    runs_.push_back(run);
  }
  for (const RetriedReject& now : retried) {
    const auto it = std::find_if(rejects_.begin(), rejects_.end(), [&](const StoredReject& r) { return r.number == now.number && view_of(r) == run.view; });
    if (it == rejects_.end()) continue;
    RejectRecord& record = it->record;
    record.column = now.column, record.reason = now.reason, record.attempts = now.attempts, record.retry_at_ns = now.retry_at_ns;
    if (!now.retryable) record.retryable = false, record.row.clear();
    if (now.resolved) rejects_.erase(it);
  }
  replace_rejects(run, rejects);
  if (position) positions_[run.view] = *position;
  trim(runs_, run.view, std::max<int64_t>(limits_.history_runs, 1));
  return {};
}

Result<void> FakeState::save_rejects(const RunRecord& run, const std::vector<RejectRecord>& rejects) {
  const std::lock_guard lock(mutex_);
  if (auto failure = wanted_failure("save_rejects")) return *failure;
  replace_rejects(run, rejects);
  return {};
}

void FakeState::replace_rejects(const RunRecord& run, const std::vector<RejectRecord>& rejects) {
  std::erase_if(rejects_, [&](const StoredReject& r) { return view_of(r) == run.view && r.record.run_id == run.run_id; });
  for (RejectRecord reject : rejects) {
    reject.view = run.view;
    reject.run_id = run.run_id;
    if (!reject.retryable) reject = {reject.view, reject.run_id, reject.key, reject.column, reject.value_class, reject.reason, reject.at_ns};
    std::erase_if(rejects_, [&](const StoredReject& r) {
      const RejectRecord& old = r.record;
      return reject.retryable && old.retryable && old.view == run.view && old.key == reject.key && old.store == reject.store && old.store_id == reject.store_id && old.order <= reject.order;
    });
    rejects_.push_back({++last_number_, std::move(reject)});
  }
  trim(rejects_, run.view, std::max<int64_t>(limits_.rejects_kept, 0));
}

Result<void> FakeState::close_interrupted_runs(int64_t now_ns) {
  const std::lock_guard lock(mutex_);
  if (auto failure = wanted_failure("close_interrupted_runs")) return *failure;
  for (RunRecord& run : runs_) {
    if (run.outcome != RunOutcome::running) continue;
    run.outcome = RunOutcome::interrupted;
    run.finished_at_ns = now_ns;
  }
  return {};
}

Result<std::vector<RunRecord>> FakeState::history(const std::optional<ViewId>& view, int64_t limit) {
  const std::lock_guard lock(mutex_);
  if (auto failure = wanted_failure("history")) return *failure;
  return newest(runs_, view, limit);
}

Result<std::vector<RejectRecord>> FakeState::rejects(const std::optional<ViewId>& view, int64_t limit) {
  const std::lock_guard lock(mutex_);
  if (auto failure = wanted_failure("rejects")) return *failure;
  std::vector<RejectRecord> records;
  for (StoredReject& reject : newest(rejects_, view, limit)) {
    reject.record.order.clear();
    reject.record.row.clear();
    records.push_back(std::move(reject.record));
  }
  return records;
}

Result<std::vector<StoredReject>> FakeState::due_rejects(const ViewId& view, const std::string& store, int64_t now_ns, int64_t after, int64_t limit) {
  const std::lock_guard lock(mutex_);
  if (auto failure = wanted_failure("due_rejects")) return *failure;
  std::vector<StoredReject> due;
  for (const StoredReject& reject : rejects_) {
    const RejectRecord& record = reject.record;
    const bool is_due = record.retry_at_ns <= now_ns || record.retry_at_ns - kRejectRetryDelayMaxNs > now_ns;
    if (record.view == view && record.store == store && record.retryable && is_due && reject.number > after && static_cast<int64_t>(due.size()) < limit)
      due.push_back(reject);
  }
  return due;
}

Result<int64_t> FakeState::count_rejects(const ViewId& view) {
  const std::lock_guard lock(mutex_);
  if (auto failure = wanted_failure("count_rejects")) return *failure;
  return int64_t{std::count_if(rejects_.begin(), rejects_.end(), [&](const StoredReject& r) { return view_of(r) == view; })};
}

Result<int64_t> FakeState::drop_rejects(const ViewId& view) {
  const std::lock_guard lock(mutex_);
  if (auto failure = wanted_failure("drop_rejects")) return *failure;
  return static_cast<int64_t>(std::erase_if(rejects_, [&](const StoredReject& r) { return view_of(r) == view; }));
}

Result<std::vector<StoredDefinition>> FakeState::definitions() {
  const std::lock_guard lock(mutex_);
  if (auto failure = wanted_failure("definitions")) return *failure;
  return definitions_;
}

Result<void> FakeState::replace_definitions(const std::vector<StoredDefinition>& definitions) {
  const std::lock_guard lock(mutex_);
  if (auto failure = wanted_failure("replace_definitions")) return *failure;
  std::set<std::tuple<std::string, std::string, int32_t>> seen;
  for (const StoredDefinition& definition : definitions) {
    if (!seen.emplace(definition.kind, definition.name, definition.version).second) {
      return invalid("fake state: " + definition.kind + " \"" + definition.name + "\" is given twice");
    }
  }
  definitions_ = definitions;
  ++definitions_version_;
  return {};
}

Result<int64_t> FakeState::definitions_version() {
  const std::lock_guard lock(mutex_);
  if (auto failure = wanted_failure("definitions_version")) return *failure;
  return definitions_version_;
}

}  // namespace penstock::test
