// The connections of a host: opened when they are needed, kept while they are idle.
#pragma once

#include "plugin/registry.hpp"
#include "run/connections.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace penstock::host {

// Thread-safe. The registry must outlive it and everything taken from it. No lock is held across a plugin call.
class ConnectionPool final : public Connections {
 public:
  // Idle connections kept for each warehouse and store; more are closed.
  static constexpr size_t kIdle = 4;

  ConnectionPool(const Registry& registry, std::shared_ptr<const Configuration> configuration)
      : registry_(registry), configuration_(std::move(configuration)) {}

  // From now on connections are opened as this configuration says; the idle ones are closed.
  void configure(std::shared_ptr<const Configuration> configuration);

  Result<std::unique_ptr<Source>> take_source(const std::string& warehouse, const CallLimits&) override;
  void give_back(const std::string& warehouse, std::unique_ptr<Source>) override;
  Result<std::unique_ptr<Sink>> take_sink(const std::string& store, const CallLimits&) override;
  void give_back(const std::string& store, std::unique_ptr<Sink>) override;
  std::unique_ptr<Sink> take_idle_sink(const std::string& store) override;
  Result<ResolvedOptions> table_options(const BatchSource&) override;

 private:
  template <class T>
  using Idle = std::map<std::string, std::vector<std::unique_ptr<T>>>;

  std::shared_ptr<const Configuration> configuration() const;
  template <class T>
  std::unique_ptr<T> take_idle(Idle<T>& idle, const std::string& name);
  template <class T>
  std::unique_ptr<T> take_alive(Idle<T>& idle, const std::string& name, const CallLimits& limits);
  template <class T>
  void keep(Idle<T>& idle, const std::string& name, std::unique_ptr<T> object);

  const Registry& registry_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Configuration> configuration_;
  Idle<Source> sources_;
  Idle<Sink> sinks_;
};

// By name, or null.
const Connection* find_connection(const std::vector<Connection>& connections, const std::string& name);
const BatchSource* find_batch_source(const Configuration& configuration, const std::string& name);
const Entity* find_entity(const Configuration& configuration, const std::string& name);
const View* find_view(const Configuration& configuration, const ViewId& id);
const Service* find_service(const Configuration& configuration, const std::string& name);
// The view's ttl, else its entity's, else zero: never.
std::chrono::nanoseconds ttl_of(const Configuration& configuration, const View& view);

}  // namespace penstock::host
