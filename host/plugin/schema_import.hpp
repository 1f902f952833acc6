// A schema as a plugin hands it over, made the host's own.
#pragma once

#include "base/failure.hpp"

#include <penstock/schema.hpp>

namespace penstock::host {

inline constexpr int64_t kMaxColumns = 4096;
inline constexpr size_t kMaxColumnName = 1024;
inline constexpr int kMaxSchemaDepth = 4;
inline constexpr int32_t kMaxFixedWidth = 1 << 20;  // bytes of one value of a fixed-width binary column

// Releases *schema, also on failure. The failure says what is wrong: null pointers, counts, nesting, a format that Penstock
// does not know or would read as another, names that are empty, too long, not UTF-8 or not unique.
Result<penstock::Schema> import_schema(ArrowSchema* schema);

}  // namespace penstock::host
