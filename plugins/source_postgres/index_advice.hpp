// Can the rows of a short window be found without reading the whole table?
#pragma once

#include "connection.hpp"
#include "relation.hpp"

#include <penstock/source.hpp>

namespace penstock::postgres {

// Where a table, partition or child table has more rows than kRowsWithoutIndex, about as the server estimates, and no
// index begins with the cursor: a sentence with the CREATE INDEX that helps. Else empty, and for views, queries and
// foreign tables, whose way to the rows the catalog does not tell.
std::string index_advice(const Call& call, Connection& connection, const Relation& relation, const Scan& scan);

// A table of less is read through in a few milliseconds.
constexpr int64_t kRowsWithoutIndex = 10'000;

}  // namespace penstock::postgres
