// One call of the host into a plugin: the host's side of penstock_call.
#pragma once

#include "base/failure.hpp"
#include "base/position.hpp"
#include "plugin/registry.hpp"
#include "plugin/watchdog.hpp"

#include <penstock/call.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <string_view>
#include <vector>

// The ABI's opaque buffer. A plugin only appends to it; what exceeds the limit is dropped.
struct penstock_buffer {
  size_t limit = 0;
  std::string bytes = {};
  bool overflowed = false;
};

namespace penstock::host {

// Limits for what a plugin says in one call.
inline constexpr size_t kMaxMessage = 4096;
inline constexpr size_t kMaxErrorDetails = 32;
inline constexpr size_t kMaxDetailKey = 64;
inline constexpr size_t kMaxDetailValue = 1024;
inline constexpr size_t kMaxLogLines = 1000;
inline constexpr size_t kMaxRejectReason = 1024;
inline constexpr size_t kMaxMetricName = 64;
inline constexpr size_t kMaxPositionDetail = 4096;
inline constexpr size_t kMaxShortText = 1024;    // a position's text, a horizon's reasons
inline constexpr size_t kMaxStatement = 1 << 20;
inline constexpr std::chrono::hours kMaxRetryAfter{1};
inline constexpr std::chrono::seconds kCloseTimeout{10};  // close, end, abort and release on the way out

// What every call needs from the registry; shared by all objects that were opened, so it outlives them.
struct PluginRuntime {
  Registry::Hooks hooks;
  Watchdog watchdog;
};

// Lives as long as the plugin may use get(): one call, or for a scan until the stream is released. The penstock_host functions
// are thread-safe; the members below are for the thread that makes the call.
//
// The call is cancelled by limits.cancel or by its deadline. Whoever only looks at cancelled() or deadline_ns() costs nothing;
// a descriptor, a hook and a timer exist from the plugin's first on_cancel or cancel_fd on.
class CallContext {
 public:
  // `component` begins every message: "postgres".
  CallContext(std::shared_ptr<PluginRuntime> runtime, std::string component, CallLimits limits);
  ~CallContext();
  CallContext(const CallContext&) = delete;
  CallContext& operator=(const CallContext&) = delete;

  penstock_call* get() { return &raw_.head; }
  const std::string& component() const { return component_; }

  // CANCELLED when there is no point in calling, as the host has already cancelled.
  Result<void> start(std::string_view action) const;

  // What a returned status means: the recorded error, a made-up one when the plugin gave none, INTERNAL for a status that does
  // not exist. The message begins with the component and the action.
  Result<void> finish(penstock_status status, std::string_view action);

  // The same for a function that answers with something else than a status: the recorded error's status counts, else this one.
  Failure fail(penstock_status status, std::string_view message, std::string_view action);

  // The plugin broke the contract: INTERNAL.
  Failure misbehaved(std::string_view action, std::string_view what) const;

  void warn(std::string_view message) const;

  // Between the calls that share this context (a stream's): no deadline while the plugin is not running, a new one before it is.
  void suspend();
  void renew(std::chrono::nanoseconds timeout);
  void renew() { renew(limits_.timeout); }

  // A buffer for out-parameters; lives as long as the context.
  penstock_buffer* buffer(size_t limit);

  // Accepts rejects from now on, for a batch of this size; finish_rejects says what is wrong with them.
  void collect_rejects(int64_t rows, int32_t columns);
  Result<std::vector<RejectedRow>> finish_rejects(std::string_view action);

 private:
  struct Raw {
    penstock_call head;  // first: the plugin has its address only
    CallContext* self;
  };
  struct Rejects {
    int64_t rows = 0;
    int32_t columns = 0;
    std::vector<bool> seen = {};
    std::vector<RejectedRow> list = {};
    std::string problem = {};
  };

  static CallContext& of(penstock_call* call) { return *reinterpret_cast<Raw*>(call)->self; }
  static const penstock_host kHost;

  bool cancelled() const;
  CancelToken& own_token();
  void expire();
  void arm();
  void disarm();
  void log(int32_t level, penstock_str message);
  void set_error(const penstock_error& error);
  void add_error_detail(penstock_str key, penstock_str value);
  void reject(const penstock_rejection& rejection);
  void append(penstock_buffer* buffer, const void* data, uint64_t size);
  void metric(penstock_str name, double value);

  Raw raw_;
  const std::shared_ptr<PluginRuntime> runtime_;
  const std::string component_;
  const CallLimits limits_;
  std::atomic<int64_t> deadline_ns_;
  std::atomic<bool> expired_{false};  // the watchdog has fired: for good, as the plugin's hooks have run

  std::mutex cancel_mutex_;
  std::optional<CancelToken> own_token_;
  uint64_t outer_hook_ = 0;
  std::optional<Watchdog::Timer> timer_;

  mutable std::mutex mutex_;  // of all below
  std::optional<Failure> error_;
  size_t log_lines_ = 0;
  std::unordered_map<const penstock_buffer*, std::unique_ptr<penstock_buffer>> buffers_;
  std::optional<Rejects> rejects_;
};

// A position for a plugin to fill in.
class PositionSlot {
 public:
  explicit PositionSlot(CallContext& call);
  penstock_position_out* out() { return &out_; }
  // INTERNAL when the detail exceeds kMaxPositionDetail: cut short it would be another position.
  Result<Position> read(const CallContext& call, std::string_view action) const;

 private:
  penstock_position_out out_;
};

// Borrows from the position.
penstock_position to_c(const Position& position);

}  // namespace penstock::host
