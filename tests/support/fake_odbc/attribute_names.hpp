// Attributes by their names without SQL_ATTR_, as the log and the script call them; others by number.
#pragma once

#include "odbc.hpp"

#include <string>

namespace penstock::fake_odbc {

std::string connection_attribute_name(SQLINTEGER id);
std::string statement_attribute_name(SQLINTEGER id);
std::string c_type_name(SQLSMALLINT c_type);
// What is set: a number, or whether a pointer is there.
std::string statement_attribute_value(SQLINTEGER id, SQLPOINTER value);

}  // namespace penstock::fake_odbc
