#include "plugin/call_slot.hpp"

#include "plugin/call_context.hpp"
#include "plugin/conduct.hpp"

#include <utility>

namespace penstock::host {

// All slots of the process: plugins and their threads belong to the process and outlive every registry.
class SlotPool {
 public:
  // Never destroyed: a plugin's thread may use a slot while the process ends.
  static SlotPool& of_process() {
    static SlotPool& pool = *new SlotPool;
    return pool;
  }

  // A dead slot in which nobody is, with kBeingMade.
  CallSlot& take(const penstock_host& host) {
    const std::lock_guard lock(mutex_);
    for (size_t tries = resting_; tries > 0 && resting_ >= kRestingSlots; --tries) {
      CallSlot& slot = pop();
      uint32_t nobody = 0;
      if (slot.state_.compare_exchange_strong(nobody, CallSlot::kBeingMade, std::memory_order_acquire)) return slot;
      push(slot);  // a late callback is in it
    }
    CallSlot& slot = slots_.emplace_back(host);
    slot.state_ = CallSlot::kBeingMade;
    return slot;
  }

  void rest(CallSlot& slot) {
    const std::lock_guard lock(mutex_);
    push(slot);
  }

 private:
  // First in, first out, through the slots themselves: the end of a call cannot fail for lack of memory.
  void push(CallSlot& slot) {
    slot.next_ = nullptr;
    (last_ == nullptr ? first_ : last_->next_) = &slot;
    last_ = &slot;
    ++resting_;
  }
  CallSlot& pop() {
    CallSlot& slot = *std::exchange(first_, first_->next_);
    if (first_ == nullptr) last_ = nullptr;
    --resting_;
    return slot;
  }

  std::mutex mutex_;
  std::deque<CallSlot> slots_;  // keeps its elements where they are
  CallSlot* first_ = nullptr;
  CallSlot* last_ = nullptr;
  size_t resting_ = 0;
};

CallSlot& CallSlot::take(CallContext& context, const penstock_host& host, std::shared_ptr<Conduct> conduct) {
  CallSlot& slot = SlotPool::of_process().take(host);
  slot.context_ = &context;
  slot.conduct_ = std::move(conduct);
  // Not a store: a late callback may have counted itself in.
  slot.state_.fetch_xor(kBeingMade | kAlive, std::memory_order_release);
  return slot;
}

void CallSlot::end(std::string_view action) {
  action_ = action;
  state_.fetch_and(~kAlive, std::memory_order_release);
  for (uint32_t state; (state = state_.load(std::memory_order_acquire)) != 0;) state_.wait(state, std::memory_order_acquire);
  SlotPool::of_process().rest(*this);
}

Callback::Callback(penstock_call* call, std::string_view name, Effect effect) noexcept : slot_(reinterpret_cast<CallSlot*>(call)) {
  if (slot_ == nullptr) return;
  const uint32_t state = slot_->state_.fetch_add(1, std::memory_order_acquire);
  if ((state & CallSlot::kAlive) != 0) {
    context_ = slot_->context_;
    return;
  }
  // What is being made for another call says nothing any more of the call before.
  if ((state & CallSlot::kBeingMade) == 0) slot_->conduct_->late_callback(name, slot_->action_, effect == Effect::answer);
}

Callback::~Callback() {
  if (slot_ == nullptr) return;
  if (slot_->state_.fetch_sub(1, std::memory_order_release) == 1) slot_->state_.notify_all();  // dead, and the last to leave
}

}  // namespace penstock::host
