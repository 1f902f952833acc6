#include "conformance/trial_sink.hpp"

#include "batch/batch.hpp"

#include <utility>

namespace penstock::host::conformance {
namespace {

using testing::HostStruct;
using testing::detail::MarkerRoom;
using testing::detail::OwnedArray;
using testing::detail::OwnedSchema;

constexpr penstock_str kEntity{"user", 4};
constexpr penstock_str kRunId{"check", 5};

HostStruct<penstock_position> to_c(const HostShape& shape, const Position& position) {
  return {shape, {0, 0, position.ordinal, to_bytes(position.detail), penstock::to_c(position.text)}};
}

std::vector<penstock_bytes> to_c(const std::vector<std::string>& keys) {
  std::vector<penstock_bytes> out;
  for (const std::string& key : keys) out.push_back(to_bytes(key));
  return out;
}

// The columns of the answer to a lookup.
Schema answer_schema(const Schema& fields) {
  Schema columns{{"penstock.state", Type::int8}, {"penstock.order", Type::binary}, {"penstock.ttl_ms", Type::int64}};
  columns.insert(columns.end(), fields.begin(), fields.end());
  return columns;
}

template <class Feature>
const Feature& feature(const penstock_sink_vtab& vtab, penstock_sink* sink, const char* id) {
  return *static_cast<const Feature*>(vtab.get_extension(sink, id));
}

}  // namespace

LentBatch::LentBatch(const Schema& schema, const std::vector<ProfileRow>& rows, int64_t skip) {
  testing::make_batch(schema, rows, &own_, skip);
  array_ = own_;
  array_.release = release;
  array_.private_data = this;
}

LentBatch::~LentBatch() {
  if (own_.release != nullptr) own_.release(&own_);
}

void LentBatch::release(ArrowArray* array) {
  LentBatch& self = *static_cast<LentBatch*>(array->private_data);
  ++self.releases_;
  array->release = nullptr;
}

void LentBatch::take_back() {
  if (array_.release != nullptr) array_.release(&array_);
}

TrialSink::TrialSink(Session& session, const OptionSet& options, Answer& opened, FakeCall* call)
    : session_(session), vtab_(static_cast<const penstock_sink_vtab*>(session.component().vtab)) {
  const ShapedOptions given(options, session.shape());
  opened = session_.call("open", [&](penstock_call* c) { return vtab_->open(c, given.get(), &sink_); }, call);
  if (!opened.ok()) sink_ = nullptr;
  else if (sink_ == nullptr) session_.trial().stop("open answered OK without a sink");
}

TrialSink::TrialSink(Session& session) : session_(session), vtab_(static_cast<const penstock_sink_vtab*>(session.component().vtab)) {
  const ShapedOptions given(session.options(), session.shape());
  session_.require(session_.call("open", [&](penstock_call* c) { return vtab_->open(c, given.get(), &sink_); }));
  if (sink_ == nullptr) session_.trial().stop("open answered OK without a sink");
}

void TrialSink::close() {
  penstock_sink* const closing = std::exchange(sink_, nullptr);
  if (closing != nullptr) session_.call("close", [&](penstock_call* c) { return vtab_->close(c, closing), PENSTOCK_STATUS_OK; });
}

Answer TrialSink::ping(FakeCall* call) {
  return session_.call("ping", [&](penstock_call* c) { return vtab_->ping(c, sink_); }, call);
}

Answer TrialSink::capabilities(penstock_sink_capabilities& out, FakeCall* call) {
  HostStruct<penstock_sink_capabilities> room(session_.shape(), {});
  const Answer answer = session_.call("capabilities", [&](penstock_call* c) { return vtab_->capabilities(c, sink_, room.get()); }, call);
  session_.expect_intact("capabilities", room);
  out = room.value();
  return answer;
}

Answer TrialSink::begin(const ViewName& view, const Schema& fields, TrialRun& out, int64_t ttl_ms, int64_t order_size, FakeCall* call) {
  out.end();
  out.view_ = view;
  out.schema_ = testing::batch_schema(fields, order_size);
  out.next_seq_ = 1;
  const OwnedSchema schema(out.schema_);
  const HostStruct<penstock_run_spec> spec(session_.shape(),
                                           {0, view.version, penstock::to_c(view.view), kEntity, kRunId, ttl_ms, order_size, &schema});
  HostStruct<penstock_begin_result> result(session_.shape(), {0, 0, 0, -1});
  const Answer answer =
      session_.call("begin", [&](penstock_call* c) { return vtab_->begin(c, sink_, spec.get(), result.get(), &out.writer_); }, call);
  session_.expect_intact("begin", result);
  if (!answer.ok()) {
    out.writer_ = nullptr;
    return answer;
  }
  if (out.writer_ == nullptr) session_.trial().stop("begin answered OK without a writer");
  out.fence = result.value().fence;
  out.previous_fence = result.value().previous_fence;
  written_[view];
  return answer;
}

void TrialSink::need(const char* id) const {
  if (!has(id)) session_.trial().skip("not offered: " + std::string(id));
}

TrialSink::ViewRef TrialSink::to_ref(const ViewName& view) const {
  return {session_.shape(), {0, view.version, penstock::to_c(view.view), kEntity}};
}

Answer TrialSink::load_marker(const ViewName& view, LoadedMarker& out, FakeCall* call) {
  const auto ref = to_ref(view);
  MarkerRoom room(session_.shape());
  const auto& marker = feature<penstock_marker_vtab>(*vtab_, sink_, PENSTOCK_EXT_MARKER);
  const Answer answer = session_.call("marker load", [&](penstock_call* c) { return marker.load(c, sink_, ref.get(), room.out.get()); }, call,
                                      {&room.position.detail, &room.position.text, &room.store_id});
  session_.expect_intact("marker load", room.out, room.position.out);
  out = room.loaded();
  return answer;
}

bool TrialSink::loads_many() const {
  const auto& marker = feature<penstock_marker_vtab>(*vtab_, sink_, PENSTOCK_EXT_MARKER);
  return PENSTOCK_HAS(&marker, load_many) && marker.load_many != nullptr;
}

Answer TrialSink::load_markers(const std::vector<ViewName>& views, std::vector<LoadedMarker>& out) {
  std::deque<ViewRef> refs;
  std::deque<MarkerRoom> rooms;
  std::vector<const penstock_view_ref*> in;
  std::vector<penstock_marker_out*> outs;
  FakeCall call(session_.shape());
  for (const ViewName& view : views) {
    in.push_back(refs.emplace_back(to_ref(view)).get());
    outs.push_back(rooms.emplace_back(session_.shape()).out.get());
  }
  const auto& marker = feature<penstock_marker_vtab>(*vtab_, sink_, PENSTOCK_EXT_MARKER);
  const Answer answer = session_.call(
      "marker load_many",
      [&](penstock_call* c) {
        for (const MarkerRoom& room : rooms)
          for (const FakeBuffer* buffer : {&room.position.detail, &room.position.text, &room.store_id}) call.give(*buffer);
        return marker.load_many(c, sink_, in.data(), in.size(), outs.data());
      },
      &call);
  out.clear();
  for (const MarkerRoom& room : rooms) out.push_back(room.loaded());
  return answer;
}

Answer TrialSink::compare_and_store(const ViewName& view, int64_t expected_fence, const std::optional<Position>& position) {
  const auto ref = to_ref(view);
  const Position given = position.value_or(Position{});
  const auto value = to_c(session_.shape(), given);
  const auto& marker = feature<penstock_marker_vtab>(*vtab_, sink_, PENSTOCK_EXT_MARKER);
  written_[view];
  return session_.call("marker compare_and_store", [&](penstock_call* c) {
    return marker.compare_and_store(c, sink_, ref.get(), expected_fence, position ? value.get() : nullptr);
  });
}

Answer TrialSink::lookup(const ViewName& view, const Schema& fields, const std::vector<std::string>& keys, std::vector<Profile>& out, FakeCall* call) {
  const auto ref = to_ref(view);
  const OwnedSchema wanted(fields);
  const std::vector<penstock_bytes> raw_keys = to_c(keys);
  OwnedArray array;
  const auto& reader = feature<penstock_lookup_vtab>(*vtab_, sink_, PENSTOCK_EXT_LOOKUP);
  const Answer answer = session_.call(
      "lookup", [&](penstock_call* c) { return reader.read(c, sink_, ref.get(), &wanted, raw_keys.data(), raw_keys.size(), &array); }, call);
  if (!answer.ok()) {
    array.release = nullptr;
    return answer;
  }
  if (const auto valid = validate_array(answer_schema(fields), array); !valid)
    session_.trial().stop("lookup: " + valid.failure().message, "an array of state, order key, remaining life and the fields asked for");
  out = testing::profiles_from(fields, array);
  return answer;
}

Answer TrialSink::remove(const ViewName& view, const std::vector<std::string>& keys, uint64_t& removed) {
  const auto ref = to_ref(view);
  const std::vector<penstock_bytes> raw_keys = to_c(keys);
  const auto& remover = feature<penstock_delete_vtab>(*vtab_, sink_, PENSTOCK_EXT_DELETE);
  return session_.call("delete", [&](penstock_call* c) { return remover.remove(c, sink_, ref.get(), raw_keys.data(), raw_keys.size(), &removed); });
}

Answer TrialSink::set_ttl(const ViewName& view, const std::vector<std::string>& keys, int64_t ttl_ms, uint64_t& touched) {
  const auto ref = to_ref(view);
  const std::vector<penstock_bytes> raw_keys = to_c(keys);
  const auto& ttl = feature<penstock_ttl_vtab>(*vtab_, sink_, PENSTOCK_EXT_TTL);
  return session_.call("set_ttl", [&](penstock_call* c) { return ttl.set_ttl(c, sink_, ref.get(), raw_keys.data(), raw_keys.size(), ttl_ms, &touched); });
}

Answer TrialSink::describe_keys(const ViewName& view, std::string& out) {
  const auto ref = to_ref(view);
  FakeBuffer buffer;
  const auto& layout = feature<penstock_layout_vtab>(*vtab_, sink_, PENSTOCK_EXT_LAYOUT);
  const Answer answer =
      session_.call("describe_keys", [&](penstock_call* c) { return layout.describe_keys(c, sink_, ref.get(), buffer.get()); }, nullptr, {&buffer});
  out = buffer.bytes;
  session_.heard(out);
  return answer;
}

LoadedMarker TrialSink::load_marker(const ViewName& view) {
  LoadedMarker marker;
  session_.require(load_marker(view, marker));
  return marker;
}

std::vector<Profile> TrialSink::lookup(const ViewName& view, const Schema& fields, const std::vector<std::string>& keys) {
  std::vector<Profile> profiles;
  session_.require(lookup(view, fields, keys, profiles));
  if (profiles.size() != keys.size())
    session_.trial().stop("lookup gave " + std::to_string(profiles.size()) + " rows for " + std::to_string(keys.size()) + " keys", "one row per key");
  return profiles;
}

void TrialSink::clean_up() {
  for (const auto& [view, keys] : std::exchange(written_, {})) {
    uint64_t removed = 0;
    if (!keys.empty() && has(PENSTOCK_EXT_DELETE)) remove(view, {keys.begin(), keys.end()}, removed);
    LoadedMarker marker;
    if (has(PENSTOCK_EXT_MARKER) && load_marker(view, marker).ok() && marker.found) compare_and_store(view, marker.fence, std::nullopt);
  }
  written_.clear();
}

Answer TrialRun::write(const std::vector<ProfileRow>& rows, Written& counts, int64_t skip, FakeCall* call) {
  LentBatch& batch = sink_.batches_.emplace_back(schema_, rows, skip);
  HostStruct<penstock_write_result> out(sink_.session_.shape(), {});
  FakeCall own(sink_.session_.shape());
  FakeCall& used = call == nullptr ? own : *call;
  for (const ProfileRow& row : rows) sink_.written_[view_].insert(row.key);
  const Answer answer = sink_.session_.call(
      "write", [&](penstock_call* c) { return sink_.vtab_->write(c, writer_, next_seq_++, batch.array(), out.get()); }, &used);
  batch.take_back();
  sink_.session_.expect_intact("write", out);
  rejects_ = used.rejects();
  const penstock_write_result result = out.value();
  counts = {result.written, result.unchanged, result.stale, result.rejected};
  return answer;
}

Written TrialRun::write(const std::vector<ProfileRow>& rows, int64_t skip) {
  Written counts;
  sink_.session_.require(write(rows, counts, skip));
  return counts;
}

Answer TrialRun::flush(FakeCall* call) {
  return sink_.session_.call("flush", [&](penstock_call* c) { return sink_.vtab_->flush(c, writer_); }, call);
}

Answer TrialRun::commit(const Position& position, FakeCall* call) {
  const auto value = to_c(sink_.session_.shape(), position);
  return sink_.session_.call("commit", [&](penstock_call* c) { return sink_.vtab_->commit(c, writer_, value.get()); }, call);
}

Answer TrialRun::abort(FakeCall* call) {
  return sink_.session_.call("abort", [&](penstock_call* c) { return sink_.vtab_->abort(c, writer_); }, call);
}

void TrialRun::end() {
  penstock_writer* const ending = std::exchange(writer_, nullptr);
  if (ending != nullptr) sink_.session_.call("end", [&](penstock_call* c) { return sink_.vtab_->end(c, ending), PENSTOCK_STATUS_OK; });
}

}  // namespace penstock::host::conformance
