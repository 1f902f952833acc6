// The SQL of a scan.
#pragma once

#include "column_type.hpp"
#include "cursor_column.hpp"
#include "relation.hpp"

#include <penstock/source.hpp>

namespace penstock::postgres {

struct ScanStatement {
  std::string select;              // one SELECT, no parameters: identifiers quoted, bounds formatted from numbers
  std::string search_path_schema;  // put on the search path first, unless empty
  Schema schema;
  std::vector<ColumnType> types;
  std::string display;  // what is read, for messages
  int64_t cursor_unit_ns = 0;  // as in ScanInfo

  std::string copy() const { return "COPY (" + select + ") TO STDOUT (FORMAT binary)"; }
};

// Finds the columns, checks that they may be read, and writes the statement. No columns asked for: all of them.
ScanStatement scan_statement(const Connection& connection, const Relation& relation, const Scan& scan);

}  // namespace penstock::postgres
