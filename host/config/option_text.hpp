// A plugin's options as text for people.
#pragma once

#include <penstock/module.h>

#include <string>

namespace penstock::host {

// "integer", "list of strings"
const char* option_type_name(int32_t type);

// For a terminal: columns below a heading.
std::string options_as_table(const penstock_component& component);

// For documents: a Markdown table below a heading of the second level.
std::string options_as_markdown(const penstock_component& component);

// A section to paste: what must be given with a value to fill in, everything else as a comment with its default.
std::string options_as_toml(const penstock_component& component);

}  // namespace penstock::host
