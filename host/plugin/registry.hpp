// What the plugin directory offers. Plugins are checked, loaded once and never unloaded.
#pragma once

#include "base/failure.hpp"
#include "plugin/sink.hpp"
#include "plugin/source.hpp"

#include <penstock/module.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::host {

class ResolvedOptions;

// One loaded library. Everything points into the library, which stays for the life of the process.
struct Plugin {
  std::filesystem::path path;
  const penstock_module* module = nullptr;
};

// One thing that `plugin = "…"` can name.
struct Component {
  const Plugin* plugin = nullptr;
  const penstock_component* declared = nullptr;
};

// How a plugin's log lines reach the host's log: level is PENSTOCK_LOG_*.
using PluginLog = std::function<void(int32_t level, std::string_view scope, std::string_view message)>;
// How a plugin's counters reach the metrics.
using PluginMetric = std::function<void(std::string_view component, std::string_view name, double value)>;

class Registry {
 public:
  // Called from any thread, also from several at once. Each may be empty.
  struct Hooks {
    PluginLog log = {};
    PluginMetric metric = {};
    std::function<bool(int32_t level)> log_enabled = {};  // empty: every level is wanted
  };
  explicit Registry(Hooks hooks);
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  // Loads every *.so of the directory, in name order. A file that fails its checks is not loaded and yields a Failure that
  // names it; the others are loaded all the same. A missing or unsafe directory is one Failure.
  std::vector<Failure> load_directory(const std::filesystem::path& directory);

  // Checks and loads one file.
  Result<const Plugin*> load_file(const std::filesystem::path& file);

  const std::vector<std::unique_ptr<Plugin>>& plugins() const;

  // The component with that id, or null. kind is PENSTOCK_KIND_*.
  const Component* find(int32_t kind, std::string_view id) const;
  std::vector<std::string> ids(int32_t kind) const;

  // Offline check of options by the component itself.
  Result<void> validate(const Component&, const ResolvedOptions&) const;

  // Connects. The handle may outlive the registry, but not shut_down.
  Result<std::unique_ptr<Source>> open_source(const Component&, const ResolvedOptions&, const CallLimits&) const;
  Result<std::unique_ptr<Sink>> open_sink(const Component&, const ResolvedOptions&, const CallLimits&) const;

  // Lets every module clean up; afterwards nothing is found. At the end of the process, after everything was closed: a module
  // starts and ends once, so no registry of this process can load these files again.
  void shut_down();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace penstock::host
