#include "config/rules.hpp"

#include "config/names.hpp"
#include "config/quantity.hpp"

#include <algorithm>

namespace penstock::host {
namespace {

std::string place(const Location& where) {
  return where.file + ":" + std::to_string(where.line) + ":" + std::to_string(where.column);
}

template <class T>
std::vector<std::string_view> names_of(const std::vector<Drafted<T>>& drafted) {
  std::vector<std::string_view> names;
  for (const auto& each : drafted) names.push_back(each.definition.name);
  return names;
}

// The first definition of each name or id; whatever comes second is a problem.
template <class T, class Key>
class Index {
 public:
  template <class KeyOf>
  Index(Draft& draft, const std::vector<Drafted<T>>& drafted, KeyOf key_of) {
    for (const auto& each : drafted) {
      const Key key = key_of(each.definition);
      if (key == Key{}) continue;  // without a name, which is a problem already
      const auto [found, added] = first_.try_emplace(key, &each);
      if (!added)
        draft.report(
            {each.definition.where, each.object, "is already defined at " + place(found->second->definition.where)});
    }
  }

  const Drafted<T>* find(const Key& key) const {
    const auto found = first_.find(key);
    return found == first_.end() ? nullptr : found->second;
  }

 private:
  std::map<Key, const Drafted<T>*> first_;
};

template <class T>
Index<T, std::string> index_names(Draft& draft, const std::vector<Drafted<T>>& drafted) {
  return {draft, drafted, [](const T& definition) { return definition.name; }};
}

void check_host(Draft& draft) {
  for (size_t i = 1; i < draft.hosts.size(); ++i)
    draft.report({draft.hosts[i].definition.where, "[host]",
                  "is already defined at " + place(draft.hosts[0].definition.where)});
}

void add_built_in_entities(Draft& draft) {
  for (Entity& entity : built_in_entities()) {
    const auto same = [&](const auto& each) { return each.definition.name == entity.name; };
    if (std::any_of(draft.entities.begin(), draft.entities.end(), same)) continue;
    const std::string object = "entity " + in_quotes(entity.name);
    draft.entities.push_back({std::move(entity), object, {}});
  }
}

template <class T>
void report_unknown(Draft& draft, const Location& where, const std::string& object, const std::string& key,
                    const std::string& name, const std::vector<Drafted<T>>& known) {
  if (draft.full()) {
    draft.overflowed = true;
    return;
  }
  draft.report(
      {where, object, key + ": " + key + " " + in_quotes(name) + " is not defined" + suggestion(name, names_of(known))});
}

// `name`: a reference to a warehouse or store, which may be left out where there is only one.
template <class T>
void resolve_connection(Draft& draft, const Drafted<T>& from, const std::string& kind, std::string& name,
                        const std::vector<Drafted<Connection>>& connections,
                        const Index<Connection, std::string>& index) {
  if (!name.empty()) {
    if (index.find(name) == nullptr) report_unknown(draft, from.at(kind), from.object, kind, name, connections);
  } else if (from.given(kind)) {
    return;  // written, and wrong
  } else if (connections.size() == 1) {
    name = connections[0].definition.name;
  } else if (connections.empty()) {
    draft.report({from.definition.where, from.object, "needs a " + kind + ": there is no [" + kind + ".NAME]"});
  } else {
    draft.report({from.definition.where, from.object,
                  "key \"" + kind + "\" is missing: there are several, " + list_in_quotes(names_of(connections))});
  }
}

struct Indexes {
  Index<Connection, std::string> warehouses, stores;
  Index<BatchSource, std::string> batch_sources;
  Index<Entity, std::string> entities;
  Index<View, ViewId> views;
};

void check_materialized(Draft& draft, const Drafted<View>& view, const Drafted<BatchSource>* source) {
  const View& definition = view.definition;
  const auto refuse = [&](const Location& where, const std::string& message) {
    draft.report({where, view.object, message});
  };
  if (!view.given("batch_source"))
    refuse(definition.where, "key \"batch_source\" is missing: the view is materialized (offline = true, online = true)");
  if (!view.given("fields"))
    refuse(definition.where, "key \"fields\" is missing: the view is materialized (offline = true, online = true)");
  if (source != nullptr && !source->given("timestamp_field"))
    refuse(view.at("batch_source"), "batch_source: " + source->object +
                                        " has no timestamp_field, which tells changed rows from unchanged ones");
}

void check_view(Draft& draft, const Indexes& indexes, Drafted<View>& view) {
  View& definition = view.definition;
  const Drafted<Entity>* entity = indexes.entities.find(definition.entity);
  if (entity == nullptr && !definition.entity.empty())
    report_unknown(draft, view.at("entity"), view.object, "entity", definition.entity, draft.entities);
  const Drafted<BatchSource>* source = indexes.batch_sources.find(definition.batch_source);
  if (source == nullptr && !definition.batch_source.empty())
    report_unknown(draft, view.at("batch_source"), view.object, "batch_source", definition.batch_source,
                   draft.batch_sources);
  if (!definition.store.empty() || definition.materialized()) {
    resolve_connection(draft, view, "store", definition.store, draft.stores, indexes.stores);
  } else if (draft.stores.size() == 1) {
    definition.store = draft.stores[0].definition.name;
  }
  if (!definition.materialized()) return;
  check_materialized(draft, view, source);

  // A profile that expires before its next write is missing from the store most of the time.
  const auto interval = definition.interval.value_or(draft.hosts.empty() ? HostSettings().interval
                                                                         : draft.hosts[0].definition.interval);
  const auto ttl = definition.ttl ? definition.ttl : entity != nullptr ? entity->definition.ttl : std::nullopt;
  if (ttl && *ttl < interval)
    draft.warnings.push_back({view.at("ttl"), view.object,
                              "ttl: " + format_duration(*ttl) + " is shorter than the interval of " +
                                  format_duration(interval) + ": profiles expire before they can be written again"});

  // Nanoseconds mean nothing among transaction ids, and what these leave open is not read in the first place.
  if (source != nullptr && source->definition.cursor == CursorKind::xid && definition.lookback > std::chrono::nanoseconds(0))
    draft.warnings.push_back({view.at("lookback"), view.object,
                              "lookback: has no effect, since " + source->object + " has cursor = \"xid\", which does not count in times"});
}

void report_unknown_view(Draft& draft, const Drafted<Service>& service, const ViewId& id) {
  if (draft.full()) {
    draft.overflowed = true;
    return;
  }
  std::string versions;
  std::vector<std::string_view> names;
  for (const auto& view : draft.views) {
    names.push_back(view.definition.id.name);
    if (view.definition.id.name == id.name)
      versions += (versions.empty() ? "v" : ", v") + std::to_string(view.definition.id.version);
  }
  draft.report({service.at("views"), service.object,
                "views: " + id.label() + " is not defined" +
                    (versions.empty() ? suggestion(id.name, names) : " (defined: " + versions + ")")});
}

// A service's views are read together, by field name.
void check_service(Draft& draft, const Indexes& indexes, const Drafted<Service>& service) {
  std::map<std::string_view, const ViewId*> owners;
  for (const ViewId& id : service.definition.views) {
    const Drafted<View>* view = indexes.views.find(id);
    if (view == nullptr) {
      report_unknown_view(draft, service, id);
      continue;
    }
    for (const ViewField& field : view->definition.fields) {
      const auto [found, added] = owners.try_emplace(field.name, &id);
      if (!added && found->second != &id)
        draft.report({service.at("views"), service.object,
                      "views: field " + in_quotes(field.name) + " is in both " + found->second->label() + " and " +
                          id.label()});
    }
  }
}

}  // namespace

std::vector<Entity> built_in_entities() {
  std::vector<Entity> entities;
  for (const std::string name : {"domain_userid", "domain_sessionid", "user_id", "network_userid"}) {
    Entity entity;
    entity.name = name;
    entity.keys = {name};
    entities.push_back(std::move(entity));
  }
  return entities;
}

void apply_rules(Draft& draft) {
  add_built_in_entities(draft);
  check_host(draft);
  const Indexes indexes{index_names(draft, draft.warehouses), index_names(draft, draft.stores),
                        index_names(draft, draft.batch_sources), index_names(draft, draft.entities),
                        Index<View, ViewId>(draft, draft.views, [](const View& view) {
                          return view.id.name.empty() ? ViewId{} : view.id;
                        })};
  index_names(draft, draft.services);
  for (auto& source : draft.batch_sources)
    resolve_connection(draft, source, "warehouse", source.definition.warehouse, draft.warehouses, indexes.warehouses);
  for (auto& view : draft.views) check_view(draft, indexes, view);
  for (const auto& service : draft.services) check_service(draft, indexes, service);
}

}  // namespace penstock::host
