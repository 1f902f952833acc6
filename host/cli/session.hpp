// What most commands begin with: the configuration, the plugins, a log, the state.
#pragma once

#include "app/workspace.hpp"
#include "cli/arguments.hpp"
#include "observe/log.hpp"
#include "observe/metrics.hpp"
#include "platform/clock.hpp"
#include "state/state.hpp"

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace penstock::host {

class Session {
 public:
  explicit Session(const Arguments& arguments);

  // Loads and checks configuration and plugins; on problems prints them and returns the exit code.
  std::optional<int> load();

  const Arguments& arguments() const { return arguments_; }
  const Configuration& configuration() const { return *workspace_.configuration(); }
  Workspace& workspace() { return workspace_; }
  Log& log() { return *log_; }
  // A log of another level and form in the place of the first one; nothing may hold a reference to that.
  void use_log(LogLevel level, LogFormat format) { log_ = std::make_unique<Log>(clock_, level, format); }
  const Clock& clock() const { return clock_; }
  // Where plugins' counters go from now on; null: nowhere. The metrics outlive that.
  void count_plugin_metrics_in(Metrics* metrics) { metrics_ = metrics; }

  // For commands that work on the state alone: reads the configuration without loading plugins.
  std::optional<int> load_configuration_only();

  Result<std::unique_ptr<State>> open_state() const;

  // The view that NAME or NAME_vN names: the newest version of the name. NOT_FOUND with a suggestion.
  Result<const View*> find_view_by_name(const std::string& name) const;

 private:
  const Arguments& arguments_;
  SystemClock clock_;
  std::unique_ptr<Log> log_;
  std::atomic<Metrics*> metrics_{nullptr};
  Workspace workspace_;
};

}  // namespace penstock::host
