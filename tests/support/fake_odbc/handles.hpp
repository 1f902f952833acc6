// What the driver manager holds handles of.
#pragma once

#include "connection_string.hpp"
#include "counters.hpp"
#include "diagnostics.hpp"
#include "log.hpp"
#include "script.hpp"

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>

namespace penstock::fake_odbc {

using Clock = std::chrono::steady_clock;

struct Handle {
  virtual ~Handle() = default;
  virtual Wide wide() const { return Wide::utf16; }

  Diagnostics diagnostics;
  SQLRETURN outcome = SQL_SUCCESS;
};

struct Environment : Handle {
  SQLINTEGER version = SQL_OV_ODBC3;
};

struct Connection : Handle {
  Wide wide() const override { return script.driver.wide; }
  // Throws what ended the connection.
  void require_alive() const;
  // The rule that answers the statement, which counts as used. Null when there is none.
  const Rule* match(const std::string& statement);
  // Throws it; the connection is over if the fault says so.
  [[noreturn]] void raise(const Fault& fault);

  Script script;
  std::shared_ptr<Counters> counters;
  std::unique_ptr<Log> log = std::make_unique<Log>("");
  ConnectionKeys keys;
  std::map<SQLINTEGER, SQLULEN> attributes;
  std::string catalog;
  std::optional<Fault> ended;
};

// A descriptor that nobody looks into: the driver manager wants four of them for each statement.
struct Descriptor : Handle {};

struct Binding {
  SQLSMALLINT c_type = SQL_C_DEFAULT;
  char* data = nullptr;
  SQLLEN capacity = 0;
  SQLLEN* indicator = nullptr;
};

// Rows that are being read.
struct Result {
  std::vector<Column> columns;
  SQLLEN row_count = -1;
  int64_t rows = 0;
  std::function<Row(int64_t)> row = {};
  const Rule* rule = nullptr;  // its faults and delays, if any
  int64_t next = 0;
  std::vector<Row> rowset = {};  // what the last fetch brought
};

// How far SQLGetData is in a column.
struct PartRead {
  SQLUSMALLINT column = 0;  // 0: none
  size_t offset = 0;
  bool done = false;
};

struct Statement : Handle {
  explicit Statement(Connection& owner) : connection(owner) {}
  Wide wide() const override { return connection.wide(); }

  SQLULEN attribute(SQLINTEGER id, SQLULEN otherwise) const;
  // Ends the result set.
  void close();
  Result& open_result();

  // While a function runs that SQLCancel can end.
  class Running {
   public:
    explicit Running(Statement& statement);
    ~Running();

   private:
    Statement& statement_;
  };
  // Throws HY008 when it was cancelled and HYT00 when the query timeout is over, however short the time.
  void pause(std::chrono::milliseconds time);
  // Until it is cancelled, or the query timeout is over.
  [[noreturn]] void stall(bool ignores_timeout);
  // From any thread. False when nothing runs.
  bool cancel();

  Connection& connection;
  std::map<SQLINTEGER, SQLULEN> attributes;
  std::map<SQLUSMALLINT, Binding> bindings;
  std::string prepared, query_id;
  std::optional<Result> result;
  SQLLEN row_count = -1;
  PartRead part;
  SQLULEN position = 0;  // in the rowset
  Descriptor descriptors[4];

 private:
  bool wait(std::optional<Clock::time_point> until);

  std::mutex mutex_;
  std::condition_variable wake_;
  bool running_ = false, cancelled_ = false;
  Clock::time_point started_;
};

// The body of an exported function: clears the diagnostics, turns exceptions into them.
template <class T, class Body>
SQLRETURN entry(SQLHANDLE handle, Body body) {
  if (handle == nullptr) return SQL_INVALID_HANDLE;
  T& object = static_cast<T&>(*static_cast<Handle*>(handle));
  object.diagnostics.clear();
  try {
    object.outcome = body(object);
    if (object.outcome == SQL_SUCCESS && !object.diagnostics.empty()) object.outcome = SQL_SUCCESS_WITH_INFO;
  } catch (const OdbcError& error) {
    object.diagnostics.push_back(error.diagnostic);
    object.outcome = SQL_ERROR;
  } catch (const std::exception& error) {
    object.diagnostics.push_back({"HY000", std::string("fake_odbc: ") + error.what()});
    object.outcome = SQL_ERROR;
  }
  return object.outcome;
}

inline void warn(Handle& handle, std::string sqlstate, std::string message) {
  handle.diagnostics.push_back({std::move(sqlstate), std::move(message)});
}

// A text as result of a function whose lengths are in bytes.
template <class Length>
void return_text(Handle& handle, const std::string& text, SQLPOINTER buffer, SQLLEN capacity, Length* length) {
  SQLLEN total = 0;
  if (!put_wide(text, handle.wide(), buffer, capacity, total)) warn(handle, "01004", "String data, right truncated");
  if (length != nullptr) *length = static_cast<Length>(total);
}

}  // namespace penstock::fake_odbc
