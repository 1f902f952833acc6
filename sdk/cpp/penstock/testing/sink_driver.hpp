// Drives a sink connector through the C ABI with plain values: rows in, profiles out.
//
//   penstock::testing::SinkDriver sink(*penstock::sink<MySink>(), {{"url", "x"}});
//   const auto run = sink.begin(fields);
//   EXPECT_EQ(run->write({{"key", order_key(1), {cell("Ann")}}}), (penstock::testing::Written{.written = 1}));
#pragma once

#include <penstock/module.h>
#include <penstock/sink.hpp>
#include <penstock/testing/caller.hpp>
#include <penstock/testing/fake_options.hpp>
#include <penstock/testing/profile_row.hpp>

namespace penstock::testing {

struct Written {
  int64_t written = 0, unchanged = 0, stale = 0, rejected = 0;
  bool operator==(const Written&) const = default;
};
inline std::ostream& operator<<(std::ostream& out, const Written& w) {
  return out << "{written " << w.written << ", unchanged " << w.unchanged << ", stale " << w.stale << ", rejected " << w.rejected << "}";
}

struct RunOptions {
  std::string view = "users";
  int32_t version = 1;
  std::string run_id = "run-1";
  int64_t ttl_ms = 0;
  int64_t order_size = 24;
};

struct LoadedMarker {
  bool found = false;
  int64_t ordinal = 0;
  std::string detail, text;
  int64_t fence = 0;
  std::string store_id;
  int64_t committed_fence = 0;

  bool operator==(const LoadedMarker&) const = default;
};

namespace detail {
struct OwnedArray : ArrowArray {
  OwnedArray() : ArrowArray{} {}
  ~OwnedArray() {
    if (release != nullptr) release(this);
  }
};

struct OwnedSchema : ArrowSchema {
  explicit OwnedSchema(const Schema& schema) : ArrowSchema{} { export_schema(schema, this); }
  ~OwnedSchema() { release(this); }
};

// Room for one marker.
struct MarkerRoom {
  FakePositionOut position;
  FakeBuffer store_id;
  HostStruct<penstock_marker_out> out;

  explicit MarkerRoom(const HostShape& shape) : position(shape), out(shape, {0, 0, position.get(), 0, store_id.get(), 0}) {}
  LoadedMarker loaded() const {
    const penstock_marker_out marker = out.value();
    return {marker.found != 0, position.ordinal(), position.detail.bytes, position.text.bytes, marker.fence, store_id.bytes, marker.committed_fence};
  }
};
}  // namespace detail

class SinkDriver;

// One run. Ends with the object, which must go before its sink. Functions that take a call use it in place of a new one, so
// that a test can cancel it. Every function throws CallFailed with what the connector reported, or ContractViolated.
class RunDriver {
 public:
  RunDriver(const RunDriver&) = delete;
  RunDriver& operator=(const RunDriver&) = delete;
  // A violation that nobody has seen ends the program: a destructor cannot throw.
  ~RunDriver();

  int64_t fence() const { return fence_; }
  int64_t previous_fence() const { return previous_fence_; }

  Written write(const std::vector<ProfileRow>& rows, FakeCall* call = nullptr) { return write_with_seq(next_seq_++, rows, call); }
  // The batch starts with so many rows that are skipped by an offset.
  Written write_with_seq(uint64_t seq, const std::vector<ProfileRow>& rows, FakeCall* call = nullptr, int64_t skip = 0);
  void flush(FakeCall* call = nullptr);
  void commit(const Position& position, FakeCall* call = nullptr);
  void abort(FakeCall* call = nullptr);

  // Of the last write.
  const std::vector<RecordedReject>& rejects() const { return rejects_; }

 private:
  friend class SinkDriver;
  RunDriver(SinkDriver& sink, Schema schema) : sink_(sink), schema_(std::move(schema)) {}

  SinkDriver& sink_;
  Schema schema_;
  penstock_writer* writer_ = nullptr;
  int64_t fence_ = 0, previous_fence_ = -1;
  uint64_t next_seq_ = 1;
  std::vector<RecordedReject> rejects_;
};

// An opened sink. Functions throw as those of RunDriver do.
class SinkDriver {
 public:
  explicit SinkDriver(const penstock_component& component, const std::map<std::string, std::string>& options = {},
                      FakeCall* call = nullptr, const HostShape& shape = {})
      : vtab_(static_cast<const penstock_sink_vtab*>(component.vtab)), caller_(shape) {
    const FakeOptions values(component.options, component.n_options, options, shape);
    caller_.call("open", call, {}, [&](penstock_call* c) { return vtab_->open(c, values.get(), &sink_); });
  }
  SinkDriver(const SinkDriver&) = delete;
  SinkDriver& operator=(const SinkDriver&) = delete;
  // A violation that nobody has seen ends the program: a destructor cannot throw.
  ~SinkDriver() {
    detail::end_or_abort([&] { close(); });
  }

  // Closes the connector; nothing else may be called afterwards. Throws ContractViolated.
  void close() {
    penstock_sink* const closing = std::exchange(sink_, nullptr);
    if (closing == nullptr) return;
    caller_.call("close", nullptr, {}, [&](penstock_call* c) { return vtab_->close(c, closing), PENSTOCK_STATUS_OK; });
  }

  void ping(FakeCall* call = nullptr) {
    caller_.call("ping", call, {}, [&](penstock_call* c) { return vtab_->ping(c, sink_); });
  }

  penstock_sink_capabilities capabilities(FakeCall* call = nullptr) {
    HostStruct<penstock_sink_capabilities> out(caller_.shape(), {});
    caller_.call("capabilities", call, {}, [&](penstock_call* c) { return vtab_->capabilities(c, sink_, out.get()); });
    require_intact("capabilities", out);
    return out.value();
  }

  std::unique_ptr<RunDriver> begin(const Schema& fields, const RunOptions& options = {}, FakeCall* call = nullptr) {
    std::unique_ptr<RunDriver> run(new RunDriver(*this, batch_schema(fields, options.order_size)));
    const detail::OwnedSchema schema(run->schema_);
    const HostStruct<penstock_run_spec> spec(caller_.shape(), {0, options.version, to_c(options.view), kEntity, to_c(options.run_id),
                                                               options.ttl_ms, options.order_size, &schema});
    HostStruct<penstock_begin_result> result(caller_.shape(), {0, 0, 0, -1});
    caller_.call("begin", call, {}, [&](penstock_call* c) { return vtab_->begin(c, sink_, spec.get(), result.get(), &run->writer_); });
    require_intact("begin", result);
    run->fence_ = result.value().fence;
    run->previous_fence_ = result.value().previous_fence;
    return run;
  }

  LoadedMarker load_marker(const std::string& view = "users", int32_t version = 1, FakeCall* call = nullptr) {
    const auto ref = view_ref(view, version);
    detail::MarkerRoom room(caller_.shape());
    const auto* marker = static_cast<const penstock_marker_vtab*>(extension(PENSTOCK_EXT_MARKER));
    caller_.call("load", call, {&room.position.detail, &room.position.text, &room.store_id},
                 [&](penstock_call* c) { return marker->load(c, sink_, ref.get(), room.out.get()); });
    require_intact("load", room.out, room.position.out);
    return room.loaded();
  }

  std::vector<LoadedMarker> load_markers(const std::vector<std::string>& views) {
    std::vector<HostStruct<penstock_view_ref>> refs;
    std::vector<std::unique_ptr<detail::MarkerRoom>> rooms;
    std::vector<const penstock_view_ref*> in;
    std::vector<penstock_marker_out*> out;
    FakeCall call(caller_.shape());
    refs.reserve(views.size());
    for (const std::string& view : views) {
      in.push_back(refs.emplace_back(view_ref(view, 1)).get());
      out.push_back(rooms.emplace_back(std::make_unique<detail::MarkerRoom>(caller_.shape()))->out.get());
    }
    const auto* marker = static_cast<const penstock_marker_vtab*>(extension(PENSTOCK_EXT_MARKER));
    caller_.call("load_many", &call, {}, [&](penstock_call* c) {
      for (const auto& room : rooms)
        for (const FakeBuffer* buffer : {&room->position.detail, &room->position.text, &room->store_id}) call.give(*buffer);
      return marker->load_many(c, sink_, in.data(), in.size(), out.data());
    });
    std::vector<LoadedMarker> loaded;
    for (const auto& room : rooms) loaded.push_back(room->loaded());
    return loaded;
  }

  void compare_and_store(int64_t expected_fence, const std::optional<Position>& position, const std::string& view = "users",
                         int32_t version = 1) {
    const auto ref = view_ref(view, version);
    const Position given = position.value_or(Position{});
    const auto value = position_of(given);
    const auto* marker = static_cast<const penstock_marker_vtab*>(extension(PENSTOCK_EXT_MARKER));
    caller_.call("compare_and_store", nullptr, {}, [&](penstock_call* c) {
      return marker->compare_and_store(c, sink_, ref.get(), expected_fence, position ? value.get() : nullptr);
    });
  }

  std::vector<Profile> lookup(const Schema& fields, const std::vector<std::string>& keys, const std::string& view = "users",
                              int32_t version = 1, FakeCall* call = nullptr) {
    const auto ref = view_ref(view, version);
    const detail::OwnedSchema wanted(fields);
    const std::vector<penstock_bytes> raw_keys = bytes_of(keys);
    detail::OwnedArray array;
    const auto* reader = static_cast<const penstock_lookup_vtab*>(extension(PENSTOCK_EXT_LOOKUP));
    caller_.call("read", call, {}, [&](penstock_call* c) {
      return reader->read(c, sink_, ref.get(), &wanted, raw_keys.data(), raw_keys.size(), &array);
    });
    return profiles_from(fields, array);
  }

  uint64_t remove(const std::vector<std::string>& keys, const std::string& view = "users", int32_t version = 1) {
    const auto ref = view_ref(view, version);
    const std::vector<penstock_bytes> raw_keys = bytes_of(keys);
    uint64_t removed = 0;
    const auto* remover = static_cast<const penstock_delete_vtab*>(extension(PENSTOCK_EXT_DELETE));
    caller_.call("remove", nullptr, {}, [&](penstock_call* c) {
      return remover->remove(c, sink_, ref.get(), raw_keys.data(), raw_keys.size(), &removed);
    });
    return removed;
  }

  uint64_t set_ttl(const std::vector<std::string>& keys, int64_t ttl_ms, const std::string& view = "users", int32_t version = 1) {
    const auto ref = view_ref(view, version);
    const std::vector<penstock_bytes> raw_keys = bytes_of(keys);
    uint64_t touched = 0;
    const auto* ttl = static_cast<const penstock_ttl_vtab*>(extension(PENSTOCK_EXT_TTL));
    caller_.call("set_ttl", nullptr, {}, [&](penstock_call* c) {
      return ttl->set_ttl(c, sink_, ref.get(), raw_keys.data(), raw_keys.size(), ttl_ms, &touched);
    });
    return touched;
  }

  // Where the profiles of a view are; empty when the sink does not say.
  std::string describe_keys(const std::string& view = "users", int32_t version = 1) {
    const auto ref = view_ref(view, version);
    FakeBuffer out;
    const auto* layout = static_cast<const penstock_layout_vtab*>(vtab_->get_extension(sink_, PENSTOCK_EXT_LAYOUT));
    if (layout == nullptr) return {};
    caller_.call("describe_keys", nullptr, {&out}, [&](penstock_call* c) { return layout->describe_keys(c, sink_, ref.get(), out.get()); });
    return out.bytes;
  }

  // Does the sink offer the feature?
  bool has(const char* id) const { return vtab_->get_extension(sink_, id) != nullptr; }

  // Everything that was logged or reported as an error or reject by this driver so far.
  const std::string& said() const { return caller_.said(); }

 private:
  friend class RunDriver;
  static constexpr penstock_str kEntity{"user", 4};

  HostStruct<penstock_view_ref> view_ref(const std::string& view, int32_t version) const {
    return {caller_.shape(), {0, version, to_c(view), kEntity}};
  }
  HostStruct<penstock_position> position_of(const Position& position) const {
    return {caller_.shape(), {0, 0, position.ordinal, to_bytes(position.detail), to_c(position.text)}};
  }
  static std::vector<penstock_bytes> bytes_of(const std::vector<std::string>& keys) {
    std::vector<penstock_bytes> out;
    for (const std::string& key : keys) out.push_back(to_bytes(key));
    return out;
  }
  const void* extension(const char* id) const {
    const void* found = vtab_->get_extension(sink_, id);
    if (found == nullptr) throw std::runtime_error(std::string("the sink has no extension ") + id);
    return found;
  }

  const penstock_sink_vtab* vtab_;
  Caller caller_;
  penstock_sink* sink_ = nullptr;
};

inline RunDriver::~RunDriver() {
  if (writer_ == nullptr) return;
  detail::end_or_abort([&] {
    sink_.caller_.call("end", nullptr, {}, [&](penstock_call* c) { return sink_.vtab_->end(c, writer_), PENSTOCK_STATUS_OK; });
  });
}

inline Written RunDriver::write_with_seq(uint64_t seq, const std::vector<ProfileRow>& rows, FakeCall* given, int64_t skip) {
  detail::OwnedArray batch;
  make_batch(schema_, rows, &batch, skip);
  const int64_t batch_rows = batch.length;  // the sink may take the batch
  HostStruct<penstock_write_result> out(sink_.caller_.shape(), {});
  rejects_ = sink_.caller_
                 .call("write", given, {}, [&](penstock_call* c) { return sink_.vtab_->write(c, writer_, seq, &batch, out.get()); })
                 .rejects();
  require_intact("write", out);
  const penstock_write_result result = out.value();
  if (result.written + result.unchanged + result.stale + result.rejected != batch_rows ||
      result.rejected != static_cast<int64_t>(rejects_.size()))
    throw ContractViolated({"write: the rows counted are not those of the batch, or those rejected not those reported"});
  return {result.written, result.unchanged, result.stale, result.rejected};
}

inline void RunDriver::flush(FakeCall* call) {
  sink_.caller_.call("flush", call, {}, [&](penstock_call* c) { return sink_.vtab_->flush(c, writer_); });
}

inline void RunDriver::commit(const Position& position, FakeCall* call) {
  const auto value = sink_.position_of(position);
  sink_.caller_.call("commit", call, {}, [&](penstock_call* c) { return sink_.vtab_->commit(c, writer_, value.get()); });
}

inline void RunDriver::abort(FakeCall* call) {
  sink_.caller_.call("abort", call, {}, [&](penstock_call* c) { return sink_.vtab_->abort(c, writer_); });
}

}  // namespace penstock::testing
