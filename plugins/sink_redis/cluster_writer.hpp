// One run in a cluster: each bucket is a store of its own, with its own fence, sequence and marker; the run is all of them.
#pragma once

#include "sink_redis/markers.hpp"
#include "sink_redis/packed_profile.hpp"
#include "sink_redis/profile_payload.hpp"
#include "sink_redis/rejects.hpp"
#include "sink_redis/rows_at_once.hpp"
#include "sink_redis/value_text.hpp"

#include <deque>

namespace penstock::redis {

// What goes to a bucket are atomic script calls: one command, so one answer of one node, and a node that has no longer or not yet the
// slot has done nothing. Such a call, and those after it to the same bucket, whose sequence did not match, are sent again to where the node
// says; the marker moved there with the profiles, and the script finds fence, run and sequence in it. After a failover that lost
// something it does not find the sequence, and the run ends. A lost connection ends it as well.
class ClusterWriter final : public Writer {
 public:
  // Begins the run in every bucket, with one fence that is greater than all that were there. Where another run begins at the same time, one
  // of the two is refused, or fenced off. The settings must outlive the writer.
  ClusterWriter(const Call&, std::shared_ptr<Nodes>, const Settings&, const RunSpec&);

  int64_t fence() const override { return fence_number_; }
  int64_t previous_fence() const override { return previous_fence_.value_or(-1); }
  WriteResult write(const Call&, uint64_t seq, const BatchView& batch) override;
  void flush(const Call&) override { check_usable(); }
  void commit(const Call&, const Position&) override;
  void abort(const Call&) override { dead_ = true; }

 private:
  // A script call in flight: rows[first, first + count) of a bucket, and the bucket's sequence before it.
  struct ScriptCall {
    size_t first;
    size_t count;
    uint64_t seq;
  };
  struct Row {
    int64_t index;  // in the batch
    size_t bytes;   // of its key and values, at most
    bool small;     // goes as a payload
  };
  struct Bucket {
    explicit Bucket(const Layout& layout_) : layout(layout_) {}
    Layout layout;
    std::string store_id = {};
    uint64_t seq = 0;  // calls whose success the bucket confirmed
    // Of the write in progress:
    std::vector<Row> rows = {};
    size_t confirmed = 0;  // of rows
    size_t next = 0;       // of rows, not encoded yet
    uint64_t next_seq = 0;
    std::deque<ScriptCall> in_flight = {};
    bool on_detour = false;
  };
  // What goes to a node.
  struct Share {
    std::shared_ptr<Session> session = {};
    std::vector<Bucket*> buckets = {};  // those before `current` are done
    size_t current = 0;
    std::deque<Bucket*> asked = {};  // of each call in flight
  };
  struct Work;

  void check_usable() const;
  void begin(const Call&);
  void begin_buckets(const Call&, std::string_view fence, const std::function<void(Bucket&, const Reply&)>& handle);
  void load_script(const Call&, Session&);
  void pick_rows(Work&);
  std::vector<Share> shares(const Call&);
  void send(const Call&, std::vector<Share>&, Work&);
  Encoded encode_next(Share&, const Work&, Buffer& out);
  void encode_call(Bucket&, const Work&, Buffer& out);
  void encode_row(const Row&, const Work&, Buffer& out);
  void handle_reply(Bucket&, Session&, const Reply&, Work&);
  void count_row(const Bucket&, const Row&, char code, Work&);

  std::shared_ptr<Nodes> nodes_;
  const Settings& settings_;
  Schema schema_;
  std::string run_id_;
  std::string ttl_;
  size_t order_width_;  // in hex
  RowsAtOnce at_once_;
  int64_t fence_number_ = 0;
  std::optional<int64_t> previous_fence_;
  std::string fence_;
  std::string write_sha_;
  std::optional<ProfilePayload> payload_;  // if all nodes take them
  std::optional<ProfilePacker> packer_;    // in layout "packed"
  std::vector<Bucket> buckets_;
  Rejects rejects_;
  uint64_t next_batch_ = 1;
  bool dead_ = false;
  std::string order_, mask_;
  Buffer scratch_;
};

}  // namespace penstock::redis
