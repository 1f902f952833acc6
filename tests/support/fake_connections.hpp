// Connections to one warehouse and one store in memory.
#pragma once

#include "run/connections.hpp"
#include "support/call_log.hpp"
#include "support/fake_sink.hpp"
#include "support/fake_source.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace penstock::test {

// Keeps references to both. Every object is new; what is given back is closed.
class FakeConnections final : public host::Connections {
 public:
  FakeConnections(FakeWarehouse& warehouse, FakeStore& store) : warehouse_(warehouse), store_(store) {}

  // Asked with "take_source", "take_sink" and "table_options".
  std::function<std::optional<host::Failure>(std::string_view call)> fail = {};
  CallLog* log = nullptr;

  host::Result<std::unique_ptr<host::Source>> take_source(const std::string&, const host::CallLimits&) override {
    if (auto failure = enter("take_source")) return *failure;
    return std::unique_ptr<host::Source>(std::make_unique<FakeSource>(warehouse_));
  }
  void give_back(const std::string&, std::unique_ptr<host::Source>) override { enter("give_back_source"); }

  host::Result<std::unique_ptr<host::Sink>> take_sink(const std::string&, const host::CallLimits&) override {
    if (auto failure = enter("take_sink")) return *failure;
    return std::unique_ptr<host::Sink>(std::make_unique<FakeSink>(store_));
  }
  void give_back(const std::string&, std::unique_ptr<host::Sink>) override { enter("give_back_sink"); }

  host::Result<host::ResolvedOptions> table_options(const host::BatchSource&) override {
    if (auto failure = enter("table_options")) return *failure;
    return host::ResolvedOptions();
  }

 private:
  std::optional<host::Failure> enter(std::string_view call) {
    if (log) log->add("connections." + std::string(call));
    return fail ? fail(call) : std::nullopt;
  }

  FakeWarehouse& warehouse_;
  FakeStore& store_;
};

}  // namespace penstock::test
