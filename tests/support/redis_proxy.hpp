// Between a program and a Redis: stops the conversation at one exact command, so that a test can do there what it likes.
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace penstock::test {

// Listens on a loopback port and passes on commands, and their replies, in any number of connections. Its functions
// may be called from any thread. Whoever is held when the object goes is cut off.
class RedisProxy {
 public:
  enum class Moment {
    before,    // the server has not seen the command
    half,      // it has half of its bytes
    after,     // it has executed it; the client has no reply yet
    answered,  // the client has its reply
  };
  struct Stop {
    std::string what;  // a command's name or the text of a Lua script, of which calls are counted; empty: any command
    int nth = 1;       // from stop_at() on
    Moment moment = Moment::before;
  };

  explicit RedisProxy(int port);
  ~RedisProxy();
  RedisProxy(const RedisProxy&) = delete;
  RedisProxy& operator=(const RedisProxy&) = delete;

  std::string url() const { return "redis://127.0.0.1:" + std::to_string(port_) + "/0"; }

  // One stop at a time; replaces one that was not reached.
  void stop_at(Stop stop);
  // False when nothing came there in time.
  bool await_stop(std::chrono::seconds limit = std::chrono::seconds(30));
  // Passes on what is held, to the server also when the client has gone meanwhile: a late arrival.
  void go_on();
  // Closes every connection; what is held is dropped.
  void cut();
  // Connections from now on go to this port: a failover.
  void point_at(int port);
  // Sends the command that was stopped last once more, with what its transaction has from WATCH on, on a connection of its own, and
  // returns the last reply as it came: a late duplicate.
  std::string repeat();

 private:
  class Pair;
  enum class Verdict { pass, drop };

  void accept_connections();
  void serve(int client);
  std::optional<Moment> stop_for(const std::vector<std::string>& command);  // counts; set: this is the one to stop at
  Verdict hold(const std::string& command);

  int listener_;
  int port_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_:
  int server_port_;
  std::optional<Stop> stop_;
  bool held_ = false;
  std::optional<Verdict> verdict_;
  std::string last_;
  std::map<std::string, std::string> scripts_;  // SHA -> text
  std::set<int> open_;                          // descriptors to shut down
  std::vector<std::thread> connections_;
  bool closing_ = false;
  std::thread accepting_;
};

}  // namespace penstock::test
