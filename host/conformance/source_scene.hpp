// What checks of sources have in common: a source, the table to read, and all of its rows as the source gives them.
#pragma once

#include "base/time_zone.hpp"
#include "conformance/trial_source.hpp"

#include <limits>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace penstock::host::conformance {

// As text, column by column; `at` in ns since 1970, or as it is where the cursor counts no time.
struct SeenRow {
  std::vector<std::string> cells;
  std::optional<int64_t> at;  // of a NULL cursor, or when the cursor was not among the columns: nothing

  auto operator<=>(const SeenRow&) const = default;
};

struct SeenRows {
  std::vector<SeenRow> rows;
  uint32_t honoured = std::numeric_limits<uint32_t>::max();  // what every partition claims
  std::vector<size_t> partitions;                            // where each begins in rows

  bool claims(uint32_t bit) const { return (honoured & bit) != 0; }
};

// since < cursor <= until
struct Bounds {
  std::optional<int64_t> since;
  int64_t until = 0;

  bool hold(int64_t at) const { return (!since || at > *since) && at <= until; }
};

class SourceScene {
 public:
  // Opens the source, and asks it for the columns and the horizon of the batch source of the quirks file.
  explicit SourceScene(Trial& trial);
  SourceScene(const SourceScene&) = delete;
  SourceScene& operator=(const SourceScene&) = delete;

  const Schema& described() const { return described_; }
  const std::vector<std::string>& columns() const { return columns_; }  // all of them
  const Field& cursor() const { return described_[cursor_]; }
  const std::vector<std::string>& keys() const { return session.trial().quirks().keys; }
  const HorizonResult& horizon() const { return horizon_; }
  bool counts_time() const { return subject.cursor().kind == PENSTOCK_CURSOR_TIMESTAMP; }

  // Up to the horizon, all columns, with the rows whose cursor is NULL.
  ScanSpec whole() const;
  // The same within bounds; bounds other than the horizon are bare numbers, as when the host reads a slice.
  ScanSpec within(const Bounds& bounds) const;
  // Reads all partitions of the scan, of which none may fail. `by`: another connection, which reads them from the last to the first.
  SeenRows read(const ScanSpec& spec, TrialSource* by = nullptr);
  // Appends the rest of a stream; `most` batches at most. False at the end.
  bool read_on(TrialScan& scan, std::vector<SeenRow>& rows, size_t most = std::numeric_limits<size_t>::max());
  // whole(), read once. Ends the check as skipped when the table is empty or too large.
  const SeenRows& everything();
  // Is its cursor other than NULL? Of rows with all columns.
  bool has_cursor(const SeenRow& row) const { return row.at || (cursor_ < row.cells.size() && row.cells[cursor_] != "NULL"); }
  // The values of the cursor, each once, ascending.
  std::set<int64_t> values();

  Session session;
  TrialSource source;
  const ScanSubject subject;

 private:
  std::optional<int64_t> at_of(const ColumnView& column, int64_t row, int64_t unit_ns) const;

  Schema described_;
  std::vector<std::string> columns_;
  size_t cursor_ = 0;
  std::optional<TimeZone> zone_;
  HorizonResult horizon_;
  std::optional<SeenRows> everything_;
};

// {id 1, name "ann"} of a row with these columns.
std::string row_text(const std::vector<std::string>& columns, const SeenRow& row);
// 2023-11-14T22:13:20.000000001Z (1700000000000000001)
std::string instant_text(int64_t at);
// (since, until], as text
std::string bounds_text(const Bounds& bounds);

}  // namespace penstock::host::conformance
