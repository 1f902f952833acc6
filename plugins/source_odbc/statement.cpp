#include "statement.hpp"

#include <algorithm>

namespace penstock::odbc {
namespace {

std::string extra_rows(const Dialect& dialect, const CursorColumn& cursor, const Scan& scan) {
  std::string out = dialect.unordered_rows(cursor.kind, cursor.name);
  if (scan.include_null_cursor) out += (out.empty() ? "" : " OR ") + cursor.name + " IS NULL";
  return out;
}

std::vector<const Column*> columns_of(const Relation& relation, const std::vector<std::string>& names) {
  std::vector<const Column*> out;
  for (const std::string& name : names) out.push_back(&relation.column(name));
  return out;
}

}  // namespace

std::string ScanStatement::select_between(const std::string& after, const std::string& up_to, bool with_extra) const {
  const std::string window = after.empty() ? up_to : after + " AND " + up_to;
  return head + (with_extra && !extra.empty() ? "(" + window + ") OR " + extra : window) + order + limit;
}

Field field_of(const Dialect& dialect, const Column& column) {
  Field field = dialect.read_column(column, {}).field;
  field.name = column.name;
  return field;
}

ScanStatement scan_statement(const Connection& connection, const Relation& relation, const Scan& scan, bool by_row, Reach reach) {
  const Dialect& dialect = connection.dialect();
  const CursorColumn cursor = cursor_column(dialect, relation.column(scan.cursor.column), scan.cursor, scan.table.options);
  std::vector<const Column*> columns = columns_of(relation, scan.columns);
  if (columns.empty())
    for (const Column& column : relation.columns) columns.push_back(&column);
  const std::vector<const Column*> keys = columns_of(relation, scan.key_columns);

  ScanStatement out;
  out.display = relation.display;
  out.cursor_unit_ns = cursor.unit_ns;
  out.by_row = by_row;
  std::vector<ReadColumn> reads;
  for (const Column* column : columns) {
    reads.push_back(dialect.read_column(*column, dialect.column_term(column->name)));
    reads.back().field.name = column->name;
    out.schema.push_back(reads.back().field);
  }
  // Drivers that ask for it want the columns that are not bound last, and in their order.
  for (const bool is_long : {false, true}) {
    if (is_long) out.first_long = out.columns.size();
    for (size_t i = 0; i < reads.size(); ++i) {
      if ((by_row && reads[i].may_exceed) != is_long) continue;
      out.places.push_back(i);
      out.is_key.push_back(std::find(keys.begin(), keys.end(), columns[i]) != keys.end());
      out.columns.push_back(reads[i]);
    }
  }
  out.from = dialect.scanned(relation.from, scan, reach);
  out.head = "SELECT ";
  for (size_t i = 0; i < out.columns.size(); ++i) out.head += (i == 0 ? "" : ", ") + out.columns[i].expression;
  out.head += " FROM " + out.from + " t WHERE ";
  if (scan.since) out.lower = cursor.after(dialect, *scan.since);
  out.upper = cursor.up_to(dialect, scan.until);
  out.extra = extra_rows(dialect, cursor, scan);
  out.cursor = cursor.name;
  if (scan.since) {
    const std::string beyond = out.extra.empty() ? out.lower : "(" + out.lower + ") OR " + out.extra;
    out.beyond = "SELECT 1 FROM " + dialect.scanned(relation.from, scan, Reach::open_ended) + " t WHERE " + beyond + dialect.row_limit(1, 0);
  }
  if (scan.table.options.has("max_rows")) {
    out.max_rows = scan.table.options.integer("max_rows");
    out.limit = dialect.row_limit(out.max_rows + 1, 0);
  }
  out.order = " ORDER BY " + (scan.include_null_cursor ? dialect.nulls_first(cursor.name) : cursor.name);
  for (const Column* key : keys)
    if (key->name != cursor.column.name) out.order += ", " + dialect.order_term(*key, dialect.column_term(key->name));
  return out;
}

}  // namespace penstock::odbc
