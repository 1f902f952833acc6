// The running host: event loop, schedule, workers, HTTP, signals.
#pragma once

#include "app/workspace.hpp"
#include "observe/log.hpp"
#include "observe/metrics.hpp"
#include "platform/clock.hpp"
#include "state/state.hpp"

#include <filesystem>
#include <memory>

namespace penstock::host {

class Daemon {
 public:
  // The workspace has a configuration, the state is locked and its definitions are registered. Keeps references to all.
  Daemon(std::filesystem::path config_path, Workspace& workspace, State& state, Log& log, Metrics& metrics, const Clock& clock);
  ~Daemon();

  // Runs until SIGTERM or SIGINT, then ends within the configuration's stop_timeout. A failure: it could not start.
  Result<void> run();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace penstock::host
