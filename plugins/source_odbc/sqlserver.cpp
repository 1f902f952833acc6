// Microsoft SQL Server. Written from its documentation; not run against one.
#include "connection.hpp"
#include "dialects.hpp"
#include "time_text.hpp"

namespace penstock::odbc {
namespace {

class SqlServer : public Dialect {
 public:
  SqlServer() : Dialect("\"") {}

  const char* name() const override { return "sqlserver"; }

  void set_up_session(const Call& call, Connection& connection) const override {
    const std::string action = "preparing the session";
    connection.query(call, action, "SET QUOTED_IDENTIFIER ON");
    connection.query(call, action, "SET LOCK_TIMEOUT 30000");
  }

  Place place(const Connection& connection, const Table& table) const override {
    return {table.database.empty() ? connection.current_catalog() : table.database, table.schema.empty() ? "dbo" : table.schema,
            table.table};
  }

  ReadColumn read_column(const Column& column, const std::string& name) const override {
    const std::string& type = column.type_name;
    if (type == "tinyint") return read_fixed(name, Decode::int16);
    if (type == "date") return read_date_text("CONVERT(varchar(10), " + name + ", 23)");
    if (is_naive(type)) return read_time_text("CONVERT(varchar(33), " + name + ", 121)", Type::timestamp_ns, {});
    if (type == "datetimeoffset")
      return read_time_text("CONVERT(varchar(33), SWITCHOFFSET(" + name + ", '+00:00'), 121)", Type::timestamp_ns, "UTC");
    if (type == "money" || type == "smallmoney") return read_decimal("CONVERT(varchar(32), " + name + ", 2)", 0);
    if (type == "uniqueidentifier") return read_utf8("LOWER(CONVERT(varchar(36), " + name + "))", 36);
    if (type == "time" || type == "sql_variant" || type == "xml") return read_wide("CONVERT(nvarchar(max), " + name + ")", 0);
    return Dialect::read_column(column, name);
  }

  CursorKind cursor_kind(const Column& column) const override {
    if (column.type_name == "date") return CursorKind::day;
    if (is_naive(column.type_name)) return CursorKind::wall_clock;
    if (column.type_name == "datetimeoffset") return CursorKind::instant;
    return column.type_name == "timestamp" ? CursorKind::none : Dialect::cursor_kind(column);
  }

  int64_t literal_unit_ns() const override { return 100; }

  // datetime counts 300ths of a second, smalldatetime minutes.
  int64_t tick_ns(const Column& column) const override {
    if (column.type_name == "datetime") return 4'000'000;
    if (column.type_name == "smalldatetime") return int64_t{60} * 1'000'000'000;
    return Dialect::tick_ns(column);
  }

  std::string time_literal(const Column&, CursorKind kind, int64_t ns) const override {
    if (kind == CursorKind::day) return "CAST('" + date_text(ns) + "' AS date)";
    if (kind == CursorKind::wall_clock) return "CAST('" + wall_text(ns, 7) + "' AS datetime2(7))";
    return "CAST('" + wall_text(ns, 7) + " +00:00' AS datetimeoffset(7))";
  }

  std::string nulls_first(const std::string& name) const override { return name; }

  std::string order_term(const Column& column, const std::string& name) const override {
    const ReadColumn read = read_column(column, name);
    return read.decode == Decode::text && column.type_name != "uniqueidentifier" ? name + " COLLATE Latin1_General_BIN2" : name;
  }

  ClockStatement clock() const override {
    return {"SELECT DATEDIFF_BIG(microsecond, '1970-01-01', SYSUTCDATETIME())", 1000};
  }

  Verdict verdict(const Diagnostic& diagnostic) const override {
    switch (diagnostic.native) {
      case 208: return {PENSTOCK_STATUS_NOT_FOUND, PENSTOCK_RETRY_NEVER};           // object
      case 207: return {PENSTOCK_STATUS_NOT_FOUND, PENSTOCK_RETRY_NEVER};           // column
      case 229:                                                                     // of an object
      case 230: return {PENSTOCK_STATUS_PERMISSION_DENIED, PENSTOCK_RETRY_NEVER};   // of a column
      case 4060:                                                                    // database
      case 18456: return {PENSTOCK_STATUS_UNAUTHENTICATED, PENSTOCK_RETRY_NEVER};   // login failed
      case 1205:                                                                    // deadlock
      case 1222: return {PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_RECONNECT};    // a lock
      default: return Dialect::verdict(diagnostic);
    }
  }

 private:
  static bool is_naive(const std::string& type) { return type == "datetime" || type == "datetime2" || type == "smalldatetime"; }
};

}  // namespace

std::unique_ptr<Dialect> make_sqlserver_dialect() { return std::make_unique<SqlServer>(); }

}  // namespace penstock::odbc
