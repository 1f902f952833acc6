#include "source.hpp"

#include "visits_file.hpp"

#include <algorithm>
#include <cstdio>
#include <limits>
#include <time.h>

namespace connector {
namespace {

using penstock::Call;
using penstock::Error;

constexpr const char* kTable = "visits";
constexpr const char* kCursor = "visited_at";
// The one token of a plan. A warehouse that can be read in parts gives several, such as ranges of a key.
constexpr const char* kWholeTable = "all";
// Between two looks at whether the host wants the call to end.
constexpr int64_t kLinesPerCheck = 1000;

// A warehouse is asked for them, table by table.
const penstock::Schema& columns() {
  static const penstock::Schema kColumns = {{"user_id", penstock::Type::utf8},
                                            {"city", penstock::Type::utf8},
                                            {"pages", penstock::Type::int64},
                                            penstock::instant(kCursor, penstock::Type::timestamp_us)};
  return kColumns;
}
enum Column : size_t { kUserId, kCity, kPages, kVisitedAt };

void check_table(const penstock::Table& table) {
  if (!table.query.empty()) throw Error(PENSTOCK_STATUS_NOT_SUPPORTED, "a file answers no queries: name the table");
  if (table.table != kTable) throw Error(PENSTOCK_STATUS_NOT_FOUND, "there is only the table \"visits\"");
}

void check_cursor(const penstock::Cursor& cursor) {
  if (cursor.kind != PENSTOCK_CURSOR_TIMESTAMP) throw Error(PENSTOCK_STATUS_NOT_SUPPORTED, "a file has no transaction ids");
  if (cursor.column != kCursor) throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "only the column \"visited_at\" says when a row changed");
}

std::vector<Column> columns_named(const std::vector<std::string>& names) {
  std::vector<Column> found;
  for (const std::string& name : names) {
    const auto at = std::find_if(columns().begin(), columns().end(), [&](const penstock::Field& field) { return field.name == name; });
    if (at == columns().end()) throw Error(PENSTOCK_STATUS_NOT_FOUND, "the table has no column \"" + name + "\"");
    found.push_back(static_cast<Column>(at - columns().begin()));
  }
  return found;
}

std::string time_text(int64_t ns) {
  const int64_t second = 1'000'000'000;
  const int64_t fraction = ((ns % second) + second) % second;
  const time_t seconds = static_cast<time_t>((ns - fraction) / second);
  tm parts{};
  char text[64] = "";
  gmtime_r(&seconds, &parts);
  const size_t size = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(text + size, sizeof text - size, ".%09ldZ", static_cast<long>(fraction));
  return text;
}

// since < visited_at <= until; NULL only where it is wanted.
bool is_wanted(const penstock::Scan& scan, const Visit& visit) {
  if (!visit.visited_at) return scan.include_null_cursor;
  const int64_t ns = *visit.visited_at * 1000;
  return (!scan.since || scan.since->ordinal < ns) && ns <= scan.until.ordinal;
}

template <class T>
void append_number(penstock::ColumnBuilder& column, const std::optional<T>& value) {
  if (value)
    column.append(*value);
  else
    column.append_null();
}

// The host asks for batch after batch; between two of them nothing but the place in the file is kept.
class VisitStream final : public penstock::RowStream {
 public:
  VisitStream(const Call& call, const std::string& path, penstock::Scan scan)
      : call_(call), file_(path), scan_(std::move(scan)), columns_(columns_named(scan_.columns)) {
    for (const Column column : columns_) schema_.push_back(columns()[column]);
  }

  const penstock::Schema& schema() const override { return schema_; }

  bool next(ArrowArray* out) override {
    penstock::BatchBuilder batch(schema_);
    Visit visit;
    while (batch.rows() < batch_rows_ && batch.byte_size() < batch_bytes_) {
      if (lines_++ % kLinesPerCheck == 0) call_.check();
      if (!file_.next(visit)) break;
      if (is_wanted(scan_, visit)) append(visit, batch);
    }
    if (batch.rows() == 0) return false;
    batch.finish(out);
    return true;
  }

 private:
  void append(const Visit& visit, penstock::BatchBuilder& batch) const {
    for (size_t i = 0; i < columns_.size(); ++i) {
      switch (columns_[i]) {
        case kUserId: batch[i].append_bytes(visit.user_id); break;
        case kCity: visit.city ? batch[i].append_bytes(*visit.city) : batch[i].append_null(); break;
        case kPages: append_number(batch[i], visit.pages); break;
        case kVisitedAt: append_number(batch[i], visit.visited_at); break;
      }
    }
  }

  const Call call_;  // of the scan: it lives as long as the stream
  VisitsFile file_;
  const penstock::Scan scan_;
  const int64_t batch_rows_ = std::max<int64_t>(scan_.batch_rows, 1);
  const size_t batch_bytes_ = static_cast<size_t>(std::max<int64_t>(scan_.batch_bytes, 1));
  const std::vector<Column> columns_;
  penstock::Schema schema_;
  int64_t lines_ = 0;
};

}  // namespace

void VisitsSource::validate(const SourceSettings& settings) {
  if (settings.path.empty() || settings.path.find('\0') != std::string::npos)
    throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "path is empty, or has a NUL in it");
}

VisitsSource::VisitsSource(const Call& call, const SourceSettings& settings) : path_(settings.path) {
  validate(settings);
  ping(call);
}

void VisitsSource::ping(const Call& call) {
  call.check();
  VisitsFile{path_};
}

penstock::Schema VisitsSource::describe(const Call&, const penstock::Table& table) {
  check_table(table);
  return columns();
}

std::vector<penstock::TableName> VisitsSource::list_tables(const Call&) { return {{"", "", kTable}}; }

// A window ends at the newest visit, less the lag. A warehouse would be asked for its clock, or for the oldest transaction that is still
// open; never this machine's clock, which is another one.
penstock::Horizon VisitsSource::horizon(const Call& call, const penstock::Table& table, const penstock::Cursor& cursor) {
  check_table(table);
  check_cursor(cursor);
  int64_t newest = std::numeric_limits<int64_t>::min();  // nothing there: before everything
  Visit visit;
  VisitsFile file(path_);
  for (int64_t line = 0; file.next(visit); ++line) {
    if (line % kLinesPerCheck == 0) call.check();
    if (visit.visited_at) newest = std::max(newest, *visit.visited_at * 1000);
  }
  int64_t ordinal = newest;
  if (__builtin_sub_overflow(newest, cursor.lag_ns, &ordinal)) ordinal = std::numeric_limits<int64_t>::min();
  return {.position = {.ordinal = ordinal, .detail = {}, .text = time_text(ordinal)},
          .guarantee = PENSTOCK_CLASS_B,
          .why = "the newest visit in the file less the lag: whoever writes an older one later is not noticed",
          .holder = {}};
}

std::vector<std::string> VisitsSource::plan(const Call&, const penstock::Scan& scan, penstock::ScanInfo& info) {
  check_table(scan.table);
  check_cursor(scan.cursor);
  columns_named(scan.columns);
  info.statement = "read " + path_ + ": visits " + (scan.since ? "after " + time_text(scan.since->ordinal) + " and " : "") + "up to " +
                   time_text(scan.until.ordinal);
  return {kWholeTable};
}

std::unique_ptr<penstock::RowStream> VisitsSource::scan(const Call& call, const penstock::Scan& scan, const std::string& partition,
                                                        penstock::ScanInfo& info) {
  plan(call, scan, info);
  if (partition != kWholeTable) throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "the partition is not one that this source gave out");
  // What the host need not do again. Not PENSTOCK_HONOURED_ORDER: the lines come as they stand in the file. A bit that is not true
  // loses rows; without any of them the host does it all.
  info.honoured = PENSTOCK_HONOURED_COLUMNS | PENSTOCK_HONOURED_SINCE | PENSTOCK_HONOURED_UNTIL | PENSTOCK_HONOURED_NULL_CURSOR;
  return std::make_unique<VisitStream>(call, path_, scan);
}

}  // namespace connector
