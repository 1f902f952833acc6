// The column by which a table progresses: how a position becomes a bound in SQL, and how fine the column is.
#pragma once

#include "connection.hpp"
#include "relation.hpp"

#include <penstock/source.hpp>

namespace penstock::postgres {

enum class CursorKind : uint8_t {
  instant,     // timestamptz
  wall_clock,  // timestamp, read in cursor.timezone
  day,         // date, its midnight in cursor.timezone
  epoch,       // an integer that counts epoch_unit since 1970
  xid,         // a transaction id
};

struct CursorColumn {
  const Column* column = nullptr;
  CursorKind kind = CursorKind::instant;
  std::string zone_literal;  // of wall_clock and day
  int64_t unit_ns = 0;       // of epoch; else 0
  // The distance between two neighbouring values, in microseconds; at least 1. What is stored may be rounded by that
  // much, so a horizon keeps it from the first moment that can still bring rows.
  int64_t tick_us = 1;

  // SQL for "t.column > position" and "t.column <= position".
  //
  // A wall clock that is set back repeats an hour, so its values do not tell instants apart. Around such a change the
  // bounds are wider by the repeated time: rows are read twice rather than never.
  std::string after(const Position& position) const;
  std::string up_to(const Position& position) const;

  std::string name;  // t."column", quoted
};

// Throws NOT_FOUND without such a column and INVALID_ARGUMENT for a column that cannot be a cursor.
CursorColumn cursor_column(const Connection& connection, const Relation& relation, const Cursor& cursor,
                           const Options& table_options);

}  // namespace penstock::postgres
