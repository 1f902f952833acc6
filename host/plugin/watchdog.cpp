#include "plugin/watchdog.hpp"

#include <csignal>

namespace penstock::host {

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

Watchdog::Timer Watchdog::arm(Clock::time_point when, std::function<void()> action) {
  const std::lock_guard lock(mutex_);
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  const Timer timer{when, next_id_++};
  const auto at = timers_.emplace(timer, std::move(action)).first;
  // Nearly every call sets a deadline and is over long before it: waking the thread each time would cost more than many a call.
  if (at == timers_.begin() && when < looks_at_) changed_.notify_all();
  return timer;
}

void Watchdog::disarm(const Timer& timer) {
  std::unique_lock lock(mutex_);
  timers_.erase(timer);
  if (std::this_thread::get_id() == thread_.get_id()) return;
  idle_.wait(lock, [&] { return running_ != timer.second; });
}

void Watchdog::run() {
  // Signals are for the threads that expect them.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);

  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (timers_.empty()) {
      looks_at_ = Clock::time_point::max();
      changed_.wait(lock);
      continue;
    }
    const Timer first = timers_.begin()->first;
    if (Clock::now() < first.first) {
      looks_at_ = first.first;
      changed_.wait_until(lock, first.first);
      continue;
    }
    looks_at_ = Clock::time_point::min();
    auto due = timers_.extract(timers_.begin());
    running_ = first.second;
    lock.unlock();
    due.mapped()();
    due.mapped() = nullptr;
    lock.lock();
    running_ = 0;
    idle_.notify_all();
  }
}

}  // namespace penstock::host
