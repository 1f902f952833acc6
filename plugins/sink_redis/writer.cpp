#include "sink_redis/writer.hpp"

#include "sink_redis/errors.hpp"

#include <algorithm>
#include <charconv>

namespace penstock::redis {
namespace {

// A transaction with more than this is ended early, so that large values do not keep the server from its readers.
constexpr size_t kTransactionBytes = 256 * 1024;
constexpr size_t kTransactionValues = 20'000;
// So many transactions' rows are asked for ahead of the one that is written next.
constexpr size_t kReadAhead = 4;
constexpr size_t kReadsAtOnce = 100;
// WATCH, the guard and MULTI stand before the rows of a transaction, advance and EXEC behind them.
constexpr size_t kBefore = 3, kBehind = 2;
constexpr size_t kHashBytes = 8, kFenceAndHashBytes = 16;
constexpr std::string_view kChanged = "changed";
constexpr size_t kShownKeyBytes = 100;

Error other_layout(std::string_view wanted, std::string_view there) {
  const std::string advice = ": give the view a new version, or the store another key_prefix";
  if (wanted == there)
    return Error(PENSTOCK_STATUS_FAILED_PRECONDITION, "begin: the profiles of this view were packed with other fields, or in another order of them" + advice);
  return Error(PENSTOCK_STATUS_FAILED_PRECONDITION, "begin: the profiles of this view are there in layout = \"" + printable(there, 20) +
                                                        "\", and the store's is \"" + std::string(wanted) + "\"" + advice);
}

}  // namespace

RedisWriter::RedisWriter(const Call& call, std::shared_ptr<Session> session, const Settings& settings, const RunSpec& spec)
    : session_(std::move(session)), settings_(settings), layout_(settings.key_prefix, spec.view, spec.view_version),
      schema_(spec.schema), run_id_(spec.run_id),
      guard_key_(layout_.marker_key + ":guard:" + run_id_), ttl_(std::to_string(spec.ttl_ms)),
      digits_(settings.packed ? 1 : 2), order_width_(digits_ * static_cast<size_t>(spec.order_size)),
      order_end_(std::to_string(kPackedHeadBytes + order_width_ - 1)) {
  const std::vector<std::string> names = field_names();
  if (settings.packed)
    packer_.emplace(schema_, spec.order_size);
  else if (settings.restore && ProfilePayload::fits(names) && session_->takes_payloads(call, settings.key_prefix))
    payload_.emplace(names);
  const std::string_view layout = packer_ ? "packed" : "hash";
  const Reply reply = session_->run(call, Script::begin, {layout_.marker_key, layout_.store_key},
                                    {run_id_, new_store_id(), layout, packer_ ? packer_->fields_text() : std::string_view()});
  if (!reply.is_array() || (reply.items() != 4 && reply.first_item().text() != kOtherLayout))
    throw Error(PENSTOCK_STATUS_DATA_LOSS, PENSTOCK_RETRY_RECONNECT, "begin: the server's answer is not what the script returns");
  if (reply.first_item().text() == kOtherLayout) throw other_layout(layout, reply.first_item().next().text());
  fence_ = reply.first_item().text();
  store_id_ = reply.first_item().next().text();
  const Reply positioned = reply.first_item().next().next();
  expects_none_ = positioned.integer() == 0;
  const std::string_view previous = positioned.next().text();
  std::from_chars(previous.data(), previous.data() + previous.size(), previous_fence_);
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
  if (packer_) packer_->bind(batch);
  pick_rows(values, batch[kKeyColumn]);
  const size_t rows = rows_.size();
  taken_.clear();
  write_rows(call, batch, values, result);
  if (!taken_.empty()) {
    const bool expected = taken_.size() <= rows / 2;
    rows_.swap(taken_);
    expects_none_ = false;
    write_rows(call, batch, values, result);
    expects_none_ = expected;
  }
  std::sort(rejected_.begin(), rejected_.end(), [](const Rejected& a, const Rejected& b) { return a.row < b.row; });
  for (const Rejected& one : rejected_) call.reject(one.row, one.column, one.reason, one.retryable);
  result.rejected = static_cast<int64_t>(rejected_.size());
  ++next_batch_;
  dead_ = false;
  return result;
}

void RedisWriter::write_rows(const Call& call, const BatchView& batch, const std::vector<ValueWriter>& values, WriteResult& result) {
  asked_ = compared_ = written_ = 0;
  exists_next_ = false;
  next_seq_ = seq_;
  sent_.clear();
  failure_.reset();
  marker_changed_ = false;
  session_->connection().pipeline(
      call, settings_.pipeline_bytes, [&](Buffer& out) { return encode_next(batch, values, out); },
      [&](const Reply& reply) { handle_reply(batch, reply, result); });
  // Between a guard and its EXEC; why, the guard says.
  if (marker_changed_) {
    const Reply code = session_->run(call, Script::guard, {layout_.marker_key, guard_key_}, {fence_, run_id_, store_id_, std::to_string(seq_)});
    if (code.text() != kDone) failure_ = run_error(code.text());
  }
  if (failure_) {
    // A master that became a replica: the next connection has the server checked, or finds another one.
    if (failure_->retry() == PENSTOCK_RETRY_RECONNECT) session_->connection().close();
    throw *failure_;
  }
}

// Rejects what is too large to be sent; the rest is the work of this write.
void RedisWriter::pick_rows(const std::vector<ValueWriter>& values, const ColumnView& keys) {
  rows_.clear();
  rejected_.clear();
  for (int64_t row = 0; row < keys.length(); ++row) {
    size_t bytes = keys.bytes(row).size();
    if (bytes > kMaxKeyBytes) {
      rejected_.push_back({row, kKeyColumn, "the key is longer than " + std::to_string(kMaxKeyBytes) + " bytes", false});
      continue;
    }
    size_t largest = 0, largest_size = 0;
    for (size_t i = 0; i < values.size(); ++i) {
      const size_t size = packer_ ? packer_->value_bound(i, row) : values[i].is_null(row) ? 0 : values[i].size_bound(row);
      bytes += size;
      if (size > largest_size) largest = i, largest_size = size;
    }
    if (bytes > settings_.max_row_bytes) {
      rejected_.push_back({row, static_cast<int32_t>(kFirstFieldColumn + largest),
                           "the row may take " + std::to_string(bytes) + " bytes" + (packer_ ? "" : " as text") + ", more than max_row_bytes = " +
                               std::to_string(settings_.max_row_bytes),
                           false});
      continue;
    }
    rows_.push_back({row, bytes, packer_ || (payload_ && largest_size <= kPayloadValueBytes)});
  }
}

// A packed profile is one value, whatever its fields.
size_t RedisWriter::rows_at_once(size_t fields) const {
  return packer_ ? settings_.transaction_rows : std::clamp<size_t>(kTransactionValues / (fields + 1), 1, settings_.transaction_rows);
}

Encoded RedisWriter::encode_next(const BatchView& batch, const std::vector<ValueWriter>& values, Buffer& out) {
  if (failure_) return {0, false};
  const size_t most = rows_at_once(values.size());
  while (asked_ < rows_.size() && asked_ < written_ + kReadAhead * most)
    if (const size_t commands = encode_reads(batch, out)) return {commands};
  skip_guessed();
  // Rows of which nothing is to be written do not fill a transaction.
  while (written_ < compared_ && rows_[written_].fate == Fate::nothing) ++written_;
  if (written_ == rows_.size()) return {0, false};
  if (compared_ < std::min(written_ + most, rows_.size())) return {0};
  return {encode_transaction(batch, values, out)};
}

size_t RedisWriter::encode_reads(const BatchView& batch, Buffer& out) {
  size_t commands = 0;
  for (const size_t end = std::min(asked_ + kReadsAtOnce, rows_.size()); asked_ < end; ++asked_) {
    Row& row = rows_[asked_];
    if (expects_none_ && row.small) {
      row.fate = Fate::create;
      row.guessed = true;
      continue;
    }
    const std::string_view key = batch[kKeyColumn].bytes(row.index);
    append_array_header(out, packer_ ? 4 : 3);
    append_bulk(out, packer_ ? "GETRANGE" : "HGET");
    append_bulk(out, layout_.profiles, key);
    append_bulk(out, packer_ ? "0" : kOrderField);
    if (packer_) append_bulk(out, order_end_);
    ++commands;
    // RESTORE does not replace what is not ours; HSET would write into it.
    if (row.small) continue;
    append_array_header(out, 2);
    append_bulk(out, "EXISTS");
    append_bulk(out, layout_.profiles, key);
    ++commands;
  }
  if (commands > 0) sent_.push_back({false, commands, 0, 0, 0, 0});
  return commands;
}

// The next rows that have been compared, as one transaction.
size_t RedisWriter::encode_transaction(const BatchView& batch, const std::vector<ValueWriter>& values, Buffer& out) {
  const size_t most = rows_at_once(values.size());
  const std::string seq = std::to_string(next_seq_);
  append_command(out, {"WATCH", layout_.marker_key, guard_key_});
  // As text: a script that the server forgot would leave the transaction unguarded.
  append_command(out, {"EVAL", script_text(Script::guard), "2", layout_.marker_key, guard_key_, fence_, run_id_, store_id_, seq});
  append_command(out, {"MULTI"});
  const size_t first = written_;
  size_t commands = 0, bytes = 0, touched = 0;
  for (size_t rows = 0; written_ < compared_ && rows < most && bytes < kTransactionBytes; ++written_) {
    Row& row = rows_[written_];
    if (row.fate == Fate::nothing) continue;
    ++rows;
    if (row.fate == Fate::touch) {
      ++touched;
      continue;
    }
    row.commands = static_cast<uint8_t>(encode_row(batch, values, row, out));
    commands += row.commands;
    bytes += row.bytes;
  }
  if (touched > 0) {
    encode_touches(batch, first, touched, out);
    ++commands;
  }
  append_command(out, {"EVAL", script_text(Script::advance), "1", layout_.marker_key, fence_, run_id_, store_id_});
  append_command(out, {"EXEC"});
  commands += kBefore + kBehind;
  sent_.push_back({true, commands, first, written_, touched, next_seq_++});
  return commands;
}

// Returns how many commands it took.
size_t RedisWriter::encode_row(const BatchView& batch, const std::vector<ValueWriter>& values, const Row& row, Buffer& out) {
  const std::string_view key = batch[kKeyColumn].bytes(row.index);
  set_order(batch, row.index);
  if (packer_) return encode_packed(key, row, out);
  if (!row.small) return encode_hash(key, values, row, out);
  payload_->start(order_);
  for (size_t i = 0; i < values.size(); ++i)
    if (!values[i].is_null(row.index)) payload_->add(i, values[i].text(row.index, scratch_));
  append_array_header(out, row.fate == Fate::create ? 4 : 5);
  append_bulk(out, "RESTORE");
  append_bulk(out, layout_.profiles, key);
  append_bulk(out, ttl_);
  payload_->append_to(out);
  if (row.fate != Fate::create) append_bulk(out, "REPLACE");
  return 1;
}

// One call for all of them: the same values need not be sent again, and a plain HSET would leave a piece of a profile where it has just
// expired.
void RedisWriter::encode_touches(const BatchView& batch, size_t first, size_t touched, Buffer& out) {
  append_array_header(out, 4 + 2 * touched);
  append_bulk(out, "EVAL");
  append_bulk(out, script_text(packer_ ? Script::touch_packed : Script::touch));
  append_bulk(out, std::to_string(touched));
  for (size_t i = first; i < written_; ++i)
    if (rows_[i].fate == Fate::touch) append_bulk(out, layout_.profiles, batch[kKeyColumn].bytes(rows_[i].index));
  append_bulk(out, ttl_);
  for (size_t i = first; i < written_; ++i) {
    if (rows_[i].fate != Fate::touch) continue;
    set_order(batch, rows_[i].index);
    append_bulk(out, rows_[i].newer ? std::string_view(order_) : std::string_view());
  }
}

size_t RedisWriter::encode_packed(std::string_view key, const Row& row, Buffer& out) {
  const bool create = row.fate == Fate::create, expires = ttl_ != "0";
  append_array_header(out, 3 + (expires ? 2u : 0u) + (create ? 1u : 0u));
  append_bulk(out, "SET");
  append_bulk(out, layout_.profiles, key);
  packer_->append_to(out, row.index, row.bytes - key.size());
  if (expires) {
    append_bulk(out, "PX");
    append_bulk(out, ttl_);
  }
  if (create) append_bulk(out, "NX");
  return 1;
}

size_t RedisWriter::encode_hash(std::string_view key, const std::vector<ValueWriter>& values, const Row& row, Buffer& out) {
  size_t nulls = 0;
  for (const ValueWriter& value : values) nulls += value.is_null(row.index);
  append_array_header(out, 4 + 2 * (values.size() - nulls));
  append_bulk(out, "HSET");
  append_bulk(out, layout_.profiles, key);
  append_bulk(out, kOrderField);
  append_bulk(out, order_);
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i].is_null(row.index)) continue;
    append_bulk(out, schema_[kFirstFieldColumn + i].name);
    append_bulk(out, values[i].text(row.index, scratch_));
  }
  size_t commands = 1;
  const bool there = row.fate != Fate::create;
  if (there && nulls > 0) {
    append_array_header(out, 2 + nulls);
    append_bulk(out, "HDEL");
    append_bulk(out, layout_.profiles, key);
    for (size_t i = 0; i < values.size(); ++i)
      if (values[i].is_null(row.index)) append_bulk(out, schema_[kFirstFieldColumn + i].name);
    ++commands;
  }
  const bool expires = ttl_ != "0";
  if (expires || there) {
    append_array_header(out, expires ? 3 : 2);
    append_bulk(out, expires ? "PEXPIRE" : "PERSIST");
    append_bulk(out, layout_.profiles, key);
    if (expires) append_bulk(out, ttl_);
    ++commands;
  }
  return commands;
}

void RedisWriter::handle_reply(const BatchView& batch, const Reply& reply, WriteResult& result) {
  Sent& sent = sent_.front();
  --sent.replies;
  // Nothing after a transaction that failed was applied: its sequence did not match.
  if (!failure_) {
    if (!sent.transaction)
      handle_read(batch, reply, result);
    else if (sent.replies == 0)
      finish_transaction(batch, sent, reply, result);
    else if (!sent.failure)
      sent.failure = transaction_failure(reply);
  }
  if (sent.replies == 0) sent_.pop_front();
}

void RedisWriter::handle_read(const BatchView& batch, const Reply& reply, WriteResult& result) {
  skip_guessed();
  Row& row = rows_[compared_];
  if (exists_next_) {
    exists_next_ = false;
    ++compared_;
    if (reply.is_error())
      failure_ = server_error("write", reply.text());
    else if (row.fate == Fate::create && reply.integer() != 0)
      reject_foreign(batch, row);
    return;
  }
  exists_next_ = !row.small;
  if (row.small) ++compared_;
  if (reply.is_nil())
    row.fate = Fate::create;
  else if (!reply.is_error())
    packer_ ? handle_packed(batch, row, reply.text(), result) : compare(batch, row, reply.text(), result);
  else if (error_code(reply.text()) == "WRONGTYPE")
    reject_foreign(batch, row);
  else
    failure_ = server_error("write", reply.text());
}

// `begin` is as much of what is there as a profile's head and order key take.
void RedisWriter::handle_packed(const BatchView& batch, Row& row, std::string_view begin, WriteResult& result) {
  // The key is free, or holds an empty string, which SET NX leaves alone.
  if (begin.empty()) {
    row.fate = Fate::create;
    return;
  }
  const auto width = PackedReader::order_width(begin);
  if (!width || (*width == order_width_ && begin.size() < kPackedHeadBytes + order_width_)) return reject_foreign(batch, row);
  compare(batch, row, *width == order_width_ ? begin.substr(kPackedHeadBytes) : std::string_view(), result);
}

// The order key of a row, as it is kept in the store.
void RedisWriter::set_order(const BatchView& batch, int64_t row) {
  const std::string_view order = batch[kOrderColumn].bytes(row);
  order_.resize(order_width_);
  if (packer_)
    order_ = order;
  else
    write_hex(order, order_.data());
}

// `stored` is the order key of the profile that is there.
void RedisWriter::compare(const BatchView& batch, Row& row, std::string_view stored, WriteResult& result) {
  set_order(batch, row.index);
  const std::string_view order = order_;
  row.fate = Fate::nothing;
  if (stored.size() != order_width_) {
    rejected_.push_back({row.index, kOrderColumn, shown_key(batch, row.index) + " was written with an order key of another width", true});
    return;
  }
  const bool newer = order > stored;
  row.newer = newer;
  const size_t times = order_width_ - digits_ * kFenceAndHashBytes, hash = order_width_ - digits_ * kHashBytes;
  if (order.substr(hash) == stored.substr(hash) &&
      (newer || order.substr(0, times) == stored.substr(0, times))) {
    row.fate = Fate::touch;
  } else if (newer) {
    row.fate = Fate::replace;
  } else {
    ++result.stale;
  }
}

// Of an answer before that to EXEC, which are those to WATCH, the guard and MULTI, and QUEUED for the rest.
std::optional<Error> RedisWriter::transaction_failure(const Reply& reply) const {
  if (reply.is_error()) return server_error("write", reply.text());
  const std::string_view code = reply.text();
  if (code == kFenced || code == kWiped || code == kOutOfStep) return run_error(code);
  return {};
}

void RedisWriter::finish_transaction(const BatchView& batch, const Sent& sent, const Reply& reply, WriteResult& result) {
  failure_ = sent.failure;
  marker_changed_ = !failure_ && reply.is_nil();
  if (marker_changed_) failure_ = run_error(kChanged);
  if (!failure_ && reply.is_error()) failure_ = server_error("write", reply.text());
  if (failure_) return;
  size_t commands = sent.touched > 0 ? 2 : 1;
  for (size_t i = sent.first; i < sent.last; ++i) commands += rows_[i].commands;
  if (!reply.is_array() || reply.items() != commands) {
    failure_ = Error(PENSTOCK_STATUS_DATA_LOSS, PENSTOCK_RETRY_UNKNOWN_OUTCOME,
                     "write: the server answered to " + std::to_string(reply.items()) + " of " + std::to_string(commands) + " commands");
    return;
  }
  Reply item = reply.first_item();
  for (size_t i = sent.first; i < sent.last; ++i) {
    Row& row = rows_[i];
    if (row.commands == 0) continue;
    finish_row(batch, row, item, result);
    for (uint8_t skipped = 0; skipped < row.commands; ++skipped) item = item.next();
  }
  if (sent.touched > 0) {
    finish_touches(sent, item, result);
    item = item.next();
  }
  if (failure_) return;
  if (item.is_error())
    failure_ = server_error("write", item.text());
  else if (item.text() != kDone)
    failure_ = run_error(item.text());
  else
    seq_ = sent.seq + 1;
}

// `reply` is the first of the row's.
void RedisWriter::finish_row(const BatchView& batch, Row& row, const Reply& reply, WriteResult& result) {
  // SET NX found that someone had put it there, or an empty string.
  if (row.fate == Fate::create && reply.is_nil()) return is_taken(batch, row);
  Reply one = reply;
  for (uint8_t i = 0; i < row.commands; ++i) {
    if (i > 0) one = one.next();
    if (!one.is_error()) continue;
    const std::string_view code = error_code(one.text());
    // Someone put it there since the row was read, or it is a hash without an order key.
    if (i == 0 && (code == "BUSYKEY" || code == "WRONGTYPE")) return is_taken(batch, row);
    failure_ = server_error("write", one.text());
    return;
  }
  ++result.written;
}

void RedisWriter::finish_touches(const Sent& sent, const Reply& reply, WriteResult& result) {
  if (reply.is_error())
    failure_ = server_error("write", reply.text());
  else if (reply.text() != std::string(sent.touched, '1'))
    failure_ = Error(PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_UNKNOWN_OUTCOME, "write: a profile was gone, or expired, just when it was to be kept");
  else
    result.unchanged += static_cast<int64_t>(sent.touched);
}

std::string RedisWriter::shown_key(const BatchView& batch, int64_t row) const {
  return "the key \"" + printable(layout_.profiles + std::string(batch[kKeyColumn].bytes(row)), kShownKeyBytes) + "\"";
}

void RedisWriter::skip_guessed() {
  while (compared_ < asked_ && rows_[compared_].guessed) ++compared_;
}

void RedisWriter::is_taken(const BatchView& batch, Row& row) {
  if (!row.guessed) return reject_foreign(batch, row);
  taken_.push_back({row.index, row.bytes, row.small});
}

// Until someone deletes the key, or it expires.
void RedisWriter::reject_foreign(const BatchView& batch, Row& row) {
  row.fate = Fate::nothing;
  rejected_.push_back({row.index, kKeyColumn, shown_key(batch, row.index) + " holds something that Penstock did not write", true});
}

Error RedisWriter::run_error(std::string_view code) const {
  if (code == kFenced) return Error(PENSTOCK_STATUS_FENCED, "a newer run of this view has begun in the store");
  if (code == kChanged)
    return Error(PENSTOCK_STATUS_DATA_LOSS, PENSTOCK_RETRY_UNKNOWN_OUTCOME, "the marker of this view was changed during the run, by no other run");
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
