#include "connection.hpp"

#include "long_value.hpp"
#include "utf16.hpp"

#include <penstock/nearest_name.hpp>

#include <algorithm>
#include <charconv>

namespace penstock::odbc {
namespace {

// Answers that are read whole are short: names, columns, a clock.
constexpr size_t kMaxSmallRows = 1'000'000;

std::string utf8(const SQLWCHAR* units, size_t count) { return to_utf8({reinterpret_cast<const char16_t*>(units), count}); }

// Keys without which a driver would keep the whole answer in memory, would not speak UTF-8, would wait for a silent server for
// ever, or would make a file that is not there. Of a driver by its library or by the name that it is mostly registered under.
std::vector<std::pair<std::string, std::string>> keys_of_driver(const std::string& driver, const Settings& settings) {
  const std::string name = folded(driver);
  const auto has = [&](const char* part) { return name.find(part) != std::string::npos; };
  if (has("psqlodbc") || has("postgres")) return {{"UseDeclareFetch", "1"}, {"Fetch", std::to_string(settings.array_rows)}};
  if (has("maodbc") || has("mariadb")) {
    // The server ends a statement that takes too long; one that says nothing after that has frozen.
    const auto silence = std::chrono::ceil<std::chrono::seconds>(settings.statement_timeout) + std::chrono::seconds(2);
    return {{"CHARSET", "utf8mb4"},
            {"CONN_TIMEOUT", std::to_string(settings.login_timeout.count())},
            {"READ_TIMEOUT", std::to_string(silence.count())},
            {"WRITE_TIMEOUT", std::to_string(silence.count())}};
  }
  if (has("myodbc") || has("mysql")) return {{"CHARSET", "utf8mb4"}};
  // Timeout: how many ms a writer is waited for, which nothing can cancel.
  if (has("sqlite")) return {{"StepAPI", "1"}, {"NoCreat", "1"}, {"Timeout", "1000"}};
  return {};
}

// Adds those that are not given; the encoding is not for others to choose. False: nothing changed.
bool add_keys(const std::vector<std::pair<std::string, std::string>>& added, ConnectionString* keys) {
  bool changed = false;
  for (const auto& [key, value] : added) {
    const std::string* given = keys->find(key);
    if (given != nullptr && (key != "CHARSET" || *given == value)) continue;
    keys->set(key, value);
    changed = true;
  }
  return changed;
}

// These say that they can read a value of a row of an array again, and then give that of another row.
bool is_known_to_misread(const std::string& driver) {
  const std::string name = folded(driver);
  return name.find("maodbc") != std::string::npos || name.find("sqlite") != std::string::npos;
}

std::string with_advice(const Dialect& dialect, const Diagnostic& diagnostic) {
  const std::string advice = dialect.advice(diagnostic);
  return diagnostic.message + (advice.empty() ? "" : " (" + advice + ")");
}

// No less than one: none is no limit.
std::chrono::seconds up_to_seconds(int milliseconds) {
  return std::max(std::chrono::seconds(1), std::chrono::ceil<std::chrono::seconds>(std::chrono::milliseconds(milliseconds)));
}

void set_login_attributes(SQLHDBC connection, std::chrono::seconds timeout) {
  SQLSetConnectAttr(connection, SQL_ATTR_LOGIN_TIMEOUT, as_pointer(static_cast<SQLULEN>(timeout.count())), 0);
  SQLSetConnectAttr(connection, SQL_ATTR_ACCESS_MODE, as_pointer(SQL_MODE_READ_ONLY), 0);
}

Environment make_environment() {
  Environment environment(SQL_NULL_HANDLE);
  if (!environment) throw Error(PENSTOCK_STATUS_RESOURCE_EXHAUSTED, PENSTOCK_RETRY_RECONNECT, "out of memory");
  SQLSetEnvAttr(environment.get(), SQL_ATTR_ODBC_VERSION, as_pointer(SQL_OV_ODBC3), 0);
  return environment;
}

}  // namespace

Settings settings_from(const Options& options) {
  Settings settings;
  settings.login = login_from(options);
  settings.dialect = options.text("dialect");
  settings.login_timeout = std::chrono::ceil<std::chrono::seconds>(options.duration("login_timeout"));
  settings.statement_timeout = options.duration("statement_timeout");
  settings.array_rows = options.integer("array_rows");
  settings.options = options;
  return settings;
}

int64_t Rows::integer(size_t row, size_t column) const {
  const std::string value = text(row, column);
  if (value.empty()) return 0;
  int64_t out = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), out);
  if (error != std::errc() || end != value.data() + value.size())
    throw Error(PENSTOCK_STATUS_DATA_LOSS, "the server gave \"" + value + "\" where a whole number was asked for");
  return out;
}

Connection::Connection(const Call& call, const Settings& settings) : settings_(settings), environment_(make_environment()) {
  try {
    connect(call);
  } catch (...) {
    abandon();
    throw;
  }
}

Connection::~Connection() { abandon(); }

void Connection::connect(const Call& call) {
  ConnectionString keys = settings_.login.keys;
  const std::string* driver = keys.find("DRIVER");
  add_keys(keys_of_driver(driver == nullptr ? "" : *driver, settings_), &keys);
  log_in(call, keys);
  call.check();
  read_facts();
  if (facts_.driver.find("psqlodbca") != std::string::npos)
    throw Error(PENSTOCK_STATUS_NOT_SUPPORTED, "PostgreSQL's ANSI driver gives no text beyond its locale: use its Unicode driver");
  if (add_keys(keys_of_driver(facts_.driver, settings_), &keys)) {
    abandon();
    log_in(call, keys);
    call.check();
    settings_.login.keys = keys;
  }
  dialect_ = make_dialect(settings_, facts_);
  dialect_->set_up_session(call, *this);
  cancel_sql_ = dialect_->cancel_sql(call, *this);
  if (has_transactions() &&
      !SQL_SUCCEEDED(SQLSetConnectAttr(connection_.get(), SQL_ATTR_AUTOCOMMIT, as_pointer(SQL_AUTOCOMMIT_OFF), 0)))
    fail(call, "preparing the session", SQL_HANDLE_DBC, connection_.get());
}

void Connection::log_in(const Call& call, const ConnectionString& keys) {
  connection_ = ConnectionHandle(environment_.get());
  if (!connection_) throw Error(PENSTOCK_STATUS_RESOURCE_EXHAUSTED, PENSTOCK_RETRY_RECONNECT, "out of ODBC handles");
  auto limit = settings_.login_timeout;
  if (const int left = call.remaining_ms(); left >= 0) limit = std::min(limit, up_to_seconds(left));
  set_login_attributes(connection_.get(), limit);
  std::u16string text = to_utf16(keys.text());
  const SQLRETURN result = SQLDriverConnectW(connection_.get(), nullptr, characters(text), static_cast<SQLSMALLINT>(text.size()),
                                             nullptr, 0, nullptr, SQL_DRIVER_NOPROMPT);
  if (SQL_SUCCEEDED(result)) {
    open_ = true;
    return;
  }
  const std::vector<Diagnostic> found = diagnostics_of(SQL_HANDLE_DBC, connection_.get(), settings_.login);
  connection_.reset();
  call.check();
  const Diagnostic first = found.empty() ? Diagnostic{"08001", 0, "no reason given"} : found.front();
  // Before the driver has said who it is there is only what the configuration names.
  const std::unique_ptr<Dialect> dialect = likely_dialect(settings_);
  const Verdict verdict = dialect->verdict(first);
  std::string message = "cannot connect to " + settings_.login.target() + ": " + with_advice(*dialect, first);
  if (first.sqlstate == "IM002") message += " (the names in odbcinst.ini and odbc.ini: odbcinst -q -d; odbcinst -q -s)";
  throw Error(verdict.status, verdict.retry, message)
      .sqlstate(first.sqlstate)
      .vendor_code(first.native);
}

std::string Connection::info(SQLUSMALLINT what) const {
  SQLWCHAR text[256] = {};
  SQLSMALLINT bytes = 0;
  if (!SQL_SUCCEEDED(SQLGetInfoW(connection_.get(), what, text, sizeof text, &bytes)) || bytes < 0) return {};
  return utf8(text, std::min<size_t>(static_cast<size_t>(bytes) / 2, std::size(text) - 1));
}

void Connection::read_facts() {
  facts_.driver = info(SQL_DRIVER_NAME);
  facts_.dbms = info(SQL_DBMS_NAME);
  facts_.quote = info(SQL_IDENTIFIER_QUOTE_CHAR);
  SQLUINTEGER schema_usage = 0;
  SQLGetInfoW(connection_.get(), SQL_SCHEMA_USAGE, &schema_usage, sizeof schema_usage, nullptr);
  facts_.has_schemas = schema_usage != 0;
  SQLUSMALLINT transactions = SQL_TC_NONE;
  SQLGetInfoW(connection_.get(), SQL_TXN_CAPABLE, &transactions, sizeof transactions, nullptr);
  facts_.has_transactions = transactions != SQL_TC_NONE;
  if ((facts_.driver + facts_.dbms).find('\0') != std::string::npos)
    throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "cannot read from " + settings_.login.target() + ": " + kWideAdvice);
  SQLUINTEGER extensions = 0;
  SQLGetInfoW(connection_.get(), SQL_GETDATA_EXTENSIONS, &extensions, sizeof extensions, nullptr);
  constexpr SQLUINTEGER kNeeded = SQL_GD_ANY_COLUMN | SQL_GD_ANY_ORDER | SQL_GD_BLOCK | SQL_GD_BOUND;
  facts_.rereads_in_array = (extensions & kNeeded) == kNeeded && !is_known_to_misread(facts_.driver);
}

std::string Connection::current_catalog() const {
  SQLWCHAR text[256] = {};
  SQLINTEGER bytes = 0;
  if (!SQL_SUCCEEDED(SQLGetConnectAttrW(connection_.get(), SQL_ATTR_CURRENT_CATALOG, text, sizeof text, &bytes)) || bytes < 0)
    return {};
  return utf8(text, std::min<size_t>(static_cast<size_t>(bytes) / 2, std::size(text) - 1));
}

bool Connection::is_usable() {
  if (!open_ || broken_) return false;
  SQLUINTEGER dead = SQL_CD_FALSE;
  return !SQL_SUCCEEDED(SQLGetConnectAttr(connection_.get(), SQL_ATTR_CONNECTION_DEAD, &dead, sizeof dead, nullptr)) ||
         dead != SQL_CD_TRUE;
}

void Connection::require_open() const {
  if (!open_ || broken_) throw Error(PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_RECONNECT, "the connection was closed");
}

StatementHandle Connection::statement(const Call& call) {
  call.check();
  require_open();
  StatementHandle handle(connection_.get());
  if (!handle) fail(call, "preparing a statement", SQL_HANDLE_DBC, connection_.get());
  auto limit = std::chrono::ceil<std::chrono::seconds>(settings_.statement_timeout);
  if (const int left = call.remaining_ms(); left >= 0) limit = std::min(limit, up_to_seconds(left));
  // A brace in a name or a text is no escape.
  if (dialect_ && !dialect_->uses_escapes()) SQLSetStmtAttr(handle.get(), SQL_ATTR_NOSCAN, as_pointer(SQL_NOSCAN_ON), 0);
  // Not every driver can; the cancelled call ends the statement then.
  SQLSetStmtAttr(handle.get(), SQL_ATTR_QUERY_TIMEOUT, as_pointer(static_cast<SQLULEN>(limit.count())), 0);
  return handle;
}

Canceller Connection::watch(const Call& call, SQLHSTMT statement) const {
  return Canceller(call, statement, [this] { cancel_from_outside(); });
}

void Connection::cancel_from_outside() const {
  if (cancel_sql_.empty()) return;
  const Environment environment = make_environment();
  const ConnectionHandle other(environment.get());
  set_login_attributes(other.get(), settings_.login_timeout);
  std::u16string keys = to_utf16(settings_.login.keys.text()), sql = to_utf16(cancel_sql_);
  if (!SQL_SUCCEEDED(SQLDriverConnectW(other.get(), nullptr, characters(keys), static_cast<SQLSMALLINT>(keys.size()), nullptr, 0, nullptr,
                                       SQL_DRIVER_NOPROMPT)))
    return;
  {
    const StatementHandle statement(other.get());
    SQLExecDirectW(statement.get(), characters(sql), static_cast<SQLINTEGER>(sql.size()));
  }
  SQLDisconnect(other.get());
}

SQLRETURN Connection::run_sql(const Call& call, SQLHSTMT statement, decltype(&SQLExecDirectW) wide, decltype(&SQLExecDirect) narrow,
                              const std::string& sql) const {
  Canceller canceller = watch(call, statement);
  if (takes_utf8_) {
    std::string text = sql;
    return canceller.run(narrow, characters(text), static_cast<SQLINTEGER>(text.size()));
  }
  std::u16string text = to_utf16(sql);
  return canceller.run(wide, characters(text), static_cast<SQLINTEGER>(text.size()));
}

void Connection::execute(const Call& call, const std::string& action, SQLHSTMT statement, const std::string& sql) {
  const SQLRETURN result = run_sql(call, statement, SQLExecDirectW, SQLExecDirect, sql);
  if (!SQL_SUCCEEDED(result) && result != SQL_NO_DATA) fail(call, action, SQL_HANDLE_STMT, statement);
}

Rows Connection::fetch_all(const Call& call, const std::string& action, SQLHSTMT statement) {
  Canceller canceller = watch(call, statement);
  SQLSMALLINT columns = 0;
  Rows rows;
  std::string value;
  if (!SQL_SUCCEEDED(SQLNumResultCols(statement, &columns))) fail(call, action, SQL_HANDLE_STMT, statement);
  while (columns > 0) {
    const SQLRETURN result = canceller.run(SQLFetch);
    if (result == SQL_NO_DATA) break;
    if (!SQL_SUCCEEDED(result)) fail(call, action, SQL_HANDLE_STMT, statement);
    if (rows.rows_.size() == kMaxSmallRows)
      throw Error(PENSTOCK_STATUS_RESOURCE_EXHAUSTED, action + ": more than 1,000,000 rows");
    auto& cells = rows.rows_.emplace_back();
    for (size_t column = 0; column < static_cast<size_t>(columns); ++column) {
      const LongValue found = read_long_value(canceller, column, SQL_C_WCHAR, SQL_NO_TOTAL, &value);
      if (found == LongValue::failed) fail(call, action, SQL_HANDLE_STMT, statement);
      if (found == LongValue::null)
        cells.emplace_back();
      else
        cells.emplace_back(utf8(reinterpret_cast<const SQLWCHAR*>(value.data()), value.size() / 2));
    }
  }
  return rows;
}

Rows Connection::query(const Call& call, const std::string& action, const std::string& sql) {
  const StatementHandle handle = statement(call);
  execute(call, action, handle.get(), sql);
  return fetch_all(call, action, handle.get());
}

void Connection::fail(const Call& call, const std::string& action, SQLSMALLINT kind, SQLHANDLE handle) {
  const std::vector<Diagnostic> found = diagnostics_of(kind, handle, settings_.login);
  const Diagnostic first = found.empty() ? Diagnostic{"HY000", 0, "the driver gave no reason"} : found.front();
  const std::string query_id = dialect_ && kind == SQL_HANDLE_STMT ? dialect_->query_id(handle) : "";
  const Verdict verdict = dialect_ ? dialect_->verdict(first) : verdict_of_sqlstate(first);
  // Not closed here: statements of this connection are still in the hands of those who call.
  if (call.cancelled() || verdict.retry == PENSTOCK_RETRY_RECONNECT)
    broken_ = true;
  else if (has_transactions())
    SQLEndTran(SQL_HANDLE_DBC, connection_.get(), SQL_ROLLBACK);
  call.check();  // what the driver says about a cancelled statement is of no interest
  std::string message = action + ": " + (dialect_ ? with_advice(*dialect_, first) : first.message);
  if (!query_id.empty()) message += " (query " + query_id + ")";
  Error error(verdict.status, verdict.retry, message);
  error.sqlstate(first.sqlstate).vendor_code(first.native);
  if (!query_id.empty()) error.detail("query id", query_id);
  throw error;
}

void Connection::end_transaction(const Call& call, const std::string& action) {
  require_open();
  if (!has_transactions()) return;
  if (!SQL_SUCCEEDED(SQLEndTran(SQL_HANDLE_DBC, connection_.get(), SQL_COMMIT)))
    fail(call, action, SQL_HANDLE_DBC, connection_.get());
}

void Connection::settle() noexcept {
  if (broken_)
    abandon();
  else if (open_ && has_transactions())
    SQLEndTran(SQL_HANDLE_DBC, connection_.get(), SQL_ROLLBACK);
}

void Connection::abandon() noexcept {
  if (open_) {
    SQLEndTran(SQL_HANDLE_DBC, connection_.get(), SQL_ROLLBACK);
    SQLDisconnect(connection_.get());
  }
  open_ = false;
  scanning_ = false;
  connection_.reset();
}

}  // namespace penstock::odbc
