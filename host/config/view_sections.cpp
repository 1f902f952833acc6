// What is synced, and how it is read: entities, views and services.
#include "config/names.hpp"
#include "config/sections.hpp"
#include "config/table_reader.hpp"

#include <algorithm>

namespace penstock::host {
namespace {

// Stores keep a profile's order key under this name, next to its fields.
constexpr std::string_view kReservedField = "_o";

// What other systems call the types.
std::string_view type_for_synonym(std::string_view name) {
  constexpr std::pair<std::string_view, std::string_view> kSynonyms[] = {
      {"int", "int32"},        {"integer", "int32"},     {"bigint", "int64"},       {"long", "int64"},
      {"text", "string"},      {"varchar", "string"},    {"boolean", "bool"},       {"timestamp", "unix_timestamp"},
      {"float64", "double"},   {"number", "double"},     {"float32", "float"},      {"real", "float"},
      {"binary", "bytes"},     {"datetime", "unix_timestamp"}};
  for (const auto& [synonym, type] : kSynonyms) {
    if (synonym == name) return type;
  }
  return {};
}

void read_type(TableReader& reader, FieldType& out) {
  std::string name;
  if (!reader.read_line("type", name)) return;
  if (const auto type = field_type(name)) {
    out = *type;
    return;
  }
  const auto synonym = type_for_synonym(name);
  const std::string hint =
      synonym.empty() ? suggestion(name, reader.choices("type")) : " (did you mean " + in_quotes(synonym) + "?)";
  reader.refuse("type", in_quotes(name) + " is not a field type" +
                            (hint.empty() ? ": use one of bytes, string, int32, int64, double, float, bool, "
                                            "unix_timestamp, or one of them with _list"
                                          : hint));
}

void read_field(Part& part, const TomlNode& table, const std::string& view, std::vector<ViewField>& fields) {
  TableReader reader(part, table, kFieldKeys, view);
  ViewField field;
  if (reader.given("name")) {
    if (reader.read_line("name", field.name)) reader.set_object(view + ": field " + in_quotes(field.name));
    if (!field.name.empty() && !is_field_name(field.name)) {
      reader.refuse("name", in_quotes(field.name) +
                                " is not a field name: use 1 to 128 of A-Z a-z 0-9 _, not beginning with a digit");
    } else if (field.name == kReservedField) {
      reader.refuse("name", "\"_o\" is reserved: stores keep the order of a profile's rows under it");
    }
  } else {
    reader.refuse_at(reader.here(), "fields: key \"name\" is missing");
  }
  const bool twice =
      std::any_of(fields.begin(), fields.end(), [&](const ViewField& other) { return other.name == field.name; });
  if (twice && !field.name.empty()) reader.refuse("name", "is listed twice");
  field.column = field.name;
  reader.read_column("column", field.column);
  reader.require("type");
  read_type(reader, field.type);
  reader.read_text("description", field.description);
  reader.refuse_unknown_keys();
  fields.push_back(std::move(field));
}

void read_fields(Part& part, TableReader& reader, View& view) {
  const TomlNode::Array* array = reader.read_tables("fields");
  if (array == nullptr) return;
  if (array->empty() && view.materialized())
    return reader.refuse("fields", "is empty: the view is materialized (offline = true, online = true)");
  for (const TomlNode& node : *array) {
    if (node.table() == nullptr) {
      reader.refuse_at(reader.at(node), "fields: expected a table like { name = \"A\", type = \"int32\" }, found " +
                                            std::string(node.kind()));
    } else {
      read_field(part, node, reader.object(), view.fields);
    }
  }
}

void read_identity(TableReader& reader, View& view) {
  const bool named = reader.read_name("name", view.id.name);
  reader.require("name");
  if (named) reader.set_object(view.id.label());
  int64_t version = 1;
  if (reader.read_integer("version", version)) view.id.version = static_cast<int32_t>(version);
  if (named) reader.set_object(view.id.label());
}

void read_policies(TableReader& reader, View& view) {
  reader.read_duration("ttl", view.ttl);
  reader.read_duration("interval", view.interval);
  reader.read_duration("lookback", view.lookback);
  reader.read_duration("lag", view.lag);
  reader.read_columns("order_by", view.order_by);
  reader.read_instant("backfill_since", view.backfill_since_ns);
  reader.read_choice("null_timestamp", view.null_timestamp);
  reader.read_choice("on_reject", view.on_reject);
  reader.read_number("max_reject_ratio", view.max_reject_ratio);
  if (reader.read_line("timezone", view.timezone) && !is_time_zone_name(view.timezone))
    reader.refuse("timezone", in_quotes(view.timezone) +
                                  " is not the name of a time zone: write it like \"Europe/Berlin\" or \"UTC\"");
  reader.read_integer("max_rows_per_second", view.max_rows_per_second);
}

void read_pinned_view(Part& part, const TomlNode& table, TableReader& service, std::vector<ViewId>& views) {
  if (table.table() == nullptr) {
    service.refuse_at(service.at(table), "views: expected a table like { name = \"users\", version = 1 }, found " +
                                             std::string(table.kind()));
    return;
  }
  TableReader reader(part, table, kServiceViewKeys, service.object());
  ViewId id;
  if (!reader.given("name")) reader.refuse_at(reader.here(), "views: key \"name\" is missing");
  if (!reader.given("version"))
    reader.refuse_at(reader.here(), "views: key \"version\" is missing: a service pins its views");
  int64_t version = 1;
  const bool complete = reader.read_line("name", id.name) && reader.read_integer("version", version);
  id.version = static_cast<int32_t>(version);
  reader.refuse_unknown_keys();
  if (!complete) return;
  if (std::find(views.begin(), views.end(), id) != views.end())
    return reader.refuse_at(reader.here(), "views: " + id.label() + " is listed twice");
  views.push_back(std::move(id));
}

}  // namespace

void read_entity(Part& part, const TomlNode& table) {
  TableReader reader(part, table, kEntityKeys, "[[entity]]");
  Entity entity;
  entity.where = reader.here();
  reader.require("name");
  if (reader.read_name("name", entity.name)) reader.set_object("entity " + in_quotes(entity.name));
  if (!entity.name.empty()) entity.keys = {entity.name};
  reader.read_columns("keys", entity.keys);
  reader.read_text("description", entity.description);
  reader.read_owner("owner", entity.owner);
  reader.read_duration("ttl", entity.ttl);
  reader.refuse_unknown_keys();
  part.draft.entities.push_back({std::move(entity), reader.object(), reader.key_locations()});
}

void read_view(Part& part, const TomlNode& table) {
  TableReader reader(part, table, kViewKeys, "[[view]]");
  View view;
  view.where = reader.here();
  read_identity(reader, view);
  reader.require("entity");
  reader.read_line("entity", view.entity);
  reader.read_line("batch_source", view.batch_source);
  reader.read_line("store", view.store);
  const bool offline_known = reader.read_bool("offline", view.offline) || !reader.given("offline");
  reader.read_bool("online", view.online);
  if (view.online && !view.offline && offline_known)
    reader.refuse_at(reader.at("online"), "online = true with offline = false is not a batch view: what is synced to a store "
                                          "comes from a table in the warehouse; set offline = true");
  read_fields(part, reader, view);
  reader.read_owner("owner", view.owner);
  reader.read_text("description", view.description);
  reader.read_string_table("tags", view.tags);
  read_policies(reader, view);
  reader.refuse_unknown_keys();
  part.draft.views.push_back({std::move(view), reader.object(), reader.key_locations()});
}

void read_service(Part& part, const TomlNode& table) {
  TableReader reader(part, table, kServiceKeys, "[[service]]");
  Service service;
  service.where = reader.here();
  reader.require("name");
  if (reader.read_name("name", service.name)) reader.set_object("service " + in_quotes(service.name));
  reader.require("views");
  if (const TomlNode::Array* array = reader.read_tables("views")) {
    for (const TomlNode& node : *array) read_pinned_view(part, node, reader, service.views);
  }
  reader.read_text("description", service.description);
  reader.read_owner("owner", service.owner);
  reader.refuse_unknown_keys();
  part.draft.services.push_back({std::move(service), reader.object(), reader.key_locations()});
}

}  // namespace penstock::host
