// One run: batches into atomic script calls, pipelined, every answer checked.
#pragma once

#include "sink_redis/layout.hpp"
#include "sink_redis/profile_payload.hpp"
#include "sink_redis/session.hpp"
#include "sink_redis/value_text.hpp"

#include <deque>
#include <optional>

namespace penstock::redis {

// A run lives and dies with the connection it began on: rows on one server and the sequence on another (after a failover)
// would be a loss that nobody could see. So it never reconnects, and after any error it refuses everything but its end.
class RedisWriter final : public Writer {
 public:
  // Begins the run in the store. The settings must outlive the writer.
  RedisWriter(const Call&, std::shared_ptr<Session>, const Settings&, const RunSpec&);

  int64_t fence() const override { return fence_number_; }
  WriteResult write(const Call&, uint64_t seq, const BatchView& batch) override;
  void flush(const Call&) override;
  void commit(const Call&, const Position&) override;
  void abort(const Call&) override { dead_ = true; }

 private:
  // A script call in flight: rows_[first, first + count), and the store's sequence before it.
  struct ScriptCall {
    size_t first;
    size_t count;
    uint64_t seq;
  };
  struct Batch;

  std::vector<std::string> field_names() const;
  void check_usable() const;
  void pick_rows(const Call&, const std::vector<ValueWriter>& values, const ColumnView& keys, WriteResult& result);
  bool encode_call(const BatchView& batch, const std::vector<ValueWriter>& values, Buffer& out);
  void encode_row(const std::vector<ValueWriter>& values, int64_t row, Buffer& out);
  void encode_payload(const std::vector<ValueWriter>& values, int64_t row, Buffer& out);
  void handle_reply(const Call&, const BatchView& batch, const Reply& reply, WriteResult& result);
  void count_row(const Call&, const BatchView& batch, int64_t row, char code, WriteResult& result);
  Error run_error(std::string_view code) const;

  std::shared_ptr<Session> session_;
  const Settings& settings_;
  Layout layout_;
  Schema schema_;
  std::string run_id_;
  std::string ttl_;
  size_t order_width_;  // in hex
  std::string fence_;
  int64_t fence_number_ = 0;
  std::string store_id_;
  std::optional<ProfilePayload> payload_;  // if the server takes them
  uint64_t next_batch_ = 1;
  uint64_t seq_ = 0;  // calls whose success the server confirmed
  bool dead_ = false;

  // Of the write in progress.
  std::vector<int64_t> rows_;  // of the batch, without those that are too large
  std::vector<size_t> row_bytes_;
  std::vector<bool> row_is_small_;  // goes as a payload
  size_t next_row_ = 0;        // of rows_, not encoded yet
  uint64_t next_seq_ = 0;
  std::deque<ScriptCall> in_flight_;
  std::optional<ScriptCall> forgotten_;  // the first call that met NOSCRIPT
  std::optional<Error> failure_;
  std::string order_, mask_;
  Buffer scratch_;
};

}  // namespace penstock::redis
