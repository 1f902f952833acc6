#include "disk.hpp"

namespace penstock::sim {
namespace {

host::Failure full() { return {PENSTOCK_STATUS_RESOURCE_EXHAUSTED, PENSTOCK_RETRY_AFTER, "the disk is full", 1'000'000}; }

}  // namespace

host::Result<void> Disk::start_run(const host::RunRecord&) {
  hazards_.crash_point();
  if (hazards_.happens(kStateFails, 25)) return full();
  return {};
}

host::Result<void> Disk::finish_run(const host::RunRecord& run, const std::vector<host::RejectRecord>&,
                                    const std::optional<host::PositionRecord>& position, const std::vector<host::RetriedReject>&) {
  hazards_.crash_point();
  if (run.read != run.written + run.unchanged + run.stale + run.rejected) every_run_added_up_ = false;
  const bool fails = hazards_.happens(kStateFails, 12);
  // Half of the errors come after the fact.
  if (fails && hazards_.happens(kStateFails, 2)) return full();
  if (position) position_ = *position;
  hazards_.crash_point();
  if (fails) return host::Failure{PENSTOCK_STATUS_INTERNAL, PENSTOCK_RETRY_NEVER, "an error of the disk"};
  return {};
}

}  // namespace penstock::sim
