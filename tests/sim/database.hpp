// The warehouse: one table, its history, and writers whose transactions hold, tie, commit late, roll back and are prepared.
#pragma once

#include "setup.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace penstock::sim {

// One version of a row, as it was committed.
struct Version {
  int64_t row = 0;
  int64_t entity = 0;
  std::optional<int64_t> cursor;  // a time in nanoseconds, or a transaction id
  int64_t event = 0;              // the event time, for views that order by it
  int64_t value = 0;
  int64_t written_at = 0;         // true time
  bool again = false;             // keeps the cursor of the version before
  uint64_t committed_in = 0;      // which event of the simulation that was
  bool promised = true;           // a run has to find it
};

class Database {
 public:
  Database(const Setup& setup, Chance& chance) : setup_(setup), chance_(chance) {}

  int64_t now() const { return now_; }            // true time
  int64_t clock() const { return now_ - back_; }  // what the database says
  void advance(int64_t ns);
  void set_clock_back(int64_t ns) { back_ += ns; }

  // A writer does something: begins, writes, commits, rolls back, prepares.
  void act(uint64_t event);
  // Every open transaction commits.
  void settle(uint64_t event);

  const std::vector<Version>& versions() const { return versions_; }
  // Indices into versions() of what a reader sees now; by row.
  std::vector<size_t> snapshot() const;
  bool superseded_by_older() const { return superseded_by_older_; }
  bool broke_promises() const { return broke_promises_; }

  // For horizons: the clock of the oldest open transaction that the server shows, the first transaction id that is not known
  // to be over, and whether there is a prepared transaction.
  std::optional<int64_t> oldest_start() const;
  int64_t oldest_xid() const;
  bool any_prepared() const;

 private:
  struct Transaction {
    int64_t start = 0;       // by the clock
    int64_t shown_from = 0;  // true time
    int64_t xid = 0;         // 0: has written nothing
    bool prepared = false;
    std::vector<Version> writes = {};
  };

  void begin();
  void write(Transaction& transaction);
  void end(size_t index, bool commit, uint64_t event);
  void commit(Version version, uint64_t event);
  bool is_locked(int64_t row, const Transaction& by) const;
  const Version* current(int64_t row) const;

  const Setup& setup_;
  Chance& chance_;
  int64_t now_ = 1'700'000'000'000'000'000;
  int64_t back_ = 0;
  int64_t latest_clock_ = 0;
  int64_t next_xid_ = 1000;
  std::vector<Transaction> open_;
  std::vector<Version> versions_;
  std::vector<std::optional<size_t>> rows_;  // the current version of each
  bool superseded_by_older_ = false;
  bool broke_promises_ = false;
};

}  // namespace penstock::sim
