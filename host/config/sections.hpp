// The sections of the configuration, each read into the draft. Rules that need more than one definition are in rules.hpp.
#pragma once

#include "config/draft.hpp"
#include "config/toml_tree.hpp"

namespace penstock::host {

// The whole file.
void read_sections(Part& part, const TomlNode& root);

void read_host(Part& part, const TomlNode& table);
// `name`: the key, [warehouse.NAME]. `kind`: "warehouse" or "store".
void read_connection(Part& part, const TomlEntry& entry, const std::string& kind);
void read_batch_source(Part& part, const TomlNode& table);
void read_entity(Part& part, const TomlNode& table);
void read_view(Part& part, const TomlNode& table);
void read_service(Part& part, const TomlNode& table);

}  // namespace penstock::host
