// The penstock_call that a plugin is given: what its pointer leads to, during the call and afterwards.
#pragma once

#include <penstock/call.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string_view>

namespace penstock::host {

class CallContext;
class Conduct;

// A plugin may keep the pointer and use it when the call is over, from a thread that it forgot to stop. It is a bug of the plugin's, but
// may not become one of the host's memory. So the pointer leads to a slot that is never freed, as the library itself is never unloaded:
// a call takes a slot, and its end makes the slot dead and then waits for the callbacks that are inside. Who comes later finds a dead slot,
// which still knows whose it was.
//
// A slot is used again, at the earliest when kRestingSlots others have been: a plugin that is later than that many calls of the whole host
// meets somebody else's call. That is memory-safe, but not noticed. Nothing better can be had for a plain pointer: a generation would have
// to be in the pointer, and the plugin reads call->host through it; slots that are never used again would grow without end.
//
// A call costs two turns of an uncontended lock, a callback two atomic additions. A lock for each callback was rejected: `cancelled` is for
// inner loops, and a lock that is held while a plugin's hook runs can deadlock.
class CallSlot {
 public:
  explicit CallSlot(const penstock_host& host) : head_{sizeof(penstock_call), 0, &host} {}
  CallSlot(const CallSlot&) = delete;
  CallSlot& operator=(const CallSlot&) = delete;

  // A dead slot that has rested, made alive for a call. It is borrowed until end.
  static CallSlot& take(CallContext& context, const penstock_host& host, std::shared_ptr<Conduct> conduct);
  // The call is over. Waits for the callbacks that are inside; later ones are late. `action`: a literal.
  void end(std::string_view action);

  penstock_call* call() { return const_cast<penstock_call*>(&head_); }

 private:
  friend class Callback;
  friend class SlotPool;
  static constexpr uint32_t kAlive = uint32_t{1} << 31;
  static constexpr uint32_t kBeingMade = uint32_t{1} << 30;

  const penstock_call head_;               // first: the plugin has its address only; the same for every call
  std::atomic<uint32_t> state_{0};         // one of the two above or none, and how many callbacks are inside
  CallContext* context_ = nullptr;         // read while alive
  std::shared_ptr<Conduct> conduct_ = {};  // these two are read when dead, and so written only when it is not
  std::string_view action_ = {};
  CallSlot* next_ = nullptr;  // while it rests
};

// So many dead slots rest before one is used again.
inline constexpr size_t kRestingSlots = 4096;

// A callback of a plugin, while it is inside a call. Empty when the call has ended, which is then reported.
class Callback {
 public:
  enum class Effect { none, answer };  // answer: it would have changed what the call answers

  Callback(penstock_call* call, std::string_view name, Effect effect = Effect::none) noexcept;
  ~Callback();
  Callback(const Callback&) = delete;
  Callback& operator=(const Callback&) = delete;

  explicit operator bool() const { return context_ != nullptr; }
  CallContext* operator->() const { return context_; }

 private:
  CallSlot* slot_;
  CallContext* context_ = nullptr;
};

}  // namespace penstock::host
