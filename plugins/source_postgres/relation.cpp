#include "relation.hpp"

#include <penstock/nearest_name.hpp>

#include <algorithm>
#include <set>

namespace penstock::postgres {
namespace {

constexpr const char* kDefaultSchema = "public";

std::string in_quotes(std::string_view name) { return "\"" + std::string(name) + "\""; }

std::string kind_name(char kind) {
  switch (kind) {
    case 'v': return "view";
    case 'm': return "materialized view";
    case 'f': return "foreign table";
    case 'q': return "query";
    default: return "table";
  }
}

void check_name(std::string_view what, std::string_view name) {
  if (name.find('\0') != std::string_view::npos)
    throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, std::string(what) + ": a name cannot hold a NUL byte");
}

void check_database(const Call& call, Connection& connection, const Table& table) {
  if (table.database.empty()) return;
  check_name("database", table.database);
  const std::string actual =
      connection.query_prepared(call, "asking for the database", "SELECT pg_catalog.current_database()").text(0, 0);
  if (!is_same_name(actual, table.database))
    throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "the batch source is in database " + in_quotes(table.database) +
                                                      ", but the warehouse is connected to " + in_quotes(actual));
}

Error not_found(const Call& call, Connection& connection, const std::string& schema, const std::string& name) {
  const std::string action = "looking for tables";
  const Result schemas =
      connection.query(call, action, "SELECT nspname FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_'");
  std::vector<std::string> names;
  bool exists = false;
  for (int row = 0; row < schemas.rows(); ++row) {
    names.push_back(schemas.text(row, 0));
    exists = exists || is_same_name(names.back(), schema);
  }
  if (!exists)
    return Error(PENSTOCK_STATUS_NOT_FOUND,
                 "schema " + in_quotes(schema) + " does not exist" + did_you_mean(schema, names));
  const Result tables = connection.query(call, action,
                                         "SELECT c.relname FROM pg_catalog.pg_class c "
                                         "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
                                         "WHERE lower(n.nspname) = lower($1) AND c.relkind IN ('r','v','m','p','f') "
                                         "ORDER BY 1 LIMIT 10000",
                                         {schema});
  names.clear();
  for (int row = 0; row < tables.rows(); ++row) names.push_back(tables.text(row, 0));
  return Error(PENSTOCK_STATUS_NOT_FOUND,
               "relation " + in_quotes(schema) + "." + in_quotes(name) + " does not exist" + did_you_mean(name, names));
}

#define TABLE_SQL(names)                                                                                             \
  "SELECT c.oid, n.nspname, c.relname, c.relkind, c.relhassubclass AND c.relkind = 'r', "                              \
  "pg_catalog.has_schema_privilege(n.oid, 'USAGE'), "                                                                 \
  "EXISTS (SELECT 1 FROM pg_catalog.pg_subscription_rel s WHERE s.srrelid = c.oid), "                                  \
  "n.nspname = $1 AND c.relname = $2 "                                                                                \
  "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "                               \
  "WHERE " names " AND c.relkind IN ('r','v','m','p','f') ORDER BY 2, 3 LIMIT 20"
constexpr const char* kExactTableSql = TABLE_SQL("n.nspname = $1 AND c.relname = $2");
constexpr const char* kFoldedTableSql = TABLE_SQL("lower(n.nspname) = lower($1) AND lower(c.relname) = lower($2)");
#undef TABLE_SQL

// Fills in everything but the columns, and checks USAGE of the schema.
Relation find_table(const Call& call, Connection& connection, const Table& table) {
  const std::string schema = table.schema.empty() ? kDefaultSchema : table.schema;
  check_name("schema", schema);
  check_name("table", table.table);
  const std::string action = "looking for the table";
  // As it is written first: that is found by an index, and every run asks.
  Result found = connection.query_prepared(call, action, kExactTableSql, {schema, table.table});
  if (found.rows() == 0) found = connection.query_prepared(call, action, kFoldedTableSql, {schema, table.table});
  if (found.rows() == 0) throw not_found(call, connection, schema, table.table);
  if (found.rows() > 1 && !found.boolean(0, 7)) {
    std::string names;
    for (int row = 0; row < found.rows(); ++row)
      names += (row == 0 ? "" : ", ") + in_quotes(found.text(row, 1)) + "." + in_quotes(found.text(row, 2));
    throw Error(PENSTOCK_STATUS_NOT_FOUND, "relation " + in_quotes(schema) + "." + in_quotes(table.table) +
                                               " does not exist; several differ from it in case only: " + names);
  }
  Relation relation;
  relation.oid = static_cast<uint32_t>(found.integer(0, 0));
  relation.schema = found.text(0, 1);
  relation.name = found.text(0, 2);
  relation.kind = found.text(0, 3).at(0);
  relation.has_children = found.boolean(0, 4);
  relation.is_subscribed = found.boolean(0, 6);
  relation.display = kind_name(relation.kind) + " " + in_quotes(relation.schema) + "." + in_quotes(relation.name);
  relation.from = connection.quoted_identifier(relation.schema) + "." + connection.quoted_identifier(relation.name);
  if (!found.boolean(0, 5))
    throw Error(PENSTOCK_STATUS_PERMISSION_DENIED, "role " + in_quotes(connection.user()) + " may not use schema " +
                                                       in_quotes(relation.schema) + ": GRANT USAGE ON SCHEMA " +
                                                       connection.quoted_identifier(relation.schema) + " TO " +
                                                       connection.quoted_identifier(connection.user()));
  return relation;
}

constexpr const char* kColumnsSql =
    "SELECT a.attname, a.atttypid, pg_catalog.format_type(a.atttypid, a.atttypmod), a.atttypmod, "
    "pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'SELECT'), pg_catalog.pg_get_expr(d.adbin, d.adrelid), "
    "t.typtype = 'd' "
    "FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid "
    "LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum "
    "WHERE a.attrelid = $1::pg_catalog.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum";

// A domain stands for its base type, also through several layers. Asked only where there is one: it costs the server twice as
// much as the columns alone.
constexpr const char* kColumnsOfDomainsSql =
    "WITH RECURSIVE base(attnum, oid, typmod) AS ("
    "  SELECT a.attnum, a.atttypid, a.atttypmod FROM pg_catalog.pg_attribute a"
    "  WHERE a.attrelid = $1::pg_catalog.oid AND a.attnum > 0 AND NOT a.attisdropped"
    "  UNION ALL"
    "  SELECT b.attnum, t.typbasetype, t.typtypmod FROM base b JOIN pg_catalog.pg_type t ON t.oid = b.oid"
    "  WHERE t.typtype = 'd') "
    "SELECT a.attname, b.oid, pg_catalog.format_type(a.atttypid, a.atttypmod), b.typmod, "
    "pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'SELECT'), pg_catalog.pg_get_expr(d.adbin, d.adrelid) "
    "FROM base b JOIN pg_catalog.pg_type t ON t.oid = b.oid AND t.typtype <> 'd' "
    "JOIN pg_catalog.pg_attribute a ON a.attrelid = $1::pg_catalog.oid AND a.attnum = b.attnum "
    "LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum "
    "ORDER BY a.attnum";

void read_columns(const Call& call, Connection& connection, Relation& relation) {
  const std::string action = "describing " + relation.display;
  const std::vector<std::string> oid = {std::to_string(relation.oid)};
  Result found = connection.query_prepared(call, action, kColumnsSql, oid);
  bool any_domain = false;
  for (int row = 0; row < found.rows(); ++row) any_domain = any_domain || found.boolean(row, 6);
  if (any_domain) found = connection.query_prepared(call, action, kColumnsOfDomainsSql, oid);
  for (int row = 0; row < found.rows(); ++row) {
    relation.columns.push_back({.name = found.text(row, 0),
                                .type_oid = static_cast<uint32_t>(found.integer(row, 1)),
                                .type_name = found.text(row, 2),
                                .typmod = static_cast<int32_t>(found.integer(row, 3)),
                                .readable = found.boolean(row, 4),
                                .default_expression = found.text(row, 5)});
  }
}

// One statement and nothing after it, so that it can stand in brackets.
std::string trimmed_query(std::string_view query) {
  const size_t end = query.find_last_not_of(" \t\r\n;");
  return std::string(query.substr(0, end == std::string_view::npos ? 0 : end + 1));
}

Relation describe_query(const Call& call, Connection& connection, const Table& table) {
  check_name("query", table.query);
  check_name("schema", table.schema);
  Relation relation;
  relation.kind = 'q';
  relation.display = "the query";
  relation.search_path_schema = table.schema;
  // The line break ends a comment at the end of the query.
  relation.from = "(\n" + trimmed_query(table.query) + "\n)";
  const std::string action = "describing the query";
  connection.query(call, action, "BEGIN READ ONLY");
  if (!table.schema.empty())
    connection.query(call, action,
                     "SET LOCAL search_path = pg_catalog, " + connection.quoted_identifier(table.schema) + ", pg_temp");
  const Result found = connection.describe(call, action, "SELECT * FROM " + relation.from + " AS q");
  connection.query(call, action, "ROLLBACK");
  if (PQnparams(found.get()) > 0)
    throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "the query has parameters ($1); write the value");
  std::set<std::string> seen;
  std::string types = "SELECT ";
  for (int i = 0; i < PQnfields(found.get()); ++i) {
    const Column column{.name = PQfname(found.get(), i),
                        .type_oid = PQftype(found.get(), i),
                        .type_name = {},
                        .typmod = PQfmod(found.get(), i),
                        .readable = true,
                        .default_expression = {}};
    if (!seen.insert(column.name).second)
      throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT,
                  "the query has two columns named " + in_quotes(column.name) + ": give one an alias");
    types += std::string(i == 0 ? "" : ", ") + "pg_catalog.format_type(" + std::to_string(column.type_oid) + ", " +
             std::to_string(column.typmod) + ")";
    relation.columns.push_back(column);
  }
  const Result names = connection.query(call, action, types);
  for (size_t i = 0; i < relation.columns.size(); ++i)
    relation.columns[i].type_name = names.text(0, static_cast<int>(i));
  return relation;
}

}  // namespace

const Column& Relation::column(std::string_view column_name) const {
  const Column* match = nullptr;
  size_t matches = 0;
  for (const Column& column : columns) {
    if (column.name == column_name) return column;
    if (is_same_name(column.name, column_name)) {
      match = &column;
      ++matches;
    }
  }
  if (matches == 1) return *match;
  std::vector<std::string> names;
  for (const Column& column : columns) names.push_back(column.name);
  throw Error(PENSTOCK_STATUS_NOT_FOUND,
              display + " has no column " + in_quotes(column_name) + did_you_mean(column_name, names));
}

Relation find_relation(const Call& call, Connection& connection, const Table& table) {
  check_database(call, connection, table);
  if (!table.query.empty()) return describe_query(call, connection, table);
  Relation relation = find_table(call, connection, table);
  read_columns(call, connection, relation);
  const bool any_readable =
      std::any_of(relation.columns.begin(), relation.columns.end(), [](const Column& c) { return c.readable; });
  if (!any_readable && !relation.columns.empty())
    throw Error(PENSTOCK_STATUS_PERMISSION_DENIED, "role " + in_quotes(connection.user()) + " may not read " +
                                                       relation.display + ": GRANT SELECT ON " + relation.from +
                                                       " TO " + connection.quoted_identifier(connection.user()));
  return relation;
}

void require_readable(const Connection& connection, const Relation& relation,
                      const std::vector<const Column*>& columns) {
  std::string missing;
  for (const Column* column : columns) {
    const std::string name = connection.quoted_identifier(column->name);
    if (!column->readable && missing.find(name) == std::string::npos) missing += (missing.empty() ? "" : ", ") + name;
  }
  if (missing.empty()) return;
  throw Error(PENSTOCK_STATUS_PERMISSION_DENIED, "role " + in_quotes(connection.user()) + " may not read the columns " +
                                                     missing + " of " + relation.display + ": GRANT SELECT (" +
                                                     missing + ") ON " + relation.from + " TO " +
                                                     connection.quoted_identifier(connection.user()));
}

std::vector<TableName> readable_tables(const Call& call, Connection& connection) {
  const Result found = connection.query(
      call, "listing tables",
      "SELECT pg_catalog.current_database(), n.nspname, c.relname "
      "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
      "WHERE c.relkind IN ('r','v','m','p','f') AND NOT c.relispartition "
      "AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' "
      "AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND (pg_catalog.has_table_privilege(c.oid, 'SELECT') "
      "OR pg_catalog.has_any_column_privilege(c.oid, 'SELECT')) ORDER BY 2, 3");
  std::vector<TableName> tables;
  for (int row = 0; row < found.rows(); ++row)
    tables.push_back({found.text(row, 0), found.text(row, 1), found.text(row, 2)});
  return tables;
}

}  // namespace penstock::postgres
