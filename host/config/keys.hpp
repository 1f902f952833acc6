// The keys that the configuration knows, section by section.
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace penstock::host {

struct SectionKeys {
  std::string_view section;  // "view", "view.fields"
  std::span<const std::string_view> keys;
  bool open = false;  // keys that are not known are options of a plugin

  std::vector<std::string_view> list() const { return {keys.begin(), keys.end()}; }
};

extern const SectionKeys kTopKeys;  // the sections themselves
extern const SectionKeys kHostKeys;
extern const SectionKeys kWarehouseKeys;
extern const SectionKeys kStoreKeys;
extern const SectionKeys kBatchSourceKeys;
extern const SectionKeys kEntityKeys;
extern const SectionKeys kViewKeys;
extern const SectionKeys kFieldKeys;
extern const SectionKeys kServiceKeys;
extern const SectionKeys kServiceViewKeys;

// All of them but the top.
std::vector<SectionKeys> known_sections();

}  // namespace penstock::host
