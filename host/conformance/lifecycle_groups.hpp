// The checks of lifecycles, by what they look at.
#pragma once

#include "conformance/check.hpp"

namespace penstock::host::conformance {

std::span<const Check> object_checks();  // what is opened and closed
std::span<const Check> call_checks();    // what happens within calls

}  // namespace penstock::host::conformance
