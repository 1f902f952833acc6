// SIGINT and SIGTERM for foreground commands: the first one cancels, the second one ends the process.
#pragma once

#include "plugin/call.hpp"

#include <memory>
#include <thread>

namespace penstock::host {

// While it lives, both signals are blocked in the threads that this one starts, and a thread of its own waits for them. Make
// it before any other thread.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  const std::shared_ptr<CancelToken>& token() const { return token_; }

 private:
  std::shared_ptr<CancelToken> token_ = std::make_shared<CancelToken>();
  std::thread waiter_;
};

}  // namespace penstock::host
