// One row of a batch as bytes, to be kept and put into another batch later.
//
//   version (1) · hash of the schema (8) · for each column: 0 (null), or 1 and the value · checksum of all before it (8)
//
// A value is its bytes as Arrow has them: fixed-width types as they are, a boolean as 0 or 1, text and binary as length (4) and
// bytes, a list as its length (4) and its items, each with the leading 0 or 1. Numbers are in the machine's byte order; the
// hashes differ on a machine of the other one, so that its rows are refused there.
#pragma once

#include "base/failure.hpp"
#include "batch/batch.hpp"

#include <penstock/builder.hpp>
#include <penstock/reader.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace penstock::host {

// Nothing when the row would take more than `max_bytes`.
std::optional<std::string> encode_row(const Schema& schema, const BatchView& batch, int64_t row, size_t max_bytes);

// Appends the row to a batch under construction. INVALID_ARGUMENT, with nothing appended, when the bytes are not whole or were
// made for another schema: names, types and widths are compared.
Result<void> append_row(std::string_view bytes, const Schema& schema, BatchBuilder& out);

}  // namespace penstock::host
