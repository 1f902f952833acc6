#include "support/odbc_session.hpp"

#include "support/odbc_environment.hpp"

#include <sql.h>
#include <sqlext.h>
#include <stdexcept>

namespace penstock::test {
namespace {

std::string message_of(SQLSMALLINT kind, SQLHANDLE handle) {
  SQLCHAR state[6] = "", text[1024] = "";
  SQLINTEGER native = 0;
  SQLSMALLINT length = 0;
  SQLGetDiagRec(kind, handle, 1, state, &native, text, sizeof text, &length);
  return std::string(reinterpret_cast<char*>(state)) + " " + reinterpret_cast<char*>(text);
}

SQLCHAR* as_sql(const std::string& text) { return reinterpret_cast<SQLCHAR*>(const_cast<char*>(text.c_str())); }

class Statement {
 public:
  Statement(SQLHDBC connection, const std::string& sql) {
    if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_STMT, connection, &handle_)))
      throw std::runtime_error(message_of(SQL_HANDLE_DBC, connection));
    const SQLRETURN result = SQLExecDirect(handle_, as_sql(sql), SQL_NTS);
    if (SQL_SUCCEEDED(result) || result == SQL_NO_DATA) return;
    const std::string message = message_of(SQL_HANDLE_STMT, handle_);
    SQLFreeHandle(SQL_HANDLE_STMT, handle_);
    throw std::runtime_error(message + " in: " + sql.substr(0, 200));
  }
  ~Statement() { SQLFreeHandle(SQL_HANDLE_STMT, handle_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  SQLSMALLINT columns() {
    SQLSMALLINT n = 0;
    SQLNumResultCols(handle_, &n);
    return n;
  }
  bool fetch() {
    const SQLRETURN result = SQLFetch(handle_);
    if (result == SQL_NO_DATA) return false;
    if (!SQL_SUCCEEDED(result)) throw std::runtime_error(message_of(SQL_HANDLE_STMT, handle_));
    return true;
  }
  std::string cell(SQLUSMALLINT column) {
    std::string text;
    char part[4096];
    for (SQLLEN length = 0;;) {
      const SQLRETURN result = SQLGetData(handle_, column, SQL_C_CHAR, part, sizeof part, &length);
      if (result == SQL_NO_DATA) return text;
      if (!SQL_SUCCEEDED(result)) throw std::runtime_error(message_of(SQL_HANDLE_STMT, handle_));
      if (length == SQL_NULL_DATA) return "NULL";
      const bool more = length == SQL_NO_TOTAL || length >= static_cast<SQLLEN>(sizeof part);
      text.append(part, more ? sizeof part - 1 : static_cast<size_t>(length));
      if (!more) return text;
    }
  }

 private:
  SQLHSTMT handle_ = nullptr;
};

}  // namespace

OdbcSession::OdbcSession(const std::string& connection) {
  OdbcEnvironment::shared();
  SQLAllocHandle(SQL_HANDLE_ENV, nullptr, &environment_);
  SQLSetEnvAttr(environment_, SQL_ATTR_ODBC_VERSION, reinterpret_cast<SQLPOINTER>(SQL_OV_ODBC3), 0);
  SQLAllocHandle(SQL_HANDLE_DBC, environment_, &connection_);
  if (SQL_SUCCEEDED(SQLDriverConnect(connection_, nullptr, as_sql(connection), SQL_NTS, nullptr, 0, nullptr, SQL_DRIVER_NOPROMPT)))
    return;
  const std::string message = message_of(SQL_HANDLE_DBC, connection_);
  SQLFreeHandle(SQL_HANDLE_DBC, connection_);
  SQLFreeHandle(SQL_HANDLE_ENV, environment_);
  throw std::runtime_error(message);
}

OdbcSession::~OdbcSession() {
  SQLDisconnect(connection_);
  SQLFreeHandle(SQL_HANDLE_DBC, connection_);
  SQLFreeHandle(SQL_HANDLE_ENV, environment_);
}

void OdbcSession::exec(const std::string& sql) { Statement statement(connection_, sql); }

std::string OdbcSession::value(const std::string& sql) {
  const auto all = rows(sql);
  return all.empty() || all[0].empty() || all[0][0] == "NULL" ? std::string() : all[0][0];
}

std::vector<std::vector<std::string>> OdbcSession::rows(const std::string& sql) {
  Statement statement(connection_, sql);
  const SQLSMALLINT columns = statement.columns();
  std::vector<std::vector<std::string>> out;
  while (columns > 0 && statement.fetch()) {
    auto& cells = out.emplace_back();
    for (SQLSMALLINT column = 1; column <= columns; ++column) cells.push_back(statement.cell(static_cast<SQLUSMALLINT>(column)));
  }
  return out;
}

}  // namespace penstock::test
