#include "stream.hpp"

#include "fingerprint.hpp"
#include "timestamp.hpp"

#include <algorithm>
#include <limits>

namespace penstock::files {
namespace {

constexpr int64_t kDefaultBatchRows = 8192;
constexpr int64_t kDefaultBatchBytes = 4 << 20;
constexpr int64_t kMaxBatchBytes = 512 << 20;  // with the largest row still below the 2 GiB of 32-bit offsets
constexpr uint64_t kRowsBetweenChecks = 4096;

int64_t saturated(int64_t seconds, int64_t nanoseconds) {
  int64_t ns = 0;
  if (__builtin_mul_overflow(seconds, int64_t{1'000'000'000}, &ns) || __builtin_add_overflow(ns, nanoseconds, &ns))
    return seconds < 0 ? std::numeric_limits<int64_t>::min() : std::numeric_limits<int64_t>::max();
  return ns;
}

}  // namespace

CursorClock::CursorClock(const Column& column, const std::string& zone_name, size_t max_bytes)
    : column_(column.name), zone_name_(zone_name), reader_(column.type, max_bytes) {
  const ColumnType& type = column.type;
  if (type.list || (!type.is_timestamp() && type.type != Type::date32 && type.type != Type::utf8))
    throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT,
                "cursor column \"" + column_ + "\" is declared as " + describe_type(type) +
                    ": declare it in \"types\" as timestamp, timestamp_naive, date or one of epoch_s, _ms, _us, _ns");
}

int64_t CursorClock::from_local(int64_t seconds, int64_t nanoseconds) {
  if (!zone_) {
    if (zone_name_.empty())
      throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT,
                  "cursor column \"" + column_ + "\" has timestamps without an offset: set timezone on the view");
    zone_.emplace(zone_name_);
  }
  return saturated(zone_->to_utc(seconds), nanoseconds);
}

const char* CursorClock::read(const Cell& cell, int64_t& ns) {
  if (const char* problem = reader_.read(cell); problem != nullptr) return problem;
  const ColumnType& type = reader_.type();
  const int64_t value = reader_.scalar().integer;
  if (type.type == Type::date32) {
    ns = from_local(value * 86400, 0);
  } else if (type.type == Type::timestamp_us) {
    const int64_t seconds = value / 1'000'000 - (value % 1'000'000 < 0 ? 1 : 0);
    ns = saturated(seconds, (value - seconds * 1'000'000) * 1000);
  } else if (type.is_timestamp() && !type.naive) {
    ns = value;
  } else if (type.is_timestamp()) {
    const int64_t seconds = value / 1'000'000'000 - (value % 1'000'000'000 < 0 ? 1 : 0);
    ns = from_local(seconds, value - seconds * 1'000'000'000);
  } else {
    ParsedTime time;
    int32_t days = 0;
    if (parse_timestamp(reader_.text(), time))
      ns = time.has_offset ? saturated(time.seconds, time.nanoseconds) : from_local(time.seconds, time.nanoseconds);
    else if (parse_date(reader_.text(), days))
      ns = from_local(int64_t{days} * 86400, 0);
    else
      return reader_.text().empty() ? "empty text" : "text of another form";
  }
  return nullptr;
}

FileStream::FileStream(const Call& call, const Settings& settings, const TableSettings& table_settings, Format format,
                       const Scan& scan, const Columns& columns, const ReadBounds& bounds, std::vector<FileRange> ranges)
    : call_(call), settings_(settings), skip_bad_rows_(table_settings.on_bad_row == OnBadRow::skip), format_(format),
      ranges_(std::move(ranges)), builder_(Schema{}), include_null_cursor_(scan.include_null_cursor),
      batch_rows_(scan.batch_rows > 0 ? scan.batch_rows : kDefaultBatchRows),
      batch_bytes_(static_cast<size_t>(std::min(scan.batch_bytes > 0 ? scan.batch_bytes : kDefaultBatchBytes, kMaxBatchBytes))) {
  const auto want = [&](const std::string& name, const char* what) -> const Column& {
    const Column* column = columns.find(name);
    if (column == nullptr) throw Error(PENSTOCK_STATUS_NOT_FOUND, std::string(what) + " \"" + name + "\" is not in the files");
    return *column;
  };
  const auto slot_of = [&](const std::string& name) {
    const auto found = std::find(wanted_.begin(), wanted_.end(), name);
    if (found != wanted_.end()) return static_cast<size_t>(found - wanted_.begin());
    wanted_.push_back(name);
    return wanted_.size() - 1;
  };
  if (scan.columns.empty()) throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "the scan asks for no columns");
  const auto max_bytes = static_cast<size_t>(settings.max_field_bytes);
  for (const std::string& name : scan.columns) {
    const Column& column = want(name, "column");
    slots_.push_back(slot_of(name));
    readers_.emplace_back(column.type, max_bytes);
    schema_.push_back(field_of(name, column.type));
  }
  builder_ = BatchBuilder(schema_);
  const Column& cursor = want(scan.cursor.column, "cursor column");
  cursor_slot_ = slot_of(cursor.name);
  if (bounds.compares_since()) since_ns_ = scan.since->ordinal;
  if (!bounds.until) until_ns_ = scan.until.ordinal;
  if (since_ns_ || until_ns_) clock_.emplace(cursor, scan.cursor.timezone, max_bytes);
}

void FileStream::open_next() {
  const FileRange& range = ranges_[next_range_++];
  auto file = std::make_shared<const OpenFile>(range.file.path, range.file.id);
  if (file->status().st_size < range.to) throw changed_error(range.file.path, "was truncated after it was counted");
  current_.emplace(Current{&range, file, Input(file, 0, range.to, static_cast<size_t>(settings_.max_row_bytes)), nullptr});
  Input& input = current_->input;
  if (format_ == Format::csv) {
    const std::vector<std::string> header = read_csv_header(settings_, input, true);
    if (range.from > input.offset()) input.seek(range.from);
    current_->reader = csv_reader(settings_, input, header, wanted_, true);
  } else {
    skip_byte_order_mark(input);
    if (range.from > input.offset()) input.seek(range.from);
    current_->reader = json_reader(input, wanted_, true);
  }
}

// A file that was rewritten meanwhile gave rows that were never there together; one that was only appended to did not.
void FileStream::close_current() {
  const FileRange& range = *current_->range;
  const struct stat now = current_->file->status();
  if (ns_of(now.st_ctim) != range.file.ctime &&
      (now.st_size < range.to || fingerprint(call_, *current_->file, range.to, settings_.appended) != range.fingerprint))
    throw changed_error(range.file.path, "was rewritten while it was read");
  current_.reset();
}

bool FileStream::next(ArrowArray* out) {
  call_.check();
  bytes_in_batch_ = 0;
  while (builder_.rows() < batch_rows_ && bytes_in_batch_ < batch_bytes_) {
    if (!current_) {
      if (next_range_ == ranges_.size()) break;
      open_next();
    }
    if (!take_row()) close_current();
  }
  if (builder_.rows() == 0) {
    report_bad_rows();
    return false;
  }
  builder_.finish(out);
  return true;
}

bool FileStream::take_row() {
  if (++rows_seen_ % kRowsBetweenChecks == 0) call_.check();
  if (!current_->reader->next(row_)) return false;
  if (row_.problem != nullptr)
    bad_row(row_.problem, -1, {});
  else if (in_window(row_.offset))
    append_row();
  return true;
}

bool FileStream::in_window(int64_t offset) {
  const Cell& cell = row_.cells[cursor_slot_];
  if (cell.null) return include_null_cursor_;
  const bool test_since = since_ns_ && offset < current_->range->new_from;
  if (!test_since && !until_ns_) return true;
  int64_t ns = 0;
  if (const char* problem = clock_->read(cell, ns); problem != nullptr) {
    bad_row(problem, static_cast<int>(cursor_slot_), "a timestamp");
    return false;
  }
  return (!test_since || ns > *since_ns_) && (!until_ns_ || ns <= *until_ns_);
}

void FileStream::append_row() {
  for (size_t i = 0; i < readers_.size(); ++i)
    if (const char* problem = readers_[i].read(row_.cells[slots_[i]]); problem != nullptr) {
      bad_row(problem, static_cast<int>(slots_[i]), describe_type(readers_[i].type()));
      return;
    }
  for (size_t i = 0; i < readers_.size(); ++i) {
    readers_[i].append(builder_[i]);
    bytes_in_batch_ += row_.cells[slots_[i]].size + 8;
  }
}

void FileStream::bad_row(const char* problem, int column, const std::string& as_type) {
  if (skip_bad_rows_ && !row_.structure_lost && bad_rows_++ > 0) return;
  const std::string& path = current_->file->path();
  const std::string line = std::to_string(line_at(*current_->file, row_.offset));
  std::string message = path + " line " + line + ": ";
  if (column < 0)
    message += std::string("the row cannot be read: ") + problem;
  else
    message += "column \"" + wanted_[static_cast<size_t>(column)] + "\": " + problem + " cannot be read as " + as_type;
  if (skip_bad_rows_ && !row_.structure_lost) {
    first_bad_row_ = message;
    return;
  }
  Error error(PENSTOCK_STATUS_INVALID_ARGUMENT, message);
  error.detail("file", path).detail("line", line);
  if (column >= 0) error.detail("column", wanted_[static_cast<size_t>(column)]);
  throw error;
}

void FileStream::report_bad_rows() {
  if (bad_rows_ == 0) return;
  call_.metric("bad_rows", static_cast<double>(bad_rows_));
  call_.warn("skipped " + std::to_string(bad_rows_) + (bad_rows_ == 1 ? " row" : " rows") + " that cannot be read; " +
             (bad_rows_ == 1 ? "it is " : "the first is ") + first_bad_row_);
  bad_rows_ = 0;
}

}  // namespace penstock::files
