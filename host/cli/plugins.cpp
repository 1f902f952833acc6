#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "cli/session.hpp"

#include "base/json_writer.hpp"
#include "config/json_schema.hpp"
#include "config/option_schema.hpp"
#include "config/option_text.hpp"

#include <algorithm>
#include <limits>

namespace penstock::host {
namespace {

const char* kind_name(int32_t kind) { return kind == PENSTOCK_KIND_SOURCE ? "source" : "sink"; }

std::string text_of(const char* text) { return text == nullptr ? "" : text; }

// The folder: given, or the configuration's. Plugins are looked at whether or not the rest of the configuration is right.
std::optional<int> load_plugins(const Arguments& arguments, Registry& registry, std::vector<Failure>& refused) {
  std::filesystem::path directory = arguments.plugin_dir;
  if (directory.empty()) {
    const Loaded loaded = load_configuration(arguments.config);
    if (!loaded.problems.empty()) return report_problems(loaded.problems, arguments.json);
    directory = loaded.configuration.host.plugin_dir;
  }
  refused = registry.load_directory(std::filesystem::absolute(directory).lexically_normal());
  return {};
}

void write_options(JsonWriter& writer, const char* name, const penstock_option_desc* const* options, uint64_t count) {
  writer.key(name);
  writer.begin_array();
  for (uint64_t i = 0; i < count; ++i) {
    const penstock_option_desc& option = *options[i];
    writer.begin_object();
    writer.member("name", option.name);
    writer.member("type", option_type_name(option.type));
    writer.key("required");
    writer.boolean((option.flags & PENSTOCK_OPTION_REQUIRED) != 0);
    writer.key("secret");
    writer.boolean((option.flags & PENSTOCK_OPTION_SECRET) != 0);
    if (option.default_value != nullptr) writer.member("default", option.default_value);
    if (option.choices != nullptr) {
      writer.key("choices");
      writer.begin_array();
      for (const char* const* choice = option.choices; *choice != nullptr; ++choice) writer.string(*choice);
      writer.end_array();
    }
    if (option.min != std::numeric_limits<int64_t>::min()) writer.member("min", option.min);
    if (option.max != std::numeric_limits<int64_t>::max()) writer.member("max", option.max);
    writer.member("doc", text_of(option.doc));
    writer.end_object();
  }
  writer.end_array();
}

void write_plugin(JsonWriter& writer, const Plugin& plugin, bool with_options) {
  const penstock_module& module = *plugin.module;
  writer.begin_object();
  writer.member("id", module.id);
  writer.member("version", module.version);
  writer.member("abi", std::to_string(module.abi_major) + "." + std::to_string(module.abi_minor));
  writer.member("vendor", text_of(module.vendor));
  writer.member("license", text_of(module.license));
  writer.member("file", plugin.path.string());
  writer.key("components");
  writer.begin_array();
  for (uint32_t i = 0; i < module.n_components; ++i) {
    const penstock_component& component = *module.components[i];
    writer.begin_object();
    writer.member("kind", kind_name(component.kind));
    writer.member("id", component.id);
    writer.member("title", text_of(component.title));
    writer.member("doc", text_of(component.doc));
    if (with_options) {
      write_options(writer, "options", component.options, component.n_options);
      if (component.kind == PENSTOCK_KIND_SOURCE) write_options(writer, "table_options", component.table_options, component.n_table_options);
    }
    writer.end_object();
  }
  writer.end_array();
  writer.end_object();
}

std::string table_of(const Plugin& plugin) {
  const penstock_module& module = *plugin.module;
  std::string out = text_of(module.id) + " " + text_of(module.version) + ", plugin ABI " + std::to_string(module.abi_major) + "." +
                    std::to_string(module.abi_minor) + ", " + text_of(module.license) + ", " + text_of(module.vendor) + "\n" + plugin.path.string() + "\n";
  for (uint32_t i = 0; i < module.n_components; ++i) {
    const penstock_component& component = *module.components[i];
    out += "\n" + std::string(kind_name(component.kind)) + " \"" + component.id + "\": " + text_of(component.title) + "\n" + text_of(component.doc) +
           "\n" + options_as_table(component);
  }
  return out;
}

bool matches(const Plugin& plugin, const std::string& name) {
  if (name == plugin.module->id || name == plugin.path.filename() || name == plugin.path) return true;
  for (uint32_t i = 0; i < plugin.module->n_components; ++i)
    if (name == plugin.module->components[i]->id) return true;
  return false;
}

// The components that the name means: of a module, all.
std::vector<const penstock_component*> named(const Plugin& plugin, const std::string& name) {
  std::vector<const penstock_component*> all, exact;
  for (uint32_t i = 0; i < plugin.module->n_components; ++i) {
    all.push_back(plugin.module->components[i]);
    if (name == all.back()->id) exact.push_back(all.back());
  }
  return exact.empty() ? all : exact;
}

void complain_about(const std::vector<Failure>& refused) {
  for (const Failure& failure : refused) complain("not loaded: " + failure.message);
}

}  // namespace

int plugins_list_command(const Arguments& arguments) {
  Registry registry({});
  std::vector<Failure> refused;
  if (const auto code = load_plugins(arguments, registry, refused)) return *code;
  if (arguments.json) {
    std::string out;
    JsonWriter writer(out);
    writer.begin_object();
    writer.key("plugins");
    writer.begin_array();
    for (const auto& plugin : registry.plugins()) write_plugin(writer, *plugin, false);
    writer.end_array();
    writer.key("refused");
    writer.begin_array();
    for (const Failure& failure : refused) writer.string(failure.message);
    writer.end_array();
    writer.end_object();
    print(out + "\n");
  } else {
    Table table({"KIND", "PLUGIN", "VERSION", "FILE", "WHAT"});
    for (const auto& plugin : registry.plugins())
      for (uint32_t i = 0; i < plugin->module->n_components; ++i) {
        const penstock_component& component = *plugin->module->components[i];
        table.add({kind_name(component.kind), component.id, plugin->module->version, plugin->path.filename(), text_of(component.title)});
      }
    print(table.empty() ? "no plugins\n" : table.text());
    complain_about(refused);
  }
  return refused.empty() ? kDone : kBadConfiguration;
}

int plugins_info_command(const Arguments& arguments) {
  Registry registry({});
  std::vector<Failure> refused;
  if (const auto code = load_plugins(arguments, registry, refused)) return *code;
  for (const auto& plugin : registry.plugins()) {
    if (!matches(*plugin, arguments.names[0])) continue;
    if (arguments.json) {
      std::string out;
      JsonWriter writer(out);
      write_plugin(writer, *plugin, true);
      return print(out + "\n"), kDone;
    }
    if (arguments.format == "table") return print(table_of(*plugin)), kDone;
    const auto components = named(*plugin, arguments.names[0]);
    if (arguments.format == "schema") return print(options_schema(components)), kDone;
    std::string out;
    for (const penstock_component* component : components)
      out += (out.empty() ? "" : "\n") + (arguments.format == "toml" ? options_as_toml(*component) : options_as_markdown(*component));
    return print(out), kDone;
  }
  complain_about(refused);
  report_failure({PENSTOCK_STATUS_NOT_FOUND, PENSTOCK_RETRY_NEVER, "no plugin \"" + arguments.names[0] + "\" in the plugin directory"}, arguments.json);
  return refused.empty() ? kUsage : kBadConfiguration;
}

int plugins_schema_command(const Arguments& arguments) {
  Registry registry({});
  std::vector<Failure> refused;
  if (const auto code = load_plugins(arguments, registry, refused)) return *code;
  std::vector<const penstock_component*> components;
  for (const auto& plugin : registry.plugins())
    components.insert(components.end(), plugin->module->components, plugin->module->components + plugin->module->n_components);
  // The folder's order says nothing.
  std::sort(components.begin(), components.end(), [](const penstock_component* a, const penstock_component* b) {
    return std::make_pair(a->kind, std::string_view(a->id)) < std::make_pair(b->kind, std::string_view(b->id));
  });
  print(configuration_schema(components));
  complain_about(refused);
  return refused.empty() ? kDone : kBadConfiguration;
}

}  // namespace penstock::host
