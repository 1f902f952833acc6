// TOML text to a tree.
#pragma once

#include "config/toml_tree.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::host {

inline constexpr size_t kMaxConfigurationFileBytes = 4 << 20;
inline constexpr size_t kMaxTomlValues = 500'000;  // a file
inline constexpr size_t kMaxTomlDepth = 16;        // arrays and inline tables in each other
inline constexpr size_t kMaxTomlKeyParts = 16;     // a.b.c has three

// The root table, or nothing and a problem. `file` is for messages.
std::optional<TomlNode> read_toml(const std::string& file, std::string_view text, std::vector<Problem>& problems);

// Why the text must not be given to the parser: nested deeper than the limits above. toml++ limits the depth of values, but
// not the parts of a dotted key, and takes a tree of any depth apart by recursion: [a.a.a…] would overflow the stack.
std::optional<Problem> find_excess_depth(const std::string& file, std::string_view text);

}  // namespace penstock::host
