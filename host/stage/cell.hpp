// One cell of a column, read as what a field wants: exactly, or not at all. Never wraps and never truncates.
#pragma once

#include "base/time_zone.hpp"

#include <penstock/reader.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace penstock::host {

// Why a value did not fit: static text, never the value itself.
struct CoercionError {
  const char* value_class;  // "number outside int64"
  const char* reason;       // "does not fit into int64"
};

// Null when the value fits; otherwise `out` says nothing. The cell must not be null. What no value of the column's type can
// become is "cannot be converted" for every row; Coercer::make refuses such columns beforehand.
const CoercionError* read_int32(const penstock::ColumnView&, int64_t row, int32_t& out);
const CoercionError* read_int64(const penstock::ColumnView&, int64_t row, int64_t& out);
const CoercionError* read_double(const penstock::ColumnView&, int64_t row, double& out);
const CoercionError* read_float(const penstock::ColumnView&, int64_t row, float& out);
const CoercionError* read_boolean(const penstock::ColumnView&, int64_t row, bool& out);
// Nanoseconds since the epoch. Naive times are in `zone`; a date is its midnight in UTC; an integer counts `unit_ns`.
inline constexpr int64_t kNsPerSecond = 1'000'000'000;
const CoercionError* read_instant_ns(const penstock::ColumnView&, int64_t row, const std::optional<TimeZone>& zone, int64_t& out,
                                     int64_t unit_ns = kNsPerSecond);
// The text form of any value; may point into `scratch` or into the column.
const CoercionError* read_text(const penstock::ColumnView&, int64_t row, std::string& scratch, std::string_view& out);

bool is_integer(penstock::Type type);
bool is_floating(penstock::Type type);
bool is_binary(penstock::Type type);
bool is_timestamp(penstock::Type type);  // date32 included
// A timestamp that says nothing about its zone; a date does not count.
bool is_naive(const penstock::Field& column);
// "timestamp without time zone", "int64": for messages
std::string type_label(const penstock::Field& column);

}  // namespace penstock::host
