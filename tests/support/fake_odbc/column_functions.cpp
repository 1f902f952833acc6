// What the columns of a result set are.
#include "handles.hpp"

using namespace penstock::fake_odbc;

namespace {

const Column& column_at(Statement& statement, SQLUSMALLINT number) {
  const Result& result = statement.open_result();
  if (number == 0 || number > result.columns.size()) throw OdbcError("07009", "Invalid descriptor index");
  return result.columns[number - 1u];
}

bool is_wide(SQLSMALLINT type) { return type == SQL_WCHAR || type == SQL_WVARCHAR || type == SQL_WLONGVARCHAR; }

bool is_number(SQLSMALLINT type) {
  switch (type) {
    case SQL_BIGINT:
    case SQL_DECIMAL:
    case SQL_DOUBLE:
    case SQL_FLOAT:
    case SQL_INTEGER:
    case SQL_NUMERIC:
    case SQL_REAL:
    case SQL_SMALLINT:
    case SQL_TINYINT: return true;
    default: return false;
  }
}

SQLLEN octet_length(const Column& column) {
  const auto size = static_cast<SQLLEN>(column.size);
  if (column.sql_type == SQL_DECIMAL || column.sql_type == SQL_NUMERIC) return size + 2;
  if (const SQLLEN fixed = element_size(default_c_type(column.sql_type)); fixed != 0) return fixed;
  return is_wide(column.sql_type) ? size * 2 : size;
}

// Characters to show the value.
SQLLEN display_size(const Column& column) {
  switch (column.sql_type) {
    case SQL_BIGINT: return 20;
    case SQL_INTEGER: return 11;
    case SQL_DOUBLE:
    case SQL_FLOAT: return 24;
    case SQL_DECIMAL:
    case SQL_NUMERIC: return static_cast<SQLLEN>(column.size) + 2;
    case SQL_BINARY:
    case SQL_VARBINARY:
    case SQL_LONGVARBINARY: return static_cast<SQLLEN>(column.size) * 2;
    default: return static_cast<SQLLEN>(column.size);
  }
}

// SQL_DATETIME for the types of dates.
SQLLEN verbose_type(SQLSMALLINT type) {
  return type == SQL_TYPE_DATE || type == SQL_TYPE_TIME || type == SQL_TYPE_TIMESTAMP ? SQL_DATETIME : type;
}

const std::string* text_attribute(const Statement& statement, const Column& column, SQLUSMALLINT field) {
  static const std::string kNone;
  switch (field) {
    case SQL_DESC_NAME:
    case SQL_DESC_LABEL:
    case SQL_DESC_BASE_COLUMN_NAME: return &column.name;
    case SQL_DESC_TYPE_NAME:
    case SQL_DESC_LOCAL_TYPE_NAME: return &column.type_name;
    case SQL_DESC_CATALOG_NAME: return &statement.connection.catalog;
    case SQL_DESC_SCHEMA_NAME:
    case SQL_DESC_TABLE_NAME:
    case SQL_DESC_BASE_TABLE_NAME:
    case SQL_DESC_LITERAL_PREFIX:
    case SQL_DESC_LITERAL_SUFFIX: return &kNone;
    default: return nullptr;
  }
}

SQLLEN number_attribute(const Column& column, SQLUSMALLINT field) {
  switch (field) {
    case SQL_DESC_CONCISE_TYPE: return column.sql_type;
    case SQL_DESC_TYPE: return verbose_type(column.sql_type);
    case SQL_DESC_UNSIGNED: return !is_number(column.sql_type) || column.is_unsigned ? SQL_TRUE : SQL_FALSE;
    case SQL_DESC_DISPLAY_SIZE: return display_size(column);
    case SQL_DESC_OCTET_LENGTH:
    case SQL_COLUMN_LENGTH: return octet_length(column);
    case SQL_DESC_LENGTH:
    case SQL_DESC_PRECISION:
    case SQL_COLUMN_PRECISION: return static_cast<SQLLEN>(column.size);
    case SQL_DESC_SCALE:
    case SQL_COLUMN_SCALE: return column.digits;
    case SQL_DESC_NULLABLE:
    case SQL_COLUMN_NULLABLE: return column.nullable ? SQL_NULLABLE : SQL_NO_NULLS;
    case SQL_DESC_CASE_SENSITIVE: return is_number(column.sql_type) ? SQL_FALSE : SQL_TRUE;
    case SQL_DESC_SEARCHABLE: return SQL_PRED_SEARCHABLE;
    case SQL_DESC_UPDATABLE: return SQL_ATTR_READONLY;
    case SQL_DESC_NUM_PREC_RADIX: return is_number(column.sql_type) ? 10 : 0;
    case SQL_DESC_UNNAMED: return SQL_NAMED;
    case SQL_DESC_AUTO_UNIQUE_VALUE:
    case SQL_DESC_FIXED_PREC_SCALE: return SQL_FALSE;
    default: throw OdbcError("HY091", "Invalid descriptor field identifier");
  }
}

}  // namespace

SQLRETURN SQLNumResultCols(SQLHSTMT handle, SQLSMALLINT* count) {
  return entry<Statement>(handle, [&](Statement& statement) -> SQLRETURN {
    *count = statement.result ? static_cast<SQLSMALLINT>(statement.result->columns.size()) : SQLSMALLINT{0};
    return SQL_SUCCESS;
  });
}

SQLRETURN SQLDescribeColW(SQLHSTMT handle, SQLUSMALLINT number, SQLWCHAR* name, SQLSMALLINT capacity, SQLSMALLINT* name_length,
                          SQLSMALLINT* type, SQLULEN* size, SQLSMALLINT* digits, SQLSMALLINT* nullable) {
  return entry<Statement>(handle, [&](Statement& statement) -> SQLRETURN {
    const Column& column = column_at(statement, number);
    SQLLEN bytes = 0;
    return_text(statement, column.name, name, capacity * SQLLEN{sizeof(SQLWCHAR)}, &bytes);
    if (name_length != nullptr) *name_length = static_cast<SQLSMALLINT>(bytes / SQLLEN{sizeof(SQLWCHAR)});
    if (type != nullptr) *type = column.sql_type;
    if (size != nullptr) *size = column.size;
    if (digits != nullptr) *digits = column.digits;
    if (nullable != nullptr) *nullable = column.nullable ? SQL_NULLABLE : SQL_NO_NULLS;
    return SQL_SUCCESS;
  });
}

SQLRETURN SQLColAttributeW(SQLHSTMT handle, SQLUSMALLINT number, SQLUSMALLINT field, SQLPOINTER text, SQLSMALLINT capacity,
                           SQLSMALLINT* length, SQLLEN* value) {
  return entry<Statement>(handle, [&](Statement& statement) -> SQLRETURN {
    if (field == SQL_DESC_COUNT || field == SQL_COLUMN_COUNT) {
      *value = static_cast<SQLLEN>(statement.open_result().columns.size());
      return SQL_SUCCESS;
    }
    const Column& column = column_at(statement, number);
    if (const std::string* content = text_attribute(statement, column, field))
      return_text(statement, *content, text, capacity, length);
    else if (value != nullptr)
      *value = number_attribute(column, field);
    return SQL_SUCCESS;
  });
}
