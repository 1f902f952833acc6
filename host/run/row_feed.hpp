// Reads a scan and hands the batches over, on a thread of its own so that source and sink overlap.
#pragma once

#include "plugin/source.hpp"
#include "run/bounded_queue.hpp"
#include "run/memory_budget.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace penstock::host {

// The source is used by the feed alone until the feed is destroyed; the destructor cancels the scan and joins.
class RowFeed {
 public:
  // `limits.cancel`, if any, cancels the scan too. At most `queue_batches` wait to be taken; 0: no thread, each is read when it
  // is asked for. With a `budget` the thread also waits for room there. Throws std::system_error when there is no thread to be had.
  RowFeed(Source& source, const CallLimits& limits, ScanRequest request, size_t queue_batches, std::shared_ptr<MemoryBudget> budget = {});
  ~RowFeed();
  RowFeed(const RowFeed&) = delete;
  RowFeed& operator=(const RowFeed&) = delete;

  struct Piece {
    Batch batch;
    uint32_t honoured = 0;
    int64_t rows_estimate = -1;
    int64_t cursor_unit_ns = 0;
    MemoryUse::Share memory = {};  // of the budget, as long as the piece is there
  };
  // The next batch that has rows, or nothing at the end of the last partition. Not again after the end or a failure.
  Result<std::optional<Piece>> next() { return queue_ ? queue_->pop() : read_next(); }
  // Waits until next() would return at once, but no longer than that. Without a thread it never would.
  bool wait_until_ready(std::chrono::nanoseconds limit) { return queue_ && queue_->wait_for_item(limit); }

  // Is it known already that next() will return nothing? Without a thread it never is.
  bool at_end() {
    return queue_ && queue_->next_is([](const Result<std::optional<Piece>>& piece) { return piece && !*piece; });
  }

 private:
  void read_all();
  Result<std::optional<Piece>> read_next();

  Source& source_;
  CallLimits limits_;
  const ScanRequest request_;

  // Of the reading side.
  std::optional<std::vector<std::string>> partitions_;  // once they are known
  size_t next_partition_ = 0;
  std::unique_ptr<BatchStream> stream_;

  // With a thread only.
  std::shared_ptr<MemoryUse> memory_;
  std::shared_ptr<CancelToken> outer_;
  uint64_t hook_ = 0;
  std::optional<BoundedQueue<Result<std::optional<Piece>>>> queue_;
  std::thread thread_;
};

}  // namespace penstock::host
