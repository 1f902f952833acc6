// memory_limit: how many bytes of rows all runs together may hold between source and sink.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

namespace penstock::host {

// Thread-safe. Shared by the runs of a host.
//
// A run that holds nothing may always take a batch, so that none waits for others and a value larger than the whole budget still
// gets through, alone. What is held can so exceed the budget by a batch a run. Blocking runs before they begin was rejected: one
// long run would keep the short ones from their turn.
class MemoryBudget {
 public:
  explicit MemoryBudget(int64_t bytes) : bytes_(bytes) {}

  int64_t held() const {
    const std::lock_guard lock(mutex_);
    return held_;
  }

 private:
  friend class MemoryUse;

  const int64_t bytes_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  int64_t held_ = 0;
};

// What one run holds. Thread-safe; outlived by no share of its own, as each keeps it alive.
class MemoryUse : public std::enable_shared_from_this<MemoryUse> {
 public:
  // The bytes of a batch, given back by the destructor.
  class Share {
   public:
    Share() = default;
    Share(Share&& other) noexcept : use_(std::move(other.use_)), bytes_(other.bytes_) {}
    Share& operator=(Share&& other) noexcept {
      std::swap(use_, other.use_);
      std::swap(bytes_, other.bytes_);
      return *this;
    }
    ~Share() {
      if (use_) use_->give_back(bytes_);
    }

   private:
    friend class MemoryUse;
    Share(std::shared_ptr<MemoryUse> use, int64_t bytes) : use_(std::move(use)), bytes_(bytes) {}

    std::shared_ptr<MemoryUse> use_;
    int64_t bytes_ = 0;
  };

  explicit MemoryUse(std::shared_ptr<MemoryBudget> budget) : budget_(std::move(budget)) {}

  // Before a batch is read: waits until one as large as the last fits, or nothing of this run is held. False: stopped.
  bool wait_for_room() {
    std::unique_lock lock(budget_->mutex_);
    budget_->changed_.wait(lock, [&] { return stopped_ || shares_ == 0 || budget_->held_ + last_ <= budget_->bytes_; });
    return !stopped_;
  }

  // Of a batch that was read. Does not wait.
  Share hold(int64_t bytes) {
    const std::lock_guard lock(budget_->mutex_);
    budget_->held_ += bytes;
    last_ = bytes;
    ++shares_;
    return Share(shared_from_this(), bytes);
  }

  // Whoever waits returns.
  void stop() {
    const std::lock_guard lock(budget_->mutex_);
    stopped_ = true;
    budget_->changed_.notify_all();
  }

 private:
  void give_back(int64_t bytes) {
    const std::lock_guard lock(budget_->mutex_);
    budget_->held_ -= bytes;
    --shares_;
    budget_->changed_.notify_all();
  }

  const std::shared_ptr<MemoryBudget> budget_;
  // Guarded by the budget's mutex.
  int64_t last_ = 0;
  int64_t shares_ = 0;
  bool stopped_ = false;
};

}  // namespace penstock::host
