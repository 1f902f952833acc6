// Ends what a driver is doing when the call is cancelled or runs out of time.
#pragma once

#include "handles.hpp"

#include <penstock/call.hpp>

#include <condition_variable>
#include <mutex>
#include <thread>

namespace penstock::odbc {

// While it lives, a cancelled call makes SQLCancel on the statement, again and again: a driver ignores one that arrives just before
// its own call to the server. From a thread of its own, since a driver may connect to the server for it; the thread only exists
// once the call is cancelled. The statement must outlive this.
class Canceller {
 public:
  Canceller(const Call& call, SQLHSTMT statement);
  ~Canceller();
  Canceller(const Canceller&) = delete;
  Canceller& operator=(const Canceller&) = delete;

 private:
  void start();
  void cancel_until_done();

  SQLHSTMT statement_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool done_ = false;
  std::thread thread_;
  std::optional<CancelHook> hook_;
};

}  // namespace penstock::odbc
