// A plugin's source behind the host's Source interface. Nothing that the plugin answers is believed unseen.
#pragma once

#include "plugin/call_context.hpp"
#include "plugin/source.hpp"

#include <memory>
#include <string>

namespace penstock::host {

// Limits for what a plan may hold.
inline constexpr size_t kMaxPartitions = 100'000;
inline constexpr size_t kMaxPartitionToken = 64 << 10;
inline constexpr size_t kMaxPartitionBytes = 16 << 20;

// Connects. The object is closed when the Source and all its streams are gone, in whichever order.
Result<std::unique_ptr<Source>> open_source_proxy(std::shared_ptr<PluginRuntime> runtime, const penstock_component& component,
                                                  const penstock_options* options, const CallLimits& limits);

}  // namespace penstock::host
