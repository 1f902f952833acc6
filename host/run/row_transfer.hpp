// The middle of a run: every batch of the scan through the transformer and into the store, and what became of its rows.
#pragma once

#include "base/failure.hpp"
#include "platform/clock.hpp"
#include "run/job.hpp"
#include "run/machine.hpp"
#include "run/pace.hpp"
#include "run/reject_retry.hpp"
#include "run/row_feed.hpp"
#include "stage/row_plan.hpp"
#include "stage/transformer.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace penstock::host {

class RowTransfer {
 public:
  struct Parts {
    RowFeed* feed;              // null: there is nothing to read
    RejectRetry* retry;         // null: nothing is tried again
    SinkWriter* writer;         // null in a dry run
    RepeatFilter* repeats;      // null: every row goes to the store
    const Schema& sink_schema;  // as the writer was begun with
    std::optional<RowFeed::Piece> piece;
    int64_t started_ns;         // of the run, on the steady clock
  };
  // Keeps references to everything.
  RowTransfer(const RunJob& job, const RunMachine& machine, const RunLimits& limits, const Clock& clock, Parts parts);

  // Writes a batch: as long as there are any, of rows that were refused before; then of the feed, and takes the next one from it:
  // at first `piece`, which was taken before (nothing: the feed is at its end). False once the feed is at its end.
  Result<bool> write_next();

  // Also after a failure: what was done up to it. The rows add up.
  RunCounts counts() const;
  const std::vector<RejectRecord>& rejects() const { return rejects_; }

 private:
  Result<void> prepare(const RowFeed::Piece& piece);
  Result<void> write(RowFeed::Piece piece);
  Result<void> finish();
  Result<void> send(Transformed transformed);
  Result<void> send(Batch batch);
  Result<void> write_now(Batch& batch);
  Result<void> judge(const RunCounts& counts) const;
  Result<void> pause(int64_t rows);
  Result<bool> write_again();
  void keep_rejects(std::vector<Reject> rejects);
  void keep_refused(const BatchView* batch, const std::vector<RejectedRow>& refused);
  void keep(RejectRecord reject);

  const RunJob& job_;
  const RunMachine& machine_;
  const RunLimits& limits_;
  const Clock& clock_;
  RowFeed* const feed_;
  RejectRetry* retry_;  // null once it is over
  SinkWriter* const writer_;
  RepeatFilter* const repeats_;
  const Schema& sink_schema_;
  const int64_t started_;
  std::optional<RowFeed::Piece> piece_;  // to be written next
  Pace pace_;

  // Made for the schema, the honoured bits and the cursor's unit of the last piece.
  std::shared_ptr<const RowPlan> plan_;
  uint32_t honoured_ = 0;
  int64_t cursor_unit_ns_ = 0;
  std::unique_ptr<Transformer> transformer_;

  uint64_t sequence_ = 0;
  RunCounts counts_;   // of the scan
  RunCounts retried_;  // of what was refused before. The view's policies judged it when it was read
  int64_t rows_estimate_ = -1;
  std::vector<RejectRecord> rejects_;
  int64_t reject_bytes_ = 0;
};

}  // namespace penstock::host
