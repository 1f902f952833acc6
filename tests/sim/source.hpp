// A source plugin over the simulated database, by the rules of the source classes.
#pragma once

#include "database.hpp"
#include "hazards.hpp"

#include "plugin/source.hpp"

#include <optional>

namespace penstock::sim {

// The table's columns: id (text), at (the cursor), event, value.
const host::Schema& table_schema(const Setup& setup);

// Keeps references to everything.
class SimSource final : public host::Source {
 public:
  // `snapshot_event` is set to the event in which a scan's snapshot was taken.
  SimSource(const Setup& setup, const Database& database, Hazards& hazards, const uint64_t& event, uint64_t& snapshot_event)
      : setup_(setup), database_(database), hazards_(hazards), event_(event), snapshot_event_(snapshot_event) {}

  host::Result<void> ping(const host::CallLimits&) override { return {}; }
  host::Result<host::Schema> describe(const host::CallLimits&, const host::TableRef&) override;
  host::Result<host::Horizon> horizon(const host::CallLimits&, const host::TableRef&, const host::CursorRef&) override;
  host::Result<host::ScanPlan> plan(const host::CallLimits&, const host::ScanRequest&) override;
  host::Result<std::unique_ptr<host::BatchStream>> scan(const host::CallLimits&, const host::ScanRequest&, const std::string& partition) override;

 private:
  int64_t safe_bound();
  void take_snapshot();

  const Setup& setup_;
  const Database& database_;
  Hazards& hazards_;
  const uint64_t& event_;
  uint64_t& snapshot_event_;
  std::vector<size_t> snapshot_;
  std::optional<int64_t> last_bound_;  // while there is a prepared transaction, nothing after it is safe
};

}  // namespace penstock::sim
