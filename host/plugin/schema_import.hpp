// A schema as a plugin hands it over, made the host's own.
#pragma once

#include "base/failure.hpp"

#include <penstock/schema.hpp>

namespace penstock::host {

inline constexpr int64_t kMaxColumns = 4096;
inline constexpr size_t kMaxColumnName = 1024;
inline constexpr int kMaxSchemaDepth = 4;

// Releases *schema, also on failure. The failure says what is wrong: null pointers, counts, nesting, a format that Penstock
// does not know, names that are empty, too long, not UTF-8 or not unique.
Result<penstock::Schema> import_schema(ArrowSchema* schema);

}  // namespace penstock::host
