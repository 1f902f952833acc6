// Configuration and plugins, checked against each other: what every command begins with.
#pragma once

#include "app/connection_pool.hpp"
#include "config/load.hpp"
#include "plugin/registry.hpp"

#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

namespace penstock::host {

class Workspace {
 public:
  explicit Workspace(Registry::Hooks hooks) : registry_(std::make_unique<Registry>(std::move(hooks))) {}

  // Loads and checks everything; all problems at once. The plugins are loaded by the first call only: they never change while
  // a process lives. On problems, also those that `more` finds, the former configuration stays.
  std::vector<Problem> load(const std::filesystem::path& path,
                            const std::function<std::vector<Problem>(const Configuration&)>& more = {});
  // Warnings of the last load.
  const std::vector<Problem>& warnings() const { return warnings_; }
  // Files of the plugin directory that were refused.
  const std::vector<Failure>& refused_plugins() const { return refused_; }

  std::shared_ptr<const Configuration> configuration() const { return configuration_; }
  // Other definitions (as applied by another process) in the place of the file's.
  void replace(std::shared_ptr<const Configuration> configuration);

  const Registry& registry() const { return *registry_; }
  ConnectionPool& connections() { return *connections_; }

 private:
  void check_plugins(const Configuration& configuration, std::vector<Problem>& problems) const;
  const Component* check_connection(int32_t kind, const std::string& object, const Connection& connection, std::vector<Problem>& problems) const;

  std::unique_ptr<Registry> registry_;
  bool plugins_loaded_ = false;
  std::vector<Failure> refused_;
  std::vector<Problem> warnings_;
  std::shared_ptr<const Configuration> configuration_;
  std::unique_ptr<ConnectionPool> connections_;
};

}  // namespace penstock::host
