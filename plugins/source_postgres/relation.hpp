// What the catalog says about a batch source: where it is, its columns, what the role may read.
#pragma once

#include "column_type.hpp"
#include "connection.hpp"

#include <penstock/source.hpp>

namespace penstock::postgres {

struct Column {
  std::string name;
  uint32_t type_oid = 0;  // of the base type, for a domain
  std::string type_name;  // as SQL writes it: "timestamp with time zone"
  int32_t typmod = -1;
  bool readable = true;
  std::string default_expression;  // empty without one
};

// A table, view or query, found.
struct Relation {
  uint32_t oid = 0;  // 0: a query
  char kind = 0;     // pg_class.relkind; 'q' for a query
  std::string schema, name;
  std::string display;             // for messages: table "public"."orders"
  std::string from;                // for FROM: quoted, or the query in brackets
  std::string search_path_schema;  // of a query: unqualified names are looked for here, too
  bool has_children = false;       // others inherit from it
  bool is_subscribed = false;      // logical replication writes it
  std::vector<Column> columns;

  // The column with exactly this name, else the only one that differs in case. NOT_FOUND with the nearest names.
  const Column& column(std::string_view column_name) const;
};

// Finds the batch source. A name fits exactly, else the only one that differs in case fits. Errors: NOT_FOUND with the
// nearest names, PERMISSION_DENIED with the GRANT that helps, INVALID_ARGUMENT for another database than the
// connection's.
Relation find_relation(const Call& call, Connection& connection, const Table& table);

// PERMISSION_DENIED, with the GRANT that helps, unless the role may read these columns.
void require_readable(const Connection& connection, const Relation& relation,
                      const std::vector<const Column*>& columns);

// Every table, view, materialized view and foreign table that the role may read, without system schemas and partitions.
std::vector<TableName> readable_tables(const Call& call, Connection& connection);

}  // namespace penstock::postgres
