// A call as a plugin gets it, with a host behind it that records what the plugin says and notices what it must not do.
#pragma once

#include <penstock/testing/fake_buffer.hpp>
#include <penstock/testing/recorded.hpp>
#include <penstock/testing/utf8.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <limits>
#include <mutex>
#include <sys/eventfd.h>
#include <thread>
#include <time.h>
#include <unistd.h>

namespace penstock::testing {

// Pass get() to a plugin; read the other members afterwards. The drivers say start(), give() and end(); a test that calls a slot
// itself may do the same, and without it what depends on the slot is not checked. It serves one call after another: start() forgets
// the error and the rejects of the one before.
// Keep it alive after end() for as long as the plugin might still use it: what it does then is a violation that is recorded.
// All functions may be called from any thread.
class FakeCall {
 public:
  explicit FakeCall(const HostShape& shape = {}) : host_(shape, host_table(shape)) {
    const HostStruct<penstock_call> head(shape, {0, 0, host_.get()});
    std::memcpy(raw_.head, &head, sizeof raw_.head);
    raw_.self = this;
  }
  ~FakeCall() {
    if (cancel_fd_ >= 0) close(cancel_fd_);
  }
  FakeCall(const FakeCall&) = delete;
  FakeCall& operator=(const FakeCall&) = delete;

  penstock_call* get() { return reinterpret_cast<penstock_call*>(&raw_); }

  // The slot `slot` is about to be called, "scan" or "write".
  void start(std::string slot) {
    const std::lock_guard lock(mutex_);
    slot_ = std::move(slot);
    ended_ = false;
    error_ = {};
    rejects_.clear();
    given_.clear();
  }
  // The running call may append to this buffer, which outlives it.
  void give(const FakeBuffer& buffer) {
    const std::lock_guard lock(mutex_);
    given_.push_back(&buffer);
  }
  // The slot has returned; of a scan, the stream was released.
  void end() {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    given_.clear();
    if (!hooks_.empty()) violate("a hook of on_cancel was left behind");
    hooks_.clear();
  }

  void cancel() {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
    if (cancel_fd_ >= 0) eventfd_write(cancel_fd_, 1);
    run_hooks();
  }
  // When it comes, what was to run on a cancel runs, as in the host.
  void set_deadline_ms_from_now(int64_t ms) {
    deadline_ns_ = monotonic_ns() + ms * 1'000'000;
    watchdog_ = std::jthread([this, ms](std::stop_token stop) {
      std::mutex mutex;
      std::unique_lock lock(mutex);
      std::condition_variable_any changed;
      changed.wait_for(lock, stop, std::chrono::milliseconds(ms), [] { return false; });
      if (!stop.stop_requested()) run_hooks();
    });
  }

  RecordedError error() const { return copied(error_); }
  std::vector<RecordedReject> rejects() const { return copied(rejects_); }
  std::vector<std::string> logs() const { return copied(logs_); }
  std::map<std::string, double> metrics() const { return copied(metrics_); }

  // What the plugin did that the ABI forbids, one sentence each.
  std::vector<std::string> violations() const { return copied(violations_); }
  // Those that this function has not returned before.
  std::vector<std::string> take_untold_violations() {
    const std::lock_guard lock(mutex_);
    const auto first = violations_.begin() + static_cast<std::ptrdiff_t>(std::exchange(told_, violations_.size()));
    return {first, violations_.end()};
  }
  // For a test of the violations themselves: the drivers do not throw because of this call.
  void tolerate_violations() { tolerates_violations_ = true; }
  bool tolerates_violations() const { return tolerates_violations_; }
  // Adds one that a driver has noticed.
  void violate(const std::string& what) {
    const std::lock_guard lock(mutex_);
    violations_.push_back(slot_.empty() ? what : slot_ + ": " + what);
  }

 private:
  struct Raw {
    unsigned char head[sizeof(HostStruct<penstock_call>)];
    FakeCall* self;
  };
  struct Hook {
    uint64_t token;
    void (*fn)(void*);
    void* arg;
    bool ran;
  };
  // Longer than any text that a connector has to say.
  static constexpr uint64_t kLongestText = uint64_t{16} << 20;

  static FakeCall& of(penstock_call* call) { return *reinterpret_cast<Raw*>(call)->self; }

  static int64_t monotonic_ns() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
  }

  static penstock_host host_table(const HostShape& shape) {
    penstock_host host{};
    host.abi_major = PENSTOCK_ABI_MAJOR;
    host.abi_minor = shape.abi_minor;
    host.log_enabled = [](penstock_call* call, int32_t level) { return of(call).log_enabled(level); };
    host.log = [](penstock_call* call, int32_t level, penstock_str message) { of(call).log(level, message); };
    host.set_error = [](penstock_call* call, const penstock_error* error) { of(call).set_error(error); };
    host.add_error_detail = [](penstock_call* call, penstock_str key, penstock_str value) { of(call).add_error_detail(key, value); };
    host.cancelled = [](penstock_call* call) { return of(call).cancelled(); };
    host.cancel_fd = [](penstock_call* call) { return of(call).cancel_fd(); };
    host.deadline_ns = [](penstock_call* call) { return of(call).deadline_ns(); };
    host.on_cancel = [](penstock_call* call, void (*fn)(void*), void* arg) { return of(call).on_cancel(fn, arg); };
    host.off_cancel = [](penstock_call* call, uint64_t token) { of(call).off_cancel(token); };
    host.reject = [](penstock_call* call, const penstock_rejection* rejection) { of(call).reject(rejection); };
    host.append = [](penstock_call* call, penstock_buffer* buffer, const void* data, uint64_t size) { of(call).append(buffer, data, size); };
    host.metric = [](penstock_call* call, penstock_str name, double value) { of(call).metric(name, value); };
    return host;
  }

  template <class T>
  T copied(const T& member) const {
    const std::lock_guard lock(mutex_);
    return member;
  }

  // Every function of the host begins with this.
  void require_running(const char* function) {
    if (ended_) violate(std::string(function) + " was called after the call had ended");
  }

  // The text, or nothing when there cannot be one.
  std::string text(penstock_str in, const char* what) {
    if (in.size == 0) return {};
    if (in.data == nullptr || in.size > kLongestText) {
      violate(std::string(what) + ": " + (in.data == nullptr ? "NULL with a size" : "a size that cannot be") + " (" +
              std::to_string(in.size) + ")");
      return {};
    }
    std::string out(in.data, in.size);
    if (!is_utf8(out)) violate(std::string(what) + ": not UTF-8");
    return out;
  }

  int32_t log_enabled(int32_t level) {
    require_running("log_enabled");
    if (level < PENSTOCK_LOG_DEBUG || level > PENSTOCK_LOG_ERROR) violate("log_enabled: no such level: " + std::to_string(level));
    return 1;
  }

  void log(int32_t level, penstock_str message) {
    const std::lock_guard lock(mutex_);
    require_running("log");
    if (level < PENSTOCK_LOG_DEBUG || level > PENSTOCK_LOG_ERROR) violate("log: no such level: " + std::to_string(level));
    logs_.push_back(text(message, "log"));
  }

  void set_error(const penstock_error* in) {
    const std::lock_guard lock(mutex_);
    require_running("set_error");
    if (in == nullptr || !PENSTOCK_HAS(in, message)) return violate("set_error: no error, or a smaller one than there ever was");
    if (in->status <= PENSTOCK_STATUS_OK || in->status > PENSTOCK_STATUS_DATA_LOSS)
      violate("set_error: the status " + std::to_string(in->status) + " is no error");
    if (in->retry < PENSTOCK_RETRY_NEVER || in->retry > PENSTOCK_RETRY_RECONNECT)
      violate("set_error: no such retry class: " + std::to_string(in->retry));
    if (in->retry == PENSTOCK_RETRY_AFTER && in->retry_after_ns < 0) violate("set_error: retry_after_ns is negative");
    error_ = {in->status, in->retry, in->vendor_code, in->retry_after_ns, text(in->sqlstate, "set_error: sqlstate"),
              text(in->message, "set_error: message"), {}};
    if (!error_.sqlstate.empty() && error_.sqlstate.size() != 5) violate("set_error: the SQLSTATE \"" + error_.sqlstate + "\" has not five characters");
    if (error_.message.empty()) violate("set_error: no message");
  }

  void add_error_detail(penstock_str key, penstock_str value) {
    const std::lock_guard lock(mutex_);
    require_running("add_error_detail");
    if (error_.status == PENSTOCK_STATUS_OK) violate("add_error_detail: before set_error");
    error_.details[text(key, "add_error_detail: key")] = text(value, "add_error_detail: value");
  }

  int32_t cancelled() {
    require_running("cancelled");
    return cancelled_ || ended_ ? 1 : 0;
  }

  int32_t cancel_fd() {
    const std::lock_guard lock(mutex_);
    require_running("cancel_fd");
    // Only when it is asked for: a driver keeps many calls.
    if (cancel_fd_ < 0) cancel_fd_ = eventfd(cancelled_ ? 1 : 0, EFD_CLOEXEC | EFD_NONBLOCK);
    return cancel_fd_;
  }

  int64_t deadline_ns() {
    require_running("deadline_ns");
    return deadline_ns_;
  }

  uint64_t on_cancel(void (*fn)(void*), void* arg) {
    const std::lock_guard lock(mutex_);
    require_running("on_cancel");
    if (fn == nullptr) violate("on_cancel: no function");
    const bool now = fn != nullptr && (cancelled_ || monotonic_ns() >= deadline_ns_);
    if (now) fn(arg);
    hooks_.push_back({next_token_, fn, arg, now});
    return next_token_++;
  }

  void off_cancel(uint64_t token) {
    const std::lock_guard lock(mutex_);
    require_running("off_cancel");
    if (std::erase_if(hooks_, [&](const Hook& hook) { return hook.token == token; }) == 0)
      violate("off_cancel: no such token: " + std::to_string(token));
  }

  void run_hooks() {
    const std::lock_guard lock(mutex_);
    for (Hook& hook : hooks_)
      if (!std::exchange(hook.ran, true) && hook.fn != nullptr) hook.fn(hook.arg);
  }

  void reject(const penstock_rejection* in) {
    const std::lock_guard lock(mutex_);
    require_running("reject");
    if (!slot_.empty() && slot_ != "write") violate("reject: only write may");
    if (in == nullptr || !PENSTOCK_HAS(in, reason)) return violate("reject: no rejection, or a smaller one than there ever was");
    if (in->row < 0) violate("reject: row " + std::to_string(in->row));
    if (in->column < PENSTOCK_REJECT_NO_COLUMN) violate("reject: column " + std::to_string(in->column));
    rejects_.push_back({in->row, in->column, text(in->reason, "reject: reason"), in->retryable != 0});
    if (rejects_.back().reason.empty()) violate("reject: no reason");
  }

  void append(penstock_buffer* buffer, const void* data, uint64_t size) {
    const std::lock_guard lock(mutex_);
    require_running("append");
    auto* const known = reinterpret_cast<FakeBuffer*>(buffer);
    if (buffer == nullptr || (!slot_.empty() && std::find(given_.begin(), given_.end(), known) == given_.end()))
      return violate("append: to a buffer that the call was not given");
    if (size > kLongestText || (data == nullptr && size != 0)) return violate("append: a size or a pointer that cannot be");
    known->bytes.append(static_cast<const char*>(data), size);
  }

  void metric(penstock_str name, double value) {
    const std::lock_guard lock(mutex_);
    require_running("metric");
    const std::string key = text(name, "metric: name");
    if (key.empty() || key.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") != std::string::npos)
      return violate("metric: the name \"" + key + "\" is not [a-z0-9_]+");
    metrics_[key] += value;
  }

  HostStruct<penstock_host> host_;
  alignas(penstock_call) Raw raw_{};
  int cancel_fd_ = -1;
  std::atomic<bool> cancelled_{false};
  std::atomic<bool> ended_{false};
  std::atomic<bool> tolerates_violations_{false};
  std::atomic<int64_t> deadline_ns_{std::numeric_limits<int64_t>::max()};
  mutable std::recursive_mutex mutex_;
  std::string slot_;
  std::vector<const FakeBuffer*> given_;
  uint64_t next_token_ = 1;
  std::vector<Hook> hooks_;
  RecordedError error_;
  std::vector<RecordedReject> rejects_;
  std::vector<std::string> logs_;
  std::map<std::string, double> metrics_;
  std::vector<std::string> violations_;
  size_t told_ = 0;
  std::jthread watchdog_;  // last: it ends first
};

}  // namespace penstock::testing
