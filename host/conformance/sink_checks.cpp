#include "conformance/sink_groups.hpp"

namespace penstock::host::conformance {

std::span<const Check> sink_checks() {
  static const std::vector<Check> checks = [] {
    std::vector<Check> all;
    for (const auto part : {sink_run_checks(), sink_write_checks(), sink_value_checks(), sink_feature_checks()}) all.insert(all.end(), part.begin(), part.end());
    return all;
  }();
  return checks;
}

}  // namespace penstock::host::conformance
