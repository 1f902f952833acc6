// A value of any length, asked for in parts.
#pragma once

#include "canceller.hpp"

#include <string>

namespace penstock::odbc {

enum class LongValue : uint8_t { read, null, failed };

// The bytes of a column of the current row, without a terminator. `length`: what is known of it, or SQL_NO_TOTAL. failed: the
// statement knows why. Throws when the call is over or the value has more than 1 GiB.
LongValue read_long_value(Canceller& statement, size_t column, SQLSMALLINT c_type, SQLLEN length, std::string* out);

// Bytes that a driver writes behind a text.
constexpr size_t terminator_bytes(SQLSMALLINT c_type) { return c_type == SQL_C_CHAR ? 1 : c_type == SQL_C_WCHAR ? 2 : 0; }

}  // namespace penstock::odbc
