// What one kind of server wants to be told, and how its columns are read.
#pragma once

#include "diagnostics.hpp"
#include "handles.hpp"

#include <penstock/call.hpp>
#include <penstock/schema.hpp>
#include <penstock/source.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace penstock::odbc {

class Connection;
struct DriverFacts;
struct Settings;

// A table's full name. Parts that the server does not have are empty.
struct Place {
  std::string catalog, schema, table;

  bool operator==(const Place&) const = default;
};

// A column as the catalog or the driver describes it.
struct Column {
  std::string name;
  std::string type_name;      // as the server calls it, in lower case
  SQLSMALLINT sql_type = 0;   // SQL_VARCHAR, …
  int64_t size = 0;           // COLUMN_SIZE; 0: unknown
  int32_t digits = 0;         // DECIMAL_DIGITS: scale, or digits of a second
  bool is_unsigned = false;
};

// How the bytes that a driver gives become a value.
enum class Decode : uint8_t {
  boolean,     // SQL_C_BIT
  int16,       // SQL_C_SSHORT
  int32,       // SQL_C_SLONG
  int64,       // SQL_C_SBIGINT
  uint32,      // SQL_C_ULONG
  uint64,      // SQL_C_UBIGINT
  float32,     // SQL_C_FLOAT
  float64,     // SQL_C_DOUBLE
  text,        // SQL_C_CHAR or SQL_C_BINARY that holds UTF-8, or SQL_C_WCHAR
  decimal,     // SQL_C_CHAR: digits; as a key without trailing zeros
  integer_text,  // digits of an int64; anything else ends the scan
  real_or_text,  // UTF-8, but behind a byte 0xff the digits of a double, which become the shortest text that is the same double
  real,        // likewise, as a double; anything else ends the scan
  binary,      // SQL_C_BINARY
  date_text,   // "2024-05-01"
  time_text,   // "2024-05-01 10:00:00.123456", with "+00" where the field has a zone, to the field's unit
  date,        // SQL_C_TYPE_DATE
  timestamp,   // SQL_C_TYPE_TIMESTAMP to the field's unit
};

// How a column is read.
struct ReadColumn {
  std::string expression;  // in the SELECT
  SQLSMALLINT c_type = SQL_C_CHAR;
  SQLLEN width = 0;        // bytes of a cell, with its terminator
  bool may_exceed = false;  // a value may need more
  Decode decode = Decode::text;
  Field field;             // without a name
};

// The usual ways to read.
ReadColumn read_fixed(std::string expression, Decode decode);
// Text of at most `characters` characters, UTF-8 in SQL_C_CHAR; 0: unknown.
ReadColumn read_utf8(std::string expression, int64_t characters);
// The same as SQL_C_WCHAR.
ReadColumn read_wide(std::string expression, int64_t characters);
ReadColumn read_binary(std::string expression, int64_t bytes);
ReadColumn read_decimal(std::string expression, int64_t digits);
// The same, of a server whose columns hold no more than they say: up to so many bytes the cell is made as wide as that.
ReadColumn within(ReadColumn column, int64_t bytes);
ReadColumn read_date_text(std::string expression);
// `timezone` is "UTC" for instants.
ReadColumn read_time_text(std::string expression, Type unit, std::string timezone);

// How a cursor column counts time.
enum class CursorKind : uint8_t {
  instant,     // knows its zone
  wall_clock,  // read in cursor.timezone
  day,         // a date, read in cursor.timezone
  epoch,       // an integer that counts epoch_unit since 1970
  none,        // cannot be a cursor
};

// The time of the server, as a statement that gives one value.
struct ClockStatement {
  std::string sql;
  int64_t unit_ns = 0;   // what an integer counts since 1970; 0: the value is a time without a zone, in `timezone`
  std::string timezone = "UTC";
};

// How much of a table a scan looks at, where it is not the table that is asked but its history.
enum class Reach : uint8_t {
  window,      // what has changed up to the scan's end
  open_ended,  // and since then
  whole,       // all of it as it was at the scan's end
};

// " LIMIT count OFFSET skip", for the servers that say it so.
std::string limit_clause(int64_t count, int64_t skip);

// [any] Immutable. What the base class says is standard SQL with ODBC's escapes.
class Dialect {
 public:
  virtual ~Dialect() = default;

  // `quote` stands around identifiers; a blank: the server has none.
  explicit Dialect(std::string quote) : quote_(std::move(quote)) {}

  virtual const char* name() const = 0;

  // Prepares a new session: read-only, its clock in UTC; and checks that it is so.
  virtual void set_up_session(const Call&, Connection&) const {}
  // Drivers that do not heed SQLCancel while they fetch: what another session says to end the statement of this one, asked for when
  // the session is set up. Empty: nothing.
  virtual std::string cancel_sql(const Call&, Connection&) const { return {}; }
  // Does reading open a transaction, that must be ended?
  virtual bool has_transactions() const { return true; }

  // Where the batch source is, from what the configuration says. Throws INVALID_ARGUMENT.
  virtual Place place(const Connection& connection, const Table& table) const;
  // The names as the server keeps those that were not quoted when they were created.
  virtual Place usual_case(const Place& place) const { return place; }
  // The driver takes a catalog for a pattern, as it does a schema. What it cannot tell to be a single name it looks for everywhere.
  virtual bool catalogs_are_patterns() const { return false; }
  // For FROM.
  virtual std::string qualified(const Place& place) const;
  virtual std::string quoted(std::string_view name) const;
  // A column in a scan's statement.
  virtual std::string column_term(std::string_view name) const;
  // Throws when the catalog cannot be read now, for a driver whose catalog functions find nothing then.
  virtual void require_readable(const Call&, Connection&) const {}
  // The columns of a table that was found.
  virtual std::vector<Column> columns(const Call& call, Connection& connection, const Place& place) const;
  // Those of a statement, which is not to bring rows.
  virtual std::vector<Column> query_columns(const Call& call, Connection& connection, const std::string& action, const std::string& sql) const;
  // Columns of a table that stand in no catalog and can be read all the same.
  virtual std::vector<Column> made_columns(const Options&) const { return {}; }
  // What a scan reads, for FROM: the table itself, or what has changed in it. Throws INVALID_ARGUMENT.
  virtual std::string scanned(const std::string& from, const Scan&, Reach) const { return from; }

  // How a column is read; `name` is its quoted name in the statement.
  virtual ReadColumn read_column(const Column& column, const std::string& name) const;
  virtual CursorKind cursor_kind(const Column& column) const;
  // The distance between neighbouring values of a timestamp, in ns.
  virtual int64_t tick_ns(const Column& column) const;
  // How fine a bound can be written, in ns. Bounds are rounded down to it.
  virtual int64_t literal_unit_ns() const { return 1000; }

  // SQL for a time of the column's kind, in the column's terms: `ns` is what the clock on the wall shows, as if it were UTC.
  virtual std::string time_literal(const Column& column, CursorKind kind, int64_t ns) const;
  // SQL for rows that no window can hold, whose cursor is no time at all; they are delivered always, to be rejected.
  virtual std::string unordered_rows(CursorKind, const std::string&) const { return {}; }
  // ORDER BY with NULL first.
  virtual std::string nulls_first(const std::string& name) const;
  // ORDER BY term of a key.
  virtual std::string order_term(const Column&, const std::string& name) const { return name; }

  // A driver that keeps a whole answer in memory is asked for so many rows at a time, at most; 0: it does not.
  virtual int64_t page_rows() const { return 0; }
  // Behind ORDER BY: only so many rows, after so many.
  virtual std::string row_limit(int64_t count, int64_t skip) const {
    return " OFFSET " + std::to_string(skip) + " ROWS FETCH NEXT " + std::to_string(count) + " ROWS ONLY";
  }
  // A backslash within a string makes the next character a part of it.
  virtual bool escapes_by_backslash() const { return false; }
  // ODBC's {escapes} are for the driver to translate.
  virtual bool uses_escapes() const { return false; }

  virtual std::string ping_sql() const { return "SELECT 1"; }
  virtual ClockStatement clock() const = 0;
  virtual Horizon horizon(const Call& call, Connection& connection, const Table& table, const Column& cursor_column,
                          const Cursor& cursor) const;

  // A value that changes with every statement that changes the table, and at no other time; empty: the server knows none. Cheap,
  // and wakes nothing up that costs money.
  virtual std::optional<std::string> change_token(const Call&, Connection&, const Place&) const { return {}; }
  // Is every change of the table by such a statement? Not where it shows what others keep, in files for instance.
  virtual bool changes_by_statements_alone(const Call&, Connection&, const Place&) const { return true; }
  // Cells are bound in the hope that they are wide enough, although the driver cannot read a value again.
  virtual bool hopes_for_short_values() const { return false; }

  virtual Verdict verdict(const Diagnostic& diagnostic) const { return verdict_of_sqlstate(diagnostic); }
  // One clause for a human about an error that the server explains badly; empty: none.
  virtual std::string advice(const Diagnostic&) const { return {}; }
  // Does this error say that the history which a scan asks for is not there?
  virtual bool is_history_gone(int32_t) const { return false; }
  // What the server calls the statement that ran last, for its own logs; empty: nothing.
  virtual std::string query_id(SQLHSTMT) const { return {}; }

 protected:
  std::string quote_;
};

// The dialect that the settings name, else the one of the server that the driver reports.
std::unique_ptr<Dialect> make_dialect(const Settings& settings, const DriverFacts& facts);

// For what a failed login means: the driver has not said yet which server it is for.
std::unique_ptr<Dialect> likely_dialect(const Settings& settings);

}  // namespace penstock::odbc
