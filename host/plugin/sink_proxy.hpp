// A plugin's sink behind the host's Sink interface. Nothing that the plugin answers is believed unseen.
#pragma once

#include "plugin/call_context.hpp"
#include "plugin/sink.hpp"

#include <memory>

namespace penstock::host {

inline constexpr size_t kMaxStoreId = 256;
inline constexpr std::chrono::milliseconds kMaxTtl = std::chrono::hours(24 * 366 * 100);  // of a profile that was looked up

// Connects. The object is closed when the Sink and all its writers are gone, in whichever order.
Result<std::unique_ptr<Sink>> open_sink_proxy(std::shared_ptr<PluginRuntime> runtime, const penstock_component& component,
                                              const penstock_options* options, const CallLimits& limits);

}  // namespace penstock::host
