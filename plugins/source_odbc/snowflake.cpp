// Snowflake. What is asked and why is in docs/snowflake.md; every statement has a golden file.
#include "connection.hpp"
#include "dialects.hpp"
#include "horizon.hpp"
#include "snowflake_errors.hpp"
#include "snowflake_types.hpp"
#include "time_text.hpp"
#include "utf16.hpp"

#include <algorithm>
#include <limits>

namespace penstock::odbc {
namespace {

constexpr const char* kCommitTime = "METADATA$ROW_LAST_COMMIT_TIME";  // Snowflake's; in no catalog
constexpr const char* kChangeTime = "PENSTOCK$CHANGE_TIME";           // ours: the end of a window of changes
constexpr int64_t kNsPerMs = 1'000'000;
constexpr int64_t kEndOfTimeNs = std::numeric_limits<int64_t>::max();
// Of the statement, as Snowflake's sf_odbc.h has it: the query id, after a failure too.
constexpr SQLINTEGER kLastQueryId = 0x4000 + 0x106 + 1;

// The resolution of AT and END is a millisecond. The number has no format and no zone that a session could change.
std::string at_ms(int64_t ns) { return "TO_TIMESTAMP_LTZ(" + std::to_string(floor_div(ns, kNsPerMs)) + ", 3)"; }

std::string text_literal(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += c;
    out += c;
  }
  return out + "'";
}

std::string upper(std::string text) {
  for (char& c : text)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return text;
}

// A pattern that stands for the name alone.
std::string like(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == '%' || c == '_' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

class Snowflake : public Dialect {
 public:
  explicit Snowflake(std::chrono::nanoseconds margin) : Dialect("\""), margin_ns_(margin.count()) {}

  const char* name() const override { return "snowflake"; }

  // There are no read-only transactions: a role that can only read is the protection, and other roles are not to add to it.
  bool has_transactions() const override { return false; }

  void set_up_session(const Call& call, Connection& connection) const override {
    const std::string action = "preparing the session";
    const auto limit = std::max<int64_t>(1, std::chrono::ceil<std::chrono::seconds>(connection.settings().statement_timeout).count());
    connection.query(call, action,
                     "ALTER SESSION SET TIMEZONE = 'UTC' TIMESTAMP_TYPE_MAPPING = 'TIMESTAMP_NTZ' AUTOCOMMIT = TRUE USE_CACHED_RESULT = FALSE "
                     "ODBC_TREAT_DECIMAL_AS_INT = FALSE ODBC_TREAT_BIG_NUMBER_AS_STRING = FALSE QUERY_TAG = 'penstock' "
                     "STATEMENT_TIMEOUT_IN_SECONDS = " + std::to_string(limit));
    connection.query(call, action, "USE SECONDARY ROLES NONE");
    const Rows rows = connection.query(call, action, "SHOW PARAMETERS LIKE 'TIMEZONE' IN SESSION");
    const std::string zone = rows.size() == 1 ? rows.text(0, 1) : "";
    if (zone != "UTC")
      throw Error(PENSTOCK_STATUS_FAILED_PRECONDITION, action + ": the session's zone is \"" + zone + "\" after it was set to UTC");
  }

  Place place(const Connection& connection, const Table& table) const override {
    const std::string database = table.database.empty() ? connection.current_catalog() : table.database;
    if (database.empty())
      throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "the batch source names no database, and the connection has none: set database");
    return {database, table.schema.empty() ? "PUBLIC" : table.schema, table.table};
  }

  Place usual_case(const Place& place) const override { return {upper(place.catalog), upper(place.schema), upper(place.table)}; }

  bool catalogs_are_patterns() const override { return true; }

  std::vector<Column> columns(const Call& call, Connection& connection, const Place& place) const override {
    return described(connection.query(call, "describing the table", "DESCRIBE TABLE " + qualified(place)));
  }

  // The driver tells a TIMESTAMP_NTZ from a TIMESTAMP_TZ, and a VARIANT from a text, for neither a statement nor its columns.
  std::vector<Column> query_columns(const Call& call, Connection& connection, const std::string& action, const std::string& sql) const override {
    connection.query(call, action, sql + " LIMIT 0");
    return described(connection.query(call, action, "DESCRIBE RESULT LAST_QUERY_ID()"));
  }

  std::vector<Column> made_columns(const Options& table_options) const override {
    const bool by_changes = table_options.has("changes");
    return {snowflake::column_from(by_changes ? kChangeTime : kCommitTime, by_changes ? "TIMESTAMP_LTZ(3)" : "TIMESTAMP_LTZ(9)")};
  }

  std::string column_term(std::string_view name) const override {
    // As the documentation has it: without an alias, without quotes.
    return name == kCommitTime ? std::string(name) : Dialect::column_term(name);
  }

  std::string scanned(const std::string& from, const Scan& scan, Reach reach) const override {
    if (!scan.table.options.has("changes")) return from;
    if (scan.cursor.column != kChangeTime)
      throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT,
                  std::string("with changes the timestamp_field is \"") + kChangeTime + "\": when the change was read");
    if (!scan.table.query.empty())
      throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "changes are those of a table or view: a query has none");
    const std::string until = at_ms(reach == Reach::open_ended ? kEndOfTimeNs : scan.until.ordinal);
    const std::string out = "(SELECT *, " + until + " AS " + quoted(kChangeTime) + " FROM " + from;
    if (!scan.since || reach == Reach::whole) return out + " AT (TIMESTAMP => " + until + "))";
    const std::string information = scan.table.options.text("changes") == "append_only" ? "APPEND_ONLY" : "DEFAULT";
    return out + " CHANGES (INFORMATION => " + information + ") AT (TIMESTAMP => " + at_ms(scan.since->ordinal) + ")" +
           (reach == Reach::open_ended ? "" : " END (TIMESTAMP => " + until + ")") + " WHERE METADATA$ACTION = 'INSERT')";
  }

  bool is_history_gone(int32_t native) const override { return snowflake::is_history_gone(native); }

  ReadColumn read_column(const Column& column, const std::string& name) const override { return snowflake::read_column(column, name); }
  CursorKind cursor_kind(const Column& column) const override { return snowflake::cursor_kind(column); }
  int64_t literal_unit_ns() const override { return 1; }

  std::string time_literal(const Column&, CursorKind kind, int64_t ns) const override {
    if (kind == CursorKind::day) return "TO_DATE('" + date_text(ns) + "', 'YYYY-MM-DD')";
    return std::string(kind == CursorKind::instant ? "TO_TIMESTAMP_LTZ(" : "TO_TIMESTAMP_NTZ(") + std::to_string(ns) + ", 9)";
  }

  std::string row_limit(int64_t count, int64_t skip) const override { return limit_clause(count, skip); }
  // Documented not to need the warehouse, unlike a SELECT.
  std::string ping_sql() const override { return "SHOW PARAMETERS LIKE 'TIMEZONE' IN SESSION"; }

  std::string nulls_first(const std::string& name) const override { return name + " NULLS FIRST"; }
  std::string order_term(const Column& column, const std::string& name) const override { return snowflake::order_term(column, name); }

  ClockStatement clock() const override { return {"SELECT TO_VARCHAR(DATE_PART(EPOCH_NANOSECOND, SYSDATE()))", 1}; }

  Horizon horizon(const Call& call, Connection& connection, const Table& table, const Column& column, const Cursor& cursor) const override {
    const bool by_changes = table.options.has("changes");
    if (!by_changes && column.name != kCommitTime) return Dialect::horizon(call, connection, table, column, cursor);
    const int64_t ns = server_clock_ns(call, connection) - std::max(margin_ns_, cursor.lag_ns);
    if (!by_changes)
      return {.position = position_at(ns),
              .guarantee = PENSTOCK_CLASS_A,
              .why = std::string(kCommitTime) + " is when a row's last change was committed; the horizon keeps a margin from the server's clock",
              .holder = {}};
    const bool append_only = table.options.text("changes") == "append_only";
    return {.position = position_at(floor_div(ns, kNsPerMs) * kNsPerMs),
            .guarantee = PENSTOCK_CLASS_A,
            .why = append_only ? "CHANGES between two times holds every row that was inserted; updates of rows are not among them"
                               : "CHANGES between two times holds every row that was inserted or updated",
            .holder = {}};
  }

  std::optional<std::string> change_token(const Call& call, Connection& connection, const Place& place) const override {
    try {
      const Rows rows = connection.query(call, "asking whether the table has changed",
                                         "SELECT TO_VARCHAR(SYSTEM$LAST_CHANGE_COMMIT_TIME(" + text_literal(qualified(place)) + "))");
      if (rows.size() != 1 || rows.is_null(0, 0)) return {};
      return rows.text(0, 0);
    } catch (const Error& error) {
      if (error.retry() != PENSTOCK_RETRY_NEVER) throw;
      return {};  // not for this kind of table
    }
  }

  // These show what is in files that others write.
  bool changes_by_statements_alone(const Call& call, Connection& connection, const Place& place) const override {
    for (const char* kind : {"EXTERNAL", "ICEBERG"})
      if (connection.query(call, "asking what kind of table it is",
                           std::string("SHOW ") + kind + " TABLES LIKE " + text_literal(like(place.table)) + " IN SCHEMA " +
                               quoted(place.catalog) + "." + quoted(place.schema)).size() > 0)
        return false;
    return true;
  }

  bool hopes_for_short_values() const override { return true; }

  Verdict verdict(const Diagnostic& diagnostic) const override {
    return snowflake::verdict_of(diagnostic.native).value_or(verdict_of_sqlstate(diagnostic));
  }
  std::string advice(const Diagnostic& diagnostic) const override { return snowflake::advice_for(diagnostic.native, diagnostic.message); }

  std::string query_id(SQLHSTMT statement) const override {
    SQLWCHAR text[64] = {};
    SQLINTEGER bytes = 0;
    if (!SQL_SUCCEEDED(SQLGetStmtAttrW(statement, kLastQueryId, text, sizeof text, &bytes))) return {};
    const auto* units = reinterpret_cast<const char16_t*>(text);
    std::string out;
    append_utf8({units, static_cast<size_t>(std::find(units, units + std::size(text), u'\0') - units)}, &out);
    return out;
  }

 private:
  // Of DESCRIBE: name, type, …
  static std::vector<Column> described(const Rows& rows) {
    std::vector<Column> out;
    for (size_t row = 0; row < rows.size(); ++row) out.push_back(snowflake::column_from(rows.text(row, 0), rows.text(row, 1)));
    return out;
  }

  int64_t margin_ns_;
};

}  // namespace

std::unique_ptr<Dialect> make_snowflake_dialect(const Options& options) { return std::make_unique<Snowflake>(options.duration("margin")); }

}  // namespace penstock::odbc
