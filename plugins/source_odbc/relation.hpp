// What the catalog says about a batch source.
#pragma once

#include "connection.hpp"

#include <penstock/source.hpp>

namespace penstock::odbc {

// A table, view or query, found.
struct Relation {
  bool is_table = false;  // neither a query nor a view
  Place place;          // as the catalog spells it; empty for a query
  std::string display;  // for messages: table "SIGNALS"."ORDERS"
  std::string from;     // for FROM: quoted, or the query in brackets
  std::vector<Column> columns;

  // The column with exactly this name, else the only one that differs in case. NOT_FOUND with the nearest names.
  const Column& column(std::string_view name) const;
};

// Finds the batch source. A name fits exactly, else the only one that differs in case. Errors: NOT_FOUND with the nearest names,
// INVALID_ARGUMENT.
Relation find_relation(const Call& call, Connection& connection, const Table& table);

// Every table and view that the user sees.
std::vector<TableName> visible_tables(const Call& call, Connection& connection);

}  // namespace penstock::odbc
