#include "run/reject_retry.hpp"

#include "batch/row_codec.hpp"

#include <algorithm>
#include <limits>
#include <set>

namespace penstock::host {
namespace {

// Rejects read from the state at a time.
constexpr int64_t kPageRows = 256;

// A run that a person asked for tries everything.
int64_t due_at(const RunJob& job, const Clock& clock) {
  return job.retry_all_rejects ? std::numeric_limits<int64_t>::max() : clock.wall_ns();
}

}  // namespace

int64_t reject_retry_delay_ns(int64_t attempts) {
  constexpr int64_t kFirst = 60'000'000'000;
  constexpr int64_t kDoublings = 6;
  return std::min(kFirst << std::clamp<int64_t>(attempts - 1, 0, kDoublings), kRejectRetryDelayMaxNs);
}

RejectRetry::RejectRetry(State& state, const RunJob& job, const RunLimits& limits, const Clock& clock, const std::string& store_id,
                         const Schema& sink_schema)
    : state_(state), job_(job), limits_(limits), clock_(clock), store_id_(store_id), schema_(std::make_shared<const Schema>(sink_schema)),
      due_at_(due_at(job, clock)) {}

Result<bool> RejectRetry::is_due(State& state, const RunJob& job, const Clock& clock) {
  const View& view = job.request.view;
  auto due = state.due_rejects(view.id, view.store, due_at(job, clock), 0, 1);
  if (!due) return std::move(due.failure());
  return !due->empty();
}

Result<bool> RejectRetry::fill_page() {
  if (next_in_page_ < page_.size()) return true;
  const View& view = job_.request.view;
  auto page = state_.due_rejects(view.id, view.store, due_at_, last_number_, kPageRows);
  if (!page) return std::move(page.failure());
  page_ = std::move(*page);
  next_in_page_ = 0;
  if (page_.empty()) return false;
  last_number_ = page_.back().number;
  return true;
}

Result<std::optional<Batch>> RejectRetry::next() {
  penstock::BatchBuilder builder(*schema_);
  std::set<std::string> keys;
  batch_begin_ = tried_.size();
  for (;;) {
    // A batch ends with its page: what was read is then gone from memory.
    if (next_in_page_ == page_.size() && builder.rows() > 0) break;
    auto more = fill_page();
    if (!more) return std::move(more.failure());
    if (!*more) break;
    const StoredReject& stored = page_[next_in_page_];
    if (stored.record.store_id != store_id_) {
      give_up(stored, "the store is not the one that refused it");
      ++next_in_page_;
      continue;
    }
    if (builder.rows() >= limits_.batch_rows || static_cast<int64_t>(builder.byte_size()) >= limits_.batch_bytes) break;
    // A sink may be given a key once a batch.
    if (keys.contains(stored.record.key)) break;
    ++next_in_page_;
    if (auto appended = append_row(stored.record.row, *schema_, builder); !appended) {
      give_up(stored, appended.failure().message);
      continue;
    }
    keys.insert(stored.record.key);
    tried_.push_back({stored.number, stored.record.attempts + 1, stored.record.column, stored.record.reason, false, true});
  }
  if (builder.rows() == 0) return std::optional<Batch>();
  ArrowArray array{};
  builder.finish(&array);
  return std::optional(Batch(schema_, &array));
}

void RejectRetry::written(const WriteOutcome& outcome) {
  for (size_t i = batch_begin_; i < tried_.size(); ++i) tried_[i].resolved = true;
  for (const RejectedRow& row : outcome.rejected) {
    Tried& tried = tried_.at(batch_begin_ + static_cast<size_t>(row.row));
    const bool known = row.column >= 0 && static_cast<size_t>(row.column) < schema_->size();
    tried.resolved = false;
    tried.column = known ? (*schema_)[static_cast<size_t>(row.column)].name : std::string();
    tried.reason = row.reason;
    tried.retryable = row.retryable;
  }
}

void RejectRetry::give_up(const StoredReject& stored, const std::string& why) {
  given_up_.push_back({stored.number, false, false, stored.record.column, stored.record.reason + "; not tried again: " + why, stored.record.attempts, 0});
}

std::vector<RetriedReject> RejectRetry::results(RunOutcome outcome) const {
  std::vector<RetriedReject> results;
  if (outcome == RunOutcome::cancelled) return results;
  // With the fence that makes the next run read everything if the store that refused them comes back.
  if (outcome == RunOutcome::completed) results = given_up_;
  const int64_t now = clock_.wall_ns();
  for (const Tried& tried : tried_)
    results.push_back({tried.number, tried.resolved && outcome == RunOutcome::completed, tried.retryable, tried.column, tried.reason, tried.attempts,
                       now + reject_retry_delay_ns(tried.attempts)});
  return results;
}

}  // namespace penstock::host
