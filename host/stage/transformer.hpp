// A batch from the source becomes a batch for the sink: window, keys, order keys, coercion, newest row of each key.
#pragma once

#include "base/failure.hpp"
#include "base/position.hpp"
#include "batch/batch.hpp"
#include "stage/repeat_filter.hpp"
#include "stage/row_plan.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace penstock::host {

// A row that cannot be written, and why. Never the value itself.
struct Reject {
  std::string key;
  std::string column;
  std::string value_class;
  std::string reason;

  bool operator==(const Reject&) const = default;
};

// What of the scan's bounds the source left to the host.
struct WindowFilter {
  std::optional<int64_t> after;  // exclusive ordinal; empty: no lower bound to check
  std::optional<int64_t> until;  // inclusive
  NullTimestamp null_timestamp = NullTimestamp::fail;
};

struct Transformed {
  Batch batch;                  // may have no rows
  int64_t read = 0;             // rows inside the window: batch rows + superseded + repeats + rejects; one kept back comes later
  int64_t superseded = 0;       // rows whose key has a newer row in the same batch
  int64_t repeats = 0;          // rows that the store has already, as the filter says
  int64_t null_cursors = 0;     // rows without a cursor, also those that are skipped; under NullTimestamp::fail the run must fail
  std::vector<Reject> rejects;
};

// Keys are limited because stores keep them in memory, and a runaway key is never meant.
inline constexpr size_t kMaxKeyBytes = 4096;

// For one run. Not thread-safe. Buffers are reused from batch to batch.
//
// Where rows come ordered by (cursor, key), those of one key that tie are next to each other, and the last of a batch may tie
// with the first of the next. So the last row is kept back, and only the one that wins is ever written: a loser that was
// written, by a run that then dies, would stay if no later run read the two again.
class Transformer {
 public:
  // The plan was made with the schema of the stream; fence is the run's, see sink.h.
  // `repeats` may be null; otherwise rows come ordered, and those with a cursor above `again_after` may be read again by the next run.
  Transformer(std::shared_ptr<const RowPlan> plan, WindowFilter window, int64_t fence, bool ordered, RepeatFilter* repeats = nullptr,
              int64_t again_after = 0);
  ~Transformer();

  // The batch must have the plan's schema and have been validated. `last`: it is known that no other comes, so nothing is kept back.
  Result<Transformed> apply(Batch in, bool last = false);
  // At the end of the scan: the row that was kept back, if there is one.
  Result<Transformed> finish();

 private:
  struct Work;
  std::unique_ptr<Work> work_;
};

}  // namespace penstock::host
