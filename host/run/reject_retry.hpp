// Rows that the store refused in earlier runs, written once more.
//
// Each keeps the order key of the run that read it, so nothing newer is harmed by its coming late. It goes only to the store that
// refused it, and only if the view's columns are still the same.
#pragma once

#include "batch/batch.hpp"
#include "platform/clock.hpp"
#include "run/job.hpp"
#include "state/state.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace penstock::host {

// How long after so many tries in vain the next one comes: a minute, doubling up to an hour. A row that never fits must not make
// the host write to the store at every tick.
int64_t reject_retry_delay_ns(int64_t attempts);

// For one run. Not thread-safe.
class RejectRetry {
 public:
  // Keeps references to all but the schema.
  RejectRetry(State& state, const RunJob& job, const RunLimits& limits, const Clock& clock, const std::string& store_id, const Schema& sink_schema);

  // Is there anything that the run should try?
  static Result<bool> is_due(State& state, const RunJob& job, const Clock& clock);

  // The next rows, each key once; nothing at the end. What became of the batch before must have been told.
  Result<std::optional<Batch>> next();
  // The fate of the rows of that batch.
  void written(const WriteOutcome& outcome);

  int64_t given_up() const { return static_cast<int64_t>(given_up_.size()); }

  // What the run found out. Only a completed one gives rows up. After a failed run nothing that was written counts, and what was tried
  // counts as tried in vain: a row that makes runs fail must not do so at every tick. A run that was cancelled says nothing about the rows.
  std::vector<RetriedReject> results(RunOutcome outcome) const;

 private:
  struct Tried {
    int64_t number;
    int64_t attempts;
    std::string column, reason;  // as they were, or as the store now says
    bool resolved;
    bool retryable;
  };

  Result<bool> fill_page();
  void give_up(const StoredReject& stored, const std::string& why);

  State& state_;
  const RunJob& job_;
  const RunLimits& limits_;
  const Clock& clock_;
  const std::string& store_id_;
  const std::shared_ptr<const Schema> schema_;
  const int64_t due_at_;

  std::vector<StoredReject> page_;
  size_t next_in_page_ = 0;
  int64_t last_number_ = 0;

  std::vector<Tried> tried_;
  size_t batch_begin_ = 0;  // in tried_: the rows of the batch that is out
  std::vector<RetriedReject> given_up_;
};

}  // namespace penstock::host
