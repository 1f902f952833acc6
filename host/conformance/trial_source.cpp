#include "conformance/trial_source.hpp"

#include "batch/batch.hpp"
#include "plugin/schema_import.hpp"

#include <utility>

namespace penstock::host::conformance {
namespace {

using testing::CCursor;
using testing::CScan;
using testing::CTable;
using testing::HostStruct;

constexpr size_t kMaxTokens = 100'000;
constexpr size_t kMaxTables = 100'000;

penstock_status add_table(void* context, penstock_str database, penstock_str schema, penstock_str table) {
  auto& tables = *static_cast<std::vector<std::string>*>(context);
  if (tables.size() == kMaxTables) return PENSTOCK_STATUS_RESOURCE_EXHAUSTED;
  tables.push_back(std::string(to_view(database)) + "." + std::string(to_view(schema)) + "." + std::string(to_view(table)));
  return PENSTOCK_STATUS_OK;
}

penstock_status add_token(void* context, penstock_bytes token) {
  auto& tokens = *static_cast<std::vector<std::string>*>(context);
  if (tokens.size() == kMaxTokens) return PENSTOCK_STATUS_RESOURCE_EXHAUSTED;
  tokens.emplace_back(to_view(token));
  return PENSTOCK_STATUS_OK;
}

}  // namespace

ScanSubject::ScanSubject(Session& session)
    : given_(session.trial().table_options()), options_(OptionSet(given_.get()), session.shape()), keys_(session.trial().quirks().keys) {
  const Quirks& quirks = session.trial().quirks();
  const BatchSource& source = session.trial().batch_source();
  table_ = {source.schema, source.table, source.query, source.database, {}, options_.get()};
  cursor_ = {source.timestamp_field, quirks.timezone, quirks.lag.count(),
             source.cursor == CursorKind::xid ? PENSTOCK_CURSOR_XID : PENSTOCK_CURSOR_TIMESTAMP};
}

ScanSpec ScanSubject::scan(const HorizonResult& until, std::vector<std::string> columns) const {
  ScanSpec spec;
  spec.table = table_;
  spec.cursor = cursor_;
  spec.columns = std::move(columns);
  spec.until = until.ordinal;
  spec.until_detail = until.detail;
  spec.keys = keys_;
  return spec;
}

Answer TrialScan::read_schema() {
  ArrowSchema schema{};
  const Answer answer = session_.within("get_schema", [&] { return stream_status(stream_.get_schema(&stream_, &schema)); }, call);
  if (!answer.ok()) return answer;
  auto imported = import_schema(&schema);
  if (!imported) session_.trial().stop("get_schema: " + imported.failure().message, "a stream has a schema that can be read");
  schema_ = std::move(*imported);
  return answer;
}

penstock_status TrialScan::stream_status(int code) const {
  if (code == 0) return PENSTOCK_STATUS_OK;
  const penstock_status reported = call.error().status;
  return reported == PENSTOCK_STATUS_OK ? PENSTOCK_STATUS_INTERNAL : reported;
}

Answer TrialScan::next_array(ArrowArray& array) {
  array = {};
  const Answer answer = session_.within("get_next", [&] { return stream_status(stream_.get_next(&stream_, &array)); }, call);
  if (!answer.ok()) {
    array.release = nullptr;
    return answer;
  }
  if (array.release == nullptr) return answer;
  if (const auto valid = validate_array(schema_, array); !valid) {
    array.release(&array);
    session_.trial().stop("get_next: " + valid.failure().message, "an array that fits the stream's schema");
  }
  return answer;
}

Answer TrialScan::next(TextRows& rows, bool& more) {
  ArrowArray array{};
  const Answer answer = next_array(array);
  more = answer.ok() && array.release != nullptr;
  if (!more) return answer;
  const BatchView batch(schema_, array);
  for (int64_t row = 0; row < batch.rows(); ++row) {
    auto& cells = rows.emplace_back();
    for (size_t column = 0; column < batch.columns(); ++column) cells.push_back(testing::value_text(batch[column], row));
  }
  array.release(&array);
  session_.expect_released("get_next", array);
  return answer;
}

Answer TrialScan::rest(TextRows& rows) {
  for (bool more = true;;) {
    const Answer answer = next(rows, more);
    if (!answer.ok() || !more) return answer;
  }
}

void TrialScan::release() {
  if (stream_.release == nullptr) return;
  session_.within("release", [&] { return stream_.release(&stream_), PENSTOCK_STATUS_OK; }, call);
  session_.expect_released("scan", stream_);
  stream_.release = nullptr;
  session_.end_call(call);
}

TrialSource::TrialSource(Session& session, const OptionSet& options, Answer& opened, FakeCall* call)
    : session_(session), vtab_(static_cast<const penstock_source_vtab*>(session.component().vtab)) {
  const ShapedOptions given(options, session.shape());
  opened = session_.call("open", [&](penstock_call* c) { return vtab_->open(c, given.get(), &source_); }, call);
  if (!opened.ok()) source_ = nullptr;
  else if (source_ == nullptr) session_.trial().stop("open answered OK without a source");
}

TrialSource::TrialSource(Session& session) : session_(session), vtab_(static_cast<const penstock_source_vtab*>(session.component().vtab)) {
  const ShapedOptions given(session.options(), session.shape());
  session_.require(session_.call("open", [&](penstock_call* c) { return vtab_->open(c, given.get(), &source_); }));
  if (source_ == nullptr) session_.trial().stop("open answered OK without a source");
}

void TrialSource::close() {
  penstock_source* const closing = std::exchange(source_, nullptr);
  if (closing != nullptr) session_.call("close", [&](penstock_call* c) { return vtab_->close(c, closing), PENSTOCK_STATUS_OK; });
}

Answer TrialSource::ping(FakeCall* call) {
  return session_.call("ping", [&](penstock_call* c) { return vtab_->ping(c, source_); }, call);
}

Answer TrialSource::describe(const TableSpec& spec, Schema& out, FakeCall* call) {
  const CTable table(session_.component(), spec, session_.shape());
  ArrowSchema schema{};
  const Answer answer = session_.call("describe", [&](penstock_call* c) { return vtab_->describe(c, source_, table.get(), &schema); }, call);
  if (!answer.ok()) return answer;
  auto imported = import_schema(&schema);
  if (!imported) session_.trial().stop("describe: " + imported.failure().message, "a schema that can be read");
  out = std::move(*imported);
  return answer;
}

Answer TrialSource::list_tables(std::vector<std::string>& out, FakeCall* call) {
  return session_.call("list_tables", [&](penstock_call* c) { return vtab_->list_tables(c, source_, add_table, &out); }, call);
}

Answer TrialSource::horizon(const TableSpec& spec, const CursorSpec& cursor, HorizonResult& out, FakeCall* call) {
  const CTable table(session_.component(), spec, session_.shape());
  const CCursor c_cursor(cursor, session_.shape());
  testing::FakePositionOut position(session_.shape());
  FakeBuffer why, holder;
  HostStruct<penstock_horizon> horizon(session_.shape(), {0, 0, position.get(), why.get(), holder.get()});
  const Answer answer = session_.call(
      "horizon", [&](penstock_call* c) { return vtab_->horizon(c, source_, table.get(), c_cursor.get(), horizon.get()); }, call,
      {&position.detail, &position.text, &why, &holder});
  session_.expect_intact("horizon", horizon, position.out);
  out = {position.ordinal(), position.text.bytes, position.detail.bytes, why.bytes, holder.bytes, horizon.value().guarantee};
  for (const std::string& text : {out.text, out.detail, out.why, out.holder}) session_.heard(text);
  return answer;
}

Answer TrialSource::plan(const ScanSpec& spec, PlanResult& out, FakeCall* call) {
  const CScan scan(session_.component(), spec, session_.shape());
  FakeBuffer statement, advice;
  HostStruct<penstock_scan_info> info(session_.shape(), {0, 0, -1, statement.get(), 0, advice.get()});
  out = {};
  const Answer answer = session_.call(
      "plan", [&](penstock_call* c) { return vtab_->plan(c, source_, scan.get(), add_token, &out.tokens, info.get()); }, call,
      {&statement, &advice});
  session_.expect_intact("plan", info);
  out.statement = statement.bytes;
  out.rows_estimate = info.value().rows_estimate;
  out.cursor_unit_ns = info.value().cursor_unit_ns;
  out.advice = advice.bytes;
  for (const std::string& token : out.tokens) session_.heard(token);
  session_.heard(out.statement);
  session_.heard(out.advice);
  return answer;
}

Answer TrialSource::start(const ScanSpec& spec, const std::string& token, TrialScan& out) {
  const CScan scan(session_.component(), spec, session_.shape());
  FakeBuffer statement;
  HostStruct<penstock_scan_info> info(session_.shape(), {0, 0, -1, statement.get(), 0, nullptr});
  const Answer answer = session_.start_call(
      "scan", [&](penstock_call* c) { return vtab_->scan(c, source_, scan.get(), to_bytes(token), &out.stream_, info.get()); }, out.call, {&statement});
  session_.expect_intact("scan", info);
  out.statement = statement.bytes;
  session_.heard(out.statement);
  if (!answer.ok()) {
    out.stream_ = {};
    session_.end_call(out.call);
    return answer;
  }
  const ArrowArrayStream& stream = out.stream_;
  if (stream.get_schema == nullptr || stream.get_next == nullptr || stream.get_last_error == nullptr || stream.release == nullptr) {
    out.stream_ = {};
    session_.trial().stop("scan answered OK, and the stream lacks a function");
  }
  out.honoured = info.value().honoured;
  out.rows_estimate = info.value().rows_estimate;
  out.cursor_unit_ns = info.value().cursor_unit_ns;
  return out.read_schema();
}

Schema TrialSource::describe(const TableSpec& spec) {
  Schema schema;
  session_.require(describe(spec, schema));
  return schema;
}

HorizonResult TrialSource::horizon(const TableSpec& spec, const CursorSpec& cursor) {
  HorizonResult result;
  session_.require(horizon(spec, cursor, result));
  return result;
}

PlanResult TrialSource::plan(const ScanSpec& spec) {
  PlanResult result;
  session_.require(plan(spec, result));
  return result;
}

TextRows TrialSource::read(const ScanSpec& spec) {
  TextRows rows;
  for (const std::string& token : plan(spec).tokens) {
    TrialScan scan(session_);
    session_.require(start(spec, token, scan));
    session_.require(scan.rest(rows));
  }
  return rows;
}

std::vector<std::string> names_of(const Schema& schema) {
  std::vector<std::string> names;
  for (const Field& field : schema) names.push_back(field.name);
  return names;
}

}  // namespace penstock::host::conformance
