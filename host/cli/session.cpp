#include "cli/session.hpp"

#include "cli/output.hpp"

namespace penstock::host {
namespace {

LogLevel level_of(int32_t plugin_level) {
  switch (plugin_level) {
    case PENSTOCK_LOG_DEBUG: return LogLevel::debug;
    case PENSTOCK_LOG_INFO: return LogLevel::info;
    case PENSTOCK_LOG_ERROR: return LogLevel::error;
    default: return LogLevel::warn;
  }
}

}  // namespace

Session::Session(const Arguments& arguments)
    : arguments_(arguments), log_(std::make_unique<Log>(clock_, LogLevel::warn, LogFormat::text)),
      workspace_({.log = [this](int32_t level, std::string_view scope, std::string_view message) {
                    log_->write(level_of(level), scope.empty() ? std::string(message) : std::string(scope) + ": " + std::string(message));
                  },
                  .metric = [this](std::string_view component, std::string_view name, double value) {
                    if (Metrics* metrics = metrics_) metrics->add_plugin_counter(component, name, value);
                  }}) {}

std::optional<int> Session::load() {
  if (const auto problems = workspace_.load(arguments_.config); !problems.empty()) return report_problems(problems, arguments_.json);
  for (const Problem& warning : workspace_.warnings()) complain("warning: " + warning.text());
  for (const Failure& refused : workspace_.refused_plugins()) complain("warning: " + refused.message);
  return {};
}

std::optional<int> Session::load_configuration_only() {
  Loaded loaded = load_configuration(arguments_.config);
  if (!loaded.problems.empty()) return report_problems(loaded.problems, arguments_.json);
  workspace_.replace(std::make_shared<const Configuration>(std::move(loaded.configuration)));
  return {};
}

Result<std::unique_ptr<State>> Session::open_state() const {
  const HostSettings& host = configuration().host;
  return penstock::host::open_state(host.state_dir, {host.history_runs, host.rejects_kept});
}

Result<const View*> Session::find_view_by_name(const std::string& name) const {
  const View* newest = nullptr;
  std::vector<std::string_view> names;
  for (const View& view : configuration().views) {
    if (view.id.qualified() == name) return &view;
    if (view.id.name == name && (newest == nullptr || view.id.version > newest->id.version)) newest = &view;
    names.push_back(view.id.name);
  }
  if (newest != nullptr) return newest;
  const std::string_view meant = did_you_mean(name, names);
  return Failure{PENSTOCK_STATUS_NOT_FOUND, PENSTOCK_RETRY_NEVER,
                 "view \"" + name + "\" is not in the configuration" + (meant.empty() ? "" : " (did you mean \"" + std::string(meant) + "\"?)")};
}

}  // namespace penstock::host
