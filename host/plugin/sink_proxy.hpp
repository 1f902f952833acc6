// A plugin's sink behind the host's Sink interface. Nothing that the plugin answers is believed unseen.
#pragma once

#include "plugin/call_context.hpp"
#include "plugin/sink.hpp"

#include <chrono>
#include <memory>

namespace penstock::host {

inline constexpr size_t kMaxStoreId = 256;
// Of a profile that was looked up: as long as a view's ttl can be, 292 years, and so that its nanoseconds can be counted.
inline constexpr auto kMaxTtl = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::nanoseconds::max());

// Connects. The object is closed when the Sink and all its writers are gone, in whichever order.
Result<std::unique_ptr<Sink>> open_sink_proxy(std::shared_ptr<PluginRuntime> runtime, const penstock_component& component,
                                              const penstock_options* options, const CallLimits& limits);

}  // namespace penstock::host
