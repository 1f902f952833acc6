// Up to where a table is complete, as far as a clock can tell.
#pragma once

#include "cursor_column.hpp"

#include <penstock/source.hpp>

namespace penstock::odbc {

class Connection;

// Now, by the server's clock, in ns since 1970.
int64_t server_clock_ns(const Call& call, Connection& connection);

Position position_at(int64_t ns);

// Class B: the server's clock less the cursor's lag. The current tick of the column is never part of a window.
Horizon horizon_by_clock(const Call& call, Connection& connection, const Table& table, const Column& column,
                         const Cursor& cursor);

}  // namespace penstock::odbc
