// Penstock polling while many write, and what may die meanwhile dies; then every key is compared.
#pragma once

#include "fault/writers.hpp"

#include <iosfwd>
#include <optional>

namespace penstock::test {

struct SoakOptions {
  Writers::Options writing;
  TableCursor cursor = TableCursor::timestamp;
  bool kill_host = false;        // SIGKILL at random times, and a new host at once
  bool kill_redis = false;       // SIGKILL at random times, then started again from its append-only file
  bool roll_back_redis = false;  // so too, but it often comes back with older data, or without any
  bool cut_connections = false;  // to Redis, before, in and after its script calls, while host and Redis live on
  bool kill_backends = false;    // pg_terminate_backend of the host's sessions
  bool naive = false;            // with naive pollers beside
  bool shows_progress = false;
};

struct SoakResult {
  SoakOptions options;
  WriterCounts writing;
  double seconds = 0;  // until the last writer ended
  int host_kills = 0;
  int redis_kills = 0, redis_wipes = 0, redis_rollbacks = 0;
  int cuts = 0;
  int64_t backend_kills = 0;
  // Of the host's history:
  int64_t runs = 0, runs_failed = 0, runs_interrupted = 0;
  int64_t read = 0, written = 0, unchanged = 0, stale = 0, rejected = 0;  // of all runs, also those that were repeated
  Difference penstock;
  std::optional<Difference> naive_now, naive_greatest;
};

// Throws std::runtime_error when something does not work that no fault explains: a writer fails, the host ends by itself, it
// does not catch up within `catch_up` after the last commit.
SoakResult soak(const SoakOptions& options, std::chrono::seconds catch_up = std::chrono::seconds(60));

// A line a fact.
std::ostream& operator<<(std::ostream& out, const SoakResult& result);

}  // namespace penstock::test
