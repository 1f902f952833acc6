// The text of a query that stands as a source.
#pragma once

#include <string>
#include <string_view>

namespace penstock::odbc {

// The query without the semicolons and blanks at its end. Throws INVALID_ARGUMENT when it is empty, or when a semicolon or a
// bracket in it would end the brackets that it is put in: drivers run what comes after that as a statement of its own.
// `escapes_by_backslash`: whether \' is a quote within a string.
std::string one_query(std::string_view query, bool escapes_by_backslash);

}  // namespace penstock::odbc
