#include "sink_redis/writer.hpp"

#include "sink_redis/errors.hpp"
#include "sink_redis/run_errors.hpp"

#include <algorithm>
#include <charconv>

namespace penstock::redis {
namespace {

// A transaction with more than this is ended early, so that large values do not keep the server from its readers.
constexpr size_t kTransactionBytes = 256 * 1024;
// So many transactions' rows are asked for ahead of the one that is written next.
constexpr size_t kReadAhead = 4;
constexpr size_t kReadsAtOnce = 100;
// WATCH, the guard and MULTI stand before the rows of a transaction, advance and EXEC behind them.
constexpr size_t kBefore = 3, kBehind = 2;
constexpr size_t kHashBytes = 8, kFenceAndHashBytes = 16;

}  // namespace

RedisWriter::RedisWriter(const Call& call, std::shared_ptr<Session> session, const Settings& settings, const RunSpec& spec)
    : session_(std::move(session)), settings_(settings), layout_(settings.key_prefix, spec.view, spec.view_version),
      commands_(layout_, spec.schema, spec.order_size, spec.ttl_ms, settings.packed), run_id_(spec.run_id),
      guard_key_(layout_.marker_key + ":guard:" + run_id_),
      // A packed profile is one value, whatever its fields.
      at_once_(settings.transaction_rows, settings.packed ? 1 : commands_.fields() + 1) {
  if (settings.restore && commands_.could_be_payloads() && session_->takes_payloads(call, settings.key_prefix)) commands_.use_payloads();
  const std::string_view layout = commands_.layout();
  const Reply reply = session_->run(call, Script::begin, {layout_.marker_key, layout_.store_key},
                                    {run_id_, new_store_id(), layout, commands_.fields_text()});
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

void RedisWriter::check_usable() const {
  if (dead_ || !session_->alive()) throw run_is_over();
}

WriteResult RedisWriter::write(const Call& call, uint64_t seq, const BatchView& batch) {
  check_usable();
  if (seq != next_batch_) throw unexpected_batch(seq, next_batch_);
  dead_ = true;  // until everything has gone well
  WriteResult result;
  commands_.bind(batch);
  pick_rows(batch.rows());
  const size_t rows = rows_.size();
  taken_.clear();
  write_rows(call, result);
  if (!taken_.empty()) {
    const bool expected = taken_.size() <= rows / 2;
    rows_.swap(taken_);
    expects_none_ = false;
    write_rows(call, result);
    expects_none_ = expected;
  }
  result.rejected = rejects_.tell(call);
  ++next_batch_;
  dead_ = false;
  return result;
}

void RedisWriter::write_rows(const Call& call, WriteResult& result) {
  asked_ = compared_ = written_ = 0;
  exists_next_ = false;
  next_seq_ = seq_;
  sent_.clear();
  failure_.reset();
  marker_changed_ = false;
  const SteadyTime began = std::chrono::steady_clock::now();
  session_->connection().pipeline(
      call, settings_.pipeline_bytes, [&](Buffer& out) { return encode_next(out); }, [&](const Reply& reply) { handle_reply(reply, result); });
  at_once_.took(rows_.size(), std::chrono::steady_clock::now() - began);
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
void RedisWriter::pick_rows(int64_t rows) {
  rows_.clear();
  rejects_.clear();
  rows_.reserve(static_cast<size_t>(rows));
  for (int64_t row = 0; row < rows; ++row) {
    const std::string_view key = commands_.key(row);
    const ProfileCommands::Size size = commands_.size_of(row);
    if (key.size() <= kMaxKeyBytes && size.bytes <= settings_.max_row_bytes) {
      rows_.push_back({row, size});
      continue;
    }
    const auto value_bound = [&](size_t field) { return commands_.value_bound(field, row); };
    const auto closer = rejects_.measure(row, key, commands_.fields(), value_bound, settings_.max_row_bytes, commands_.packed() ? "bytes" : "bytes as text");
    if (closer) rows_.push_back({row, {closer->bytes, commands_.is_small(closer->largest)}});
  }
}

Encoded RedisWriter::encode_next(Buffer& out) {
  if (failure_) return {0, false};
  const size_t most = at_once_.get();
  while (asked_ < rows_.size() && asked_ < written_ + kReadAhead * most)
    if (const size_t commands = encode_reads(out)) return {commands};
  skip_guessed();
  // Rows of which nothing is to be written do not fill a transaction.
  while (written_ < compared_ && rows_[written_].fate == Fate::nothing) ++written_;
  if (written_ == rows_.size()) return {0, false};
  if (compared_ < std::min(written_ + most, rows_.size())) return {0};
  return {encode_transaction(out)};
}

size_t RedisWriter::encode_reads(Buffer& out) {
  size_t commands = 0;
  for (const size_t end = std::min(asked_ + kReadsAtOnce, rows_.size()); asked_ < end; ++asked_) {
    Row& row = rows_[asked_];
    if (expects_none_ && row.size.small) {
      row.fate = Fate::create;
      row.guessed = true;
      continue;
    }
    commands += commands_.append_read(out, row.index, row.size.small);
  }
  if (commands > 0) sent_.push_back({false, commands, 0, 0, 0, 0});
  return commands;
}

// The next rows that have been compared, as one transaction.
size_t RedisWriter::encode_transaction(Buffer& out) {
  const size_t most = at_once_.get();
  const std::string seq = std::to_string(next_seq_);
  append_command(out, {"WATCH", layout_.marker_key, guard_key_});
  // As text: a script that the server forgot would leave the transaction unguarded.
  append_command(out, {"EVAL", script_text(Script::guard), "2", layout_.marker_key, guard_key_, fence_, run_id_, store_id_, seq});
  append_command(out, {"MULTI"});
  const size_t first = written_;
  size_t commands = 0, bytes = 0;
  touches_.clear();
  for (size_t rows = 0; written_ < compared_ && rows < most && bytes < kTransactionBytes; ++written_) {
    Row& row = rows_[written_];
    if (row.fate == Fate::nothing) continue;
    ++rows;
    if (row.fate == Fate::touch) {
      touches_.push_back({row.index, row.newer});
      continue;
    }
    using Write = ProfileCommands::Write;
    row.commands = static_cast<uint8_t>(commands_.append_write(out, row.index, row.size, row.fate == Fate::create ? Write::create : Write::replace));
    commands += row.commands;
    bytes += row.size.bytes;
  }
  if (!touches_.empty()) {
    commands_.append_touches(out, touches_);
    ++commands;
  }
  append_command(out, {"EVAL", script_text(Script::advance), "1", layout_.marker_key, fence_, run_id_, store_id_});
  append_command(out, {"EXEC"});
  commands += kBefore + kBehind;
  sent_.push_back({true, commands, first, written_, touches_.size(), next_seq_++});
  return commands;
}

void RedisWriter::handle_reply(const Reply& reply, WriteResult& result) {
  Sent& sent = sent_.front();
  --sent.replies;
  // Nothing after a transaction that failed was applied: its sequence did not match.
  if (!failure_) {
    if (!sent.transaction)
      handle_read(reply, result);
    else if (sent.replies == 0)
      finish_transaction(sent, reply, result);
    else if (!sent.failure && reply.kind() != ReplyKind::simple_string)  // OK and QUEUED
      sent.failure = transaction_failure(reply);
  }
  if (sent.replies == 0) sent_.pop_front();
}

void RedisWriter::handle_read(const Reply& reply, WriteResult& result) {
  skip_guessed();
  Row& row = rows_[compared_];
  if (exists_next_) {
    exists_next_ = false;
    ++compared_;
    if (reply.is_error())
      failure_ = server_error("write", reply.text());
    else if (row.fate == Fate::create && reply.integer() != 0)
      reject_foreign(row);
    return;
  }
  exists_next_ = !row.size.small;
  if (row.size.small) ++compared_;
  if (reply.is_nil())
    row.fate = Fate::create;
  else if (!reply.is_error())
    commands_.packed() ? handle_packed(row, reply.text(), result) : compare(row, reply.text(), result);
  else if (error_code(reply.text()) == "WRONGTYPE")
    reject_foreign(row);
  else
    failure_ = server_error("write", reply.text());
}

// `begin` is as much of what is there as a profile's head and order key take.
void RedisWriter::handle_packed(Row& row, std::string_view begin, WriteResult& result) {
  // The key is free, or holds an empty string, which SET NX leaves alone.
  if (begin.empty()) {
    row.fate = Fate::create;
    return;
  }
  const size_t ours = commands_.order_width();
  const auto width = PackedReader::order_width(begin);
  if (!width || (*width == ours && begin.size() < kPackedHeadBytes + ours)) return reject_foreign(row);
  compare(row, *width == ours ? begin.substr(kPackedHeadBytes) : std::string_view(), result);
}

// `stored` is the order key of the profile that is there.
void RedisWriter::compare(Row& row, std::string_view stored, WriteResult& result) {
  const std::string_view order = commands_.order(row.index);
  row.fate = Fate::nothing;
  if (stored.size() != order.size()) {
    rejects_.other_width(row.index, layout_.profiles + std::string(commands_.key(row.index)));
    return;
  }
  const bool newer = order > stored;
  row.newer = newer;
  const size_t times = order.size() - commands_.order_width(kFenceAndHashBytes), hash = order.size() - commands_.order_width(kHashBytes);
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

void RedisWriter::finish_transaction(const Sent& sent, const Reply& reply, WriteResult& result) {
  failure_ = sent.failure;
  marker_changed_ = !failure_ && reply.is_nil();
  if (marker_changed_)
    failure_ = Error(PENSTOCK_STATUS_DATA_LOSS, PENSTOCK_RETRY_UNKNOWN_OUTCOME, "the marker of this view was changed during the run, by no other run");
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
    finish_row(row, item, result);
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
void RedisWriter::finish_row(Row& row, const Reply& reply, WriteResult& result) {
  // SET NX found that someone had put it there, or an empty string.
  if (row.fate == Fate::create && reply.is_nil()) return is_taken(row);
  Reply one = reply;
  for (uint8_t i = 0; i < row.commands; ++i) {
    if (i > 0) one = one.next();
    if (!one.is_error()) continue;
    const std::string_view code = error_code(one.text());
    // Someone put it there since the row was read, or it is a hash without an order key.
    if (i == 0 && (code == "BUSYKEY" || code == "WRONGTYPE")) return is_taken(row);
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

void RedisWriter::skip_guessed() {
  while (compared_ < asked_ && rows_[compared_].guessed) ++compared_;
}

void RedisWriter::is_taken(Row& row) {
  if (!row.guessed) return reject_foreign(row);
  taken_.push_back({row.index, row.size});
}

// Until someone deletes the key, or it expires.
void RedisWriter::reject_foreign(Row& row) {
  row.fate = Fate::nothing;
  rejects_.foreign(row.index, layout_.profiles + std::string(commands_.key(row.index)));
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
