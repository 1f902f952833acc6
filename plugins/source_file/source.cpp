#include "source.hpp"

#include "stream.hpp"
#include "timestamp.hpp"

#include <cerrno>
#include <unistd.h>

namespace penstock::files {
namespace {

constexpr size_t kMaxDescribed = 10'000;  // tables remembered
constexpr size_t kFilesShown = 10;

std::string key_of(const Table& table) {
  std::string key = table.database + '\0' + table.schema + '\0' + table.table;
  for (const auto& [column, type] : FileSource::kTableOptions.read(table.options).types) key += '\0' + column + '\0' + type;
  return key;
}

ReadBounds bounds_of(const Call& call, const Settings& settings, const Scan& scan) {
  ReadBounds out;
  out.appended = settings.appended;
  if (scan.since) {
    out.since = decode_detail(scan.since->detail);
    // Everything again is too much, and never too little.
    out.from_the_beginning = !out.since && !scan.since->detail.empty();
    if (out.from_the_beginning) call.warn("the last position cannot be read: reading all files whole");
    out.look_back = out.since && scan.since->ordinal < out.since->ordinal;
  }
  if (!scan.until.detail.empty()) {
    out.until = decode_detail(scan.until.detail);
    if (!out.until) throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "the position to read up to is not one of this source");
  }
  return out;
}

std::string statement_for(const Scan& scan, const ReadBounds& bounds, const TableFiles& table,
                          const std::vector<FileRange>& ranges) {
  std::string out = "read " + std::to_string(ranges.size()) + " of " + std::to_string(table.files.size()) +
                    (table.files.size() == 1 ? " file" : " files") + " under " + table.path;
  for (size_t i = 0; i < ranges.size() && i < kFilesShown; ++i) {
    const FileRange& range = ranges[i];
    out += (i == 0 ? ": " : ", ") + range.file.path.substr(range.file.path.rfind('/') + 1);
    if (range.from > 0) out += " from byte " + std::to_string(range.from);
    out += " to byte " + std::to_string(range.to);
  }
  if (ranges.size() > kFilesShown) out += " and " + std::to_string(ranges.size() - kFilesShown) + " more";
  if (bounds.compares_since())
    out += bounds.since ? "; of what was read before, rows with " + scan.cursor.column + " after " +
                              format_timestamp(scan.since->ordinal)
                        : "; rows with " + scan.cursor.column + " after " + format_timestamp(scan.since->ordinal);
  if (!bounds.until) out += "; rows with " + scan.cursor.column + " up to " + format_timestamp(scan.until.ordinal);
  return out;
}

void check_cursor(const Cursor& cursor) {
  if (cursor.kind != PENSTOCK_CURSOR_TIMESTAMP)
    throw Error(PENSTOCK_STATUS_NOT_SUPPORTED, "files have no transaction ids: use cursor = \"timestamp\"");
}

}  // namespace

void FileSource::ping(const Call&) {
  struct stat s {};
  if (::stat(settings_.path.c_str(), &s) != 0) throw io_error(errno, "read", settings_.path);
  if (::access(settings_.path.c_str(), S_ISDIR(s.st_mode) ? R_OK | X_OK : R_OK) != 0)
    throw io_error(errno, "read", settings_.path);
}

std::vector<TableName> FileSource::list_tables(const Call&) { return files::list_tables(settings_); }

const Columns& FileSource::columns_of(const Call& call, const Table& table, const TableFiles& files, int64_t now_ns, bool again) {
  const std::string key = key_of(table);
  if (!again)
    if (const auto found = described_.find(key); found != described_.end()) return found->second;
  Columns columns = describe_columns(call, settings_, kTableOptions.read(table.options), files, now_ns);
  if (described_.size() >= kMaxDescribed) described_.clear();
  return described_[key] = std::move(columns);
}

Schema FileSource::describe(const Call& call, const Table& table) {
  const int64_t now_ns = realtime_ns();
  const TableFiles files = find_table(settings_, table);
  return columns_of(call, table, files, now_ns, true).schema();
}

Horizon FileSource::horizon(const Call& call, const Table& table, const Cursor& cursor) {
  check_cursor(cursor);
  const int64_t now_ns = realtime_ns();
  const TableFiles files = find_table(settings_, table);
  return Snapshot(call, settings_, files.format, now_ns, memory_).horizon(files);
}

FileSource::Plan FileSource::make_plan(const Call& call, const Scan& scan, ScanInfo& info) {
  check_cursor(scan.cursor);
  const int64_t now_ns = realtime_ns();
  Plan plan;
  plan.table = find_table(settings_, scan.table);
  plan.bounds = bounds_of(call, settings_, scan);
  Snapshot snapshot(call, settings_, plan.table.format, now_ns, memory_);
  plan.ranges = plan_reading(plan.bounds, plan.table, snapshot);
  plan.columns = columns_of(call, scan.table, plan.table, now_ns, false);
  info.honoured = PENSTOCK_HONOURED_COLUMNS | PENSTOCK_HONOURED_SINCE | PENSTOCK_HONOURED_UNTIL | PENSTOCK_HONOURED_NULL_CURSOR;
  int64_t bytes = 0;
  for (const FileRange& range : plan.ranges) bytes += range.to - range.from;
  if (plan.columns.bytes_per_row > 0)
    info.rows_estimate = static_cast<int64_t>(static_cast<double>(bytes) / plan.columns.bytes_per_row);
  info.statement = statement_for(scan, plan.bounds, plan.table, plan.ranges);
  return plan;
}

std::vector<std::string> FileSource::plan(const Call& call, const Scan& scan, ScanInfo& info) {
  make_plan(call, scan, info);
  return {std::string()};
}

std::unique_ptr<RowStream> FileSource::scan(const Call& call, const Scan& scan, const std::string& partition, ScanInfo& info) {
  if (!partition.empty()) throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "the partition is not one that this source gave out");
  Plan plan = make_plan(call, scan, info);
  return std::make_unique<FileStream>(call, settings_, kTableOptions.read(scan.table.options), plan.table.format, scan,
                                      plan.columns, plan.bounds, std::move(plan.ranges));
}

}  // namespace penstock::files
