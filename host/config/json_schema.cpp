#include "config/json_schema.hpp"

#include "config/keys.hpp"
#include "config/names.hpp"
#include "config/option_schema.hpp"
#include "config/quantity.hpp"
#include "config/table_reader.hpp"

#include <map>

namespace penstock::host {
namespace {

using Components = std::span<const penstock_component* const>;

class SchemaWriter {
 public:
  SchemaWriter(JsonWriter& writer, Components components) : writer_(writer), components_(components) {}

  void write() {
    writer_.begin_object();
    writer_.member("$schema", "http://json-schema.org/draft-07/schema#");
    writer_.member("title", "Penstock configuration");
    writer_.member("type", "object");
    writer_.key("properties");
    writer_.begin_object();
    writer_.key("host");
    write_table(kHostKeys);
    write_connections(kWarehouseKeys);
    write_connections(kStoreKeys);
    for (const SectionKeys* section : {&kBatchSourceKeys, &kEntityKeys, &kViewKeys, &kServiceKeys}) write_tables(*section);
    writer_.end_object();
    closed();
    writer_.key("definitions");
    writer_.begin_object();
    write_any_connection(kWarehouseKeys);
    write_any_connection(kStoreKeys);
    for (const penstock_component* component : components_) write_connection_schema(writer_, *component);
    write_shared_definitions(writer_);
    writer_.end_object();
    writer_.end_object();
  }

 private:
  void closed() {
    writer_.key("additionalProperties");
    writer_.boolean(false);
  }

  void text_pattern(std::string_view pattern) {
    writer_.member("type", "string");
    writer_.member("pattern", pattern);
  }

  void strings(std::string_view name, std::span<const std::string_view> values) {
    writer_.key(name);
    writer_.begin_array();
    for (const auto value : values) writer_.string(value);
    writer_.end_array();
  }

  void text_length(int64_t max) {
    writer_.member("type", "string");
    writer_.member("minLength", int64_t{1});
    writer_.member("maxLength", max);
  }

  void bounds(const Key& key, const char* min, const char* max) {
    writer_.member(min, key.min);
    if (key.max != kNoLimit) writer_.member(max, key.max);
  }

  void write_type(const Key& key) {
    switch (key.type) {
      case KeyType::name: return text_pattern(kNamePattern);
      case KeyType::line:
        if (!key.pattern.empty()) return text_pattern(key.pattern);
        [[fallthrough]];
      case KeyType::text: return text_length(key.max == kNoLimit ? static_cast<int64_t>(kMaxTextBytes) : key.max);
      case KeyType::column: return text_length(static_cast<int64_t>(kMaxNameBytes));
      case KeyType::columns:
        writer_.member("type", "array");
        writer_.key("items");
        writer_.begin_object();
        text_length(static_cast<int64_t>(kMaxNameBytes));
        writer_.end_object();
        bounds(key, "minItems", "maxItems");
        writer_.key("uniqueItems");
        return writer_.boolean(true);
      case KeyType::owner: return text_pattern(kEmailPattern);
      case KeyType::boolean: return writer_.member("type", "boolean");
      case KeyType::integer:
      case KeyType::number:
        writer_.member("type", key.type == KeyType::integer ? "integer" : "number");
        return bounds(key, "minimum", "maximum");
      case KeyType::duration: return text_pattern(kDurationPattern);
      case KeyType::size: return text_pattern(kSizePattern);
      case KeyType::instant: return text_pattern(kInstantPattern);
      case KeyType::string_table:
        writer_.member("type", "object");
        writer_.key("additionalProperties");
        writer_.begin_object();
        writer_.member("type", "string");
        return writer_.end_object();
      case KeyType::choice: return strings("enum", key.choices);
      case KeyType::tables:
        writer_.member("type", "array");
        writer_.key("items");
        write_table(*key.tables);
        return bounds(key, "minItems", "maxItems");
    }
  }

  void write_key(const Key& key) {
    writer_.key(key.name);
    writer_.begin_object();
    writer_.member("description", key.doc);
    if (!key.standard.empty()) writer_.key("default"), writer_.raw(key.standard);
    write_type(key);
    writer_.end_object();
  }

  void write_table(const SectionKeys& section) {
    writer_.begin_object();
    if (!section.doc.empty()) writer_.member("description", section.doc);
    writer_.member("type", "object");
    writer_.key("properties");
    writer_.begin_object();
    for (const Key& key : section.keys) write_key(key);
    if (section.open) write_table_options();
    writer_.end_object();
    std::vector<std::string_view> required;
    for (const Key& key : section.keys)
      if (key.required) required.push_back(key.name);
    if (!required.empty()) strings("required", required);
    closed();
    writer_.end_object();
  }

  // [[view]]
  void write_tables(const SectionKeys& section) {
    writer_.key(section.section);
    writer_.begin_object();
    writer_.member("type", "array");
    writer_.key("items");
    write_table(section);
    writer_.end_object();
  }

  // Several sources may have an option of the same name; what one of them takes is right.
  void write_table_options() {
    std::map<std::string_view, std::vector<std::string>> schemas;
    for (const penstock_component* component : components_) {
      for (const penstock_option_desc* option : table_options_of(*component)) {
        std::string schema;
        JsonWriter writer(schema);
        write_option_schema(writer, *option);
        auto& known = schemas[option->name];
        if (std::find(known.begin(), known.end(), schema) == known.end()) known.push_back(std::move(schema));
      }
    }
    for (const auto& [name, alternatives] : schemas) {
      writer_.key(name);
      if (alternatives.size() == 1) {
        writer_.raw(alternatives[0]);
        continue;
      }
      writer_.begin_object();
      writer_.key("anyOf");
      writer_.begin_array();
      for (const std::string& schema : alternatives) writer_.raw(schema);
      writer_.end_array();
      writer_.end_object();
    }
  }

  // [store.NAME]
  void write_connections(const SectionKeys& section) {
    writer_.key(section.section);
    writer_.begin_object();
    writer_.member("description", section.doc);
    writer_.member("type", "object");
    writer_.key("propertyNames");
    writer_.begin_object();
    writer_.member("pattern", kNamePattern);
    writer_.end_object();
    writer_.key("additionalProperties");
    write_reference(std::string(section.section));
    writer_.end_object();
  }

  void write_reference(const std::string& definition) {
    writer_.begin_object();
    writer_.member("$ref", "#/definitions/" + definition);
    writer_.end_object();
  }

  // `plugin` decides by if and then, which makes for messages that name the key. Editors that complete look into anyOf but
  // not into then (taplo), so the same definitions stand there once more, with `true`, which refuses nothing.
  void write_any_connection(const SectionKeys& section) {
    std::vector<std::string_view> ids;
    for (const penstock_component* component : components_)
      if (section_of(*component) == section.section) ids.emplace_back(component->id);
    const std::string prefix = std::string(section.section) + ".";
    writer_.key(section.section);
    writer_.begin_object();
    writer_.member("type", "object");
    writer_.key("properties");
    writer_.begin_object();
    writer_.key("plugin");
    writer_.begin_object();
    writer_.member("description", section.find("plugin")->doc);
    if (!ids.empty()) strings("enum", ids);
    writer_.end_object();
    writer_.end_object();
    strings("required", std::vector<std::string_view>{"plugin"});
    if (!ids.empty()) {
      writer_.key("allOf");
      writer_.begin_array();
      for (const auto id : ids) write_choice(prefix, id);
      writer_.end_array();
      writer_.key("anyOf");
      writer_.begin_array();
      for (const auto id : ids) write_reference(prefix + std::string(id));
      writer_.boolean(true);
      writer_.end_array();
    }
    writer_.end_object();
  }

  void write_choice(const std::string& prefix, std::string_view id) {
    writer_.begin_object();
    writer_.key("if");
    writer_.begin_object();
    writer_.key("properties");
    writer_.begin_object();
    writer_.key("plugin");
    writer_.begin_object();
    writer_.member("const", id);
    writer_.end_object();
    writer_.end_object();
    strings("required", std::vector<std::string_view>{"plugin"});
    writer_.end_object();
    writer_.key("then");
    write_reference(prefix + std::string(id));
    writer_.end_object();
  }

  JsonWriter& writer_;
  const Components components_;
};

}  // namespace

std::string configuration_schema(Components components) {
  std::string out;
  JsonWriter writer(out);
  SchemaWriter(writer, components).write();
  return indented_json(out);
}

}  // namespace penstock::host
