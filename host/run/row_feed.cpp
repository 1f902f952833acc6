#include "run/row_feed.hpp"

#include <exception>
#include <new>

namespace penstock::host {

RowFeed::RowFeed(Source& source, const CallLimits& limits, ScanRequest request, size_t queue_batches, std::shared_ptr<MemoryBudget> budget)
    : source_(source), limits_(limits), request_(std::move(request)) {
  if (queue_batches == 0) return;
  queue_.emplace(queue_batches);
  if (budget) memory_ = std::make_shared<MemoryUse>(std::move(budget));
  outer_ = std::exchange(limits_.cancel, std::make_shared<CancelToken>());
  if (outer_) hook_ = outer_->add_hook([inner = limits_.cancel] { inner->cancel(); });
  try {
    thread_ = std::thread([this] { read_all(); });
  } catch (...) {
    // The destructor will not run.
    if (outer_) outer_->remove_hook(hook_);
    throw;
  }
}

RowFeed::~RowFeed() {
  if (!thread_.joinable()) return;
  queue_->close();
  if (memory_) memory_->stop();
  limits_.cancel->cancel();
  thread_.join();
  if (outer_) outer_->remove_hook(hook_);
}

void RowFeed::read_all() {
  try {
    for (;;) {
      // False: the run ended before the scan.
      if (memory_ && !memory_->wait_for_room()) break;
      auto piece = read_next();
      const bool over = !piece || !*piece;
      if (!queue_->push(std::move(piece)) || over) break;
    }
  } catch (const std::bad_alloc&) {
    queue_->push(Failure{PENSTOCK_STATUS_RESOURCE_EXHAUSTED, PENSTOCK_RETRY_RECONNECT, "out of memory while reading"});
  } catch (const std::exception& exception) {
    // Whoever waits in next() must hear of it, and an exception that leaves a thread ends the host.
    queue_->push(internal(std::string("reading: ") + exception.what()));
  }
  // A source may want its streams released by the thread that reads them.
  stream_.reset();
}

Result<std::optional<RowFeed::Piece>> RowFeed::read_next() {
  if (!partitions_) {
    auto plan = source_.plan(limits_, request_);
    if (!plan) return std::move(plan.failure());
    partitions_ = std::move(plan->partitions);
  }
  for (;;) {
    if (!stream_) {
      if (next_partition_ == partitions_->size()) return std::optional<Piece>();
      auto stream = source_.scan(limits_, request_, (*partitions_)[next_partition_++]);
      if (!stream) return std::move(stream.failure());
      stream_ = std::move(*stream);
    }
    auto batch = stream_->next();
    if (!batch) return std::move(batch.failure());
    if (!*batch) {
      stream_.reset();
      continue;
    }
    if ((*batch)->rows() == 0) continue;
    Piece piece{std::move(**batch), stream_->honoured(), stream_->rows_estimate(), stream_->cursor_unit_ns()};
    if (memory_) piece.memory = memory_->hold(piece.batch.byte_size());
    return std::optional(std::move(piece));
  }
}

}  // namespace penstock::host
