#include "attribute_names.hpp"

#include <map>

namespace penstock::fake_odbc {
namespace {

using Names = std::map<SQLINTEGER, std::string>;

std::string name_in(const Names& names, SQLINTEGER id) {
  const auto found = names.find(id);
  return found == names.end() ? std::to_string(id) : found->second;
}

}  // namespace

std::string connection_attribute_name(SQLINTEGER id) {
  static const Names kNames = {{SQL_ATTR_ACCESS_MODE, "ACCESS_MODE"},
                               {SQL_ATTR_AUTOCOMMIT, "AUTOCOMMIT"},
                               {SQL_ATTR_CONNECTION_DEAD, "CONNECTION_DEAD"},
                               {SQL_ATTR_CONNECTION_TIMEOUT, "CONNECTION_TIMEOUT"},
                               {SQL_ATTR_CURRENT_CATALOG, "CURRENT_CATALOG"},
                               {SQL_ATTR_LOGIN_TIMEOUT, "LOGIN_TIMEOUT"},
                               {SQL_ATTR_METADATA_ID, "METADATA_ID"},
                               {SQL_ATTR_PACKET_SIZE, "PACKET_SIZE"},
                               {SQL_ATTR_TXN_ISOLATION, "TXN_ISOLATION"}};
  return name_in(kNames, id);
}

std::string statement_attribute_name(SQLINTEGER id) {
  static const Names kNames = {{SQL_ATTR_CONCURRENCY, "CONCURRENCY"},
                               {SQL_ATTR_CURSOR_SCROLLABLE, "CURSOR_SCROLLABLE"},
                               {SQL_ATTR_CURSOR_SENSITIVITY, "CURSOR_SENSITIVITY"},
                               {SQL_ATTR_CURSOR_TYPE, "CURSOR_TYPE"},
                               {SQL_ATTR_MAX_LENGTH, "MAX_LENGTH"},
                               {SQL_ATTR_MAX_ROWS, "MAX_ROWS"},
                               {SQL_ATTR_METADATA_ID, "METADATA_ID"},
                               {SQL_ATTR_NOSCAN, "NOSCAN"},
                               {SQL_ATTR_QUERY_TIMEOUT, "QUERY_TIMEOUT"},
                               {SQL_ATTR_RETRIEVE_DATA, "RETRIEVE_DATA"},
                               {SQL_ATTR_ROWS_FETCHED_PTR, "ROWS_FETCHED_PTR"},
                               {SQL_ATTR_ROW_ARRAY_SIZE, "ROW_ARRAY_SIZE"},
                               {SQL_ATTR_ROW_BIND_OFFSET_PTR, "ROW_BIND_OFFSET_PTR"},
                               {SQL_ATTR_ROW_BIND_TYPE, "ROW_BIND_TYPE"},
                               {SQL_ATTR_ROW_STATUS_PTR, "ROW_STATUS_PTR"},
                               {SQL_ATTR_USE_BOOKMARKS, "USE_BOOKMARKS"}};
  return name_in(kNames, id);
}

std::string c_type_name(SQLSMALLINT c_type) {
  static const Names kNames = {
      {SQL_C_BINARY, "BINARY"},     {SQL_C_BIT, "BIT"},           {SQL_C_CHAR, "CHAR"},
      {SQL_C_DEFAULT, "DEFAULT"},   {SQL_C_DOUBLE, "DOUBLE"},     {SQL_C_FLOAT, "FLOAT"},
      {SQL_C_LONG, "LONG"},         {SQL_C_SBIGINT, "SBIGINT"},   {SQL_C_SHORT, "SHORT"},
      {SQL_C_SLONG, "SLONG"},       {SQL_C_SSHORT, "SSHORT"},     {SQL_C_STINYINT, "STINYINT"},
      {SQL_C_TINYINT, "TINYINT"},   {SQL_C_TYPE_DATE, "TYPE_DATE"}, {SQL_C_TYPE_TIMESTAMP, "TYPE_TIMESTAMP"},
      {SQL_C_UBIGINT, "UBIGINT"},   {SQL_C_ULONG, "ULONG"},       {SQL_C_USHORT, "USHORT"},
      {SQL_C_UTINYINT, "UTINYINT"}, {SQL_C_WCHAR, "WCHAR"}};
  return name_in(kNames, c_type);
}

std::string statement_attribute_value(SQLINTEGER id, SQLPOINTER value) {
  switch (id) {
    case SQL_ATTR_ROWS_FETCHED_PTR:
    case SQL_ATTR_ROW_STATUS_PTR:
    case SQL_ATTR_ROW_BIND_OFFSET_PTR: return value == nullptr ? "null" : "set";
    default: return std::to_string(reinterpret_cast<SQLULEN>(value));
  }
}

}  // namespace penstock::fake_odbc
