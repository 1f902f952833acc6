#include "conformance/source_scene.hpp"

#include "base/time_text.hpp"
#include "plugin/printable.hpp"

#include <algorithm>

namespace penstock::host::conformance {
namespace {

constexpr size_t kMaxRows = 100'000;
constexpr size_t kMaxCell = 60;

bool is_naive(const Field& field) { return field.type >= Type::timestamp_s && field.type <= Type::timestamp_ns && field.timezone.empty(); }

// How many ns one of the column's numbers counts; 0: it is no time.
int64_t unit_of(const Field& field, int64_t unit_ns) {
  switch (field.type) {
    case Type::date32: return 86'400'000'000'000;
    case Type::timestamp_s: return 1'000'000'000;
    case Type::timestamp_ms: return 1'000'000;
    case Type::timestamp_us: return 1000;
    case Type::timestamp_ns: return 1;
    default: return unit_ns;
  }
}

std::optional<int64_t> number_in(const ColumnView& column, int64_t row) {
  switch (column.field().type) {
    case Type::int8: return column.value<int8_t>(row);
    case Type::int16: return column.value<int16_t>(row);
    case Type::date32:
    case Type::int32: return column.value<int32_t>(row);
    case Type::uint8: return column.value<uint8_t>(row);
    case Type::uint16: return column.value<uint16_t>(row);
    case Type::uint32: return column.value<uint32_t>(row);
    case Type::uint64:
    case Type::int64:
    case Type::timestamp_s:
    case Type::timestamp_ms:
    case Type::timestamp_us:
    case Type::timestamp_ns: return column.value<int64_t>(row);
    default: return std::nullopt;
  }
}

size_t column_named(const Schema& schema, const std::string& name) {
  for (size_t i = 0; i < schema.size(); ++i)
    if (schema[i].name == name) return i;
  return schema.size();
}

}  // namespace

SourceScene::SourceScene(Trial& trial) : session(trial), source(session), subject(session) {
  trial.step("describe the table");
  described_ = source.describe(subject.table());
  columns_ = names_of(described_);
  cursor_ = column_named(described_, subject.cursor().column);
  if (cursor_ == described_.size()) trial.skip("the table has no column \"" + subject.cursor().column + "\", the batch source's timestamp_field");
  if (is_naive(cursor()) && !subject.cursor().timezone.empty()) {
    auto zone = TimeZone::find(subject.cursor().timezone);
    if (!zone) trial.skip("timezone: " + zone.failure().message);
    zone_ = *zone;
  }
  trial.step("ask for the horizon");
  horizon_ = source.horizon(subject.table(), subject.cursor());
}

ScanSpec SourceScene::whole() const {
  ScanSpec spec = subject.scan(horizon_, columns_);
  spec.include_null_cursor = true;
  return spec;
}

ScanSpec SourceScene::within(const Bounds& bounds) const {
  ScanSpec spec = whole();
  spec.since = bounds.since;
  if (bounds.until == horizon_.ordinal) return spec;
  spec.until = bounds.until;
  spec.until_detail.clear();
  return spec;
}

std::optional<int64_t> SourceScene::at_of(const ColumnView& column, int64_t row, int64_t unit_ns) const {
  if (column.is_null(row)) return std::nullopt;
  const auto number = number_in(column, row);
  if (!number) return std::nullopt;
  int64_t at = *number;
  if (!counts_time()) return at;
  const int64_t unit = unit_of(column.field(), unit_ns);
  if (unit == 0 || __builtin_mul_overflow(at, unit, &at)) return std::nullopt;
  return zone_ ? zone_->to_utc_ns(at) : at;
}

bool SourceScene::read_on(TrialScan& scan, std::vector<SeenRow>& rows, size_t most) {
  for (size_t i = 0; i < most; ++i) {
    ArrowArray array{};
    session.require(scan.next_array(array));
    if (array.release == nullptr) return false;
    const BatchView batch(scan.schema(), array);
    const size_t cursor = column_named(scan.schema(), subject.cursor().column);
    for (int64_t row = 0; row < batch.rows(); ++row) {
      SeenRow& seen = rows.emplace_back();
      for (size_t column = 0; column < batch.columns(); ++column) seen.cells.push_back(testing::value_text(batch[column], row));
      if (cursor < batch.columns()) seen.at = at_of(batch[cursor], row, scan.cursor_unit_ns);
    }
    array.release(&array);
    if (rows.size() > kMaxRows) session.trial().skip("the table has more than " + std::to_string(kMaxRows) + " rows: give the suite a smaller one");
  }
  return true;
}

SeenRows SourceScene::read(const ScanSpec& spec, TrialSource* by) {
  SeenRows seen;
  std::vector<std::string> tokens = source.plan(spec).tokens;
  if (by != nullptr) std::reverse(tokens.begin(), tokens.end());
  for (const std::string& token : tokens) {
    TrialScan scan(session);
    session.require((by == nullptr ? source : *by).start(spec, token, scan));
    seen.honoured &= scan.honoured;
    seen.partitions.push_back(seen.rows.size());
    read_on(scan, seen.rows);
  }
  return seen;
}

const SeenRows& SourceScene::everything() {
  if (everything_) return *everything_;
  session.trial().step("read the whole table");
  everything_ = read(whole());
  // Claimed or not, the host leaves out what lies beyond the horizon.
  if (counts_time()) std::erase_if(everything_->rows, [&](const SeenRow& row) { return row.at && *row.at > horizon_.ordinal; });
  if (everything_->rows.empty())
    session.trial().skip("no row comes up to the horizon, " + printable(std::string_view(horizon_.text), kMaxCell) + ": give the suite a table that has rows");
  return *everything_;
}

std::set<int64_t> SourceScene::values() {
  std::set<int64_t> values;
  for (const SeenRow& row : everything().rows)
    if (row.at) values.insert(*row.at);
  return values;
}

std::string row_text(const std::vector<std::string>& columns, const SeenRow& row) {
  std::string out = "{";
  for (size_t i = 0; i < row.cells.size(); ++i)
    out += (i == 0 ? "" : ", ") + (i < columns.size() ? columns[i] : "?") + " " + printable(std::string_view(row.cells[i]), kMaxCell);
  return out + "}";
}

std::string instant_text(int64_t at) { return std::to_string(at) + " (" + format_instant(at) + ")"; }

std::string bounds_text(const Bounds& bounds) {
  return (bounds.since ? "since " + instant_text(*bounds.since) : std::string("from the beginning")) + ", until " + instant_text(bounds.until);
}

}  // namespace penstock::host::conformance
