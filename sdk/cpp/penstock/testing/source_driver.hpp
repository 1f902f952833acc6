// Drives a source connector through the C ABI and shows what it delivers as text.
//
//   penstock::testing::SourceDriver source(*penstock::source<MySource>(), {{"path", "x"}});
//   EXPECT_EQ(source.scan({.table = {.table = "t"}, .columns = {"id"}}), (penstock::testing::TextRows{{"1"}, {"2"}}));
#pragma once

#include <penstock/testing/c_scan.hpp>
#include <penstock/testing/caller.hpp>
#include <penstock/testing/value_text.hpp>

#include <optional>

namespace penstock::testing {

using TextRows = std::vector<std::vector<std::string>>;

struct HorizonResult {
  int64_t ordinal = 0;
  std::string text, detail, why, holder;
  int32_t guarantee = 0;
};

struct PlanResult {
  std::vector<std::string> tokens;
  std::string statement;
  int64_t rows_estimate = -1;
  int64_t cursor_unit_ns = 0;
  std::string advice = {};
};

// A scan in progress, with the call that belongs to it. It must end before its SourceDriver.
class ScanDriver {
 public:
  explicit ScanDriver(const HostShape& shape = {}) : call(shape), caller_(shape) {}
  ScanDriver(const ScanDriver&) = delete;
  ScanDriver& operator=(const ScanDriver&) = delete;
  // A violation that nobody has seen ends the program: a destructor cannot throw.
  ~ScanDriver() {
    detail::end_or_abort([&] { release(); });
  }

  // Releases the stream, if there is one. Throws ContractViolated.
  void release() {
    if (stream_.release == nullptr) return;
    caller_.run([&] { stream_.release(&stream_); });
    if (stream_.release != nullptr) call.violate("the stream's release did not set release to NULL");
    stream_.release = nullptr;
    call.end();
    caller_.check(call);
  }

  // The columns of the batches.
  const Schema& schema() const { return schema_; }

  // The next batch as text, or nothing at the end. Throws CallFailed, ContractViolated.
  std::optional<TextRows> next() {
    ArrowArray array{};
    if (!next_array(&array)) return std::nullopt;
    TextRows rows;
    const BatchView batch(schema_, array);
    for (int64_t row = 0; row < batch.rows(); ++row) {
      auto& cells = rows.emplace_back();
      for (size_t column = 0; column < batch.columns(); ++column) cells.push_back(value_text(batch[column], row));
    }
    array.release(&array);
    return rows;
  }

  // The next batch unread: its length, or -1 at the end. Throws CallFailed, ContractViolated.
  int64_t next_length() {
    ArrowArray array{};
    if (!next_array(&array)) return -1;
    const int64_t length = array.length;
    array.release(&array);
    return length;
  }

  // The next batch, which the caller releases; false at the end. Throws CallFailed, ContractViolated.
  bool next_array(ArrowArray* array) {
    int result = 0;
    caller_.run([&] { result = stream_.get_next(&stream_, array); });
    require_ok(result);
    return array->release != nullptr;
  }

  FakeCall call;
  uint32_t honoured = 0;
  int64_t rows_estimate = -1;
  int64_t cursor_unit_ns = 0;
  std::string statement;

 private:
  friend class SourceDriver;

  void require_ok(int result) {
    if (result == 0) return caller_.check(call);
    const char* const text = stream_.get_last_error(&stream_);
    const RecordedError error = call.error();
    if (text == nullptr || text != error.message) call.violate("the stream's last error is not the one that was reported");
    caller_.finish(call, error.status != PENSTOCK_STATUS_OK ? error.status : PENSTOCK_STATUS_INTERNAL);
  }

  void read_schema() {
    ArrowSchema schema{};
    int result = 0;
    caller_.run([&] { result = stream_.get_schema(&stream_, &schema); });
    require_ok(result);
    schema_ = schema_from(schema);
    schema.release(&schema);
  }

  Caller caller_;
  ArrowArrayStream stream_{};
  Schema schema_;
};

// An opened connector, of which `component` is the static description. Every function throws CallFailed with what the connector
// reported, or ContractViolated. Functions that take a call use it in place of a new one, so that a test can cancel it.
class SourceDriver {
 public:
  SourceDriver(const penstock_component& component, const std::map<std::string, std::string>& options, FakeCall& call,
               const HostShape& shape = {})
      : SourceDriver(component, options, shape, &call) {}
  explicit SourceDriver(const penstock_component& component, const std::map<std::string, std::string>& options = {},
                        const HostShape& shape = {})
      : SourceDriver(component, options, shape, nullptr) {}
  SourceDriver(const SourceDriver&) = delete;
  SourceDriver& operator=(const SourceDriver&) = delete;
  // A violation that nobody has seen ends the program: a destructor cannot throw.
  ~SourceDriver() {
    detail::end_or_abort([&] { close(); });
  }

  // Closes the connector; nothing else may be called afterwards. Throws ContractViolated.
  void close() {
    penstock_source* const closing = std::exchange(source_, nullptr);
    if (closing == nullptr) return;
    caller_.call("close", nullptr, {}, [&](penstock_call* c) { return vtab_->close(c, closing), PENSTOCK_STATUS_OK; });
  }

  void ping(FakeCall* call = nullptr) {
    caller_.call("ping", call, {}, [&](penstock_call* c) { return vtab_->ping(c, source_); });
  }
  void ping(FakeCall& call) { ping(&call); }

  Schema describe(const TableSpec& spec, FakeCall* call = nullptr) {
    const CTable table(component_, spec, caller_.shape());
    ArrowSchema described{};
    caller_.call("describe", call, {}, [&](penstock_call* c) { return vtab_->describe(c, source_, table.get(), &described); });
    Schema schema = schema_from(described);
    described.release(&described);
    return schema;
  }

  // "database.schema.table" of each.
  std::vector<std::string> list_tables(FakeCall* call = nullptr) {
    std::vector<std::string> tables;
    const auto add = [](void* context, penstock_str database, penstock_str schema, penstock_str table) -> penstock_status {
      static_cast<std::vector<std::string>*>(context)->push_back(std::string(to_view(database)) + "." + std::string(to_view(schema)) +
                                                                 "." + std::string(to_view(table)));
      return PENSTOCK_STATUS_OK;
    };
    caller_.call("list_tables", call, {}, [&](penstock_call* c) { return vtab_->list_tables(c, source_, add, &tables); });
    return tables;
  }

  HorizonResult horizon(const TableSpec& spec, const CursorSpec& cursor = {}, FakeCall* call = nullptr) {
    const CTable table(component_, spec, caller_.shape());
    const CCursor c_cursor(cursor, caller_.shape());
    FakePositionOut position(caller_.shape());
    FakeBuffer why, holder;
    HostStruct<penstock_horizon> out(caller_.shape(), {0, 0, position.get(), why.get(), holder.get()});
    caller_.call("horizon", call, {&position.detail, &position.text, &why, &holder},
                 [&](penstock_call* c) { return vtab_->horizon(c, source_, table.get(), c_cursor.get(), out.get()); });
    require_intact("horizon", out, position.out);
    return {position.ordinal(), position.text.bytes, position.detail.bytes, why.bytes, holder.bytes, out.value().guarantee};
  }

  PlanResult plan(const ScanSpec& spec, FakeCall* call = nullptr) {
    const CScan scan(component_, spec, caller_.shape());
    PlanResult result;
    FakeBuffer statement, advice;
    HostStruct<penstock_scan_info> info(caller_.shape(), {0, 0, -1, statement.get(), 0, advice.get()});
    const auto add = [](void* context, penstock_bytes token) -> penstock_status {
      static_cast<PlanResult*>(context)->tokens.emplace_back(to_view(token));
      return PENSTOCK_STATUS_OK;
    };
    caller_.call("plan", call, {&statement, &advice},
                 [&](penstock_call* c) { return vtab_->plan(c, source_, scan.get(), add, &result, info.get()); });
    require_intact("plan", info);
    result.statement = statement.bytes;
    result.rows_estimate = info.value().rows_estimate;
    result.cursor_unit_ns = info.value().cursor_unit_ns;
    result.advice = advice.bytes;
    return result;
  }

  // Starts a scan of the partition in `scan`, with its call. A ScanDriver is used once.
  void start(const ScanSpec& spec, ScanDriver& out, const std::string& partition = {}) {
    const CScan scan(component_, spec, caller_.shape());
    FakeBuffer statement;
    HostStruct<penstock_scan_info> info(caller_.shape(), {0, 0, -1, statement.get(), 0, nullptr});
    caller_.start_call("scan", out.call, {&statement}, [&](penstock_call* c) {
      return vtab_->scan(c, source_, scan.get(), to_bytes(partition), &out.stream_, info.get());
    });
    require_intact("scan", info);
    const penstock_scan_info filled = info.value();
    out.honoured = filled.honoured;
    out.rows_estimate = filled.rows_estimate;
    out.cursor_unit_ns = filled.cursor_unit_ns;
    out.statement = statement.bytes;
    out.read_schema();
  }

  // All rows of a scan of the partition as text.
  TextRows scan(const ScanSpec& spec, const std::string& partition = {}) {
    ScanDriver scan(caller_.shape());
    start(spec, scan, partition);
    TextRows rows;
    while (auto batch = scan.next()) {
      if (static_cast<int64_t>(batch->size()) > spec.batch_rows) throw ContractViolated({"scan: a batch is longer than asked for"});
      rows.insert(rows.end(), batch->begin(), batch->end());
    }
    scan.release();
    return rows;
  }

  // The vtable of an optional feature, or NULL.
  const void* extension(const char* id) const { return vtab_->get_extension(source_, id); }

  // Everything that was logged or reported so far, but for scans.
  const std::string& said() const { return caller_.said(); }

 private:
  SourceDriver(const penstock_component& component, const std::map<std::string, std::string>& options, const HostShape& shape,
               FakeCall* call)
      : component_(component), vtab_(static_cast<const penstock_source_vtab*>(component.vtab)), caller_(shape) {
    const FakeOptions given(component.options, component.n_options, options, shape);
    caller_.call("open", call, {}, [&](penstock_call* c) { return vtab_->open(c, given.get(), &source_); });
  }

  const penstock_component& component_;
  const penstock_source_vtab* vtab_;
  Caller caller_;
  penstock_source* source_ = nullptr;
};

}  // namespace penstock::testing
