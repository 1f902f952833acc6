#include "conformance/lifecycle_groups.hpp"

namespace penstock::host::conformance {

std::span<const Check> lifecycle_checks() {
  static const std::vector<Check> all = [] {
    std::vector<Check> checks(object_checks().begin(), object_checks().end());
    checks.insert(checks.end(), call_checks().begin(), call_checks().end());
    return checks;
  }();
  return all;
}

}  // namespace penstock::host::conformance
