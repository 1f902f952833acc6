// What the host lends to a plugin for one call: a way to cancel, a deadline, a log scope.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace penstock::host {

// Cancels the calls it was given to; shared by the run that owns the calls and by whoever stops it. Thread-safe.
class CancelToken {
 public:
  CancelToken();
  ~CancelToken();
  CancelToken(const CancelToken&) = delete;
  CancelToken& operator=(const CancelToken&) = delete;

  // Sets the flag, makes fd() readable and runs the hooks, each once, on this thread.
  void cancel();
  bool cancelled() const;
  int fd() const { return fd_; }

  // Token of a hook, never 0. Runs it at once when already cancelled.
  uint64_t add_hook(std::function<void()> hook);
  // Afterwards the hook is not running and will not run.
  void remove_hook(uint64_t token);

 private:
  struct State;
  int fd_ = -1;
  std::unique_ptr<State> state_;
};

// Passed to every call of a Source or Sink.
struct CallLimits {
  std::chrono::nanoseconds timeout{0};        // 0: none
  std::shared_ptr<CancelToken> cancel = {};   // null: cannot be cancelled
  std::string scope = {};                     // in front of the plugin's log lines: `view "users" v1: store "profiles"`
};

}  // namespace penstock::host
