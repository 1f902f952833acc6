// What the driver says about itself.
#include "handles.hpp"

#include <cstring>

using namespace penstock::fake_odbc;

namespace {

// Texts that do not come from the script.
const std::map<SQLUSMALLINT, std::string>& info_texts() {
  static const std::map<SQLUSMALLINT, std::string> kTexts = {
      {SQL_ACCESSIBLE_PROCEDURES, "N"},  {SQL_ACCESSIBLE_TABLES, "N"},   {SQL_CATALOG_NAME, "Y"},
      {SQL_CATALOG_NAME_SEPARATOR, "."}, {SQL_CATALOG_TERM, "database"}, {SQL_COLUMN_ALIAS, "Y"},
      {SQL_DATA_SOURCE_READ_ONLY, "N"},  {SQL_DESCRIBE_PARAMETER, "N"},  {SQL_DRIVER_ODBC_VER, "03.52"},
      {SQL_INTEGRITY, "N"},              {SQL_KEYWORDS, ""},             {SQL_LIKE_ESCAPE_CLAUSE, "Y"},
      {SQL_MAX_ROW_SIZE_INCLUDES_LONG, "N"}, {SQL_MULT_RESULT_SETS, "N"}, {SQL_MULTIPLE_ACTIVE_TXN, "Y"},
      {SQL_NEED_LONG_DATA_LEN, "N"},     {SQL_ORDER_BY_COLUMNS_IN_SELECT, "N"}, {SQL_PROCEDURE_TERM, "procedure"},
      {SQL_PROCEDURES, "N"},             {SQL_ROW_UPDATES, "N"},         {SQL_SCHEMA_TERM, "schema"},
      {SQL_SEARCH_PATTERN_ESCAPE, "\\"}, {SQL_SPECIAL_CHARACTERS, "$"},  {SQL_TABLE_TERM, "table"},
      {SQL_XOPEN_CLI_YEAR, "1995"}};
  return kTexts;
}

const std::map<SQLUSMALLINT, SQLUSMALLINT>& info_small() {
  static const std::map<SQLUSMALLINT, SQLUSMALLINT> kSmall = {
      {SQL_ACTIVE_ENVIRONMENTS, 0},
      {SQL_CATALOG_LOCATION, SQL_CL_START},
      {SQL_CONCAT_NULL_BEHAVIOR, SQL_CB_NULL},
      {SQL_CORRELATION_NAME, SQL_CN_ANY},
      {SQL_CURSOR_COMMIT_BEHAVIOR, SQL_CB_CLOSE},
      {SQL_CURSOR_ROLLBACK_BEHAVIOR, SQL_CB_CLOSE},
      {SQL_FILE_USAGE, SQL_FILE_NOT_SUPPORTED},
      {SQL_GROUP_BY, SQL_GB_NO_RELATION},
      {SQL_MAX_CATALOG_NAME_LEN, 255},
      {SQL_MAX_COLUMN_NAME_LEN, 255},
      {SQL_MAX_COLUMNS_IN_SELECT, 0},
      {SQL_MAX_CONCURRENT_ACTIVITIES, 0},
      {SQL_MAX_CURSOR_NAME_LEN, 0},
      {SQL_MAX_DRIVER_CONNECTIONS, 0},
      {SQL_MAX_IDENTIFIER_LEN, 255},
      {SQL_MAX_SCHEMA_NAME_LEN, 255},
      {SQL_MAX_TABLE_NAME_LEN, 255},
      {SQL_MAX_TABLES_IN_SELECT, 0},
      {SQL_MAX_USER_NAME_LEN, 255},
      {SQL_NON_NULLABLE_COLUMNS, SQL_NNC_NON_NULL},
      {SQL_NULL_COLLATION, SQL_NC_HIGH},
      {SQL_QUOTED_IDENTIFIER_CASE, SQL_IC_SENSITIVE}};
  return kSmall;
}

// Other numbers that a client may ask for; what is not here is 0.
const std::map<SQLUSMALLINT, SQLUINTEGER>& info_numbers() {
  static const std::map<SQLUSMALLINT, SQLUINTEGER> kNumbers = {
      {SQL_ASYNC_MODE, SQL_AM_NONE},
      {SQL_CATALOG_USAGE, SQL_CU_DML_STATEMENTS | SQL_CU_TABLE_DEFINITION},
      {SQL_DEFAULT_TXN_ISOLATION, SQL_TXN_READ_COMMITTED},
      {SQL_FORWARD_ONLY_CURSOR_ATTRIBUTES1, SQL_CA1_NEXT},
      {SQL_ODBC_INTERFACE_CONFORMANCE, SQL_OIC_CORE},
      {SQL_SCHEMA_USAGE, SQL_SU_DML_STATEMENTS | SQL_SU_TABLE_DEFINITION},
      {SQL_SCROLL_OPTIONS, SQL_SO_FORWARD_ONLY},
      {SQL_SQL_CONFORMANCE, SQL_SC_SQL92_ENTRY},
      {SQL_TXN_ISOLATION_OPTION, SQL_TXN_READ_COMMITTED}};
  return kNumbers;
}

std::optional<std::string> text_of(const Connection& connection, SQLUSMALLINT what) {
  const DriverTraits& driver = connection.script.driver;
  switch (what) {
    case SQL_DRIVER_NAME: return driver.driver_name;
    case SQL_DRIVER_VER: return driver.driver_version;
    case SQL_DBMS_NAME: return driver.dbms_name;
    case SQL_DBMS_VER: return driver.dbms_version;
    case SQL_IDENTIFIER_QUOTE_CHAR: return driver.quote;
    case SQL_DATABASE_NAME: return connection.catalog;
    case SQL_DATA_SOURCE_NAME: return connection.keys.value("DSN");
    case SQL_SERVER_NAME: return connection.keys.value("SERVER");
    case SQL_USER_NAME: return connection.keys.value("UID");
    default: break;
  }
  const auto found = info_texts().find(what);
  return found == info_texts().end() ? std::optional<std::string>() : found->second;
}

template <class Number>
SQLRETURN put_number(SQLPOINTER value, SQLSMALLINT* length, Number number) {
  std::memcpy(value, &number, sizeof number);
  if (length != nullptr) *length = sizeof number;
  return SQL_SUCCESS;
}

SQLRETURN info(Connection& connection, SQLUSMALLINT what, SQLPOINTER value, SQLSMALLINT capacity, SQLSMALLINT* length) {
  if (const std::optional<std::string> text = text_of(connection, what)) {
    return_text(connection, *text, value, capacity, length);
    return SQL_SUCCESS;
  }
  if (what == SQL_TXN_CAPABLE) return put_number(value, length, static_cast<SQLUSMALLINT>(connection.script.driver.has_transactions ? SQL_TC_DML : SQL_TC_NONE));
  if (what == SQL_IDENTIFIER_CASE) return put_number(value, length, connection.script.driver.identifier_case);
  if (const auto found = info_small().find(what); found != info_small().end()) return put_number(value, length, found->second);
  if (what == SQL_GETDATA_EXTENSIONS) return put_number(value, length, connection.script.driver.getdata);
  const auto found = info_numbers().find(what);
  return put_number(value, length, found == info_numbers().end() ? SQLUINTEGER{0} : found->second);
}

constexpr SQLUSMALLINT kFunctions[] = {
    SQL_API_SQLALLOCHANDLE, SQL_API_SQLBINDCOL,      SQL_API_SQLCANCEL,        SQL_API_SQLCLOSECURSOR,   SQL_API_SQLCOLATTRIBUTE,
    SQL_API_SQLCOLUMNS,     SQL_API_SQLDESCRIBECOL,  SQL_API_SQLDISCONNECT,    SQL_API_SQLDRIVERCONNECT, SQL_API_SQLENDTRAN,
    SQL_API_SQLEXECDIRECT,  SQL_API_SQLEXECUTE,      SQL_API_SQLFETCH,         SQL_API_SQLFETCHSCROLL,   SQL_API_SQLFREEHANDLE,
    SQL_API_SQLFREESTMT,    SQL_API_SQLGETCONNECTATTR, SQL_API_SQLGETDATA,     SQL_API_SQLGETDIAGFIELD,  SQL_API_SQLGETDIAGREC,
    SQL_API_SQLGETENVATTR,  SQL_API_SQLGETFUNCTIONS, SQL_API_SQLGETINFO,       SQL_API_SQLGETSTMTATTR,   SQL_API_SQLMORERESULTS,
    SQL_API_SQLNUMRESULTCOLS, SQL_API_SQLPREPARE,    SQL_API_SQLROWCOUNT,      SQL_API_SQLSETCONNECTATTR, SQL_API_SQLSETENVATTR,
    SQL_API_SQLSETPOS,      SQL_API_SQLSETSTMTATTR,  SQL_API_SQLTABLES};

}  // namespace

SQLRETURN SQLGetInfoW(SQLHDBC handle, SQLUSMALLINT what, SQLPOINTER value, SQLSMALLINT capacity, SQLSMALLINT* length) {
  return entry<Connection>(handle, [&](Connection& connection) { return info(connection, what, value, capacity, length); });
}

SQLRETURN SQLGetFunctions(SQLHDBC handle, SQLUSMALLINT function, SQLUSMALLINT* supported) {
  return entry<Connection>(handle, [&](Connection& connection) -> SQLRETURN {
    const auto has = [&](SQLUSMALLINT id) { return id != SQL_API_SQLSETPOS || connection.script.driver.has_setpos; };
    if (function == SQL_API_ODBC3_ALL_FUNCTIONS) {
      std::memset(supported, 0, sizeof(SQLUSMALLINT) * SQL_API_ODBC3_ALL_FUNCTIONS_SIZE);
      for (const SQLUSMALLINT id : kFunctions)
        if (has(id)) supported[id >> 4] = static_cast<SQLUSMALLINT>(supported[id >> 4] | 1 << (id & 15));
    } else if (function == SQL_API_ALL_FUNCTIONS) {
      std::memset(supported, 0, sizeof(SQLUSMALLINT) * 100);
      for (const SQLUSMALLINT id : kFunctions)
        if (id < 100 && has(id)) supported[id] = SQL_TRUE;
    } else {
      *supported = SQL_FALSE;
      for (const SQLUSMALLINT id : kFunctions)
        if (id == function && has(id)) *supported = SQL_TRUE;
    }
    return SQL_SUCCESS;
  });
}
