// A warehouse with one table in memory, and sources that read it.
#pragma once

#include "plugin/source.hpp"
#include "support/batches.hpp"
#include "support/call_log.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::test {

// The table and what its sources do. Set it up before a source reads; `before_call` and `fail` run on the thread of the call.
struct FakeWarehouse {
  Schema schema;
  size_t cursor = 0;  // column; an integer or a timestamp in nanoseconds
  int64_t cursor_unit_ns = 0;  // as its sources say
  std::vector<Row> rows = {};
  host::Horizon horizon = {};

  // What of the bounds a partition's stream takes care of, PENSTOCK_HONOURED_*. Rows go to the partitions in turn.
  std::vector<uint32_t> partitions = {PENSTOCK_HONOURED_SINCE | PENSTOCK_HONOURED_UNTIL | PENSTOCK_HONOURED_NULL_CURSOR};
  int64_t max_batch_rows = 1 << 20;  // beside what the scan asks for
  // Called with "describe", "horizon", "plan", "scan" and "next".
  std::function<void(std::string_view call, const host::CallLimits&)> before_call = {};
  // A Failure fails the call.
  std::function<std::optional<host::Failure>(std::string_view call)> fail = {};

  CallLog* log = nullptr;
  std::vector<host::ScanRequest> scans = {};  // as they were planned

  std::optional<host::Failure> enter(std::string_view call, const host::CallLimits& limits);
};

// Keeps a reference to the warehouse.
class FakeSource final : public host::Source {
 public:
  explicit FakeSource(FakeWarehouse& warehouse) : warehouse_(warehouse) {}

  host::Result<void> ping(const host::CallLimits&) override { return {}; }
  host::Result<Schema> describe(const host::CallLimits&, const host::TableRef&) override;
  host::Result<host::Horizon> horizon(const host::CallLimits&, const host::TableRef&, const host::CursorRef&) override;
  host::Result<host::ScanPlan> plan(const host::CallLimits&, const host::ScanRequest&) override;
  host::Result<std::unique_ptr<host::BatchStream>> scan(const host::CallLimits&, const host::ScanRequest&,
                                                        const std::string& partition) override;

 private:
  FakeWarehouse& warehouse_;
};

// For before_call: waits until the call is cancelled, as a source does that a server keeps waiting. Fails the test after ten
// seconds.
void wait_until_cancelled(const host::CallLimits& limits);

}  // namespace penstock::test
