#include "run/row_feed.hpp"

#include <exception>
#include <new>

namespace penstock::host {

RowFeed::RowFeed(Source& source, const CallLimits& limits, ScanRequest request, size_t queue_batches)
    : source_(source), limits_(limits), outer_(limits.cancel), request_(std::move(request)), queue_(queue_batches) {
  limits_.cancel = std::make_shared<CancelToken>();
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
  queue_.close();
  limits_.cancel->cancel();
  thread_.join();
  if (outer_) outer_->remove_hook(hook_);
}

void RowFeed::read_all() {
  const auto read = [&]() -> Result<void> {
    auto plan = source_.plan(limits_, request_);
    if (!plan) return plan.failure();
    for (const std::string& partition : plan->partitions)
      if (auto done = read_partition(partition); !done) return done;
    return {};
  };
  try {
    if (auto done = read(); !done)
      queue_.push(done.failure());
    else
      queue_.push(std::optional<Piece>());
  } catch (const std::bad_alloc&) {
    queue_.push(Failure{PENSTOCK_STATUS_RESOURCE_EXHAUSTED, PENSTOCK_RETRY_RECONNECT, "out of memory while reading"});
  } catch (const std::exception& exception) {
    // Whoever waits in next() must hear of it, and an exception that leaves a thread ends the host.
    queue_.push(internal(std::string("reading: ") + exception.what()));
  }
}

Result<void> RowFeed::read_partition(const std::string& partition) {
  auto stream = source_.scan(limits_, request_, partition);
  if (!stream) return stream.failure();
  for (;;) {
    auto batch = (*stream)->next();
    if (!batch) return batch.failure();
    if (!*batch) return {};
    if ((*batch)->rows() == 0) continue;
    std::optional<Piece> piece(Piece{std::move(**batch), (*stream)->honoured(), (*stream)->rows_estimate()});
    if (!queue_.push(std::move(piece)))
      return Failure{PENSTOCK_STATUS_CANCELLED, PENSTOCK_RETRY_SAFE, "the run ended before the scan"};
  }
}

}  // namespace penstock::host
