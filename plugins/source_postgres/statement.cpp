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

// 7, 7.0 and 7.00 are one number, so as a key they are one text.
std::string select_term(const Connection& connection, const Column& column, const ColumnType& type, bool is_key) {
  const std::string name = "t." + connection.quoted_identifier(column.name);
  if (is_key && type.wire == Wire::numeric) return "pg_catalog.trim_scale(" + name + ")";
  return name + (type.cast_to_text ? "::pg_catalog.text" : "");
}

std::string where(const CursorColumn& cursor, const Scan& scan) {
  std::string window = cursor.up_to(scan.until);
  if (scan.since) window = cursor.after(*scan.since) + " AND " + window;
  return scan.include_null_cursor ? "((" + window + ") OR " + cursor.name + " IS NULL)" : window;
}

}  // namespace

ScanStatement scan_statement(const Connection& connection, const Relation& relation, const Scan& scan) {
  const CursorColumn cursor = cursor_column(connection, relation, scan.cursor, scan.table.options);
  std::vector<const Column*> columns;
  for (const std::string& name : scan.columns) columns.push_back(&relation.column(name));
  if (columns.empty())
    for (const Column& column : relation.columns) columns.push_back(&column);
  std::vector<const Column*> keys;
  for (const std::string& name : scan.key_columns) keys.push_back(&relation.column(name));
  std::vector<const Column*> used = columns;
  used.push_back(cursor.column);
  used.insert(used.end(), keys.begin(), keys.end());
  require_readable(connection, relation, used);

  ScanStatement out;
  out.display = relation.display;
  out.cursor_unit_ns = cursor.unit_ns;
  out.search_path_schema = relation.search_path_schema;
  out.select = "SELECT ";
  for (const Column* column : columns) {
    const ColumnType type = column_type(column->type_oid);
    const bool is_key = std::find(keys.begin(), keys.end(), column) != keys.end();
    out.select += (out.types.empty() ? "" : ", ") + select_term(connection, *column, type, is_key);
    out.types.push_back(type);
    out.schema.push_back(field_for(column->name, type));
  }
  out.select += " FROM " + relation.from + " AS t WHERE " + where(cursor, scan) + " ORDER BY " + cursor.name +
                (scan.include_null_cursor ? " NULLS FIRST" : "");
  for (const Column* key : keys)
    if (key != cursor.column) out.select += ", " + order_term(connection, *key);
  return out;
}

}  // namespace penstock::postgres
