// The checks of sources, by file.
#pragma once

#include "conformance/check.hpp"

namespace penstock::host::conformance {

std::span<const Check> source_table_checks();    // tables, columns, schemas
std::span<const Check> source_horizon_checks();  // horizon, positions, plan
std::span<const Check> source_window_checks();   // which rows come
std::span<const Check> source_stream_checks();   // how they come

}  // namespace penstock::host::conformance
