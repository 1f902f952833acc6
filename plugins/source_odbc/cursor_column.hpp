// The column by which a table progresses: how a position becomes a bound in SQL.
#pragma once

#include "dialect.hpp"
#include "zone.hpp"

#include <penstock/source.hpp>

namespace penstock::odbc {

struct CursorColumn {
  Column column;
  CursorKind kind = CursorKind::none;
  Zone zone{"UTC"};      // of wall_clock and day
  int64_t unit_ns = 0;   // of epoch; else 0
  std::string name;      // quoted, with the table's alias

  // SQL for "column > position" and "column <= position".
  std::string after(const Dialect& dialect, const Position& position) const;
  std::string up_to(const Dialect& dialect, const Position& position) const;
};

// Throws INVALID_ARGUMENT for a column that cannot be a cursor.
CursorColumn cursor_column(const Dialect& dialect, const Column& column, const Cursor& cursor, const Options& table_options);

// The alias of the table in a scan's statement.
inline constexpr const char* kAlias = "t.";

}  // namespace penstock::odbc
