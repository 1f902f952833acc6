#include "plugin/stream_proxy.hpp"

#include "plugin/schema_import.hpp"
#include "plugin/source_arguments.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace penstock::host {
namespace {

constexpr uint32_t kHonouredBits = PENSTOCK_HONOURED_COLUMNS | PENSTOCK_HONOURED_SINCE | PENSTOCK_HONOURED_UNTIL |
                                   PENSTOCK_HONOURED_ORDER | PENSTOCK_HONOURED_NULL_CURSOR;

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

// The type; what the items of a list are called says nothing.
std::string formats_of(const Field& field) {
  return field.type == penstock::Type::list ? "+l of " + formats_of(field.children.at(0)) : penstock::arrow_format(field);
}

// Empty when every streamed column is as it was described.
std::string types_problem(const Schema& described, const Schema& streamed) {
  for (const Field& field : streamed) {
    const Field* before = find_field(described, field.name);
    if (before == nullptr) return "column \"" + field.name + "\" is in the stream but was not described";
    if (formats_of(*before) != formats_of(field))
      return "column \"" + field.name + "\" is streamed as " + formats_of(field) + " but was described as " + formats_of(*before) +
             " (Arrow formats)";
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
      : source_(std::move(source)), call_(source_->callee, "scan", limits), batch_rows_(batch_rows) {}

  ~PluginStream() override {
    if (stream_.release == nullptr) return;
    const SerialUse::Turn turn(source_->use);
    call_.renew(kCloseTimeout);
    stream_.release(&stream_);
    if (stream_.release != nullptr) call_.warn("the stream's release did not set itself to NULL");
  }

  Result<void> start(const ScanRequest& request, const std::string& partition, const Schema* described) {
    if (auto go = call_.start(); !go) return go;
    const SerialUse::Turn turn(source_->use);
    const ScanArgument scan(request);
    penstock_scan_info info{sizeof(penstock_scan_info), 0, -1, call_.buffer(kMaxStatement), 0, nullptr};
    const penstock_status status =
        source_->vtab->scan(call_.get(), source_->object, scan.get(), penstock::to_bytes(partition), &stream_, &info);
    if (auto done = call_.outcome(status); !done) return done;
    if (stream_.release == nullptr || stream_.get_schema == nullptr || stream_.get_next == nullptr || stream_.get_last_error == nullptr)
      return call_.misbehaved("the stream lacks a function");
    if (info.cursor_unit_ns < 0) return call_.misbehaved("a cursor of negative unit");
    cursor_unit_ns_ = info.cursor_unit_ns;
    honoured_ = info.honoured & kHonouredBits;
    rows_estimate_ = std::max<int64_t>(info.rows_estimate, -1);

    ArrowSchema raw{};
    const int code = stream_.get_schema(&stream_, &raw);
    if (code != 0 && raw.release != nullptr) raw.release(&raw);
    if (auto done = outcome(code); !done) return done;
    auto schema = import_schema(&raw);
    if (!schema) return std::move(schema.failure()).in("scan").in(call_.component());
    if (const auto problem = columns_problem(request.columns, *schema, (honoured_ & PENSTOCK_HONOURED_COLUMNS) != 0); !problem.empty())
      return call_.misbehaved(problem);
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
  int64_t cursor_unit_ns() const override { return cursor_unit_ns_; }

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
    auto done = outcome(code);
    call_.suspend();
    if (!done) {
      if (raw.release != nullptr) raw.release(&raw);
      return done.failure();
    }
    if (raw.release == nullptr) return std::optional<Batch>();
    ++batches_;
    Batch batch(schema_, &raw);
    if (auto valid = validate_array(*schema_, std::as_const(batch).array()); !valid)
      return call_.misbehaved("batch " + std::to_string(batches_) + ": " + valid.failure().message);
    if (batch_rows_ > 0 && batch.rows() > batch_rows_ && !std::exchange(warned_, true))
      call_.warn("a batch of " + std::to_string(batch.rows()) + " rows, at most " +
                 std::to_string(batch_rows_) + " were asked for");
    return std::optional<Batch>(std::move(batch));
  }

  Result<void> outcome(int code) {
    if (code == 0) return call_.outcome(PENSTOCK_STATUS_OK);
    const char* text = stream_.get_last_error(&stream_);
    return call_.fail(status_of(code), text == nullptr ? std::string_view() : std::string_view(text, strnlen(text, kMaxMessage)));
  }

  std::shared_ptr<OpenSource> source_;
  CallContext call_;
  ArrowArrayStream stream_{};
  std::shared_ptr<const Schema> schema_;
  uint32_t honoured_ = 0;
  int64_t rows_estimate_ = -1;
  int64_t cursor_unit_ns_ = 0;
  int64_t batch_rows_;
  int64_t batches_ = 0;
  bool warned_ = false;
  bool ended_ = false;
  std::optional<Failure> failed_;
};

}  // namespace

Result<std::unique_ptr<BatchStream>> start_stream_proxy(std::shared_ptr<OpenSource> source, const CallLimits& limits,
                                                        const ScanRequest& request, const std::string& partition,
                                                        const Schema* described) {
  auto stream = std::make_unique<PluginStream>(std::move(source), limits, request.batch_rows);
  if (auto started = stream->start(request, partition, described); !started) return started.failure();
  return std::unique_ptr<BatchStream>(std::move(stream));
}

}  // namespace penstock::host
