#include "plugin/registry.hpp"

#include "config/options.hpp"
#include "plugin/call_context.hpp"
#include "plugin/elf_note.hpp"
#include "plugin/file_check.hpp"
#include "plugin/library.hpp"
#include "plugin/module_check.hpp"
#include "plugin/sink_proxy.hpp"
#include "plugin/source_proxy.hpp"

#include <algorithm>
#include <map>

namespace penstock::host {
namespace {

std::string label(const std::filesystem::path& file) { return "plugin \"" + file.string() + "\""; }

}  // namespace

struct Registry::State {
  std::shared_ptr<PluginRuntime> runtime = std::make_shared<PluginRuntime>();
  std::vector<std::unique_ptr<Plugin>> plugins;
  std::map<std::pair<int32_t, std::string>, Component, std::less<>> components;

  const Plugin* with_id(std::string_view id) const {
    const auto found = std::find_if(plugins.begin(), plugins.end(), [&](const auto& plugin) { return plugin->module->id == id; });
    return found == plugins.end() ? nullptr : found->get();
  }

  // The whole way of one file, from its name to a module that has started. The failure does not name the file.
  Result<const Plugin*> load(const Descriptor& directory, const std::filesystem::path& path) {
    auto file = open_plugin_file(directory, path.filename());
    if (!file) return file.failure();
    const auto note = read_plugin_note(file->get());
    if (!note) return note.failure();
    if (const Plugin* other = with_id(note->id); other != nullptr)
      return invalid("the module \"" + note->id + "\" is already loaded from \"" + other->path.string() + "\"");
    // From here on the plugin's code runs.
    const auto loaded = load_library(std::move(*file));
    if (!loaded) return loaded.failure();
    const penstock_module* module = *loaded;
    const auto usable = check_module(module, *note);
    if (!usable) return usable.failure();
    for (const penstock_component* component : *usable)
      if (const auto other = components.find({component->kind, component->id}); other != components.end())
        return invalid(component_label(*component) + " is already provided by \"" + other->second.plugin->path.string() + "\"");
    if (auto started = start(*module); !started) return started.failure();

    plugins.push_back(std::make_unique<Plugin>(Plugin{path, module}));
    const Plugin* plugin = plugins.back().get();
    for (const penstock_component* component : *usable) components[{component->kind, component->id}] = {plugin, component};
    return plugin;
  }

  Result<void> start(const penstock_module& module) {
    return start_module(&module, [&]() -> Result<void> {
      CallContext call(Callee(runtime, module.id), "init", {kCloseTimeout});
      return call.finish(module.init(call.get()->host, call.get()));
    });
  }
};

Registry::Registry(Hooks hooks) : state_(std::make_unique<State>()) { state_->runtime->hooks = std::move(hooks); }

Registry::~Registry() = default;

std::vector<Failure> Registry::load_directory(const std::filesystem::path& directory) {
  const std::string object = "plugin directory \"" + directory.string() + "\"";
  const auto checked = open_plugin_directory(directory);
  if (!checked) return {Failure(checked.failure()).in(object)};
  const auto names = plugin_names(*checked);
  if (!names) return {Failure(names.failure()).in(object)};
  std::vector<Failure> failures;
  for (const std::string& name : *names)
    if (auto loaded = state_->load(*checked, directory / name); !loaded)
      failures.push_back(std::move(loaded.failure()).in(label(directory / name)));
  return failures;
}

Result<const Plugin*> Registry::load_file(const std::filesystem::path& file) {
  const auto directory = open_plugin_directory(file.parent_path());
  if (!directory) return Failure(directory.failure()).in(label(file));
  auto loaded = state_->load(*directory, file);
  if (!loaded) return std::move(loaded.failure()).in(label(file));
  return loaded;
}

const std::vector<std::unique_ptr<Plugin>>& Registry::plugins() const { return state_->plugins; }

const Component* Registry::find(int32_t kind, std::string_view id) const {
  const auto found = state_->components.find(std::pair(kind, std::string(id)));
  return found == state_->components.end() ? nullptr : &found->second;
}

std::vector<std::string> Registry::ids(int32_t kind) const {
  std::vector<std::string> found;
  for (const auto& [key, component] : state_->components)
    if (key.first == kind) found.push_back(key.second);
  return found;
}

Result<void> Registry::validate(const Component& component, const ResolvedOptions& options) const {
  CallContext call(Callee(state_->runtime, component.declared->id), "options", {kCloseTimeout});
  return call.finish(component.declared->validate(call.get(), options.get()));
}

Result<std::unique_ptr<Source>> Registry::open_source(const Component& component, const ResolvedOptions& options,
                                                      const CallLimits& limits) const {
  return open_source_proxy(state_->runtime, *component.declared, options.get(), limits);
}

Result<std::unique_ptr<Sink>> Registry::open_sink(const Component& component, const ResolvedOptions& options,
                                                  const CallLimits& limits) const {
  return open_sink_proxy(state_->runtime, *component.declared, options.get(), limits);
}

void Registry::shut_down() {
  state_->components.clear();
  for (const auto& plugin : state_->plugins) end_module(plugin->module);
  state_->plugins.clear();
}

}  // namespace penstock::host
