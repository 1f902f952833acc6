#include "sink_redis/cluster_writer.hpp"

#include "sink_redis/cluster_scripts.hpp"
#include "sink_redis/errors.hpp"

#include <algorithm>
#include <charconv>
#include <set>

namespace penstock::redis {
namespace {

// A call with more than this is ended early, so that large values do not keep the server from its readers.
constexpr size_t kCallBytes = 256 * 1024;
constexpr size_t kCallValues = 20'000;
constexpr size_t kFixedArguments = 7;
constexpr size_t kShownKeyBytes = 100;
constexpr int64_t kMicrosecondsPerSecond = 1'000'000;

int64_t number_of(const Reply& reply) {
  int64_t out = 0;
  const std::string_view text = reply.text();
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size())
    throw Error(PENSTOCK_STATUS_DATA_LOSS, PENSTOCK_RETRY_RECONNECT, "begin: the server's clock is not a number");
  return out;
}

}  // namespace

// Of the write in progress.
struct ClusterWriter::Work {
  const BatchView& batch;
  std::vector<ValueWriter> values = {};
  WriteResult result = {};
  Nodes::Detours detours = {};
  std::optional<Error> failure = {};
  bool progress = false;
};

ClusterWriter::ClusterWriter(const Call& call, std::shared_ptr<Nodes> nodes, const Settings& settings, const RunSpec& spec)
    : nodes_(std::move(nodes)), settings_(settings), schema_(spec.schema), run_id_(spec.run_id), ttl_(std::to_string(spec.ttl_ms)),
      order_width_(2 * static_cast<size_t>(spec.order_size)) {
  for (const Layout& layout : nodes_->layouts(spec.view, spec.view_version)) buckets_.emplace_back(layout);
  std::vector<std::string> names;
  for (size_t i = kFirstFieldColumn; i < schema_.size(); ++i) names.push_back(schema_[i].name);
  bool payloads = settings.restore && ProfilePayload::fits(names);
  std::set<Session*> met;
  for (const Bucket& bucket : buckets_) {
    const auto session = nodes_->at(call, bucket.layout.marker_key);
    if (!met.insert(session.get()).second) continue;
    load_script(call, *session);
    payloads = payloads && session->takes_payloads(call, bucket.layout.prefix);
  }
  if (payloads) payload_.emplace(names);
  begin(call);
}

// Two steps: what fence is greater than that of every bucket, and than every clock; then begin each with it.
void ClusterWriter::begin(const Call& call) {
  std::vector<Layout> layouts;
  for (const Bucket& bucket : buckets_) layouts.push_back(bucket.layout);
  fence_number_ = merged(read_markers(call, *nodes_, layouts)).fence + 1;
  std::vector<std::string_view> keys;
  for (const Layout& layout : layouts) keys.push_back(layout.marker_key);
  nodes_->each(
      call, keys, [](size_t, Session&, Buffer& out) { append_command(out, {"TIME"}); },
      [&](size_t, const Reply& reply) {
        if (reply.is_error()) throw server_error("begin", reply.text());
        if (!reply.is_array() || reply.items() != 2) throw Error(PENSTOCK_STATUS_DATA_LOSS, PENSTOCK_RETRY_RECONNECT, "begin: the server does not tell the time");
        const Reply seconds = reply.first_item();
        fence_number_ = std::max(fence_number_, number_of(seconds) * kMicrosecondsPerSecond + number_of(seconds.next()));
      });
  fence_ = std::to_string(fence_number_);
  nodes_->each(
      call, keys,
      [&](size_t number, Session&, Buffer& out) {
        append_command(out, {"EVAL", kBeginWithFence, "2", layouts[number].marker_key, layouts[number].store_key, run_id_, new_store_id(), fence_});
      },
      [&](size_t number, const Reply& reply) {
        if (reply.is_error()) throw server_error("begin", reply.text());
        if (reply.text() == kFenced)
          throw Error(PENSTOCK_STATUS_FENCED, "another run of this view began in the store at the same time");
        buckets_[number].store_id = reply.text();
      });
}

void ClusterWriter::load_script(const Call& call, Session& session) {
  write_sha_ = session.request(call, "load a script", {"SCRIPT", "LOAD", kWriteBucket}).text();
}

void ClusterWriter::check_usable() const {
  if (dead_ || !nodes_->alive())
    throw Error(PENSTOCK_STATUS_FAILED_PRECONDITION, PENSTOCK_RETRY_UNKNOWN_OUTCOME, "the run is over after an earlier error");
}

WriteResult ClusterWriter::write(const Call& call, uint64_t seq, const BatchView& batch) {
  check_usable();
  if (seq != next_batch_)
    throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT,
                "batch " + std::to_string(seq) + " came where batch " + std::to_string(next_batch_) + " was expected");
  dead_ = true;  // until everything has gone well
  Work work{batch};
  for (size_t i = kFirstFieldColumn; i < batch.columns(); ++i) work.values.emplace_back(batch[i]);
  pick_rows(work.values, batch[kKeyColumn]);
  Patience patience(settings_.timeout);
  for (;;) {
    std::map<std::shared_ptr<Session>, std::vector<size_t>> passes;
    for (size_t i = 0; i < buckets_.size(); ++i) {
      Bucket& bucket = buckets_[i];
      bucket.next = bucket.confirmed;
      bucket.next_seq = bucket.seq;
      bucket.in_flight.clear();
      bucket.on_detour = false;
      if (bucket.next < bucket.rows.size()) passes[nodes_->at(call, bucket.layout.marker_key)].push_back(i);
    }
    if (passes.empty()) break;
    work.detours = {};
    work.progress = false;
    for (const auto& [session, buckets] : passes) {
      send(call, *session, buckets, work);
      if (work.failure) throw *work.failure;
    }
    if (work.progress) patience.progress();
    nodes_->take(call, work.detours, patience);
  }
  std::sort(rejected_.begin(), rejected_.end(), [](const Rejected& a, const Rejected& b) { return a.row < b.row; });
  for (const Rejected& one : rejected_) call.reject(one.row, one.column, one.reason, one.retryable);
  work.result.rejected = static_cast<int64_t>(rejected_.size());
  ++next_batch_;
  dead_ = false;
  return work.result;
}

// Rejects what is too large to be sent; the rest is the work of this write.
void ClusterWriter::pick_rows(const std::vector<ValueWriter>& values, const ColumnView& keys) {
  rejected_.clear();
  for (Bucket& bucket : buckets_) {
    bucket.rows.clear();
    bucket.confirmed = 0;
  }
  for (int64_t row = 0; row < keys.length(); ++row) {
    const std::string_view key = keys.bytes(row);
    size_t bytes = key.size();
    if (bytes > kMaxKeyBytes) {
      rejected_.push_back({row, kKeyColumn, "the key is longer than " + std::to_string(kMaxKeyBytes) + " bytes", false});
      continue;
    }
    size_t largest = 0, largest_size = 0;
    for (size_t i = 0; i < values.size(); ++i) {
      const size_t size = values[i].is_null(row) ? 0 : values[i].size_bound(row);
      bytes += size;
      if (size > largest_size) largest = i, largest_size = size;
    }
    if (bytes > settings_.max_row_bytes) {
      rejected_.push_back({row, static_cast<int32_t>(kFirstFieldColumn + largest),
                           "the row may take " + std::to_string(bytes) + " bytes as text, more than max_row_bytes = " +
                               std::to_string(settings_.max_row_bytes),
                           false});
      continue;
    }
    buckets_[nodes_->part_of(key)].rows.push_back({row, bytes, payload_ && largest_size <= kPayloadValueBytes});
  }
}

// Sends what is left of these buckets, which the node has, one after the other and without waiting between them.
void ClusterWriter::send(const Call& call, Session& session, const std::vector<size_t>& buckets, Work& work) {
  size_t current = 0;
  std::deque<Bucket*> asked;  // of each call in flight
  const size_t known = work.detours.all.size();
  session.connection().pipeline(
      call, settings_.pipeline_bytes,
      [&](Buffer& out) {
        if (work.failure) return Encoded{0, false};
        while (current < buckets.size()) {
          Bucket& bucket = buckets_[buckets[current]];
          if (!bucket.on_detour && bucket.next < bucket.rows.size()) {
            encode_call(bucket, work, out);
            asked.push_back(&bucket);
            return Encoded{1};
          }
          ++current;
        }
        return Encoded{0, false};
      },
      [&](const Reply& reply) {
        Bucket& bucket = *asked.front();
        asked.pop_front();
        if (!work.failure) handle_reply(bucket, session, reply, work);
      });
  if (work.failure) {
    if (work.failure->retry() == PENSTOCK_RETRY_RECONNECT) session.connection().close();
    return;
  }
  // Neither the calls that met this nor those after them were executed, so they may be sent again on the same connection.
  for (size_t i = known; i < work.detours.all.size(); ++i)
    if (work.detours.all[i].second.kind == Detour::Kind::script) return load_script(call, session);
}

void ClusterWriter::encode_call(Bucket& bucket, const Work& work, Buffer& out) {
  const size_t fields = work.values.size();
  const size_t most = std::clamp<size_t>(kCallValues / (fields + 1), 1, settings_.transaction_rows);
  const size_t first = bucket.next;
  size_t count = 0, row_arguments = 0;
  for (size_t bytes = 0; count < most && first + count < bucket.rows.size() && bytes < kCallBytes; ++count) {
    bytes += bucket.rows[first + count].bytes;
    row_arguments += bucket.rows[first + count].small ? 2 : 1 + fields;
  }
  append_array_header(out, 3 + 1 + count + kFixedArguments + fields + row_arguments);
  append_bulk(out, "EVALSHA");
  append_bulk(out, write_sha_);
  append_bulk(out, std::to_string(1 + count));
  append_bulk(out, bucket.layout.marker_key);
  for (size_t i = first; i < first + count; ++i) append_bulk(out, bucket.layout.profiles, work.batch[kKeyColumn].bytes(bucket.rows[i].index));
  append_bulk(out, fence_);
  append_bulk(out, run_id_);
  append_bulk(out, bucket.store_id);
  append_bulk(out, std::to_string(bucket.next_seq));
  append_bulk(out, ttl_);
  append_bulk(out, std::to_string(fields));
  append_bulk(out, std::to_string(order_width_));
  for (size_t i = 0; i < fields; ++i) append_bulk(out, schema_[kFirstFieldColumn + i].name);
  for (size_t i = first; i < first + count; ++i) encode_row(bucket.rows[i], work, out);
  bucket.in_flight.push_back({first, count, bucket.next_seq++});
  bucket.next += count;
}

// The order key, with a mask of nulls behind it if there is one, and the values; or the order key, R and the payload.
void ClusterWriter::encode_row(const Row& row, const Work& work, Buffer& out) {
  order_.resize(order_width_);
  write_hex(work.batch[kOrderColumn].bytes(row.index), order_.data());
  if (row.small) {
    payload_->start(order_);
    for (size_t i = 0; i < work.values.size(); ++i)
      if (!work.values[i].is_null(row.index)) payload_->add(i, work.values[i].text(row.index, scratch_));
    append_bulk(out, order_, "R");
    payload_->append_to(out);
    return;
  }
  bool any_null = false;
  for (const ValueWriter& value : work.values) any_null = any_null || value.is_null(row.index);
  mask_.clear();
  if (any_null)
    for (const ValueWriter& value : work.values) mask_ += value.is_null(row.index) ? '1' : '0';
  append_bulk(out, order_, mask_);
  for (const ValueWriter& value : work.values) append_bulk(out, any_null && value.is_null(row.index) ? std::string_view() : value.text(row.index, scratch_));
}

void ClusterWriter::handle_reply(Bucket& bucket, Session& session, const Reply& reply, Work& work) {
  const ScriptCall done = bucket.in_flight.front();
  bucket.in_flight.pop_front();
  // Nothing after a call that was not executed was applied: its sequence did not match.
  if (bucket.on_detour) return;
  if (nodes_->add_detour(bucket.layout.marker_key, session, reply, work.detours)) {
    bucket.on_detour = true;
    return;
  }
  if (reply.is_error()) {
    work.failure = server_error("write", reply.text());
    return;
  }
  const std::string_view codes = reply.text();
  if (codes == kFenced || codes == kWiped || codes == kOutOfStep) {
    work.failure = run_error(codes);
    return;
  }
  if (codes.size() != done.count) {
    work.failure = Error(PENSTOCK_STATUS_DATA_LOSS, PENSTOCK_RETRY_UNKNOWN_OUTCOME,
                         "write: the server answered for " + std::to_string(codes.size()) + " of " + std::to_string(done.count) + " rows");
    return;
  }
  for (size_t i = 0; i < done.count; ++i) count_row(bucket, bucket.rows[done.first + i], codes[i], work);
  bucket.confirmed = done.first + done.count;
  bucket.seq = done.seq + 1;
  work.progress = true;
}

void ClusterWriter::count_row(const Bucket& bucket, const Row& row, char code, Work& work) {
  // Until someone deletes the key, or it expires.
  const auto reject = [&](int32_t column, const char* why) {
    const std::string key = bucket.layout.profiles + std::string(work.batch[kKeyColumn].bytes(row.index));
    rejected_.push_back({row.index, column, "the key \"" + printable(key, kShownKeyBytes) + "\" " + why, true});
  };
  switch (code) {
    case kRowWritten: ++work.result.written; return;
    case kRowUnchanged: ++work.result.unchanged; return;
    case kRowStale: ++work.result.stale; return;
    case kRowForeign: return reject(kKeyColumn, "holds something that Penstock did not write");
    case kRowOtherWidth: return reject(kOrderColumn, "was written with an order key of another width");
    default:
      work.failure = Error(PENSTOCK_STATUS_DATA_LOSS, PENSTOCK_RETRY_UNKNOWN_OUTCOME, "write: the server answered with an unknown row code");
  }
}

Error ClusterWriter::run_error(std::string_view code) const {
  if (code == kFenced) return Error(PENSTOCK_STATUS_FENCED, "a newer run of this view has begun in the store");
  if (code == kWiped)
    return Error(PENSTOCK_STATUS_DATA_LOSS, PENSTOCK_RETRY_UNKNOWN_OUTCOME, "the store was emptied during the run");
  return Error(PENSTOCK_STATUS_DATA_LOSS, PENSTOCK_RETRY_UNKNOWN_OUTCOME,
               "the store's sequence of this run is not where it should be: writes were lost or repeated");
}

// A part that is refused, or does not answer, leaves a position that not all have reached: the next run starts at the earlier one.
void ClusterWriter::commit(const Call& call, const Position& position) {
  check_usable();
  dead_ = true;
  std::vector<std::string_view> keys;
  for (const Bucket& bucket : buckets_) keys.push_back(bucket.layout.marker_key);
  nodes_->each(
      call, keys,
      [&](size_t number, Session& session, Buffer& out) {
        const Bucket& bucket = buckets_[number];
        const std::string names[] = {bucket.layout.marker_key};
        const std::string arguments[] = {fence_, run_id_, bucket.store_id, std::to_string(bucket.seq), std::to_string(position.ordinal),
                                         to_hex(position.detail), position.text};
        append_script(out, session, Script::commit, names, arguments);
      },
      [&](size_t, const Reply& reply) {
        if (reply.is_error()) throw server_error(script_name(Script::commit), reply.text());
        if (reply.text() != kDone) throw run_error(reply.text());
      });
  dead_ = false;
}

}  // namespace penstock::redis
