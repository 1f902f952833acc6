#include "source.hpp"

#include <penstock/builder.hpp>

#include <algorithm>
#include <limits>
#include <tuple>

namespace penstock::sim {
namespace {

using namespace host;

Schema make_schema(bool xid) {
  const Field cursor = xid ? Field{.name = "at", .type = Type::int64} : instant("at", Type::timestamp_ns);
  return {{.name = "id", .type = Type::utf8}, cursor, instant("event", Type::timestamp_ns), {.name = "value", .type = Type::int64}};
}

class SimStream final : public BatchStream {
 public:
  SimStream(const Setup& setup, const Database& database, Hazards& hazards, std::vector<size_t> rows)
      : setup_(setup), database_(database), hazards_(hazards), rows_(std::move(rows)) {}

  const Schema& schema() const override { return table_schema(setup_); }
  uint32_t honoured() const override { return setup_.honoured; }
  int64_t rows_estimate() const override { return -1; }
  Result<std::optional<Batch>> next() override {
    if (auto failure = hazards_.source_failure()) return *failure;
    if (at_ == rows_.size()) return std::optional<Batch>();
    BatchBuilder builder(schema());
    for (int64_t n = 0; n < setup_.batch_rows && at_ < rows_.size(); ++n) {
      const Version& row = database_.versions()[rows_[at_++]];
      builder[0].append_bytes(std::string("e") + static_cast<char>('0' + row.entity));
      row.cursor ? builder[1].append(*row.cursor) : builder[1].append_null();
      builder[2].append(row.event);
      builder[3].append(row.value);
    }
    skip_to_next_page();
    ArrowArray array{};
    builder.finish(&array);
    static const auto kSchemas = std::array{std::make_shared<const Schema>(make_schema(false)), std::make_shared<const Schema>(make_schema(true))};
    return std::optional(Batch(kSchemas[setup_.cursor == Setup::Cursor::xid], &array));
  }

 private:
  // A source that pages continues after the last row, (cursor, row); this one has all of them at hand.
  void skip_to_next_page() {}

  const Setup& setup_;
  const Database& database_;
  Hazards& hazards_;
  const std::vector<size_t> rows_;
  size_t at_ = 0;
};

}  // namespace

const Schema& table_schema(const Setup& setup) {
  static const Schema kTimes = make_schema(false), kXids = make_schema(true);
  return setup.cursor == Setup::Cursor::xid ? kXids : kTimes;
}

Result<Schema> SimSource::describe(const CallLimits&, const TableRef&) {
  if (auto failure = hazards_.source_failure()) return *failure;
  return table_schema(setup_);
}

// The horizon comes first, the snapshot of the scan after it.
Result<Horizon> SimSource::horizon(const CallLimits&, const TableRef&, const CursorRef& cursor) {
  if (auto failure = hazards_.source_failure()) return *failure;
  int64_t bound = 0;
  switch (setup_.cursor) {
    case Setup::Cursor::database_time: bound = safe_bound(); break;
    case Setup::Cursor::application_time: bound = database_.clock() - cursor.lag_ns - setup_.tick_ns; break;
    case Setup::Cursor::xid: bound = database_.oldest_xid() - 1; break;
  }
  return Horizon{{bound, {}, std::to_string(bound)}, setup_.class_a() ? GuaranteeClass::a : GuaranteeClass::b, "as the simulation says", {}};
}

int64_t SimSource::safe_bound() {
  const int64_t latest = database_.clock() - setup_.margin_ns;
  const std::optional<int64_t> oldest = database_.oldest_start();
  int64_t bound = std::min(latest, oldest.value_or(latest)) - 1;
  if (database_.any_prepared())
    bound = last_bound_ ? std::min(*last_bound_, bound) : 0;
  else
    last_bound_ = bound;
  // A time on a tick may lie before the transaction's start.
  return setup_.tick_ns > 1 ? bound - setup_.tick_ns : bound;
}

void SimSource::take_snapshot() {
  snapshot_ = database_.snapshot();
  snapshot_event_ = event_;
}

Result<ScanPlan> SimSource::plan(const CallLimits&, const ScanRequest&) {
  if (auto failure = hazards_.source_failure()) return *failure;
  take_snapshot();
  return ScanPlan{{""}, {}};
}

Result<std::unique_ptr<BatchStream>> SimSource::scan(const CallLimits&, const ScanRequest& request, const std::string&) {
  if (auto failure = hazards_.source_failure()) return *failure;
  std::vector<size_t> rows;
  for (const size_t index : snapshot_) {
    const Version& row = database_.versions()[index];
    if (!row.cursor) {
      if (request.include_null_cursor || (setup_.honoured & PENSTOCK_HONOURED_NULL_CURSOR) == 0) rows.push_back(index);
      continue;
    }
    if ((setup_.honoured & PENSTOCK_HONOURED_SINCE) != 0 && request.since && *row.cursor <= request.since->ordinal) continue;
    if ((setup_.honoured & PENSTOCK_HONOURED_UNTIL) != 0 && *row.cursor > request.until.ordinal) continue;
    rows.push_back(index);
  }
  // By cursor and key, or in no order at all.
  const bool ordered = (setup_.honoured & PENSTOCK_HONOURED_ORDER) != 0;
  std::sort(rows.begin(), rows.end(), [&](size_t a, size_t b) {
    if (!ordered) return std::pair(a * 0x9e3779b9 % 1009, a) < std::pair(b * 0x9e3779b9 % 1009, b);
    const Version &x = database_.versions()[a], &y = database_.versions()[b];
    return std::tuple(x.cursor, x.entity, x.row) < std::tuple(y.cursor, y.entity, y.row);
  });
  return std::unique_ptr<BatchStream>(std::make_unique<SimStream>(setup_, database_, hazards_, std::move(rows)));
}

}  // namespace penstock::sim
