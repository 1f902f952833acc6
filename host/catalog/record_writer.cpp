#include "base/time_text.hpp"
#include "catalog/canonical_json.hpp"
#include "catalog/catalog.hpp"
#include "catalog/words.hpp"
#include "config/quantity.hpp"

#include <algorithm>
#include <charconv>
#include <tuple>

namespace penstock::host {
namespace {

std::string duration_json(const std::optional<std::chrono::nanoseconds>& duration) {
  return duration ? json_text(format_duration(*duration)) : "null";
}

// As text: Boost.JSON does not read every number back exactly.
std::string number_text(double number) {
  char buffer[32];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, number);
  return {buffer, end};
}

std::string tagged(std::string name, std::string json) {
  CanonicalObject object;
  object.add(std::move(name), std::move(json));
  return object.json();
}

// Strings, integers, booleans and lists are themselves; what JSON cannot tell apart is an object with one member that says
// what it is. A secret stays a reference.
std::string option_json(const OptionInput& option) {
  if (const auto* text = std::get_if<std::string>(&option.value)) return json_text(*text);
  if (const auto* integer = std::get_if<int64_t>(&option.value)) return std::to_string(*integer);
  if (const auto* boolean = std::get_if<bool>(&option.value)) return *boolean ? "true" : "false";
  if (const auto* list = std::get_if<std::vector<std::string>>(&option.value)) return json_texts(*list);
  if (const auto* number = std::get_if<double>(&option.value)) return tagged("double", json_text(number_text(*number)));
  if (const auto* map = std::get_if<OptionInput::Map>(&option.value)) {
    CanonicalObject members;
    for (const auto& [key, text] : *map) members.add_text(key, text);
    return tagged("map", members.json());
  }
  const auto& reference = std::get<SecretReference>(option.value);
  return tagged(std::string(word(kReferenceWords, reference.kind)), json_text(reference.name));
}

std::string entity_json(const Entity& entity) {
  CanonicalObject object;
  object.add_text("name", entity.name);
  object.add("keys", json_texts(entity.keys));
  object.add_text("description", entity.description);
  object.add_text("owner", entity.owner);
  object.add("ttl", duration_json(entity.ttl));
  return object.json();
}

// What makes a batch source the same table: part of each view, so that a view's record is complete in itself.
CanonicalObject source_identity(const BatchSource& source) {
  CanonicalObject object;
  object.add_text("warehouse", source.warehouse);
  object.add_text("database", source.database);
  object.add_text("schema", source.schema);
  object.add_text("table", source.table);
  object.add_text("query", source.query);
  object.add_text("timestamp_field", source.timestamp_field);
  object.add_text("created_timestamp_column", source.created_timestamp_column);
  object.add_text("cursor", word(kCursorWords, source.cursor));
  return object;
}

std::string batch_source_json(const BatchSource& source) {
  CanonicalObject object = source_identity(source);
  object.add_text("name", source.name);
  object.add_text("description", source.description);
  object.add_text("owner", source.owner);
  CanonicalObject options;
  for (const auto& [name, option] : source.options) options.add(name, option_json(option));
  object.add("options", options.json());
  return object.json();
}

std::string fields_json(const std::vector<ViewField>& fields) {
  std::vector<std::string> elements;
  for (const ViewField& field : fields) {
    CanonicalObject object;
    object.add_text("name", field.name);
    object.add_text("column", field.column);
    object.add_text("type", field.type.name());
    object.add_text("description", field.description);
    elements.push_back(object.json());
  }
  return json_array(elements);
}

template <class T>
const T* find_by_name(const std::vector<T>& list, const std::string& name) {
  const auto found = std::find_if(list.begin(), list.end(), [&](const T& each) { return each.name == name; });
  return found == list.end() ? nullptr : &*found;
}

void add_resolved(CanonicalObject& object, const View& view, const Configuration& configuration) {
  const Entity* entity = find_by_name(configuration.entities, view.entity);
  const BatchSource* source = find_by_name(configuration.batch_sources, view.batch_source);
  object.add("keys", entity == nullptr ? "null" : json_texts(entity->keys));
  object.add("source", source == nullptr ? "null" : source_identity(*source).json());
}

std::string view_json(const View& view, const Configuration& configuration) {
  CanonicalObject object;
  add_resolved(object, view, configuration);
  object.add_text("name", view.id.name);
  object.add_integer("version", view.id.version);
  object.add_text("entity", view.entity);
  object.add_text("batch_source", view.batch_source);
  object.add_text("store", view.store);
  object.add_bool("offline", view.offline);
  object.add_bool("online", view.online);
  object.add("fields", fields_json(view.fields));
  object.add_text("owner", view.owner);
  object.add_text("description", view.description);
  CanonicalObject tags;
  for (const auto& [key, text] : view.tags) tags.add_text(key, text);
  object.add("tags", tags.json());
  object.add("ttl", duration_json(view.ttl));
  object.add("interval", duration_json(view.interval));
  object.add("lookback", duration_json(view.lookback));
  object.add("lag", duration_json(view.lag));
  object.add("order_by", json_texts(view.order_by));
  object.add("backfill_since", view.backfill_since_ns ? json_text(format_instant(*view.backfill_since_ns)) : "null");
  object.add_text("null_timestamp", word(kNullTimestampWords, view.null_timestamp));
  object.add_text("on_reject", word(kOnRejectWords, view.on_reject));
  object.add_text("max_reject_ratio", number_text(view.max_reject_ratio));
  object.add_text("timezone", view.timezone);
  object.add_integer("max_rows_per_second", view.max_rows_per_second);
  return object.json();
}

std::string service_json(const Service& service) {
  CanonicalObject object;
  object.add_text("name", service.name);
  object.add_text("description", service.description);
  object.add_text("owner", service.owner);
  std::vector<std::string> views;
  for (const ViewId& id : service.views) {
    CanonicalObject pinned;
    pinned.add_text("name", id.name);
    pinned.add_integer("version", id.version);
    views.push_back(pinned.json());
  }
  object.add("views", json_array(views));
  return object.json();
}

void append_sorted(std::vector<DefinitionRecord>& records, std::vector<DefinitionRecord> more) {
  std::sort(more.begin(), more.end(), [](const DefinitionRecord& a, const DefinitionRecord& b) {
    return std::tie(a.name, a.version) < std::tie(b.name, b.version);
  });
  for (DefinitionRecord& record : more) records.push_back(std::move(record));
}

}  // namespace

std::vector<DefinitionRecord> to_records(const Configuration& configuration) {
  std::vector<DefinitionRecord> entities, sources, views, services;
  for (const Entity& entity : configuration.entities) entities.push_back({"entity", entity.name, 0, entity_json(entity)});
  for (const BatchSource& source : configuration.batch_sources)
    sources.push_back({"batch_source", source.name, 0, batch_source_json(source)});
  for (const View& view : configuration.views)
    views.push_back({"view", view.id.name, view.id.version, view_json(view, configuration)});
  for (const Service& service : configuration.services)
    services.push_back({"service", service.name, 0, service_json(service)});
  std::vector<DefinitionRecord> records;
  for (auto* list : {&entities, &sources, &views, &services}) append_sorted(records, std::move(*list));
  return records;
}

}  // namespace penstock::host
