// The columns of a table and their types.
#pragma once

#include "column_type.hpp"
#include "lookup.hpp"

#include <penstock/call.hpp>

namespace penstock::files {

inline constexpr int kSampleRowsPerFile = 1000;
inline constexpr int kSampleRows = 5000;

struct Column {
  std::string name;
  ColumnType type;
};

struct Columns {
  std::vector<Column> list;
  double bytes_per_row = 0;  // of the sample; 0: unknown

  const Column* find(const std::string& name) const;
  Schema schema() const;
};

// CSV: the header, which must be the same in all files but for its order. NDJSON: every member in the sample, and what `types`
// names. A column without a declared type is text, unless every value in the sample is a timestamp with an offset, or every
// one is a timestamp without. `now_ns`: the time before the files were listed.
// Throws UNAVAILABLE (safe to retry) when nothing is there yet to tell the columns from.
Columns describe_columns(const Call& call, const Settings& settings, const TableSettings& table_settings,
                         const TableFiles& table, int64_t now_ns);

}  // namespace penstock::files
