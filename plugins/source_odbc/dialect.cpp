#include "dialect.hpp"

#include "connection.hpp"
#include "dialects.hpp"
#include "horizon.hpp"
#include "time_text.hpp"

#include <penstock/nearest_name.hpp>

namespace penstock::odbc {
namespace {

// Longer values of an unknown or great length are read once more.
constexpr SQLLEN kUsualBytes = 256;
constexpr SQLLEN kMaxCellBytes = 2048;

struct Layout {
  SQLSMALLINT c_type;
  SQLLEN width;
  Type type;
};

Layout layout_of(Decode decode) {
  switch (decode) {
    case Decode::boolean: return {SQL_C_BIT, 1, Type::boolean};
    case Decode::int16: return {SQL_C_SSHORT, 2, Type::int16};
    case Decode::int32: return {SQL_C_SLONG, 4, Type::int32};
    case Decode::int64: return {SQL_C_SBIGINT, 8, Type::int64};
    case Decode::uint32: return {SQL_C_ULONG, 4, Type::uint32};
    case Decode::uint64: return {SQL_C_UBIGINT, 8, Type::uint64};
    case Decode::float32: return {SQL_C_FLOAT, 4, Type::float32};
    case Decode::float64: return {SQL_C_DOUBLE, 8, Type::float64};
    case Decode::integer_text: return {SQL_C_CHAR, 24, Type::int64};
    case Decode::date: return {SQL_C_TYPE_DATE, sizeof(SQL_DATE_STRUCT), Type::date32};
    case Decode::timestamp: return {SQL_C_TYPE_TIMESTAMP, sizeof(SQL_TIMESTAMP_STRUCT), Type::timestamp_ns};
    default: return {SQL_C_CHAR, kUsualBytes, Type::utf8};
  }
}

ReadColumn variable(std::string expression, SQLSMALLINT c_type, SQLLEN needed, Decode decode, Type type) {
  const bool fits = needed > 0 && needed <= kUsualBytes;
  return {.expression = std::move(expression),
          .c_type = c_type,
          .width = fits ? needed : kUsualBytes,
          .may_exceed = true,  // drivers report sizes that are too small
          .decode = decode,
          .field = {.type = type}};
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

std::unique_ptr<Dialect> dialect_named(const std::string& name, const std::string& quote, const Options& options) {
  if (contains(name, "snowflake")) return make_snowflake_dialect(options);
  if (contains(name, "postgres") || contains(name, "psqlodbc")) return make_postgres_dialect();
  if (contains(name, "maria") || contains(name, "mysql")) return make_mariadb_dialect();
  if (contains(name, "sqlite")) return make_sqlite_dialect();
  if (contains(name, "sqlserver") || contains(name, "sql server")) return make_sqlserver_dialect();
  return make_generic_dialect(quote, options);
}

}  // namespace

std::string limit_clause(int64_t count, int64_t skip) {
  return " LIMIT " + std::to_string(count) + (skip == 0 ? "" : " OFFSET " + std::to_string(skip));
}

ReadColumn read_fixed(std::string expression, Decode decode) {
  const Layout layout = layout_of(decode);
  return {.expression = std::move(expression),
          .c_type = layout.c_type,
          .width = layout.width,
          .decode = decode,
          .field = {.type = layout.type}};
}

ReadColumn read_utf8(std::string expression, int64_t characters) {
  return variable(std::move(expression), SQL_C_CHAR, characters > 0 && characters < kUsualBytes ? characters * 4 + 1 : 0,
                  Decode::text, Type::utf8);
}

ReadColumn read_wide(std::string expression, int64_t characters) {
  return variable(std::move(expression), SQL_C_WCHAR, characters > 0 && characters < kUsualBytes ? (characters * 2 + 1) * 2 : 0,
                  Decode::text, Type::utf8);
}

ReadColumn read_binary(std::string expression, int64_t bytes) {
  return variable(std::move(expression), SQL_C_BINARY, bytes, Decode::binary, Type::binary);
}

// Sign, point and a zero before the point.
ReadColumn read_decimal(std::string expression, int64_t digits) {
  return variable(std::move(expression), SQL_C_CHAR, digits > 0 ? std::max<int64_t>(digits + 4, 48) : 48, Decode::decimal, Type::utf8);
}

ReadColumn within(ReadColumn column, int64_t bytes) {
  if (bytes <= 0 || bytes > kMaxCellBytes) return column;
  column.width = static_cast<SQLLEN>(bytes);
  column.may_exceed = false;
  return column;
}

ReadColumn read_date_text(std::string expression) {
  ReadColumn out = read_fixed(std::move(expression), Decode::date_text);
  out.width = 32;
  out.field.type = Type::date32;
  return out;
}

ReadColumn read_time_text(std::string expression, Type unit, std::string timezone) {
  ReadColumn out = read_fixed(std::move(expression), Decode::time_text);
  out.width = 48;
  out.field = {.type = unit, .timezone = std::move(timezone)};
  return out;
}

Place Dialect::place(const Connection&, const Table& table) const { return {table.database, table.schema, table.table}; }

std::string Dialect::quoted(std::string_view name) const {
  if (quote_.empty() || quote_ == " ") return std::string(name);
  std::string out = quote_;
  for (const char c : name) {
    out += c;
    if (quote_.size() == 1 && c == quote_[0]) out += c;
  }
  return out + quote_;
}

std::string Dialect::column_term(std::string_view name) const { return kAlias + quoted(name); }

std::vector<Column> Dialect::query_columns(const Call& call, Connection& connection, const std::string& action, const std::string& sql) const {
  return connection.describe(call, action, sql);
}

std::string Dialect::qualified(const Place& place) const {
  std::string out;
  for (const std::string& part : {place.catalog, place.schema})
    if (!part.empty()) out += quoted(part) + ".";
  return out + quoted(place.table);
}

std::vector<Column> Dialect::columns(const Call& call, Connection& connection, const Place& place) const {
  return connection.columns(call, "describing the table", place);
}

ReadColumn Dialect::read_column(const Column& column, const std::string& name) const {
  switch (column.sql_type) {
    case SQL_BIT: return read_fixed(name, Decode::boolean);
    case SQL_TINYINT:
    case SQL_SMALLINT: return read_fixed(name, column.is_unsigned ? Decode::int32 : Decode::int16);
    case SQL_INTEGER: return read_fixed(name, column.is_unsigned ? Decode::int64 : Decode::int32);
    case SQL_BIGINT: return read_fixed(name, column.is_unsigned ? Decode::uint64 : Decode::int64);
    case SQL_REAL: return read_fixed(name, Decode::float32);
    case SQL_FLOAT:
    case SQL_DOUBLE: return read_fixed(name, Decode::float64);
    case SQL_DECIMAL:
    case SQL_NUMERIC: return read_decimal(name, column.size);
    case SQL_BINARY:
    case SQL_VARBINARY:
    case SQL_LONGVARBINARY: return read_binary(name, column.size);
    case SQL_DATE:
    case SQL_TYPE_DATE: return read_fixed(name, Decode::date);
    case SQL_TIMESTAMP:
    case SQL_TYPE_TIMESTAMP: return read_fixed(name, Decode::timestamp);
    default: return read_wide(name, column.size);
  }
}

CursorKind Dialect::cursor_kind(const Column& column) const {
  switch (column.sql_type) {
    case SQL_DATE:
    case SQL_TYPE_DATE: return CursorKind::day;
    case SQL_TIMESTAMP:
    case SQL_TYPE_TIMESTAMP: return CursorKind::wall_clock;
    case SQL_INTEGER:
    case SQL_BIGINT: return CursorKind::epoch;
    default: return CursorKind::none;
  }
}

int64_t Dialect::tick_ns(const Column& column) const {
  int64_t tick = 1'000'000'000;
  for (int32_t digit = 0; digit < column.digits && tick > 1; ++digit) tick /= 10;
  return tick;
}

std::string Dialect::time_literal(const Column&, CursorKind kind, int64_t ns) const {
  if (kind == CursorKind::day) return "{d '" + date_text(ns) + "'}";
  return "{ts '" + wall_text(ns, 6) + "'}";
}

std::string Dialect::nulls_first(const std::string& name) const {
  return "CASE WHEN " + name + " IS NULL THEN 0 ELSE 1 END, " + name;
}

Horizon Dialect::horizon(const Call& call, Connection& connection, const Table& table, const Column& cursor_column,
                         const Cursor& cursor) const {
  return horizon_by_clock(call, connection, table, cursor_column, cursor);
}

std::unique_ptr<Dialect> make_dialect(const Settings& settings, const DriverFacts& facts) {
  const bool is_told = settings.dialect != "auto";
  return dialect_named(is_told ? settings.dialect : folded(facts.dbms), facts.quote, settings.options);
}

std::unique_ptr<Dialect> likely_dialect(const Settings& settings) {
  const std::string* driver = settings.login.keys.find("DRIVER");
  const std::string name = settings.dialect != "auto" ? settings.dialect : driver == nullptr ? "" : folded(*driver);
  return dialect_named(name, "\"", settings.options);
}

}  // namespace penstock::odbc
