#include "statement.hpp"

#include <algorithm>

namespace penstock::postgres {
namespace {

std::string order_term(const Connection& connection, const Column& column) {
  const std::string name = "t." + connection.quoted_identifier(column.name);
  const ColumnType type = column_type(column.type_oid);
  if (type.is_text && type.orderable) return name + " COLLATE pg_catalog.\"C\"";
  // Not every type can be ordered (json), and few that travel as text are ordered like their text.
  return type.orderable ? name : name + "::pg_catalog.text COLLATE pg_catalog.\"C\"";
}

std::string where(const CursorColumn& cursor, const Scan& scan) {
  std::string window = cursor.up_to(scan.until);
  if (scan.since) window = cursor.after(*scan.since) + " AND " + window;
  return scan.include_null_cursor ? "((" + window + ") OR " + cursor.name + " IS NULL)" : window;
}

}  // namespace

ScanStatement scan_statement(const Call& call, Connection& connection, const Scan& scan) {
  const Relation relation = find_relation(call, connection, scan.table);
  const CursorColumn cursor = cursor_column(connection, relation, scan.cursor, scan.table.options);
  std::vector<const Column*> columns;
  for (const std::string& name : scan.columns) columns.push_back(&relation.column(name));
  if (columns.empty())
    for (const Column& column : relation.columns) columns.push_back(&column);
  std::vector<const Column*> used = columns;
  used.push_back(cursor.column);
  for (const std::string& name : scan.key_columns) used.push_back(&relation.column(name));
  require_readable(connection, relation, used);

  ScanStatement out;
  out.display = relation.display;
  out.search_path_schema = relation.search_path_schema;
  out.select = "SELECT ";
  for (const Column* column : columns) {
    const ColumnType type = column_type(column->type_oid);
    out.select += std::string(out.types.empty() ? "" : ", ") + "t." + connection.quoted_identifier(column->name) +
                  (type.cast_to_text ? "::pg_catalog.text" : "");
    out.types.push_back(type);
    out.schema.push_back(field_for(column->name, type));
  }
  out.select += " FROM " + relation.from + " AS t WHERE " + where(cursor, scan) + " ORDER BY " + cursor.name +
                (scan.include_null_cursor ? " NULLS FIRST" : "");
  for (const std::string& name : scan.key_columns) {
    const Column& key = relation.column(name);
    if (&key != cursor.column) out.select += ", " + order_term(connection, key);
  }
  return out;
}

}  // namespace penstock::postgres
