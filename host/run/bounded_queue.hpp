// The queue between the source's thread and the sink's: bounded, so that a slow store holds the source back and memory stays
// flat.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace penstock::host {

// One producer, one consumer. Nothing is allocated after the constructor: the producer must be able to say that memory ran out.
template <class T>
class BoundedQueue {
 public:
  // Holds at most `limit` items, and at least one.
  explicit BoundedQueue(size_t limit) : slots_(std::max<size_t>(limit, 1)) {}

  // Waits for room. False: the consumer has closed the queue, and the item is gone.
  bool push(T item) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return closed_ || size_ < slots_.size(); });
    if (closed_) return false;
    slots_[(first_ + size_++) % slots_.size()].emplace(std::move(item));
    changed_.notify_all();
    return true;
  }

  // Waits for an item.
  T pop() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return size_ > 0; });
    T item = std::move(*slots_[first_]);
    slots_[first_].reset();
    first_ = (first_ + 1) % slots_.size();
    --size_;
    changed_.notify_all();
    return item;
  }

  // Waits for an item, but no longer than that. Is there one?
  bool wait_for_item(std::chrono::nanoseconds limit) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, limit, [&] { return size_ > 0; });
  }

  // Is there an item already, and is this true of it?
  template <class Predicate>
  bool next_is(Predicate predicate) {
    const std::lock_guard lock(mutex_);
    return size_ > 0 && predicate(*slots_[first_]);
  }

  // By the consumer: nothing more is wanted; a waiting push returns.
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::optional<T>> slots_;  // a ring: size_ items from first_ on
  size_t first_ = 0;
  size_t size_ = 0;
  bool closed_ = false;
};

}  // namespace penstock::host
