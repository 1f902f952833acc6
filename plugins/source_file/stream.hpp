// The rows of a scan, batch by batch.
#pragma once

#include "columns.hpp"
#include "read_plan.hpp"
#include "records.hpp"
#include "zone.hpp"

#include <penstock/source.hpp>

namespace penstock::files {

// Tells the instant of a row's cursor.
class CursorClock {
 public:
  // Throws INVALID_ARGUMENT when the column is of a type that has no instants.
  CursorClock(const Column& column, const std::string& zone_name, size_t max_bytes);

  // NULL, or what the cell is instead of a timestamp. Instants beyond int64 nanoseconds become the nearest that there is.
  // Throws INVALID_ARGUMENT for a naive value without a time zone.
  const char* read(const Cell& cell, int64_t& ns);

 private:
  int64_t from_local(int64_t seconds, int64_t nanoseconds);

  std::string column_;
  std::string zone_name_;
  CellReader reader_;
  std::optional<Zone> zone_;
};

class FileStream : public RowStream {
 public:
  // Throws NOT_FOUND for a column that is not in `columns`.
  FileStream(const Call& call, const Settings& settings, const TableSettings& table_settings, Format format, const Scan& scan,
             const Columns& columns, const ReadBounds& bounds, std::vector<FileRange> ranges);

  const Schema& schema() const override { return schema_; }
  bool next(ArrowArray* out) override;

 private:
  struct Current {
    const FileRange* range;
    std::shared_ptr<const OpenFile> file;
    Input input;
    std::unique_ptr<RecordReader> reader;
  };

  void open_next();
  void close_current();
  // Reads one row, and appends it if it is wanted. False at the end of the file.
  bool take_row();
  bool in_window(int64_t offset);
  void append_row();
  // Throws, or counts, as the table's on_bad_row says. `column`: an index into wanted_, or -1 for the whole row.
  void bad_row(const char* problem, int column, const std::string& as_type);
  void report_bad_rows();

  Call call_;
  Settings settings_;
  bool skip_bad_rows_;
  Format format_;
  std::vector<FileRange> ranges_;
  size_t next_range_ = 0;

  std::vector<std::string> wanted_;   // the columns read: those asked for, each once, and the cursor
  std::vector<size_t> slots_;         // of the columns asked for, in wanted_
  std::vector<CellReader> readers_;   // one for each column asked for
  Schema schema_;
  BatchBuilder builder_;

  size_t cursor_slot_ = 0;
  bool include_null_cursor_;
  std::optional<CursorClock> clock_;  // when cursors are compared
  std::optional<int64_t> since_ns_;   // for rows before new_from
  std::optional<int64_t> until_ns_;   // for all rows

  int64_t batch_rows_;
  size_t batch_bytes_;
  size_t bytes_in_batch_ = 0;
  uint64_t rows_seen_ = 0;
  uint64_t bad_rows_ = 0;
  std::string first_bad_row_;
  std::optional<Current> current_;
  Row row_;
};

}  // namespace penstock::files
