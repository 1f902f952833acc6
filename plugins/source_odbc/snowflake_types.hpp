// The types of Snowflake's columns, and how they are read.
#pragma once

#include "dialect.hpp"

namespace penstock::odbc::snowflake {

// A column as DESCRIBE names its type: "NUMBER(38,0)", "VARCHAR(16777216) COLLATE 'en-ci'", "TIMESTAMP_TZ(9)", "ARRAY(NUMBER(38,0))".
Column column_from(std::string name, std::string_view type);

// `name` is the column's in the statement.
ReadColumn read_column(const Column& column, const std::string& name);
CursorKind cursor_kind(const Column& column);
std::string order_term(const Column& column, const std::string& name);

}  // namespace penstock::odbc::snowflake
