// Is what a library says about itself complete and sensible? Everything that the host later relies on is looked at once, here.
#pragma once

#include "base/failure.hpp"
#include "plugin/elf_note.hpp"

#include <penstock/module.h>
#include <penstock/sink.h>

#include <string>
#include <vector>

namespace penstock::host {

// The components that this host can use; those of a kind that only a newer ABI minor knows are left out.
Result<std::vector<const penstock_component*>> check_module(const penstock_module* module, const PluginNote& note);

// A sink's optional feature as get_extension returned it; null (the sink lacks it) is fine. The failure names the missing slot.
Result<void> check_feature(const char* id, const penstock_marker_vtab* vtab);
Result<void> check_feature(const char* id, const penstock_lookup_vtab* vtab);
Result<void> check_feature(const char* id, const penstock_layout_vtab* vtab);

// `source "file"`: for messages.
std::string component_label(const penstock_component& component);

}  // namespace penstock::host
