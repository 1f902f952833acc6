// Some rows of a batch as a batch of their own.
#pragma once

#include "batch/batch.hpp"

#include <cstdint>
#include <memory>

namespace penstock::host {

// The rows [first, first + rows), which must be there. Nothing is copied: the slice, and any array that is moved out of it, keeps
// `whole` alive and leaves it as it is.
Batch slice(const std::shared_ptr<Batch>& whole, int64_t first, int64_t rows);

}  // namespace penstock::host
