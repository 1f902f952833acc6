// What is remembered of a plugin that broke a rule when nobody was there to be told.
#pragma once

#include "plugin/registry.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace penstock::host {

// Says that a plugin used a call that had ended: each function once for each component in the log, and every time in the counter
// "late_callbacks". Thread-safe. Shared by the runtime, whose hooks it borrows until close, and by all that may still be used late.
class LateCallbacks {
 public:
  explicit LateCallbacks(const Registry::Hooks* hooks) : hooks_(hooks) {}

  // `callback` is the function's name in penstock_host, `action` what the call was made for.
  void report(std::string_view component, std::string_view callback, std::string_view action) noexcept;
  // Afterwards no hook is running and none will run.
  void close();

 private:
  std::mutex mutex_;
  const Registry::Hooks* hooks_;  // null once closed
  std::set<std::pair<std::string, std::string>> reported_;
};

// How one object of a plugin has behaved. Thread-safe.
//
// A late callback that only says or asks something (log, metric, cancelled) is a warning. One that would have changed an answer (a row
// rejected after write had returned, a byte appended to a position that was read already) means that the answer was wrong: rows that were
// not written may have been counted as written. So the object answers no further call, the run fails before it commits, and the next
// one opens another. Failing at once is not possible: the call that was wrong is over.
class Conduct {
 public:
  Conduct(std::string component, std::shared_ptr<LateCallbacks> late) : component_(std::move(component)), late_(std::move(late)) {}

  const std::string& component() const { return component_; }
  void late_callback(std::string_view callback, std::string_view action, bool changes_answer) noexcept;
  // INTERNAL once an answer of the object turned out to be wrong; the message says how.
  Result<void> check() const;

 private:
  const std::string component_;
  const std::shared_ptr<LateCallbacks> late_;
  std::atomic<bool> distrusted_{false};
  mutable std::mutex mutex_;
  std::string why_;
};

}  // namespace penstock::host
