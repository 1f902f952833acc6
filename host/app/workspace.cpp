#include "app/workspace.hpp"

#include "config/keys.hpp"
#include "config/options.hpp"

namespace penstock::host {
namespace {

std::string listed(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out.empty() ? "none" : out;
}

}  // namespace

std::vector<Problem> Workspace::load(const std::filesystem::path& path,
                                     const std::function<std::vector<Problem>(const Configuration&)>& more) {
  Loaded loaded = load_configuration(path);
  warnings_ = std::move(loaded.warnings);
  std::vector<Problem> problems = std::move(loaded.problems);
  if (problems.empty()) {
    if (!plugins_loaded_) {
      refused_ = registry_->load_directory(loaded.configuration.host.plugin_dir);
      plugins_loaded_ = true;
    }
    check_plugins(loaded.configuration, problems);
    if (problems.empty() && more) problems = more(loaded.configuration);
  }
  if (problems.empty()) replace(std::make_shared<const Configuration>(std::move(loaded.configuration)));
  return problems;
}

void Workspace::replace(std::shared_ptr<const Configuration> configuration) {
  configuration_ = std::move(configuration);
  if (connections_)
    connections_->configure(configuration_);
  else
    connections_ = std::make_unique<ConnectionPool>(*registry_, configuration_);
}

const Component* Workspace::check_connection(int32_t kind, const std::string& object, const Connection& connection,
                                             std::vector<Problem>& problems) const {
  const Component* component = registry_->find(kind, connection.plugin);
  if (component == nullptr) {
    const std::vector<std::string> ids = registry_->ids(kind);
    const std::string_view meant = did_you_mean(connection.plugin, {ids.begin(), ids.end()});
    std::string message = "no plugin offers the " + std::string(kind == PENSTOCK_KIND_SOURCE ? "source" : "sink") + " \"" + connection.plugin + "\"";
    if (!meant.empty()) message += " (did you mean \"" + std::string(meant) + "\"?)";
    message += "; available: " + listed(ids);
    for (const Failure& refused : refused_) message += "; not loaded: " + refused.message;
    problems.push_back({connection.where, object, std::move(message)});
    return nullptr;
  }
  auto found = check_options(object, connection.where, connection.options, component->declared->options, component->declared->n_options);
  if (found.empty()) {
    // Secrets that are not there now are a matter of going online, not of the configuration's form.
    if (auto options = resolve_options(object, connection.options, component->declared->options, component->declared->n_options))
      if (auto valid = registry_->validate(*component, *options); !valid) found.push_back({connection.where, object, valid.failure().message});
  }
  problems.insert(problems.end(), found.begin(), found.end());
  return component;
}

void Workspace::check_plugins(const Configuration& configuration, std::vector<Problem>& problems) const {
  for (const Connection& warehouse : configuration.warehouses) {
    const Component* component = check_connection(PENSTOCK_KIND_SOURCE, "warehouse \"" + warehouse.name + "\"", warehouse, problems);
    if (component == nullptr) continue;
    for (const BatchSource& source : configuration.batch_sources) {
      if (source.warehouse != warehouse.name) continue;
      auto found = check_options("batch source \"" + source.name + "\"", source.where, source.options, component->declared->table_options,
                                 component->declared->n_table_options, kBatchSourceKeys.list());
      problems.insert(problems.end(), found.begin(), found.end());
    }
  }
  for (const Connection& store : configuration.stores) check_connection(PENSTOCK_KIND_SINK, "store \"" + store.name + "\"", store, problems);
}

}  // namespace penstock::host
