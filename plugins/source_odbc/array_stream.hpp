// The rows of a scan: arrays of a driver's rows, column by column into Arrow.
#pragma once

#include "canceller.hpp"
#include "connection.hpp"
#include "statement.hpp"

#include <penstock/source.hpp>

#include <functional>

namespace penstock::odbc {

// Holds one array of rows and one batch at a time, however large the table. A driver that keeps a whole answer in memory is asked
// for the window in parts, all of one snapshot: each ends with all rows of one value of the cursor, so that no tie is cut.
//
// Shares the connection with the source, which must not use it until the stream is gone. A stream destroyed before its end closes
// the connection.
class ArrayStream : public RowStream {
 public:
  // Starts the statement. `call` outlives the stream. `misfit` is called when a value of an array does not fit its cell and the
  // driver does not read it again: the scan ends with an error, and the next one has to be by row.
  ArrayStream(const Call& call, std::shared_ptr<Connection> connection, ScanStatement statement, int64_t batch_rows,
              int64_t batch_bytes, std::function<void()> misfit);
  ~ArrayStream() override;

  const Schema& schema() const override { return statement_.schema; }
  bool next(ArrowArray* out) override;

 private:
  struct Cells {
    std::vector<char> data;
    std::vector<SQLLEN> indicators;
  };

  void bind();
  void start_part();
  // How many rows the next part has, at least: by what the rows so far were long, and at most so many.
  int64_t part_rows(int64_t most) const;
  bool fetch(Canceller& statement);
  // Throws if the driver has cut digits off.
  void require_whole_digits() const;
  // Those rows of the array that the batch has room for, and one at least: a value may be much longer than its cell.
  void append_rows(Canceller& statement);
  size_t rows_that_fit() const;
  void append_column(Canceller& statement, size_t column, size_t end);
  // The value of a row of the array that did not fit its cell, or of a column that is not bound. False: NULL.
  bool read_long(Canceller& statement, size_t column, size_t row, SQLLEN length);
  void finish_scan();
  std::string action() const { return "reading " + statement_.display; }

  Call call_;
  std::shared_ptr<Connection> connection_;
  ScanStatement statement_;
  std::function<void()> misfit_;
  int64_t batch_rows_;
  int64_t batch_bytes_;
  int64_t array_rows_ = 1;
  BatchBuilder batch_;
  StatementHandle handle_;
  std::vector<Cells> cells_;
  SQLULEN fetched_ = 0;  // written by the driver
  size_t row_ = 0;       // of the array, the first that is in no batch yet
  std::vector<SQLUSMALLINT> status_;
  int64_t rows_ = 0;
  std::string part_lower_;
  bool is_last_part_ = false;
  bool has_part_ = false;
  int64_t delivered_rows_ = 0, delivered_bytes_ = 0;
  bool finished_ = false;
  std::string value_, scratch_;
};

}  // namespace penstock::odbc
