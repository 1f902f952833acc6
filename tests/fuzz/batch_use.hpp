// What the host does with a batch that it has accepted.
#pragma once

#include "sim/chance.hpp"

#include <penstock/schema.hpp>

#include <string>

namespace penstock::fuzz {

// Reads every value of the batch through views, slices, the row codec, the transformer and the check of what it made. The array is valid
// and stays valid; it is not released. Empty, or what came out different on two ways.
std::string use_batch(sim::Chance& chance, const Schema& schema, const ArrowArray& array);

}  // namespace penstock::fuzz
