// One call of the host into a plugin: the host's side of penstock_call.
#pragma once

#include "base/failure.hpp"
#include "base/position.hpp"
#include "plugin/call_slot.hpp"
#include "plugin/conduct.hpp"
#include "plugin/registry.hpp"
#include "plugin/watchdog.hpp"

#include <penstock/call.h>
#include <penstock/source.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
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
  PluginRuntime() = default;
  ~PluginRuntime() { late->close(); }
  PluginRuntime(const PluginRuntime&) = delete;
  PluginRuntime& operator=(const PluginRuntime&) = delete;

  Registry::Hooks hooks;  // set before the first call
  Watchdog watchdog;
  const std::shared_ptr<LateCallbacks> late = std::make_shared<LateCallbacks>(&hooks);
};

// Whom the calls go to: one object of a component, or the module itself. Copies are the same object.
struct Callee {
  Callee(std::shared_ptr<PluginRuntime> of, std::string component)
      : runtime(std::move(of)), conduct(std::make_shared<Conduct>(std::move(component), runtime->late)) {}
  const std::string& component() const { return conduct->component(); }

  std::shared_ptr<PluginRuntime> runtime;
  std::shared_ptr<Conduct> conduct;
};

// Lives as long as the plugin may use get(): one call, or for a scan until the stream is released. What the plugin does with get()
// later is caught; see CallSlot. The penstock_host functions are thread-safe; the members below are for the thread that makes the call.
//
// The call is cancelled by limits.cancel or by its deadline. Whoever only looks at cancelled() or deadline_ns() costs nothing;
// a descriptor, a hook and a timer exist from the plugin's first on_cancel or cancel_fd on.
class CallContext {
 public:
  // Component and action begin every message: "postgres: ping". The action is a literal: it is still known when the call is over.
  CallContext(const Callee& callee, std::string_view action, CallLimits limits);
  ~CallContext();
  CallContext(const CallContext&) = delete;
  CallContext& operator=(const CallContext&) = delete;

  penstock_call* get() { return slot_.call(); }
  const std::string& component() const { return callee_.component(); }

  // CANCELLED when there is no point in calling, as the host has already cancelled; INTERNAL when the object is no longer believed.
  Result<void> start() const;
  // The same for another action of the same call: a stream is read with the call that it was made with.
  Result<void> start(std::string_view action);

  // The function has returned, and with it the call is over: what the plugin's threads still call is late, and what was answered stays
  // as it is. The result is that of outcome.
  Result<void> finish(penstock_status status);

  // What a returned status means: the recorded error, a made-up one when the plugin gave none, INTERNAL for a status that does
  // not exist, and for OK when the plugin misused a callback. The message begins with the component and the action.
  Result<void> outcome(penstock_status status);

  // The same for a function that answers with something else than a status: the recorded error's status counts, else this one.
  Failure fail(penstock_status status, std::string_view message);

  // The plugin broke the contract: INTERNAL.
  Failure misbehaved(std::string_view what) const;

  // A line of the log that begins like a failure's message.
  void warn(std::string_view what) const;

  // Between the calls that share this context (a stream's): no deadline while the plugin is not running, a new one before it is.
  void suspend();
  void renew(std::chrono::nanoseconds timeout);
  void renew() { renew(limits_.timeout); }

  // A buffer for out-parameters; lives as long as the context.
  penstock_buffer* buffer(size_t limit);

  // Accepts rejects from now on, for a batch of this size; finish_rejects says what is wrong with them.
  void collect_rejects(int64_t rows, int32_t columns);
  Result<std::vector<RejectedRow>> finish_rejects();

  // For functions that report through a penstock_add_partition: what is given as the function and as its context. `take` runs as long
  // as the call; it says whether there is room, and does not throw.
  penstock_add_partition take_partitions(std::function<penstock_status(penstock_bytes)> take);
  void* partition_context() { return get(); }

 private:
  struct Rejects {
    int64_t rows = 0;
    int32_t columns = 0;
    std::vector<bool> seen = {};
    std::vector<RejectedRow> list = {};
    std::string problem = {};
  };

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
  penstock_status add_partition(penstock_bytes token);
  // With mutex_ held.
  void misuse(std::string what);
  void end();
  void drop_hooks();

  const Callee callee_;
  std::string_view action_;
  const CallLimits limits_;
  std::atomic<int64_t> deadline_ns_;
  std::atomic<bool> expired_{false};  // the watchdog has fired: for good, as the plugin's hooks have run

  std::mutex cancel_mutex_;
  std::optional<CancelToken> own_token_;
  uint64_t outer_hook_ = 0;
  std::optional<Watchdog::Timer> timer_;

  mutable std::mutex mutex_;  // of all below
  std::optional<Failure> error_;
  std::string misuse_;  // of a callback, the first
  size_t log_lines_ = 0;
  std::unordered_map<const penstock_buffer*, std::unique_ptr<penstock_buffer>> buffers_;
  std::optional<Rejects> rejects_;
  std::function<penstock_status(penstock_bytes)> take_partition_;

  bool ended_ = false;  // of the calling thread alone
  CallSlot& slot_;      // last: from here on the plugin can reach this
};

// A position for a plugin to fill in.
class PositionSlot {
 public:
  explicit PositionSlot(CallContext& call);
  penstock_position_out* out() { return &out_; }
  // INTERNAL when the detail exceeds kMaxPositionDetail: cut short it would be another position.
  Result<Position> read(const CallContext& call) const;

 private:
  penstock_position_out out_;
};

// Borrows from the position.
penstock_position to_c(const Position& position);

}  // namespace penstock::host
