// ODBC handles that free themselves.
#pragma once

#include <sql.h>
#include <sqlext.h>
#include <string>
#include <utility>

namespace penstock::odbc {

static_assert(sizeof(SQLWCHAR) == 2, "wide characters are UTF-16 here; unixODBC must not be built with SQL_WCHART_CONVERT");

// As ODBC's functions take numbers and text.
inline SQLPOINTER as_pointer(SQLULEN value) { return reinterpret_cast<SQLPOINTER>(value); }
inline SQLWCHAR* characters(std::u16string& text) { return reinterpret_cast<SQLWCHAR*>(text.data()); }
inline SQLCHAR* characters(std::string& text) { return reinterpret_cast<SQLCHAR*>(text.data()); }

// Owns a handle of one kind (SQL_HANDLE_ENV, SQL_HANDLE_DBC, SQL_HANDLE_STMT).
template <SQLSMALLINT kKind>
class Handle {
 public:
  Handle() = default;
  // A handle below `parent`; empty when the driver manager refuses, and then the parent knows why.
  explicit Handle(SQLHANDLE parent) {
    if (!SQL_SUCCEEDED(SQLAllocHandle(kKind, parent, &handle_))) handle_ = nullptr;
  }
  Handle(Handle&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Handle() { reset(); }

  void reset() {
    if (handle_ == nullptr) return;
    // psqlODBC loses memory with a statement that was described but not closed.
    if constexpr (kKind == SQL_HANDLE_STMT) SQLFreeStmt(handle_, SQL_CLOSE);
    SQLFreeHandle(kKind, std::exchange(handle_, nullptr));
  }
  SQLHANDLE get() const { return handle_; }
  explicit operator bool() const { return handle_ != nullptr; }

 private:
  SQLHANDLE handle_ = nullptr;
};

using Environment = Handle<SQL_HANDLE_ENV>;
using ConnectionHandle = Handle<SQL_HANDLE_DBC>;
using StatementHandle = Handle<SQL_HANDLE_STMT>;

}  // namespace penstock::odbc
