// The host as a plugin sees it: each function finds its call, if that has not ended, and lets nothing be thrown.
#include "plugin/call_context.hpp"

#include <limits>

namespace penstock::host {
namespace {

// Nothing may be thrown through the plugin's frames; what cannot be recorded for lack of memory is lost.
template <class Body>
void guarded(Body&& body) noexcept {
  try {
    body();
  } catch (...) {
  }
}

}  // namespace

// What is asked of a call that has ended is answered so that a thread which waits for its end stops.
const penstock_host CallContext::kHost = {
    .struct_size = sizeof(penstock_host),
    .abi_major = PENSTOCK_ABI_MAJOR,
    .abi_minor = PENSTOCK_ABI_MINOR,
    .reserved = 0,
    .log_enabled = [](penstock_call* call, int32_t level) -> int32_t {
      const Callback to(call, "log_enabled");
      if (!to) return 0;
      const Registry::Hooks& hooks = to->callee_.runtime->hooks;
      int32_t wanted = hooks.log ? 1 : 0;
      if (wanted != 0 && hooks.log_enabled) guarded([&] { wanted = hooks.log_enabled(level) ? 1 : 0; });
      return wanted;
    },
    .log =
        [](penstock_call* call, int32_t level, penstock_str message) {
          if (const Callback to(call, "log"); to) guarded([&] { to->log(level, message); });
        },
    .set_error =
        [](penstock_call* call, const penstock_error* error) {
          const Callback to(call, "set_error", Callback::Effect::answer);
          if (to && error != nullptr && PENSTOCK_HAS(error, message)) guarded([&] { to->set_error(*error); });
        },
    .add_error_detail =
        [](penstock_call* call, penstock_str key, penstock_str value) {
          if (const Callback to(call, "add_error_detail"); to) guarded([&] { to->add_error_detail(key, value); });
        },
    .cancelled = [](penstock_call* call) -> int32_t {
      const Callback to(call, "cancelled");
      return !to || to->cancelled() ? 1 : 0;
    },
    .cancel_fd = [](penstock_call* call) -> int32_t {
      int32_t fd = -1;
      if (const Callback to(call, "cancel_fd"); to) guarded([&] { fd = to->own_token().fd(); });
      return fd;
    },
    .deadline_ns = [](penstock_call* call) -> int64_t {
      const Callback to(call, "deadline_ns");
      return to ? to->deadline_ns_.load() : 0;
    },
    .on_cancel = [](penstock_call* call, void (*fn)(void*), void* arg) -> uint64_t {
      uint64_t token = std::numeric_limits<uint64_t>::max();  // never 0, also when there was no memory for a hook
      const Callback to(call, "on_cancel");
      if (to && fn != nullptr) guarded([&] { token = to->own_token().add_hook([fn, arg] { fn(arg); }); });
      return token;
    },
    .off_cancel =
        [](penstock_call* call, uint64_t token) {
          if (const Callback to(call, "off_cancel"); to) guarded([&] { to->own_token().remove_hook(token); });
        },
    .reject =
        [](penstock_call* call, const penstock_rejection* rejection) {
          const Callback to(call, "reject", Callback::Effect::answer);
          if (to && rejection != nullptr && PENSTOCK_HAS(rejection, reason)) guarded([&] { to->reject(*rejection); });
        },
    .append =
        [](penstock_call* call, penstock_buffer* buffer, const void* data, uint64_t size) {
          if (const Callback to(call, "append", Callback::Effect::answer); to) guarded([&] { to->append(buffer, data, size); });
        },
    .metric =
        [](penstock_call* call, penstock_str name, double value) {
          if (const Callback to(call, "metric"); to) guarded([&] { to->metric(name, value); });
        },
};

}  // namespace penstock::host
