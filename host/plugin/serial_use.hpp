// Guards the ABI's [serial: object] rule.
#pragma once

#include <atomic>
#include <cassert>

namespace penstock::host {

// Two calls at once on one object are a bug of the host, and data corruption in a plugin that relied on the rule: stop here.
class SerialUse {
 public:
  class Turn {
   public:
    explicit Turn(SerialUse& use) : use_(use) {
      [[maybe_unused]] const bool overlap = use_.busy_.exchange(true, std::memory_order_acquire);
      assert(!overlap && "two calls at once on one plugin object");
    }
    ~Turn() { use_.busy_.store(false, std::memory_order_release); }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    SerialUse& use_;
  };

 private:
  std::atomic<bool> busy_{false};
};

}  // namespace penstock::host
