// The checks of sinks, by file.
#pragma once

#include "conformance/check.hpp"

namespace penstock::host::conformance {

std::span<const Check> sink_run_checks();      // begin, fences, commit, abort, a killed process
std::span<const Check> sink_write_checks();    // what is written, and what wins
std::span<const Check> sink_value_checks();    // how values, keys and batches are taken
std::span<const Check> sink_feature_checks();  // what is offered besides

}  // namespace penstock::host::conformance
