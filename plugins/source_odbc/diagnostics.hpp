// What a handle has to say about the last call, and what that means for the host.
#pragma once

#include "connection_string.hpp"
#include "handles.hpp"

#include <penstock/error.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::odbc {

struct Diagnostic {
  std::string sqlstate;
  int32_t native = 0;
  std::string message;  // one line, without the "[vendor][driver]" in front
};

// The records of the handle without the login's secrets: errors, then warnings. A driver may put an error of one row of an array behind
// the warnings of others.
std::vector<Diagnostic> diagnostics_of(SQLSMALLINT kind, SQLHANDLE handle, const Login& login);

// The column of the first record with that SQLSTATE; 0 when the driver does not say, nothing without such a record.
std::optional<int32_t> column_with(std::string_view sqlstate, SQLHSTMT statement);

// What the host may do about an error.
struct Verdict {
  penstock_status status = PENSTOCK_STATUS_INTERNAL;
  int32_t retry = PENSTOCK_RETRY_NEVER;
};

// The verdict of the SQLSTATE alone, as the standard has it. Dialects know more about their servers' own numbers.
Verdict verdict_of_sqlstate(const Diagnostic& diagnostic);

// What to do about a driver whose wide characters have four bytes, which unixODBC's have not.
inline constexpr const char* kWideAdvice =
    "the driver does not give wide characters as UTF-16: set DriverManagerEncoding=UTF-16 in the driver's own .ini file";

// "[A][B]text" -> "text", white space folded.
std::string plain_message(std::string_view message);

}  // namespace penstock::odbc
