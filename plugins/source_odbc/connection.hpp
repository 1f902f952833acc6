// One session on the server through a driver.
#pragma once

#include "canceller.hpp"
#include "connection_string.hpp"
#include "dialect.hpp"
#include "diagnostics.hpp"
#include "handles.hpp"

#include <penstock/call.hpp>

#include <chrono>
#include <memory>
#include <optional>

namespace penstock::odbc {

// What a warehouse's options say.
struct Settings {
  Login login;
  std::string dialect;  // "auto" or a dialect's name
  std::chrono::seconds login_timeout{};
  std::chrono::nanoseconds statement_timeout{};
  int64_t array_rows = 0;
  Options options;  // for the dialect
};

// Throws INVALID_ARGUMENT.
Settings settings_from(const Options& options);

// What the driver says of itself.
struct DriverFacts {
  std::string driver;        // the library's file name
  std::string dbms;          // "PostgreSQL"
  std::string quote = "\"";  // around identifiers
  bool has_schemas = false;  // within a catalog
  bool has_transactions = false;
  // Values of a row of an array can be read once more, also those that are bound.
  bool rereads_in_array = false;
};

// The rows of a small answer, as text.
class Rows {
 public:
  size_t size() const { return rows_.size(); }
  bool is_null(size_t row, size_t column) const { return !rows_[row].at(column); }
  // Empty for NULL.
  std::string text(size_t row, size_t column) const { return rows_[row].at(column).value_or(std::string()); }
  // 0 for NULL. Throws DATA_LOSS for anything but a whole number.
  int64_t integer(size_t row, size_t column) const;

  std::vector<std::vector<std::optional<std::string>>> rows_;
};

// [serial] A call that is cancelled or runs out of time ends what the driver does and closes the connection rather than nursing
// it back; the source connects anew at the next call.
class Connection {
 public:
  // Connects, finds the dialect and prepares the session. Cannot be cancelled before the driver's login timeout.
  Connection(const Call& call, const Settings& settings);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  const Dialect& dialect() const { return *dialect_; }
  const DriverFacts& facts() const { return facts_; }
  const Settings& settings() const { return settings_; }
  // The database that the session is in; empty where there is none.
  std::string current_catalog() const;

  // Open, and not known to be dead.
  bool is_usable();
  // Statements and names are given to the driver as UTF-8. unixODBC makes something else of what a driver without wide characters
  // is told, by the process's locale.
  void set_takes_utf8(bool value) { takes_utf8_ = value; }
  // A scan's stream holds the connection.
  bool is_scanning() const { return scanning_; }
  void set_scanning(bool value) { scanning_ = value; }

  // Runs a statement and reads all of its rows. `action` begins an error's message: "describing table \"x\"".
  Rows query(const Call& call, const std::string& action, const std::string& sql);
  // The columns of a statement that is not run.
  std::vector<Column> describe(const Call& call, const std::string& action, const std::string& sql);
  // The columns of one that is run.
  std::vector<Column> describe_result(const Call& call, const std::string& action, const std::string& sql);
  // The catalog functions. Names are exact; an empty one is any.
  Rows tables(const Call& call, const std::string& action, const Place& place, bool exact);
  std::vector<Column> columns(const Call& call, const std::string& action, const Place& place);

  // A new statement, with the time that the call has left.
  StatementHandle statement(const Call& call);
  // Starts a statement whose rows the caller fetches.
  void execute(const Call& call, const std::string& action, SQLHSTMT statement, const std::string& sql);
  // What may be cancelled while it lives: the functions that are called through it.
  Canceller watch(const Call& call, SQLHSTMT statement) const;
  // Throws what a handle says about a call that failed. If the connection is of no use any more, any function but is_usable is
  // then an error.
  [[noreturn]] void fail(const Call& call, const std::string& action, SQLSMALLINT kind, SQLHANDLE handle);
  // Ends the transaction that reading began, if the dialect has transactions.
  void end_transaction(const Call& call, const std::string& action);

  // After a call that failed or was cancelled, when every statement is gone: leaves no transaction open, which would hold others up
  // for as long as nobody asks for anything.
  void settle() noexcept;
  // Closes, after every statement is gone. Any function but is_usable is then an error.
  void abandon() noexcept;

 private:
  void connect(const Call& call);
  // Runs SQLExecDirect, or SQLPrepare.
  SQLRETURN run_sql(const Call& call, SQLHSTMT statement, decltype(&SQLExecDirectW) wide, decltype(&SQLExecDirect) narrow,
                    const std::string& sql) const;
  // Runs SQLTables, or SQLColumns, which take the same arguments.
  SQLRETURN run_catalog(const Call& call, SQLHSTMT statement, decltype(&SQLTablesW) wide, decltype(&SQLTables) narrow,
                        const Place& pattern) const;
  Place as_pattern(const Place& place) const;
  void log_in(const Call& call, const ConnectionString& keys);
  void cancel_from_outside() const;
  void read_facts();
  std::string info(SQLUSMALLINT what) const;
  void require_open() const;
  bool has_transactions() const { return dialect_ && dialect_->has_transactions() && facts_.has_transactions; }
  std::vector<Column> columns_of(const Call& call, const std::string& action, SQLHSTMT statement);
  Rows fetch_all(const Call& call, const std::string& action, SQLHSTMT statement);

  Settings settings_;
  Environment environment_;
  ConnectionHandle connection_;
  DriverFacts facts_;
  std::unique_ptr<Dialect> dialect_;
  std::string cancel_sql_;
  bool takes_utf8_ = false;
  bool open_ = false;
  bool broken_ = false;
  bool scanning_ = false;
};

}  // namespace penstock::odbc
