// What a function reports besides its return code.
#pragma once

#include "odbc.hpp"

#include <exception>
#include <string>
#include <vector>

namespace penstock::fake_odbc {

struct Diagnostic {
  std::string sqlstate;
  std::string message;
  SQLINTEGER native = 0;
  SQLLEN row = SQL_NO_ROW_NUMBER;
  SQLINTEGER column = SQL_NO_COLUMN_NUMBER;
};

// Ends the function with SQL_ERROR.
class OdbcError : public std::exception {
 public:
  OdbcError(std::string sqlstate, std::string message, SQLINTEGER native = 0)
      : diagnostic{std::move(sqlstate), std::move(message), native} {}
  const char* what() const noexcept override { return diagnostic.message.c_str(); }

  Diagnostic diagnostic;
};

using Diagnostics = std::vector<Diagnostic>;

}  // namespace penstock::fake_odbc
