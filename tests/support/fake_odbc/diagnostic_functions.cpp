#include "handles.hpp"

#include <algorithm>
#include <cstring>

using namespace penstock::fake_odbc;

namespace {

const Diagnostic* record(const Handle& handle, SQLSMALLINT number) {
  const bool there = number > 0 && static_cast<size_t>(number) <= handle.diagnostics.size();
  return there ? &handle.diagnostics[static_cast<size_t>(number) - 1] : nullptr;
}

// In the driver's idea of wide characters, into `capacity` bytes; these two functions report nothing about themselves.
bool put(const Handle& handle, const std::string& text, void* buffer, SQLLEN capacity, SQLSMALLINT* length, size_t length_unit) {
  SQLLEN total = 0;
  const bool whole = put_wide(text, handle.wide(), buffer, capacity, total);
  if (length != nullptr) *length = static_cast<SQLSMALLINT>(static_cast<size_t>(total) / length_unit);
  return whole;
}

}  // namespace

SQLRETURN SQLGetDiagRecW(SQLSMALLINT, SQLHANDLE object, SQLSMALLINT number, SQLWCHAR* sqlstate, SQLINTEGER* native,
                         SQLWCHAR* message, SQLSMALLINT capacity, SQLSMALLINT* length) {
  if (object == nullptr) return SQL_INVALID_HANDLE;
  const Handle& handle = *static_cast<Handle*>(object);
  const Diagnostic* found = record(handle, number);
  if (found == nullptr) return SQL_NO_DATA;
  constexpr SQLLEN kSqlstateBytes = 6 * sizeof(SQLWCHAR);
  put(handle, found->sqlstate, sqlstate, kSqlstateBytes, nullptr, 1);
  if (native != nullptr) *native = found->native;
  const bool whole = put(handle, found->message, message, capacity * static_cast<SQLLEN>(sizeof(SQLWCHAR)), length, sizeof(SQLWCHAR));
  return whole ? SQL_SUCCESS : SQL_SUCCESS_WITH_INFO;
}

SQLRETURN SQLGetDiagFieldW(SQLSMALLINT, SQLHANDLE object, SQLSMALLINT number, SQLSMALLINT field, SQLPOINTER value,
                           SQLSMALLINT capacity, SQLSMALLINT* length) {
  if (object == nullptr) return SQL_INVALID_HANDLE;
  const Handle& handle = *static_cast<Handle*>(object);
  const auto text = [&](const std::string& content) -> SQLRETURN {
    return put(handle, content, value, capacity, length, 1) ? SQL_SUCCESS : SQL_SUCCESS_WITH_INFO;
  };
  if (field == SQL_DIAG_NUMBER) {
    *static_cast<SQLINTEGER*>(value) = static_cast<SQLINTEGER>(handle.diagnostics.size());
    return SQL_SUCCESS;
  }
  if (field == SQL_DIAG_RETURNCODE) {
    *static_cast<SQLRETURN*>(value) = handle.outcome;
    return SQL_SUCCESS;
  }
  const Diagnostic* found = record(handle, number);
  if (found == nullptr) return SQL_NO_DATA;
  switch (field) {
    case SQL_DIAG_SQLSTATE: return text(found->sqlstate);
    case SQL_DIAG_MESSAGE_TEXT: return text(found->message);
    case SQL_DIAG_NATIVE: *static_cast<SQLINTEGER*>(value) = found->native; return SQL_SUCCESS;
    case SQL_DIAG_ROW_NUMBER: *static_cast<SQLLEN*>(value) = found->row; return SQL_SUCCESS;
    case SQL_DIAG_COLUMN_NUMBER: *static_cast<SQLINTEGER*>(value) = found->column; return SQL_SUCCESS;
    case SQL_DIAG_CLASS_ORIGIN:
    case SQL_DIAG_SUBCLASS_ORIGIN: return text("ISO 9075");
    case SQL_DIAG_CONNECTION_NAME:
    case SQL_DIAG_SERVER_NAME: return text("");
    default: return SQL_ERROR;
  }
}
