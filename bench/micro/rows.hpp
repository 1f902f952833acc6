// Rows of the benchmark's shape: a text key, four int32, three double, two texts, a bool, and the timestamp.
#pragma once

#include "batch/batch.hpp"
#include "stage/transformer.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace penstock::bench {

inline constexpr int64_t kBatchRows = 16 * 1024;  // the host's default

// As a source delivers them: rows `first` to `first + count - 1`, their values and times those of `version`.
const Schema& source_schema();
host::Batch source_batch(int64_t first, int64_t count, int64_t version);

// Tuples of a binary COPY with the same values, without the stream's header.
std::vector<uint32_t> copy_types();  // OIDs
std::string copy_rows(int64_t first, int64_t count);

host::ViewId view_id();
std::shared_ptr<const host::RowPlan> row_plan();
// For rows inside the window; `ordered`: as PostgreSQL delivers them, of which the last of a batch waits for the next.
std::unique_ptr<host::Transformer> make_transformer(int64_t fence, bool ordered);

}  // namespace penstock::bench
