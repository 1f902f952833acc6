// MariaDB and MySQL. Times are cast in SQL: the driver makes a zero date NULL.
#include "connection.hpp"
#include "dialects.hpp"
#include "time_text.hpp"

#include <algorithm>

namespace penstock::odbc {
namespace {

struct Rule {
  int32_t first, last;  // the server's and the client's error numbers
  Verdict verdict;
};

constexpr Rule kRules[] = {
    {1044, 1044, {PENSTOCK_STATUS_PERMISSION_DENIED, PENSTOCK_RETRY_NEVER}},  // no access to the database
    {1045, 1045, {PENSTOCK_STATUS_UNAUTHENTICATED, PENSTOCK_RETRY_NEVER}},
    {1142, 1143, {PENSTOCK_STATUS_PERMISSION_DENIED, PENSTOCK_RETRY_NEVER}},  // of a table, of a column
    {1227, 1227, {PENSTOCK_STATUS_PERMISSION_DENIED, PENSTOCK_RETRY_NEVER}},
    {1049, 1049, {PENSTOCK_STATUS_NOT_FOUND, PENSTOCK_RETRY_NEVER}},  // database
    {1054, 1054, {PENSTOCK_STATUS_NOT_FOUND, PENSTOCK_RETRY_NEVER}},  // column
    {1146, 1146, {PENSTOCK_STATUS_NOT_FOUND, PENSTOCK_RETRY_NEVER}},  // table
    {1792, 1792, {PENSTOCK_STATUS_INVALID_ARGUMENT, PENSTOCK_RETRY_NEVER}},  // a query that writes
    {1064, 1064, {PENSTOCK_STATUS_INVALID_ARGUMENT, PENSTOCK_RETRY_NEVER}},
    {1040, 1041, {PENSTOCK_STATUS_RESOURCE_EXHAUSTED, PENSTOCK_RETRY_RECONNECT}},  // connections, memory
    {1203, 1203, {PENSTOCK_STATUS_RESOURCE_EXHAUSTED, PENSTOCK_RETRY_RECONNECT}},
    {1053, 1053, {PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_RECONNECT}},  // shutting down
    {1205, 1205, {PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_RECONNECT}},  // a lock
    {1213, 1213, {PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_RECONNECT}},  // a deadlock
    {1927, 1927, {PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_RECONNECT}},  // killed
    {1969, 1969, {PENSTOCK_STATUS_DEADLINE_EXCEEDED, PENSTOCK_RETRY_RECONNECT}},
    {3024, 3024, {PENSTOCK_STATUS_DEADLINE_EXCEEDED, PENSTOCK_RETRY_RECONNECT}},
    {1317, 1317, {PENSTOCK_STATUS_CANCELLED, PENSTOCK_RETRY_RECONNECT}},
    {2000, 2999, {PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_RECONNECT}},  // the client lost the server
};

bool starts_with_one_of(std::string_view name, std::initializer_list<std::string_view> beginnings) {
  return std::any_of(beginnings.begin(), beginnings.end(), [&](std::string_view b) { return name.starts_with(b); });
}

class MariaDb : public Dialect {
 public:
  MariaDb() : Dialect("`") {}

  const char* name() const override { return "mariadb"; }

  void set_up_session(const Call& call, Connection& connection) const override {
    const std::string action = "preparing the session";
    // The driver does not let SET NAMES pass.
    connection.query(call, action, "SET SESSION character_set_client = utf8mb4, character_set_connection = utf8mb4, character_set_results = utf8mb4");
    connection.query(call, action, "SET SESSION time_zone = '+00:00'");
    // A CHAR has the same value whatever the server's default: without blanks at its end.
    connection.query(call, action, "SET SESSION sql_mode = REPLACE(@@session.sql_mode, 'PAD_CHAR_TO_FULL_LENGTH', '')");
    // It cuts every answer without a word.
    connection.query(call, action, "SET SESSION sql_select_limit = 18446744073709551615");
    connection.query(call, action, "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
    // The driver does not know SQL_ATTR_QUERY_TIMEOUT.
    const auto limit = std::chrono::duration<double>(connection.settings().statement_timeout).count();
    if (is_mariadb(connection))
      connection.query(call, action, "SET SESSION max_statement_time = " + std::to_string(limit));
    else
      connection.query(call, action, "SET SESSION max_execution_time = " + std::to_string(static_cast<int64_t>(limit * 1000)));
    const Rows row = connection.query(call, action, "SELECT @@session.time_zone");
    if (row.text(0, 0) != "+00:00")
      throw Error(PENSTOCK_STATUS_FAILED_PRECONDITION, action + ": the server keeps the session in zone " + row.text(0, 0));
  }

  // A database is what ODBC calls a catalog; there are no schemas in it.
  Place place(const Connection& connection, const Table& table) const override {
    if (!table.database.empty() && !table.schema.empty() && table.database != table.schema)
      throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "database \"" + table.database + "\" and schema \"" + table.schema +
                                                        "\": this server has no schemas in a database; give one of the two");
    std::string database = table.database.empty() ? table.schema : table.database;
    if (database.empty()) database = connection.current_catalog();
    if (database.empty())
      throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "the batch source names no database, and the connection has none: set database");
    return {database, {}, table.table};
  }

  ReadColumn read_column(const Column& column, const std::string& name) const override {
    const std::string& type = column.type_name;
    if (type == "bit" && column.sql_type == SQL_BIT) return read_fixed(name, Decode::boolean);
    if (type == "bit") return read_fixed("CAST(" + name + " AS UNSIGNED)", Decode::uint64);
    if (type.starts_with("year")) return read_fixed(name, Decode::int16);
    if (type == "date") return read_date_text("CAST(" + name + " AS CHAR)");
    if (type == "datetime") return read_time_text("CAST(" + name + " AS CHAR)", Type::timestamp_us, {});
    // Without an offset in the text: the session is in UTC.
    if (type == "timestamp") return read_time_text("CONCAT(" + name + ", '+00')", Type::timestamp_us, "UTC");
    if (starts_with_one_of(type, {"decimal", "numeric"})) return within(read_decimal(name, column.size), column.size + 4);
    if (type.starts_with("float")) return read_fixed(name, Decode::float32);
    if (type.starts_with("double")) return read_fixed(name, Decode::float64);
    if (starts_with_one_of(type, {"uuid", "inet", "time"})) return within(read_utf8("CAST(" + name + " AS CHAR)", 0), 64);
    if (type == "geometry") return read_binary(name, 0);
    ReadColumn out = Dialect::read_column(column, name);
    if (out.c_type == SQL_C_WCHAR) return within(read_utf8(name, column.size), column.size * 4 + 1);
    return out.decode == Decode::binary ? within(out, column.size) : out;
  }

  CursorKind cursor_kind(const Column& column) const override {
    return column.type_name == "timestamp" ? CursorKind::instant : Dialect::cursor_kind(column);
  }

  std::string time_literal(const Column&, CursorKind kind, int64_t ns) const override {
    return kind == CursorKind::day ? "DATE'" + date_text(ns) + "'" : "TIMESTAMP'" + wall_text(ns, 6) + "'";
  }

  // The zero date, which is before every time.
  std::string unordered_rows(CursorKind kind, const std::string& name) const override {
    if (kind == CursorKind::epoch) return {};
    return name + (kind == CursorKind::day ? " < DATE'0001-01-01'" : " < TIMESTAMP'0001-01-01 00:00:00'");
  }

  bool escapes_by_backslash() const override { return true; }

  std::string nulls_first(const std::string& name) const override { return name; }

  std::string order_term(const Column& column, const std::string& name) const override {
    const bool is_text = read_column(column, name).decode == Decode::text;
    return is_text ? "CAST(" + name + " AS BINARY)" : name;
  }

  ClockStatement clock() const override { return {"SELECT CAST(UNIX_TIMESTAMP(SYSDATE(6)) * 1000000 AS SIGNED)", 1000}; }

  Verdict verdict(const Diagnostic& diagnostic) const override {
    for (const Rule& rule : kRules)
      if (diagnostic.native >= rule.first && diagnostic.native <= rule.last) return rule.verdict;
    return Dialect::verdict(diagnostic);
  }

  // The driver keeps a whole answer in memory.
  int64_t page_rows() const override { return 100'000; }
  std::string row_limit(int64_t count, int64_t skip) const override { return limit_clause(count, skip); }

 private:
  static bool is_mariadb(const Connection& connection) {
    return connection.facts().dbms.find("MariaDB") != std::string::npos || connection.facts().driver.find("maodbc") != std::string::npos;
  }
};

}  // namespace

std::unique_ptr<Dialect> make_mariadb_dialect() { return std::make_unique<MariaDb>(); }

}  // namespace penstock::odbc
