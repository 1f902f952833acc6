// Runs checks on one plugin.
#pragma once

#include "conformance/check.hpp"
#include "conformance/outcome.hpp"
#include "conformance/trial.hpp"

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace penstock::host::conformance {

struct SuiteSettings {
  std::filesystem::path plugin;          // absolute
  Quirks quirks = {};
  std::vector<std::string> include = {};  // patterns of checks, such as "source.*"; empty: all
  uint64_t seed = 1;
  std::chrono::nanoseconds timeout = std::chrono::seconds(10);  // for one check
};

// What the plugin says it is, as far as its process came to tell it.
struct PluginFacts {
  std::string id, version, abi;
  std::vector<ComponentName> components;
};

struct SuiteReport {
  PluginFacts plugin;
  std::vector<Outcome> outcomes;  // in the order of the checks; a check of components has one for each

  size_t count(Verdict verdict) const;
  bool good() const;
};

// Does `*` in the pattern stand for any text, and is the rest the same?
bool matches(std::string_view pattern, std::string_view id);

// Each check runs in a process of its own, one after the other; the plugin's code never runs in this one. `done` is told of the
// facts before the first outcome and of each outcome when it is there.
SuiteReport run_suite(const SuiteSettings& settings, const std::vector<Check>& checks, const std::function<void(const PluginFacts&)>& found,
                      const std::function<void(const Outcome&)>& done);

}  // namespace penstock::host::conformance
