#include "app/connection_pool.hpp"

#include <algorithm>

namespace penstock::host {
namespace {

template <class Items, class Same>
auto find_in(const Items& items, Same same) -> const typename Items::value_type* {
  const auto found = std::find_if(items.begin(), items.end(), same);
  return found == items.end() ? nullptr : &*found;
}

}  // namespace

const Connection* find_connection(const std::vector<Connection>& connections, const std::string& name) {
  return find_in(connections, [&](const Connection& c) { return c.name == name; });
}
const BatchSource* find_batch_source(const Configuration& configuration, const std::string& name) {
  return find_in(configuration.batch_sources, [&](const BatchSource& s) { return s.name == name; });
}
const Entity* find_entity(const Configuration& configuration, const std::string& name) {
  return find_in(configuration.entities, [&](const Entity& e) { return e.name == name; });
}
const View* find_view(const Configuration& configuration, const ViewId& id) {
  return find_in(configuration.views, [&](const View& v) { return v.id == id; });
}
const Service* find_service(const Configuration& configuration, const std::string& name) {
  return find_in(configuration.services, [&](const Service& s) { return s.name == name; });
}

std::chrono::nanoseconds ttl_of(const Configuration& configuration, const View& view) {
  if (view.ttl) return *view.ttl;
  const Entity* entity = find_entity(configuration, view.entity);
  return entity != nullptr && entity->ttl ? *entity->ttl : std::chrono::nanoseconds(0);
}

std::shared_ptr<const Configuration> ConnectionPool::configuration() const {
  const std::lock_guard lock(mutex_);
  return configuration_;
}

void ConnectionPool::configure(std::shared_ptr<const Configuration> configuration) {
  Idle<Source> sources;
  Idle<Sink> sinks;
  const std::lock_guard lock(mutex_);
  configuration_ = std::move(configuration);
  sources_.swap(sources);
  sinks_.swap(sinks);
}

template <class T>
std::unique_ptr<T> ConnectionPool::take_idle(Idle<T>& idle, const std::string& name) {
  const std::lock_guard lock(mutex_);
  auto& kept = idle[name];
  if (kept.empty()) return nullptr;
  auto object = std::move(kept.back());
  kept.pop_back();
  return object;
}

// An idle connection may have died meanwhile: it is asked, and dropped when it does not answer.
template <class T>
std::unique_ptr<T> ConnectionPool::take_alive(Idle<T>& idle, const std::string& name, const CallLimits& limits) {
  while (auto object = take_idle(idle, name))
    if (object->ping(limits)) return object;
  return nullptr;
}

template <class T>
void ConnectionPool::keep(Idle<T>& idle, const std::string& name, std::unique_ptr<T> object) {
  std::unique_ptr<T> too_many;
  const std::lock_guard lock(mutex_);
  auto& kept = idle[name];
  if (kept.size() < kIdle)
    kept.push_back(std::move(object));
  else
    too_many = std::move(object);
}

Result<std::unique_ptr<Source>> ConnectionPool::take_source(const std::string& warehouse, const CallLimits& limits) {
  if (auto idle = take_alive(sources_, warehouse, limits)) return idle;
  const auto current = configuration();
  const Connection* connection = find_connection(current->warehouses, warehouse);
  if (connection == nullptr) return Failure{PENSTOCK_STATUS_NOT_FOUND, PENSTOCK_RETRY_NEVER, "not in the configuration"};
  const Component* component = registry_.find(PENSTOCK_KIND_SOURCE, connection->plugin);
  if (component == nullptr) return Failure{PENSTOCK_STATUS_NOT_FOUND, PENSTOCK_RETRY_NEVER, "plugin \"" + connection->plugin + "\" is not loaded"};
  auto options = resolve_options({}, connection->options, component->declared->options, component->declared->n_options);
  if (!options) return std::move(options.failure());
  return registry_.open_source(*component, *options, limits);
}

Result<std::unique_ptr<Sink>> ConnectionPool::take_sink(const std::string& store, const CallLimits& limits) {
  if (auto idle = take_alive(sinks_, store, limits)) return idle;
  const auto current = configuration();
  const Connection* connection = find_connection(current->stores, store);
  if (connection == nullptr) return Failure{PENSTOCK_STATUS_NOT_FOUND, PENSTOCK_RETRY_NEVER, "not in the configuration"};
  const Component* component = registry_.find(PENSTOCK_KIND_SINK, connection->plugin);
  if (component == nullptr) return Failure{PENSTOCK_STATUS_NOT_FOUND, PENSTOCK_RETRY_NEVER, "plugin \"" + connection->plugin + "\" is not loaded"};
  auto options = resolve_options({}, connection->options, component->declared->options, component->declared->n_options);
  if (!options) return std::move(options.failure());
  return registry_.open_sink(*component, *options, limits);
}

void ConnectionPool::give_back(const std::string& warehouse, std::unique_ptr<Source> source) { keep(sources_, warehouse, std::move(source)); }
void ConnectionPool::give_back(const std::string& store, std::unique_ptr<Sink> sink) { keep(sinks_, store, std::move(sink)); }

std::unique_ptr<Sink> ConnectionPool::take_idle_sink(const std::string& store) { return take_idle(sinks_, store); }

Result<ResolvedOptions> ConnectionPool::table_options(const BatchSource& source) {
  const auto current = configuration();
  const Connection* connection = find_connection(current->warehouses, source.warehouse);
  const Component* component = connection == nullptr ? nullptr : registry_.find(PENSTOCK_KIND_SOURCE, connection->plugin);
  if (component == nullptr) return Failure{PENSTOCK_STATUS_NOT_FOUND, PENSTOCK_RETRY_NEVER, "its warehouse has no plugin"};
  return resolve_options({}, source.options, component->declared->table_options, component->declared->n_table_options);
}

}  // namespace penstock::host
