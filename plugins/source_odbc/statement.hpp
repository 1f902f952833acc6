// The SQL of a scan, and how its columns are read.
#pragma once

#include "cursor_column.hpp"
#include "relation.hpp"

#include <penstock/source.hpp>

namespace penstock::odbc {

struct ScanStatement {
  std::string display;            // what is read, for messages
  // The parts of the SELECT: identifiers quoted, bounds formatted from numbers, no parameters.
  std::string head;               // "SELECT … FROM … t WHERE "
  std::string from;               // of the table or query
  std::string lower, upper;       // of the window; lower is empty from the beginning on
  std::string extra;              // rows outside every window that are wanted all the same; may be empty
  std::string order;              // " ORDER BY …"
  std::string limit;              // one row more than a run may read; empty: no limit
  std::string beyond;             // a SELECT of one row after the window's start, if there is any; empty from the beginning on
  std::string cursor;             // quoted
  Schema schema;                  // the columns asked for, in their order
  std::vector<ReadColumn> columns;  // of the SELECT
  std::vector<size_t> places;     // of columns[i] in the schema
  std::vector<bool> is_key;       // of columns[i]
  bool by_row = false;            // one row at a time: the columns from `first_long` on are not bound but asked for
  size_t first_long = 0;
  int64_t cursor_unit_ns = 0;     // as in ScanInfo
  int64_t max_rows = 0;           // that a run may read; 0: no limit

  std::string select() const { return select_between(lower, upper, true); }
  // The part of the window between two conditions.
  std::string select_between(const std::string& after, const std::string& up_to, bool with_extra) const;
};

// Writes the statement. No columns asked for: all of them. `by_row`: values of any length are asked for one by one, since the
// driver cannot read a value of a row of an array again.
ScanStatement scan_statement(const Connection& connection, const Relation& relation, const Scan& scan, bool by_row, Reach reach = Reach::window);

// A column's field in a schema.
Field field_of(const Dialect& dialect, const Column& column);

}  // namespace penstock::odbc
