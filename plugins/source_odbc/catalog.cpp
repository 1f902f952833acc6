// What a connection says of tables and columns.
#include "connection.hpp"
#include "utf16.hpp"

#include <penstock/nearest_name.hpp>

#include <algorithm>

namespace penstock::odbc {
namespace {

constexpr SQLSMALLINT kMaxName = 512;

// Of a buffer, what a driver says that it has filled of it.
template <class Character>
std::string text_in(const Character (&buffer)[kMaxName], SQLSMALLINT length) {
  const auto count = static_cast<size_t>(std::clamp<SQLSMALLINT>(length, 0, kMaxName - 1));
  if constexpr (sizeof(Character) == 1)
    return {reinterpret_cast<const char*>(buffer), count};
  else
    return to_utf8({reinterpret_cast<const char16_t*>(buffer), count});
}

// `%` and `_` stand for themselves. A backslash, which drivers do not agree how to escape, may be any character: what the pattern
// finds is compared with the name.
std::string pattern_of(const std::string& name) {
  std::string out;
  for (const char c : name) {
    if (c == '%' || c == '_') out += '\\';
    out += c == '\\' ? '_' : c;
  }
  return out;
}

}  // namespace

std::vector<Column> Connection::describe(const Call& call, const std::string& action, const std::string& sql) {
  const StatementHandle handle = statement(call);
  if (!SQL_SUCCEEDED(run_sql(call, handle.get(), SQLPrepareW, SQLPrepare, sql))) fail(call, action, SQL_HANDLE_STMT, handle.get());
  return columns_of(call, action, handle.get());
}

std::vector<Column> Connection::describe_result(const Call& call, const std::string& action, const std::string& sql) {
  const StatementHandle handle = statement(call);
  execute(call, action, handle.get(), sql);
  return columns_of(call, action, handle.get());
}

std::vector<Column> Connection::columns_of(const Call& call, const std::string& action, SQLHSTMT statement) {
  SQLSMALLINT count = 0;
  if (!SQL_SUCCEEDED(watch(call, statement).run(SQLNumResultCols, &count))) fail(call, action, SQL_HANDLE_STMT, statement);
  std::vector<Column> columns;
  for (SQLUSMALLINT i = 1; i <= static_cast<SQLUSMALLINT>(count); ++i) {
    SQLWCHAR wide_name[kMaxName] = {}, wide_type[kMaxName] = {};
    SQLCHAR name[kMaxName] = {}, type_name[kMaxName] = {};
    SQLSMALLINT length = 0, type = 0, digits = 0, nullable = 0, type_bytes = 0;
    SQLULEN size = 0;
    SQLLEN is_unsigned = SQL_FALSE;
    const SQLRETURN result = takes_utf8_
                                 ? SQLDescribeCol(statement, i, name, kMaxName, &length, &type, &size, &digits, &nullable)
                                 : SQLDescribeColW(statement, i, wide_name, kMaxName, &length, &type, &size, &digits, &nullable);
    if (!SQL_SUCCEEDED(result)) fail(call, action, SQL_HANDLE_STMT, statement);
    if (takes_utf8_)
      SQLColAttribute(statement, i, SQL_DESC_TYPE_NAME, type_name, kMaxName, &type_bytes, nullptr);
    else
      SQLColAttributeW(statement, i, SQL_DESC_TYPE_NAME, wide_type, sizeof wide_type, &type_bytes, nullptr);
    SQLColAttributeW(statement, i, SQL_DESC_UNSIGNED, nullptr, 0, nullptr, &is_unsigned);
    columns.push_back({.name = takes_utf8_ ? text_in(name, length) : text_in(wide_name, length),
                       .type_name = folded(takes_utf8_ ? text_in(type_name, type_bytes) : text_in(wide_type, type_bytes / 2)),
                       .sql_type = type,
                       .size = static_cast<int64_t>(size),
                       .digits = digits,
                       .is_unsigned = is_unsigned == SQL_TRUE});
  }
  return columns;
}

// The standard has patterns for schemas and tables alone.
Place Connection::as_pattern(const Place& place) const {
  return {dialect_->catalogs_are_patterns() ? pattern_of(place.catalog) : place.catalog, pattern_of(place.schema), pattern_of(place.table)};
}

SQLRETURN Connection::run_catalog(const Call& call, SQLHSTMT statement, decltype(&SQLTablesW) wide, decltype(&SQLTables) narrow,
                                  const Place& pattern) const {
  Canceller canceller = watch(call, statement);
  const auto run = [&](auto function, auto catalog, auto schema, auto table) {
    const auto argument = [](auto& text) { return text.empty() ? nullptr : characters(text); };
    const auto length = [](const auto& text) { return static_cast<SQLSMALLINT>(text.size()); };
    return canceller.run(function, argument(catalog), length(catalog), argument(schema), length(schema), argument(table), length(table),
                         nullptr, SQLSMALLINT{0});
  };
  if (takes_utf8_) return run(narrow, pattern.catalog, pattern.schema, pattern.table);
  return run(wide, to_utf16(pattern.catalog), to_utf16(pattern.schema), to_utf16(pattern.table));
}

Rows Connection::tables(const Call& call, const std::string& action, const Place& place, bool exact) {
  const StatementHandle handle = statement(call);
  Place pattern = as_pattern(place);
  if (!exact) pattern.table = "%";
  // Without a pattern psqlODBC looks in the schemas of the search path only.
  if (!exact && pattern.schema.empty() && facts_.has_schemas) pattern.schema = "%";
  if (!SQL_SUCCEEDED(run_catalog(call, handle.get(), SQLTablesW, SQLTables, pattern))) fail(call, action, SQL_HANDLE_STMT, handle.get());
  return fetch_all(call, action, handle.get());
}

std::vector<Column> Connection::columns(const Call& call, const std::string& action, const Place& place) {
  const StatementHandle handle = statement(call);
  if (!SQL_SUCCEEDED(run_catalog(call, handle.get(), SQLColumnsW, SQLColumns, as_pattern(place)))) fail(call, action, SQL_HANDLE_STMT, handle.get());
  const Rows rows = fetch_all(call, action, handle.get());
  std::vector<Column> columns;
  for (size_t row = 0; row < rows.size(); ++row) {
    // Some drivers take a name as a pattern, do not mind its case, or do not tell the catalog.
    const auto differs = [&](size_t column, const std::string& name) { return !name.empty() && rows.text(row, column) != name; };
    if (rows.text(row, 2) != place.table || differs(1, place.schema) || (!rows.text(row, 0).empty() && differs(0, place.catalog))) continue;
    const std::string type_name = folded(rows.text(row, 5));
    columns.push_back({.name = rows.text(row, 3),
                       .type_name = type_name,
                       .sql_type = static_cast<SQLSMALLINT>(rows.integer(row, 4)),
                       .size = rows.integer(row, 6),
                       .digits = static_cast<int32_t>(rows.integer(row, 8)),
                       .is_unsigned = type_name.find("unsigned") != std::string::npos});
  }
  return columns;
}

}  // namespace penstock::odbc
