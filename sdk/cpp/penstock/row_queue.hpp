// Rows that a client library pushes from a thread of its own, pulled by the host.
#pragma once

#include <penstock/scan_columns.hpp>

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>

namespace penstock {

// A bounded queue of rows between a producer's thread and the host's. Each side waits for the other; a cancelled call, its deadline and
// close() end both waits. All functions may be called from any thread.
template <class Row>
class RowQueue {
 public:
  // At most `capacity` rows wait, at least 1. The call is the one that scan was given; it outlives the queue.
  RowQueue(const Call& call, size_t capacity)
      : call_(call), capacity_(std::max<size_t>(capacity, 1)), hook_(call, [this] { wake(); }) {}

  // Waits for room. False: nobody will read any more, and the producer should return.
  bool push(Row row) {
    std::unique_lock lock(mutex_);
    wait(lock, [this] { return rows_.size() < capacity_; });
    if (closed_ || over()) {
      // The deadline may be renewed before take looks at it: without this the stream would end as if it were complete.
      refused_ = true;
      return false;
    }
    rows_.push_back(std::move(row));
    if (rows_.size() == 1) changed_.notify_all();
    return true;
  }

  // Nothing more will be pushed; with an error: what take throws once everything before it is taken.
  void finish(std::exception_ptr error = nullptr) {
    const std::lock_guard lock(mutex_);
    finished_ = true;
    error_ = std::move(error);
    changed_.notify_all();
  }

  // Waits until there is a row, and takes all that there are; none: the end. Throws what the producer failed with, CANCELLED,
  // DEADLINE_EXCEEDED.
  std::deque<Row> take() {
    std::unique_lock lock(mutex_);
    wait(lock, [this] { return !rows_.empty() || finished_; });
    call_.check();
    // Told once; afterwards the end is the end.
    if (rows_.empty() && error_) std::rethrow_exception(std::exchange(error_, nullptr));
    if (rows_.empty() && refused_)
      throw Error(PENSTOCK_STATUS_DEADLINE_EXCEEDED, PENSTOCK_RETRY_RECONNECT, "a row came when the time of an earlier call was up, and was not taken");
    changed_.notify_all();
    return std::exchange(rows_, {});
  }

  // The reader is gone: push returns false from now on.
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

 private:
  bool over() const { return call_.cancelled() || call_.remaining_ms() == 0; }

  template <class Ready>
  void wait(std::unique_lock<std::mutex>& lock, const Ready& ready) {
    while (!ready() && !closed_ && !over()) {
      const int left = call_.remaining_ms();
      if (left < 0)
        changed_.wait(lock);
      else
        changed_.wait_for(lock, std::chrono::milliseconds(left));
    }
  }

  void wake() {
    // With the lock, or it would miss a waiter that has looked at the call and does not wait yet.
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
  }

  Call call_;
  const size_t capacity_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Row> rows_;
  bool finished_ = false;
  bool closed_ = false;
  bool refused_ = false;  // a row that was pushed is not in the queue
  std::exception_ptr error_;
  CancelHook hook_;  // last: it wakes the others
};

namespace detail {

template <class Row>
class PushedStream final : public RowStream {
 public:
  PushedStream(const Call& call, Schema schema, const Scan& scan, std::function<void(RowQueue<Row>&)> produce,
               std::function<void()> interrupt, size_t capacity)
      : schema_(std::move(schema)), batch_rows_(std::max<int64_t>(scan.batch_rows, 1)),
        batch_bytes_(static_cast<size_t>(std::max<int64_t>(scan.batch_bytes, 1))), batch_(schema_), interrupt_(std::move(interrupt)),
        queue_(call, capacity), hook_(call, interrupt_), producer_([this, run = std::move(produce)] { produce_all(run); }) {}

  ~PushedStream() override {
    queue_.close();
    interrupt_();
    producer_.join();
  }

  const Schema& schema() const override { return schema_; }

  // A batch is what there is: rows that are here do not wait for others.
  bool next(ArrowArray* out) override {
    if (taken_.empty()) taken_ = queue_.take();
    if (taken_.empty()) return false;
    while (!taken_.empty() && (batch_.rows() == 0 || (batch_.rows() < batch_rows_ && batch_.byte_size() < batch_bytes_))) {
      std::apply([&](const auto&... values) { batch_.append_row(values...); }, taken_.front());
      taken_.pop_front();
    }
    batch_.finish(out);
    return true;
  }

 private:
  void produce_all(const std::function<void(RowQueue<Row>&)>& run) noexcept {
    try {
      run(queue_);
      queue_.finish();
    } catch (...) {
      queue_.finish(std::current_exception());
    }
  }

  Schema schema_;
  int64_t batch_rows_;
  size_t batch_bytes_;
  BatchBuilder batch_;
  std::deque<Row> taken_;
  std::function<void()> interrupt_;
  RowQueue<Row> queue_;
  CancelHook hook_;
  std::thread producer_;  // last: it uses the others
};

}  // namespace detail

// Rows that wait between the producer and the host, unless told otherwise.
inline constexpr size_t kQueuedRows = 4096;

// A scan whose rows are pushed. produce(queue) runs on a thread of the stream's own; it pushes rows, or has a client's callbacks push
// them, and returns at the end or soon after push has returned false. What it throws is the scan's error. A Row is a std::tuple with a
// value for each column, of the types that ColumnBuilder::append takes. Throws NOT_FOUND when the scan wants a column that the schema does
// not have.
// The thread is joined when the stream is released. Where produce waits for its peer, `interrupt` makes it return: it is called when the
// call is cancelled and when the stream is released, from other threads and maybe twice at a time, and does not throw.
template <class Row>
std::unique_ptr<RowStream> stream_pushed(const Call& call, Schema schema, const Scan& scan, std::function<void(RowQueue<Row>&)> produce,
                                         std::function<void()> interrupt = [] {}, size_t capacity = kQueuedRows) {
  require_columns(schema, scan);
  return std::make_unique<detail::PushedStream<Row>>(call, std::move(schema), scan, std::move(produce), std::move(interrupt), capacity);
}

}  // namespace penstock
