#include "support/fake_source.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <poll.h>

namespace penstock::test {
namespace {

using namespace host;

class FakeStream final : public BatchStream {
 public:
  FakeStream(FakeWarehouse& warehouse, CallLimits limits, std::vector<Row> rows, uint32_t honoured, int64_t batch_rows)
      : warehouse_(warehouse), limits_(std::move(limits)), schema_(std::make_shared<const Schema>(warehouse.schema)), rows_(std::move(rows)),
        honoured_(honoured), batch_rows_(static_cast<size_t>(batch_rows)) {}

  const Schema& schema() const override { return *schema_; }
  uint32_t honoured() const override { return honoured_; }
  int64_t rows_estimate() const override { return static_cast<int64_t>(rows_.size()); }
  int64_t cursor_unit_ns() const override { return warehouse_.cursor_unit_ns; }
  Result<std::optional<Batch>> next() override {
    if (auto failure = warehouse_.enter("next", limits_)) return *failure;
    if (at_ == rows_.size()) return std::optional<Batch>();
    const size_t end = std::min(at_ + batch_rows_, rows_.size());
    std::vector<Row> rows(rows_.begin() + static_cast<ptrdiff_t>(at_), rows_.begin() + static_cast<ptrdiff_t>(end));
    at_ = end;
    return std::optional(make_batch(schema_, rows));
  }

 private:
  FakeWarehouse& warehouse_;
  const CallLimits limits_;
  const std::shared_ptr<const Schema> schema_;
  const std::vector<Row> rows_;
  const uint32_t honoured_;
  const size_t batch_rows_;
  size_t at_ = 0;
};

bool delivered(const Cell& cursor, const ScanRequest& request, uint32_t honoured) {
  if (cursor == null) return request.include_null_cursor || (honoured & PENSTOCK_HONOURED_NULL_CURSOR) == 0;
  const int64_t at = std::get<int64_t>(cursor.value);
  if ((honoured & PENSTOCK_HONOURED_SINCE) != 0 && request.since && at <= request.since->ordinal) return false;
  return (honoured & PENSTOCK_HONOURED_UNTIL) == 0 || at <= request.until.ordinal;
}

}  // namespace

std::optional<Failure> FakeWarehouse::enter(std::string_view call, const CallLimits& limits) {
  if (log) log->add("source." + std::string(call));
  if (before_call) before_call(call, limits);
  if (limits.cancel && limits.cancel->cancelled()) return Failure{PENSTOCK_STATUS_CANCELLED, PENSTOCK_RETRY_SAFE, "cancelled"};
  return fail ? fail(call) : std::nullopt;
}

Result<Schema> FakeSource::describe(const CallLimits& limits, const TableRef&) {
  if (auto failure = warehouse_.enter("describe", limits)) return *failure;
  return warehouse_.schema;
}

Result<Horizon> FakeSource::horizon(const CallLimits& limits, const TableRef&, const CursorRef&) {
  if (auto failure = warehouse_.enter("horizon", limits)) return *failure;
  return warehouse_.horizon;
}

Result<ScanPlan> FakeSource::plan(const CallLimits& limits, const ScanRequest& request) {
  if (auto failure = warehouse_.enter("plan", limits)) return *failure;
  warehouse_.scans.push_back(request);
  ScanPlan plan{{}, "SELECT", warehouse_.cursor_unit_ns};
  for (size_t i = 0; i < warehouse_.partitions.size(); ++i) plan.partitions.push_back(std::to_string(i));
  return plan;
}

Result<std::unique_ptr<BatchStream>> FakeSource::scan(const CallLimits& limits, const ScanRequest& request, const std::string& partition) {
  if (auto failure = warehouse_.enter("scan", limits)) return *failure;
  const size_t index = std::stoul(partition), count = warehouse_.partitions.size();
  const uint32_t honoured = warehouse_.partitions.at(index);
  std::vector<Row> rows;
  for (size_t i = index; i < warehouse_.rows.size(); i += count)
    if (delivered(warehouse_.rows[i].at(warehouse_.cursor), request, honoured)) rows.push_back(warehouse_.rows[i]);
  const int64_t batch_rows = std::min(request.batch_rows, warehouse_.max_batch_rows);
  return std::unique_ptr<BatchStream>(std::make_unique<FakeStream>(warehouse_, limits, std::move(rows), honoured, batch_rows));
}

void wait_until_cancelled(const CallLimits& limits) {
  ASSERT_TRUE(limits.cancel) << "nobody can cancel this call";
  pollfd fd{limits.cancel->fd(), POLLIN, 0};
  EXPECT_EQ(poll(&fd, 1, 10'000), 1) << "the call was never cancelled";
}

}  // namespace penstock::test
