// The keys that the configuration knows, section by section: what TableReader reads by and editors complete by.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

namespace penstock::host {

// How a key is written. TableReader has a read function for each.
enum class KeyType : uint8_t {
  name,
  line,          // text without control characters
  text,          // lines and tabs allowed
  column,
  columns,
  owner,         // an e-mail address
  boolean,
  integer,
  number,
  duration,
  size,
  instant,       // a time with its offset, or a date
  string_table,
  choice,
  tables,        // an array of tables, each with the keys of Key::tables
};

inline constexpr int64_t kNoLimit = std::numeric_limits<int64_t>::max();

struct SectionKeys;

struct Key {
  std::string_view name;
  KeyType type;
  std::string_view doc;             // the words of config/reference.toml
  std::string_view standard = {};   // the default, where one value is it: a literal of TOML and of JSON
  // Of the value: numbers, nanoseconds, bytes; of columns and tables how many; of text how long, else kMaxTextBytes.
  int64_t min = 0;
  int64_t max = kNoLimit;
  bool required = false;
  std::span<const std::string_view> choices = {};
  const SectionKeys* tables = nullptr;
  std::string_view pattern = {};    // of a line, what its own check accepts
};

struct SectionKeys {
  std::string_view section;  // "view", "view.fields"
  std::span<const Key> keys;
  std::string_view doc = {};
  bool open = false;         // keys that are not known are options of a plugin

  // Null when there is no such key.
  const Key* find(std::string_view name) const;
  std::vector<std::string_view> list() const;
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
