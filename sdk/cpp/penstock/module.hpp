// The module in C++: one macro that exports everything.
//
//   PENSTOCK_MODULE("hello", "1.0.0", "You", "Apache-2.0", "https://example.org/hello", penstock::source<HelloSource>())
#pragma once

#include <penstock/module.h>
#include <penstock/settings.hpp>
#include <penstock/sink.hpp>
#include <penstock/source.hpp>

#include <array>
#include <type_traits>

namespace penstock {

struct ComponentInfo {
  const char* id;     // what `plugin = "…"` names
  const char* title;  // a few words
  const char* doc;    // a sentence or two
};

namespace detail {

template <size_t N>
constexpr std::array<const penstock_option_desc*, N> pointers_to(const penstock_option_desc (&options)[N]) {
  std::array<const penstock_option_desc*, N> out{};
  for (size_t i = 0; i < N; ++i) out[i] = &options[i];
  return out;
}

template <class T>
struct OptionPointers {
  static constexpr auto make() {
    if constexpr (IsOptionSet<decltype(T::kOptions)>)
      return OptionTable<T::kOptions>::kPointers;
    else
      return pointers_to(T::kOptions);
  }
  static constexpr auto kOptions = make();
};
template <class T>
struct TableOptionPointers {
  static constexpr auto make() {
    if constexpr (IsOptionSet<decltype(T::kTableOptions)>)
      return OptionTable<T::kTableOptions>::kPointers;
    else
      return pointers_to(T::kTableOptions);
  }
  static constexpr auto kOptions = make();
};

template <class T>
penstock_status validate(penstock_call* c, const penstock_options* options) {
  return guarded(c, [&](const Call&) {
    const auto settings = settings_of<T>(options);
    if constexpr (requires { T::validate(settings); }) T::validate(settings);
  });
}

template <class T, int32_t Kind>
struct ComponentOf {
  static constexpr auto make_vtab() {
    if constexpr (Kind == PENSTOCK_KIND_SOURCE)
      return source_vtab<T>();
    else
      return sink_vtab<T>();
  }
  static constexpr auto kVtab = make_vtab();

  static constexpr penstock_component make() {
    penstock_component component{};
    component.struct_size = sizeof(penstock_component);
    component.kind = Kind;
    component.id = T::kInfo.id;
    component.title = T::kInfo.title;
    component.doc = T::kInfo.doc;
    if constexpr (requires { T::kOptions; }) {
      component.options = OptionPointers<T>::kOptions.data();
      component.n_options = OptionPointers<T>::kOptions.size();
    }
    if constexpr (requires { T::kTableOptions; }) {
      component.table_options = TableOptionPointers<T>::kOptions.data();
      component.n_table_options = TableOptionPointers<T>::kOptions.size();
    }
    component.vtab = &kVtab;
    component.validate = validate<T>;
    return component;
  }
  static constexpr penstock_component kComponent = make();
};

}  // namespace detail

template <class T>
constexpr const penstock_component* source() {
  return &detail::ComponentOf<T, PENSTOCK_KIND_SOURCE>::kComponent;
}

template <class T>
constexpr const penstock_component* sink() {
  return &detail::ComponentOf<T, PENSTOCK_KIND_SINK>::kComponent;
}

}  // namespace penstock

#define PENSTOCK_MODULE(module_id, module_version, vendor_name, spdx_license, home_url, ...)                           \
  PENSTOCK_MODULE_NOTE(module_id, module_version)                                                                      \
  extern "C" PENSTOCK_EXPORT const penstock_module* penstock_module_v1(void) {                                         \
    static constexpr const penstock_component* kComponents[] = {__VA_ARGS__};                                          \
    static constexpr penstock_module kModule = {PENSTOCK_MODULE_MAGIC,                                                 \
                                                sizeof(penstock_module),                                               \
                                                PENSTOCK_ABI_MAJOR,                                                    \
                                                PENSTOCK_ABI_MINOR,                                                    \
                                                0,                                                                     \
                                                sizeof kComponents / sizeof kComponents[0],                            \
                                                module_id,                                                             \
                                                module_version,                                                        \
                                                vendor_name,                                                           \
                                                spdx_license,                                                          \
                                                home_url,                                                              \
                                                kComponents,                                                           \
                                                [](const penstock_host*, penstock_call*) { return PENSTOCK_STATUS_OK; },   \
                                                [] {}};                                                                \
    return &kModule;                                                                                                   \
  }
