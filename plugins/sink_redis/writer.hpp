// One run: what is there is read, compared, and the batch's rows that are newer are written in transactions; pipelined, every
// answer checked.
#pragma once

#include "sink_redis/layout.hpp"
#include "sink_redis/profile_commands.hpp"
#include "sink_redis/rejects.hpp"
#include "sink_redis/rows_at_once.hpp"
#include "sink_redis/session.hpp"

#include <deque>
#include <optional>

namespace penstock::redis {

// A run lives and dies with the connection it began on: rows on one server and the sequence on another (after a failover)
// would be a loss that nobody could see. So it never reconnects, and after any error it refuses everything but its end.
//
// Only the run that holds the view's fence writes its profiles, so an order key that it reads is still there when it writes, and
// the comparison can be made here, where it costs the server one plain command a row instead of a script's arguments. That the fence is
// still held when the rows arrive is for the server to say: each transaction watches the marker (see Script::guard).
class RedisWriter final : public Writer {
 public:
  // Begins the run in the store. The settings must outlive the writer.
  RedisWriter(const Call&, std::shared_ptr<Session>, const Settings&, const RunSpec&);

  int64_t fence() const override { return fence_number_; }
  int64_t previous_fence() const override { return previous_fence_; }
  WriteResult write(const Call&, uint64_t seq, const BatchView& batch) override;
  void flush(const Call&) override;
  void commit(const Call&, const Position&) override;
  void abort(const Call&) override { dead_ = true; }

 private:
  // What becomes of a row.
  enum class Fate : uint8_t {
    unread,
    nothing,  // rejected, stale, or as it should be
    create,   // there is no profile
    replace,  // an older one
    touch,    // the same values, which are not sent again
  };
  struct Row {
    int64_t index;  // in the batch
    ProfileCommands::Size size;
    Fate fate = Fate::unread;
    bool newer = false;     // than what is there
    bool guessed = false;   // to be created, without asking
    uint8_t commands = 0;   // of its transaction
  };
  // What is in flight: reads, or a transaction over rows_[first, last).
  struct Sent {
    bool transaction;
    size_t replies;
    size_t first, last;
    size_t touched;  // of the rows
    uint64_t seq;  // the store's sequence before it
    std::optional<Error> failure = {};
  };

  void check_usable() const;
  void write_rows(const Call&, WriteResult& result);
  void pick_rows(int64_t rows);
  Encoded encode_next(Buffer& out);
  size_t encode_reads(Buffer& out);
  size_t encode_transaction(Buffer& out);
  void handle_reply(const Reply& reply, WriteResult& result);
  void handle_read(const Reply& reply, WriteResult& result);
  void handle_packed(Row& row, std::string_view begin, WriteResult& result);
  void compare(Row& row, std::string_view stored, WriteResult& result);
  std::optional<Error> transaction_failure(const Reply& reply) const;
  void finish_transaction(const Sent& sent, const Reply& reply, WriteResult& result);
  void finish_row(Row& row, const Reply& reply, WriteResult& result);
  void finish_touches(const Sent& sent, const Reply& reply, WriteResult& result);
  void skip_guessed();
  void is_taken(Row& row);
  void reject_foreign(Row& row);

  std::shared_ptr<Session> session_;
  const Settings& settings_;
  Layout layout_;
  ProfileCommands commands_;
  std::string run_id_;
  std::string guard_key_;
  std::string fence_;
  int64_t fence_number_ = 0;
  int64_t previous_fence_ = -1;
  std::string store_id_;
  // Nothing is there, most likely: the view has no position. Small rows are written without asking, by commands that leave alone what
  // is there after all; those that find something are then asked for.
  bool expects_none_ = false;
  uint64_t next_batch_ = 1;
  uint64_t seq_ = 0;  // transactions whose success the server confirmed
  bool dead_ = false;

  RowsAtOnce at_once_;

  // Of the write in progress.
  std::vector<Row> rows_;  // of the batch, without those that are too large
  size_t asked_ = 0;       // rows whose order keys were asked for,
  size_t compared_ = 0;    // have been compared,
  size_t written_ = 0;     // and are in a transaction that was sent
  bool exists_next_ = false;
  uint64_t next_seq_ = 0;
  std::deque<Sent> sent_;
  std::optional<Error> failure_;
  bool marker_changed_ = false;
  Rejects rejects_;
  std::vector<Row> taken_;  // where something was
  std::vector<ProfileCommands::Touch> touches_;  // of the transaction that is being encoded
};

}  // namespace penstock::redis
