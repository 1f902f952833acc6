#include "sink_redis/writer.hpp"

#include "sink_redis/errors.hpp"

#include <algorithm>
#include <charconv>

namespace penstock::redis {
namespace {

// A call with more than this is ended early, so that large values do not keep the server from its readers.
constexpr size_t kCallBytes = 256 * 1024;
constexpr size_t kCallValues = 20'000;
// Someone who empties the script cache again and again is not a reason to try for ever.
constexpr int kScriptLoads = 5;
constexpr size_t kFixedArguments = 7;
constexpr size_t kShownKeyBytes = 100;

}  // namespace

RedisWriter::RedisWriter(const Call& call, std::shared_ptr<Session> session, const Settings& settings, const RunSpec& spec)
    : session_(std::move(session)), settings_(settings), layout_(settings.key_prefix, spec.view, spec.view_version),
      schema_(spec.schema), run_id_(spec.run_id), ttl_(std::to_string(spec.ttl_ms)),
      order_width_(2 * static_cast<size_t>(spec.order_size)) {
  const std::vector<std::string> names = field_names();
  if (settings.restore && ProfilePayload::fits(names) && session_->takes_payloads(call, settings.key_prefix)) payload_.emplace(names);
  const Reply reply =
      session_->run(call, Script::begin, {layout_.marker_key, layout_.store_key}, {run_id_, new_store_id()});
  if (!reply.is_array() || reply.items() != 2)
    throw Error(PENSTOCK_STATUS_DATA_LOSS, PENSTOCK_RETRY_RECONNECT, "begin: the server's answer is not what the script returns");
  fence_ = reply.first_item().text();
  store_id_ = reply.first_item().next().text();
  const auto [end, error] = std::from_chars(fence_.data(), fence_.data() + fence_.size(), fence_number_);
  if (error != std::errc() || end != fence_.data() + fence_.size() || fence_number_ <= 0)
    throw Error(PENSTOCK_STATUS_DATA_LOSS, "begin: the fence in " + printable(layout_.marker_key) + " is not a number");
}

std::vector<std::string> RedisWriter::field_names() const {
  std::vector<std::string> names;
  for (size_t i = kFirstFieldColumn; i < schema_.size(); ++i) names.push_back(schema_[i].name);
  return names;
}

void RedisWriter::check_usable() const {
  if (dead_ || !session_->alive())
    throw Error(PENSTOCK_STATUS_FAILED_PRECONDITION, PENSTOCK_RETRY_UNKNOWN_OUTCOME, "the run is over after an earlier error");
}

WriteResult RedisWriter::write(const Call& call, uint64_t seq, const BatchView& batch) {
  check_usable();
  if (seq != next_batch_)
    throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT,
                "batch " + std::to_string(seq) + " came where batch " + std::to_string(next_batch_) + " was expected");
  dead_ = true;  // until everything has gone well
  WriteResult result;
  std::vector<ValueWriter> values;
  for (size_t i = kFirstFieldColumn; i < batch.columns(); ++i) values.emplace_back(batch[i]);
  pick_rows(call, values, batch[kKeyColumn], result);
  failure_.reset();
  next_row_ = 0;
  for (int loads_without_progress = 0;;) {
    forgotten_.reset();
    in_flight_.clear();
    const uint64_t confirmed = next_seq_ = seq_;
    session_->connection().pipeline(
        call, settings_.pipeline_bytes, [&](Buffer& out) { return encode_call(batch, values, out); },
        [&](const Reply& reply) { handle_reply(call, batch, reply, result); });
    if (failure_) throw *failure_;
    if (!forgotten_) break;
    loads_without_progress = seq_ == confirmed ? loads_without_progress + 1 : 0;
    if (loads_without_progress > kScriptLoads)
      throw Error(PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_UNKNOWN_OUTCOME, "write: the server keeps forgetting its scripts");
    // Neither that call nor one after it was executed, so they may be sent again on the same connection.
    session_->load_script(call, Script::write);
    next_row_ = forgotten_->first;
  }
  ++next_batch_;
  dead_ = false;
  return result;
}

// Rejects what is too large to be sent; the rest is the work of this write.
void RedisWriter::pick_rows(const Call& call, const std::vector<ValueWriter>& values, const ColumnView& keys, WriteResult& result) {
  rows_.clear();
  row_bytes_.clear();
  row_is_small_.clear();
  for (int64_t row = 0; row < keys.length(); ++row) {
    size_t bytes = keys.bytes(row).size();
    if (bytes > kMaxKeyBytes) {
      call.reject(row, kKeyColumn, "the key is longer than " + std::to_string(kMaxKeyBytes) + " bytes");
      ++result.rejected;
      continue;
    }
    size_t largest = 0, largest_size = 0;
    for (size_t i = 0; i < values.size(); ++i) {
      const size_t size = values[i].is_null(row) ? 0 : values[i].size_bound(row);
      bytes += size;
      if (size > largest_size) largest = i, largest_size = size;
    }
    if (bytes > settings_.max_row_bytes) {
      call.reject(row, static_cast<int32_t>(kFirstFieldColumn + largest),
                  "the row may take " + std::to_string(bytes) + " bytes as text, more than max_row_bytes = " +
                      std::to_string(settings_.max_row_bytes));
      ++result.rejected;
      continue;
    }
    rows_.push_back(row);
    row_bytes_.push_back(bytes);
    row_is_small_.push_back(payload_ && largest_size <= kPayloadValueBytes);
  }
}

// Appends the next script call; false: nothing left, or nothing more should be sent.
bool RedisWriter::encode_call(const BatchView& batch, const std::vector<ValueWriter>& values, Buffer& out) {
  if (failure_ || forgotten_ || next_row_ == rows_.size()) return false;
  const size_t most = std::clamp<size_t>(kCallValues / (values.size() + 1), 1, settings_.script_rows);
  size_t count = 0;
  for (size_t bytes = 0; count < most && next_row_ + count < rows_.size() && bytes < kCallBytes; ++count)
    bytes += row_bytes_[next_row_ + count];

  size_t row_arguments = 0;
  for (size_t i = 0; i < count; ++i) row_arguments += row_is_small_[next_row_ + i] ? 2 : 1 + values.size();
  append_array_header(out, 3 + 1 + count + kFixedArguments + values.size() + row_arguments);
  append_bulk(out, "EVALSHA");
  append_bulk(out, session_->sha(Script::write));
  append_bulk(out, std::to_string(1 + count));
  append_bulk(out, layout_.marker_key);
  for (size_t i = 0; i < count; ++i) append_bulk(out, layout_.profiles, batch[kKeyColumn].bytes(rows_[next_row_ + i]));
  append_bulk(out, fence_);
  append_bulk(out, run_id_);
  append_bulk(out, store_id_);
  append_bulk(out, std::to_string(next_seq_));
  append_bulk(out, ttl_);
  append_bulk(out, std::to_string(values.size()));
  append_bulk(out, std::to_string(order_width_));
  for (size_t i = 0; i < values.size(); ++i) append_bulk(out, schema_[kFirstFieldColumn + i].name);
  order_.resize(order_width_);
  for (size_t i = next_row_; i < next_row_ + count; ++i) {
    write_hex(batch[kOrderColumn].bytes(rows_[i]), order_.data());
    row_is_small_[i] ? encode_payload(values, rows_[i], out) : encode_row(values, rows_[i], out);
  }

  in_flight_.push_back({next_row_, count, next_seq_++});
  next_row_ += count;
  return true;
}

// The order key, with a mask of nulls behind it if there is one, and the values.
void RedisWriter::encode_row(const std::vector<ValueWriter>& values, int64_t row, Buffer& out) {
  bool any_null = false;
  for (const ValueWriter& value : values) any_null = any_null || value.is_null(row);
  mask_.clear();
  if (any_null)
    for (const ValueWriter& value : values) mask_ += value.is_null(row) ? '1' : '0';
  append_bulk(out, order_, mask_);
  for (const ValueWriter& value : values) append_bulk(out, any_null && value.is_null(row) ? std::string_view() : value.text(row, scratch_));
}

void RedisWriter::encode_payload(const std::vector<ValueWriter>& values, int64_t row, Buffer& out) {
  payload_->start(order_);
  for (size_t i = 0; i < values.size(); ++i)
    if (!values[i].is_null(row)) payload_->add(i, values[i].text(row, scratch_));
  append_bulk(out, order_, "R");
  payload_->append_to(out);
}

void RedisWriter::handle_reply(const Call& call, const BatchView& batch, const Reply& reply, WriteResult& result) {
  const ScriptCall done = in_flight_.front();
  in_flight_.pop_front();
  // Nothing after a call that failed was applied: its sequence did not match.
  if (failure_ || forgotten_) return;
  if (reply.is_error()) {
    if (error_code(reply.text()) == "NOSCRIPT")
      forgotten_ = done;
    else
      failure_ = server_error("write", reply.text());
    return;
  }
  const std::string_view codes = reply.text();
  if (codes == kFenced || codes == kWiped || codes == kOutOfStep) {
    failure_ = run_error(codes);
    return;
  }
  if (codes.size() != done.count) {
    failure_ = Error(PENSTOCK_STATUS_DATA_LOSS, PENSTOCK_RETRY_UNKNOWN_OUTCOME,
                     "write: the server answered for " + std::to_string(codes.size()) + " of " + std::to_string(done.count) + " rows");
    return;
  }
  for (size_t i = 0; i < done.count; ++i) count_row(call, batch, rows_[done.first + i], codes[i], result);
  seq_ = done.seq + 1;
}

void RedisWriter::count_row(const Call& call, const BatchView& batch, int64_t row, char code, WriteResult& result) {
  const auto key = [&] { return "the key \"" + printable(layout_.profiles + std::string(batch[kKeyColumn].bytes(row)), kShownKeyBytes) + "\""; };
  switch (code) {
    case kWritten: ++result.written; return;
    case kUnchanged: ++result.unchanged; return;
    case kStale: ++result.stale; return;
    // Both until someone deletes the key, or it expires.
    case kForeign:
      ++result.rejected;
      return call.reject(row, kKeyColumn, key() + " holds something that Penstock did not write", true);
    case kOtherWidth:
      ++result.rejected;
      return call.reject(row, kOrderColumn, key() + " was written with an order key of another width", true);
    default:
      failure_ = Error(PENSTOCK_STATUS_DATA_LOSS, PENSTOCK_RETRY_UNKNOWN_OUTCOME,
                       "write: the server answered with an unknown row code");
  }
}

Error RedisWriter::run_error(std::string_view code) const {
  if (code == kFenced) return Error(PENSTOCK_STATUS_FENCED, "a newer run of this view has begun in the store");
  if (code == kWiped)
    return Error(PENSTOCK_STATUS_DATA_LOSS, PENSTOCK_RETRY_UNKNOWN_OUTCOME, "the store was emptied during the run");
  return Error(PENSTOCK_STATUS_DATA_LOSS, PENSTOCK_RETRY_UNKNOWN_OUTCOME,
               "the store's sequence of this run is not where it should be: writes were lost or repeated");
}

void RedisWriter::flush(const Call&) {
  // write returns only once every row is answered; nothing is held back here.
  check_usable();
}

void RedisWriter::commit(const Call& call, const Position& position) {
  check_usable();
  dead_ = true;
  const Reply reply = session_->run(call, Script::commit, {layout_.marker_key},
                                    {fence_, run_id_, store_id_, std::to_string(seq_), std::to_string(position.ordinal),
                                     to_hex(position.detail), position.text});
  if (reply.text() != kDone) throw run_error(reply.text());
  dead_ = false;
}

}  // namespace penstock::redis
