// SQLTables and SQLColumns over the tables of the script.
#include "statement_run.hpp"

#include <algorithm>
#include <tuple>

using namespace penstock::fake_odbc;

namespace {

// An argument of a catalog function; nothing when it was a null pointer.
using Argument = std::optional<std::string>;

Argument argument(const SQLWCHAR* text, SQLSMALLINT length) {
  return text == nullptr ? Argument() : utf8_from(text, length);
}

std::string call_text(const std::string& function, const std::vector<Argument>& arguments) {
  std::string out = function + "(";
  for (size_t i = 0; i < arguments.size(); ++i) out += (i == 0 ? "" : ",") + arguments[i].value_or("NULL");
  return out + ")";
}

// % is any text, _ any character, \ takes the next as it is.
bool like(std::string_view text, std::string_view pattern) {
  if (pattern.empty()) return text.empty();
  if (pattern.front() == '%') {
    for (size_t i = 0; i <= text.size(); ++i)
      if (like(text.substr(i), pattern.substr(1))) return true;
    return false;
  }
  if (text.empty()) return false;
  if (pattern.front() == '_') return like(text.substr(1), pattern.substr(1));
  if (pattern.front() == '\\' && pattern.size() > 1) pattern.remove_prefix(1);
  return text.front() == pattern.front() && like(text.substr(1), pattern.substr(1));
}

// An identifier as a statement would mean it: folded unless it is quoted.
std::string folded(const Connection& connection, std::string name) {
  const DriverTraits& driver = connection.script.driver;
  while (!name.empty() && name.back() == ' ') name.pop_back();
  if (name.size() >= 2 && name.starts_with(driver.quote) && name.ends_with(driver.quote)) return name.substr(1, name.size() - 2);
  if (driver.identifier_case == SQL_IC_UPPER) return upper(name);
  if (driver.identifier_case == SQL_IC_LOWER) return lower(name);
  return name;
}

class Filter {
 public:
  explicit Filter(Statement& statement)
      : connection_(statement.connection),
        identifiers_(statement.attribute(SQL_ATTR_METADATA_ID, connection_.attributes[SQL_ATTR_METADATA_ID]) != 0) {}

  bool takes(const std::string& name, const Argument& asked, bool is_pattern = true) const {
    if (identifiers_) {
      if (!asked) throw OdbcError("HY009", "Invalid use of null pointer");
      return name == folded(connection_, *asked);
    }
    if (!asked) return true;
    return is_pattern ? like(name, *asked) : name == *asked;
  }
  // A catalog is no pattern, unless the script says so.
  bool takes(const Table& table, const Argument& catalog, const Argument& schema, const Argument& name) const {
    return takes(table.catalog, catalog, connection_.script.driver.catalog_patterns) && takes(table.schema, schema) && takes(table.name, name);
  }

 private:
  Connection& connection_;
  bool identifiers_;
};

std::vector<const Table*> sorted(const std::vector<Table>& tables) {
  std::vector<const Table*> out;
  for (const Table& table : tables) out.push_back(&table);
  std::sort(out.begin(), out.end(), [](const Table* a, const Table* b) {
    return std::tie(a->type, a->catalog, a->schema, a->name) < std::tie(b->type, b->catalog, b->schema, b->name);
  });
  return out;
}

Column text_column(const char* name) {
  return {.name = name, .sql_type = SQL_WVARCHAR, .type_name = "VARCHAR", .size = 255};
}
Column small_column(const char* name) {
  return {.name = name, .sql_type = SQL_SMALLINT, .type_name = "SMALLINT", .size = 5};
}
Column integer_column(const char* name) {
  return {.name = name, .sql_type = SQL_INTEGER, .type_name = "INTEGER", .size = 10};
}

Value text_or_null(const std::string& text) { return text.empty() ? Value() : Value(text); }

// A list of types: TABLE,VIEW or 'TABLE','VIEW'; nothing and % are all.
bool type_asked(const std::string& type, const Argument& types) {
  if (!types || types->empty() || *types == "%") return true;
  size_t at = 0;
  while (at <= types->size()) {
    const size_t end = std::min(types->find(',', at), types->size());
    std::string one = types->substr(at, end - at);
    std::erase_if(one, [](char c) { return c == '\'' || c == ' '; });
    if (one == type) return true;
    at = end + 1;
  }
  return false;
}

Row described(const Table& table, const Column& column, int64_t number) {
  const bool is_date = column.sql_type == SQL_TYPE_DATE || column.sql_type == SQL_TYPE_TIME || column.sql_type == SQL_TYPE_TIMESTAMP;
  const int64_t type = column.sql_type;
  const auto size = static_cast<int64_t>(column.size);
  return {text_or_null(table.catalog), text_or_null(table.schema), table.name, column.name, type, column.type_name, size, size,
          int64_t{column.digits}, int64_t{10}, int64_t{column.nullable ? SQL_NULLABLE : SQL_NO_NULLS}, Value(), Value(),
          is_date ? int64_t{SQL_DATETIME} : type, is_date ? Value(type - 90) : Value(), size, number,
          std::string(column.nullable ? "YES" : "NO")};
}

}  // namespace

SQLRETURN SQLTablesW(SQLHSTMT handle, SQLWCHAR* catalog, SQLSMALLINT catalog_length, SQLWCHAR* schema, SQLSMALLINT schema_length,
                     SQLWCHAR* table, SQLSMALLINT table_length, SQLWCHAR* types, SQLSMALLINT types_length) {
  return entry<Statement>(handle, [&](Statement& statement) {
    const Argument in_catalog = argument(catalog, catalog_length), in_schema = argument(schema, schema_length);
    const Argument name = argument(table, table_length), of_types = argument(types, types_length);
    return run_catalog(statement, call_text("SQLTables", {in_catalog, in_schema, name, of_types}),
                       {text_column("TABLE_CAT"), text_column("TABLE_SCHEM"), text_column("TABLE_NAME"), text_column("TABLE_TYPE"),
                        text_column("REMARKS")},
                       [&] {
                         std::vector<Row> rows;
                         const Filter filter(statement);
                         for (const Table* found : sorted(statement.connection.script.tables))
                           if (type_asked(found->type, of_types) && filter.takes(*found, in_catalog, in_schema, name))
                             rows.push_back({text_or_null(found->catalog), text_or_null(found->schema), found->name, found->type, Value()});
                         return rows;
                       });
  });
}

SQLRETURN SQLColumnsW(SQLHSTMT handle, SQLWCHAR* catalog, SQLSMALLINT catalog_length, SQLWCHAR* schema, SQLSMALLINT schema_length,
                      SQLWCHAR* table, SQLSMALLINT table_length, SQLWCHAR* column, SQLSMALLINT column_length) {
  return entry<Statement>(handle, [&](Statement& statement) {
    const Argument in_catalog = argument(catalog, catalog_length), in_schema = argument(schema, schema_length);
    const Argument in_table = argument(table, table_length), name = argument(column, column_length);
    return run_catalog(
        statement, call_text("SQLColumns", {in_catalog, in_schema, in_table, name}),
        {text_column("TABLE_CAT"), text_column("TABLE_SCHEM"), text_column("TABLE_NAME"), text_column("COLUMN_NAME"),
         small_column("DATA_TYPE"), text_column("TYPE_NAME"), integer_column("COLUMN_SIZE"), integer_column("BUFFER_LENGTH"),
         small_column("DECIMAL_DIGITS"), small_column("NUM_PREC_RADIX"), small_column("NULLABLE"), text_column("REMARKS"),
         text_column("COLUMN_DEF"), small_column("SQL_DATA_TYPE"), small_column("SQL_DATETIME_SUB"),
         integer_column("CHAR_OCTET_LENGTH"), integer_column("ORDINAL_POSITION"), text_column("IS_NULLABLE")},
        [&] {
          std::vector<Row> rows;
          const Filter filter(statement);
          for (const Table* found : sorted(statement.connection.script.tables)) {
            if (!filter.takes(*found, in_catalog, in_schema, in_table)) continue;
            int64_t number = 0;
            for (const Column& one : found->columns)
              if (++number; filter.takes(one.name, name)) rows.push_back(described(*found, one, number));
          }
          return rows;
        });
  });
}
