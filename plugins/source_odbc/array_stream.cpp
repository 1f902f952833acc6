#include "array_stream.hpp"

#include "decode.hpp"
#include "long_value.hpp"

#include <algorithm>

namespace penstock::odbc {
namespace {

constexpr int64_t kDefaultBatchRows = 16 * 1024;
constexpr int64_t kDefaultBatchBytes = 4 * 1024 * 1024;
// Of a part of a window, for drivers that keep a whole answer in memory. Each part costs the server a search for its end, so
// there are not more of them than it takes.
constexpr int64_t kFirstPartRows = 10'000;
constexpr int64_t kPartBytes = 16 * 1024 * 1024;

int64_t row_bytes(const ScanStatement& statement) {
  int64_t bytes = 0;
  for (const ReadColumn& column : statement.columns) bytes += column.width + static_cast<int64_t>(sizeof(SQLLEN));
  return bytes;
}

}  // namespace

ArrayStream::ArrayStream(const Call& call, std::shared_ptr<Connection> connection, ScanStatement statement, int64_t batch_rows,
                         int64_t batch_bytes, std::function<void()> misfit)
    : call_(call), connection_(std::move(connection)), statement_(std::move(statement)),
      misfit_(std::move(misfit)), batch_rows_(batch_rows > 0 ? batch_rows : kDefaultBatchRows),
      batch_bytes_(batch_bytes > 0 ? batch_bytes : kDefaultBatchBytes), batch_(statement_.schema),
      handle_(connection_->statement(call)), part_lower_(statement_.lower) {
  if (!statement_.by_row)
    array_rows_ = std::clamp<int64_t>(batch_bytes_ / row_bytes(statement_), 1,
                                      std::min(batch_rows_, connection_->settings().array_rows));
  try {
    bind();
    start_part();
  } catch (...) {
    handle_.reset();
    connection_->abandon();
    throw;
  }
  connection_->set_scanning(true);
}

ArrayStream::~ArrayStream() {
  handle_.reset();
  connection_->set_scanning(false);
  if (!finished_) connection_->abandon();
}

void ArrayStream::bind() {
  const SQLHSTMT statement = handle_.get();
  SQLSetStmtAttr(statement, SQL_ATTR_CURSOR_TYPE, as_pointer(SQL_CURSOR_FORWARD_ONLY), 0);
  SQLSetStmtAttr(statement, SQL_ATTR_ROW_BIND_TYPE, as_pointer(SQL_BIND_BY_COLUMN), 0);
  SQLULEN granted = 1;
  if (array_rows_ > 1 &&
      (!SQL_SUCCEEDED(SQLSetStmtAttr(statement, SQL_ATTR_ROW_ARRAY_SIZE, as_pointer(static_cast<SQLULEN>(array_rows_)), 0)) ||
       !SQL_SUCCEEDED(SQLGetStmtAttr(statement, SQL_ATTR_ROW_ARRAY_SIZE, &granted, sizeof granted, nullptr)) ||
       granted == 0 || granted > static_cast<SQLULEN>(array_rows_)))
    granted = 1;
  array_rows_ = static_cast<int64_t>(granted);
  status_.assign(static_cast<size_t>(array_rows_), SQL_ROW_NOROW);
  SQLSetStmtAttr(statement, SQL_ATTR_ROW_STATUS_PTR, status_.data(), 0);
  SQLSetStmtAttr(statement, SQL_ATTR_ROWS_FETCHED_PTR, &fetched_, 0);
  cells_.resize(statement_.columns.size());
  for (size_t i = 0; i < statement_.first_long; ++i) {
    const ReadColumn& column = statement_.columns[i];
    Cells& cells = cells_[i];
    cells.data.resize(static_cast<size_t>(column.width * array_rows_));
    cells.indicators.resize(static_cast<size_t>(array_rows_));
    if (!SQL_SUCCEEDED(SQLBindCol(statement, static_cast<SQLUSMALLINT>(i + 1), column.c_type, cells.data.data(), column.width,
                                  cells.indicators.data())))
      connection_->fail(call_, action(), SQL_HANDLE_STMT, statement);
  }
}

int64_t ArrayStream::part_rows(int64_t most) const {
  const int64_t rows = delivered_rows_ + batch_.rows(), bytes = delivered_bytes_ + static_cast<int64_t>(batch_.byte_size());
  if (rows == 0) return std::min(kFirstPartRows, most);
  return std::clamp(kPartBytes / std::max<int64_t>(bytes / rows, 1), std::min(kFirstPartRows, most), most);
}

// The next part of the window, or all of it.
void ArrayStream::start_part() {
  const Dialect& dialect = connection_->dialect();
  const bool is_first = !has_part_;
  std::string upper = statement_.upper;
  is_last_part_ = true;
  if (const int64_t most = dialect.page_rows(); most > 0) {
    const std::string window = part_lower_.empty() ? upper : part_lower_ + " AND " + upper;
    const Rows end = connection_->query(call_, action(),
                                        "SELECT CAST(" + statement_.cursor + " AS CHAR) FROM " + statement_.from + " t WHERE " + window +
                                            " ORDER BY " + statement_.cursor + dialect.row_limit(1, part_rows(most) - 1));
    is_last_part_ = end.size() == 0;
    // An integer in quotes would be compared as a double.
    const std::string quote = statement_.cursor_unit_ns != 0 ? "" : "'";
    const std::string bound = is_last_part_ ? "" : quote + end.text(0, 0) + quote;
    if (!is_last_part_) upper = statement_.cursor + " <= " + bound;
    connection_->execute(call_, action(), handle_.get(), statement_.select_between(part_lower_, upper, is_first));
    part_lower_ = statement_.cursor + " > " + bound;
  } else {
    connection_->execute(call_, action(), handle_.get(), statement_.select());
  }
  has_part_ = true;
}

bool ArrayStream::next(ArrowArray* out) {
  if (finished_) return false;
  try {
    call_.check();
    Canceller statement = connection_->watch(call_, handle_.get());
    while (batch_.rows() < batch_rows_ && static_cast<int64_t>(batch_.byte_size()) < batch_bytes_) {
      if (row_ < fetched_ || fetch(statement)) {
        append_rows(statement);
        call_.check();
        continue;
      }
      statement.run(SQLCloseCursor);
      if (is_last_part_) {
        finish_scan();
        break;
      }
      start_part();
    }
  } catch (...) {
    handle_.reset();
    connection_->abandon();
    throw;
  }
  if (finished_ && batch_.rows() == 0) return false;
  delivered_rows_ += batch_.rows();
  delivered_bytes_ += static_cast<int64_t>(batch_.byte_size());
  batch_.finish(out);
  return true;
}

bool ArrayStream::fetch(Canceller& statement) {
  row_ = fetched_ = 0;
  const SQLRETURN result = statement.run(SQLFetch);
  if (result == SQL_NO_DATA) return false;
  if (!SQL_SUCCEEDED(result)) connection_->fail(call_, action(), SQL_HANDLE_STMT, handle_.get());
  if (fetched_ == 0 || fetched_ > static_cast<SQLULEN>(array_rows_))
    throw Error(PENSTOCK_STATUS_DATA_LOSS, action() + ": the driver says it gave " + std::to_string(fetched_) + " rows of " +
                                               std::to_string(array_rows_));
  if (result == SQL_SUCCESS_WITH_INFO) require_whole_digits();
  rows_ += static_cast<int64_t>(fetched_);
  if (statement_.max_rows > 0 && rows_ > statement_.max_rows)
    throw Error(PENSTOCK_STATUS_FAILED_PRECONDITION,
                action() + ": the window holds more than max_rows = " + std::to_string(statement_.max_rows) +
                    " rows; raise max_rows, or read the window in parts with --from and --to");
  for (SQLULEN row = 0; row < fetched_; ++row)
    if (status_[row] == SQL_ROW_ERROR) connection_->fail(call_, action(), SQL_HANDLE_STMT, handle_.get());
  return true;
}

// A column may hold more than the driver says of it.
void ArrayStream::require_whole_digits() const {
  const std::optional<int32_t> number = column_with("01S07", handle_.get());
  if (!number) return;
  const auto index = static_cast<size_t>(*number);
  const std::string where = index > 0 && index <= statement_.columns.size() ? "column \"" + statement_.columns[index - 1].field.name + "\": " : "";
  throw Error(PENSTOCK_STATUS_DATA_LOSS, action() + ": " + where +
                                             "a value has digits beyond the type that the driver gives it; CAST it in a query");
}

void ArrayStream::append_rows(Canceller& statement) {
  const size_t end = row_ + rows_that_fit();
  for (size_t column = 0; column < statement_.columns.size(); ++column) append_column(statement, column, end);
  row_ = end;
}

size_t ArrayStream::rows_that_fit() const {
  const auto most = std::min<size_t>(fetched_ - row_, static_cast<size_t>(batch_rows_ - batch_.rows()));
  int64_t room = batch_bytes_ - static_cast<int64_t>(batch_.byte_size());
  for (size_t n = 0; n < most; ++n) {
    for (size_t column = 0; column < statement_.first_long; ++column)
      room -= std::max<SQLLEN>(0, cells_[column].indicators[row_ + n]);
    if (room < 0) return std::max<size_t>(n, 1);
  }
  return most;
}

void ArrayStream::append_column(Canceller& statement, size_t index, size_t end) {
  const ReadColumn& column = statement_.columns[index];
  const bool is_key = statement_.is_key[index];
  ColumnBuilder& out = batch_[statement_.places[index]];
  const bool fixed = is_fixed(column);
  const auto width = static_cast<size_t>(column.width);
  const size_t room = width - std::min(width, terminator_bytes(column.c_type));
  for (size_t row = row_; row < end; ++row) {
    if (index >= statement_.first_long) {
      if (read_long(statement, index, row, SQL_NO_TOTAL))
        append_value(column, is_key, value_, out, scratch_);
      else
        out.append_null();
      continue;
    }
    const char* cell = cells_[index].data.data() + row * width;
    const SQLLEN length = cells_[index].indicators[row];
    if (length == SQL_NULL_DATA) {
      out.append_null();
    } else if (fixed) {
      append_value(column, is_key, {cell, width}, out, scratch_);
    } else if (length >= 0 && static_cast<size_t>(length) <= room) {
      append_value(column, is_key, {cell, static_cast<size_t>(length)}, out, scratch_);
    } else if (column.decode == Decode::date_text || column.decode == Decode::time_text) {
      append_value(column, is_key, {}, out, scratch_);  // too long to be one
    } else if (!column.may_exceed) {
      throw Error(PENSTOCK_STATUS_DATA_LOSS, action() + ": column \"" + column.field.name + "\": a value of " + std::to_string(length) +
                                                 " bytes, where the driver said there are none of more than " + std::to_string(room));
    } else if (read_long(statement, index, row, length)) {
      append_value(column, is_key, value_, out, scratch_);
    } else {
      throw Error(PENSTOCK_STATUS_DATA_LOSS, action() + ": column \"" + column.field.name + "\": a value became NULL when read again");
    }
  }
}

bool ArrayStream::read_long(Canceller& statement, size_t index, size_t row, SQLLEN length) {
  const ReadColumn& column = statement_.columns[index];
  const auto refuse = [&](const std::string& why) {
    misfit_();
    return Error(PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_SAFE,
                 action() + ": column \"" + column.field.name + "\": a value is longer than its cell, and the driver does not read it again (" +
                     why + "); from now on the rows of this table are read one by one");
  };
  const bool is_bound = index < statement_.first_long;
  if (is_bound && !connection_->facts().rereads_in_array) throw refuse("it does not offer to");
  if (is_bound && array_rows_ > 1 &&
      !SQL_SUCCEEDED(statement.run(SQLSetPos, static_cast<SQLSETPOSIROW>(row + 1), SQL_POSITION, SQL_LOCK_NO_CHANGE)))
    throw refuse("SQLSetPos failed");
  switch (read_long_value(statement, index, column.c_type, length, &value_)) {
    case LongValue::null: return false;
    case LongValue::failed: {
      if (!is_bound) connection_->fail(call_, action(), SQL_HANDLE_STMT, handle_.get());
      const std::vector<Diagnostic> found = diagnostics_of(SQL_HANDLE_STMT, handle_.get(), connection_->settings().login);
      throw refuse(found.empty() ? "SQLGetData failed" : found.front().message);
    }
    case LongValue::read: break;
  }
  if (is_bound && length >= 0 && value_.size() != static_cast<size_t>(length)) throw refuse("another length came");
  return true;
}

void ArrayStream::finish_scan() {
  handle_.reset();
  connection_->end_transaction(call_, action());
  finished_ = true;
}

}  // namespace penstock::odbc
