// The tables of state.db, and how older ones become them.
#pragma once

#include "base/failure.hpp"
#include "state/sqlite.hpp"

namespace penstock::host {

// Brings a database that is open for writing to the newest schema, in one transaction; makes the tables of an empty one.
// FAILED_PRECONDITION when it is newer than this program, or not a state at all.
Result<void> migrate(Database& database);

// For a database that is open for reading: NOT_FOUND when it has no tables yet, FAILED_PRECONDITION when its schema is
// another one than this program's.
Result<void> check_schema(Database& database);

}  // namespace penstock::host
