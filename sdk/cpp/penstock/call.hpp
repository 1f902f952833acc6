// The call context in C++: cancellation, deadline, log, and the guard around each slot.
#pragma once

#include <penstock/call.h>
#include <penstock/error.hpp>

#include <functional>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <time.h>

namespace penstock {

// A borrowed penstock_call. Cheap to copy; valid as long as the call is.
class Call {
 public:
  explicit Call(penstock_call* call) : call_(call) {}

  penstock_call* get() const { return call_; }
  bool cancelled() const { return call_->host->cancelled(call_) != 0; }

  // Polls readable once the call is cancelled; -1 when there is none. Never read it.
  int cancel_fd() const { return call_->host->cancel_fd(call_); }

  // Milliseconds until the deadline, never negative; -1 without a deadline. Fits poll(2).
  int remaining_ms() const {
    const int64_t deadline = call_->host->deadline_ns(call_);
    if (deadline == std::numeric_limits<int64_t>::max()) return -1;
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    const int64_t left = (deadline - (int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec)) / 1'000'000;
    if (left <= 0) return 0;
    return left > std::numeric_limits<int>::max() ? std::numeric_limits<int>::max() : static_cast<int>(left);
  }

  // Throws when the call is cancelled or past its deadline.
  void check() const {
    if (cancelled()) throw Error(PENSTOCK_STATUS_CANCELLED, PENSTOCK_RETRY_RECONNECT, "cancelled");
    if (remaining_ms() == 0) throw Error(PENSTOCK_STATUS_DEADLINE_EXCEEDED, PENSTOCK_RETRY_RECONNECT, "deadline exceeded");
  }

  void debug(std::string_view message) const { log(PENSTOCK_LOG_DEBUG, message); }
  void info(std::string_view message) const { log(PENSTOCK_LOG_INFO, message); }
  void warn(std::string_view message) const { log(PENSTOCK_LOG_WARN, message); }

  void reject(int64_t row, int32_t column, std::string_view reason, bool retryable = false) const {
    const penstock_rejection rejection{sizeof(penstock_rejection), column, row, retryable ? 1 : 0, 0, to_c(reason)};
    call_->host->reject(call_, &rejection);
  }

  void append(penstock_buffer* buffer, std::string_view bytes) const {
    if (buffer != nullptr && !bytes.empty()) call_->host->append(call_, buffer, bytes.data(), bytes.size());
  }

  void metric(std::string_view name, double value) const { call_->host->metric(call_, to_c(name), value); }

  void set_error(const Error& error) const noexcept {
    const penstock_error out{sizeof(penstock_error),  error.status(),          error.retry(),        error.vendor_code(),
                             error.retry_after_ns(), to_c(error.sqlstate()), to_c(error.message())};
    call_->host->set_error(call_, &out);
    for (const auto& [key, value] : error.details()) call_->host->add_error_detail(call_, to_c(key), to_c(value));
  }

 private:
  void log(int32_t level, std::string_view message) const {
    if (call_->host->log_enabled(call_, level) != 0) call_->host->log(call_, level, to_c(message));
  }

  penstock_call* call_;
};

// Runs `action` on another thread when the call is cancelled; unhooks itself at the end of the scope, and then the action is
// not running and will not run. For peers whose only way out is their own cancel function.
class CancelHook {
 public:
  CancelHook(const Call& call, std::function<void()> action)
      : call_(call), action_(std::make_unique<std::function<void()>>(std::move(action))),
        token_(call.get()->host->on_cancel(call.get(), run, action_.get())) {}
  ~CancelHook() { call_.get()->host->off_cancel(call_.get(), token_); }
  CancelHook(const CancelHook&) = delete;
  CancelHook& operator=(const CancelHook&) = delete;

 private:
  // It runs on a thread of the host's, which no exception may reach; the wait that it should have ended still has its deadline.
  static void run(void* action) noexcept {
    try {
      (*static_cast<std::function<void()>*>(action))();
    } catch (...) {
    }
  }

  Call call_;
  std::unique_ptr<std::function<void()>> action_;
  uint64_t token_;
};

// Runs body(call) and turns what it throws into a status with a host-owned error.
template <class Body>
penstock_status guarded(penstock_call* raw, Body&& body) noexcept {
  const Call call(raw);
  try {
    body(call);
    return PENSTOCK_STATUS_OK;
  } catch (const Error& error) {
    call.set_error(error);
    return error.status();
  } catch (const std::bad_alloc&) {
    call.set_error(Error(PENSTOCK_STATUS_RESOURCE_EXHAUSTED, PENSTOCK_RETRY_RECONNECT, "out of memory"));
    return PENSTOCK_STATUS_RESOURCE_EXHAUSTED;
  } catch (const std::exception& error) {
    call.set_error(Error(PENSTOCK_STATUS_INTERNAL, PENSTOCK_RETRY_RECONNECT, error.what()));
    return PENSTOCK_STATUS_INTERNAL;
  } catch (...) {
    call.set_error(Error(PENSTOCK_STATUS_INTERNAL, PENSTOCK_RETRY_RECONNECT, "an exception of an unknown type"));
    return PENSTOCK_STATUS_INTERNAL;
  }
}

}  // namespace penstock
