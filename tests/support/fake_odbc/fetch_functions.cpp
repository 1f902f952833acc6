// Reading rows, whole and in parts.
#include "attribute_names.hpp"
#include "statement_run.hpp"

#include <algorithm>

using namespace penstock::fake_odbc;

namespace {

template <class T>
T* pointer_attribute(const Statement& statement, SQLINTEGER id) {
  return reinterpret_cast<T*>(statement.attribute(id, 0));
}

SQLULEN array_size(const Statement& statement) { return statement.attribute(SQL_ATTR_ROW_ARRAY_SIZE, 1); }

// Where a bound column's element of that row is.
template <class T>
T* element(const Statement& statement, T* base, SQLULEN row, SQLLEN size) {
  if (base == nullptr) return nullptr;
  const SQLULEN row_size = statement.attribute(SQL_ATTR_ROW_BIND_TYPE, SQL_BIND_BY_COLUMN);
  const SQLULEN* offset = pointer_attribute<SQLULEN>(statement, SQL_ATTR_ROW_BIND_OFFSET_PTR);
  const SQLULEN step = row_size == SQL_BIND_BY_COLUMN ? static_cast<SQLULEN>(size) : row_size;
  return reinterpret_cast<T*>(reinterpret_cast<char*>(base) + (offset == nullptr ? 0 : *offset) + row * step);
}

void mark(Statement& statement, size_t first, SQLULEN row, SQLUSMALLINT column) {
  for (size_t i = first; i < statement.diagnostics.size(); ++i) {
    statement.diagnostics[i].row = static_cast<SQLLEN>(row + 1);
    statement.diagnostics[i].column = column;
  }
}

void fill(Statement& statement, const Binding& binding, SQLSMALLINT sql_type, const Value& value, SQLULEN row) {
  const SQLSMALLINT c_type = binding.c_type == SQL_C_DEFAULT ? default_c_type(sql_type) : binding.c_type;
  const SQLLEN fixed = element_size(c_type);
  SQLLEN* indicator = element(statement, binding.indicator, row, sizeof(SQLLEN));
  if (is_null(value)) {
    if (indicator == nullptr) throw OdbcError("22002", "Indicator variable required but not supplied");
    *indicator = SQL_NULL_DATA;
    return;
  }
  const Encoded encoded = encode(value, c_type, statement.wide());
  char* data = element(statement, binding.data, row, fixed == 0 ? binding.capacity : fixed);
  const bool no_total = statement.connection.script.driver.no_total;
  if (deliver(encoded, 0, data, binding.capacity, indicator, no_total).truncated) warn(statement, "01004", "String data, right truncated");
  if (encoded.fraction) warn(statement, "01S07", "Fractional truncation");
}

// Fills the bound columns from the row; the status of the row.
SQLUSMALLINT fill_row(Statement& statement, const Row& values, SQLULEN row) {
  SQLUSMALLINT status = SQL_ROW_SUCCESS;
  for (const auto& [number, binding] : statement.bindings) {
    if (number == 0 || number > values.size()) continue;
    const size_t first = statement.diagnostics.size();
    try {
      fill(statement, binding, statement.result->columns[number - 1u].sql_type, values[number - 1u], row);
      if (statement.diagnostics.size() > first && status == SQL_ROW_SUCCESS) status = SQL_ROW_SUCCESS_WITH_INFO;
    } catch (const OdbcError& error) {
      statement.diagnostics.push_back(error.diagnostic);
      status = SQL_ROW_ERROR;
    }
    mark(statement, first, row, number);
  }
  return status;
}

class RowsetReport {
 public:
  explicit RowsetReport(const Statement& statement)
      : fetched_(pointer_attribute<SQLULEN>(statement, SQL_ATTR_ROWS_FETCHED_PTR)),
        status_(pointer_attribute<SQLUSMALLINT>(statement, SQL_ATTR_ROW_STATUS_PTR)) {
    if (fetched_ != nullptr) *fetched_ = 0;
    for (SQLULEN i = 0; status_ != nullptr && i < array_size(statement); ++i) status_[i] = SQL_ROW_NOROW;
  }
  void add(SQLULEN row, SQLUSMALLINT status) {
    if (fetched_ != nullptr) *fetched_ = row + 1;
    if (status_ != nullptr) status_[row] = status;
  }

 private:
  SQLULEN* fetched_;
  SQLUSMALLINT* status_;
};

SQLRETURN fetch(Statement& statement) {
  Result& result = statement.open_result();
  statement.connection.require_alive();
  const Statement::Running running(statement);
  const auto limit = static_cast<int64_t>(statement.attribute(SQL_ATTR_MAX_ROWS, 0));
  const int64_t end = limit == 0 ? result.rows : std::min(result.rows, limit);
  statement.part = {};
  statement.position = 0;
  result.rowset.clear();
  RowsetReport report(statement);
  bool failed = false;
  for (SQLULEN row = 0; row < array_size(statement) && result.next < end; ++row, ++result.next) {
    const size_t first = statement.diagnostics.size();
    if (result.rule != nullptr && reach_row(statement, *result.rule, result.next)) {
      mark(statement, first, row, 0);
      result.rowset.emplace_back(result.columns.size());
      report.add(row, SQL_ROW_ERROR);
      failed = true;
      continue;
    }
    result.rowset.push_back(result.row(result.next));
    const SQLUSMALLINT status = fill_row(statement, result.rowset.back(), row);
    failed = failed || status == SQL_ROW_ERROR;
    report.add(row, status);
  }
  if (result.rowset.empty()) return SQL_NO_DATA;
  return failed && array_size(statement) == 1 ? SQL_ERROR : SQL_SUCCESS;
}

// Whether the driver lets that column be read now.
void require_readable(const Statement& statement, const Result& result, SQLUSMALLINT number) {
  const DriverTraits& driver = statement.connection.script.driver;
  const auto refuse = [](const char* why) { throw OdbcError("07009", std::string("Invalid descriptor index: ") + why); };
  if (number == 0 || number > result.columns.size()) refuse("no such column");
  if (array_size(statement) > 1) {
    if (!driver.getdata_in_arrays.empty()) throw OdbcError(driver.getdata_in_arrays, "SQLGetData is refused with a row array");
    if ((driver.getdata & SQL_GD_BLOCK) == 0) throw OdbcError("HYC00", "SQLGetData with a row array is not supported");
  }
  if ((driver.getdata & SQL_GD_BOUND) == 0 && statement.bindings.count(number) != 0) refuse("the column is bound");
  if ((driver.getdata & SQL_GD_ANY_ORDER) == 0 && number < statement.part.column) refuse("not in order");
  if ((driver.getdata & SQL_GD_ANY_COLUMN) == 0 && !statement.bindings.empty() && number < statement.bindings.rbegin()->first)
    refuse("before the last bound column");
}

SQLRETURN get_data(Statement& statement, SQLUSMALLINT number, SQLSMALLINT c_type, void* data, SQLLEN capacity, SQLLEN* indicator) {
  const Result& result = statement.open_result();
  statement.connection.log->add("getdata row " + std::to_string(statement.position + 1) + " column " + std::to_string(number) + " " +
                                c_type_name(c_type));
  if (statement.position >= result.rowset.size()) throw OdbcError("24000", "Invalid cursor state: not on a row");
  require_readable(statement, result, number);
  PartRead& part = statement.part;
  if (part.column != number) part = {.column = number};
  if (part.done) return SQL_NO_DATA;
  const Value& value = result.rowset[statement.position].at(number - 1u);
  if (is_null(value)) {
    if (indicator == nullptr) throw OdbcError("22002", "Indicator variable required but not supplied");
    *indicator = SQL_NULL_DATA;
    part.done = true;
    return SQL_SUCCESS;
  }
  const SQLSMALLINT type = c_type == SQL_C_DEFAULT ? default_c_type(result.columns[number - 1u].sql_type) : c_type;
  const Encoded encoded = encode(value, type, statement.wide());
  const Delivery delivery = deliver(encoded, part.offset, data, capacity, indicator, statement.connection.script.driver.no_total);
  part.offset += delivery.copied;
  part.done = !delivery.truncated;
  if (delivery.truncated) warn(statement, "01004", "String data, right truncated");
  if (encoded.fraction) warn(statement, "01S07", "Fractional truncation");
  return SQL_SUCCESS;
}

SQLRETURN set_position(Statement& statement, SQLSETPOSIROW row, SQLUSMALLINT operation) {
  const Result& result = statement.open_result();
  statement.connection.log->add("setpos row " + std::to_string(row));
  const std::string& refused = statement.connection.script.driver.setpos;
  if (!refused.empty()) throw OdbcError(refused, "SQLSetPos is refused");
  if (operation != SQL_POSITION) throw OdbcError("HYC00", "Only SQL_POSITION is supported");
  if (row == 0 || row > result.rowset.size()) throw OdbcError("HY107", "Row value out of range");
  statement.position = row - 1;
  statement.part = {};
  return SQL_SUCCESS;
}

}  // namespace

SQLRETURN SQLBindCol(SQLHSTMT handle, SQLUSMALLINT number, SQLSMALLINT c_type, SQLPOINTER data, SQLLEN capacity, SQLLEN* indicator) {
  return entry<Statement>(handle, [&](Statement& statement) -> SQLRETURN {
    if (data == nullptr && indicator == nullptr) {
      statement.bindings.erase(number);
      return SQL_SUCCESS;
    }
    statement.connection.log->add("bind " + std::to_string(number) + " " + c_type_name(c_type) + " " + std::to_string(capacity));
    statement.bindings[number] = {c_type, static_cast<char*>(data), capacity, indicator};
    return SQL_SUCCESS;
  });
}

SQLRETURN SQLFetch(SQLHSTMT handle) { return entry<Statement>(handle, fetch); }

SQLRETURN SQLFetchScroll(SQLHSTMT handle, SQLSMALLINT orientation, SQLLEN) {
  return entry<Statement>(handle, [&](Statement& statement) -> SQLRETURN {
    if (orientation != SQL_FETCH_NEXT) throw OdbcError("HY106", "Fetch type out of range");
    return fetch(statement);
  });
}

SQLRETURN SQLGetData(SQLHSTMT handle, SQLUSMALLINT number, SQLSMALLINT c_type, SQLPOINTER data, SQLLEN capacity, SQLLEN* indicator) {
  return entry<Statement>(handle,
                          [&](Statement& statement) { return get_data(statement, number, c_type, data, capacity, indicator); });
}

SQLRETURN SQLSetPos(SQLHSTMT handle, SQLSETPOSIROW row, SQLUSMALLINT operation, SQLUSMALLINT) {
  return entry<Statement>(handle, [&](Statement& statement) { return set_position(statement, row, operation); });
}
