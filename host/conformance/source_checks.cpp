#include "conformance/source_groups.hpp"

namespace penstock::host::conformance {

std::span<const Check> source_checks() {
  static const std::vector<Check> checks = [] {
    std::vector<Check> all;
    for (const auto part : {source_table_checks(), source_horizon_checks(), source_window_checks(), source_stream_checks()}) all.insert(all.end(), part.begin(), part.end());
    return all;
  }();
  return checks;
}

}  // namespace penstock::host::conformance
