// A plugin's options as JSON Schema.
#pragma once

#include "base/json_writer.hpp"

#include <penstock/module.h>

#include <span>
#include <string>

namespace penstock::host {

using DeclaredOptions = std::span<const penstock_option_desc* const>;

DeclaredOptions options_of(const penstock_component& component);
DeclaredOptions table_options_of(const penstock_component& component);
// "warehouse" or "store".
const char* section_of(const penstock_component& component);

// What an option may be. It names #/definitions/text and #/definitions/reference, which write_shared_definitions writes.
void write_option_schema(JsonWriter& writer, const penstock_option_desc& option);

// The member of "definitions" for a [warehouse.NAME] or [store.NAME] with this plugin: "warehouse.postgres".
void write_connection_schema(JsonWriter& writer, const penstock_component& component);

// Members of "definitions".
void write_shared_definitions(JsonWriter& writer);

// A document by itself: the connections of these components and, for sources, their options of a batch source.
std::string options_schema(std::span<const penstock_component* const> components);

}  // namespace penstock::host
