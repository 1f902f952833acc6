#include "plugin/module_check.hpp"

#include "config/keys.hpp"
#include "config/options.hpp"
#include "plugin/printable.hpp"

#include <penstock/source.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <set>
#include <span>

namespace penstock::host {
namespace {

constexpr uint32_t kMaxComponents = 64;
constexpr uint64_t kMaxOptions = 256;
constexpr size_t kMaxChoices = 256;
constexpr size_t kMaxName = 64;
constexpr size_t kMaxProse = 4096;

// The sizes of ABI 1.0: what every plugin of this major has at least, however much later minors append.
constexpr uint32_t kModuleSize = offsetof(penstock_module, deinit) + sizeof(void*);
constexpr uint32_t kComponentSize = offsetof(penstock_component, validate) + sizeof(void*);
constexpr uint32_t kOptionSize = offsetof(penstock_option_desc, max) + sizeof(int64_t);
constexpr uint32_t kSlotsAt = 8;  // vtables begin with struct_size and a reserved word

constexpr const char* kSourceSlots[] = {"open", "close", "ping", "describe", "list_tables", "horizon", "plan", "scan", "get_extension"};
constexpr const char* kSinkSlots[] = {"open",  "close",  "ping",  "capabilities", "begin",        "write",
                                      "flush", "commit", "abort", "end",          "get_extension"};
constexpr const char* kMarkerSlots[] = {"load", "compare_and_store"};
constexpr const char* kLookupSlots[] = {"read"};
constexpr const char* kLayoutSlots[] = {"describe_keys"};
static_assert(offsetof(penstock_source_vtab, get_extension) == kSlotsAt + 8 * (std::size(kSourceSlots) - 1));
static_assert(offsetof(penstock_sink_vtab, get_extension) == kSlotsAt + 8 * (std::size(kSinkSlots) - 1));

Failure bad_size(const std::string& what, uint32_t size, uint32_t expected) {
  return invalid(what + ": struct_size is " + std::to_string(size) + ", ABI 1.0 has " + std::to_string(expected));
}

// Any vtable: a head of eight bytes, then pointers.
Result<void> check_slots(const std::string& what, const void* vtab, std::span<const char* const> slots) {
  uint32_t size;
  std::memcpy(&size, vtab, sizeof size);
  const auto expected = static_cast<uint32_t>(kSlotsAt + 8 * slots.size());
  if (size < expected) return bad_size(what, size, expected);
  for (size_t i = 0; i < slots.size(); ++i) {
    const void* slot;
    std::memcpy(&slot, static_cast<const char*>(vtab) + kSlotsAt + 8 * i, sizeof slot);
    if (slot == nullptr) return invalid(what + ": slot " + slots[i] + " is NULL");
  }
  return {};
}

bool fits(const char* text, size_t max_size) { return text != nullptr && strnlen(text, max_size + 1) <= max_size; }

bool is_option_name(const char* name) {
  if (!fits(name, kMaxName) || *name < 'a' || *name > 'z') return false;
  for (const char* c = name; *c != '\0'; ++c)
    if (!((*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '_')) return false;
  return true;
}

template <class T>
bool parse_whole(std::string_view text, T& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

// The default as TOML would give it; nothing if it is not even of that form.
std::optional<OptionInput> default_input(const penstock_option_desc& desc) {
  const std::string text = desc.default_value;
  int64_t integer = 0;
  double number = 0;
  switch (desc.type) {
    case PENSTOCK_OPTION_INT: return parse_whole(text, integer) ? std::optional(OptionInput{integer, {}}) : std::nullopt;
    case PENSTOCK_OPTION_DOUBLE: return parse_whole(text, number) ? std::optional(OptionInput{number, {}}) : std::nullopt;
    case PENSTOCK_OPTION_BOOL:
      return text == "true" || text == "false" ? std::optional(OptionInput{text == "true", {}}) : std::nullopt;
    default: return OptionInput{text, {}};
  }
}

// The same rules as for what a user writes.
Result<void> check_default(const std::string& what, const penstock_option_desc* desc) {
  if (desc->default_value == nullptr) return {};
  if (!fits(desc->default_value, kMaxProse)) return invalid(what + ": the default is too long");
  if ((desc->flags & (PENSTOCK_OPTION_SECRET | PENSTOCK_OPTION_REQUIRED)) != 0)
    return invalid(what + ": a secret or required option has a default");
  if (desc->type == PENSTOCK_OPTION_STRING_LIST || desc->type == PENSTOCK_OPTION_STRING_MAP) return {};
  const auto input = default_input(*desc);
  if (!input) return invalid(what + ": the default \"" + printable(std::string_view(desc->default_value), kMaxName) + "\" does not fit the type");
  for (const Problem& problem : check_options({}, {}, {{desc->name, *input}}, &desc, 1)) return invalid(what + ": the default: " + problem.message);
  return {};
}

Result<void> check_option(const std::string& owner, const penstock_option_desc* desc) {
  if (desc == nullptr) return invalid(owner + ": an option is NULL");
  if (desc->struct_size < kOptionSize) return bad_size(owner + ": an option", desc->struct_size, kOptionSize);
  if (!is_option_name(desc->name)) return invalid(owner + ": an option's name is not [a-z][a-z0-9_]*");
  const std::string what = owner + ": option \"" + desc->name + "\"";
  if (desc->type < PENSTOCK_OPTION_STRING || desc->type > PENSTOCK_OPTION_STRING_MAP)
    return invalid(what + ": unknown type " + std::to_string(desc->type));
  if (!fits(desc->doc, kMaxProse)) return invalid(what + ": the doc is missing or too long");
  if (desc->min > desc->max) return invalid(what + ": min is greater than max");
  for (size_t i = 0; desc->choices != nullptr && desc->choices[i] != nullptr; ++i)
    if (i == kMaxChoices || !fits(desc->choices[i], kMaxName)) return invalid(what + ": too many choices, or one is too long");
  return check_default(what, desc);
}

// `section` is where the options are written, among the configuration's own keys.
Result<void> check_options_of(const std::string& owner, const SectionKeys& section, const penstock_option_desc* const* options,
                              uint64_t count) {
  if (count > kMaxOptions) return invalid(owner + ": " + std::to_string(count) + " options, allowed are " + std::to_string(kMaxOptions));
  if (count > 0 && options == nullptr) return invalid(owner + ": the options are NULL");
  std::set<std::string_view> names;
  for (uint64_t i = 0; i < count; ++i) {
    if (auto checked = check_option(owner, options[i]); !checked) return checked;
    if (section.find(options[i]->name) != nullptr)
      return invalid(owner + ": option \"" + options[i]->name + "\": the name is a key of [" + std::string(section.section) + "]");
    if (!names.insert(options[i]->name).second) return invalid(owner + ": two options are named \"" + options[i]->name + "\"");
  }
  return {};
}

Result<void> check_component(const penstock_component& component) {
  const std::string what = component_label(component);
  if (!fits(component.title, kMaxProse) || !fits(component.doc, kMaxProse)) return invalid(what + ": title or doc is missing or too long");
  if (component.vtab == nullptr) return invalid(what + ": vtab is NULL");
  if (component.validate == nullptr) return invalid(what + ": validate is NULL");
  const bool source = component.kind == PENSTOCK_KIND_SOURCE;
  if (auto slots = source ? check_slots(what, component.vtab, kSourceSlots) : check_slots(what, component.vtab, kSinkSlots); !slots)
    return slots;
  const SectionKeys& section = source ? kWarehouseKeys : kStoreKeys;
  if (auto options = check_options_of(what, section, component.options, component.n_options); !options) return options;
  if (!source && component.n_table_options > 0) return invalid(what + ": only a source has table options");
  return check_options_of(what + ": table", kBatchSourceKeys, component.table_options, component.n_table_options);
}

Result<void> check_head(const penstock_module& module, const PluginNote& note) {
  if (module.magic != PENSTOCK_MODULE_MAGIC) return invalid("the module's magic number is wrong");
  if (module.struct_size < kModuleSize) return bad_size("the module", module.struct_size, kModuleSize);
  if (module.abi_major != note.abi_major || module.abi_minor != note.abi_minor)
    return invalid("the module says ABI " + std::to_string(module.abi_major) + "." + std::to_string(module.abi_minor) +
                   ", its note says " + std::to_string(note.abi_major) + "." + std::to_string(note.abi_minor));
  if (!fits(module.id, kMaxPluginId) || !fits(module.version, kMaxPluginVersion) || !fits(module.vendor, kMaxProse) ||
      !fits(module.license, kMaxProse) || !fits(module.url, kMaxProse))
    return invalid("the module's id, version, vendor, license or url is missing or too long");
  if (module.id != note.id || module.version != note.version)
    return invalid("the module says it is \"" + printable(std::string_view(module.id), kMaxPluginId) + "\" " +
                   printable(std::string_view(module.version), kMaxPluginVersion) + ", its note says \"" + note.id + "\" " + note.version);
  if (module.init == nullptr || module.deinit == nullptr) return invalid("the module's init or deinit is NULL");
  if (module.n_components == 0 || module.n_components > kMaxComponents)
    return invalid("the module has " + std::to_string(module.n_components) + " components, allowed are 1 to " +
                   std::to_string(kMaxComponents));
  if (module.components == nullptr) return invalid("the module's components are NULL");
  return {};
}

}  // namespace

std::string component_label(const penstock_component& component) {
  return std::string(component.kind == PENSTOCK_KIND_SOURCE ? "source" : "sink") + " \"" + component.id + "\"";
}

Result<std::vector<const penstock_component*>> check_module(const penstock_module* module, const PluginNote& note) {
  if (module == nullptr) return invalid(PENSTOCK_MODULE_SYMBOL " returned NULL");
  if (auto head = check_head(*module, note); !head) return head.failure();
  std::vector<const penstock_component*> usable;
  std::set<std::pair<int32_t, std::string_view>> seen;
  for (uint32_t i = 0; i < module->n_components; ++i) {
    const penstock_component* component = module->components[i];
    const std::string what = "component " + std::to_string(i);
    if (component == nullptr) return invalid(what + " is NULL");
    if (component->struct_size < kComponentSize) return bad_size(what, component->struct_size, kComponentSize);
    if (component->kind != PENSTOCK_KIND_SOURCE && component->kind != PENSTOCK_KIND_SINK) {
      if (module->abi_minor > PENSTOCK_ABI_MINOR) continue;
      return invalid(what + ": unknown kind " + std::to_string(component->kind));
    }
    if (!fits(component->id, kMaxPluginId) || !is_plugin_id(component->id))
      return invalid(what + ": the id is not 1 to " + std::to_string(kMaxPluginId) + " of a-z, 0-9, _ and -");
    if (!seen.emplace(component->kind, component->id).second) return invalid(component_label(*component) + " is there twice");
    if (auto checked = check_component(*component); !checked) return checked.failure();
    usable.push_back(component);
  }
  return usable;
}

Result<void> check_feature(const char* id, const penstock_marker_vtab* vtab) {
  return vtab == nullptr ? Result<void>() : check_slots(id, vtab, kMarkerSlots);
}
Result<void> check_feature(const char* id, const penstock_lookup_vtab* vtab) {
  return vtab == nullptr ? Result<void>() : check_slots(id, vtab, kLookupSlots);
}
Result<void> check_feature(const char* id, const penstock_layout_vtab* vtab) {
  return vtab == nullptr ? Result<void>() : check_slots(id, vtab, kLayoutSlots);
}

}  // namespace penstock::host
