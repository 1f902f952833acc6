// A driver between a warehouse and a store in memory.
#pragma once

#include "run/driver.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_connections.hpp"
#include "support/fake_state.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace penstock::test {

// View "users" v1: key `id`, cursor `at` (nanoseconds), field `v` as int32. Two rows a batch, one batch in the queue.
struct DriverRig {
  CallLog log;
  FakeWarehouse warehouse;
  FakeStore store;
  FakeConnections connections{warehouse, store};
  FakeState state;
  FakeClock clock;
  host::RunLimits limits{.batch_rows = 2, .batch_bytes = 1 << 20, .queue_batches = 1, .call_timeout = std::chrono::seconds(30), .rejects_kept = 100};
  host::RunJob job;
  int runs = 0;

  static inline const host::ViewId kView{"users", 1};

  DriverRig() {
    warehouse.schema = {{.name = "id", .type = Type::utf8}, instant("at", Type::timestamp_ns), {.name = "v", .type = Type::int64}};
    warehouse.cursor = 1;
    warehouse.log = store.log = connections.log = &log;
    state.fail = [this](std::string_view call) -> std::optional<host::Failure> {
      if (call == "start_run" || call == "finish_run") log.add("state." + std::string(call));
      return fail_state ? fail_state(call) : std::nullopt;
    };
    host::View& view = job.request.view;
    view.id = kView;
    view.entity = "user";
    view.store = "profiles";
    view.fields = {{"v", "", {host::Scalar::int32, false}, ""}};
    job.source.name = "events";
    job.source.warehouse = "prod";
    job.source.timestamp_field = "at";
    job.entity.keys = {"id"};
    job.reason = "interval";
    set_horizon(100);
  }

  std::function<std::optional<host::Failure>(std::string_view call)> fail_state = {};

  void set_horizon(int64_t at) { warehouse.horizon = {{at, "", "H" + std::to_string(at)}, host::GuaranteeClass::a, "the database sets it", ""}; }

  host::RunReport run() {
    job.run_id = "run-" + std::to_string(++runs);
    job.request.local = *state.position(kView);
    log.clear();
    return host::RunDriver(connections, state, clock, limits).run(job);
  }

  // The newest row of each key at or below `until`, by (at, delivery): what the store must hold.
  std::map<std::string, Row> truth(int64_t until) const {
    std::map<std::string, std::pair<int64_t, Row>> newest;
    for (const Row& row : warehouse.rows) {
      const int64_t at = std::get<int64_t>(row[1].value);
      const auto key = std::get<std::string>(row[0].value);
      if (at > until) continue;
      const auto it = newest.find(key);
      if (it == newest.end() || at > it->second.first) newest[key] = {at, {row[2]}};
    }
    std::map<std::string, Row> fields;
    for (const auto& [key, row] : newest) fields[key] = row.second;
    return fields;
  }
  std::map<std::string, Row> truth() const { return truth(warehouse.horizon.position.ordinal); }
  std::map<std::string, Row> stored() const { return store.fields_of(kView); }
  std::optional<host::Position> marker() { return store.views[kView].marker; }
  std::optional<host::Position> local() {
    const auto record = *state.position(kView);
    return record ? std::optional(record->position) : std::nullopt;
  }

  // The calls but for those of the reader's thread, which overlap with the others.
  std::vector<std::string> calls() const {
    std::vector<std::string> calls = log.calls();
    std::erase_if(calls, [](const std::string& call) { return call == "source.plan" || call == "source.scan" || call == "source.next"; });
    return calls;
  }
  bool called(const std::string& call) const {
    const auto calls = log.calls();
    return std::find(calls.begin(), calls.end(), call) != calls.end();
  }
};

inline std::string outcome_of(const host::RunReport& report) {
  static constexpr const char* kNames[] = {"running", "completed", "failed", "cancelled", "interrupted"};
  return kNames[static_cast<size_t>(report.record.outcome)];
}

// "read 5 = written 2 + unchanged 1 + stale 1 + rejected 1"
inline std::string counts_of(const host::RunReport& report) {
  const host::RunRecord& r = report.record;
  return "read " + std::to_string(r.read) + " = written " + std::to_string(r.written) + " + unchanged " + std::to_string(r.unchanged) +
         " + stale " + std::to_string(r.stale) + " + rejected " + std::to_string(r.rejected);
}

}  // namespace penstock::test
