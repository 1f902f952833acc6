#include "copy_stream.hpp"

#include "big_endian.hpp"

#include <algorithm>

namespace penstock::postgres {
namespace {

constexpr std::string_view kSignature{"PGCOPY\n\377\r\n\0", 11};
constexpr size_t kHeaderBytes = kSignature.size() + 8;  // then flags and the length of an extension
constexpr int64_t kDefaultBatchRows = 16 * 1024;
constexpr int64_t kDefaultBatchBytes = 4 * 1024 * 1024;
constexpr size_t kMaxRowBytes = size_t{1} << 30;  // the server's own limit for a row

}  // namespace

CopyStream::CopyStream(const Call& call, std::shared_ptr<Connection> connection, ScanStatement statement,
                       int64_t batch_rows, int64_t batch_bytes)
    : call_(call), connection_(std::move(connection)), statement_(std::move(statement)), batch_(statement_.schema),
      batch_rows_(batch_rows > 0 ? batch_rows : kDefaultBatchRows),
      batch_bytes_(batch_bytes > 0 ? batch_bytes : kDefaultBatchBytes) {}

CopyStream::~CopyStream() {
  if (!finished_) connection_->abandon();
}

bool CopyStream::next(ArrowArray* out) {
  if (finished_) return false;
  try {
    call_.check();
    fill_batch();
  } catch (...) {
    connection_->abandon();
    throw;
  }
  if (finished_ && batch_.rows() == 0) return false;
  bytes_in_batch_ = 0;
  batch_.finish(out);
  return true;
}

void CopyStream::fill_batch() {
  while (batch_.rows() < batch_rows_ && bytes_in_batch_ < batch_bytes_) {
    if (!header_read_ ? parse_header() : parse_row()) continue;
    if (!take_message()) return finish_scan();
  }
}

// The server sends a row a message, but the protocol does not promise it.
bool CopyStream::take_message() {
  if (!unread_.empty() && split_.empty()) split_.assign(unread_);
  std::string_view message;
  if (!connection_->next_copy_data(call_, &message)) return false;
  if (split_.empty()) {
    unread_ = message;
    return true;
  }
  split_.erase(0, split_.size() - unread_.size());
  split_.append(message);
  if (split_.size() > kMaxRowBytes + kHeaderBytes) throw damaged("a row of more than 1 GiB");
  unread_ = split_;
  return true;
}

bool CopyStream::parse_header() {
  if (unread_.size() < kHeaderBytes) return false;
  if (!unread_.starts_with(kSignature)) throw damaged("no COPY signature");
  const auto extension = load_big_endian<uint32_t>(unread_.data() + kHeaderBytes - 4);
  if (unread_.size() - kHeaderBytes < extension) return false;
  unread_.remove_prefix(kHeaderBytes + extension);
  header_read_ = true;
  return true;
}

// Appends the next row if all of it is there. Looks before it appends: half a row could not be taken back.
bool CopyStream::parse_row() {
  if (unread_.empty()) split_.clear();
  if (unread_.size() < 2) return false;
  if (trailer_read_) throw damaged("data after the end");
  const auto columns = load_big_endian<int16_t>(unread_.data());
  if (columns == -1) {
    trailer_read_ = true;
    unread_.remove_prefix(2);
    return true;
  }
  if (static_cast<size_t>(columns) != statement_.types.size())
    throw damaged("a row of " + std::to_string(columns) + " columns instead of " +
                  std::to_string(statement_.types.size()));
  size_t at = 2;
  for (int16_t i = 0; i < columns; ++i) {
    if (unread_.size() - at < 4) return false;
    const auto size = load_big_endian<int32_t>(unread_.data() + at);
    at += 4;
    if (size < -1) throw damaged("a value of negative size");
    if (size > 0 && unread_.size() - at < static_cast<size_t>(size)) return false;
    at += static_cast<size_t>(std::max(size, 0));
  }
  append_row(unread_.data() + 2);
  unread_.remove_prefix(at);
  bytes_in_batch_ += static_cast<int64_t>(at);
  ++rows_;
  return true;
}

void CopyStream::append_row(const char* at) {
  size_t i = 0;
  for (const ColumnType& type : statement_.types) {
    ColumnBuilder& column = batch_[i++];
    const auto size = load_big_endian<int32_t>(at);
    at += 4;
    if (size < 0) {
      column.append_null();
      continue;
    }
    append_value(type, {at, static_cast<size_t>(size)}, column);
    at += size;
  }
}

// Success only when the server confirmed the end, the format's own end was there, and both counted the same rows.
void CopyStream::finish_scan() {
  if (!trailer_read_ || !unread_.empty()) throw damaged("the data ends early");
  if (connection_->copied_rows() != rows_)
    throw damaged("the server counts " + std::to_string(connection_->copied_rows()) + " rows, " +
                  std::to_string(rows_) + " arrived");
  connection_->query(call_, "reading " + statement_.display, "COMMIT");
  finished_ = true;
}

Error CopyStream::damaged(const std::string& what) const {
  return Error(PENSTOCK_STATUS_DATA_LOSS, PENSTOCK_RETRY_RECONNECT,
               "reading " + statement_.display + ": the server sent " + what);
}

}  // namespace penstock::postgres
