// Applications that write to the warehouse all at once, as unpleasantly as PostgreSQL allows.
#pragma once

#include "fault/profile_table.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace penstock::test {

struct WriterCounts {
  int64_t row_versions = 0;  // committed inserts and updates
  int64_t committed = 0;     // transactions, by how they ended
  int64_t rolled_back = 0;
  int64_t prepared_committed = 0;
  int64_t prepared_rolled_back = 0;
  int64_t savepoints_rolled_back = 0;
  int64_t held_300ms = 0;  // transactions that were kept open for 0.3 s and more

  WriterCounts& operator+=(const WriterCounts& other);
};

// `writers` connections, each a thread, until `rows` row versions are committed. A transaction takes its time and then may wait
// before it writes, inserts up to `rows_per_transaction` rows of one time, updates rows of its own and one that everybody
// updates, names an UPDATED_AT long ago (the trigger does not care), rolls back to a savepoint, waits, and commits, rolls back
// or is prepared and ended later.
class Writers {
 public:
  struct Options {
    int writers = 8;
    int64_t rows = 50'000;
    int rows_per_transaction = 120;
    uint64_t seed = 1;
    bool back_dates = true;  // needs UPDATED_AT to be a timestamp
  };
  Writers(const PostgresServer& postgres, Options options);
  ~Writers();

  // True when all have ended, at the latest after `limit`.
  bool wait(std::chrono::milliseconds limit);
  int64_t row_versions() const { return row_versions_; }
  // After all have ended: the sum; throws what a writer threw.
  WriterCounts counts();

 private:
  void write(int writer, const std::string& dsn);

  const Options options_;
  std::atomic<int64_t> row_versions_{0};
  std::mutex mutex_;
  std::condition_variable ended_;
  int running_;          // guarded by mutex_
  WriterCounts counts_;  // guarded by mutex_
  std::string error_;    // guarded by mutex_
  std::vector<std::thread> threads_;
};

}  // namespace penstock::test
