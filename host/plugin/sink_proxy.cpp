#include "plugin/sink_proxy.hpp"

#include "plugin/module_check.hpp"
#include "plugin/printable.hpp"
#include "plugin/serial_use.hpp"

#include <penstock/error.hpp>

#include <algorithm>

namespace penstock::host {
namespace {

// The plugin's object; shared with its writers, so that it is closed after the last of them.
struct OpenSink {
  Callee callee;
  const penstock_sink_vtab* vtab;
  penstock_sink* object;
  const penstock_marker_vtab* marker = nullptr;
  const penstock_lookup_vtab* lookup = nullptr;
  const penstock_layout_vtab* layout = nullptr;
  bool loads_many = false;  // markers
  SerialUse use = {};

  ~OpenSink() {
    const SerialUse::Turn turn(use);
    CallContext call(callee, "close", {kCloseTimeout});
    vtab->close(call.get(), object);
  }
};

penstock_view_ref to_c(const ViewId& view, const std::string& entity) {
  return {sizeof(penstock_view_ref), view.version, penstock::to_c(view.name), penstock::to_c(entity)};
}

// An exported schema, released by the destructor.
class ExportedSchema {
 public:
  explicit ExportedSchema(const Schema& schema) { penstock::export_schema(schema, &raw_); }
  ~ExportedSchema() {
    if (raw_.release != nullptr) raw_.release(&raw_);
  }
  ExportedSchema(const ExportedSchema&) = delete;
  ExportedSchema& operator=(const ExportedSchema&) = delete;
  const ArrowSchema* get() const { return &raw_; }

 private:
  ArrowSchema raw_{};
};

// Where a plugin writes a marker.
class MarkerSlot {
 public:
  explicit MarkerSlot(CallContext& call) : position_(call), store_id_(call.buffer(kMaxStoreId)) {}
  penstock_marker_out* out() {
    raw_ = {sizeof(penstock_marker_out), 0, position_.out(), 0, store_id_, 0};
    return &raw_;
  }

  Result<Marker> read(const CallContext& call) const {
    if (raw_.fence < 0) return call.misbehaved("the fence " + std::to_string(raw_.fence) + " is negative");
    if (raw_.committed_fence < 0)
      return call.misbehaved("the fence " + std::to_string(raw_.committed_fence) + " of the commit is negative");
    if (store_id_->overflowed)
      return call.misbehaved("the store's identity is longer than " + std::to_string(kMaxStoreId) + " bytes");
    Marker marker{std::nullopt, raw_.fence, store_id_->bytes};
    if (raw_.found == 0) return marker;
    auto position = position_.read(call);
    if (!position) return position.failure();
    marker.position = std::move(*position);
    marker.committed_fence = raw_.committed_fence;
    return marker;
  }

 private:
  PositionSlot position_;
  penstock_buffer* store_id_;
  penstock_marker_out raw_{};
};

// Empty when the counts can be true.
std::string counts_problem(const penstock_write_result& result, int64_t rows, size_t rejects) {
  const std::string counts = std::to_string(result.written) + " written, " + std::to_string(result.unchanged) + " unchanged, " +
                             std::to_string(result.stale) + " stale, " + std::to_string(result.rejected) + " rejected";
  for (const int64_t count : {result.written, result.unchanged, result.stale, result.rejected})
    if (count < 0 || count > rows) return counts + " of " + std::to_string(rows) + " rows";
  if (result.written + result.unchanged + result.stale + result.rejected != rows)
    return counts + " do not add up to " + std::to_string(rows) + " rows";
  if (result.rejected != static_cast<int64_t>(rejects))
    return std::to_string(result.rejected) + " rows counted as rejected, " + std::to_string(rejects) + " reported";
  return {};
}

class PluginWriter final : public SinkWriter {
 public:
  PluginWriter(std::shared_ptr<OpenSink> sink, WriteSpec spec) : sink_(std::move(sink)), spec_(std::move(spec)), schema_(spec_.schema) {
    raw_ = {sizeof(penstock_run_spec),
            spec_.view.version,
            penstock::to_c(spec_.view.name),
            penstock::to_c(spec_.entity),
            penstock::to_c(spec_.run_id),
            spec_.ttl_ms,
            spec_.order_size,
            schema_.get()};
  }

  ~PluginWriter() override {
    if (object_ == nullptr) return;
    if (state_ == State::open) (void)abort({});
    const SerialUse::Turn turn(sink_->use);
    CallContext call(sink_->callee, "end", {kCloseTimeout});
    sink_->vtab->end(call.get(), object_);
  }

  Result<void> begin(const CallLimits& limits) {
    CallContext call(sink_->callee, "begin", limits);
    if (auto go = call.start(); !go) return go;
    const SerialUse::Turn turn(sink_->use);
    penstock_begin_result result{sizeof(penstock_begin_result), 0, 0, -1};
    penstock_writer* writer = nullptr;
    const penstock_status status = sink_->vtab->begin(call.get(), sink_->object, &raw_, &result, &writer);
    if (auto done = call.finish(status); !done) {
      if (writer != nullptr) call.warn("it failed and left a writer, which is not used and so never ended");
      return done;
    }
    if (writer == nullptr) return call.misbehaved("answered OK without a writer");
    object_ = writer;
    fence_ = result.fence;
    previous_fence_ = result.previous_fence;
    if (fence_ <= 0) return call.misbehaved("the fence " + std::to_string(fence_) + " is not positive");
    if (previous_fence_ >= -1 && previous_fence_ < fence_) return {};
    return call.misbehaved("the fence " + std::to_string(fence_) + " after the fence " + std::to_string(previous_fence_));
  }

  int64_t fence() const override { return fence_; }
  int64_t previous_fence() const override { return previous_fence_; }

  Result<WriteOutcome> write(const CallLimits& limits, uint64_t seq, Batch& batch) override {
    CallContext call(sink_->callee, "write", limits);
    if (auto go = start(call); !go) return go.failure();
    const SerialUse::Turn turn(sink_->use);
    // The plugin may take the array away.
    const int64_t rows = batch.rows();
    call.collect_rejects(rows, static_cast<int32_t>(spec_.schema.size()));
    penstock_write_result result{sizeof(penstock_write_result), 0, 0, 0, 0, 0};
    if (auto done = call.finish(sink_->vtab->write(call.get(), object_, seq, batch.array(), &result)); !done)
      return dead(done.failure());
    auto rejects = call.finish_rejects();
    if (!rejects) return dead(rejects.failure());
    if (const auto problem = counts_problem(result, rows, rejects->size()); !problem.empty())
      return dead(call.misbehaved(problem));
    return WriteOutcome{result.written, result.unchanged, result.stale, std::move(*rejects)};
  }

  Result<void> flush(const CallLimits& limits) override {
    CallContext call(sink_->callee, "flush", limits);
    if (auto go = start(call); !go) return go;
    const SerialUse::Turn turn(sink_->use);
    if (auto done = call.finish(sink_->vtab->flush(call.get(), object_)); !done) return dead(done.failure());
    return {};
  }

  Result<void> commit(const CallLimits& limits, const Position& position) override {
    CallContext call(sink_->callee, "commit", limits);
    if (auto go = start(call); !go) return go;
    const SerialUse::Turn turn(sink_->use);
    const penstock_position raw = host::to_c(position);
    if (auto done = call.finish(sink_->vtab->commit(call.get(), object_, &raw)); !done) return dead(done.failure());
    state_ = State::finished;
    return {};
  }

  // Without the cancel token: giving up is what cancelling leads to, so it may not be cancelled in turn.
  Result<void> abort(const CallLimits& limits) override {
    if (state_ == State::finished) return internal("abort: the writer has already finished").in(sink_->callee.component());
    state_ = State::finished;
    const auto timeout = limits.timeout.count() > 0 ? limits.timeout : std::chrono::nanoseconds(kCloseTimeout);
    CallContext call(sink_->callee, "abort", {timeout, nullptr, limits.scope});
    const SerialUse::Turn turn(sink_->use);
    return call.finish(sink_->vtab->abort(call.get(), object_));
  }

 private:
  enum class State { open, failed, finished };

  // After an error the plugin may only be asked to abort and end.
  Result<void> start(const CallContext& call) const {
    if (state_ == State::open) return call.start();
    return call.misbehaved(state_ == State::failed ? "not called, as the writer failed before" : "not called, as the writer has finished");
  }
  Failure dead(Failure failure) {
    state_ = State::failed;
    return failure;
  }

  std::shared_ptr<OpenSink> sink_;
  const WriteSpec spec_;
  const ExportedSchema schema_;
  penstock_run_spec raw_;  // borrows from spec_ and schema_; the plugin may keep it until end
  penstock_writer* object_ = nullptr;
  int64_t fence_ = 0;
  int64_t previous_fence_ = -1;
  State state_ = State::open;
};

class PluginSink final : public Sink {
 public:
  explicit PluginSink(std::shared_ptr<OpenSink> sink) : sink_(std::move(sink)) {}

  Result<void> ping(const CallLimits& limits) override {
    CallContext call(sink_->callee, "ping", limits);
    if (auto go = call.start(); !go) return go;
    const SerialUse::Turn turn(sink_->use);
    return call.finish(sink_->vtab->ping(call.get(), sink_->object));
  }

  Result<SinkCapabilities> capabilities(const CallLimits& limits) override {
    CallContext call(sink_->callee, "capabilities", limits);
    if (auto go = call.start(); !go) return go.failure();
    const SerialUse::Turn turn(sink_->use);
    penstock_sink_capabilities raw{sizeof(penstock_sink_capabilities), 0, 0, 0};
    const penstock_status status = sink_->vtab->capabilities(call.get(), sink_->object, &raw);
    if (auto done = call.finish(status); !done) return done.failure();
    return SinkCapabilities{raw.flags, std::max<int64_t>(raw.batch_rows, 0), std::max<int64_t>(raw.batch_bytes, 0)};
  }

  Result<std::unique_ptr<SinkWriter>> begin(const CallLimits& limits, const WriteSpec& spec) override {
    auto writer = std::make_unique<PluginWriter>(sink_, spec);
    if (auto begun = writer->begin(limits); !begun) return begun.failure();
    return std::unique_ptr<SinkWriter>(std::move(writer));
  }

  bool has_marker() const override { return sink_->marker != nullptr; }

  Result<Marker> load_marker(const CallLimits& limits, const ViewId& view, const std::string& entity) override {
    CallContext call(sink_->callee, "load marker", limits);
    if (auto go = call.start(); !go) return go.failure();
    if (sink_->marker == nullptr) return unsupported("load marker");
    const SerialUse::Turn turn(sink_->use);
    const penstock_view_ref ref = to_c(view, entity);
    MarkerSlot slot(call);
    const penstock_status status = sink_->marker->load(call.get(), sink_->object, &ref, slot.out());
    if (auto done = call.finish(status); !done) return done.failure();
    return slot.read(call);
  }

  Result<std::vector<Marker>> load_markers(const CallLimits& limits, const std::vector<MarkerOf>& views) override {
    if (!sink_->loads_many) return Sink::load_markers(limits, views);
    CallContext call(sink_->callee, "load markers", limits);
    if (auto go = call.start(); !go) return go.failure();
    const SerialUse::Turn turn(sink_->use);
    std::vector<penstock_view_ref> refs;
    std::vector<MarkerSlot> slots;
    std::vector<const penstock_view_ref*> in;
    std::vector<penstock_marker_out*> out;
    refs.reserve(views.size());
    slots.reserve(views.size());
    for (const MarkerOf& of : views) {
      in.push_back(&refs.emplace_back(to_c(of.view, of.entity)));
      out.push_back(slots.emplace_back(call).out());
    }
    const penstock_status status = sink_->marker->load_many(call.get(), sink_->object, in.data(), in.size(), out.data());
    if (auto done = call.finish(status); !done) return done.failure();
    std::vector<Marker> markers;
    for (const MarkerSlot& slot : slots) {
      auto marker = slot.read(call);
      if (!marker) return marker.failure();
      markers.push_back(std::move(*marker));
    }
    return markers;
  }

  Result<Batch> lookup(const CallLimits& limits, const ViewId& view, const std::string& entity, const Schema& fields,
                       const std::vector<std::string>& keys) override {
    CallContext call(sink_->callee, "lookup", limits);
    if (auto go = call.start(); !go) return go.failure();
    if (sink_->lookup == nullptr) return unsupported("lookup");
    const SerialUse::Turn turn(sink_->use);
    const penstock_view_ref ref = to_c(view, entity);
    const ExportedSchema wanted(fields);
    std::vector<penstock_bytes> raw_keys;
    for (const std::string& key : keys) raw_keys.push_back(penstock::to_bytes(key));
    ArrowArray raw{};
    const penstock_status status =
        sink_->lookup->read(call.get(), sink_->object, &ref, wanted.get(), raw_keys.data(), raw_keys.size(), &raw);

    Schema columns{{"penstock.state", penstock::Type::int8},
                   {"penstock.order", penstock::Type::binary},
                   {"penstock.ttl_ms", penstock::Type::int64}};
    columns.insert(columns.end(), fields.begin(), fields.end());
    Batch answer(std::make_shared<const Schema>(std::move(columns)), &raw);
    if (auto done = call.finish(status); !done) return done.failure();
    if (auto valid = validate_array(answer.schema(), std::as_const(answer).array()); !valid) return call.misbehaved(valid.failure().message);
    if (answer.rows() != static_cast<int64_t>(keys.size()))
      return call.misbehaved(std::to_string(answer.rows()) + " rows for " + std::to_string(keys.size()) + " keys");
    const BatchView view_of_answer = answer.view();
    const penstock::ColumnView& states = view_of_answer[0];
    for (int64_t row = 0; row < answer.rows(); ++row)
      if (states.is_null(row) || states.value<int8_t>(row) < PENSTOCK_PROFILE_MISSING || states.value<int8_t>(row) > PENSTOCK_PROFILE_EXPIRED)
        return call.misbehaved("row " + std::to_string(row) + " has an unknown state");
    return answer;
  }

  Result<std::string> describe_keys(const CallLimits& limits, const ViewId& view, const std::string& entity) override {
    CallContext call(sink_->callee, "describe keys", limits);
    if (auto go = call.start(); !go) return go.failure();
    if (sink_->layout == nullptr) return unsupported("describe keys");
    const SerialUse::Turn turn(sink_->use);
    const penstock_view_ref ref = to_c(view, entity);
    penstock_buffer* const keys = call.buffer(kMaxShortText);
    const penstock_status status = sink_->layout->describe_keys(call.get(), sink_->object, &ref, keys);
    if (auto done = call.finish(status); !done) return done.failure();
    return printable(keys->bytes, kMaxShortText);
  }

 private:
  Failure unsupported(std::string_view action) const {
    return Failure{PENSTOCK_STATUS_NOT_SUPPORTED, PENSTOCK_RETRY_NEVER, "this sink does not do that"}.in(action).in(sink_->callee.component());
  }

  std::shared_ptr<OpenSink> sink_;
};

// Asks for the optional features once; a vtable with a hole in it is a reason not to use the sink at all.
Result<void> find_features(OpenSink& sink) {
  sink.marker = static_cast<const penstock_marker_vtab*>(sink.vtab->get_extension(sink.object, PENSTOCK_EXT_MARKER));
  if (auto checked = check_feature(PENSTOCK_EXT_MARKER, sink.marker); !checked) return checked;
  sink.loads_many = sink.marker != nullptr && PENSTOCK_HAS(sink.marker, load_many) && sink.marker->load_many != nullptr;
  sink.lookup = static_cast<const penstock_lookup_vtab*>(sink.vtab->get_extension(sink.object, PENSTOCK_EXT_LOOKUP));
  if (auto checked = check_feature(PENSTOCK_EXT_LOOKUP, sink.lookup); !checked) return checked;
  sink.layout = static_cast<const penstock_layout_vtab*>(sink.vtab->get_extension(sink.object, PENSTOCK_EXT_LAYOUT));
  return check_feature(PENSTOCK_EXT_LAYOUT, sink.layout);
}

}  // namespace

Result<std::unique_ptr<Sink>> open_sink_proxy(std::shared_ptr<PluginRuntime> runtime, const penstock_component& component,
                                              const penstock_options* options, const CallLimits& limits) {
  const Callee callee(std::move(runtime), component.id);
  CallContext call(callee, "open", limits);
  if (auto go = call.start(); !go) return go.failure();
  const auto* vtab = static_cast<const penstock_sink_vtab*>(component.vtab);
  penstock_sink* object = nullptr;
  if (auto done = call.finish(vtab->open(call.get(), options, &object)); !done) {
    if (object != nullptr) call.warn("it failed and left an object, which is not used and so never closed");
    return done.failure();
  }
  if (object == nullptr) return call.misbehaved("answered OK without an object");
  const std::shared_ptr<OpenSink> sink(new OpenSink{callee, vtab, object});
  if (auto features = find_features(*sink); !features) return call.misbehaved(features.failure().message);
  return std::unique_ptr<Sink>(std::make_unique<PluginSink>(sink));
}

}  // namespace penstock::host
