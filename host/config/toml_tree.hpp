// A TOML document as plain data with places: what the rest of the configuration reads, so that only one file needs toml++.
#pragma once

#include "config/definitions.hpp"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace penstock::host {

struct TomlEntry;

// A date, a time or both: "2024-01-31", "2024-01-31T08:00:00", "2024-01-31T08:00:00.250000000+02:00", "08:00:00".
struct TomlTime {
  std::string text;
};

// Arrays in the order written; tables sorted by key, each key once.
struct TomlNode {
  using Array = std::vector<TomlNode>;
  using Table = std::vector<TomlEntry>;

  std::variant<std::string, int64_t, double, bool, TomlTime, Array, Table> value;
  uint32_t line = 0;
  uint32_t column = 0;

  const std::string* text() const { return std::get_if<std::string>(&value); }
  const Array* array() const { return std::get_if<Array>(&value); }
  const Table* table() const { return std::get_if<Table>(&value); }

  // For messages: "a string", "an integer".
  std::string_view kind() const;
};

struct TomlEntry {
  std::string key;
  uint32_t line = 0;
  uint32_t column = 0;
  TomlNode node;
};

inline std::string_view TomlNode::kind() const {
  constexpr std::string_view kKinds[] = {"a string", "an integer", "a number", "a boolean", "a date or time", "an array",
                                         "a table"};
  return kKinds[value.index()];
}

}  // namespace penstock::host
