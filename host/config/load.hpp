// TOML to Configuration.
#pragma once

#include "config/definitions.hpp"

#include <filesystem>
#include <string_view>
#include <vector>

namespace penstock::host {

struct Loaded {
  Configuration configuration;
  std::vector<Problem> problems;  // all of them, in file order; empty: the configuration is usable
  std::vector<Problem> warnings;  // what is allowed but probably not meant, in file order
};

// Reads a file, or every *.toml of a directory in name order, merged.
Loaded load_configuration(const std::filesystem::path& path);

// The same for text, for tests: each part is (file name, content).
Loaded parse_configuration(const std::vector<std::pair<std::string, std::string>>& parts);

// The content of one file, cut behind the limit for its size; false, and a problem, when it cannot be read.
bool read_configuration_text(const std::filesystem::path& path, std::string& text, std::vector<Problem>& problems);

// The name among `known` that `given` was probably meant to be, or an empty view.
std::string_view did_you_mean(std::string_view given, const std::vector<std::string_view>& known);

}  // namespace penstock::host
