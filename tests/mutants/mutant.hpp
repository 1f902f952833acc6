// The switches of a build into which mutants were woven: the environment variable PENSTOCK_MUTANTS names those that are on.
#pragma once

#include <array>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::mutants {

inline bool is_on(std::string_view name) {
  const char* const value = std::getenv("PENSTOCK_MUTANTS");
  for (std::string_view names = value == nullptr ? "" : value; !names.empty();) {
    const size_t end = names.find(',');
    if (names.substr(0, end) == name) return true;
    names.remove_prefix(end == std::string_view::npos ? names.size() : end + 1);
  }
  return false;
}

// For texts in another language: replaces what must be there exactly once.
inline void replace(std::string& text, std::string_view old, std::string_view with) {
  const size_t at = text.find(old);
  if (at == std::string::npos || text.find(old, at + 1) != std::string::npos) std::abort();
  text.replace(at, old.size(), with);
}

// Of snapshot_before_horizon: what the simulated source saw when it was connected to.
inline thread_local std::vector<size_t> early_snapshot;

}  // namespace penstock::mutants

// Looked up once for each place.
#define MUTANT(name) ([] { static const bool on = ::penstock::mutants::is_on(#name); return on; }())
