#include "relation.hpp"

#include "query_text.hpp"

#include <penstock/nearest_name.hpp>

#include <set>

namespace penstock::odbc {
namespace {

std::string in_quotes(std::string_view name) { return "\"" + std::string(name) + "\""; }

std::string display_name(const Place& place) {
  std::string out;
  for (const std::string& part : {place.catalog, place.schema, place.table})
    if (!part.empty()) out += (out.empty() ? "" : ".") + in_quotes(part);
  return out;
}

void check_name(std::string_view what, std::string_view name) {
  if (name.find('\0') != std::string_view::npos)
    throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, std::string(what) + ": a name cannot hold a NUL byte");
}

// One line of SQLTables.
struct Found {
  Place place;
  std::string type;
};

std::vector<Found> found_tables(const Call& call, Connection& connection, const Place& place, bool exact) {
  const Rows rows = connection.tables(call, "looking for the table", place, exact);
  std::vector<Found> out;
  for (size_t row = 0; row < rows.size(); ++row)
    out.push_back({{rows.text(row, 0), rows.text(row, 1), rows.text(row, 2)}, rows.text(row, 3)});
  return out;
}

// The parts that are not asked for may be anything.
bool matches(const Place& found, const Place& asked, bool exact) {
  const auto fits = [&](const std::string& a, const std::string& b) {
    return b.empty() || (exact ? a == b : is_same_name(a, b));
  };
  return fits(found.catalog, asked.catalog) && fits(found.schema, asked.schema) && fits(found.table, asked.table);
}

Error not_found(const Place& asked, const std::vector<Found>& all) {
  std::vector<std::string> names;
  for (const Found& table : all) names.push_back(table.place.table);
  return Error(PENSTOCK_STATUS_NOT_FOUND, "table " + display_name(asked) + " does not exist, or the user may not see it" +
                                              did_you_mean(asked.table, names));
}

// What the names in the configuration mean: as they are written, else the only table that differs from them in case.
Found find_table(const Call& call, Connection& connection, const Place& asked) {
  std::vector<Place> spellings{asked};
  if (const Place usual = connection.dialect().usual_case(asked); usual != asked) spellings.push_back(usual);
  for (const Place& exact : spellings)
    for (const Found& table : found_tables(call, connection, exact, true))
      if (matches(table.place, exact, true)) return table;
  // Servers fold unquoted names, so they are mostly written in another case than the server keeps them.
  const std::vector<Found> all = found_tables(call, connection, {}, false);
  std::vector<Found> fits;
  for (const Found& table : all)
    if (matches(table.place, asked, false)) fits.push_back(table);
  if (fits.empty()) throw not_found(asked, all);
  if (fits.size() == 1) return fits.front();
  std::string names;
  for (const Found& table : fits) names += (names.empty() ? "" : ", ") + display_name(table.place);
  throw Error(PENSTOCK_STATUS_NOT_FOUND,
              "table " + display_name(asked) + " does not exist as it is written; several fit but for case: " + names);
}

Relation describe_query(const Call& call, Connection& connection, const Table& table) {
  check_name("query", table.query);
  Relation relation;
  relation.display = "the query";
  // The line break ends a comment at the end of the query.
  relation.from = "(\n" + one_query(table.query, connection.dialect().escapes_by_backslash()) + "\n)";
  const std::string action = "describing the query";
  relation.columns = connection.dialect().query_columns(call, connection, action, "SELECT * FROM " + relation.from + " q");
  connection.end_transaction(call, action);
  std::set<std::string> seen;
  for (const Column& column : relation.columns)
    if (!seen.insert(column.name).second)
      throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT,
                  "the query has two columns named " + in_quotes(column.name) + ": give one an alias");
  return relation;
}

Relation describe_table(const Call& call, Connection& connection, const Table& table) {
  const Dialect& dialect = connection.dialect();
  const Found found = find_table(call, connection, dialect.place(connection, table));
  Relation relation;
  relation.place = found.place;
  relation.is_table = found.type == "TABLE";
  relation.display = (found.type.find("VIEW") != std::string::npos ? "view " : "table ") + display_name(found.place);
  relation.from = dialect.qualified(found.place);
  relation.columns = dialect.columns(call, connection, found.place);
  connection.end_transaction(call, "describing " + relation.display);
  if (relation.columns.empty())
    throw Error(PENSTOCK_STATUS_NOT_FOUND, relation.display + " has no columns that the user may see");
  for (Column& column : dialect.made_columns(table.options)) relation.columns.push_back(std::move(column));
  return relation;
}

}  // namespace

const Column& Relation::column(std::string_view name) const {
  const Column* match = nullptr;
  size_t count = 0;
  for (const Column& column : columns) {
    if (column.name == name) return column;
    if (!is_same_name(column.name, name)) continue;
    match = &column;
    ++count;
  }
  if (count == 1) return *match;
  std::vector<std::string> names;
  for (const Column& column : columns) names.push_back(column.name);
  throw Error(PENSTOCK_STATUS_NOT_FOUND, display + " has no column " + in_quotes(name) + did_you_mean(name, names));
}

Relation find_relation(const Call& call, Connection& connection, const Table& table) {
  if (!table.query.empty()) return describe_query(call, connection, table);
  check_name("database", table.database);
  check_name("schema", table.schema);
  check_name("table", table.table);
  const Dialect& dialect = connection.dialect();
  dialect.require_readable(call, connection);
  try {
    return describe_table(call, connection, table);
  } catch (const Error& error) {
    // What was kept from the driver is not missing.
    if (error.status() == PENSTOCK_STATUS_NOT_FOUND) dialect.require_readable(call, connection);
    throw;
  }
}

std::vector<TableName> visible_tables(const Call& call, Connection& connection) {
  connection.dialect().require_readable(call, connection);
  std::vector<TableName> out;
  for (const Found& table : found_tables(call, connection, {}, false))
    if (table.type.find("SYSTEM") == std::string::npos && !is_same_name(table.place.schema, "information_schema") && table.place.schema != "pg_catalog")
      out.push_back({table.place.catalog, table.place.schema, table.place.table});
  connection.end_transaction(call, "listing tables");
  return out;
}

}  // namespace penstock::odbc
