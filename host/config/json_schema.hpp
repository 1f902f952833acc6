// JSON Schema (draft 7) of a whole configuration, for editors.
#pragma once

#include <penstock/module.h>

#include <span>
#include <string>

namespace penstock::host {

// The keys are those of keys.hpp; [warehouse.NAME] and [store.NAME] have the options of the components that `plugin` chooses
// among, and a batch source those of every source, since its warehouse may be in another file. Rules that need more than one
// definition are not in it, nor are ranges of durations and sizes but as words.
std::string configuration_schema(std::span<const penstock_component* const> components);

}  // namespace penstock::host
