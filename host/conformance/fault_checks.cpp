#include "conformance/fault_groups.hpp"

namespace penstock::host::conformance {

std::span<const Check> fault_checks() {
  static const std::vector<Check> all = [] {
    std::vector<Check> checks;
    for (const auto group : {cancel_checks(), connection_checks(), cut_checks(), resource_checks(), hostile_input_checks()})
      checks.insert(checks.end(), group.begin(), group.end());
    return checks;
  }();
  return all;
}

}  // namespace penstock::host::conformance
