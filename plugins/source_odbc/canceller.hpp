// Ends what a driver is doing when the call is cancelled or runs out of time.
#pragma once

#include "handles.hpp"

#include <penstock/call.hpp>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

namespace penstock::odbc {

// While it lives, a cancelled call makes SQLCancel on the statement, again and again: a driver ignores one that arrives just before
// its own call to the server. From a thread of its own, since a driver may connect to the server for it; the thread only exists
// once the call is cancelled. The statement must outlive this.
//
// SQLCancel comes only while the driver is at work. At any other time unixODBC takes it as SQLCloseCursor; and it frees the
// statement's diagnostics without a lock, under the hands of whoever reads them.
class Canceller {
 public:
  // `last_resort` is called once if the driver does not come back soon.
  Canceller(const Call& call, SQLHSTMT statement, std::function<void()> last_resort = {});
  ~Canceller();
  Canceller(const Canceller&) = delete;
  Canceller& operator=(const Canceller&) = delete;

  // Calls a function of ODBC with the statement: what may be cancelled. Throws without calling it when the call is over already.
  template <class Function, class... Arguments>
  SQLRETURN run(Function function, Arguments... arguments) {
    const Working working(*this);
    return function(statement_, arguments...);
  }
  const Call& call() const { return call_; }

 private:
  class Working {
   public:
    explicit Working(Canceller& canceller);
    ~Working();
    Working(const Working&) = delete;
    Working& operator=(const Working&) = delete;

   private:
    Canceller& canceller_;
  };

  void start();
  void cancel_until_done();

  Call call_;
  SQLHSTMT statement_;
  std::function<void()> last_resort_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_working_ = false;
  bool done_ = false;
  std::thread thread_;
  std::optional<CancelHook> hook_;
};

}  // namespace penstock::odbc
