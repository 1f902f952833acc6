// PostgreSQL through psqlODBC. Times, booleans and whatever has no type of its own are cast in SQL: the driver makes infinity the
// year 9999, a date before Christ one after, and a uuid upper case.
#include "connection.hpp"
#include "dialects.hpp"
#include "time_text.hpp"

#include <penstock/nearest_name.hpp>

#include <algorithm>
#include <set>

namespace penstock::odbc {
namespace {

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_naive_timestamp(std::string_view type) { return type == "timestamp"; }
bool is_instant(std::string_view type) { return type == "timestamptz"; }
bool is_text(std::string_view type) { return is_one_of(type, {"text", "varchar", "bpchar", "char", "name"}); }

// Why the server refused a session: psqlODBC gives one SQLSTATE for all of it. In the words of a server that speaks English.
struct Refusal {
  std::string_view first, second;  // both are in the message
  Verdict verdict;
};

constexpr Refusal kRefusals[] = {
    {"password authentication failed", "", {PENSTOCK_STATUS_UNAUTHENTICATED, PENSTOCK_RETRY_NEVER}},
    {"no password supplied", "", {PENSTOCK_STATUS_UNAUTHENTICATED, PENSTOCK_RETRY_NEVER}},
    {"FATAL: role ", " does not exist", {PENSTOCK_STATUS_UNAUTHENTICATED, PENSTOCK_RETRY_NEVER}},
    {"FATAL: database ", " does not exist", {PENSTOCK_STATUS_NOT_FOUND, PENSTOCK_RETRY_NEVER}},
    {"no pg_hba.conf entry", "", {PENSTOCK_STATUS_PERMISSION_DENIED, PENSTOCK_RETRY_NEVER}},
    {"permission denied for database", "", {PENSTOCK_STATUS_PERMISSION_DENIED, PENSTOCK_RETRY_NEVER}},
    {"too many connections", "", {PENSTOCK_STATUS_RESOURCE_EXHAUSTED, PENSTOCK_RETRY_RECONNECT}},
    {"connection slots are reserved", "", {PENSTOCK_STATUS_RESOURCE_EXHAUSTED, PENSTOCK_RETRY_RECONNECT}},
};

class Postgres : public Dialect {
 public:
  Postgres() : Dialect("\"") {}

  const char* name() const override { return "postgres"; }

  void set_up_session(const Call& call, Connection& connection) const override {
    const std::string action = "preparing the session";
    for (const char* sql :
         {"SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY", "SET client_encoding = 'UTF8'",
          "SET TimeZone = 'UTC'", "SET DateStyle = 'ISO'", "SET IntervalStyle = 'iso_8601'", "SET bytea_output = 'hex'",
          "SET extra_float_digits = 1", "SET standard_conforming_strings = on",
          // A policy makes an error of the scan rather than fewer rows.
          "SET row_security = off",
          // A scan is read to its end: the plan for its first rows is not wanted.
          "SET cursor_tuple_fraction = 1"})
      connection.query(call, action, sql);
    const Rows row = connection.query(call, action, "SELECT pg_catalog.current_setting('TimeZone'), pg_catalog.current_setting('transaction_read_only')");
    if (row.text(0, 0) != "UTC")
      throw Error(PENSTOCK_STATUS_FAILED_PRECONDITION, action + ": the server keeps the session in zone " + row.text(0, 0));
  }

  // psqlODBC sends a cancel only for the statement itself, not for the FETCH that it makes of each array of rows.
  std::string cancel_sql(const Call& call, Connection& connection) const override {
    const Rows row = connection.query(call, "preparing the session", "SELECT pg_catalog.pg_backend_pid()");
    return "SELECT pg_catalog.pg_cancel_backend(" + std::to_string(row.integer(0, 0)) + ")";
  }

  Place place(const Connection& connection, const Table& table) const override {
    const std::string actual = connection.current_catalog();
    if (!table.database.empty() && !actual.empty() && !is_same_name(actual, table.database))
      throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "the batch source is in database \"" + table.database +
                                                        "\", but the warehouse is connected to \"" + actual + "\"");
    return {{}, table.schema.empty() ? "public" : table.schema, table.table};
  }

  std::string qualified(const Place& place) const override { return quoted(place.schema) + "." + quoted(place.table); }

  // The server is asked itself: psqlODBC does not free all that it learns of columns of types that it does not know, nor of a
  // statement that it has only prepared, and it does not name their types.
  std::vector<Column> columns(const Call& call, Connection& connection, const Place& place) const override {
    return columns_from(connection.query(
        call, "describing the table",
        base_types("found(name, oid, typmod, place) AS (SELECT a.attname, a.atttypid, a.atttypmod, a.attnum::pg_catalog.int4 "
                   "FROM pg_catalog.pg_attribute a WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attrelid = " +
                   literal(qualified(place)) + "::pg_catalog.regclass)")));
  }
  std::vector<Column> query_columns(const Call& call, Connection& connection, const std::string& action, const std::string& sql) const override {
    std::vector<Column> names = connection.describe_result(call, action, sql + " LIMIT 0");
    // Of a type's modifier only the driver tells, and of that only a time's digits are wanted.
    std::set<std::string> seen;
    std::string fields;
    for (const Column& column : names) {
      if (!seen.insert(column.name).second) return names;  // which is refused
      fields += (seen.size() == 1 ? "" : " UNION ALL ") + std::string("SELECT ") + literal(column.name) + "::pg_catalog.name, pg_catalog.pg_typeof(r." +
                quoted(column.name) + ")::pg_catalog.oid, " + std::to_string(column.digits) + ", " + std::to_string(seen.size()) + " FROM r";
    }
    return columns_from(connection.query(call, action,
                                         base_types("r AS (SELECT q.* FROM (SELECT 1) one LEFT JOIN (" + sql + " LIMIT 0) q ON true), "
                                                    "found(name, oid, typmod, place) AS (" + fields + ")")));
  }

  ReadColumn read_column(const Column& column, const std::string& name) const override {
    const std::string& type = column.type_name;
    if (type == "bool") return read_fixed(name + "::pg_catalog.int4", Decode::boolean);
    if (type == "int2") return read_fixed(name, Decode::int16);
    if (type == "int4") return read_fixed(name, Decode::int32);
    if (type == "int8") return read_fixed(name, Decode::int64);
    if (type == "oid") return read_fixed(name + "::pg_catalog.int8", Decode::uint32);
    if (type == "xid8") return read_fixed(name + "::pg_catalog.text::pg_catalog.int8", Decode::int64);
    if (type == "float4") return read_fixed(name, Decode::float32);
    if (type == "float8") return read_fixed(name, Decode::float64);
    if (type == "numeric") return read_decimal(name, 0);
    if (type == "bytea") return read_binary(name, 0);
    if (type == "date") return read_date_text(name + "::pg_catalog.text");
    if (is_naive_timestamp(type)) return read_time_text(name + "::pg_catalog.text", Type::timestamp_us, {});
    if (is_instant(type)) return read_time_text(name + "::pg_catalog.text", Type::timestamp_us, "UTC");
    if (is_text(type)) return read_utf8(name, type == "varchar" || type == "bpchar" || type == "char" ? column.size : 0);
    // Lists arrive as JSON, which a list field takes.
    if (type.starts_with('_')) return read_utf8("pg_catalog.array_to_json(" + name + ")::pg_catalog.text", 0);
    return read_utf8(name + "::pg_catalog.text", 0);
  }

  CursorKind cursor_kind(const Column& column) const override {
    const std::string& type = column.type_name;
    if (is_instant(type)) return CursorKind::instant;
    if (is_naive_timestamp(type)) return CursorKind::wall_clock;
    if (type == "date") return CursorKind::day;
    return is_one_of(type, {"int4", "int8"}) ? CursorKind::epoch : CursorKind::none;
  }

  std::string time_literal(const Column&, CursorKind kind, int64_t ns) const override {
    if (kind == CursorKind::day) return "'" + date_text(ns) + "'::pg_catalog.date";
    if (kind == CursorKind::wall_clock) return "'" + wall_text(ns, 6) + "'::pg_catalog.timestamp";
    return "'" + wall_text(ns, 6) + "+00'::pg_catalog.timestamptz";
  }

  std::string nulls_first(const std::string& name) const override { return name + " NULLS FIRST"; }

  std::string order_term(const Column& column, const std::string& name) const override {
    if (is_text(column.type_name)) return name + " COLLATE pg_catalog.\"C\"";
    const bool is_ordered = is_one_of(column.type_name, {"bool", "int2", "int4", "int8", "oid", "float4", "float8",
                                                        "numeric", "bytea", "date", "uuid"}) ||
                            is_naive_timestamp(column.type_name) || is_instant(column.type_name);
    return is_ordered ? name : name + "::pg_catalog.text COLLATE pg_catalog.\"C\"";
  }

  Verdict verdict(const Diagnostic& diagnostic) const override {
    if (diagnostic.sqlstate == "08001")
      for (const Refusal& refusal : kRefusals)
        if (diagnostic.message.find(refusal.first) != std::string::npos && diagnostic.message.find(refusal.second) != std::string::npos)
          return refusal.verdict;
    return Dialect::verdict(diagnostic);
  }

  ClockStatement clock() const override {
    return {"SELECT pg_catalog.floor(EXTRACT(epoch FROM pg_catalog.clock_timestamp()) * 1000000)::pg_catalog.int8", 1000};
  }

 private:
  static std::string literal(std::string_view text) {
    std::string out = "'";
    for (const char c : text) out += c == '\'' ? std::string("''") : std::string(1, c);
    return out + "'";
  }

  // Names, types and their modifiers of the columns that `with` calls `found`. A domain stands for its base type, also through
  // several layers.
  static std::string base_types(const std::string& with) {
    return "WITH RECURSIVE " + with +
           ", base AS (SELECT * FROM found UNION ALL SELECT b.name, t.typbasetype, t.typtypmod, b.place FROM base b "
           "JOIN pg_catalog.pg_type t ON t.oid = b.oid WHERE t.typtype = 'd') "
           "SELECT b.name, t.typname, b.typmod FROM base b JOIN pg_catalog.pg_type t ON t.oid = b.oid AND t.typtype <> 'd' ORDER BY b.place";
  }

  static std::vector<Column> columns_from(const Rows& rows) {
    std::vector<Column> out;
    for (size_t row = 0; row < rows.size(); ++row) {
      Column column{.name = rows.text(row, 0), .type_name = rows.text(row, 1)};
      const int64_t modifier = rows.integer(row, 2);
      if (is_one_of(column.type_name, {"varchar", "bpchar"})) column.size = std::max<int64_t>(0, modifier - 4);
      // Of a time: digits of a second.
      column.digits = modifier >= 0 && modifier < 6 ? static_cast<int32_t>(modifier) : 6;
      out.push_back(column);
    }
    return out;
  }
};

}  // namespace

std::unique_ptr<Dialect> make_postgres_dialect() { return std::make_unique<Postgres>(); }

}  // namespace penstock::odbc
