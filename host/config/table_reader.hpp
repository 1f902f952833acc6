// Reads the keys of one TOML table into typed values; whatever is wrong becomes a problem with the key's place.
#pragma once

#include "config/draft.hpp"
#include "config/keys.hpp"
#include "config/toml_tree.hpp"

#include <chrono>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace penstock::host {

inline constexpr size_t kMaxTextBytes = 4096;  // a line of text
// What read_instant accepts, as a pattern for editors.
inline constexpr std::string_view kInstantPattern =
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?([Zz]|[+-][0-9]{2}(:?[0-9]{2})?))?$";

// The read functions return false, and leave `out` alone, when the key is missing or wrong; a missing key is not a problem
// unless require() says so. What is right is in keys.cpp; each function reads keys of its type.
class TableReader {
 public:
  // `keys`: what the table may hold. The tree must outlive the reader.
  TableReader(Part& part, const TomlNode& table, const SectionKeys& keys, std::string object);

  // What messages call the table from now on.
  void set_object(std::string object) { object_ = std::move(object); }
  const std::string& object() const { return object_; }

  const TomlEntry* find(std::string_view key) const;
  bool given(std::string_view key) const { return find(key) != nullptr; }
  Location at(std::string_view key) const;  // the key, or the table when it is not there
  Location at(const TomlNode& node) const { return {part_.file, node.line, node.column}; }
  const Location& here() const { return here_; }
  KeyLocations key_locations() const;

  bool read_name(std::string_view key, std::string& out);    // with the rule for names
  // No control characters; may be a reference or a path, or a choice that the caller checks.
  bool read_line(std::string_view key, std::string& out);
  bool read_text(std::string_view key, std::string& out);    // lines and tabs allowed
  bool read_column(std::string_view key, std::string& out);
  bool read_columns(std::string_view key, std::vector<std::string>& out);
  bool read_owner(std::string_view key, std::string& out);
  bool read_bool(std::string_view key, bool& out);
  bool read_integer(std::string_view key, int64_t& out);
  bool read_number(std::string_view key, double& out);
  bool read_duration(std::string_view key, std::chrono::nanoseconds& out);
  bool read_duration(std::string_view key, std::optional<std::chrono::nanoseconds>& out);
  bool read_size(std::string_view key, int64_t& out);
  bool read_instant(std::string_view key, std::optional<int64_t>& out);
  bool read_string_table(std::string_view key, std::map<std::string, std::string>& out);

  // Null, and a problem, when it has fewer or more tables than it may have.
  const TomlNode::Array* read_tables(std::string_view key);

  // One of the choices; E is the enumerator at that place.
  template <class E>
  bool read_choice(std::string_view key, E& out) {
    const auto index = choice(key);
    if (index) out = static_cast<E>(*index);
    return index.has_value();
  }
  bool read_choice(std::string_view key, std::string& out);
  std::vector<std::string_view> choices(std::string_view key) const;

  // A problem when the key is missing.
  void require(std::string_view key);
  // A problem for each key that the section does not know.
  void refuse_unknown_keys();
  // "key: message", at the key.
  void refuse(std::string_view key, const std::string& message);
  void refuse_at(Location where, std::string message);
  // `expected`: "a string"; says what was found too.
  void refuse_kind(std::string_view key, std::string_view expected, const TomlNode& found);

 private:
  const Key& key_of(std::string_view key) const;
  // The entry of a key of that type.
  const TomlEntry* find(std::string_view key, KeyType type) const;
  std::optional<size_t> choice(std::string_view key);
  const std::string* string_at(std::string_view key, KeyType type);
  const TomlNode::Array* array_at(std::string_view key, KeyType type);

  Part& part_;
  const TomlNode::Table& table_;
  const SectionKeys& keys_;
  std::string object_;
  Location here_;
};

}  // namespace penstock::host
