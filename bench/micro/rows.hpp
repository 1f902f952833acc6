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
inline constexpr size_t kFields = 10;

// As a source delivers them: rows `first` to `first + count - 1`, their values and times those of `version`. Where there are more
// than ten `fields`, the ten come several times, under other names.
Schema source_schema(size_t fields = kFields);
host::Batch source_batch(int64_t first, int64_t count, int64_t version, size_t fields = kFields);

// Tuples of a binary COPY with the same values, without the stream's header.
std::vector<uint32_t> copy_types();  // OIDs
std::string copy_rows(int64_t first, int64_t count);

host::ViewId view_id();
std::shared_ptr<const host::RowPlan> row_plan(size_t fields = kFields);
// For rows inside the window; `ordered`: as PostgreSQL delivers them, of which the last of a batch waits for the next.
std::unique_ptr<host::Transformer> make_transformer(int64_t fence, bool ordered, size_t fields = kFields);

}  // namespace penstock::bench
