// Pollers as they are usually written, beside the real one, to show that the harness bites: they lose rows.
#pragma once

#include "fault/profile_table.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace penstock::test {

// Where a poller's window ends: at the server's now(), or at the greatest timestamp that it saw.
enum class NaiveRule { now, greatest_seen };

// Reads UPDATED_AT > P AND UPDATED_AT <= end every 200 ms and keeps what it was given, from the constructor to finish().
class NaivePoller {
 public:
  NaivePoller(const PostgresServer& postgres, NaiveRule rule);
  ~NaivePoller();

  // Polls once more and returns the newest version of every user that was ever delivered. Throws what the polling threw.
  Profiles finish();

 private:
  void poll_until_finished(const std::string& dsn);
  void poll(PostgresSession& session);

  const NaiveRule rule_;
  std::string position_ = "-infinity";
  Profiles delivered_;
  std::string error_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool finished_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace penstock::test
