// The Profiles Store, as Redis is one: plain reads, transactions and atomic scripts over a marker and profiles, with the faults that
// servers have.
#pragma once

#include "hazards.hpp"

#include "base/position.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace penstock::sim {

inline constexpr size_t kMostEntities = 8;
using OrderKey = std::array<char, 32>;  // two times at most, fence, hash; shorter ones are filled up in front

// A row on its way.
struct Write {
  size_t entity = 0;
  OrderKey order{};
  int64_t value = 0;
};

// What a run says with each call, so that the store can tell it from others.
struct RunStamp {
  int64_t store_id = 0;
  int64_t fence = 0;
  int64_t run = 0;
  int64_t sequence = 0;  // calls that were applied before this one
  int64_t previous_fence = 0;  // of the run that began before
};

class Store {
 public:
  enum class Answer { done, fenced, wiped, out_of_step, failed };
  enum class Code : uint8_t { written, unchanged, stale };
  // What a run makes of a row after it has read what is there.
  struct Decided {
    Write row;
    Code code;
    bool sent;
  };

  struct Profile {
    bool there = false;
    OrderKey order{};
    int64_t value = 0;
  };
  struct Marker {
    bool there = false;
    int64_t store_id = 0, fence = 0, run = 0, sequence = 0;
    bool positioned = false;
    int64_t position = 0;
    int64_t committed = 0;        // the fence of the run that set it
    uint64_t snapshot_event = 0;  // of the run that committed it; for the oracle
  };
  struct Data {
    int64_t store_id = 0;  // 0: none yet
    Marker marker;
    std::array<Profile, kMostEntities> profiles;
  };

  explicit Store(const Setup& setup) : setup_(setup) {}

  const Data& data() const { return data_; }
  // Connections made before the last restart or failover are dead.
  int64_t connections_of() const { return generation_; }

  // Reads what is there; whoever holds the fence may rely on it.
  std::vector<Decided> compare(const std::vector<Write>& rows) const;
  // `now` is the store's own clock.
  RunStamp begin(int64_t run, int64_t now);
  // A transaction. `fails_at`: that row's command is refused.
  Answer write(const RunStamp& stamp, const std::vector<Decided>& rows, size_t fails_at = SIZE_MAX, bool guarded = true);
  Answer commit(const RunStamp& stamp, int64_t position, uint64_t snapshot_event);
  // With the store's identity, which it gets now if it has none.
  Marker load_marker();

  // Rows of an entity are refused, or not any more: whatever holds its key, it is no part of the data.
  void refuse(size_t entity, bool refused) { refused_[entity] = refused, ever_refused_[entity] |= refused; }
  void refuse_nothing() { refused_ = {}; }
  bool refuses(size_t entity) const { return refused_[entity]; }
  bool ever_refused(size_t entity) const { return ever_refused_[entity]; }

  // What is executed although the client gave it up.
  struct Delayed {
    int64_t generation;
    RunStamp stamp;
    bool is_commit = false;
    std::vector<Decided> rows = {};
    int64_t position = 0;
    uint64_t snapshot_event = 0;
  };
  void delay(Delayed call) { delayed_.push_back(std::move(call)); }
  bool any_delayed() const { return !delayed_.empty(); }
  // `guarded`: the guard of a transaction is asked first. Otherwise true: it would not have let it through.
  bool execute_delayed(bool guarded = true);

  // Faults. Each makes the store older than it said it was.
  void fail_over(size_t lost_calls);
  void wipe(bool breaks_connections);
  void dump() { dump_ = data_; }
  void restore();

 private:
  Answer check(const RunStamp& stamp) const;
  void changed();

  const Setup& setup_;
  Data data_;
  std::deque<Data> past_;  // before each of the last calls
  std::optional<Data> dump_;
  std::vector<Delayed> delayed_;
  std::array<bool, kMostEntities> refused_{}, ever_refused_{};
  int64_t generation_ = 1;
  int64_t next_store_id_ = 1;
};

}  // namespace penstock::sim
