// What a handle has to say about the last call, and what that means for the host.
#pragma once

#include "handles.hpp"

#include <penstock/error.hpp>

#include <string>
#include <vector>

namespace penstock::odbc {

struct Diagnostic {
  std::string sqlstate;
  int32_t native = 0;
  std::string message;  // one line, without the "[vendor][driver]" in front
};

// The records of the handle, the most important first.
std::vector<Diagnostic> diagnostics_of(SQLSMALLINT kind, SQLHANDLE handle);

// What the host may do about an error.
struct Verdict {
  penstock_status status = PENSTOCK_STATUS_INTERNAL;
  int32_t retry = PENSTOCK_RETRY_NEVER;
};

// The verdict of the SQLSTATE alone, as the standard has it. Dialects know more about their servers' own numbers.
Verdict verdict_of_sqlstate(const Diagnostic& diagnostic);

// "[A][B]text" -> "text", white space folded.
std::string plain_message(std::string_view message);

}  // namespace penstock::odbc
