// A sink plugin in front of the simulated store: pipelined calls over a connection that can break anywhere.
#pragma once

#include "database.hpp"
#include "hazards.hpp"
#include "store.hpp"

#include "plugin/sink.hpp"

namespace penstock::sim {

// Keeps references to everything.
class SimSink final : public host::Sink {
 public:
  // `snapshot_event`: of the scan whose rows are written, for the oracle.
  SimSink(const Setup& setup, Chance& chance, Store& store, const Database& database, Hazards& hazards, const uint64_t& snapshot_event)
      : setup_(setup), chance_(chance), store_(store), database_(database), hazards_(hazards), snapshot_event_(snapshot_event) {}

  host::Result<void> ping(const host::CallLimits&) override { return {}; }
  host::Result<host::SinkCapabilities> capabilities(const host::CallLimits&) override;
  host::Result<std::unique_ptr<host::SinkWriter>> begin(const host::CallLimits&, const host::WriteSpec&) override;
  bool has_marker() const override { return setup_.marker; }
  host::Result<host::Marker> load_marker(const host::CallLimits&, const host::ViewId&, const std::string&) override;
  host::Result<host::Batch> lookup(const host::CallLimits&, const host::ViewId&, const std::string&, const host::Schema&,
                                   const std::vector<std::string>&) override;

 private:
  class Writer;
  std::optional<host::Failure> refusal();
  // The store's clock has nothing to do with the warehouse's.
  int64_t store_clock() const { return database_.now() + 1'000'000'000; }

  const Setup& setup_;
  Chance& chance_;
  Store& store_;
  const Database& database_;
  Hazards& hazards_;
  const uint64_t& snapshot_event_;
};

}  // namespace penstock::sim
