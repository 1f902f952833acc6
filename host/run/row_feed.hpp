// Reads a scan on a thread of its own and hands the batches over through a bounded queue, so that source and sink overlap.
#pragma once

#include "plugin/source.hpp"
#include "run/bounded_queue.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace penstock::host {

// The source is used by the feed's thread alone until the feed is destroyed; the destructor cancels the scan and joins.
class RowFeed {
 public:
  // `limits.cancel`, if any, cancels the scan too. Throws std::system_error when there is no thread to be had.
  RowFeed(Source& source, const CallLimits& limits, ScanRequest request, size_t queue_batches);
  ~RowFeed();
  RowFeed(const RowFeed&) = delete;
  RowFeed& operator=(const RowFeed&) = delete;

  struct Piece {
    Batch batch;
    uint32_t honoured = 0;
    int64_t rows_estimate = -1;
  };
  // The next batch that has rows, or nothing at the end of the last partition. Not again after the end or a failure.
  Result<std::optional<Piece>> next() { return queue_.pop(); }

 private:
  void read_all();
  Result<void> read_partition(const std::string& partition);

  Source& source_;
  CallLimits limits_;
  std::shared_ptr<CancelToken> outer_;
  uint64_t hook_ = 0;
  ScanRequest request_;
  BoundedQueue<Result<std::optional<Piece>>> queue_;
  std::thread thread_;
};

}  // namespace penstock::host
