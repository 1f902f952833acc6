// Statements and their attributes.
#include "attribute_names.hpp"
#include "statement_run.hpp"

using namespace penstock::fake_odbc;

namespace {

SQLRETURN set_array_size(Statement& statement, SQLULEN size) {
  const DriverTraits& driver = statement.connection.script.driver;
  if (driver.max_array != 0 && size > driver.max_array) {
    if (driver.larger_array != "01S02") throw OdbcError(driver.larger_array, "The row array size is too large");
    size = driver.max_array;
    warn(statement, "01S02", "Option value changed");
  }
  statement.attributes[SQL_ATTR_ROW_ARRAY_SIZE] = size;
  return SQL_SUCCESS;
}

SQLRETURN set_attribute(Statement& statement, SQLINTEGER id, SQLPOINTER value) {
  const std::string name = statement_attribute_name(id);
  statement.connection.log->add("statement " + name + "=" + statement_attribute_value(id, value));
  const auto& refused = statement.connection.script.driver.refused_attributes;
  if (const auto found = refused.find(name); found != refused.end()) throw OdbcError(found->second, "Attribute " + name + " is refused");
  if (id == SQL_ATTR_ROW_ARRAY_SIZE) return set_array_size(statement, reinterpret_cast<SQLULEN>(value));
  if (id == SQL_ATTR_CURSOR_TYPE && reinterpret_cast<SQLULEN>(value) != SQL_CURSOR_FORWARD_ONLY) {
    warn(statement, "01S02", "Option value changed");
    return SQL_SUCCESS;
  }
  statement.attributes[id] = reinterpret_cast<SQLULEN>(value);
  return SQL_SUCCESS;
}

SQLULEN default_value(SQLINTEGER id) {
  switch (id) {
    case SQL_ATTR_ROW_ARRAY_SIZE: return 1;
    case SQL_ATTR_CONCURRENCY: return SQL_CONCUR_READ_ONLY;
    case SQL_ATTR_RETRIEVE_DATA: return SQL_RD_ON;
    default: return 0;
  }
}

SQLRETURN get_attribute(Statement& statement, SQLINTEGER id, SQLPOINTER value, SQLINTEGER capacity, SQLINTEGER* length) {
  if (id == statement.connection.script.driver.query_id_attribute) {
    return_text(statement, statement.query_id, value, capacity, length);
    return SQL_SUCCESS;
  }
  switch (id) {
    case SQL_ATTR_APP_ROW_DESC:
    case SQL_ATTR_APP_PARAM_DESC:
    case SQL_ATTR_IMP_ROW_DESC:
    case SQL_ATTR_IMP_PARAM_DESC:
      *static_cast<SQLHANDLE*>(value) = static_cast<Handle*>(&statement.descriptors[id - SQL_ATTR_APP_ROW_DESC]);
      return SQL_SUCCESS;
    default:
      *static_cast<SQLULEN*>(value) = statement.attribute(id, default_value(id));
      return SQL_SUCCESS;
  }
}

}  // namespace

SQLRETURN SQLSetStmtAttrW(SQLHSTMT handle, SQLINTEGER id, SQLPOINTER value, SQLINTEGER) {
  return entry<Statement>(handle, [&](Statement& statement) { return set_attribute(statement, id, value); });
}

SQLRETURN SQLGetStmtAttrW(SQLHSTMT handle, SQLINTEGER id, SQLPOINTER value, SQLINTEGER capacity, SQLINTEGER* length) {
  return entry<Statement>(handle, [&](Statement& statement) { return get_attribute(statement, id, value, capacity, length); });
}

SQLRETURN SQLExecDirectW(SQLHSTMT handle, SQLWCHAR* text, SQLINTEGER length) {
  return entry<Statement>(handle, [&](Statement& statement) { return run(statement, utf8_from(text, length)); });
}

SQLRETURN SQLPrepareW(SQLHSTMT handle, SQLWCHAR* text, SQLINTEGER length) {
  return entry<Statement>(handle, [&](Statement& statement) -> SQLRETURN {
    statement.close();
    statement.prepared = utf8_from(text, length);
    statement.connection.log->add("prepare " + statement.prepared);
    return SQL_SUCCESS;
  });
}

SQLRETURN SQLExecute(SQLHSTMT handle) {
  return entry<Statement>(handle, [](Statement& statement) { return run(statement, statement.prepared); });
}

SQLRETURN SQLCancel(SQLHSTMT handle) {
  // Nothing but what other threads may touch: the statement may be running.
  if (handle == nullptr) return SQL_INVALID_HANDLE;
  Statement& statement = static_cast<Statement&>(*static_cast<Handle*>(handle));
  statement.connection.log->add(statement.cancel() ? "cancel" : "cancel while nothing runs");
  return SQL_SUCCESS;
}

SQLRETURN SQLRowCount(SQLHSTMT handle, SQLLEN* count) {
  return entry<Statement>(handle, [&](Statement& statement) -> SQLRETURN {
    *count = statement.row_count;
    return SQL_SUCCESS;
  });
}

SQLRETURN SQLMoreResults(SQLHSTMT handle) {
  return entry<Statement>(handle, [](Statement& statement) -> SQLRETURN {
    statement.close();
    return SQL_NO_DATA;
  });
}

SQLRETURN SQLCloseCursor(SQLHSTMT handle) {
  return entry<Statement>(handle, [](Statement& statement) -> SQLRETURN {
    statement.open_result();
    statement.close();
    return SQL_SUCCESS;
  });
}

SQLRETURN SQLFreeStmt(SQLHSTMT handle, SQLUSMALLINT option) {
  return entry<Statement>(handle, [&](Statement& statement) -> SQLRETURN {
    if (option == SQL_CLOSE) statement.close();
    if (option == SQL_UNBIND) statement.bindings.clear();
    return SQL_SUCCESS;
  });
}
