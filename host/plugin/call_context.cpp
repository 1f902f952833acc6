#include "plugin/call_context.hpp"

#include "plugin/printable.hpp"

#include <penstock/error.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace penstock::host {
namespace {

constexpr int64_t kNoDeadline = std::numeric_limits<int64_t>::max();

int64_t monotonic_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(Watchdog::Clock::now().time_since_epoch()).count();
}

int64_t deadline_after(std::chrono::nanoseconds timeout) {
  const int64_t now = monotonic_ns();
  return timeout.count() <= 0 || timeout.count() > kNoDeadline - now ? kNoDeadline : now + timeout.count();
}

int32_t known_retry(int32_t retry) {
  // A class that this host does not know: the careful choice is to start again from the position.
  return retry >= PENSTOCK_RETRY_NEVER && retry <= PENSTOCK_RETRY_RECONNECT ? retry : PENSTOCK_RETRY_UNKNOWN_OUTCOME;
}

// For a plugin that gave a status but no error.
int32_t usual_retry(penstock_status status) {
  switch (status) {
    case PENSTOCK_STATUS_UNAVAILABLE:
    case PENSTOCK_STATUS_CANCELLED:
    case PENSTOCK_STATUS_DEADLINE_EXCEEDED:
    case PENSTOCK_STATUS_RESOURCE_EXHAUSTED: return PENSTOCK_RETRY_UNKNOWN_OUTCOME;
    default: return PENSTOCK_RETRY_NEVER;
  }
}

bool is_known_error(penstock_status status) { return status > PENSTOCK_STATUS_OK && status <= PENSTOCK_STATUS_DATA_LOSS; }

std::string known_sqlstate(penstock_str value) {
  if (value.data == nullptr || value.size != 5) return {};
  std::string text(value.data, 5);
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); });
  return plain ? text : std::string();
}

}  // namespace

CallContext::CallContext(const Callee& callee, std::string_view action, CallLimits limits)
    : callee_(callee), action_(action), limits_(std::move(limits)), deadline_ns_(deadline_after(limits_.timeout)),
      slot_(CallSlot::take(*this, kHost, callee.conduct)) {}

CallContext::~CallContext() { end(); }

void CallContext::end() {
  if (std::exchange(ended_, true)) return;
  // First: a hook that is running may still use the call. And again for one that came in between.
  drop_hooks();
  slot_.end(action_);
  drop_hooks();
}

void CallContext::drop_hooks() {
  disarm();
  std::unique_lock lock(cancel_mutex_);
  const uint64_t hook = std::exchange(outer_hook_, 0);
  lock.unlock();
  if (hook != 0) limits_.cancel->remove_hook(hook);
}

bool CallContext::cancelled() const {
  return expired_ || (limits_.cancel != nullptr && limits_.cancel->cancelled()) || monotonic_ns() >= deadline_ns_;
}

CancelToken& CallContext::own_token() {
  std::unique_lock lock(cancel_mutex_);
  if (!own_token_) {
    own_token_.emplace();
    if (limits_.cancel != nullptr) outer_hook_ = limits_.cancel->add_hook([this] { own_token_->cancel(); });
    arm();
  }
  lock.unlock();
  // The watchdog will come, but whoever asks now is told now.
  if (monotonic_ns() >= deadline_ns_) expire();
  return *own_token_;
}

void CallContext::expire() {
  expired_ = true;
  own_token_->cancel();
}

void CallContext::arm() {
  if (expired_ || deadline_ns_ == kNoDeadline) return;
  try {
    timer_ = callee_.runtime->watchdog.arm(Watchdog::Clock::time_point(std::chrono::nanoseconds(deadline_ns_)), [this] { expire(); });
  } catch (const std::exception&) {
    // No thread to be had: the plugin still sees the deadline when it looks.
  }
}

void CallContext::disarm() {
  std::unique_lock lock(cancel_mutex_);
  const auto timer = std::exchange(timer_, std::nullopt);
  // Unlocked: the hook that is waited for may itself be in on_cancel or off_cancel.
  lock.unlock();
  if (timer) callee_.runtime->watchdog.disarm(*timer);
}

void CallContext::suspend() {
  deadline_ns_ = kNoDeadline;
  disarm();
}

void CallContext::renew(std::chrono::nanoseconds timeout) {
  suspend();
  deadline_ns_ = deadline_after(timeout);
  const std::lock_guard lock(cancel_mutex_);
  if (own_token_) arm();
}

Result<void> CallContext::start() const {
  if (auto trusted = callee_.conduct->check(); !trusted) return std::move(trusted.failure()).in(action_).in(component());
  if (limits_.cancel == nullptr || !limits_.cancel->cancelled()) return {};
  return Failure{PENSTOCK_STATUS_CANCELLED, PENSTOCK_RETRY_SAFE, "cancelled"}.in(action_).in(component());
}

Result<void> CallContext::start(std::string_view action) {
  action_ = action;
  return start();
}

Result<void> CallContext::finish(penstock_status status) {
  end();
  return outcome(status);
}

Result<void> CallContext::outcome(penstock_status status) {
  const std::lock_guard lock(mutex_);
  std::optional<Failure> recorded = std::exchange(error_, std::nullopt);
  if (status == PENSTOCK_STATUS_OK) return misuse_.empty() ? Result<void>() : misbehaved(misuse_);
  const bool known = is_known_error(status);
  if (!recorded) recorded = Failure{PENSTOCK_STATUS_INTERNAL, usual_retry(status), "failed without saying why"};
  if (recorded->message.empty()) recorded->message = "failed without saying why";
  if (!known) recorded->details.emplace_back("status", std::to_string(status));
  recorded->status = known ? status : PENSTOCK_STATUS_INTERNAL;
  // Only the host knows which of its two reasons to cancel it was.
  const bool by_host = limits_.cancel != nullptr && limits_.cancel->cancelled();
  if (status == PENSTOCK_STATUS_CANCELLED && !by_host && cancelled()) {
    recorded->status = PENSTOCK_STATUS_DEADLINE_EXCEEDED;
    recorded->message += " (the call's time was up)";
  }
  return std::move(*recorded).in(action_).in(component());
}

Failure CallContext::fail(penstock_status status, std::string_view message) {
  {
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = Failure{status, usual_retry(status), printable(message, kMaxMessage)};
    status = error_->status;
  }
  return outcome(status).failure();
}

Failure CallContext::misbehaved(std::string_view what) const { return internal(std::string(what)).in(action_).in(component()); }

void CallContext::warn(std::string_view what) const {
  const PluginLog& log = callee_.runtime->hooks.log;
  if (!log) return;
  if (limits_.scope.empty())
    log(PENSTOCK_LOG_WARN, component(), std::string(action_) + ": " + std::string(what));
  else
    log(PENSTOCK_LOG_WARN, limits_.scope, misbehaved(what).message);
}

void CallContext::misuse(std::string what) {
  if (misuse_.empty()) misuse_ = std::move(what);
}

void CallContext::log(int32_t level, penstock_str message) {
  if (!callee_.runtime->hooks.log) return;
  {
    const std::lock_guard lock(mutex_);
    if (log_lines_ > kMaxLogLines) return;
    ++log_lines_;
    if (log_lines_ > kMaxLogLines) {
      level = PENSTOCK_LOG_WARN;
      message = penstock::to_c("further messages of this call are dropped");
    }
  }
  callee_.runtime->hooks.log(std::clamp(level, PENSTOCK_LOG_DEBUG, PENSTOCK_LOG_ERROR), limits_.scope.empty() ? component() : limits_.scope,
                      printable(message, kMaxMessage));
}

void CallContext::set_error(const penstock_error& error) {
  constexpr int64_t kLongest = std::chrono::nanoseconds(kMaxRetryAfter).count();
  Failure failure{is_known_error(error.status) ? error.status : PENSTOCK_STATUS_INTERNAL, known_retry(error.retry),
                  printable(error.message, kMaxMessage)};
  if (failure.retry == PENSTOCK_RETRY_AFTER) failure.retry_after_ns = std::clamp(error.retry_after_ns, int64_t{0}, kLongest);
  failure.vendor_code = error.vendor_code;
  failure.sqlstate = known_sqlstate(error.sqlstate);
  const std::lock_guard lock(mutex_);
  error_ = std::move(failure);
}

void CallContext::add_error_detail(penstock_str key, penstock_str value) {
  const std::lock_guard lock(mutex_);
  if (!error_ || error_->details.size() >= kMaxErrorDetails) return;
  error_->details.emplace_back(printable(key, kMaxDetailKey), printable(value, kMaxDetailValue));
}

void CallContext::append(penstock_buffer* buffer, const void* data, uint64_t size) {
  const std::lock_guard lock(mutex_);
  // Writing through a pointer that is not one of this call's buffers would make the plugin's bug ours; and what was meant to be in
  // a buffer is lacking there.
  if (!buffers_.contains(buffer)) return misuse("appended to a buffer that is not this call's");
  if (size == 0) return;
  if (data == nullptr) return misuse("appended " + std::to_string(size) + " bytes without saying where they are");
  const size_t room = buffer->limit - buffer->bytes.size();
  if (size > room) buffer->overflowed = true;
  buffer->bytes.append(static_cast<const char*>(data), std::min<uint64_t>(size, room));
}

penstock_buffer* CallContext::buffer(size_t limit) {
  const std::lock_guard lock(mutex_);
  auto made = std::make_unique<penstock_buffer>(penstock_buffer{limit});
  penstock_buffer* const buffer = made.get();
  buffers_.emplace(buffer, std::move(made));
  return buffer;
}

void CallContext::metric(penstock_str name, double value) {
  const std::string text = printable(name, kMaxMetricName);
  const bool valid = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
  if (valid && std::isfinite(value) && callee_.runtime->hooks.metric) callee_.runtime->hooks.metric(component(), text, value);
}

void CallContext::collect_rejects(int64_t rows, int32_t columns) {
  const std::lock_guard lock(mutex_);
  rejects_.emplace(Rejects{rows, columns, std::vector<bool>(static_cast<size_t>(rows))});
}

void CallContext::reject(const penstock_rejection& rejection) {
  const std::lock_guard lock(mutex_);
  if (!rejects_) return misuse("rejected a row outside of write");
  if (!rejects_->problem.empty()) return;
  Rejects& rejects = *rejects_;
  const auto row = static_cast<size_t>(rejection.row);
  if (rejection.row < 0 || rejection.row >= rejects.rows) {
    rejects.problem = "rejected row " + std::to_string(rejection.row) + " of a batch of " + std::to_string(rejects.rows) + " rows";
  } else if (rejection.column < PENSTOCK_REJECT_NO_COLUMN || rejection.column >= rejects.columns) {
    rejects.problem = "rejected column " + std::to_string(rejection.column) + " of a batch of " + std::to_string(rejects.columns) +
                      " columns";
  } else if (rejects.seen[row]) {
    rejects.problem = "rejected row " + std::to_string(rejection.row) + " twice";
  } else {
    rejects.seen[row] = true;
    std::string reason = printable(rejection.reason, kMaxRejectReason);
    if (reason.empty()) reason = "rejected without saying why";
    rejects.list.push_back({rejection.row, rejection.column, std::move(reason), rejection.retryable != 0});
  }
}

Result<std::vector<RejectedRow>> CallContext::finish_rejects() {
  const std::lock_guard lock(mutex_);
  const Rejects rejects = std::exchange(rejects_, std::nullopt).value_or(Rejects{});
  if (!rejects.problem.empty()) return misbehaved(rejects.problem);
  return rejects.list;
}

penstock_add_partition CallContext::take_partitions(std::function<penstock_status(penstock_bytes)> take) {
  const std::lock_guard lock(mutex_);
  take_partition_ = std::move(take);
  return [](void* context, penstock_bytes token) -> penstock_status {
    const Callback to(static_cast<penstock_call*>(context), "add_partition", Callback::Effect::answer);
    return to ? to->add_partition(token) : PENSTOCK_STATUS_CANCELLED;
  };
}

penstock_status CallContext::add_partition(penstock_bytes token) {
  const std::lock_guard lock(mutex_);
  if (token.data == nullptr && token.size > 0) misuse("added a partition of " + std::to_string(token.size) + " bytes without saying where they are");
  return take_partition_(token);
}

PositionSlot::PositionSlot(CallContext& call)
    : out_{sizeof(penstock_position_out), 0, 0, call.buffer(kMaxPositionDetail), call.buffer(kMaxShortText)} {}

Result<Position> PositionSlot::read(const CallContext& call) const {
  if (out_.detail->overflowed)
    return call.misbehaved("the position's detail is longer than " + std::to_string(kMaxPositionDetail) + " bytes");
  return Position{out_.ordinal, out_.detail->bytes, printable(out_.text->bytes, kMaxShortText)};
}

penstock_position to_c(const Position& position) {
  return {sizeof(penstock_position), 0, position.ordinal, penstock::to_bytes(position.detail), penstock::to_c(position.text)};
}

}  // namespace penstock::host
