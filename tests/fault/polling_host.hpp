// `penstock run` on the profile table, polling into Redis as fast as it may; killed and started again as a test likes.
#pragma once

#include "fault/profile_table.hpp"

#include <chrono>
#include <memory>

namespace penstock::test {

struct HistorySums {
  int64_t runs = 0, failed = 0, interrupted = 0;
  int64_t read = 0, written = 0, unchanged = 0, stale = 0, rejected = 0;
};

class PollingHost {
 public:
  struct Settings {
    std::string store_url = {};  // default: the server's own; else a proxy's
    TableCursor cursor = TableCursor::timestamp;
    std::string warehouse = {};  // more lines for [warehouse.prod]
    std::string store = {};      // more lines for [store.profiles]
    std::string host = {};       // more lines for [host]; they come after interval, retry_delay and history_runs
    std::string view = {};
  };
  // Writes the configuration; starts nothing.
  PollingHost(const PostgresServer& postgres, RedisServer& redis, const Settings& settings);
  PollingHost(const PostgresServer& postgres, RedisServer& redis) : PollingHost(postgres, redis, Settings()) {}

  World& world() { return world_; }
  void start();
  void kill9();  // and waits for its end
  void stop();   // SIGTERM; throws when it ends with an error
  bool running() { return process_ && process_->running(); }
  pid_t pid() const { return process_->pid(); }
  std::string log() const { return log_ + (process_ ? process_->err() : ""); }  // of all its lives

  // Changes one more row and waits until the store's marker has passed it. `store`: which server to ask; default: the one of
  // the constructor. Throws with the host's log when it takes too long.
  void await_caught_up(std::chrono::seconds limit = std::chrono::seconds(30), RedisServer* store = nullptr);

  // The outcome of a command, whose exit code must be 0.
  std::string output(std::vector<std::string> arguments) const;
  std::string status() const { return output({"status"}); }
  std::string history() const { return output({"history", "--json", "--limit", "100000"}); }
  HistorySums sums() const;

 private:
  const PostgresServer& postgres_;
  RedisServer& redis_;
  const TableCursor cursor_;
  World world_;
  std::unique_ptr<Process> process_;
  std::string log_;
  int bell_ = 0;
};

}  // namespace penstock::test
