#include "plugin/sink_proxy.hpp"

#include "plugin/module_check.hpp"
#include "plugin/printable.hpp"
#include "plugin/writer_proxy.hpp"

#include <penstock/error.hpp>

#include <algorithm>

namespace penstock::host {
namespace {

penstock_view_ref to_c(const ViewId& view, const std::string& entity) {
  return {sizeof(penstock_view_ref), view.version, penstock::to_c(view.name), penstock::to_c(entity)};
}

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
    if (raw_.found != 0 && raw_.found != 1) return call.misbehaved("found is " + std::to_string(raw_.found) + ", neither 0 nor 1");
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

// Empty when a lookup's answer, whose columns are valid, says what one can say.
std::string answer_problem(const Batch& answer, size_t keys) {
  if (answer.rows() != static_cast<int64_t>(keys)) return std::to_string(answer.rows()) + " rows for " + std::to_string(keys) + " keys";
  const BatchView view = answer.view();
  const penstock::ColumnView &states = view[0], &orders = view[1], &ttls = view[2];
  for (int64_t row = 0; row < answer.rows(); ++row) {
    const auto wrong = [&](const char* what) { return "row " + std::to_string(row) + what; };
    const int8_t state = states.is_null(row) ? int8_t{-1} : states.value<int8_t>(row);
    if (state < PENSTOCK_PROFILE_MISSING || state > PENSTOCK_PROFILE_EXPIRED) return wrong(" has an unknown state");
    if (state == PENSTOCK_PROFILE_FOUND && orders.is_null(row)) return wrong(" was found but has no order key");
    if (!ttls.is_null(row) && (ttls.value<int64_t>(row) < 0 || ttls.value<int64_t>(row) > kMaxTtl.count()))
      return wrong(" has a remaining life that cannot be");
  }
  return {};
}

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
    return begin_writer_proxy(sink_, limits, spec);
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
    if (const auto problem = answer_problem(answer, keys.size()); !problem.empty()) return call.misbehaved(problem);
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
