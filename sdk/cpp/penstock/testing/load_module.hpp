// Loading a plugin file the way the host does, but trusting it.
#pragma once

#include <penstock/module.h>

#include <dlfcn.h>
#include <stdexcept>
#include <string>

namespace penstock::testing {

// The module of the plugin file at `path`. It is loaded once a process and never unloaded. Throws std::runtime_error.
inline const penstock_module& load_module(const std::string& path) {
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == nullptr) throw std::runtime_error(dlerror());
  const auto entry = reinterpret_cast<penstock_module_v1_fn>(dlsym(library, PENSTOCK_MODULE_SYMBOL));
  if (entry == nullptr) throw std::runtime_error(dlerror());
  const penstock_module* module = entry();
  if (module == nullptr) throw std::runtime_error(path + ": " PENSTOCK_MODULE_SYMBOL " returned NULL");
  return *module;
}

// The module's component with this id, static data of the plugin. Throws std::runtime_error.
inline const penstock_component& component(const penstock_module& module, const std::string& id) {
  for (uint32_t i = 0; i < module.n_components; ++i)
    if (id == module.components[i]->id) return *module.components[i];
  throw std::runtime_error("plugin \"" + std::string(module.id) + "\" has no component \"" + id + "\"");
}

}  // namespace penstock::testing
