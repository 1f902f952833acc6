// The columns that a scan wants.
#pragma once

#include <penstock/source.hpp>

namespace penstock {

// Throws NOT_FOUND for a column that the scan wants and the schema does not have.
inline void require_columns(const Schema& schema, const Scan& scan) {
  for (const std::string& column : scan.columns)
    if (std::none_of(schema.begin(), schema.end(), [&](const Field& field) { return field.name == column; }))
      throw Error(PENSTOCK_STATUS_NOT_FOUND, "there is no column \"" + column + "\"");
}

}  // namespace penstock
