// Handles, environment attributes, transactions.
#include "handles.hpp"

using namespace penstock::fake_odbc;

namespace {

template <class T, class... Arguments>
SQLRETURN make(SQLHANDLE* out, Arguments&... arguments) {
  *out = static_cast<Handle*>(new T(arguments...));
  return SQL_SUCCESS;
}

}  // namespace

SQLRETURN SQLAllocHandle(SQLSMALLINT type, SQLHANDLE parent, SQLHANDLE* out) {
  switch (type) {
    case SQL_HANDLE_ENV: return make<Environment>(out);
    case SQL_HANDLE_DBC: return make<Connection>(out);
    case SQL_HANDLE_STMT:
      return entry<Connection>(parent, [&](Connection& connection) { return make<Statement>(out, connection); });
    default: return SQL_ERROR;
  }
}

SQLRETURN SQLFreeHandle(SQLSMALLINT, SQLHANDLE handle) {
  delete static_cast<Handle*>(handle);
  return SQL_SUCCESS;
}

SQLRETURN SQLSetEnvAttr(SQLHENV handle, SQLINTEGER attribute, SQLPOINTER value, SQLINTEGER) {
  return entry<Environment>(handle, [&](Environment& environment) -> SQLRETURN {
    if (attribute == SQL_ATTR_ODBC_VERSION) environment.version = static_cast<SQLINTEGER>(reinterpret_cast<intptr_t>(value));
    return SQL_SUCCESS;
  });
}

SQLRETURN SQLGetEnvAttr(SQLHENV handle, SQLINTEGER attribute, SQLPOINTER value, SQLINTEGER, SQLINTEGER*) {
  return entry<Environment>(handle, [&](Environment& environment) -> SQLRETURN {
    if (attribute != SQL_ATTR_ODBC_VERSION) throw OdbcError("HY092", "Invalid attribute");
    *static_cast<SQLINTEGER*>(value) = environment.version;
    return SQL_SUCCESS;
  });
}

SQLRETURN SQLEndTran(SQLSMALLINT type, SQLHANDLE handle, SQLSMALLINT completion) {
  if (type != SQL_HANDLE_DBC) return SQL_SUCCESS;
  return entry<Connection>(handle, [&](Connection& connection) -> SQLRETURN {
    connection.log->add(completion == SQL_COMMIT ? "commit" : "rollback");
    connection.require_alive();
    return SQL_SUCCESS;
  });
}
