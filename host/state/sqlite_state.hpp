// The state in one SQLite file; schema.cpp has its tables.
#pragma once

#include "state/sqlite.hpp"
#include "state/state.hpp"

#include <memory>

namespace penstock::host {

// Takes a database with this program's schema. It is to be in WAL mode with synchronous=FULL: then a commit is on disk when
// the call returns, and commands read while the host writes. One connection behind one mutex: a host writes a few times a
// run, and it is the disk that takes the time, so a pool of connections would only wait at another place.
std::unique_ptr<State> make_sqlite_state(std::unique_ptr<Database> database, const StateLimits& limits);

}  // namespace penstock::host
