#include "sink_redis/cluster_writer.hpp"

#include "sink_redis/cluster_scripts.hpp"
#include "sink_redis/errors.hpp"
#include "sink_redis/exchange.hpp"
#include "sink_redis/run_errors.hpp"

#include <algorithm>
#include <charconv>
#include <set>

namespace penstock::redis {
namespace {

// A call with more than this is ended early, so that large values do not keep the server from its readers.
constexpr size_t kCallBytes = 256 * 1024;
constexpr size_t kRunArguments = 5;
constexpr int64_t kMicrosecondsPerSecond = 1'000'000;

int64_t number_of(const Reply& reply) {
  int64_t out = 0;
  const std::string_view text = reply.text();
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size())
    throw Error(PENSTOCK_STATUS_DATA_LOSS, PENSTOCK_RETRY_RECONNECT, "begin: the fence or the server's clock is not a number");
  return out;
}

}  // namespace

// Of the write in progress.
struct ClusterWriter::Work {
  const BatchView& batch;
  std::vector<ValueWriter> values = {};  // none where profiles are packed
  WriteResult result = {};
  Nodes::Detours detours = {};
  std::optional<Error> failure = {};
  Session* failed = nullptr;  // whose answer it was
  bool progress = false;
};

ClusterWriter::ClusterWriter(const Call& call, std::shared_ptr<Nodes> nodes, const Settings& settings, const RunSpec& spec)
    : nodes_(std::move(nodes)), settings_(settings), schema_(spec.schema), run_id_(spec.run_id), ttl_(std::to_string(spec.ttl_ms)),
      order_width_(2 * static_cast<size_t>(spec.order_size)),
      at_once_(settings.transaction_rows, settings.packed ? 1 : schema_.size() - kFirstFieldColumn + 1) {
  for (const Layout& layout : nodes_->layouts(spec.view, spec.view_version)) buckets_.emplace_back(layout);
  std::vector<std::string> names;
  for (size_t i = kFirstFieldColumn; i < schema_.size(); ++i) names.push_back(schema_[i].name);
  if (settings.packed) packer_.emplace(schema_, spec.order_size);
  bool payloads = !packer_ && settings.restore && ProfilePayload::fits(names);
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

// Two steps: what fence is greater than that of every bucket, and than every clock; then begin each with it. A layout that does not fit is
// found in the first, before anything is changed.
void ClusterWriter::begin(const Call& call) {
  begin_buckets(call, {}, [&](Bucket&, const Reply& reply) {
    const Reply fence = reply.first_item().next(), seconds = fence.next(), microseconds = seconds.next();
    fence_number_ = std::max({fence_number_, number_of(fence) + 1, number_of(seconds) * kMicrosecondsPerSecond + number_of(microseconds)});
  });
  fence_ = std::to_string(fence_number_);
  begin_buckets(call, fence_, [&](Bucket& bucket, const Reply& reply) {
    const Reply store_id = reply.first_item().next();
    bucket.store_id = store_id.text();
    const int64_t previous = number_of(store_id.next());
    // Where it is not the same in all of them, some run did not begin everywhere, or a bucket is another one.
    if (previous_fence_.value_or(previous) != previous) previous_fence_ = -1;
    if (!previous_fence_) previous_fence_ = previous;
  });
}

// `handle` gets the answers that begin with kDone.
void ClusterWriter::begin_buckets(const Call& call, std::string_view fence, const std::function<void(Bucket&, const Reply&)>& handle) {
  const std::string_view layout = packer_ ? "packed" : "hash";
  const size_t items = fence.empty() ? 4 : 3;
  std::vector<std::string_view> keys;
  for (const Bucket& bucket : buckets_) keys.push_back(bucket.layout.marker_key);
  nodes_->each(
      call, keys,
      [&](size_t number, Session&, Buffer& out) {
        append_command(out, {"EVAL", kBeginBucket, "2", keys[number], buckets_[number].layout.store_key, run_id_, new_store_id(), layout,
                             packer_ ? packer_->fields_text() : std::string_view(), fence});
      },
      [&](size_t number, const Reply& reply) {
        if (reply.is_error()) throw server_error("begin", reply.text());
        const std::string_view code = reply.is_array() && reply.items() > 0 ? reply.first_item().text() : std::string_view();
        if (code == kOtherLayout && reply.items() == 2) throw other_layout(layout, reply.first_item().next().text());
        if (code == kFenced) throw Error(PENSTOCK_STATUS_FENCED, "another run of this view began in the store at the same time");
        if (code != kDone || reply.items() != items)
          throw Error(PENSTOCK_STATUS_DATA_LOSS, PENSTOCK_RETRY_RECONNECT, "begin: the server's answer is not what the script returns");
        handle(buckets_[number], reply);
      });
}

void ClusterWriter::load_script(const Call& call, Session& session) {
  write_sha_ = session.request(call, "load a script", {"SCRIPT", "LOAD", packer_ ? kWritePackedBucket : kWriteBucket}).text();
}

void ClusterWriter::check_usable() const {
  if (dead_ || !nodes_->alive()) throw run_is_over();
}

WriteResult ClusterWriter::write(const Call& call, uint64_t seq, const BatchView& batch) {
  check_usable();
  if (seq != next_batch_) throw unexpected_batch(seq, next_batch_);
  dead_ = true;  // until everything has gone well
  Work work{batch};
  if (packer_)
    packer_->bind(batch);
  else
    for (size_t i = kFirstFieldColumn; i < batch.columns(); ++i) work.values.emplace_back(batch[i]);
  pick_rows(work);
  Patience patience(settings_.timeout);
  const SteadyTime began = std::chrono::steady_clock::now();
  for (;;) {
    for (Bucket& bucket : buckets_) {
      bucket.next = bucket.confirmed;
      bucket.next_seq = bucket.seq;
      bucket.in_flight.clear();
      bucket.on_detour = false;
    }
    std::vector<Share> nodes = shares(call);
    if (nodes.empty()) break;
    work.detours = {};
    work.progress = false;
    send(call, nodes, work);
    if (work.progress) patience.progress();
    nodes_->take(call, work.detours, patience);
  }
  at_once_.took(static_cast<size_t>(batch.rows()), std::chrono::steady_clock::now() - began);
  work.result.rejected = rejects_.tell(call);
  ++next_batch_;
  dead_ = false;
  return work.result;
}

// Rejects what is too large to be sent; the rest is the work of this write.
void ClusterWriter::pick_rows(Work& work) {
  rejects_.clear();
  for (Bucket& bucket : buckets_) {
    bucket.rows.clear();
    bucket.confirmed = 0;
  }
  const ColumnView& keys = work.batch[kKeyColumn];
  for (int64_t row = 0; row < keys.length(); ++row) {
    const auto size_of = [&](size_t field) {
      if (packer_) return packer_->value_bound(field, row);
      return work.values[field].is_null(row) ? 0 : work.values[field].size_bound(row);
    };
    const std::string_view key = keys.bytes(row);
    const auto size = rejects_.measure(row, key, schema_.size() - kFirstFieldColumn, size_of, settings_.max_row_bytes, packer_ ? "bytes" : "bytes as text");
    if (size) buckets_[nodes_->part_of(key)].rows.push_back({row, size->bytes, payload_ && size->largest <= kPayloadValueBytes});
  }
}

// The buckets with rows that are not confirmed, by the node that has them.
std::vector<ClusterWriter::Share> ClusterWriter::shares(const Call& call) {
  std::map<std::shared_ptr<Session>, std::vector<Bucket*>> nodes;
  for (Bucket& bucket : buckets_)
    if (bucket.next < bucket.rows.size()) nodes[nodes_->at(call, bucket.layout.marker_key)].push_back(&bucket);
  std::vector<Share> out;
  for (auto& [session, buckets] : nodes) out.push_back({session, std::move(buckets)});
  return out;
}

// To all nodes at once, and to each one call after the other, without waiting between them.
void ClusterWriter::send(const Call& call, std::vector<Share>& nodes, Work& work) {
  std::vector<Exchange> exchanges;
  for (Share& node : nodes) {
    exchanges.push_back({&node.session->connection(), [&](Buffer& out) { return encode_next(node, work, out); },
                         [&](const Reply& reply) {
                           Bucket& bucket = *node.asked.front();
                           node.asked.pop_front();
                           if (work.failure) return;
                           handle_reply(bucket, *node.session, reply, work);
                           if (work.failure) work.failed = node.session.get();
                         }});
  }
  exchange(call, settings_.pipeline_bytes, exchanges);
  if (work.failure) {
    // A master that became a replica: the next connection has the server checked, or finds another one.
    if (work.failure->retry() == PENSTOCK_RETRY_RECONNECT) work.failed->connection().close();
    throw *work.failure;
  }
  // Neither the calls that met this nor those after them were executed, so they may be sent again on the same connection.
  for (Session* const session : work.detours.forgetful) load_script(call, *session);
}

Encoded ClusterWriter::encode_next(Share& node, const Work& work, Buffer& out) {
  if (work.failure) return {0, false};
  for (; node.current < node.buckets.size(); ++node.current) {
    Bucket& bucket = *node.buckets[node.current];
    if (bucket.on_detour || bucket.next == bucket.rows.size()) continue;
    encode_call(bucket, work, out);
    node.asked.push_back(&bucket);
    return {1};
  }
  return {0, false};
}

void ClusterWriter::encode_call(Bucket& bucket, const Work& work, Buffer& out) {
  const size_t fields = work.values.size();
  const size_t most = at_once_.get();
  const size_t first = bucket.next;
  size_t count = 0, row_arguments = 0;
  for (size_t bytes = 0; count < most && first + count < bucket.rows.size() && bytes < kCallBytes; ++count) {
    const Row& row = bucket.rows[first + count];
    bytes += row.bytes;
    row_arguments += packer_ ? 1 : row.small ? 2 : 1 + fields;
  }
  append_array_header(out, 3 + 1 + count + kRunArguments + (packer_ ? 0 : 2 + fields) + row_arguments);
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
  if (!packer_) {
    append_bulk(out, std::to_string(fields));
    append_bulk(out, std::to_string(order_width_));
    for (size_t i = 0; i < fields; ++i) append_bulk(out, schema_[kFirstFieldColumn + i].name);
  }
  for (size_t i = first; i < first + count; ++i) encode_row(bucket.rows[i], work, out);
  bucket.in_flight.push_back({first, count, bucket.next_seq++});
  bucket.next += count;
}

// The order key, with a mask of nulls behind it if there is one, and the values; or the order key, R and the payload; or the packed profile.
void ClusterWriter::encode_row(const Row& row, const Work& work, Buffer& out) {
  if (packer_) return packer_->append_to(out, row.index, row.bytes - work.batch[kKeyColumn].bytes(row.index).size());
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
  const auto key = [&] { return bucket.layout.profiles + std::string(work.batch[kKeyColumn].bytes(row.index)); };
  switch (code) {
    case kRowWritten: ++work.result.written; return;
    case kRowUnchanged: ++work.result.unchanged; return;
    case kRowStale: ++work.result.stale; return;
    case kRowForeign: return rejects_.foreign(row.index, key());
    case kRowOtherWidth: return rejects_.other_width(row.index, key());
    default:
      work.failure = Error(PENSTOCK_STATUS_DATA_LOSS, PENSTOCK_RETRY_UNKNOWN_OUTCOME, "write: the server answered with an unknown row code");
  }
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
