// A plugin's stream behind the host's BatchStream interface.
#pragma once

#include "plugin/call_context.hpp"
#include "plugin/serial_use.hpp"
#include "plugin/source.hpp"

#include <memory>
#include <string>

namespace penstock::host {

// The plugin's object; shared with its streams, so that it is closed after the last of them.
struct OpenSource {
  Callee callee;
  const penstock_source_vtab* vtab;
  penstock_source* object;
  SerialUse use = {};

  ~OpenSource() {
    const SerialUse::Turn turn(use);
    CallContext call(callee, "close", {kCloseTimeout});
    vtab->close(call.get(), object);
  }
};

// Starts reading a partition. `described` is what describe said of the table, or null when it was not asked.
Result<std::unique_ptr<BatchStream>> start_stream_proxy(std::shared_ptr<OpenSource> source, const CallLimits& limits,
                                                        const ScanRequest& request, const std::string& partition,
                                                        const Schema* described);

}  // namespace penstock::host
