// A plugin's writer behind the host's SinkWriter interface.
#pragma once

#include "plugin/call_context.hpp"
#include "plugin/serial_use.hpp"
#include "plugin/sink.hpp"

#include <penstock/sink.h>

#include <memory>

namespace penstock::host {

// The plugin's object; shared with its writers, so that it is closed after the last of them.
struct OpenSink {
  Callee callee;
  const penstock_sink_vtab* vtab;
  penstock_sink* object;
  const penstock_marker_vtab* marker = nullptr;
  const penstock_lookup_vtab* lookup = nullptr;
  const penstock_layout_vtab* layout = nullptr;
  bool loads_many = false;  // markers
  SerialUse use = {};

  ~OpenSink() {
    const SerialUse::Turn turn(use);
    CallContext call(callee, "close", {kCloseTimeout});
    vtab->close(call.get(), object);
  }
};

// An exported schema, released by the destructor.
class ExportedSchema {
 public:
  explicit ExportedSchema(const Schema& schema) { penstock::export_schema(schema, &raw_); }
  ~ExportedSchema() {
    if (raw_.release != nullptr) raw_.release(&raw_);
  }
  ExportedSchema(const ExportedSchema&) = delete;
  ExportedSchema& operator=(const ExportedSchema&) = delete;
  const ArrowSchema* get() const { return &raw_; }

 private:
  ArrowSchema raw_{};
};

// Begins a run.
Result<std::unique_ptr<SinkWriter>> begin_writer_proxy(std::shared_ptr<OpenSink> sink, const CallLimits& limits, const WriteSpec& spec);

}  // namespace penstock::host
