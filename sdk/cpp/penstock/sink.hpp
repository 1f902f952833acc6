// A sink in C++: derive from penstock::Sink and penstock::Writer; override what the store offers.
#pragma once

#include <penstock/builder.hpp>
#include <penstock/call.hpp>
#include <penstock/settings.hpp>
#include <penstock/reader.hpp>
#include <penstock/sink.h>
#include <penstock/source.hpp>

#include <optional>

namespace penstock {

// The C structs of sink.h as owned values.
struct RunSpec {
  std::string view;
  int32_t view_version = 0;
  std::string entity;
  std::string run_id;
  int64_t ttl_ms = 0;
  int64_t order_size = 0;
  Schema schema;  // "penstock.key", "penstock.order", then the fields
};

struct WriteResult {
  int64_t written = 0;
  int64_t unchanged = 0;
  int64_t stale = 0;
  int64_t rejected = 0;
};

struct ViewRef {
  std::string view;
  int32_t view_version = 0;
  std::string entity;
};

struct Marker {
  std::optional<Position> position;
  int64_t fence = 0;
  std::string store_id;
  int64_t committed_fence = 0;
};

struct SinkCapabilities {
  uint32_t flags = 0;
  int64_t batch_rows = 0;
  int64_t batch_bytes = 0;
};

inline constexpr size_t kKeyColumn = 0;
inline constexpr size_t kOrderColumn = 1;
inline constexpr size_t kFirstFieldColumn = 2;

// One run of one view version. Destroyed after commit, abort or an error.
class Writer {
 public:
  virtual ~Writer() = default;
  virtual int64_t fence() const = 0;
  // Of the run of the view that began before, 0 if there was none, -1 if that is not known.
  virtual int64_t previous_fence() const { return -1; }
  // Rows that cannot be written go to call.reject(row, column, reason) and count as rejected.
  virtual WriteResult write(const Call&, uint64_t seq, const BatchView& batch) = 0;
  virtual void flush(const Call&) = 0;
  virtual void commit(const Call&, const Position&) = 0;
  virtual void abort(const Call&) {}
};

// Optional features; a Sink that has one derives from it as well.
class MarkerStore {
 public:
  virtual ~MarkerStore() = default;
  virtual Marker load_marker(const Call&, const ViewRef&) = 0;
  // In their order. A store that can be asked for many at once overrides this: the host asks for those of all views that are idle.
  virtual std::vector<Marker> load_markers(const Call& call, const std::vector<ViewRef>& views) {
    std::vector<Marker> out;
    for (const ViewRef& view : views) out.push_back(load_marker(call, view));
    return out;
  }
  // Throws FENCED when the fence is another one. No position: removes the marker's position.
  virtual void compare_and_store_marker(const Call&, const ViewRef&, int64_t expected_fence,
                                        const std::optional<Position>&) = 0;
};

class ProfileLookup {
 public:
  virtual ~ProfileLookup() = default;
  // Fills the builder, whose columns are "penstock.state" (int8), "penstock.order" (binary), "penstock.ttl_ms" (int64), then
  // `fields`: one row per key, in order.
  virtual void read_profiles(const Call&, const ViewRef&, const Schema& fields, const std::vector<std::string_view>& keys,
                             BatchBuilder& out) = 0;
};

class ProfileDelete {
 public:
  virtual ~ProfileDelete() = default;
  virtual uint64_t remove_profiles(const Call&, const ViewRef&, const std::vector<std::string_view>& keys) = 0;
};

class ProfileTtl {
 public:
  virtual ~ProfileTtl() = default;
  virtual uint64_t set_ttl(const Call&, const ViewRef&, const std::vector<std::string_view>& keys, int64_t ttl_ms) = 0;
};

class KeyLayout {
 public:
  virtual ~KeyLayout() = default;
  // A pattern such as `hash penstock:users_v1:<domain_userid>`. No I/O.
  virtual std::string describe_keys(const ViewRef&) = 0;
};

// One connection to a store. Constructor and static members as for Source.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual void ping(const Call&) {}
  virtual SinkCapabilities capabilities(const Call&) = 0;
  // Takes the view over. The writer may refer to the sink: it is destroyed before.
  virtual std::unique_ptr<Writer> begin(const Call&, const RunSpec&) = 0;
};

namespace detail {

struct WriterState {
  std::unique_ptr<Writer> writer;
  Schema schema;
};

inline Sink* sink(penstock_sink* self) { return reinterpret_cast<Sink*>(self); }
inline WriterState* writer(penstock_writer* self) { return reinterpret_cast<WriterState*>(self); }

inline ViewRef view_from(const penstock_view_ref& in) {
  return {std::string(to_view(in.view)), in.view_version, std::string(to_view(in.entity))};
}

inline std::vector<std::string_view> keys_from(const penstock_bytes* keys, uint64_t n_keys) {
  std::vector<std::string_view> out;
  out.reserve(n_keys);
  for (uint64_t i = 0; i < n_keys; ++i) out.push_back(to_view(keys[i]));
  return out;
}

template <class Feature>
Feature& feature(penstock_sink* self) {
  return dynamic_cast<Feature&>(*sink(self));
}

inline void export_marker(const Call& call, const Marker& marker, penstock_marker_out* out) {
  out->found = marker.position ? 1 : 0;
  if (marker.position) export_position(call, *marker.position, out->position);
  out->fence = marker.fence;
  call.append(out->store_id, marker.store_id);
  if (PENSTOCK_HAS(out, committed_fence)) out->committed_fence = marker.committed_fence;
}

inline constexpr penstock_marker_vtab kMarkerVtab = {
    .struct_size = sizeof(penstock_marker_vtab),
    .reserved = 0,
    .load =
        [](penstock_call* c, penstock_sink* self, const penstock_view_ref* view, penstock_marker_out* out) {
          return guarded(c, [&](const Call& call) {
            export_marker(call, feature<MarkerStore>(self).load_marker(call, view_from(*view)), out);
          });
        },
    .compare_and_store =
        [](penstock_call* c, penstock_sink* self, const penstock_view_ref* view, int64_t expected_fence,
           const penstock_position* position) {
          return guarded(c, [&](const Call& call) {
            std::optional<Position> value;
            if (position != nullptr) value = position_from(*position);
            feature<MarkerStore>(self).compare_and_store_marker(call, view_from(*view), expected_fence, value);
          });
        },
    .load_many =
        [](penstock_call* c, penstock_sink* self, const penstock_view_ref* const* views, uint64_t n, penstock_marker_out* const* outs) {
          return guarded(c, [&](const Call& call) {
            std::vector<ViewRef> wanted;
            for (uint64_t i = 0; i < n; ++i) wanted.push_back(view_from(*views[i]));
            const std::vector<Marker> markers = feature<MarkerStore>(self).load_markers(call, wanted);
            if (markers.size() != n) throw Error(PENSTOCK_STATUS_INTERNAL, "load_markers: not as many markers as views");
            for (uint64_t i = 0; i < n; ++i) export_marker(call, markers[i], outs[i]);
          });
        },
};

inline constexpr penstock_lookup_vtab kLookupVtab = {
    .struct_size = sizeof(penstock_lookup_vtab),
    .reserved = 0,
    .read =
        [](penstock_call* c, penstock_sink* self, const penstock_view_ref* view, const ArrowSchema* fields,
           const penstock_bytes* keys, uint64_t n_keys, ArrowArray* out) {
          return guarded(c, [&](const Call& call) {
            const Schema wanted = schema_from(*fields);
            Schema columns{{"penstock.state", Type::int8}, {"penstock.order", Type::binary}, {"penstock.ttl_ms", Type::int64}};
            columns.insert(columns.end(), wanted.begin(), wanted.end());
            BatchBuilder builder(columns);
            feature<ProfileLookup>(self).read_profiles(call, view_from(*view), wanted, keys_from(keys, n_keys), builder);
            builder.finish(out);
          });
        },
};

inline constexpr penstock_delete_vtab kDeleteVtab = {
    .struct_size = sizeof(penstock_delete_vtab),
    .reserved = 0,
    .remove =
        [](penstock_call* c, penstock_sink* self, const penstock_view_ref* view, const penstock_bytes* keys, uint64_t n_keys,
           uint64_t* removed) {
          return guarded(c, [&](const Call& call) {
            *removed = feature<ProfileDelete>(self).remove_profiles(call, view_from(*view), keys_from(keys, n_keys));
          });
        },
};

inline constexpr penstock_ttl_vtab kTtlVtab = {
    .struct_size = sizeof(penstock_ttl_vtab),
    .reserved = 0,
    .set_ttl =
        [](penstock_call* c, penstock_sink* self, const penstock_view_ref* view, const penstock_bytes* keys, uint64_t n_keys,
           int64_t ttl_ms, uint64_t* touched) {
          return guarded(c, [&](const Call& call) {
            *touched = feature<ProfileTtl>(self).set_ttl(call, view_from(*view), keys_from(keys, n_keys), ttl_ms);
          });
        },
};

inline constexpr penstock_layout_vtab kLayoutVtab = {
    .struct_size = sizeof(penstock_layout_vtab),
    .reserved = 0,
    .describe_keys =
        [](penstock_call* c, penstock_sink* self, const penstock_view_ref* view, penstock_buffer* out) {
          return guarded(c, [&](const Call& call) { call.append(out, feature<KeyLayout>(self).describe_keys(view_from(*view))); });
        },
};

template <class T>
constexpr penstock_sink_vtab sink_vtab() {
  return {
      .struct_size = sizeof(penstock_sink_vtab),
      .reserved = 0,
      .open =
          [](penstock_call* c, const penstock_options* options, penstock_sink** out) {
            return guarded(c, [&](const Call& call) {
              *out = reinterpret_cast<penstock_sink*>(static_cast<Sink*>(new T(call, settings_of<T>(options))));
            });
          },
      .close = [](penstock_call*, penstock_sink* self) { delete sink(self); },
      .ping = [](penstock_call* c, penstock_sink* self) {
        return guarded(c, [&](const Call& call) { sink(self)->ping(call); });
      },
      .capabilities =
          [](penstock_call* c, penstock_sink* self, penstock_sink_capabilities* out) {
            return guarded(c, [&](const Call& call) {
              const SinkCapabilities capabilities = sink(self)->capabilities(call);
              out->flags = capabilities.flags;
              out->batch_rows = capabilities.batch_rows;
              out->batch_bytes = capabilities.batch_bytes;
            });
          },
      .begin =
          [](penstock_call* c, penstock_sink* self, const penstock_run_spec* in, penstock_begin_result* result,
             penstock_writer** out) {
            return guarded(c, [&](const Call& call) {
              RunSpec spec{std::string(to_view(in->view)),   in->view_version, std::string(to_view(in->entity)),
                           std::string(to_view(in->run_id)), in->ttl_ms,       in->order_size,
                           schema_from(*in->schema)};
              auto state = std::make_unique<WriterState>();
              state->schema = spec.schema;
              state->writer = sink(self)->begin(call, spec);
              result->fence = state->writer->fence();
              if (PENSTOCK_HAS(result, previous_fence)) result->previous_fence = state->writer->previous_fence();
              *out = reinterpret_cast<penstock_writer*>(state.release());
            });
          },
      .write =
          [](penstock_call* c, penstock_writer* self, uint64_t seq, ArrowArray* batch, penstock_write_result* out) {
            return guarded(c, [&](const Call& call) {
              const BatchView view(writer(self)->schema, *batch);
              const WriteResult result = writer(self)->writer->write(call, seq, view);
              out->written = result.written;
              out->unchanged = result.unchanged;
              out->stale = result.stale;
              out->rejected = result.rejected;
            });
          },
      .flush = [](penstock_call* c, penstock_writer* self) {
        return guarded(c, [&](const Call& call) { writer(self)->writer->flush(call); });
      },
      .commit =
          [](penstock_call* c, penstock_writer* self, const penstock_position* position) {
            return guarded(c, [&](const Call& call) { writer(self)->writer->commit(call, position_from(*position)); });
          },
      .abort = [](penstock_call* c, penstock_writer* self) {
        return guarded(c, [&](const Call& call) { writer(self)->writer->abort(call); });
      },
      .end = [](penstock_call*, penstock_writer* self) { delete writer(self); },
      .get_extension = [](penstock_sink* self, const char* id) -> const void* {
        const std::string_view name = id;
        if (name == PENSTOCK_EXT_MARKER && dynamic_cast<MarkerStore*>(sink(self)) != nullptr) return &kMarkerVtab;
        if (name == PENSTOCK_EXT_LOOKUP && dynamic_cast<ProfileLookup*>(sink(self)) != nullptr) return &kLookupVtab;
        if (name == PENSTOCK_EXT_DELETE && dynamic_cast<ProfileDelete*>(sink(self)) != nullptr) return &kDeleteVtab;
        if (name == PENSTOCK_EXT_LAYOUT && dynamic_cast<KeyLayout*>(sink(self)) != nullptr) return &kLayoutVtab;
        if (name == PENSTOCK_EXT_TTL && dynamic_cast<ProfileTtl*>(sink(self)) != nullptr) return &kTtlVtab;
        return nullptr;
      },
  };
}

}  // namespace detail
}  // namespace penstock
