#include "config/option_schema.hpp"

#include "config/names.hpp"
#include "config/option_inputs.hpp"
#include "config/option_value.hpp"
#include "config/quantity.hpp"

namespace penstock::host {
namespace {

void write_reference_to(JsonWriter& writer, std::string_view definition) {
  writer.begin_object();
  writer.member("$ref", "#/definitions/" + std::string(definition));
  writer.end_object();
}

void write_string_like(JsonWriter& writer, std::string_view pattern) {
  writer.member("type", "string");
  writer.member("pattern", pattern);
}

void write_bounds(JsonWriter& writer, const penstock_option_desc& option) {
  if (option.min != std::numeric_limits<int64_t>::min()) writer.member("minimum", option.min);
  if (option.max != std::numeric_limits<int64_t>::max()) writer.member("maximum", option.max);
}

// Text, or a reference to it. In anyOf even where there is one alternative: draft 7 knows nothing beside a $ref.
void write_text(JsonWriter& writer, const penstock_option_desc& option) {
  writer.key("anyOf");
  writer.begin_array();
  if (option.choices != nullptr) {
    writer.begin_object();
    writer.key("enum");
    writer.begin_array();
    for (const char* const* choice = option.choices; *choice != nullptr; ++choice) writer.string(*choice);
    writer.end_array();
    writer.end_object();
  } else if ((option.flags & PENSTOCK_OPTION_SECRET) == 0) {
    write_reference_to(writer, "text");
  }
  write_reference_to(writer, "reference");
  writer.end_array();
}

void write_type(JsonWriter& writer, const penstock_option_desc& option) {
  switch (option.type) {
    case PENSTOCK_OPTION_STRING: return write_text(writer, option);
    case PENSTOCK_OPTION_INT:
      writer.member("type", "integer");
      return write_bounds(writer, option);
    case PENSTOCK_OPTION_DOUBLE: return writer.member("type", "number");
    case PENSTOCK_OPTION_BOOL: return writer.member("type", "boolean");
    case PENSTOCK_OPTION_DURATION: return write_string_like(writer, kDurationPattern);
    case PENSTOCK_OPTION_SIZE:  // bytes may be written as a number too
      writer.key("type");
      writer.raw(R"(["string","integer"])");
      writer.member("pattern", kSizePattern);
      return write_bounds(writer, option);
    case PENSTOCK_OPTION_STRING_LIST:
      writer.member("type", "array");
      writer.key("items");
      return write_reference_to(writer, "text");
    default:
      writer.member("type", "object");
      writer.key("additionalProperties");
      return write_reference_to(writer, "text");
  }
}

void write_default(JsonWriter& writer, const penstock_option_desc& option) {
  const auto outcome = default_option_value(option);
  if (!outcome || std::holds_alternative<std::string>(*outcome)) return;
  const OptionValue& value = std::get<OptionValue>(*outcome);
  writer.key("default");
  switch (option.type) {
    case PENSTOCK_OPTION_INT: return writer.integer(value.integer);
    case PENSTOCK_OPTION_DOUBLE: return writer.number(value.number);
    case PENSTOCK_OPTION_BOOL: return writer.boolean(value.integer != 0);
    case PENSTOCK_OPTION_STRING_LIST:
      writer.begin_array();
      for (const std::string& item : value.list) writer.string(item);
      return writer.end_array();
    case PENSTOCK_OPTION_STRING_MAP:
      writer.begin_object();
      for (size_t i = 0; i + 1 < value.list.size(); i += 2) writer.member(value.list[i], value.list[i + 1]);
      return writer.end_object();
    default: return writer.string(option.default_value);
  }
}

std::string definition_of(const penstock_component& component) { return std::string(section_of(component)) + "." + component.id; }

std::string table_definition_of(const penstock_component& component) { return "batch_source." + std::string(component.id); }

void write_required(JsonWriter& writer, DeclaredOptions options, bool with_plugin) {
  writer.key("required");
  writer.begin_array();
  if (with_plugin) writer.string("plugin");
  for (const penstock_option_desc* option : options)
    if ((option->flags & PENSTOCK_OPTION_REQUIRED) != 0) writer.string(option->name);
  writer.end_array();
}

void write_table_schema(JsonWriter& writer, const penstock_component& component) {
  const DeclaredOptions options = table_options_of(component);
  writer.key(table_definition_of(component));
  writer.begin_object();
  writer.member("type", "object");
  writer.key("properties");
  writer.begin_object();
  for (const penstock_option_desc* option : options) writer.key(option->name), write_option_schema(writer, *option);
  writer.end_object();
  write_required(writer, options, false);
  writer.key("additionalProperties");
  writer.boolean(false);
  writer.end_object();
}

}  // namespace

DeclaredOptions options_of(const penstock_component& component) { return {component.options, component.n_options}; }
DeclaredOptions table_options_of(const penstock_component& component) {
  return component.kind == PENSTOCK_KIND_SOURCE ? DeclaredOptions(component.table_options, component.n_table_options) : DeclaredOptions();
}
const char* section_of(const penstock_component& component) {
  return component.kind == PENSTOCK_KIND_SOURCE ? "warehouse" : "store";
}

void write_option_schema(JsonWriter& writer, const penstock_option_desc& option) {
  std::string description = option.doc == nullptr ? "" : option.doc;
  // A pattern cannot say it.
  const bool quantity = option.type == PENSTOCK_OPTION_DURATION || option.type == PENSTOCK_OPTION_SIZE;
  if (const std::string range = range_text(option); quantity && !range.empty()) description += " (" + range + ")";
  writer.begin_object();
  writer.member("description", description);
  write_default(writer, option);
  write_type(writer, option);
  writer.end_object();
}

void write_connection_schema(JsonWriter& writer, const penstock_component& component) {
  writer.key(definition_of(component));
  writer.begin_object();
  writer.member("title", component.title);
  writer.member("description", component.doc);
  writer.member("type", "object");
  writer.key("properties");
  writer.begin_object();
  writer.key("plugin");
  writer.begin_object();
  writer.member("const", component.id);
  writer.end_object();
  for (const penstock_option_desc* option : options_of(component)) writer.key(option->name), write_option_schema(writer, *option);
  writer.end_object();
  write_required(writer, options_of(component), true);
  writer.key("additionalProperties");
  writer.boolean(false);
  writer.end_object();
}

void write_shared_definitions(JsonWriter& writer) {
  writer.key("text");
  writer.begin_object();
  writer.member("type", "string");
  writer.key("not");
  writer.begin_object();
  writer.member("description", "a password: secrets are written by reference only");
  writer.member("pattern", kPasswordPattern);
  writer.end_object();
  writer.end_object();

  writer.key("reference");
  writer.begin_object();
  writer.member("description", "{ env = \"NAME\" }, { file = \"/path\" } or { credential = \"name\" }");
  writer.member("type", "object");
  writer.key("properties");
  writer.begin_object();
  writer.key("env");
  writer.begin_object();
  writer.member("description", "a variable of the environment");
  write_string_like(writer, kFieldNamePattern);
  writer.end_object();
  writer.key("file");
  writer.begin_object();
  writer.member("description", "a file's path");
  write_string_like(writer, ".");
  writer.end_object();
  writer.key("credential");
  writer.begin_object();
  writer.member("description", "the name of a systemd credential");
  write_string_like(writer, "^[^./][^/]*$");
  writer.end_object();
  writer.end_object();
  writer.member("minProperties", int64_t{1});
  writer.member("maxProperties", int64_t{1});
  writer.key("additionalProperties");
  writer.boolean(false);
  writer.end_object();
}

std::string options_schema(std::span<const penstock_component* const> components) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object();
  writer.member("$schema", "http://json-schema.org/draft-07/schema#");
  writer.member("title", "Penstock: options");
  writer.key("anyOf");
  writer.begin_array();
  for (const penstock_component* component : components) {
    write_reference_to(writer, definition_of(*component));
    if (!table_options_of(*component).empty()) write_reference_to(writer, table_definition_of(*component));
  }
  writer.end_array();
  writer.key("definitions");
  writer.begin_object();
  for (const penstock_component* component : components) {
    write_connection_schema(writer, *component);
    if (!table_options_of(*component).empty()) write_table_schema(writer, *component);
  }
  write_shared_definitions(writer);
  writer.end_object();
  writer.end_object();
  return indented_json(out);
}

}  // namespace penstock::host
