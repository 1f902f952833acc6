#include "conformance/trial.hpp"

namespace penstock::host::conformance {

std::span<const Check> option_checks() { return {}; }

}  // namespace penstock::host::conformance
