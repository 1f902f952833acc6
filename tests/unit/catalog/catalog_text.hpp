// A configuration from TOML, for tests of its definitions.
#pragma once

#include "catalog/catalog.hpp"
#include "config/load.hpp"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace penstock::host {

using Texts = std::vector<std::string>;

inline Configuration configuration_of(const std::string& text) {
  auto loaded = parse_configuration({{"a.toml", text}});
  for (const Problem& problem : loaded.problems) ADD_FAILURE() << problem.text();
  return std::move(loaded.configuration);
}

struct Parts {
  std::string source = "name = \"orders\"\nschema = \"S\"\ntable = \"ORDERS\"\ntimestamp_field = \"T\"\n";
  std::string entity = "name = \"person\"\nkeys = [\"PID\"]\n";
  std::string version = "1";
  std::string fields = "[ { name = \"A\", type = \"int32\" }, { name = \"B\", type = \"string\" } ]";
  std::string more = "";
  std::string rest = "";
};

inline std::string text_of(const Parts& parts) {
  return "[warehouse.prod]\nplugin = \"postgres\"\n[store.profiles]\nplugin = \"redis\"\n[[entity]]\n" + parts.entity +
         "[[batch_source]]\n" + parts.source + "[[view]]\nname = \"users\"\nversion = " + parts.version +
         "\nentity = \"person\"\nbatch_source = \"orders\"\noffline = true\nonline = true\nfields = " + parts.fields + "\n" + parts.more +
         parts.rest;
}

inline Configuration configuration_of(const Parts& parts) { return configuration_of(text_of(parts)); }

}  // namespace penstock::host
