#include "run/shared_look.hpp"

#include <exception>

namespace penstock::host {
namespace {

// A detail says what exactly was read; of another nothing is known.
bool covers(const EmptyLook& look, const Window& window) {
  return !window.everything && window.since && window.since->detail == look.window.since->detail &&
         window.since->ordinal >= look.window.since->ordinal && window.until.ordinal <= look.window.until.ordinal;
}

// Through the same decisions as a run of its own, up to the record.
bool finds_nothing(RunMachine& machine, const RunJob& job, const EmptyLook& look, const SinkCapabilities& capabilities,
                   const std::optional<Marker>& marker) {
  if (!RowPlan::make(job.request.view, job.source, job.entity, look.schema)) return false;
  machine.connected(capabilities, marker.has_value());
  if (marker) machine.marker_loaded(*marker);
  machine.horizon_known(look.horizon);
  if (machine.step() == Step::open_scan && covers(look, machine.window())) machine.scan_opened(false);
  return machine.step() == Step::record && !machine.failure() && machine.notice().empty();
}

// The reports of what could be ended; may throw what memory brings about.
void share(Connections& connections, State& state, const Clock& clock, const RunLimits& limits, const EmptyLook& look, const std::vector<RunJob>& jobs,
           std::vector<std::optional<RunReport>>& reports) {
  const int64_t started = clock.steady_ns(), started_wall = clock.wall_ns();
  const std::string& store = jobs.front().request.view.store;
  const CallLimits call = jobs.front().call_limits(limits, jobs.front().store_label());

  auto sink = connections.take_sink(store, call);
  if (!sink) return;
  const auto capabilities = (*sink)->capabilities(call);
  if (!capabilities) return;
  std::vector<std::optional<Marker>> markers(jobs.size());
  if ((*sink)->has_marker()) {
    std::vector<MarkerOf> views;
    for (const RunJob& job : jobs) views.push_back({job.request.view.id, job.request.view.entity});
    auto loaded = (*sink)->load_markers(call, views);
    if (!loaded) return;
    std::move(loaded->begin(), loaded->end(), markers.begin());
  }
  connections.give_back(store, std::move(*sink));

  std::vector<size_t> idle;
  std::vector<EmptyRun> runs;
  for (size_t i = 0; i < jobs.size(); ++i) {
    const auto due = RejectRetry::is_due(state, jobs[i], clock);
    RunMachine machine(jobs[i].request);
    if (!due || *due || !finds_nothing(machine, jobs[i], look, *capabilities, markers[i])) continue;
    idle.push_back(i);
    runs.push_back({make_record(jobs[i], machine, {}, started_wall, clock.wall_ns()), machine.new_position(clock.wall_ns())});
  }
  if (runs.empty() || !state.finish_empty_runs(runs)) return;
  for (size_t n = 0; n < idle.size(); ++n) reports[idle[n]] = RunReport{std::move(runs[n].record), {}, {}, clock.steady_ns() - started};
}

}  // namespace

std::string look_key(const View& view, const BatchSource& source) {
  return view.store + '\n' + source.name + '\n' + view.timezone + '\n' + std::to_string(view.lag.count()) + '\n' +
         std::to_string(static_cast<int>(view.null_timestamp));
}

std::vector<std::optional<RunReport>> share_look(Connections& connections, State& state, const Clock& clock, const RunLimits& limits,
                                                 const EmptyLook& look, const std::vector<RunJob>& jobs) {
  std::vector<std::optional<RunReport>> reports(jobs.size());
  try {
    if (!jobs.empty()) share(connections, state, clock, limits, look, jobs, reports);
  } catch (const std::exception&) {
    // As any failure here: their own runs will tell.
  }
  return reports;
}

}  // namespace penstock::host
