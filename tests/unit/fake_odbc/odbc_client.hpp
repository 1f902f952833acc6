// The plain ODBC interface of the driver manager, for the tests of the fake driver.
#pragma once

#include "support/fake_odbc.hpp"

#include <gtest/gtest.h>
#include <sql.h>
#include <sqlext.h>

#include <array>
#include <stdexcept>
#include <string>
#include <vector>

namespace penstock::test {

inline SQLCHAR* odbc_text(const std::string& text) {
  return const_cast<SQLCHAR*>(reinterpret_cast<const SQLCHAR*>(text.c_str()));
}

// "SQLSTATE native message" of the first record; empty without one.
inline std::string diagnosis(SQLSMALLINT type, SQLHANDLE handle) {
  std::array<SQLCHAR, 6> sqlstate{};
  std::array<SQLCHAR, 512> message{};
  SQLINTEGER native = 0;
  if (!SQL_SUCCEEDED(SQLGetDiagRec(type, handle, 1, sqlstate.data(), &native, message.data(), message.size(), nullptr))) return {};
  return reinterpret_cast<char*>(sqlstate.data()) + (" " + std::to_string(native)) + " " + reinterpret_cast<char*>(message.data());
}

class OdbcConnection {
 public:
  // Not connected yet.
  OdbcConnection() {
    SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &environment_);
    SQLSetEnvAttr(environment_, SQL_ATTR_ODBC_VERSION, reinterpret_cast<SQLPOINTER>(SQL_OV_ODBC3), 0);
    SQLAllocHandle(SQL_HANDLE_DBC, environment_, &handle_);
  }
  explicit OdbcConnection(const std::string& connection_string) : OdbcConnection() {
    if (!SQL_SUCCEEDED(connect(connection_string))) throw std::runtime_error(error());
  }
  ~OdbcConnection() {
    if (connected_) SQLDisconnect(handle_);
    SQLFreeHandle(SQL_HANDLE_DBC, handle_);
    SQLFreeHandle(SQL_HANDLE_ENV, environment_);
  }
  OdbcConnection(const OdbcConnection&) = delete;
  OdbcConnection& operator=(const OdbcConnection&) = delete;

  SQLRETURN connect(const std::string& connection_string) {
    const SQLRETURN outcome =
        SQLDriverConnect(handle_, nullptr, odbc_text(connection_string), SQL_NTS, nullptr, 0, nullptr, SQL_DRIVER_NOPROMPT);
    connected_ = SQL_SUCCEEDED(outcome);
    return outcome;
  }
  SQLHDBC handle() const { return handle_; }
  std::string error() const { return diagnosis(SQL_HANDLE_DBC, handle_); }

 private:
  SQLHENV environment_ = nullptr;
  SQLHDBC handle_ = nullptr;
  bool connected_ = false;
};

class OdbcStatement {
 public:
  explicit OdbcStatement(const OdbcConnection& connection) { SQLAllocHandle(SQL_HANDLE_STMT, connection.handle(), &handle_); }
  ~OdbcStatement() { SQLFreeHandle(SQL_HANDLE_STMT, handle_); }
  OdbcStatement(const OdbcStatement&) = delete;
  OdbcStatement& operator=(const OdbcStatement&) = delete;

  SQLRETURN set(SQLINTEGER attribute, SQLULEN value) {
    return SQLSetStmtAttr(handle_, attribute, reinterpret_cast<SQLPOINTER>(value), SQL_IS_UINTEGER);
  }
  SQLRETURN set_pointer(SQLINTEGER attribute, SQLPOINTER value) {
    return SQLSetStmtAttr(handle_, attribute, value, SQL_IS_POINTER);
  }
  SQLRETURN execute(const std::string& sql) { return SQLExecDirect(handle_, odbc_text(sql), SQL_NTS); }
  SQLRETURN fetch() { return SQLFetch(handle_); }
  // The column of the current row as text, read in one piece; "NULL".
  std::string text(SQLUSMALLINT column) {
    std::array<char, 256> buffer{};
    SQLLEN length = 0;
    if (!SQL_SUCCEEDED(SQLGetData(handle_, column, SQL_C_CHAR, buffer.data(), buffer.size(), &length)))
      throw std::runtime_error(error());
    return length == SQL_NULL_DATA ? "NULL" : std::string(buffer.data());
  }
  // All rows that are left, as text of these columns.
  std::vector<std::vector<std::string>> rows(const std::vector<SQLUSMALLINT>& columns) {
    std::vector<std::vector<std::string>> out;
    while (SQL_SUCCEEDED(fetch())) {
      out.emplace_back();
      for (const SQLUSMALLINT column : columns) out.back().push_back(text(column));
    }
    return out;
  }
  SQLHSTMT handle() const { return handle_; }
  std::string error() const { return diagnosis(SQL_HANDLE_STMT, handle_); }

 private:
  SQLHSTMT handle_ = nullptr;
};

}  // namespace penstock::test
