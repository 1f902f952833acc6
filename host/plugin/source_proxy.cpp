#include "plugin/source_proxy.hpp"

#include "config/options.hpp"
#include "plugin/printable.hpp"
#include "plugin/schema_import.hpp"
#include "plugin/serial_use.hpp"

#include <penstock/error.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace penstock::host {
namespace {

constexpr uint32_t kHonouredBits = PENSTOCK_HONOURED_COLUMNS | PENSTOCK_HONOURED_SINCE | PENSTOCK_HONOURED_UNTIL |
                                   PENSTOCK_HONOURED_ORDER | PENSTOCK_HONOURED_NULL_CURSOR;

// The plugin's object; shared with its streams, so that it is closed after the last of them.
struct OpenSource {
  std::shared_ptr<PluginRuntime> runtime;
  std::string component;
  const penstock_source_vtab* vtab;
  penstock_source* object;
  SerialUse use = {};

  ~OpenSource() {
    const SerialUse::Turn turn(use);
    CallContext call(runtime, component, {kCloseTimeout});
    vtab->close(call.get(), object);
  }
};

// The C form of a table; borrows from it.
class TableArgument {
 public:
  explicit TableArgument(const TableRef& table)
      : raw_{sizeof(penstock_table),
             0,
             penstock::to_c(table.database),
             penstock::to_c(table.schema),
             penstock::to_c(table.table),
             penstock::to_c(table.query),
             table.options == nullptr ? &kNoOptions : table.options->get()} {}
  const penstock_table* get() const { return &raw_; }

 private:
  static constexpr penstock_options kNoOptions{sizeof(penstock_options), 0, nullptr, 0};
  penstock_table raw_;
};

penstock_cursor to_c(const CursorRef& cursor) {
  return {sizeof(penstock_cursor), cursor.kind, penstock::to_c(cursor.column), penstock::to_c(cursor.timezone), cursor.lag_ns};
}

// The C form of a scan; borrows from it.
class ScanArgument {
 public:
  explicit ScanArgument(const ScanRequest& request)
      : table_(request.table), cursor_(to_c(request.cursor)), until_(host::to_c(request.until)) {
    if (request.since) since_ = host::to_c(*request.since);
    for (const std::string& column : request.columns) columns_.push_back(penstock::to_c(column));
    for (const std::string& column : request.key_columns) key_columns_.push_back(penstock::to_c(column));
    raw_ = {sizeof(penstock_scan),
            request.include_null_cursor ? PENSTOCK_NULL_CURSOR_INCLUDE : PENSTOCK_NULL_CURSOR_EXCLUDE,
            table_.get(),
            &cursor_,
            request.since ? &since_ : nullptr,
            &until_,
            columns_.data(),
            columns_.size(),
            key_columns_.data(),
            key_columns_.size(),
            request.batch_rows,
            request.batch_bytes};
  }
  ScanArgument(const ScanArgument&) = delete;
  ScanArgument& operator=(const ScanArgument&) = delete;
  const penstock_scan* get() const { return &raw_; }

 private:
  TableArgument table_;
  penstock_cursor cursor_;
  penstock_position since_{};
  penstock_position until_;
  std::vector<penstock_str> columns_, key_columns_;
  penstock_scan raw_{};
};

// Collects what plan reports, within limits.
struct Partitions {
  std::vector<std::string> tokens;
  size_t bytes = 0;
  bool too_many = false;

  static penstock_status add(void* context, penstock_bytes token) noexcept {
    auto& self = *static_cast<Partitions*>(context);
    if (self.tokens.size() >= kMaxPartitions || token.size > kMaxPartitionToken || self.bytes + token.size > kMaxPartitionBytes) {
      self.too_many = true;
      return PENSTOCK_STATUS_RESOURCE_EXHAUSTED;
    }
    try {
      self.tokens.emplace_back(token.data == nullptr ? std::string_view{} : penstock::to_view(token));
      self.bytes += token.size;
    } catch (const std::bad_alloc&) {
      self.too_many = true;
      return PENSTOCK_STATUS_RESOURCE_EXHAUSTED;
    }
    return PENSTOCK_STATUS_OK;
  }
};

const Field* find_field(const Schema& schema, std::string_view name) {
  const auto found = std::find_if(schema.begin(), schema.end(), [&](const Field& field) { return field.name == name; });
  return found == schema.end() ? nullptr : &*found;
}

// Empty when the stream has the columns that were asked for, in the order asked if the plugin says so.
std::string columns_problem(const std::vector<std::string>& wanted, const Schema& streamed, bool projected) {
  for (const std::string& name : wanted)
    if (find_field(streamed, name) == nullptr) return "the stream lacks column \"" + name + "\"";
  if (!projected) return {};
  const bool same = std::equal(wanted.begin(), wanted.end(), streamed.begin(), streamed.end(),
                               [](const std::string& name, const Field& field) { return name == field.name; });
  return same ? std::string() : "the stream has other columns than it says it has";
}

// Empty when every streamed column is as it was described.
std::string types_problem(const Schema& described, const Schema& streamed) {
  for (const Field& field : streamed) {
    const Field* before = find_field(described, field.name);
    if (before == nullptr) return "column \"" + field.name + "\" is in the stream but was not described";
    if (*before != field)
      return "column \"" + field.name + "\" is streamed as " + penstock::arrow_format(field) + " but was described as " +
             penstock::arrow_format(*before) + " (Arrow formats)";
  }
  return {};
}

// A stream answers with an errno; used when it recorded no error that would say more.
penstock_status status_of(int code) {
  switch (code) {
    case 0: return PENSTOCK_STATUS_OK;
    case ECANCELED: return PENSTOCK_STATUS_CANCELLED;
    case ETIMEDOUT: return PENSTOCK_STATUS_DEADLINE_EXCEEDED;
    case ENOMEM: return PENSTOCK_STATUS_RESOURCE_EXHAUSTED;
    case EINVAL: return PENSTOCK_STATUS_INVALID_ARGUMENT;
    case ENOENT: return PENSTOCK_STATUS_NOT_FOUND;
    case ENOSYS: return PENSTOCK_STATUS_NOT_SUPPORTED;
    default: return PENSTOCK_STATUS_UNAVAILABLE;
  }
}

class PluginStream final : public BatchStream {
 public:
  PluginStream(std::shared_ptr<OpenSource> source, const CallLimits& limits, int64_t batch_rows)
      : source_(std::move(source)), call_(source_->runtime, source_->component, limits), batch_rows_(batch_rows) {}

  ~PluginStream() override {
    if (stream_.release == nullptr) return;
    const SerialUse::Turn turn(source_->use);
    call_.renew(kCloseTimeout);
    stream_.release(&stream_);
  }

  Result<void> start(const ScanRequest& request, const std::string& partition, const Schema* described) {
    if (auto go = call_.start("scan"); !go) return go;
    const SerialUse::Turn turn(source_->use);
    const ScanArgument scan(request);
    penstock_scan_info info{sizeof(penstock_scan_info), 0, -1, call_.buffer(kMaxStatement)};
    const penstock_status status =
        source_->vtab->scan(call_.get(), source_->object, scan.get(), penstock::to_bytes(partition), &stream_, &info);
    if (auto done = call_.finish(status, "scan"); !done) return done;
    if (stream_.release == nullptr || stream_.get_schema == nullptr || stream_.get_next == nullptr || stream_.get_last_error == nullptr)
      return call_.misbehaved("scan", "the stream lacks a function");
    honoured_ = info.honoured & kHonouredBits;
    rows_estimate_ = std::max<int64_t>(info.rows_estimate, -1);

    ArrowSchema raw{};
    const int code = stream_.get_schema(&stream_, &raw);
    if (code != 0 && raw.release != nullptr) raw.release(&raw);
    if (auto done = finish(code, "scan"); !done) return done;
    auto schema = import_schema(&raw);
    if (!schema) return std::move(schema.failure()).in("scan").in(call_.component());
    if (const auto problem = columns_problem(request.columns, *schema, (honoured_ & PENSTOCK_HONOURED_COLUMNS) != 0); !problem.empty())
      return call_.misbehaved("scan", problem);
    if (const auto problem = described == nullptr ? std::string() : types_problem(*described, *schema); !problem.empty())
      return Failure{PENSTOCK_STATUS_FAILED_PRECONDITION, PENSTOCK_RETRY_RECONNECT, "table changed: " + problem}.in("scan").in(
          call_.component());
    schema_ = std::make_shared<const Schema>(std::move(*schema));
    call_.suspend();
    return {};
  }

  const Schema& schema() const override { return *schema_; }
  uint32_t honoured() const override { return honoured_; }
  int64_t rows_estimate() const override { return rows_estimate_; }

  Result<std::optional<Batch>> next() override {
    // After its end or an error a stream may not be asked again.
    if (failed_) return *failed_;
    if (ended_) return std::optional<Batch>();
    auto batch = read();
    if (!batch) failed_ = batch.failure();
    else ended_ = !batch->has_value();
    return batch;
  }

 private:
  Result<std::optional<Batch>> read() {
    if (auto go = call_.start("read"); !go) return go.failure();
    const SerialUse::Turn turn(source_->use);
    call_.renew();
    ArrowArray raw{};
    const int code = stream_.get_next(&stream_, &raw);
    auto done = finish(code, "read");
    call_.suspend();
    if (!done) {
      if (raw.release != nullptr) raw.release(&raw);
      return done.failure();
    }
    if (raw.release == nullptr) return std::optional<Batch>();
    ++batches_;
    Batch batch(schema_, &raw);
    if (auto valid = validate_array(*schema_, std::as_const(batch).array()); !valid)
      return call_.misbehaved("read", "batch " + std::to_string(batches_) + ": " + valid.failure().message);
    if (batch_rows_ > 0 && batch.rows() > batch_rows_ && !std::exchange(warned_, true))
      call_.warn(call_.component() + ": read: a batch of " + std::to_string(batch.rows()) + " rows, at most " +
                 std::to_string(batch_rows_) + " were asked for");
    return std::optional<Batch>(std::move(batch));
  }

  Result<void> finish(int code, std::string_view action) {
    if (code == 0) return call_.finish(PENSTOCK_STATUS_OK, action);
    const char* text = stream_.get_last_error(&stream_);
    return call_.fail(status_of(code), text == nullptr ? std::string_view() : std::string_view(text, strnlen(text, kMaxMessage)), action);
  }

  std::shared_ptr<OpenSource> source_;
  CallContext call_;
  ArrowArrayStream stream_{};
  std::shared_ptr<const Schema> schema_;
  uint32_t honoured_ = 0;
  int64_t rows_estimate_ = -1;
  int64_t batch_rows_;
  int64_t batches_ = 0;
  bool warned_ = false;
  bool ended_ = false;
  std::optional<Failure> failed_;
};

class PluginSource final : public Source {
 public:
  explicit PluginSource(std::shared_ptr<OpenSource> source) : source_(std::move(source)) {}

  Result<void> ping(const CallLimits& limits) override {
    CallContext call(source_->runtime, source_->component, limits);
    if (auto go = call.start("ping"); !go) return go;
    const SerialUse::Turn turn(source_->use);
    return call.finish(source_->vtab->ping(call.get(), source_->object), "ping");
  }

  Result<Schema> describe(const CallLimits& limits, const TableRef& table) override {
    CallContext call(source_->runtime, source_->component, limits);
    if (auto go = call.start("describe"); !go) return go.failure();
    const SerialUse::Turn turn(source_->use);
    ArrowSchema raw{};
    const penstock_status status = source_->vtab->describe(call.get(), source_->object, TableArgument(table).get(), &raw);
    if (auto done = call.finish(status, "describe"); !done) {
      if (raw.release != nullptr) raw.release(&raw);
      return done.failure();
    }
    auto schema = import_schema(&raw);
    if (!schema) return std::move(schema.failure()).in("describe").in(source_->component);
    described_table_ = {table.database, table.schema, table.table, table.query};
    described_ = *schema;
    return schema;
  }

  Result<Horizon> horizon(const CallLimits& limits, const TableRef& table, const CursorRef& cursor) override {
    CallContext call(source_->runtime, source_->component, limits);
    if (auto go = call.start("horizon"); !go) return go.failure();
    const SerialUse::Turn turn(source_->use);
    const penstock_cursor raw_cursor = to_c(cursor);
    PositionSlot slot(call);
    penstock_horizon raw{sizeof(penstock_horizon), 0, slot.out(), call.buffer(kMaxShortText), call.buffer(kMaxShortText)};
    // Kept apart from `raw`: the plugin could put other pointers there.
    const penstock_buffer* const why = raw.why;
    const penstock_buffer* const holder = raw.holder;
    const penstock_status status =
        source_->vtab->horizon(call.get(), source_->object, TableArgument(table).get(), &raw_cursor, &raw);
    if (auto done = call.finish(status, "horizon"); !done) return done.failure();
    if (raw.guarantee < PENSTOCK_CLASS_A || raw.guarantee > PENSTOCK_CLASS_C)
      return call.misbehaved("horizon", "unknown guarantee class " + std::to_string(raw.guarantee));
    auto position = slot.read(call, "horizon");
    if (!position) return position.failure();
    return Horizon{std::move(*position), static_cast<GuaranteeClass>(raw.guarantee), printable(why->bytes, kMaxShortText),
                   printable(holder->bytes, kMaxShortText)};
  }

  Result<ScanPlan> plan(const CallLimits& limits, const ScanRequest& request) override {
    CallContext call(source_->runtime, source_->component, limits);
    if (auto go = call.start("plan"); !go) return go.failure();
    const SerialUse::Turn turn(source_->use);
    const ScanArgument scan(request);
    Partitions partitions;
    penstock_buffer* const statement = call.buffer(kMaxStatement);
    penstock_scan_info info{sizeof(penstock_scan_info), 0, -1, statement};
    const penstock_status status =
        source_->vtab->plan(call.get(), source_->object, scan.get(), &Partitions::add, &partitions, &info);
    // Before the status: a plan that was cut short may be answered with OK, and would lose the rest of the rows.
    if (partitions.too_many)
      return call.misbehaved("plan", "more than " + std::to_string(kMaxPartitions) + " partitions or " +
                                         std::to_string(kMaxPartitionBytes) + " bytes of tokens, or a token of more than " +
                                         std::to_string(kMaxPartitionToken));
    if (auto done = call.finish(status, "plan"); !done) return done.failure();
    if (partitions.tokens.empty()) return call.misbehaved("plan", "it has no partitions");
    return ScanPlan{std::move(partitions.tokens), printable(statement->bytes, kMaxStatement, Lines::keep)};
  }

  Result<std::unique_ptr<BatchStream>> scan(const CallLimits& limits, const ScanRequest& request,
                                            const std::string& partition) override {
    auto stream = std::make_unique<PluginStream>(source_, limits, request.batch_rows);
    const TableRef& table = request.table;
    const bool known = described_table_ == std::vector{table.database, table.schema, table.table, table.query};
    if (auto started = stream->start(request, partition, known ? &described_ : nullptr); !started) return started.failure();
    return std::unique_ptr<BatchStream>(std::move(stream));
  }

 private:
  std::shared_ptr<OpenSource> source_;
  // What describe said last, to hold a scan of the same table against.
  std::vector<std::string> described_table_;
  Schema described_;
};

}  // namespace

std::string TableRef::label() const {
  if (table.empty()) return "query";
  std::string text = "table ";
  for (const std::string& part : {database, schema})
    if (!part.empty()) text += "\"" + part + "\".";
  return text + "\"" + table + "\"";
}

Result<std::unique_ptr<Source>> open_source_proxy(std::shared_ptr<PluginRuntime> runtime, const penstock_component& component,
                                                  const penstock_options* options, const CallLimits& limits) {
  CallContext call(runtime, component.id, limits);
  if (auto go = call.start("open"); !go) return go.failure();
  const auto* vtab = static_cast<const penstock_source_vtab*>(component.vtab);
  penstock_source* object = nullptr;
  if (auto done = call.finish(vtab->open(call.get(), options, &object), "open"); !done) return done.failure();
  if (object == nullptr) return call.misbehaved("open", "answered OK without an object");
  return std::unique_ptr<Source>(
      std::make_unique<PluginSource>(std::shared_ptr<OpenSource>(new OpenSource{std::move(runtime), component.id, vtab, object})));
}

}  // namespace penstock::host
