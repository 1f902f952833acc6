// A host: the production schedule, retry policy and run, on virtual time.
#pragma once

#include "database.hpp"
#include "disk.hpp"
#include "hazards.hpp"
#include "sink.hpp"
#include "source.hpp"

#include "platform/clock.hpp"
#include "run/execution.hpp"
#include "run/retry.hpp"
#include "schedule/schedule.hpp"

#include <optional>
#include <string>

namespace penstock::sim {

// What the hosts of a simulation share. Everything outlives them.
struct Surroundings {
  const Setup& setup;
  Chance& chance;
  Hazards& hazards;
  const Database& database;
  Store& store;
  const uint64_t& event;
  int64_t& next_run;
};

class SimHost final : private host::Connections, private host::Clock {
 public:
  SimHost(const Surroundings& around, int64_t clock_skew_ns);

  // One step of the run under way, or the start of the next if one is due. Throws nothing: a host that dies is over until
  // it is restarted.
  void step();
  bool dead() const { return dead_; }
  void die();
  void restart();
  bool running() const { return run_.has_value(); }
  // A full run as soon as possible.
  void run_fully();

  Disk& disk() { return disk_; }
  int64_t runs() const { return runs_; }
  int64_t completed() const { return completed_; }
  int64_t deaths() const { return deaths_; }
  int64_t shared_looks() const { return shared_looks_; }
  // Of the last run that ended: why it failed, or empty.
  const std::string& last_failure() const { return last_failure_; }
  std::optional<std::string> broken_promise() const;

 private:
  int64_t wall_ns() const override { return around_.database.now() + clock_skew_ns_; }
  int64_t steady_ns() const override { return around_.database.now() - 1'600'000'000'000'000'000; }

  host::Result<std::unique_ptr<host::Source>> take_source(const std::string&, const host::CallLimits&) override;
  host::Result<std::unique_ptr<host::Sink>> take_sink(const std::string&, const host::CallLimits&) override;
  void give_back(const std::string&, std::unique_ptr<host::Source> source) override { idle_source_ = std::move(source); }
  void give_back(const std::string&, std::unique_ptr<host::Sink>) override {}
  host::Result<host::ResolvedOptions> table_options(const host::BatchSource&) override { return host::ResolvedOptions(); }

  void start_run();
  void start_look();
  void end_step();
  void end_run(const host::RunReport& report);

  const Surroundings around_;
  const int64_t clock_skew_ns_;
  host::RunLimits limits_;
  host::RetryPolicy retries_;
  host::RunJob job_;  // what every run has in common
  Disk disk_;
  // Another view of the same table, in a store and with a state of its own.
  Store other_store_;
  Disk other_disk_;

  // The process; gone when it dies.
  host::Schedule schedule_{1};
  std::unique_ptr<host::Source> idle_source_;
  std::shared_ptr<host::RepeatFilter> repeats_;
  std::optional<host::RunExecution> run_;
  std::optional<host::RunJob> waiting_;  // for what the run of the other view sees
  std::shared_ptr<host::CancelToken> cancel_;
  int64_t attempts_ = 0;
  bool full_next_ = false;
  uint64_t snapshot_event_ = 0, other_snapshot_event_ = 0;
  bool dead_ = false;

  int64_t runs_ = 0, completed_ = 0, deaths_ = 0, shared_looks_ = 0;
  bool ended_badly_ = false;  // a run that completed although its counts do not add up
  std::string last_failure_;
};

}  // namespace penstock::sim
