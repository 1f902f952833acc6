// The checks of faults, by what goes wrong.
#pragma once

#include "conformance/check.hpp"

namespace penstock::host::conformance {

std::span<const Check> cancel_checks();         // the host does not wait any longer
std::span<const Check> connection_checks();     // the network
std::span<const Check> cut_checks();            // the network, in the middle of an answer
std::span<const Check> resource_checks();       // signals, descriptors, memory
std::span<const Check> hostile_input_checks();  // what comes from outside

}  // namespace penstock::host::conformance
