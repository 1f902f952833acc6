// From the bytes that a driver gives to Arrow values.
#pragma once

#include "dialect.hpp"

#include <penstock/builder.hpp>

namespace penstock::odbc {

// Appends a value that is not NULL. Throws DATA_LOSS when the bytes cannot be a value.
//
// Dates and times beyond the Arrow range, and whatever is no time at all, become the smallest number, which no field accepts: so that
// row is rejected instead of the whole scan.
void append_value(const ReadColumn& column, bool is_key, std::string_view bytes, ColumnBuilder& out, std::string& scratch);

// Does the value stand in its cell without an indicator of its length?
bool is_fixed(const ReadColumn& column);

// "7.00" -> "7", "-0.50" -> "-0.5": one number is one text. Others than decimal digits stay.
std::string_view without_trailing_zeros(std::string_view decimal);

}  // namespace penstock::odbc
