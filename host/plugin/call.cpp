#include "plugin/call.hpp"

#include <atomic>
#include <condition_variable>
#include <map>
#include <sys/eventfd.h>
#include <thread>
#include <unistd.h>

namespace penstock::host {

struct CancelToken::State {
  std::mutex mutex;
  std::condition_variable idle;  // a hook has returned
  std::atomic<bool> cancelled{false};
  uint64_t next_token = 1;
  std::map<uint64_t, std::function<void()>> hooks;
  uint64_t running = 0;
  std::thread::id runner;
};

// Without a descriptor (all in use) fd() stays -1, which the ABI knows as "none"; flag and hooks work all the same.
CancelToken::CancelToken() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), state_(std::make_unique<State>()) {}

CancelToken::~CancelToken() {
  if (fd_ >= 0) close(fd_);
}

void CancelToken::cancel() {
  std::unique_lock lock(state_->mutex);
  if (state_->cancelled.exchange(true)) return;
  if (fd_ >= 0) eventfd_write(fd_, 1);
  state_->runner = std::this_thread::get_id();
  while (!state_->hooks.empty()) {
    auto hook = state_->hooks.extract(state_->hooks.begin());
    state_->running = hook.key();
    // Unlocked: the hook may add and remove hooks, and what it waits for may do so on another thread.
    lock.unlock();
    hook.mapped()();
    hook.mapped() = nullptr;
    lock.lock();
    state_->running = 0;
    state_->idle.notify_all();
  }
}

bool CancelToken::cancelled() const { return state_->cancelled; }

uint64_t CancelToken::add_hook(std::function<void()> hook) {
  std::unique_lock lock(state_->mutex);
  const uint64_t token = state_->next_token++;
  if (!state_->cancelled) {
    state_->hooks.emplace(token, std::move(hook));
    return token;
  }
  lock.unlock();
  hook();
  return token;
}

void CancelToken::remove_hook(uint64_t token) {
  std::unique_lock lock(state_->mutex);
  state_->hooks.erase(token);
  // A hook that removes itself must not wait for itself.
  if (state_->running == token && state_->runner == std::this_thread::get_id()) return;
  state_->idle.wait(lock, [&] { return state_->running != token; });
}

}  // namespace penstock::host
