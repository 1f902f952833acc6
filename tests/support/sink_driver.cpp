#include "support/sink_driver.hpp"

#include <ostream>

namespace penstock::test {
namespace {

penstock_view_ref view_ref(const std::string& view, int32_t version) {
  return {sizeof(penstock_view_ref), version, {view.data(), view.size()}, {"user", 4}};
}

std::string big_endian(uint64_t value) {
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift);
  return bytes;
}

template <class T>
T from_raw(const std::string& bytes) {
  T value;
  if (bytes.size() != sizeof value) throw std::runtime_error("a cell does not fit its field's type");
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

void append_value(ColumnBuilder& column, const std::string& bytes) {
  switch (column.field().type) {
    case Type::boolean: return column.append(from_raw<bool>(bytes));
    case Type::int32:
    case Type::float32: return column.append(from_raw<int32_t>(bytes));
    case Type::int64:
    case Type::float64:
    case Type::timestamp_ns: return column.append(from_raw<int64_t>(bytes));
    case Type::list: {
      for (size_t at = 0; at < bytes.size();) {
        const auto size = from_raw<uint32_t>(bytes.substr(at, 4));
        append_value(column.item(), bytes.substr(at + 4, size));
        at += 4 + size;
      }
      return column.end_list();
    }
    default: return column.append_bytes(bytes);
  }
}

std::string read_value(const ColumnView& column, int64_t row) {
  switch (column.field().type) {
    case Type::boolean: return raw(column.value<bool>(row));
    case Type::int32:
    case Type::float32: return raw(column.value<int32_t>(row));
    case Type::int64:
    case Type::float64:
    case Type::timestamp_ns: return raw(column.value<int64_t>(row));
    case Type::list: {
      std::string bytes;
      const auto [begin, end] = column.list_range(row);
      const ColumnView items = column.items();
      for (int64_t i = begin; i < end; ++i) {
        const std::string one = read_value(items, i);
        bytes += raw(static_cast<uint32_t>(one.size())) + one;
      }
      return bytes;
    }
    default: return std::string(column.bytes(row));
  }
}

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

}  // namespace

std::string order_key(int64_t time, uint64_t fence, std::optional<uint64_t> hash) {
  return big_endian(static_cast<uint64_t>(time) ^ (uint64_t{1} << 63)) + big_endian(fence) +
         big_endian(hash.value_or(static_cast<uint64_t>(time)));
}

std::ostream& operator<<(std::ostream& out, const Profile& profile) {
  out << "{state " << profile.state << ", ttl " << (profile.ttl_ms ? std::to_string(*profile.ttl_ms) : "none") << ", order ";
  const auto hex = [&](const std::optional<std::string>& bytes) {
    if (!bytes) out << "null";
    for (const char c : bytes.value_or(""))
      out << "0123456789abcdef"[(c >> 4) & 15] << "0123456789abcdef"[c & 15];
  };
  hex(profile.order);
  for (const Cell& one : profile.cells) {
    out << ", ";
    hex(one);
  }
  return out << "}";
}

std::ostream& operator<<(std::ostream& out, const Written& w) {
  return out << "{written " << w.written << ", unchanged " << w.unchanged << ", stale " << w.stale << ", rejected " << w.rejected << "}";
}

Schema batch_schema(const Schema& fields, int64_t order_size) {
  Field order{"penstock.order", Type::fixed_binary};
  order.width = static_cast<int32_t>(order_size);
  Schema schema{{"penstock.key", Type::binary}, order};
  schema.insert(schema.end(), fields.begin(), fields.end());
  return schema;
}

void make_batch(const Schema& schema, const std::vector<ProfileRow>& rows, ArrowArray* out, int64_t skip) {
  BatchBuilder builder(schema);
  for (const ProfileRow& row : rows) {
    builder[0].append_bytes(row.key);
    if (row.order.size() != static_cast<size_t>(schema[1].width)) throw std::runtime_error("an order key has another width");
    builder[1].append_bytes(row.order);
    for (size_t i = 0; i + 2 < schema.size(); ++i) {
      if (row.cells.at(i))
        append_value(builder[i + 2], *row.cells[i]);
      else
        builder[i + 2].append_null();
    }
  }
  builder.finish(out);
  out->length -= skip;
  for (int64_t i = 0; i < out->n_children; ++i) {
    out->children[i]->offset += skip;
    out->children[i]->length -= skip;
  }
}

template <class Body>
std::vector<RecordedReject> SinkDriver::call(FakeCall* given, const Body& body) {
  FakeCall own;
  FakeCall& used = given != nullptr ? *given : own;
  const penstock_status status = body(used.get());
  const RecordedError error = used.error();
  for (const std::string& line : used.logs()) said_ += line + "\n";
  for (const RecordedReject& reject : used.rejects()) said_ += reject.reason + "\n";
  said_ += error.message + "\n";
  for (const auto& [key, value] : error.details) said_ += key + "=" + value + "\n";
  if (status == PENSTOCK_STATUS_OK) return used.rejects();
  if (status != error.status) throw std::runtime_error("the returned status is not the recorded one");
  throw CallFailed(error);
}

SinkDriver::SinkDriver(const std::string& build_dir, const std::string& plugin, const std::string& id,
                       const std::map<std::string, std::string>& options, FakeCall* given) {
  const penstock_component& found = component(load_plugin(build_dir, plugin), id);
  vtab_ = static_cast<const penstock_sink_vtab*>(found.vtab);
  const FakeOptions values(found.options, found.n_options, options);
  call(given, [&](penstock_call* c) { return vtab_->open(c, values.get(), &sink_); });
}

SinkDriver::~SinkDriver() {
  FakeCall own;
  if (sink_ != nullptr) vtab_->close(own.get(), sink_);
}

const void* SinkDriver::extension(const char* id) const {
  const void* found = vtab_->get_extension(sink_, id);
  if (found == nullptr) throw std::runtime_error(std::string("no extension ") + id);
  return found;
}

void SinkDriver::ping(FakeCall* given) {
  call(given, [&](penstock_call* c) { return vtab_->ping(c, sink_); });
}

penstock_sink_capabilities SinkDriver::capabilities() {
  penstock_sink_capabilities out{};
  out.struct_size = sizeof out;
  call(nullptr, [&](penstock_call* c) { return vtab_->capabilities(c, sink_, &out); });
  return out;
}

std::unique_ptr<RunDriver> SinkDriver::begin(const Schema& fields, const RunOptions& options, FakeCall* given) {
  std::unique_ptr<RunDriver> run(new RunDriver);
  run->schema_ = batch_schema(fields, options.order_size);
  run->sink_ = this;
  const OwnedSchema schema(run->schema_);
  const penstock_run_spec spec{sizeof(penstock_run_spec), options.version, to_c(options.view), {"user", 4}, to_c(options.run_id),
                               options.ttl_ms, options.order_size, &schema};
  penstock_begin_result result{sizeof(penstock_begin_result), 0, 0, -1};
  call(given, [&](penstock_call* c) { return vtab_->begin(c, sink_, &spec, &result, &run->writer_); });
  run->fence_ = result.fence;
  run->previous_fence_ = result.previous_fence;
  return run;
}

LoadedMarker SinkDriver::load_marker(const std::string& view, int32_t version) {
  const penstock_view_ref ref = view_ref(view, version);
  FakePositionOut position;
  FakeBuffer store_id;
  penstock_marker_out out{sizeof(penstock_marker_out), 0, &position.out, 0, store_id.get(), 0};
  const auto* marker = static_cast<const penstock_marker_vtab*>(extension(PENSTOCK_EXT_MARKER));
  call(nullptr, [&](penstock_call* c) { return marker->load(c, sink_, &ref, &out); });
  return {out.found != 0, position.out.ordinal, position.detail.bytes, position.text.bytes, out.fence, store_id.bytes, out.committed_fence};
}

std::vector<LoadedMarker> SinkDriver::load_markers(const std::vector<std::string>& views) {
  std::vector<penstock_view_ref> refs;
  std::vector<const penstock_view_ref*> in;
  std::vector<FakePositionOut> positions(views.size());
  std::vector<FakeBuffer> store_ids(views.size());
  std::vector<penstock_marker_out> markers;
  std::vector<penstock_marker_out*> out;
  refs.reserve(views.size());
  markers.reserve(views.size());
  for (size_t i = 0; i < views.size(); ++i) {
    in.push_back(&refs.emplace_back(view_ref(views[i], 1)));
    out.push_back(&markers.emplace_back(penstock_marker_out{sizeof(penstock_marker_out), 0, &positions[i].out, 0, store_ids[i].get(), 0}));
  }
  const auto* marker = static_cast<const penstock_marker_vtab*>(extension(PENSTOCK_EXT_MARKER));
  call(nullptr, [&](penstock_call* c) { return marker->load_many(c, sink_, in.data(), in.size(), out.data()); });
  std::vector<LoadedMarker> loaded;
  for (size_t i = 0; i < views.size(); ++i)
    loaded.push_back({markers[i].found != 0, positions[i].out.ordinal, positions[i].detail.bytes, positions[i].text.bytes, markers[i].fence,
                      store_ids[i].bytes, markers[i].committed_fence});
  return loaded;
}

void SinkDriver::compare_and_store(int64_t expected_fence, const std::optional<Position>& position, const std::string& view,
                                   int32_t version) {
  const penstock_view_ref ref = view_ref(view, version);
  penstock_position value{sizeof(penstock_position), 0, 0, {}, {}};
  if (position) value = {sizeof(penstock_position), 0, position->ordinal, to_bytes(position->detail), to_c(position->text)};
  const auto* marker = static_cast<const penstock_marker_vtab*>(extension(PENSTOCK_EXT_MARKER));
  call(nullptr, [&](penstock_call* c) {
    return marker->compare_and_store(c, sink_, &ref, expected_fence, position ? &value : nullptr);
  });
}

std::vector<Profile> SinkDriver::lookup(const Schema& fields, const std::vector<std::string>& keys, const std::string& view,
                                        int32_t version, FakeCall* given) {
  const penstock_view_ref ref = view_ref(view, version);
  const OwnedSchema wanted(fields);
  std::vector<penstock_bytes> raw_keys;
  for (const std::string& key : keys) raw_keys.push_back(to_bytes(key));
  OwnedArray array;
  const auto* reader = static_cast<const penstock_lookup_vtab*>(extension(PENSTOCK_EXT_LOOKUP));
  call(given, [&](penstock_call* c) { return reader->read(c, sink_, &ref, &wanted, raw_keys.data(), raw_keys.size(), &array); });
  Schema columns{{"penstock.state", Type::int8}, {"penstock.order", Type::binary}, {"penstock.ttl_ms", Type::int64}};
  columns.insert(columns.end(), fields.begin(), fields.end());
  const BatchView batch(columns, array);
  std::vector<Profile> out;
  for (int64_t row = 0; row < batch.rows(); ++row) {
    Profile profile;
    profile.state = batch[0].value<int8_t>(row);
    if (!batch[1].is_null(row)) profile.order = batch[1].bytes(row);
    if (!batch[2].is_null(row)) profile.ttl_ms = batch[2].value<int64_t>(row);
    for (size_t i = 3; i < batch.columns(); ++i)
      profile.cells.push_back(batch[i].is_null(row) ? Cell{} : Cell{read_value(batch[i], row)});
    out.push_back(std::move(profile));
  }
  return out;
}

uint64_t SinkDriver::remove(const std::vector<std::string>& keys, const std::string& view, int32_t version) {
  const penstock_view_ref ref = view_ref(view, version);
  std::vector<penstock_bytes> raw_keys;
  for (const std::string& key : keys) raw_keys.push_back(to_bytes(key));
  uint64_t removed = 0;
  const auto* remover = static_cast<const penstock_delete_vtab*>(extension(PENSTOCK_EXT_DELETE));
  call(nullptr, [&](penstock_call* c) { return remover->remove(c, sink_, &ref, raw_keys.data(), raw_keys.size(), &removed); });
  return removed;
}

uint64_t SinkDriver::set_ttl(const std::vector<std::string>& keys, int64_t ttl_ms, const std::string& view, int32_t version) {
  const penstock_view_ref ref = view_ref(view, version);
  std::vector<penstock_bytes> raw_keys;
  for (const std::string& key : keys) raw_keys.push_back(to_bytes(key));
  uint64_t touched = 0;
  const auto* ttl = static_cast<const penstock_ttl_vtab*>(extension(PENSTOCK_EXT_TTL));
  call(nullptr, [&](penstock_call* c) { return ttl->set_ttl(c, sink_, &ref, raw_keys.data(), raw_keys.size(), ttl_ms, &touched); });
  return touched;
}

RunDriver::~RunDriver() {
  FakeCall own;
  if (writer_ != nullptr) sink_->vtab_->end(own.get(), writer_);
}

Written RunDriver::write(const std::vector<ProfileRow>& rows, FakeCall* call) { return write_with_seq(next_seq_++, rows, call); }

Written RunDriver::write_with_seq(uint64_t seq, const std::vector<ProfileRow>& rows, FakeCall* given, int64_t skip) {
  OwnedArray batch;
  make_batch(schema_, rows, &batch, skip);
  penstock_write_result out{};
  out.struct_size = sizeof out;
  rejects_ = sink_->call(given, [&](penstock_call* c) { return sink_->vtab_->write(c, writer_, seq, &batch, &out); });
  return {out.written, out.unchanged, out.stale, out.rejected};
}

void RunDriver::flush() {
  sink_->call(nullptr, [&](penstock_call* c) { return sink_->vtab_->flush(c, writer_); });
}

void RunDriver::commit(const Position& position) {
  const penstock_position value{sizeof(penstock_position), 0, position.ordinal, to_bytes(position.detail), to_c(position.text)};
  sink_->call(nullptr, [&](penstock_call* c) { return sink_->vtab_->commit(c, writer_, &value); });
}

void RunDriver::abort() {
  sink_->call(nullptr, [&](penstock_call* c) { return sink_->vtab_->abort(c, writer_); });
}

void validate_options(const std::string& build_dir, const std::string& plugin, const std::string& id,
                      const std::map<std::string, std::string>& options) {
  const penstock_component& found = component(load_plugin(build_dir, plugin), id);
  const FakeOptions values(found.options, found.n_options, options);
  FakeCall call;
  if (found.validate(call.get(), values.get()) != PENSTOCK_STATUS_OK) throw CallFailed(call.error());
}

}  // namespace penstock::test
