#include "support/source_driver.hpp"

#include <charconv>
#include <cstdio>

namespace penstock::test {
namespace {

penstock_str borrowed(const std::string& text) { return {text.data(), text.size()}; }

void require_ok(penstock_status status, const FakeCall& call) {
  if (status == PENSTOCK_STATUS_OK) return;
  RecordedError error = call.error();
  if (error.status != status)
    throw std::logic_error("the status returned is not the one that was reported: " + error.message);
  throw SourceFailure(std::move(error));
}

// The C structs of a scan, pointing into the spec.
class CScan {
 public:
  CScan(const penstock_component& component, const ScanSpec& spec)
      : table_(component, spec.table), cursor_(c_cursor(spec.cursor)) {
    for (const std::string& column : spec.columns) columns_.push_back(borrowed(column));
    for (const std::string& key : spec.keys) keys_.push_back(borrowed(key));
    since_.ordinal = spec.since.value_or(0);
    since_.detail = {reinterpret_cast<const uint8_t*>(spec.since_detail.data()), spec.since_detail.size()};
    until_.ordinal = spec.until;
    scan_ = {.struct_size = sizeof(penstock_scan),
             .null_cursor = spec.include_null_cursor ? PENSTOCK_NULL_CURSOR_INCLUDE : PENSTOCK_NULL_CURSOR_EXCLUDE,
             .table = &table_.table,
             .cursor = &cursor_,
             .since = spec.since ? &since_ : nullptr,
             .until = &until_,
             .columns = columns_.data(),
             .n_columns = columns_.size(),
             .key_columns = keys_.data(),
             .n_key_columns = keys_.size(),
             .batch_rows = spec.batch_rows,
             .batch_bytes = spec.batch_bytes};
  }
  CScan(const CScan&) = delete;
  CScan& operator=(const CScan&) = delete;

  const penstock_scan* get() const { return &scan_; }

  static penstock_cursor c_cursor(const CursorSpec& spec) {
    return {sizeof(penstock_cursor), spec.kind, borrowed(spec.column), borrowed(spec.timezone), spec.lag_ns};
  }

  struct CTable {
    CTable(const penstock_component& component, const TableSpec& spec)
        : options(component.table_options, component.n_table_options, spec.options), table{sizeof(penstock_table),
                                                                                           0,
                                                                                           borrowed(spec.database),
                                                                                           borrowed(spec.schema),
                                                                                           borrowed(spec.table),
                                                                                           borrowed(spec.query),
                                                                                           options.get()} {}
    FakeOptions options;
    penstock_table table;
  };

 private:
  CTable table_;
  penstock_cursor cursor_;
  penstock_position since_{sizeof(penstock_position), 0, 0, {}, {}};
  penstock_position until_{sizeof(penstock_position), 0, 0, {}, {}};
  std::vector<penstock_str> columns_, keys_;
  penstock_scan scan_{};
};

template <class Float>
std::string shortest(Float value) {
  char text[64];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

std::string hexadecimal(std::string_view bytes) {
  std::string out = "\\x";
  char digits[3];
  for (const char byte : bytes) {
    std::snprintf(digits, sizeof digits, "%02x", static_cast<unsigned>(static_cast<uint8_t>(byte)));
    out += digits;
  }
  return out;
}

std::string value_text(const ColumnView& column, int64_t row);

std::string list_text(const ColumnView& column, int64_t row) {
  const auto [begin, end] = column.list_range(row);
  const ColumnView items = column.items();
  std::string out = "[";
  for (int64_t i = begin; i < end; ++i) out += (i == begin ? "" : ", ") + value_text(items, i);
  return out + "]";
}

std::string value_text(const ColumnView& column, int64_t row) {
  if (column.is_null(row)) return "NULL";
  switch (column.field().type) {
    case Type::boolean: return column.value<bool>(row) ? "true" : "false";
    case Type::int8: return std::to_string(column.value<int8_t>(row));
    case Type::int16: return std::to_string(column.value<int16_t>(row));
    case Type::int32:
    case Type::date32: return std::to_string(column.value<int32_t>(row));
    case Type::uint8: return std::to_string(column.value<uint8_t>(row));
    case Type::uint16: return std::to_string(column.value<uint16_t>(row));
    case Type::uint32: return std::to_string(column.value<uint32_t>(row));
    case Type::uint64: return std::to_string(column.value<uint64_t>(row));
    case Type::float32: return shortest(column.value<float>(row));
    case Type::float64: return shortest(column.value<double>(row));
    case Type::utf8: return std::string(column.bytes(row));
    case Type::binary:
    case Type::fixed_binary:
    case Type::decimal128: return hexadecimal(column.bytes(row));
    case Type::list: return list_text(column, row);
    case Type::null: return "NULL";
    default: return std::to_string(column.value<int64_t>(row));
  }
}

}  // namespace

void OpenScan::release() {
  if (stream_.release != nullptr) stream_.release(&stream_);
}

bool OpenScan::next_array(ArrowArray* array) {
  const int result = stream_.get_next(&stream_, array);
  if (result == 0) return array->release != nullptr;
  const char* text = stream_.get_last_error(&stream_);
  if (text == nullptr || text != call.error().message)
    throw std::logic_error("the stream's error is not the one reported");
  throw SourceFailure(call.error());
}

std::optional<Rows> OpenScan::next() {
  ArrowArray array{};
  if (!next_array(&array)) return std::nullopt;
  Rows rows;
  const BatchView batch(schema_, array);
  for (int64_t row = 0; row < batch.rows(); ++row) {
    auto& cells = rows.emplace_back();
    for (size_t column = 0; column < batch.columns(); ++column) cells.push_back(value_text(batch[column], row));
  }
  array.release(&array);
  return rows;
}

int64_t OpenScan::next_length() {
  ArrowArray array{};
  if (!next_array(&array)) return -1;
  const int64_t length = array.length;
  array.release(&array);
  return length;
}

OpenSource::OpenSource(const penstock_component& component, const std::map<std::string, std::string>& options,
                       FakeCall& call)
    : component_(component), vtab_(static_cast<const penstock_source_vtab*>(component.vtab)) {
  const FakeOptions given(component.options, component.n_options, options);
  require_ok(vtab_->open(call.get(), given.get(), &source_), call);
}

OpenSource::OpenSource(const penstock_component& component, const std::map<std::string, std::string>& options)
    : component_(component), vtab_(static_cast<const penstock_source_vtab*>(component.vtab)) {
  FakeCall call;
  const FakeOptions given(component.options, component.n_options, options);
  require_ok(vtab_->open(call.get(), given.get(), &source_), call);
}

OpenSource::~OpenSource() {
  FakeCall call;
  vtab_->close(call.get(), source_);
}

void OpenSource::ping() {
  FakeCall call;
  ping(call);
}

void OpenSource::ping(FakeCall& call) { require_ok(vtab_->ping(call.get(), source_), call); }

Schema OpenSource::describe(const TableSpec& spec) {
  FakeCall call;
  const CScan::CTable table(component_, spec);
  ArrowSchema described{};
  require_ok(vtab_->describe(call.get(), source_, &table.table, &described), call);
  Schema schema = schema_from(described);
  described.release(&described);
  return schema;
}

std::vector<std::string> OpenSource::list_tables() {
  FakeCall call;
  std::vector<std::string> tables;
  const auto add = [](void* context, penstock_str database, penstock_str schema,
                      penstock_str table) -> penstock_status {
    static_cast<std::vector<std::string>*>(context)->push_back(
        std::string(to_view(database)) + "." + std::string(to_view(schema)) + "." + std::string(to_view(table)));
    return PENSTOCK_STATUS_OK;
  };
  require_ok(vtab_->list_tables(call.get(), source_, add, &tables), call);
  return tables;
}

HorizonResult OpenSource::horizon(const TableSpec& spec, const CursorSpec& cursor) {
  FakeCall call;
  const CScan::CTable table(component_, spec);
  const penstock_cursor c_cursor = CScan::c_cursor(cursor);
  FakePositionOut position;
  FakeBuffer why, holder;
  penstock_horizon out{sizeof(penstock_horizon), 0, &position.out, why.get(), holder.get()};
  require_ok(vtab_->horizon(call.get(), source_, &table.table, &c_cursor, &out), call);
  return {position.out.ordinal, position.text.bytes, position.detail.bytes, why.bytes, holder.bytes, out.guarantee};
}

PlanResult OpenSource::plan(const ScanSpec& spec) {
  FakeCall call;
  const CScan scan(component_, spec);
  PlanResult result;
  FakeBuffer statement, advice;
  penstock_scan_info info{sizeof(penstock_scan_info), 0, -1, statement.get(), 0, advice.get()};
  const auto add = [](void* context, penstock_bytes token) -> penstock_status {
    static_cast<PlanResult*>(context)->tokens.emplace_back(to_view(token));
    return PENSTOCK_STATUS_OK;
  };
  require_ok(vtab_->plan(call.get(), source_, scan.get(), add, &result, &info), call);
  result.statement = statement.bytes;
  result.rows_estimate = info.rows_estimate;
  result.cursor_unit_ns = info.cursor_unit_ns;
  result.advice = advice.bytes;
  return result;
}

void OpenSource::start(const ScanSpec& spec, OpenScan& out) {
  const CScan scan(component_, spec);
  FakeBuffer statement;
  penstock_scan_info info{sizeof(penstock_scan_info), 0, -1, statement.get(), 0, nullptr};
  require_ok(vtab_->scan(out.call.get(), source_, scan.get(), {}, &out.stream_, &info), out.call);
  out.honoured = info.honoured;
  out.rows_estimate = info.rows_estimate;
  out.cursor_unit_ns = info.cursor_unit_ns;
  out.statement = statement.bytes;
  ArrowSchema schema{};
  if (out.stream_.get_schema(&out.stream_, &schema) != 0) throw SourceFailure(out.call.error());
  out.schema_ = schema_from(schema);
  schema.release(&schema);
}

Rows OpenSource::scan(const ScanSpec& spec) {
  OpenScan scan;
  start(spec, scan);
  Rows rows;
  while (auto batch = scan.next()) {
    if (static_cast<int64_t>(batch->size()) > spec.batch_rows)
      throw std::logic_error("a batch is longer than asked for");
    rows.insert(rows.end(), batch->begin(), batch->end());
  }
  return rows;
}

RecordedError validate_options(const penstock_component& component, const std::map<std::string, std::string>& options) {
  FakeCall call;
  const FakeOptions given(component.options, component.n_options, options);
  return component.validate(call.get(), given.get()) == PENSTOCK_STATUS_OK ? RecordedError{} : call.error();
}

std::vector<std::string> formats_of(const Schema& schema) {
  std::vector<std::string> out;
  for (const Field& field : schema) {
    out.push_back(field.name + ":" + arrow_format(field));
    if (field.type == Type::list) out.back() += "<" + arrow_format(field.children.at(0)) + ">";
  }
  return out;
}

}  // namespace penstock::test
